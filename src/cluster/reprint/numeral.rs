//! Numbers in folded text: `12`, `3.5%`, `三百二十万`, `1.2亿`, and what is counted.

/// A number and the character behind it, which says what is counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Quantity {
    pub value: f64,
    pub unit: Option<char>,
}

/// Whether `c` can be part of a number.
pub(super) fn is_numeric(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '.' | '%') || digit(c).is_some() || scale(c).is_some()
}

/// The numbers of `chars`; `next` is the character behind them.
pub(super) fn quantities(chars: &[char], next: Option<char>) -> Vec<Quantity> {
    let mut found = Vec::new();
    let mut rest = chars;
    while let Some(start) = rest.iter().position(|c| is_numeric(*c)) {
        rest = rest.get(start..).unwrap_or_default();
        let len = rest.iter().take_while(|c| is_numeric(**c)).count();
        let (number, behind) = rest.split_at(len);
        if let Some(value) = value(number) {
            found.push(Quantity { value, unit: behind.first().copied().or(next) });
        }
        rest = behind;
    }
    found
}

/// The value of a run of numeric characters; a percentage is its hundredth.
fn value(chars: &[char]) -> Option<f64> {
    let (mut total, mut section, mut current) = (0.0, 0.0, None::<f64>);
    let mut part: Option<f64> = None;
    for c in chars {
        if *c == '.' {
            part = Some(1.0);
        } else if *c == '%' {
            return Some((total + section + current?) / 100.0);
        } else if let Some(digit) = c.to_digit(10).map(f64::from).or_else(|| digit(*c)) {
            let so_far = current.unwrap_or(0.0);
            current = Some(match &mut part {
                // Digits behind the point: a tenth, a hundredth, …
                Some(part) => {
                    *part /= 10.0;
                    so_far + digit * *part
                }
                None => so_far * 10.0 + digit,
            });
        } else if let Some(scale) = scale(*c) {
            if scale < 10_000.0 {
                section += current.take().unwrap_or(1.0) * scale;
            } else {
                let counted = section + current.take().unwrap_or(0.0);
                total = (total + if counted > 0.0 { counted } else { 1.0 }) * scale;
                section = 0.0;
            }
            part = None;
        }
    }
    let value = total + section + current.unwrap_or(0.0);
    chars.iter().any(|c| !matches!(c, '.' | '%')).then_some(value)
}

fn digit(c: char) -> Option<f64> {
    "〇一二三四五六七八九".chars().position(|digit| digit == c).map(number).or(match c {
        '零' => Some(0.0),
        '两' => Some(2.0),
        _ => None,
    })
}

fn scale(c: char) -> Option<f64> {
    match c {
        '十' => Some(10.0),
        '百' => Some(100.0),
        '千' => Some(1_000.0),
        '万' => Some(10_000.0),
        '亿' => Some(100_000_000.0),
        _ => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "one of ten digits")]
fn number(position: usize) -> f64 {
    position as f64
}

#[cfg(test)]
mod tests {
    use super::quantities;

    fn values(text: &str) -> Vec<f64> {
        let chars: Vec<char> = text.chars().collect();
        quantities(&chars, None).iter().map(|quantity| quantity.value).collect()
    }

    #[test]
    fn numbers_of_both_kinds_have_their_value() {
        for (text, value) in [
            ("12", 12.0),
            ("3.5%", 0.035),
            ("三百二十万", 3_200_000.0),
            ("1.2亿", 120_000_000.0),
            ("第十六次", 16.0),
            ("两千零五", 2_005.0),
            ("二〇二四", 2_024.0),
        ] {
            let found = values(text);
            assert!((found[0] - value).abs() < 1e-6 * value, "{text}: {found:?}");
        }
    }

    #[test]
    fn what_is_counted_stands_behind() {
        let chars: Vec<char> = "12例和3".chars().collect();
        let units: Vec<_> = quantities(&chars, Some('人')).iter().map(|q| q.unit).collect();
        assert_eq!(units, [Some('例'), Some('人')]);
    }
}
