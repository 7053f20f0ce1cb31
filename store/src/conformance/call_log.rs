//! The suite of the call log.

use std::sync::Arc;

use model::{CallId, CandidateReason, LoggedCall, Timestamp};

use super::Place;
use super::sample::{self, START, STEP};
use crate::{Accepted, BatchId, CallLog, CallQuery, Position};

/// Rows in the log of most cases; more than one batch of every backend.
const ROWS: u64 = 600;

/// Runs all cases; `place` gives an empty place for each.
pub async fn run(place: &dyn Fn() -> Box<dyn Place>) {
    accepting(&*place()).await;
    accepting_once(&*place()).await;
    replaying_rows(&*place()).await;
    for sealed in [Sealed::Nothing, Sealed::Parts, Sealed::Everything] {
        let home = place();
        let log = filled(&*home, sealed).await;
        filters(&*log).await;
        order_and_windows(&*log).await;
        single_calls(&*log).await;
        histograms(&*log).await;
    }
    empty(&*place()).await;
    dropping(&*place()).await;
    hostile_text(&*place()).await;
    many_small_seals(&*place()).await;
}

/// How much of the log has left memory.
#[derive(Clone, Copy, PartialEq)]
enum Sealed {
    Nothing,
    Parts,
    Everything,
}

async fn filled(place: &dyn Place, sealed: Sealed) -> Arc<dyn CallLog> {
    let (log, _) = place.open().await;
    // Not in the order of time: blocks come last first, as captures of several sources do.
    for block in (0..ROWS / 100).rev() {
        let range = block * 100..block * 100 + 100;
        let calls: Vec<_> = range.clone().map(sample::call).collect();
        let upto = log.accept(&calls).await.expect("accepted");
        log.append(range.map(sample::logged).collect(), upto).await.expect("appended");
        if sealed == Sealed::Parts && block % 2 == 1 {
            log.seal().await.expect("sealed");
        }
    }
    if sealed == Sealed::Everything {
        log.seal().await.expect("sealed");
    }
    log
}

/// The expected rows of a query: computed in the plainest way.
fn expected(query: &CallQuery, keep: impl Fn(&LoggedCall) -> bool) -> Vec<u64> {
    let input = (0..ROWS / 100).rev().flat_map(|block| block * 100..block * 100 + 100);
    let bounded = query.from.is_some() || query.until.is_some();
    let mut rows: Vec<(Timestamp, usize, u64)> = input
        .enumerate()
        .map(|(seq, n)| (sample::time(n), seq, n))
        .filter(|(ts, _, _)| !bounded || ts.is_known())
        .filter(|(ts, _, _)| query.from.is_none_or(|from| *ts >= from))
        .filter(|(ts, _, _)| query.until.is_none_or(|until| *ts < until))
        .filter(|(_, _, n)| keep(&sample::logged(*n)))
        .collect();
    rows.sort();
    if !query.ascending {
        rows.reverse();
    }
    rows.into_iter().map(|(_, _, n)| n).collect()
}

async fn check(log: &dyn CallLog, query: CallQuery, keep: impl Fn(&LoggedCall) -> bool) {
    let expect = expected(&query, keep);
    let page = log.query(&query).await.expect("queried");
    let window: Vec<LoggedCall> = expect
        .iter()
        .skip(query.offset as usize)
        .take(query.limit as usize)
        .map(|n| sample::listed(*n))
        .collect();
    assert_eq!(page.total, expect.len() as u64, "total of {query:?}");
    let ids = |rows: &[LoggedCall]| rows.iter().map(|row| row.call.id.to_string()).collect::<Vec<_>>();
    assert_eq!(ids(&page.calls), ids(&window), "calls of {query:?}");
    assert_eq!(page.calls, window, "contents of {query:?}");
}

