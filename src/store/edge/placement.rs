//! The placement of articles in topics, noted on the articles' points, and the order of arrival.

use std::collections::BTreeMap;

use qdrant_edge::Direction;
use qdrant_edge::OrderBy;
use qdrant_edge::OrderByInterface;
use qdrant_edge::Payload;
use qdrant_edge::PayloadOps;
use qdrant_edge::ScrollRequest;
use qdrant_edge::SetPayloadOp;
use qdrant_edge::StartFrom;
use qdrant_edge::UpdateOperation;
use qdrant_edge::WithPayloadInterface;
use serde_json::Map;
use serde_json::Value;

use crate::Arrival;
use crate::Error;
use crate::Placed;
use crate::edge::error;
use crate::edge::filter;
use crate::edge::point::article_id;
use crate::edge::point::point_id;
use crate::edge::shard::Shard;
use crate::payload;
use wenmai_domain::limit::Limit;
use wenmai_domain::topic::Placement;

impl Shard {
    /// Notes placements on the articles; those whose article is not stored are ignored.
    ///
    /// # Errors
    /// [`Error::Failed`], [`Error::Full`].
    pub fn place(&self, placed: Vec<Placed>) -> Result<(), Error> {
        let placed: BTreeMap<_, _> = placed.into_iter().map(|one| (one.article, one)).collect();
        let ids: Vec<_> = placed.keys().copied().collect();
        // The engine fails for a point that does not exist, and has written the change to its log
        // by then.
        let found = self.memberships(&ids)?;
        let there = placed.into_values().zip(found).filter(|(_, found)| found.is_some());
        for (Placed { article, arrival, placement }, _) in there {
            let Placement { event, story } = placement;
            let mut value = Map::new();
            value.insert(payload::ARRIVAL.to_owned(), arrival.into());
            value.insert(payload::EVENT.to_owned(), event.to_string().into());
            value.insert(payload::STORY.to_owned(), story.to_string().into());
            let set = SetPayloadOp {
                payload: Payload(value),
                points: Some(vec![point_id(&article)]),
                filter: None,
                key: None,
            };
            let operation = UpdateOperation::PayloadOperation(PayloadOps::SetPayload(set));
            self.engine.update(operation).map_err(error::engine)?;
        }
        Ok(())
    }

    /// Lists articles with an arrival number above `after`, in the order of arrival.
    ///
    /// # Errors
    /// [`Error::Failed`].
    pub fn arrived(&self, after: u64, limit: Limit) -> Result<Vec<Arrival>, Error> {
        let from = i64::try_from(after.saturating_add(1)).map_err(error::failed)?;
        self.by_arrival(Direction::Asc, Some(StartFrom::Integer(from)), limit.count())
    }

    /// The highest arrival number of a stored article; 0 if there are none.
    ///
    /// # Errors
    /// [`Error::Failed`].
    pub fn last_arrival(&self) -> Result<u64, Error> {
        let last = self.by_arrival(Direction::Desc, None, 1)?;
        Ok(last.first().map_or(0, |last| last.arrival))
    }

    fn by_arrival(
        &self,
        direction: Direction,
        start_from: Option<StartFrom>,
        limit: usize,
    ) -> Result<Vec<Arrival>, Error> {
        let key = filter::path(payload::ARRIVAL);
        let order = OrderBy { key: key.clone(), direction: Some(direction), start_from };
        let mut request = ScrollRequest::new();
        request.order_by = Some(OrderByInterface::Struct(order));
        request.limit = Some(limit);
        request.with_payload = Some(WithPayloadInterface::Fields(vec![key]));
        let (records, _next) = self.engine.scroll(request).map_err(error::engine)?;
        let mut arrivals = Vec::with_capacity(records.len());
        for record in records {
            let value = record.payload.unwrap_or_default().0;
            let arrival = value.get(payload::ARRIVAL).and_then(Value::as_u64).unwrap_or(0);
            arrivals.push(Arrival { arrival, article: article_id(&record.id)? });
        }
        Ok(arrivals)
    }
}
