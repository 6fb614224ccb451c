//! 搜索: articles for a question, with what can be chosen beside it, and why each is there.

mod months;

use askama::Template;
use axum::response::Response;

use crate::client::told;
use crate::export;
use crate::failure::Failure;
use crate::failure::html_answer;
use crate::failure::shown;
use crate::json;
use crate::lookup;
use crate::marks;
use crate::marks::Run;
use crate::shell::Shell;
use crate::shell::Tab;
use crate::show;
use crate::stories;
use crate::topics::Choice;
use crate::visit::Form;
use crate::visit::Visit;
use crate::words::Lang;
use months::Month;
use wenmai_proto::wire;

/// Hits on a page.
const PAGE_SIZE: i32 = 20;
/// Characters of a passage that stands for a headline where there is none.
const UNTITLED_CHARS: usize = 28;
/// Values of a field that are shown at once.
const VALUES: usize = 8;
/// Cosine from which a meaning is called close, and one from which it is called alike: about the
/// medians of the first and the tenth hit of the development queries.
pub(crate) const CLOSE: f32 = 0.6;
const ALIKE: f32 = 0.75;

/// A field to choose from.
struct Facet {
    name: &'static str,
    choices: Vec<Choice>,
    /// The rest, behind a fold.
    more: Vec<Choice>,
}

struct Hit {
    href: String,
    kicker: String,
    title: Vec<Run>,
    outlet: String,
    day: String,
    /// Page and kind.
    place: String,
    snippet: Vec<Run>,
    why: String,
    reprint_count: u32,
    reprint_sources: Vec<String>,
    chain: String,
}

/// What can be chosen, with counts.
#[derive(Default)]
struct Counts {
    months: Vec<Month>,
    /// The width of the months together.
    width: i32,
    /// The first and the last of the months that the period holds.
    chosen: (usize, usize),
    /// What a form of the period keeps of the question.
    kept: Vec<(String, String)>,
    facets: Vec<Facet>,
}

#[derive(Template)]
#[template(path = "facets_part.html")]
struct CountsPart {
    l: Lang,
    count: String,
    aside: Counts,
}

