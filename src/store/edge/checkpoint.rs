//! The checkpoint of all topics, and the calibration of the model, kept as points of the topics' shard.
//!
//! How a checkpoint is cut and named stands in [`crate::pieces`]. Its header is written last, so
//! whatever a killed process left behind is either complete or not read.

use std::collections::HashMap;

use qdrant_edge::Payload;
use qdrant_edge::PointId;
use qdrant_edge::PointInsertOperations;
use qdrant_edge::PointOperations;
use qdrant_edge::PointStructPersisted;
use qdrant_edge::RetrieveRequest;
use qdrant_edge::UpdateOperation;
use qdrant_edge::VectorStructPersisted;
use qdrant_edge::WithPayloadInterface;
use serde_json::Map;
use serde_json::Value;

use crate::Checkpoint;
use crate::Error;
use crate::edge::error;
use crate::edge::topics::TopicShard;
use crate::pieces;
use crate::pieces::Header;
use crate::topics::CALIBRATION;
use crate::topics::CALIBRATION_POINT;

impl TopicShard {
    /// Keeps a checkpoint in the place of the previous one.
    ///
    /// # Errors
    /// [`Error::Failed`], [`Error::Full`]: the previous one is still there.
    pub fn keep(&self, checkpoint: &Checkpoint) -> Result<(), Error> {
        let before = self.header()?;
        let header = Header::of(checkpoint, before.as_ref());
        for (number, piece) in (0..).zip(pieces::cut(&checkpoint.bytes)) {
            self.put(piece_id(header.place, number), piece)?;
        }
        // Written last, once the pieces that it names exist.
        self.put(header_id(), header.write())?;
        match before {
            Some(before) => self.forget(&before),
            None => Ok(()),
        }
    }

    /// Reads the valid checkpoint; `None` if there is none or if it is damaged.
    ///
    /// # Errors
    /// [`Error::Failed`].
    pub fn checkpoint(&self) -> Result<Option<Checkpoint>, Error> {
        let Some(header) = self.header()? else { return Ok(None) };
        let mut bytes = Vec::new();
        for number in 0..header.pieces {
            let Some(value) = self.value(piece_id(header.place, number))? else { return Ok(None) };
            let Some(piece) = pieces::read(&value) else { return Ok(None) };
            bytes.extend(piece);
        }
        Ok(header.checked(bytes))
    }

    /// Keeps how the cosines of the model are measured.
    ///
    /// # Errors
    /// [`Error::Failed`], [`Error::Full`].
    pub fn keep_calibration(&self, calibration: String) -> Result<(), Error> {
        let value = Map::from_iter([(CALIBRATION.to_owned(), calibration.into())]);
        self.put(PointId::Uuid(CALIBRATION_POINT), value)
    }

    /// Reads what [`TopicShard::keep_calibration`] kept.
    ///
    /// # Errors
    /// [`Error::Failed`].
    pub fn calibration(&self) -> Result<Option<String>, Error> {
        let value = self.value(PointId::Uuid(CALIBRATION_POINT))?;
        let text = value.as_ref().and_then(|value| value.get(CALIBRATION)?.as_str());
        Ok(text.map(str::to_owned))
    }

    /// Reads the header; `None` if there is none or if it cannot be read.
    fn header(&self) -> Result<Option<Header>, Error> {
        Ok(self.value(header_id())?.as_ref().and_then(Header::read))
    }

    fn value(&self, id: PointId) -> Result<Option<Map<String, Value>>, Error> {
        let mut request = RetrieveRequest::new(vec![id]);
        request.with_payload = Some(WithPayloadInterface::Bool(true));
        let found = self.engine().retrieve(request).map_err(error::engine)?;
        Ok(found.into_iter().next().map(|record| record.payload.unwrap_or_default().0))
    }

    fn put(&self, id: PointId, value: Map<String, Value>) -> Result<(), Error> {
        let vector = VectorStructPersisted::Named(HashMap::new());
        let point = PointStructPersisted { id, vector, payload: Some(Payload(value)) };
        let insert = PointInsertOperations::PointsList(vec![point]);
        self.update(PointOperations::UpsertPoints(insert))
    }

    /// Deletes the pieces of the previous checkpoint.
    fn forget(&self, before: &Header) -> Result<(), Error> {
        let mut ids = Vec::new();
        for number in 0..before.pieces {
            let id = piece_id(before.place, number);
            // The engine fails for a point that does not exist.
            if self.value(id)?.is_some() {
                ids.push(id);
            }
        }
        if ids.is_empty() {
            return Ok(());
        }
        self.update(PointOperations::DeletePoints { ids })
    }

    fn update(&self, operation: PointOperations) -> Result<(), Error> {
        let operation = UpdateOperation::PointOperation(operation);
        self.engine().update(operation).map(|_done| ()).map_err(error::engine)
    }
}

fn header_id() -> PointId {
    PointId::Uuid(pieces::header_id())
}

fn piece_id(place: u64, number: u64) -> PointId {
    PointId::Uuid(pieces::piece_id(place, number))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::piece_id;
    use crate::Checkpoint;
    use crate::edge::topics::TopicShard;
    use crate::pieces;
    use crate::pieces::PIECE_BYTES;

    fn checkpoint(version: u64, length: usize) -> Checkpoint {
        let bytes = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
        Checkpoint { version, bytes }
    }

    #[test]
    fn the_last_whole_checkpoint_counts_and_survives_a_torn_one() {
        let folder = TempDir::new().unwrap();
        let open = || TopicShard::open(folder.path(), folder.path(), 4).unwrap();
        let shard = open();
        assert_eq!(shard.checkpoint().unwrap(), None);
        let (first, second) = (checkpoint(3, PIECE_BYTES * 2 + 5), checkpoint(9, PIECE_BYTES));
        shard.keep(&first).unwrap();
        assert_eq!(shard.checkpoint().unwrap(), Some(first));
        shard.keep(&second).unwrap();
        // The pieces of the first checkpoint are gone.
        assert_eq!(shard.value(piece_id(0, 2)).unwrap(), None);
        // What a process leaves that was killed while it wrote the third one.
        shard.put(piece_id(0, 0), pieces::cut(b"torn").next().unwrap()).unwrap();
        drop(shard);
        let shard = open();
        assert_eq!(shard.checkpoint().unwrap(), Some(second));
        let third = checkpoint(12, 7);
        shard.keep(&third).unwrap();
        assert_eq!(shard.checkpoint().unwrap(), Some(third));
    }

    #[test]
    fn a_damaged_checkpoint_is_none() {
        let folder = TempDir::new().unwrap();
        let shard = TopicShard::open(folder.path(), folder.path(), 4).unwrap();
        shard.keep(&checkpoint(3, PIECE_BYTES + 1)).unwrap();
        shard.put(piece_id(0, 1), pieces::cut(b"x").next().unwrap()).unwrap();
        assert_eq!(shard.checkpoint().unwrap(), None);
        shard.put(piece_id(0, 1), serde_json::Map::new()).unwrap();
        assert_eq!(shard.checkpoint().unwrap(), None);
        shard.keep(&checkpoint(4, 1)).unwrap();
        assert_eq!(shard.checkpoint().unwrap(), Some(checkpoint(4, 1)));
    }
}
