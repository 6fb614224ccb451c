//! How many texts a second does the bundled model embed, tokenizing and queue included, and how
//! many does an encoder of bge-small-zh's shape pass through?
//!
//! Batches of 256 made-up texts as long as a title and as long as title and lead, by threads; and
//! one forward pass on one thread over windows of random tokens, with random weights made in
//! memory, by windows × tokens and precision. `peers/onnxruntime_peer.py` measures the same shapes
//! beside ONNX Runtime.
#![allow(clippy::unwrap_used, reason = "a benchmark that fails should say where")]

use divan::Bencher;
use divan::counter::ItemsCount;
use wenmai::embed::Handle;
use wenmai::embed::Lane;
use wenmai::embed::Precision;
use wenmai::embed::Purpose;

mod news;
mod random_encoder;

/// As in the program itself: activations are large and short-lived.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BATCH: usize = 256;
const SHAPES: [(usize, usize); 3] = [(8, 32), (32, 128), (4, 512)];

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

#[divan::bench(args = SHAPES)]
fn encoder_f32_by_windows_and_tokens(bencher: Bencher, shape: (usize, usize)) {
    encoder(bencher, Precision::F32, shape);
}

#[divan::bench(args = SHAPES)]
fn encoder_int8_by_windows_and_tokens(bencher: Bencher, shape: (usize, usize)) {
    encoder(bencher, Precision::Int8, shape);
}

fn encoder(bencher: Bencher, precision: Precision, (count, tokens): (usize, usize)) {
    let model = random_encoder::model(precision);
    let ids: Vec<u32> = (0..21_000).cycle().step_by(7_919).take(count * tokens).collect();
    let windows: Vec<&[u32]> = ids.chunks(tokens).collect();
    bencher.counter(ItemsCount::new(count)).bench(|| model.forward(&windows).unwrap());
}
