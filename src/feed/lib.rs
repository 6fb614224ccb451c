//! Feeds, exports and tables → records: what a newsroom has, in whichever format and under whichever
//! names.
//!
//! [`mod@format`] tells what a file is, [`encoding`] turns its bytes into text, [`read`] gives its records
//! one by one: what was taken, with notes on what was lost or mended, or why it was refused. A wrong
//! time, page or byline costs that part; only a missing title or text, or a broken line, costs the
//! article. Pure: whoever calls opens the files and says what time it is.

pub mod channel;
pub mod encoding;
pub mod format;
pub mod json;
pub mod markup;
pub mod names;
pub mod opml;
#[cfg(feature = "parquet")]
mod parquet;
mod record;
pub mod table;
pub mod time;
mod xml;

use jiff::civil::DateTime;

use names::Names;
use time::Clock;
use wenmai_domain::article::Record;

pub use format::Format;

/// What is known of a feed before it is read.
#[derive(Debug, Clone)]
pub struct Options {
    /// The names of fields.
    pub names: Names,
    /// Against which times words and likelihood are judged.
    pub clock: Clock,
    /// The source of records that name none; a feed that names itself is the source of its own.
    pub source: String,
    /// What tells this feed from others, such as its file's name. A short id of a record without a
    /// source is qualified by it, so that two feeds that count from 1 do not overwrite each other.
    pub feed: String,
    /// Records without a title or a text are taken as well.
    pub is_partial: bool,
    /// A description is the usual place of the text, as in RSS.
    pub is_summary_usual: bool,
    /// An address that leads nowhere by itself (`/a/1.html`) is kept: the caller knows from where it
    /// counts.
    pub is_address_relative: bool,
}

impl Default for Options {
    /// No source, no name of the feed, and a clock before which everything lies.
    fn default() -> Self {
        let clock = Clock { now: DateTime::MAX, fetched: DateTime::MAX };
        Self {
            names: Names::default(),
            clock,
            source: String::new(),
            feed: String::new(),
            is_partial: false,
            is_summary_usual: false,
            is_address_relative: false,
        }
    }
}

/// One record of a feed.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Its line in a table, else its number in the list, from 1.
    pub number: u64,
    /// What became of it.
    pub outcome: Result<Taken, Refused>,
}

/// A record, read.
#[derive(Debug, Clone, PartialEq)]
pub struct Taken {
    /// The record.
    pub record: Record,
    /// What of it was lost or mended.
    pub notes: Vec<Note>,
}

/// What is to be known of a record that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// It has no time, as the one that it names is wrong.
    NoTime(String),
    /// A part of it was left out.
    Lost(String),
    /// Something in it was mended.
    Mended(String),
    /// Its id is short and it names no source, so that the id was made one of this feed.
    OwnId,
}

impl Note {
    /// Its kind in a few words.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Note::NoTime(_) => "stored without a time",
            Note::Lost(_) => "a part left out",
            Note::Mended(_) => "mended",
            Note::OwnId => "id made one of its feed",
        }
    }
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Note::NoTime(what) | Note::Lost(what) | Note::Mended(what) => f.write_str(what),
            Note::OwnId => f.write_str("a short id without a source is kept as one of this feed"),
        }
    }
}

/// Why a record was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It cannot be read.
    #[error("{0}")]
    Syntax(String),
    /// A field that an article needs has another type.
    #[error("`{field}` is {given}, not {wants}")]
    Type {
        /// The field's name in the feed.
        field: String,
        /// What it must be.
        wants: &'static str,
        /// What it is.
        given: &'static str,
    },
    /// It has no title or no text.
    #[error("{}", missing(*.title, *.body, .unknown))]
    Missing {
        /// No title.
        title: bool,
        /// No text.
        body: bool,
        /// Names of fields that are not known.
        unknown: Vec<String>,
    },
}

impl Refused {
    /// The reason in a few words, the same for all records of its kind.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Refused::Syntax(_) => "cannot be read",
            Refused::Type { .. } => "a field of the wrong type",
            Refused::Missing { title: true, body: true, .. } => "neither title nor text",
            Refused::Missing { title: true, .. } => "no title",
            Refused::Missing { .. } => "no text",
        }
    }
}

fn missing(title: bool, body: bool, unknown: &[String]) -> String {
    let what = match (title, body) {
        (true, true) => "has neither a title nor a text (body)",
        (true, false) => "has no title",
        _ => "has no text (body)",
    };
    if unknown.is_empty() {
        return what.to_owned();
    }
    let names: Vec<String> = unknown.iter().map(|name| format!("`{name}`")).collect();
    format!("{what}; unknown fields: {} (--map NAME=FIELD names them)", names.join(", "))
}

/// Why a file gave nothing at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    /// It is not what it looks like.
    #[error("looks like {0}, but {1}")]
    Syntax(&'static str, String),
    /// It holds no list of articles.
    #[error("{0}")]
    Empty(&'static str),
    /// A format that is not read, and what to do about it.
    #[error("{}", .0.refusal())]
    Format(Format),
}

/// Reads a whole file that [`format::detect`] takes for `format`; tells what it turned out to be.
///
/// # Errors
/// [`Failed`] where no record can be told from another.
pub fn read(text: &str, format: Format, options: &Options) -> Result<(Format, Vec<Item>), Failed> {
    let text = text.trim_start_matches('\u{feff}');
    match format {
        Format::JsonLines => Ok((format, lines(text, options))),
        Format::JsonArray | Format::JsonFeed | Format::Ninjs => json::read(text, options),
        Format::Rss | Format::Rdf | Format::Atom | Format::NewsMl | Format::Xml => {
            xml::read(text, options)
        }
        Format::Csv | Format::Tsv => {
            let header = text.lines().next().unwrap_or_default();
            let usual = if format == Format::Tsv { b'\t' } else { b',' };
            let mark = table::delimiter(header).unwrap_or(usual);
            Ok((format, table::read(text, mark, options)?))
        }
        Format::Html
        | Format::Text
        | Format::Opml
        | Format::Parquet
        | Format::Excel
        | Format::Document
        | Format::Pdf
        | Format::Archive
        | Format::Sqlite
        | Format::Media
        | Format::Code
        | Format::Binary
        | Format::Empty => Err(Failed::Format(format)),
    }
}

/// Reads a whole file of a format that is no text.
///
/// # Errors
/// [`Failed`] where it is damaged, or this build does not read that format.
pub fn read_binary(bytes: Vec<u8>, format: Format, options: &Options) -> Result<Vec<Item>, Failed> {
    #[cfg(feature = "parquet")]
    if format == Format::Parquet {
        return parquet::read(bytes, options);
    }
    let _ = (bytes, options);
    Err(Failed::Format(format))
}

fn lines(text: &str, options: &Options) -> Vec<Item> {
    let numbered = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    numbered.map(|(line, number)| Item { number, outcome: json::line(line, options) }).collect()
}
