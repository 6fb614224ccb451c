//! The candidates of a search, checked, scored and put in order.
//!
//! A plain question needs nothing but the legs' scores. Phrases, words to leave out and options
//! need a look into every candidate; then all of them are fetched, a slice at a time.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::Engine;
use crate::Error;
use crate::search::Asked;
use crate::search::Candidate;
use crate::search::Facet;
use crate::search::Newness;
use crate::search::Order;
use crate::search::best_first;
use crate::search::facet;
use crate::search::legs::Legs;
use wenmai_domain::article::Article;
use wenmai_domain::article::CHINA;
use wenmai_domain::article::Record;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::hit::Mode;
use wenmai_domain::hit::Scores;
use wenmai_domain::id::ArticleId;
use wenmai_domain::terms::TermVector;
use wenmai_rank::diversify::diversify;
use wenmai_rank::search::order;
use wenmai_store::Stored;
use wenmai_store::Vectors;
use wenmai_text::normalize::normal;
use wenmai_text::query::phrase;

/// Candidates fetched at a time: bounds the memory that their texts take.
const SLICE: usize = 128;
/// Candidates that diversity reorders; those behind keep their places.
const DIVERSIFIED: usize = 200;
/// Percent of the question's terms that an article must hold to match.
pub(super) const MATCH_PERCENT: usize = 60;
/// What is left of a score outside the days that the question names.
const OUTSIDE_DAYS: f32 = 0.85;

/// The candidates in order, and what was counted over them.
#[derive(Debug, Default)]
pub(super) struct Pool {
    /// The whole answer.
    pub(super) ordered: Vec<Candidate>,
    pub(super) facets: Vec<Facet>,
    pub(super) match_count: Option<usize>,
    /// Candidates of the legs, before any was checked.
    pub(super) found_count: usize,
    /// Whether the lexical leg found one.
    pub(super) lexical_found: bool,
    /// Phrases that no candidate holds.
    pub(super) missing_phrases: Vec<String>,
    /// Candidates that hold all phrases.
    pub(super) with_phrases: usize,
    /// How deep the legs were asked, where they may hold more than they gave.
    pub(super) cut_at: Option<usize>,
}

/// What is kept of a candidate that was looked into.
struct Seen {
    day: Option<Date>,
    embedding: Embedding,
    /// Terms of the question that it holds.
    held: usize,
    /// Its values of each facet asked for.
    facets: Vec<Vec<String>>,
}

impl Engine {
    /// Checks, scores and orders what the legs found.
    pub(super) async fn pool(&self, asked: &Asked, legs: Legs) -> Result<Pool, Error> {
        let Legs { mut dense, mut lexical, scale, in_days, full, depth } = legs;
        let whole = asked.has_demands() || asked.counts();
        let mut pool = Pool {
            lexical_found: !lexical.is_empty(),
            cut_at: (full && whole).then_some(depth),
            ..Pool::default()
        };
        let options = &asked.options;
        if !whole && options.newness.is_none() && options.diversity.is_none() {
            pool.ordered = scored(asked, &dense, &lexical, scale);
            pool.found_count = pool.ordered.len();
            pool.weigh_days(in_days.as_ref().map(|days| |id: &ArticleId| days.contains(id)));
            return Ok(pool);
        }
        let mut ids: Vec<ArticleId> = dense.iter().chain(&lexical).map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        pool.found_count = ids.len();
        let seen = self.look(asked, &ids, &mut pool).await?;
        dense.retain(|(id, _)| seen.contains_key(id));
        lexical.retain(|(id, _)| seen.contains_key(id));
        if let Some(question) = asked.embedding.as_ref().filter(|_| asked.mode != Mode::Lexical) {
            // The embeddings are at hand: no candidate need be without a similarity.
            dense =
                seen.iter().map(|(id, seen)| (*id, seen.embedding.similarity(question))).collect();
        }
        pool.ordered = scored(asked, &dense, &lexical, scale);
        pool.weigh_days(in_days.as_ref().map(|days| |id: &ArticleId| days.contains(id)));
        if let Some(newness) = options.newness {
            pool.weigh_age(&seen, newness);
        }
        if asked.counts() {
            pool.count(asked, &seen);
        }
        if let Some(diversity) = options.diversity {
            pool.ordered = diversified(&pool.ordered, &seen, diversity.lambda);
        }
        Ok(pool)
    }

    /// Looks into the articles of `ids` and keeps those that hold what they must.
    async fn look(
        &self,
        asked: &Asked,
        ids: &[ArticleId],
        pool: &mut Pool,
    ) -> Result<BTreeMap<ArticleId, Seen>, Error> {
        let mut seen = BTreeMap::new();
        let mut unmet: Vec<&String> = asked.query.phrases.iter().collect();
        for slice in ids.chunks(SLICE) {
            // Two readers share the work.
            let (left, right) = slice.split_at(slice.len() / 2);
            let (left, right) = futures::try_join!(
                self.store.fetch(left, Vectors::Yes),
                self.store.fetch(right, Vectors::Yes)
            )?;
            for stored in left.into_iter().chain(right).flatten() {
                let Stored { article, vectors: Some((embedding, terms)), .. } = stored else {
                    continue;
                };
                if asked.has_demands() {
                    let texts = texts(&article.record);
                    let holds = |phrase: &String| texts.iter().any(|t| phrase::holds(t, phrase));
                    unmet.retain(|phrase| !holds(phrase));
                    if !asked.query.phrases.iter().all(holds) {
                        continue;
                    }
                    pool.with_phrases += 1;
                    if asked.query.without.iter().any(holds) {
                        continue;
                    }
                }
                seen.insert(article.id, look_into(asked, &article, embedding, &terms));
            }
        }
        pool.missing_phrases = unmet.into_iter().cloned().collect();
        Ok(seen)
    }
}

