//! 话题: how a topic unfolded, what it holds, and what is beside it.

mod beside;

use askama::Template;
use axum::extract::Path;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use jiff::civil::Date;

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
use crate::spark;
use crate::spark::Chart;
use crate::stories;
use crate::summary::Piece;
use crate::topics::Choice;
use crate::visit::Form;
use crate::visit::Visit;
use crate::visit::encoded;
use crate::words::Lang;
use wenmai_proto::wire;
use wenmai_proto::wire::TopicView;

pub(crate) use beside::Similar;
pub(crate) use beside::Timelines;
pub(crate) use beside::brief;
use beside::brief_at_once;
use beside::pieces;
pub(crate) use beside::similar;
pub(crate) use beside::timeline;
use beside::timeline_of;

/// Members on a page of the contract.
const PAGE_SIZE: i32 = 100;
/// Members that are put into another order; the most central ones of larger topics.
const SORTED_MAX: usize = 1_000;
/// Members that are shown at once.
const SHOWN: usize = 100;
/// Events that are shown at once.
const EVENTS: usize = 12;
/// Days of the timeline.
const DAYS: i32 = 20;
/// Size of the large chart.
const CHART: (i32, i32) = (920, 120);

/// What stands at the head of every page about a topic.
pub(crate) struct Head {
    pub(crate) href: String,
    pub(crate) label: String,
    pub(crate) level: &'static str,
    pub(crate) status: &'static str,
    pub(crate) is_pinned: bool,
    pub(crate) is_named: bool,
    pub(crate) facts: String,
    pub(crate) span: String,
    /// The story of an event.
    pub(crate) story: String,
    pub(crate) keywords: Vec<Choice>,
    pub(crate) parts: Vec<Choice>,
    /// Whether the name asked for was that of a topic that was merged into this one.
    pub(crate) was_merged: bool,
}

impl Head {
    /// The head of the page about a topic that is called `part`.
    pub(crate) fn of(visit: &Visit, topic: &wire::Topic, part: &str) -> Self {
        let l = visit.lang;
        let href = show::href(&topic.name);
        let one = |of: &str, name: &str| Choice {
            href: if of.is_empty() { href.clone() } else { format!("{href}/{of}") },
            name: name.to_owned(),
            count: 0,
            is_on: part == of,
        };
        let mut parts = vec![
            one("", l.overview()),
            one("articles", l.members()),
            one("report", l.report()),
            one("changes", l.changes()),
        ];
        if visit.may_write() {
            parts.push(one("edit", l.edit()));
        }
        let is_story = topic.level() == wire::TopicLevel::Story;
        let keyword = |word: &String| Choice {
            href: format!("/search?{}", encoded(&[("q".to_owned(), word.clone())])),
            name: word.clone(),
            count: 0,
            is_on: false,
        };
        Self {
            label: show::label(topic, l),
            level: if is_story { l.story() } else { l.event() },
            status: show::status(topic.status(), l),
            is_pinned: topic.is_pinned,
            is_named: topic.is_named,
            facts: l.articles_of(topic.article_count, topic.source_count),
            span: show::span_of(topic),
            story: if topic.story.is_empty() { String::new() } else { show::href(&topic.story) },
            keywords: topic.keywords.iter().take(8).map(keyword).collect(),
            parts,
            was_merged: visit.value("merged").is_some(),
            href,
        }
    }
}

/// A day of the timeline.
struct Day {
    date: String,
    facts: String,
    article: Option<Line>,
}

/// Another topic.
pub(crate) struct Other {
    pub(crate) href: String,
    pub(crate) label: String,
    pub(crate) facts: String,
    pub(crate) chart: Chart,
}

/// Names of one kind, each leading to the articles of the topic that name it.
struct Names {
    name: &'static str,
    choices: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "topic.html")]
