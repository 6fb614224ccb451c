//! Search: a question in words.

use std::collections::BTreeSet;
use std::time::Duration;
use std::time::Instant;

use crate::domain::embedding::Embedding;
use crate::domain::hit::Mode;
use crate::embed;
use crate::embed::Lane;
use crate::embed::Purpose;
use crate::engine::Answer;
use crate::engine::Engine;
use crate::engine::Error;
use crate::engine::QUERY_CHARS_MAX;
use crate::engine::Search;
use crate::engine::Violation;
use crate::engine::answer::Asked;
use crate::engine::answer::Question;
use crate::engine::answer::Wanted;

impl Engine {
    /// Finds articles for a text.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a text that holds nothing to look for, or an offset past what one
    /// search can reach; [`Error::TextTooLong`]; [`Error::Embed`]; [`Error::Store`].
    pub async fn search(&self, search: Search) -> Result<Answer, Error> {
        let Search { text, filter, mode, collapse, offset, limit } = search;
        let started = Instant::now();
        let given = text.chars().count();
        if given > QUERY_CHARS_MAX {
            let (field, limit) = ("query".to_owned(), QUERY_CHARS_MAX);
            return Err(Error::TextTooLong { field, unit: "characters", limit, given });
        }
        if text.trim().is_empty() {
            return Err(Error::Invalid(vec![Violation::new("query", "a search needs a text")]));
        }
        let terms = self.analyzer.terms(&text);
        let embedding = match mode {
            Mode::Lexical => None,
            Mode::Dense | Mode::Hybrid => self.query_embedding(&text).await?,
        };
        let asked = Asked { started, embed: started.elapsed(), store: Duration::ZERO };
        let question = Question {
            field: "query",
            embedding,
            terms,
            source: None,
            group: None,
            day: None,
            numbers: BTreeSet::new(),
        };
        self.answer(question, Wanted { filter, mode, collapse, offset, limit }, asked).await
    }

    /// The embedding of a query; `None` for one that only the lexical leg can read.
    async fn query_embedding(&self, text: &str) -> Result<Option<Embedding>, Error> {
        match self.embed.embed_one(text.to_owned(), Purpose::Query, Lane::Query).await {
            Ok(embedded) => Ok(Some(embedded.embedding)),
            Err(embed::Error::Empty | embed::Error::NoDirection) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
