//! What became of everything: counts, by file, and by reason of what was not stored.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use indicatif::ProgressBar;
use serde::Serialize;

use crate::failure::Failure;
use crate::ingest::say;
use crate::ingest::shown;
use crate::output;
use wenmai_feed::Format;
use wenmai_feed::Note;
use wenmai_proto::wire;
use wenmai_proto::wire::ingest_articles_response::Outcome as ItemOutcome;
use wenmai_proto::wire::page_article::Outcome as PageOutcome;

/// Failures and notes of one kind that are shown for a file; all are counted.
const SHOWN_MAX: u64 = 5;

/// What became of everything.
#[derive(Debug, Default, Serialize)]
pub(super) struct Report {
    created: u64,
    updated: u64,
    unchanged: u64,
    failed: u64,
    /// Teasers and staff boxes: parsed, never stored.
    not_articles: u64,
    /// Articles of pages that the parser was not sure enough of.
    held: u64,
    /// Articles that a dry run would have stored.
    would_store: u64,
    /// Files that nobody would expect articles in.
    skipped_files: u64,
    dry_run: bool,
    seconds: f64,
    /// How many records or files failed or were skipped, by reason.
    reasons: BTreeMap<String, u64>,
    /// How many articles were stored with something lost or mended, by kind.
    notes: BTreeMap<&'static str, u64>,
    files: Vec<FileReport>,
    #[serde(skip)]
    said: BTreeMap<String, u64>,
}

/// What became of one file.
#[derive(Debug, Default, Serialize)]
struct FileReport {
    file: String,
    /// What it was taken for; empty where that cannot be told.
    taken_as: &'static str,
    articles: u64,
    failed: u64,
    #[serde(skip_serializing_if = "is_zero")]
    held: u64,
    notes: u64,
    /// Why it was passed over or not read to its end; empty where it was.
    problem: String,
    /// What it is, where it is a web page that holds no article.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_article: Option<&'static str>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Report {
    pub(super) fn new(dry_run: bool) -> Self {
        Self { dry_run, ..Self::default() }
    }

    /// What follows is about this file.
    pub(super) fn begin(&mut self, path: &Path, format: Option<Format>) {
        self.said.clear();
        let taken_as = format.map_or("", Format::name);
        self.files.push(FileReport { file: shown(path), taken_as, ..FileReport::default() });
    }

    /// The file turned out to be of this format.
    pub(super) fn is(&mut self, format: Format) {
        self.file().taken_as = format.name();
    }

    /// The file is passed over.
    pub(super) fn skip(&mut self, what: &str) {
        self.skipped_files += 1;
        let kind = self.file().taken_as;
        *self.reasons.entry(format!("file skipped: {kind}")).or_default() += 1;
        what.clone_into(&mut self.file().problem);
    }

    /// The file is done, or could not be read further.
    pub(super) fn end(&mut self, done: Result<(), Failure>, bar: &ProgressBar) {
        let more: u64 = self.said.values().map(|count| count.saturating_sub(SHOWN_MAX)).sum();
        if more > 0 {
            say(bar, &format!("{}: and {more} more of these kinds", self.file().file));
        }
        let Err(failure) = done else { return };
        let what = match failure {
            Failure::Usage(what) | Failure::Failed(what) => what,
            Failure::Partial => return,
        };
        say(bar, &format!("wenmai: {}: {what}", self.file().file));
        self.failed += 1;
        self.file().failed += 1;
        *self.reasons.entry("file not read".to_owned()).or_default() += 1;
        self.file().problem = what;
    }

    pub(super) fn would_store(&mut self) {
        self.would_store += 1;
        self.file().articles += 1;
    }

    /// Counts the articles of a page that is only parsed.
    pub(super) fn parsed(&mut self, page: &wire::ParsePageResponse, min_confidence: f32) {
        for parsed in &page.articles {
            let Some(record) = parsed.record.as_ref() else { continue };
            let is_unsure = parsed.confidence.is_some_and(|confidence| confidence < min_confidence);
            if matches!(record.kind(), wire::ArticleKind::Teaser | wire::ArticleKind::Staff) {
                self.not_articles += 1;
            } else if is_unsure {
                self.hold();
            } else {
                self.would_store();
            }
        }
        self.is_without_article(page.no_article.as_ref());
    }