struct Page {
    shell: Shell,
    head: Head,
    chart: Chart,
    brief: Vec<Piece>,
    /// Where the brief is, if it takes longer; empty where it is here.
    put_brief: String,
    with_brief: String,
    days: Vec<Day>,
    events: Vec<Other>,
    /// Events that are smaller than these.
    more_events: Vec<Other>,
    event_count: usize,
    related: Vec<Other>,
    /// Where the similar stories are, which take longer; empty where they are here.
    similar: String,
    with_similar: String,
    /// Where the themes of the story are.
    themes: String,
    /// The story, by which the list of themes is asked without a script.
    story_id: String,
    names: Vec<Names>,
    outlets: Vec<Choice>,
    outlet_most: u64,
}

/// One topic.
pub(crate) async fn show(visit: Visit, Path(id): Path<String>) -> Response {
    let answer = answer(&visit, &format!("topics/{id}")).await;
    shown(&visit, answer)
}

async fn answer(visit: &Visit, name: &str) -> Result<Response, Failure> {
    // What takes longer comes by itself, or where its link leads.
    let with_similar = visit.form == Form::Json || visit.value("similar").is_some();
    let view = if with_similar { TopicView::Full } else { TopicView::Events };
    let answer = get(visit, name, view).await?;
    let topic = answer.topic.clone().unwrap_or_default();
    if topic.name != name && visit.form != Form::Json {
        return Ok(merged(visit, name, &topic));
    }
    match visit.form {
        Form::Json => return json::answer("GetTopicResponse", &answer),
        Form::Atom => return feed(visit, &topic).await,
        Form::Csv | Form::Markdown => return Err(Failure::NoForm),
        Form::Html => {}
    }
    let (timeline, brief) =
        futures::join!(timeline_of(visit, &topic), brief_at_once(visit, &topic));
    Ok(html_answer(Page::of(visit, &answer, &timeline?, brief.as_ref()).render()?))
}

/// Reads a topic, as much of it as `view` says.
///
/// # Errors
/// [`Failure::Call`] if a service refuses the call or cannot be reached.
pub(crate) async fn get(
    visit: &Visit,
    name: &str,
    view: TopicView,
) -> Result<wire::GetTopicResponse, Failure> {
    let request = wire::GetTopicRequest { name: name.to_owned(), view: view.into() };
    told(visit.topic_service().get_topic(visit.call(request)).await)
}

/// Leads on from the name of a topic that was merged, to the same page of the one that stays, which
/// says so.
pub(crate) fn merged(visit: &Visit, name: &str, topic: &wire::Topic) -> Response {
    let path = visit.path.replacen(name, &topic.name, 1);
    let ending = if visit.form == Form::Atom { ".atom" } else { "" };
    Redirect::permanent(&format!("{path}{ending}?merged=1")).into_response()
}

/// The newest articles of a topic as a feed.
async fn feed(visit: &Visit, topic: &wire::Topic) -> Result<Response, Failure> {
    let request = wire::SearchArticlesRequest {
        query: stories::ALL.to_owned(),
        filter: format!("topic = \"{}\"", topic.name),
        page_size: 50,
        order: wire::SearchOrder::Newest.into(),
        ..Default::default()
    };
    let found = told(visit.search_service().search_articles(visit.call(request)).await)?;
    let articles = found.hits.into_iter().filter_map(|hit| hit.article);
    let entry = |article| atom::of_article(visit, &article, String::new());
    atom::answer(visit, &show::label(topic, visit.lang), articles.map(entry).collect())
}

