//! Ids and vectors of articles in the engine's types.

use qdrant_edge::PointId;
use qdrant_edge::SparseVector;

use crate::Error;
use crate::edge::error;
use wenmai_domain::id::ArticleId;
use wenmai_domain::reprint::Signature;

pub fn point_id(id: &ArticleId) -> PointId {
    PointId::Uuid(id.uuid())
}

/// The id of the article that a point belongs to.
///
/// # Errors
/// [`Error::Failed`] for a point with a number, which is no article.
pub fn article_id(id: &PointId) -> Result<ArticleId, Error> {
    match id {
        PointId::Uuid(uuid) => Ok(ArticleId::from(*uuid)),
        PointId::NumId(number) => Err(error::failed(format!("point {number} is no article"))),
    }
}

/// The sparse vector of a signature: 1 at the index of each hash.
pub fn signature_vector(signature: &Signature) -> SparseVector {
    let indices = signature.keys().to_vec();
    SparseVector { values: vec![1.0; indices.len()], indices }
}
