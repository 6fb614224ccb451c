//! Reprint groups in the engine: finding articles by shared hashes, and changing their group.

use std::collections::BTreeMap;
use std::collections::HashMap;

use qdrant_edge::NamedQuery;
use qdrant_edge::Payload;
use qdrant_edge::PayloadOps;
use qdrant_edge::PointVectorsPersisted;
use qdrant_edge::Record;
use qdrant_edge::RetrieveRequest;
use qdrant_edge::ScrollRequest;
use qdrant_edge::SearchParams;
use qdrant_edge::SetPayloadOp;
use qdrant_edge::UpdateOperation;
use qdrant_edge::UpdateVectorsOp;
use qdrant_edge::VectorInternal;
use qdrant_edge::VectorOperations;
use qdrant_edge::VectorPersisted;
use qdrant_edge::VectorStructPersisted;
use qdrant_edge::WithPayloadInterface;

use crate::Alike;
use crate::Copies;
use crate::Error;
use crate::Imprint;
use crate::Regroup;
use crate::Scored;
use crate::edge::error;
use crate::edge::filter;
use crate::edge::filter::Asked;
use crate::edge::point::article_id;
use crate::edge::point::point_id;
use crate::edge::point::signature_vector;
use crate::edge::shard::Shard;
use crate::payload;
use crate::payload::REPRINT;
use wenmai_domain::filter::Filter;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::reprint::GroupId;
use wenmai_domain::reprint::Membership;

impl Shard {
    /// Finds for each question the points that share the most hashes with its signature.
    ///
    /// # Errors
    /// [`Error::Failed`].
    pub fn alike(&self, asked: &[Alike]) -> Result<Vec<Vec<Scored>>, Error> {
        asked.iter().map(|one| self.alike_one(one)).collect()
    }

    fn alike_one(&self, asked: &Alike) -> Result<Vec<Scored>, Error> {
        let Alike { signature, shared_min, limit } = asked;
        if signature.is_empty() {
            return Ok(Vec::new());
        }
        let query = NamedQuery {
            query: VectorInternal::Sparse(signature_vector(signature)),
            using: Some(REPRINT.to_owned()),
        };
        #[expect(clippy::cast_precision_loss, reason = "a count of hashes, below 2^24")]
        let above = *shared_min as f32 - 0.5;
        self.best(query, &SearchParams::default(), None, Some(above), *limit)
    }

    /// Gives articles another reprint group.
    ///
    /// # Errors
    /// [`Error::Failed`], [`Error::Full`]: some changes may have been written then.
    pub fn regroup(&self, changes: Vec<Regroup>) -> Result<(), Error> {
        let changes: BTreeMap<ArticleId, Regroup> =
            changes.into_iter().map(|change| (change.id, change)).collect();
        // The engine fails for a point that does not exist, and has written the change to its log
        // by then.
        let ids: Vec<ArticleId> = changes.keys().copied().collect();
        let found = self.memberships(&ids)?;
        let done = self.regroup_found(changes, found);
        self.known.forget(&ids);
        done
    }

    fn regroup_found(
        &self,
        changes: BTreeMap<ArticleId, Regroup>,
        found: Vec<Option<Membership>>,
    ) -> Result<(), Error> {
        let there = changes.into_values().zip(found).filter(|(_, found)| found.is_some());
        for (Regroup { id, membership, signature }, _) in there {
            let id = point_id(&id);
            let set = SetPayloadOp {
                payload: Payload(payload::from_membership(membership)),
                points: Some(vec![id]),
                filter: None,
                key: None,
            };
            self.update(UpdateOperation::PayloadOperation(PayloadOps::SetPayload(set)))?;
            let vector = VectorPersisted::Sparse(signature_vector(&signature));
            let vector = HashMap::from([(REPRINT.to_owned(), vector)]);
            let vector = VectorStructPersisted::Named(vector);
            let points = vec![PointVectorsPersisted { id, vector }];
            let vector = UpdateVectorsOp { points, update_filter: None };
            let vector = VectorOperations::UpdateVectors(vector);
            self.update(UpdateOperation::VectorOperation(vector))?;
        }
        Ok(())
    }

    fn update(&self, operation: UpdateOperation) -> Result<(), Error> {
        self.engine.update(operation).map_err(error::engine)
    }

    /// Reads the reprint groups of articles, in the order of `ids`; `None` where there is no
    /// article.
    ///
    /// # Errors
    /// [`Error::Failed`].
    pub fn memberships(&self, ids: &[ArticleId]) -> Result<Vec<Option<Membership>>, Error> {
        let seen = self.known.look_up(ids);
        let unknown = ids.iter().filter(|id| !seen.known.contains_key(id));
        let mut request = RetrieveRequest::new(unknown.map(point_id).collect());
        let mut read = HashMap::new();
        if !request.point_ids.is_empty() {
            let keys = [payload::GROUP, payload::ORIGINAL].map(filter::path);
            request.with_payload = Some(WithPayloadInterface::Fields(keys.to_vec()));
            for record in self.engine.retrieve(request).map_err(error::engine)? {
                let mut payload = record.payload.unwrap_or_default();
                let membership = payload::to_membership(&mut payload.0).map_err(error::failed)?;
                read.insert(article_id(&record.id)?, membership);
            }
            self.known.learn(&seen, read.iter().map(|(id, membership)| (*id, *membership)));
        }
        Ok(ids.iter().map(|id| seen.known.get(id).or_else(|| read.get(id)).copied()).collect())
    }

    /// Counts and names the members of `groups`, in their order.
    ///
    /// # Errors
    /// [`Error::Failed`].
    pub fn copies(&self, groups: &[GroupId], limit: Limit) -> Result<Vec<Copies>, Error> {
        groups.iter().map(|group| self.copies_of(*group, limit)).collect()
    }

    fn copies_of(&self, group: GroupId, limit: Limit) -> Result<Copies, Error> {
        let of_group = Filter::Group(group);
        let count = self.count(&of_group)?;
        if count < 2 {
            return Ok(Copies { count, some: Vec::new() });
        }
        let mut some = self.imprints(&of_group, limit)?;
        if !some.iter().any(|one| one.is_original) {
            some.extend(self.imprints(&of_group.and(Filter::Original(true)), limit)?);
        }
        Ok(Copies { count, some })
    }

    fn imprints(&self, filter: &Filter, limit: Limit) -> Result<Vec<Imprint>, Error> {
        let Asked::Only(filter) = filter::ask(filter) else { return Ok(Vec::new()) };
        let mut request = ScrollRequest::new();
        request.filter = Some(filter);
        request.limit = Some(limit.count());
        let keys = payload::OF_IMPRINT.map(filter::path);
        request.with_payload = Some(WithPayloadInterface::Fields(keys.to_vec()));
        let (records, _next) = self.engine.scroll(request).map_err(error::engine)?;
        let imprint = |record: Record| {
            let payload = record.payload.unwrap_or_default().0;
            payload::to_imprint(article_id(&record.id)?, payload).map_err(error::failed)
        };
        records.into_iter().map(imprint).collect()
    }
}
