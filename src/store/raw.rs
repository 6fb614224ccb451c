//! Points exactly as a store keeps them, for moving an index from one store to another (see
//! `transfer`).

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::Map;
use serde_json::Value;
use uuid::Uuid;

use crate::Error;
use crate::VectorStore;
use wenmai_domain::limit::Limit;

/// The two kinds of points that are moved as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Articles,
    /// The topics without their log, whose rows are read and appended.
    Topics,
}

/// A point exactly as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    pub id: Uuid,
    pub payload: Map<String, Value>,
    /// The dense vector; `None` where there is none, as for a topic that was merged.
    pub dense: Option<Vec<f32>>,
    /// The non-empty sparse vectors by name, each as pairs of index and value in ascending order of
    /// index.
    pub sparse: BTreeMap<&'static str, Vec<(u32, f32)>>,
}

/// A store whose points can be read and written as they are.
#[async_trait]
pub trait Transfer: VectorStore {
    /// Reads points in ascending order of id, starting at `from`; also returns the id at which the
    /// next page starts.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn dump(
        &self,
        part: Part,
        from: Uuid,
        limit: Limit,
    ) -> Result<(Vec<Kept>, Option<Uuid>), Error>;

    /// Reads the points of `ids` that exist, in any order.
    ///
    /// # Errors
    /// [`Error::Failed`].
    async fn pick(&self, part: Part, ids: Vec<Uuid>) -> Result<Vec<Kept>, Error>;

    /// Writes points, each in the place of the one of the same id; durable when it returns.
    ///
    /// # Errors
    /// [`Error::Failed`], [`Error::Full`].
    async fn load(&self, part: Part, points: Vec<Kept>) -> Result<(), Error>;
}
