//! Prepares labelled articles for the clusterer, in the order of the stream.

use std::collections::BTreeMap;

use crate::Progress;
use crate::index;
use crate::index::IngestReport;
use crate::learned::fold;
use crate::stories::Labelled;
use wenmai_cluster::topic::Item;
use wenmai_cluster::topic::keys;
use wenmai_domain::article::Record;
use wenmai_domain::day;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::id::ArticleId;
use wenmai_domain::reprint::GroupId;
use wenmai_engine::Engine;
use wenmai_engine::Error;
use wenmai_text::entity::Extractor;
use wenmai_text::terms::Analyzer;
use wenmai_text::terms::query;

/// Entities are taken from the headline and this many characters of the body.
const NAMED_CHARS: usize = 300;
/// How many articles are read at once.
const FETCH: usize = 500;

/// One article of the stream.
#[derive(Clone)]
pub struct Streamed {
    pub item: Item,
    /// The number of its story.
    pub story: usize,
    /// The number of its event, if it is labelled.
    pub event: Option<usize>,
    /// The fold of its story.
    pub fold: usize,
}

/// The stream, with the figures of indexing it.
pub struct Stream {
    /// The articles, in their order.
    pub items: Vec<Streamed>,
    /// How many stories they belong to.
    pub story_count: usize,
    /// How many articles could not be indexed.
    pub refused_count: usize,
    /// The time spent on indexing.
    pub ingest: IngestReport,
}

/// Indexes the articles into `engine`, which must be empty, and orders them by time and id.
///
/// # Errors
/// Any error of the engine. Articles that cannot be indexed are counted.
pub async fn stream(
    engine: &Engine,
    extractor: &Extractor,
    articles: Vec<Labelled>,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Stream, Error> {
    let labelled = articles.into_iter().map(|one| {
        let label = (one.record.clone(), one.story, one.event);
        (one.record, label)
    });
    let indexed = index::index(engine, labelled.collect(), progress).await?;
    let mut seen = BTreeMap::new();
    for (id, label) in indexed.labels {
        seen.insert(id, label);
    }
    let mut numbers = (BTreeMap::<String, usize>::new(), BTreeMap::<String, usize>::new());
    let ids: Vec<ArticleId> = seen.keys().copied().collect();
    let mut items = Vec::with_capacity(ids.len());
    for ids in ids.chunks(FETCH) {
        let embeddings = engine.embeddings(ids).await?;
        let memberships = engine.memberships(ids).await?;
        for ((id, embedding), membership) in ids.iter().zip(embeddings).zip(memberships) {
            let Some(((record, story, event), embedding)) = seen.get(id).zip(embedding) else {
                continue;
            };
            let item = item(engine.analyzer(), extractor, (*id, embedding), record);
            let number = |names: &mut BTreeMap<String, usize>, name: &String| {
                let next = names.len();
                *names.entry(name.clone()).or_insert(next)
            };
            let streamed = Streamed {
                item,
                story: number(&mut numbers.0, story),
                event: event.as_ref().map(|event| number(&mut numbers.1, event)),
                fold: fold(story),
            };
            items.push((membership.map(|membership| membership.group), streamed));
        }
    }
    items.sort_by_key(|(_, one)| (one.item.at, one.item.id));
    Ok(Stream {
        items: with_originals(items),
        story_count: numbers.0.len(),
        refused_count: indexed.refused_count,
        ingest: indexed.took,
    })
}

/// Numbers the articles of the stream, and makes the first of each reprint group the original of
/// the others.
fn with_originals(items: Vec<(Option<GroupId>, Streamed)>) -> Vec<Streamed> {
    let mut firsts = BTreeMap::<GroupId, ArticleId>::new();
    let mut stream = Vec::with_capacity(items.len());
    for ((group, mut one), arrival) in items.into_iter().zip(1..) {
        one.item.arrival = arrival;
        if let Some(group) = group {
            let first = *firsts.entry(group).or_insert(one.item.id);
            one.item.original = Some(first).filter(|first| *first != one.item.id);
        }
        stream.push(one);
    }
    stream
}

/// The item of an article, without its place in the stream.
fn item(
    analyzer: &Analyzer,
    extractor: &Extractor,
    (id, embedding): (ArticleId, Embedding),
    record: &Record,
) -> Item {
    let body = record.body();
    let lead: String = body.chars().take(NAMED_CHARS).collect();
    let entities = extractor.entities(&format!("{}\n{lead}", record.title), record.date());
    Item {
        id,
        arrival: 0,
        at: record.published_at.map_or(0, day::civil_seconds),
        title: record.title.clone(),
        embedding,
        title_terms: query(&analyzer.terms(&record.title)),
        text_terms: analyzer.passage(&record.title, &body),
        keys: keys(&entities),
        original: None,
    }
}
