//! Related coverage with learned weights: candidates from four legs, ten features each, an order.
//!
//! Three legs ask with the article itself: its embedding, its headline, its whole text. The middle
//! of the nearest articles they find asks once more (Rocchio 1971, without labels): a story is
//! found through its other articles. What a leg did not return counts as its last score, so a
//! candidate is never thrown back by the depth of a leg. The legs' own scores do not depend on the
//! filter, and neither do the neighbours.

use std::collections::BTreeSet;
use std::collections::HashMap;

use crate::Engine;
use crate::Error;
use crate::ranked::Judged;
use crate::ranked::Ranked;
use crate::ranked::best_first;
use crate::topics::background;
use wenmai_cluster::topic::Background;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::filter::Filter;
use wenmai_domain::hit::Scores;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::scale::Middle;
use wenmai_domain::scales::Measure;
use wenmai_domain::scales::Script;
use wenmai_domain::terms::TermVector;
use wenmai_rank::feature::Facts;
use wenmai_rank::feature::Features;
use wenmai_rank::feature::Legs;
use wenmai_rank::feature::features;
use wenmai_rank::fuse::LEXICAL_WEIGHT;
use wenmai_rank::scorer::Scorer;
use wenmai_store::Scored;

/// Candidates that each leg is asked for.
pub(super) const LEG_DEPTH: u32 = 300;
/// How many candidates are compared, the most promising of all legs.
const COMPARED_MAX: usize = 300;
/// How many of the nearest articles the mean is taken of that asks again.
const NEIGHBOURS: usize = 15;
/// Articles found for each neighbour in an archive so small that the dense leg returns all of it:
/// fifteen would be more than tell of one matter there, and their middle near everything.
const FOUND_PER_NEIGHBOUR: usize = 60;
/// From this cosine between the article asked about and the middle of its nearest on, the middle
/// speaks for it in full; below, in proportion: where nothing is related, the nearest are related to
/// each other at most.
const TRUSTED_FROM: f32 = 0.5;
/// How many terms of a text ask, the rarest that weigh most: the time of this leg is the length of
/// the lists that it reads, and common words have the longest.
const TEXT_TERMS_MAX: usize = 32;
/// What the text's leg and the neighbours add to the first order, beside the fused score.
const FIRST_ORDER_WEIGHT: f32 = 0.3;
/// What an article that is not stored would score against itself, as a multiple of the best
/// candidate's score.
const OWN_SCORE_GUESS: f32 = 1.4;

/// The article asked about, with what the legs need of it.
pub(super) struct Subject {
    pub(super) id: ArticleId,
    pub(super) facts: Facts,
    pub(super) script: Script,
    pub(super) embedding: Option<Embedding>,
    /// The headline's terms, each with its count.
    pub(super) title: TermVector,
    /// Terms of the whole text, as they are stored.
    pub(super) text: TermVector,
}

/// A candidate with its features, before the ranker judges it.
pub(super) struct Compared {
    pub(super) id: ArticleId,
    pub(super) features: Features,
    scores: Scores,
}

/// What one leg found.
#[derive(Default)]
struct LegHits {
    /// Scores by which candidates are compared.
    scores: HashMap<ArticleId, f32>,
    /// The score of what was not returned, at most: 0 where the leg returned all it had.
    floor: f32,
}

impl LegHits {
    fn new(found: &[Scored]) -> Self {
        Self::measured(found, &|_, score| score)
    }

    /// The same, with scores as `measure` makes of each article's.
    fn measured(found: &[Scored], measure: &dyn Fn(ArticleId, f32) -> f32) -> Self {
        let is_full = found.len() >= LEG_DEPTH as usize;
        let score = |one: &Scored| measure(one.id, one.score);
        let floor = found.last().filter(|_| is_full).map_or(0.0, score);
        Self { scores: found.iter().map(|one| (one.id, score(one))).collect(), floor }
    }

    /// The score of an article; of one that was not found, the score that it may have at most.
    fn of(&self, id: ArticleId) -> f32 {
        self.found(id).unwrap_or(self.floor)
    }

    fn found(&self, id: ArticleId) -> Option<f32> {
        self.scores.get(&id).copied()
    }

    /// The score that counts as 1: that of `own` if it was found, otherwise a guess from the best.
    fn scale(&self, own: ArticleId) -> f32 {
        let best = || OWN_SCORE_GUESS * self.scores.values().copied().fold(0.0, f32::max);
        self.found(own).filter(|score| *score > 0.0).unwrap_or_else(best).max(f32::MIN_POSITIVE)
    }
}

/// The three legs that ask with the article itself.
#[derive(Default)]
struct DirectLegs {
    dense: LegHits,
    /// The cosines of the dense leg before they are put on a scale.
    cosines: HashMap<ArticleId, f32>,
    title: LegHits,
    text: LegHits,
}

/// The scores that count as 1 in the two lexical legs.
#[derive(Clone, Copy)]
struct Scales {
    title: f32,
    text: f32,
}

