//! The service on a real Qdrant server: cut off and back, with several processes, moved there and back.
//!
//! `WENMAI_TEST_QDRANT_URL` names the server; where it is not set, tests that a stand-in can answer run
//! against that, and each of the others says that it was skipped.
//! What a test makes there has a name of its own and is deleted at its end.

mod campaign;
mod checkpoints;
mod cluster;
#[path = "../../src/store/server/tests/fake/mod.rs"]
mod fake;
mod proxy;

use std::io::BufRead;
use std::io::BufReader;
use std::process::Child;
use std::process::Stdio;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use tonic::Code;
use tonic::Request;
use tonic::transport::Channel;
use wenmai::proto::wire;
use wenmai::proto::wire::article_service_client::ArticleServiceClient;
use wenmai::proto::wire::topic_service_client::TopicServiceClient;
use wenmai::store;

use crate::cli::Desk;
use crate::support;
use crate::support::Running;
use crate::support::flood_and_others;
use crate::support::told;
use proxy::Proxy;

const PAGE: &str = "tests/fixtures/pages/qinghe-20250908-p1.md";
/// The longest that anything here may take to be noticed.
const PATIENCE: Duration = Duration::from_mins(1);

/// Collections of one test; gone when it is dropped.
struct Place {
    url: String,
    prefix: String,
}

impl Place {
    fn on_server() -> Option<Self> {
        let Some(url) = std::env::var_os("WENMAI_TEST_QDRANT_URL") else {
            eprintln!("skipped: WENMAI_TEST_QDRANT_URL names no Qdrant server to test with");
            return None;
        };
        Some(Self::at(url.into_string().unwrap()))
    }

    fn at(url: String) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let number: u32 = rand::random();
        let prefix = format!("wenmai-it-{}-{number:08x}-{count}", std::process::id());
        Self { url, prefix }
    }

    /// On the server, or else on a stand-in for one.
    fn anywhere() -> Self {
        Self::on_server().unwrap_or_else(|| Self::at(fake::Fake::start()))
    }

    /// The settings of a store here, by way of `url`.
    fn config(&self, url: &str) -> store::Config {
        let at = store::ServerConfig::at(url);
        let server = store::ServerConfig { prefix: self.prefix.clone(), timeout_ms: 5_000, ..at };
        store::Config { server, ..store::Config::folder("") }
    }

    /// Arguments that name this place.
    fn args(&self) -> [&str; 4] {
        ["--qdrant-url", &self.url, "--qdrant-prefix", &self.prefix]
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let (url, prefix) = (self.url.clone(), format!("{}-", self.prefix));
        // A runtime inside a runtime needs a thread of its own.
        let removed = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async {
                let config = ::qdrant_client::Qdrant::from_url(&url).skip_compatibility_check();
                let client = config.build().unwrap();
                for found in client.list_collections().await.unwrap().collections {
                    if found.name.starts_with(&prefix) {
                        client.delete_collection(found.name).await.unwrap();
                    }
                }
            });
        });
        if removed.join().is_err() {
            eprintln!("the collections of a test stay on the server");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_cut_off_is_unavailable_and_comes_back_without_a_restart() {
    let Some(place) = Place::on_server() else { return };
    let proxy = Proxy::to(&place.url).await;
    let store = store::open(&place.config(proxy.url()), &support::fake_make()).unwrap();
    let running = Running::over(store).await;
    running.with(flood_and_others()).await;
    let list = || async {
        let request = Request::new(wire::ListArticlesRequest::default());
        running.articles().list_articles(request).await
    };
    assert_eq!(list().await.unwrap().into_inner().total_count, 5);
    for silently in [false, true] {
        if silently {
            proxy.silence();
        } else {
            proxy.cut();
        }
        running.until_health("wenmai.v1.SearchService", false).await;
        let refused = list().await.unwrap_err();
        let (code, reason, _) = told(&refused);
        assert_eq!((code, reason.as_str()), (Code::Unavailable, "STORE_UNAVAILABLE"));
        // The message names nothing that is inside.
        assert!(!refused.message().contains(proxy.url()), "{refused:?}");
        let embed = wire::EmbedTextsRequest { texts: vec!["好".into()], ..Default::default() };
        running.embedding().embed_texts(embed).await.unwrap();

        proxy.restore();
        running.until_health("wenmai.v1.SearchService", true).await;
        assert_eq!(list().await.unwrap().into_inner().total_count, 5);
    }
    let record = support::record("清河汛期结束", "防汛应急响应解除，工作人员撤回。", 9);
    running.with(vec![record]).await;
    assert_eq!(list().await.unwrap().into_inner().total_count, 6);
    running.stop().await.unwrap();
}

/// A process that serves; killed with the test.
struct Served(Child);

impl Served {
    async fn start(desk: &Desk, place: &Place) -> (Self, Channel) {
        let mut command = desk.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.args(place.args()).env_remove("WENMAI_DATA");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap();
        let channel = Channel::from_shared(format!("http://{address}")).unwrap();
        (Self(child), channel.connect().await.unwrap())
    }

    /// As kill -9 does.
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _ended = self.0.wait();
    }
}

