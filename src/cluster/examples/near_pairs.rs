//! Lists pairs of articles that are nearly the same text, and whether one counts as a reprint of the
//! other, to be read by an editor.
//!
//! Reads JSON Lines with `id`, `time`, `title`, `body` from standard input and prints one pair a
//! block: `FOLDED` or `APART`, the share that both print, what differs, and the headlines.
//! `xzcat articles.jsonl.xz | cargo run -p wenmai-cluster --example near_pairs -- 0.6`

use std::collections::BTreeMap;
use std::io::BufRead as _;
use std::io::Write as _;
use std::sync::Arc;

use wenmai_cluster::reprint::Anchor;
use wenmai_cluster::reprint::Plain;
use wenmai_cluster::reprint::Printed;
use wenmai_cluster::reprint::compare;
use wenmai_cluster::reprint::headline_changes;
use wenmai_cluster::reprint::join;
use wenmai_cluster::reprint::least_shared;
use wenmai_cluster::reprint::signature;
use wenmai_domain::article::Article;
use wenmai_domain::article::Record;
use wenmai_domain::reprint::GroupId;
use wenmai_domain::reprint::Signature;

/// A key of more texts than this finds nothing: it is a phrase.
const HOLDERS_MAX: usize = 60;

/// An article ready to be compared.
struct Known {
    record: Record,
    printed: Printed,
    signature: Signature,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let least: f64 = std::env::args().nth(1).map_or(Ok(0.6), |text| text.parse())?;
    let mut known: Vec<Known> = Vec::new();
    for line in std::io::stdin().lock().lines() {
        known.extend(read(&line?)?);
    }
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for (left, right) in near(&known) {
        let (Some(left), Some(right)) = (known.get(left), known.get(right)) else { continue };
        let (left, right) = match left.printed.standing.cmp(&right.printed.standing) {
            std::cmp::Ordering::Greater => (right, left),
            std::cmp::Ordering::Less | std::cmp::Ordering::Equal => (left, right),
        };
        let overlap = compare(&left.printed.plain, &right.printed.plain);
        if overlap.of_left.max(overlap.of_right) < least {
            continue;
        }
        let group = |one: &Known| GroupId::found(one.printed.standing.id(), "");
        let printed = left.printed.clone();
        let anchor = Anchor { original: printed.clone(), printed, group: group(left) };
        let joined = join(&right.printed, group(right), [&anchor]);
        let verdict = if joined.membership.group == group(left) { "FOLDED" } else { "APART" };
        writeln!(out, "{verdict} {:.2} {:.2}", overlap.of_left, overlap.of_right)?;
        let of_headline = headline_changes(&left.printed, &right.printed);
        for (place, changes) in [("text", &overlap.changes), ("headline", &of_headline)] {
            for change in changes.iter().take(6) {
                writeln!(out, "   {place} {:?} {} → {}", change.fact, change.left, change.right)?;
            }
        }
        for one in [left, right] {
            let at = one.record.published_at.map_or_else(String::new, |at| at.to_string());
            let count = one.printed.plain.char_count();
            writeln!(out, "   {} {at} {count} {}", one.record.source_id, one.record.title)?;
        }
    }
    Ok(())
}

/// Reads a line; `None` for one without a text.
fn read(line: &str) -> Result<Option<Known>, serde_json::Error> {
    let row: serde_json::Value = serde_json::from_str(line)?;
    let field = |name: &str| row.get(name).and_then(|value| value.as_str()).unwrap_or_default();
    let record = Record {
        source_id: field("id").to_owned(),
        title: field("title").to_owned(),
        paragraphs: field("body").lines().map(str::to_owned).collect(),
        published_at: field("time").parse().ok(),
        ..Record::default()
    };
    let article = Article::new(record);
    let plain = Arc::new(Plain::of(&article.record));
    let signature = signature(&plain);
    let printed = Printed::new(&article, plain);
    let is_text = !signature.is_empty();
    Ok(is_text.then_some(Known { record: article.record, printed, signature }))
}

/// Pairs that share enough keys to be compared.
fn near(known: &[Known]) -> Vec<(usize, usize)> {
    let mut holders: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for (at, one) in known.iter().enumerate() {
        for key in one.signature.keys() {
            holders.entry(*key).or_default().push(at);
        }
    }
    let mut pairs = Vec::new();
    for (at, one) in known.iter().enumerate() {
        let mut shared: BTreeMap<usize, usize> = BTreeMap::new();
        let lists = one.signature.keys().iter().filter_map(|key| holders.get(key));
        for list in lists.filter(|list| list.len() <= HOLDERS_MAX) {
            for other in list.iter().filter(|other| **other > at) {
                *shared.entry(*other).or_default() += 1;
            }
        }
        let enough = least_shared(&one.signature);
        pairs
            .extend(shared.into_iter().filter(|(_, n)| *n >= enough).map(|(other, _)| (at, other)));
    }
    pairs
}
