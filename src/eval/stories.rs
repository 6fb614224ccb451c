//! Reads labelled stories: lines of a feed with a `story` and, for some, an `event` inside the
//! story.

use std::io::BufRead;

use serde::Deserialize;

use wenmai_domain::article::Record;
use wenmai_engine::feed;
use wenmai_engine::feed::LineError;
use wenmai_engine::feed::Lines;

/// An article with its labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Labelled {
    pub record: Record,
    /// The name of its story.
    pub story: String,
    /// The name of its event inside the story; `None` if nobody labelled it.
    pub event: Option<String>,
}

/// The labels in a line.
#[derive(Deserialize)]
struct Labels {
    story: String,
    #[serde(default)]
    event: Option<String>,
}

/// Reads labelled articles with the numbers of their lines. A bad line gives an error, and reading
/// goes on.
pub fn read(reader: impl BufRead) -> impl Iterator<Item = (u64, Result<Labelled, LineError>)> {
    Lines::new(reader).map(|(number, line)| (number, line.and_then(|line| labelled(&line))))
}

fn labelled(line: &str) -> Result<Labelled, LineError> {
    let labels: Labels =
        serde_json::from_str(line).map_err(|error| LineError::NotAnArticle(error.to_string()))?;
    Ok(Labelled { record: feed::record(line)?, story: labels.story, event: labels.event })
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn labels_come_with_the_article_and_a_missing_story_is_an_error() {
        let feed = "{\"id\":\"1\",\"title\":\"甲\",\"body\":\"乙\",\"story\":\"s\",\"event\":null}\n{\"title\":\"丙\"}\n";
        let lines: Vec<_> = read(feed.as_bytes()).collect();
        let first = lines[0].1.as_ref().unwrap();
        assert_eq!((first.story.as_str(), &first.event), ("s", &None));
        assert!(lines[1].1.as_ref().unwrap_err().to_string().contains("story"));
    }
}
