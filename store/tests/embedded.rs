//! The embedded backends pass the suites.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use store::conformance::{Place, call_log, catalogue};
use store::{CallLog, Catalogue, Store, StoreError};

struct Directory {
    path: PathBuf,
    _dir: tempfile::TempDir,
}

#[async_trait]
impl Place for Directory {
    async fn open(&self) -> (Arc<dyn CallLog>, Arc<dyn Catalogue>) {
        for _ in 0..500 {
            match Store::open(&self.path).await {
                // A dropped store lets go of the directory when its connections have closed.
                Err(StoreError::Locked(_)) => tokio::time::sleep(Duration::from_millis(10)).await,
                opened => {
                    let store = opened.expect("opens");
                    return (store.log, store.catalogue);
                }
            }
        }
        unreachable!("the directory stays locked")
    }
}

fn place() -> Box<dyn Place> {
    let dir = tempfile::tempdir().expect("a directory");
    Box::new(Directory { path: dir.path().join("data"), _dir: dir })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_call_log_conforms() {
    call_log::run(&place).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_conforms() {
    catalogue::run(&place).await;
}
