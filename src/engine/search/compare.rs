//! What a search knows of each candidate, as numbers: to train an order on, and to see what each number is
//! worth. No answer is ordered by them.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

use crate::Engine;
use crate::Error;
use crate::answer::pairs;
use crate::search::PreparedQuery;
use crate::search::SearchOptions;
use crate::search::legs::Legs;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::filter::Filter;
use wenmai_domain::hit::Mode;
use wenmai_domain::hit::Scores;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::scales::Measure;
use wenmai_domain::terms::TermVector;
use wenmai_rank::search::Found;
use wenmai_rank::search::order;
use wenmai_store::Vectors;

/// The names of the numbers: the hybrid score, the cosine on the common scale, the lexical score as a share of
/// a full match and of the best, the cosine to the middle of the first answers as the leg has it, the score
/// for the terms that mark the first answers, the shares of the query's needs that the article and its
/// headline hold, the logarithm of the body's length, the best lexical score as a share of a full
/// match, the number of needs, and the cosines to the middles of the first 5, 20 and 50 answers.
pub const SEARCH_FEATURES: [&str; 14] = [
    "hybrid",
    "cosine",
    "lexical",
    "lexical_of_best",
    "neighbours",
    "first_terms",
    "held",
    "held_in_title",
    "length",
    "best",
    "needs",
    "middle_5",
    "middle_20",
    "middle_50",
];
/// The numbers of one candidate, in the order of [`SEARCH_FEATURES`].
pub type SearchFeatures = [f32; SEARCH_FEATURES.len()];

/// Candidates compared: the first of the hybrid order, those nearest to the first answers, and every so many of
/// the rest.
const FIRST: usize = 400;
const NEAREST: usize = 200;
const EACH: usize = 10;
/// Answers that are first of all, and terms that mark them.
const FIRST_ANSWERS: usize = 20;
const FIRST_TERMS: usize = 40;

/// A stored candidate.
struct Read {
    title: String,
    length: usize,
    embedding: Embedding,
    terms: TermVector,
}

/// What all candidates of a query are compared with.
struct Basis {
    hybrid: HashMap<ArticleId, Scores>,
    near: HashMap<ArticleId, f32>,
    first_terms: HashMap<ArticleId, f32>,
    middles: [Option<Embedding>; 3],
    /// The lexical score of a full match, and of the best candidate.
    full: f32,
    best: f32,
}

impl Engine {
    /// The features of the candidates of a query.
    ///
    /// # Errors
    /// As [`Engine::find`].
    pub async fn search_features(
        &self,
        text: &str,
    ) -> Result<Vec<(ArticleId, SearchFeatures)>, Error> {
        let options = SearchOptions::default();
        let prepared = self.read_question(text, Filter::default(), Mode::Hybrid, options).await?;
        let legs = self.ask_legs(&prepared).await?;
        let measure = self.measure(prepared.script()).await?;
        let Legs { dense, lexical, neighbours, scale, .. } = &legs;
        let (full, cosines_given) = (*scale, Some(&measure.scale));
        let hybrid =
            order(Mode::Hybrid, Found { dense, lexical, neighbours, full, cosines: cosines_given });
        let ids: Vec<ArticleId> = hybrid.iter().map(|(id, _)| *id).collect();
        let read = self.read_candidates(&compared(&ids, neighbours), &measure).await?;
        let basis = self.basis(hybrid, &legs, &ids, &read).await?;
        let rows = read.iter();
        Ok(rows.map(|(id, one)| (*id, self.row(&prepared, &basis, (*id, one), &measure))).collect())
    }

    async fn read_candidates(
        &self,
        ids: &BTreeSet<ArticleId>,
        measure: &Measure,
    ) -> Result<BTreeMap<ArticleId, Read>, Error> {
        let ids: Vec<ArticleId> = ids.iter().copied().collect();
        let stored = self.store.fetch(&ids, Vectors::Yes).await?.into_iter().flatten();
        let read = |stored: wenmai_store::Stored| {
            let (embedding, terms) = stored.vectors?;
            let embedding = measure.prepared(embedding);
            let (title, length) =
                (stored.article.record.title.clone(), stored.article.record.body());
            let length = length.chars().count();
            Some((stored.article.id, Read { title, length, embedding, terms }))
        };
        Ok(stored.filter_map(read).collect())
    }

