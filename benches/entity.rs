//! How fast are entities found in a text?
//!
//! Reports bytes per second, one thread, on made-up news of 800 characters, and the parts that every
//! reader needs beside it: normalizing, and cutting into terms.
#![allow(clippy::unwrap_used, reason = "a benchmark that fails should say where")]

use std::sync::Arc;

use divan::Bencher;
use divan::counter::BytesCount;
use divan::counter::ItemsCount;
use wenmai::text::entity::Extractor;
use wenmai::text::normalize::normalize;
use wenmai::text::terms::Analyzer;

mod news;

/// The length of an article of the dev stories, title and body.
const CHAR_COUNT: usize = 800;
const ARTICLE_COUNT: usize = 100;

fn main() {
    divan::main();
}

#[divan::bench]
fn finding_entities(bencher: Bencher) {
    let extractor = Extractor::load(Arc::new(Analyzer::load().unwrap())).unwrap();
    let texts = news::texts(ARTICLE_COUNT, CHAR_COUNT);
    let bytes: usize = texts.iter().map(String::len).sum();
    bencher
        .counter(BytesCount::new(bytes))
        .counter(ItemsCount::new(ARTICLE_COUNT))
        .bench(|| texts.iter().map(|text| extractor.entities(text, None).len()).sum::<usize>());
}

#[divan::bench]
fn normalizing(bencher: Bencher) {
    let text = news::text(CHAR_COUNT);
    bencher.counter(BytesCount::of_str(&text)).bench(|| normalize(&text));
}

#[divan::bench]
fn cutting_into_terms(bencher: Bencher) {
    let analyzer = Analyzer::load().unwrap();
    let text = news::text(CHAR_COUNT);
    bencher.counter(BytesCount::of_str(&text)).bench(|| analyzer.terms(&text));
}

#[divan::bench]
fn loading(bencher: Bencher) {
    let analyzer = Arc::new(Analyzer::load().unwrap());
    bencher.bench(|| Extractor::load(Arc::clone(&analyzer)).is_ok());
}
