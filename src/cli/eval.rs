//! `wenmai eval`: how good are the answers on a labelled file?

mod reprints;

use std::path::Path;
use std::path::PathBuf;
use std::time::Instant;

use indicatif::ProgressBar;

use crate::cli::failure::Failure;
use crate::cli::failure::chain;
use crate::cli::filter::ModeArg;
use crate::cli::ingest;
use crate::cli::output;
use crate::embed;
use crate::engine::Engine;
use crate::engine::feed;
use crate::eval::related;
use crate::eval::related::Progress;
use crate::eval::stories;
use crate::store;

/// Arguments of `wenmai eval`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Clone, clap::Subcommand)]
enum What {
    /// Related coverage on labelled stories: fields of a feed, and `story`, `event`.
    Related(RelatedArgs),
    /// Reprints made of real articles: recall by kind, pair precision, adjusted Rand index.
    ///
    /// The file is a feed whose lines also name a `story`. Reprints, and what looks like one, are
    /// made of some of its articles with a seed; beside ours stands MinHash at two thresholds.
    Reprints(reprints::Args),
}

/// Arguments of `wenmai eval related`.
#[derive(Debug, Clone, clap::Args)]
struct RelatedArgs {
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

    /// Keep the index in memory instead of a temporary data folder.
    #[arg(long)]
    memory: bool,

    #[command(flatten)]
    embed: embed::Config,

    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let args = match args.what {
        What::Related(args) => args,
        What::Reprints(args) => {
            let (articles, bad_count) = read(&args.input)?;
            reprints::run(&args, &articles).await?;
            return if bad_count == 0 { Ok(()) } else { Err(Failure::Partial) };
        }
    };
    let started = Instant::now();
    let (articles, bad_count) = read(&args.input)?;
    let folder = tempfile::tempdir()?;
    let opened = if args.memory {
        Engine::open_in_memory(&args.embed)
    } else {
        Engine::open(&args.embed, &store::Config { data: folder.path().join("index") })
    };
    let engine = opened?;
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
        let json = serde_json::to_string(&report).map_err(|error| Failure::failed(&error))?;
        output::line(&json)?;
    } else {
        print(&report, started.elapsed().as_secs_f64())?;
    }
    if bad_count == 0 { Ok(()) } else { Err(Failure::Partial) }
}

/// The labelled articles, and how many lines were bad.
fn read(input: &Path) -> Result<(Vec<stories::Labelled>, usize), Failure> {
    let path = input.display();
    let reader =
        feed::open(input).map_err(|error| Failure::Failed(format!("{path}: {}", chain(&error))))?;
    let mut articles = Vec::new();
    let mut bad_count = 0;
    for (number, line) in stories::read(reader) {
        match line {
            Ok(article) => articles.push(article),
            Err(error) => {
                let end = matches!(error, feed::LineError::Read(_));
                output::note(&format!("{path}:{number}: {}", chain(&error)));
                bad_count += 1;
                if end {
                    break;
                }
            }
        }
    }
    if articles.is_empty() {
        return Err(Failure::Failed(format!("{path}: holds no labelled article")));
    }
    Ok((articles, bad_count))
}

fn show(bar: &ProgressBar, progress: Progress) {
    let (text, done, total) = match progress {
        Progress::Ingest(done, total) => ("indexing".to_owned(), done, total),
        Progress::Optimize => ("building the graph".to_owned(), 0, 0),
        Progress::Query(mode, done, total) => (format!("asking, {}", mode.name()), done, total),
    };
    bar.set_position(done as u64);
    bar.set_message(if total == 0 { text } else { format!("{text}, of {total}") });
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
    let time = &report.ingest;
    output::line(&format!(
        "indexed in {:.1} s, {:.0} articles/s: embedding {:.1} s, terms {:.1} s, store {:.1} s; \
         graph {:.1} s",
        time.total_s,
        time.articles_per_s,
        time.embed_s,
        time.terms_s,
        time.store_s,
        time.optimize_s
    ))?;
    output::line(&format!("{wall_s:.1} s in all{}; {}", peak_memory(), report.index_version))
}

/// Peak memory of this process, where the system tells.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: Option<u64> = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    kib.map_or_else(String::new, |kib| format!(", {} MiB of memory at most", kib / 1024))
}
