//! Starting again: after an end in good order, after a kill, after a move.

use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;

use super::Desk;
use super::Memory;
use super::feed;
use super::page;
use super::server::Reply;
use super::server::Server;
use crate::Stop;

const COUNT: usize = 30;

fn thirty() -> Server {
    let links: Vec<(String, String)> =
        (0..COUNT).map(|number| (format!("第{number}号公告"), format!("/a/{number}"))).collect();
    Server::start(move |request| match request.path.as_str() {
        "/feed" if request.fields.contains_key("if-none-match") => Reply::status(304),
        "/feed" => {
            let items: Vec<(&str, &str, &str)> =
                links.iter().map(|(title, link)| (title.as_str(), link.as_str(), "")).collect();
            Reply::rss(feed(&items)).with("etag", "\"all\"")
        }
        "/robots.txt" => Reply::status(404),
        path => Reply::html(page(&format!("渠道清淤第{}段开工", path.trim_start_matches("/a/")))),
    })
}

fn copied(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[test]
fn what_was_stopped_in_the_middle_goes_on_where_it_was() {
    let server = thirty();
    let stop: Arc<Mutex<Option<Stop>>> = Arc::default();
    let own = Arc::clone(&stop);
    let desk = Desk::new().with_sink(move |call| {
        if call == 10 {
            // The round has begun long before the tenth article.
            while own.lock().unwrap().is_none() {
                std::thread::yield_now();
            }
            own.lock().unwrap().as_ref().unwrap().stop();
        }
        Ok(())
    });
    let running = crate::start(desk.setup(&[server.url("/feed")], &desk.state())).unwrap();
    *stop.lock().unwrap() = Some(running.stop());
    let report = running.wait();
    assert_eq!((report.items["created"], report.feeds[0].waiting), (10, 20), "{report:?}");
    let report = desk.follow(&server, &["/feed"]);
    assert_eq!(report.feeds[0].poll, "not_modified");
    assert_eq!((report.items["created"], report.feeds[0].waiting), (20, 0), "{report:?}");
    let pages = server.asked().iter().filter(|path| path.starts_with("/a/")).count();
    assert_eq!(pages, COUNT);
}

#[test]
fn a_kill_costs_a_page_or_two_and_loses_none() {
    for killed_at in [1, 2, 7, 29] {
        let server = thirty();
        let first = Desk::new();
        let (state, folder) = (first.state(), tempfile::tempdir().unwrap());
        let killed = folder.path().join("follow");
        let to = killed.clone();
        // What is on the disk while an article is being stored is what a kill leaves.
        let first = first.with_sink(move |call| {
            if call == killed_at {
                copied(&state, &to);
            }
            Ok(())
        });
        first.follow(&server, &["/feed"]);
        let stored: Vec<_> = first.sink.records.lock().unwrap()[..killed_at - 1].to_vec();
        let before = server.asked().len();
        let sink = Memory { records: Mutex::new(stored), ..Memory::default() };
        let second = Desk { sink: Arc::new(sink), ..Desk::new() };
        let setup = second.setup(&[server.url("/feed")], &killed);
        let report = crate::start(setup).unwrap().wait();
        assert_eq!(report.feeds[0].poll, "not_modified");
        assert_eq!(second.sink.titles().len(), COUNT);
        let again = server.asked().len() - before - 1;
        let new = COUNT - (killed_at - 1);
        assert!((new..=new + 2).contains(&again), "{again} pages for {new}");
    }
}

#[test]
fn a_feed_that_moved_for_good_is_asked_where_it_is_and_one_that_did_not_where_it_was() {
    let server = Server::start(|request| match request.path.as_str() {
        "/old" => Reply::to(301, "/middle"),
        "/middle" => Reply::to(308, "/new"),
        "/today" => Reply::to(302, "/new?today"),
        "/wrong" => Reply::to(301, "/home"),
        "/home" => Reply::html("<!doctype html><html><body><p>欢迎</p></body></html>"),
        "/new" | "/new?today" => Reply::rss(feed(&[])),
        _ => Reply::status(404),
    });
    let desk = Desk::new();
    desk.follow(&server, &["/old", "/today"]);
    desk.follow(&server, &["/old", "/today"]);
    assert_eq!((server.requests("/old").len(), server.requests("/new").len()), (1, 2));
    assert_eq!((server.requests("/today").len(), server.requests("/new?today").len()), (2, 2));
    // One that leads to no feed has not moved.
    let desk = Desk::new();
    assert_eq!(desk.follow(&server, &["/wrong"]).feeds[0].poll, "not_a_feed");
    let text = std::fs::read_dir(desk.state()).unwrap().flatten();
    let text: String = text.map(|file| std::fs::read_to_string(file.path()).unwrap()).collect();
    assert!(text.contains("\"moved_to\":null"), "{text}");
}
