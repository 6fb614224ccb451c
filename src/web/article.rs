//! 文章: one article as its paper set it, with what is related, who reprinted it, and its brief.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;

use crate::client::told;
use crate::failure::Failure;
use crate::failure::html_answer;
use crate::failure::shown;
use crate::json;
use crate::reading;
use crate::reading::Paragraph;
use crate::shell::Shell;
use crate::shell::Tab;
use crate::show;
use crate::show::Line;
use crate::summary;
use crate::summary::Piece;
use crate::visit::Form;
use crate::visit::Visit;
use crate::words::Lang;
use wenmai_proto::wire;
use wenmai_proto::wire::find_related_articles_request::Target;
use wenmai_proto::wire::find_reprints_request::Target as ReprintTarget;
use wenmai_proto::wire::summarize_article_request::Target as SummaryTarget;

/// Related articles that are looked at.
const RELATED: i32 = 24;
/// Related articles that are less probable are not shown.
const PROBABLE: f32 = 0.2;
/// Corrections that are shown of one version of a text.
const CORRECTIONS: usize = 3;
/// Articles of a chain of reprints.
const CHAIN: i32 = 50;
/// Reasons in words.
const REASONS: usize = 3;

/// A related article.
struct Related {
    line: Line,
    probability: String,
    why: String,
}

/// Related articles of one kind.
struct Group {
    name: &'static str,
    all: Vec<Related>,
}

/// One who printed the text.
struct Print {
    line: Line,
    is_this: bool,
    is_original: bool,
    /// How much of the text, and how much later.
    how: String,
    /// The page that shows the difference to this article; empty for itself.
    difference: String,
}

/// A topic that the article belongs to.
struct Place {
    level: &'static str,
    href: String,
    label: String,
    facts: String,
}

#[derive(Template)]
#[template(path = "article.html")]
struct Page {
    shell: Shell,
    kicker: String,
    title: String,
    subtitle: String,
    facts: Vec<String>,
    byline: String,
    url: String,
    dateline: String,
    paragraphs: Vec<Paragraph>,
    captions: Vec<String>,
    source_note: String,
    brief: Vec<Piece>,
    keyphrases: Vec<String>,
    places: Vec<Place>,
    groups: Vec<Group>,
    chain: Vec<Print>,
    partial: Vec<Print>,
    versions: Vec<Print>,
    is_cited: bool,
}

/// One article.
pub(crate) async fn show(visit: Visit, Path(id): Path<String>) -> Response {
    let answer = Box::pin(answer(&visit, &format!("articles/{id}"))).await;
    shown(&visit, answer)
}

async fn answer(visit: &Visit, name: &str) -> Result<Response, Failure> {
    let with_topics = visit.form == Form::Html;
    let get = wire::GetArticleRequest { name: name.to_owned(), with_topics, ..Default::default() };
    let mut articles = visit.article_service();
    if visit.form == Form::Json {
        let article = told(articles.get_article(visit.call(get)).await)?;
        return json::answer("GetArticleResponse", &article);
    }
    if visit.form != Form::Html {
        return Err(Failure::NoForm);
    }
    let (article, related, chain, brief) = futures::join!(
        articles.get_article(visit.call(get)),
        ask_related(visit, name),
        ask_reprints(visit, name),
        ask_brief(visit, name),
    );
    let wire::GetArticleResponse { article, event, story, .. } = told(article)?;
    let article = article.unwrap_or_default();
    // What stands beside an article may fail alone: a photo without a text has no brief.
    let related = related.map(|answer| answer.hits).unwrap_or_default();
    let (chain, brief) = (chain.unwrap_or_default(), brief.unwrap_or_default());
    let places = [(visit.lang.event(), event), (visit.lang.story(), story)];
    let places = places.into_iter().filter_map(|(level, topic)| {
        let topic = topic?;
        Some(Place {
            level,
            href: show::href(&topic.name),
            label: show::label(&topic, visit.lang),
            facts: visit.lang.articles_of(topic.article_count, topic.source_count),
        })
    });
    let mut page = Page::of(visit, &article, &brief);
    page.places = places.collect();
    page.groups = groups(&related, visit.lang);
    (page.chain, page.partial) = prints(visit, name, &chain);
    page.versions = versions(visit, name, &chain);
    Ok(html_answer(page.render()?))
}

