//! The one parser of filter texts, over a table of fields: tokens, then recursive descent.
//!
//! The grammar is a subset of AIP-160 (<https://google.aip.dev/160>). A [`Language`] says which
//! fields there are and what a text becomes, and where it differs from another one.

use crate::filter::Comparison;
use crate::filter::token::Placed;
use crate::filter::token::Token;
use crate::filter::token::tokens;

/// Characters of a filter at most.
pub(crate) const CHARS_MAX: usize = 4_096;

/// A kind of filter: its fields, and what is made of them.
pub(crate) trait Language {
    /// A comparison, or what stands in its place.
    type Term: 'static;
    /// Alternatives: one of them holds, at least.
    type Any;
    /// A whole text: all of it holds.
    type All;

    /// Where this grammar differs from another one.
    const GRAMMAR: Grammar;
    /// The fields, in the order in which a message names them.
    const FIELDS: &'static [Field<Self::Term>];
    /// What a text in parentheses becomes. `None` if parentheses only stand around alternatives, and
    /// are not nested.
    const GROUP: Option<fn(Self::All) -> Self::Term>;

    /// The opposite of `term`.
    fn not(term: Self::Term) -> Self::Term;
    /// `terms` joined by `OR`; at least one.
    fn any(terms: Vec<Self::Term>) -> Self::Any;
    /// `parts` joined by `AND`; none for an empty text.
    fn all(parts: Vec<Self::Any>) -> Self::All;
}

/// Where one language differs from another.
pub(crate) struct Grammar {
    /// Marks between two of which a value may stand.
    pub(crate) quotes: &'static [char],
    /// What is no token is refused before anything else, and so is a missing operator. Otherwise a
    /// run of operators is one, which no field takes, and the value behind it is read first.
    pub(crate) strict: bool,
    /// A value without quotes may begin with `-`.
    pub(crate) signed_values: bool,
    /// Negations and parentheses inside each other, at most.
    pub(crate) depth_max: usize,
}

/// A field that a filter can name.
pub(crate) struct Field<T> {
    /// Its name in a text.
    pub(crate) name: &'static str,
    /// What a value must be.
    pub(crate) wants: &'static str,
    /// How it is compared with a value.
    pub(crate) read: Read<T>,
}

/// How a field is compared with a value: each gives the term, or `None` for a value that is not what
/// the field wants.
pub(crate) enum Read<T> {
    /// Its values have no order: it takes `=`, `:` and `!=` only.
    Exact(fn(&str) -> Option<T>),
    /// It takes `<` and the like too.
    Ordered(fn(Comparison, &str) -> Option<T>),
}

/// A text that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// Where the token stands that is wrong, in characters from 0; the text's end if one is missing.
    pub(crate) at_char: usize,
    /// Where the part of the text begins, of those that `AND` joins, in which it stands.
    pub(crate) part_at_char: usize,
    /// What is wrong.
    pub(crate) wrong: Wrong,
}

