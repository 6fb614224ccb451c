//! The program as a person runs it: what it prints, and its exit codes.

use std::collections::BTreeSet;
use std::fs;
use std::future::Future;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Output;
use std::process::Stdio;

use tempfile::TempDir;
use wenmai::proto::wire;
use wenmai::proto::wire::article_service_client::ArticleServiceClient;
use wenmai::proto::wire::ingest_articles_response::Outcome;

const PAGE: &str = "tests/fixtures/pages/qinghe-20250908-p1.md";

/// A folder for one test, with a data folder in it.
pub(crate) struct Desk {
    folder: TempDir,
}

/// What a run printed, and how it ended.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path.display().to_string()
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_wenmai"));
        command
            .args(args)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env("WENMAI_DATA", self.path("data"))
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Run {
        Run::of(&self.command(args).output().unwrap())
    }

    pub(crate) fn run_with_input(&self, args: &[&str], input: &[u8]) -> Run {
        let mut command = self.command(args);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        Run::of(&child.wait_with_output().unwrap())
    }

    /// Starts `wenmai serve` on a free port and returns it with its address.
    fn serve(&self) -> (Server, String) {
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap().to_owned();
        (Server(child), format!("http://{address}"))
    }
}

/// A running server; ends with the test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Run {
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{}\n{}", self.out, self.err);
        assert!(!self.err.contains("panicked"), "{}", self.err);
        self
    }

    /// It failed with exit code 1, said `words`, and did not panic.
    pub(crate) fn failed(self, words: &[&str]) -> Self {
        assert_eq!(self.code, 1, "{}\n{}", self.out, self.err);
        self.said(words)
    }

    /// It was used wrongly: exit code 64.
    pub(crate) fn misused(self, words: &[&str]) -> Self {
        assert_eq!(self.code, 64, "{}\n{}", self.out, self.err);
        self.said(words)
    }

    pub(crate) fn said(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.err.contains(word), "`{word}` is not in: {}", self.err);
        }
        assert!(!self.err.contains("panicked"), "{}", self.err);
        self
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap()
    }
}

fn feed(lines: &[(&str, &str)]) -> String {
    let line = |(at, (title, body)): (usize, &(&str, &str))| {
        let line = serde_json::json!({
            "id": at, "source": "清河网", "date": "2025-09-08", "title": title, "body": body,
        });
        format!("{line}\n")
    };
    lines.iter().enumerate().map(line).collect()
}

pub(crate) const NEWS: [(&str, &str); 4] = [
    ("清河大桥今日合龙", "清河大桥主桥今天上午顺利合龙，预计年底通车。"),
    ("清河大桥年底通车", "清河大桥建成后，两岸车程将缩短到十分钟。"),
    ("秋粮收购全面展开", "全县秋粮收购工作全面展开，农民售粮当天拿到现款。"),
    ("县医院新院区启用", "县医院新院区正式启用，新增床位三百张。"),
];

#[test]
fn a_page_goes_in_and_its_related_coverage_comes_out() {
    let desk = Desk::new();
    let pages: Vec<String> = fs::read_dir("tests/fixtures/pages")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .map(|path| path.display().to_string())
        .filter(|path| path.contains("qinghe"))
        .collect();
    let pages: Vec<&str> = pages.iter().map(String::as_str).collect();
    let stored =
        desk.run(&[&["ingest", "--json", "--paper", "清河日报"], pages.as_slice()].concat());
    assert!(stored.ok().json()["created"].as_u64().unwrap() >= 12);

    let found = desk.run(&["search", "清河大桥", "--json"]).ok().json();
    let first = &found["hits"][0]["article"];
    assert!(first["record"]["title"].as_str().unwrap().contains("大桥"), "{first}");

    let name = first["name"].as_str().unwrap();
    let related = desk.run(&["related", name, "--json"]).ok().json();
    let hits = related["hits"].as_array().unwrap();
    assert!(hits.iter().all(|hit| hit["article"]["name"] != name), "the source is left out");
    assert!(hits[0]["article"]["record"]["title"].as_str().unwrap().contains("桥"), "{}", hits[0]);

    let of_page = desk.run(&["related", PAGE, "-n", "3"]).ok();
    assert!(of_page.out.contains("same day") && of_page.out.contains("after"), "{}", of_page.out);
}

