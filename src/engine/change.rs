//! Changes of the store that take several writes, which run to their end whoever waits for them.
//!
//! A caller may go away at any time: its deadline passes, its connection breaks. Until its change
//! holds the write lock, nothing was done and nothing will be. From then on the change runs in a
//! task of its own ([`to_its_end`]), and the caller only waits for the result; one that asks again
//! gets the result that is true by then.
//!
//! A process can die between two writes, and a store can fail there. A change that would leave
//! something wrong behind first notes its articles in the store ([`Engine::begin`]), and the note
//! is taken away when all is done. Whoever takes the write lock next and finds a note mends the
//! groups of these articles ([`Engine::mend`]); the thread of the topics takes those that are
//! deleted out of their topics, and takes the note away (`topics::worker`).

use std::collections::BTreeSet;
use std::future::Future;

use tracing::Instrument;

use crate::Engine;
use crate::Error;
use wenmai_domain::id::ArticleId;
use wenmai_store as store;
use wenmai_store::Mark;

/// Runs `work` to its end, also if the caller stops waiting for it.
///
/// # Errors
/// What `work` returns; [`store::Error::Closed`] if the runtime ends before it does.
pub(super) async fn to_its_end<T, W>(work: W) -> Result<T, Error>
where
    T: Send + 'static,
    W: Future<Output = Result<T, Error>> + Send + 'static,
{
    match tokio::spawn(work.in_current_span()).await {
        Ok(done) => done,
        Err(ended) => match ended.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_runtime_ended) => Err(Error::Store(store::Error::Closed)),
        },
    }
}

impl Engine {
    /// Announces the articles of a write where another process could take over before it arrives;
    /// see `fence`. Needs the write lock.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(super) async fn announce(
        &self,
        articles: impl IntoIterator<Item = ArticleId>,
    ) -> Result<(), Error> {
        if self.store.is_shared() {
            self.begin(articles.into_iter().collect()).await
        } else {
            Ok(())
        }
    }

    /// Notes in the store, durably, that a change of these articles begins. Needs the write lock.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(super) async fn begin(&self, articles: BTreeSet<ArticleId>) -> Result<(), Error> {
        let mark = self.store.mark().await?;
        let mut unsettled: BTreeSet<ArticleId> = mark.unsettled.into_iter().collect();
        let known = unsettled.len();
        unsettled.extend(articles);
        if unsettled.len() == known {
            return Ok(());
        }
        self.lease.unsettle();
        self.note(Mark { unsettled: unsettled.into_iter().collect(), ..mark }).await
    }

    /// Replaces the mark of the topics' log.
    async fn note(&self, mark: Mark) -> Result<(), Error> {
        let noted = self.store.append(self.lease.term(), Vec::new(), mark).await;
        match &noted {
            Ok(()) => {}
            Err(store::Error::Fenced { .. }) => self.lease.lose(),
            Err(_) => self.lease.doubt(),
        }
        Ok(noted?)
    }

    /// Takes the note of [`Engine::begin`] away where there is no topic worker that does it. Needs
    /// the write lock.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(super) async fn end(&self) -> Result<(), Error> {
        if self.topics.is_some() || !self.lease.is_unsettled() {
            return Ok(());
        }
        let mark = self.store.mark().await?;
        if !mark.unsettled.is_empty() {
            self.note(Mark { unsettled: Vec::new(), ..mark }).await?;
        }
        self.lease.settle();
        Ok(())
    }

    /// Mends what a change that broke off left behind, if there may be one: see the module. Needs
    /// the write lock.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(super) async fn mend(&self) -> Result<(), Error> {
        if !self.lease.is_unsettled() {
            return Ok(());
        }
        let articles = self.store.mark().await?.unsettled;
        if articles.is_empty() {
            self.lease.settle();
            return Ok(());
        }
        let mut groups = BTreeSet::new();
        for known in self.store.memberships(&articles).await?.into_iter().flatten() {
            groups.insert(known.group);
        }
        let mut mended = 0_u64;
        for group in groups {
            mended += u64::from(self.mend_group(group).await?);
        }
        for article in &articles {
            self.forget(*article);
        }
        if mended > 0 {
            tracing::warn!(mended, "a change had broken off; groups of reprints were mended");
        }
        self.end().await
    }
}
