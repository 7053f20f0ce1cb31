//! The embedded backends pass the suites.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use store::conformance::{Place, access, call_log, catalogue, sample};
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
    access::run(&place).await;
}

/// Segment files in the directory, in the order of their names.
fn segments(dir: &Directory) -> Vec<PathBuf> {
    let files = std::fs::read_dir(dir.path.join("segments")).expect("there");
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("an entry").path()).collect();
    files.sort();
    files
}

#[tokio::test(flavor = "multi_thread")]
async fn only_files_that_the_manifest_names_belong_to_the_log() {
    let tempdir = tempfile::tempdir().expect("a directory");
    let dir = Directory { path: tempdir.path().join("data"), _dir: tempdir };
    let (log, _) = dir.open().await;
    for n in 0..40 {
        let upto = log.accept(&[sample::call(n)]).await.expect("accepted");
        log.append(vec![sample::logged(n)], upto).await.expect("appended");
        log.seal().await.expect("sealed");
    }
    let files = segments(&dir);
    assert!(files.len() < 17, "{} segments are left unmerged", files.len());
    let stats = log.stats().await.expect("read");
    assert_eq!((stats.calls, stats.segments), (40, files.len() as u64));
    drop(log);

    // What a crash between writing a segment and naming it leaves.
    for stray in ["20991231T000000.000000Z-000099.parquet", "20991231T000000.000000Z-000098.tmp"] {
        std::fs::copy(&files[0], dir.path.join("segments").join(stray)).expect("copied");
    }
    let (log, _) = dir.open().await;
    assert_eq!(log.stats().await.expect("read").calls, 40);
    assert_eq!(segments(&dir), files);
    drop(log);

    let whole = std::fs::read(&files[0]).expect("readable");
    std::fs::write(&files[0], &whole[..whole.len() - 1]).expect("written");
    let error = Store::open(&dir.path).await.err().expect("a cut segment is damage").to_string();
    assert!(error.contains(files[0].file_name().and_then(|name| name.to_str()).expect("a name")), "{error}");
}
