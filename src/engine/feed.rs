//! Clean feeds: JSON Lines, plain or compressed, one article a line.
//!
//! Fields of a line: `title` and `body` (or `paragraphs`), and as far as known `id`, `source`, `paper`,
//! `time` or `date`, `edition`, `page`, `section`, `kind`, `kicker`, `subtitle`, `byline` (names),
//! `agency`. Other fields are passed over. A bad line is an error with its number; reading goes on.

use std::fs::File;
use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use serde::Deserialize;

use crate::domain::article::Contributor;
use crate::domain::article::Kind;
use crate::domain::article::Record;
use crate::domain::article::Role;
use crate::engine::TEXT_BYTES_MAX;

/// Bytes of one line, at most: a text at its limit, escaped.
const LINE_BYTES_MAX: usize = 4 * TEXT_BYTES_MAX;

/// Opens `path` for reading, decompressed by its ending (`.xz`, `.gz`, `.zst`); `-` is standard input.
///
/// # Errors
/// What opening the file gives.
pub fn open(path: &Path) -> io::Result<Box<dyn BufRead + Send>> {
    if path == Path::new("-") {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    let file = BufReader::new(File::open(path)?);
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    Ok(match ending {
        "xz" => Box::new(BufReader::new(liblzma::bufread::XzDecoder::new_multi_decoder(file))),
        "gz" => Box::new(BufReader::new(flate2::bufread::MultiGzDecoder::new(file))),
        "zst" => Box::new(BufReader::new(zstd::Decoder::with_buffer(file)?)),
        _ => Box::new(file),
    })
}

/// The lines of a feed with their numbers, from 1; blank lines are passed over.
pub struct Lines<R> {
    reader: R,
    number: u64,
}

/// A line that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The file cannot be read further.
    #[error("cannot be read further")]
    Read(#[source] io::Error),
    /// Longer than a line may be.
    #[error("longer than {LINE_BYTES_MAX} bytes")]
    TooLong,
    /// Not UTF-8.
    #[error("not valid UTF-8")]
    NotUtf8,
    /// Not an article.
    #[error("{0}")]
    NotAnArticle(String),
}

impl<R: BufRead> Lines<R> {
    /// Reads from `reader`.
    pub fn new(reader: R) -> Self {
        Self { reader, number: 0 }
    }

    fn read_line(&mut self) -> Option<Result<String, LineError>> {
        let mut line = Vec::new();
        let most = LINE_BYTES_MAX as u64 + 1;
        match self.reader.by_ref().take(most).read_until(b'\n', &mut line) {
            Ok(0) => return None,
            Ok(_) => {}
            Err(error) => return Some(Err(LineError::Read(error))),
        }
        self.number += 1;
        if line.len() > LINE_BYTES_MAX {
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
    #[serde(default, alias = "source_id")]
    id: Option<Id>,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    paper: Option<String>,
    #[serde(default, alias = "published_at", alias = "date")]
    time: Option<String>,
    #[serde(default)]
    edition: Option<String>,
    #[serde(default, alias = "page_no")]
    page: Option<u32>,
    #[serde(default)]
    section: Option<String>,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    kicker: Option<String>,
    #[serde(default)]
    subtitle: Option<String>,
    #[serde(default)]
    byline: Option<Vec<String>>,
    #[serde(default)]
    agency: Option<String>,
}

/// Feeds write ids as text or as numbers.
#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Text(String),
    Number(u64),
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
    let published_at = match line.time.as_deref().map(str::trim) {
        None | Some("") => None,
        Some(text) => Some(time(text).ok_or_else(|| {
            LineError::NotAnArticle(format!("`{text}` is not a time as 2024-03-14T08:00:00"))
        })?),
    };
    let paragraphs = match (line.paragraphs, line.body) {
        (Some(paragraphs), _) => paragraphs,
        (None, body) => paragraphs(&body.unwrap_or_default()),
    };
    let byline = line.byline.unwrap_or_default();
    Ok(Record {
        paper: line.paper.unwrap_or_default(),
        source: line.source.unwrap_or_default(),
        source_id: match line.id {
            None => String::new(),
            Some(Id::Text(id)) => id,
            Some(Id::Number(id)) => id.to_string(),
        },
        published_at,
        edition: line.edition.unwrap_or_default(),
        page_no: line.page,
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
        return Some(Offset::constant(8).to_datetime(instant));
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
        std::fs::write(&path, b"not gzip at all").unwrap();
        let lines: Vec<_> = Lines::new(open(&path).unwrap()).take(3).collect();
        assert!(lines[0].1.is_err());
    }
}
