//! Ingest: checks articles, embeds them, cuts them into terms, finds entities, and stores them.
//! Ingesting the same article again changes nothing.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::btree_map::Entry;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use crate::BATCH_ARTICLES_MAX;
use tokio::sync::OwnedSemaphorePermit;

use crate::Engine;
use crate::Error;
use crate::IngestTimings;
use crate::Ingested;
use crate::Outcome;
use crate::ReadPage;
use crate::Violation;
use crate::change::to_its_end;
use crate::clock::now_us;
use crate::grouping::Draft;
use crate::input;
use crate::input::EmbedTexts;
use wenmai_cluster::reprint::Plain;
use wenmai_domain::article::Article;
use wenmai_domain::article::Record;
use wenmai_domain::digest::sha256;
use wenmai_domain::entity::Entities;
use wenmai_domain::id::ArticleId;
use wenmai_domain::terms::TermVector;
use wenmai_embed as embed;
use wenmai_embed::Lane;
use wenmai_embed::Purpose;
use wenmai_page::Parsed;
use wenmai_store::Stored;
use wenmai_store::Vectors;
use wenmai_telemetry::label::Stage;

/// One result per record of a batch, in order.
pub type IngestResults = Vec<Result<Ingested, Error>>;

/// Whether an article of a page is stored: teasers and staff boxes are not, nor is what the parser is
/// less sure of than `min_confidence`.
#[must_use]
pub fn to_store(parsed: &Parsed, min_confidence: f32) -> bool {
    let is_sure = parsed.confidence.is_none_or(|confidence| confidence >= min_confidence);
    parsed.article.record.kind.is_article() && is_sure
}

impl Engine {
    /// Stores records; durable when it returns. A record that cannot be stored is answered in its
    /// place, the others are stored. Of two records of one id the later counts; of two calls at
    /// once, one.
    ///
    /// # Errors
    /// [`Error::BatchTooLarge`]; [`Error::Store`] or [`Error::Embed`] if none could be stored.
    pub async fn ingest(
        &self,
        records: Vec<Record>,
    ) -> Result<(IngestResults, IngestTimings), Error> {
        batch_fits(records.len())?;
        let mut timings = IngestTimings::default();
        let mut results: Vec<Option<Result<Ingested, Error>>> = Vec::with_capacity(records.len());
        let mut checked = Vec::new();
        for (at, record) in records.into_iter().enumerate() {
            results.push(match input::check(&record) {
                Ok(()) => {
                    checked.push((at, Article::new(record)));
                    None
                }
                Err(error) => Some(Err(error)),
            });
        }
        let prepared = self.prepare(checked, &mut timings).await?;
        for (at, result) in self.store_prepared(prepared, &mut timings).await? {
            if let Some(slot) = results.get_mut(at) {
                *slot = Some(result);
            }
        }
        let missing = || Err(Error::Embed(embed::Error::Stopped));
        let results: IngestResults =
            results.into_iter().map(|result| result.unwrap_or_else(missing)).collect();
        for result in &results {
            self.count(result.as_ref().ok());
        }
        Ok((results, timings))
    }

    /// Stores all records, or none if one of them cannot be stored; durable when it returns.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming `articles[i].…`, also for two records of one id;
    /// [`Error::TextTooLong`]; [`Error::BatchTooLarge`]; [`Error::Store`]; [`Error::Embed`].
    pub async fn upsert_batch(&self, records: Vec<Record>) -> Result<Vec<Ingested>, Error> {
        batch_fits(records.len())?;
        let mut violations = Vec::new();
        let mut first_of = BTreeMap::<ArticleId, usize>::new();
        for (at, record) in records.iter().enumerate() {
            if let Err(error) = input::check(record) {
                violations.extend(in_batch(at, error)?);
            }
            match first_of.entry(ArticleId::derive(record)) {
                Entry::Vacant(free) => {
                    free.insert(at);
                }
                Entry::Occupied(first) => violations.push(Violation::new(
                    format!("articles[{at}]"),
                    format!("has the same id as articles[{}]", first.get()),
                )),
            }
        }
        if !violations.is_empty() {
            return Err(Error::Invalid(violations));
        }
        let mut timings = IngestTimings::default();
        let articles = records.into_iter().map(Article::new).enumerate().collect();
        let Prepared { results, drafts, seen } = self.prepare(articles, &mut timings).await?;
        let mut ready = Vec::with_capacity(results.len());
        for (at, result) in results {
            match result {
                Ok(one) => ready.push((at, Ok(one))),
                Err(error) => violations.extend(in_batch(at, error)?),
            }
        }
        if !violations.is_empty() {
            return Err(Error::Invalid(violations));
        }
        let ready = Prepared { results: ready, drafts, seen };
        let mut results = self.store_prepared(ready, &mut timings).await?;
        results.sort_by_key(|(at, _)| *at);
        let ingested: Vec<Ingested> =
            results.into_iter().map(|(_, result)| result).collect::<Result<_, _>>()?;
        for one in &ingested {
            self.count(Some(one));
        }
        Ok(ingested)
    }

