//! Clean feeds: JSON Lines, plain or compressed, one article a line.
//!
//! Fields of a line: `title` and `body` (or `paragraphs`), and as far as known `id`, `source`,
//! `paper`, `time` or `date`, `edition`, `page`, `section`, `kind`, `kicker`, `subtitle`, `byline`
//! (names), `agency`. Other fields are passed over. A bad line is an error with its number; reading
//! goes on.

use std::fs::File;
use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::Deserialize;

use crate::TEXT_BYTES_MAX;
use wenmai_domain::article::Contributor;
use wenmai_domain::article::Kind;
use wenmai_domain::article::Record;
use wenmai_domain::article::Role;
use wenmai_domain::day;
use wenmai_domain::page_code::PageCode;

/// Bytes of one line, at most: a text at its limit, escaped.
const LINE_BYTES_MAX: usize = 4 * TEXT_BYTES_MAX;

/// What compressed files begin with.
const XZ: &[u8] = b"\xfd7zXZ\0";
const GZIP: &[u8] = b"\x1f\x8b";
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";

/// Opens `path` for reading, decompressed where it is xz, gzip or zstd; `-` is standard input.
///
/// # Errors
/// What opening the file, or reading its first bytes, gives.
pub fn open(path: &Path) -> io::Result<Box<dyn BufRead + Send>> {
    if path == Path::new("-") {
        return decompressed(BufReader::new(io::stdin()));
    }
    decompressed(BufReader::new(File::open(path)?))
}

/// `reader`, decompressed by what it begins with: endings can be wrong, and a pipe has none.
fn decompressed(mut reader: impl BufRead + Send + 'static) -> io::Result<Box<dyn BufRead + Send>> {
    let start = reader.fill_buf()?;
    Ok(if start.starts_with(XZ) {
        Box::new(BufReader::new(liblzma::bufread::XzDecoder::new_multi_decoder(reader)))
    } else if start.starts_with(GZIP) {
        Box::new(BufReader::new(flate2::bufread::MultiGzDecoder::new(reader)))
    } else if start.starts_with(ZSTD) {
        Box::new(BufReader::new(zstd::Decoder::with_buffer(reader)?))
    } else {
        Box::new(reader)
    })
}

/// The lines of a feed with their numbers, from 1; blank lines are passed over.
pub struct Lines<R> {
    reader: R,
    number: u64,
    /// A read has failed; nothing more comes.
    broken: bool,
}

/// A line that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The file cannot be read further.
    #[error("cannot be read further")]
    Read(#[source] io::Error),
    /// The line is longer than a line may be.
    #[error("longer than {LINE_BYTES_MAX} bytes")]
    TooLong,
    /// The line is not UTF-8.
    #[error("not valid UTF-8")]
    NotUtf8,
    /// The line is not an article.
    #[error("{0}")]
    NotAnArticle(String),
}

impl<R: BufRead> Lines<R> {
    /// Reads from `reader`.
    pub fn new(reader: R) -> Self {
        Self { reader, number: 0, broken: false }
    }

    fn read_line(&mut self) -> Option<Result<String, LineError>> {
        let mut line = Vec::new();
        let most = LINE_BYTES_MAX as u64 + 1;
        self.number += 1;
        match self.reader.by_ref().take(most).read_until(b'\n', &mut line) {
            Ok(0) => return None,
            Ok(_) => {}
            Err(error) => {
                self.broken = true;
                return Some(Err(LineError::Read(error)));
            }
        }
        if line.len() > LINE_BYTES_MAX && !line.ends_with(b"\n") {
            return Some(self.pass_over());
        }
        Some(String::from_utf8(line).map_err(|_not_utf8| LineError::NotUtf8))
    }

