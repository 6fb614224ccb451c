//! The checkpoint of all topics, and the calibration of the model, kept as points of the topics' shard.
//!
//! Its bytes are cut into pieces of text, which are written to one of two places in turn. A header,
//! written last, says which place is valid, how many pieces there are and what their hash is. So
//! whatever a killed process left behind is either complete or not read.

use std::collections::HashMap;

use data_encoding::BASE64_NOPAD;
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
use sha2::Digest;
use sha2::Sha256;
use uuid::Uuid;

use crate::Checkpoint;
use crate::Error;
use crate::edge::error;
use crate::edge::topics::TopicShard;
use crate::topics::CALIBRATION;
use crate::topics::CALIBRATION_POINT;

/// The UUID namespace of the points' ids; no topic's id is made in it.
const NAMESPACE: Uuid = Uuid::from_u128(0x3c5e_92a7_1f40_5d6b_a8b3_64c0_e717_2d9f);
/// Bytes of a piece: as text, still far below what one entry of the engine's log can hold.
const PIECE_BYTES: usize = 192 * 1024;
const VERSION: &str = "version";
const PLACE: &str = "place";
const PIECES: &str = "pieces";
const HASH: &str = "hash";
const TEXT: &str = "text";

/// Says which pieces make up the valid checkpoint.
struct Header {
    version: u64,
    place: u64,
    pieces: u64,
    hash: String,
}

impl TopicShard {
    /// Keeps a checkpoint in the place of the previous one.
    ///
    /// # Errors
    /// [`Error::Failed`], [`Error::Full`]: the previous one is still there.
    pub fn keep(&self, checkpoint: &Checkpoint) -> Result<(), Error> {
        let Checkpoint { version, bytes } = checkpoint;
        let before = self.header()?;
        let place = before.as_ref().map_or(0, |before| 1 - before.place.min(1));
        let mut pieces = 0_u64;
        for piece in bytes.chunks(PIECE_BYTES) {
            let value = Map::from_iter([(TEXT.to_owned(), encode(piece).into())]);
            self.put(piece_id(place, pieces), value)?;
            pieces += 1;
        }
        let header = [
            (VERSION, (*version).into()),
            (PLACE, place.into()),
            (PIECES, pieces.into()),
            (HASH, hash(bytes).into()),
        ];
        let header = header.map(|(key, value): (&str, Value)| (key.to_owned(), value));
        // Written last, once the pieces that it names exist.
        self.put(header_id(), header.into_iter().collect())?;
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
        let Some(Header { version, place, pieces, hash: wanted }) = self.header()? else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        for number in 0..pieces {
            let Some(value) = self.value(piece_id(place, number))? else { return Ok(None) };
            let text = value.get(TEXT).and_then(Value::as_str);
            let Some(piece) = text.and_then(decode) else { return Ok(None) };
            bytes.extend(piece);
        }
        let whole = hash(&bytes) == wanted;
        Ok(whole.then_some(Checkpoint { version, bytes }))
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
        let Some(value) = self.value(header_id())? else { return Ok(None) };
        let number = |key: &str| value.get(key).and_then(Value::as_u64);
        let hash = value.get(HASH).and_then(Value::as_str);
        let read = |hash: &str| {
            let (version, place, pieces) = (number(VERSION)?, number(PLACE)?, number(PIECES)?);
            Some(Header { version, place, pieces, hash: hash.to_owned() })
        };
        Ok(hash.and_then(read))
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
    PointId::Uuid(Uuid::new_v5(&NAMESPACE, b"header"))
}

fn piece_id(place: u64, number: u64) -> PointId {
    PointId::Uuid(Uuid::new_v5(&NAMESPACE, format!("{place}:{number}").as_bytes()))
}

fn hash(bytes: &[u8]) -> String {
    encode(&Sha256::digest(bytes))
}

/// Writes bytes as base64 without padding (RFC 4648), four characters for three bytes.
fn encode(bytes: &[u8]) -> String {
    BASE64_NOPAD.encode(bytes)
}

/// Reads what [`encode`] wrote; `None` for any other text.
fn decode(text: &str) -> Option<Vec<u8>> {
    BASE64_NOPAD.decode(text.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::any;
    use proptest::prelude::proptest;
    use tempfile::TempDir;

    use super::PIECE_BYTES;
    use super::TEXT;
    use super::decode;
    use super::encode;
    use super::piece_id;
    use crate::Checkpoint;
    use crate::edge::topics::TopicShard;

    proptest! {
        #[test]
        fn bytes_come_back_from_text(bytes: Vec<u8>) {
            assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in any::<String>()) {
            let _ = decode(&text);
        }
    }

    #[test]
    fn the_text_of_bytes_is_the_one_that_is_stored_already() {
        let known = [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg")];
        for (bytes, text) in known {
            assert_eq!(encode(bytes.as_bytes()), text);
        }
        assert_eq!(encode(&[0xfb, 0xff, 0xfe]), "+//+");
    }

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
        let torn = [(TEXT.to_owned(), encode(b"torn").into())];
        shard.put(piece_id(0, 0), torn.into_iter().collect()).unwrap();
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
        let other = [(TEXT.to_owned(), encode(b"x").into())];
        shard.put(piece_id(0, 1), other.into_iter().collect()).unwrap();
        assert_eq!(shard.checkpoint().unwrap(), None);
        shard.put(piece_id(0, 1), serde_json::Map::new()).unwrap();
        assert_eq!(shard.checkpoint().unwrap(), None);
        shard.keep(&checkpoint(4, 1)).unwrap();
        assert_eq!(shard.checkpoint().unwrap(), Some(checkpoint(4, 1)));
    }
}
