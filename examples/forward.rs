//! Forward passes on request, timed: what `benches/peers/onnxruntime_peer.py` measures.
//!
//! `forward MODEL_FOLDER PRECISION THREADS` loads a model. Each line of standard input is a JSON
//! object with `windows`, lists of token ids without marks, and `rounds`. Every thread runs that
//! batch `rounds` times; the answer is a line with `seconds` from the start to the end of all, the
//! `busy_seconds` that a thread ran (0 where the system does not say, which is not Linux), and the
//! first pass's `embeddings`.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a tool for one script")]

use std::io::BufRead;
use std::time::Instant;

use clap::Parser;
use serde::Deserialize;
use wenmai::domain::embedding::Embedding;
use wenmai::embed;
use wenmai::embed::Precision;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
struct Arguments {
    folder: std::path::PathBuf,
    precision: Precision,
    threads: usize,
}

#[derive(Deserialize)]
struct Request {
    windows: Vec<Vec<u32>>,
    rounds: usize,
}

fn main() {
    let Arguments { folder, precision, threads } = Arguments::parse();
    let config =
        embed::Config { folder: Some(folder), threads, precision, ..embed::Config::default() };
    let model = embed::open(&config).unwrap();
    for line in std::io::stdin().lock().lines() {
        let Request { windows, rounds } = serde_json::from_str(&line.unwrap()).unwrap();
        let windows: Vec<&[u32]> = windows.iter().map(Vec::as_slice).collect();
        let first = model.forward(&windows).unwrap();
        let start = Instant::now();
        let work = || {
            let before = busy_seconds();
            for _ in 0..rounds {
                std::hint::black_box(model.forward(&windows).unwrap());
            }
            busy_seconds() - before
        };
        let busy: Vec<f64> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            workers.into_iter().map(|worker| worker.join().unwrap()).collect()
        });
        let busy_seconds = busy.iter().fold(0.0, |most: f64, seconds| seconds.max(most));
        let seconds = start.elapsed().as_secs_f64();
        let embeddings: Vec<&[f32]> = first.iter().map(Embedding::values).collect();
        let answer = serde_json::json!({
            "seconds": seconds, "busy_seconds": busy_seconds, "embeddings": embeddings,
        });
        println!("{answer}");
    }
}

/// Seconds that this thread has run on a processor: what others take from it does not count.
fn busy_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|number| number.parse::<f64>().ok());
    nanoseconds.unwrap_or(0.0) / 1e9
}
