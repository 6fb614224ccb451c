//! Reads the text form of a filter: tokens, then recursive descent.

use crate::article::Kind;
use crate::filter::Comparison;
use crate::filter::Filter;
use crate::filter::InvalidFilter;
use crate::filter::NameField;
use crate::filter::Reason;
use crate::filter::TextField;

const DEPTH_MAX: usize = 32;
const CHARS_MAX: usize = 4_096;

pub(super) fn filter(text: &str) -> Result<Filter, InvalidFilter> {
    let length = text.chars().count();
    if length > CHARS_MAX {
        return Err(InvalidFilter { at_char: CHARS_MAX, reason: Reason::TooLong(CHARS_MAX) });
    }
    let mut parser = Parser { tokens: tokens(text)?, next: 0, end: length };
    if parser.tokens.is_empty() {
        return Ok(Filter::default());
    }
    let filter = parser.conjunction(0)?;
    match parser.peek() {
        None => Ok(filter),
        Some(_) => Err(parser.expected("`AND`, `OR` or the end")),
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    /// A bare word: a field, a value or a keyword.
    Word(String),
    /// A quoted value.
    Quoted(String),
    /// `=`, `!=`, `<`, `<=`, `>`, `>=`, `:`.
    Operator(String),
    Open,
    Close,
    Minus,
}

fn tokens(text: &str) -> Result<Vec<(usize, Token)>, InvalidFilter> {
    let mut found = Vec::new();
    let mut chars = text.chars().enumerate().peekable();
    while let Some((at, c)) = chars.next() {
        let token = match c {
            c if c.is_whitespace() => continue,
            '(' => Token::Open,
            ')' => Token::Close,
            '-' => Token::Minus,
            '=' | ':' => Token::Operator(c.to_string()),
            '<' | '>' | '!' => {
                let doubled = chars.next_if(|(_, next)| *next == '=').is_some();
                if c == '!' && !doubled {
                    return Err(InvalidFilter { at_char: at, reason: Reason::Expected("`!=`") });
                }
                Token::Operator(if doubled { format!("{c}=") } else { c.to_string() })
            }
            '"' | '\'' => Token::Quoted(quoted(&mut chars, at, c)?),
            c => {
                let mut word = String::from(c);
                while let Some((_, next)) = chars.next_if(|(_, next)| in_word(*next)) {
                    word.push(next);
                }
                Token::Word(word)
            }
        };
        found.push((at, token));
    }
    Ok(found)
}

fn in_word(c: char) -> bool {
    !c.is_whitespace() && !matches!(c, '(' | ')' | '=' | ':' | '<' | '>' | '!' | '"' | '\'')
}

fn quoted(
    chars: &mut impl Iterator<Item = (usize, char)>,
    at_char: usize,
    quote: char,
) -> Result<String, InvalidFilter> {
    let mut value = String::new();
    while let Some((_, c)) = chars.next() {
        match c {
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            c if c == quote => return Ok(value),
            c => value.push(c),
        }
    }
    Err(InvalidFilter { at_char, reason: Reason::Expected("a closing quote") })
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    next: usize,
    /// The text's length in characters: where an error at the end stands.
    end: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    fn at_char(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |(at, _)| *at)
    }

    fn fails(&self, reason: Reason) -> InvalidFilter {
        InvalidFilter { at_char: self.at_char(), reason }
    }

    fn expected(&self, what: &'static str) -> InvalidFilter {
        self.fails(Reason::Expected(what))
    }

    fn take_keyword(&mut self, keyword: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(word)) if word == keyword);
        self.next += usize::from(found);
        found
    }

    /// `factor (AND? factor)*`
    fn conjunction(&mut self, depth: usize) -> Result<Filter, InvalidFilter> {
        let mut parts = vec![self.disjunction(depth)?];
        loop {
            let explicit = self.take_keyword("AND");
            match self.peek() {
                None | Some(Token::Close) if !explicit => break,
                _ => parts.push(self.disjunction(depth)?),
            }
        }
        Ok(single_or(parts, Filter::All))
    }

    /// `term (OR term)*`
    fn disjunction(&mut self, depth: usize) -> Result<Filter, InvalidFilter> {
        let mut parts = vec![self.term(depth)?];
        while self.take_keyword("OR") {
            parts.push(self.term(depth)?);
        }
        Ok(single_or(parts, Filter::Any))
    }

    /// `(NOT | -)? ( "(" conjunction ")" | comparison )`
    fn term(&mut self, depth: usize) -> Result<Filter, InvalidFilter> {
        if depth > DEPTH_MAX {
            return Err(self.fails(Reason::TooDeep(DEPTH_MAX)));
        }
        if self.peek() == Some(&Token::Minus) {
            self.next += 1;
            return Ok(Filter::Not(Box::new(self.term(depth + 1)?)));
        }
        if self.take_keyword("NOT") {
            return Ok(Filter::Not(Box::new(self.term(depth + 1)?)));
        }
        if self.peek() == Some(&Token::Open) {
            self.next += 1;
            let inside = self.conjunction(depth + 1)?;
            if self.peek() != Some(&Token::Close) {
                return Err(self.expected("`)`"));
            }
            self.next += 1;
            return Ok(inside);
        }
        self.comparison()
    }

    fn comparison(&mut self) -> Result<Filter, InvalidFilter> {
        let field_at = self.next;
        let Some(Token::Word(field)) = self.peek().cloned() else {
            return Err(self.expected("a field"));
        };
        self.next += 1;
        let Some(Token::Operator(operator)) = self.peek().cloned() else {
            return Err(self.expected("an operator after the field"));
        };
        self.next += 1;
        let (value_at, value) = (self.next, self.value()?);
        let failed_at = |at: usize, reason: Reason| InvalidFilter {
            at_char: self.tokens.get(at).map_or(self.end, |(at, _)| *at),
            reason,
        };
        let (negated, sign) = match operator.as_str() {
            "!=" => (true, "="),
            ":" => (false, "="),
            other => (false, other),
        };
        let built = build(&field, sign, &operator, &value).map_err(|reason| {
            let at = match reason {
                Reason::Value { .. } => value_at,
                Reason::Operator { .. } => field_at + 1,
                Reason::UnknownField(_)
                | Reason::Expected(_)
                | Reason::TooDeep(_)
                | Reason::TooLong(_) => field_at,
            };
            failed_at(at, reason)
        })?;
        Ok(if negated { Filter::Not(Box::new(built)) } else { built })
    }

    fn value(&mut self) -> Result<String, InvalidFilter> {
        match self.peek().cloned() {
            Some(Token::Word(value) | Token::Quoted(value)) => {
                self.next += 1;
                Ok(value)
            }
            _ => Err(self.expected("a value")),
        }
    }
}