impl DirectLegs {
    fn ids(&self) -> BTreeSet<ArticleId> {
        let legs = [&self.dense, &self.title, &self.text];
        legs.into_iter().flat_map(|leg| leg.scores.keys().copied()).collect()
    }

    /// The candidates in the order in which they are worth comparing, the most promising first, the
    /// lower id on a tie; without `but`.
    fn first_order(&self, scales: Scales, neighbours: &LegHits, but: ArticleId) -> Vec<ArticleId> {
        let score = |id: ArticleId| {
            let share = |leg: &LegHits, scale: f32| (leg.found(id).unwrap_or(0.0) / scale).min(1.0);
            let cosine = |leg: &LegHits| leg.found(id).unwrap_or(0.0).max(0.0);
            LEXICAL_WEIGHT * share(&self.title, scales.title)
                + (1.0 - LEXICAL_WEIGHT) * cosine(&self.dense)
                + FIRST_ORDER_WEIGHT * share(&self.text, scales.text)
                + FIRST_ORDER_WEIGHT * cosine(neighbours)
        };
        let mut ids = self.ids();
        ids.extend(neighbours.scores.keys());
        ids.remove(&but);
        let mut ordered: Vec<(f32, ArticleId)> =
            ids.into_iter().map(|id| (score(id), id)).collect();
        ordered.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1)));
        ordered.into_iter().map(|(_, id)| id).collect()
    }

    /// The nearest articles, whose middle asks once more.
    fn nearest(&self, scales: Scales, but: ArticleId) -> Vec<ArticleId> {
        let mut near = self.first_order(scales, &LegHits::default(), but);
        let is_small = self.dense.scores.len() < LEG_DEPTH as usize;
        let most = if is_small { near.len().div_ceil(FOUND_PER_NEIGHBOUR) } else { NEIGHBOURS };
        near.truncate(most.min(NEIGHBOURS));
        near
    }
}

impl Engine {
    /// The candidates that pass `filter`, ordered by `scorer`, best first.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(super) async fn judged(
        &self,
        scorer: &Scorer,
        subject: &Subject,
        filter: &Filter,
    ) -> Result<Vec<Ranked>, Error> {
        let compared = self.compared(subject, filter).await?;
        let mut ranked: Vec<Ranked> = compared
            .into_iter()
            .map(|Compared { id, features, mut scores }| {
                let judgement = scorer.judge(&features);
                scores.fused = judgement.score;
                Ranked { id, scores, judged: Some(Judged { features, judgement }) }
            })
            .collect();
        ranked.sort_by(best_first);
        Ok(ranked)
    }

    /// The features of the candidates that pass `filter`, in no order that means anything.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(super) async fn compared(
        &self,
        subject: &Subject,
        filter: &Filter,
    ) -> Result<Vec<Compared>, Error> {
        let all = Filter::default();
        let measure = self.ranker_measure(subject.script).await?;
        let (found, filtered) = if filter.is_all() {
            (self.legs(subject, filter, &measure).await?, None)
        } else {
            let (all, some) =
                (self.legs(subject, &all, &measure), self.legs(subject, filter, &measure));
            let (all, some) = futures::try_join!(all, some)?;
            (all, Some(some))
        };
        let scales =
            Scales { title: found.title.scale(subject.id), text: found.text.scale(subject.id) };
        let near = found.nearest(scales, subject.id);
        let asked = subject.embedding.as_ref();
        let neighbours = self.neighbours(&near, asked, filter, &measure).await?;
        let found = filtered.unwrap_or(found);
        let mut ids = found.first_order(scales, &neighbours, subject.id);
        ids.truncate(COMPARED_MAX);
        let facts = self.facts(&ids).await?;
        let known = ids.into_iter().zip(facts).filter_map(|(id, facts)| Some((id, facts?)));
        Ok(known
            .map(|(id, facts)| {
                let legs = Legs {
                    cosine: found.dense.of(id),
                    title: found.title.of(id) / scales.title,
                    text: found.text.of(id) / scales.text,
                    neighbours: neighbours.of(id),
                };
                let features = features(&subject.facts, &subject.text, &facts, legs);
                let (similarity, lexical) =
                    (found.cosines.get(&id).copied(), found.title.found(id));
                let scores = Scores { similarity, lexical, ..Scores::default() };
                Compared { id, features, scores }
            })
            .collect())
    }

    /// Asks the three legs; cosines are taken as `measure` says.
    async fn legs(
        &self,
        subject: &Subject,
        filter: &Filter,
        measure: &Measure,
    ) -> Result<DirectLegs, Error> {
        let limit = depth();
        let dense = async {
            match &subject.embedding {
                Some(embedding) => self.near(embedding, filter, limit, measure).await,
                None => Ok(Vec::new()),
            }
        };
        let text = telling(&subject.text, &background());
        let (dense, title, text) = futures::try_join!(
            dense,
            async { Ok(self.store.lexical(&subject.title, filter, limit).await?) },
            async { Ok(self.store.lexical(&text, filter, limit).await?) },
        )?;
        Ok(DirectLegs {
            dense: LegHits::measured(&dense, &|_, cosine| measure.scale.at(cosine)),
            cosines: dense.iter().map(|one| (one.id, one.score)).collect(),
            title: LegHits::new(&title),
            text: LegHits::new(&text),
        })
    }

    /// The articles near the middle of the articles `near` and of the one that was `asked` about, by
    /// their cosines to it as `measure` takes them. Each of `near` is measured by the middle of the others: in an
    /// archive that holds nothing related, two chance finds are near to their middle all the same.
    async fn neighbours(
        &self,
        near: &[ArticleId],
        asked: Option<&Embedding>,
        filter: &Filter,
        measure: &Measure,
    ) -> Result<LegHits, Error> {
        if near.is_empty() {
            return Ok(LegHits::default());
        }
        let stored = self.store.embeddings(near).await?.into_iter().flatten();
        let embeddings = stored.chain(asked.cloned()).map(|one| measure.prepared(one));
        let embeddings: Vec<Embedding> = embeddings.collect();
        let Ok(middle) = Embedding::mean(&embeddings.iter().collect::<Vec<_>>()) else {
            return Ok(LegHits::default());
        };
        let (of_middle, scale) = (Middle::of(&embeddings), &measure.scale);
        let found = self.near(&middle, filter, depth(), measure).await?;
        let scaled = Middle { length: scale.length(of_middle), ..of_middle };
        let trust = asked.map_or(1.0, |asked| {
            let asked = measure.prepared(asked.clone());
            let cosine = scale.with_middle(middle.similarity(&asked), of_middle, true);
            (scaled.without(cosine).unwrap_or(cosine) / TRUSTED_FROM).clamp(0.0, 1.0)
        });
        let by_others = |id, cosine| {
            let is_inside = near.contains(&id);
            let cosine = scale.with_middle(cosine, of_middle, is_inside);
            let cosine = if is_inside { scaled.without(cosine).unwrap_or(cosine) } else { cosine };
            trust * cosine
        };
        Ok(LegHits::measured(&found, &by_others))
    }
}