    /// Counts the outcome of an article in the metrics; `None` is an article that was refused.
    fn count(&self, done: Option<&Ingested>) {
        self.metrics().ingested(match done.map(|done| done.outcome) {
            Some(Outcome::Created) => "created",
            Some(Outcome::Updated) => "updated",
            Some(Outcome::Unchanged) => "unchanged",
            None => "refused",
        });
    }

    /// Stores the articles of pages that were read and are [`to_store`]; the results are theirs, page
    /// by page and in page order.
    ///
    /// # Errors
    /// As [`Engine::ingest`], and [`Error::Invalid`] for a `min_confidence` that is no probability.
    pub async fn ingest_pages(
        &self,
        pages: &[ReadPage],
        min_confidence: f32,
    ) -> Result<Vec<IngestResults>, Error> {
        if !(0.0..=1.0).contains(&min_confidence) {
            let what = format!("{min_confidence} does not lie between 0 and 1");
            return Err(Error::invalid("min_confidence", what));
        }
        let articles = |read: &ReadPage| {
            let parsed = read.page.articles.iter();
            let stored = parsed.filter(|parsed| to_store(parsed, min_confidence));
            stored.map(|parsed| parsed.article.record.clone()).collect::<Vec<_>>()
        };
        let records: Vec<Vec<Record>> = pages.iter().map(articles).collect();
        let counts: Vec<usize> = records.iter().map(Vec::len).collect();
        let (results, _timings) = self.ingest(records.into_iter().flatten().collect()).await?;
        let mut results = results.into_iter();
        Ok(counts.into_iter().map(|count| results.by_ref().take(count).collect()).collect())
    }

    /// Embeds what is new or changed among `articles`; stores nothing.
    async fn prepare(
        &self,
        articles: Vec<(usize, Article)>,
        timings: &mut IngestTimings,
    ) -> Result<Prepared, Error> {
        let started = Instant::now();
        let seen = self.changes.load(Ordering::Relaxed);
        let ids: Vec<ArticleId> = articles.iter().map(|(_, article)| article.id).collect();
        let stored = self.store.fetch(&ids, Vectors::No).await?;
        timings.store += started.elapsed();
        let known: BTreeMap<ArticleId, Stored> =
            stored.into_iter().flatten().map(|stored| (stored.article.id, stored)).collect();

        let mut results = Vec::with_capacity(articles.len());
        let mut pending = Vec::new();
        let mut earlier = BTreeMap::<ArticleId, String>::new();
        for (at, article) in articles {
            let hash = content_hash(&article.record);
            let stored = known.get(&article.id);
            let in_batch = earlier.insert(article.id, hash.clone());
            let before = in_batch.as_ref().or(stored.map(|stored| &stored.content_hash));
            let outcome = match before {
                None => Outcome::Created,
                Some(before) if *before == hash => Outcome::Unchanged,
                Some(_) => Outcome::Updated,
            };
            let texts = EmbedTexts::of(&article.record);
            let ingested = Ingested {
                id: article.id,
                outcome,
                char_count: texts.char_count,
                char_count_embedded: texts.char_count_embedded,
            };
            // What repeats an earlier record of this batch is not on disk before that one is.
            if outcome == Outcome::Unchanged && in_batch.is_none() {
                results.push((at, Ok(ingested)));
            } else {
                let created_at_us = stored.map(|stored| stored.created_at_us);
                pending.push(PendingArticle {
                    at,
                    article,
                    hash,
                    texts: texts.texts,
                    ingested,
                    created_at_us,
                });
            }
        }
        let mut prepared = Prepared { results, drafts: Vec::with_capacity(pending.len()), seen };
        if !pending.is_empty() {
            self.embed_pending(pending, &mut prepared, timings).await?;
        }
        Ok(prepared)
    }

