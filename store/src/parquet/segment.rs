//! One segment: an immutable Parquet file of calls sorted by time. Written beside, made durable, renamed;
//! whether it belongs to the log is for the manifest to say.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::compute::interleave_record_batch;
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use datafusion::parquet::basic::{Compression, Encoding, ZstdLevel};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};
use datafusion::parquet::schema::types::ColumnPath;
use model::Timestamp;

use super::decode::keys;
use super::manifest::SegmentMeta;
use super::schema::{BLOOM, HEAVY, ID, SCHEMA, SEQ, TS, VALUES_LEAF};
use crate::StoreError;
use crate::files::{io_error, private_file, rename};
use crate::limits::{ROW_GROUP_BYTES, ROW_GROUP_ROWS, SEGMENT_ROWS, WRITE_ROWS};

/// A segment of the log. The file of one that left the log goes when the last query that reads it has ended.
#[derive(Debug)]
pub(crate) struct Segment {
    pub meta: SegmentMeta,
    pub path: PathBuf,
    doomed: AtomicBool,
}

impl Segment {
    pub(crate) fn new(dir: &Path, meta: SegmentMeta) -> Arc<Self> {
        Arc::new(Self { path: dir.join(&meta.file), meta, doomed: AtomicBool::new(false) })
    }

    /// The file may go; only after a manifest without it is durable.
    pub(crate) fn doom(&self) {
        self.doomed.store(true, Ordering::Relaxed);
    }

    /// All rows.
    pub(crate) fn read(&self) -> Result<Vec<RecordBatch>, StoreError> {
        let file = File::open(&self.path).map_err(io_error("read", &self.path))?;
        let reader = ParquetRecordBatchReaderBuilder::try_new(file)
            .and_then(|builder| builder.with_batch_size(WRITE_ROWS).build())
            .map_err(|error| damaged(&self.path, &error))?;
        let batches = reader.collect::<Result<Vec<_>, _>>();
        batches.map_err(|error| damaged(&self.path, &ParquetError::from(error)))
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        if self.doomed.load(Ordering::Relaxed)
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::warn!(path = %self.path.display(), error = %error, "dropped segment stays until the next start");
        }
    }
}

fn damaged(path: &Path, error: &ParquetError) -> StoreError {
    StoreError::Damaged { what: path.display().to_string(), detail: error.to_string() }
}

/// Compression, statistics and bloom filters.
///
/// Bloom filters stand on the columns that single values are looked up in; the writer folds them to what the
/// row group needs (1 % false positives). On the list of value hashes the filter stands on the items, which
/// the Parquet format allows; DataFusion does not use such filters, so `prune` reads them. Data types and rules
/// get none: there are less than a hundred of each, and nearly every row group holds them all.
fn properties() -> WriterProperties {
    let path = |name: &str| ColumnPath::from(name);
    let values = ColumnPath::new(VALUES_LEAF.iter().map(|part| (*part).to_owned()).collect());
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(3).expect("zstd knows level 3")))
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_column_dictionary_enabled(path(ID), false)
        .set_column_bloom_filter_enabled(values.clone(), true)
        .set_column_bloom_filter_fpp(values, 0.01);
    for name in [SEQ, TS] {
        builder = builder
            .set_column_dictionary_enabled(path(name), false)
            .set_column_encoding(path(name), Encoding::DELTA_BINARY_PACKED);
    }
    for name in BLOOM {
        builder = builder
            .set_column_bloom_filter_enabled(path(name), true)
            .set_column_bloom_filter_fpp(path(name), 0.01);
    }
    for name in HEAVY {
        builder = builder
            .set_column_statistics_enabled(path(name), EnabledStatistics::None)
            .set_column_dictionary_enabled(path(name), false);
    }
    builder.build()
}

/// Writes all rows, sorted by time and then number, into as many segments as they need, numbered from `number`.
pub(crate) fn write(
    dir: &Path,
    batches: &[RecordBatch],
    mut number: u64,
) -> Result<Vec<Arc<Segment>>, StoreError> {
    let mut order: Vec<((i64, u64), (usize, usize))> = Vec::new();
    for (index, batch) in batches.iter().enumerate() {
        order.extend(keys(batch)?.into_iter().enumerate().map(|(row, key)| (key, (index, row))));
    }
    order.sort_unstable();
    let batches: Vec<&RecordBatch> = batches.iter().collect();
    let mut segments = Vec::new();
    for rows in order.chunks(SEGMENT_ROWS) {
        segments.push(write_one(dir, &batches, rows, number)?);
        number += 1;
    }
    Ok(segments)
}

type Row = ((i64, u64), (usize, usize));

