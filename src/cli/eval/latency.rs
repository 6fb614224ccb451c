//! `wenmai eval latency`: how long does a question for related coverage take?

use std::path::PathBuf;

use crate::eval::IndexArgs;
use crate::eval::articles;
use crate::eval::done;
use crate::eval::ingest_line;
use crate::eval::json;
use crate::eval::show;
use crate::failure::Failure;
use crate::ingest;
use crate::output;
use wenmai_eval::filtered;
use wenmai_eval::latency;

/// Arguments of `wenmai eval latency`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// The articles: a feed as `wenmai ingest` takes it, plain or .xz, .gz, .zst.
    #[arg(long, value_name = "FEED")]
    input: PathBuf,

    /// How often the archive holds each article, apart by commas: 1 is the feed itself, all others
    /// are resampled.
    #[arg(long, value_delimiter = ',', default_values_t = [1], value_name = "N",
          value_parser = clap::value_parser!(u16).range(1..=1_000))]
    copies: Vec<u16>,

    /// Clients that ask at the same time, apart by commas.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 8], value_name = "N",
          value_parser = clap::value_parser!(u16).range(1..=256))]
    clients: Vec<u16>,

    /// Questions of each measurement.
    #[arg(long, default_value_t = 1_000, value_name = "N")]
    queries: usize,

    /// Seed of copies and questions.
    #[arg(long, default_value_t = 20_240_314, value_name = "N")]
    seed: u64,

    /// Make the index in this folder and leave it there. Where it was made before, it is measured as
    /// it is, whatever `--copies` says.
    #[arg(long, value_name = "DIR", conflicts_with = "memory")]
    keep: Option<PathBuf>,

    /// Also ask for the neighbours of so many articles under filters by date: how long it takes, and
    /// how many of the nearest 100 of an exact scan are found.
    #[arg(long, default_value_t = 0, value_name = "N")]
    filtered: usize,

    #[command(flatten)]
    index: IndexArgs,

    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let articles = articles(&args.input)?;
    let (engine, store, _folder) = args.index.open_with_store(args.keep.as_deref())?;
    let mut copies: Vec<usize> = args.copies.iter().copied().map(usize::from).collect();
    copies.sort_unstable();
    let options = latency::Options {
        copies,
        clients: args.clients.iter().copied().map(usize::from).collect(),
        query_count: args.queries,
        seed: args.seed,
        filtered_count: args.filtered,
    };
    let bar = ingest::progress_bar();
    let mut progress = |progress| show(&bar, progress);
    let report = latency::run(&engine, &store, articles.items, &options, &mut progress).await;
    bar.finish_and_clear();
    engine.close().await?;
    let report = report.map_err(|error| Failure::failed(&error))?;
    if args.json {
        json(&report)?;
    } else {
        print(&report)?;
    }
    done(articles.bad_count)
}

fn print(report: &latency::Report) -> Result<(), Failure> {
    let header = ["articles", "mode", "clients", "p50 ms", "p99 ms", "answers/s"];
    let mut table = output::table(&header);
    for row in &report.rows {
        let latency::Row { article_count, mode, client_count, p50_ms, p99_ms, answers_per_s } = row;
        table.add_row(vec![
            article_count.to_string(),
            mode.name().to_owned(),
            client_count.to_string(),
            format!("{p50_ms:.1}"),
            format!("{p99_ms:.1}"),
            format!("{answers_per_s:.0}"),
        ]);
    }
    output::line(&table.to_string())?;
    if !report.filtered.is_empty() {
        let mut table = output::table(&["passing", "p50 ms", "p99 ms", "recall@100"]);
        for row in &report.filtered {
            let filtered::Row { share, p50_ms, p99_ms, recall } = row;
            let cells = [share * 100.0, *p50_ms, *p99_ms].map(|value| format!("{value:.1}"));
            let [share, p50, p99] = cells;
            table.add_row(vec![format!("{share} %"), p50, p99, format!("{recall:.4}")]);
        }
        output::line(&table.to_string())?;
    }
    let latency::Report { query_count, seed, ranker, index_version, .. } = report;
    output::line(&format!(
        "{query_count} questions each (seed {seed}), 10 hits, each text once; lexical is BM25 with the \
         headline, hybrid the ranker {ranker}; {index_version}"
    ))?;
    ingest_line(&report.ingest)
}