    /// Embeds the pending articles and adds their drafts and results to `prepared`.
    async fn embed_pending(
        &self,
        mut pending: Vec<PendingArticle>,
        prepared: &mut Prepared,
        timings: &mut IngestTimings,
    ) -> Result<(), Error> {
        let texts: Vec<Vec<String>> =
            pending.iter_mut().map(|one| std::mem::take(&mut one.texts)).collect();
        let counts: Vec<usize> = texts.iter().map(Vec::len).collect();
        let texts = texts.into_iter().flatten().collect();
        // The model's threads embed while the pool cuts terms; a full lane ends both.
        let embed = self.embed.embed(texts, Purpose::Passage, Lane::Bulk);
        let embed = timed(self.metrics().stage(Stage::Embed, embed));
        let embed = async {
            let (embedded, spent) = embed.await;
            Ok::<_, Error>((embedded?, spent))
        };
        let terms = timed(self.metrics().stage(Stage::Terms, self.passages(pending)));
        let terms = async {
            let (cut, spent) = terms.await;
            Ok::<_, Error>((cut?, spent))
        };
        let ((embedded, embed_time), ((pending, terms), terms_time)) =
            futures::try_join!(embed, terms)?;
        timings.embed += embed_time;
        timings.terms += terms_time;

        let mut embedded = embedded.into_iter();
        let now = now_us();
        for ((article, passage), count) in pending.into_iter().zip(terms).zip(counts) {
            let PendingArticle { at, mut article, hash, texts: _, ingested, created_at_us } =
                article;
            // Collected first: what is left of a bad article's texts must not become the next
            // one's.
            let parts: Vec<_> = embedded.by_ref().take(count).collect();
            match input::joined(parts) {
                Ok(text) => {
                    let Passage { terms, plain, entities } = passage;
                    article.entities = entities;
                    let draft = Draft::new(article, plain, hash);
                    let created_at_us = created_at_us.unwrap_or(now);
                    // What repeats the record before it in this call changes nothing, its group
                    // included; it is stored when that one is.
                    if ingested.outcome != Outcome::Unchanged {
                        prepared.drafts.push((at, draft.with(text, terms, created_at_us, now)));
                    }
                    prepared.results.push((at, Ok(ingested)));
                }
                Err(error) => prepared.results.push((at, Err(unreadable(error)))),
            }
        }
        Ok(())
    }

    /// Stores the drafts and returns the results. Without any draft it still waits until what was
    /// written before is durable, since another call may have written a moment ago what this one
    /// answers as unchanged.
    ///
    /// Until the write lock is held, a caller that goes away takes everything back. From then on
    /// the change runs to its end.
    async fn store_prepared(
        &self,
        prepared: Prepared,
        timings: &mut IngestTimings,
    ) -> Result<Results, Error> {
        let started = Instant::now();
        let results = self.metrics().stage(Stage::Write, async {
            if prepared.drafts.is_empty() {
                self.store.upsert(Vec::new()).await?;
                return Ok(prepared.results);
            }
            let lock = self.lock_writes().await?;
            let engine = self.clone();
            to_its_end(async move { engine.write_prepared(prepared, lock).await }).await
        });
        let results = results.await;
        timings.store += started.elapsed();
        results
    }

    /// Groups and writes the drafts, and corrects the results by what is stored now. `lock` is the
    /// write lock.
    async fn write_prepared(
        self,
        mut prepared: Prepared,
        lock: OwnedSemaphorePermit,
    ) -> Result<Results, Error> {
        if prepared.seen != self.changes.load(Ordering::Relaxed) {
            self.compare_again(&mut prepared).await?;
        }
        let Prepared { results, drafts, seen: _ } = prepared;
        let drafts: Vec<Draft> = drafts.into_iter().map(|(_, draft)| draft).collect();
        let facts: Vec<_> = drafts
            .iter()
            .map(Draft::article)
            .map(|article| (article.id, self.facts_of(&article.record)))
            .collect();
        self.changes.fetch_add(1, Ordering::Relaxed);
        let stored = self.group_and_store(drafts, lock).await;
        self.columns.forget(facts.iter().map(|(id, _)| id));
        if let Err(error) = stored {
            // Some may be written: what was known of them is read anew.
            for (id, _) in facts {
                self.facts.forget(id);
                self.names.note([id]);
            }
            return Err(error);
        }
        self.names.note(facts.iter().map(|(id, _)| *id));
        self.facts.replace(facts);
        Ok(results)
    }