    async fn basis(
        &self,
        hybrid: Vec<(ArticleId, Scores)>,
        legs: &Legs,
        ids: &[ArticleId],
        read: &BTreeMap<ArticleId, Read>,
    ) -> Result<Basis, Error> {
        let middles = [5, 20, 50].map(|count| {
            let first = ids.iter().take(count).filter_map(|id| read.get(id));
            Embedding::mean(&first.map(|one| &one.embedding).collect::<Vec<_>>()).ok()
        });
        let marking = marking(ids, read);
        let found = self.store.lexical(&marking, &Filter::default(), Limit::MOST).await?;
        let best = legs.lexical.iter().map(|(_, score)| *score).fold(f32::MIN_POSITIVE, f32::max);
        Ok(Basis {
            hybrid: hybrid.into_iter().collect(),
            near: legs.neighbours.iter().copied().collect(),
            first_terms: pairs(found).into_iter().collect(),
            middles,
            full: legs.scale.unwrap_or(best),
            best,
        })
    }

    fn row(
        &self,
        prepared: &PreparedQuery,
        basis: &Basis,
        (id, one): (ArticleId, &Read),
        measure: &Measure,
    ) -> SearchFeatures {
        let need_count = as_f32(prepared.reading.needs.len().max(1));
        let held = |terms: &TermVector| as_f32(prepared.reading.held(terms)) / need_count;
        let scores = basis.hybrid.get(&id).copied().unwrap_or_default();
        let lexical = scores.lexical.unwrap_or(0.0);
        let question = prepared.embedding.clone().map(|one| measure.prepared(one));
        let question = question.as_ref();
        let best_terms = basis.first_terms.values().copied().fold(f32::MIN_POSITIVE, f32::max);
        let of = |scores: &HashMap<ArticleId, f32>| scores.get(&id).copied().unwrap_or(0.0);
        let [five, twenty, fifty] = basis
            .middles
            .each_ref()
            .map(|middle| middle.as_ref().map_or(0.0, |middle| one.embedding.similarity(middle)));
        [
            scores.fused,
            question.map_or(0.0, |question| measure.scale.at(one.embedding.similarity(question))),
            lexical / basis.full,
            lexical / basis.best,
            of(&basis.near),
            of(&basis.first_terms) / best_terms,
            held(&one.terms),
            held(&self.analyzer.article(&one.title, "")),
            as_f32(one.length).ln_1p(),
            basis.best / basis.full,
            need_count,
            five,
            twenty,
            fifty,
        ]
    }
}

/// Which candidates are compared.
fn compared(ids: &[ArticleId], neighbours: &[(ArticleId, f32)]) -> BTreeSet<ArticleId> {
    let mut near = neighbours.to_vec();
    near.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
    let first = ids.iter().take(FIRST).chain(ids.iter().skip(FIRST).step_by(EACH)).copied();
    first.chain(near.into_iter().take(NEAREST).map(|(id, _)| id)).collect()
}

/// The terms that the first answers hold more than the candidates behind the middle.
fn marking(ids: &[ArticleId], read: &BTreeMap<ArticleId, Read>) -> TermVector {
    let (first, rest) = ids.split_at(FIRST_ANSWERS.min(ids.len() / 25));
    let behind = rest.get(rest.len() / 2..).unwrap_or_default();
    let mut weights = BTreeMap::<u32, f32>::new();
    for (ids, sign) in [(first, 1.0), (behind, -1.0)] {
        let read: Vec<&Read> = ids.iter().filter_map(|id| read.get(id)).collect();
        for (index, weight) in
            read.iter().flat_map(|one| one.terms.words().iter().collect::<Vec<_>>())
        {
            *weights.entry(index).or_default() += sign * weight / as_f32(read.len());
        }
    }
    let mut weights: Vec<(u32, f32)> =
        weights.into_iter().filter(|(_, weight)| *weight > 0.0).collect();
    weights.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
    weights.truncate(FIRST_TERMS);
    TermVector::from_weights(weights)
}

#[expect(clippy::cast_precision_loss, reason = "counts far below 2^24")]
fn as_f32(count: usize) -> f32 {
    count as f32
}
