//! The real program as a process that can be killed.

use std::fs;
use std::fs::File;
use std::io::BufRead as _;
use std::io::BufReader;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Stdio;

use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use wenmai::proto::wire;
use wenmai::proto::wire::article_service_client::ArticleServiceClient;
use wenmai::proto::wire::search_service_client::SearchServiceClient;

/// A server that runs; killed when dropped.
pub struct Process {
    child: Child,
    pub url: String,
    pub channel: Channel,
}

/// How a process ended that did not come to serve.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    pub err: String,
}

impl Ended {
    /// It said why, with exit code 1, and neither panicked nor was killed.
    pub fn refused(&self, words: &[&str]) {
        assert_eq!(self.status.code(), Some(1), "{}\n{}", self.status, self.err);
        assert!(!self.err.contains("panicked"), "{}", self.err);
        for word in words {
            assert!(self.err.contains(word), "`{word}` is not in: {}", self.err);
        }
    }
}

/// `wenmai serve` over `data`, ready to be started; a free port.
pub fn serve(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wenmai"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--drain-ms", "0"]).env("WENMAI_DATA", data);
    command
}

/// Starts `command` and waits until it serves; or how it ended instead.
pub async fn start(mut command: Command, log: &Path) -> Result<Process, Ended> {
    let said = File::create(log).unwrap();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(said);
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let Some(address) = line.trim().strip_prefix("listening on ") else {
        let status = child.wait().unwrap();
        return Err(Ended { status, err: fs::read_to_string(log).unwrap() });
    };
    let url = format!("http://{address}");
    let channel = Channel::from_shared(url.clone()).unwrap().connect().await.unwrap();
    let process = Process { child, url, channel };
    process.until_serving().await;
    Ok(process)
}

impl Process {
    async fn until_serving(&self) {
        let request = HealthCheckRequest { service: String::new() };
        let mut health = HealthClient::new(self.channel.clone());
        let mut states = health.watch(request).await.unwrap().into_inner();
        while let Some(state) = states.message().await.unwrap() {
            if state.status == 1 {
                return;
            }
        }
        panic!("health ended before it said that the service serves");
    }

    pub fn articles(&self) -> ArticleServiceClient<Channel> {
        ArticleServiceClient::new(self.channel.clone())
    }

    pub fn search(&self) -> SearchServiceClient<Channel> {
        SearchServiceClient::new(self.channel.clone())
    }

    /// `kill -9`; returns when it is gone.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, as an operator does, and waits for its end.
    pub fn stop(&mut self) -> ExitStatus {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.child.wait().unwrap()
    }

    /// Stores one article; the name, or what the item was refused with.
    pub async fn store(&self, article: wire::ArticleRecord) -> Result<String, wire::ItemError> {
        let item = wire::IngestArticlesRequest { item_id: String::new(), article: Some(article) };
        let items = futures::stream::iter([item]);
        let mut answers = self.articles().ingest_articles(items).await.unwrap().into_inner();
        match answers.message().await.unwrap().unwrap().outcome.unwrap() {
            wire::ingest_articles_response::Outcome::Ingested(done) => Ok(done.name),
            wire::ingest_articles_response::Outcome::Error(error) => Err(error),
        }
    }

    /// The title of every stored article, by name; each page's total must be their number.
    pub async fn titles(&self) -> std::collections::BTreeMap<String, String> {
        let mut titles = std::collections::BTreeMap::new();
        let mut request = wire::ListArticlesRequest { page_size: 1_000, ..Default::default() };
        loop {
            let page = self.articles().list_articles(request.clone()).await.unwrap().into_inner();
            let total = page.total_count;
            for article in page.articles {
                let title = article.record.unwrap().title;
                assert!(titles.insert(article.name, title).is_none(), "an article twice");
            }
            if page.next_page_token.is_empty() {
                assert_eq!(total, titles.len() as u64, "count and list differ");
                return titles;
            }
            request.page_token = page.next_page_token;
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _gone = self.child.kill();
        let _waited = self.child.wait();
    }
}
