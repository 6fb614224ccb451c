//! What a search finds, and what each number on it means.

use serde::Serialize;

use crate::article::Article;
use crate::id::ArticleId;
use crate::span::Span;

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
    /// How it is related to the article asked about, where a learned ranker said so.
    pub relation: Option<Relation>,
    /// Who else prints its text; `None` if nobody does.
    pub reprints: Option<Reprints>,
    /// Whether it prints the text of the article asked about.
    pub is_reprint: bool,
}

/// The articles that print one text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reprints {
    /// How many there are, the hit included, whatever was filtered for.
    pub count: u64,
    /// The earliest of them.
    pub original: ArticleId,
    /// Papers and sources that printed it, the original's first; some of them where they are many.
    pub sources: Vec<String>,
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

/// How a hit is related to the article asked about, how surely, and why.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Relation {
    /// Of which kind it is, if it is related at all.
    pub kind: RelationKind,
    /// Probability that both are of one story, `[0, 1]`.
    pub related: f32,
    /// Probability that both report the same event; at most `related`.
    pub same_event: f32,
    /// Days from the article asked about to this one, negative before; where both are dated.
    pub days_apart: Option<i32>,
    /// What both name.
    pub shared: Shared,
    /// What spoke for it and against it, the strongest first.
    pub reasons: Vec<Reason>,
}

/// Keys of what two articles both name; of what may mean two things nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Shared {
    /// Persons.
    pub persons: Vec<String>,
    /// Places.
    pub places: Vec<String>,
    /// Organisations.
    pub organisations: Vec<String>,
    /// Numbers with their units, not as keys but as the article found prints them.
    pub numbers: Vec<String>,
}

/// The kinds of relation that are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RelationKind {
    /// The same text.
    Reprint,
    /// A report of the same event.
    SameEvent,
    /// Of the same story, another event, published on an earlier day.
    Background,
    /// Of the same story, another event, published on a later day.
    FollowUp,
    /// Of the same story, another event, on the same day or of unknown time.
    SameStory,
    /// A later version of the text, with more to tell or other figures.
    Update,
    /// An earlier version of the text, which the article asked about updates.
    EarlierVersion,
}

impl RelationKind {
    /// The kind of a hit with these probabilities that appeared at that time.
    ///
    /// The same event where that is more probable than not, given that it is related at all.
    #[must_use]
    pub fn of(related: f32, same_event: f32, when: When) -> Self {
        if same_event > 0.5 * related {
            return Self::SameEvent;
        }
        match when {
            When::Past => Self::Background,
            When::Future => Self::FollowUp,
            When::SameDay | When::Unknown => Self::SameStory,
        }
    }
}

/// One feature of a hit and what it did to the score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Reason {
    /// The feature's name, of `rank::feature::NAMES`.
    pub feature: &'static str,
    /// Its value.
    pub value: f32,
    /// What it added to the score: the score less the one with this feature at its average.
    pub contribution: f32,
}

/// Why an answer has no hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Empty {
    /// No other article is stored.
    NothingStored,
    /// No other article passes the filter.
    Filtered,
    /// What was found is less probable than was asked for.
    Improbable,
    /// No article shares a term with the question or lies in its direction.
    NothingShared,
    /// All hits stand on the pages before.
    End,
}

/// The scores of a hit; a leg that did not find it has none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Scores {
    /// Cosine of the embeddings, in `[-1, 1]`.
    pub similarity: Option<f32>,
    /// The same on the scale of the bundled model, where thresholds mean one thing with every model;
    /// `None` where no leg found it, or where the cosines of the model cannot be measured.
    pub comparable: Option<f32>,
    /// BM25 of the terms, from 0 up; comparable within one answer only.
    pub lexical: Option<f32>,
    /// What the answer is ordered by: the cosine, the BM25 score, their fusion in `[0, 1]`, or the
    /// score of a learned ranker; in a search lower outside the days that a query names, and with
    /// recency.
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

#[cfg(test)]
mod tests {
    use super::RelationKind;
    use super::When;

    #[test]
    fn one_event_is_one_event_whenever_it_was_printed() {
        for when in [When::Past, When::SameDay, When::Future, When::Unknown] {
            assert_eq!(RelationKind::of(0.9, 0.6, when), RelationKind::SameEvent);
        }
    }

    #[test]
    fn the_rest_of_a_story_is_told_apart_by_time() {
        let kind = |when| RelationKind::of(0.9, 0.3, when);
        assert_eq!(kind(When::Past), RelationKind::Background);
        assert_eq!(kind(When::Future), RelationKind::FollowUp);
        assert_eq!(kind(When::SameDay), RelationKind::SameStory);
        assert_eq!(kind(When::Unknown), RelationKind::SameStory);
    }
}
