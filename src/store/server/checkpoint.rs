//! The checkpoint of the topics' projection, kept as points of the topics' collection.
//!
//! How it is cut and named stands in [`crate::pieces`]. Several processes may write one: a writer
//! whose term has passed replaces nothing that a later one wrote (`fence`), so what it leaves at
//! worst does not fit its header, and a start reads the log instead.

use std::collections::HashMap;

use ::qdrant_client::qdrant::DeletePoints;
use ::qdrant_client::qdrant::PointId;
use ::qdrant_client::qdrant::PointStruct;
use ::qdrant_client::qdrant::WriteOrderingType;
use serde_json::Map;
use serde_json::Value;

use uuid::Uuid;

use crate::Checkpoint;
use crate::Error;
use crate::pieces;
use crate::pieces::Header;
use crate::server::Remote;
use crate::server::articles::ordering;
use crate::server::client::Points;
use crate::server::client::completed;
use crate::server::wire;

/// Pieces in one message: about 4 MiB of text, where a server accepts 32 MiB.
const PIECES_PER_MESSAGE: usize = 16;

impl Remote {
    /// Keeps a checkpoint in the place of the previous one.
    pub async fn keep_checkpoint(&self, checkpoint: Checkpoint) -> Result<(), Error> {
        let before = self.checkpoint_header().await?;
        let header = Header::of(&checkpoint, before.as_ref());
        let mut batch = Vec::with_capacity(PIECES_PER_MESSAGE);
        for (number, piece) in (0..).zip(pieces::cut(&checkpoint.bytes)) {
            batch.push(point(pieces::piece_id(header.place, number), piece));
            if batch.len() == PIECES_PER_MESSAGE {
                self.upsert_in_time(std::mem::take(&mut batch)).await?;
            }
        }
        if !batch.is_empty() {
            self.upsert_in_time(batch).await?;
        }
        // Written last, once the pieces that it names exist.
        self.upsert_in_time(vec![point(pieces::header_id(), header.write())]).await?;
        match before {
            Some(before) => self.delete_pieces(&before).await,
            None => Ok(()),
        }
    }

    /// Reads the valid checkpoint; `None` if there is none or if it is damaged.
    pub async fn checkpoint(&self) -> Result<Option<Checkpoint>, Error> {
        let Some(header) = self.checkpoint_header().await? else { return Ok(None) };
        let mut bytes = Vec::new();
        let ids: Vec<Uuid> = piece_ids(&header).collect();
        for ids in ids.chunks(PIECES_PER_MESSAGE) {
            let mut found = self.topic_payloads(ids).await?;
            for id in ids {
                let Some(piece) = found.remove(id).as_ref().and_then(pieces::read) else {
                    return Ok(None);
                };
                bytes.extend(piece);
            }
        }
        Ok(header.checked(bytes))
    }

    async fn checkpoint_header(&self) -> Result<Option<Header>, Error> {
        let id = pieces::header_id();
        Ok(self.topic_payloads(&[id]).await?.get(&id).and_then(Header::read))
    }

    /// The payloads of points of the topics' collection, as most replicas have them.
    async fn topic_payloads(
        &self,
        ids: &[Uuid],
    ) -> Result<HashMap<Uuid, Map<String, Value>>, Error> {
        let points = ids.iter().copied().map(wire::uuid_point).collect();
        let mut payloads = HashMap::with_capacity(ids.len());
        for point in self.topic_points(points).await? {
            if let Some(id) = wire::uuid_of(point.id.as_ref())? {
                payloads.insert(id, wire::from_payload(point.payload));
            }
        }
        Ok(payloads)
    }

    async fn delete_pieces(&self, header: &Header) -> Result<(), Error> {
        let ids: Vec<PointId> = piece_ids(header).map(wire::uuid_point).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let request = DeletePoints {
            collection_name: self.names.topics.clone(),
            wait: Some(true),
            points: Some(self.select_in_time(ids)?),
            ordering: Some(ordering(WriteOrderingType::Strong)),
            timeout: Some(self.client.timeout_s()),
            ..DeletePoints::default()
        };
        let call = |mut api: Points| {
            let request = request.clone();
            async move { api.delete(request).await }
        };
        completed(self.client.points(call).await?.result)
    }
}

fn piece_ids(header: &Header) -> impl Iterator<Item = Uuid> {
    let place = header.place;
    (0..header.pieces).map(move |number| pieces::piece_id(place, number))
}

fn point(id: Uuid, payload: Map<String, Value>) -> PointStruct {
    PointStruct {
        id: Some(wire::uuid_point(id)),
        payload: wire::to_payload(payload),
        vectors: Some(wire::named([])),
    }
}
