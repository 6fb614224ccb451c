//! The table of an archive's own words: found by [`crate::discover`], corrected by people, shipped as a
//! file.
//!
//! A line is `word<TAB>articles<TAB>cohesion<TAB>entropy`; all but the word may be missing. A line `-word` keeps
//! a word out, whatever is found. Lines that begin with `#` are comments. Of two lines for one word the last
//! one counts.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::discover::NewWord;
use wenmai_text::normalize::normal;
use wenmai_text::terms::Analyzer;

/// Characters of a word at most.
const CHARS_MAX: usize = 32;
/// Pieces of the dictionary in a word at most.
const PIECES_MAX: usize = 8;

/// A line that cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong.
    pub why: &'static str,
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.why)
    }
}

impl std::error::Error for Wrong {}

/// Words, and words that are none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Table {
    /// Each with the number of articles that hold it, 0 where nobody counted; `None` for a word that is none.
    words: BTreeMap<String, Option<u32>>,
}

impl Table {
    /// Reads a table.
    ///
    /// # Errors
    /// [`Wrong`] names the first line that cannot be used.
    pub fn read(text: &str) -> Result<Self, Wrong> {
        let mut table = Self::default();
        for (at, line) in text.lines().enumerate() {
            let wrong = |why| Wrong { line: at + 1, why };
            let line = line.trim_end();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(word) = line.strip_prefix('-') {
                table.drop(word).map_err(wrong)?;
                continue;
            }
            let mut columns = line.split('\t');
            let word = columns.next().unwrap_or_default();
            let count = match columns.next() {
                Some(count) => {
                    count.parse().map_err(|_| wrong("the number of articles is none"))?
                }
                None => 0,
            };
            table.add(word, count).map_err(wrong)?;
        }
        Ok(table)
    }

    /// Puts a word in.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn add(&mut self, word: &str, article_count: u32) -> Result<(), &'static str> {
        self.words.insert(checked(word)?, Some(article_count));
        Ok(())
    }

    /// Keeps a word out.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn drop(&mut self, word: &str) -> Result<(), &'static str> {
        self.words.insert(checked(word)?, None);
        Ok(())
    }

    /// The words, each with the number of articles that hold it.
    pub fn words(&self) -> impl Iterator<Item = (&str, u32)> {
        self.words.iter().filter_map(|(word, count)| Some((word.as_str(), (*count)?)))
    }

    /// Whether a word was kept out.
    #[must_use]
    pub fn is_dropped(&self, word: &str) -> bool {
        self.words.get(&normal(word)) == Some(&None)
    }

    /// Whether it holds `word`.
    #[must_use]
    pub fn holds(&self, word: &str) -> bool {
        matches!(self.words.get(&normal(word)), Some(Some(_)))
    }

    /// The words that stand in `texts`, whole words of the dictionary at both ends, each once.
    #[must_use]
    pub fn in_texts(&self, texts: [&str; 2], analyzer: &Analyzer) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        if self.words.is_empty() {
            return found;
        }
        for text in texts {
            let text = normal(text);
            let pieces = analyzer.tagged(&text);
            for (at, (first, _)) in pieces.iter().enumerate() {
                for (last, _) in pieces.iter().skip(at).take(PIECES_MAX) {
                    let word = text.get(first.start..last.end).unwrap_or_default();
                    let is_word = matches!(self.words.get(word), Some(Some(_)));
                    if is_word && !found.iter().any(|known| known == word) {
                        found.push(word.to_owned());
                    }
                }
            }
        }
        found
    }

    /// Adds what was found in an archive, but for what was kept out.
    pub fn learn(&mut self, found: &[NewWord]) {
        for word in found {
            let known = self.words.entry(word.text.clone()).or_insert(Some(0));
            if let Some(count) = known {
                *count = word.article_count;
            }
        }
    }

    /// The table as a file, in the order of the words.
    #[must_use]
    pub fn write(&self) -> String {
        let mut text = String::from(
            "# Words of the archive's own: a word, the number of articles; -word keeps a word out.\n",
        );
        for (word, count) in &self.words {
            // Writing into a String does not fail.
            _ = match count {
                Some(0) => writeln!(text, "{word}"),
                Some(count) => writeln!(text, "{word}\t{count}"),
                None => writeln!(text, "-{word}"),
            };
        }
        text
    }
}

fn checked(word: &str) -> Result<String, &'static str> {
    let word = normal(word.trim());
    match word.chars().count() {
        0 | 1 => Err("a word has two characters at least"),
        count if count > CHARS_MAX => Err("a word has 32 characters at most"),
        _ if word.contains(['\t', '\n', '\r']) => Err("a word holds no tab and no line break"),
        _ if !word.chars().any(char::is_alphanumeric) => Err("a word holds a letter or character"),
        _ => Ok(word),
    }
}

#[cfg(test)]
mod tests {
    use super::Table;
    use super::Wrong;
    use crate::discover::NewWord;

    fn found(text: &str, article_count: u32) -> NewWord {
        NewWord { text: text.into(), article_count, count: 9, cohesion: 6.0, entropy: 2.0 }
    }

    #[test]
    fn a_table_is_read_corrected_and_written() {
        let mut table = Table::read("# ours\n麦田小塾\t4\n-清河说\n玛丽·周\n").unwrap();
        table.learn(&[found("清河说", 7), found("麦田小塾", 9), found("稻田小塾", 5)]);
        let words: Vec<_> = table.words().collect();
        assert_eq!(words, [("玛丽·周", 0), ("稻田小塾", 5), ("麦田小塾", 9)]);
        assert!(table.is_dropped("清河說") && table.holds("麦田小塾") && !table.holds("清河说"));
        table.drop("稻田小塾").unwrap();
        assert_eq!(Table::read(&table.write()), Ok(table));
    }

    #[test]
    fn its_words_are_found_in_a_text() {
        let table = Table::read("麦田小塾\n-清河说\n玛丽·周\n").unwrap();
        let analyzer = wenmai_text::terms::Analyzer::load().unwrap();
        let found = table.in_texts(["麦田小塾开课", "清河说，玛丽·周来到麦田小塾。"], &analyzer);
        assert_eq!(found, ["麦田小塾", "玛丽·周"]);
    }

    #[test]
    fn a_line_that_cannot_be_used_is_named() {
        assert_eq!(
            Table::read("麦田\n，\n"),
            Err(Wrong { line: 2, why: "a word has two characters at least" })
        );
        assert!(Table::read("麦田\tviele\n").is_err());
        assert!(Table::read(&"麦".repeat(40)).is_err());
    }
}
