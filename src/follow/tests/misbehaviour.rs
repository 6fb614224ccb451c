//! What goes wrong on the web, each with its name, and none with more than its own cost.

use std::io::Write;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use url::Url;

use super::Desk;
use super::feed;
use super::page;
use super::server::Reply;
use super::server::Server;
use crate::Bounds;
use crate::fault::Fault;
use crate::fetch::Answer;
use crate::fetch::Ask;
use crate::fetch::Client;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// Answers to any path but `/robots.txt`, by the path.
fn misbehave(path: &str) -> Reply {
    let head = |fields: &str| format!("HTTP/1.1 200 OK\r\n{fields}\r\n").into_bytes();
    let packed =
        |coding: &str, body: Vec<u8>| Reply::of("text/html", body).with("content-encoding", coding);
    match path {
        "/drip" => Reply::Drip(head("content-type: text/html\r\n")),
        "/drip-head" => Reply::Drip(b"HTTP/1.1 200 OK\r\nx: ".to_vec()),
        "/endless" => Reply::Endless(head("content-type: text/html\r\n")),
        "/endless-head" => Reply::Endless(b"HTTP/1.1 200 OK\r\nx: ".to_vec()),
        "/long" => Reply::Raw(head("content-length: 99999999999\r\n")),
        "/bomb" => packed("gzip", gzip(&vec![b' '; 60_000_000])),
        "/brotli" => packed("br", b"x".to_vec()),
        "/no-gzip" => packed("gzip", b"<rss><channel></channel></rss>".to_vec()),
        "/half-gzip" => packed("gzip", gzip(page("停水").as_bytes())[..200].to_vec()),
        "/half" => Reply::Raw(head("content-type: text/html\r\ncontent-length: 5000\r\n")),
        "/garbage" => Reply::Raw(b"\x00\x01\x02 what is this\r\n\r\n".to_vec()),
        "/nothing" => Reply::Raw(Vec::new()),
        "/loop" => Reply::to(302, "/loop/2"),
        "/loop/2" => Reply::to(301, "/loop"),
        "/self" => Reply::to(302, "/self"),
        "/file" => Reply::to(302, "file:///etc/passwd"),
        "/nowhere" => Reply::status(302),
        "/picture" => Reply::of("image/png", b"\x89PNG".to_vec()),
        "/binary" => Reply::of("text/html", b"\x00\x01\xfe\x00\x00\x9c\x00".to_vec()),
        "/hang" => Reply::Nothing,
        path if path.starts_with("/far/") => {
            let number: usize = path.trim_start_matches("/far/").parse().unwrap();
            Reply::to(302, &format!("/far/{}", number + 1))
        }
        path => Reply::status(path.trim_start_matches('/').parse().unwrap_or(404)),
    }
}

const CASES: [(&str, &str); 26] = [
    ("/drip", "timeout"),
    ("/drip-head", "timeout"),
    ("/hang", "timeout"),
    ("/endless", "too_large"),
    ("/endless-head", "protocol"),
    ("/long", "too_large"),
    ("/bomb", "too_large"),
    ("/brotli", "compression"),
    ("/no-gzip", "compression"),
    ("/half-gzip", "truncated"),
    ("/half", "truncated"),
    ("/garbage", "protocol"),
    ("/nothing", "truncated"),
    ("/loop", "redirect_loop"),
    ("/self", "redirect_loop"),
    ("/far/1", "too_many_redirects"),
    ("/file", "invalid_address"),
    ("/nowhere", "redirect_loop"),
    ("/picture", "wrong_type"),
    ("/binary", "encoding"),
    ("/403", "forbidden"),
    ("/404", "gone"),
    ("/410", "gone"),
    ("/429", "rate_limited"),
    ("/500", "server_error"),
    ("/418", "refused"),
];

fn short() -> Bounds {
    Bounds {
        connect: Duration::from_secs(5),
        first_byte: Duration::from_millis(1_500),
        whole: Duration::from_millis(1_800),
    }
}

#[test]
fn every_misbehaviour_of_a_feed_has_its_name() {
    let server = Server::start(|request| match request.path.as_str() {
        "/robots.txt" => Reply::status(404),
        path => misbehave(path),
    });
    for (path, reason) in CASES {
        // Bodies without end are to meet the bound of size, not that of time.
        let is_slow = reason == "timeout";
        let bounds = if is_slow { short() } else { Bounds::default() };
        let desk = Desk { bounds, ..Desk::new() };
        let report = desk.follow(&server, &[path]);
        assert_eq!(report.feeds[0].poll, reason, "{path}: {}", report.feeds[0].problem);
        assert_eq!(report.failed(), 1);
        assert!(report.feeds[0].problem.ends_with(&format!("[{reason}]")));
        assert_eq!(desk.sink.titles(), Vec::<String>::new());
    }
}

