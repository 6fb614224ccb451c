//! What survives what happens: killed processes, full and read-only disks, damaged files.
//! Everything here is asked of the real program.

pub mod campaign;
mod clock;
mod damage;
mod disk;
pub mod process;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;

use rand::RngExt as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use wenmai::proto::wire;

use campaign::Ledger;
use process::Process;
use process::serve;
use process::start;

/// Answers between two throws of the dice.
const THROW_EVERY: u64 = 20;
/// How often a throw kills the server.
const KILL_SHARE: f64 = 0.3;
/// Items on their way at a time.
const AHEAD: usize = 64;

/// Sends items and deletions until a throw of the dice kills the server; notes what it answered.
async fn ingest_until_killed(server: &mut Process, ledger: &mut Ledger, rng: &mut ChaCha8Rng) {
    let (send, items) = mpsc::channel(AHEAD);
    let mut articles = server.articles();
    let mut deleting = server.articles();
    let mut names = BTreeMap::new();
    for _ in 0..AHEAD {
        send.try_send(ledger.draw(rng)).unwrap();
    }
    let answers = articles.ingest_articles(ReceiverStream::new(items)).await;
    let mut answers = answers.unwrap().into_inner();
    let mut count = 0;
    loop {
        let answer = answers.message().await.unwrap().unwrap();
        note(&answer, ledger, &mut names);
        count += 1;
        if count % THROW_EVERY == 0 && rng.random_bool(KILL_SHARE) {
            break;
        }
        if let Some(number) = ledger.settled(rng).filter(|_| rng.random_bool(0.1))
            && let Some(name) = names.get(&number).cloned()
        {
            ledger.deleting(number);
            let mut request = tonic::Request::new(wire::DeleteArticleRequest { name });
            request.set_timeout(wenmai::rpc::DEADLINE_MAX);
            // One that came too late, on a busy machine, may or may not have happened.
            if deleting.delete_article(request).await.is_ok() {
                ledger.deleted(number);
            }
        }
        send.try_send(ledger.draw(rng)).unwrap();
    }
    // One more deletion is on its way, or not, when the signal comes.
    if let Some(number) = ledger.settled(rng)
        && let Some(name) = names.get(&number).cloned()
    {
        ledger.deleting(number);
        let request = wire::DeleteArticleRequest { name };
        let call = tokio::spawn(async move { deleting.delete_article(request).await.is_ok() });
        tokio::task::yield_now().await;
        server.kill();
        if call.await.unwrap() {
            ledger.deleted(number);
        }
    } else {
        server.kill();
    }
    // What it had answered before the signal was promised too.
    while let Ok(Some(answer)) = answers.message().await {
        note(&answer, ledger, &mut names);
    }
}

fn note(
    answer: &wire::IngestArticlesResponse,
    ledger: &mut Ledger,
    names: &mut BTreeMap<usize, String>,
) {
    ledger.answered(answer);
    let number = answer.item_id.split(' ').next().unwrap().parse().unwrap();
    if let Some(wire::ingest_articles_response::Outcome::Ingested(done)) = &answer.outcome {
        names.insert(number, done.name.clone());
    }
}

/// Kills a server that has just taken the folder and reads the log back.
fn kill_while_it_opens(data: &Path) {
    let mut child = serve(data).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let holder = format!("process {},", child.id());
    let taken =
        || fs::read_to_string(data.join("wenmai.lock")).is_ok_and(|by| by.contains(&holder));
    while !taken() {
        assert!(child.try_wait().unwrap().is_none(), "the server ended by itself");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Kills a server in the middle of an ingest, `cycles` times, and checks after each.
async fn kill_again_and_again(seed: u64, cycles: u32) {
    println!("seed {seed}, {cycles} cycles");
    let folder = TempDir::new().unwrap();
    let (data, log) = (folder.path().join("data"), folder.path().join("log"));
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut ledger = Ledger::default();
    let mut stored = 0;
    for cycle in 0..cycles {
        if rng.random_bool(KILL_SHARE) {
            kill_while_it_opens(&data);
        }
        let mut server = start(serve(&data), &log).await.unwrap();
        assert_eq!(server.titles().await.len(), stored, "cycle {cycle}: after the restart");
        ingest_until_killed(&mut server, &mut ledger, &mut rng).await;
        stored = ledger.check(&data).await;
    }
    println!(
        "{cycles} kills, {} acknowledged, {stored} stored; lost 0, twice 0, phantoms 0",
        ledger.acknowledged
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_or_doubled_when_the_server_is_killed() {
    kill_again_and_again(7, 4).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes many minutes"]
async fn nothing_is_lost_or_doubled_over_sixty_kills() {
    kill_again_and_again(20_261_123, 60).await;
}