async fn filters(log: &dyn CallLog) {
    let all = CallQuery { limit: 1_000, ..CallQuery::default() };
    let with = |change: fn(&mut CallQuery)| {
        let mut query = all.clone();
        change(&mut query);
        query
    };
    check(log, all.clone(), |_| true).await;
    let one = sample::endpoint_id(3);
    check(log, CallQuery { endpoints: vec![one], ..all.clone() }, |row| row.observation.endpoint == one)
        .await;
    let two = vec![one, sample::endpoint_id(5), model::EndpointId(1)];
    let query = CallQuery { endpoints: two.clone(), ..all.clone() };
    check(log, query, |row| two.contains(&row.observation.endpoint)).await;
    let host = with(|query| query.host = Some("site1.example.com".into()));
    check(log, host, |row| row.call.host == "site1.example.com").await;
    check(log, with(|query| query.method = Some("POST".into())), |row| row.call.method == "POST").await;
    let errors = with(|query| query.status = Some((400, 599)));
    check(log, errors, |row| row.call.status.is_some_and(|status| status >= 400)).await;
    check(log, with(|query| query.status = Some((200, 200))), |row| row.call.status == Some(200)).await;
    for address in ["10.0.0.4", "2001:db8::3"] {
        let query = CallQuery { client: Some(address.into()), ..all.clone() };
        check(log, query, |row| row.call.client.is_some_and(|peer| peer.ip.to_string() == address)).await;
    }
    let account = "site0.example.com/wanfang6";
    let query = CallQuery { account: Some(account.into()), ..all.clone() };
    check(log, query, |row| row.observation.account.as_ref().is_some_and(|(id, _)| id == account)).await;
    for name in ["CN_MOBILE", "EMAIL", "JWT"] {
        let query = CallQuery { data_type: Some(name.into()), ..all.clone() };
        check(log, query, |row| row.observation.data.iter().any(|hit| hit.data_type.as_str() == name)).await;
    }
    for value in [sample::value(10), sample::value(11), model::ValueHash(u64::MAX)] {
        let query = CallQuery { value: Some(value), ..all.clone() };
        check(log, query, |row| row.observation.data.iter().any(|hit| hit.hash == Some(value))).await;
    }
    check(log, with(|query| query.rule = Some("weak-jwt".into())), |row| !row.rules.is_empty()).await;
    check(log, with(|query| query.candidate = Some(true)), |row| row.observation.candidate.is_some()).await;
    check(log, with(|query| query.candidate = Some(false)), |row| row.observation.candidate.is_none()).await;
    let scanner = with(|query| query.reason = Some(CandidateReason::Scanner));
    check(log, scanner, |row| row.observation.candidate == Some(CandidateReason::Scanner)).await;
    for text in ["orders/12", "100%_OF", "数", "%", "_", "\\", "", "0_%"] {
        let query = CallQuery { text: Some(text.into()), ..all.clone() };
        let low = text.to_ascii_lowercase();
        check(log, query, |row| row.call.target.to_ascii_lowercase().contains(&low)).await;
    }
    let both = with(|query| {
        query.method = Some("GET".into());
        query.data_type = Some("CN_MOBILE".into());
        query.from = Some(Timestamp(START + 100 * STEP));
    });
    let mobile =
        |row: &LoggedCall| row.observation.data.iter().any(|hit| hit.data_type.as_str() == "CN_MOBILE");
    check(log, both, |row| row.call.method == "GET" && mobile(row)).await;
}

async fn order_and_windows(log: &dyn CallLog) {
    let (from, until) = (Some(Timestamp(START + 150 * STEP)), Some(Timestamp(START + 420 * STEP)));
    for ascending in [true, false] {
        for (offset, limit) in [(0, 10), (5, 1), (0, 0), (595, 10), (600, 10), (u64::MAX, 10), (7, u64::MAX)]
        {
            for (from, until) in [(None, None), (from, None), (None, until), (from, until), (until, from)] {
                let query = CallQuery { from, until, ascending, offset, limit, ..CallQuery::default() };
                check(log, query.clone(), |_| true).await;
                let query = CallQuery { method: Some("GET".into()), ..query };
                check(log, query, |row| row.call.method == "GET").await;
            }
        }
    }
}

