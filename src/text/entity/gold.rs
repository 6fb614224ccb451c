//! How much of the marked sentences is found, by kind.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::entity::Kind;
use crate::entity::tests::EXTRACTOR;

const GOLD: &str = include_str!("../../../tests/fixtures/entity/gold.jsonl");
/// What neither half may fall below, in any kind.
const PRECISION_MIN: f64 = 0.95;
const RECALL_MIN: f64 = 0.85;

type Mention = (Kind, usize, usize);

#[derive(serde::Deserialize)]
struct Sentence {
    half: String,
    marked: String,
}

fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        "person" => Kind::Person,
        "place" => Kind::Place,
        "organisation" => Kind::Organisation,
        "number" => Kind::Number,
        "date" => Kind::Date,
        _ => return None,
    })
}

/// The text without marks, and what the marks say.
fn unmark(marked: &str) -> (String, BTreeSet<Mention>) {
    let (mut text, mut open, mut mentions) = (String::new(), Vec::new(), BTreeSet::new());
    let mut rest = marked;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        let opening = rest.split_once(':').and_then(|(name, rest)| Some((kind(name)?, rest)));
        match (c, opening) {
            ('[', Some((kind, behind))) => {
                open.push((kind, text.len()));
                rest = behind;
            }
            (']', _) if !open.is_empty() => {
                let (kind, start) = open.pop().unwrap();
                mentions.insert((kind, start, text.len()));
            }
            _ => text.push(c),
        }
    }
    (text, mentions)
}

#[derive(Default)]
struct Count {
    right: u32,
    found: u32,
    marked: u32,
}

#[test]
fn the_marked_sentences_are_read_with_few_errors() {
    let mut counts: BTreeMap<(String, Kind), Count> = BTreeMap::new();
    for line in GOLD.lines() {
        let Sentence { half, marked } = serde_json::from_str(line).unwrap();
        let (text, marked) = unmark(&marked);
        let found: BTreeSet<Mention> = EXTRACTOR
            .entities(&text, None)
            .into_iter()
            .map(|entity| (entity.kind, entity.span.start, entity.span.end))
            .collect();
        let mut count = |mention: &Mention, add: fn(&mut Count)| {
            add(counts.entry((half.clone(), mention.0)).or_default());
        };
        for mention in &marked {
            count(mention, |c| c.marked += 1);
        }
        for mention in &found {
            count(mention, |c| c.found += 1);
        }
        for mention in marked.intersection(&found) {
            count(mention, |c| c.right += 1);
        }
    }
    for ((half, kind), Count { right, found, marked }) in counts {
        let (precision, recall) =
            (f64::from(right) / f64::from(found), f64::from(right) / f64::from(marked));
        println!("{half} {kind:?}: precision {precision:.3}, recall {recall:.3} of {marked}");
        assert!(precision >= PRECISION_MIN, "{half} {kind:?}: precision {precision}");
        assert!(recall >= RECALL_MIN, "{half} {kind:?}: recall {recall}");
    }
}
