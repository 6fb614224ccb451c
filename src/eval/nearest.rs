//! `wenmai eval calibration`: the probability that an article among the nearest is of the same
//! event or story, given its cosine.
//!
//! Labelled articles ask for their nearest ones; each answer is a pair whose events and stories are
//! known. A few random articles for each query define the low end of the table. Two articles of one
//! story, of which one has no event label, may or may not report one event: such a pair is left out
//! where events are concerned.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use rand::RngExt as _;
use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::Progress;
use crate::calibration;
use crate::calibration::Knot;
use crate::calibration::Pair;
use crate::calibration::Quality;
use crate::calibration::Relation;
use crate::index;
use crate::index::Indexed;
use crate::index::IngestReport;
use crate::stories::Labelled;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::filter::Filter;
use wenmai_domain::hit::Mode;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_engine::Engine;
use wenmai_engine::Error;
use wenmai_engine::Related;
use wenmai_engine::Target;

/// How many nearest articles each query is paired with.
pub const NEAREST: u16 = 100;
/// How many embeddings are fetched in one call.
const FETCH: usize = 500;

/// The settings of a measurement.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How many queries to draw; 0 asks all articles with an event label.
    pub query_count: usize,
    /// How many random articles each query is paired with, beside its nearest.
    pub random_count: usize,
    /// The seed of the draws and of the halvings.
    pub seed: u64,
}

/// The table and how good it is; the content of `calibration.json`.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub model: String,
    /// The version of the model; the table is valid for no other.
    pub model_version: String,
    /// The index version of the engine.
    pub index_version: String,
    /// A sentence that says what a probability of the table means.
    pub means: String,
    /// How many articles were indexed.
    pub article_count: usize,
    /// How many articles could not be indexed.
    pub refused_count: usize,
    /// How many stories the queries belong to.
    pub story_count: usize,
    /// How many queries were asked.
    pub query_count: usize,
    /// The seed of the draws.
    pub seed: u64,
    /// How many pairs there are.
    pub n: usize,
    /// How many pairs are of a query and one of its nearest.
    pub nearest_count: usize,
    /// How many pairs are of one story and have no known event.
    pub unknown_event_count: usize,
    /// How well the table predicts the same event, on the nearest pairs of unseen stories.
    pub same_event: Quality,
    /// How well the table predicts the same story, on the nearest pairs of unseen stories.
    pub same_story: Quality,
    /// The expected calibration errors of both, repeated for readers of the table.
    pub ece: Ece,
    /// The table, made of all pairs.
    pub knots: Vec<Knot>,
    /// The time spent on indexing; not part of the file.
    #[serde(skip)]
    pub ingest: IngestReport,
}

/// The expected calibration errors on the nearest pairs of unseen stories.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Ece {
    pub same_event: f64,
    pub same_story: f64,
}