async fn ask_related(
    visit: &Visit,
    name: &str,
) -> Result<wire::FindRelatedArticlesResponse, Failure> {
    let request = wire::FindRelatedArticlesRequest {
        target: Some(Target::Article(name.to_owned())),
        page_size: RELATED,
        ..Default::default()
    };
    told(visit.search_service().find_related_articles(visit.call(request)).await)
}

async fn ask_reprints(visit: &Visit, name: &str) -> Result<wire::FindReprintsResponse, Failure> {
    let request = wire::FindReprintsRequest {
        target: Some(ReprintTarget::Article(name.to_owned())),
        page_size: CHAIN,
        ..Default::default()
    };
    told(visit.search_service().find_reprints(visit.call(request)).await)
}

async fn ask_brief(visit: &Visit, name: &str) -> Result<wire::SummarizeArticleResponse, Failure> {
    let request = wire::SummarizeArticleRequest {
        target: Some(SummaryTarget::Article(name.to_owned())),
        style: wire::SummaryStyle::Brief.into(),
        ..Default::default()
    };
    told(visit.summary_service().summarize_article(visit.call(request)).await)
}

/// What is related to an article, as the contract's JSON.
pub(crate) async fn related(visit: Visit, Path(id): Path<String>) -> Response {
    let answer = ask_related(&visit, &format!("articles/{id}")).await;
    shown(&visit, answer.and_then(|a| json::answer("FindRelatedArticlesResponse", &a)))
}

/// The brief of an article, as the contract's JSON.
pub(crate) async fn brief(visit: Visit, Path(id): Path<String>) -> Response {
    let answer = ask_brief(&visit, &format!("articles/{id}")).await;
    shown(&visit, answer.and_then(|a| json::answer("SummarizeArticleResponse", &a)))
}

#[derive(Template)]
#[template(path = "reprints.html")]
struct Reprints {
    shell: Shell,
    back: String,
    chain: Vec<Print>,
    partial: Vec<Print>,
    versions: Vec<Print>,
}

#[derive(Template)]
#[template(path = "reprints_part.html")]
struct ReprintsPart {
    l: Lang,
    chain: Vec<Print>,
}

/// Who printed an article: a page, or a part that is put into another one.
pub(crate) async fn reprints(visit: Visit, Path(id): Path<String>) -> Response {
    let answer = reprints_answer(&visit, &format!("articles/{id}")).await;
    shown(&visit, answer)
}

async fn reprints_answer(visit: &Visit, name: &str) -> Result<Response, Failure> {
    let answer = ask_reprints(visit, name).await?;
    if visit.form == Form::Json {
        return json::answer("FindReprintsResponse", &answer);
    }
    let (chain, partial) = prints(visit, name, &answer);
    if visit.value("part").is_some() {
        return Ok(html_answer(ReprintsPart { l: visit.lang, chain }.render()?));
    }
    let shell = Shell::of(visit, Tab::Search, visit.lang.chain());
    let versions = versions(visit, name, &answer);
    let page = Reprints { shell, back: show::href(name), chain, partial, versions };
    Ok(html_answer(page.render()?))
}

/// The chain of those who printed the text, and those who printed a part.
fn prints(
    visit: &Visit,
    name: &str,
    answer: &wire::FindReprintsResponse,
) -> (Vec<Print>, Vec<Print>) {
    let l = visit.lang;
    let print = |reprint: &wire::Reprint| {
        let article = reprint.article.clone().unwrap_or_default();
        let is_this = article.name == name;
        let mut how = Vec::new();
        if reprint.relation() == wire::ReprintRelation::Partial {
            how.push(l.prints_part(&show::percent(reprint.share_of_other)));
        }
        how.extend(reprint.days_after.filter(|days| *days != 0).map(|days| l.days_later(days)));
        let difference = format!("/{name}/diff/{}", show::id(&article.name));
        Print {
            line: Line::of(&article, l),
            is_this,
            is_original: reprint.is_original,
            how: how.join(" · "),
            difference: if is_this { String::new() } else { difference },
        }
    };
    let all = |reprints: &[wire::Reprint]| reprints.iter().map(print).collect();
    (all(&answer.reprints), all(&answer.partial))
}

