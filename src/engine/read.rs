//! Get, list, delete, embed; facts and readiness.

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::OnceCell;
use tokio::sync::Semaphore;

use crate::ArticleList;
use crate::EMBED_TEXTS_MAX;
use crate::Engine;
use crate::Error;
use crate::Info;
use crate::StoredArticle;
use crate::Violation;
use crate::calibration::Calibrated;
use crate::change::to_its_end;
use crate::index_version;
use crate::input;
use crate::lease::LeaseTiming;
use crate::lease::WriterLease;
use crate::pool::Pool;
use crate::ranker;
use crate::ranker::Ranker;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::filter::Filter;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_embed as embed;
use wenmai_embed::Embedded;
use wenmai_embed::Lane;
use wenmai_embed::Purpose;
use wenmai_store as store;
use wenmai_store::Stored;
use wenmai_store::Vectors;
use wenmai_telemetry::Metrics;
use wenmai_text::entity::Extractor;
use wenmai_text::terms::Analyzer;

/// Characters of the name of a snapshot.
const SNAPSHOT_NAME_MAX: usize = 100;
/// Texts of one embed call that still go before imports.
const QUERY_TEXTS_MAX: usize = 8;

impl Engine {
    /// Joins a running model, an open store, and the analyzer and extractor of terms and entities.
    #[must_use]
    pub fn new(embed: embed::Handle, store: store::Store, extractor: Arc<Extractor>) -> Self {
        let analyzer = Arc::clone(extractor.analyzer());
        let index_version = index_version(embed.info()).into();
        let ranker = Arc::new(Ranker::bundled());
        let is_native = ranker.is_of(embed.info());
        let calibration = if is_native { Calibrated::Native.into() } else { OnceCell::new() };
        let facts = Arc::default();
        let write_lock = Arc::new(Semaphore::new(1));
        let lease = Arc::new(WriterLease::new(store.clone(), LeaseTiming::default()));
        let (next_arrival, changes, topics) = (Arc::default(), Arc::default(), None);
        let store = store::metered(store, embed.metrics().clone());
        Self {
            embed,
            store,
            analyzer,
            extractor,
            index_version,
            facts,
            columns: Arc::default(),
            names: Arc::default(),
            vocabulary: Arc::default(),
            ranker,
            calibration: Arc::new(calibration),
            write_lock,
            lease,
            next_arrival,
            changes,
            topics,
            rewriter: None,
            snapshots: None,
            pool: Pool::default(),
        }
    }

