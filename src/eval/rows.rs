//! Reads pairs of sentences with a score: lines of `sentence ⇥ sentence ⇥ score`.

use std::io::BufRead;

use wenmai_engine::feed::LineError;
use wenmai_engine::feed::Lines;

/// Two sentences with the score that people gave them.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The number of the line, from 1.
    pub number: u64,
    pub left: String,
    pub right: String,
    /// The score; always finite.
    pub score: f64,
}

/// A line does not contain a valid row.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    /// The line cannot be read.
    #[error("line cannot be used")]
    Line(#[source] LineError),
    /// The line does not have three columns.
    #[error("has {given} columns, not sentence, sentence and score with tabs between")]
    Columns {
        /// How many columns it has.
        given: usize,
    },
    /// One of the sentences is empty.
    #[error("one of the sentences is empty")]
    Empty,
    /// The last column is not a finite number.
    #[error("score `{given}` is not a number")]
    Score {
        /// The text of the column.
        given: String,
    },
    /// The score is neither 0 nor 1, where a label is needed.
    #[error("label `{given}` is neither 0 nor 1; graded scores need a threshold")]
    Label { given: f64 },
}

impl RowError {
    /// Whether nothing more can be read after this error.
    #[must_use]
    pub fn is_end(&self) -> bool {
        matches!(self, RowError::Line(LineError::Read(_)))
    }
}

/// Reads rows with the numbers of their lines. A bad line gives an error, and reading goes on;
/// blank lines are skipped.
pub fn read(reader: impl BufRead) -> impl Iterator<Item = (u64, Result<Row, RowError>)> {
    Lines::new(reader).map(|(number, line)| {
        (number, line.map_err(RowError::Line).and_then(|line| row(number, &line)))
    })
}

fn row(number: u64, line: &str) -> Result<Row, RowError> {
    let line = line.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n']);
    let columns: Vec<&str> = line.split('\t').map(str::trim).collect();
    let [left, right, score] = columns.as_slice() else {
        return Err(RowError::Columns { given: columns.len() });
    };
    if left.is_empty() || right.is_empty() {
        return Err(RowError::Empty);
    }
    let parsed: Option<f64> = score.parse().ok().filter(|score: &f64| score.is_finite());
    let score = parsed.ok_or_else(|| RowError::Score { given: (*score).to_owned() })?;
    Ok(Row { number, left: (*left).to_owned(), right: (*right).to_owned(), score })
}

/// The label of a score: whether it reaches `threshold`, or without a threshold whether it is 1 and
/// not 0.
///
/// # Errors
/// [`RowError::Label`] if there is no threshold and the score is neither 0 nor 1.
pub fn label(score: f64, threshold: Option<f64>) -> Result<bool, RowError> {
    match threshold {
        Some(threshold) => Ok(score >= threshold),
        None if score.total_cmp(&1.0).is_eq() => Ok(true),
        None if score.abs().total_cmp(&0.0).is_eq() => Ok(false),
        None => Err(RowError::Label { given: score }),
    }
}

#[cfg(test)]
mod tests {
    use super::label;
    use super::read;

    #[test]
    fn rows_come_with_their_line_numbers() {
        let text = "\u{feff}大桥通车\t大桥今日通车\t4.5\r\n\n秋粮收购\t 清河开埠 \t0\n";
        let rows: Vec<_> = read(text.as_bytes()).map(|(_, row)| row.unwrap()).collect();
        assert_eq!((rows[0].number, rows[0].left.as_str(), rows[0].score), (1, "大桥通车", 4.5));
        assert_eq!((rows[1].number, rows[1].right.as_str(), rows[1].score), (3, "清河开埠", 0.0));
    }

    #[test]
    fn what_is_wrong_with_a_line_is_said_and_reading_goes_on() {
        let text = "甲\t乙\n甲\t\t1\nsentence1\tsentence2\tscore\n甲\t乙\tNaN\n甲\t乙\t1\n";
        let said: Vec<String> = read(text.as_bytes())
            .map(|(number, row)| {
                row.map_or_else(|error| format!("{number}: {error}"), |_| "ok".into())
            })
            .collect();
        assert!(said[0].starts_with("1: has 2 columns"), "{said:?}");
        assert!(said[1].contains("empty"), "{said:?}");
        assert!(said[2].contains("`score` is not a number"), "{said:?}");
        assert!(said[3].contains("`NaN`"), "{said:?}");
        assert_eq!(said[4], "ok");
    }

    #[test]
    fn graded_scores_need_a_threshold() {
        assert!(label(1.0, None).unwrap() && !label(0.0, None).unwrap());
        assert!(label(3.0, None).unwrap_err().to_string().contains("`3`"));
        assert!(label(3.0, Some(3.0)).unwrap() && !label(2.9, Some(3.0)).unwrap());
    }
}
