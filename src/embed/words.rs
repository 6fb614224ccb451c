//! The frequency in Chinese news of the words in the bundled model's vocabulary.

use std::collections::HashMap;

use serde::Deserialize;

use crate::BoxError;
use crate::bundled;

#[derive(Deserialize)]
struct File {
    model: Vocabulary,
}

#[derive(Deserialize)]
struct Vocabulary {
    vocab: Vec<(String, f64)>,
}

/// The words of the bundled vocabulary, each with its share, in `(0, 1]`, of all tokens of the news
/// that the vocabulary was made from; without special tokens such as `[UNK]`. The result does not
/// depend on the model in use.
///
/// # Errors
/// If the program was built with another kind of tokenizer.
pub fn common_words() -> Result<HashMap<String, f64>, BoxError> {
    let File { model: Vocabulary { vocab } } = serde_json::from_slice(bundled::TOKENIZER)?;
    let words = vocab.into_iter().filter(|(_, logarithm)| *logarithm < 0.0);
    Ok(words.map(|(word, logarithm)| (word, logarithm.exp())).collect())
}

#[cfg(test)]
mod tests {
    use super::common_words;

    #[test]
    fn what_every_article_says_is_common() {
        let words = common_words().unwrap();
        assert!(words["表示"] > 10.0 * words["大桥"]);
        assert!(!words.contains_key("[UNK]") && words.values().all(|share| *share <= 1.0));
    }
}
