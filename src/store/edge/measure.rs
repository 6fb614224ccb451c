//! Measures given articles by a question: which of them hold a term, how near each is.
//!
//! Reading their stored vectors would say the same, at fifty times the cost: an article has a
//! thousand terms, and the question asks for a few.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use qdrant_edge::Filter;
use qdrant_edge::NamedQuery;
use qdrant_edge::QueryEnum;
use qdrant_edge::QueryRequest;
use qdrant_edge::ScoringQuery;
use qdrant_edge::SearchParams;
use qdrant_edge::VectorInternal;

use crate::Error;
use crate::edge::error;
use crate::edge::filter::among;
use crate::edge::point::article_id;
use crate::edge::point::sparse;
use crate::edge::shard::Shard;
use crate::payload::TERMS;
use crate::payload::TEXT;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::id::ArticleId;
use wenmai_domain::terms::TermVector;

impl Shard {
    /// Finds for each of `terms` those of `ids` that hold it; see [`crate::VectorStore::holders`].
    ///
    /// # Errors
    /// [`Error::Failed`].
    pub fn holders(
        &self,
        terms: &[u32],
        ids: &[ArticleId],
    ) -> Result<Vec<BTreeSet<ArticleId>>, Error> {
        let among = among(ids);
        let mut found = Vec::with_capacity(terms.len());
        for term in terms {
            let term = sparse(&TermVector::from_weights([(*term, 1.0)]));
            let query =
                NamedQuery { query: VectorInternal::Sparse(term), using: Some(TERMS.to_owned()) };
            let scores = self.scores(query, SearchParams::default(), &among, ids.len())?;
            found.push(scores.into_keys().collect());
        }
        Ok(found)
    }

    /// The cosine of each of `ids` that is stored to `query`.
    ///
    /// # Errors
    /// [`Error::Failed`].
    pub fn similarities(
        &self,
        query: &Embedding,
        ids: &[ArticleId],
    ) -> Result<BTreeMap<ArticleId, f32>, Error> {
        let query = NamedQuery {
            query: VectorInternal::Dense(query.values().to_vec()),
            using: Some(TEXT.to_owned()),
        };
        // Neither a graph nor codes: all of these are wanted, and no others.
        let params = SearchParams { exact: true, ..SearchParams::default() };
        let mut found = self.scores(query, params, &among(ids), ids.len())?;
        for cosine in found.values_mut() {
            *cosine = cosine.clamp(-1.0, 1.0);
        }
        Ok(found)
    }

    /// The score of each article that passes `filter` and answers to `query`, for at most `limit`.
    fn scores(
        &self,
        query: NamedQuery<VectorInternal>,
        params: SearchParams,
        filter: &Filter,
        limit: usize,
    ) -> Result<BTreeMap<ArticleId, f32>, Error> {
        if limit == 0 {
            return Ok(BTreeMap::new());
        }
        let mut request = QueryRequest::new(limit);
        request.query = Some(ScoringQuery::Vector(QueryEnum::Nearest(query)));
        request.filter = Some(filter.clone());
        request.params = Some(params);
        let hits = self.engine.query(request).map_err(error::engine)?;
        hits.into_iter().map(|hit| Ok((article_id(&hit.id)?, hit.score))).collect()
    }
}