impl Page {
    fn of(
        visit: &Visit,
        answer: &wire::GetTopicResponse,
        timeline: &wire::GetTopicTimelineResponse,
        brief: Option<&wire::SummarizeArticlesResponse>,
    ) -> Self {
        let l = visit.lang;
        let topic = answer.topic.clone().unwrap_or_default();
        let found = answer.related.iter().filter_map(|found| found.topic.as_ref());
        let span =
            (show::day_of(topic.first_time.as_ref()), show::day_of(topic.last_time.as_ref()));
        let mut by_size: Vec<_> = answer.events.iter().collect();
        by_size.sort_by_key(|event| std::cmp::Reverse(event.article_count));
        let mut events: Vec<Other> =
            by_size.into_iter().map(|event| within_story(event, span, l)).collect();
        let outlets = topic.sources.iter().take(12).map(|source| Choice {
            href: format!("{}/articles?order=outlet", show::href(&topic.name)),
            name: source.source.clone(),
            count: source.count.into(),
            is_on: false,
        });
        Self {
            shell: Shell::of(visit, Tab::Today, show::label(&topic, l)).with_feed(visit),
            head: Head::of(visit, &topic, ""),
            chart: spark::of_topic(&topic, CHART),
            brief: brief.map(pieces).unwrap_or_default(),
            put_brief: if brief.is_none() {
                format!("{}/brief", show::href(&topic.name))
            } else {
                String::new()
            },
            with_brief: visit.with(&[("brief", "1")]),
            days: timeline.entries.iter().map(|entry| day_of(entry, l)).collect(),
            event_count: answer.events.len(),
            more_events: events.split_off(events.len().min(EVENTS)),
            events,
            related: found.map(|topic| other(topic, l)).collect(),
            similar: if visit.value("similar").is_some() {
                String::new()
            } else {
                format!("{}/similar", show::href(&topic.name))
            },
            with_similar: visit.with(&[("similar", "1")]),
            story_id: show::id(if topic.story.is_empty() { &topic.name } else { &topic.story })
                .to_owned(),
            themes: format!("{}/themes", show::href(&topic.name)),
            names: names_of(&topic, l),
            outlets: outlets.collect(),
            outlet_most: topic.sources.iter().map(|s| u64::from(s.count)).max().unwrap_or(1),
        }
    }
}

/// The names of a topic by kind, each leading to the articles of the topic that name it.
fn names_of(topic: &wire::Topic, l: Lang) -> Vec<Names> {
    let within = |value: &str, field: &str| {
        let pairs = [("topic", topic.name.as_str()), (field, value)];
        let pairs = pairs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        format!("/search?{}", encoded(&pairs))
    };
    let names = [
        (l.persons(), "person", &topic.persons),
        (l.places(), "place", &topic.places),
        (l.organisations(), "organisation", &topic.organisations),
    ];
    let names = names.into_iter().filter(|(_, _, all)| !all.is_empty());
    let names = names.map(|(name, field, all)| Names {
        name,
        choices: all
            .iter()
            .take(10)
            .map(|value| Choice {
                href: within(value, field),
                name: value.clone(),
                count: 0,
                is_on: false,
            })
            .collect(),
    });
    names.collect()
}

/// An event on the days of its story.
fn within_story(event: &wire::Topic, span: (Option<Date>, Option<Date>), l: Lang) -> Other {
    let mut other = other(event, l);
    if let (Some(from), Some(to)) = span {
        other.chart = spark::chart(&event.days, (from, to), (120, 20));
    }
    other
}

fn day_of(entry: &wire::TimelineEntry, l: Lang) -> Day {
    Day {
        date: entry.date.as_ref().map(show::date_text).unwrap_or_default(),
        facts: l.day_facts(entry.published_count, entry.mention_count),
        article: entry.article.as_ref().map(|article| Line::of(article, l)),
    }
}

pub(crate) fn other(topic: &wire::Topic, l: Lang) -> Other {
    Other {
        href: show::href(&topic.name),
        label: show::label(topic, l),
        facts: format!(
            "{} · {}",
            l.articles_of(topic.article_count, topic.source_count),
            show::span_of(topic)
        ),
        chart: spark::of_topic(topic, (90, 20)),
    }
}

/// An article of a topic.
struct Member {
    line: Line,
    centrality: String,
    /// The bar of the centrality.
    width: u32,
}

/// Members under one heading.
struct Members {
    name: String,
    all: Vec<Member>,
}

#[derive(Template)]
#[template(path = "members.html")]
struct MembersPage {
    shell: Shell,
    head: Head,
    orders: Vec<Choice>,
    groups: Vec<Members>,
    total: u32,
    shown: usize,
    next: String,
}

/// The articles of a topic.
pub(crate) async fn members(visit: Visit, Path(id): Path<String>) -> Response {
    let answer = members_answer(&visit, &format!("topics/{id}")).await;
    shown(&visit, answer)
}

