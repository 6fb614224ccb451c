//! Text → token ids, and the marks a model puts around them.

use tokenizers::Tokenizer;

use crate::embed::Error;

/// A loaded `tokenizer.json`, without truncation and padding: windows are ours.
pub(super) struct Tokens {
    tokenizer: Tokenizer,
    /// Ids that stand before a window (`[CLS]`).
    pub(super) before: Vec<u32>,
    /// Ids that stand behind a window (`[SEP]`).
    pub(super) behind: Vec<u32>,
    /// The id of what the vocabulary lacks.
    pub(super) unknown: Option<u32>,
}

impl Tokens {
    /// Reads `tokenizer.json`; `Err` is the reason in words.
    pub(super) fn read(json: &[u8]) -> Result<Self, String> {
        let mut tokenizer = Tokenizer::from_bytes(json).map_err(|error| error.to_string())?;
        tokenizer.with_truncation(None).map_err(|error| error.to_string())?;
        tokenizer.with_padding(None);
        let unknown = ["[UNK]", "<unk>"].iter().find_map(|mark| tokenizer.token_to_id(mark));
        let (before, behind) = marks(&tokenizer)?;
        Ok(Self { tokenizer, before, behind, unknown })
    }

    /// Tokens that the tokenizer knows, added ones included.
    pub(super) fn vocabulary_size(&self) -> usize {
        self.tokenizer.get_vocab_size(true)
    }

    /// The ids of `text`, without marks.
    pub(super) fn ids(&self, text: &str) -> Result<Vec<u32>, Error> {
        let encoding = self.tokenizer.encode_fast(text, false).map_err(Error::Tokenize)?;
        Ok(encoding.get_ids().to_vec())
    }
}

/// The ids that the tokenizer's template puts around any text, seen on a probe.
fn marks(tokenizer: &Tokenizer) -> Result<(Vec<u32>, Vec<u32>), String> {
    let encode = |marked| {
        let encoding = tokenizer.encode_fast("新闻", marked).map_err(|error| error.to_string())?;
        Ok::<_, String>(encoding.get_ids().to_vec())
    };
    let (bare, marked) = (encode(false)?, encode(true)?);
    let at = (0..=marked.len().saturating_sub(bare.len()))
        .find(|at| marked.get(*at..at + bare.len()) == Some(bare.as_slice()))
        .ok_or("its template changes the text's own tokens")?;
    let behind = marked.get(at + bare.len()..).unwrap_or_default().to_vec();
    Ok((marked.get(..at).unwrap_or_default().to_vec(), behind))
}
