//! Which data folders are opened, and which are refused and why.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::config;
use super::open;
use crate::Error;
use crate::Make;
use crate::VectorStore;
use crate::conformance::sample::make;
use crate::conformance::sample::numbered;
use crate::edge::EdgeStore;
use wenmai_domain::filter::Filter;

/// The reason for which the folder was refused.
fn reason_of_refusal(data: &Path) -> String {
    match EdgeStore::open(&config(data), &make()) {
        Err(Error::Folder { source, .. }) => source.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_second_opener_learns_who_has_the_folder() {
    let root = TempDir::new().unwrap();
    let store = open(root.path());
    let Err(Error::Locked { folder, holder }) = EdgeStore::open(&config(root.path()), &make())
    else {
        panic!("opened twice");
    };
    assert_eq!(folder, root.path());
    assert!(holder.contains(&format!("process {}, since 2", std::process::id())), "{holder}");
    store.close().await.unwrap();
    open(root.path());
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let root = TempDir::new().unwrap();
    let file = root.path().join("file");
    fs::write(&file, "").unwrap();
    let refused = EdgeStore::open(&config(&file.join("data")), &make());
    let Err(Error::Folder { folder, source }) = refused else { panic!("opened") };
    assert_eq!(folder, file.join("data"));
    assert!(source.downcast_ref::<std::io::Error>().is_some());
}

#[test]
fn another_index_version_or_dim_is_refused_by_name() {
    let root = TempDir::new().unwrap();
    drop(open(root.path()));
    let other = Make { index_version: "test-2".into(), ..make() };
    let refused = EdgeStore::open(&config(root.path()), &other);
    let Err(Error::IndexVersion { stored, wanted, .. }) = refused else { panic!("opened") };
    assert_eq!((stored.as_str(), wanted.as_str()), ("test-1", "test-2"));
    let other = Make { dim: 9, ..make() };
    let refused = EdgeStore::open(&config(root.path()), &other);
    let Err(Error::IndexVersion { stored, wanted, .. }) = refused else { panic!("opened") };
    assert_eq!(stored, "test-1 with 8 numbers");
    assert_eq!(wanted, "test-1 with 9 numbers");
    drop(open(root.path()));
}

#[test]
fn a_folder_of_someone_else_is_refused_untouched() {
    let root = TempDir::new().unwrap();
    fs::write(root.path().join("thesis.txt"), "important").unwrap();
    let reason = reason_of_refusal(root.path());
    assert!(reason.contains("thesis.txt"), "{reason}");
    let names: Vec<_> = fs::read_dir(root.path()).unwrap().collect();
    assert_eq!(names.len(), 1);
}

#[test]
fn a_damaged_or_newer_manifest_is_refused_with_the_reason() {
    let root = TempDir::new().unwrap();
    drop(open(root.path()));
    let manifest = root.path().join("wenmai-index.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, &text[..20]).unwrap();
    let reason = reason_of_refusal(root.path());
    assert!(reason.contains("damaged"), "{reason}");
    fs::write(&manifest, text.replace("\"format\": 3", "\"format\": 4")).unwrap();
    let reason = reason_of_refusal(root.path());
    assert!(reason.contains("format is 4"), "{reason}");
    fs::write(&manifest, text).unwrap();
    drop(open(root.path()));
}

#[tokio::test]
async fn a_start_that_was_killed_is_completed() {
    let root = TempDir::new().unwrap();
    // A process killed before the manifest was in place leaves the lock file.
    fs::write(root.path().join("wenmai.lock"), "").unwrap();
    fs::write(root.path().join("wenmai-index.json.new"), "{").unwrap();
    drop(open(root.path()));
    // A process killed before the engine had made its files leaves no seal.
    let unseal = || fs::remove_file(root.path().join("wenmai-seal.json")).unwrap();
    unseal();
    fs::remove_dir_all(root.path().join("articles")).unwrap();
    drop(open(root.path()));
    unseal();
    fs::remove_file(root.path().join("articles/edge_config.json")).unwrap();
    fs::remove_dir_all(root.path().join("articles/segments")).unwrap();
    let store = open(root.path());
    store.upsert(vec![numbered(1, &[1.0; 8], &[])]).await.unwrap();
}

#[tokio::test]
async fn a_closed_folder_that_lost_a_segment_is_refused_until_it_is_mended() {
    let root = TempDir::new().unwrap();
    let store = open(root.path());
    store.upsert(vec![numbered(1, &[1.0; 8], &[])]).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    let segments = root.path().join("articles/segments");
    fs::rename(&segments, root.path().join("away")).unwrap();
    let reason = reason_of_refusal(root.path());
    assert!(reason.contains("`articles/segments/") && reason.contains("is gone"), "{reason}");
    assert_eq!(reason_of_refusal(root.path()), reason, "refused once, opened the next time");
    fs::rename(root.path().join("away"), &segments).unwrap();
    let store = open(root.path());
    assert_eq!(store.count(&Filter::default()).await.unwrap(), 1);
}

#[test]
fn what_a_killed_optimization_left_is_removed() {
    let root = TempDir::new().unwrap();
    drop(open(root.path()));
    let left = root.path().join("articles/temp_segments/half-a-segment");
    fs::create_dir_all(&left).unwrap();
    let _store = open(root.path());
    assert!(!left.exists());
}

#[tokio::test]
async fn a_snapshot_is_the_index_as_it_was_at_one_moment() {
    let root = TempDir::new().unwrap();
    let (data, copy) = (root.path().join("data"), root.path().join("copy"));
    let store = open(&data);
    store.upsert(vec![numbered(1, &[1.0; 8], &[])]).await.unwrap();
    store.snapshot(&copy).await.unwrap();
    store.upsert(vec![numbered(2, &[1.0; 8], &[])]).await.unwrap();
    let again = store.snapshot(&copy).await.unwrap_err();
    assert!(matches!(again, Error::Folder { folder, .. } if folder == copy));
    // The copy stands by itself, while the index that it was taken of goes on.
    let copied = open(&copy);
    assert_eq!(copied.count(&Filter::default()).await.unwrap(), 1);
    copied.upsert(vec![numbered(3, &[1.0; 8], &[])]).await.unwrap();
    assert_eq!(store.count(&Filter::default()).await.unwrap(), 2);
    copied.close().await.unwrap();
    // It is sealed like any folder that was closed.
    fs::remove_file(copy.join("articles/edge_config.json")).unwrap();
    assert!(reason_of_refusal(&copy).contains("is gone"));
}

#[tokio::test]
async fn a_folder_that_was_copied_while_it_was_open_is_refused_by_name() {
    fn copy_all(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
            let target = to.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                copy_all(&entry.path(), &target);
            } else {
                fs::copy(entry.path(), target).unwrap();
            }
        }
    }
    let root = TempDir::new().unwrap();
    let (data, open_copy, closed_copy) =
        (root.path().join("data"), root.path().join("open"), root.path().join("closed"));
    let store = open(&data);
    store.upsert(vec![numbered(1, &[1.0; 8], &[])]).await.unwrap();
    copy_all(&data, &open_copy);
    let reason = reason_of_refusal(&open_copy);
    assert!(reason.contains("it is a copy that was taken while"), "{reason}");
    assert!(reason.contains(&format!("process {}", std::process::id())), "{reason}");
    assert_eq!(reason_of_refusal(&open_copy), reason, "refused once, opened the next time");
    // As the message says.
    fs::remove_file(open_copy.join("wenmai.lock")).unwrap();
    assert_eq!(open(&open_copy).count(&Filter::default()).await.unwrap(), 1);
    store.close().await.unwrap();
    copy_all(&data, &closed_copy);
    assert_eq!(open(&closed_copy).count(&Filter::default()).await.unwrap(), 1);
}
