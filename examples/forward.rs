//! Forward passes on request, timed: what `benches/peers/onnxruntime_peer.py` measures.
//!
//! `forward MODEL_FOLDER PRECISION THREADS` loads a model. Each line of standard input is a JSON
//! object with `windows`, lists of token ids without marks, and `rounds`. Every thread runs that
//! batch `rounds` times; the answer is a line with `seconds` from the start to the end of all, and
//! the first pass's `embeddings`.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a tool for one script")]

use std::io::BufRead;
use std::time::Instant;

use clap::Parser;
use serde::Deserialize;
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
    let config = embed::Config {
        folder: Some(folder),
        threads,
        queue_texts_max: 1,
        embed_batch_tokens: 1,
        precision,
    };
    let model = embed::open(&config).unwrap();
    for line in std::io::stdin().lock().lines() {
        let Request { windows, rounds } = serde_json::from_str(&line.unwrap()).unwrap();
        let windows: Vec<&[u32]> = windows.iter().map(Vec::as_slice).collect();
        let first = model.forward(&windows).unwrap();
        let start = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    for _ in 0..rounds {
                        std::hint::black_box(model.forward(&windows).unwrap());
                    }
                });
            }
        });
        let seconds = start.elapsed().as_secs_f64();
        let embeddings: Vec<&[f32]> = first.iter().map(|embedding| embedding.values()).collect();
        println!("{}", serde_json::json!({ "seconds": seconds, "embeddings": embeddings }));
    }
}