    /// Reads to the end of a line that is too long, without keeping it.
    fn pass_over(&mut self) -> Result<String, LineError> {
        loop {
            let (used, found) = {
                let buffer = self.reader.fill_buf().map_err(LineError::Read)?;
                match buffer.iter().position(|byte| *byte == b'\n') {
                    Some(at) => (at + 1, true),
                    None => (buffer.len(), buffer.is_empty()),
                }
            };
            self.reader.consume(used);
            if found {
                return Err(LineError::TooLong);
            }
        }
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = (u64, Result<String, LineError>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.broken {
            return None;
        }
        loop {
            match self.read_line()? {
                Ok(line) if line.trim().is_empty() => {}
                other => return Some((self.number, other)),
            }
        }
    }
}

/// A line, as the feed writes it.
#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    paragraphs: Option<Vec<String>>,
    #[serde(default)]
    id: Option<Text>,
    #[serde(default)]
    source_id: Option<Text>,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    paper: Option<String>,
    #[serde(default)]
    time: Option<String>,
    #[serde(default)]
    published_at: Option<String>,
    #[serde(default)]
    date: Option<String>,
    #[serde(default)]
    edition: Option<String>,
    #[serde(default)]
    page: Option<Text>,
    #[serde(default)]
    page_no: Option<Text>,
    #[serde(default)]
    section: Option<String>,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    kicker: Option<String>,
    #[serde(default)]
    subtitle: Option<String>,
    #[serde(default)]
    byline: Option<Names>,
    #[serde(default)]
    agency: Option<String>,
}

/// Feeds write ids and page numbers as text or as numbers.
#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Text(String),
    Number(u64),
}

impl Text {
    fn into_text(self) -> String {
        match self {
            Text::Text(text) => text,
            Text::Number(number) => number.to_string(),
        }
    }
}

/// One name, or several.
#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Several(Vec<String>),
}

/// Reads one line as an article.
///
/// # Errors
/// [`LineError::NotAnArticle`] with what is wrong and where.
pub fn record(line: &str) -> Result<Record, LineError> {
    let line: Line = serde_json::from_str(line.trim_start_matches('\u{feff}'))
        .map_err(|error| LineError::NotAnArticle(error.to_string()))?;
    let kind = match line.kind.as_deref() {
        None | Some("") => Kind::News,
        Some(name) => Kind::from_name(name)
            .ok_or_else(|| LineError::NotAnArticle(format!("unknown kind `{name}`")))?,
    };
    let time = line.time.or(line.published_at).or(line.date);
    let published_at = match time.as_deref().map(str::trim) {
        None | Some("") => None,
        Some(text) => Some(self::time(text).ok_or_else(|| {
            LineError::NotAnArticle(format!("`{text}` is not a time as 2024-03-14T08:00:00"))
        })?),
    };
    let paragraphs = match (line.paragraphs, line.body) {
        (Some(paragraphs), _) => paragraphs,
        (None, body) => paragraphs(&body.unwrap_or_default()),
    };
    let byline = match line.byline {
        None => Vec::new(),
        Some(Names::One(name)) => vec![name],
        Some(Names::Several(names)) => names,
    };
    let page = line.page.or(line.page_no).map(Text::into_text).unwrap_or_default();
    let (page, page_name) = PageCode::read(&page);
    Ok(Record {
        paper: line.paper.unwrap_or_default(),
        source: line.source.unwrap_or_default(),
        source_id: line.id.or(line.source_id).map(Text::into_text).unwrap_or_default(),
        published_at,
        edition: line.edition.unwrap_or_default(),
        page,
        page_name,
        kind,
        kicker: line.kicker.unwrap_or_default(),
        title: line.title.unwrap_or_default(),
        subtitle: line.subtitle.unwrap_or_default(),
        section: line.section.unwrap_or_default(),
        byline: byline.into_iter().map(|name| Contributor { name, role: Role::Author }).collect(),
        agency: line.agency.unwrap_or_default(),
        paragraphs,
        ..Record::default()
    })
}

