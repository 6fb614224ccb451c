//! `wenmai eval summary`: summaries against editors' briefs.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use crate::cli::eval::BootstrapArgs;
use crate::cli::eval::Read;
use crate::cli::eval::brackets;
use crate::cli::eval::done;
use crate::cli::eval::json;
use crate::cli::eval::open;
use crate::cli::failure::Failure;
use crate::cli::failure::chain;
use crate::cli::output;
use crate::engine::feed::LineError;
use crate::eval::bootstrap::Interval;
use crate::eval::summary;
use crate::eval::summary::Rankers;
use crate::eval::summary::briefs;
use crate::summary::Budget;
use crate::text::entity::Extractor;
use crate::text::terms::Analyzer;

/// Arguments of `wenmai eval summary`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// Articles with an editor's brief, JSON Lines (`title`, `body`, `brief`, `date`), plain or .xz,
    /// .gz, .zst.
    #[arg(long, value_name = "FILE")]
    input: PathBuf,

    /// Characters that every system may use.
    #[arg(long, default_value_t = 60, value_name = "CHARS")]
    budget: usize,

    /// Rankers of the folds, a file made by `models/train/train_summary.py`; without it, the bundled
    /// ones.
    #[arg(long, value_name = "FILE")]
    folds: Option<PathBuf>,

    /// Write the features of every clause here, to train a ranker on, and measure nothing.
    #[arg(long, value_name = "FILE")]
    features: Option<PathBuf>,

    #[command(flatten)]
    bootstrap: BootstrapArgs,

    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let is_end = |error: &LineError| matches!(error, LineError::Read(_));
    let read = Read::all(&args.input, briefs::read(open(&args.input)?), is_end);
    let Read { items: articles, bad_count } =
        read.not_empty(&args.input, "article with a brief")?;
    if let Some(path) = &args.features {
        summary::write(&articles, &mut BufWriter::new(File::create(path)?))?;
        return done(bad_count);
    }
    let budget = Budget::new(args.budget).map_err(|error| Failure::Usage(error.to_string()))?;
    let options = summary::Options { budget, bootstrap: args.bootstrap.bootstrap() };
    let rankers = rankers(args.folds.as_deref())?;
    let analyzer = Analyzer::load().map_err(|error| Failure::failed(&error))?;
    let extractor = Extractor::load(Arc::new(analyzer)).map_err(|error| Failure::failed(&error))?;
    let report = summary::run(&articles, &rankers, &extractor, options);
    if args.json {
        json(&report)?;
    } else {
        print(&report)?;
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

fn print(report: &summary::Report) -> Result<(), Failure> {
    for found in &report.tables {
        let rule = found.budget.map_or_else(
            || "at most as long as each article's own brief".to_owned(),
            |budget| format!("at most {budget} characters"),
        );
        output::line(&rule)?;
        let mut table = output::table(&["system", "ROUGE-1", "ROUGE-2", "ROUGE-L", "characters"]);
        for one in &found.systems {
            let values = [one.rouge.r1, one.rouge.r2, one.rouge.rl];
            let mut row = vec![one.name.to_owned()];
            row.extend(values.into_iter().zip(one.intervals).map(|(value, at)| percent(value, at)));
            row.push(format!("{:.0}", one.mean_chars));
            table.add_row(row);
        }
        output::line(&table.to_string())?;
    }
    let summary::Checks {
        piece_count,
        inexact_count,
        fact_count,
        unfounded_count,
        dangling_count,
        unclean_count,
        redundancy,
        empty_count,
        over_count,
    } = &report.checks;
    output::line(&format!(
        "ours, {piece_count} pieces: {inexact_count} not exact, {dangling_count} begin with a pronoun \
         or conjunction, {unclean_count} from captions or staff lines; {unfounded_count} of \
         {fact_count} numbers, dates and names not in the cited article; {:.1} % said before; \
         {empty_count} empty, {over_count} over the budget",
        100.0 * redundancy
    ))?;
    output::line(&format!(
        "{} articles, median brief {:.0} characters; {:.0} sentences/s; {}, each article by weights \
         trained on other quarters{}",
        report.article_count,
        report.brief_chars,
        report.sentences_per_s,
        report.ranker,
        brackets("articles", report.bootstrap)
    ))
}

/// A share as the papers print ROUGE, `43.1 [42.5, 43.7]`.
fn percent(value: f64, interval: Option<Interval>) -> String {
    let range = interval.map_or_else(String::new, |Interval { low, high }| {
        format!(" [{:.1}, {:.1}]", 100.0 * low, 100.0 * high)
    });
    format!("{:.1}{range}", 100.0 * value)
}
