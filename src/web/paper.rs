//! 版面: a page of a paper taken apart, each part where it stands, and what is related to it.

use askama::Template;
use axum::body::Bytes;
use axum::response::Response;

use crate::client::each;
use crate::client::told;
use crate::failure::Failure;
use crate::failure::html_answer;
use crate::failure::shown;
use crate::json;
use crate::shell::Shell;
use crate::shell::Tab;
use crate::show;
use crate::show::Line;
use crate::visit::Form;
use crate::visit::Visit;
use crate::visit::first;
use crate::words::Lang;
use wenmai_proto::wire;
use wenmai_proto::wire::find_related_articles_request::Target;
use wenmai_proto::wire::page_article::Outcome;

/// Related articles of each article.
const RELATED: i32 = 3;
/// Articles of a page whose related coverage is looked for.
const ASKED_MAX: usize = 12;
/// Related articles that are less probable are not shown.
const PROBABLE: f32 = 0.4;

/// A run of the page's text.
struct Run {
    text: String,
    /// The class of its part; empty for what no article took.
    class: &'static str,
    /// The article that begins here, counted from 1; 0 for none.
    begins: usize,
    /// No article took it, and it holds words.
    is_left: bool,
}

/// An article of the page.
struct Found {
    number: usize,
    title: String,
    kind: &'static str,
    facts: String,
    /// What an editor should look at.
    doubts: Vec<&'static str>,
    related: Vec<(Line, String)>,
    /// Where it is stored, and what became of it.
    href: String,
    outcome: String,
}

#[derive(Template)]
#[template(path = "layout.html")]
struct Page {
    shell: Shell,
    text: String,
    paper: String,
    date: String,
    code: String,
    runs: Vec<Run>,
    found: Vec<Found>,
    /// Why nothing was taken from a web page.
    refusal: &'static str,
    is_stored: bool,
    left_count: usize,
}

/// The form for a page.
pub(crate) async fn form(visit: Visit) -> Response {
    let answer = form_answer(&visit);
    shown(&visit, answer)
}

fn form_answer(visit: &Visit) -> Result<Response, Failure> {
    if visit.form != Form::Html {
        return Err(Failure::NoForm);
    }
    Ok(html_answer(Page::empty(visit).render()?))
}

/// Takes a page apart, and stores its articles if that is asked for.
pub(crate) async fn apply(visit: Visit, body: Bytes) -> Response {
    let answer = apply_answer(&visit, &body).await;
    shown(&visit, answer)
}

async fn apply_answer(visit: &Visit, body: &[u8]) -> Result<Response, Failure> {
    let form = visit.form_of(body)?;
    let value = |name: &str| first(&form, name).unwrap_or_default().to_owned();
    // Forms end lines as the network does, and files as Unix does.
    let text = value("text").replace("\r\n", "\n");
    let day: Option<jiff::civil::Date> = value("date").parse().ok();
    let issue = wire::Issue {
        paper: value("paper"),
        date: day.map(show::wire_date),
        page: value("page"),
        ..Default::default()
    };
    let mut page = Page::empty(visit);
    (page.text, page.paper) = (text.clone(), issue.paper.clone());
    (page.date, page.code) = (value("date"), issue.page.clone());
    if first(&form, "store").is_some() {
        if !visit.may_write() {
            return Err(Failure::ReadOnly);
        }
        let request = wire::IngestPageRequest {
            text: text.clone(),
            issue: Some(issue),
            ..Default::default()
        };
        let answer = told(visit.article_service().ingest_page(visit.call(request)).await)?;
        if visit.form == Form::Json {
            return json::answer("IngestPageResponse", &answer);
        }
        page.is_stored = true;
        page.fill(visit, &text, Parsed::of_stored(answer)).await;
    } else {
        let request =
            wire::ParsePageRequest { text: text.clone(), issue: Some(issue), ..Default::default() };
        let answer = told(visit.article_service().parse_page(visit.call(request)).await)?;
        if visit.form == Form::Json {
            return json::answer("ParsePageResponse", &answer);
        }
        page.fill(visit, &text, Parsed::of(answer)).await;
    }
    Ok(html_answer(page.render()?))
}

/// What was found on a page, stored or not.
struct Parsed {
    articles: Vec<(wire::ParsedArticle, Option<Outcome>)>,
    extracted: String,
    no_article: Option<wire::NoArticle>,
}

impl Parsed {
    fn of(answer: wire::ParsePageResponse) -> Self {
        let articles = answer.articles.into_iter().map(|article| (article, None)).collect();
        let (extracted, no_article) = (answer.extracted_text, answer.no_article);
        Self { articles, extracted, no_article }
    }

