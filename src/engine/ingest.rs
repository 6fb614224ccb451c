//! Ingest: checks articles, embeds them, cuts them into terms, finds entities, and stores them.
//! Ingesting the same article again changes nothing.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::future::Future;
use std::time::Duration;
use std::time::Instant;

use crate::BATCH_ARTICLES_MAX;
use crate::Engine;
use crate::Error;
use crate::IngestTimings;
use crate::Ingested;
use crate::Outcome;
use crate::PAGES_MAX;
use crate::Violation;
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
use wenmai_page as page;
use wenmai_page::Issue;
use wenmai_page::Page;
use wenmai_store::Stored;
use wenmai_store::Vectors;
use wenmai_telemetry::label::Stage;

/// One result per record of a batch, in order.
pub type IngestResults = Vec<Result<Ingested, Error>>;

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
        let Prepared { results: prepared, drafts } = self.prepare(checked, &mut timings).await?;
        self.store_drafts(drafts, &mut timings).await?;
        for (at, result) in prepared {
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
        let Prepared { mut results, drafts } = self.prepare(articles, &mut timings).await?;
        results.sort_by_key(|(at, _)| *at);
        let mut ingested = Vec::with_capacity(results.len());
        for (at, result) in results {
            match result {
                Ok(one) => ingested.push(one),
                Err(error) => violations.extend(in_batch(at, error)?),
            }
        }
        if !violations.is_empty() {
            return Err(Error::Invalid(violations));
        }
        self.store_drafts(drafts, &mut timings).await?;
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

    /// Reads a page into articles, teasers and staff boxes; stores nothing.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a text without a letter, [`Error::TextTooLong`].
    pub fn parse_page(&self, text: &str, issue: &Issue) -> Result<Page, Error> {
        let decoded = input::decode("text", text.as_bytes())?;
        if !decoded.text.chars().any(char::is_alphanumeric) {
            return Err(Error::invalid("text", "the page holds no text"));
        }
        // Spans count from the start of `text`, so the text itself is parsed, mark included.
        Ok(page::parse(text, issue))
    }

    /// Reads the pages of one issue, and joins what goes on on another page; stores nothing. Each
    /// text has its entry in `issues`.
    ///
    /// # Errors
    /// [`Error::Invalid`] and [`Error::TextTooLong`] as [`Engine::parse_page`], naming `pages[i]`;
    /// [`Error::BatchTooLarge`] over [`PAGES_MAX`].
    pub fn parse_issue(&self, texts: &[String], issues: &[Issue]) -> Result<Vec<Page>, Error> {
        if texts.len() > PAGES_MAX {
            return Err(Error::BatchTooLarge { limit: PAGES_MAX, given: texts.len() });
        }
        let mut pages = Vec::with_capacity(texts.len());
        for (at, (text, issue)) in texts.iter().zip(issues).enumerate() {
            pages.push(self.parse_page(text, issue).map_err(|error| of_page(at, error))?);
        }
        page::join(&mut pages);
        Ok(pages)
    }

    /// Stores the articles of pages that were read; the results are those of the articles, page by
    /// page and in page order, teasers and staff boxes left out.
    ///
    /// # Errors
    /// As [`Engine::ingest`].
    pub async fn ingest_pages(&self, pages: &[Page]) -> Result<Vec<IngestResults>, Error> {
        let articles = |page: &Page| {
            let records = page.articles.iter().map(|parsed| &parsed.article.record);
            records.filter(|record| record.kind.is_article()).cloned().collect::<Vec<_>>()
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
        let mut prepared = Prepared { results, drafts: Vec::with_capacity(pending.len()) };
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
        // The model's threads embed while this task cuts terms; a full lane ends both.
        let embed = self.embed.embed(texts, Purpose::Passage, Lane::Bulk);
        let embed = timed(self.metrics().stage(Stage::Embed, embed));
        let embed = async {
            let (embedded, spent) = embed.await;
            embedded.map(|embedded| (embedded, spent))
        };
        let terms = self.metrics().stage(Stage::Terms, self.passages(&pending));
        let terms = async { Ok(timed(terms).await) };
        let ((embedded, embed_time), (terms, terms_time)) = futures::try_join!(embed, terms)?;
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
                        prepared.drafts.push(draft.with(text, terms, created_at_us, now));
                    }
                    prepared.results.push((at, Ok(ingested)));
                }
                Err(error) => prepared.results.push((at, Err(unreadable(error)))),
            }
        }
        Ok(())
    }

    /// Stores drafts. Without any draft it still waits until what was written before is durable,
    /// since another call may have written a moment ago what this one answers as unchanged.
    async fn store_drafts(
        &self,
        drafts: Vec<Draft>,
        timings: &mut IngestTimings,
    ) -> Result<(), Error> {
        let facts: Vec<_> = drafts
            .iter()
            .map(Draft::article)
            .map(|article| (article.id, self.facts_of(&article.record)))
            .collect();
        // Apart from the future of the call, which would grow too large to be moved around.
        let store = Box::pin(self.group_and_store(drafts));
        let store = self.metrics().stage(Stage::Write, store);
        let (stored, spent) = timed(store).await;
        timings.store += spent;
        if let Err(error) = stored {
            // Some may be written: what was known of them is read anew.
            for (id, _) in facts {
                self.facts.forget(id);
            }
            return Err(error);
        }
        self.facts.replace(facts);
        Ok(())
    }

    /// Terms, folded text and entities of each article; lets other tasks in between two articles.
    async fn passages(&self, articles: &[PendingArticle]) -> Vec<Passage> {
        let mut passages = Vec::with_capacity(articles.len());
        for PendingArticle { article, .. } in articles {
            let record = &article.record;
            let terms = self.analyzer.article(&record.title, &record.body());
            let entities = self.extractor.of_record(record);
            passages.push(Passage { terms, plain: Plain::of(record), entities });
            tokio::task::yield_now().await;
        }
        passages
    }
}

/// The output of `work`, and how long it took.
async fn timed<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let started = Instant::now();
    (work.await, started.elapsed())
}

/// The drafts that are ready to be stored, and the results to be returned once they are.
struct Prepared {
    results: Vec<(usize, Result<Ingested, Error>)>,
    drafts: Vec<Draft>,
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

/// The same failure with its field under the page `at`.
fn of_page(at: usize, error: Error) -> Error {
    error.under(|field| format!("pages[{at}].{field}"))
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