/// What can be wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wrong {
    /// It has more than [`CHARS_MAX`] characters.
    TooLong,
    /// Parentheses or negations are nested deeper than this.
    TooDeep(usize),
    /// A field is missing.
    NoField,
    /// Something else is missing.
    Expected(&'static str),
    /// This stands where an operator should.
    NoOperator { field: String, operator: String },
    /// No field has this name.
    UnknownField { name: String, comparison: Comparison },
    /// This field has no order.
    Operator { field: &'static str, operator: String },
    /// This field has no such value.
    Value { field: &'static str, wants: &'static str, given: String },
}

/// Reads `text`.
///
/// # Errors
/// The first [`Fault`].
pub(crate) fn parse<L: Language>(text: &str) -> Result<L::All, Fault> {
    let end = text.chars().count();
    if end > CHARS_MAX {
        let wrong = Wrong::TooLong;
        return Err(Fault { at_char: CHARS_MAX, part_at_char: CHARS_MAX, wrong });
    }
    let tokens = tokens(text, L::GRAMMAR.quotes);
    let mut parser = Parser { tokens, next: 0, end, part_at_char: 0 };
    if L::GRAMMAR.strict {
        parser.check_tokens()?;
    }
    if parser.peek().is_none() {
        return Ok(L::all(Vec::new()));
    }
    let all = parser.conjunction::<L>(0)?;
    match parser.peek() {
        None => Ok(all),
        Some(_) => Err(parser.expected("`AND`, `OR` or the end")),
    }
}

/// The names of all fields, for a message.
pub(crate) fn known<L: Language>() -> String {
    let names: Vec<&str> = L::FIELDS.iter().map(|field| field.name).collect();
    names.join(", ")
}

struct Parser {
    tokens: Vec<Placed>,
    next: usize,
    /// The text's length in characters: where an error at the end stands.
    end: usize,
    part_at_char: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|placed| &placed.token)
    }

    fn at_char(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |placed| placed.from)
    }

    /// Whether nothing stands between the next token and the one before.
    fn is_adjacent(&self) -> bool {
        let before = self.next.checked_sub(1).and_then(|before| self.tokens.get(before));
        before.is_some_and(|before| before.to == self.at_char())
    }

    fn fails_at(&self, at_char: usize, wrong: Wrong) -> Fault {
        Fault { at_char, part_at_char: self.part_at_char, wrong }
    }

    fn fails(&self, wrong: Wrong) -> Fault {
        self.fails_at(self.at_char(), wrong)
    }

    fn expected(&self, what: &'static str) -> Fault {
        self.fails(Wrong::Expected(what))
    }

    fn take(&mut self, token: &Token) -> bool {
        let found = self.peek() == Some(token);
        self.next += usize::from(found);
        found
    }

    fn take_keyword(&mut self, keyword: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(word)) if word == keyword);
        self.next += usize::from(found);
        found
    }

    /// Refuses what is no token.
    fn check_tokens(&self) -> Result<(), Fault> {
        for Placed { token, from, .. } in &self.tokens {
            let missing = match token {
                Token::Operator(operator) if operator == "!" => "`!=`",
                Token::Unclosed => "a closing quote",
                Token::Word(_)
                | Token::Quoted(_)
                | Token::Operator(_)
                | Token::Open
                | Token::Close
                | Token::Minus => continue,
            };
            return Err(self.fails_at(*from, Wrong::Expected(missing)));
        }
        Ok(())
    }

    /// `disjunction (AND? disjunction)*`
    fn conjunction<L: Language>(&mut self, depth: usize) -> Result<L::All, Fault> {
        let mut parts = Vec::new();
        loop {
            let explicit = !parts.is_empty() && self.take_keyword("AND");
            let is_over = match self.peek() {
                None => true,
                Some(Token::Close) => L::GROUP.is_some(),
                Some(_) => false,
            };
            if is_over && !explicit && !parts.is_empty() {
                return Ok(L::all(parts));
            }
            if depth == 0 {
                self.part_at_char = self.at_char();
            }
            parts.push(self.disjunction::<L>(depth)?);
        }
    }

    /// `term (OR term)*`; where parentheses are not nested, in parentheses or without.
    fn disjunction<L: Language>(&mut self, depth: usize) -> Result<L::Any, Fault> {
        let opened = L::GROUP.is_none() && self.take(&Token::Open);
        let mut terms = vec![self.term::<L>(depth)?];
        while self.take_keyword("OR") {
            terms.push(self.term::<L>(depth)?);
        }
        if opened && !self.take(&Token::Close) {
            return Err(self.expected("`OR` or `)`; parentheses hold alternatives only"));
        }
        Ok(L::any(terms))
    }

    /// `(NOT | -)* ( "(" conjunction ")" | comparison )`; where parentheses are not nested, a
    /// comparison only.
    fn term<L: Language>(&mut self, depth: usize) -> Result<L::Term, Fault> {
        let mut negations = 0;
        loop {
            if depth + negations > L::GRAMMAR.depth_max {
                return Err(self.fails(Wrong::TooDeep(L::GRAMMAR.depth_max)));
            }
            if !self.take(&Token::Minus) && !self.take_keyword("NOT") {
                break;
            }
            negations += 1;
        }
        let term = match L::GROUP {
            Some(group) if self.take(&Token::Open) => {
                let inside = self.conjunction::<L>(depth + negations + 1)?;
                if !self.take(&Token::Close) {
                    return Err(self.expected("`)`"));
                }
                group(inside)
            }
            Some(_) | None => self.comparison::<L>()?,
        };
        Ok((0..negations).fold(term, |term, _| L::not(term)))
    }

    /// `field operator value`
    fn comparison<L: Language>(&mut self) -> Result<L::Term, Fault> {
        let field_at = self.at_char();
        let Some(Token::Word(name)) = self.peek().cloned() else {
            return Err(self.fails(Wrong::NoField));
        };
        self.next += 1;
        let operator_at = self.at_char();
        let operator = self.operator::<L>();
        if operator.is_empty() && L::GRAMMAR.strict {
            return Err(self.expected("an operator after the field"));
        }
        let value_at = self.at_char();
        let given = self.value::<L>()?;
        let Some((negated, comparison)) = compares(&operator) else {
            return Err(self.fails_at(operator_at, Wrong::NoOperator { field: name, operator }));
        };
        let Some(field) = L::FIELDS.iter().find(|field| field.name == name) else {
            return Err(self.fails_at(field_at, Wrong::UnknownField { name, comparison }));
        };
        let Field { name: field, wants, read } = field;
        let term = match read {
            Read::Exact(_) if comparison != Comparison::Equal => {
                return Err(self.fails_at(operator_at, Wrong::Operator { field, operator }));
            }
            Read::Exact(read) => read(&given),
            Read::Ordered(read) => read(comparison, &given),
        };
        let Some(term) = term else {
            return Err(self.fails_at(value_at, Wrong::Value { field, wants, given }));
        };
        Ok(if negated { L::not(term) } else { term })
    }

    /// The operator as written; empty without one.
    fn operator<L: Language>(&mut self) -> String {
        let mut written = String::new();
        while let Some(Token::Operator(operator)) = self.peek() {
            if !written.is_empty() && (L::GRAMMAR.strict || !self.is_adjacent()) {
                break;
            }
            written.push_str(operator);
            self.next += 1;
        }
        written
    }

    fn value<L: Language>(&mut self) -> Result<String, Fault> {
        let mut value = String::new();
        while L::GRAMMAR.signed_values
            && self.peek() == Some(&Token::Minus)
            && (value.is_empty() || self.is_adjacent())
        {
            value.push('-');
            self.next += 1;
        }
        match self.peek() {
            Some(Token::Word(word)) if value.is_empty() || self.is_adjacent() => {
                value.push_str(word);
            }
            Some(Token::Quoted(quoted)) if value.is_empty() => value.clone_from(quoted),
            Some(Token::Unclosed) if value.is_empty() => {
                return Err(self.expected("a closing quote"));
            }
            // Of minus signs only two and more are a value.
            Some(_) | None if value.len() > 1 => return Ok(value),
            Some(_) | None => return Err(self.expected("a value")),
        }
        self.next += 1;
        Ok(value)
    }
}