    fn of_stored(answer: wire::IngestPageResponse) -> Self {
        let articles = answer.articles.into_iter();
        let articles = articles.map(|a| (a.parsed.unwrap_or_default(), a.outcome)).collect();
        let (extracted, no_article) = (answer.extracted_text, answer.no_article);
        Self { articles, extracted, no_article }
    }
}

impl Page {
    fn empty(visit: &Visit) -> Self {
        let mut shell = Shell::of(visit, Tab::Layout, visit.lang.layout());
        shell.json.clear();
        Self {
            shell,
            text: String::new(),
            paper: String::new(),
            date: String::new(),
            code: String::new(),
            runs: Vec::new(),
            found: Vec::new(),
            refusal: "",
            is_stored: false,
            left_count: 0,
        }
    }

    async fn fill(&mut self, visit: &Visit, text: &str, parsed: Parsed) {
        let Parsed { articles, extracted, no_article } = parsed;
        let l = visit.lang;
        self.refusal = no_article.map_or("", |no_article| refusal(no_article.kind(), l));
        let shown = if extracted.is_empty() { text } else { &extracted };
        self.runs = runs(shown, &articles);
        self.left_count = self.runs.iter().filter(|run| run.is_left).count();
        let asked = articles.iter().take(ASKED_MAX);
        let related = each(asked.map(|(article, _)| related(visit, article)).collect()).await;
        let mut related = related.into_iter();
        self.found = (1..)
            .zip(&articles)
            .map(|(number, (article, outcome))| {
                let mut found = found(number, article, l);
                found.related = related.next().unwrap_or_default();
                (found.href, found.outcome) = became(outcome.as_ref(), l);
                found
            })
            .collect();
    }
}

/// Where an article of the page is stored now, and what became of it.
fn became(outcome: Option<&Outcome>, l: Lang) -> (String, String) {
    match outcome {
        None => (String::new(), String::new()),
        Some(Outcome::Error(error)) => (String::new(), error.message.clone()),
        Some(Outcome::Ingested(stored)) => {
            let what = match stored.outcome() {
                wire::IngestOutcome::Unspecified | wire::IngestOutcome::Created => l.was_created(),
                wire::IngestOutcome::Updated => l.was_updated(),
                wire::IngestOutcome::Unchanged => l.was_unchanged(),
            };
            (show::href(&stored.name), what.to_owned())
        }
    }
}

fn found(number: usize, article: &wire::ParsedArticle, l: Lang) -> Found {
    let record = article.record.clone().unwrap_or_default();
    let chars: usize = record.paragraphs.iter().map(|text| text.chars().count()).sum();
    let is_text = matches!(
        record.kind(),
        wire::ArticleKind::News | wire::ArticleKind::Comment | wire::ArticleKind::Feature
    );
    let doubts = [
        (record.title.trim().is_empty() && is_text, l.doubt_no_title()),
        (chars == 0 && is_text, l.doubt_no_text()),
        (chars > 0 && chars < 60 && is_text, l.doubt_short()),
        (record.title.chars().count() > 60, l.doubt_long_title()),
    ];
    let doubts = doubts.into_iter().filter(|(is_so, _)| *is_so).map(|(_, doubt)| doubt);
    let authors: Vec<_> = record.byline.iter().map(|by| by.name.as_str()).collect();
    let facts = [authors.join(" "), record.section.clone(), l.chars(chars)];
    let facts: Vec<_> = facts.into_iter().filter(|fact| !fact.is_empty()).collect();
    Found {
        number,
        title: show::headline(&record, l),
        kind: show::kind(record.kind(), l),
        facts: facts.join(" · "),
        doubts: doubts.collect(),
        related: Vec::new(),
        href: String::new(),
        outcome: String::new(),
    }
}

/// What is stored already and related to an article of the page.
async fn related(visit: &Visit, article: &wire::ParsedArticle) -> Vec<(Line, String)> {
    let Some(record) = article.record.clone() else { return Vec::new() };
    if matches!(record.kind(), wire::ArticleKind::Teaser | wire::ArticleKind::Staff) {
        return Vec::new();
    }
    let request = wire::FindRelatedArticlesRequest {
        target: Some(Target::Given(record)),
        page_size: RELATED,
        ..Default::default()
    };
    // What stands beside an article may fail alone.
    let Ok(answer) = told(visit.search_service().find_related_articles(visit.call(request)).await)
    else {
        return Vec::new();
    };
    let probable = answer.hits.into_iter().filter_map(|hit| {
        let relation = hit.relation.filter(|relation| relation.probability >= PROBABLE)?;
        let line = Line::of(&hit.article.unwrap_or_default(), visit.lang);
        Some((line, show::percent(relation.probability)))
    });
    probable.collect()
}