fn look_into(asked: &Asked, article: &Article, embedding: Embedding, terms: &TermVector) -> Seen {
    Seen {
        day: article.record.date(),
        embedding,
        held: asked.reading.held(terms),
        facets: asked.options.facets.iter().map(|field| field.of(article)).collect(),
    }
}

/// The texts of an article that phrases are looked for in, normalized.
fn texts(record: &Record) -> Vec<String> {
    let texts = std::iter::once(&record.title).chain(&record.paragraphs);
    texts.map(|text| normal(text)).collect()
}

/// Joins the legs; a list of articles has no scores.
fn scored(
    asked: &Asked,
    dense: &[(ArticleId, f32)],
    lexical: &[(ArticleId, f32)],
    scale: Option<f32>,
) -> Vec<Candidate> {
    if asked.lists() {
        return lexical.iter().map(|(id, _)| (*id, Scores::default())).collect();
    }
    order(asked.mode, dense, lexical, scale)
}

impl Pool {
    /// Lowers what was published outside the days that the question names.
    fn weigh_days(&mut self, in_days: Option<impl Fn(&ArticleId) -> bool>) {
        let Some(in_days) = in_days else { return };
        for (id, scores) in &mut self.ordered {
            if !in_days(id) {
                scores.fused = lowered(scores.fused, OUTSIDE_DAYS);
            }
        }
        best_first(&mut self.ordered);
    }

    /// Lowers what is older.
    fn weigh_age(&mut self, seen: &BTreeMap<ArticleId, Seen>, newness: Newness) {
        let Newness { recency, as_of } = newness;
        let today = CHINA.to_datetime(jiff::Timestamp::now()).date();
        let days = || self.ordered.iter().filter_map(|(id, _)| seen.get(id)?.day);
        let newest = || days().filter(|day| *day <= today).max();
        let Some(as_of) = as_of.or_else(newest) else { return };
        for (id, scores) in &mut self.ordered {
            let day = seen.get(id).and_then(|seen| seen.day);
            let age = day.map(|day| as_of.since(day).map_or(i32::MAX, |span| span.get_days()));
            scores.fused = lowered(scores.fused, recency.factor(age));
        }
        best_first(&mut self.ordered);
    }

    /// Counts facets over the matching candidates, and leaves only those in an order by date.
    fn count(&mut self, asked: &Asked, seen: &BTreeMap<ArticleId, Seen>) {
        let matching = matching(asked, &self.ordered, seen);
        self.match_count = Some(matching.len());
        for (place, field) in asked.options.facets.iter().enumerate() {
            let values = matching.iter().filter_map(|(id, _)| seen.get(id)?.facets.get(place));
            self.facets.push(facet::count(*field, values));
        }
        let oldest = match asked.options.order {
            Order::Oldest => true,
            Order::Newest => false,
            Order::Relevance if asked.lists() => false,
            Order::Relevance => return,
        };
        self.ordered = matching;
        let day = |id: &ArticleId| seen.get(id).and_then(|seen| seen.day);
        // Stable, so that within a day the better comes first; what has no date comes last.
        self.ordered.sort_by(|(left, _), (right, _)| match (day(left), day(right)) {
            (Some(left), Some(right)) if oldest => left.cmp(&right),
            (Some(left), Some(right)) => right.cmp(&left),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        });
    }
}

/// The candidates that match: they hold [`MATCH_PERCENT`] of the question's terms. All of them
/// where terms were not asked for, or none holds so many.
fn matching(
    asked: &Asked,
    candidates: &[Candidate],
    seen: &BTreeMap<ArticleId, Seen>,
) -> Vec<Candidate> {
    let need_count = asked.reading.needs.len();
    let enough = (need_count * MATCH_PERCENT).div_ceil(100);
    let holds = |(id, _): &&Candidate| seen.get(id).is_some_and(|seen| seen.held >= enough);
    if asked.mode == Mode::Dense || enough == 0 || !candidates.iter().any(|one| holds(&one)) {
        return candidates.to_vec();
    }
    candidates.iter().filter(holds).copied().collect()
}

/// The candidates in an order where each adds something.
fn diversified(
    candidates: &[Candidate],
    seen: &BTreeMap<ArticleId, Seen>,
    lambda: wenmai_rank::diversify::Lambda,
) -> Vec<Candidate> {
    let (first, rest) = candidates.split_at(candidates.len().min(DIVERSIFIED));
    let best = first.iter().map(|(_, scores)| scores.fused).fold(f32::MIN_POSITIVE, f32::max);
    let relevance: Vec<f32> = first.iter().map(|(_, scores)| scores.fused / best).collect();
    let embedding =
        |at: usize| first.get(at).and_then(|(id, _)| seen.get(id)).map(|s| &s.embedding);
    let similarity = |left, right| match (embedding(left), embedding(right)) {
        (Some(left), Some(right)) => left.similarity(right).max(0.0),
        _ => 0.0,
    };
    let order = diversify(&relevance, lambda, similarity);
    order.into_iter().filter_map(|at| first.get(at)).chain(rest).copied().collect()
}

/// `factor` of a score; a negative one falls as well.
fn lowered(score: f32, factor: f32) -> f32 {
    score - (1.0 - factor) * score.abs()
}
