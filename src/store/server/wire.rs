//! Points, ids, vectors and payloads in the types of Qdrant's gRPC API, and back.

use std::collections::HashMap;

use ::qdrant_client::qdrant::DenseVector;
use ::qdrant_client::qdrant::NamedVectors;
use ::qdrant_client::qdrant::PayloadIncludeSelector;
use ::qdrant_client::qdrant::PointId;
use ::qdrant_client::qdrant::PointStruct;
use ::qdrant_client::qdrant::RetrievedPoint;
use ::qdrant_client::qdrant::SparseVector;
use ::qdrant_client::qdrant::Value;
use ::qdrant_client::qdrant::Vector;
use ::qdrant_client::qdrant::Vectors;
use ::qdrant_client::qdrant::VectorsOutput;
use ::qdrant_client::qdrant::VectorsSelector;
use ::qdrant_client::qdrant::WithPayloadSelector;
use ::qdrant_client::qdrant::WithVectorsSelector;
use ::qdrant_client::qdrant::point_id::PointIdOptions;
use ::qdrant_client::qdrant::vector;
use ::qdrant_client::qdrant::vector_output;
use ::qdrant_client::qdrant::vectors::VectorsOptions;
use ::qdrant_client::qdrant::vectors_output;
use ::qdrant_client::qdrant::with_payload_selector;
use ::qdrant_client::qdrant::with_vectors_selector;
use serde_json::Map;
use uuid::Uuid;

use crate as store;
use crate::Error;
use crate::Point;
use crate::Stored;
use crate::payload;
use crate::payload::REPRINT;
use crate::payload::TERMS;
use crate::payload::TEXT;
use crate::server::error;
use crate::server::fence::TERM;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::id::ArticleId;
use wenmai_domain::reprint::Signature;
use wenmai_domain::terms::TermVector;

/// A payload in a message.
pub type Payload = HashMap<String, Value>;

/// The id of the point of an article.
pub fn article_point(id: &ArticleId) -> PointId {
    uuid_point(id.uuid())
}

/// A point id that is a UUID.
pub fn uuid_point(id: Uuid) -> PointId {
    PointId { point_id_options: Some(PointIdOptions::Uuid(id.to_string())) }
}

/// A point id that is a number.
pub fn number_point(number: u64) -> PointId {
    PointId { point_id_options: Some(PointIdOptions::Num(number)) }
}

/// The UUID in a point id; `None` if it is a number.
///
/// # Errors
/// [`Error::Failed`] if there is no id.
pub fn uuid_of(id: Option<&PointId>) -> Result<Option<Uuid>, Error> {
    match id.and_then(|id| id.point_id_options.as_ref()) {
        Some(PointIdOptions::Uuid(text)) => Uuid::parse_str(text).map(Some).map_err(error::failed),
        Some(PointIdOptions::Num(_)) => Ok(None),
        None => Err(error::failed("a point has no id")),
    }
}

/// The number in a point id; `None` if it is a UUID.
pub fn number_of(id: Option<&PointId>) -> Option<u64> {
    match id?.point_id_options.as_ref()? {
        PointIdOptions::Num(number) => Some(*number),
        PointIdOptions::Uuid(_) => None,
    }
}

/// The article that a point belongs to.
///
/// # Errors
/// [`Error::Failed`] if the id is not a UUID.
pub fn article_of(id: Option<&PointId>) -> Result<ArticleId, Error> {
    let uuid = uuid_of(id)?.ok_or_else(|| error::failed("a point with a number is no article"))?;
    Ok(ArticleId::from(uuid))
}

/// Asks for the whole payload, or for none.
pub fn with_payload(all: bool) -> WithPayloadSelector {
    let enable = with_payload_selector::SelectorOptions::Enable(all);
    WithPayloadSelector { selector_options: Some(enable) }
}

/// Asks for these keys of the payload.
pub fn with_keys(keys: &[&str]) -> WithPayloadSelector {
    let fields = keys.iter().map(|key| (*key).to_owned()).collect();
    let include =
        with_payload_selector::SelectorOptions::Include(PayloadIncludeSelector { fields });
    WithPayloadSelector { selector_options: Some(include) }
}

/// Asks for the vectors of these names; for none if there are no names.
pub fn with_vectors(names: &[&str]) -> WithVectorsSelector {
    let options = if names.is_empty() {
        with_vectors_selector::SelectorOptions::Enable(false)
    } else {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        with_vectors_selector::SelectorOptions::Include(VectorsSelector { names })
    };
    WithVectorsSelector { selector_options: Some(options) }
}

