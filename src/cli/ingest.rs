//! `wenmai ingest`: pages and feeds into the index.
//!
//! A bad line or article is reported with its place and skipped; the rest is stored. What is
//! reported as stored is on disk.

use std::io::BufRead;
use std::io::IsTerminal;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;
use std::time::Instant;

use indicatif::ProgressBar;
use indicatif::ProgressStyle;
use prost::Message;
use serde::Serialize;
use tokio::sync::mpsc;

use crate::connect;
use crate::connect::Needs;
use crate::connect::Services;
use crate::failure::Failure;
use crate::failure::chain;
use crate::output;
use crate::page;
use crate::resumed::IngestStream;
use wenmai_engine::feed;
use wenmai_engine::feed::Lines;
use wenmai_proto::wire;
use wenmai_proto::wire::ingest_articles_response::Outcome as ItemOutcome;
use wenmai_proto::wire::page_article::Outcome as PageOutcome;
use wenmai_rpc::REQUEST_BYTES_MAX;

/// Items between reader and services: a feed is read as fast as it is stored.
const AHEAD: usize = 256;
/// Bad items that are shown one by one; all are counted.
const SHOWN_MAX: u64 = 50;

/// Arguments of `wenmai ingest`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    files: page::Files,

    #[command(flatten)]
    issue: page::IssueArgs,

    /// What standard input, or a file of another ending, holds.
    #[arg(long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,

    #[command(flatten)]
    connect: connect::Args,

    /// Print the counts as one JSON object.
    #[arg(long)]
    json: bool,
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// One article a line.
    Jsonl,
    /// One newspaper page.
    Page,
}

/// What became of everything.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(super) struct Counts {
    created: u64,
    updated: u64,
    unchanged: u64,
    failed: u64,
    /// Teasers and staff boxes: parsed, never stored.
    not_articles: u64,
    seconds: f64,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let services = Services::connect(&args.connect, Needs::Folder).await?;
    let bar = progress_bar();
    let started = Instant::now();
    let mut counts = Counts::default();
    let is_page =
        |path: &Path| page::is_page(path) || (!is_feed(path) && args.format == Format::Page);
    for run in args.files.files.chunk_by(|a, b| is_page(a) && is_page(b)) {
        let done = match run {
            [path] if !is_page(path) => {
                let done = self::feed(&services, path, &mut counts, &bar).await;
                vec![done]
            }
            pages => self::pages(&services, &args, pages, &mut counts, &bar).await,
        };
        for failure in done.into_iter().filter_map(Result::err) {
            bar.suspend(|| failure.print());
            counts.failed += 1;
        }
    }
    bar.finish_and_clear();
    counts.seconds = started.elapsed().as_secs_f64();
    services.close().await?;
    if args.json {
        output::line(&serde_json::to_string(&counts).map_err(|error| Failure::failed(&error))?)?;
    } else {
        print(&counts, &args.connect.place())?;
    }
    if counts.failed == 0 { Ok(()) } else { Err(Failure::Partial) }
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

/// Stores the articles of one page.
pub(super) async fn page(
    services: &Services,
    path: &Path,
    issue: wire::Issue,
    counts: &mut Counts,
    bar: &ProgressBar,
) -> Result<(), Failure> {
    bar.set_message(path.display().to_string());
    let text = page::read(path)?;
    let request = wire::IngestPageRequest { text, issue: Some(issue) };
    let stored = services.articles().ingest_page(connect::patient(request)).await?.into_inner();
    counts.page(path, stored, bar);
    Ok(())
}

