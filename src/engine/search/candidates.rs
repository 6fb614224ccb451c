//! Checks, scores and orders the candidates of a search.
//!
//! A plain query needs nothing but the scores of the legs. Phrases, words to leave out and options
//! depend on the articles themselves (`inspect`).

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::VecDeque;

use jiff::civil::DateTime;

use crate::Engine;
use crate::Error;
use crate::clock;
use crate::search::Candidate;
use crate::search::Facet;
use crate::search::Newness;
use crate::search::Order;
use crate::search::PreparedQuery;
use crate::search::best_first;
use crate::search::facet;
use crate::search::inspect::CandidateDetails;
use crate::search::legs::Legs;
use wenmai_domain::day;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::hit::Mode;
use wenmai_domain::hit::Scores;
use wenmai_domain::id::ArticleId;
use wenmai_domain::scale::CosineScale;
use wenmai_domain::scales::Measure;
use wenmai_rank::diversify::Lambda;
use wenmai_rank::diversify::diversify;
use wenmai_rank::fuse::Scored;
use wenmai_rank::search::Found;
use wenmai_rank::search::order;

/// How many candidates, the best ones, diversity reorders; the others keep their places.
const DIVERSIFIED: usize = 200;
/// Percent of the question's terms that an article must hold to match.
pub(super) const MATCH_PERCENT: usize = 60;
/// The factor on the score of an article outside the days that the query names.
const OUTSIDE_DAYS: f32 = 0.85;

/// The candidates in order, with what was counted over them.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    /// The candidates that answer, best first.
    pub(super) ordered: Vec<Candidate>,
    /// Those that come after them, best first, of which it is not known yet.
    pub(super) unread: VecDeque<Candidate>,
    /// Which of those must be read to know it.
    pub(super) to_read: BTreeSet<ArticleId>,
    /// Phrases that nothing that was read holds.
    pub(super) unmet: Vec<String>,
    pub(super) facets: Vec<Facet>,
    pub(super) match_count: Option<usize>,
    /// How many candidates the legs found, before any was checked.
    pub(super) found_count: usize,
    /// Whether the lexical leg found any candidate.
    pub(super) lexical_found: bool,
    /// Phrases that no candidate holds, once all that may were read.
    pub(super) missing_phrases: Vec<String>,
    /// Titles that were given up as phrases, because no candidate holds them.
    pub(super) missed_titles: Vec<String>,
    /// How many candidates, of those that were read, hold all phrases.
    pub(super) with_phrases: usize,
    /// How many candidates each leg was asked for, where it may have more than that.
    pub(super) cut_at: Option<usize>,
}

