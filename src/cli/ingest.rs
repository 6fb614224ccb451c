//! `wenmai ingest`: pages, feeds, exports and tables into the index.
//!
//! Each file is told by what it holds. A bad record or article is reported with its place and
//! skipped; the rest is stored. What is reported as stored is on disk.

mod feed;
mod pages;
mod plan;
mod report;

use std::io::IsTerminal;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use indicatif::ProgressBar;
use indicatif::ProgressStyle;

use crate::connect;
use crate::connect::Needs;
use crate::connect::Services;
use crate::failure::Failure;
use crate::output;
use crate::page;
use plan::Kind;
use plan::Planned;
use report::Report;
use wenmai_feed::Format;
use wenmai_feed::names::Alias;
use wenmai_feed::names::Names;

/// Arguments of `wenmai ingest`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// Files, or folders with files of any kind; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    issue: page::IssueArgs,

    /// What the files hold; without it, each is told by its content.
    #[arg(long, value_enum)]
    format: Option<FormatArg>,

    /// Another name of a field, as 稿件名=title; may be given several times.
    #[arg(long = "map", value_name = "NAME=FIELD")]
    aliases: Vec<Alias>,

    /// The source of records that name none, such as the site that they are from.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "NAME")]
    source: String,

    /// Hold back the articles of pages whose cuts the parser is less sure of than this, from 0 to 1;
    /// `wenmai parse --review` shows the doubtful cuts, `--decisions` takes what was decided on them.
    #[arg(long, value_name = "CONFIDENCE", value_parser = confidence)]
    min_confidence: Option<f32>,

    /// Read everything and tell what would be stored, but store nothing.
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    connect: connect::Args,

    /// Print what became of everything as one JSON object.
    #[arg(long)]
    json: bool,
}

fn confidence(text: &str) -> Result<f32, String> {
    let number = text.parse().map_err(|_unreadable| "is no number".to_owned())?;
    if (0.0..=1.0).contains(&number) { Ok(number) } else { Err("lies between 0 and 1".to_owned()) }
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum FormatArg {
    /// One article a line, as JSON.
    Jsonl,
    /// A JSON array, JSON Feed, ninjs.
    Json,
    /// RSS, Atom, NewsML-G2, or another list in XML.
    Xml,
    /// A table with a header.
    Csv,
    /// A table with tabs between its cells.
    Tsv,
    /// One page of a newspaper or of the web.
    Page,
}

impl FormatArg {
    fn format(self) -> Format {
        match self {
            FormatArg::Jsonl => Format::JsonLines,
            FormatArg::Json => Format::JsonArray,
            FormatArg::Xml => Format::Xml,
            FormatArg::Csv => Format::Csv,
            FormatArg::Tsv => Format::Tsv,
            FormatArg::Page => Format::Text,
        }
    }
}

/// What reading files needs beside them.
struct Work<'a> {
    services: Services,
    args: &'a Args,
    names: Names,
    bar: ProgressBar,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let needs = if args.dry_run { Needs::Nothing } else { Needs::Folder };
    let services = Services::connect(&args.connect, needs).await?;
    let names = Names::with(&args.aliases);
    let started = Instant::now();
    let planned = plan::plan(&args.files, args.format.map(FormatArg::format), &names);
    let mut report = Report::new(args.dry_run);
    let work = Work { services, args: &args, names, bar: progress_bar() };
    let is_page =
        |planned: &Planned| matches!(planned.kind, Kind::Take(format) if format.is_page());
    for run in planned.chunk_by(|a, b| is_page(a) && is_page(b)) {
        match run {
            [one] if !is_page(one) => {
                report.begin(&one.path, one.kind.format());
                let done = match &one.kind {
                    Kind::Take(format) => feed::take(&work, &one.path, *format, &mut report).await,
                    Kind::Skip(_, what) => {
                        report.skip(what);
                        Ok(())
                    }
                    Kind::Fail(what, _) => Err(Failure::Failed(what.clone())),
                };
                report.end(done, &work.bar);
            }
            all => pages::take(&work, all, &mut report).await,
        }
    }
    work.bar.finish_and_clear();
    work.services.close().await?;
    report.print(&args.connect.place(), started.elapsed(), args.json)?;
    if report.has_failed() { Err(Failure::Partial) } else { Ok(()) }
}

/// A progress bar on standard error; none where that is not a terminal.
pub(super) fn progress_bar() -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(0);
    // A wrong template would only lose the look of the bar.
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {human_pos} {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// A note on standard error that does not disturb the bar.
fn say(bar: &ProgressBar, text: &str) {
    bar.suspend(|| output::note(text));
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}
