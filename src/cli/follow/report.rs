//! What was done, as tables or JSON.

use std::collections::BTreeMap;

use crate::failure::Failure;
use crate::output;
use wenmai_follow::Report;
use wenmai_follow::report::is_stored;

/// Prints what was done.
pub(super) fn print(report: &Report, place: &str, as_json: bool) -> Result<(), Failure> {
    if as_json {
        let text = serde_json::to_string(report).map_err(|error| Failure::failed(&error))?;
        return output::line(&text);
    }
    output::line(&feeds(report))?;
    if let Some(reasons) = reasons(report) {
        output::line(&reasons)?;
    }
    output::line(&told(report, place))
}

/// A row for each feed.
fn feeds(report: &Report) -> String {
    let mut table = output::table(&[
        "feed", "kind", "poll", "named", "new", "stored", "repeated", "skipped", "waiting",
        "problem",
    ]);
    for feed in &report.feeds {
        let skipped: u64 = feed.skipped().map(|(_, count)| count).sum();
        let name = if feed.title.is_empty() { &feed.url } else { &feed.title };
        let repeated = feed.items.get("repeated").copied().unwrap_or_default();
        let counts = [feed.named, feed.fresh, feed.stored(), repeated, skipped, feed.waiting];
        let mut row = vec![name.clone(), feed.kind.to_owned(), feed.poll.to_owned()];
        row.extend(counts.map(|count| count.to_string()));
        row.push(feed.problem.clone());
        table.add_row(row);
    }
    table.to_string()
}

/// Why items were not stored, and how many for each reason; `None` where all were.
fn reasons(report: &Report) -> Option<String> {
    let mut rows: BTreeMap<String, u64> = BTreeMap::new();
    for feed in &report.feeds {
        for (reason, count) in feed.skipped() {
            *rows.entry(format!("skipped: {reason}")).or_default() += count;
        }
        for (reason, count) in &feed.later {
            *rows.entry(format!("tried again later: {reason}")).or_default() += count;
        }
        if feed.from_feed > 0 {
            *rows.entry("stored with the feed's own text".to_owned()).or_default() +=
                feed.from_feed;
        }
    }
    if rows.is_empty() {
        return None;
    }
    let mut table = output::table(&["why", "count"]);
    for (why, count) in rows {
        table.add_row(vec![why, count.to_string()]);
    }
    Some(table.to_string())
}

fn told(report: &Report, place: &str) -> String {
    if report.dry_run {
        let new: u64 = report.feeds.iter().map(|feed| feed.fresh).sum();
        return format!("{new} items are new; nothing was fetched or stored (--dry-run)");
    }
    let stored = report.items.iter().filter(|(outcome, _)| is_stored(outcome));
    let mut told: Vec<String> =
        stored.map(|(outcome, count)| format!("{count} {outcome}")).collect();
    if told.is_empty() {
        told.push("nothing to store".to_owned());
    }
    if report.failed() > 0 {
        told.push(format!("{} feeds failed", report.failed()));
    }
    let (told, requests, kib) = (told.join(", "), report.requests, report.bytes / 1024);
    format!("{told}; {requests} requests, {kib} KiB; in {place}")
}
