//! How common words are in Chinese news at large, which a small archive cannot tell.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::LazyLock;

use wenmai_cluster::topic::Background;
use wenmai_embed as embed;
use wenmai_text::terms::index;

/// Made-up articles that stand behind those of the window.
pub(super) const ARTICLES: u32 = 1_000;
/// A word of more of them is common.
const COMMON_MIN: u32 = 50;
/// Tokens of title and lead of one of them, from which keywords are taken.
const OPENING_TOKENS: f64 = 150.0;
/// Tokens of a whole one, which topics compare.
const TEXT_TOKENS: f64 = 400.0;

/// How many of [`ARTICLES`] articles hold each word.
struct AtLarge {
    /// In title and lead, by the word.
    openings: HashMap<String, u32>,
    /// In the whole text, by the term of the index.
    texts: Arc<Background>,
}

/// Made by one reading of the bundled model's words, each with its share of all tokens.
static AT_LARGE: LazyLock<AtLarge> = LazyLock::new(|| {
    // Without them keywords are a little worse, and a test says so.
    let words = embed::common_words().unwrap_or_default();
    let texts = words.iter().map(|(word, share)| (index(word), holding(*share, TEXT_TOKENS)));
    let texts = Arc::new(Background::new(ARTICLES, texts));
    let openings = words.into_iter();
    let openings = openings.map(|(word, share)| (word, holding(share, OPENING_TOKENS))).collect();
    AtLarge { openings, texts }
});

/// How many of [`ARTICLES`] articles hold `word` in title and lead.
pub(super) fn in_openings(word: &str) -> u32 {
    AT_LARGE.openings.get(word).copied().unwrap_or(0)
}

/// Whether so many articles hold `word` in title and lead that it is no topic's.
pub(super) fn is_common(word: &str) -> bool {
    in_openings(word) > COMMON_MIN
}

/// How many articles at large hold each term of the index.
#[must_use]
pub fn background() -> Arc<Background> {
    Arc::clone(&AT_LARGE.texts)
}

/// How many articles of so many tokens hold a word that has this share of all tokens.
fn holding(share: f64, tokens: f64) -> u32 {
    let articles = f64::from(ARTICLES) * -f64::exp_m1(-share * tokens);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in 0..=1000")]
    let articles = articles.round() as u32;
    articles
}
