//! Conditions inside a query: `paper:清河日报`, `date:2024-03`.
//!
//! Fields are `paper` (报纸), `source`, `section` (栏目), `kind`, `date` (日期), `page` (版, 版面),
//! `page_no`, `person` (人, 人物), `place` (地, 地名), `organisation` (机构): those of the filter. A text field equals its
//! value; what an article names is asked for by any of its names. A date is a day (`2024-03-14`, 2024年3月14日), a month
//! (`2024-03`), a year (`2024`), or a range of them with either end open (`2024-03..2024-05`,
//! `2024-03..`).

use jiff::civil::Date;

use wenmai_domain::article::Kind;
use wenmai_domain::filter::Comparison;
use wenmai_domain::filter::Filter;
use wenmai_domain::filter::NameField;
use wenmai_domain::filter::TextField;

/// Characters of the longest name.
pub const NAME_CHARS_MAX: usize = 12;

/// Whether conditions can name this field.
#[must_use]
pub fn is_known(name: &str) -> bool {
    text_field(name).is_some()
        || name_field(name).is_some()
        || matches!(name, "kind" | "date" | "日期" | "page" | "版" | "版面" | "page_no")
}

fn text_field(name: &str) -> Option<TextField> {
    match name {
        "报纸" => Some(TextField::Paper),
        "栏目" => Some(TextField::Section),
        _ => TextField::ALL.into_iter().find(|field| field.name() == name),
    }
}

fn name_field(name: &str) -> Option<NameField> {
    match name {
        "人" | "人物" => Some(NameField::Person),
        "地" | "地名" => Some(NameField::Place),
        "机构" => Some(NameField::Organisation),
        _ => NameField::ALL.into_iter().find(|field| field.name() == name),
    }
}

/// The filter that `name:value` means, `name` being known.
///
/// # Errors
/// What the field takes, for a value that it does not.
pub fn filter(name: &str, value: &str) -> Result<Filter, &'static str> {
    if value.is_empty() {
        return Err("a value behind the colon");
    }
    if let Some(field) = text_field(name) {
        return Ok(Filter::Text(field, value.to_owned()));
    }
    if let Some(field) = name_field(name) {
        return Ok(Filter::Names(field, value.to_owned()));
    }
    match name {
        "kind" => Kind::from_name(value)
            .map(Filter::Kind)
            .ok_or("one of news, comment, feature, brief, photo, notice"),
        "page" | "版" | "版面" => value
            .parse()
            .map(|page| Filter::Page(Comparison::Equal, page))
            .map_err(|_not_a_page| "a page as 3 or A03"),
        "page_no" => value
            .parse()
            .map(|number| Filter::PageNo(Comparison::Equal, number))
            .map_err(|_not_a_number| "a whole number"),
        _ => date(value).ok_or("a day, month, year or range, as 2024-03-14, 2024-03, 2024-03.."),
    }
}

fn date(value: &str) -> Option<Filter> {
    let (first, last) = match value.split_once("..") {
        None => {
            let (first, last) = days(value)?;
            (Some(first), Some(last))
        }
        Some(("", "")) => return None,
        Some((from, "")) => (Some(days(from)?.0), None),
        Some(("", to)) => (None, Some(days(to)?.1)),
        Some((from, to)) => (Some(days(from)?.0), Some(days(to)?.1)),
    };
    let first = first.map(|day| Filter::Date(Comparison::AtLeast, day));
    let last = last.map(|day| Filter::Date(Comparison::AtMost, day));
    Some(Filter::All(first.into_iter().chain(last).collect()))
}

/// First and last day of a day, a month or a year.
#[must_use]
pub fn days(value: &str) -> Option<(Date, Date)> {
    let value = value.replace(['年', '月'], "-");
    let mut parts = value.trim_end_matches(['-', '日']).split('-');
    let year = parts.next().filter(|year| year.len() == 4)?.parse().ok()?;
    let month = parts.next().map(str::parse).transpose().ok()?;
    let day = parts.next().map(str::parse).transpose().ok()?;
    if parts.next().is_some() {
        return None;
    }
    let first = Date::new(year, month.unwrap_or(1), day.unwrap_or(1)).ok()?;
    let last = match (month, day) {
        (_, Some(_)) => first,
        (Some(_), None) => first.last_of_month(),
        (None, None) => first.last_of_year(),
    };
    Some((first, last))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::days;
    use super::filter;
    use super::is_known;
    use wenmai_domain::filter::Filter;

    #[test]
    fn days_months_and_years_span_what_they_name() {
        let day = date(2024, 3, 14);
        assert_eq!(days("2024-03-14"), Some((day, day)));
        assert_eq!(days("2024年3月14日"), Some((day, day)));
        assert_eq!(days("2024-02"), Some((date(2024, 2, 1), date(2024, 2, 29))));
        assert_eq!(days("2024年"), Some((date(2024, 1, 1), date(2024, 12, 31))));
        for wrong in ["24", "2024-13", "2024-02-30", "2024-1-1-1", "昨天", "", "-"] {
            assert_eq!(days(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_range_may_be_open_at_either_end() {
        let same = |value: &str, text: &str| {
            assert_eq!(filter("date", value).unwrap(), Filter::parse(text).unwrap(), "{value}");
        };
        same("2024-03..2024-04", "date >= 2024-03-01 date <= 2024-04-30");
        assert_eq!(
            filter("date", "2024-03..").unwrap(),
            Filter::All(vec![Filter::parse("date >= 2024-03-01").unwrap()])
        );
        assert_eq!(
            filter("日期", "..2024").unwrap(),
            Filter::All(vec![Filter::parse("date <= 2024-12-31").unwrap()])
        );
        assert!(filter("date", "..").is_err() && filter("date", "").is_err());
    }

    #[test]
    fn what_an_article_names_is_asked_for_in_two_languages() {
        for (name, same) in [("人", "person"), ("地", "place"), ("机构", "organisation")] {
            let wanted = Filter::parse(&format!("{same} = 聊城")).unwrap();
            assert_eq!(filter(name, "聊城").unwrap(), wanted);
            assert_eq!(filter(same, "聊城").unwrap(), wanted);
            assert!(is_known(name) && is_known(same) && filter(same, "").is_err());
        }
    }

    #[test]
    fn kinds_and_pages_are_those_of_the_filter() {
        assert_eq!(filter("kind", "comment").unwrap(), Filter::parse("kind = comment").unwrap());
        assert_eq!(filter("page_no", "2").unwrap(), Filter::parse("page_no = 2").unwrap());
        assert_eq!(filter("版", "A03").unwrap(), Filter::parse("page = A3").unwrap());
        assert!(is_known("版面") && filter("page", "要闻").is_err());
        assert!(filter("kind", "essay").is_err() && filter("page_no", "二").is_err());
    }
}
