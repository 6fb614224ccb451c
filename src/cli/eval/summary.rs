//! `wenmai eval summary`: summaries against editors' briefs.

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use crate::eval::BootstrapArgs;
use crate::eval::Read;
use crate::eval::brackets;
use crate::eval::done;
use crate::eval::json;
use crate::eval::open;
use crate::eval::stories;
use crate::failure::Failure;
use crate::failure::chain;
use crate::output;
use wenmai_engine::feed::LineError;
use wenmai_eval::bootstrap::Interval;
use wenmai_eval::summary;
use wenmai_eval::summary::Rankers;
use wenmai_eval::summary::briefs;
use wenmai_eval::summary::sets;
use wenmai_summary::Budget;
use wenmai_summary::ranker::Ranker;
use wenmai_summary::topic::Reader;
use wenmai_text::entity::Extractor;
use wenmai_text::terms::Analyzer;

/// Characters of the tables for sets.
const SET_BUDGETS: [usize; 3] = [100, 200, 300];

/// Arguments of `wenmai eval summary`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// Articles with an editor's brief, JSON Lines (`title`, `body`, `brief`, `date`), plain or
    /// .xz, .gz, .zst.
    #[arg(long, value_name = "FILE", required_unless_present = "sets")]
    input: Option<PathBuf>,

    /// Labelled stories instead: sets of one event's articles are told together, and compared with
    /// the report that was held out (ids `story_event_kind_rank`, kind 0).
    #[arg(long, value_name = "FILE", conflicts_with_all = ["input", "folds", "features"])]
    sets: Option<PathBuf>,

    /// Characters that every system may use.
    ///
    /// 60 by default; for sets 100, 200 and 300, each in a table of its own.
    #[arg(long, value_name = "CHARS")]
    budget: Option<usize>,

    /// Rankers of the folds, a file made by `models/train/train_summary.py`; without it, the
    /// bundled ones.
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
    match (&args.input, &args.sets) {
        (Some(input), _) => briefs(args, input),
        (None, Some(sets)) => self::sets(args, sets),
        (None, None) => Err(Failure::Usage("give --input or --sets".to_owned())),
    }
}

fn briefs(args: &Args, input: &Path) -> Result<(), Failure> {
    let is_end = |error: &LineError| matches!(error, LineError::Read(_));
    let read = Read::all(input, briefs::read(open(input)?), is_end);
    let Read { items: articles, bad_count } = read.not_empty(input, "article with a brief")?;
    if let Some(path) = &args.features {
        summary::write(&articles, &mut BufWriter::new(File::create(path)?))?;
        return done(bad_count);
    }
    let budget = args.budget(60)?;
    let options = summary::Options { budget, bootstrap: args.bootstrap.bootstrap() };
    let rankers = rankers(args.folds.as_deref())?;
    let (_analyzer, extractor) = lists()?;
    let report = summary::run(&articles, &rankers, &extractor, options);
    if args.json {
        json(&report)?;
    } else {
        print(&report)?;
    }
    done(bad_count)
}

fn sets(args: &Args, input: &Path) -> Result<(), Failure> {
    let Read { items: articles, bad_count } = stories(input)?;
    let ranker = Ranker::bundled().map_err(|error| Failure::failed(&error))?;
    let (analyzer, extractor) = lists()?;
    let goes_on = &|| true;
    let reader = Reader { ranker: &ranker, extractor: &extractor, analyzer: &analyzer, goes_on };
    let report = sets::run(&articles, reader, &args.budgets()?, args.bootstrap.bootstrap());
    if args.json {
        json(&report)?;
    } else {
        print_sets(&report)?;
    }
    done(bad_count)
}

impl Args {
    fn budget(&self, usual: usize) -> Result<Budget, Failure> {
        budget_of(self.budget.unwrap_or(usual))
    }

    fn budgets(&self) -> Result<Vec<Budget>, Failure> {
        let usual = || SET_BUDGETS.to_vec();
        let asked = self.budget.map_or_else(usual, |one| vec![one]);
        asked.into_iter().map(budget_of).collect()
    }
}

fn budget_of(chars: usize) -> Result<Budget, Failure> {
    Budget::new(chars).map_err(|error| Failure::Usage(error.to_string()))
}

fn lists() -> Result<(Arc<Analyzer>, Extractor), Failure> {
    let analyzer = Arc::new(Analyzer::load().map_err(|error| Failure::failed(&error))?);
    let extractor = Extractor::load(Arc::clone(&analyzer));
    Ok((analyzer, extractor.map_err(|error| Failure::failed(&error))?))
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
        "ours, {piece_count} pieces: {inexact_count} not exact, {dangling_count} begin with a \
         pronoun \
         or conjunction, {unclean_count} from captions or staff lines; {unfounded_count} of \
         {fact_count} numbers, dates and names not in the cited article; {:.1} % said before; \
         {empty_count} empty, {over_count} over the budget",
        100.0 * redundancy
    ))?;
    output::line(&format!(
        "{} articles, median brief {:.0} characters; {:.0} sentences/s; {}, each article by \
         weights \
         trained on other quarters{}",
        report.article_count,
        report.brief_chars,
        report.sentences_per_s,
        report.ranker,
        brackets("articles", report.bootstrap)
    ))
}

fn print_sets(report: &sets::Report) -> Result<(), Failure> {
    for found in &report.tables {
        output::line(&format!("every text cut at {} characters", found.budget))?;
        let mut table = output::table(&[
            "system",
            "fact recall",
            "fact precision",
            "ours less it, recall",
            "said before",
            "characters",
        ]);
        for one in &found.systems {
            let ([recall_at, precision_at], [more_at, _]) =
                (one.intervals, one.ours_less_intervals);
            let is_ours = found.systems.last().is_some_and(|last| last.name == one.name);
            table.add_row(vec![
                one.name.to_owned(),
                percent(one.recall, recall_at),
                percent(one.precision, precision_at),
                if is_ours { String::new() } else { percent(one.ours_less[0], more_at) },
                percent(one.redundancy, None),
                format!("{:.0}", one.mean_chars),
            ]);
        }
        output::line(&table.to_string())?;
    }
    output::line(&format!(
        "{} events, median {:.0} articles and {:.0} facts of the held-out report{}",
        report.set_count,
        report.member_count,
        report.fact_count,
        brackets("events", report.bootstrap)
    ))?;
    output::line(&format!(
        "{} sets of 200 articles with all parts of a story: p50 {:.0} ms, p99 {:.0} ms, one thread",
        report.timed_count, report.p50_ms, report.p99_ms
    ))
}

/// A share as the papers print ROUGE, `43.1 [42.5, 43.7]`.
fn percent(value: f64, interval: Option<Interval>) -> String {
    let range = interval.map_or_else(String::new, |Interval { low, high }| {
        format!(" [{:.1}, {:.1}]", 100.0 * low, 100.0 * high)
    });
    format!("{:.1}{range}", 100.0 * value)
}
