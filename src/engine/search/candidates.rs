//! Checks, scores and orders the candidates of a search.
//!
//! A plain query needs nothing but the scores of the legs. Phrases, words to leave out and options
//! depend on the articles themselves; then all candidates are fetched, a slice at a time.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::civil::DateTime;

use crate::Engine;
use crate::Error;
use crate::clock;
use crate::columns::Columns;
use crate::search::Candidate;
use crate::search::Facet;
use crate::search::Newness;
use crate::search::Order;
use crate::search::PreparedQuery;
use crate::search::best_first;
use crate::search::facet;
use crate::search::legs::Legs;
use wenmai_domain::article::Record;
use wenmai_domain::day;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::hit::Mode;
use wenmai_domain::hit::Scores;
use wenmai_domain::id::ArticleId;
use wenmai_domain::scale::CosineScale;
use wenmai_domain::terms::TermVector;
use wenmai_rank::diversify::diversify;
use wenmai_rank::fuse::Scored;
use wenmai_rank::search::Found;
use wenmai_rank::search::order;
use wenmai_store::Stored;
use wenmai_store::Vectors;
use wenmai_text::query::phrase;

/// How many candidates are fetched at a time, which bounds the memory that their texts take.
const SLICE: usize = 128;
/// How many candidates, the best ones, diversity reorders; the others keep their places.
const DIVERSIFIED: usize = 200;
/// Percent of the question's terms that an article must hold to match.
pub(super) const MATCH_PERCENT: usize = 60;
/// The factor on the score of an article outside the days that the query names.
const OUTSIDE_DAYS: f32 = 0.85;

/// The candidates in order, with what was counted over them.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    /// All candidates that may answer, best first.
    pub(super) ordered: Vec<Candidate>,
    pub(super) facets: Vec<Facet>,
    pub(super) match_count: Option<usize>,
    /// How many candidates the legs found, before any was checked.
    pub(super) found_count: usize,
    /// Whether the lexical leg found any candidate.
    pub(super) lexical_found: bool,
    /// Phrases that no candidate holds.
    pub(super) missing_phrases: Vec<String>,
    /// Titles that were given up as phrases, because no candidate holds them.
    pub(super) missed_titles: Vec<String>,
    /// How many candidates hold all phrases.
    pub(super) with_phrases: usize,
    /// How many candidates each leg was asked for, where it may have more than that.
    pub(super) cut_at: Option<usize>,
}

/// What is kept of a candidate whose article was read.
struct CandidateDetails {
    /// When it was published, if that is known and lies not ahead.
    published_at: Option<DateTime>,
    /// Whether its date lies in the future, and so is wrong.
    is_ahead: bool,
    embedding: Embedding,
    /// How many terms of the query it holds.
    held: usize,
    /// What facets count of it.
    columns: Arc<Columns>,
}

impl Engine {
    /// Checks, scores and orders what the legs found.
    pub(super) async fn check_candidates(
        &self,
        prepared: &PreparedQuery,
        legs: Legs,
    ) -> Result<Candidates, Error> {
        let Legs {
            mut dense,
            mut lexical,
            neighbours,
            scale,
            in_days,
            full,
            depth,
            missing_phrases,
        } = legs;
        let cosines = Some(self.cosine_scale(prepared.script()).await?);
        let whole = prepared.has_demands() || prepared.counts();
        let mut candidates = Candidates {
            lexical_found: !lexical.is_empty(),
            cut_at: (full && whole).then_some(depth),
            missing_phrases,
            ..Candidates::default()
        };
        let found = |dense, lexical| with_neighbours((dense, lexical), &neighbours, scale, cosines);
        let options = &prepared.options;
        if !whole && options.newness.is_none() && options.diversity.is_none() {
            candidates.ordered = scored(prepared, found(&dense, &lexical));
            candidates.found_count = candidates.ordered.len();
            candidates.weigh_days(in_days.as_ref().map(|days| |id: &ArticleId| days.contains(id)));
            return Ok(candidates);
        }
        let mut ids: Vec<ArticleId> = dense.iter().chain(&lexical).map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        candidates.found_count = ids.len();
        let seen = if prepared.has_demands() {
            self.inspect(prepared, &ids, &mut candidates).await?
        } else {
            self.look_at(prepared, &ids).await?
        };
        dense.retain(|(id, _)| seen.contains_key(id));
        lexical.retain(|(id, _)| seen.contains_key(id));
        if let Some(question) =
            prepared.embedding.as_ref().filter(|_| prepared.mode != Mode::Lexical)
        {
            // The embeddings are at hand: no candidate need be without a similarity.
            dense =
                seen.iter().map(|(id, seen)| (*id, seen.embedding.similarity(question))).collect();
        }
        candidates.ordered = scored(prepared, found(&dense, &lexical));
        candidates.weigh_days(in_days.as_ref().map(|days| |id: &ArticleId| days.contains(id)));
        if let Some(newness) = options.newness {
            candidates.weigh_age(&seen, newness);
        }
        if prepared.counts() {
            candidates.count(prepared, &seen);
        }
        if let Some(diversity) = options.diversity {
            candidates.ordered = diversified(&candidates.ordered, &seen, diversity.lambda, cosines);
        }
        Ok(candidates)
    }