fn depth() -> Limit {
    Limit::new(LEG_DEPTH).unwrap_or(Limit::MOST)
}

/// The terms of `text` that tell most about it: by their weight and by how rare they are in news at
/// large; of equal ones those of the lower index.
fn telling(text: &TermVector, at_large: &Background) -> TermVector {
    let mut terms: Vec<(f32, u32, f32)> =
        text.iter().map(|(term, weight)| (weight * at_large.rarity(term), term, weight)).collect();
    if terms.len() <= TEXT_TERMS_MAX {
        return text.clone();
    }
    terms.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1)));
    terms.truncate(TEXT_TERMS_MAX);
    TermVector::from_weights(terms.into_iter().map(|(_, term, weight)| (term, weight)))
}

#[cfg(test)]
mod tests {
    use super::LEG_DEPTH;
    use super::LegHits;
    use super::TEXT_TERMS_MAX;
    use super::telling;
    use wenmai_cluster::topic::Background;
    use wenmai_domain::id::ArticleId;
    use wenmai_domain::terms::TermVector;
    use wenmai_store::Scored;

    fn id(n: u32) -> ArticleId {
        ArticleId::from(uuid::Uuid::from_u128(n.into()))
    }

    #[test]
    fn what_a_full_leg_left_out_counts_as_its_last() {
        let found: Vec<Scored> = (0..LEG_DEPTH).map(|n| Scored { id: id(n), score: 0.9 }).collect();
        assert!((LegHits::new(&found).of(id(9_999)) - 0.9).abs() < 1e-6);
        assert!(LegHits::new(&found[..10]).of(id(9_999)).abs() < 1e-6);
    }

    #[test]
    fn an_article_measures_others_by_its_own_score_where_it_is_stored() {
        let found = [(1, 8.0), (2, 10.0)].map(|(n, score)| Scored { id: id(n), score });
        assert!((LegHits::new(&found).scale(id(1)) - 8.0).abs() < 1e-6);
        assert!(LegHits::new(&found).scale(id(3)) > 10.0);
        assert!(LegHits::new(&[]).scale(id(3)) > 0.0);
    }

    #[test]
    fn a_long_text_asks_with_its_rarest_terms_that_weigh_most() {
        let count = u32::try_from(TEXT_TERMS_MAX).unwrap() + 5;
        let text = TermVector::from_weights((0..count).map(|n| (n, if n < 3 { 0.1 } else { 1.0 })));
        // As many articles as hold a comma hold these.
        let at_large = Background::new(1_000, [(3, 999), (4, 999)]);
        let asked = telling(&text, &at_large);
        assert_eq!(asked.indices().len(), TEXT_TERMS_MAX);
        assert!((0..5).all(|term| !asked.indices().contains(&term)), "{asked:?}");
        assert!(asked.iter().all(|(_, weight)| (weight - 1.0).abs() < 1e-6));
    }
}