    /// Counts the articles of a page.
    pub(super) fn page(&mut self, stored: wire::IngestPageResponse, bar: &ProgressBar) {
        let no_article = stored.no_article;
        for article in stored.articles {
            let record = article.parsed.and_then(|parsed| parsed.record).unwrap_or_default();
            match article.outcome {
                Some(PageOutcome::Ingested(ingested)) => self.add(ingested.outcome()),
                Some(PageOutcome::Error(error)) => {
                    let place = output::headline(&record);
                    self.fail(&place, &error.reason, &item_error(&error), bar);
                }
                Some(PageOutcome::Held(held)) => {
                    self.hold();
                    let place = output::headline(&record);
                    let what = format!("held back: sure to {:.2}", held.confidence);
                    self.tell("held back", &place, &what, bar);
                }
                None => self.not_articles += 1,
            }
        }
        self.is_without_article(no_article.as_ref());
    }

    /// Says what a page is of which nothing was taken.
    fn is_without_article(&mut self, nothing: Option<&wire::NoArticle>) {
        let file = self.file();
        if file.articles > 0 || file.failed > 0 || file.held > 0 {
            return;
        }
        let usual = "no article was found on it";
        let problem = nothing.map_or(usual, |nothing| nothing.reason.as_str());
        problem.clone_into(&mut file.problem);
        file.no_article = nothing.map(|nothing| kind(nothing.kind()));
        let reason = file.no_article.map_or_else(String::new, |kind| format!(": {kind}"));
        *self.reasons.entry(format!("page without an article{reason}")).or_default() += 1;
    }

    pub(super) fn answer(&mut self, answer: wire::IngestArticlesResponse, bar: &ProgressBar) {
        bar.inc(1);
        match answer.outcome {
            Some(ItemOutcome::Ingested(ingested)) => self.add(ingested.outcome()),
            Some(ItemOutcome::Error(error)) => {
                self.fail(&answer.item_id, &error.reason, &item_error(&error), bar);
            }
            None => {}
        }
    }

    /// An article whose cuts are not sure enough.
    fn hold(&mut self) {
        self.held += 1;
        self.file().held += 1;
        *self.reasons.entry("held back: doubtful cuts".to_owned()).or_default() += 1;
    }

    fn add(&mut self, outcome: wire::IngestOutcome) {
        self.file().articles += 1;
        match outcome {
            wire::IngestOutcome::Created => self.created += 1,
            wire::IngestOutcome::Updated => self.updated += 1,
            wire::IngestOutcome::Unchanged => self.unchanged += 1,
            wire::IngestOutcome::Unspecified => {}
        }
    }

    /// A record or an article at `place` of the file cannot be stored.
    pub(super) fn fail(&mut self, place: &str, reason: &str, what: &str, bar: &ProgressBar) {
        self.failed += 1;
        self.file().failed += 1;
        *self.reasons.entry(reason.to_owned()).or_default() += 1;
        self.tell(reason, place, what, bar);
    }

    /// A record, by its number, or the whole file (0) is stored with something lost or mended.
    pub(super) fn note(&mut self, number: u64, note: &Note, bar: &ProgressBar) {
        *self.notes.entry(note.kind()).or_default() += 1;
        self.file().notes += 1;
        if *note == Note::OwnId {
            // Once for a file: all of its ids are alike.
            if self.said.insert(note.kind().to_owned(), SHOWN_MAX).is_none() {
                let file = &self.file().file;
                let what = "short ids without a source are kept as ids of this file alone, so that \
                            they replace nothing of another; --source NAME says whose they are";
                say(bar, &format!("{file}: {what}"));
            }
            return;
        }
        let place = if number == 0 { String::new() } else { number.to_string() };
        self.tell(note.kind(), &place, &note.to_string(), bar);
    }

