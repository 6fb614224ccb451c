//! How many texts a second does the bundled model embed, tokenizing and queue included?
//!
//! Batches of 256 made-up texts as long as a title and as long as title and lead, by threads.
#![allow(clippy::unwrap_used, reason = "a benchmark that fails should say where")]

use divan::Bencher;
use divan::counter::ItemsCount;
use wenmai::embed::Handle;
use wenmai::embed::Lane;
use wenmai::embed::Purpose;

mod news;

const BATCH: usize = 256;

fn main() {
    divan::main();
}

#[divan::bench(args = [(1, 20), (1, 220), (2, 220)])]
fn texts_by_threads_and_characters(bencher: Bencher, (threads, char_count): (usize, usize)) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let handle = Handle::start(news::bundled_model(), &news::config(threads));
    bencher
        .counter(ItemsCount::new(BATCH))
        .with_inputs(|| news::texts(BATCH, char_count))
        .bench_values(|texts| {
            runtime.block_on(handle.embed(texts, Purpose::Passage, Lane::Bulk)).unwrap()
        });
}