    /// Compares the drafts once more with what is stored, since another call changed it after they
    /// were prepared: the same call, perhaps, whose caller went away and asked again. What is
    /// stored by now is not stored twice. Needs the write lock.
    async fn compare_again(&self, prepared: &mut Prepared) -> Result<(), Error> {
        let ids: BTreeSet<ArticleId> =
            prepared.drafts.iter().map(|(_, draft)| draft.article().id).collect();
        let ids: Vec<ArticleId> = ids.into_iter().collect();
        let stored = self.store.fetch(&ids, Vectors::No).await?;
        // Only the first draft of an article is compared with the store, a later one with it.
        let mut stored: BTreeMap<ArticleId, Option<Stored>> = ids.into_iter().zip(stored).collect();
        let mut outcomes = BTreeMap::<usize, Outcome>::new();
        prepared.drafts.retain_mut(|(at, draft)| {
            let Some(stored) = stored.remove(&draft.article().id) else { return true };
            let outcome = match &stored {
                None => Outcome::Created,
                Some(stored) if stored.content_hash == draft.content_hash() => Outcome::Unchanged,
                Some(_) => Outcome::Updated,
            };
            if let Some(stored) = stored {
                draft.was_created(stored.created_at_us);
            }
            outcomes.insert(*at, outcome);
            outcome != Outcome::Unchanged
        });
        for (at, result) in &mut prepared.results {
            if let (Some(outcome), Ok(ingested)) = (outcomes.get(at), result) {
                ingested.outcome = *outcome;
            }
        }
        Ok(())
    }

    /// Terms, folded text and entities of each article, cut on the pool; ends early if nobody waits
    /// any more.
    async fn passages(
        &self,
        articles: Vec<PendingArticle>,
    ) -> Result<(Vec<PendingArticle>, Vec<Passage>), Error> {
        let (analyzer, extractor) = (Arc::clone(&self.analyzer), Arc::clone(&self.extractor));
        self.calculate(move |goes_on| {
            let mut passages = Vec::with_capacity(articles.len());
            for PendingArticle { article, .. } in articles.iter().take_while(|_| goes_on()) {
                let record = &article.record;
                let terms = analyzer.article(&record.title, &record.body());
                let entities = extractor.of_record(record);
                passages.push(Passage { terms, plain: Plain::of(record), entities });
            }
            (articles, passages)
        })
        .await
    }
}

/// The output of `work`, and how long it took.
async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let started = Instant::now();
    (work.await, started.elapsed())
}

/// The results of the articles of a call, each with its place in the call.
type Results = Vec<(usize, Result<Ingested, Error>)>;

/// The drafts that are ready to be stored, and the results to be returned once they are.
struct Prepared {
    results: Results,
    /// The drafts, each with its article's place in the call.
    drafts: Vec<(usize, Draft)>,
    /// [`Engine::changes`] before the store was asked what is there.
    seen: u64,
}

/// What is computed from an article's text without the model.
struct Passage {
    terms: TermVector,
    plain: Plain,
    entities: Entities,
}

/// An article that is to be embedded and stored.
struct PendingArticle {
    at: usize,
    article: Article,
    hash: String,
    texts: Vec<String>,
    ingested: Ingested,
    created_at_us: Option<i64>,
}

fn batch_fits(given: usize) -> Result<(), Error> {
    if given > BATCH_ARTICLES_MAX {
        return Err(Error::BatchTooLarge { limit: BATCH_ARTICLES_MAX, given });
    }
    Ok(())
}

/// The violations of one record of a batch, under its place there.
///
/// # Errors
/// Any other error, with its field under the same place.
fn in_batch(at: usize, error: Error) -> Result<Vec<Violation>, Error> {
    let error = error.under(|field| format!("articles[{at}].{field}"));
    if let Error::Invalid(found) = error { Ok(found) } else { Err(error) }
}

/// An article that the model cannot read is the caller's to mend; all else is not.
fn unreadable(error: embed::Error) -> Error {
    if !matches!(error, embed::Error::Empty | embed::Error::NoDirection) {
        return Error::Embed(error);
    }
    let what = "title and body hold nothing that the model can read";
    Error::invalid("body", what)
}

/// The hash of everything that decides an article and its vectors.
fn content_hash(record: &Record) -> String {
    // A record is plain data: writing it as JSON cannot fail.
    sha256([serde_json::to_vec(record).unwrap_or_default().as_slice()])
}
