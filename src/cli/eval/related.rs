//! `wenmai eval related`: related coverage on labelled stories.

use std::path::PathBuf;
use std::time::Instant;

use crate::cli::eval::IndexArgs;
use crate::cli::eval::Read;
use crate::cli::eval::done;
use crate::cli::eval::ingest_line;
use crate::cli::eval::json;
use crate::cli::eval::show;
use crate::cli::eval::stories;
use crate::cli::failure::Failure;
use crate::cli::filter::ModeArg;
use crate::cli::ingest;
use crate::cli::output;
use crate::eval::related;

/// Arguments of `wenmai eval related`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// Labelled articles, JSON Lines, plain or .xz, .gz, .zst.
    #[arg(long, value_name = "FILE")]
    input: PathBuf,

    /// Labelled articles to ask about, drawn by the seed; 0 asks all.
    #[arg(long, default_value_t = 2_000, value_name = "N")]
    queries: usize,

    /// Seed of the draw.
    #[arg(long, default_value_t = 20_240_314, value_name = "N")]
    seed: u64,

    /// Modes to compare.
    #[arg(long, value_enum, value_delimiter = ',',
          default_values_t = [ModeArg::Lexical, ModeArg::Dense, ModeArg::Hybrid])]
    modes: Vec<ModeArg>,

    #[command(flatten)]
    index: IndexArgs,

    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let started = Instant::now();
    let Read { items: articles, bad_count } = stories(&args.input)?;
    let (engine, _folder) = args.index.open()?;
    let options = related::Options {
        query_count: args.queries,
        seed: args.seed,
        modes: args.modes.iter().map(|mode| mode.mode()).collect(),
    };
    let bar = ingest::progress_bar();
    let report =
        related::run(&engine, articles, &options, &mut |progress| show(&bar, progress)).await;
    bar.finish_and_clear();
    engine.close().await?;
    let report = report?;
    if args.json {
        json(&report)?;
    } else {
        print(&report, started.elapsed().as_secs_f64())?;
    }
    done(bad_count)
}

fn print(report: &related::Report, wall_s: f64) -> Result<(), Failure> {
    let mut table = output::table(&[
        "mode",
        "nDCG@10",
        "event MRR",
        "event recall@10",
        "story recall@100",
        "p50 ms",
        "p99 ms",
    ]);
    for mode in &report.modes {
        table.add_row(vec![
            mode.mode.name().to_owned(),
            format!("{:.4}", mode.ndcg_10),
            format!("{:.4}", mode.event_mrr),
            format!("{:.4}", mode.event_recall_10),
            format!("{:.4}", mode.story_recall_100),
            format!("{:.2}", mode.p50_ms),
            format!("{:.2}", mode.p99_ms),
        ]);
    }
    output::line(&table.to_string())?;
    let related::Report { article_count, story_count, refused_count, query_count, seed, .. } =
        report;
    output::line(&format!(
        "{query_count} queries (seed {seed}) over {article_count} articles of {story_count} stories, \
         {refused_count} refused"
    ))?;
    ingest_line(&report.ingest)?;
    output::line(&format!("{wall_s:.1} s in all{}; {}", peak_memory(), report.index_version))
}

/// Peak memory of this process, where the system tells.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: Option<u64> = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    kib.map_or_else(String::new, |kib| format!(", {} MiB of memory at most", kib / 1024))
}
