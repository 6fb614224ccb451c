//! What an operator does: asks for health, backs up and restores, changes the model without a gap. Each
//! with the real program, as `deploy/backup.md` tells it.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;
use wenmai::proto::wire;

use crate::cli::Run;
use crate::faults::campaign::article;
use crate::faults::process::Process;
use crate::faults::process::serve;
use crate::faults::process::start;

/// Runs the program; nothing but `arguments` decides.
fn run(arguments: &[&str]) -> Run {
    let program = Command::new(env!("CARGO_BIN_EXE_wenmai")).args(arguments).output().unwrap();
    Run::of(&program)
}

/// What a service answers to a few questions, without times.
async fn answers(server: &Process) -> Vec<String> {
    let mut told: Vec<String> =
        server.titles().await.into_iter().map(|it| format!("{it:?}")).collect();
    let names: Vec<String> = server.titles().await.into_keys().collect();
    for query in ["清河 通报", "水位 更新", "paper:青山晚报"] {
        let request = wire::SearchArticlesRequest { query: query.into(), ..Default::default() };
        let hits = server.search().search_articles(request).await.unwrap().into_inner().hits;
        told.push(format!("{query}: {hits:?}"));
    }
    for name in names.into_iter().take(3) {
        let target = wire::find_related_articles_request::Target::Article(name.clone());
        let request =
            wire::FindRelatedArticlesRequest { target: Some(target), ..Default::default() };
        let hits = server.search().find_related_articles(request).await.unwrap().into_inner().hits;
        told.push(format!("{name}: {hits:?}"));
    }
    told
}

async fn store(server: &Process, numbers: std::ops::Range<usize>) {
    for number in numbers {
        server.store(article(number, 1)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_says_by_its_exit_code_whether_a_server_serves() {
    let folder = TempDir::new().unwrap();
    let mut server =
        start(serve(&folder.path().join("data")), &folder.path().join("log")).await.unwrap();
    let url = server.url.clone();
    let healthy = run(&["health", "--server", &url]).ok();
    assert_eq!(healthy.out, "serving\n");
    run(&["health", "--server", &url, "--service", "wenmai.v1.SearchService"]).ok();
    run(&["health", "--server", &url, "--service", "none"])
        .misused(&["there is no service `none`"]);
    server.kill();
    run(&["health", "--server", &url]).failed(&[&url]);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_backup_answers_as_before() {
    let folder = TempDir::new().unwrap();
    let (data, backup) = (folder.path().join("data"), folder.path().join("backup"));
    let log = folder.path().join("log");
    let mut server = start(serve(&data), &log).await.unwrap();
    store(&server, 0..30).await;
    let before = answers(&server).await;
    assert!(server.stop().success());

    copy(&data, &backup);
    // What came later is not in the backup.
    let mut server = start(serve(&data), &log).await.unwrap();
    store(&server, 30..40).await;
    assert!(server.stop().success());
    fs::remove_dir_all(&data).unwrap();
    copy(&backup, &data);

    let server = start(serve(&data), &log).await.unwrap();
    assert_eq!(answers(&server).await, before);
    store(&server, 30..31).await;
    assert_eq!(server.titles().await.len(), 31);
}

/// Builds the index in `to` from the server at `from`, for embeddings of 128 numbers.
fn reindex(from: &str, to: &Path) -> serde_json::Value {
    let to = to.display().to_string();
    let arguments = ["reindex", "--from", from, "--data", &to, "--embed-dim", "128", "--json"];
    run(&arguments).ok().json()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_index_version_is_built_while_the_old_one_answers() {
    let folder = TempDir::new().unwrap();
    let (old, new): (PathBuf, PathBuf) = (folder.path().join("old"), folder.path().join("new"));
    let log = folder.path().join("log");
    let server = start(serve(&old), &log).await.unwrap();
    store(&server, 0..30).await;

    let first = reindex(&server.url, &new);
    assert_eq!((&first["taken_over"], &first["failed"]), (&30.into(), &0.into()), "{first}");
    // Meanwhile one is corrected, one deleted, some are new.
    server.store(article(3, 2)).await.unwrap();
    let gone = server.titles().await.into_keys().next().unwrap();
    let request = wire::DeleteArticleRequest { name: gone };
    server.articles().delete_article(request).await.unwrap();
    store(&server, 30..34).await;
    let second = reindex(&server.url, &new);
    let titles = server.titles().await;

    // The program of the old kind refuses the new folder by name; the new one serves it.
    let refused = start(serve(&new), &folder.path().join("other")).await.err().unwrap();
    refused.refused(&["INDEX_MODEL_MISMATCH"]);
    let mut command = serve(&new);
    command.args(["--embed-dim", "128"]);
    let renewed = start(command, &folder.path().join("new-log")).await.unwrap();
    assert_eq!(renewed.titles().await, titles, "{second}");
    let changed = second["taken_over"].as_u64().unwrap();
    assert!((4..=5).contains(&changed), "{second}");
    assert_eq!(second["deleted"], 1, "{second}");
}
