//! Keeps in memory what facets count and orders by time compare: a few hundred bytes per article.
//!
//! A search that counts looks at all articles that match, up to some thousands, and reading their
//! whole texts for that would take longer than everything else together.

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

use jiff::civil::DateTime;

use crate::Engine;
use crate::Error;
use crate::search::FacetField;
use wenmai_domain::article::Article;
use wenmai_domain::id::ArticleId;
use wenmai_store::Remembered;
use wenmai_store::Vectors;

/// How many articles' columns are kept, about 500 MB.
const KEPT_MAX: usize = 1_000_000;

/// What is kept of one article.
#[derive(Debug)]
pub(super) struct Columns {
    /// The time of publication in China, if it is known.
    pub(super) published_at: Option<DateTime>,
    /// Its values of each facet, in the order of [`FacetField::ALL`].
    values: [Box<[Arc<str>]>; FacetField::ALL.len()],
}

impl Columns {
    /// Its values of `field`, as [`FacetField::of`] gives them.
    pub(super) fn values(&self, field: FacetField) -> &[Arc<str>] {
        FacetField::ALL
            .iter()
            .zip(&self.values)
            .find(|(of, _)| **of == field)
            .map_or(&[], |(_, values)| values)
    }
}

/// The columns of articles.
#[derive(Debug)]
pub(super) struct Cache {
    columns: Remembered<Arc<Columns>>,
    /// Each value once: a thousand articles name one paper.
    names: Mutex<HashSet<Arc<str>>>,
}

impl Default for Cache {
    fn default() -> Self {
        Self { columns: Remembered::new(KEPT_MAX), names: Mutex::default() }
    }
}

impl Cache {
    /// Forgets articles that were written or deleted.
    pub(super) fn forget<'a>(&self, ids: impl IntoIterator<Item = &'a ArticleId>) {
        self.columns.forget(ids);
    }

    pub(super) fn of(&self, article: &Article) -> Columns {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let mut name = |value: String| {
            if let Some(known) = names.get(value.as_str()) {
                return Arc::clone(known);
            }
            let new: Arc<str> = value.into();
            names.insert(Arc::clone(&new));
            new
        };
        let values =
            FacetField::ALL.map(|field| field.of(article).into_iter().map(&mut name).collect());
        Columns { published_at: article.record.published_at, values }
    }
}

impl Engine {
    /// Forgets what is known of an article that was written, deleted or changed by another process.
    pub(super) fn forget(&self, id: ArticleId) {
        self.facts.forget(id);
        self.columns.forget([&id]);
    }

    /// The columns of those of `ids` that are stored. Where other processes write to the store as
    /// well, they are read anew each time.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(super) async fn columns(
        &self,
        ids: &[ArticleId],
    ) -> Result<HashMap<ArticleId, Arc<Columns>>, Error> {
        let is_kept = !self.store.is_shared();
        let cache = &self.columns.columns;
        let seen = cache.look_up(if is_kept { ids } else { &[] });
        let unknown: Vec<ArticleId> =
            ids.iter().filter(|id| !seen.known.contains_key(id)).copied().collect();
        let stored = self.store.fetch(&unknown, Vectors::No).await?.into_iter().flatten();
        let read = stored.map(|one| (one.article.id, Arc::new(self.columns.of(&one.article))));
        let read: Vec<_> = read.collect();
        if is_kept {
            cache.learn(&seen, read.iter().cloned());
        }
        let mut found = seen.known;
        found.extend(read);
        Ok(found)
    }
}