/// Earlier and later versions of the text, the newest first, with what the later of the two tells.
fn versions(visit: &Visit, name: &str, answer: &wire::FindReprintsResponse) -> Vec<Print> {
    let l = visit.lang;
    let version = |version: &wire::TextVersion| {
        let article = version.article.clone().unwrap_or_default();
        let mut how = vec![if version.is_later { l.updates() } else { l.updated() }.to_owned()];
        let corrections = version.corrections.iter().take(CORRECTIONS);
        how.extend(corrections.map(|one| format!("{} → {}", one.before, one.after)));
        if version.added_char_count > 0 {
            how.push(l.characters_more(version.added_char_count));
        }
        Print {
            line: Line::of(&article, l),
            is_this: false,
            is_original: false,
            how: how.join(" · "),
            difference: format!("/{name}/diff/{}", show::id(&article.name)),
        }
    };
    answer.versions.iter().map(version).collect()
}

/// Related articles by kind, in the order in which one reads them.
fn groups(hits: &[wire::SearchHit], l: Lang) -> Vec<Group> {
    let kinds = [
        (wire::RelationKind::Update, l.update()),
        (wire::RelationKind::EarlierVersion, l.earlier_version()),
        (wire::RelationKind::SameEvent, l.same_event()),
        (wire::RelationKind::Background, l.background()),
        (wire::RelationKind::FollowUp, l.follow_up()),
        (wire::RelationKind::SameStory, l.same_story()),
        (wire::RelationKind::Reprint, l.reprint()),
        (wire::RelationKind::Unspecified, l.related()),
    ];
    let of_kind = |(kind, name)| {
        let all: Vec<_> = hits
            .iter()
            .filter(|hit| kind_of(hit) == kind)
            .filter(|hit| hit.relation.as_ref().is_none_or(|r| r.probability >= PROBABLE))
            .map(|hit| related_of(hit, l))
            .collect();
        (!all.is_empty()).then_some(Group { name, all })
    };
    kinds.into_iter().filter_map(of_kind).collect()
}

fn kind_of(hit: &wire::SearchHit) -> wire::RelationKind {
    let relation = hit.relation.as_ref();
    relation.map_or(wire::RelationKind::Unspecified, wire::Relation::kind)
}

fn related_of(hit: &wire::SearchHit, l: Lang) -> Related {
    let line = Line::of(&hit.article.clone().unwrap_or_default(), l);
    let Some(relation) = &hit.relation else {
        return Related { line, probability: String::new(), why: String::new() };
    };
    let mut why = Vec::new();
    let shared =
        [&relation.shared_persons, &relation.shared_organisations, &relation.shared_places];
    let shared: Vec<_> = shared.into_iter().flatten().take(4).map(String::as_str).collect();
    if !shared.is_empty() {
        why.push(format!("{} {}", l.both_name(), shared.join(l.comma())));
    }
    if !relation.shared_numbers.is_empty() {
        let numbers: Vec<_> = relation.shared_numbers.iter().take(3).map(String::as_str).collect();
        why.push(format!("{} {}", l.same_numbers(), numbers.join(l.comma())));
    }
    let spoke = relation.reasons.iter().filter(|reason| reason.contribution > 0.0);
    why.extend(spoke.take(REASONS).filter_map(|r| reason(&r.feature, l)).map(str::to_owned));
    Related { line, probability: show::percent(relation.probability), why: why.join(" · ") }
}

/// What spoke for a relation.
fn reason(feature: &str, l: Lang) -> Option<&'static str> {
    Some(match feature {
        "cosine" => l.reason_cosine(),
        "title_terms" => l.reason_title_terms(),
        "text_terms" => l.reason_text_terms(),
        "neighbours" => l.reason_neighbours(),
        "title_overlap" => l.reason_title_overlap(),
        "title_mentioned" => l.reason_title_mentioned(),
        "within_days" => l.reason_days(),
        "within_weeks" => l.reason_weeks(),
        "within_months" => l.reason_months(),
        _ => return None,
    })
}