impl Engine {
    /// Checks, scores and orders what the legs found, until `wanted` candidates are known to answer;
    /// `candidates.unread` are the others.
    pub(super) async fn check_candidates(
        &self,
        prepared: &PreparedQuery,
        legs: Legs,
        wanted: usize,
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
        let measure = self.measure_in(prepared.mode, prepared.script()).await?;
        let cosines = Some(&measure.scale);
        let whole = prepared.has_demands() || prepared.counts();
        let mut candidates = Candidates {
            lexical_found: !lexical.is_empty(),
            cut_at: (full && whole).then_some(depth),
            missing_phrases,
            ..Candidates::default()
        };
        let found = |dense, lexical| with_neighbours((dense, lexical), &neighbours, scale, cosines);
        let options = &prepared.options;
        let in_days = in_days.as_ref().map(|days| |id: &ArticleId| days.contains(id));
        if !whole && options.newness.is_none() && options.diversity.is_none() {
            candidates.ordered = scored(prepared, found(&dense, &lexical));
            candidates.found_count = candidates.ordered.len();
            weigh_days(&mut candidates.ordered, in_days);
            return Ok(candidates);
        }
        let mut ids: Vec<ArticleId> = dense.iter().chain(&lexical).map(|(id, _)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        candidates.found_count = ids.len();
        let seen = self.look_at(prepared, &ids).await?;
        dense.retain(|(id, _)| seen.contains_key(id));
        lexical.retain(|(id, _)| seen.contains_key(id));
        if prepared.embedding.is_some() && prepared.mode != Mode::Lexical {
            // No candidate need be without a similarity.
            dense = seen.iter().filter_map(|(id, seen)| Some((*id, seen.similarity?))).collect();
        }
        let mut ordered = scored(prepared, found(&dense, &lexical));
        weigh_days(&mut ordered, in_days);
        candidates.put_off(ordered, &seen, prepared);
        let at_once = prepared.counts() || options.newness.is_some() || options.diversity.is_some();
        self.read_until(prepared, &mut candidates, if at_once { usize::MAX } else { wanted })
            .await?;
        if let Some(newness) = options.newness {
            candidates.weigh_age(&seen, newness);
        }
        if prepared.counts() {
            candidates.count(prepared, &seen);
        }
        if let Some(diversity) = options.diversity {
            candidates.ordered =
                self.diversified(&candidates.ordered, diversity.lambda, &measure).await?;
        }
        Ok(candidates)
    }

    /// The candidates in an order in which each adds something to those before it.
    async fn diversified(
        &self,
        candidates: &[Candidate],
        lambda: Lambda,
        measure: &Measure,
    ) -> Result<Vec<Candidate>, Error> {
        let (first, rest) = candidates.split_at(candidates.len().min(DIVERSIFIED));
        let ids: Vec<ArticleId> = first.iter().map(|(id, _)| *id).collect();
        let stored = self.store.embeddings(&ids).await?.into_iter();
        let embeddings: Vec<Option<Embedding>> =
            stored.map(|stored| stored.map(|one| measure.prepared(one))).collect();
        let best = first.iter().map(|(_, scores)| scores.fused).fold(f32::MIN_POSITIVE, f32::max);
        let relevance: Vec<f32> = first.iter().map(|(_, scores)| scores.fused / best).collect();
        let embedding = |at: usize| embeddings.get(at).and_then(Option::as_ref);
        let similarity = |left, right| match (embedding(left), embedding(right)) {
            (Some(left), Some(right)) => measure.scale.at(left.similarity(right)).max(0.0),
            _ => 0.0,
        };
        let order = diversify(&relevance, lambda, similarity);
        Ok(order.into_iter().filter_map(|at| first.get(at)).chain(rest).copied().collect())
    }
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

/// Lowers the scores of articles outside the days that the query names.
fn weigh_days(ordered: &mut [Candidate], in_days: Option<impl Fn(&ArticleId) -> bool>) {
    let Some(in_days) = in_days else { return };
    for (id, scores) in ordered.iter_mut() {
        if !in_days(id) {
            scores.fused = lowered(scores.fused, OUTSIDE_DAYS);
        }
    }
    best_first(ordered);
}

impl Candidates {
    /// Lowers the scores of older articles.
    fn weigh_age(&mut self, seen: &BTreeMap<ArticleId, CandidateDetails>, newness: Newness) {
        let Newness { recency, as_of } = newness;
        let today = clock::today();
        let day = |id: &ArticleId| seen.get(id)?.published_at().map(DateTime::date);
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
            let columns = matching.iter().filter_map(|(id, _)| seen.get(id)?.columns.as_ref());
            self.facets.push(facet::count(*field, columns.map(|columns| columns.values(*field))));
        }
        let oldest = match prepared.options.order {
            Order::Oldest => true,
            Order::Newest => false,
            Order::Relevance if prepared.lists() => false,
            Order::Relevance => return,
        };
        self.ordered = matching;
        let time = |id: &ArticleId| seen.get(id).and_then(CandidateDetails::published_at);
        let is_ahead = |id: &ArticleId| seen.get(id).is_some_and(CandidateDetails::is_ahead);
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

/// A score multiplied by `factor`, in such a way that a negative score falls as well.
fn lowered(score: f32, factor: f32) -> f32 {
    score - (1.0 - factor) * score.abs()
}
