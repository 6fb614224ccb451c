//! `wenmai eval related`: related coverage on labelled stories.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::path::PathBuf;
use std::time::Instant;

use crate::eval::IndexArgs;
use crate::eval::Read;
use crate::eval::StoryArgs;
use crate::eval::done;
use crate::eval::ingest_line;
use crate::eval::json;
use crate::eval::show;
use crate::failure::Failure;
use crate::failure::chain;
use crate::filter::ModeArg;
use crate::ingest;
use crate::output;
use wenmai_eval::learned::Ablation;
use wenmai_eval::learned::Calibration;
use wenmai_eval::learned::Learned;
use wenmai_eval::learned::Rankers;
use wenmai_eval::related;

/// Arguments of `wenmai eval related`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    stories: StoryArgs,

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

    /// Rankers of the folds, a file made by `models/train/train_ranker.py`; without it, the bundled
    /// ones.
    #[arg(long, value_name = "FILE")]
    folds: Option<PathBuf>,

    /// Write the features of every query and candidate here, to train a ranker on.
    #[arg(long, value_name = "FILE")]
    features: Option<PathBuf>,

    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let started = Instant::now();
    let Read { items: articles, bad_count } = args.stories.read()?;
    let (engine, _folder) = args.index.open()?;
    let options = related::Options {
        query_count: args.queries,
        seed: args.seed,
        modes: args.modes.iter().map(|mode| mode.mode()).collect(),
        rankers: Some(rankers(args.folds.as_deref())?),
        features: match &args.features {
            Some(path) => Some(Box::new(BufWriter::new(File::create(path)?))),
            None => None,
        },
    };
    let bar = ingest::progress_bar();
    let report =
        related::run(&engine, articles, options, &mut |progress| show(&bar, progress)).await;
    bar.finish_and_clear();
    engine.close().await?;
    let report = report.map_err(|error| Failure::failed(&error))?;
    if args.json {
        json(&report)?;
    } else {
        print(&report, started.elapsed().as_secs_f64())?;
    }
    done(bad_count)
}

/// The rankers of the folds.
fn rankers(path: Option<&Path>) -> Result<Rankers, Failure> {
    let Some(path) = path else {
        return Rankers::bundled().map_err(|error| Failure::failed(&error));
    };
    let failed = |error: &dyn std::error::Error| {
        Failure::Failed(format!("{}: {}", path.display(), chain(error)))
    };
    let json = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
    Rankers::parse(&json).map_err(|error| failed(&error))
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
    if let Some(learned) = &report.learned {
        table.add_row(vec![
            "learned".to_owned(),
            format!("{:.4}", learned.ndcg_10),
            format!("{:.4}", learned.event_mrr),
            format!("{:.4}", learned.event_recall_10),
            format!("{:.4}", learned.story_recall_100),
            format!("{:.2}", learned.p50_ms),
            format!("{:.2}", learned.p99_ms),
        ]);
    }
    output::line(&table.to_string())?;
    if let Some(learned) = &report.learned {
        print_learned(learned)?;
    }
    let related::Report { article_count, story_count, refused_count, query_count, seed, .. } =
        report;
    output::line(&format!(
        "{query_count} queries (seed {seed}) over {article_count} articles of {story_count} stories, \
         {refused_count} refused"
    ))?;
    ingest_line(&report.ingest)?;
    output::line(&format!("{wall_s:.1} s in all{}; {}", peak_memory(), report.index_version))
}

/// What belongs to the learned ranker alone.
fn print_learned(learned: &Learned) -> Result<(), Failure> {
    output::line(&format!(
        "learned: {}, each story ranked by weights trained on the other folds; hybrid: without labels",
        learned.ranker
    ))?;
    for (mode, [middle, low, high]) in &learned.over {
        output::line(&format!(
            "learned - {mode}: nDCG@10 {middle:+.4} ({low:+.4} to {high:+.4}, 95 %, by story)"
        ))?;
    }
    for Calibration { depth, related, same_event } in &learned.calibration {
        output::line(&format!(
            "calibration error of the first {depth}: one story {related:.4}, one event {same_event:.4}"
        ))?;
    }
    let mut table = output::table(&["without", "nDCG@10", "event MRR", "story recall@100"]);
    for Ablation { feature, ndcg_10, event_mrr, story_recall_100 } in &learned.ablation {
        table.add_row(vec![
            (*feature).to_owned(),
            format!("{:+.4}", ndcg_10 - learned.ndcg_10),
            format!("{:+.4}", event_mrr - learned.event_mrr),
            format!("{:+.4}", story_recall_100 - learned.story_recall_100),
        ]);
    }
    output::line(&table.to_string())
}

/// Peak memory of this process, where the system tells.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: Option<u64> = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    kib.map_or_else(String::new, |kib| format!(", {} MiB of memory at most", kib / 1024))
}
