//! `wenmai eval search`: queries with known answers over a feed.

use std::path::Path;
use std::path::PathBuf;

use serde::Serialize;

use crate::eval::BootstrapArgs;
use crate::eval::IndexArgs;
use crate::eval::Read;
use crate::eval::SHOWN_MAX;
use crate::eval::articles;
use crate::eval::brackets;
use crate::eval::done;
use crate::eval::figure;
use crate::eval::ingest_line;
use crate::eval::json;
use crate::eval::open;
use crate::eval::show;
use crate::eval::signed;
use crate::failure::Failure;
use crate::filter::ModeArg;
use crate::ingest;
use crate::output;
use wenmai_eval::queries;
use wenmai_eval::queries::QueryError;
use wenmai_eval::search;
use wenmai_eval::search::Figure;

/// Arguments of `wenmai eval search`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// The articles: a feed as `wenmai ingest` takes it, plain or .xz, .gz, .zst.
    #[arg(long, value_name = "FEED")]
    articles: PathBuf,

    /// The queries, one JSON object a line.
    #[arg(long, value_name = "FILE")]
    queries: PathBuf,

    /// Modes to compare; the first is what the others are held against.
    #[arg(long, value_enum, value_delimiter = ',',
          default_values_t = [ModeArg::Lexical, ModeArg::Dense, ModeArg::Hybrid])]
    modes: Vec<ModeArg>,

    #[command(flatten)]
    bootstrap: BootstrapArgs,

    #[command(flatten)]
    index: IndexArgs,

    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

/// The report, and what of the files could not be read.
#[derive(Serialize)]
struct Whole {
    #[serde(flatten)]
    report: search::Report,
    bad_article_count: usize,
    bad_query_count: usize,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let articles = articles(&args.articles)?;
    let queries = Read::all(&args.queries, queries::read(open(&args.queries)?), QueryError::is_end)
        .not_empty(&args.queries, "query")?;
    let (engine, _folder) = args.index.open()?;
    let options = search::Options {
        modes: args.modes.iter().map(|mode| mode.mode()).collect(),
        bootstrap: args.bootstrap.bootstrap(),
    };
    let bar = ingest::progress_bar();
    let mut progress = |at| show(&bar, at);
    let report = search::run(&engine, articles.items, queries.items, &options, &mut progress).await;
    bar.finish_and_clear();
    engine.close().await?;
    let report = report?;
    warn(&report, &args.queries);
    let bad = (articles.bad_count, queries.bad_count);
    let whole = Whole { report, bad_article_count: bad.0, bad_query_count: bad.1 };
    if args.json {
        json(&whole)?;
    } else {
        print(&whole.report)?;
    }
    let Whole { report, bad_article_count, bad_query_count } = whole;
    if report.query_count == 0 {
        return Err(Failure::Failed("no query has a relevant article in the feed".to_owned()));
    }
    let not_as_asked = report.unanswerable.len() + report.ids_in_doubt.len();
    done(bad_article_count + bad_query_count + not_as_asked)
}

/// Names the queries and ids that could not be used.
fn warn(report: &search::Report, path: &Path) {
    let path = path.display();
    let doubts = report.ids_in_doubt.iter().map(|doubt| match doubt.article_count {
        0 => (doubt.line, format!("id `{}` names no indexed article", doubt.id)),
        count => (doubt.line, format!("id `{}` names {count} articles, all counted", doubt.id)),
    });
    let unanswerable = report.unanswerable.iter().map(|query| {
        (query.line, format!("`{}` has no relevant article in the feed: left out", query.query))
    });
    let mut notes: Vec<(u64, String)> = doubts.chain(unanswerable).collect();
    notes.sort();
    for (line, note) in notes.iter().take(SHOWN_MAX) {
        output::note(&format!("{path}:{line}: {note}"));
    }
    if notes.len() > SHOWN_MAX {
        output::note(&format!("{path}: {} more of these", notes.len() - SHOWN_MAX));
    }
}

fn print(report: &search::Report) -> Result<(), Failure> {
    let mut table = output::table(&[
        "mode",
        "nDCG@10",
        "MRR@10",
        "recall@10",
        "recall@100",
        "success@1",
        "p50 ms",
        "p99 ms",
    ]);
    for mode in &report.modes {
        let figures = [mode.ndcg_10, mode.mrr_10, mode.recall_10, mode.recall_100, mode.success_1];
        let mut row = vec![mode.mode.name().to_owned()];
        row.extend(figures.map(|Figure { value, interval }| figure(Some(value), interval)));
        row.extend([mode.p50_ms, mode.p99_ms].map(|ms| format!("{ms:.2}")));
        table.add_row(row);
    }
    output::line(&table.to_string())?;
    kinds(report)?;
    for mode in &report.modes {
        if mode.refused_count > 0 {
            let (name, count) = (mode.mode.name(), mode.refused_count);
            output::line(&format!("{name}: {count} queries hold nothing that it can look for"))?;
        }
    }
    let unanswerable = report.unanswerable.len();
    let search::Report { query_count, article_count, refused_count, bootstrap, .. } = report;
    output::line(&format!(
        "{query_count} queries ({unanswerable} more left out) over {article_count} articles, \
         {refused_count} refused{}",
        brackets("queries", *bootstrap)
    ))?;
    ingest_line(&report.ingest)?;
    output::line(&report.index_version)
}

/// nDCG@10 of each kind of query by mode, and how far each mode is ahead of the first.
fn kinds(report: &search::Report) -> Result<(), Failure> {
    let Some((first, others)) = report.modes.split_first() else { return Ok(()) };
    if !first.kinds.is_empty() {
        let names = report.modes.iter().map(|mode| mode.mode.name());
        let header: Vec<&str> = ["nDCG@10 of", "queries"].into_iter().chain(names).collect();
        let mut table = output::table(&header);
        for (at, kind) in first.kinds.iter().enumerate() {
            let mut row = vec![kind.kind.clone(), kind.query_count.to_string()];
            let of_modes = report.modes.iter().filter_map(|mode| mode.kinds.get(at));
            row.extend(of_modes.map(|kind| format!("{:.3}", kind.ndcg_10)));
            table.add_row(row);
        }
        output::line(&table.to_string())?;
    }
    for mode in others {
        output::line(&format!(
            "{} ahead of {} in nDCG@10: {}",
            mode.mode.name(),
            first.mode.name(),
            signed(mode.ndcg_10_ahead)
        ))?;
    }
    Ok(())
}
