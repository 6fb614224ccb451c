//! 主题: standing subjects that run through several stories, and the stories of one.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use jiff::ToSpan;

use crate::client::told;
use crate::failure::Failure;
use crate::failure::html_answer;
use crate::failure::shown;
use crate::json;
use crate::kept::Kept;
use crate::shell::Shell;
use crate::shell::Tab;
use crate::show;
use crate::topic::Other;
use crate::topic::other;
use crate::topics;
use crate::topics::Choice;
use crate::visit::Form;
use crate::visit::Visit;
use crate::visit::encoded;
use crate::words::Lang;
use wenmai_proto::wire;

/// Themes on a page.
const PAGE_SIZE: i32 = 50;
/// Stories of a theme that are shown at first, with their charts.
const STORIES: i32 = 20;
/// Stories of a theme that can be shown.
const STORIES_MAX: i32 = 100;
/// Themes of a story beside it.
const BESIDE: i32 = 8;

/// The themes of stories, until a story changes.
pub(crate) type OfStories = Kept<String, Vec<wire::Theme>>;

/// A theme in a list.
struct Row {
    href: String,
    label: String,
    keywords: String,
    facts: String,
}

impl Row {
    fn of(theme: &wire::Theme, l: Lang) -> Self {
        Self {
            href: show::href(&theme.name),
            label: theme.label.clone(),
            keywords: theme.keywords.join(l.comma()),
            facts: facts(theme, l),
        }
    }
}

#[derive(Template)]
#[template(path = "themes.html")]
struct ListPage {
    shell: Shell,
    total: String,
    periods: Vec<Choice>,
    themes: Vec<Row>,
    next: String,
}

/// The list of themes.
pub(crate) async fn list(visit: Visit) -> Response {
    let answer = list_answer(&visit).await;
    shown(&visit, answer)
}

async fn list_answer(visit: &Visit) -> Result<Response, Failure> {
    let days = visit.value("days").and_then(|days| days.parse::<i32>().ok());
    let newest = if days.is_some() { topics::newest_day(visit).await? } else { None };
    let first = days.zip(newest).map(|(days, newest)| {
        show::wire_date(newest.saturating_sub((days.clamp(1, 36_500) - 1).days()))
    });
    let request = wire::ListThemesRequest {
        from: first,
        page_size: PAGE_SIZE,
        page_token: visit.value("page").unwrap_or_default().to_owned(),
        topic: visit.value("topic").map(|id| format!("topics/{id}")).unwrap_or_default(),
        ..Default::default()
    };
    let answer = told(visit.topic_service().list_themes(visit.call(request)).await)?;
    match visit.form {
        Form::Json => return json::answer("ListThemesResponse", &answer),
        Form::Html => {}
        Form::Atom | Form::Csv | Form::Markdown => return Err(Failure::NoForm),
    }
    let l = visit.lang;
    let next = answer.next_page_token.as_str();
    let page = ListPage {
        shell: Shell::of(visit, Tab::Themes, l.themes()),
        total: l.topics_in_all(answer.total_count),
        periods: periods(visit),
        themes: answer.themes.iter().map(|theme| Row::of(theme, l)).collect(),
        next: if next.is_empty() { String::new() } else { visit.with(&[("page", next)]) },
    };
    Ok(html_answer(page.render()?))
}

fn periods(visit: &Visit) -> Vec<Choice> {
    let l = visit.lang;
    let all = [("7", l.one_week()), ("30", l.one_month()), ("365", l.one_year())];
    let asked = visit.value("days").unwrap_or_default();
    let choice = |(value, name): (&str, &str)| Choice {
        href: visit.with(&[("days", value)]),
        name: name.to_owned(),
        count: 0,
        is_on: asked == value,
    };
    all.into_iter().chain([("", l.all_time())]).map(choice).collect()
}

/// A story of a theme.
struct Story {
    other: Other,
    /// How firmly it belongs to the theme.
    weight: String,
    /// The bar of that.
    width: String,
}

#[derive(Template)]
#[template(path = "theme.html")]
struct Page {
    shell: Shell,
    label: String,
    facts: String,
    span: String,
    words: Vec<Choice>,
    stories: Vec<Story>,
    shown: String,
    /// Where more stories are; empty where all are shown.
    more: String,
    search: String,
}

