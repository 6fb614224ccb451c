//! When what a piece tells of happened, by the day with which it begins.

use jiff::civil::Date;

use wenmai_domain::day;
use wenmai_text::date::Certainty;
use wenmai_text::date::DateMention;
use wenmai_text::date::dates;

/// Characters within which a piece says when it happened.
const OPENING_CHARS: usize = 14;
/// Days before its article within which what happened is new.
const NEW_DAYS: i32 = 2;
/// Days before its article from which on what happened is background.
pub(crate) const BACKGROUND_DAYS: i32 = 30;

/// The first day that a piece of an article of the day `issue` names in its opening.
fn opening(piece: &str, issue: Date) -> Option<DateMention> {
    let opening: String = piece.chars().take(OPENING_CHARS).collect();
    dates(&opening, Some(issue)).into_iter().next()
}

/// The day with which `piece` of an article of the day `issue` begins, if it begins with one that is not
/// to come: 3月12日，清河县开闸。
#[must_use]
pub(crate) fn told_day(piece: &str, issue: Date) -> Option<Date> {
    let first = opening(piece, issue).filter(|one| one.certainty != Certainty::Vague)?;
    first.to.filter(|day| *day <= issue)
}

/// The day of what `piece` tells: the one with which it begins, or that of its article.
#[must_use]
pub(crate) fn day_of(piece: &str, issue: Option<Date>) -> Option<Date> {
    issue.and_then(|issue| told_day(piece, issue)).or(issue)
}

/// Whether a piece begins with a day some days before its article: it is not what is new.
#[must_use]
pub(crate) fn looks_back(piece: &str, issue: Date) -> bool {
    told_day(piece, issue).is_some_and(|day| day::between(day, issue) > NEW_DAYS)
}

/// Whether a piece of an article of the day `issue` begins with a date well before it: 2004年，
#[must_use]
pub(crate) fn tells_of_old(piece: &str, issue: Date) -> bool {
    const PAST: [&str; 5] = ["去年", "前年", "此前", "早在", "多年前"];
    let is_old =
        |date: Option<Date>| date.is_some_and(|date| day::between(date, issue) > BACKGROUND_DAYS);
    let start: String = piece.chars().take(OPENING_CHARS).collect();
    let year = start.split_once('年').and_then(|(year, _)| year.parse::<i16>().ok());
    PAST.iter().any(|word| piece.starts_with(word))
        || year.is_some_and(|year| (1900..issue.year()).contains(&year))
        || opening(piece, issue)
            .is_some_and(|one| one.certainty == Certainty::Exact && is_old(one.to))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::looks_back;
    use super::tells_of_old;
    use super::told_day;

    #[test]
    fn a_piece_is_of_the_day_with_which_it_begins() {
        let issue = date(2024, 3, 14);
        assert_eq!(told_day("3月12日，清河县开闸。", issue), Some(date(2024, 3, 12)));
        assert_eq!(told_day("昨天，清河县开闸。", issue), Some(date(2024, 3, 13)));
        assert_eq!(told_day("清河县近日开闸。", issue), None, "vague");
        assert_eq!(told_day("清河县开闸。", issue), None);
        assert!(looks_back("3月11日，清河县开闸。", issue));
        assert!(!looks_back("3月12日，清河县开闸。", issue));
    }

    #[test]
    fn what_begins_with_a_day_long_ago_is_old() {
        let issue = date(2024, 3, 14);
        assert!(tells_of_old("2019年5月，清河县修了渠。", issue));
        assert!(tells_of_old("早在修渠以前，清河县已经缺水。", issue));
        assert!(!tells_of_old("3月12日，清河县开闸。", issue));
    }
}
