//! A checkpoint as the points of a Qdrant collection: the same in a data folder and on a server, so
//! that a move takes it along.
//!
//! Its bytes are cut into pieces of text, which are written to one of two places in turn. A header,
//! written last, says which place is valid, how many pieces there are and what their hash is. The
//! checkpoint before is deleted after that, so that at every moment a complete one can be read.

use data_encoding::BASE64_NOPAD;
use serde_json::Map;
use serde_json::Value;
use sha2::Digest;
use sha2::Sha256;
use uuid::Uuid;

use crate::Checkpoint;

/// The UUID namespace of the points' ids; no topic's id is made in it.
const NAMESPACE: Uuid = Uuid::from_u128(0x3c5e_92a7_1f40_5d6b_a8b3_64c0_e717_2d9f);
/// Bytes of a piece: as text, still far below what one entry of an engine's log can hold.
pub const PIECE_BYTES: usize = 192 * 1024;
const VERSION: &str = "version";
const PLACE: &str = "place";
const PIECES: &str = "pieces";
const HASH: &str = "hash";
const TEXT: &str = "text";

/// Says which pieces make up the valid checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The last row of the log that is in the checkpoint.
    pub version: u64,
    /// Which of the two places holds the pieces.
    pub place: u64,
    /// How many pieces there are.
    pub pieces: u64,
    hash: String,
}

impl Header {
    /// The header of `checkpoint`, which takes the other place than the one `before`.
    pub fn of(checkpoint: &Checkpoint, before: Option<&Self>) -> Self {
        let Checkpoint { version, bytes } = checkpoint;
        let pieces = u64::try_from(bytes.len().div_ceil(PIECE_BYTES)).unwrap_or(u64::MAX);
        let place = before.map_or(0, |before| 1 - before.place.min(1));
        Self { version: *version, place, pieces, hash: hash(bytes) }
    }

    /// The payload of the header's point.
    pub fn write(&self) -> Map<String, Value> {
        let Self { version, place, pieces, hash } = self;
        Map::from_iter([
            (VERSION.to_owned(), (*version).into()),
            (PLACE.to_owned(), (*place).into()),
            (PIECES.to_owned(), (*pieces).into()),
            (HASH.to_owned(), hash.as_str().into()),
        ])
    }

    /// Reads what [`Header::write`] wrote; `None` for anything else.
    pub fn read(value: &Map<String, Value>) -> Option<Self> {
        let number = |key: &str| value.get(key).and_then(Value::as_u64);
        let hash = value.get(HASH)?.as_str()?.to_owned();
        Some(Self {
            version: number(VERSION)?,
            place: number(PLACE)?,
            pieces: number(PIECES)?,
            hash,
        })
    }

    /// The checkpoint of these bytes; `None` if they are not those that the header was made for.
    pub fn checked(&self, bytes: Vec<u8>) -> Option<Checkpoint> {
        let whole = hash(&bytes) == self.hash;
        whole.then_some(Checkpoint { version: self.version, bytes })
    }
}

/// The id of the point of the header.
pub fn header_id() -> Uuid {
    Uuid::new_v5(&NAMESPACE, b"header")
}

/// The id of the point of a piece.
pub fn piece_id(place: u64, number: u64) -> Uuid {
    Uuid::new_v5(&NAMESPACE, format!("{place}:{number}").as_bytes())
}

/// The payloads of the pieces of `bytes`, in their order.
pub fn cut(bytes: &[u8]) -> impl Iterator<Item = Map<String, Value>> + '_ {
    let pieces = bytes.chunks(PIECE_BYTES);
    pieces.map(|piece| Map::from_iter([(TEXT.to_owned(), encode(piece).into())]))
}

/// The bytes of a piece; `None` if the payload is not one of [`cut`].
pub fn read(value: &Map<String, Value>) -> Option<Vec<u8>> {
    value.get(TEXT).and_then(Value::as_str).and_then(decode)
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

    use super::Header;
    use super::PIECE_BYTES;
    use super::cut;
    use super::decode;
    use super::encode;
    use super::read;
    use crate::Checkpoint;

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

    #[test]
    fn a_checkpoint_comes_back_from_its_pieces_and_no_other_does() {
        for length in [0, 1, PIECE_BYTES, 2 * PIECE_BYTES + 5] {
            let bytes: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
            let checkpoint = Checkpoint { version: 7, bytes };
            let header = Header::of(&checkpoint, None);
            assert_eq!(Header::read(&header.write()), Some(header.clone()));
            let pieces: Vec<_> = cut(&checkpoint.bytes).collect();
            assert_eq!(pieces.len() as u64, header.pieces);
            let bytes: Vec<u8> = pieces.iter().flat_map(|piece| read(piece).unwrap()).collect();
            assert_eq!(header.checked(bytes.clone()), Some(checkpoint.clone()));
            assert_eq!(header.checked([bytes, vec![1]].concat()), None);
            // The next one takes the other place, and the one after that the first again.
            let next = Header::of(&checkpoint, Some(&header));
            assert_eq!((header.place, next.place), (0, 1));
            assert_eq!(Header::of(&checkpoint, Some(&next)).place, 0);
        }
    }
}
