//! How sites are treated: their rules, their pauses, and how often they are asked.

use std::sync::Arc;
use std::sync::Mutex;

use super::Desk;
use super::feed;
use super::morning;
use super::page;
use super::server::Reply;
use super::server::Request;
use super::server::Server;
use crate::NotStored;
use crate::clock::Clock;
use crate::clock::Jumping;

/// A server that notes at which second of the jumping clock each path was asked for.
fn timed(
    clock: &Arc<Jumping>,
    handler: impl Fn(&Request) -> Reply + Send + Sync + 'static,
) -> (Server, Arc<Mutex<Vec<(String, i64)>>>) {
    let times = Arc::new(Mutex::new(Vec::new()));
    let (clock, noted) = (Arc::clone(clock), Arc::clone(&times));
    let server = Server::start(move |request| {
        let second = clock.now().duration_since(morning()).as_secs();
        noted.lock().unwrap().push((request.path.clone(), second));
        handler(request)
    });
    (server, times)
}

fn seconds(times: &Mutex<Vec<(String, i64)>>, path: &str) -> Vec<i64> {
    let times = times.lock().unwrap();
    times.iter().filter(|(one, _)| one == path).map(|(_, second)| *second).collect()
}

fn many(count: usize) -> String {
    let links: Vec<(String, String)> =
        (0..count).map(|number| (format!("第{number}号公告"), format!("/a/{number}"))).collect();
    let items: Vec<(&str, &str, &str)> =
        links.iter().map(|(title, link)| (title.as_str(), link.as_str(), "")).collect();
    feed(&items)
}

#[test]
fn a_host_is_asked_once_a_second_over_one_connection() {
    let desk = Desk::new();
    let (server, times) = timed(&desk.clock, |request| match request.path.as_str() {
        "/feed" => Reply::rss(many(30)),
        "/robots.txt" => Reply::status(404),
        path => Reply::html(page(&format!("渠道清淤第{}段开工", path.trim_start_matches("/a/")))),
    });
    let report = desk.follow(&server, &["/feed"]);
    assert_eq!((report.items["created"], server.most()), (30, 1));
    let all: Vec<i64> = times.lock().unwrap().iter().map(|(_, second)| *second).collect();
    assert_eq!(all, (0..32).collect::<Vec<_>>());
}

#[test]
fn what_robots_txt_forbids_is_not_asked_and_its_delay_is_kept() {
    let desk = Desk::new();
    let (server, times) = timed(&desk.clock, |request| match request.path.as_str() {
        "/robots.txt" => Reply::of(
            "text/plain",
            "User-agent: *\nDisallow: /\n\nUser-agent: wenmai\nDisallow: /closed\nCrawl-delay: 7\n",
        ),
        "/feed" => Reply::rss(feed(&[
            ("关着的一条", "/closed/1", ""),
            ("开着的一条", "/2", ""),
            ("再一条", "/3", ""),
        ])),
        path => Reply::html(page(&format!("渠道清淤第{}段开工", &path[1..]))),
    });
    let report = desk.follow(&server, &["/feed", "/closed/feed"]);
    assert_eq!((report.items["created"], report.items["robots"]), (2, 1), "{report:?}");
    assert_eq!(report.feeds[1].poll, "robots");
    assert!(server.asked().iter().all(|path| !path.starts_with("/closed")));
    let (two, three) = (seconds(&times, "/2")[0], seconds(&times, "/3")[0]);
    assert_eq!(three - two, 7);
    assert_eq!(server.requests("/robots.txt").len(), 1);
}

#[test]
fn a_site_whose_rules_cannot_be_read_is_not_asked() {
    let server = Server::start(|request| match request.path.as_str() {
        "/robots.txt" => Reply::status(503),
        _ => Reply::rss(feed(&[])),
    });
    let desk = Desk::new();
    assert_eq!(desk.follow(&server, &["/feed"]).feeds[0].poll, "robots_unreachable");
    assert_eq!(server.asked(), Vec::<String>::new());
}

