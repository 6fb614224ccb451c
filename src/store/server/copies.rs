//! Counts and names the articles that print one text, on the server.

use ::qdrant_client::qdrant::ScrollPoints;
use futures::StreamExt as _;
use futures::TryStreamExt as _;

use crate::Copies;
use crate::Error;
use crate::Imprint;
use crate::payload;
use crate::server::Remote;
use crate::server::error;
use crate::server::filter;
use crate::server::filter::Asked;
use crate::server::wire;
use wenmai_domain::filter::Filter;
use wenmai_domain::limit::Limit;
use wenmai_domain::reprint::GroupId;

/// How many groups are asked for at a time.
const AT_ONCE: usize = 8;

impl Remote {
    /// Counts and names the members of `groups`, in their order; see
    /// [`crate::VectorStore::copies`].
    pub async fn copies(&self, groups: Vec<GroupId>, limit: Limit) -> Result<Vec<Copies>, Error> {
        let copies = groups.into_iter().map(|group| self.copies_of(group, limit));
        futures::stream::iter(copies).buffered(AT_ONCE).try_collect().await
    }

    async fn copies_of(&self, group: GroupId, limit: Limit) -> Result<Copies, Error> {
        let of_group = Filter::Group(group);
        let count = self.count(of_group.clone()).await?;
        if count < 2 {
            return Ok(Copies { count, some: Vec::new() });
        }
        let mut some = self.imprints(&of_group, limit).await?;
        if !some.iter().any(|one| one.is_original) {
            some.extend(self.imprints(&of_group.and(Filter::Original(true)), limit).await?);
        }
        Ok(Copies { count, some })
    }

    async fn imprints(&self, filter: &Filter, limit: Limit) -> Result<Vec<Imprint>, Error> {
        let Asked::Only(filter) = filter::ask(filter) else { return Ok(Vec::new()) };
        let request = ScrollPoints {
            collection_name: self.names.articles.clone(),
            filter: Some(filter),
            limit: u32::try_from(limit.count()).ok(),
            with_payload: Some(wire::with_keys(&payload::OF_IMPRINT)),
            with_vectors: Some(wire::with_vectors(&[])),
            timeout: Some(self.client.timeout_s()),
            ..ScrollPoints::default()
        };
        let (points, _next) = self.scroll(request).await?;
        let imprints = points.into_iter().map(|point| {
            let id = wire::article_of(point.id.as_ref())?;
            payload::to_imprint(id, wire::from_payload(point.payload)).map_err(error::failed)
        });
        imprints.collect()
    }
}
