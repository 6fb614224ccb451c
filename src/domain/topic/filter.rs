//! Which topics may be listed: comparisons, alternatives of which one must hold.
//!
//! The text form is a subset of AIP-160 (<https://google.aip.dev/160>): comparisons side by side or
//! joined by `AND`, each negated by `NOT` or `-`. As there, `OR` binds tighter than `AND`;
//! parentheses may stand around alternatives, and are not nested. An unknown field is an error, never
//! ignored.

use crate::filter::Comparison;

/// Conditions on a topic: of each list one holds, at least. No list lets every topic through.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TopicFilter(pub Vec<Vec<Condition>>);

/// One comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// It must not hold.
    pub negated: bool,
    /// What is compared.
    pub test: Test,
}

/// What is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// A number compares so.
    Number(NumberField, Comparison, i64),
    /// One of several words is this.
    Word(WordField, String),
    /// The status is this.
    Status(Status),
    /// It is pinned, or not.
    Pinned(bool),
}

/// Numbers of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberField {
    /// Its articles in the period.
    Size,
    /// Articles in the later half of the period less those in the earlier half.
    Growth,
    /// Papers and sites.
    Sources,
}

/// Words of a topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WordField {
    /// Places that its articles name.
    Place,
    /// Persons.
    Person,
    /// Organisations.
    Organisation,
    /// Its keywords.
    Keyword,
    /// Papers and sites that report on it.
    Source,
}

/// What a topic is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// An article came within seven days before the newest of all.
    Active,
    /// The last one is older, and another would still join.
    Dormant,
    /// Nothing joins it any more.
    Closed,
    /// It redirects.
    Merged,
    /// All its articles are gone.
    Empty,
}

impl Status {
    /// Every status.
    pub const ALL: [Status; 5] =
        [Status::Active, Status::Dormant, Status::Closed, Status::Merged, Status::Empty];

    /// Its name in filters, JSON and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Status::Active => "active",
            Status::Dormant => "dormant",
            Status::Closed => "closed",
            Status::Merged => "merged",
            Status::Empty => "empty",
        }
    }
}

/// A filter text that cannot be read: where, in characters from 0, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("filter, at character {at_char}: {reason}")]
pub struct InvalidTopicFilter {
    /// Where the comparison starts that cannot be read.
    pub at_char: usize,
    /// What is wrong with it.
    pub reason: String,
}

/// Characters of a filter at most.
const CHARS_MAX: usize = 4_096;
const KNOWN: &str = "known: size, growth, sources, place, person, organisation, keyword, source, \
                     status, pinned";

impl TopicFilter {
    /// Reads the text form; an empty text lets every topic through.
    ///
    /// # Errors
    /// [`InvalidTopicFilter`].
    pub fn parse(text: &str) -> Result<Self, InvalidTopicFilter> {
        let chars: Vec<char> = text.chars().collect();
        if chars.len() > CHARS_MAX {
            let reason = format!("longer than {CHARS_MAX} characters");
            return Err(InvalidTopicFilter { at_char: CHARS_MAX, reason });
        }
        let mut scanner = Scanner { chars, at: 0 };
        let mut conditions = Vec::new();
        while scanner.more() {
            if !conditions.is_empty() && scanner.keyword("AND") {
                scanner.more();
            }
            let start = scanner.at;
            let fails = |reason: String| InvalidTopicFilter { at_char: start, reason };
            conditions.push(scanner.alternatives().map_err(fails)?);
        }
        Ok(Self(conditions))
    }
}

struct Scanner {
    chars: Vec<char>,
    at: usize,
}

impl Scanner {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    /// Skips white space; whether something stands behind it.
    fn more(&mut self) -> bool {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
        self.peek().is_some()
    }

    fn word(&mut self) -> String {
        let start = self.at;
        while self.peek().is_some_and(|c| !c.is_whitespace() && !"=<>!:()\"".contains(c)) {
            self.at += 1;
        }
        self.chars.get(start..self.at).unwrap_or_default().iter().collect()
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let start = self.at;
        let found = self.word() == keyword;
        if !found {
            self.at = start;
        }
        found
    }

    /// `"(" condition (OR condition)* ")"`, or that without parentheses.
    fn alternatives(&mut self) -> Result<Vec<Condition>, String> {
        let opened = self.skip('(');
        let mut all = vec![self.condition()?];
        loop {
            self.more();
            if !self.keyword("OR") {
                break;
            }
            self.more();
            all.push(self.condition()?);
        }
        if opened && !self.skip(')') {
            return Err("expected `OR` or `)`; parentheses hold alternatives only".to_owned());
        }
        Ok(all)
    }

    fn skip(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        if found {
            self.at += 1;
            self.more();
        }
        found
    }