/// A place on the page: first and last character, class, article.
type Place = (usize, usize, &'static str, usize);

/// The text of a page in runs, each of one part.
fn runs(text: &str, articles: &[(wire::ParsedArticle, Option<Outcome>)]) -> Vec<Run> {
    let mut places: Vec<Place> = Vec::new();
    for (number, (article, _)) in (1..).zip(articles) {
        let Some(spans) = &article.spans else { continue };
        let body: Vec<wire::TextSpan> =
            spans.paragraphs.iter().flat_map(|paragraph| paragraph.spans.clone()).collect();
        let parts: [(&[wire::TextSpan], &'static str); 10] = [
            (&spans.kicker, "kicker"),
            (&spans.title, "title"),
            (&spans.subtitle, "subtitle"),
            (&spans.section, "section"),
            (&spans.byline, "byline"),
            (&spans.dateline, "dateline"),
            (&body, "body"),
            (&spans.captions, "caption"),
            (&spans.jump, "jump"),
            (&spans.source_note, "note"),
        ];
        for (spans, class) in parts {
            let place = |span: &wire::TextSpan| {
                let (from, to) = crate::marks::bounds(*span);
                (from, to, class, number)
            };
            places.extend(spans.iter().map(place));
        }
    }
    places.sort_by_key(|place| place.0);
    laid_out(text, &places)
}

/// `text` cut at the ends of `places`, which are in order; where two overlap the first counts.
fn laid_out(text: &str, places: &[Place]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut begun: Vec<usize> = Vec::new();
    let mut next = places.iter().peekable();
    let mut here: Option<Place> = None;
    let mut last = None;
    for (at, character) in text.chars().enumerate() {
        if here.is_some_and(|(_, to, _, _)| at >= to) {
            here = None;
        }
        while here.is_none() && next.peek().is_some_and(|place| place.0 <= at) {
            here = next.next().copied().filter(|(_, to, _, _)| *to > at);
        }
        let state = here.map(|(from, _, class, number)| (from, class, number));
        if runs.is_empty() || state != last {
            last = state;
            let (class, number) = state.map_or(("", 0), |(_, class, number)| (class, number));
            let begins = if number == 0 || begun.contains(&number) { 0 } else { number };
            begun.extend((begins > 0).then_some(begins));
            runs.push(Run { text: String::new(), class, begins, is_left: false });
        }
        if let Some(run) = runs.last_mut() {
            run.text.push(character);
        }
    }
    for run in &mut runs {
        let words = run.text.chars().filter(|c| c.is_alphanumeric()).count();
        run.is_left = run.class.is_empty() && words > 1;
    }
    runs
}

fn refusal(kind: wire::WebPageKind, l: Lang) -> &'static str {
    match kind {
        wire::WebPageKind::List => l.page_list(),
        wire::WebPageKind::Login => l.page_login(),
        wire::WebPageKind::Missing => l.page_missing(),
        wire::WebPageKind::Shell => l.page_shell(),
        wire::WebPageKind::Empty => l.page_empty(),
        wire::WebPageKind::NoText | wire::WebPageKind::Unspecified => l.page_no_text(),
        wire::WebPageKind::Several => l.page_several(),
    }
}

#[cfg(test)]
mod tests {
    use super::laid_out;

    #[test]
    fn what_no_article_took_is_told_from_white_space() {
        let runs = laid_out("标题\n正文。\n剩下的", &[(0, 2, "title", 1), (3, 6, "body", 1)]);
        let told: Vec<_> =
            runs.iter().map(|r| (r.text.as_str(), r.class, r.begins, r.is_left)).collect();
        assert_eq!(
            told,
            [
                ("标题", "title", 1, false),
                ("\n", "", 0, false),
                ("正文。", "body", 0, false),
                ("\n剩下的", "", 0, true),
            ]
        );
    }

    #[test]
    fn of_places_that_overlap_the_first_counts() {
        let runs = laid_out("一二三四", &[(0, 3, "title", 1), (2, 4, "body", 2)]);
        let told: Vec<_> = runs.iter().map(|r| (r.text.as_str(), r.class)).collect();
        assert_eq!(told, [("一二三", "title"), ("四", "body")]);
    }
}
