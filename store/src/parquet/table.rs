//! A view of the log as a table of DataFusion: Parquet segments, each with the row groups worth reading, and
//! the rows in memory. The optimizer pushes filters into the Parquet scan, where statistics, page index and
//! bloom filters exclude row groups and pages before they are decoded.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::{DataSourceExec, MemorySourceConfig};
use datafusion::datasource::object_store::ObjectStoreUrl;
use datafusion::datasource::physical_plan::parquet::{CachedParquetFileReaderFactory, ParquetAccessPlan};
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::union::UnionExec;

use super::schema::SCHEMA;
use super::segment::Segment;

/// A segment and the row groups of it to read.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub segment: Arc<Segment>,
    /// All when absent.
    pub plan: Option<ParquetAccessPlan>,
}

/// What one query reads. Holds the segments, so that none of their files goes meanwhile.
#[derive(Debug)]
pub(crate) struct CallTable {
    pub store: ObjectStoreUrl,
    pub parts: Vec<Part>,
    pub batches: Vec<RecordBatch>,
}

impl CallTable {
    fn segments(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let object_store = state.runtime_env().object_store(&self.store)?;
        let metadata = state.runtime_env().cache_manager.get_file_metadata_cache();
        let readers = Arc::new(CachedParquetFileReaderFactory::new(object_store, metadata));
        let options = state.default_table_options().parquet;
        let source = ParquetSource::new(Arc::clone(&SCHEMA))
            .with_table_parquet_options(options)
            .with_parquet_file_reader_factory(readers);
        let lanes = state.config().target_partitions().clamp(1, self.parts.len().max(1));
        let mut groups = vec![Vec::new(); lanes];
        for (index, part) in self.parts.iter().enumerate() {
            let mut file = PartitionedFile::new(&part.segment.meta.file, part.segment.meta.bytes);
            if let Some(plan) = &part.plan {
                file = file.with_extension(plan.clone());
            }
            groups[index % lanes].push(file);
        }
        let config = FileScanConfigBuilder::new(self.store.clone(), Arc::new(source))
            .with_file_groups(groups.into_iter().map(FileGroup::new).collect())
            .with_projection_indices(projection.cloned())?
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

#[async_trait]
impl TableProvider for CallTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&SCHEMA)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        // The filter stays in the plan, from where the physical optimizer moves it into the Parquet scan.
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let mut inputs: Vec<Arc<dyn ExecutionPlan>> = Vec::new();
        if !self.parts.is_empty() {
            inputs.push(self.segments(state, projection)?);
        }
        if !self.batches.is_empty() {
            let partitions = [self.batches.clone()];
            inputs.push(MemorySourceConfig::try_new_exec(&partitions, self.schema(), projection.cloned())?);
        }
        if inputs.is_empty() {
            let schema = match projection {
                Some(columns) => Arc::new(SCHEMA.project(columns)?),
                None => self.schema(),
            };
            inputs.push(Arc::new(EmptyExec::new(schema)));
        }
        UnionExec::try_new(inputs)
    }
}
