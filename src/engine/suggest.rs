//! Suggestions: what somebody may be about to type, may have meant, or may want as a condition.
//!
//! The names of the archive are read from the store once, in the background of a service
//! ([`Engine::keep_suggestions`]) or when they are first waited for, and follow what is written
//! afterwards: articles that changed are read again, nothing else is. Each answer is given by one fixed
//! index, which is replaced as a whole. What another process writes to a shared store is seen when
//! the numbers of articles differ, which is looked at every few minutes.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use jiff::civil::Date;
use tokio::sync::Notify;

use crate::Engine;
use crate::Error;
use crate::ListTopics;
use crate::Notice;
use crate::Period;
use crate::TopicOrder;
use crate::clock;
use wenmai_domain::article::Record;
use wenmai_domain::filter::Filter;
use wenmai_domain::hit::Hit;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::filter::TopicFilter;
use wenmai_store::Stored;
use wenmai_store::Vectors;
use wenmai_suggest::index::Correction;
use wenmai_suggest::index::Index;
use wenmai_suggest::index::Suggestion;
use wenmai_suggest::lexicon::Kind;
use wenmai_suggest::lexicon::Lexicon;
use wenmai_suggest::lexicon::Named;
use wenmai_suggest::offer::Offer;
use wenmai_suggest::offer::offers;
use wenmai_text::query::phrase;
use wenmai_text::units;

/// Characters of a text that suggestions are made for; a longer one has none.
pub const SUGGEST_CHARS_MAX: usize = 100;
/// Corrections of one query.
const CORRECTIONS_MAX: usize = 3;
/// Labels of topics that are suggested, the hottest.
const TOPICS_MAX: usize = 5_000;
/// Articles that are read to see whether one prints a word.
const PRINTED_LOOKED_AT: u32 = 50;
/// Articles of an archive whose names are read for a search that found nothing; of a larger one they would
/// take longer than a person waits.
const READ_MAX: u64 = 50_000;
/// Time after a change in which further changes are waited for.
const SETTLE: Duration = Duration::from_secs(2);
/// Making the index anew may take this part of the time.
const BUSY_PART: u32 = 20;
/// Time after which the number of articles is looked at.
const RECOUNT: Duration = Duration::from_mins(5);

/// A request for suggestions.
#[derive(Debug, Clone)]
pub struct Suggest {
    /// What was typed so far.
    pub text: String,
    /// How many suggestions to return at most.
    pub limit: usize,
    /// Whether to wait until the names of the archive were read, and what was written since.
    pub wait: bool,
    /// The day that words such as yesterday are read against; `None` takes today.
    pub as_of: Option<Date>,
}

/// What may be meant by what was typed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Suggestions {
    /// What it may become.
    pub suggestions: Vec<Suggestion>,
    /// What may have been meant instead.
    pub hints: Hints,
    /// Articles whose names are known; `None` while none were read.
    pub article_count: Option<usize>,
}

/// What somebody may want instead of a query, or beside it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hints {
    /// The query as it may have been meant.
    pub corrections: Vec<Correction>,
    /// Conditions that the query may mean.
    pub offers: Vec<Offer>,
}

/// The names of the archive, as far as they are known.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// What answers are given by.
    index: Mutex<Option<Arc<Index>>>,
    /// The stock that the index is made of; whoever holds it reads the store.
    lexicon: tokio::sync::Mutex<Option<Lexicon>>,
    /// Articles that were written or deleted since the store was read.
    changed: Mutex<BTreeSet<ArticleId>>,
    /// Whether changes must be noted, because the store was read or is being read.
    is_followed: AtomicBool,
    /// Whether a task of the service keeps the index; then no question makes one.
    is_kept: AtomicBool,
    wakes: Notify,
}

impl Names {
    /// Notes that these articles were written or deleted.
    pub(super) fn note(&self, ids: impl IntoIterator<Item = ArticleId>) {
        if self.is_followed.load(Ordering::Acquire) {
            self.changed.lock().unwrap_or_else(PoisonError::into_inner).extend(ids);
            self.wakes.notify_one();
        }
    }

