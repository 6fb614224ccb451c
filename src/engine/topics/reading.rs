//! Reads a stored article into what clustering and topics need of it.

use std::sync::Arc;

use crate::topics::contribution;
use crate::topics::contribution::Contribution;
use crate::vocabulary::Vocabulary;
use wenmai_cluster::topic;
use wenmai_cluster::topic::Item;
use wenmai_domain::article::Article;
use wenmai_domain::day;
use wenmai_store::Stored;
use wenmai_text::entity::Entity;
use wenmai_text::terms;
use wenmai_text::terms::Analyzer;

/// Reads stored articles. Cheap to clone.
#[derive(Clone)]
pub(super) struct ArticleReader {
    analyzer: Arc<Analyzer>,
    vocabulary: Arc<Vocabulary>,
}

/// What an article gives to clustering and to its topics.
pub(super) struct ReadArticle {
    /// The item for the clusterer; its `original` is not set.
    pub(super) item: Item,
    /// The name of its paper or site.
    pub(super) source: String,
    /// What it contributes to what its topics show.
    pub(super) contribution: Contribution,
    /// Whether the article says when it was published, and not a day that was still to come.
    pub(super) is_dated: bool,
}

impl ArticleReader {
    pub(super) fn new(analyzer: Arc<Analyzer>) -> Self {
        Self { analyzer, vocabulary: Arc::default() }
    }

    /// The same with the user's own words.
    pub(super) fn with_vocabulary(self, vocabulary: Arc<Vocabulary>) -> Self {
        Self { vocabulary, ..self }
    }

    /// Reads an article; `None` for one that was fetched without its vectors.
    pub(super) fn read(&self, stored: Stored) -> Option<ReadArticle> {
        let at = self.at(&stored);
        let is_dated = is_dated(&stored);
        let Stored { article, arrival, vectors, .. } = stored;
        let (embedding, terms) = vectors?;
        // Texts are compared by their words, to which the weights of topics were fitted; the units beside
        // them are for searches, and five times as many.
        let text_terms = terms.words();
        let record = &article.record;
        let entities = opening_names(&article);
        let contribution = Contribution::new(
            record,
            embedding.clone(),
            &entities,
            (&self.analyzer, &self.vocabulary.words),
        );
        let source = if record.paper.is_empty() { &record.source } else { &record.paper };
        let source = source.clone();
        let title = contribution::headline_of(record).into_owned();
        let item = Item {
            id: article.id,
            arrival,
            at,
            title_terms: terms::query(&self.analyzer.terms(&title)),
            title,
            embedding,
            text_terms,
            keys: topic::keys(&entities),
            original: None,
        };
        Some(ReadArticle { item, source, contribution, is_dated })
    }

    /// The time that counts for an article, in seconds since 1970 UTC: that of its publication, but
    /// not later than its arrival, so that a date in 2099 does not move the time window. For an
    /// article without a date it is the time of arrival, which the worker may replace.
    #[expect(clippy::unused_self, reason = "reads beside the others")]
    pub(super) fn at(&self, stored: &Stored) -> i64 {
        let arrived = stored.created_at_us.div_euclid(1_000_000);
        let published = stored.article.record.published_at;
        let published = published.and_then(day::instant);
        published.map_or(arrived, |at| at.as_second().min(arrived))
    }
}

/// Whether an article has a date that can be true: one that lies more than a day behind its arrival is a
/// misprint, 2099 or the next year, and says as little as none. A day is how far papers date ahead.
fn is_dated(stored: &Stored) -> bool {
    let arrived = stored.created_at_us.div_euclid(1_000_000);
    let published = stored.article.record.published_at.and_then(day::instant);
    published.is_some_and(|at| at.as_second() <= arrived.saturating_add(day::SECONDS))
}

/// The entities of an article that are first mentioned in its title or lead.
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
        start.is_some_and(|start| start < contribution::LEAD_CHARS)
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

#[cfg(test)]
mod tests {
    use super::ArticleReader;
    use std::sync::Arc;
    use wenmai_domain::article::Article;
    use wenmai_domain::article::Record;
    use wenmai_domain::embedding::Embedding;
    use wenmai_domain::reprint::GroupId;
    use wenmai_domain::reprint::Membership;
    use wenmai_store::Stored;
    use wenmai_text::terms::Analyzer;

    #[test]
    fn topics_compare_words_and_not_the_units_of_the_search_index() {
        let analyzer = Arc::new(Analyzer::load().unwrap());
        let record = Record {
            title: "望江大桥合龙".to_owned(),
            paragraphs: vec!["望江大桥的主桥昨日合龙。".to_owned()],
            ..Record::default()
        };
        let (title, body) = (record.title.clone(), record.body());
        let article = Article::new(record);
        let stored = Stored {
            membership: Membership { group: GroupId::found(article.id, "one"), is_original: true },
            content_hash: String::new(),
            article,
            arrival: 1,
            created_at_us: 0,
            updated_at_us: 0,
            vectors: Some((
                Embedding::normalize(vec![1.0, 0.0]).unwrap(),
                analyzer.article(&title, &body),
            )),
        };
        let read = ArticleReader::new(Arc::clone(&analyzer)).read(stored).unwrap();
        assert_eq!(read.item.text_terms, analyzer.passage(&title, &body));
    }
}
