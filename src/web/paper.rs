//! 版面: a page of a paper taken apart, each part where it stands, and what is related to it.

mod given;
mod plan;
mod runs;

use askama::Template;
use axum::body::Bytes;
use axum::response::Response;

use crate::client::each;
use crate::client::told;
use crate::failure::Failure;
use crate::failure::html_answer;
use crate::failure::shown;
use crate::json;
use crate::marks;
use crate::shell::Shell;
use crate::shell::Tab;
use crate::show;
use crate::show::Line;
use crate::visit::Form;
use crate::visit::Visit;
use crate::words::Lang;
use given::Given;
use plan::Plan;
use runs::Run;
use wenmai_proto::wire;
use wenmai_proto::wire::find_related_articles_request::Target;
use wenmai_proto::wire::page_article::Outcome;

/// Related articles of each article.
const RELATED: i32 = 3;
/// Articles of a page whose related coverage is looked for.
const ASKED_MAX: usize = 12;
/// Confidence from which an article's cuts need no look.
const SURE: f32 = 0.9;
/// Per cent that the parser can be asked to be sure of what is stored.
const SHARES: [u32; 4] = [0, 60, 80, 90];
/// Related articles that are less probable are not shown.
const PROBABLE: f32 = 0.4;

/// An article of the page.
struct Found {
    number: usize,
    title: String,
    kind: &'static str,
    facts: String,
    /// What an editor should look at.
    doubts: Vec<String>,
    related: Vec<(Line, String)>,
    /// Where it is stored, and what became of it.
    href: String,
    outcome: String,
}

/// A cut that may be wrong, or that was decided.
struct Cut {
    /// Counted from 1, as in the text; 0 for one that is decided.
    number: usize,
    line: String,
    /// How it is read now.
    reading: &'static str,
    confidence: String,
    /// The other reading, as the value of a field.
    other: String,
    is_decided: bool,
}

#[derive(Template)]
#[template(path = "layout.html")]
struct Page {
    shell: Shell,
    given: Given,
    runs: Vec<Run>,
    /// The page as it lies, where it came as a file with places.
    plan: Option<Plan>,
    /// What the service noticed about such a file.
    notes: Vec<String>,
    cuts: Vec<Cut>,
    found: Vec<Found>,
    /// Why nothing was taken from a web page.
    refusal: &'static str,
    is_stored: bool,
    left_count: usize,
    /// Pages of the file; 0 where the page is a text.
    sheets: u32,
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

async fn apply_answer(visit: &Visit, body: &Bytes) -> Result<Response, Failure> {
    let given = Given::read(visit, body)?;
    let mut page = Page::empty(visit);
    if given.is_empty() {
        page.refusal = visit.lang.nothing_given();
        return Ok(html_answer(page.render()?));
    }
    let (text, issue) = (given.text.clone(), Some(given.issue()));
    let file = given.page_file();
    let parsed = if given.is_to_store {
        if !visit.may_write() {
            return Err(Failure::ReadOnly);
        }
        let min_confidence = given.min_confidence();
        let request = wire::IngestPageRequest { text, issue, file, min_confidence };
        let answer = told(visit.article_service().ingest_page(visit.call(request)).await)?;
        if visit.form == Form::Json {
            return json::answer("IngestPageResponse", &answer);
        }
        page.is_stored = true;
        Parsed::of_stored(answer)
    } else {
        let request = wire::ParsePageRequest { text, issue, file };
        let answer = told(visit.article_service().parse_page(visit.call(request)).await)?;
        if visit.form == Form::Json {
            return json::answer("ParsePageResponse", &answer);
        }
        Parsed::of(answer)
    };
    page.given = given;
    page.fill(visit, parsed).await;
    Ok(html_answer(page.render()?))
}

/// What was found on a page, stored or not.
struct Parsed {
    articles: Vec<(wire::ParsedArticle, Option<Outcome>)>,
    extracted: String,
    no_article: Option<wire::NoArticle>,
    layout: Option<wire::PageLayout>,
    doubts: Vec<wire::CutDoubt>,
}

impl Parsed {
    fn of(answer: wire::ParsePageResponse) -> Self {
        let articles = answer.articles.into_iter().map(|article| (article, None)).collect();
        let (extracted, no_article) = (answer.extracted_text, answer.no_article);
        let (layout, doubts) = (answer.layout, answer.doubts);
        Self { articles, extracted, no_article, layout, doubts }
    }