/// Indexes `articles` into `engine`, collects pairs, and makes and tests the table; `None` if there
/// are too few labelled articles to test it.
///
/// # Errors
/// Any error of the engine. A refused article is counted and is not an error.
pub async fn run(
    engine: &Engine,
    articles: Vec<Labelled>,
    options: Options,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Option<Report>, Error> {
    let articles = articles.into_iter();
    let labelled = articles.map(|one| (one.record, (one.story, one.event))).collect();
    let indexed = index::index(engine, labelled, progress).await?;
    let Indexed { labels, refused_count, took: ingest } = indexed;
    let corpus = Corpus::new(labels);
    let queries = corpus.draw(options);
    let pairs = collect(engine, &corpus, &queries, options, progress).await?;
    progress(Progress::Resample);
    let judge = |relation| {
        calibration::cross_validated(&pairs, relation, options.seed, |pair| pair.nearest)
    };
    let (Some(same_event), Some(same_story)) =
        (judge(Relation::SameEvent), judge(Relation::SameStory))
    else {
        return Ok(None);
    };
    let info = engine.info().await?;
    let article_count = corpus.labels.len();
    let nearest_count = pairs.iter().filter(|pair| pair.nearest).count();
    Ok(Some(Report {
        model: info.model.name,
        model_version: info.model.version,
        index_version: info.index_version,
        means: means(article_count),
        article_count,
        refused_count,
        story_count: pairs.iter().map(|pair| pair.story).collect::<BTreeSet<_>>().len(),
        query_count: queries.len(),
        seed: options.seed,
        n: pairs.len(),
        nearest_count,
        unknown_event_count: pairs.iter().filter(|pair| pair.same_event.is_none()).count(),
        same_event,
        same_story,
        ece: Ece { same_event: same_event.ece, same_story: same_story.ece },
        knots: calibration::table(&pairs),
        ingest,
    }))
}

fn means(article_count: usize) -> String {
    format!(
        "probability that two articles tell of one event (of one story), given their cosine and \
         that one is among the {NEAREST} nearest of the other in a corpus of {article_count} \
         articles; elsewhere the base rate is another and so is the probability"
    )
}

/// The number of the story, and the name of the event inside it.
type Label = (usize, Option<String>);

/// The labels of the indexed articles.
struct Corpus {
    labels: BTreeMap<ArticleId, Label>,
    /// The keys of `labels`, to draw from.
    ids: Vec<ArticleId>,
}

impl Corpus {
    fn new(indexed: Vec<(ArticleId, (String, Option<String>))>) -> Self {
        let mut stories = BTreeMap::<String, usize>::new();
        let mut labels = BTreeMap::new();
        for (id, (story, event)) in indexed {
            let next = stories.len();
            labels.insert(id, (*stories.entry(story).or_insert(next), event));
        }
        let ids = labels.keys().copied().collect();
        Self { labels, ids }
    }

    /// Draws articles with an event label; the same ones for one seed and corpus.
    fn draw(&self, options: Options) -> Vec<ArticleId> {
        let labelled = self.labels.iter().filter(|(_, (_, event))| event.is_some());
        let mut drawn: Vec<ArticleId> = labelled.map(|(id, _)| *id).collect();
        if options.query_count > 0 {
            drawn.shuffle(&mut ChaCha8Rng::seed_from_u64(options.seed));
            drawn.truncate(options.query_count);
        }
        drawn
    }

    /// The pair of an article that asked and another one; `None` if one of them has no label.
    fn pair(&self, query: ArticleId, other: ArticleId, cosine: f32, nearest: bool) -> Option<Pair> {
        let (story, event) = self.labels.get(&query)?;
        let (other_story, other_event) = self.labels.get(&other)?;
        let same_story = story == other_story;
        let same_event = if same_story {
            event.as_ref().zip(other_event.as_ref()).map(|(own, other)| own == other)
        } else {
            Some(false)
        };
        Some(Pair { story: *story, cosine: f64::from(cosine), same_event, same_story, nearest })
    }
}

async fn collect(
    engine: &Engine,
    corpus: &Corpus,
    queries: &[ArticleId],
    options: Options,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Vec<Pair>, Error> {
    let embeddings = embeddings(engine, &corpus.ids).await?;
    let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
    let mut pairs = Vec::new();
    for (at, &query) in queries.iter().enumerate() {
        let nearest = nearest(engine, query).await?;
        let mut seen: BTreeSet<ArticleId> = nearest.iter().map(|(id, _)| *id).collect();
        seen.insert(query);
        let near = nearest.iter().filter_map(|(id, cosine)| corpus.pair(query, *id, *cosine, true));
        pairs.extend(near);
        for _ in 0..options.random_count {
            let drawn = corpus.ids.get(rng.random_range(0..corpus.ids.len()));
            let Some(&other) = drawn.filter(|id| seen.insert(**id)) else { continue };
            let both = embeddings.get(&query).zip(embeddings.get(&other));
            let cosine = both.map(|(query, other)| query.similarity(other));
            pairs.extend(cosine.and_then(|cosine| corpus.pair(query, other, cosine, false)));
        }
        if at % 50 == 49 {
            progress(Progress::Query(Mode::Dense, at + 1, queries.len()));
        }
    }
    Ok(pairs)
}

/// The nearest articles by embedding, with their cosines.
async fn nearest(engine: &Engine, query: ArticleId) -> Result<Vec<(ArticleId, f32)>, Error> {
    let limit = Limit::new(u32::from(NEAREST)).unwrap_or(Limit::MOST);
    let target = Target::Stored(query);
    let filter = Filter::default();
    let asked = Related {
        target,
        filter,
        mode: Mode::Dense,
        min_probability: 0.0,
        collapse: false,
        offset: 0,
        limit,
    };
    let hits = engine.related(asked).await?.hits.into_iter();
    Ok(hits.filter_map(|hit| Some((hit.article.id, hit.scores.similarity?))).collect())
}

async fn embeddings(
    engine: &Engine,
    ids: &[ArticleId],
) -> Result<BTreeMap<ArticleId, Embedding>, Error> {
    let mut embeddings = BTreeMap::new();
    for ids in ids.chunks(FETCH) {
        let found = engine.embeddings(ids).await?;
        let known = ids.iter().zip(found).filter_map(|(id, found)| Some((*id, found?)));
        embeddings.extend(known);
    }
    Ok(embeddings)
}

#[cfg(test)]
mod tests {
    use super::Corpus;
    use super::Options;
    use wenmai_domain::article::Record;
    use wenmai_domain::id::ArticleId;

    fn id(name: &str) -> ArticleId {
        ArticleId::derive(&Record { source_id: name.into(), ..Record::default() })
    }

    fn corpus() -> Corpus {
        let label = |name: &str, story: &str, event: Option<&str>| {
            (id(name), (story.to_owned(), event.map(str::to_owned)))
        };
        Corpus::new(vec![
            label("1", "bridge", Some("b1")),
            label("2", "bridge", Some("b1")),
            label("3", "bridge", None),
            label("4", "harvest", Some("b1")),
        ])
    }

    #[test]
    fn an_event_is_known_only_where_both_are_labelled_or_the_stories_differ() {
        let corpus = corpus();
        let event = |other: &str| {
            let pair = corpus.pair(id("1"), id(other), 0.5, true).unwrap();
            (pair.same_event, pair.same_story)
        };
        assert_eq!(event("2"), (Some(true), true));
        assert_eq!(event("3"), (None, true));
        assert_eq!(event("4"), (Some(false), false));
        assert_eq!(corpus.pair(id("1"), id("5"), 0.5, true), None);
    }

    #[test]
    fn only_articles_with_an_event_ask_and_one_seed_draws_the_same() {
        let corpus = corpus();
        let options = Options { query_count: 0, random_count: 0, seed: 3 };
        assert_eq!(corpus.draw(options).len(), 3);
        let two = Options { query_count: 2, ..options };
        assert_eq!(corpus.draw(two).len(), 2);
        assert_eq!(corpus.draw(two), corpus.draw(two));
    }
}
