//! Reads articles with an editor's brief: one JSON object on each line with `title`, `body`,
//! `brief` and `date`.

use std::io::BufRead;

use jiff::civil::Date;
use serde::Deserialize;

use wenmai_engine::feed::LineError;
use wenmai_engine::feed::Lines;

/// The number of parts that the articles are divided into.
pub const FOLDS: usize = 5;

/// An article and its brief.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Brief {
    /// The headline.
    pub title: String,
    pub body: String,
    /// The editor's brief of the article.
    pub brief: String,
    /// The day of publication.
    #[serde(default)]
    pub date: Option<Date>,
}

impl Brief {
    /// The fold of the article. It depends on the quarter of the year, so that items that repeat
    /// from day to day stay together.
    #[must_use]
    pub fn fold(&self) -> usize {
        let Some(date) = self.date else { return 0 };
        let quarter = i32::from(date.year()) * 4 + i32::from((date.month() - 1) / 3);
        usize::try_from(quarter).unwrap_or_default() % FOLDS
    }
}

/// Reads articles with briefs and the numbers of their lines. A bad line gives an error, and
/// reading goes on.
pub fn read(reader: impl BufRead) -> impl Iterator<Item = (u64, Result<Brief, LineError>)> {
    Lines::new(reader).map(|(number, line)| (number, line.and_then(|line| brief(&line))))
}

fn brief(line: &str) -> Result<Brief, LineError> {
    let not_one = |what: String| LineError::NotAnArticle(what);
    let brief: Brief = serde_json::from_str(line).map_err(|error| not_one(error.to_string()))?;
    if brief.body.trim().is_empty() || brief.brief.trim().is_empty() {
        return Err(not_one("`body` or `brief` is empty".to_owned()));
    }
    Ok(brief)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_line_without_a_brief_is_an_error_and_one_quarter_is_one_fold() {
        let lines = "{\"title\":\"甲\",\"body\":\"乙\",\"brief\":\"丙\",\"date\":\"2021-01-02\"}\n\
                     {\"title\":\"甲\",\"body\":\"乙\",\"brief\":\"丙\",\"date\":\"2021-03-31\"}\n\
                     {\"title\":\"甲\",\"body\":\"乙\",\"brief\":\"丙\",\"date\":\"2021-04-01\"}\n\
                     {\"title\":\"甲\",\"body\":\"乙\"}\n{\"title\":\"\",\"body\":\" \",\"brief\":\"丙\"}\n";
        let all: Vec<_> = read(lines.as_bytes()).map(|(_, line)| line).collect();
        let fold = |at: usize| all[at].as_ref().unwrap().fold();
        assert_eq!(fold(0), fold(1));
        assert_ne!(fold(1), fold(2));
        assert!(all[3].as_ref().unwrap_err().to_string().contains("brief"));
        assert!(all[4].is_err());
    }
}
