//! Doubtful cuts of pages and what a person decided on them: JSON Lines that `wenmai parse --review`
//! prints and `--decisions` takes back.
//!
//! A line has `file` (the name of the page), `line` (the first words), `nth` (how many lines of the
//! same words come before it), `decision` (`cut`: an article begins there; `join`: the line belongs
//! to the article above), and, to judge by, `confidence` and `words`. As printed, `decision` is the
//! parser's own reading: whoever knows better writes the other one.

use std::path::Path;

use serde::Deserialize;
use serde::Serialize;

use crate::failure::Failure;
use crate::output;
use wenmai_proto::wire;

/// What is decided of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reading {
    Cut,
    Join,
}

/// A line of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Entry {
    /// The name of the page's file; empty for any page.
    #[serde(default)]
    file: String,
    line: String,
    #[serde(default)]
    nth: u32,
    decision: Reading,
    /// The probability of the parser's reading; not read back.
    #[serde(default)]
    confidence: f32,
    /// All words of the lines; not read back.
    #[serde(default)]
    words: String,
}

/// The decisions of a file.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Decisions(Vec<Entry>);

/// Reads the decisions in the file at `path`.
///
/// # Errors
/// A sentence that names the line that is no decision, or why the file cannot be read.
pub(super) fn read(path: &str) -> Result<Decisions, String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let entry = |(at, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|error| format!("line {}: {error}", at + 1))
    };
    lines.map(entry).collect::<Result<_, _>>().map(Decisions)
}

/// What pages are called in the file.
fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

impl Decisions {
    /// The decisions for the page at `path`.
    pub fn of(&self, path: &Path) -> Vec<wire::CutDecision> {
        let name = name(path);
        let here = self.0.iter().filter(|entry| entry.file.is_empty() || entry.file == name);
        let decision = |entry: &Entry| wire::CutDecision {
            line: entry.line.clone(),
            nth: entry.nth,
            cut: entry.decision == Reading::Cut,
        };
        here.map(decision).collect()
    }
}

/// Prints the doubtful cuts of the page at `path`, whose text is `text`.
pub(super) fn print(path: &Path, text: &str, doubts: &[wire::CutDoubt]) -> Result<(), Failure> {
    for doubt in doubts {
        let reading = doubt.reading.clone().unwrap_or_default();
        let entry = Entry {
            file: name(path),
            line: reading.line,
            nth: reading.nth,
            decision: if reading.cut { Reading::Cut } else { Reading::Join },
            confidence: (doubt.confidence * 100.0).round() / 100.0,
            words: words(text, &doubt.spans),
        };
        output::line(&serde_json::to_string(&entry).map_err(|error| Failure::failed(&error))?)?;
    }
    Ok(())
}

/// The words at spans of characters, with a stroke between lines.
fn words(text: &str, spans: &[wire::TextSpan]) -> String {
    let piece = |span: &wire::TextSpan| -> String {
        let count = span.end_char.saturating_sub(span.start_char) as usize;
        text.chars().skip(span.start_char as usize).take(count).collect()
    };
    spans.iter().map(piece).collect::<Vec<_>>().join(" / ")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::read;

    #[test]
    fn decisions_are_read_for_their_page() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("decisions.jsonl");
        let lines = concat!(
            r#"{"file":"a.md","line":"大桥合龙","decision":"cut","confidence":0.6}"#,
            "\n\n",
            r#"{"line":"秋粮开镰","nth":1,"decision":"join"}"#,
        );
        std::fs::write(&file, lines).unwrap();
        let decisions = read(file.to_str().unwrap()).unwrap();
        assert_eq!(decisions.of(Path::new("pages/a.md")).len(), 2);
        let other = decisions.of(Path::new("b.md"));
        assert_eq!((other.len(), other[0].nth, other[0].cut), (1, 1, false));
        std::fs::write(&file, r#"{"line":"x","decision":"maybe"}"#).unwrap();
        assert!(read(file.to_str().unwrap()).unwrap_err().starts_with("line 1: "));
    }
}