    /// The metrics that all parts of this engine count into.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        self.embed.metrics()
    }

    /// How many texts may wait for the model in each lane, and how many tokens one forward pass
    /// takes.
    #[must_use]
    pub fn embed_limits(&self) -> (usize, usize) {
        self.embed.limits()
    }

    /// The same engine with another ranker; model, store and caches are shared.
    ///
    /// # Errors
    /// [`ranker::Error`] for a file that cannot be read or was fitted to another model.
    pub fn with_ranker(mut self, config: &ranker::Config) -> Result<Self, ranker::Error> {
        self.ranker = Arc::new(Ranker::open(config, self.embed.info())?);
        Ok(self)
    }

    /// The same engine without learned weights.
    #[must_use]
    pub fn without_ranker(mut self) -> Self {
        self.ranker = Arc::new(Ranker::none());
        self
    }

    /// The analyzer that cuts texts into terms.
    #[must_use]
    pub fn analyzer(&self) -> &Analyzer {
        &self.analyzer
    }

    /// The article of that id.
    ///
    /// # Errors
    /// [`Error::ArticleNotFound`]; [`Error::Store`].
    pub async fn get(&self, id: ArticleId) -> Result<StoredArticle, Error> {
        let found = self.store.fetch(&[id], Vectors::No).await?;
        found.into_iter().flatten().next().map(stored_article).ok_or(Error::ArticleNotFound { id })
    }

    /// Articles that pass `filter`, in ascending order of id, from `from` on.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn list(
        &self,
        filter: &Filter,
        from: Option<ArticleId>,
        limit: Limit,
    ) -> Result<ArticleList, Error> {
        let filter = self.keyed(filter.clone()).await?;
        let listing = self.store.list(&filter, from, limit).await?;
        let total_count = self.store.count(&filter).await?;
        let articles = listing.points.into_iter().map(stored_article).collect();
        Ok(ArticleList { articles, next: listing.next, total_count })
    }

    /// `filter` in the words of the index: names are replaced by the keys under which articles have
    /// them, topics by their articles, and groups of reprints by those in which theirs are now.
    ///
    /// # Errors
    /// [`Error::TopicNotFound`]; [`Error::TopicsOff`]; [`Error::Store`].
    pub(super) async fn keyed(&self, filter: Filter) -> Result<Filter, Error> {
        let filter = self.with_present_groups(filter).await?;
        let filter = filter.with_keys(&|field, name| self.extractor.key(field.kind(), name));
        filter.with_topics(&|topic| Ok(self.members_of(topic)?.into_iter().collect()))
    }

    /// Deletes the article of that id; durable when it returns.
    ///
    /// # Errors
    /// [`Error::ArticleNotFound`]; [`Error::Store`].
    pub async fn delete(&self, id: ArticleId) -> Result<(), Error> {
        let deleted = self.leave_and_delete(id).await?;
        if deleted.contains(&id) { Ok(()) } else { Err(Error::ArticleNotFound { id }) }
    }

    /// Embeds texts as the index would.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming `texts[i]` for a text that holds nothing to embed;
    /// [`Error::TextTooLong`]; [`Error::BatchTooLarge`]; [`Error::Embed`].
    pub async fn embed(
        &self,
        texts: Vec<String>,
        purpose: Purpose,
    ) -> Result<Vec<Embedded>, Error> {
        for (at, text) in texts.iter().enumerate() {
            input::text_fits(&format!("texts[{at}]"), text.len())?;
        }
        let mut embedded = Vec::with_capacity(texts.len());
        let mut violations = Vec::new();
        for one in self.embed_each(texts, purpose).await? {
            match one {
                Ok(one) => embedded.push(one),
                Err(Error::Invalid(wrong)) => violations.extend(wrong),
                Err(error) => return Err(error),
            }
        }
        if violations.is_empty() { Ok(embedded) } else { Err(Error::Invalid(violations)) }
    }

    /// The same, but a text that cannot be embedded costs the others nothing: its place in the answer
    /// holds [`Error::Invalid`] or [`Error::TextTooLong`], both of which name `texts[i]`.
    ///
    /// # Errors
    /// [`Error::Invalid`] if there are no texts; [`Error::BatchTooLarge`]; [`Error::Embed`].
    pub async fn embed_each(
        &self,
        texts: Vec<String>,
        purpose: Purpose,
    ) -> Result<Vec<Result<Embedded, Error>>, Error> {
        let given = texts.len();
        if given > EMBED_TEXTS_MAX {
            return Err(Error::BatchTooLarge { limit: EMBED_TEXTS_MAX, given });
        }
        if given == 0 {
            return Err(Error::invalid("texts", "at least one text is needed"));
        }
        let mut each = Vec::with_capacity(given);
        let (mut fitting, mut places) = (Vec::with_capacity(given), Vec::with_capacity(given));
        for (at, text) in texts.into_iter().enumerate() {
            let fits = input::text_fits(&format!("texts[{at}]"), text.len());
            if fits.is_ok() {
                fitting.push(text);
                places.push(at);
            }
            let unread =
                Violation::new(format!("texts[{at}]"), "holds nothing that the model can read");
            each.push(fits.and(Err(Error::Invalid(vec![unread]))));
        }
        if fitting.is_empty() {
            return Ok(each);
        }
        // Many texts are an import, and must not keep searches waiting.
        let lane = if given > QUERY_TEXTS_MAX { Lane::Bulk } else { Lane::Query };
        let embedded = self.embed.embed(fitting, purpose, lane).await?;
        for (at, result) in places.into_iter().zip(embedded) {
            match result {
                Ok(one) => {
                    if let Some(place) = each.get_mut(at) {
                        *place = Ok(one);
                    }
                }
                Err(embed::Error::Empty | embed::Error::NoDirection) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(each)
    }

    /// The embeddings that are stored with articles, in the order of `ids`; `None` for an article
    /// that is not stored.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn embeddings(&self, ids: &[ArticleId]) -> Result<Vec<Option<Embedding>>, Error> {
        let stored = self.store.fetch(ids, Vectors::Yes).await?;
        Ok(stored.into_iter().map(|stored| stored?.vectors.map(|(text, _)| text)).collect())
    }

    /// Facts about model, index and store.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn info(&self) -> Result<Info, Error> {
        Ok(Info {
            model: self.embed.info().clone(),
            index_version: self.index_version.to_string(),
            store: self.store.status().await?,
        })
    }

    /// Runs a forward pass of the model and asks the store: `Ok` means that queries can be
    /// answered.
    ///
    /// # Errors
    /// [`Error::Embed`]; [`Error::Store`].
    pub async fn ready(&self) -> Result<(), Error> {
        self.embed.embed_one("新闻".to_owned(), Purpose::Query, Lane::Query).await?;
        self.store.status().await?;
        Ok(())
    }

    /// Builds the search graph over what was ingested now, instead of in the background.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn optimize(&self) -> Result<(), Error> {
        Ok(self.store.optimize().await?)
    }

    /// Copies the index as it is now, topics included, into the new folder `to`, which an engine can
    /// then open. Writes wait meanwhile, searches go on.
    ///
    /// # Errors
    /// [`Error::Store`]: the index is on a server, `to` exists already or cannot be written.
    pub async fn snapshot(&self, to: &Path) -> Result<(), Error> {
        self.settle_topics().await?;
        let lock = self.lock_writes().await?;
        let (engine, to) = (self.clone(), to.to_owned());
        to_its_end(async move {
            let _lock = lock;
            Ok(engine.store.snapshot(&to).await?)
        })
        .await
    }

    /// The same engine, which makes named snapshots below this folder.
    #[must_use]
    pub fn with_snapshots(self, folder: Option<PathBuf>) -> Self {
        Self { snapshots: folder.map(Into::into), ..self }
    }

    /// Copies the index into a new folder of this name below that of the snapshots, and returns the
    /// name; an empty one is replaced by the time.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a name that is no name of a folder, and where this engine has no
    /// folder of snapshots; those of [`Engine::snapshot`].
    pub async fn snapshot_named(&self, name: &str) -> Result<String, Error> {
        let Some(folder) = &self.snapshots else {
            let what = "this service makes no snapshots: start it with --snapshots DIR";
            return Err(Error::invalid("name", what));
        };
        let name = if name.is_empty() {
            jiff::Timestamp::now().strftime("%Y-%m-%dT%H-%M-%SZ").to_string()
        } else {
            name.to_owned()
        };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.len() > SNAPSHOT_NAME_MAX || name.starts_with('.') || !name.chars().all(is_plain) {
            let what = format!(
                "is no name of a snapshot: letters, digits, `-`, `_` and `.`, at most \
                 {SNAPSHOT_NAME_MAX}, and no `.` at the front"
            );
            return Err(Error::invalid("name", what));
        }
        std::fs::create_dir_all(folder).map_err(|source| {
            let folder = folder.to_path_buf();
            Error::Store(store::Error::Folder { folder, source: source.into() })
        })?;
        self.snapshot(&folder.join(&name)).await?;
        Ok(name)
    }

    /// Waits until what was stored has its topics, stops the model's threads, writes everything out
    /// and unlocks the data folder. A process that does not wait for it loses nothing: the next
    /// start goes on where this one ended.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn close(&self) -> Result<(), Error> {
        self.embed.stop();
        if let Some(topics) = &self.topics {
            if self.lease.is_held()
                && let Err(error) = self.settle_topics().await
            {
                tracing::warn!(error = &error as &dyn std::error::Error, "topics fell behind");
            }
            topics.close();
        }
        // A change that runs to its end without its caller ends first, and none begins after it.
        let _lock = self.lock_local().await?;
        if let Err(error) = self.lease.release().await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the lease is not released");
        }
        Ok(self.store.close().await?)
    }
}

pub(super) fn stored_article(stored: Stored) -> StoredArticle {
    let Stored {
        article,
        membership: _,
        arrival: _,
        content_hash: _,
        created_at_us,
        updated_at_us,
        vectors: _,
    } = stored;
    StoredArticle { article, created_at_us, updated_at_us }
}
