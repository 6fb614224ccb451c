//! What a search knows of each candidate, as numbers: the input of a learned order.

use std::collections::BTreeMap;
use std::collections::HashMap;

use crate::Engine;
use crate::Error;
use crate::answer::pairs;
use crate::search::PreparedQuery;
use crate::search::SearchOptions;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::filter::Filter;
use wenmai_domain::hit::Mode;
use wenmai_domain::id::ArticleId;
use wenmai_domain::terms::TermVector;
use wenmai_rank::search::Found;
use wenmai_rank::search::order;
use wenmai_store::Stored;
use wenmai_store::Vectors;

/// Experimental features of one candidate.
pub type Row = Vec<f32>;

impl Engine {
    /// The features of all candidates of a query.
    ///
    /// # Errors
    /// As [`Engine::find`].
    pub async fn search_features(&self, text: &str) -> Result<Vec<(ArticleId, Row)>, Error> {
        let options = SearchOptions::default();
        let prepared =
            self.read_question(text, Filter::default(), Mode::Hybrid, options).await?;
        let legs = self.ask_legs(&prepared).await?;
        let cosines = self.cosine_scale(prepared.script()).await?;
        let found = Found {
            dense: &legs.dense,
            lexical: &legs.lexical,
            neighbours: &legs.neighbours,
            full: legs.scale,
            cosines: Some(cosines),
        };
        let hybrid = order(Mode::Hybrid, found);
        let mut ids: Vec<ArticleId> = hybrid.iter().map(|(id, _)| *id).collect();
        let known: std::collections::BTreeSet<_> = ids.iter().copied().collect();
        ids.extend(legs.neighbours.iter().map(|(id, _)| *id).filter(|id| !known.contains(id)));
        let mut stored: HashMap<ArticleId, Stored> = HashMap::new();
        for slice in ids.chunks(128) {
            let read = self.store.fetch(slice, Vectors::Yes).await?;
            stored.extend(read.into_iter().flatten().map(|one| (one.article.id, one)));
        }
        let vectors = |id: &ArticleId| stored.get(id).and_then(|one| one.vectors.as_ref());
        let middle = |count: usize| -> Option<Embedding> {
            let some: Vec<&Embedding> =
                hybrid.iter().take(count).filter_map(|(id, _)| vectors(id)).map(|v| &v.0).collect();
            Embedding::mean(&some).ok()
        };
        let middles = [5, 20, 50].map(middle);
        let expanded = expansion(&hybrid.iter().map(|(id, _)| *id).collect::<Vec<_>>(), &vectors);
        let limit = wenmai_domain::limit::Limit::new(1000).unwrap_or(wenmai_domain::limit::Limit::MOST);
        let prf: HashMap<ArticleId, f32> =
            pairs(self.store.lexical(&expanded, &Filter::default(), limit).await?)
                .into_iter()
                .collect();
        let best_prf = prf.values().copied().fold(f32::MIN_POSITIVE, f32::max);
        for id in prf.keys().filter(|id| !stored.contains_key(id)).copied().collect::<Vec<_>>() {
            if let Some(one) = self.store.fetch(&[id], Vectors::Yes).await?.into_iter().flatten().next() {
                stored.insert(id, one);
                ids.push(id);
            }
        }
        let vectors = |id: &ArticleId| stored.get(id).and_then(|one| one.vectors.as_ref());
        let lexical: HashMap<ArticleId, f32> = legs.lexical.iter().copied().collect();
        let near: HashMap<ArticleId, f32> = legs.neighbours.iter().copied().collect();
        let fused: HashMap<ArticleId, f32> =
            hybrid.iter().map(|(id, scores)| (*id, scores.fused)).collect();
        let best = lexical.values().copied().fold(f32::MIN_POSITIVE, f32::max);
        let full = legs.scale.unwrap_or(best);
        let needs = prepared.reading.needs.len().max(1) as f32;
        let standing: Vec<_> = ids.iter().filter_map(|id| stored.get(id)).collect();
        let copies = self.reprints_of(standing.iter().map(|one| one.membership)).await?;
        let mut rows = Vec::new();
        for (one, copies) in standing.into_iter().zip(copies) {
            let id = one.article.id;
            let Some((embedding, terms)) = vectors(&id) else { continue };
            let record = &one.article.record;
            let cosine = prepared
                .embedding
                .as_ref()
                .map_or(0.0, |question| cosines.at(embedding.similarity(question)));
            let held = |terms: &TermVector| prepared.reading.held(terms) as f32 / needs;
            let title = self.analyzer.article(&record.title, "");
            let body = record.body();
            let lead: String = body.chars().take(150).collect();
            let lead = self.analyzer.article(&record.title, &lead);
            let passage = record
                .paragraphs
                .iter()
                .map(|text| held(&self.analyzer.article(text, "")))
                .fold(0.0_f32, f32::max);
            let mut row = vec![
                fused.get(&id).copied().unwrap_or(0.0),
                cosine,
                lexical.get(&id).copied().unwrap_or(0.0) / full,
                lexical.get(&id).copied().unwrap_or(0.0) / best,
                near.get(&id).copied().unwrap_or(0.0),
                prf.get(&id).copied().unwrap_or(0.0) / best_prf,
                held(terms),
                held(&title),
                held(&lead),
                passage,
                (body.chars().count() as f32 + 1.0).ln(),
                copies.map_or(1.0, |copies| copies.count as f32).ln(),
                best / full,
                needs,
            ];
            row.extend(middles.iter().map(|middle| {
                middle.as_ref().map_or(0.0, |middle| embedding.similarity(middle))
            }));
            rows.push((id, row));
        }
        Ok(rows)
    }
}

/// The terms that the first answers hold more often than later candidates.
fn expansion<'a>(
    hybrid: &[ArticleId],
    vectors: &impl Fn(&ArticleId) -> Option<&'a (Embedding, TermVector)>,
) -> TermVector {
    let mut first = BTreeMap::<u32, f32>::new();
    let mut later = BTreeMap::<u32, f32>::new();
    let count = 20.min(hybrid.len() / 25).max(1);
    let behind = &hybrid[hybrid.len() / 2..];
    for (ids, into) in [(&hybrid[..count.min(hybrid.len())], &mut first), (behind, &mut later)] {
        for id in ids {
            if let Some((_, terms)) = vectors(id) {
                for (index, weight) in terms.words().iter() {
                    *into.entry(index).or_default() += weight / ids.len() as f32;
                }
            }
        }
    }
    let mut ranked: Vec<(u32, f32)> = first
        .into_iter()
        .map(|(index, weight)| (index, weight - later.get(&index).copied().unwrap_or(0.0)))
        .collect();
    ranked.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
    ranked.truncate(40);
    TermVector::from_weights(ranked.into_iter().filter(|(_, weight)| *weight > 0.0))
}
