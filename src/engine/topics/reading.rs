//! A stored article as topics see it.

use std::sync::Arc;

use crate::cluster::topic;
use crate::cluster::topic::Item;
use crate::domain::article::CHINA;
use crate::engine::topics::look;
use crate::engine::topics::look::Look;
use crate::store::Stored;
use crate::text::entity::Extractor;
use crate::text::terms;
use crate::text::terms::Analyzer;

/// Reads articles; cheap to clone.
#[derive(Clone)]
pub(super) struct Reader {
    analyzer: Arc<Analyzer>,
    extractor: Arc<Extractor>,
}

/// An article, read.
pub(super) struct Read {
    /// As the clusterer takes it; without its original.
    pub(super) item: Item,
    /// Paper or site.
    pub(super) source: String,
    /// What it contributes to what its topics show.
    pub(super) look: Look,
}

impl Reader {
    pub(super) fn new(analyzer: Arc<Analyzer>, extractor: Arc<Extractor>) -> Self {
        Self { analyzer, extractor }
    }

    /// Reads an article that came with its vectors; `None` without.
    pub(super) fn read(&self, stored: Stored) -> Option<Read> {
        let at = self.at(&stored);
        let Stored { article, arrival, vectors, .. } = stored;
        let (embedding, text_terms) = vectors?;
        let record = &article.record;
        let entities = self.extractor.entities(&look::opening(record), record.date());
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
        Some(Read { item, source, look })
    }

    /// Seconds since 1970 that count for an article: its publication, at most its arrival, so that a
    /// date in 2099 does not move the window; its arrival where it has none.
    #[expect(clippy::unused_self, reason = "reads beside the others")]
    pub(super) fn at(&self, stored: &Stored) -> i64 {
        let arrived = stored.created_at_us.div_euclid(1_000_000);
        let published = stored.article.record.published_at;
        let published = published.and_then(|at| CHINA.to_timestamp(at).ok());
        published.map_or(arrived, |at| at.as_second().min(arrived))
    }
}
