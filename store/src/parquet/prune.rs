//! Row groups that cannot hold a value hash. DataFusion uses bloom filters of plain columns by itself; the one on
//! the items of the list of value hashes is read here, and the row groups it excludes are left out of the scan.

use std::fs::File;

use datafusion::datasource::physical_plan::parquet::ParquetAccessPlan;
use datafusion::parquet::bloom_filter::Sbbf;
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::ParquetMetaDataReader;
use model::ValueHash;

use super::schema::VALUES_LEAF;
use super::segment::Segment;
use crate::StoreError;
use crate::files::io_error;

/// Which row groups of a segment may hold `value`; `None` when none does.
pub(crate) fn may_hold(segment: &Segment, value: ValueHash) -> Result<Option<ParquetAccessPlan>, StoreError> {
    let file = File::open(&segment.path).map_err(io_error("read", &segment.path))?;
    plan(&file, value).map_err(|error| StoreError::Damaged {
        what: segment.path.display().to_string(),
        detail: error.to_string(),
    })
}

fn plan(file: &File, value: ValueHash) -> Result<Option<ParquetAccessPlan>, ParquetError> {
    let metadata = ParquetMetaDataReader::new().parse_and_finish(file)?;
    let mut plan = ParquetAccessPlan::new_all(metadata.num_row_groups());
    let mut left = 0;
    for (index, group) in metadata.row_groups().iter().enumerate() {
        let column = group.columns().iter().find(|column| column.column_path().parts() == VALUES_LEAF);
        let filter = column.map(|column| Sbbf::read_from_column_chunk(column, file)).transpose()?.flatten();
        if filter.is_some_and(|filter| !filter.check(&value.0)) {
            plan.skip(index);
        } else {
            left += 1;
        }
    }
    Ok((left > 0).then_some(plan))
}

#[cfg(test)]
mod tests {
    use super::super::encode::encode;
    use super::super::segment::write;
    use super::*;
    use crate::conformance::sample;

    #[test]
    fn values_that_are_there_are_never_pruned() {
        let dir = tempfile::tempdir().expect("a directory");
        let rows: Vec<_> = (0..500).map(sample::logged).collect();
        let segment = write(dir.path(), &[encode(&rows, 0).expect("rows")], 0).expect("written").remove(0);
        let hashes = rows.iter().flat_map(|row| &row.observation.data).filter_map(|hit| hit.hash);
        let mut seen = 0;
        for hash in hashes {
            assert!(may_hold(&segment, hash).expect("readable").is_some());
            seen += 1;
        }
        assert!(seen > 100);
        let absent = (0..200u64).map(|n| ValueHash(n.wrapping_mul(0x9E37_79B9_7F4A_7C15)));
        let passed = absent.filter(|hash| may_hold(&segment, *hash).expect("readable").is_some()).count();
        assert!(passed < 10, "{passed} of 200 absent values were not excluded");
    }
}
