//! What a number says, in one form: `1,200`, `1200` and 一千二百 are 1200, `1.2万` is 12000, 二〇二五年 is 2025年.

use crate::entity::amount;
use crate::entity::amount::Amount;
use crate::units::token::Joint;
use crate::units::token::Kind;
use crate::units::token::Token;

/// Longer numerals are not read.
const TOKENS_MAX: usize = 24;

/// A number in one form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Value {
    /// The first of its tokens.
    pub(super) from: usize,
    /// The token after its last; what it counts is not among them.
    pub(super) to: usize,
    /// `1200`, `0.5`.
    pub(super) text: String,
    /// 年, 月, 日, 号 or 时 where it stands behind: then the value is a date or a time.
    pub(super) unit: Option<char>,
}

/// The numbers among `tokens` of normalized `text`, in order, each once: those in digits, and those in
/// Chinese numerals that are more than one character or a date.
pub(super) fn values(text: &str, tokens: &[Token]) -> Vec<Value> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let end = end(tokens, at);
        let value = (end > at).then(|| value(text, tokens, at, end)).flatten();
        at = end.max(at + 1);
        if token.kind == Kind::Number || value.is_some() {
            found.extend(value);
        }
    }
    found
}

/// A number in digits without its commas and without zeros behind its point.
pub(super) fn plain(digits: &str) -> String {
    let mut plain = digits.replace(',', "");
    if plain.contains('.') {
        plain.truncate(plain.trim_end_matches('0').trim_end_matches('.').len());
    }
    plain
}

/// The end of the numeral that begins at `from`.
fn end(tokens: &[Token], from: usize) -> usize {
    let is_part = |(at, token): (usize, &Token)| {
        let joins = at == 0 || token.joint == Joint::Tight;
        let counts = match token.kind {
            Kind::Number => {
                at == 0 || tokens.get(from).is_some_and(|first| first.kind == Kind::Number)
            }
            Kind::Ideograph => {
                amount::digit(token.first).is_some() || amount::power(token.first).is_some()
            }
            Kind::Letters | Kind::Picture => false,
        };
        joins && counts
    };
    let rest = tokens.get(from..).unwrap_or_default().iter().take(TOKENS_MAX);
    from + rest.enumerate().take_while(|(at, token)| is_part((*at, token))).count()
}

fn value(text: &str, tokens: &[Token], from: usize, end: usize) -> Option<Value> {
    let run = tokens.get(from..end)?;
    let (first, last) = (run.first()?, run.last()?);
    let unit = tokens.get(end).filter(|next| next.joint == Joint::Tight).map(|next| next.first);
    let unit = unit.filter(|unit| "年月日号时".contains(*unit));
    if first.kind == Kind::Number {
        let written = text.get(first.span.start..last.span.end)?;
        // 5千 is 5000 and 3万5 is no number that anybody counts with.
        let is_plain = run.len() == 1;
        let value = if is_plain { plain(written) } else { Amount::mixed(written)?.to_string() };
        return Some(Value { from, to: end, text: value, unit });
    }
    let numeral: String = run.iter().map(|token| token.first).collect();
    let alone = run.len() == 1;
    let begins = amount::digit(first.first).is_some() || first.first == '十';
    if !begins || (alone && unit.is_none()) {
        return None;
    }
    let value = amount::chinese(&numeral)?.to_string();
    Some(Value { from, to: end, text: value, unit })
}

#[cfg(test)]
mod tests {
    use super::values;
    use crate::normalize::normal;
    use crate::units::token::tokens;

    fn read(text: &str) -> Vec<String> {
        let text = normal(text);
        let found = values(&text, &tokens(&text));
        found.into_iter().map(|v| v.text + &v.unit.map(String::from).unwrap_or_default()).collect()
    }

    #[test]
    fn one_number_has_one_form() {
        for text in ["1200人", "1,200人", "１２００人", "一千二百人", "1200.0人"] {
            assert_eq!(read(text), ["1200"], "{text}");
        }
        for text in ["12000吨", "1.2万吨", "一万二千吨", "12,000吨"] {
            assert_eq!(read(text), ["12000"], "{text}");
        }
        assert_eq!(read("1亿3000万元"), ["130000000"]);
    }

    #[test]
    fn dates_in_both_numerals_meet() {
        assert_eq!(read("二〇二五年三月十二日"), read("2025年3月12日"));
        assert_eq!(read("二○二五年"), ["2025年"]);
        assert_eq!(read("三月"), ["3月"]);
    }

    #[test]
    fn words_that_hold_numerals_are_no_numbers() {
        for text in ["统一", "一起", "万一", "千万别", "百姓", "三五成群"] {
            assert_eq!(read(text), Vec::<String>::new(), "{text}");
        }
    }
}
