//! A clock that jumps: what is stored stays, in its order, and what comes is taken.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;
use wenmai::proto::wire;

use super::campaign::article;
use super::process::Process;
use super::process::serve;
use super::process::start;

const DAY: i64 = 86_400;

/// A library that moves the time of day of a process by the seconds in a file; `None`, with the reason
/// printed, where none can be made.
fn shim(folder: &Path) -> Option<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/faults/clock.c");
    let library = folder.join("clock.so");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(source).arg("-ldl");
    let made = cfg!(target_os = "linux") && compiler.status().is_ok_and(|status| status.success());
    if !made {
        println!("skipped: no C compiler that makes a library to stand before the clock");
    }
    made.then_some(library)
}

/// A server whose clock is what the file at `shift` says.
async fn shifted(data: &Path, library: &Path, shift: &Path) -> Process {
    let mut command = serve(data);
    command.env("LD_PRELOAD", library).env("CLOCK_SHIFT_FILE", shift);
    start(command, &data.with_extension("log")).await.unwrap()
}

/// When each article came, as the service says.
async fn arrivals(server: &Process) -> Vec<i64> {
    let request = wire::ListArticlesRequest { page_size: 1_000, ..Default::default() };
    let listed = server.articles().list_articles(request).await.unwrap().into_inner();
    let came = listed.articles.iter().map(|one| one.create_time.unwrap().seconds);
    came.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps_loses_nothing() {
    let folder = TempDir::new().unwrap();
    let (data, shift) = (folder.path().join("data"), folder.path().join("shift"));
    let Some(library) = shim(folder.path()) else { return };
    fs::write(&shift, "0").unwrap();
    let mut server = shifted(&data, &library, &shift).await;
    let mut stored = BTreeSet::new();
    // Undated ones too: those are placed by when they came.
    let mut next = 0;
    for jump in [0, -400 * DAY, 3_650 * DAY, -3_600, 0] {
        fs::write(&shift, jump.to_string()).unwrap();
        for _ in 0..4 {
            let mut record = article(next, 1);
            if next % 2 == 0 {
                record.publish_time = None;
            }
            stored.insert(server.store(record).await.unwrap());
            next += 1;
        }
        let listed: BTreeSet<String> = server.titles().await.into_keys().collect();
        assert_eq!(listed, stored, "after a jump of {jump} s");
        let query = wire::SearchArticlesRequest { query: "清河".into(), ..Default::default() };
        server.search().search_articles(query).await.unwrap();
    }
    let came = arrivals(&server).await;
    assert!(
        came.iter().max().unwrap() - came.iter().min().unwrap() > 4_000 * DAY,
        "the clock did not jump: {came:?}"
    );
    server.kill();
    // Killed in one year, started in another.
    fs::write(&shift, (-800 * DAY).to_string()).unwrap();
    let mut server = shifted(&data, &library, &shift).await;
    assert_eq!(server.titles().await.into_keys().collect::<BTreeSet<_>>(), stored);
    let mut again = arrivals(&server).await;
    again.sort_unstable();
    let mut before = came;
    before.sort_unstable();
    assert_eq!(again, before);
    server.store(article(next, 1)).await.unwrap();
    assert!(server.stop().success());
}
