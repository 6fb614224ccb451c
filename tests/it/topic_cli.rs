//! `wenmai topics` on a data folder.

use std::fmt::Write;

use serde_json::Value;

use crate::cli::Desk;
use crate::cli::NEWS;

/// A desk whose folder holds four reports; the first two are copies.
fn stored() -> Desk {
    let desk = Desk::new();
    let mut lines = String::new();
    for (at, (title, body)) in NEWS.iter().enumerate() {
        let line = serde_json::json!({
            "id": at, "source": "清河网", "date": "2025-09-08", "title": title, "body": body,
        });
        writeln!(lines, "{line}").unwrap();
    }
    let (title, body) = NEWS[2];
    let copy = serde_json::json!({
        "id": 9, "source": "柳溪网", "date": "2025-09-09", "title": title, "body": body,
    });
    writeln!(lines, "{copy}").unwrap();
    let feed = desk.file("news.jsonl", lines);
    desk.run(&["ingest", &feed]).ok();
    desk
}

fn listed(desk: &Desk) -> Vec<Value> {
    let list = desk.run(&["topics", "list", "--order", "size", "--json"]).ok();
    let list: Value = serde_json::from_str(&list.out).unwrap();
    list["topics"].as_array().unwrap().clone()
}

#[test]
fn topics_are_there_as_soon_as_an_ingest_has_ended() {
    let desk = stored();
    let topics = listed(&desk);
    let counts = topics.iter().map(|topic| topic["article_count"].as_u64().unwrap());
    assert_eq!(counts.sum::<u64>(), 5);
    let harvest = topics.iter().find(|topic| topic["label"] == NEWS[2].0).unwrap();
    assert_eq!(
        (harvest["article_count"].as_u64(), harvest["source_count"].as_u64()),
        (Some(2), Some(2))
    );
    let name = harvest["name"].as_str().unwrap();
    let table = desk.run(&["topics"]).ok();
    assert!(table.out.contains(NEWS[2].0) && table.out.contains('█'), "{}", table.out);
    let shown = desk.run(&["topics", "show", name]).ok();
    for word in ["timeline", "2025-09-08", "most central", "清河网 1", NEWS[2].0] {
        assert!(shown.out.contains(word), "`{word}` is not in: {}", shown.out);
    }
    let found = desk.run(&["topics", "--search", "秋粮收购", "-n", "1"]).ok();
    assert!(found.out.starts_with(NEWS[2].0), "{}", found.out);
    let rebuilt = desk.run(&["topics", "rebuild"]).ok();
    assert!(rebuilt.out.starts_with("0 articles placed"), "{}", rebuilt.out);
}

#[test]
fn topics_are_edited_watched_and_exported() {
    let desk = stored();
    let topics = listed(&desk);
    let name = topics[0]["name"].as_str().unwrap();
    desk.run(&["topics", "rename", name, "秋粮"]).ok();
    let pinned = desk.run(&["topics", "pin", name]).ok();
    assert!(pinned.out.contains("秋粮") && pinned.out.contains("pinned"), "{}", pinned.out);
    let stale = desk.run(&["topics", "rename", name, "旧", "--etag", "1"]);
    assert!(stale.code == 1 && stale.err.contains("STALE_REVISION"), "{}", stale.err);
    let itself = desk.run(&["topics", "merge", name, name]);
    assert_eq!(itself.code, 1, "{}", itself.err);
    let no_id = desk.run(&["topics", "show", "no-id"]);
    assert_eq!(no_id.code, 64, "{}", no_id.err);
    let changes = desk.run(&["topics", "watch", "--once"]).ok();
    assert!(changes.out.contains("is called “秋粮”"), "{}", changes.out);
    let csv = desk.run(&["topics", "export", "--format", "csv"]).ok();
    assert_eq!(csv.out.lines().count(), 6, "{}", csv.out);
    let brief = desk.run(&["topics", "export", "--format", "markdown"]).ok();
    assert!(brief.out.contains("## 秋粮") && brief.out.contains("**2025-09-08**"), "{}", brief.out);
    let json = desk.run(&["topics", "export", "--format", "json"]).ok();
    assert!(json.out.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
}