fn single_or(mut parts: Vec<Filter>, join: fn(Vec<Filter>) -> Filter) -> Filter {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            join(parts)
        }
        None => join(parts),
    }
}

fn build(field: &str, sign: &str, operator: &str, value: &str) -> Result<Filter, Reason> {
    let invalid = |field, wants| Reason::Value { field, wants, given: value.to_owned() };
    let ordered = match sign {
        "<" => Comparison::Less,
        "<=" => Comparison::AtMost,
        ">" => Comparison::Greater,
        ">=" => Comparison::AtLeast,
        _ => Comparison::Equal,
    };
    let only_equal = |field: &'static str| match ordered {
        Comparison::Equal => Ok(()),
        Comparison::Less | Comparison::AtMost | Comparison::Greater | Comparison::AtLeast => {
            Err(Reason::Operator { field, operator: operator.to_owned() })
        }
    };
    if let Some(text_field) = TextField::ALL.into_iter().find(|known| known.name() == field) {
        only_equal(text_field.name())?;
        return Ok(Filter::Text(text_field, value.to_owned()));
    }
    if let Some(named) = NameField::ALL.into_iter().find(|known| known.name() == field) {
        only_equal(named.name())?;
        return Ok(Filter::Names(named, value.to_owned()));
    }
    match field {
        "kind" => {
            only_equal("kind")?;
            let wants = "one of news, comment, feature, brief, photo, notice";
            Kind::from_name(value).map(Filter::Kind).ok_or_else(|| invalid("kind", wants))
        }
        "date" => value
            .parse()
            .map(|date| Filter::Date(ordered, date))
            .map_err(|_not_a_date| invalid("date", "a day as 2024-03-14")),
        "page_no" => value
            .parse()
            .map(|page_no| Filter::PageNo(ordered, page_no))
            .map_err(|_not_a_number| invalid("page_no", "a whole number")),
        "group" => {
            only_equal("group")?;
            let wants = "the id of a group of reprints";
            value.parse().map(Filter::Group).map_err(|_no_id| invalid("group", wants))
        }
        "topic" => {
            only_equal("topic")?;
            let id = value.strip_prefix("topics/").unwrap_or(value).parse();
            id.map(Filter::Topic).map_err(|_no_id| invalid("topic", "a topic's name or id"))
        }
        "original" => {
            only_equal("original")?;
            let parsed = value.parse().map(Filter::Original);
            parsed.map_err(|_neither| invalid("original", "true or false"))
        }
        unknown => Err(Reason::UnknownField(unknown.to_owned())),
    }
}