#[test]
fn a_server_that_wants_to_be_left_alone_is() {
    let desk = Desk::for_hours(12);
    let (server, times) = timed(&desk.clock, |request| match request.path.as_str() {
        "/feed" if request.before == 0 => Reply::status(429).with("retry-after", "20000"),
        "/feed" => Reply::rss(feed(&[])),
        _ => Reply::status(404),
    });
    desk.follow(&server, &["/feed"]);
    let asked = seconds(&times, "/feed");
    assert!(asked[1] - asked[0] >= 20_000, "{asked:?}");
    // A round of its own does not go against that either.
    let desk = Desk::new();
    let (server, times) = timed(&desk.clock, |request| match request.path.as_str() {
        "/feed" => Reply::status(429).with("retry-after", "20000"),
        _ => Reply::status(404),
    });
    desk.follow(&server, &["/feed"]);
    let report = desk.follow(&server, &["/feed"]);
    assert_eq!((report.feeds[0].poll, report.failed()), ("not_due", 1));
    assert_eq!(seconds(&times, "/feed").len(), 1);
}

#[test]
fn a_feed_that_fails_is_asked_less_and_less_and_one_with_news_more_and_more() {
    let desk = Desk::for_hours(72);
    let (server, times) = timed(&desk.clock, |request| match request.path.as_str() {
        "/robots.txt" => Reply::status(404),
        "/broken" => Reply::status(500),
        "/quiet" => Reply::rss(feed(&[])),
        "/busy" => {
            let link = format!("/a/{}", request.before);
            Reply::rss(feed(&[("新的一条", link.as_str(), "")]))
        }
        "/slow" => Reply::rss("<rss><channel><title>清</title><ttl>600</ttl></channel></rss>"),
        path => Reply::html(page(&format!("渠道清淤第{}段开工", path.trim_start_matches("/a/")))),
    });
    desk.follow(&server, &["/broken", "/quiet", "/busy", "/slow"]);
    let gaps = |path: &str| -> Vec<i64> {
        seconds(&times, path).windows(2).map(|pair| pair[1] - pair[0]).collect()
    };
    let broken = gaps("/broken");
    assert!(
        broken[0] >= 300 && broken.windows(2).take(7).all(|pair| pair[1] > pair[0]),
        "{broken:?}"
    );
    assert!(broken.len() < 12, "{broken:?}");
    let quiet = gaps("/quiet");
    assert!(
        quiet.windows(2).take(5).all(|pair| pair[1] > pair[0]) && quiet.len() < 15,
        "{quiet:?}"
    );
    let busy = gaps("/busy");
    assert!(busy.iter().all(|gap| (300..=1_200).contains(gap)) && busy.len() > 500, "{busy:?}");
    let slow = gaps("/slow");
    assert!(slow.iter().all(|gap| *gap >= 36_000), "{slow:?}");
    assert_eq!(server.most(), 1);
}

#[test]
fn a_host_that_is_down_does_not_hold_up_the_round() {
    let server = Server::start(|request| match request.path.as_str() {
        "/feed" => Reply::rss(many(40)),
        "/robots.txt" => Reply::status(404),
        _ => Reply::status(500),
    });
    let desk = Desk::new();
    let report = desk.follow(&server, &["/feed"]);
    let of = &report.feeds[0];
    // Three attempts, and then the host is left alone.
    assert_eq!(
        (of.later["server_error"], of.later["left_for_later"], of.waiting),
        (3, 37, 40),
        "{of:?}"
    );
    assert_eq!(server.asked().len(), 4);
}

#[test]
fn a_store_that_is_away_loses_no_article() {
    let desk = Desk::for_hours(3).with_sink(|call| {
        if call <= 3 { Err(NotStored::Away("the disk is full".into())) } else { Ok(()) }
    });
    let server = Server::start(|request| match request.path.as_str() {
        "/feed" => Reply::rss(feed(&[
            ("停水通知", "/1", ""),
            (
                "无页",
                "",
                "渠道清淤工程从城东开始，全长四公里，预计下月完成，沿线两千户居民的用水将得到改善。",
            ),
        ])),
        "/1" => Reply::html(page("城东明日停水一天")),
        _ => Reply::status(404),
    });
    let report = desk.follow(&server, &["/feed"]);
    assert_eq!(
        (report.items["created"], report.feeds[0].later["store_away"]),
        (2, 3),
        "{report:?}"
    );
    assert_eq!(report.feeds[0].waiting, 0);
    let refused = Desk::new().with_sink(|_| Err(NotStored::Refused("title: too long".into())));
    let report = refused.follow(&server, &["/feed"]);
    assert_eq!(report.items["not_storable"], 2);
}
