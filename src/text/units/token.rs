//! Cuts a normalized text into the tokens that units are made of, and says what stands between them.

use wenmai_domain::span::Span;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One character of a script without spaces: Chinese, kana, hangul.
    Ideograph,
    /// A run of letters.
    Letters,
    /// A number in digits, with its point and its commas.
    Number,
    /// A pictograph or another symbol that people look for.
    Picture,
}

/// What stands between a token and the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joint {
    /// Nothing.
    Tight,
    /// One hyphen or dash.
    Hyphen,
    /// What layout put there: blanks, quotation marks, the dot in a foreign name.
    Blank,
    /// Anything else, or the start of the text.
    Apart,
}

/// A token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) joint: Joint,
    /// Where it stands in the normalized text.
    pub(super) span: Span,
    /// Its first character; of an ideograph the whole token.
    pub(super) first: char,
}

/// The tokens of normalized `text`, in order.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    let mut tokens: Vec<Token> = Vec::with_capacity(chars.len());
    let mut at = 0;
    let mut joint = Joint::Apart;
    while let Some(&(start, c)) = chars.get(at) {
        let Some((kind, first)) = kind(c, &chars, at) else {
            joint = between(joint, c);
            at += 1;
            continue;
        };
        let end = match kind {
            Kind::Ideograph | Kind::Picture => at + 1,
            Kind::Letters => run(&chars, at, is_letter),
            Kind::Number => number(&chars, at),
        };
        let last = chars.get(end).map_or(text.len(), |(next, _)| *next);
        tokens.push(Token { kind, joint, span: Span::new(start, last), first });
        (at, joint) = (end, Joint::Tight);
    }
    tokens
}

/// The kind of the token that begins with `c`, and what `c` counts as; `None` for a mark or a space.
fn kind(c: char, chars: &[(usize, char)], at: usize) -> Option<(Kind, char)> {
    if is_ideograph(c) {
        return Some((Kind::Ideograph, c));
    }
    if c.is_ascii_digit() {
        return Some((Kind::Number, c));
    }
    if is_letter(c) {
        return Some((Kind::Letters, c));
    }
    // 二○二五年 is often printed with a circle in place of 〇.
    let is_digit = |at: Option<usize>| {
        at.and_then(|at| chars.get(at)).is_some_and(|(_, c)| "〇一二三四五六七八九○".contains(*c))
    };
    if matches!(c, '○' | '◯') && (is_digit(at.checked_sub(1)) || is_digit(Some(at + 1))) {
        return Some((Kind::Ideograph, '〇'));
    }
    is_picture(c).then_some((Kind::Picture, c))
}

/// What stands between two tokens, after `before` and the mark `c`.
fn between(before: Joint, c: char) -> Joint {
    let mark = match c {
        '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' => Joint::Hyphen,
        c if c.is_whitespace() || is_transparent(c) => Joint::Blank,
        _ => Joint::Apart,
    };
    match (before, mark) {
        (Joint::Tight, mark) => mark,
        (Joint::Blank, Joint::Blank) => Joint::Blank,
        _ => Joint::Apart,
    }
}

/// Whether `c` is a quotation mark or the dot in a foreign name: a phrase is the same with and without.
pub(crate) fn is_transparent(c: char) -> bool {
    matches!(
        c,
        '"' | '\''
            | '“'
            | '”'
            | '‘'
            | '’'
            | '「'
            | '」'
            | '『'
            | '』'
            | '〝'
            | '〞'
            | '·'
            | '•'
            | '・'
            | '‧'
    )
}

/// Whether `c` is a character of a script that is written without spaces.
pub(crate) fn is_ideograph(c: char) -> bool {
    matches!(
        c,
        '〇' | '\u{3040}'..='\u{30fa}' | '\u{30fc}'..='\u{312f}' | '\u{31a0}'..='\u{31bf}' | '\u{31f0}'..='\u{31ff}'
            | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{3ffff}'
    )
}

/// Whether `c` is a picture or a symbol that stands for something by itself.
pub(crate) fn is_picture(c: char) -> bool {
    matches!(
        c,
        '\u{2600}'..='\u{27bf}' | '\u{2b00}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}'
            | '€' | '$' | '¥' | '£' | '°' | '‰'
    )
}

/// Whether `c` is a letter of a script that is written in words.
fn is_letter(c: char) -> bool {
    c.is_alphanumeric() && !c.is_ascii_digit() && !is_ideograph(c)
}

fn run(chars: &[(usize, char)], from: usize, goes_on: impl Fn(char) -> bool) -> usize {
    let rest = chars.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|(_, c)| goes_on(*c)).count()
}

/// The end of the number that begins at `from`: `1,200`, `131.9`; `2024.3.12` is three numbers.
fn number(chars: &[(usize, char)], from: usize) -> usize {
    let digits = |at: usize| run(chars, at, |c| c.is_ascii_digit()) - at;
    let mark = |at: usize, mark: char| chars.get(at).is_some_and(|(_, c)| *c == mark);
    let mut end = from + digits(from);
    if end - from <= 3 {
        while mark(end, ',') && digits(end + 1) == 3 {
            end += 4;
        }
    }
    let part = if mark(end, '.') { digits(end + 1) } else { 0 };
    let before = from.checked_sub(1).is_some_and(|before| mark(before, '.'));
    let after = mark(end + 1 + part, '.') && digits(end + 2 + part) > 0;
    if part > 0 && !before && !after { end + 1 + part } else { end }
}

#[cfg(test)]
mod tests {
    use super::Joint;
    use super::Kind;
    use super::tokens;

    fn cut(text: &str) -> Vec<&str> {
        tokens(text).into_iter().map(|token| token.span.of(text).unwrap()).collect()
    }

    #[test]
    fn numbers_keep_their_point_and_their_thousands() {
        assert_eq!(cut("1,200元"), ["1,200", "元"]);
        assert_eq!(cut("12,345,678.5"), ["12,345,678.5"]);
        assert_eq!(cut("1,2,3"), ["1", "2", "3"]);
        assert_eq!(cut("2024.3.12"), ["2024", "3", "12"]);
        assert_eq!(cut("第3.辆"), ["第", "3", "辆"]);
    }

    #[test]
    fn what_stands_between_is_told() {
        let joints: Vec<Joint> =
            tokens("wi-fi 6“好”，用").iter().map(|token| token.joint).collect();
        let [apart, hyphen, blank] = [Joint::Apart, Joint::Hyphen, Joint::Blank];
        assert_eq!(joints, [apart, hyphen, blank, blank, apart]);
        assert_eq!(tokens("甲 -乙")[1].joint, Joint::Apart);
    }

    #[test]
    fn a_circle_between_digits_is_a_zero() {
        let found = tokens("二○二五年○");
        assert_eq!(found.len(), 5);
        assert_eq!((found[1].first, found[1].kind), ('〇', Kind::Ideograph));
    }
}
