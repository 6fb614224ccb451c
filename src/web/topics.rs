//! 今日: the stories of a day, a week or longer, by heat, burst, news or size.

use std::collections::BTreeMap;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use askama::Template;
use axum::response::Response;
use jiff::ToSpan;
use jiff::civil::Date;
use tonic::codegen::http::HeaderValue;
use tonic::codegen::http::header;

use crate::atom;
use crate::client::told;
use crate::failure::Failure;
use crate::failure::html_answer;
use crate::failure::shown;
use crate::json;
use crate::shell::Shell;
use crate::shell::Tab;
use crate::show;
use crate::show::Line;
use crate::sign_in::cookie;
use crate::spark;
use crate::spark::Chart;
use crate::stories;
use crate::stories::Newest;
use crate::visit::Form;
use crate::visit::Visit;
use wenmai_proto::wire;

/// Topics on a page.
const PAGE_SIZE: i32 = 20;
/// Topics that a list of bursts can have.
const BURSTS_MAX: i32 = 50;
/// Bursting topics beside the list.
const BESIDE: i32 = 6;
/// Days of a small chart, at least.
const CHART_DAYS: i32 = 30;
/// Places or papers that can be chosen.
const CHOICES: usize = 10;
/// Kinds of articles that topics can be asked for.
const KINDS: [(&str, wire::ArticleKind); 5] = [
    ("comment", wire::ArticleKind::Comment),
    ("feature", wire::ArticleKind::Feature),
    ("brief", wire::ArticleKind::Brief),
    ("photo", wire::ArticleKind::Photo),
    ("notice", wire::ArticleKind::Notice),
];
/// The cookie that knows what was seen at the last visit.
const SEEN: &str = "wenmai_seen";
/// Seconds without a look after which the next one is a new visit.
const VISIT_SECONDS: u64 = 1_800;

/// A choice, one of several or one that can be taken back.
pub(crate) struct Choice {
    pub(crate) href: String,
    pub(crate) name: String,
    pub(crate) count: u64,
    pub(crate) is_on: bool,
}

/// A topic in a list.
struct Story {
    href: String,
    label: String,
    keywords: Vec<String>,
    /// Places that its articles name most.
    places: String,
    article_count: u32,
    source_count: u32,
    reprint_count: u64,
    span: String,
    is_pinned: bool,
    is_new: bool,
    burst: String,
    chart: Chart,
    newest: Option<Line>,
}

#[derive(Template)]
#[template(path = "today.html")]
struct Page {
    shell: Shell,
    day: String,
    total: String,
    pending: u64,
    new_count: usize,
    orders: Vec<Choice>,
    periods: Vec<Choice>,
    levels: Vec<Choice>,
    sources: Vec<Choice>,
    places: Vec<Choice>,
    stories: Vec<Story>,
    bursting: Vec<Story>,
    next: String,
    /// Nothing is stored at all.
    is_empty: bool,
    from: String,
    to: String,
    section: String,
    /// Kinds of articles by name, in words, and whether topics with one are shown alone.
    kinds: Vec<(&'static str, &'static str, bool)>,
}

/// What a visitor wants to see.
struct Asked {
    level: wire::TopicLevel,
    order: &'static str,
    /// The first and the last day; `None` for no bound.
    from: Option<Date>,
    to: Option<Date>,
    /// Which topics, as a filter of the contract.
    filter: String,
}

/// The list of stories.
pub(crate) async fn list(visit: Visit) -> Response {
    let answer = answer(&visit).await;
    shown(&visit, answer)
}

