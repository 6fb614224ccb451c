//! Exact decimal values of numbers as news prints them, Arabic and Chinese.

use std::fmt;

/// A decimal: `digits / 10^scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Amount {
    digits: i128,
    scale: u32,
}

/// More digits behind the point, or more in all, are no quantity of news.
const DIGITS_MAX: usize = 18;

impl Amount {
    /// A whole number.
    pub(crate) fn whole(digits: i128) -> Self {
        Self { digits, scale: 0 }
    }

    /// Reads `1,200.5`: digits, commas anywhere, at most one point; `None` where there is no digit or
    /// there are too many.
    pub(crate) fn arabic(text: &str) -> Option<Self> {
        let (mut amount, mut count, mut point) = (Self::whole(0), 0, false);
        for c in text.chars() {
            match c {
                '.' if !point => point = true,
                ',' => {}
                _ => {
                    let digit = c.to_digit(10)?;
                    amount.digits = amount.digits * 10 + i128::from(digit);
                    amount.scale += u32::from(point);
                    count += 1;
                }
            }
            if count > DIGITS_MAX {
                return None;
            }
        }
        (count > 0).then_some(amount)
    }

    /// Reads 1亿3000万, 3.4万, 500.
    pub(crate) fn mixed(text: &str) -> Option<Self> {
        let mut total = Self::whole(0);
        let mut rest = text;
        while !rest.is_empty() {
            let end = rest.find(|c| power(c).is_some()).unwrap_or(rest.len());
            let (number, behind) = rest.split_at(end);
            let mut value = Self::arabic(number)?;
            rest = behind.trim_start_matches(|c| power(c).is_some());
            for c in behind.chars() {
                let Some(power) = power(c) else { break };
                value = value.times(Self::whole(power))?;
            }
            total = total.plus(value)?;
        }
        Some(total)
    }

    /// The value times another; `None` past what fits.
    pub(crate) fn times(self, other: Self) -> Option<Self> {
        let digits = self.digits.checked_mul(other.digits)?;
        Some(Self { digits, scale: self.scale.checked_add(other.scale)? })
    }

    /// The sum of two; `None` past what fits.
    pub(crate) fn plus(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let lift =
            |amount: Self| amount.digits.checked_mul(10_i128.checked_pow(scale - amount.scale)?);
        Some(Self { digits: lift(self)?.checked_add(lift(other)?)?, scale })
    }

    /// Its negative.
    pub(crate) fn negative(self) -> Self {
        Self { digits: -self.digits, scale: self.scale }
    }

    /// The value where it is whole and fits.
    pub(crate) fn small(self) -> Option<u32> {
        if self.scale > 0 { None } else { u32::try_from(self.digits).ok() }
    }
}

impl fmt::Display for Amount {
    /// The shortest form: `320`, `5.6`, `-3`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut digits, mut scale) = (self.digits, self.scale);
        while scale > 0 && digits % 10 == 0 {
            digits /= 10;
            scale -= 1;
        }
        let sign = if digits < 0 { "-" } else { "" };
        let plain = digits.unsigned_abs().to_string();
        let scale = usize::try_from(scale).unwrap_or_default();
        if scale == 0 {
            return write!(f, "{sign}{plain}");
        }
        let padded = format!("{plain:0>width$}", width = scale + 1);
        let (whole, part) = padded.split_at(padded.len() - scale);
        write!(f, "{sign}{whole}.{part}")
    }
}

/// The value of a Chinese digit.
pub(crate) fn digit(c: char) -> Option<i128> {
    Some(match c {
        '零' | '〇' => 0,
        '一' => 1,
        '二' | '两' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        _ => return None,
    })
}

/// The value of a power of ten as Chinese writes it.
pub(crate) fn power(c: char) -> Option<i128> {
    Some(match c {
        '十' => 10,
        '百' => 100,
        '千' => 1_000,
        '万' => 10_000,
        '亿' => 100_000_000,
        _ => return None,
    })
}

/// Reads a Chinese numeral: 三百二十, 一千零五, 两万五, 三点五, 二〇二四.
///
/// `None` for what is no single number: 二三十 (twenty or thirty), 百万千.
pub(crate) fn chinese(text: &str) -> Option<Amount> {
    let (whole, part) = text.split_once('点').map_or((text, None), |(a, b)| (a, Some(b)));
    let value = chinese_whole(whole)?;
    let Some(part) = part else { return Some(Amount::whole(value)) };
    let mut digits = value.to_string();
    digits.push('.');
    for c in part.chars() {
        digits.push_str(&digit(c)?.to_string());
    }
    Amount::arabic(&digits)
}

fn chinese_whole(text: &str) -> Option<i128> {
    if text.chars().all(|c| digit(c).is_some()) {
        // One digit, or digits said one by one as in a year; 三五 (three to five) is neither.
        let count = text.chars().count();
        return (count == 1 || count == 4)
            .then(|| text.chars().filter_map(digit).fold(0, |value, digit| value * 10 + digit));
    }
    let (mut total, mut section, mut last) = (0_i128, 0_i128, None);
    let (mut previous_power, mut section_power) = (0, i128::MAX);
    let mut zero = false;
    for c in text.chars() {
        if let Some(value) = digit(c) {
            if last.is_some() {
                return None;
            }
            if value == 0 {
                zero = true;
            } else {
                last = Some(value);
            }
            continue;
        }
        let power = power(c)?;
        if power >= 10_000 {
            section += last.take().unwrap_or_default();
            if section == 0 && total == 0 {
                section = 1;
            }
            if power == 100_000_000 {
                total = (total + section).checked_mul(power)?;
            } else {
                total += section.checked_mul(power)?;
            }
            (section, section_power) = (0, i128::MAX);
        } else {
            if power >= section_power {
                return None;
            }
            section += last.take().unwrap_or(1) * power;
            section_power = power;
        }
        (previous_power, zero) = (power, false);
    }
    let rest = match last {
        // 两万五 is 25,000, 三百二 is 320; 十五 and 一百零二 are as they stand.
        Some(value) if !zero && previous_power > 10 => value * previous_power / 10,
        Some(value) => value,
        None => 0,
    };
    Some(total + section + rest)
}

#[cfg(test)]
mod tests {
    use super::Amount;
    use super::chinese;

    fn read(text: &str) -> Option<String> {
        chinese(text).map(|amount| amount.to_string())
    }

    #[test]
    fn chinese_numerals_have_their_value() {
        for (text, value) in [
            ("三百二十", "320"),
            ("三百二十万", "3200000"),
            ("十六", "16"),
            ("一千零五", "1005"),
            ("两万五", "25000"),
            ("一百零三", "103"),
            ("一万三千亿", "1300000000000"),
            ("三点五", "3.5"),
            ("二〇二四", "2024"),
            ("亿", "100000000"),
        ] {
            assert_eq!(read(text).as_deref(), Some(value), "{text}");
        }
    }

    #[test]
    fn what_is_no_single_number_is_refused() {
        for text in ["二三十", "三五", "十百", ""] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn decimals_are_exact_and_short() {
        let value = Amount::arabic("1.20").and_then(|a| a.times(Amount::whole(100_000_000)));
        assert_eq!(value.unwrap().to_string(), "120000000");
        assert_eq!(Amount::arabic("0.5").unwrap().negative().to_string(), "-0.5");
        assert_eq!(Amount::arabic("12,300").unwrap().to_string(), "12300");
        assert_eq!(Amount::arabic(&"9".repeat(19)), None);
    }
}