    fn tell(&mut self, kind: &str, place: &str, what: &str, bar: &ProgressBar) {
        let said = self.said.entry(kind.to_owned()).or_default();
        *said += 1;
        if *said <= SHOWN_MAX {
            let colon = if place.is_empty() { "" } else { ":" };
            say(bar, &format!("{}{colon}{place}: {what}", self.file().file));
        }
    }

    fn file(&mut self) -> &mut FileReport {
        if self.files.is_empty() {
            self.files.push(FileReport::default());
        }
        let last = self.files.len() - 1;
        #[expect(clippy::indexing_slicing, reason = "there is one, as was just seen to")]
        &mut self.files[last]
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed > 0
    }

    /// Prints what became of everything, zeros left out; with several files also by file.
    pub(super) fn print(
        &mut self,
        place: &str,
        took: Duration,
        as_json: bool,
    ) -> Result<(), Failure> {
        self.seconds = took.as_secs_f64();
        if as_json {
            let text = serde_json::to_string(self).map_err(|error| Failure::failed(&error))?;
            return output::line(&text);
        }
        if self.files.len() > 1 || self.dry_run {
            self.print_files()?;
        }
        if !self.reasons.is_empty() || !self.notes.is_empty() {
            let mut table = output::table(&["why", "count"]);
            let notes = self.notes.iter().map(|(kind, count)| ((*kind).to_owned(), count));
            let reasons = self.reasons.iter().map(|(why, count)| (format!("failed: {why}"), count));
            for (why, count) in reasons.chain(notes) {
                table.add_row(vec![
                    why.replace("failed: file skipped", "file skipped")
                        .replace("failed: page without", "page without")
                        .replace("failed: held back", "held back"),
                    count.to_string(),
                ]);
            }
            output::line(&table.to_string())?;
        }
        output::line(&self.told(place))
    }

    fn print_files(&self) -> Result<(), Failure> {
        let mut table =
            output::table(&["file", "taken as", "articles", "failed", "notes", "problem"]);
        for file in &self.files {
            table.add_row(vec![
                file.file.clone(),
                file.taken_as.to_owned(),
                file.articles.to_string(),
                file.failed.to_string(),
                file.notes.to_string(),
                // How to convert it was said above; here it would make the table too wide.
                file.problem.split(';').next().unwrap_or_default().to_owned(),
            ]);
        }
        output::line(&table.to_string())
    }

    fn told(&self, place: &str) -> String {
        let named = [
            (self.created, "new"),
            (self.updated, "updated"),
            (self.unchanged, "unchanged"),
            (self.would_store, "would be stored"),
            (self.not_articles, "teasers and staff boxes passed over"),
            (self.held, "held back"),
            (self.skipped_files, "files skipped"),
            (self.failed, "failed"),
        ];
        let told: Vec<String> = named
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, name)| format!("{count} {name}"))
            .collect();
        let told = if told.is_empty() { "nothing to store".to_owned() } else { told.join(", ") };
        if self.dry_run {
            return format!("{told}; nothing was stored (--dry-run)");
        }
        let stored = self.created + self.updated + self.unchanged;
        #[expect(clippy::cast_precision_loss, reason = "article counts are far below 2^53")]
        let rate = stored as f64 / self.seconds.max(1e-9);
        format!("{told}; {:.1} s, {rate:.0} articles/s; in {place}", self.seconds)
    }
}

/// What a web page without an article is, in a word.
fn kind(kind: wire::WebPageKind) -> &'static str {
    match kind {
        wire::WebPageKind::Unspecified => "unknown",
        wire::WebPageKind::List => "list",
        wire::WebPageKind::Login => "login",
        wire::WebPageKind::Missing => "missing",
        wire::WebPageKind::Shell => "shell",
        wire::WebPageKind::Empty => "empty",
        wire::WebPageKind::NoText => "no_text",
        wire::WebPageKind::Several => "several",
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