async fn members_answer(visit: &Visit, name: &str) -> Result<Response, Failure> {
    let request = wire::ListTopicArticlesRequest {
        name: name.to_owned(),
        page_size: PAGE_SIZE,
        page_token: visit.value("page").unwrap_or_default().to_owned(),
        ..Default::default()
    };
    let mut answer =
        told(visit.topic_service().list_topic_articles(visit.call(request.clone())).await)?;
    match visit.form {
        Form::Json => return json::answer("ListTopicArticlesResponse", &answer),
        Form::Html => {}
        Form::Atom | Form::Csv | Form::Markdown => return Err(Failure::NoForm),
    }
    let topic = answer.topic.clone().unwrap_or_default();
    if topic.name != name {
        return Ok(merged(visit, name, &topic));
    }
    let order = visit.value("order").unwrap_or_default().to_owned();
    let is_sorted = order == "time" || order == "outlet";
    while is_sorted && !answer.next_page_token.is_empty() && answer.articles.len() < SORTED_MAX {
        let page_token = std::mem::take(&mut answer.next_page_token);
        let request = wire::ListTopicArticlesRequest { page_token, ..request.clone() };
        let more = told(visit.topic_service().list_topic_articles(visit.call(request)).await)?;
        answer.articles.extend(more.articles);
        answer.next_page_token = more.next_page_token;
    }
    let next = if is_sorted { "" } else { answer.next_page_token.as_str() };
    let (groups, shown) = grouped(answer.articles, &order, visit.lang);
    let l = visit.lang;
    let one = |value: &str, title: &str| Choice {
        href: visit.with(&[("order", value)]),
        name: title.to_owned(),
        count: 0,
        is_on: order == value,
    };
    let page = MembersPage {
        shell: Shell::of(visit, Tab::Today, show::label(&topic, l)),
        head: Head::of(visit, &topic, "articles"),
        orders: vec![
            one("", l.by_centrality()),
            one("time", l.by_time()),
            one("outlet", l.by_outlet()),
        ],
        groups,
        total: answer.total_count,
        shown,
        next: if next.is_empty() { String::new() } else { visit.with(&[("page", next)]) },
    };
    Ok(html_answer(page.render()?))
}

/// Members in their order, under headings where there are some, and how many are shown.
fn grouped(mut articles: Vec<wire::TopicArticle>, order: &str, l: Lang) -> (Vec<Members>, usize) {
    let record = |member: &wire::TopicArticle| {
        let article = member.article.as_ref();
        article.and_then(|article| article.record.clone()).unwrap_or_default()
    };
    let second = |record: &wire::ArticleRecord| record.publish_time.as_ref().map(|t| t.seconds);
    match order {
        "time" => articles.sort_by_key(|member| std::cmp::Reverse(second(&record(member)))),
        "outlet" => articles.sort_by_key(|member| {
            let record = record(member);
            (show::outlet(&record), second(&record))
        }),
        _ => {}
    }
    let mut groups: Vec<Members> = Vec::new();
    let limit = if order.is_empty() { usize::MAX } else { 3 * SHOWN };
    let shown = articles.len().min(limit);
    for member in articles.into_iter().take(limit) {
        let record = record(&member);
        let name = match order {
            "time" => show::day_of(record.publish_time.as_ref())
                .map(|day| show::long_day(day, l))
                .unwrap_or_default(),
            "outlet" => show::outlet(&record),
            _ => String::new(),
        };
        if groups.last().is_none_or(|group| group.name != name) {
            groups.push(Members { name, all: Vec::new() });
        }
        if let Some(group) = groups.last_mut() {
            group.all.push(member_of(&member, l));
        }
    }
    (groups, shown)
}

fn member_of(member: &wire::TopicArticle, l: Lang) -> Member {
    let share = member.centrality.unwrap_or_default().clamp(0.0, 1.0);
    let width = (1..=60_u16).take_while(|step| f32::from(*step) <= 60.0 * share).count();
    Member {
        line: Line::of(&member.article.clone().unwrap_or_default(), l),
        centrality: member.centrality.map(|c| format!("{c:.2}")).unwrap_or_default(),
        width: u32::try_from(width).unwrap_or_default(),
    }
}
