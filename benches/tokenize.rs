//! How fast are texts normalized and cut into terms, and how fast into model tokens?
//!
//! Reports characters per second, one thread, on made-up news of 1,000 characters.
#![allow(clippy::unwrap_used, reason = "a benchmark that fails should say where")]

use divan::Bencher;
use divan::counter::CharsCount;
use wenmai::embed::Purpose;
use wenmai::text::normalize::normalize;
use wenmai::text::terms::Analyzer;

mod news;

fn main() {
    divan::main();
}

#[divan::bench]
fn normalizing(bencher: Bencher) {
    let text = news::text(1_000);
    bencher.counter(CharsCount::of(&text)).bench(|| normalize(&text));
}

#[divan::bench]
fn cutting_into_terms(bencher: Bencher) {
    let analyzer = Analyzer::load().unwrap();
    let text = news::text(1_000);
    bencher.counter(CharsCount::of(&text)).bench(|| analyzer.terms(&text));
}

#[divan::bench]
fn tokenizing_for_the_model(bencher: Bencher) {
    let model = news::bundled_model();
    let text = news::text(1_000);
    bencher
        .counter(CharsCount::of(&text))
        .bench(|| model.tokenize(&text, Purpose::Passage).unwrap());
}
