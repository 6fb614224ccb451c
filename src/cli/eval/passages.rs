//! `wenmai eval passages`: passages deep in long articles, with windows and without.

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
use wenmai_eval::passages;

/// Arguments of `wenmai eval passages`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// The articles: a feed as `wenmai ingest` takes it, plain or .xz, .gz, .zst.
    #[arg(long, value_name = "FEED")]
    input: PathBuf,

    /// Sentences to draw.
    #[arg(long, default_value_t = 200, value_name = "N")]
    questions: usize,

    /// The character of a body behind which a sentence begins.
    #[arg(long, default_value_t = 600, value_name = "N")]
    deep_chars: usize,

    /// Characters of a window.
    #[arg(long, default_value_t = 200, value_name = "N")]
    window_chars: usize,

    /// Seed of the draw.
    #[arg(long, default_value_t = 20_240_314, value_name = "N")]
    seed: u64,

    #[command(flatten)]
    index: IndexArgs,

    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let articles = articles(&args.input)?;
    let (engine, _folder) = args.index.open()?;
    let options = passages::Options {
        question_count: args.questions,
        deep_chars: args.deep_chars,
        window_chars: args.window_chars,
        seed: args.seed,
    };
    let bar = ingest::progress_bar();
    let mut progress = |at| show(&bar, at);
    let report = passages::run(&engine, articles.items, &options, &mut progress).await;
    bar.finish_and_clear();
    engine.close().await?;
    let report = report?;
    if args.json {
        json(&report)?;
    } else {
        print(&report)?;
    }
    done(articles.bad_count)
}

fn print(report: &passages::Report) -> Result<(), Failure> {
    let systems = report.forms.first().map(|form| form.recall_10.as_slice()).unwrap_or_default();
    let mut header = vec!["recall@10"];
    header.extend(systems.iter().map(|(name, _)| *name));
    let mut table = output::table(&header);
    for form in &report.forms {
        let figures = form.recall_10.iter().map(|(_, recall)| format!("{recall:.3}"));
        table.add_row(std::iter::once(form.form.to_owned()).chain(figures).collect::<Vec<_>>());
    }
    output::line(&table.to_string())?;
    output::line(&format!(
        "{} sentences (seed {}) of {} articles that have one, {} articles in all; {}",
        report.question_count,
        report.seed,
        report.long_count,
        report.article_count,
        report.index_version
    ))?;
    output::line(&format!(
        "{} windows, {} MiB, embedded in {:.1} s, scanned in {:.1} ms",
        report.window_count,
        report.window_bytes >> 20,
        report.window_embed_s,
        report.window_scan_p50_ms
    ))?;
    ingest_line(&report.ingest)
}
