//! Asks the legs, the dense and the lexical search of the store, for the candidates of a query.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::Date;

use crate::Engine;
use crate::Error;
use crate::answer::limit;
use crate::answer::pairs;
use crate::ranked::CANDIDATES;
use crate::search::PreparedQuery;
use crate::search::inspect::some_units;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::filter::Comparison;
use wenmai_domain::filter::Filter;
use wenmai_domain::hit::Mode;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::scale::Middle;
use wenmai_domain::terms::TermVector;
use wenmai_rank::fuse::Scored;
use wenmai_rank::search::Found;
use wenmai_rank::search::order;
use wenmai_store::Vectors;
use wenmai_text::units;

/// Days after the last day that a query names on which papers still report what happened.
const PRINT_DAYS: i64 = 2;

/// So few articles are read rather than narrowed further.
const NARROW_ENOUGH: usize = 32;
/// First answers whose middle is taken.
const FIRST_ANSWERS: usize = 20;
/// Candidates found for each of them, at least.
const FOUND_PER_ANSWER: usize = 25;
/// Candidates of the lexical leg that are read, where all that match are wanted. More would take seconds.
const CHECKED_MAX: usize = 4_000;

/// What is known of the articles that hold the phrases of a query.
#[derive(Debug, Default)]
struct Holders {
    /// The only articles that may hold all phrases, where that is known.
    ids: Option<BTreeSet<ArticleId>>,
    /// Units of phrases that too many articles hold to tell.
    common: Vec<String>,
    /// Phrases that no article holds.
    missing: Vec<String>,
}

impl Holders {
    fn vector(&self) -> TermVector {
        units::need::vector(&self.common)
    }
}

/// What the legs found, in no particular order.
#[derive(Debug, Default)]
pub(super) struct Legs {
    /// The candidates of the dense leg with their cosines, before they are put on a scale.
    pub(super) dense: Vec<Scored>,
    /// The candidates of the lexical leg with their BM25 scores.
    pub(super) lexical: Vec<Scored>,
    /// The articles near the middle of the first answers, with their cosines; none in a small archive.
    pub(super) neighbours: Vec<Scored>,
    /// An estimate of the BM25 score of an article that holds every term of the query; `None` where
    /// the lexical leg found nothing.
    pub(super) scale: Option<f32>,
    /// The candidates of the days that the query names; `None` where it names none.
    pub(super) in_days: Option<BTreeSet<ArticleId>>,
    /// Whether a leg returned as many candidates as it was asked for, so that there may be more.
    pub(super) full: bool,
    /// How many candidates each leg was asked for.
    pub(super) depth: usize,
    /// Phrases that no article holds that passes the filter.
    pub(super) missing_phrases: Vec<String>,
}

impl Engine {
    /// Asks the legs that the mode names; for all candidates, up to [`CHECKED_MAX`], where these are
    /// checked or counted.
    pub(super) async fn ask_legs(&self, prepared: &PreparedQuery) -> Result<Legs, Error> {
        if prepared.lists() {
            return self.list_legs(prepared).await;
        }
        let vector = prepared.reading.vector();
        let holders = self.holders_of_phrases(prepared).await?;
        let mut filter = prepared.filter.clone();
        if let Some(ids) = &holders.ids {
            filter = filter.and(Filter::Among(Arc::new(ids.clone())));
        }
        let whole = prepared.has_demands() || prepared.counts();
        let depth = if whole { Limit::MOST } else { limit(CANDIDATES) };
        let mut legs = self.ask_once(prepared, &vector, &filter, depth).await?;
        legs.depth = depth.count();
        let is_full = legs.lexical.len() >= depth.count();
        if whole && is_full && prepared.mode != Mode::Dense {
            // What was asked for may stand behind the best; of phrases so common that none narrows the
            // search, what holds most of their units comes first.
            let vector = if holders.common.is_empty() { vector.clone() } else { holders.vector() };
            let (more, is_cut) = self.all_of(&vector, &filter).await?;
            (legs.full, legs.depth) = (is_cut, CHECKED_MAX);
            legs.lexical = united(legs.lexical, more);
        }
        if let Some(days) = prepared.reading.days {
            let filter = filter.clone().and(published(days));
            let within = self.ask_once(prepared, &vector, &filter, depth).await?;
            let found = within.dense.iter().chain(&within.lexical).map(|(id, _)| *id);
            legs.in_days = Some(found.collect());
            legs.dense = united(legs.dense, within.dense);
            legs.lexical = united(legs.lexical, within.lexical);
        }
        legs.scale = self.scale(prepared, &legs.lexical).await?;
        legs.neighbours = self.neighbours_of_first(prepared, &legs, &filter).await?;
        legs.missing_phrases = holders.missing;
        Ok(legs)
    }

