//! Other feeds are named while some are followed.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::OnceLock;

use super::Desk;
use super::feed;
use super::page;
use super::server::Reply;
use super::server::Server;
use crate::Feeds;
use crate::ListChange;
use crate::Lists;
use crate::sources;

#[test]
fn feeds_come_and_go_while_others_are_followed() {
    let feeds: Arc<OnceLock<Feeds>> = Arc::default();
    let changes: Arc<Mutex<Vec<ListChange>>> = Arc::default();
    let (own, noted) = (Arc::clone(&feeds), Arc::clone(&changes));
    let place: Arc<OnceLock<String>> = Arc::default();
    let base = Arc::clone(&place);
    let server = Server::start(move |request| {
        let set = |paths: &[&str]| {
            let base = base.wait();
            let urls: Vec<String> = paths.iter().map(|path| format!("{base}{path}")).collect();
            let change = own.wait().set(sources(&urls).unwrap()).unwrap();
            noted.lock().unwrap().push(change);
        };
        match (request.path.as_str(), request.before) {
            ("/robots.txt", _) => Reply::status(404),
            ("/one", before) => {
                match before {
                    // The one is let go, the other comes in its stead.
                    2 => set(&["/one", "/two"]),
                    4 => set(&["/two"]),
                    _ => {}
                }
                Reply::rss(feed(&[(&format!("第{before}次公告"), &format!("/a/{before}"), "")]))
            }
            ("/two", before) => {
                if before == 6 {
                    set(&["/two", "/one"]);
                }
                Reply::rss(feed(&[(&format!("第{before}号通知"), &format!("/b/{before}"), "")]))
            }
            (path, _) => Reply::html(page(&format!("渠道{}的事", path.replace('/', "")))),
        }
    });
    let desk = Desk::for_hours(24);
    place.set(server.url("")).unwrap();
    let running = crate::start(desk.setup(&[server.url("/one")], &desk.state())).unwrap();
    assert!(feeds.set(running.feeds()).is_ok());
    let report = running.wait();
    assert_eq!(
        *changes.lock().unwrap(),
        [
            ListChange { added: 1, dropped: 0 },
            ListChange { added: 0, dropped: 1 },
            ListChange { added: 1, dropped: 0 }
        ]
    );
    let asked: Vec<String> = server.asked();
    let (ones, twos) = (server.requests("/one").len(), server.requests("/two").len());
    assert!(ones > 5 && twos > 7, "{ones} {twos}");
    let at = |path: &str, number: usize| {
        asked.iter().enumerate().filter(|(_, one)| *one == path).nth(number).unwrap().0
    };
    // Between its fifth and its sixth poll the one was not followed, and nothing of it was fetched.
    let pause = &asked[at("/one", 4) + 1..at("/one", 5)];
    assert!(pause.iter().filter(|path| *path == "/two").count() >= 3, "{pause:?}");
    assert!(pause.iter().all(|path| !path.starts_with("/a/")), "{pause:?}");
    // What was let go is not among what is followed, and named again it stands there once.
    assert_eq!(report.feeds.len(), 2, "{report:?}");
    let titles = desk.sink.titles();
    let mut once = titles.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), titles.len(), "{titles:?}");
}

#[test]
fn a_file_that_was_changed_is_read_again_once_it_has_come_to_rest() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("feeds.txt");
    std::fs::write(&file, "https://q.example/f\n").unwrap();
    let named = [file.display().to_string(), "https://d.example/f".to_owned()];
    let mut lists = Lists::new(&named).unwrap();
    assert!(lists.changed().is_none());
    std::fs::write(&file, "https://q.example/f\nhttps://l.example/fee").unwrap();
    assert!(lists.changed().is_none(), "it may still be written");
    std::fs::write(&file, "https://q.example/f\nhttps://l.example/feed\n").unwrap();
    assert!(lists.changed().is_none(), "it was");
    let found = lists.changed().unwrap().unwrap();
    let urls: Vec<&str> = found.iter().map(|source| source.url.as_str()).collect();
    assert_eq!(urls, ["https://q.example/f", "https://l.example/feed", "https://d.example/f"]);
    assert!(lists.changed().is_none());
    std::fs::write(&file, "file:///etc/passwd\n").unwrap();
    assert!(lists.changed().is_none());
    assert!(lists.changed().unwrap().is_err());
    std::fs::remove_file(&file).unwrap();
    assert!(lists.changed().is_none());
    assert!(lists.changed().unwrap().is_err());
    assert!(Lists::new(&["https://d.example/f".to_owned()]).is_none());
}
