//! Runs one filtered scan over a view through DataFusion and hands the batches over one by one.

use std::path::Path;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::datasource::object_store::ObjectStoreUrl;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::Expr;
use datafusion::object_store::local::LocalFileSystem;
use datafusion::prelude::{SessionConfig, SessionContext};
use model::ValueHash;

use super::prune::may_hold;
use super::segment::Segment;
use super::table::{CallTable, Part};
use crate::StoreError;

/// The query engine of one log.
pub(crate) struct Scanner {
    context: SessionContext,
    store: ObjectStoreUrl,
}

/// What to scan.
#[derive(Debug, Clone, Default)]
pub(crate) struct Source {
    pub segments: Vec<Arc<Segment>>,
    pub batches: Vec<RecordBatch>,
    /// Rows without this value need not be read.
    pub value: Option<ValueHash>,
}

fn engine(source: DataFusionError) -> StoreError {
    StoreError::Engine { what: "querying calls", source: source.into() }
}

impl Scanner {
    /// An engine for the segments in `dir`.
    pub(crate) fn new(dir: &Path) -> Result<Self, StoreError> {
        let mut config = SessionConfig::new();
        // Columns that are not filtered on are decoded only for rows that match.
        config.options_mut().execution.parquet.pushdown_filters = true;
        config.options_mut().execution.parquet.reorder_filters = true;
        // Nothing here wants a hash repartitioning in front of a filter or a coalesced output.
        config.options_mut().execution.coalesce_batches = false;
        let context = SessionContext::new_with_config(config);
        let store = ObjectStoreUrl::parse("calls://segments/").map_err(engine)?;
        let files = LocalFileSystem::new_with_prefix(dir)
            .map_err(|source| StoreError::Engine { what: "opening segments", source: source.into() })?;
        context.register_object_store(store.as_ref(), Arc::new(files));
        Ok(Self { context, store })
    }

    /// Scans the given columns of the rows that pass the filter; `each` sees them in no particular order.
    pub(crate) async fn scan(
        &self,
        source: Source,
        filter: Option<Expr>,
        columns: &[&str],
        mut each: impl FnMut(&RecordBatch) -> Result<(), StoreError> + Send,
    ) -> Result<(), StoreError> {
        let mut stream = self.start(source, filter, columns).await?;
        while let Some(batch) = std::future::poll_fn(|context| stream.as_mut().poll_next(context)).await {
            each(&batch.map_err(engine)?)?;
        }
        Ok(())
    }

    async fn start(
        &self,
        source: Source,
        filter: Option<Expr>,
        columns: &[&str],
    ) -> Result<SendableRecordBatchStream, StoreError> {
        let Source { segments, batches, value } = source;
        let parts = parts(segments, value).await?;
        let table = CallTable { store: self.store.clone(), parts, batches };
        let mut frame = self.context.read_table(Arc::new(table)).map_err(engine)?;
        if let Some(filter) = filter {
            frame = frame.filter(filter).map_err(engine)?;
        }
        frame.select_columns(columns).map_err(engine)?.execute_stream().await.map_err(engine)
    }
}

async fn parts(segments: Vec<Arc<Segment>>, value: Option<ValueHash>) -> Result<Vec<Part>, StoreError> {
    let Some(value) = value else {
        return Ok(segments.into_iter().map(|segment| Part { segment, plan: None }).collect());
    };
    let pruned = tokio::task::spawn_blocking(move || {
        let mut parts = Vec::new();
        for segment in segments {
            if let Some(plan) = may_hold(&segment, value)? {
                parts.push(Part { segment, plan: Some(plan) });
            }
        }
        Ok(parts)
    });
    pruned.await.map_err(|source| StoreError::Engine { what: "querying calls", source: source.into() })?
}
