//! Lists, finds and counts the articles that pass a filter.

use std::collections::BTreeSet;

use qdrant_edge::CountRequest;
use qdrant_edge::Record;
use qdrant_edge::ScrollRequest;
use qdrant_edge::WithPayloadInterface;

use crate::Error;
use crate::Listing;
use crate::Vectors;
use crate::edge::error;
use crate::edge::filter;
use crate::edge::filter::Asked;
use crate::edge::point;
use crate::edge::point::article_id;
use crate::edge::point::point_id;
use crate::edge::shard::Shard;
use wenmai_domain::filter::Filter;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;

impl Shard {
    /// Lists the points that pass `filter`, in ascending order of id.
    ///
    /// # Errors
    /// [`Error::Failed`] if the engine cannot read its folder.
    pub fn list(
        &self,
        filter: &Filter,
        from: Option<ArticleId>,
        limit: Limit,
    ) -> Result<Listing, Error> {
        let (records, next) = self.scroll(filter, from, limit, true)?;
        let points = records.into_iter().map(|record| point::stored(record, Vectors::No));
        Ok(Listing { points: points.collect::<Result<_, _>>()?, next })
    }

    /// Finds the ids of all points that pass `filter`.
    ///
    /// # Errors
    /// [`Error::Failed`] if the engine cannot read its folder.
    pub fn passing(&self, filter: &Filter) -> Result<BTreeSet<ArticleId>, Error> {
        let (mut found, mut from) = (BTreeSet::new(), None);
        loop {
            let (records, next) = self.scroll(filter, from, Limit::MOST, false)?;
            for record in records {
                found.insert(article_id(&record.id)?);
            }
            from = next;
            if from.is_none() {
                return Ok(found);
            }
        }
    }

    /// The points that pass `filter` in ascending order of id, and where the next ones start.
    fn scroll(
        &self,
        filter: &Filter,
        from: Option<ArticleId>,
        limit: Limit,
        with_text: bool,
    ) -> Result<(Vec<Record>, Option<ArticleId>), Error> {
        let mut request = ScrollRequest::new();
        request.filter = match filter::ask(filter) {
            Asked::Everything => None,
            Asked::Nothing => return Ok((Vec::new(), None)),
            Asked::Only(filter) => Some(filter),
        };
        request.offset = from.as_ref().map(point_id);
        request.limit = Some(limit.count());
        request.with_payload = Some(WithPayloadInterface::Bool(with_text));
        let (records, next) = self.engine.scroll(request).map_err(error::engine)?;
        Ok((records, next.as_ref().map(article_id).transpose()?))
    }

    /// Counts the points that pass `filter`, exactly.
    ///
    /// # Errors
    /// [`Error::Failed`] if the engine cannot read its folder.
    pub fn count(&self, filter: &Filter) -> Result<u64, Error> {
        let mut request = CountRequest::new();
        request.filter = match filter::ask(filter) {
            Asked::Everything => None,
            Asked::Nothing => return Ok(0),
            Asked::Only(filter) => Some(filter),
        };
        let count = self.engine.count(request).map_err(error::engine)?;
        u64::try_from(count).map_err(error::failed)
    }
}