fn patient<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(PATIENCE);
    request
}

/// Stores reports by way of `channel`; tries again while another process has the turn.
async fn store_by(channel: &Channel, articles: Vec<wire::ArticleRecord>) {
    let started = Instant::now();
    loop {
        let request = patient(wire::BatchUpsertArticlesRequest { articles: articles.clone() });
        match ArticleServiceClient::new(channel.clone()).batch_upsert_articles(request).await {
            Ok(_) => return,
            Err(status) if status.code() == Code::Unavailable && started.elapsed() < PATIENCE => {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            Err(status) => panic!("{status:?}"),
        }
    }
}

/// The stories that `channel` knows, once they hold `count` articles: name and articles of each.
async fn stories(channel: &Channel, count: i64) -> Vec<(String, i64)> {
    let started = Instant::now();
    loop {
        let request = patient(wire::ListTopicsRequest { page_size: 100, ..Default::default() });
        let answer = TopicServiceClient::new(channel.clone()).list_topics(request).await;
        let mut found: Vec<(String, i64)> = match answer {
            Ok(answer) => {
                let topics = answer.into_inner().topics;
                topics
                    .into_iter()
                    .map(|topic| (topic.name, i64::from(topic.article_count)))
                    .collect()
            }
            // One that was started a moment ago is not ready yet.
            Err(status) if status.code() == Code::Unavailable => Vec::new(),
            Err(status) => panic!("{status:?}"),
        };
        found.sort();
        let held: i64 = found.iter().map(|(_, count)| count).sum();
        if held == count {
            return found;
        }
        assert!(started.elapsed() < PATIENCE, "{found:?} do not hold {count} articles");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn of_two_processes_one_writes_and_the_other_takes_over_when_it_is_killed() {
    let Some(place) = Place::on_server() else { return };
    let desk = Desk::new();
    let (mut first, left) = Served::start(&desk, &place).await;
    let (_second, right) = Served::start(&desk, &place).await;
    let mut records = flood_and_others();
    let later = records.split_off(3);

    store_by(&left, records).await;
    assert_eq!(stories(&left, 3).await, stories(&right, 3).await);

    first.kill();
    store_by(&right, later).await;
    let known = stories(&right, 5).await;

    // A third one that starts now knows the same topics.
    let (_third, other) = Served::start(&desk, &place).await;
    assert_eq!(stories(&other, 5).await, known);
}

#[test]
fn an_index_moves_to_the_server_and_back_and_answers_alike() {
    let Some(place) = Place::on_server() else { return };
    let desk = Desk::new();
    let folder = desk.path("data").display().to_string();
    let back = desk.path("back").display().to_string();
    desk.run(&["ingest", PAGE]).ok();
    let run = |args: &[&str]| {
        let mut command = desk.command(args);
        crate::cli::Run::of(&command.env_remove("WENMAI_DATA").output().unwrap())
    };
    let search = |at: &[&str]| {
        let run = run(&[&["search", "清河", "--json"], at].concat()).ok();
        let answer: serde_json::Value = serde_json::from_str(&run.out).unwrap();
        // Scores may differ in their last bits; which articles come, and in which order, may not.
        let hits = answer["hits"].as_array().unwrap();
        let names = hits.iter().map(|hit| hit["article"]["name"].as_str().unwrap().to_owned());
        let names: Vec<String> = names.collect();
        assert!(!names.is_empty());
        names
    };
    let known = search(&["--data", &folder]);

    let there = [&["migrate", "--data", &folder], place.args().as_slice()].concat();
    let moved = run(&there).ok();
    assert!(!moved.out.contains("NOT THE SAME"), "{}", moved.out);
    assert_eq!(search(&place.args()), known);
    let again = run(&there).ok();
    assert_eq!(again.out.matches(" 0 written").count(), 3, "{}", again.out);

    run(&[&["migrate", "--to-data", &back], place.args().as_slice()].concat()).ok();
    assert_eq!(search(&["--data", &back]), known);
}

#[test]
fn a_folder_and_a_server_exclude_each_other() {
    let desk = Desk::new();
    let args = ["search", "清河", "--data", "x", "--qdrant-url", "http://127.0.0.1:1"];
    let mut command = desk.command(&args);
    let run = crate::cli::Run::of(&command.env_remove("WENMAI_DATA").output().unwrap());
    run.misused(&["--data", "--qdrant-url"]);
}