#[test]
fn a_search_takes_options_and_says_how_many_match() {
    let desk = Desk::new();
    let file = desk.file("a.jsonl", feed(&NEWS));
    desk.run(&["ingest", &file]).ok();
    let all =
        ["search", "清河大桥", "--order", "oldest", "--facets", "month,kind", "--recency", "7"];
    desk.run(&all).failed(&["recency"]);
    let run = desk.run(&["search", "清河大桥", "--order", "oldest", "--facets", "month,kind"]).ok();
    for line in ["2 articles match", "month    2025-09 2", "kind     news 2"] {
        assert!(run.out.contains(line), "`{line}` is not in: {}", run.out);
    }
    let run = desk.run(&["search", "秋粮收购", "--facets", "kind"]).ok();
    assert!(run.out.contains("1 article matches"), "{}", run.out);
    let options = ["--recency", "7", "--recency-floor", "0.2", "--diversity=0.5", "--copies"];
    let found = desk.run(&[&["search", "清河大桥", "--json"], &options[..]].concat()).ok().json();
    assert!(found["hits"].as_array().unwrap().len() >= 2, "{found}");
    desk.run(&["search", "桥", "--recency-floor", "0.2"]).misused(&["--recency"]);
    let none = desk.run(&["search", "大桥", "--person", "周小禾"]).ok();
    assert!(none.out.contains("nothing found"), "{}", none.out);
}

#[test]
fn ingest_is_idempotent_and_counts_what_changed() {
    let desk = Desk::new();
    let file = desk.file("a.jsonl", feed(&NEWS));
    assert_eq!(desk.run(&["ingest", &file, "--json"]).ok().json()["created"], 4);
    assert_eq!(desk.run(&["ingest", &file, "--json"]).ok().json()["unchanged"], 4);
    let mut news = NEWS;
    news[2].1 = "更正：全县秋粮收购工作本周展开。";
    let corrected =
        desk.run_with_input(&["ingest", "-", "--json"], feed(&news).as_bytes()).ok().json();
    assert_eq!(
        (corrected["updated"].as_u64(), corrected["unchanged"].as_u64()),
        (Some(1), Some(3))
    );
}

#[test]
fn a_bad_line_is_named_and_skipped_and_the_exit_code_tells() {
    let desk = Desk::new();
    let mut lines = feed(&NEWS);
    lines.push_str("{\"title\": \n\n");
    lines.push_str("{\"title\": \"只有标题\", \"id\": 9, \"source\": \"清河网\"}\n");
    lines.push_str("{\"body\": \"只有正文。\", \"id\": 10, \"source\": \"清河网\"}\n");
    let file = desk.file("a.jsonl", lines);
    let run = desk.run(&["ingest", &file, "--json"]);
    assert_eq!(run.json()["created"], 4);
    assert_eq!(run.json()["failed"], 3);
    run.failed(&["a.jsonl:5: ", "a.jsonl:7: ", "body", "a.jsonl:8: ", "title"]);
}

#[test]
fn a_page_in_gbk_is_read_and_said() {
    let desk = Desk::new();
    let (bytes, _, _) = encoding_rs::GBK.encode(
        "## 清河大桥今日合龙\n\n本报讯（记者 林一）清河大桥主桥今天上午顺利合龙，预计年底通车。\n",
    );
    let page = desk.file("page.md", &bytes);
    let run = desk.run(&["parse", &page]).ok().said(&["GB"]);
    assert!(run.out.contains("清河大桥今日合龙"), "{}", run.out);
}

#[test]
fn files_that_are_no_page_are_refused_and_the_others_read() {
    let desk = Desk::new();
    let empty = desk.file("empty.md", "");
    let binary = desk.file("binary.md", b"\x89PNG\r\n\x1a\n\x00\x00");
    let broken = desk.file("broken.md", b"\xff\xfe\xfd\x80\x80 \xc0 \x81");
    let huge = desk.file("huge.md", "新".repeat(50 * 1024 * 1024 / 3));
    let missing = desk.path("missing.md").display().to_string();
    let files = [empty.as_str(), &binary, &broken, &huge, &missing, PAGE];
    let run = desk.run(&[&["ingest", "--json"], files.as_slice()].concat());
    assert_eq!(run.json()["failed"], 5);
    assert!(run.json()["created"].as_u64().unwrap() > 2);
    let words = ["empty.md", "no text", "picture", "broken.md", "TEXT_TOO_LONG", "missing.md"];
    run.failed(&words);
}

#[test]
fn a_page_without_a_headline_loses_nothing() {
    let desk = Desk::new();
    let page = desk.file("page.txt", "清河大桥主桥今天上午顺利合龙，预计年底通车。\n");
    let run = desk.run(&["parse", &page, "--json"]).ok();
    assert!(run.out.contains("预计年底通车"), "{}", run.out);
}