    /// What facets, orders and options need of the articles of `ids`; no text is read.
    async fn look_at(
        &self,
        prepared: &PreparedQuery,
        ids: &[ArticleId],
    ) -> Result<BTreeMap<ArticleId, CandidateDetails>, Error> {
        let mut seen = BTreeMap::new();
        for slice in ids.chunks(SLICE) {
            let (left, right) = slice.split_at(slice.len() / 2);
            let (mut columns, left, right) = futures::try_join!(
                self.columns(slice),
                async { Ok(self.store.vectors(left).await?) },
                async { Ok(self.store.vectors(right).await?) },
            )?;
            for (id, vectors) in slice.iter().zip(left.into_iter().chain(right)) {
                let (Some(columns), Some((embedding, terms))) = (columns.remove(id), vectors)
                else {
                    continue;
                };
                seen.insert(*id, details(prepared, columns, embedding, &terms));
            }
        }
        Ok(seen)
    }

    /// Reads the articles of `ids` and keeps those that hold all phrases and nothing that the query
    /// leaves out.
    async fn inspect(
        &self,
        prepared: &PreparedQuery,
        ids: &[ArticleId],
        candidates: &mut Candidates,
    ) -> Result<BTreeMap<ArticleId, CandidateDetails>, Error> {
        let mut seen = BTreeMap::new();
        let known = &candidates.missing_phrases;
        let mut unmet: Vec<&String> =
            prepared.query.phrases.iter().filter(|phrase| !known.contains(phrase)).collect();
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
                let texts = texts(&article.record);
                let holds = |phrase: &String| texts.iter().any(|t| phrase::holds(t, phrase));
                unmet.retain(|phrase| !holds(phrase));
                if !prepared.query.phrases.iter().all(holds) {
                    continue;
                }
                candidates.with_phrases += 1;
                if prepared.query.without.iter().any(holds) {
                    continue;
                }
                let columns = Arc::new(self.columns.of(&article));
                seen.insert(article.id, details(prepared, columns, embedding, &terms));
            }
        }
        // Of several phrases only articles that may hold all were read: what these lack others may hold.
        let unmet: Vec<String> = unmet.into_iter().cloned().collect();
        if prepared.query.phrases.len() == 1 && !ids.is_empty() {
            candidates.missing_phrases.extend(unmet);
        }
        Ok(seen)
    }
}

fn details(
    prepared: &PreparedQuery,
    columns: Arc<Columns>,
    embedding: Embedding,
    terms: &TermVector,
) -> CandidateDetails {
    let published_at = columns.published_at;
    let is_ahead = published_at.is_some_and(|time| is_ahead(time.date()));
    CandidateDetails {
        published_at: published_at.filter(|_| !is_ahead),
        is_ahead,
        embedding,
        held: prepared.reading.held(terms),
        columns,
    }
}

/// The texts of an article that phrases are looked for in, folded.
fn texts(record: &Record) -> Vec<String> {
    let texts = std::iter::once(&record.title).chain(&record.paragraphs);
    texts.map(|text| phrase::folded(text)).collect()
}

/// Whether a day lies in the future. Where it is later than in China it may be tomorrow already.
fn is_ahead(day: Date) -> bool {
    clock::today().checked_add(1.day()).is_ok_and(|tomorrow| day > tomorrow)
}

/// What the legs found, as it is fused.
fn with_neighbours<'a>(
    (dense, lexical): (&'a [Scored], &'a [Scored]),
    neighbours: &'a [Scored],
    full: Option<f32>,
    cosines: Option<&'a CosineScale>,
) -> Found<'a> {
    Found { dense, lexical, neighbours, full, cosines }
}

/// Fuses the legs; the articles of a list all get the score 0.
fn scored(prepared: &PreparedQuery, found: Found<'_>) -> Vec<Candidate> {
    if prepared.lists() {
        return found.lexical.iter().map(|(id, _)| (*id, Scores::default())).collect();
    }
    order(prepared.mode, found)
}