#[test]
fn every_misbehaviour_of_a_page_costs_that_page() {
    let whole =
        "渠道清淤工程从城东开始，全长四公里，预计下月完成，沿线两千户居民的用水将得到改善。";
    for (path, reason) in CASES {
        let other = feed(&[
            ("坏页", path, "短。"),
            ("坏页有全文", &format!("{path}#2"), whole),
            ("好页", "/good", ""),
        ]);
        let server = Server::start(move |request| match request.path.as_str() {
            "/robots.txt" => Reply::status(404),
            "/feed" => Reply::rss(other.clone()),
            "/good" => Reply::html(page("渠道清淤工程开工")),
            path => misbehave(path),
        });
        // Both items name one page: the second is the first again.
        let is_slow = reason == "timeout";
        let bounds = if is_slow { short() } else { Bounds::default() };
        let desk = Desk { bounds, ..Desk::new() };
        let report = desk.follow(&server, &["/feed"]);
        let of = &report.feeds[0];
        assert_eq!(of.items.get("created"), Some(&1), "{path}: {of:?}");
        assert_eq!(desk.sink.titles(), ["渠道清淤工程开工"], "{path}");
        let told = of.items.get(reason).or(of.later.get(reason));
        assert_eq!(told, Some(&1), "{path}: {of:?}");
    }
}

#[test]
fn a_page_that_fails_for_good_gives_way_to_the_text_of_its_feed() {
    let whole =
        "渠道清淤工程从城东开始，全长四公里，预计下月完成，沿线两千户居民的用水将得到改善。";
    let text = feed(&[("有全文的一条", "/404", whole), ("只有一句的一条", "/410", "停水。")]);
    let server = Server::start(move |request| match request.path.as_str() {
        "/feed" => Reply::rss(text.clone()),
        "/robots.txt" => Reply::status(404),
        path => misbehave(path),
    });
    let desk = Desk::new();
    let report = desk.follow(&server, &["/feed"]);
    let of = &report.feeds[0];
    assert_eq!((of.from_feed, of.items["created"], of.items["gone"]), (1, 1, 1), "{of:?}");
    let records = desk.sink.records.lock().unwrap();
    assert_eq!((records[0].title.as_str(), records[0].source.as_str()), ("有全文的一条", "清河网"));
    assert_eq!(records[0].url, server.url("/404"));
}

#[test]
fn a_page_that_fails_for_now_is_tried_again_and_then_given_up() {
    let text = feed(&[("一条", "/once", ""), ("另一条", "/500", "")]);
    let server = Server::start(move |request| match request.path.as_str() {
        "/feed" => Reply::rss(text.clone()),
        "/once" if request.before == 0 => Reply::status(503).with("retry-after", "1800"),
        "/once" => Reply::html(page("水库今日放水")),
        "/robots.txt" => Reply::status(404),
        path => misbehave(path),
    });
    let desk = Desk::for_hours(48);
    let report = desk.follow(&server, &["/feed"]);
    let of = &report.feeds[0];
    assert_eq!((of.items["created"], of.items["server_error"]), (1, 1), "{of:?}");
    assert_eq!((server.requests("/once").len(), server.requests("/500").len()), (2, 6));
    assert_eq!(of.waiting, 0);
}

#[test]
fn private_machines_are_not_asked() {
    let server = Server::start(|_| Reply::rss(feed(&[])));
    let desk = Desk { allow_private: false, ..Desk::new() };
    let port = server.address.port();
    let urls: Vec<String> =
        ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"]
            .iter()
            .map(|host| format!("http://{host}:{port}/feed"))
            .collect();
    let report = crate::start(desk.setup(&urls, &desk.state())).unwrap().wait();
    for of in &report.feeds {
        assert_eq!(of.poll, "private_address", "{of:?}");
    }
    assert_eq!(server.asked(), Vec::<String>::new());
    assert_eq!(server.requests("/robots.txt").len(), 0);
}

#[test]
fn a_public_host_cannot_lead_to_a_private_one() {
    let inner = Server::start(|_| Reply::html(page("内部网页")));
    let to = inner.url("/secret");
    let outer = Server::start(move |_| Reply::to(302, &to));
    let (client, stop) = (Client::but(outer.address), AtomicBool::new(false));
    let get = |url: &str| {
        let url = Url::parse(url).unwrap();
        let ask = Ask { url: &url, accept: "*/*", etag: None, modified: None, bytes_max: 9 };
        client.get(&ask, &stop)
    };
    let Ok(Answer::Moved { to, .. }) = get(&outer.url("/")) else { panic!("it moved") };
    assert_eq!(get(to.as_str()), Err(Fault::Private));
    assert_eq!(inner.asked(), Vec::<String>::new());
}
