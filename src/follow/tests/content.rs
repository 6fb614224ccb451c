//! What is taken from feeds and pages.

use std::sync::Arc;

use super::Desk;
use super::feed;
use super::page;
use super::server::Reply;
use super::server::Server;
use crate::Until;

#[test]
fn a_feed_is_read_its_pages_are_fetched_and_only_news_the_next_time() {
    let server = Server::start(|request| match request.path.as_str() {
        "/feed" if request.fields.get("if-none-match").is_some_and(|tag| tag == "\"one\"") => {
            Reply::status(304)
        }
        "/feed" => Reply::rss(feed(&[("停水通知", "/a/1.html", ""), ("开镰", "/a/2.html", "")]))
            .with("etag", "\"one\"")
            .with("last-modified", "Sat, 14 Mar 2026 07:00:00 GMT"),
        "/a/1.html" => Reply::html(page("城东明日停水一天")),
        "/a/2.html" => Reply::html(page("柳溪镇昨日开镰")),
        _ => Reply::status(404),
    });
    let desk = Desk::new();
    let report = desk.follow(&server, &["/feed"]);
    assert_eq!(desk.sink.titles(), ["城东明日停水一天", "柳溪镇昨日开镰"]);
    let of = &report.feeds[0];
    assert_eq!((of.kind, of.poll, of.title.as_str()), ("RSS", "found", "清河网"));
    assert_eq!((of.named, of.fresh, of.items["created"], of.waiting), (2, 2, 2, 0));
    let agent = &server.requests("/a/1.html")[0].fields["user-agent"];
    assert!(agent.starts_with("wenmai/") && agent.ends_with("(+https://desk.example/)"), "{agent}");
    let again = desk.follow(&server, &["/feed"]);
    assert_eq!((again.feeds[0].poll, again.requests), ("not_modified", 2));
    let polled = server.requests("/feed");
    assert_eq!(polled[1].fields["if-modified-since"], "Sat, 14 Mar 2026 07:00:00 GMT");
    assert_eq!(server.asked(), ["/feed", "/a/1.html", "/a/2.html", "/feed"]);
    let text = desk.metrics.text(&wenmai_telemetry::snapshot::Snapshot::default());
    for line in [
        "wenmai_follow_requests_total{kind=\"feed\",outcome=\"not_modified\"} 1",
        "wenmai_follow_requests_total{kind=\"page\",outcome=\"found\"} 2",
        "wenmai_follow_items_total{outcome=\"created\"} 2",
        "wenmai_follow_feeds{state=\"well\"} 1",
        "wenmai_follow_waiting 0",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn entity_tags_that_change_with_every_answer_fetch_no_page_again() {
    let server = Server::start(|request| match request.path.as_str() {
        "/feed" => Reply::rss(feed(&[("停水通知", "/1", "")]))
            .with("etag", &format!("\"{}\"", request.before)),
        "/1" => Reply::html(page("城东明日停水一天")),
        _ => Reply::status(404),
    });
    let desk = Desk::new();
    for _ in 0..4 {
        desk.follow(&server, &["/feed"]);
    }
    assert_eq!((server.requests("/feed").len(), server.requests("/1").len()), (4, 1));
    assert_eq!(server.requests("/feed")[3].fields["if-none-match"], "\"2\"");
}

#[test]
fn an_item_that_was_changed_is_fetched_again_and_replaces_its_article() {
    let server = Server::start(|request| match request.path.as_str() {
        "/feed" => {
            let title = ["停水通知", "停水通知（更正）", "停水通知（再次更正）"][request.before];
            let text = "停水通知的摘要有四十个字以上，说的是城东明日停水，请各家各户提前存水，以免影响生活和生产。";
            Reply::rss(feed(&[(title, "/1", text)]))
        }
        "/1" if request.before == 0 => Reply::html(page("城东明日停水一天")),
        "/1" if request.before == 1 => Reply::html(page("城东明日停水半天")),
        _ => Reply::status(404),
    });
    let desk = Desk::new();
    desk.follow(&server, &["/feed"]);
    let report = desk.follow(&server, &["/feed"]);
    assert_eq!(report.feeds[0].items["updated"], 1, "{report:?}");
    assert_eq!(desk.sink.titles(), ["城东明日停水半天"]);
    // Where the page is gone the whole text is not given up for the feed's few words.
    let report = desk.follow(&server, &["/feed"]);
    assert_eq!((report.items.len(), report.items["gone"]), (1, 1), "{report:?}");
    assert_eq!(desk.sink.titles(), ["城东明日停水半天"]);
}

#[test]
fn an_article_that_two_feeds_name_is_fetched_and_stored_once() {
    let canonical = page("城东明日停水一天")
        .replace("<title>", "<link rel=\"canonical\" href=\"http://HOST/a/1.html\"><title>");
    let server = Server::start(move |request| match request.path.as_str() {
        "/one" => Reply::rss(feed(&[("停水", "/a/1.html", "")])),
        // By the same address, by one that leads there, and by one whose page names it.
        "/two" => Reply::rss(feed(&[
            ("停水", "/a/1.html?utm_source=two", ""),
            ("停水", "/go?to=1", ""),
            ("停水", "/print?id=1", ""),
        ])),
        "/go?to=1" => Reply::to(302, "/a/1.html"),
        "/a/1.html" | "/print?id=1" => {
            Reply::html(canonical.replace("HOST", &request.fields["host"]))
        }
        _ => Reply::status(404),
    });
    let desk = Desk::new();
    let report = desk.follow(&server, &["/one", "/two"]);
    assert_eq!(desk.sink.titles(), ["城东明日停水一天"]);
    assert_eq!((report.items["created"], report.items["repeated"]), (1, 3), "{report:?}");
    assert_eq!(server.requests("/a/1.html").len(), 1);
    let again = desk.follow(&server, &["/one", "/two"]);
    assert_eq!((again.items.len(), server.requests("/print?id=1").len()), (0, 1), "{again:?}");
}

#[test]
fn a_feed_in_gbk_that_only_its_head_declares_is_read() {
    let text = feed(&[("渠道清淤工程今日开工", "/1", ""), ("水库今日开始放水", "/2", "")]);
    let text = text.replace("<?xml version=\"1.0\"?>", "");
    let page =
        encoding_rs::GBK.encode(&page("渠道清淤工程开工").replace("utf-8", "gbk")).0.into_owned();
    let bytes = encoding_rs::GBK.encode(&text).0.into_owned();
    let server = Server::start(move |request| match request.path.as_str() {
        "/feed" => Reply::of("text/xml; charset=GB2312", bytes.clone()),
        "/1" => Reply::of("text/html", page.clone()),
        _ => Reply::status(404),
    });
    let desk = Desk::new();
    let report = desk.follow(&server, &["/feed"]);
    assert_eq!(report.feeds[0].title, "清河网");
    assert_eq!(desk.sink.titles(), ["渠道清淤工程开工"]);
}

#[test]
fn a_page_list_and_a_json_feed_are_followed() {
    let list = "<!doctype html><html><body><ul><li><a href=\"/a/1.html\">渠道清淤工程今日开工</a></li>\
        <li><a href=\"/about.html\">关于我们和联系方式</a></li></ul></body></html>";
    let json = "{\"version\": \"https://jsonfeed.org/version/1.1\", \"title\": \"东湖网\", \"items\": \
        [{\"id\": \"7\", \"url\": \"a/2.html\", \"title\": \"水库放水\"}]}";
    let server = Server::start(move |request| match request.path.as_str() {
        "/list" => Reply::html(list),
        "/feed.json" => Reply::of("application/feed+json", json),
        "/a/1.html" => Reply::html(page("渠道清淤工程开工")),
        "/a/2.html" => Reply::html(page("水库今日开始放水")),
        "/about.html" => Reply::html("<!doctype html><html><body><p>电话</p></body></html>"),
        _ => Reply::status(404),
    });
    let desk = Desk::new();
    let report = desk.follow(&server, &["/list", "/feed.json"]);
    assert_eq!((report.feeds[0].kind, report.feeds[1].kind), ("page list", "JSON Feed"));
    assert_eq!(report.feeds[0].items["no_article_no_text"], 1, "{report:?}");
    let mut titles = desk.sink.titles();
    titles.sort();
    assert_eq!(titles, ["水库今日开始放水", "渠道清淤工程开工"]);
    let records = desk.sink.records.lock().unwrap();
    let listed = records.iter().find(|record| record.url.ends_with("/a/1.html")).unwrap();
    assert_eq!(listed.source, "清河日报");
    assert!(listed.source_id.ends_with("/a/1.html"));
}

#[test]
fn five_thousand_items_with_their_text_are_taken_and_known_the_next_time() {
    let text = "渠道清淤工程从城东开始，全长四公里，预计下月完成，沿线两千户居民的用水将得到改善。";
    let items: String = (0..5_000)
        .map(|number| {
            format!("<item><title>第{number}号公告</title><guid>q-{number:06}</guid><description>{text}</description></item>")
        })
        .collect();
    let whole: Arc<str> =
        format!("<rss><channel><title>清河网</title>{items}</channel></rss>").into();
    let server = Server::start(move |request| match request.path.as_str() {
        "/feed" => Reply::rss(whole.as_bytes()),
        _ => Reply::status(404),
    });
    let desk = Desk::new();
    let report = desk.follow(&server, &["/feed"]);
    assert_eq!((report.items["created"], report.feeds[0].from_feed), (5_000, 5_000));
    let again = desk.follow(&server, &["/feed"]);
    assert_eq!((again.feeds[0].named, again.feeds[0].fresh), (5_000, 0));
}

#[test]
fn a_dry_run_stores_and_remembers_nothing() {
    let server = Server::start(|request| match request.path.as_str() {
        "/feed" => Reply::rss(feed(&[("停水通知", "/1", "")])).with("etag", "\"one\""),
        _ => Reply::status(404),
    });
    let desk = Desk { is_dry: true, until: Until::RoundEnds, ..Desk::new() };
    let report = desk.follow(&server, &["/feed"]);
    assert_eq!((report.feeds[0].named, report.feeds[0].fresh, report.dry_run), (1, 1, true));
    assert_eq!(server.asked(), ["/feed"]);
    assert!(!desk.state().exists());
}