    fn of_stored(answer: wire::IngestPageResponse) -> Self {
        let articles = answer.articles.into_iter();
        let articles = articles.map(|a| (a.parsed.unwrap_or_default(), a.outcome)).collect();
        let (extracted, no_article) = (answer.extracted_text, answer.no_article);
        let (layout, doubts) = (answer.layout, answer.doubts);
        Self { articles, extracted, no_article, layout, doubts }
    }
}

impl Page {
    fn empty(visit: &Visit) -> Self {
        let mut shell = Shell::of(visit, Tab::Layout, visit.lang.layout());
        shell.json.clear();
        Self {
            shell,
            given: Given::default(),
            runs: Vec::new(),
            plan: None,
            notes: Vec::new(),
            cuts: Vec::new(),
            found: Vec::new(),
            refusal: "",
            is_stored: false,
            left_count: 0,
            sheets: 0,
        }
    }

    /// The page of the file that is shown, counted from 1.
    fn number(&self) -> u32 {
        self.given.at.saturating_add(1)
    }

    /// Whether the file goes on behind it.
    fn has_next(&self) -> bool {
        self.number() < self.sheets
    }

    /// What can be chosen to be stored: per cent, in words, and whether it is chosen.
    fn shares(&self) -> Vec<(u32, String, bool)> {
        let l = self.shell.l;
        let label = |share| if share == 0 { l.store_all().to_owned() } else { l.sure_to(share) };
        let share = |share| (share, label(share), share == self.given.sure);
        SHARES.map(share).to_vec()
    }

    /// The name of the file that is remembered.
    fn kept(&self) -> &str {
        self.given.file.as_ref().map(|(name, _)| name.as_str()).unwrap_or_default()
    }

    async fn fill(&mut self, visit: &Visit, parsed: Parsed) {
        let Parsed { articles, extracted, no_article, layout, doubts } = parsed;
        let l = visit.lang;
        self.refusal = no_article.map_or("", |no_article| refusal(no_article.kind(), l));
        let shown = if extracted.is_empty() { &self.given.text } else { &extracted };
        let places = runs::places(articles.iter().map(|(article, _)| article));
        let starts: Vec<usize> = doubts
            .iter()
            .map(|doubt| doubt.spans.first().map_or(usize::MAX, |span| marks::bounds(*span).0))
            .collect();
        self.runs = runs::laid_out(shown, &places, &starts);
        self.left_count = self.runs.iter().filter(|run| run.is_left).count();
        self.cuts = cuts(&self.given.decisions, &doubts, l);
        if let Some(layout) = layout {
            self.plan = Some(plan::of(&layout, &places));
            self.sheets = layout.page_count;
            self.notes = layout.notes;
        }
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
        Some(Outcome::Held(_)) => (String::new(), l.held_back().to_owned()),
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

/// What was decided, and what may be wrong.
fn cuts(decided: &[wire::CutDecision], doubts: &[wire::CutDoubt], l: Lang) -> Vec<Cut> {
    let reading = |cut: bool| if cut { l.cut_here() } else { l.goes_on_here() };
    let decided = decided.iter().map(|decision| Cut {
        number: 0,
        line: decision.line.clone(),
        reading: reading(decision.cut),
        confidence: String::new(),
        other: given::written(decision),
        is_decided: true,
    });
    let doubted = (1..).zip(doubts).filter_map(|(number, doubt)| {
        let mut decision = doubt.reading.clone()?;
        let now = reading(decision.cut);
        decision.cut = !decision.cut;
        Some(Cut {
            number,
            line: decision.line.clone(),
            reading: now,
            confidence: show::percent(doubt.confidence),
            other: given::written(&decision),
            is_decided: false,
        })
    });
    decided.chain(doubted).collect()
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
    let doubts = doubts.into_iter().filter(|(is_so, _)| *is_so);
    let unsure = article.confidence.filter(|confidence| *confidence < SURE);
    let unsure = unsure.map(|confidence| l.unsure_cut(&show::percent(confidence)));
    let doubts = doubts.map(|(_, doubt)| doubt.to_owned()).chain(unsure);
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