    /// The articles that may hold the phrases of a query: those that hold all units of each phrase.
    ///
    /// A text with a phrase holds all its units, so a phrase with a rare unit is looked for among the
    /// holders of that unit alone, in an archive of any size.
    async fn holders_of_phrases(&self, prepared: &PreparedQuery) -> Result<Holders, Error> {
        let mut holders = Holders::default();
        for phrase in &prepared.query.phrases {
            let units = self.analyzer.units_of_phrase(phrase);
            let mut narrowed: Option<BTreeSet<ArticleId>> = None;
            for unit in some_units(&units) {
                if narrowed.as_ref().is_some_and(|known| known.len() <= NARROW_ENOUGH) {
                    break;
                }
                let vector = units::need::vector([unit]);
                let found = self.store.lexical(&vector, &prepared.filter, Limit::MOST).await?;
                if found.len() >= Limit::MOST.count() {
                    continue;
                }
                let found: BTreeSet<ArticleId> = found.into_iter().map(|one| one.id).collect();
                narrowed = Some(match narrowed {
                    Some(known) => known.intersection(&found).copied().collect(),
                    None => found,
                });
            }
            match narrowed {
                Some(ids) => {
                    if ids.is_empty() {
                        holders.missing.push(phrase.clone());
                    }
                    holders.ids = Some(match holders.ids.take() {
                        Some(known) => known.intersection(&ids).copied().collect(),
                        None => ids,
                    });
                }
                None => holders.common.extend(units),
            }
        }
        Ok(holders)
    }

    /// Everything that answers to `vector`, up to [`CHECKED_MAX`] and a page more; and whether that is
    /// not all.
    async fn all_of(
        &self,
        vector: &TermVector,
        filter: &Filter,
    ) -> Result<(Vec<Scored>, bool), Error> {
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        while found.len() < CHECKED_MAX {
            let others = Filter::Not(Box::new(Filter::Among(Arc::new(seen.clone()))));
            let filter = if seen.is_empty() { filter.clone() } else { filter.clone().and(others) };
            let page = pairs(self.store.lexical(vector, &filter, Limit::MOST).await?);
            let is_last = page.len() < Limit::MOST.count();
            seen.extend(page.iter().map(|(id, _)| *id));
            found.extend(page);
            if is_last {
                return Ok((found, false));
            }
        }
        Ok((found, true))
    }

    /// An estimate of the score of an article that holds every term: the best score, multiplied by
    /// the number of terms of the query and divided by the number that the best article holds.
    ///
    /// By the best score alone, one word of a long query that some article holds would count as a
    /// full match.
    async fn scale(
        &self,
        prepared: &PreparedQuery,
        lexical: &[Scored],
    ) -> Result<Option<f32>, Error> {
        let higher = |left: &&Scored, right: &&Scored| left.1.total_cmp(&right.1);
        let Some((id, best)) =
            lexical.iter().max_by(higher).filter(|_| prepared.mode == Mode::Hybrid)
        else {
            return Ok(None);
        };
        let stored = self.store.fetch(&[*id], Vectors::Yes).await?.into_iter().flatten().next();
        let held = stored
            .and_then(|stored| stored.vectors)
            .map(|(_, terms)| prepared.reading.held(&terms));
        #[expect(clippy::cast_precision_loss, reason = "at most 256 terms")]
        let share = held.unwrap_or(0).max(1) as f32 / prepared.reading.needs.len().max(1) as f32;
        Ok(Some(best / share.min(1.0)))
    }

