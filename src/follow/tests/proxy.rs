//! Asking through a proxy.

use super::Desk;
use super::feed;
use super::page;
use super::server::Reply;
use super::server::Server;

/// Follows a feed of a site through a proxy that is the tests' server, which joins connections as it
/// is told.
#[test]
fn a_site_is_asked_through_the_proxy_that_is_named_and_no_other() {
    let site = Server::start(|request| match request.path.as_str() {
        "/feed" => Reply::rss(feed(&[("水渠疏浚完工", "/a/1", "")])),
        "/robots.txt" => Reply::status(404),
        _ => Reply::html(page("水渠疏浚完工")),
    });
    let proxy = Server::tunnel(site.address, 200);
    let mut desk = Desk::new();
    // The site is no name that could be looked up here: the proxy finds it.
    desk.allow_private = false;
    desk.proxy = Some(proxy.url("").parse().unwrap());
    let urls = ["http://news.invalid.example/feed".to_owned()];
    let report = crate::start(desk.setup(&urls, &desk.state())).unwrap().wait();
    assert_eq!(report.items["created"], 1, "{report:?}");
    assert_eq!(desk.sink.titles(), ["水渠疏浚完工"]);
    assert!(proxy.asked().iter().all(|host| host == "news.invalid.example:80"));
    assert!(site.asked().contains(&"/a/1".to_owned()));
}

#[test]
fn a_proxy_that_refuses_is_named_and_private_addresses_are_refused_behind_one_too() {
    let site = Server::start(|_| Reply::status(404));
    let proxy = Server::tunnel(site.address, 403);
    let mut desk = Desk::new();
    desk.allow_private = false;
    desk.proxy = Some(proxy.url("").parse().unwrap());
    let urls: Vec<String> =
        ["http://news.example/feed", "http://10.0.0.7/feed", "http://intranet/f"]
            .map(str::to_owned)
            .into();
    let report = crate::start(desk.setup(&urls, &desk.state())).unwrap().wait();
    let problems: Vec<&str> = report.feeds.iter().map(|feed| feed.problem.as_str()).collect();
    assert!(problems[0].contains("403"), "{problems:?}");
    assert_eq!(problems[1], problems[2]);
    assert!(problems[1].contains("private") || problems[1].contains("public"), "{problems:?}");
    assert_eq!(proxy.asked(), ["news.example:80"]);
}
