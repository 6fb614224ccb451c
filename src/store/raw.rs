//! Points exactly as a store keeps them, and how a store gives them away and takes those of others.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::Map;
use serde_json::Value;
use uuid::Uuid;

use crate::Error;
use crate::VectorStore;
use wenmai_domain::limit::Limit;

/// Which points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Articles.
    Articles,
    /// Topics, without their log.
    Topics,
}

/// A point exactly as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// Its id.
    pub id: Uuid,
    /// Its payload.
    pub payload: Map<String, Value>,
    /// Its dense vector, if it has one.
    pub dense: Option<Vec<f32>>,
    /// Its sparse vectors that are not empty, by name, in order of index.
    pub sparse: BTreeMap<&'static str, Vec<(u32, f32)>>,
}

/// Gives its points away, and takes those of others, as they are.
#[async_trait]
pub trait Transfer: VectorStore {
    /// Points in order of id, from `from` on; and where they go on.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn dump(
        &self,
        part: Part,
        from: Uuid,
        limit: Limit,
    ) -> Result<(Vec<Kept>, Option<Uuid>), Error>;

    /// Those of `ids` that are there, in any order.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn pick(&self, part: Part, ids: Vec<Uuid>) -> Result<Vec<Kept>, Error>;

    /// Writes points, each replacing the one of its id; durable when it returns.
    ///
    /// # Errors
    /// [`Error::Failed`], [`Error::Full`].
    async fn load(&self, part: Part, points: Vec<Kept>) -> Result<(), Error>;
}