async fn single_calls(log: &dyn CallLog) {
    for n in [0, 1, 99, 100, 299, ROWS - 1, 22] {
        let found = log.get(&CallId::new(format!("call-{n}"))).await.expect("looked up");
        assert_eq!(found.as_ref(), Some(&sample::logged(n)));
    }
    for id in ["call-600", "", "call-", "' OR 1=1 --"] {
        assert_eq!(log.get(&CallId::new(id)).await.expect("looked up"), None);
    }
}

async fn histograms(log: &dyn CallLog) {
    let known = |n: &u64| sample::time(*n).is_known();
    let whole = log.histogram(&CallQuery::default(), 7).await.expect("counted");
    assert_eq!(whole.len(), 7);
    assert_eq!(whole.iter().map(|bucket| bucket.calls).sum::<u64>(), (0..ROWS).filter(known).count() as u64);
    let from = START + 100 * STEP;
    let range = CallQuery {
        from: Some(Timestamp(from)),
        until: Some(Timestamp(from + 50 * STEP)),
        method: Some("POST".into()),
        ..CallQuery::default()
    };
    let buckets = log.histogram(&range, 5).await.expect("counted");
    for (index, bucket) in buckets.iter().enumerate() {
        let first = 100 + index as u64 * 10;
        let rows: Vec<LoggedCall> = (first..first + 10)
            .filter(known)
            .map(sample::logged)
            .filter(|row| row.call.method == "POST")
            .collect();
        let errors = rows.iter().filter(|row| row.call.status >= Some(400)).count();
        assert_eq!(bucket.start, Timestamp(from + index as i64 * 10 * STEP));
        assert_eq!((bucket.calls, bucket.errors), (rows.len() as u64, errors as u64), "bucket {index}");
    }
    assert_eq!(log.histogram(&range, 0).await.expect("counted"), []);
    let wide = CallQuery {
        from: Some(Timestamp(i64::MIN + 1)),
        until: Some(Timestamp(i64::MAX)),
        ..CallQuery::default()
    };
    let buckets = log.histogram(&wide, 3).await.expect("counted");
    assert_eq!(
        buckets.iter().map(|bucket| bucket.calls).sum::<u64>(),
        (0..ROWS).filter(known).count() as u64
    );
}

async fn empty(place: &dyn Place) {
    let (log, _) = place.open().await;
    assert_eq!(log.positions().await.expect("read"), (Position(0), Position(0)));
    assert_eq!(log.accepted(Position(0), 10).await.expect("read"), (Vec::new(), Position(0)));
    assert_eq!(log.query(&CallQuery { limit: 5, ..CallQuery::default() }).await.expect("queried").total, 0);
    assert_eq!(log.get(&CallId::new("x")).await.expect("looked up"), None);
    assert_eq!(log.histogram(&CallQuery::default(), 5).await.expect("counted"), []);
    assert_eq!(log.seal().await.expect("sealed"), Position(0));
    assert_eq!(log.drop_before(Timestamp(i64::MAX)).await.expect("dropped"), 0);
    let stats = log.stats().await.expect("read");
    assert_eq!((stats.calls, stats.segments, stats.oldest), (0, 0, Timestamp::UNKNOWN));
    let refused = log.append(vec![sample::logged(1)], Position(1)).await;
    assert!(refused.is_err(), "what was never accepted cannot be appended");
}

async fn accepting(place: &dyn Place) {
    {
        let (log, _) = place.open().await;
        let calls: Vec<_> = (0..30).map(sample::call).collect();
        assert_eq!(log.accept(&calls[..10]).await.expect("accepted"), Position(10));
        assert_eq!(log.accept(&[]).await.expect("accepted"), Position(10));
        assert_eq!(log.accept(&calls[10..]).await.expect("accepted"), Position(30));
    }
    let (log, _) = place.open().await;
    assert_eq!(log.positions().await.expect("read"), (Position(30), Position(0)));
    for (from, limit) in [(0, 1), (0, 7), (13, 100), (29, 1)] {
        let (calls, next) = log.accepted(Position(from), limit).await.expect("read");
        assert!(!calls.is_empty() && calls.len() <= limit);
        assert_eq!(next, Position(from + calls.len() as u64));
        for (n, call) in (from..).zip(&calls) {
            let sent = serde_json::to_value(sample::call(n)).expect("a record");
            // What the record form cannot tell apart may come back filled in: the size of a whole body.
            assert_eq!(
                (call.id.as_str(), &call.target),
                (sent["id"].as_str().expect("an id"), &sample::call(n).target)
            );
            assert_eq!(
                call.request.as_ref().map(|m| &m.body),
                sample::call(n).request.as_ref().map(|m| &m.body)
            );
        }
    }
    assert_eq!(log.accepted(Position(30), 5).await.expect("read").0, []);
}