async fn answer(visit: &Visit) -> Result<Response, Failure> {
    let newest_day = newest_day(visit).await?;
    let asked = Asked::of(visit, newest_day);
    let mut answer = if asked.order == "burst" {
        bursts(visit, &asked).await?
    } else {
        told(visit.topic_service().list_topics(visit.call(asked.request(visit))).await)?
    };
    match visit.form {
        Form::Json => return json::answer("ListTopicsResponse", &answer),
        Form::Csv | Form::Markdown => return Err(Failure::NoForm),
        Form::Html | Form::Atom => {}
    }
    let period = asked.period();
    let newest = stories::newest(visit, &answer.topics, &period).await;
    if visit.form == Form::Atom {
        return feed(visit, &answer.topics, newest);
    }
    let (seen, kept) = seen(visit, answer.topics_version);
    let mut page = Page::of(visit, &asked, newest_day, &answer);
    let rows = std::mem::take(&mut answer.topics);
    page.stories = rows_of(visit, &rows, newest, (newest_day, seen));
    page.new_count = page.stories.iter().filter(|story| story.is_new).count();
    if asked.order != "burst" && !page.stories.is_empty() {
        page.bursting = beside(visit, &asked, newest_day).await?;
    }
    if page.stories.is_empty() && answer.pending_count == 0 {
        let info = visit.info_service().get_info(visit.call(wire::GetInfoRequest {})).await;
        page.is_empty = told(info)?.store.is_none_or(|store| store.article_count == 0);
    }
    let mut response = html_answer(page.render()?);
    if let Ok(kept) = HeaderValue::from_str(&kept) {
        response.headers_mut().append(header::SET_COOKIE, kept);
    }
    Ok(response)
}

/// The day of the newest article of all; `None` where there are no topics.
pub(crate) async fn newest_day(visit: &Visit) -> Result<Option<Date>, Failure> {
    let request = wire::ListTopicsRequest {
        order: wire::TopicOrder::Recency.into(),
        // Topics of undated articles alone are left out of the answer.
        page_size: 5,
        ..Default::default()
    };
    let answer = told(visit.topic_service().list_topics(visit.call(request)).await)?;
    Ok(answer.topics.first().and_then(|topic| show::day_of(topic.last_time.as_ref())))
}

impl Asked {
    fn of(visit: &Visit, newest: Option<Date>) -> Self {
        let level = match visit.value("level") {
            Some("event") => wire::TopicLevel::Event,
            _ => wire::TopicLevel::Story,
        };
        let known = ["heat", "burst", "recency", "size"];
        let order = known.into_iter().find(|order| visit.value("order") == Some(order));
        let day = |name| visit.value(name).and_then(|day| day.parse::<Date>().ok());
        let (mut from, mut to) = (day("from"), day("to"));
        let days = visit.value("days").unwrap_or("7");
        if let (None, None, Ok(days)) = (from, to, days.parse::<i32>()) {
            to = newest;
            from = newest.map(|day| day.saturating_sub((days.clamp(1, 36_500) - 1).days()));
        }
        let mut parts = Vec::new();
        for field in ["source", "place", "keyword", "section", "kind"] {
            let values =
                visit.query.iter().filter(|(name, value)| name == field && !value.is_empty());
            let any: Vec<_> =
                values.map(|(_, value)| format!("{field} = {}", quoted(value))).collect();
            if !any.is_empty() {
                parts.push(format!("({})", any.join(" OR ")));
            }
        }
        Self { level, order: order.unwrap_or("heat"), from, to, filter: parts.join(" AND ") }
    }

    fn request(&self, visit: &Visit) -> wire::ListTopicsRequest {
        let order = match self.order {
            "recency" => wire::TopicOrder::Recency,
            "size" => wire::TopicOrder::Size,
            _ => wire::TopicOrder::Heat,
        };
        wire::ListTopicsRequest {
            level: self.level.into(),
            from: self.from.map(show::wire_date),
            to: self.to.map(show::wire_date),
            filter: self.filter.clone(),
            order: order.into(),
            page_size: PAGE_SIZE,
            page_token: visit.value("page").unwrap_or_default().to_owned(),
        }
    }

    /// The period as the end of a filter of articles.
    fn period(&self) -> String {
        if self.order == "burst" {
            return String::new();
        }
        let bounds = [(">=", self.from), ("<=", self.to)];
        let bound = |(sign, day): (&str, Option<Date>)| Some(format!(" AND date {sign} {}", day?));
        bounds.into_iter().filter_map(bound).collect::<Vec<_>>().concat()
    }
}

