//! Queries in two phases. The first reads only what is filtered on and finds the keys (time, number) of the
//! rows asked for and how many match in all; the second fetches those few rows. So bodies are never decoded
//! for a list, and no sort sees more than keys.

use std::sync::Arc;

use datafusion::logical_expr::Expr;
use datafusion::logical_expr::utils::conjunction;
use datafusion::prelude::{col, lit};
use model::{CallId, LoggedCall, Timestamp};

use super::decode::{decode, keys, statuses, times};
use super::filter::{range, row_filter, time, time_filter};
use super::scan::{Scanner, Source};
use super::schema::{ID, SEQ, STATUS, TS, columns};
use super::segment::Segment;
use super::state::View;
use crate::limits::{BUCKETS_MAX, FETCH_ROWS};
use crate::{Bucket, CallPage, CallQuery, StoreError};

type Key = (i64, u64);

/// The first `need` keys of one order among all that are given.
struct Best {
    keys: Vec<Key>,
    need: usize,
    ascending: bool,
}

impl Best {
    fn new(need: usize, ascending: bool) -> Self {
        Self { keys: Vec::new(), need, ascending }
    }

    fn add(&mut self, keys: &[Key]) {
        self.keys.extend_from_slice(keys);
        if self.keys.len() / 2 > self.need.max(FETCH_ROWS) {
            self.cut();
        }
    }

    fn cut(&mut self) {
        match self.ascending {
            true => self.keys.sort_unstable(),
            false => self.keys.sort_unstable_by(|a, b| b.cmp(a)),
        }
        self.keys.truncate(self.need);
    }
}

impl Scanner {
    /// See [`crate::CallLog::query`].
    pub(crate) async fn query(&self, view: View, query: &CallQuery) -> Result<CallPage, StoreError> {
        let skip = usize::try_from(query.offset).unwrap_or(usize::MAX);
        let need = skip.saturating_add(usize::try_from(query.limit).unwrap_or(usize::MAX));
        let need = if query.limit == 0 { 0 } else { need };
        let filter = conjunction(time_filter(query).into_iter().chain(row_filter(query)));
        let (segments, mut total) = choose(&view, query, need);
        let source = Source { segments, batches: view.batches.clone(), value: query.value };
        let mut best = Best::new(need, query.ascending);
        self.scan(source, filter, &[TS, SEQ], |batch| {
            total += batch.num_rows() as u64;
            if need > 0 {
                best.add(&keys(batch)?);
            }
            Ok(())
        })
        .await?;
        best.cut();
        let mut calls = Vec::new();
        for wanted in best.keys.get(skip..).unwrap_or_default().chunks(FETCH_ROWS) {
            calls.extend(self.fetch(&view, wanted).await?);
        }
        Ok(CallPage { calls, total })
    }

    /// The rows with these keys, in their order, without the heavy columns.
    async fn fetch(&self, view: &View, wanted: &[Key]) -> Result<Vec<LoggedCall>, StoreError> {
        let (Some(first), Some(last)) = (wanted.iter().min(), wanted.iter().max()) else {
            return Ok(Vec::new());
        };
        let numbers = || wanted.iter().map(|key| key.1);
        let (low, high) = (numbers().min().unwrap_or_default(), numbers().max().unwrap_or_default());
        let mut all = vec![col(SEQ).gt_eq(lit(low)), col(SEQ).lt_eq(lit(high))];
        all.push(col(SEQ).in_list(numbers().map(lit).collect(), false));
        if first.0 != i64::MIN {
            all.push(col(TS).gt_eq(time(first.0)).and(col(TS).lt_eq(time(last.0))));
        }
        let holds = |segment: &&Arc<Segment>| {
            let (seq, (start, end)) = (segment.meta.seq, segment.meta.span());
            seq.0 <= high && low <= seq.1 && start <= last.0 && first.0 <= end
        };
        let segments = view.segments.iter().filter(holds).cloned().collect();
        let source = Source { segments, batches: view.batches.clone(), value: None };
        let mut rows = Vec::with_capacity(wanted.len());
        self.scan(source, conjunction(all), &columns(false), |batch| {
            rows.extend(decode(batch)?);
            Ok(())
        })
        .await?;
        let place: std::collections::BTreeMap<u64, usize> =
            wanted.iter().enumerate().map(|(place, key)| (key.1, place)).collect();
        rows.sort_by_key(|(seq, _)| place.get(seq).copied());
        Ok(rows.into_iter().map(|(_, row)| row).collect())
    }

    /// See [`crate::CallLog::get`]. Of several calls with one id, the one that came first.
    pub(crate) async fn get(&self, view: View, id: &CallId) -> Result<Option<LoggedCall>, StoreError> {
        let source = Source { segments: view.segments, batches: view.batches, value: None };
        let mut rows = Vec::new();
        let filter: Expr = col(ID).eq(lit(id.as_str()));
        self.scan(source, Some(filter), &columns(true), |batch| {
            rows.extend(decode(batch)?);
            Ok(())
        })
        .await?;
        Ok(rows.into_iter().min_by_key(|(seq, _)| *seq).map(|(_, row)| row))
    }