    fn condition(&mut self) -> Result<Condition, String> {
        let mut negated = false;
        loop {
            if self.peek() == Some('-') {
                self.at += 1;
            } else if !self.keyword("NOT") {
                break;
            }
            negated = !negated;
            self.more();
        }
        let field = self.word();
        if field.is_empty() {
            return Err(format!("expected a field; {KNOWN}"));
        }
        self.more();
        let mut operator = String::new();
        while let Some(c) = self.peek().filter(|c| "=<>!:".contains(*c)) {
            operator.push(c);
            self.at += 1;
        }
        self.more();
        let value = self.value()?;
        let (unequal, comparison) = match operator.as_str() {
            "=" | ":" => (false, Comparison::Equal),
            "!=" => (true, Comparison::Equal),
            "<" => (false, Comparison::Less),
            "<=" => (false, Comparison::AtMost),
            ">" => (false, Comparison::Greater),
            ">=" => (false, Comparison::AtLeast),
            _ => return Err(format!("`{field}` does not take the operator `{operator}`")),
        };
        let test = test(&field, comparison, value)?;
        Ok(Condition { negated: negated != unequal, test })
    }

    fn value(&mut self) -> Result<String, String> {
        if self.peek() != Some('"') {
            let negative = self.peek() == Some('-');
            let word = self.word();
            return if word.is_empty() || (negative && word == "-") {
                Err("expected a value".to_owned())
            } else {
                Ok(word)
            };
        }
        self.at += 1;
        let mut value = String::new();
        while let Some(c) = self.peek() {
            self.at += 1;
            match c {
                '"' => return Ok(value),
                '\\' => {
                    value.extend(self.peek());
                    self.at += 1;
                }
                c => value.push(c),
            }
        }
        Err("expected a closing quote".to_owned())
    }
}

fn test(field: &str, comparison: Comparison, value: String) -> Result<Test, String> {
    let number = |of: NumberField| {
        let parsed = value.parse().map(|number| Test::Number(of, comparison, number));
        parsed.map_err(|_no_number| format!("`{field}` wants a whole number, not `{value}`"))
    };
    match field {
        "size" => return number(NumberField::Size),
        "growth" => return number(NumberField::Growth),
        "sources" => return number(NumberField::Sources),
        _ => {}
    }
    if comparison != Comparison::Equal {
        return Err(format!("`{field}` takes `=` and `!=` only"));
    }
    match field {
        "place" => Ok(Test::Word(WordField::Place, value)),
        "person" => Ok(Test::Word(WordField::Person, value)),
        "organisation" => Ok(Test::Word(WordField::Organisation, value)),
        "keyword" => Ok(Test::Word(WordField::Keyword, value)),
        "source" => Ok(Test::Word(WordField::Source, value)),
        "pinned" => value
            .parse()
            .map(Test::Pinned)
            .map_err(|_neither| format!("`pinned` wants true or false, not `{value}`")),
        "status" => Status::ALL
            .into_iter()
            .find(|status| status.name() == value)
            .map(Test::Status)
            .ok_or_else(|| format!("`status` wants active, dormant or closed, not `{value}`")),
        _ => Err(format!("unknown field `{field}`; {KNOWN}")),
    }
}

#[cfg(test)]
mod tests {
    use super::NumberField;
    use super::Test;
    use super::TopicFilter;
    use super::WordField;
    use crate::filter::Comparison;

    #[test]
    fn comparisons_stand_side_by_side() {
        let filter =
            TopicFilter::parse(r#"size>=3 AND -place = "聊城 市" NOT growth < -2"#).unwrap();
        let all: Vec<_> = filter.0.into_iter().flatten().collect();
        let negated: Vec<bool> = all.iter().map(|one| one.negated).collect();
        assert_eq!(negated, [false, true, true]);
        let tests: Vec<Test> = all.into_iter().map(|one| one.test).collect();
        assert_eq!(tests[0], Test::Number(NumberField::Size, Comparison::AtLeast, 3));
        assert_eq!(tests[1], Test::Word(WordField::Place, "聊城 市".into()));
        assert_eq!(tests[2], Test::Number(NumberField::Growth, Comparison::Less, -2));
        assert!(TopicFilter::parse("  ").unwrap().0.is_empty());
        assert!(TopicFilter::parse("person != 周小禾").unwrap().0[0][0].negated);
    }

    #[test]
    fn alternatives_bind_tighter_than_and() {
        let shape = |text: &str| -> Vec<usize> {
            TopicFilter::parse(text).unwrap().0.iter().map(Vec::len).collect()
        };
        assert_eq!(shape("size > 1 AND place = 聊城 OR place = 莘县"), [1, 2]);
        assert_eq!(shape("(place = 聊城 OR -place = 莘县) size > 1 OR pinned = true"), [2, 2]);
        assert_eq!(shape("(size > 1)AND(size < 9)"), [1, 1]);
    }

    #[test]
    fn what_cannot_be_read_says_where() {
        for (text, at_char) in [
            ("colour = red", 0),
            ("size >= 3 AND place > 聊城", 14),
            ("size = three", 0),
            ("place", 0),
            ("size >= 3 (", 10),
            ("(size >= 3", 0),
            ("size >= 3 )", 10),
            ("size >= 3 OR", 0),
            ("OR size >= 3", 0),
            ("(size > 1 AND size < 3)", 0),
            (r#"place = "聊城"#, 0),
            ("status = asleep", 0),
            ("place = ", 0),
        ] {
            assert_eq!(TopicFilter::parse(text).unwrap_err().at_char, at_char, "{text}");
        }
        assert!(TopicFilter::parse(&"x".repeat(5_000)).is_err());
    }
}