/// A value as filters take it, whatever it holds.
pub(crate) fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Topics that burst, as a list.
async fn bursts(visit: &Visit, asked: &Asked) -> Result<wire::ListTopicsResponse, Failure> {
    let request = wire::GetTrendingRequest {
        level: asked.level.into(),
        date: asked.to.map(show::wire_date),
        limit: BURSTS_MAX,
    };
    let answer = told(visit.topic_service().get_trending(visit.call(request)).await)?;
    let chosen = |field: &str, values: &[String]| {
        let mut wanted = visit.query.iter().filter(|(name, _)| name == field).peekable();
        wanted.peek().is_none() || wanted.any(|(_, value)| values.contains(value))
    };
    let mut topics = answer.topics;
    topics.retain(|topic| {
        let sources: Vec<_> = topic.sources.iter().map(|source| source.source.clone()).collect();
        chosen("source", &sources) && chosen("place", &topic.places)
    });
    let total_count = u32::try_from(topics.len()).unwrap_or(u32::MAX);
    let topics_version = answer.topics_version;
    Ok(wire::ListTopicsResponse { topics, total_count, topics_version, ..Default::default() })
}

/// The topics that burst most, beside the list.
async fn beside(
    visit: &Visit,
    asked: &Asked,
    newest_day: Option<Date>,
) -> Result<Vec<Story>, Failure> {
    let (level, date) = (asked.level.into(), asked.to.map(show::wire_date));
    let request = wire::GetTrendingRequest { level, date, limit: BESIDE };
    let answer = told(visit.topic_service().get_trending(visit.call(request)).await)?;
    let none = vec![Newest::default(); answer.topics.len()];
    Ok(rows_of(visit, &answer.topics, none, (newest_day, u64::MAX)))
}

fn rows_of(
    visit: &Visit,
    topics: &[wire::Topic],
    newest: Vec<Newest>,
    (newest_day, seen): (Option<Date>, u64),
) -> Vec<Story> {
    let row = |(topic, newest): (&wire::Topic, Newest)| {
        let period = newest_day.map(|to| (to.saturating_sub((CHART_DAYS - 1).days()), to));
        let chart = match period {
            Some(period) if topic_is_within(topic, period) => {
                spark::chart(&topic.days, period, (120, 26))
            }
            _ => spark::of_topic(topic, (120, 26)),
        };
        Story {
            href: show::href(&topic.name),
            label: show::label(topic, visit.lang),
            keywords: topic.keywords.iter().take(4).cloned().collect(),
            places: topic
                .places
                .iter()
                .take(2)
                .cloned()
                .collect::<Vec<_>>()
                .join(visit.lang.comma()),
            article_count: topic.article_count,
            source_count: topic.source_count,
            reprint_count: newest.reprint_count,
            span: show::span_of(topic),
            is_pinned: topic.is_pinned,
            is_new: topic.version > seen,
            burst: format!("{:.1}", topic.burst),
            chart,
            newest: newest.article.map(|article| Line::of(&article, visit.lang)),
        }
    };
    topics.iter().zip(newest).map(row).collect()
}

/// Whether a topic has an article in the period that small charts show.
fn topic_is_within(topic: &wire::Topic, (from, to): (Date, Date)) -> bool {
    let mut days = topic.days.iter().filter_map(|entry| entry.date.as_ref().and_then(show::date));
    days.any(|day| from <= day && day <= to)
}

impl Page {
    fn of(
        visit: &Visit,
        asked: &Asked,
        newest_day: Option<Date>,
        answer: &wire::ListTopicsResponse,
    ) -> Self {
        let l = visit.lang;
        let one = |name: &str, value: &str, title: &str, is_on: bool| Choice {
            href: visit.with(&[(name, value)]),
            name: title.to_owned(),
            count: 0,
            is_on,
        };
        let of_order = |value: &str, title: &str| one("order", value, title, asked.order == value);
        let is_event = asked.level == wire::TopicLevel::Event;
        let bound = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
        let next = answer.next_page_token.as_str();
        Self {
            shell: Shell::of(visit, Tab::Today, l.today()).with_feed(visit),
            day: newest_day.map(|day| show::long_day(day, l)).unwrap_or_default(),
            total: l.topics_in_all(answer.total_count),
            pending: answer.pending_count,
            new_count: 0,
            orders: vec![
                of_order("heat", l.by_heat()),
                of_order("burst", l.by_burst()),
                of_order("recency", l.by_recency()),
                of_order("size", l.by_size()),
            ],
            periods: periods(visit),
            levels: vec![
                one("level", "", l.stories(), !is_event),
                one("level", "event", l.events(), is_event),
                Choice {
                    href: "/themes".to_owned(),
                    name: l.themes().to_owned(),
                    count: 0,
                    is_on: false,
                },
            ],
            sources: choices(
                visit,
                "source",
                answer.topics.iter().flat_map(|topic| {
                    topic.sources.iter().map(|source| (source.source.as_str(), source.count))
                }),
            ),
            places: choices(
                visit,
                "place",
                answer
                    .topics
                    .iter()
                    .flat_map(|topic| topic.places.iter().map(|place| (place.as_str(), 1))),
            ),
            stories: Vec::new(),
            bursting: Vec::new(),
            next: if next.is_empty() { String::new() } else { visit.with(&[("page", next)]) },
            is_empty: false,
            from: bound(asked.from),
            to: bound(asked.to),
            section: visit.value("section").unwrap_or_default().to_owned(),
            kinds: KINDS
                .map(|(name, kind)| (name, show::kind(kind, l), visit.value("kind") == Some(name)))
                .to_vec(),
        }
    }
}