#[test]
fn a_second_process_on_one_folder_is_told_who_has_it() {
    let desk = Desk::new();
    let (server, _url) = desk.serve();
    let run = desk.run(&["search", "大桥"]);
    run.failed(&["in use by", &server.0.id().to_string(), "--server"]);
}

#[test]
fn a_folder_of_another_model_is_refused_by_name() {
    let desk = Desk::new();
    let file = desk.file("a.jsonl", feed(&NEWS));
    desk.run(&["ingest", &file]).ok();
    let run = desk.run(&["search", "大桥", "--model", "tests/fixtures/static"]);
    run.failed(&["was indexed as static@", "this program makes static@", "INDEX_MODEL_MISMATCH"]);
}

#[test]
fn asking_where_nothing_was_stored_is_a_mistake_and_makes_no_folder() {
    let desk = Desk::new();
    desk.run(&["search", "大桥"]).failed(&["no index at", "wenmai ingest"]);
    assert!(!desk.path("data").exists());
}

#[test]
fn the_demo_shows_the_main_job() {
    let desk = Desk::new();
    let run = desk.run(&["demo"]).ok();
    let words = ["FindRelatedArticles", "全县14座泵站满负荷排涝", "before", "teaser", "清河大桥"];
    for word in words {
        assert!(run.out.contains(word), "`{word}` is not in: {}", run.out);
    }
}

#[test]
fn a_line_too_large_for_one_message_does_not_end_the_feed() {
    let desk = Desk::new();
    let mut lines = feed(&NEWS[..1]);
    let body = "新".repeat(1_600_000);
    lines.push_str(&serde_json::json!({"title": "大", "body": body}).to_string());
    lines.push('\n');
    lines.push_str(feed(&NEWS[..2]).lines().last().unwrap());
    let file = desk.file("a.jsonl", lines);
    let run = desk.run(&["ingest", &file, "--json"]);
    assert_eq!((run.json()["created"].as_u64(), run.json()["failed"].as_u64()), (Some(2), Some(1)));
    run.failed(&["a.jsonl:2: ", "MESSAGE_TOO_LARGE"]);
}

#[test]
fn a_text_that_the_model_cannot_read_does_not_touch_its_neighbours() {
    let desk = Desk::new();
    let mut news = NEWS.to_vec();
    news.insert(0, ("。。。", "秋粮收购今天开始。"));
    news.insert(1, ("★★★", "……"));
    let file = desk.file("a.jsonl", feed(&news));
    let run = desk.run(&["ingest", &file, "--json"]);
    assert_eq!(run.json()["created"], 5);
    run.failed(&["a.jsonl:2: ", "model can read"]);
    let found = desk.run(&["search", "--mode", "dense", NEWS[3].0, "--json"]).ok().json();
    assert_eq!(found["hits"][0]["article"]["record"]["title"], NEWS[3].0);
}

#[test]
fn a_compressed_feed_is_read_from_a_pipe() {
    let desk = Desk::new();
    let packed = zstd::encode_all(feed(&NEWS).as_bytes(), 1).unwrap();
    assert_eq!(desk.run_with_input(&["ingest", "-", "--json"], &packed).ok().json()["created"], 4);
}

#[test]
fn a_data_folder_that_cannot_be_made_is_an_error() {
    let desk = Desk::new();
    let file = desk.file("in-the-way", "a file where the folder should be");
    desk.run(&["search", "大桥", "--data", &file]).failed(&["in-the-way"]);
}

#[test]
fn wrong_arguments_are_misuse() {
    let desk = Desk::new();
    desk.run(&["search"]).misused(&["QUERY"]);
    desk.run(&["search", "桥", "--filter", "autor = 甲"]).misused(&["unknown field `autor`"]);
    desk.run(&["search", "桥", "-n", "0"]).misused(&["1..=100"]);
    desk.run(&["related", "no-such-file.md"]).misused(&["neither an article's id nor a file"]);
    let mut command = desk.command(&["search", "桥"]);
    Run::of(&command.env("WENMAI_DATTA", "x").output().unwrap()).misused(&["WENMAI_DATTA"]);
}

#[test]
fn an_article_that_is_not_stored_is_not_found() {
    let desk = Desk::new();
    desk.run(&["ingest", &desk.file("a.jsonl", feed(&NEWS))]).ok();
    let id = "articles/00000000-0000-5000-8000-000000000000";
    desk.run(&["related", id]).failed(&[id, "ARTICLE_NOT_FOUND"]);
}

