//! How facts are put into words and numbers on a page.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::words::Lang;
use wenmai_domain::day;
use wenmai_proto::wire;

/// Characters of a text that stands for a headline where there is none.
const LEAD_CHARS: usize = 28;
/// Characters of a headline in a list.
const HEADLINE_CHARS: usize = 120;

/// An article in a list.
pub(crate) struct Line {
    pub(crate) href: String,
    pub(crate) title: String,
    pub(crate) outlet: String,
    /// The day, `2025-03-04`; empty where unknown.
    pub(crate) day: String,
}

impl Line {
    pub(crate) fn of(article: &wire::Article, lang: Lang) -> Self {
        let record = article.record.clone().unwrap_or_default();
        Self {
            href: href(&article.name),
            title: headline(&record, lang),
            outlet: outlet(&record),
            day: moment(record.publish_time.as_ref()),
        }
    }
}

/// The address of the page of a resource: that of `articles/1` is `/articles/1`.
pub(crate) fn href(name: &str) -> String {
    format!("/{name}")
}

/// The last part of a resource name.
pub(crate) fn id(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// The headline, or the first words of an article that has none.
pub(crate) fn headline(record: &wire::ArticleRecord, lang: Lang) -> String {
    let caption = record.captions.first().map(|caption| &caption.text);
    let first = record.paragraphs.first().or(caption);
    match (record.title.trim(), first) {
        ("", Some(first)) => shortened(first, LEAD_CHARS),
        ("", None) => lang.untitled().to_owned(),
        (title, _) => shortened(title, HEADLINE_CHARS),
    }
}

/// At most so many characters, the rest as an ellipsis.
pub(crate) fn shortened(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

/// The paper, or the site.
pub(crate) fn outlet(record: &wire::ArticleRecord) -> String {
    if record.paper.is_empty() { record.source.clone() } else { record.paper.clone() }
}

/// The day of an instant in China.
pub(crate) fn day_of(at: Option<&prost_types::Timestamp>) -> Option<Date> {
    Some(day::civil_time(instant(at?)?).date())
}

/// Day, and the time of day where it is known, as a paper's clock shows it.
pub(crate) fn moment(at: Option<&prost_types::Timestamp>) -> String {
    let Some(at) = at.and_then(instant).map(day::civil_time) else { return String::new() };
    if (at.hour(), at.minute()) == (0, 0) {
        return at.date().to_string();
    }
    format!("{} {:02}:{:02}", at.date(), at.hour(), at.minute())
}

/// The same as RFC 3339, for machines.
pub(crate) fn rfc3339(at: Option<&prost_types::Timestamp>) -> String {
    at.and_then(instant).map_or_else(String::new, |at| at.to_string())
}

fn instant(at: &prost_types::Timestamp) -> Option<Timestamp> {
    Timestamp::new(at.seconds, at.nanos).ok()
}

/// A day in words: `2025年3月4日 星期二`.
pub(crate) fn long_day(date: Date, lang: Lang) -> String {
    let weekday = usize::try_from(date.weekday().to_sunday_zero_offset()).unwrap_or_default();
    let pick = |names: [&'static str; 7]| names.get(weekday).copied().unwrap_or_default();
    match lang {
        Lang::Zh => {
            let name = pick(["日", "一", "二", "三", "四", "五", "六"]);
            format!("{}年{}月{}日 星期{name}", date.year(), date.month(), date.day())
        }
        Lang::En => {
            let name = pick(["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]);
            format!("{name} {date}")
        }
    }
}

/// A day of the contract as a day.
pub(crate) fn date(date: &wire::Date) -> Option<Date> {
    let (year, month) = (i16::try_from(date.year).ok()?, i8::try_from(date.month).ok()?);
    Date::new(year, month, i8::try_from(date.day).ok()?).ok()
}

/// A day as the contract has it.
pub(crate) fn wire_date(date: Date) -> wire::Date {
    wire::Date { year: date.year().into(), month: date.month().into(), day: date.day().into() }
}

/// A day of the contract as text.
pub(crate) fn date_text(given: &wire::Date) -> String {
    date(given).map_or_else(String::new, |date| date.to_string())
}

/// A share as a percentage.
pub(crate) fn percent(share: f32) -> String {
    format!("{:.0}%", 100.0 * share.clamp(0.0, 1.0))
}

/// The first and last day of a topic.
pub(crate) fn span_of(topic: &wire::Topic) -> String {
    let (from, to) = (day_of(topic.first_time.as_ref()), day_of(topic.last_time.as_ref()));
    match (from, to) {
        (Some(from), Some(to)) if from == to => from.to_string(),
        (Some(from), Some(to)) => format!("{from} – {to}"),
        (Some(one), None) | (None, Some(one)) => one.to_string(),
        (None, None) => String::new(),
    }
}

/// The kind of an article; empty for a report.
pub(crate) fn kind(kind: wire::ArticleKind, lang: Lang) -> &'static str {
    match kind {
        wire::ArticleKind::Unspecified | wire::ArticleKind::News => "",
        wire::ArticleKind::Comment => lang.kind_comment(),
        wire::ArticleKind::Feature => lang.kind_feature(),
        wire::ArticleKind::Brief => lang.kind_brief(),
        wire::ArticleKind::Photo => lang.kind_photo(),
        wire::ArticleKind::Notice => lang.kind_notice(),
        wire::ArticleKind::Teaser => lang.kind_teaser(),
        wire::ArticleKind::Staff => lang.kind_staff(),
    }
}

/// The kind of an article by its name in a filter.
pub(crate) fn kind_of_filter(name: &str, lang: Lang) -> &str {
    match name {
        "news" => lang.kind_news(),
        "comment" => lang.kind_comment(),
        "feature" => lang.kind_feature(),
        "brief" => lang.kind_brief(),
        "photo" => lang.kind_photo(),
        "notice" => lang.kind_notice(),
        other => other,
    }
}

/// What a topic is doing.
pub(crate) fn status(status: wire::TopicStatus, lang: Lang) -> &'static str {
    match status {
        wire::TopicStatus::Unspecified => "",
        wire::TopicStatus::Active => lang.status_active(),
        wire::TopicStatus::Dormant => lang.status_dormant(),
        wire::TopicStatus::Closed => lang.status_closed(),
        wire::TopicStatus::Merged => lang.status_merged(),
        wire::TopicStatus::Empty => lang.status_empty(),
    }
}

/// The name of a topic, which is never empty: that of photos without headlines is its keywords.
pub(crate) fn label(topic: &wire::Topic, lang: Lang) -> String {
    let label = topic.label.trim();
    if !label.is_empty() {
        return shortened(label, HEADLINE_CHARS);
    }
    let words: Vec<_> = topic.keywords.iter().take(4).map(String::as_str).collect();
    if words.is_empty() { lang.untitled().to_owned() } else { words.join(lang.comma()) }
}

/// A count as an index.
pub(crate) fn index(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::headline;
    use super::moment;
    use super::shortened;
    use crate::words::Lang;
    use wenmai_proto::wire;

    #[test]
    fn an_article_without_a_headline_has_its_first_words() {
        let body = "大雨".repeat(40);
        let record = wire::ArticleRecord { paragraphs: vec![body], ..Default::default() };
        assert_eq!(headline(&record, Lang::Zh).chars().count(), 29);
        assert_eq!(headline(&wire::ArticleRecord::default(), Lang::Zh), "（无标题）");
    }

    #[test]
    fn midnight_is_a_day_without_an_hour() {
        let at = |seconds| prost_types::Timestamp { seconds, nanos: 0 };
        assert_eq!(moment(Some(&at(1_740_758_400))), "2025-03-01");
        assert_eq!(moment(Some(&at(1_740_758_400 + 3_660))), "2025-03-01 01:01");
        assert_eq!(moment(None), "");
    }

    #[test]
    fn a_long_text_is_cut_by_characters() {
        assert_eq!(shortened("清河水位", 2), "清河…");
        assert_eq!(shortened("清河", 2), "清河");
    }
}