/// Converts a JSON object into a payload.
pub fn to_payload(object: Map<String, serde_json::Value>) -> Payload {
    object.into_iter().map(|(key, value)| (key, Value::from(value))).collect()
}

/// Converts a payload into a JSON object, without the term in which the point was written.
pub fn from_payload(mut payload: Payload) -> Map<String, serde_json::Value> {
    payload.remove(TERM);
    payload.into_iter().map(|(key, value)| (key, value.into_json())).collect()
}

/// A dense vector with a copy of `values`.
pub fn dense(values: &[f32]) -> Vector {
    dense_of(values.to_vec())
}

/// A dense vector that takes over `data`.
pub fn dense_of(data: Vec<f32>) -> Vector {
    Vector { vector: Some(vector::Vector::Dense(DenseVector { data })), ..Vector::default() }
}

/// A sparse vector.
pub fn sparse(indices: Vec<u32>, values: Vec<f32>) -> Vector {
    let sparse = SparseVector { values, indices };
    Vector { vector: Some(vector::Vector::Sparse(sparse)), ..Vector::default() }
}

/// The sparse vector of a signature: 1 at the index of each hash.
pub fn signature(signature: &Signature) -> Vector {
    let keys = signature.keys().to_vec();
    let ones = vec![1.0; keys.len()];
    sparse(keys, ones)
}

/// Named vectors of one point.
pub fn named(vectors: impl IntoIterator<Item = (&'static str, Vector)>) -> Vectors {
    let vectors = vectors.into_iter().map(|(name, vector)| (name.to_owned(), vector)).collect();
    Vectors { vectors_options: Some(VectorsOptions::Vectors(NamedVectors { vectors })) }
}

/// Converts a point into what the server writes.
///
/// # Errors
/// [`Error::Failed`] if the record does not serialise to a JSON object.
pub fn to_point(id: &ArticleId, mut point: Point) -> Result<PointStruct, Error> {
    let reprint = signature(&std::mem::take(&mut point.signature));
    let (payload, text, terms) = payload::from_point(point).map_err(error::failed)?;
    let terms = sparse(terms.indices().to_vec(), terms.values().to_vec());
    // Empty vectors are written too: one that is left out might stay as it was before.
    let vectors = named([(REPRINT, reprint), (TEXT, dense(text.values())), (TERMS, terms)]);
    Ok(PointStruct {
        id: Some(article_point(id)),
        payload: to_payload(payload),
        vectors: Some(vectors),
    })
}

/// Converts what the server read into a point.
///
/// # Errors
/// [`Error::Failed`] for a point that was not written by [`to_point`].
pub fn to_stored(point: RetrievedPoint, vectors: store::Vectors) -> Result<Stored, Error> {
    let id = article_of(point.id.as_ref())?;
    let vectors = match vectors {
        store::Vectors::No => None,
        store::Vectors::Yes => Some(read_vectors(point.vectors)?),
    };
    payload::to_stored(id, from_payload(point.payload), vectors).map_err(error::failed)
}

/// The vectors of a point by name.
pub fn vectors_of(vectors: Option<VectorsOutput>) -> HashMap<String, vector_output::Vector> {
    let Some(vectors_output::VectorsOptions::Vectors(named)) =
        vectors.and_then(|vectors| vectors.vectors_options)
    else {
        return HashMap::new();
    };
    let read = named.vectors.into_iter().filter_map(|(name, one)| Some((name, one.vector?)));
    read.collect()
}

/// The embedding of an article that was read with its vector `text`.
pub fn to_embedding(vectors: Option<VectorsOutput>) -> Result<Embedding, Error> {
    take_embedding(&mut vectors_of(vectors))
}

fn take_embedding(
    vectors: &mut HashMap<String, vector_output::Vector>,
) -> Result<Embedding, Error> {
    let Some(vector_output::Vector::Dense(DenseVector { data })) = vectors.remove(TEXT) else {
        return Err(error::failed("point has no embedding"));
    };
    Embedding::normalize(data).map_err(error::failed)
}

fn read_vectors(vectors: Option<VectorsOutput>) -> Result<(Embedding, TermVector), Error> {
    let mut vectors = vectors_of(vectors);
    let text = take_embedding(&mut vectors)?;
    let terms = match vectors.remove(TERMS) {
        Some(vector_output::Vector::Sparse(SparseVector { indices, values })) => {
            TermVector::from_weights(indices.into_iter().zip(values))
        }
        // The server need not return an empty vector.
        None => TermVector::default(),
        Some(vector_output::Vector::Dense(_) | vector_output::Vector::MultiDense(_)) => {
            return Err(error::failed("the terms of a point are no sparse vector"));
        }
    };
    Ok((text, terms))
}