/// The periods that can be chosen.
fn periods(visit: &Visit) -> Vec<Choice> {
    let l = visit.lang;
    let days = visit.value("days").unwrap_or("7");
    let is_custom = visit.value("from").or(visit.value("to")).is_some();
    let period = |(value, title): (&str, &str)| Choice {
        href: visit.with(&[("days", value), ("from", ""), ("to", "")]),
        name: title.to_owned(),
        count: 0,
        is_on: !is_custom && days == value,
    };
    let all =
        [("1", l.one_day()), ("7", l.one_week()), ("30", l.one_month()), ("all", l.all_time())];
    all.into_iter().map(period).collect()
}

/// The values that the topics on the page have most, and those that are chosen.
fn choices<'a>(
    visit: &Visit,
    name: &str,
    values: impl Iterator<Item = (&'a str, u32)>,
) -> Vec<Choice> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for (value, count) in values.filter(|(value, _)| !value.is_empty()) {
        *counts.entry(value).or_default() += u64::from(count);
    }
    let is_on = |value: &str| visit.query.iter().any(|pair| pair.0 == name && pair.1 == value);
    let mut order: Vec<_> = counts.into_iter().collect();
    order.sort_by_key(|(value, count)| (!is_on(value), std::cmp::Reverse(*count)));
    let shown = order.into_iter().take(CHOICES);
    let choice = |(value, count): (&str, u64)| Choice {
        href: visit.toggled(name, value),
        name: value.to_owned(),
        count,
        is_on: is_on(value),
    };
    shown.map(choice).collect()
}

/// The version of topics that was seen at the last visit, and the cookie that knows it next time.
///
/// Looks within half an hour of each other are one visit.
fn seen(visit: &Visit, version: u64) -> (u64, String) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let known: Vec<u64> = visit
        .cookie(SEEN)
        .map(|text| text.split('.').filter_map(|part| part.parse().ok()).collect())
        .unwrap_or_default();
    let (base, second) = match known.as_slice() {
        // An index that was made anew begins at the first version again.
        [_, last, _] if *last > version => (version, now),
        [base, _, second] if now.saturating_sub(*second) < VISIT_SECONDS => (*base, now),
        [_, last, _] => (*last, now),
        _ => (version, now),
    };
    (base, cookie(visit, SEEN, &format!("{base}.{version}.{second}"), 90 * 86_400))
}

fn feed(visit: &Visit, topics: &[wire::Topic], newest: Vec<Newest>) -> Result<Response, Failure> {
    let entry = |(topic, newest): (&wire::Topic, Newest)| {
        let headline = newest.article.map(|article| Line::of(&article, visit.lang));
        let headline = headline.map(|line| format!("{} {}", line.outlet, line.title));
        atom::Entry {
            href: show::href(&topic.name),
            title: show::label(topic, visit.lang),
            updated: show::rfc3339(topic.last_time.as_ref()),
            author: String::new(),
            summary: format!(
                "{} · {}",
                visit.lang.articles_of(topic.article_count, topic.source_count),
                headline.unwrap_or_default()
            ),
        }
    };
    let entries = topics.iter().zip(newest).map(entry).collect();
    atom::answer(visit, visit.lang.today(), entries)
}
