//! Ids and vectors of articles in the engine's own types.

use qdrant_edge::PointId;
use qdrant_edge::SparseVector;

use crate::Error;
use crate::edge::error;
use wenmai_domain::id::ArticleId;
use wenmai_domain::reprint::Signature;

/// The id of an article's point.
pub fn point_id(id: &ArticleId) -> PointId {
    PointId::Uuid(id.uuid())
}

/// The article of a point.
///
/// # Errors
/// [`Error::Failed`] for a point that is no article.
pub fn article_id(id: &PointId) -> Result<ArticleId, Error> {
    match id {
        PointId::Uuid(uuid) => Ok(ArticleId::from(*uuid)),
        PointId::NumId(number) => Err(error::failed(format!("point {number} is no article"))),
    }
}

/// The sparse vector of a signature.
pub fn signature_vector(signature: &Signature) -> SparseVector {
    let indices = signature.keys().to_vec();
    SparseVector { values: vec![1.0; indices.len()], indices }
}