/// Whether the opposite is meant, and how values are compared; `None` for what is no operator.
fn compares(operator: &str) -> Option<(bool, Comparison)> {
    Some(match operator {
        "=" | ":" => (false, Comparison::Equal),
        "!=" => (true, Comparison::Equal),
        "<" => (false, Comparison::Less),
        "<=" => (false, Comparison::AtMost),
        ">" => (false, Comparison::Greater),
        ">=" => (false, Comparison::AtLeast),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::filter::Filter;
    use crate::filter::NameField;
    use crate::topic::filter::Condition;
    use crate::topic::filter::Test;
    use crate::topic::filter::TopicFilter;
    use crate::topic::filter::WordField;

    /// A comparison that both languages know: the opposite, and a name.
    type Shared = (bool, String);

    fn written(parts: &[Vec<Shared>]) -> String {
        let term = |(negated, name): &Shared| {
            format!("{}place = \"{name}\"", if *negated { "NOT " } else { "" })
        };
        let part = |terms: &Vec<Shared>| {
            format!("({})", terms.iter().map(term).collect::<Vec<_>>().join(" OR "))
        };
        parts.iter().map(part).collect::<Vec<_>>().join(" AND ")
    }

    fn of_articles(parts: &[Vec<Shared>]) -> Filter {
        let term = |(negated, name): &Shared| {
            let place = Filter::Names(NameField::Place, name.clone());
            if *negated { Filter::Not(Box::new(place)) } else { place }
        };
        let or_single = |mut all: Vec<Filter>, join: fn(Vec<Filter>) -> Filter| {
            if all.len() == 1 { all.remove(0) } else { join(all) }
        };
        let part = |terms: &Vec<Shared>| or_single(terms.iter().map(term).collect(), Filter::Any);
        or_single(parts.iter().map(part).collect(), Filter::All)
    }

    fn of_topics(parts: &[Vec<Shared>]) -> TopicFilter {
        let term = |(negated, name): &Shared| {
            let test = Test::Word(WordField::Place, name.clone());
            Condition { negated: *negated, test }
        };
        TopicFilter(parts.iter().map(|terms| terms.iter().map(term).collect()).collect())
    }

    proptest! {
        #[test]
        fn what_both_languages_know_they_read_alike(
            parts in prop::collection::vec(
                prop::collection::vec((any::<bool>(), "[a-z清河 ]{1,4}"), 1..4),
                0..4,
            ),
        ) {
            let text = written(&parts);
            prop_assert_eq!(Filter::parse(&text), Ok(of_articles(&parts)));
            prop_assert_eq!(TopicFilter::parse(&text), Ok(of_topics(&parts)));
        }

        #[test]
        fn any_text_is_read_or_refused_at_a_place_within_it(
            text in "(size|place|date|AND|OR|NOT|[-=<>!:()\"'\\\\ 3清]){0,12}",
        ) {
            let end = text.chars().count();
            if let Err(error) = Filter::parse(&text) {
                prop_assert!(error.at_char <= end);
            }
            if let Err(error) = TopicFilter::parse(&text) {
                prop_assert!(error.at_char <= end);
            }
        }
    }
}
