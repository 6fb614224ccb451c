//! `wenmai eval calibration`: what does a cosine among the nearest articles mean?

use std::path::PathBuf;

use crate::eval::IndexArgs;
use crate::eval::Read;
use crate::eval::StoryArgs;
use crate::eval::done;
use crate::eval::figure;
use crate::eval::ingest_line;
use crate::eval::json;
use crate::eval::show;
use crate::failure::Failure;
use crate::ingest;
use crate::output;
use wenmai_eval::calibration::HALVINGS;
use wenmai_eval::nearest;
use wenmai_eval::nearest::NEAREST;

/// Arguments of `wenmai eval calibration`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    stories: StoryArgs,

    /// Write the table here as well, such as `calibration.json` beside the model.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Articles with an event label to ask about, drawn by the seed; 0 asks all.
    #[arg(long, default_value_t = 2_000, value_name = "N")]
    queries: usize,

    /// Random articles that each is paired with, beside its nearest 100.
    #[arg(long, default_value_t = 10, value_name = "N")]
    random: usize,

    /// Seed of the draws.
    #[arg(long, default_value_t = 20_240_314, value_name = "N")]
    seed: u64,

    #[command(flatten)]
    index: IndexArgs,

    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let Read { items: articles, bad_count } = args.stories.read()?;
    let (engine, _folder) = args.index.open()?;
    let options =
        nearest::Options { query_count: args.queries, random_count: args.random, seed: args.seed };
    let bar = ingest::progress_bar();
    let report =
        nearest::run(&engine, articles, options, &mut |progress| show(&bar, progress)).await;
    bar.finish_and_clear();
    engine.close().await?;
    let report = report?.ok_or_else(|| {
        let path = args.stories.input.display();
        Failure::Failed(format!("{path}: too few stories with labelled events to judge a table"))
    })?;
    if let Some(path) = &args.out {
        let text =
            serde_json::to_string_pretty(&report).map_err(|error| Failure::failed(&error))?;
        std::fs::write(path, text + "\n")
            .map_err(|error| Failure::Failed(format!("{}: {error}", path.display())))?;
    }
    if args.json {
        json(&report)?;
    } else {
        print(&report)?;
    }
    done(bad_count)
}

fn print(report: &nearest::Report) -> Result<(), Failure> {
    let mut table = output::table(&["cosine", "same event", "same story"]);
    for knot in &report.knots {
        let numbers = [knot.cosine, knot.same_event, knot.same_story];
        table.add_row(numbers.map(|number| format!("{number:.4}")));
    }
    output::line(&table.to_string())?;
    let mut table = output::table(&[
        "unseen stories",
        "pairs",
        "base rate",
        "ECE",
        "worst half",
        "ECE from 0.1 up",
        "ECE of the cosine",
        "Brier",
        "Brier of the base rate",
    ]);
    for (name, quality) in [("same event", report.same_event), ("same story", report.same_story)] {
        let mut row = vec![name.to_owned(), quality.pair_count.to_string()];
        let figures = [
            Some(quality.base_rate),
            Some(quality.ece),
            Some(quality.ece_max),
            quality.ece_likely,
            Some(quality.ece_of_cosine),
            Some(quality.brier),
            Some(quality.brier_of_base_rate),
        ];
        row.extend(figures.map(|number| figure(number, None)));
        table.add_row(row);
    }
    output::line(&table.to_string())?;
    let nearest::Report { query_count, story_count, seed, n, unknown_event_count, .. } = report;
    output::line(&format!(
        "{n} pairs: {query_count} articles of {story_count} stories (seed {seed}) with their \
         nearest {NEAREST} ({} pairs, judged above in {HALVINGS} halvings by story) and random \
         ones; {unknown_event_count} pairs of one story have no known event",
        report.nearest_count
    ))?;
    output::line(&format!("a number is the {}", report.means))?;
    ingest_line(&report.ingest)?;
    output::line(&report.index_version)
}
