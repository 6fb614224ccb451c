//! The tokens of a filter text.

/// A piece of a filter text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A bare word: a field, a value or a keyword.
    Word(String),
    /// A quoted value.
    Quoted(String),
    /// A quoted value whose closing quote is missing; nothing stands behind it.
    Unclosed,
    /// `=`, `!=`, `<`, `<=`, `>`, `>=`, `:`, or a `!` that no `=` follows.
    Operator(String),
    /// `(`
    Open,
    /// `)`
    Close,
    /// A `-` that no word holds.
    Minus,
}

/// A token and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub(super) token: Token,
    /// Its first character, counted from 0.
    pub(super) from: usize,
    /// The character behind its last one.
    pub(super) to: usize,
}

/// Cuts `text` into tokens; a value may stand between two of each of `quotes`, in which a backslash
/// takes the next character as it is.
pub(super) fn tokens(text: &str, quotes: &[char]) -> Vec<Placed> {
    let in_word = |c: char| {
        let ends = matches!(c, '(' | ')' | '=' | ':' | '<' | '>' | '!') || quotes.contains(&c);
        !ends && !c.is_whitespace()
    };
    let mut found: Vec<Placed> = Vec::new();
    let mut chars = text.chars().enumerate().peekable();
    while let Some((from, c)) = chars.next() {
        let token = match c {
            c if c.is_whitespace() => continue,
            '(' => Token::Open,
            ')' => Token::Close,
            '-' => Token::Minus,
            '=' | ':' => Token::Operator(c.to_string()),
            '<' | '>' | '!' => match chars.next_if(|(_, next)| *next == '=') {
                Some(_) => Token::Operator(format!("{c}=")),
                None => Token::Operator(c.to_string()),
            },
            c if quotes.contains(&c) => {
                quoted(&mut chars, c).map_or(Token::Unclosed, Token::Quoted)
            }
            c => {
                let mut word = String::from(c);
                while let Some((_, next)) = chars.next_if(|(_, next)| in_word(*next)) {
                    word.push(next);
                }
                Token::Word(word)
            }
        };
        let to = chars.peek().map_or_else(|| text.chars().count(), |(at, _)| *at);
        found.push(Placed { token, from, to });
    }
    found
}

/// The value up to the next `quote`; `None` if there is none.
fn quoted(chars: &mut impl Iterator<Item = (usize, char)>, quote: char) -> Option<String> {
    let mut value = String::new();
    while let Some((_, c)) = chars.next() {
        match c {
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            c if c == quote => return Some(value),
            c => value.push(c),
        }
    }
    None
}
