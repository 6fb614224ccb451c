//! Feeds, exports and tables: records read on a thread of their own and stored as they come.

use std::collections::HashMap;
use std::hash::DefaultHasher;
use std::hash::Hash;
use std::hash::Hasher;
use std::path::Path;

use jiff::Timestamp;
use prost::Message;
use tokio::sync::mpsc;

use crate::failure::Failure;
use crate::failure::chain;
use crate::ingest::Work;
use crate::ingest::report::Report;
use crate::ingest::say;
use crate::ingest::shown;
use crate::resumed::IngestStream;
use wenmai_domain::article::Record;
use wenmai_domain::day;
use wenmai_engine::feed;
use wenmai_engine::feed::LineError;
use wenmai_engine::feed::Lines;
use wenmai_feed as formats;
use wenmai_feed::Format;
use wenmai_feed::Note;
use wenmai_feed::Options;
use wenmai_feed::Taken;
use wenmai_feed::time::Clock;
use wenmai_proto::wire;
use wenmai_rpc::REQUEST_BYTES_MAX;

/// Items between reader and services: a feed is read as fast as it is stored.
const AHEAD: usize = 256;
/// Broken lines at the start after which a file is held to be of another format.
const BROKEN_MAX: usize = 20;

/// A record or why there is none: the reason, the same for all of a kind, and the whole story.
type Outcome = Result<Taken, (String, String)>;
/// What a file holds, one by one with the number of its line or place.
type Items = Box<dyn Iterator<Item = (u64, Outcome)> + Send>;

/// What the reader tells of a record beside what it sends.
enum Told {
    Failed {
        number: u64,
        reason: String,
        what: String,
    },
    Noted {
        number: u64,
        note: Note,
    },
    /// Nothing more is read.
    Ended(String),
}

/// Stores the records of a file.
pub(super) async fn take(
    work: &Work<'_>,
    path: &Path,
    format: Format,
    report: &mut Report,
) -> Result<(), Failure> {
    work.bar.set_message(shown(path));
    let items = items(work, path, format, report)?;
    if work.args.dry_run {
        return dry(work, items, report);
    }
    let (sender, queue) = mpsc::channel(AHEAD);
    let (tell, mut told) = mpsc::channel(AHEAD);
    let mut answers = IngestStream::new(work.services.articles(), queue);
    // Reading blocks, so it has a thread of its own; it ends with the feed, or when nobody takes
    // items.
    let read = move || send(items, &sender, &tell);
    let reader = std::thread::Builder::new().name("feed".to_owned()).spawn(read)?;
    let mut last = String::from("0");
    let mut ended = None;
    let done = loop {
        tokio::select! {
            answer = answers.next() => match answer {
                Ok(Some(answer)) => {
                    last.clone_from(&answer.item_id);
                    report.answer(answer, &work.bar);
                }
                Ok(None) => break Ok(()),
                Err(status) => break Err(Failure::from(status)),
            },
            Some(one) = told.recv() => ended = hear(work, report, one).or(ended),
        }
    };
    drop(answers);
    while let Some(one) = told.recv().await {
        ended = hear(work, report, one).or(ended);
    }
    if reader.join().is_err() {
        return Err(Failure::Failed("reading broke down".to_owned()));
    }
    if done.is_err() {
        say(&work.bar, &format!("{}: stopped; stored up to line {last}", shown(path)));
    }
    done.and(ended.map_or(Ok(()), |what| Err(Failure::Failed(what))))
}

/// Counts what would be stored.
fn dry(work: &Work<'_>, items: Items, report: &mut Report) -> Result<(), Failure> {
    let mut watch = Watch::default();
    for (number, outcome) in items {
        for one in watch.look(number, &outcome) {
            if let Some(what) = hear(work, report, one) {
                return Err(Failure::Failed(what));
            }
        }
        if outcome.is_ok() {
            report.would_store();
        }
    }
    Ok(())
}

/// Puts what the reader tells into the report; gives why nothing more is read.
fn hear(work: &Work<'_>, report: &mut Report, told: Told) -> Option<String> {
    match told {
        Told::Failed { number, reason, what } => {
            report.fail(&number.to_string(), &reason, &what, &work.bar);
            None
        }
        Told::Noted { number, note } => {
            report.note(number, &note, &work.bar);
            None
        }
        Told::Ended(what) => Some(what),
    }
}

/// Sends the articles of a feed to `items`, and tells what is to be known of them.
fn send(
    records: Items,
    items: &mpsc::Sender<wire::IngestArticlesRequest>,
    tell: &mpsc::Sender<Told>,
) {
    let mut watch = Watch::default();
    for (number, outcome) in records {
        for one in watch.look(number, &outcome) {
            let ends = matches!(one, Told::Ended(_));
            if tell.blocking_send(one).is_err() || ends {
                return;
            }
        }
        let Ok(Taken { record, .. }) = outcome else { continue };
        let article = Some(wenmai_rpc::record_to_wire(record));
        let item = wire::IngestArticlesRequest { item_id: number.to_string(), article };
        // A message over the limit would end the stream, and all lines behind it would be lost.
        let sent = if item.encoded_len() > REQUEST_BYTES_MAX {
            let what = format!("larger than {REQUEST_BYTES_MAX} bytes [MESSAGE_TOO_LARGE]");
            let reason = "too large".to_owned();
            tell.blocking_send(Told::Failed { number, reason, what }).is_ok()
        } else {
            items.blocking_send(item).is_ok()
        };
        if !sent {
            return;
        }
    }
}

