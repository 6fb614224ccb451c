//! `wenmai follow` and `serve --follow`, through the program, with a site of ours.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use std::time::Instant;

use serde_json::json;

use crate::cli::Desk;
use crate::faults::process::serve;
use crate::faults::process::start;

/// How long a server may take to fetch three pages.
const PATIENCE: Duration = Duration::from_mins(2);

/// A site with files by path; what is not there is 404.
struct Site {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Site {
    fn start(files: BTreeMap<String, String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, asked) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(Vec::new())));
        let noted = Arc::clone(&asked);
        // It ends with the process of the tests.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(&stream, &files, &noted);
            }
        });
        Self { address, asked }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn answer(mut stream: &TcpStream, files: &BTreeMap<String, String>, asked: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let Some(first) = lines.next() else { return };
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    for _ in lines.take_while(|line| !line.is_empty()) {}
    let (status, body) = match files.get(&path) {
        Some(body) => (200, body.as_str()),
        None => (404, ""),
    };
    asked.lock().unwrap().push(path);
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    // A client that has gone needs no answer.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
}

fn page(title: &str) -> String {
    let text = format!(
        "{title}一事今日有了新的进展。工程全长四公里，预计下月完成，沿线两千户居民的用水将得到改善。"
    );
    format!(
        "<!doctype html><html><head><meta charset=\"utf-8\"><title>{title}</title></head><body><h1>{title}</h1>\
         <p>2026-03-14 09:30 来源：清河日报</p><p>{text}</p><p>{text}居民对此表示欢迎。</p></body></html>"
    )
}

fn site() -> Site {
    let item =
        |title: &str, path: &str| format!("<item><title>{title}</title><link>{path}</link></item>");
    let items = [
        item("清淤", "/1.html"),
        item("放水", "/2.html"),
        item("不在了", "/3.html"),
        item("首页", "/list.html"),
    ]
    .concat();
    let links: String = (0..12)
        .map(|number| format!("<li><a href=\"/{number}.html\">第{number}条要闻的标题在此</a></li>"))
        .collect();
    let files = [
        ("/feed.xml", format!("<rss><channel><title>清河网</title>{items}</channel></rss>")),
        ("/1.html", page("城东渠道清淤开工")),
        ("/2.html", page("水库今日开始放水")),
        ("/list.html", format!("<!doctype html><html><body><ul>{links}</ul></body></html>")),
    ];
    Site::start(files.into_iter().map(|(path, body)| (path.to_owned(), body)).collect())
}

#[test]
fn a_round_stores_what_is_new_and_says_why_the_rest_is_not_stored() {
    let (desk, site) = (Desk::new(), site());
    let feed = site.url("/feed.xml");
    let opml = desk.file(
        "feeds.opml",
        format!("<opml><body><outline text=\"地方\"><outline text=\"清河\" xmlUrl=\"{feed}\"/></outline></body></opml>"),
    );
    let fast = ["--allow-private", "--delay-ms", "1", "--contact", "https://desk.example/"];
    let follow = |more: &[&str]| desk.run(&[&["follow", &opml], &fast[..], more].concat());
    let dry = follow(&["--dry-run", "--json"]).ok().json();
    assert_eq!((&dry["feeds"][0]["fresh"], &dry["dry_run"]), (&json!(4), &json!(true)));
    assert!(!desk.path("data").exists());
    let run = follow(&["--once", "--json"]).ok().json();
    assert_eq!(run["items"], json!({"created": 2, "gone": 1, "no_article_list": 1}));
    assert_eq!(
        (&run["feeds"][0]["title"], &run["feeds"][0]["kind"]),
        (&json!("清河"), &json!("RSS"))
    );
    let hits = desk.run(&["search", "渠道清淤", "--json"]).ok().json();
    let record = &hits["hits"][0]["article"]["record"];
    assert_eq!(
        (&record["title"], &record["source"]),
        (&json!("城东渠道清淤开工"), &json!("清河网"))
    );
    assert_eq!(record["url"], site.url("/1.html"));
    assert_eq!(record["publish_time"], "2026-03-14T01:30:00Z");
    let pages = |site: &Site| site.asked().iter().filter(|path| path.contains(".html")).count();
    let before = pages(&site);
    let again = follow(&["--once"]).ok();
    assert!(again.out.contains("nothing to store; 2 requests"), "{}", again.out);
    assert_eq!(pages(&site), before);
    // Without leave this machine is not asked.
    let refused = desk.run(&["follow", &feed, "--once"]);
    assert_eq!(refused.code, 1);
    assert!(refused.out.contains("private_address"), "{}", refused.out);
    desk.run(&["follow", "ftp://q.example/f"]).misused(&["cannot be read"]);
    desk.run(&["follow", "http://me:secret@q.example/f"]).misused(&["sent nowhere"]);
}

#[tokio::test]
async fn a_service_follows_feeds_goes_on_after_a_kill_and_stops_in_good_order() {
    let (folder, site) = (tempfile::tempdir().unwrap(), site());
    let data = folder.path().join("data");
    let following = || {
        let mut command = serve(&data);
        command.args(["--follow", &site.url("/feed.xml"), "--follow-delay-ms", "1"]);
        command.args(["--follow-allow-private", "--follow-contact", "https://desk.example/"]);
        command
    };
    let mut server = start(following(), &folder.path().join("log")).await.unwrap();
    let started = Instant::now();
    while server.titles().await.len() < 2 {
        assert!(started.elapsed() < PATIENCE, "{:?}", site.asked());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server.kill();
    let mut server = start(following(), &folder.path().join("log")).await.unwrap();
    assert_eq!(server.titles().await.len(), 2);
    assert!(server.stop().success());
    let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
    assert!(log.contains("following") && !log.contains("panicked"), "{log}");
    // What had been stored was not fetched again, or at most the last page.
    let pages = site.asked().iter().filter(|path| *path == "/1.html").count();
    assert!(pages <= 2, "{:?}", site.asked());
}
