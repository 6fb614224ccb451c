//! Reads queries in words with the articles that answer them, one JSON object on each line.
//!
//! The form is `{"query": "…", "relevant": ["id", …]}`, or with grades
//! `{"query": "…", "relevant": {"id": gain}}`. The optional `kind` (headline, question, name …)
//! groups the figures. An id is the `id` of the feed, or that of the article, with or without
//! `articles/` before it.

use std::collections::BTreeMap;
use std::io::BufRead;

use serde::Deserialize;

use wenmai_engine::feed::LineError;
use wenmai_engine::feed::Lines;

/// A query with the articles that answer it.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// The number of its line, from 1.
    pub number: u64,
    pub query: String,
    /// The kind of the query; empty if the file does not say.
    pub kind: String,
    /// The gain of each id; all are above 0.
    pub relevant: BTreeMap<String, f64>,
}

/// The form of a line in the file.
#[derive(Deserialize)]
struct Line {
    query: String,
    #[serde(default)]
    kind: String,
    relevant: Relevant,
}

/// Ids of equal gain, or ids with a gain each.
#[derive(Deserialize)]
#[serde(untagged)]
enum Relevant {
    Ids(Vec<Id>),
    Gains(BTreeMap<String, f64>),
}

/// An id, which feeds write as a text or as a number.
#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Text(String),
    Number(u64),
}

/// A line does not contain a valid query.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The line cannot be read.
    #[error("line cannot be used")]
    Line(#[source] LineError),
    /// The line is not a query; the text says why.
    #[error("{0}")]
    NotAQuery(String),
}

impl QueryError {
    /// Whether nothing more can be read after this error.
    #[must_use]
    pub fn is_end(&self) -> bool {
        matches!(self, QueryError::Line(LineError::Read(_)))
    }
}

/// Reads queries with the numbers of their lines. A bad line gives an error, and reading goes on.
pub fn read(reader: impl BufRead) -> impl Iterator<Item = (u64, Result<Judgement, QueryError>)> {
    Lines::new(reader).map(|(number, line)| {
        (number, line.map_err(QueryError::Line).and_then(|line| judgement(number, &line)))
    })
}

fn judgement(number: u64, line: &str) -> Result<Judgement, QueryError> {
    let not = |what: String| QueryError::NotAQuery(what);
    let line: Line = serde_json::from_str(line.trim_start_matches('\u{feff}'))
        .map_err(|error| not(error.to_string()))?;
    let Line { query, kind, relevant } = line;
    if query.trim().is_empty() {
        return Err(not("`query` is empty".to_owned()));
    }
    let gains: BTreeMap<String, f64> = match relevant {
        Relevant::Gains(gains) => gains,
        Relevant::Ids(ids) => ids.into_iter().map(|id| (id.into_text(), 1.0)).collect(),
    };
    if let Some((id, gain)) = gains.iter().find(|(_, gain)| !gain.is_finite() || **gain < 0.0) {
        return Err(not(format!("gain {gain} of `{id}` is below 0")));
    }
    // A gain of 0 says that an article was judged and does not answer the query.
    let relevant: BTreeMap<String, f64> =
        gains.into_iter().filter(|(_, gain)| *gain > 0.0).collect();
    if relevant.is_empty() {
        return Err(not("`relevant` names no article".to_owned()));
    }
    Ok(Judgement { number, query, kind, relevant })
}

impl Id {
    fn into_text(self) -> String {
        match self {
            Id::Text(text) => text,
            Id::Number(number) => number.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn ids_and_graded_ids_are_read() {
        let text = "{\"query\":\"大桥\",\"relevant\":[\"a\",7]}\n\n\
            {\"query\":\"秋粮\",\"kind\":\"name\",\"relevant\":{\"a\":2,\"b\":0.5,\"c\":0}}\n";
        let found: Vec<_> = read(text.as_bytes()).map(|(_, found)| found.unwrap()).collect();
        assert_eq!(found[0].relevant, [("7".into(), 1.0), ("a".into(), 1.0)].into());
        assert_eq!((found[1].number, found[1].kind.as_str()), (3, "name"));
        assert_eq!(found[1].relevant, [("a".into(), 2.0), ("b".into(), 0.5)].into());
    }

    #[test]
    fn what_is_wrong_with_a_line_is_said() {
        let reason = |line: &str| {
            let mut lines = read(line.as_bytes());
            lines.next().unwrap().1.unwrap_err().to_string()
        };
        assert!(reason("{\"query\": \"大桥\"}").contains("relevant"));
        assert!(reason("{\"query\": \" \", \"relevant\": [\"a\"]}").contains("empty"));
        assert!(reason("{\"query\": \"大桥\", \"relevant\": []}").contains("no article"));
        assert!(reason("{\"query\": \"大桥\", \"relevant\": {\"a\": -1}}").contains("below 0"));
        assert!(reason("大桥\ta").contains("expected"));
    }
}
