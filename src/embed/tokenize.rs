//! Tokenizes texts, and finds the special tokens that a model puts around each.

use serde::Deserialize;
use serde::Deserializer;
use serde::de::IgnoredAny;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::Visitor;
use tokenizers::Tokenizer;

use crate::Error;

/// Texts that show which special tokens a tokenizer adds; the first one that gives a token is used.
const PROBES: [&str; 3] = ["新闻", "news", "1"];

/// A loaded `tokenizer.json`. It neither truncates nor pads, because texts are cut into windows
/// here.
pub(super) struct Tokens {
    tokenizer: Tokenizer,
    /// Ids that come before a window, such as `[CLS]`.
    pub(super) before: Vec<u32>,
    /// Ids that come after a window, such as `[SEP]`.
    pub(super) behind: Vec<u32>,
    /// The id for what is not in the vocabulary, if there is one.
    pub(super) unknown: Option<u32>,
    /// The largest id that the tokenizer can give.
    pub(super) largest: u32,
}

impl Tokens {
    /// Reads `tokenizer.json`; `Err` is the reason as a sentence.
    pub(super) fn read(json: &[u8]) -> Result<Self, String> {
        // This comes first, because the tokenizers crate panics over some files that are no JSON.
        let file: File = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        let mut tokenizer = Tokenizer::from_bytes(json).map_err(|error| error.to_string())?;
        tokenizer.with_truncation(None).map_err(|error| error.to_string())?;
        tokenizer.with_padding(None);
        let unknown = file.model.unk_token.as_deref().and_then(|mark| tokenizer.token_to_id(mark));
        let unknown = unknown.or(file.model.unk_id);
        let largest = file.largest().ok_or("it holds no token")?;
        let (before, behind) = marks(&tokenizer)?;
        Ok(Self { tokenizer, before, behind, unknown, largest })
    }

    /// The number of tokens that the tokenizer knows, added ones included.
    pub(super) fn vocabulary_size(&self) -> usize {
        self.tokenizer.get_vocab_size(true)
    }

    /// The token ids of `text`, without special tokens.
    pub(super) fn ids(&self, text: &str) -> Result<Vec<u32>, Error> {
        let encoding = self.tokenizer.encode_fast(text, false).map_err(Error::Tokenize)?;
        Ok(encoding.get_ids().to_vec())
    }
}

/// Checks that a model with vectors for `rows` tokens has one for every id that the
/// `tokenizer.json` in `json` can give.
pub(super) fn check_rows(json: &[u8], rows: usize) -> Result<(), String> {
    let file: File = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    match file.largest() {
        Some(largest) if largest as usize >= rows => Err(too_large(largest, rows)),
        _ => Ok(()),
    }
}

/// The reason why a tokenizer with the largest id `largest` does not fit a model with vectors for
/// `rows` tokens.
pub(super) fn too_large(largest: u32, rows: usize) -> String {
    format!("it has a token with id {largest}, the model vectors for {rows} tokens only")
}

/// The ids that the tokenizer's template puts before and after any text, found with a probe.
fn marks(tokenizer: &Tokenizer) -> Result<(Vec<u32>, Vec<u32>), String> {
    let encode = |text: &str, marked| {
        let encoding = tokenizer.encode_fast(text, marked).map_err(|error| error.to_string())?;
        Ok::<_, String>(encoding.get_ids().to_vec())
    };
    for probe in PROBES {
        let (bare, marked) = (encode(probe, false)?, encode(probe, true)?);
        if bare.is_empty() {
            continue;
        }
        let at = marked.windows(bare.len()).position(|window| window == bare);
        let at = at.ok_or("its template changes the text's own tokens")?;
        let behind = marked.get(at + bare.len()..).unwrap_or_default().to_vec();
        return Ok((marked.get(..at).unwrap_or_default().to_vec(), behind));
    }
    Err(format!("it gives no token for any of {}", PROBES.join(", ")))
}

/// The fields of `tokenizer.json` that are read here.
#[derive(Deserialize)]
struct File {
    #[serde(default)]
    added_tokens: Vec<Added>,
    model: Vocabulary,
}

#[derive(Deserialize)]
struct Added {
    id: u32,
}

#[derive(Deserialize)]
struct Vocabulary {
    /// The unknown token of WordPiece, `WordLevel` and BPE.
    unk_token: Option<String>,
    /// The id of the unknown token of Unigram.
    unk_id: Option<u32>,
    vocab: LargestId,
}

impl File {
    fn largest(&self) -> Option<u32> {
        let added = self.added_tokens.iter().map(|token| token.id).max();
        added.max(self.model.vocab.0)
    }
}

/// The largest id of a vocabulary, which is a map from tokens to ids or a list in the order of ids.
/// The tokens, of which there may be hundreds of thousands, are not kept.
struct LargestId(Option<u32>);

impl<'de> Deserialize<'de> for LargestId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Seen;

        impl<'de> Visitor<'de> for Seen {
            type Value = LargestId;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a vocabulary")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<LargestId, A::Error> {
                let mut largest = None;
                while let Some((IgnoredAny, id)) = map.next_entry::<IgnoredAny, u32>()? {
                    largest = largest.max(Some(id));
                }
                Ok(LargestId(largest))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<LargestId, A::Error> {
                let mut count = 0_u32;
                while list.next_element::<IgnoredAny>()?.is_some() {
                    count = count.saturating_add(1);
                }
                Ok(LargestId(count.checked_sub(1)))
            }
        }

        deserializer.deserialize_any(Seen)
    }
}

#[cfg(test)]
mod tests {
    use super::Tokens;
    use super::check_rows;

    #[test]
    fn a_file_that_is_no_json_is_refused_with_the_place() {
        // The tokenizers crate panics over a decoder like this one.
        let broken = br#"{"model": {"vocab": {"a": 0}}, "decoder": {"type" 5}}"#;
        let reason = Tokens::read(broken).err().unwrap();
        assert!(reason.contains("expected `:` at line 1"), "{reason}");
    }

    #[test]
    fn the_largest_id_counts_not_the_number_of_tokens() {
        let sparse = br#"{"added_tokens": [], "model": {"vocab": {"a": 0, "b": 9}}}"#;
        assert!(check_rows(sparse, 10).is_ok());
        assert!(check_rows(sparse, 9).unwrap_err().contains("id 9"));
    }

    #[test]
    fn added_tokens_count_as_the_vocabulary_does() {
        let listed = br#"{"added_tokens": [{"id": 2}], "model": {"vocab": [["a", 0.0]]}}"#;
        assert!(check_rows(listed, 3).is_ok());
        assert!(check_rows(listed, 2).is_err());
    }
}