/// What is noticed of records that follow each other.
#[derive(Default)]
struct Watch {
    taken: usize,
    broken: usize,
    /// Number and headline of the records that have an id of their own, by that id.
    ids: HashMap<u64, (u64, u64)>,
}

impl Watch {
    /// What is to be told of a record.
    fn look(&mut self, number: u64, outcome: &Outcome) -> Vec<Told> {
        let taken = match outcome {
            Ok(taken) => taken,
            Err((reason, what)) => {
                let (reason, what) = (reason.clone(), what.clone());
                self.broken += 1;
                let mut told = vec![Told::Failed { number, reason, what }];
                if self.taken == 0 && self.broken >= BROKEN_MAX {
                    let what = format!(
                        "none of the first {BROKEN_MAX} records can be used; the rest is not read"
                    );
                    told.push(Told::Ended(what));
                }
                return told;
            }
        };
        self.taken += 1;
        let notes = taken.notes.iter().cloned();
        let mut told: Vec<Told> = notes.map(|note| Told::Noted { number, note }).collect();
        told.extend(self.replaced(number, &taken.record).map(|note| Told::Noted { number, note }));
        told
    }

    /// Says so where a record has the id of one before with another headline, which it replaces.
    fn replaced(&mut self, number: u64, record: &Record) -> Option<Note> {
        if record.source_id.is_empty() {
            return None;
        }
        let hash = |part: &dyn Fn(&mut DefaultHasher)| {
            let mut hasher = DefaultHasher::new();
            part(&mut hasher);
            hasher.finish()
        };
        let id = hash(&|hasher| (&record.source, &record.source_id).hash(hasher));
        let title = hash(&|hasher| record.title.hash(hasher));
        let (before, other) = self.ids.insert(id, (number, title))?;
        (other != title).then(|| {
            let id = &record.source_id;
            Note::Lost(format!("has the id `{id}` of record {before}, whose article it replaces"))
        })
    }
}

/// The records of a file; notes of its encoding go into the report.
fn items(
    work: &Work<'_>,
    path: &Path,
    format: Format,
    report: &mut Report,
) -> Result<Items, Failure> {
    let options = options(work, path);
    let failed = |error: &dyn std::error::Error| Failure::Failed(chain(error));
    if format == Format::JsonLines {
        let mut lines = Lines::new(feed::open(path).map_err(|error| failed(&error))?);
        return Ok(Box::new(std::iter::from_fn(move || {
            let (number, line) = lines.next()?;
            Some((number, line_outcome(line, lines.replaced(), &options)))
        })));
    }
    if format.is_binary_feed() {
        let bytes = feed::raw(path).map_err(|error| failed(&error))?;
        let all = formats::read_binary(bytes, format, &options).map_err(|error| failed(&error))?;
        return Ok(boxed(all));
    }
    let decoded = feed::whole(path).map_err(|error| failed(&error))?;
    if decoded.encoding != "UTF-8" {
        say(&work.bar, &format!("{}: read as {}", shown(path), decoded.encoding));
    }
    if decoded.replaced > 0 {
        report.note(0, &replaced(decoded.replaced), &work.bar);
    }
    let (format, all) =
        formats::read(&decoded.text, format, &options).map_err(|error| failed(&error))?;
    report.is(format);
    Ok(boxed(all))
}

fn boxed(all: Vec<formats::Item>) -> Items {
    let told = |refused: formats::Refused| (refused.reason().to_owned(), refused.to_string());
    Box::new(all.into_iter().map(move |item| (item.number, item.outcome.map_err(told))))
}

fn line_outcome(line: Result<String, LineError>, bytes: usize, options: &Options) -> Outcome {
    let line = line.map_err(|error| ("cannot be read".to_owned(), chain(&error)))?;
    let taken = formats::json::line(&line, options);
    let mut taken = taken.map_err(|refused| (refused.reason().to_owned(), refused.to_string()))?;
    if bytes > 0 {
        taken.notes.push(replaced(bytes));
    }
    Ok(taken)
}

fn replaced(count: usize) -> Note {
    Note::Mended(format!("bytes that are no character stand as \u{fffd}, {count} times"))
}

/// What is known of the file at `path` beside what it holds.
fn options(work: &Work<'_>, path: &Path) -> Options {
    let now = day::civil_time(Timestamp::now());
    // When the file was written is the nearest to when it was fetched.
    let written = std::fs::metadata(path).and_then(|about| about.modified()).ok();
    let written = written.and_then(|time| Timestamp::try_from(time).ok()).map(day::civil_time);
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let feed = if path == Path::new("-") { "" } else { name.split('.').next().unwrap_or_default() };
    Options {
        names: work.names.clone(),
        clock: Clock { now, fetched: written.unwrap_or(now) },
        source: work.args.source.clone(),
        feed: feed.to_owned(),
        ..Options::default()
    }
}
