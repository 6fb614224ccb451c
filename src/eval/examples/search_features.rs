//! Writes what a search knows of the candidates of labelled queries, to train an order on: the articles are
//! kept in memory, and nothing else is measured.
//!
//! ```sh
//! cargo run -p wenmai-eval --example search_features -- articles.jsonl.xz queries.jsonl.xz features.jsonl
//! ```

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "an example for developers")]

use std::path::Path;

use wenmai_embed as embed;
use wenmai_engine::Engine;
use wenmai_engine::feed;
use wenmai_eval::queries;
use wenmai_eval::search;

#[tokio::main]
async fn main() {
    let paths: Vec<String> = std::env::args().skip(1).collect();
    let [articles, queries, features] = paths.as_slice() else {
        eprintln!("search_features ARTICLES QUERIES FEATURES");
        return;
    };
    let lines = feed::Lines::new(feed::open(Path::new(articles)).unwrap());
    let articles = lines.map(|(_, line)| feed::record(&line.unwrap()).unwrap()).collect();
    let queries = queries::read(feed::open(Path::new(queries)).unwrap());
    let queries = queries.map(|(_, query)| query.unwrap()).collect();
    let engine = Engine::open_in_memory(&embed::Config::default()).unwrap();
    let mut out = std::io::BufWriter::new(std::fs::File::create(features).unwrap());
    let mut progress = |at| eprintln!("{at:?}");
    search::features(&engine, articles, queries, &mut out, &mut progress).await.unwrap();
}
