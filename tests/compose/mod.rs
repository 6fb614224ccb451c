//! Newspaper pages made of our own fictional articles, in many styles, with what stands on them.
//!
//! Everything follows from a style and a seed. The styles are those of digitised pages: heading
//! marks of any level or none, lines wrapped at any width, columns that break sentences, marks of
//! half width, characters misread. What is labelled is what a reader of the page sees, misread
//! characters included: a parser invents nothing.

mod content;
mod extras;
mod issue;
mod layout;
mod source;
mod style;

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use serde_json::json;

pub use issue::issue;
pub use style::STYLES;
pub use style::Style;

/// A page and what stands on it.
#[derive(Debug, Clone)]
pub struct Composed {
    /// Name of the style.
    pub style: &'static str,
    /// The page.
    pub text: String,
    /// Its articles, teasers and staff boxes, as `wenmai eval pages` reads them.
    pub articles: Vec<Value>,
    /// Page of the issue.
    pub page: u32,
}

impl Composed {
    /// A line of the file that `wenmai eval pages` reads.
    pub fn line(&self, id: &str) -> Value {
        json!({
            "id": id, "paper": "清河日报", "date": "2025-09-14", "page": self.page,
            "style": self.style, "text": self.text, "articles": self.articles,
        })
    }
}

/// The page of `style` and `seed`; the same in every run.
pub fn compose(style: &Style, seed: u64) -> Composed {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let page = content::page(style, &mut rng);
    let text = layout::set(style, &page.pieces, &mut rng);
    Composed { style: style.name, text, articles: page.articles, page: page.number }
}

/// `count` pages of every style, seeds from `first`.
pub fn pages(first: u64, count: u64) -> impl Iterator<Item = Composed> {
    STYLES.iter().enumerate().flat_map(move |(at, style)| {
        (0..count).map(move |seed| compose(style, first + 1_000 * at as u64 + seed))
    })
}
