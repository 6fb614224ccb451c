//! Ids and vectors of articles in the engine's types.

use std::collections::HashMap;

use qdrant_edge::Payload;
use qdrant_edge::PointId;
use qdrant_edge::PointStructPersisted;
use qdrant_edge::Record;
use qdrant_edge::SparseVector;
use qdrant_edge::VectorInternal;
use qdrant_edge::VectorPersisted;
use qdrant_edge::VectorStructInternal;
use qdrant_edge::VectorStructPersisted;

use crate::Error;
use crate::Point;
use crate::Stored;
use crate::Vectors;
use crate::edge::error;
use crate::payload;
use crate::payload::REPRINT;
use crate::payload::TERMS;
use crate::payload::TEXT;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::id::ArticleId;
use wenmai_domain::reprint::Signature;
use wenmai_domain::terms::TermVector;

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

pub fn sparse(terms: &TermVector) -> SparseVector {
    SparseVector { indices: terms.indices().to_vec(), values: terms.values().to_vec() }
}

/// Converts a point into what the engine writes.
pub fn persisted(id: ArticleId, mut point: Point) -> Result<PointStructPersisted, Error> {
    let signature = signature_vector(&std::mem::take(&mut point.signature));
    let (payload, text, terms) = payload::from_point(point).map_err(error::failed)?;
    let vectors = HashMap::from([
        // An empty vector is written too: one that is left out would stay as it was before.
        (REPRINT.to_owned(), VectorPersisted::Sparse(signature)),
        (TEXT.to_owned(), VectorPersisted::Dense(text.values().to_vec())),
        (TERMS.to_owned(), VectorPersisted::Sparse(sparse(&terms))),
    ]);
    Ok(PointStructPersisted {
        id: point_id(&id),
        vector: VectorStructPersisted::Named(vectors),
        payload: Some(Payload(payload)),
    })
}

/// Converts what the engine read into a point.
pub fn stored(record: Record, vectors: Vectors) -> Result<Stored, Error> {
    let id = article_id(&record.id)?;
    let payload = record.payload.unwrap_or_default();
    let vectors = match vectors {
        Vectors::No => None,
        Vectors::Yes => Some(read_vectors(record.vector)?),
    };
    payload::to_stored(id, payload.0, vectors).map_err(error::failed)
}

/// The embedding and the terms of an article that was read with both vectors.
///
/// # Errors
/// [`Error::Failed`] for a point without an embedding.
pub fn read_vectors(
    vectors: Option<VectorStructInternal>,
) -> Result<(Embedding, TermVector), Error> {
    let mut vectors = named(vectors)?;
    let text = take_embedding(&mut vectors)?;
    let terms = match vectors.remove(TERMS) {
        Some(VectorInternal::Sparse(SparseVector { indices, values })) => {
            TermVector::from_weights(indices.into_iter().zip(values))
        }
        // The engine does not return an empty vector.
        None => TermVector::default(),
        Some(VectorInternal::Dense(_) | VectorInternal::MultiDense(_)) => {
            return Err(error::failed("the terms of a point are no sparse vector"));
        }
    };
    Ok((text, terms))
}

/// The embedding of an article that was read with its vector `text`.
///
/// # Errors
/// [`Error::Failed`] for a point without one.
pub fn embedding(vectors: Option<VectorStructInternal>) -> Result<Embedding, Error> {
    take_embedding(&mut named(vectors)?)
}

fn named(vectors: Option<VectorStructInternal>) -> Result<HashMap<String, VectorInternal>, Error> {
    match vectors {
        Some(VectorStructInternal::Named(vectors)) => Ok(vectors),
        _ => Err(error::failed("point has no named vectors")),
    }
}

fn take_embedding(vectors: &mut HashMap<String, VectorInternal>) -> Result<Embedding, Error> {
    match vectors.remove(TEXT) {
        Some(VectorInternal::Dense(text)) => Embedding::normalize(text).map_err(error::failed),
        _ => Err(error::failed("point has no embedding")),
    }
}
