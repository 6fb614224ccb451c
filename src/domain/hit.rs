//! What a search finds, and what each number on it means.

use serde::Serialize;

use crate::domain::article::Article;
use crate::domain::span::Span;

/// Which legs of the index answer a search.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Both, fused (`rank::fuse`).
    #[default]
    Hybrid,
    /// Embeddings only.
    Dense,
    /// Terms only.
    Lexical,
}

impl Mode {
    /// Its name in flags, JSON and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Mode::Hybrid => "hybrid",
            Mode::Dense => "dense",
            Mode::Lexical => "lexical",
        }
    }
}

/// One article found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hit {
    /// What was found.
    pub article: Article,
    /// Position in the whole answer, from 1.
    pub rank: u32,
    /// Where it came from and how strongly.
    pub scores: Scores,
    /// When it was published, seen from the article asked about.
    pub when: When,
    /// Terms that query and article share, as printed in the article, longest first.
    pub matched_terms: Vec<String>,
    /// Where the words asked for stand; empty where nobody asked for words.
    pub highlights: Highlights,
}

/// Where the words asked for stand in an article.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Highlights {
    /// In the title: bytes, in order, apart.
    pub title: Vec<Span>,
    /// The passage of the body that holds most of them; its start where it holds none.
    pub snippet: Option<Snippet>,
}

/// A passage of a body, as printed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Snippet {
    /// The passage: the bytes `span` of the paragraph.
    pub text: String,
    /// Which paragraph, from 0.
    pub paragraph: usize,
    /// Where it stands in the paragraph: bytes.
    pub span: Span,
    /// Where the words asked for stand in `text`: bytes, in order, apart.
    pub matches: Vec<Span>,
}

/// The scores of a hit; a leg that did not find it has none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Scores {
    /// Cosine of the embeddings, in `[-1, 1]`.
    pub similarity: Option<f32>,
    /// BM25 of the terms, from 0 up; comparable within one answer only.
    pub lexical: Option<f32>,
    /// What the answer is ordered by: the cosine, the BM25 score, or their fusion in `[0, 1]`;
    /// lower outside the days that a query names, and with recency.
    pub fused: f32,
}

/// A hit's time as seen from the article asked about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// One of the two has no date, or the question has none.
    #[default]
    Unknown,
    /// Published on an earlier day.
    Past,
    /// Published on the same day.
    SameDay,
    /// Published on a later day.
    Future,
}