/// The paragraphs of a body: its lines that are not blank.
#[must_use]
pub fn paragraphs(body: &str) -> Vec<String> {
    body.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Reads a day or a time; one with an offset is turned into China Standard Time.
#[must_use]
pub fn time(text: &str) -> Option<DateTime> {
    if let Ok(instant) = text.parse::<Timestamp>() {
        return Some(day::civil_time(instant));
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::Lines;
    use super::open;
    use super::record;
    use super::time;

    #[test]
    fn a_line_becomes_an_article() {
        let line = r#"{"id": 7, "source": "清河网", "time": "2025-09-08 07:30:00", "title": "大桥合龙",
            "body": "第一段。\n\n第二段。", "kind": "brief", "extra": [1]}"#;
        let record = record(line).unwrap();
        assert_eq!(record.source_id, "7");
        assert_eq!(record.paragraphs, ["第一段。", "第二段。"]);
        assert_eq!(record.published_at.unwrap().to_string(), "2025-09-08T07:30:00");
    }

    #[test]
    fn what_is_wrong_with_a_line_is_said() {
        let reason = |line: &str| record(line).unwrap_err().to_string();
        assert!(reason("{\"title\": ").contains("EOF"));
        assert!(reason(r#"{"kind": "essay"}"#).contains("essay"));
        assert!(reason(r#"{"time": "昨天"}"#).contains("昨天"));
        assert!(reason(r#"{"title": 5}"#).contains("string"));
    }

    #[test]
    fn times_with_an_offset_become_china_standard_time() {
        assert_eq!(time("2025-09-08T00:30:00Z").unwrap().to_string(), "2025-09-08T08:30:00");
        assert_eq!(time("2025-09-08").unwrap().to_string(), "2025-09-08T00:00:00");
        assert_eq!(time("soon"), None);
    }

    #[test]
    fn compressed_feeds_read_as_plain_ones() {
        let folder = tempfile::tempdir().unwrap();
        let text = b"{\"title\": 1}\n\n{\"title\": 2}\n";
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gz.write_all(text).unwrap();
        let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
        xz.write_all(text).unwrap();
        let files = [
            ("a.jsonl", text.to_vec()),
            ("a.jsonl.gz", gz.finish().unwrap()),
            ("a.jsonl.xz", xz.finish().unwrap()),
            ("a.jsonl.zst", zstd::encode_all(&text[..], 1).unwrap()),
        ];
        for (name, bytes) in files {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            let numbers: Vec<u64> = Lines::new(open(&path).unwrap())
                .map(|(number, line)| {
                    line.unwrap();
                    number
                })
                .collect();
            assert_eq!(numbers, [1, 3], "{name}");
        }
    }

    #[test]
    fn a_field_may_stand_under_two_names() {
        let line = r#"{"id": 1, "source_id": "x", "time": "2025-09-08T07:30:00", "date": "2025-09-08",
            "page": "3", "byline": "林一"}"#;
        let record = record(line).unwrap();
        assert_eq!((record.source_id.as_str(), record.page), ("1", Some(3.into())));
        assert_eq!(record.byline[0].name, "林一");
    }

    #[test]
    fn a_line_of_just_the_limit_keeps_the_next_one() {
        let mut feed = vec![b'x'; super::LINE_BYTES_MAX];
        feed.extend_from_slice(b"\nnext\n");
        let lines: Vec<_> = Lines::new(feed.as_slice()).collect();
        assert!(lines[0].1.is_ok());
        assert_eq!(lines[1].1.as_ref().unwrap().trim(), "next");
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over_and_counted() {
        let mut feed = vec![b'x'; super::LINE_BYTES_MAX + 10];
        feed.extend_from_slice(b"\nok\n\xff\xfe\n");
        let lines: Vec<_> = Lines::new(feed.as_slice()).collect();
        assert_eq!(lines.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 2, 3]);
        assert!(lines[0].1.is_err() && lines[1].1.is_ok() && lines[2].1.is_err());
    }

    #[test]
    fn a_damaged_archive_ends_the_feed_with_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl.gz");
        std::fs::write(&path, b"\x1f\x8bnot gzip at all").unwrap();
        let lines: Vec<_> = Lines::new(open(&path).unwrap()).collect();
        assert_eq!(lines.len(), 1);
        assert!(lines[0].1.is_err());
    }
}
