//! How long does a completion or a correction take, and what does the index of names take? Reads articles
//! as JSON lines (`title`, `body`) from standard input, writes them `COPIES` times with the days apart, and asks
//! every prefix of some headlines and names, their pinyin, and mistyped names.
//!
//! ```sh
//! xz -dc stories-dev.jsonl.xz | cargo run -p wenmai-suggest --example latency -- 1
//! ```

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "an example for developers")]

use std::io::BufRead;
use std::sync::Arc;
use std::time::Instant;

use jiff::ToSpan;
use wenmai_domain::article::Article;
use wenmai_domain::article::Record;
use wenmai_suggest::lexicon::Lexicon;
use wenmai_suggest::lexicon::Named;
use wenmai_suggest::sound;
use wenmai_text::entity::Extractor;
use wenmai_text::terms::Analyzer;

fn main() {
    let copies: i32 = std::env::args().nth(1).map_or(1, |count| count.parse().unwrap());
    let extractor = Extractor::load(Arc::new(Analyzer::load().unwrap())).unwrap();
    let analyzer = extractor.analyzer();
    let mut lexicon = Lexicon::default();
    let (mut titles, mut names) = (Vec::new(), Vec::new());
    let started = Instant::now();
    let first = jiff::civil::date(2020, 1, 1);
    for (at, line) in std::io::stdin().lock().lines().enumerate() {
        let line: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        let title = line["title"].as_str().unwrap_or_default();
        let body: String = line["body"].as_str().unwrap_or_default().chars().take(400).collect();
        for copy in 0..copies {
            let day = first + (i64::try_from(at).unwrap() % 1_500 + i64::from(copy)).days();
            let record = Record {
                title: if copy == 0 { title.to_owned() } else { format!("{title}（{copy}）") },
                paragraphs: vec![body.clone()],
                published_at: Some(day.at(8, 0, 0, 0)),
                source_id: format!("{at}-{copy}"),
                ..Record::default()
            };
            let mut article = Article::new(record);
            article.entities = extractor.of_record(&article.record);
            let named = Named::of(&article, analyzer);
            if at % 50 == 0 && copy == 0 {
                titles.push(title.to_owned());
                names.extend(article.entities.iter().filter(|one| one.key.chars().count() > 2).map(|one| one.key.clone()));
            }
            lexicon.put(article.id, &named, analyzer);
        }
    }
    println!("{} articles read in {:.1?}", lexicon.article_count(), started.elapsed());
    let started = Instant::now();
    let index = lexicon.index(analyzer);
    println!("{} texts indexed in {:.1?}", index.text_count(), started.elapsed());
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52 bytes")]
    let megabytes = |bytes: usize| bytes as f64 / 1e6;
    println!("lexicon {:.0} MB, index {:.0} MB", megabytes(lexicon.bytes()), megabytes(index.bytes()));
    let (mut completed, mut corrected) = (Vec::new(), Vec::new());
    for text in titles.iter().chain(&names) {
        for end in 1..=text.chars().count().min(8) {
            let typed: String = text.chars().take(end).collect();
            let pinyin = sound::spellings(&typed, 8).into_iter().next().unwrap_or_default();
            for typed in [typed, pinyin.full, pinyin.initials] {
                let started = Instant::now();
                let found = index.complete(&typed, 10);
                completed.push((started.elapsed(), typed, found.len()));
            }
        }
        let mistyped: String = text.chars().take(12).map(|c| if c == '中' { '种' } else { c }).collect();
        let started = Instant::now();
        _ = index.correct(&mistyped, analyzer, 3);
        corrected.push((started.elapsed(), mistyped, 0));
    }
    for (what, mut times) in [("completions", completed), ("corrections", corrected)] {
        times.sort();
        let at = |share: usize| times.get((times.len() * share / 1000).min(times.len() - 1)).unwrap();
        println!(
            "{} {what}: p50 {:.2?}, p99 {:.2?}, p99.9 {:.2?}, slowest {:.2?} ({})",
            times.len(), at(500).0, at(990).0, at(999).0, at(1000).0, at(1000).1
        );
    }
}