fn write_one(
    dir: &Path,
    batches: &[&RecordBatch],
    rows: &[Row],
    number: u64,
) -> Result<Arc<Segment>, StoreError> {
    let known = |row: &&Row| row.0.0 != i64::MIN;
    let first = rows.iter().find(known).map(|row| row.0.0);
    let last = rows.iter().rev().find(known).map(|row| row.0.0);
    let seq = rows.iter().map(|row| row.0.1);
    let mut meta = SegmentMeta {
        file: file_name(first, number),
        bytes: 0,
        rows: rows.len() as u64,
        timeless: rows.partition_point(|row| row.0.0 == i64::MIN) as u64,
        time: first.zip(last),
        seq: (seq.clone().min().unwrap_or_default(), seq.max().unwrap_or_default()),
    };
    let path = dir.join(&meta.file);
    let beside = path.with_extension("tmp");
    let file = private_file().open(&beside).map_err(io_error("create", &beside))?;
    let engine =
        |source: ParquetError| StoreError::Engine { what: "writing a segment", source: source.into() };
    let mut writer = ArrowWriter::try_new(file, Arc::clone(&SCHEMA), Some(properties())).map_err(engine)?;
    for chunk in rows.chunks(WRITE_ROWS) {
        let indices: Vec<(usize, usize)> = chunk.iter().map(|row| row.1).collect();
        let batch = interleave_record_batch(batches, &indices).map_err(|error| engine(error.into()))?;
        writer.write(&batch).map_err(engine)?;
        if writer.in_progress_size() > ROW_GROUP_BYTES {
            writer.flush().map_err(engine)?;
        }
    }
    let file = writer.into_inner().map_err(engine)?;
    let synced = file.sync_all().and_then(|()| file.metadata());
    meta.bytes = synced.map_err(io_error("sync", &beside))?.len();
    rename(&beside, &path)?;
    Ok(Segment::new(dir, meta))
}

/// `20261121T100000.123456Z-000017.parquet`, so that `ls` sorts by time.
fn file_name(first: Option<i64>, number: u64) -> String {
    let time = first.map_or(String::new(), |ts| Timestamp(ts).to_string());
    let time: String = time.chars().filter(|c| !matches!(c, ':' | '-')).collect();
    format!("{}-{number:06}.parquet", if time.is_empty() { "timeless" } else { &time })
}

/// Removes what a crash left in `dir`: files that no manifest names.
pub(crate) fn remove_strays(dir: &Path, named: &[SegmentMeta]) -> Result<(), StoreError> {
    for entry in fs::read_dir(dir).map_err(io_error("read", dir))? {
        let path = entry.map_err(io_error("read", dir))?.path();
        if !named.iter().any(|meta| path.ends_with(&meta.file)) {
            tracing::info!(path = %path.display(), "removing a segment that was never finished");
            fs::remove_file(&path).map_err(io_error("remove", &path))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use datafusion::parquet::file::reader::{FileReader as _, SerializedFileReader};

    use super::super::encode::encode;
    use super::*;
    use crate::conformance::sample;

    #[test]
    fn rows_are_sorted_and_bloom_filters_are_there() {
        let dir = tempfile::tempdir().expect("a directory");
        let late: Vec<_> = (100..200).map(sample::logged).collect();
        let early: Vec<_> = (0..100).map(sample::logged).collect();
        let batches = [encode(&late, 0).expect("rows"), encode(&early, 100).expect("rows")];
        let segments = write(dir.path(), &batches, 3).expect("written");
        let [segment] = segments.as_slice() else { unreachable!("200 rows fit one segment") };
        assert_eq!((segment.meta.rows, segment.meta.seq), (200, (0, 199)));
        let read = segment.read().expect("readable");
        let all: Vec<_> = read.iter().flat_map(|batch| keys(batch).expect("keys")).collect();
        assert!(all.is_sorted());
        let file = File::open(&segment.path).expect("there");
        let reader = SerializedFileReader::new(file).expect("parquet");
        let group = reader.metadata().row_group(0);
        let with_bloom: Vec<String> = group
            .columns()
            .iter()
            .filter(|column| column.bloom_filter_offset().is_some())
            .map(|column| column.column_path().string())
            .collect();
        assert_eq!(with_bloom, ["id", "client", "endpoint", "account", "values.list.item"]);
    }

    #[test]
    fn names_say_the_first_time() {
        assert_eq!(file_name(Some(1_795_255_200_123_456), 17), "20261121T100000.123456Z-000017.parquet");
        assert_eq!(file_name(None, 1), "timeless-000001.parquet");
    }

    #[test]
    fn the_file_goes_when_the_last_reader_has_ended() {
        let dir = tempfile::tempdir().expect("a directory");
        let batch = encode(&[sample::logged(1)], 0).expect("rows");
        let segment = write(dir.path(), &[batch], 0).expect("written").remove(0);
        let (reader, path) = (Arc::clone(&segment), segment.path.clone());
        segment.doom();
        drop(segment);
        assert!(path.exists());
        drop(reader);
        assert!(!path.exists());
    }
}