/// Stores the articles of page files: pages of one issue together, so that what goes on on another
/// page is one article.
async fn pages(
    services: &Services,
    args: &Args,
    paths: &[PathBuf],
    counts: &mut Counts,
    bar: &ProgressBar,
) -> Vec<Result<(), Failure>> {
    let mut done = Vec::new();
    let issues: Vec<wire::Issue> = paths.iter().map(|path| args.issue.issue(path)).collect();
    let both: Vec<(&PathBuf, &wire::Issue)> = paths.iter().zip(&issues).collect();
    for together in both.chunk_by(|(_, a), (_, b)| page::same_issue(a, b)) {
        if together.len() > 1
            && let Some(stored) = issue(services, together, bar).await
        {
            for ((path, _), page) in together.iter().zip(stored.pages) {
                counts.page(path, page, bar);
            }
            continue;
        }
        for (path, issue) in together {
            done.push(page(services, path, (*issue).clone(), counts, bar).await);
        }
    }
    done
}

/// Stores pages as one issue; `None` where they have to go one by one: too many, or one among them
/// that cannot be used.
async fn issue(
    services: &Services,
    pages: &[(&PathBuf, &wire::Issue)],
    bar: &ProgressBar,
) -> Option<wire::IngestIssueResponse> {
    let mut asked = Vec::with_capacity(pages.len());
    for (path, issue) in pages {
        bar.set_message(path.display().to_string());
        let text = page::read(path).ok()?;
        asked.push(wire::ParsePageRequest { text, issue: Some((*issue).clone()) });
    }
    if !page::fit_together(&asked) {
        return None;
    }
    let request = wire::IngestIssueRequest { pages: asked };
    let stored = services.articles().ingest_issue(connect::patient(request)).await.ok()?;
    Some(stored.into_inner())
}

/// Stores a feed, line by line.
async fn feed(
    services: &Services,
    path: &Path,
    counts: &mut Counts,
    bar: &ProgressBar,
) -> Result<(), Failure> {
    let shown = path.display().to_string();
    bar.set_message(shown.clone());
    let lines =
        feed::open(path).map_err(|error| Failure::Failed(format!("{shown}: {}", chain(&error))))?;
    let (items, queue) = mpsc::channel(AHEAD);
    let (bad, mut bad_lines) = mpsc::channel(AHEAD);
    let mut answers = IngestStream::new(services.articles(), queue);
    // Reading blocks, so it has a thread of its own; it ends with the feed, or when nobody takes
    // items.
    let read = move || read_feed(lines, &items, &bad);
    let reader = std::thread::Builder::new().name("feed".to_owned()).spawn(read)?;
    let mut last_line = String::from("0");
    let ended = loop {
        tokio::select! {
            answer = answers.next() => match answer {
                Ok(Some(answer)) => {
                    last_line.clone_from(&answer.item_id);
                    counts.answer(&shown, answer, bar);
                }
                Ok(None) => break Ok(()),
                Err(status) => break Err(Failure::from(status)),
            },
            Some((number, error)) = bad_lines.recv() => {
                counts.fail(&format!("{shown}:{number}"), &error, bar);
            }
        }
    };
    drop(answers);
    while let Some((number, error)) = bad_lines.recv().await {
        counts.fail(&format!("{shown}:{number}"), &error, bar);
    }
    if reader.join().is_err() {
        return Err(Failure::Failed(format!("{shown}: reading broke down")));
    }
    if ended.is_err() {
        output::note(&format!("{shown}: stopped; stored up to line {last_line}"));
    }
    ended
}

/// Sends the articles of a feed to `items`, and what is wrong with bad lines to `bad`.
fn read_feed(
    lines: Box<dyn BufRead + Send>,
    items: &mpsc::Sender<wire::IngestArticlesRequest>,
    bad: &mpsc::Sender<(u64, String)>,
) {
    for (number, line) in Lines::new(lines) {
        let item = line.and_then(|line| feed::record(&line)).map(|record| {
            let article = Some(wenmai_rpc::record_to_wire(record));
            wire::IngestArticlesRequest { item_id: number.to_string(), article }
        });
        let told = match item {
            // A message over the limit would end the stream, and all lines behind it would be lost.
            Ok(item) if item.encoded_len() > REQUEST_BYTES_MAX => {
                let what = format!("larger than {REQUEST_BYTES_MAX} bytes [MESSAGE_TOO_LARGE]");
                bad.blocking_send((number, what)).is_ok()
            }
            Ok(item) => items.blocking_send(item).is_ok(),
            Err(error) => bad.blocking_send((number, chain(&error))).is_ok(),
        };
        if !told {
            return;
        }
    }
}

