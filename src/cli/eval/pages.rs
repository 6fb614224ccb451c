//! `wenmai eval pages`: are the articles of newspaper pages found whole?

use std::path::PathBuf;

use crate::eval::BootstrapArgs;
use crate::eval::Read;
use crate::eval::brackets;
use crate::eval::done;
use crate::eval::figure;
use crate::eval::json;
use crate::eval::open;
use crate::failure::Failure;
use crate::output;
use wenmai_engine::feed::LineError;
use wenmai_eval::pages;
use wenmai_eval::pages::Report;

/// Arguments of `wenmai eval pages`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// Labelled pages, JSON Lines, plain or .xz, .gz, .zst.
    #[arg(long, value_name = "FILE")]
    input: PathBuf,

    #[command(flatten)]
    bootstrap: BootstrapArgs,

    /// Print the report as JSON.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    let is_end = |error: &LineError| matches!(error, LineError::Read(_));
    let read = Read::all(&args.input, pages::read(open(&args.input)?), is_end);
    let read = read.not_empty(&args.input, "labelled page")?;
    let report = pages::run(&read.items, args.bootstrap.bootstrap());
    if args.json {
        json(&report)?;
    } else {
        print(&report)?;
    }
    done(read.bad_count)
}

fn print(report: &Report) -> Result<(), Failure> {
    let header = [
        "style",
        "pages",
        "articles",
        "system",
        "precision",
        "recall",
        "F1",
        "lenient",
        "cut",
        "body F1",
    ];
    let mut articles = output::table(&header);
    for style in &report.styles {
        for (at, system) in style.systems.iter().enumerate() {
            let counts = [
                style.style.clone(),
                style.page_count.to_string(),
                style.article_count.to_string(),
            ];
            let mut row = if at == 0 { counts.to_vec() } else { vec![String::new(); 3] };
            row.extend([
                system.name.to_owned(),
                figure(system.precision, None),
                figure(system.recall, None),
                figure(system.f1, system.f1_interval),
                figure(system.lenient_f1, None),
                figure(system.cut_f1, None),
                figure(system.body_f1, None),
            ]);
            articles.add_row(row);
        }
    }
    output::line(&articles.to_string())?;
    parts(report)?;
    kinds(report)?;
    output::line(&format!(
        "an article is exact where headline and body are, width and white space folded{}",
        brackets("pages", report.bootstrap)
    ))?;
    output::line(&format!(
        "lenient: F1 of articles with the right headline and a body that overlaps by 0.95; cut: \
         whatever the headline; parts: right of those that either the labels or the parser have, \
         and how many; seams: broken paragraphs joined; apart: breaks between paragraphs kept; \
         {:.1} MB/s on one core",
        report.mb_per_s
    ))
}

/// The parts, a row per style; a column only where something of it was labelled or found.
fn parts(report: &Report) -> Result<(), Failure> {
    let counted = |at: usize| {
        report.styles.iter().any(|style| style.fields.get(at).is_some_and(|f| f.count > 0))
    };
    let fields = report.styles.first().map(|style| style.fields.as_slice()).unwrap_or_default();
    let shown: Vec<usize> = (0..fields.len()).filter(|at| counted(*at)).collect();
    let names = shown.iter().filter_map(|at| fields.get(*at)).map(|field| field.field);
    let header: Vec<&str> =
        std::iter::once("style").chain(names).chain(["seams", "apart"]).collect();
    let mut table = output::table(&header);
    let cell = |value: Option<f64>, count: usize| match value {
        Some(_) => format!("{} ({count})", figure(value, None)),
        None => figure(None, None),
    };
    for style in &report.styles {
        let fields = shown.iter().filter_map(|at| style.fields.get(*at));
        let mut row = vec![style.style.clone()];
        row.extend(fields.map(|field| cell(field.accuracy, field.count)));
        row.push(cell(style.seams.joined, style.seams.count));
        row.push(cell(style.seams.kept_apart, style.seams.apart_count));
        table.add_row(row);
    }
    output::line(&table.to_string())
}

/// Which kinds were read as which, where the last row of the report has any labelled.
fn kinds(report: &Report) -> Result<(), Failure> {
    let Some(style) = report.styles.last().filter(|style| !style.kinds.is_empty()) else {
        return Ok(());
    };
    let names = |of: fn(&pages::KindCount) -> &'static str| {
        let mut names: Vec<&str> = style.kinds.iter().map(of).collect();
        names.sort_unstable();
        names.dedup();
        names
    };
    let read = names(|kind| kind.read);
    let header: Vec<&str> = std::iter::once("labelled as").chain(read.iter().copied()).collect();
    let mut table = output::table(&header);
    for labelled in names(|kind| kind.labelled) {
        let count = |read: &&str| {
            let found = style.kinds.iter().find(|k| k.labelled == labelled && k.read == *read);
            found.map_or(String::new(), |kind| kind.count.to_string())
        };
        table.add_row(std::iter::once(labelled.to_owned()).chain(read.iter().map(count)));
    }
    output::line(&table.to_string())
}