async fn accepting_once(place: &dyn Place) {
    let calls: Vec<_> = (0..30).map(sample::call).collect();
    let (first, second) = (BatchId([1; 16]), BatchId([2; 16]));
    let answer = |position, calls, repeated| Accepted { position: Position(position), calls, repeated };
    {
        let (log, _) = place.open().await;
        assert_eq!(log.accept_once(&calls[..10], first).await.expect("accepted"), answer(10, 10, false));
        // Another sender's calls may lie between, and the same calls under another id are other calls.
        log.accept(&calls[10..15]).await.expect("accepted");
        assert_eq!(log.accept_once(&calls[..10], second).await.expect("accepted"), answer(25, 10, false));
        assert_eq!(log.accept_once(&calls[..10], first).await.expect("repeated"), answer(10, 10, true));
        // A batch without calls leaves no id.
        let third = BatchId([3; 16]);
        assert_eq!(log.accept_once(&[], third).await.expect("accepted").calls, 0);
        assert_eq!(log.accept_once(&calls[15..20], third).await.expect("accepted"), answer(30, 5, false));
        // The end of what has rows and segments takes no id along.
        log.append((0..10).map(sample::logged).collect(), Position(30)).await.expect("appended");
        log.seal().await.expect("sealed");
        log.release(Position(30)).await.expect("released");
    }
    let (log, _) = place.open().await;
    assert_eq!(log.accept_once(&calls[..10], first).await.expect("repeated"), answer(10, 10, true));
    assert_eq!(log.accept_once(&calls[..10], second).await.expect("repeated"), answer(25, 10, true));
    assert_eq!(log.positions().await.expect("read").0, Position(30));
    let (one, other) = tokio::join!(
        log.accept_once(&calls[20..], BatchId([4; 16])),
        log.accept_once(&calls[20..], BatchId([4; 16]))
    );
    let (one, other) = (one.expect("accepted"), other.expect("accepted"));
    assert_eq!((one.position, other.position), (Position(40), Position(40)));
    assert!(one.repeated != other.repeated, "one of two at once is kept");
}

async fn replaying_rows(place: &dyn Place) {
    let total = |log: Arc<dyn CallLog>| async move {
        log.query(&CallQuery { limit: 0, ..CallQuery::default() }).await.expect("queried").total
    };
    {
        let (log, _) = place.open().await;
        let calls: Vec<_> = (0..50).map(sample::call).collect();
        log.accept(&calls).await.expect("accepted");
        log.append((0..20).map(sample::logged).collect(), Position(20)).await.expect("appended");
        assert_eq!(log.seal().await.expect("sealed"), Position(20));
        log.append((20..30).map(sample::logged).collect(), Position(30)).await.expect("appended");
        log.append((20..30).map(sample::logged).collect(), Position(30)).await.expect("repeated");
        assert_eq!(total(Arc::clone(&log)).await, 30);
        // Only what segments cover may be forgotten.
        log.release(Position(50)).await.expect("released");
    }
    let (log, _) = place.open().await;
    assert_eq!(log.positions().await.expect("read"), (Position(50), Position(20)));
    assert_eq!(total(Arc::clone(&log)).await, 20, "rows in memory are gone");
    let mut at = Position(15);
    loop {
        let (calls, next) = log.accepted(at, 20).await.expect("read");
        if calls.is_empty() {
            break;
        }
        assert!(next <= Position(20) || at >= Position(20), "a batch reaches across the covered position");
        log.append((at.0..next.0).map(sample::logged).collect(), next).await.expect("appended");
        at = next;
    }
    assert_eq!((at, total(Arc::clone(&log)).await), (Position(50), 50));
    // Calls that yield no row move the position all the same.
    log.accept(&[sample::call(50), sample::call(51)]).await.expect("accepted");
    log.append(Vec::new(), Position(52)).await.expect("appended");
    assert_eq!(log.seal().await.expect("sealed"), Position(52));
    assert_eq!(total(log).await, 50);
}

