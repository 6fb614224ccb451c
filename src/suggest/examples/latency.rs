//! How long does a completion or a correction take, and what does the index of names take? Reads articles
//! as JSON lines (`title`, `body`) from standard input, and asks every prefix of some headlines and names,
//! their pinyin, and mistyped names, each three times, of which the least time counts.
//!
//! ```sh
//! xz -dc stories-dev.jsonl.xz | cargo run -p wenmai-suggest --example latency
//! ```

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "an example for developers")]

use std::io::BufRead;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use jiff::ToSpan;
use wenmai_domain::article::Article;
use wenmai_domain::article::Record;
use wenmai_suggest::index::Index;
use wenmai_suggest::lexicon::Lexicon;
use wenmai_suggest::lexicon::Named;
use wenmai_suggest::sound;
use wenmai_text::entity::Extractor;
use wenmai_text::terms::Analyzer;

/// Characters of a body that names are looked for in.
const BODY_CHARS: usize = 400;

fn main() {
    let extractor = Extractor::load(Arc::new(Analyzer::load().unwrap())).unwrap();
    let started = Instant::now();
    let (mut lexicon, texts) = read(&extractor);
    println!("{} articles read in {:.1?}", lexicon.article_count(), started.elapsed());
    let started = Instant::now();
    let index = lexicon.index(extractor.analyzer());
    println!("{} texts indexed in {:.1?}", index.text_count(), started.elapsed());
    let (stock, index_bytes) = (lexicon.bytes() / 1_000_000, index.bytes() / 1_000_000);
    println!("names {stock} MB, index {index_bytes} MB");
    told("completions", completions(&index, &texts));
    told("corrections", corrections(&index, &texts, extractor.analyzer()));
}

/// The names of all articles, and some headlines and names to ask for.
fn read(extractor: &Extractor) -> (Lexicon, Vec<String>) {
    let (mut lexicon, mut texts) = (Lexicon::default(), Vec::new());
    let first = jiff::civil::date(2020, 1, 1);
    for (at, line) in std::io::stdin().lock().lines().enumerate() {
        let line: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        let text = |name| line.get(name).and_then(|text| text.as_str()).unwrap_or_default();
        let day = first + (i64::try_from(at).unwrap() % 1_500).days();
        let record = Record {
            title: text("title").to_owned(),
            paragraphs: vec![text("body").chars().take(BODY_CHARS).collect()],
            published_at: Some(day.at(8, 0, 0, 0)),
            source_id: at.to_string(),
            ..Record::default()
        };
        let mut article = Article::new(record);
        article.entities = extractor.of_record(&article.record);
        if at.is_multiple_of(50) {
            texts.push(article.record.title.clone());
            let names = article.entities.iter().map(|one| one.key.clone());
            texts.extend(names.filter(|name| name.chars().count() > 2));
        }
        let analyzer = extractor.analyzer();
        lexicon.put(article.id, &Named::of(&article, analyzer), analyzer);
    }
    (lexicon, texts)
}

/// The time of each completion, and what was typed.
fn completions(index: &Index, texts: &[String]) -> Vec<(Duration, String)> {
    let mut times = Vec::new();
    for text in texts {
        for end in 1..=text.chars().count().min(8) {
            let typed: String = text.chars().take(end).collect();
            let pinyin = sound::spellings(&typed, 8).into_iter().next().unwrap_or_default();
            for typed in [typed, pinyin.full, pinyin.initials] {
                times.push((least(|| _ = index.complete(&typed, 10)), typed));
            }
        }
    }
    times
}

/// The time of each correction, and what was typed.
fn corrections(index: &Index, texts: &[String], analyzer: &Analyzer) -> Vec<(Duration, String)> {
    let ask = |text: &String| {
        let other = |c| if c == '中' { '种' } else { c };
        let typed: String = text.chars().take(12).map(other).collect();
        (least(|| _ = index.correct(&typed, analyzer, 3)), typed)
    };
    texts.iter().map(ask).collect()
}

/// The least time of three, so that what else runs on the machine counts less.
fn least(work: impl Fn()) -> Duration {
    let time = |_| {
        let started = Instant::now();
        work();
        started.elapsed()
    };
    (0..3).map(time).min().unwrap()
}

fn told(what: &str, mut times: Vec<(Duration, String)>) {
    times.sort();
    let last = times.len().saturating_sub(1);
    let at = |share: usize| times.get((times.len() * share / 1_000).min(last)).unwrap();
    let (count, slowest) = (times.len(), at(1_000));
    print!("{count} {what}: p50 {:.2?}, p99 {:.2?}, ", at(500).0, at(990).0);
    println!("p99.9 {:.2?}, slowest {:.2?} ({})", at(999).0, slowest.0, slowest.1);
}
