//! A stored article as topics see it.

use std::sync::Arc;

use crate::topics::look;
use crate::topics::look::Look;
use wenmai_cluster::topic;
use wenmai_cluster::topic::Item;
use wenmai_domain::article::Article;
use wenmai_domain::article::CHINA;
use wenmai_store::Stored;
use wenmai_text::entity::Entity;
use wenmai_text::terms;
use wenmai_text::terms::Analyzer;

/// Reads articles; cheap to clone.
#[derive(Clone)]
pub(super) struct Reader {
    analyzer: Arc<Analyzer>,
}

/// An article, read.
pub(super) struct Read {
    /// As the clusterer takes it; without its original.
    pub(super) item: Item,
    /// Paper or site.
    pub(super) source: String,
    /// What it contributes to what its topics show.
    pub(super) look: Look,
    /// Whether it says when it was published.
    pub(super) is_dated: bool,
}

impl Reader {
    pub(super) fn new(analyzer: Arc<Analyzer>) -> Self {
        Self { analyzer }
    }

    /// Reads an article that came with its vectors; `None` without.
    pub(super) fn read(&self, stored: Stored) -> Option<Read> {
        let at = self.at(&stored);
        let is_dated = stored.article.record.published_at.is_some();
        let Stored { article, arrival, vectors, .. } = stored;
        let (embedding, text_terms) = vectors?;
        let record = &article.record;
        let entities = opening_names(&article);
        let look = Look::new(record, embedding.clone(), &entities, &self.analyzer);
        let source = if record.paper.is_empty() { &record.source } else { &record.paper };
        let source = source.clone();
        let item = Item {
            id: article.id,
            arrival,
            at,
            title: record.title.clone(),
            embedding,
            title_terms: terms::query(&self.analyzer.terms(&record.title)),
            text_terms,
            keys: topic::keys(&entities),
            original: None,
        };
        Some(Read { item, source, look, is_dated })
    }

    /// Seconds since 1970 that count for an article: its publication, at most its arrival, so that a
    /// date in 2099 does not move the window; its arrival where it has none, unless the desk knows
    /// better.
    #[expect(clippy::unused_self, reason = "reads beside the others")]
    pub(super) fn at(&self, stored: &Stored) -> i64 {
        let arrived = stored.created_at_us.div_euclid(1_000_000);
        let published = stored.article.record.published_at;
        let published = published.and_then(|at| CHINA.to_timestamp(at).ok());
        published.map_or(arrived, |at| at.as_second().min(arrived))
    }
}

/// What title and lead name, from what is stored with the article: a thing whose first mention lies
/// there.
fn opening_names(article: &Article) -> Vec<Entity> {
    // Bytes that stand before each paragraph, and where the lead ends.
    let mut starts = Vec::with_capacity(article.record.paragraphs.len());
    let mut before = 0;
    for paragraph in &article.record.paragraphs {
        starts.push(before);
        before += paragraph.chars().count() + 1;
    }
    let in_opening = |paragraph: u32, byte: usize| {
        let at = paragraph as usize;
        let text = article.record.paragraphs.get(at).and_then(|text| text.get(..byte));
        let start = starts.get(at).zip(text).map(|(start, text)| start + text.chars().count());
        start.is_some_and(|start| start < look::LEAD_CHARS)
    };
    let named = article.entities.iter().filter(|entity| {
        entity.paragraph.is_none_or(|paragraph| in_opening(paragraph, entity.span.start))
    });
    named
        .map(|entity| Entity {
            kind: entity.kind,
            text: String::new(),
            key: entity.key.clone(),
            span: entity.span,
            ambiguous: entity.is_ambiguous,
        })
        .collect()
}