impl Page {
    fn of(visit: &Visit, article: &wire::Article, brief: &wire::SummarizeArticleResponse) -> Self {
        let l = visit.lang;
        let record = article.record.clone().unwrap_or_default();
        let cited = summary::places(visit.value("cite").unwrap_or_default());
        let dateline = record.dateline.clone().unwrap_or_default();
        let dateline = [dateline.place.as_str(), &dateline.raw, &record.agency];
        let parts: Vec<_> = dateline.into_iter().filter(|part| !part.is_empty()).collect();
        let captions = record.captions.iter().map(|caption| match caption.credit.as_str() {
            "" => caption.text.clone(),
            credit => format!("{}（{credit}）", caption.text),
        });
        let headline = show::headline(&record, l);
        let cuts = if cited.is_empty() { reading::pieces(brief) } else { vec![cited.clone()] };
        let anchor = if cited.is_empty() { "b" } else { "cite" };
        Self {
            shell: Shell::of(visit, Tab::Search, show::shortened(&headline, 60)),
            kicker: record.kicker.clone(),
            title: if record.title.trim().is_empty() { headline } else { record.title.clone() },
            subtitle: record.subtitle.clone(),
            facts: facts(&record, l),
            byline: byline(&record, l),
            // Other schemes than the web's are no links.
            url: Some(record.url.clone()).filter(|url| is_of_the_web(url)).unwrap_or_default(),
            dateline: parts.join(" "),
            paragraphs: reading::paragraphs(&record.paragraphs, &article.entities, &cuts, anchor),
            captions: captions.collect(),
            source_note: record.source_note.clone(),
            brief: brief
                .sentences
                .iter()
                .enumerate()
                .map(|(index, sentence)| {
                    let mut piece = summary::piece(sentence, &[]);
                    piece.source.href = format!("#b{index}");
                    piece
                })
                .collect(),
            keyphrases: brief.keyphrases.iter().take(8).map(|k| k.text.clone()).collect(),
            places: Vec::new(),
            groups: Vec::new(),
            chain: Vec::new(),
            partial: Vec::new(),
            versions: Vec::new(),
            is_cited: !cited.is_empty(),
        }
    }
}

pub(crate) fn is_of_the_web(url: &str) -> bool {
    url.starts_with("https://") || url.starts_with("http://")
}

/// Where and when it was printed.
fn facts(record: &wire::ArticleRecord, l: Lang) -> Vec<String> {
    let day = show::day_of(record.publish_time.as_ref()).map(|day| show::long_day(day, l));
    let time = show::moment(record.publish_time.as_ref());
    let hour = time.split_once(' ').map(|(_, hour)| hour.to_owned());
    let page = match (record.page.as_str(), record.page_name.as_str()) {
        ("", "") => String::new(),
        ("", name) => name.to_owned(),
        (page, "") => l.page_of(page),
        (page, name) => format!("{} {name}", l.page_of(page)),
    };
    let all = [
        show::outlet(record),
        [day.unwrap_or_default(), hour.unwrap_or_default()].join(" ").trim().to_owned(),
        record.edition.clone(),
        page,
        record.section.clone(),
        show::kind(record.kind(), l).to_owned(),
    ];
    all.into_iter().filter(|fact| !fact.is_empty()).collect()
}

fn byline(record: &wire::ArticleRecord, l: Lang) -> String {
    let one = |contributor: &wire::Contributor| {
        let role = match contributor.role() {
            wire::ContributorRole::Unspecified | wire::ContributorRole::Author => l.author(),
            wire::ContributorRole::Reporter => l.reporter(),
            wire::ContributorRole::Correspondent => l.correspondent(),
            wire::ContributorRole::Photographer => l.photographer(),
        };
        format!("{role} {}", contributor.name)
    };
    record.byline.iter().map(one).collect::<Vec<_>>().join("  ")
}