fn is_feed(path: &Path) -> bool {
    let name =
        path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    ["jsonl", "ndjson", "xz", "gz", "zst"]
        .iter()
        .any(|ending| name.ends_with(&format!(".{ending}")))
}

impl Counts {
    fn add(&mut self, outcome: wire::IngestOutcome) {
        match outcome {
            wire::IngestOutcome::Created => self.created += 1,
            wire::IngestOutcome::Updated => self.updated += 1,
            wire::IngestOutcome::Unchanged => self.unchanged += 1,
            wire::IngestOutcome::Unspecified => {}
        }
    }

    /// Counts the articles of a page.
    fn page(&mut self, path: &Path, stored: wire::IngestPageResponse, bar: &ProgressBar) {
        for article in stored.articles {
            let record = article.parsed.and_then(|parsed| parsed.record).unwrap_or_default();
            match article.outcome {
                Some(PageOutcome::Ingested(ingested)) => self.add(ingested.outcome()),
                Some(PageOutcome::Error(error)) => {
                    let place = format!("{}: {}", path.display(), output::headline(&record));
                    self.fail(&place, &item_error(&error), bar);
                }
                None => self.not_articles += 1,
            }
        }
    }

    fn answer(&mut self, file: &str, answer: wire::IngestArticlesResponse, bar: &ProgressBar) {
        bar.inc(1);
        match answer.outcome {
            Some(ItemOutcome::Ingested(ingested)) => self.add(ingested.outcome()),
            Some(ItemOutcome::Error(error)) => {
                let place = format!("{file}:{}", answer.item_id);
                self.fail(&place, &item_error(&error), bar);
            }
            None => {}
        }
    }

    fn fail(&mut self, place: &str, error: &str, bar: &ProgressBar) {
        self.failed += 1;
        if self.failed <= SHOWN_MAX {
            bar.suspend(|| output::note(&format!("{place}: {error}")));
        } else if self.failed == SHOWN_MAX + 1 {
            bar.suspend(|| output::note("more bad items are counted, not shown"));
        }
    }

    fn stored(&self) -> u64 {
        self.created + self.updated + self.unchanged
    }
}

/// An item's error for a person: what, which fields, and the stable reason.
fn item_error(error: &wire::ItemError) -> String {
    let fields: Vec<String> = error
        .field_violations
        .iter()
        .map(|violation| format!("{}: {}", violation.field, violation.description))
        .filter(|told| !error.message.contains(told.as_str()))
        .collect();
    let fields =
        if fields.is_empty() { String::new() } else { format!(" ({})", fields.join("; ")) };
    format!("{}{fields} [{}]", error.message, error.reason)
}

/// Prints what became of everything, zeros left out.
pub(super) fn print(counts: &Counts, place: &str) -> Result<(), Failure> {
    let Counts { created, updated, unchanged, failed, not_articles, seconds } = *counts;
    let named = [
        (created, "new"),
        (updated, "updated"),
        (unchanged, "unchanged"),
        (not_articles, "teasers and staff boxes passed over"),
        (failed, "failed"),
    ];
    let told: Vec<String> = named
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    let told = if told.is_empty() { "nothing to store".to_owned() } else { told.join(", ") };
    #[expect(clippy::cast_precision_loss, reason = "article counts are far below 2^53")]
    let rate = counts.stored() as f64 / seconds.max(1e-9);
    output::line(&format!("{told}; {seconds:.1} s, {rate:.0} articles/s; in {place}"))
}
