//! The words that the archive has of its own, found over all that is stored.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::Engine;
use crate::Error;
use wenmai_domain::entity::Kind;
use wenmai_domain::filter::Filter;
use wenmai_domain::limit::Limit;
use wenmai_store::Stored;
use wenmai_suggest::discover::Counts;
use wenmai_suggest::discover::Neighbours;
use wenmai_suggest::discover::NewWord;
use wenmai_suggest::discover::Thresholds;

/// Words of one answer at most.
pub const WORDS_MAX: usize = 20_000;

/// The words of an archive.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ArchiveWords {
    /// The words, those that stand in the most articles first.
    pub words: Vec<NewWord>,
    /// How many articles were read.
    pub article_count: usize,
}

impl Engine {
    /// The words that the archive has of its own, by `thresholds`, less what the user's table keeps out; with
    /// the foreign names (with ·) and the organisations that enough articles name. Reads all that is stored
    /// twice, in the order of ids, so the same archive gives the same words.
    ///
    /// # Errors
    /// [`Error::Store`]; [`Error::Pool`].
    pub async fn archive_words(&self, thresholds: Thresholds) -> Result<ArchiveWords, Error> {
        let mut counts = Counts::default();
        let mut names = BTreeMap::<String, u32>::new();
        let mut article_count = 0;
        let mut from = None;
        loop {
            let page = self.store.list(&Filter::default(), from, Limit::MOST).await?;
            article_count += page.points.len();
            page.points.iter().for_each(|stored| count_names(stored, &mut names));
            counts = self.count_words(counts, page.points).await?;
            from = page.next;
            if from.is_none() {
                break;
            }
        }
        let mut second = counts.second(thresholds);
        loop {
            let page = self.store.list(&Filter::default(), from, Limit::MOST).await?;
            second = self.look_again(second, page.points).await?;
            from = page.next;
            if from.is_none() {
                break;
            }
        }
        let analyzer = Arc::clone(&self.analyzer);
        let mut words = self.calculate(move |_| second.words(&analyzer)).await?;
        let frequent =
            names.into_iter().filter(|(_, count)| *count >= thresholds.article_count_min);
        for (text, count) in frequent {
            if words.iter().all(|word| word.text != text) {
                words.push(NewWord {
                    text,
                    article_count: count,
                    count,
                    cohesion: 0.0,
                    entropy: 0.0,
                });
            }
        }
        words.retain(|word| !self.vocabulary.words.is_dropped(&word.text));
        words.sort_by(|left, right| {
            right.article_count.cmp(&left.article_count).then(left.text.cmp(&right.text))
        });
        words.truncate(WORDS_MAX);
        Ok(ArchiveWords { words, article_count })
    }

    async fn count_words(&self, mut counts: Counts, points: Vec<Stored>) -> Result<Counts, Error> {
        let analyzer = Arc::clone(&self.analyzer);
        self.calculate(move |_| {
            for Stored { article, .. } in &points {
                let record = &article.record;
                let texts = std::iter::once(&record.title).chain(&record.paragraphs);
                counts.add(texts.map(String::as_str), &analyzer);
            }
            counts
        })
        .await
    }

    async fn look_again(
        &self,
        mut second: Neighbours,
        points: Vec<Stored>,
    ) -> Result<Neighbours, Error> {
        let analyzer = Arc::clone(&self.analyzer);
        self.calculate(move |_| {
            for Stored { article, .. } in &points {
                let record = &article.record;
                let texts = std::iter::once(&record.title).chain(&record.paragraphs);
                second.add(texts.map(String::as_str), &analyzer);
            }
            second
        })
        .await
    }
}

/// Counts the names that the dictionary lacks for sure: foreign names in full, and organisations.
fn count_names(stored: &Stored, names: &mut BTreeMap<String, u32>) {
    let entities = &stored.article.entities;
    let foreign = entities.of(Kind::Person).filter(|one| one.key.contains('·'));
    for one in foreign.chain(entities.of(Kind::Organisation)) {
        *names.entry(one.key.clone()).or_default() += 1;
    }
}
