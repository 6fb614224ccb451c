//! Refuses a rewriting that says what its sources do not: numbers, dates, names.
//!
//! It cannot tell whether a sentence is true to its source, only that nothing that can be checked
//! was made up. Numbers are compared by value and unit, dates by day, names by the key of their
//! entity or as printed.

use std::collections::BTreeSet;

use jiff::civil::Date;

use wenmai_text::entity::Extractor;
use wenmai_text::entity::Kind;

/// Words for a time that no calendar resolves without its text: a rewriting has them from its sources.
const TIMES: [&str; 24] = [
    "今天", "昨天", "前天", "明天", "今日", "昨日", "明日", "凌晨", "清晨", "早上", "上午", "中午",
    "下午", "傍晚", "晚上", "深夜", "今年", "去年", "前年", "明年", "上月", "本月", "下月", "上周",
];

/// What a rewriting holds and its sources do not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invented {
    /// The number, date or name as the rewriting prints it.
    pub text: String,
    /// What it is; `None` for digits that are no known quantity.
    pub kind: Option<Kind>,
}

/// A text that a rewriting may take from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Basis<'a> {
    /// The text.
    pub text: &'a str,
    /// When it was published: 12日 is a day of that month.
    pub issue: Option<Date>,
}

/// What `rewritten` holds that none of `cited` does; empty if it may be shown.
#[must_use]
pub fn invented(rewritten: &str, cited: &[Basis<'_>], extractor: &Extractor) -> Vec<Invented> {
    let mut known: BTreeSet<(Kind, String)> = BTreeSet::new();
    for Basis { text, issue } in cited {
        // A day without its month is also known as that.
        for issue in BTreeSet::from([*issue, None]) {
            let found = extractor.entities(text, issue);
            known.extend(found.into_iter().map(|one| (one.kind, one.key)));
        }
    }
    // Of texts of several days it cannot be told which one a rewriting counts from.
    let issues: BTreeSet<Option<Date>> = cited.iter().map(|one| one.issue).collect();
    let issue = if issues.len() == 1 { issues.into_iter().next().flatten() } else { None };
    let printed = |text: &str| cited.iter().any(|cited| cited.text.contains(text));
    let is_new = |kind: Kind, key: &str, text: &str| {
        let named = matches!(kind, Kind::Person | Kind::Place | Kind::Organisation);
        let is_known = known.contains(&(kind, key.to_owned())) || (named && printed(text));
        !is_known
    };
    let mentions = extractor.entities(rewritten, issue);
    let mut found: Vec<Invented> = mentions
        .iter()
        .filter(|one| is_new(one.kind, &one.key, &one.text))
        .map(|one| Invented { text: one.text.clone(), kind: Some(one.kind) })
        .collect();
    let times = TIMES.into_iter().filter(|word| rewritten.contains(word) && !printed(word));
    found.extend(times.map(|word| Invented { text: word.to_owned(), kind: Some(Kind::Date) }));
    let places = places(rewritten).into_iter().filter(|place| !printed(place));
    found.extend(places.map(|text| Invented { text, kind: Some(Kind::Place) }));
    let numbers: BTreeSet<String> = cited.iter().flat_map(|one| digits(one.text)).collect();
    let covered = |run: &str| mentions.iter().any(|mention| mention.text.contains(run));
    for run in digits(rewritten) {
        if !numbers.contains(&run) && !covered(&run) {
            found.push(Invented { text: run, kind: None });
        }
    }
    found
}

/// What reads like the name of a place that no list knows, by its last three characters: 东湖县.
fn places(text: &str) -> Vec<String> {
    const LEVELS: [char; 7] = ['省', '市', '县', '州', '镇', '乡', '村'];
    const ANY: [char; 10] = ['全', '该', '本', '我', '各', '此', '当', '两', '多', '城'];
    let chars: Vec<char> = text.chars().collect();
    let named = |three: &&[char]| match three {
        [one, two, level] => {
            let is_word = |c: &char| c.is_alphabetic() && !c.is_ascii() && !ANY.contains(c);
            LEVELS.contains(level) && is_word(one) && is_word(two)
        }
        _ => false,
    };
    chars.windows(3).filter(named).map(|three| three.iter().collect()).collect()
}

/// Runs of digits, with points inside.
fn digits(text: &str) -> Vec<String> {
    let runs = text.split(|c: char| !c.is_numeric() && c != '.' && c != ',');
    let trimmed = runs.map(|run| run.trim_matches(['.', ',']).replace(',', ""));
    trimmed.filter(|run| !run.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::LazyLock;

    use super::Basis;
    use super::invented;
    use wenmai_text::entity::Extractor;
    use wenmai_text::terms::Analyzer;

    static EXTRACTOR: LazyLock<Extractor> =
        LazyLock::new(|| Extractor::load(Arc::new(Analyzer::load().unwrap())).unwrap());
    const CITED: [&str; 2] =
        ["3月12日，清河县转移群众3200人。", "县水利局局长周小禾表示，堤防投资1.2亿元。"];

    fn new_in(rewritten: &str) -> Vec<String> {
        let cited = CITED.map(|text| Basis { text, issue: None });
        let found = invented(rewritten, &cited, &EXTRACTOR);
        found.into_iter().map(|one| one.text).collect()
    }

    #[test]
    fn the_same_said_otherwise_passes() {
        assert!(
            new_in("周小禾说，堤防投资12000万元。").is_empty(),
            "{:?}",
            new_in("堤防投资12000万元")
        );
        assert!(new_in("清河县3月12日转移3200人。").is_empty());
    }

    #[test]
    fn another_number_date_or_name_is_refused() {
        assert_eq!(new_in("清河县转移群众3300人。"), ["3300人"]);
        assert!(!new_in("3月13日，清河县转移群众3200人。").is_empty());
        assert!(!new_in("县长林大川表示，堤防投资1.2亿元。").is_empty());
        assert!(!new_in("型号QX77已经到位。").is_empty());
    }

    #[test]
    fn a_day_is_known_by_its_month_or_without() {
        let issue = |day| Some(jiff::civil::date(2024, 3, day));
        let one = Basis { text: "清河县12日开闸。", issue: issue(13) };
        let other = Basis { text: "昨天，麦田返青。", issue: issue(15) };
        let clean = |text: &str, cited: &[Basis<'_>]| invented(text, cited, &EXTRACTOR).is_empty();
        assert!(clean("3月12日，清河县开闸。", &[one]) && clean("清河县12日开闸。", &[one, other]));
        assert!(!clean("清河县11日开闸。", &[one]) && !clean("清河县11日开闸。", &[one, other]));
    }
}
