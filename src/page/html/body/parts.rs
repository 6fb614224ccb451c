//! The text of an article, as it was found.

use std::collections::HashSet;

use wenmai_text::likeness::bigrams;

/// A paragraph of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::html) struct Paragraph {
    /// Its words.
    pub text: String,
    /// Whether it heads the paragraphs behind it.
    pub is_subhead: bool,
}

/// The text of an article and what stands with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::html) struct Body {
    /// Its paragraphs in order.
    pub paragraphs: Vec<Paragraph>,
    /// What stands under its pictures.
    pub captions: Vec<String>,
    /// Its first and last piece in the page.
    pub place: Option<(usize, usize)>,
    /// Whether it is the first post of a forum's thread.
    pub is_post: bool,
}

/// The share of a line's pairs of characters that stand in a text too, from 0 to 1; a third of those
/// of a headline do, half of those of its subtitle.
pub(in crate::html) fn shared(line: &str, text: &[Paragraph]) -> f64 {
    let own: Vec<(char, char)> = bigrams(line.chars().filter(|c| c.is_alphanumeric())).collect();
    let texts = text.iter().filter(|one| !one.is_subhead).take(60);
    let body = texts.flat_map(|one| one.text.chars());
    let pairs: HashSet<(char, char)> =
        bigrams(body.filter(|c| c.is_alphanumeric()).take(6_000)).collect();
    let shared = own.iter().filter(|pair| pairs.contains(pair)).count();
    #[expect(clippy::cast_precision_loss, reason = "the length of a line")]
    let share = shared as f64 / own.len().max(1) as f64;
    if own.len() >= 3 { share } else { 0.0 }
}

impl Body {
    /// The first characters of its paragraphs.
    pub fn sample(&self) -> String {
        let texts = self.paragraphs.iter().filter(|one| !one.is_subhead);
        texts.flat_map(|one| one.text.chars()).take(3_000).collect()
    }

    /// Whether it holds half of what another text of its length says.
    pub fn repeats(&self, other: &Body) -> bool {
        let pairs = |body: &Body| -> HashSet<(char, char)> {
            bigrams(body.sample().chars().filter(|c| c.is_alphanumeric())).collect()
        };
        let (own, told) = (pairs(self), pairs(other));
        let shared = told.iter().filter(|pair| own.contains(pair)).count();
        shared * 2 >= told.len() || other.chars() * 2 < self.chars()
    }

    /// Characters of its paragraphs.
    pub fn chars(&self) -> usize {
        self.paragraphs.iter().map(|one| one.text.chars().count()).sum()
    }
}
