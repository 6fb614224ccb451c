//! Writes the articles of a feed as the clusterer sees them, in the order of their times, to try ideas on
//! without indexing them again: one JSON object a line. The first
//! line is an array: how rare each term is in news at large.
//!
//! ```sh
//! cargo run -p wenmai-eval --example topic_items -- articles.jsonl.xz items.jsonl
//! ```

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "an example for developers")]

use std::io::Write;
use std::path::Path;

use wenmai_embed as embed;
use wenmai_engine::Engine;
use wenmai_engine::feed;
use wenmai_eval::stories::Labelled;
use wenmai_eval::topics;
use wenmai_text::entity::Extractor;

#[tokio::main]
async fn main() {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    let [articles, items] = paths.as_slice() else {
        eprintln!("topic_items ARTICLES ITEMS");
        return;
    };
    let lines = feed::Lines::new(feed::open(Path::new(articles)).unwrap());
    let label = |line: &str, name: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line.get(name).and_then(|label| label.as_str()).map(str::to_owned)
    };
    let articles = lines
        .filter_map(|(_, line)| {
            let line = line.ok()?;
            Some(Labelled {
                record: feed::record(&line).ok()?,
                story: label(&line, "story").unwrap_or_default(),
                event: label(&line, "event"),
            })
        })
        .collect();
    let engine = Engine::open_in_memory(&embed::Config::default()).unwrap();
    let mut progress = |at| eprintln!("{at:?}");
    let analyzer = std::sync::Arc::new(wenmai_text::terms::Analyzer::load().unwrap());
    let extractor = Extractor::load(analyzer).unwrap();
    let stream = topics::stream(&engine, &extractor, articles, &mut progress).await.unwrap();
    let background = wenmai_engine::background();
    let terms = stream.items.iter().flat_map(|one| one.item.text_terms.iter());
    let terms: std::collections::BTreeSet<u32> = terms.map(|(term, _)| term).collect();
    let at_large: Vec<(u32, f32)> =
        terms.into_iter().map(|term| (term, background.rarity(term))).collect();
    let mut out = std::io::BufWriter::new(std::fs::File::create(items).unwrap());
    writeln!(out, "{}", serde_json::json!(at_large)).unwrap();
    for one in stream.items {
        let item = &one.item;
        let line = serde_json::json!({
            "id": item.id.to_string(), "arrival": item.arrival, "at": item.at, "title": item.title,
            "embedding": item.embedding.values(),
            "title_terms": item.title_terms.iter().collect::<Vec<_>>(),
            "text_terms": item.text_terms.iter().collect::<Vec<_>>(),
            "keys": item.keys, "original": item.original.map(|id| id.to_string()),
            "story": one.story, "event": one.event, "fold": one.fold,
        });
        writeln!(out, "{line}").unwrap();
    }
}