#[test]
fn commands_give_the_same_answer_through_a_server() {
    let desk = Desk::new();
    let file = desk.file("a.jsonl", feed(&NEWS));
    let (server, url) = desk.serve();
    // Until it has loaded it says so; asking again is the client's part.
    let stored = (0..200).find_map(|_| {
        let run = desk.run(&["ingest", &file, "--json", "--server", &url]);
        (run.code == 0).then(|| run.json())
    });
    assert_eq!(stored.unwrap()["created"], 4);
    let remote = desk.run(&["search", "大桥通车", "--json", "--server", &url]).ok().json();
    drop(server);
    let local = desk.run(&["search", "大桥通车", "--json"]).ok().json();
    assert_eq!(remote["hits"], local["hits"]);
    desk.run(&["search", "桥", "--server", &url]).failed(&["no server at"]);
}

#[test]
fn texts_are_embedded_with_their_token_counts() {
    let desk = Desk::new();
    let answer = desk.run(&["embed", "清河大桥", "秋粮收购", "--json"]).ok().json();
    let embeddings = answer["embeddings"].as_array().unwrap();
    assert_eq!(embeddings.len(), 2);
    assert_eq!(embeddings[0]["values"].as_array().unwrap().len(), 512);
    assert!(!desk.path("data").exists(), "embedding touches no data folder");
    desk.run(&["embed", "。。。"]).failed(&["holds nothing that the model can read"]);
}

/// Streams articles to a server, kills it in the middle, and asks for everything it acknowledged.
#[tokio::test]
async fn a_killed_server_keeps_every_article_that_it_acknowledged_once() {
    const SENT: usize = 5_000;
    const ACKNOWLEDGED_BEFORE_KILL: usize = 700;
    let desk = Desk::new();
    let (mut server, url) = desk.serve();
    let endpoint = tonic::transport::Endpoint::from_shared(url).unwrap();
    let articles = ArticleServiceClient::new(endpoint.connect().await.unwrap());
    let item = move |at: usize| wire::IngestArticlesRequest {
        item_id: at.to_string(),
        article: Some(wire::ArticleRecord {
            source: "清河网".to_owned(),
            source_id: at.to_string(),
            title: format!("第{at}号公告"),
            paragraphs: vec![format!("清河大桥第{at}号公告：今天上午顺利合龙，请市民绕行。")],
            ..wire::ArticleRecord::default()
        }),
    };
    let mut acknowledged = Vec::new();
    let mut answers = until_ready(|| {
        let mut articles = articles.clone();
        let items = tokio_stream::iter((0..SENT).map(item));
        async move { articles.ingest_articles(items).await }
    })
    .await;
    while let Ok(Some(answer)) = answers.message().await {
        if let Some(Outcome::Ingested(ingested)) = answer.outcome {
            acknowledged.push(ingested.name);
        }
        if acknowledged.len() == ACKNOWLEDGED_BEFORE_KILL {
            server.0.kill().unwrap();
        }
    }
    server.0.wait().unwrap();
    assert!(
        (ACKNOWLEDGED_BEFORE_KILL..SENT).contains(&acknowledged.len()),
        "{}",
        acknowledged.len()
    );

    let (_server, url) = desk.serve();
    let listed = listed(&url).await;
    let unique: BTreeSet<&String> = listed.iter().collect();
    assert_eq!(unique.len(), listed.len(), "an article is there twice");
    let lost = acknowledged.iter().filter(|name| !unique.contains(name)).count();
    assert_eq!(lost, 0, "of {} acknowledged", acknowledged.len());
    assert!(listed.len() <= SENT);
}

/// The names of all articles that the server at `url` lists.
async fn listed(url: &str) -> Vec<String> {
    let endpoint = tonic::transport::Endpoint::from_shared(url.to_owned()).unwrap();
    let articles = ArticleServiceClient::new(endpoint.connect().await.unwrap());
    let mut listed = Vec::new();
    let mut page_token = String::new();
    loop {
        let request = wire::ListArticlesRequest {
            page_size: 1_000,
            page_token: page_token.clone(),
            ..wire::ListArticlesRequest::default()
        };
        let page = until_ready(|| {
            let (mut articles, request) = (articles.clone(), request.clone());
            async move { articles.list_articles(request).await }
        });
        let page = page.await;
        listed.extend(page.articles.into_iter().map(|article| article.name));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return listed;
        }
    }
}

/// The answer to a call, asked again while the server is getting ready.
pub(crate) async fn until_ready<T, Call>(mut call: impl FnMut() -> Call) -> T
where
    Call: Future<Output = Result<tonic::Response<T>, tonic::Status>>,
{
    loop {
        match call().await {
            Ok(answer) => return answer.into_inner(),
            Err(status) if status.code() == tonic::Code::Unavailable => {
                tokio::task::yield_now().await;
            }
            Err(status) => panic!("{status}"),
        }
    }
}