/// One theme with its stories.
pub(crate) async fn show(visit: Visit, Path(id): Path<String>) -> Response {
    let answer = answer(&visit, &format!("themes/{id}")).await;
    shown(&visit, answer)
}

async fn answer(visit: &Visit, name: &str) -> Result<Response, Failure> {
    let is_long = visit.value("all").is_some() || visit.form == Form::Json;
    let limit = if is_long { STORIES_MAX } else { STORIES };
    let request = wire::GetThemeRequest { name: name.to_owned(), limit };
    let answer = told(visit.topic_service().get_theme(visit.call(request)).await)?;
    match visit.form {
        Form::Json => return json::answer("GetThemeResponse", &answer),
        Form::Html => {}
        Form::Atom | Form::Csv | Form::Markdown => return Err(Failure::NoForm),
    }
    Ok(html_answer(Page::of(visit, &answer, is_long).render()?))
}

impl Page {
    fn of(visit: &Visit, answer: &wire::GetThemeResponse, is_long: bool) -> Self {
        let l = visit.lang;
        let theme = answer.theme.clone().unwrap_or_default();
        let search =
            |word: &str| format!("/search?{}", encoded(&[("q".to_owned(), word.to_owned())]));
        let word = |word: &String| Choice {
            href: search(word),
            name: word.clone(),
            count: 0,
            is_on: false,
        };
        let is_cut = show::index(theme.story_count) > answer.stories.len();
        Self {
            shell: Shell::of(visit, Tab::Themes, theme.label.as_str()),
            facts: facts(&theme, l),
            span: span(&theme),
            words: theme.keywords.iter().map(word).collect(),
            stories: answer.stories.iter().filter_map(|one| story(one, is_long, l)).collect(),
            shown: l.shown_stories(answer.stories.len(), theme.story_count),
            more: if is_cut && !is_long { visit.with(&[("all", "1")]) } else { String::new() },
            search: search(&theme.label),
            label: theme.label,
        }
    }
}

/// A story of a theme; in a long list without its chart, so that the page stays small.
fn story(one: &wire::ThemeStory, is_long: bool, l: Lang) -> Option<Story> {
    let mut other = other(one.topic.as_ref()?, l);
    if is_long {
        other.chart.bars.clear();
    }
    let width = format!("{:.0}", 60.0 * one.weight.clamp(0.0, 1.0));
    Some(Story { other, weight: show::percent(one.weight), width })
}

fn facts(theme: &wire::Theme, l: Lang) -> String {
    l.stories_of(theme.story_count, theme.article_count)
}

/// The first and last day of a theme.
fn span(theme: &wire::Theme) -> String {
    let topic = wire::Topic {
        first_time: theme.first_time,
        last_time: theme.last_time,
        ..Default::default()
    };
    show::span_of(&topic)
}

#[derive(Template)]
#[template(path = "theme_part.html")]
struct Part {
    l: Lang,
    themes: Vec<Row>,
}

/// The themes that a story belongs to, as a part that is put into its page.
pub(crate) async fn of_topic(visit: Visit, Path(id): Path<String>) -> Response {
    let answer = part_answer(&visit, &format!("topics/{id}")).await;
    shown(&visit, answer)
}

async fn part_answer(visit: &Visit, name: &str) -> Result<Response, Failure> {
    let l = visit.lang;
    let themes = of_story(visit, name).await?;
    let themes = themes.iter().map(|theme| Row::of(theme, l)).collect();
    Ok(html_answer(Part { l, themes }.render()?))
}

async fn of_story(visit: &Visit, name: &str) -> Result<Vec<wire::Theme>, Failure> {
    let view = wire::TopicView::Basic;
    let topic = crate::topic::get(visit, name, view).await?.topic.unwrap_or_default();
    // An event is in the themes of its story.
    let story = if topic.story.is_empty() { topic.name } else { topic.story };
    if let Some(themes) = visit.site.themes.of(&story, topic.version) {
        return Ok(themes);
    }
    let request =
        wire::ListThemesRequest { topic: story.clone(), page_size: BESIDE, ..Default::default() };
    let themes = told(visit.topic_service().list_themes(visit.call(request)).await)?.themes;
    visit.site.themes.keep(story, topic.version, themes.clone());
    Ok(themes)
}