async fn dropping(place: &dyn Place) {
    let (log, _) = place.open().await;
    for block in 0..3u64 {
        let range = block * 50..block * 50 + 50;
        let calls: Vec<_> = range.clone().map(sample::call).collect();
        let upto = log.accept(&calls).await.expect("accepted");
        log.append(range.map(sample::logged).collect(), upto).await.expect("appended");
        log.seal().await.expect("sealed");
    }
    let middle = Timestamp(START + 75 * STEP);
    assert_eq!(log.drop_before(middle).await.expect("dropped"), 50);
    assert_eq!(log.drop_before(middle).await.expect("dropped"), 0);
    let stats = log.stats().await.expect("read");
    assert_eq!((stats.calls, stats.segments, stats.unsealed), (100, 2, 0));
    assert_eq!((stats.oldest, stats.newest), (sample::time(50), sample::time(149)));
    assert!(stats.segment_bytes > 0);
    drop(log);
    let (log, _) = place.open().await;
    assert_eq!(log.stats().await.expect("read").calls, 100);
    assert_eq!(log.get(&CallId::new("call-3")).await.expect("looked up"), None);
    assert!(log.get(&CallId::new("call-60")).await.expect("looked up").is_some());
}

async fn hostile_text(place: &dyn Place) {
    let (log, _) = place.open().await;
    let nasty =
        ["", "\0", "' OR '1'='1", "\u{202e}\u{feff}", "ÄÖ\"\\", "a\r\nb", "%00", &"x".repeat(100_000)];
    let rows: Vec<LoggedCall> = nasty
        .iter()
        .map(|text| {
            let mut row = sample::logged(8);
            row.call.id = CallId::new(format!("id{text}"));
            row.call.target = (*text).to_owned();
            row.call.host = (*text).to_owned();
            row.call.method = (*text).to_owned();
            row.rules = vec![(*text).to_owned()];
            row.call.ts = Timestamp(i64::MAX - 1);
            row
        })
        .collect();
    let calls: Vec<_> = rows.iter().map(|row| row.call.clone()).collect();
    let upto = log.accept(&calls).await.expect("accepted");
    log.append(rows.clone(), upto).await.expect("appended");
    for _ in 0..2 {
        for (text, row) in nasty.iter().zip(&rows) {
            let query = CallQuery {
                host: Some((*text).to_owned()),
                method: Some((*text).to_owned()),
                rule: Some((*text).to_owned()),
                text: Some((*text).to_owned()),
                limit: 10,
                ..CallQuery::default()
            };
            assert_eq!(log.query(&query).await.expect("queried").total, 1, "{text:?}");
            assert_eq!(log.get(&row.call.id).await.expect("looked up").as_ref(), Some(row));
        }
        log.seal().await.expect("sealed");
    }
}

async fn many_small_seals(place: &dyn Place) {
    {
        let (log, _) = place.open().await;
        for n in 0..40 {
            let upto = log.accept(&[sample::call(n)]).await.expect("accepted");
            log.append(vec![sample::logged(n)], upto).await.expect("appended");
            log.seal().await.expect("sealed");
        }
        log.release(Position(40)).await.expect("released");
    }
    let (log, _) = place.open().await;
    let query = CallQuery { ascending: true, limit: 100, ..CallQuery::default() };
    let page = log.query(&query).await.expect("queried");
    let mut expect: Vec<u64> = (0..40).collect();
    expect.sort_by_key(|n| (sample::time(*n), *n));
    assert_eq!(page.calls, expect.into_iter().map(sample::listed).collect::<Vec<_>>());
    assert_eq!(log.positions().await.expect("read"), (Position(40), Position(40)));
}