    /// The articles near the middle of the first answers of a hybrid search: what tells of the same matter
    /// in other words. None where few are found, as their middle would be near everything.
    async fn neighbours_of_first(
        &self,
        prepared: &PreparedQuery,
        legs: &Legs,
        filter: &Filter,
    ) -> Result<Vec<Scored>, Error> {
        let Legs { dense, lexical, scale, .. } = legs;
        if prepared.mode != Mode::Hybrid || prepared.embedding.is_none() {
            return Ok(Vec::new());
        }
        let measure = self.measure(prepared.script()).await?;
        let cosines = &measure.scale;
        let found =
            Found { dense, lexical, full: *scale, cosines: Some(cosines), ..Found::default() };
        let first = order(prepared.mode, found);
        let count = FIRST_ANSWERS.min(first.len() / FOUND_PER_ANSWER);
        let first: Vec<ArticleId> = first.into_iter().take(count).map(|(id, _)| id).collect();
        let stored = self.store.embeddings(&first).await?;
        let embeddings: Vec<Embedding> =
            stored.into_iter().flatten().map(|one| measure.prepared(one)).collect();
        let Ok(middle) = Embedding::mean(&embeddings.iter().collect::<Vec<_>>()) else {
            return Ok(Vec::new());
        };
        let mut near = pairs(self.near(&middle, filter, limit(CANDIDATES), &measure).await?);
        let of_middle = Middle::of(&embeddings);
        for (id, cosine) in &mut near {
            *cosine = cosines.with_middle(*cosine, of_middle, first.contains(id));
        }
        Ok(near)
    }

    /// Asks each leg once.
    async fn ask_once(
        &self,
        prepared: &PreparedQuery,
        vector: &TermVector,
        filter: &Filter,
        depth: Limit,
    ) -> Result<Legs, Error> {
        let measure = self.measure_in(prepared.mode, prepared.script()).await?;
        let dense = async {
            match (prepared.mode, &prepared.embedding) {
                (Mode::Dense | Mode::Hybrid, Some(embedding)) => {
                    self.near(embedding, filter, depth, &measure).await
                }
                _ => Ok(Vec::new()),
            }
        };
        let lexical = async {
            match prepared.mode {
                Mode::Lexical | Mode::Hybrid => {
                    Ok(self.store.lexical(vector, filter, depth).await?)
                }
                Mode::Dense => Ok(Vec::new()),
            }
        };
        let (dense, lexical) = futures::try_join!(dense, lexical)?;
        Ok(Legs { dense: pairs(dense), lexical: pairs(lexical), ..Legs::default() })
    }

    /// The articles that pass the conditions, for a query that consists of conditions alone.
    async fn list_legs(&self, prepared: &PreparedQuery) -> Result<Legs, Error> {
        let listing = self.store.list(&prepared.filter, None, Limit::MOST).await?;
        let lexical = listing.points.into_iter().map(|point| (point.article.id, 0.0)).collect();
        let full = listing.next.is_some();
        Ok(Legs { lexical, full, depth: Limit::MOST.count(), ..Legs::default() })
    }
}

/// Both lists as one, in which each article stands once, with the higher of its scores.
fn united(left: Vec<Scored>, right: Vec<Scored>) -> Vec<Scored> {
    let mut found = BTreeMap::<ArticleId, f32>::new();
    for (id, score) in left.into_iter().chain(right) {
        found.entry(id).and_modify(|known| *known = known.max(score)).or_insert(score);
    }
    found.into_iter().collect()
}

/// A filter for articles of these days, or of the few days after in which papers still report them.
fn published((first, last): (Date, Date)) -> Filter {
    let last = last.checked_add(PRINT_DAYS.days()).unwrap_or(last);
    Filter::All(vec![
        Filter::Date(Comparison::AtLeast, first),
        Filter::Date(Comparison::AtMost, last),
    ])
}
