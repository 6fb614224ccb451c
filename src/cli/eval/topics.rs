//! `wenmai eval topics`: topics on labelled stories, streamed.

use std::fs::File;
use std::io::BufWriter;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
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
use crate::ingest;
use crate::output;
use wenmai_cluster::topic::Weights;
use wenmai_domain::topic::Level;
use wenmai_engine::background;
use wenmai_eval::topics;
use wenmai_eval::topics::Drift;
use wenmai_eval::topics::ShownLabel;
use wenmai_eval::topics::Stability;
use wenmai_text::entity::Extractor;
use wenmai_text::terms::Analyzer;

/// Arguments of `wenmai eval topics`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    stories: StoryArgs,

    #[command(flatten)]
    index: IndexArgs,

    /// Weights of the folds, a file made by `models/train/train_topics.py`; without it, the bundled
    /// ones.
    #[arg(long, value_name = "FILE")]
    folds: Option<PathBuf>,

    /// Write the features of what was looked at here, to train weights on.
    #[arg(long, value_name = "FILE")]
    features: Option<PathBuf>,

    /// Measure how far stories drift, beside the figures of ours, and leave stability and baselines out:
    /// for articles without events, of which only broad subjects are known.
    #[arg(long)]
    drift: bool,

    /// Show labels of stories of all sizes, with some of their headlines.
    #[arg(long)]
    labels: bool,

    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let started = Instant::now();
    let Read { items: articles, bad_count } = args.stories.read()?;
    let analyzer = Analyzer::load().map_err(|error| Failure::failed(&error))?;
    let extractor = Extractor::load(Arc::new(analyzer)).map_err(|error| Failure::failed(&error))?;
    let options = topics::Options {
        folds: folds(args.folds.as_deref())?
            .into_iter()
            .map(|fold| fold.with_background(background()))
            .collect(),
        features: match &args.features {
            Some(path) => {
                Some(Box::new(BufWriter::new(File::create(path)?)) as Box<dyn Write + Send>)
            }
            None => None,
        },
        is_brief: args.drift,
    };
    let (engine, _folder) = args.index.open()?;
    let bar = ingest::progress_bar();
    let mut shown = |progress| show(&bar, progress);
    let report = topics::run(&engine, &extractor, articles, options, &mut shown).await;
    bar.finish_and_clear();
    engine.close().await?;
    let report = report.map_err(|error| Failure::failed(&error))?;
    if args.json {
        json(&report)?;
    } else {
        print(&report, started.elapsed().as_secs_f64(), args.labels)?;
    }
    done(bad_count)
}

/// The weights of the folds.
fn folds(path: Option<&Path>) -> Result<Vec<Weights>, Failure> {
    let Some(path) = path else {
        return topics::bundled().map_err(|error| Failure::failed(&error));
    };
    let failed = |error: &dyn std::error::Error| {
        Failure::Failed(format!("{}: {}", path.display(), chain(error)))
    };
    let json = std::fs::read_to_string(path).map_err(|error| failed(&error))?;
    topics::folds(&json).map_err(|error| failed(&error))
}

fn print(report: &topics::Report, wall_s: f64, labels: bool) -> Result<(), Failure> {
    for level in [Level::Story, Level::Event] {
        let mut table = output::table(&[
            level.name(),
            "B³ P",
            "B³ R",
            "B³ F1",
            "pairwise F1",
            "AMI",
            "ARI",
            "topics",
            "labelled",
            "singletons right",
        ]);
        for method in &report.methods {
            let got = match level {
                Level::Story => method.story,
                Level::Event => method.event,
            };
            table.add_row(vec![
                method.name.clone(),
                format!("{:.4}", got.b3_precision),
                format!("{:.4}", got.b3_recall),
                format!("{:.4}", got.b3_f1),
                format!("{:.4}", got.pairwise_f1),
                format!("{:.4}", got.ami),
                format!("{:.4}", got.ari),
                got.found_count.to_string(),
                got.label_count.to_string(),
                format!("{:.3} of {}", got.singleton_accuracy, got.singleton_count),
            ]);
        }
        output::line(&table.to_string())?;
    }
    let topics::Report { article_count, story_count, refused_count, event_article_count, .. } =
        report;
    output::line(&format!(
        "{article_count} articles of {story_count} stories, {event_article_count} with an event, \
         {refused_count} refused; {} stories merged; {:.0} articles/s assigned, one thread",
        report.merge_count, report.articles_per_s
    ))?;
    print_drift(&report.drift)?;
    if let Some(stability) = &report.stability {
        print_stability(stability, labels)?;
    }
    ingest_line(&report.ingest)?;
    output::line(&format!("{wall_s:.1} s in all; {}, {}", report.weights, report.index_version))
}

fn print_drift(drift: &Drift) -> Result<(), Failure> {
    let Drift { story_count, event_count, unanchored_share, spread, alone_share, .. } = drift;
    let mut table =
        output::table(&["largest stories", "articles", "events", "months", "unanchored"]);
    for one in &drift.largest {
        table.add_row(vec![
            one.label.clone(),
            one.article_count.to_string(),
            one.event_count.to_string(),
            one.months.to_string(),
            format!("{:.3}", one.unanchored_share),
        ]);
    }
    output::line(&table.to_string())?;
    output::line(&format!(
        "{story_count} stories, {event_count} events; pairs of a story that share no anchor \
         {unanchored_share:.4}; months × events of the largest ten {spread:.0}; articles of a story \
         that are alone in their event {alone_share:.4}; stories named by boilerplate {}",
        drift.boilerplate_count
    ))
}

fn print_stability(stability: &Stability, labels: bool) -> Result<(), Failure> {
    let Stability { id_survival, id_survival_least, label_churn, batch_ami, .. } = stability;
    output::line(&format!(
        "ids unchanged per day {:.2} % (worst day {:.2} %); labels changed at {:.2} % of choices; \
         batch against stream AMI {batch_ami:.4}; replay {}",
        100.0 * id_survival,
        100.0 * id_survival_least,
        100.0 * label_churn,
        if stability.replay_identical { "identical" } else { "DIFFERENT" }
    ))?;
    for ShownLabel { label, size, titles } in stability.labels.iter().filter(|_| labels) {
        output::line(&format!("{size:5}  {label}  <  {}", titles.join(" / ")))?;
    }
    Ok(())
}
