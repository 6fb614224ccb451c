//! Days that a cited piece counts from the day of its article, for a reader of another day.
//!
//! 昨天 of an article of the 4th means the 3rd to whoever reads a report of the 7th. The words stay as
//! printed; the day is written behind them in brackets: 昨天（11月3日）.

use jiff::civil::Date;

use wenmai_text::date::Certainty;
use wenmai_text::date::DateMention;
use wenmai_text::date::dates;

/// A day to be written into a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Byte of the text behind the words that are meant.
    pub at: usize,
    /// What is meant, with its brackets: （11月3日）.
    pub text: String,
}

/// The years that a text counts from its own.
const YEARS: [(&str, i16); 4] = [("今年", 0), ("去年", -1), ("前年", -2), ("明年", 1)];

/// The notes that `text` of an article of the day `issue` needs in a report of the day `read`, in
/// order; none where both are one day.
#[must_use]
pub fn notes(text: &str, issue: Date, read: Date) -> Vec<Note> {
    if issue == read {
        return Vec::new();
    }
    let mut found: Vec<Note> = dates(text, Some(issue))
        .into_iter()
        .filter_map(|mention| {
            Some(Note { at: mention.span.end, text: meant(text, mention, read)? })
        })
        .collect();
    for (word, shift) in YEARS.into_iter().filter(|_| issue.year() != read.year()) {
        let alone = |at: &usize| {
            let behind = text.get(at + word.len()..).unwrap_or_default();
            !behind.starts_with(|c: char| c.is_numeric() || c == '（')
        };
        let places = text.match_indices(word).map(|(at, _)| at).filter(alone);
        let note =
            |at| Note { at: at + word.len(), text: format!("（{}年）", issue.year() + shift) };
        found.extend(places.map(note));
    }
    found.sort_by_key(|note| note.at);
    found.retain(|note| !is_explained(text, note.at) && !is_bracketed(text, note.at));
    found
}

/// `text` with its notes, as [`notes`] gives them.
#[must_use]
pub fn dated(text: &str, issue: Option<Date>, read: Option<Date>) -> String {
    let (Some(issue), Some(read)) = (issue, read) else { return text.to_owned() };
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for Note { at, text: note } in notes(text, issue, read) {
        out.push_str(text.get(from..at).unwrap_or_default());
        out.push_str(&note);
        from = at;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out
}

/// What the day of `mention` is called in a report of the day `read`; `None` where the words say it.
fn meant(text: &str, mention: DateMention, read: Date) -> Option<String> {
    let (from, to) = (mention.from?, mention.to?);
    let words = mention.raw(text);
    if mention.certainty == Certainty::Vague {
        return None;
    }
    // 1至8月, of which only the end was read.
    let before = text.get(..mention.span.start).and_then(|text| text.chars().next_back());
    if before.is_some_and(|c| matches!(c, '至' | '到' | '—' | '-' | '~' | '－')) {
        return None;
    }
    let is_number = words.starts_with(|c: char| c.is_numeric());
    let year_word = YEARS.iter().any(|(word, _)| words.starts_with(word));
    if year_word && from.year() == read.year() {
        return None;
    }
    let has_month = is_number && words.contains('月');
    // 12日 is of the report's month to its reader, 3月12日 of its year.
    let clear = if has_month {
        from.year() == read.year() || words.contains('年')
    } else {
        is_number && (from.year(), from.month()) == (read.year(), read.month())
    };
    if clear {
        return None;
    }
    let year =
        if from.year() == read.year() { String::new() } else { format!("{}年", from.year()) };
    if has_month {
        return Some(format!("（{}年）", from.year()));
    }
    if from == to {
        return Some(format!("（{year}{}月{}日）", from.month(), from.day()));
    }
    // 上月, 去年12月: a whole month.
    let is_month = from.day() == 1 && to == from.last_of_month();
    is_month.then(|| format!("（{year}{}月）", from.month()))
}

/// Whether the byte at `at` stands in brackets.
fn is_bracketed(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    before.rfind(['（', '(']) > before.rfind(['）', ')'])
}

/// Whether the text says behind the byte at `at` which day is meant: 昨天（3日）
fn is_explained(text: &str, at: usize) -> bool {
    let behind = text.get(at..).unwrap_or_default();
    // 8月5号, of which only the month was read.
    if behind.starts_with(|c: char| c.is_numeric()) {
        return true;
    }
    let behind = behind.trim_start_matches(['下', '上', '午', '晚', '凌', '晨', '间']);
    behind.starts_with(['（', '('])
        && behind.chars().nth(1).is_some_and(|c| c.is_numeric() || c == '当')
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::dated;

    #[test]
    fn a_day_counted_from_the_article_is_named_for_a_later_reader() {
        let (issue, read) = (Some(date(2024, 11, 4)), Some(date(2024, 11, 7)));
        let of = |text: &str| dated(text, issue, read);
        assert_eq!(
            of("清河昨天开闸，今日通水。"),
            "清河昨天（11月3日）开闸，今日（11月4日）通水。"
        );
        assert_eq!(
            of("清河3日开闸，近日通水。"),
            "清河3日开闸，近日通水。",
            "of this month, or vague"
        );
        assert_eq!(of("渠道上月清淤。"), "渠道上月（10月）清淤。");
        assert_eq!(of("清河昨天（3日）开闸。"), "清河昨天（3日）开闸。", "it says so");
        assert_eq!(of("昨天下午（3日）开闸。"), "昨天下午（3日）开闸。");
        assert_eq!(of("今年3月清淤，8月5号开工。"), "今年3月清淤，8月5号开工。");
        assert_eq!(of("11月2日清淤，2024年10月开工。"), "11月2日清淤，2024年10月开工。");
    }

    #[test]
    fn another_year_or_month_is_named() {
        let (issue, read) = (Some(date(2024, 12, 30)), Some(date(2025, 1, 2)));
        let of = |text: &str| dated(text, issue, read);
        assert_eq!(of("清河昨日开闸。"), "清河昨日（2024年12月29日）开闸。");
        assert_eq!(of("清河29日开闸。"), "清河29日（2024年12月29日）开闸。");
        assert_eq!(of("清河12月29日开闸。"), "清河12月29日（2024年）开闸。");
        assert_eq!(of("去年修渠，今年通水。"), "去年（2023年）修渠，今年（2024年）通水。");
    }

    #[test]
    fn on_its_own_day_or_without_days_a_text_stays_as_it_is() {
        let day = Some(date(2024, 11, 4));
        assert_eq!(dated("清河昨天开闸。", day, day), "清河昨天开闸。");
        assert_eq!(dated("清河昨天开闸。", None, day), "清河昨天开闸。");
    }
}