    fn index(&self) -> Option<Arc<Index>> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn changed(&self) -> BTreeSet<ArticleId> {
        std::mem::take(&mut *self.changed.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn has_changes(&self) -> bool {
        !self.changed.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

impl Engine {
    /// What may be meant by what was typed so far.
    ///
    /// # Errors
    /// [`Error::Store`], [`Error::Pool`] where names had to be read.
    pub async fn suggest(&self, asked: Suggest) -> Result<Suggestions, Error> {
        let Suggest { text, limit, wait, as_of } = asked;
        let index = if wait { Some(self.names_read().await?) } else { self.names.index() };
        if text.chars().count() > SUGGEST_CHARS_MAX {
            let article_count = index.map(|index| index.article_count());
            return Ok(Suggestions { article_count, ..Suggestions::default() });
        }
        let suggestions = index.as_ref().map(|index| index.complete(&text, limit));
        let suggestions = suggestions.unwrap_or_default();
        let known = suggestions.iter().any(|one| one.found != wenmai_suggest::index::Found::Slip);
        let corrections = match index.as_ref().filter(|_| !known) {
            Some(index) => index.correct(&text, &self.analyzer, CORRECTIONS_MAX),
            None => Vec::new(),
        };
        let offers = self.offers(&text, as_of, index.as_deref());
        let article_count = index.map(|index| index.article_count());
        Ok(Suggestions { suggestions, hints: Hints { corrections, offers }, article_count })
    }

    /// What may be meant instead of `text`, which a search answered with `hits`. A word that an article
    /// prints is never called a slip. Where nothing was found and no task keeps the names, they are read
    /// for it.
    pub(super) async fn hints(
        &self,
        text: &str,
        as_of: Option<Date>,
        (hits, notices): (&[Hit], &[Notice]),
    ) -> Result<Hints, Error> {
        if text.chars().count() > SUGGEST_CHARS_MAX {
            return Ok(Hints::default());
        }
        let is_kept = self.names.is_kept.load(Ordering::Acquire);
        let is_empty = hits.is_empty() || notices.contains(&Notice::NoKnownTerm);
        let is_worth = is_empty && !is_kept && self.names.index().is_none();
        let index = if is_worth && self.store.count(&Filter::default()).await? <= READ_MAX {
            Some(self.names_read().await?)
        } else {
            self.names.index()
        };
        let mut corrections = index
            .as_ref()
            .map(|index| index.correct(text, &self.analyzer, CORRECTIONS_MAX))
            .unwrap_or_default();
        let written: BTreeSet<String> = corrections
            .iter()
            .flat_map(|one| &one.parts)
            .map(|part| part.written.clone())
            .collect();
        for word in written {
            let folded = phrase::folded(&word);
            let in_hits = hits.iter().any(|hit| prints(&hit.article.record, &folded));
            if in_hits || self.is_printed(&word).await? {
                corrections.retain(|one| one.parts.iter().all(|part| part.written != word));
            }
        }
        Ok(Hints { corrections, offers: self.offers(text, as_of, index.as_deref()) })
    }

    fn offers(&self, text: &str, as_of: Option<Date>, index: Option<&Index>) -> Vec<Offer> {
        offers(text, as_of.unwrap_or_else(clock::today), &self.extractor, index)
    }

    /// Whether an article prints `word`, among those that hold most of its units.
    async fn is_printed(&self, word: &str) -> Result<bool, Error> {
        let vector = units::need::vector(&self.analyzer.units_of_phrase(word));
        let limit = Limit::new(PRINTED_LOOKED_AT).unwrap_or(Limit::MOST);
        let found = self.store.lexical(&vector, &Filter::default(), limit).await?;
        let ids: Vec<ArticleId> = found.into_iter().map(|one| one.id).collect();
        let folded = phrase::folded(word);
        let mut stored = self.store.fetch(&ids, Vectors::No).await?.into_iter().flatten();
        Ok(stored.any(|stored| prints(&stored.article.record, &folded)))
    }

    /// The names of all that is stored, read now as far as they are not known.
    async fn names_read(&self) -> Result<Arc<Index>, Error> {
        let mut slot = self.names.lexicon.lock().await;
        let known = self.names.index().filter(|_| slot.is_some() && !self.names.has_changes());
        if let Some(index) = known {
            return Ok(index);
        }
        let lexicon = if let Some(lexicon) = slot.take() {
            self.names_followed(lexicon).await?
        } else {
            self.names.is_followed.store(true, Ordering::Release);
            _ = self.names.changed();
            self.all_names().await?
        };
        let (lexicon, index) = self.names_indexed(lexicon).await?;
        let index = Arc::new(index);
        *slot = Some(lexicon);
        *self.names.index.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&index));
        Ok(index)
    }

    /// The names of all articles.
    async fn all_names(&self) -> Result<Lexicon, Error> {
        let mut lexicon = Lexicon::default();
        let mut from = None;
        loop {
            let page = self.store.list(&Filter::default(), from, Limit::MOST).await?;
            lexicon = self.names_put(lexicon, page.points).await?;
            from = page.next;
            if from.is_none() {
                return Ok(lexicon);
            }
        }
    }

    /// `lexicon` with what was written and deleted meanwhile.
    async fn names_followed(&self, mut lexicon: Lexicon) -> Result<Lexicon, Error> {
        let changed: Vec<ArticleId> = self.names.changed().into_iter().collect();
        for ids in changed.chunks(Limit::MOST.count()) {
            let stored = self.store.fetch(ids, Vectors::No).await;
            let stored = stored.inspect_err(|_| self.names.note(changed.iter().copied()))?;
            for id in ids.iter().zip(&stored).filter(|(_, one)| one.is_none()).map(|(id, _)| *id) {
                lexicon.remove(id);
            }
            lexicon = self.names_put(lexicon, stored.into_iter().flatten().collect()).await?;
        }
        Ok(lexicon)
    }

    async fn names_put(&self, mut lexicon: Lexicon, points: Vec<Stored>) -> Result<Lexicon, Error> {
        let analyzer = Arc::clone(&self.analyzer);
        self.calculate(move |_| {
            for Stored { article, .. } in &points {
                lexicon.put(article.id, &Named::of(article, &analyzer), &analyzer);
            }
            lexicon
        })
        .await
    }

    async fn names_indexed(&self, mut lexicon: Lexicon) -> Result<(Lexicon, Index), Error> {
        lexicon.replace(Kind::Topic, self.topic_labels().await?);
        let words = self.vocabulary.words.words();
        lexicon.replace(Kind::Word, words.map(|(word, count)| (word.to_owned(), count)));
        let analyzer = Arc::clone(&self.analyzer);
        self.calculate(move |_| {
            let index = lexicon.index(&analyzer);
            (lexicon, index)
        })
        .await
    }

    /// The labels of the hottest stories of several articles, each with their number.
    async fn topic_labels(&self) -> Result<Vec<(String, u32)>, Error> {
        let mut labels = Vec::new();
        while self.topics.is_some() && labels.len() < TOPICS_MAX {
            let request = ListTopics {
                level: Level::Story,
                period: Period::default(),
                filter: TopicFilter::default(),
                order: TopicOrder::Heat,
                offset: labels.len(),
                limit: Limit::MOST,
            };
            let page = self.list_topics(request).await?;
            if page.topics.is_empty() {
                break;
            }
            labels.extend(page.topics.into_iter().map(|topic| {
                let count = u32::try_from(topic.measures.size).unwrap_or(u32::MAX);
                (topic.label, count)
            }));
        }
        labels.retain(|(label, count)| *count > 1 && !label.is_empty());
        Ok(labels)
    }

    /// Reads the names of the archive and keeps them up to date until `stop` ends: the background
    /// of a service. A failure is logged, and tried again after a while.
    pub async fn keep_suggestions(self, stop: impl Future<Output = ()>) {
        self.names.is_kept.store(true, Ordering::Release);
        let mut stop = std::pin::pin!(stop);
        loop {
            let started = Instant::now();
            let read = tokio::select! {
                () = &mut stop => return,
                read = self.names_read() => read,
            };
            match read {
                Ok(index) => tracing::debug!(
                    article_count = index.article_count(),
                    text_count = index.text_count(),
                    spent_ms = started.elapsed().as_millis(),
                    "names for suggestions were read"
                ),
                Err(error) => tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "names for suggestions could not be read"
                ),
            }
            let pause = SETTLE.max(started.elapsed() * BUSY_PART);
            tokio::select! {
                () = &mut stop => return,
                () = self.names_changed() => {}
            }
            tokio::select! {
                () = &mut stop => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Ends when something was written, here or by another process.
    async fn names_changed(&self) {
        while !self.names.has_changes() {
            let woken = tokio::time::timeout(RECOUNT, self.names.wakes.notified()).await;
            if woken.is_ok() {
                continue;
            }
            let mut slot = self.names.lexicon.lock().await;
            let known = slot.as_ref().map(Lexicon::article_count);
            let stored = self.store.count(&Filter::default()).await;
            if stored.is_ok_and(|stored| usize::try_from(stored).ok() != known) {
                // Another process wrote: all is read anew.
                *slot = None;
                return;
            }
        }
    }

    /// Bytes that names and index take, about; `None` where they were not read.
    pub async fn suggestion_bytes(&self) -> Option<usize> {
        let slot = self.names.lexicon.lock().await;
        let index = self.names.index()?;
        slot.as_ref().map(|lexicon| lexicon.bytes() + index.bytes())
    }
}

/// Whether title or body hold `folded`, a folded phrase.
fn prints(record: &Record, folded: &str) -> bool {
    let mut texts = std::iter::once(&record.title).chain(&record.paragraphs);
    texts.any(|text| phrase::holds(&phrase::folded(text), folded))
}