impl Candidates {
    /// Lowers the scores of articles outside the days that the query names.
    fn weigh_days(&mut self, in_days: Option<impl Fn(&ArticleId) -> bool>) {
        let Some(in_days) = in_days else { return };
        for (id, scores) in &mut self.ordered {
            if !in_days(id) {
                scores.fused = lowered(scores.fused, OUTSIDE_DAYS);
            }
        }
        best_first(&mut self.ordered);
    }

    /// Lowers the scores of older articles.
    fn weigh_age(&mut self, seen: &BTreeMap<ArticleId, CandidateDetails>, newness: Newness) {
        let Newness { recency, as_of } = newness;
        let today = clock::today();
        let day = |id: &ArticleId| seen.get(id)?.published_at.map(DateTime::date);
        let days = || self.ordered.iter().filter_map(|(id, _)| day(id));
        let newest = || days().filter(|day| *day <= today).max();
        let Some(as_of) = as_of.or_else(newest) else { return };
        for (id, scores) in &mut self.ordered {
            let age = day(id).map(|day| day::between(day, as_of));
            scores.fused = lowered(scores.fused, recency.factor(age));
        }
        best_first(&mut self.ordered);
    }

    /// Counts facets over the candidates that match. For an order by date only those are kept.
    fn count(&mut self, prepared: &PreparedQuery, seen: &BTreeMap<ArticleId, CandidateDetails>) {
        let matching = matching(prepared, &self.ordered, seen);
        self.match_count = Some(matching.len());
        for field in &prepared.options.facets {
            let seen = matching.iter().filter_map(|(id, _)| seen.get(id));
            self.facets.push(facet::count(*field, seen.map(|one| one.columns.values(*field))));
        }
        let oldest = match prepared.options.order {
            Order::Oldest => true,
            Order::Newest => false,
            Order::Relevance if prepared.lists() => false,
            Order::Relevance => return,
        };
        self.ordered = matching;
        let time = |id: &ArticleId| seen.get(id).and_then(|seen| seen.published_at);
        let is_ahead = |id: &ArticleId| seen.get(id).is_some_and(|seen| seen.is_ahead);
        // Stable, so that what appeared at one time stands with the better first. What has no date comes
        // last, before it what has one that lies in the future.
        self.ordered.sort_by(|(left, _), (right, _)| match (time(left), time(right)) {
            (Some(left), Some(right)) if oldest => left.cmp(&right),
            (Some(left), Some(right)) => right.cmp(&left),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => is_ahead(right).cmp(&is_ahead(left)),
        });
    }
}

/// The candidates that match, which means that they hold [`MATCH_PERCENT`] of what the query looks for,
/// or, where none holds so much, as much as any holds. All candidates where the query looks for nothing
/// that could be held; none where none holds anything.
fn matching(
    prepared: &PreparedQuery,
    candidates: &[Candidate],
    seen: &BTreeMap<ArticleId, CandidateDetails>,
) -> Vec<Candidate> {
    let need_count = prepared.reading.needs.len();
    let enough = (need_count * MATCH_PERCENT).div_ceil(100);
    if prepared.mode == Mode::Dense || enough == 0 {
        return candidates.to_vec();
    }
    let held = |(id, _): &Candidate| seen.get(id).map_or(0, |seen| seen.held);
    let most = candidates.iter().map(held).max().unwrap_or(0);
    let enough = enough.min(most).max(1);
    candidates.iter().filter(|one| held(one) >= enough).copied().collect()
}

/// The candidates in an order in which each adds something to those before it.
fn diversified(
    candidates: &[Candidate],
    seen: &BTreeMap<ArticleId, CandidateDetails>,
    lambda: wenmai_rank::diversify::Lambda,
    cosines: Option<&CosineScale>,
) -> Vec<Candidate> {
    let (first, rest) = candidates.split_at(candidates.len().min(DIVERSIFIED));
    let best = first.iter().map(|(_, scores)| scores.fused).fold(f32::MIN_POSITIVE, f32::max);
    let relevance: Vec<f32> = first.iter().map(|(_, scores)| scores.fused / best).collect();
    let embedding =
        |at: usize| first.get(at).and_then(|(id, _)| seen.get(id)).map(|s| &s.embedding);
    let similarity = |left, right| match (embedding(left), embedding(right)) {
        (Some(left), Some(right)) => {
            let cosine = left.similarity(right);
            cosines.map_or(cosine, |scale| scale.at(cosine)).max(0.0)
        }
        _ => 0.0,
    };
    let order = diversify(&relevance, lambda, similarity);
    order.into_iter().filter_map(|at| first.get(at)).chain(rest).copied().collect()
}

/// A score multiplied by `factor`, in such a way that a negative score falls as well.
fn lowered(score: f32, factor: f32) -> f32 {
    score - (1.0 - factor) * score.abs()
}