    /// See [`crate::CallLog::histogram`].
    pub(crate) async fn histogram(
        &self,
        view: View,
        query: &CallQuery,
        count: usize,
    ) -> Result<Vec<Bucket>, StoreError> {
        let Some((start, width, mut buckets)) = self.buckets(&view, query, count).await? else {
            return Ok(Vec::new());
        };
        let known = col(TS).is_not_null();
        let filter = conjunction([known].into_iter().chain(time_filter(query)).chain(row_filter(query)));
        let segments = in_range(&view, query);
        let source = Source { segments, batches: view.batches, value: query.value };
        self.scan(source, filter, &[TS, STATUS], |batch| {
            let statuses = statuses(batch)?;
            for (ts, status) in times(batch)?.into_iter().zip(statuses) {
                let index = i128::from(ts).saturating_sub(start) / width;
                if let Some(bucket) = usize::try_from(index).ok().and_then(|index| buckets.get_mut(index)) {
                    bucket.calls += 1;
                    bucket.errors += u64::from(status.is_some_and(|status| status >= 400));
                }
            }
            Ok(())
        })
        .await?;
        Ok(buckets)
    }

    /// Start and width in microseconds, and the empty buckets; `None` when there is no time to cover.
    async fn buckets(
        &self,
        view: &View,
        query: &CallQuery,
        count: usize,
    ) -> Result<Option<(i128, i128, Vec<Bucket>)>, StoreError> {
        let reach = self.reach(view)?;
        let (from, until) = range(query);
        let from = from.or(reach.map(|(oldest, _)| oldest));
        let until = until.or(reach.map(|(_, newest)| newest.saturating_add(1)));
        let (Some(from), Some(until)) = (from, until) else { return Ok(None) };
        let count = count.min(BUCKETS_MAX);
        if until <= from || count == 0 {
            return Ok(None);
        }
        let (start, length) = (i128::from(from), i128::from(until) - i128::from(from));
        let width = (length + count as i128 - 1) / count as i128;
        let bucket = |index: usize| {
            let start = start + width * index as i128;
            Bucket { start: Timestamp(start.min(i128::from(i64::MAX)) as i64), calls: 0, errors: 0 }
        };
        Ok(Some((start, width, (0..count).map(bucket).collect())))
    }

    /// Earliest and latest known time of the view.
    pub(crate) fn reach(&self, view: &View) -> Result<Option<(i64, i64)>, StoreError> {
        let mut reach: Option<(i64, i64)> = None;
        let mut widen = |first: i64, last: i64| {
            let (oldest, newest) = reach.unwrap_or((first, last));
            reach = Some((oldest.min(first), newest.max(last)));
        };
        for (first, last) in view.segments.iter().filter_map(|segment| segment.meta.time) {
            widen(first, last);
        }
        for batch in &view.batches {
            times(batch)?.into_iter().filter(|ts| *ts != i64::MIN).for_each(|ts| widen(ts, ts));
        }
        Ok(reach)
    }
}

/// Segments that may hold calls in the range of time.
fn in_range(view: &View, query: &CallQuery) -> Vec<Arc<Segment>> {
    let (from, until) = range(query);
    let overlaps = |segment: &&Arc<Segment>| {
        let after = from.is_none_or(|from| segment.meta.time.is_some_and(|(_, last)| from <= last));
        let before = until.is_none_or(|until| segment.meta.time.is_some_and(|(first, _)| first < until));
        after && before
    };
    view.segments.iter().filter(overlaps).cloned().collect()
}

/// Segments to scan, and how many matching rows the others hold.
///
/// With nothing but a range of time asked for, the manifest knows the number of rows of each segment that lies
/// within; of those only the ones that can hold the first `need` rows are read.
fn choose(view: &View, query: &CallQuery, need: usize) -> (Vec<Arc<Segment>>, u64) {
    let segments = in_range(view, query);
    if row_filter(query).is_some() {
        return (segments, 0);
    }
    let (from, until) = range(query);
    let bounded = from.is_some() || until.is_some();
    let within = |segment: &Arc<Segment>| {
        let (first, last) = segment.meta.span();
        !bounded
            || (segment.meta.timeless == 0
                && from.is_none_or(|from| from <= first)
                && until.is_none_or(|until| last < until))
    };
    let (mut inside, mut chosen): (Vec<_>, Vec<_>) = segments.into_iter().partition(within);
    // Nearest first: by the end that comes first in the order asked for, mirrored for newest first.
    let near_far = |segment: &Arc<Segment>| {
        let (first, last) = segment.meta.span();
        if query.ascending { (first, last) } else { (!last, !first) }
    };
    inside.sort_by_key(near_far);
    let (mut rows, mut farthest, mut counted) = (0usize, i64::MIN, 0);
    for segment in inside {
        let (near, far) = near_far(&segment);
        if rows < need || (need > 0 && near <= farthest) {
            if rows < need {
                farthest = farthest.max(far);
            }
            rows = rows.saturating_add(usize::try_from(segment.meta.rows).unwrap_or(usize::MAX));
            chosen.push(segment);
        } else {
            counted += segment.meta.rows;
        }
    }
    (chosen, counted)
}
