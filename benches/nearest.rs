//! How long does one search take, by mode, over 5,000 made-up articles in the embedded store?
//!
//! One client; embedding the query, both legs, fusion and fetching ten articles included.
#![allow(clippy::unwrap_used, reason = "a benchmark that fails should say where")]

use divan::Bencher;
use wenmai::domain::article::Record;
use wenmai::domain::filter::Filter;
use wenmai::domain::hit::Mode;
use wenmai::domain::limit::Limit;
use wenmai::engine::Engine;
use wenmai::engine::Search;
use wenmai::store::Config;

mod news;

const ARTICLES: usize = 5_000;

fn main() {
    divan::main();
}

#[divan::bench(args = ["lexical", "dense", "hybrid"])]
fn one_search(bencher: Bencher, mode: &str) {
    let mode = [Mode::Lexical, Mode::Dense, Mode::Hybrid]
        .into_iter()
        .find(|known| known.name() == mode)
        .unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = Config::folder(folder.path().join("data"));
    let engine = Engine::open(&news::config(0), &store).unwrap();
    runtime.block_on(fill(&engine));
    bencher.bench(|| {
        let search = Search {
            text: "清河大桥什么时候通车".to_owned(),
            filter: Filter::default(),
            mode,
            collapse: true,
            offset: 0,
            limit: Limit::new(10).unwrap(),
        };
        runtime.block_on(engine.search(search)).unwrap()
    });
    runtime.block_on(engine.close()).unwrap();
}

async fn fill(engine: &Engine) {
    for batch in (0..ARTICLES).collect::<Vec<_>>().chunks(500) {
        let record = |at: &usize| Record {
            source: "bench".to_owned(),
            source_id: at.to_string(),
            title: format!("第{at}号报道：{}", news::text(10 + at % 17)),
            paragraphs: vec![news::text(200 + at % 800)],
            ..Record::default()
        };
        engine.ingest(batch.iter().map(record).collect()).await.unwrap();
    }
    engine.optimize().await.unwrap();
}
