//! Related coverage: an article in, earlier and later articles out.

use std::time::Duration;
use std::time::Instant;

use crate::domain::article::Article;
use crate::domain::article::Record;
use crate::domain::embedding::Embedding;
use crate::domain::hit::Mode;
use crate::embed;
use crate::embed::Lane;
use crate::embed::Purpose;
use crate::engine::Answer;
use crate::engine::Engine;
use crate::engine::Error;
use crate::engine::Related;
use crate::engine::Target;
use crate::engine::answer::Asked;
use crate::engine::answer::Question;
use crate::engine::answer::Wanted;
use crate::engine::input;
use crate::engine::input::EmbedTexts;
use crate::store::Vectors;

/// Characters of the body that ask in place of a missing title.
const TITLE_CHARS: usize = 60;

impl Engine {
    /// Finds coverage related to an article, the article itself left out.
    ///
    /// The dense leg asks with the article's embedding, the lexical leg with its title (measured to
    /// beat title and lead, and the whole text).
    ///
    /// # Errors
    /// [`Error::ArticleNotFound`]; [`Error::Invalid`] for a given article without title and body,
    /// or an offset past what one answer can reach; [`Error::TextTooLong`]; [`Error::Embed`];
    /// [`Error::Store`].
    pub async fn related(&self, related: Related) -> Result<Answer, Error> {
        let Related { target, filter, mode, collapse, offset, limit } = related;
        let started = Instant::now();
        let (article, embedding, group, asked) = match target {
            Target::Stored(id) => {
                let found = self.store.fetch(&[id], Vectors::Yes).await?;
                let stored = found.into_iter().flatten().next();
                let stored = stored.ok_or(Error::ArticleNotFound { id })?;
                let store = started.elapsed();
                let asked = Asked { started, embed: Duration::ZERO, store };
                let group = Some(stored.membership.group);
                (stored.article, stored.vectors.map(|(text, _)| text), group, asked)
            }
            Target::Given(record) => {
                input::sizes(&record)?;
                let embedding = match mode {
                    Mode::Lexical => None,
                    Mode::Dense | Mode::Hybrid => self.record_embedding(&record).await?,
                };
                let embed = started.elapsed();
                // A title alone is enough to ask with, and no text that could be a reprint.
                let group = if record.paragraphs.is_empty() {
                    None
                } else {
                    self.group_of(&record).await.ok().flatten()
                };
                let asked =
                    Asked { started, embed, store: started.elapsed().saturating_sub(embed) };
                (Article::new(*record), embedding, group, asked)
            }
        };
        let text = question_text(&article.record);
        let question = Question {
            field: "target",
            embedding,
            terms: self.analyzer.terms(&text),
            source: Some(article.id),
            group,
            day: article.record.date(),
        };
        self.answer(question, Wanted { filter, mode, collapse, offset, limit }, asked).await
    }

    /// The embedding of a given article; `None` for one that only the lexical leg can read.
    async fn record_embedding(&self, record: &Record) -> Result<Option<Embedding>, Error> {
        let texts = EmbedTexts::of(record).texts;
        let parts = self.embed.embed(texts, Purpose::Passage, Lane::Query).await?;
        match input::joined(parts) {
            Ok(embedding) => Ok(Some(embedding)),
            Err(embed::Error::Empty | embed::Error::NoDirection) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// The title, or the start of the body where there is none.
fn question_text(record: &Record) -> String {
    let title = record.title.trim();
    if title.is_empty() {
        record.body().trim().chars().take(TITLE_CHARS).collect()
    } else {
        title.to_owned()
    }
}