#[derive(Template)]
#[template(path = "search.html")]
struct Page {
    shell: Shell,
    /// Nothing was asked for.
    is_blank: bool,
    question: String,
    kept: Vec<(String, String)>,
    count: String,
    /// Where the counts of the facets are, which take longer than the hits.
    counts: String,
    with_counts: String,
    notices: Vec<&'static str>,
    /// What may have been meant: where it leads, and its words.
    meant: Vec<(String, String)>,
    /// Conditions that may be meant: where each leads, how the query names it, and the condition.
    offers: Vec<(String, String, String)>,
    reading: Vec<(&'static str, String)>,
    chosen: Vec<Choice>,
    orders: Vec<Choice>,
    folding: Choice,
    from: String,
    to: String,
    aside: Counts,
    hits: Vec<Hit>,
    first: String,
    next: String,
    csv: String,
    markdown: String,
}

/// The search.
pub(crate) async fn search(visit: Visit) -> Response {
    let answer = answer(&visit).await;
    shown(&visit, answer)
}

async fn answer(visit: &Visit) -> Result<Response, Failure> {
    let is_blank = visit.value("q").is_none() && lookup::filter_of(visit).is_empty();
    if is_blank && visit.form == Form::Html {
        return Ok(html_answer(
            Page::of(visit, &wire::SearchArticlesResponse::default()).render()?,
        ));
    }
    match visit.form {
        Form::Csv => return export::csv(visit).await,
        Form::Markdown => return export::markdown(visit).await,
        Form::Html | Form::Json | Form::Atom => {}
    }
    let mut request = request(visit);
    if visit.form == Form::Html && visit.value("facets").is_none() {
        request.facets.clear();
    }
    if visit.form == Form::Atom {
        request.order = wire::SearchOrder::Newest.into();
        request.facets.clear();
        request.page_size = 50;
    }
    if visit.form == Form::Html {
        let counts = !request.facets.is_empty();
        let (answer, whole) = counted(visit, request).await?;
        let mut page = Page::of(visit, &answer);
        if counts {
            page.aside = Counts::of(visit, &answer, whole.as_ref());
        }
        return Ok(html_answer(page.render()?));
    }
    let answer = told(visit.search_service().search_articles(visit.call(request)).await)?;
    match visit.form {
        Form::Atom => export::atom(visit, &answer),
        Form::Json | Form::Html | Form::Csv | Form::Markdown => {
            json::answer("SearchArticlesResponse", &answer)
        }
    }
}

/// The counts beside a search, as a part that is put into its page.
pub(crate) async fn counts(mut visit: Visit) -> Response {
    // Links lead to the page of the search, and not to this part.
    "/search".clone_into(&mut visit.path);
    let answer = counts_answer(&visit).await;
    shown(&visit, answer)
}

async fn counts_answer(visit: &Visit) -> Result<Response, Failure> {
    let mut request = request(visit);
    (request.page_size, request.page_token) = (1, String::new());
    let (answer, whole) = counted(visit, request).await?;
    let l = visit.lang;
    let count = answer.match_count.map(|count| l.about(count)).unwrap_or_default();
    let part = CountsPart { l, count, aside: Counts::of(visit, &answer, whole.as_ref()) };
    Ok(html_answer(part.render()?))
}

impl Counts {
    /// `whole` is the histogram without the period, where there is one.
    fn of(
        visit: &Visit,
        answer: &wire::SearchArticlesResponse,
        whole: Option<&wire::Facet>,
    ) -> Self {
        let within = answer.facets.iter().find(|f| f.field() == wire::FacetField::Month);
        let months = whole.or(within).map(|facet| months::histogram(visit, facet));
        let months = months.unwrap_or_default();
        Self {
            width: months.last().map_or(1, |last| last.x + last.width + months::GAP),
            chosen: months::chosen(&months),
            months,
            kept: kept(visit),
            facets: answer.facets.iter().filter_map(|facet| facet_of(visit, facet)).collect(),
        }
    }
}

/// An answer with its facets, and the months of the same search without its period, so that another
/// one can be chosen.
async fn counted(
    visit: &Visit,
    request: wire::SearchArticlesRequest,
) -> Result<(wire::SearchArticlesResponse, Option<wire::Facet>), Failure> {
    let whole = async {
        // Hits alone come without counts.
        request.facets.first()?;
        visit.value("from").or(visit.value("to"))?;
        let mut asked = visit.clone();
        asked.query.retain(|(name, _)| name != "from" && name != "to");
        let request = wire::SearchArticlesRequest {
            filter: lookup::filter_of(&asked),
            page_size: 1,
            page_token: String::new(),
            facets: vec![wire::FacetField::Month.into()],
            ..request.clone()
        };
        let answer = told(visit.search_service().search_articles(visit.call(request)).await);
        answer.ok()?.facets.pop()
    };
    let mut service = visit.search_service();
    let (answer, whole) =
        futures::join!(service.search_articles(visit.call(request.clone())), whole);
    Ok((told(answer)?, whole))
}

/// What the visitor asks, as the contract has it.
pub(crate) fn request(visit: &Visit) -> wire::SearchArticlesRequest {
    let order = match visit.value("order") {
        Some("newest") => wire::SearchOrder::Newest,
        Some("oldest") => wire::SearchOrder::Oldest,
        _ => wire::SearchOrder::Relevance,
    };
    let facets = lookup::FIELDS.into_iter().map(|(_, field)| field);
    let facets = facets.chain([wire::FacetField::Month]).map(i32::from).collect();
    wire::SearchArticlesRequest {
        query: visit.value("q").unwrap_or(stories::ALL).to_owned(),
        filter: lookup::filter_of(visit),
        page_size: PAGE_SIZE,
        page_token: visit.value("page").unwrap_or_default().to_owned(),
        collapse_reprints: Some(visit.value("all").is_none()),
        facets,
        order: order.into(),
        ..Default::default()
    }
}

/// What may have been meant: where it leads, and its words.
fn meant(visit: &Visit, answer: &wire::SearchArticlesResponse) -> Vec<(String, String)> {
    let to = |query: &str| (visit.with(&[("q", query)]), query.to_owned());
    answer.corrections.iter().map(|one| to(&one.query)).collect()
}

/// Conditions that may be meant: where each leads, how the query names it, and the condition.
fn offers(visit: &Visit, answer: &wire::SearchArticlesResponse) -> Vec<(String, String, String)> {
    let to = |one: &wire::QueryOffer| {
        (visit.with(&[("q", &one.query)]), one.written.clone(), one.condition.clone())
    };
    answer.offers.iter().map(to).collect()
}

impl Page {
    fn of(visit: &Visit, answer: &wire::SearchArticlesResponse) -> Self {
        let l = visit.lang;
        let question = visit.value("q").unwrap_or_default();
        let title = if question.is_empty() { l.search() } else { question };
        let is_blank = question.is_empty() && lookup::filter_of(visit).is_empty();
        let mut shell = Shell::of(visit, Tab::Search, show::shortened(title, 60));
        if is_blank {
            shell.json.clear();
        } else {
            shell = shell.with_feed(visit);
        }
        let order = visit.value("order").unwrap_or_default();
        let of_order = |value: &str, name: &str| Choice {
            href: visit.with(&[("order", value)]),
            name: name.to_owned(),
            count: 0,
            is_on: order == value,
        };
        let all = visit.value("all").is_some();
        let next = answer.next_page_token.as_str();
        let value = |name: &str| visit.value(name).unwrap_or_default().to_owned();
        Self {
            is_blank,
            question: question.to_owned(),
            kept: kept(visit),
            count: answer.match_count.map(|count| l.about(count)).unwrap_or_default(),
            meant: meant(visit, answer),
            offers: offers(visit, answer),
            notices: answer.notices.iter().filter_map(|n| notice(n.kind(), l)).collect(),
            reading: reading(answer.reading.as_ref(), l),
            chosen: chosen(visit),
            orders: vec![
                of_order("", l.by_relevance()),
                of_order("newest", l.by_newest()),
                of_order("oldest", l.by_oldest()),
            ],
            folding: Choice {
                href: visit.with(&[("all", if all { "" } else { "1" })]),
                name: if all { l.fold_reprints() } else { l.unfold_reprints() }.to_owned(),
                count: 0,
                is_on: false,
            },
            from: value("from"),
            to: value("to"),
            aside: Counts::default(),
            counts: visit.here().replacen("/search", "/search/counts", 1),
            with_counts: visit.with(&[("facets", "1")]),
            hits: answer.hits.iter().map(|hit| hit_of(hit, l)).collect(),
            first: visit.value("page").map(|_| visit.with(&[])).unwrap_or_default(),
            next: if next.is_empty() { String::new() } else { visit.with(&[("page", next)]) },
            csv: visit.here_as("csv"),
            markdown: visit.here_as("md"),
            shell,
        }
    }
}

/// What the form of the period keeps of the question.
fn kept(visit: &Visit) -> Vec<(String, String)> {
    let mine = |name: &str| !["from", "to", "page"].contains(&name);
    visit.query.iter().filter(|(name, _)| mine(name)).cloned().collect()
}

/// What was chosen, to be taken back.
fn chosen(visit: &Visit) -> Vec<Choice> {
    let is_field = |name: &str| lookup::FIELDS.iter().any(|(field, _)| *field == name);
    let mut chosen = Vec::new();
    for (name, value) in &visit.query {
        let shown = match name.as_str() {
            "kind" => show::kind_of_filter(value, visit.lang),
            "topic" => visit.lang.within_topic(),
            "from" | "to" => value,
            field if is_field(field) => value,
            _ => continue,
        };
        let prefix = match name.as_str() {
            "from" => "≥ ",
            "to" => "≤ ",
            _ => "",
        };
        chosen.push(Choice {
            href: visit.toggled(name, value),
            name: format!("{prefix}{shown}"),
            count: 0,
            is_on: true,
        });
    }
    chosen
}

fn facet_of(visit: &Visit, facet: &wire::Facet) -> Option<Facet> {
    let (field, _) = lookup::FIELDS.into_iter().find(|(_, field)| *field == facet.field())?;
    let l = visit.lang;
    let name = match field {
        "paper" => l.papers(),
        "source" => l.sites(),
        "section" => l.sections(),
        "kind" => l.kinds(),
        "person" => l.persons(),
        "place" => l.places(),
        _ => l.organisations(),
    };
    let mut choices = facet.values.iter().map(|value| Choice {
        href: visit.toggled(field, &value.value),
        name: match field {
            "kind" => show::kind_of_filter(&value.value, l).to_owned(),
            _ => value.value.clone(),
        },
        count: value.count,
        is_on: visit.query.iter().any(|pair| pair.0 == field && pair.1 == value.value),
    });
    let shown: Vec<Choice> = choices.by_ref().take(VALUES).collect();
    (!shown.is_empty()).then(|| Facet { name, choices: shown, more: choices.collect() })
}

fn hit_of(hit: &wire::SearchHit, l: Lang) -> Hit {
    let article = hit.article.clone().unwrap_or_default();
    let record = article.record.unwrap_or_default();
    let snippet = hit.snippet.clone().unwrap_or_default();
    let headline = if record.title.trim().is_empty() && !snippet.text.is_empty() {
        show::shortened(&snippet.text, UNTITLED_CHARS)
    } else {
        show::headline(&record, l)
    };
    // The spans are those of the whole title.
    let title = if headline == record.title { hit.title_matches.as_slice() } else { &[] };
    let place = [record.page.as_str(), &record.section, show::kind(record.kind(), l)];
    let mut place: Vec<_> = place.into_iter().filter(|part| !part.is_empty()).collect();
    // A section of short news is called as they are.
    place.dedup();
    Hit {
        href: show::href(&article.name),
        kicker: show::shortened(&record.kicker, 60),
        title: marks::found(&headline, title),
        outlet: show::outlet(&record),
        day: show::moment(record.publish_time.as_ref()),
        place: place.join(" · "),
        snippet: marks::found(&snippet.text, &snippet.matches),
        why: why(hit, l),
        reprint_count: hit.reprint_count,
        reprint_sources: hit.reprint_sources.clone(),
        chain: format!("{}/reprints", show::href(&article.name)),
    }
}

/// Why a hit is there, in words.
fn why(hit: &wire::SearchHit, l: Lang) -> String {
    let mut why = Vec::new();
    if !hit.matched_terms.is_empty() {
        let terms: Vec<_> = hit.matched_terms.iter().take(6).map(String::as_str).collect();
        why.push(format!("{} {}", l.holds(), terms.join(l.comma())));
    }
    match hit.comparable_similarity {
        Some(cosine) if cosine >= ALIKE => why.push(l.meaning_alike().to_owned()),
        Some(cosine) if cosine >= CLOSE => why.push(l.meaning_close().to_owned()),
        _ if hit.similarity.is_some() && why.is_empty() => why.push(l.meaning_only().to_owned()),
        _ => {}
    }
    why.join(" · ")
}

/// How the question was read, as pairs of a name and words.
fn reading(reading: Option<&wire::QueryReading>, l: Lang) -> Vec<(&'static str, String)> {
    let Some(reading) = reading else { return Vec::new() };
    let mut parts = Vec::new();
    for (name, words) in [
        (l.read_names(), &reading.other_names),
        (l.read_phrases(), &reading.phrases),
        (l.read_left_out(), &reading.left_out),
    ] {
        if !words.is_empty() {
            parts.push((name, words.join(l.comma())));
        }
    }
    let days = [reading.first_day.as_ref(), reading.last_day.as_ref()];
    let days: Vec<_> = days.into_iter().flatten().map(show::date_text).collect();
    if let [first, last] = days.as_slice() {
        let days = if first == last { first.clone() } else { format!("{first} – {last}") };
        parts.push((l.read_days(), days));
    }
    parts
}

fn notice(kind: wire::SearchNoticeKind, l: Lang) -> Option<&'static str> {
    use wire::SearchNoticeKind as Kind;

    Some(match kind {
        Kind::Unspecified => return None,
        Kind::BrokenQuote => l.notice_broken_quote(),
        Kind::QuotesAsWords => l.notice_quotes_as_words(),
        Kind::BadValue => l.notice_bad_value(),
        Kind::TooManyParts => l.notice_too_many(),
        Kind::Shortened => l.notice_shortened(),
        Kind::OnlyCommonWords => l.notice_common(),
        Kind::NoKnownTerm => l.notice_unknown(),
        Kind::IndexEmpty => l.notice_empty(),
        Kind::FilterLeavesNothing => l.notice_filtered(),
        Kind::PhraseNotFound => l.notice_phrase(),
        Kind::AllLeftOut => l.notice_left_out(),
        Kind::OnlyFirst => l.notice_only_first(),
    })
}
