//! What the calls for points do to a collection.

use std::collections::BTreeMap;
use std::collections::HashMap;

use ::qdrant_client::qdrant::DenseVector;
use ::qdrant_client::qdrant::Direction;
use ::qdrant_client::qdrant::Filter;
use ::qdrant_client::qdrant::NamedVectorsOutput;
use ::qdrant_client::qdrant::PointStruct;
use ::qdrant_client::qdrant::PointVectors;
use ::qdrant_client::qdrant::PointsSelector;
use ::qdrant_client::qdrant::QueryPoints;
use ::qdrant_client::qdrant::RetrievedPoint;
use ::qdrant_client::qdrant::ScoredPoint;
use ::qdrant_client::qdrant::ScrollPoints;
use ::qdrant_client::qdrant::ScrollResponse;
use ::qdrant_client::qdrant::SparseVector;
use ::qdrant_client::qdrant::UpdateMode;
use ::qdrant_client::qdrant::Value;
use ::qdrant_client::qdrant::VectorOutput;
use ::qdrant_client::qdrant::Vectors;
use ::qdrant_client::qdrant::VectorsOutput;
use ::qdrant_client::qdrant::WithPayloadSelector;
use ::qdrant_client::qdrant::points_selector::PointsSelectorOneOf;
use ::qdrant_client::qdrant::query;
use ::qdrant_client::qdrant::start_from;
use ::qdrant_client::qdrant::vector;
use ::qdrant_client::qdrant::vector_input;
use ::qdrant_client::qdrant::vector_output;
use ::qdrant_client::qdrant::vectors::VectorsOptions;
use ::qdrant_client::qdrant::vectors_output;
use ::qdrant_client::qdrant::with_payload_selector::SelectorOptions;
use tonic::Status;

use super::Collection;
use super::Id;
use super::Kept;
use super::filter;

impl Collection {
    pub fn upsert(
        &mut self,
        points: Vec<PointStruct>,
        update_filter: Option<&Filter>,
        mode: UpdateMode,
    ) -> Result<(), Status> {
        for PointStruct { id, payload, vectors } in points {
            let id = Id::read(id.as_ref())?;
            let is_written = match self.points.get(&id) {
                Some(there) => {
                    mode != UpdateMode::InsertOnly && filter::passes(update_filter, &id, there)?
                }
                None => mode != UpdateMode::UpdateOnly,
            };
            if is_written {
                let mut kept = Kept { payload, ..Kept::default() };
                put_vectors(&mut kept, vectors);
                self.points.insert(id, kept);
            }
        }
        Ok(())
    }

    pub fn update_vectors(
        &mut self,
        points: Vec<PointVectors>,
        update_filter: Option<&Filter>,
    ) -> Result<(), Status> {
        for PointVectors { id, vectors } in points {
            let id = Id::read(id.as_ref())?;
            let missing = || Status::not_found(format!("No point with id {id:?} found"));
            let there = self.points.get_mut(&id).ok_or_else(missing)?;
            if filter::passes(update_filter, &id, there)? {
                put_vectors(there, vectors);
            }
        }
        Ok(())
    }

    pub fn set_payload(
        &mut self,
        payload: &HashMap<String, Value>,
        selector: Option<&PointsSelector>,
    ) -> Result<(), Status> {
        for id in self.selected(selector)? {
            let missing = || Status::not_found(format!("No point with id {id:?} found"));
            let there = self.points.get_mut(&id).ok_or_else(missing)?;
            there.payload.extend(payload.clone());
        }
        Ok(())
    }

    pub fn delete(&mut self, selector: Option<&PointsSelector>) -> Result<(), Status> {
        for id in self.selected(selector)? {
            self.points.remove(&id);
        }
        Ok(())
    }

    fn selected(&self, selector: Option<&PointsSelector>) -> Result<Vec<Id>, Status> {
        match selector.and_then(|selector| selector.points_selector_one_of.as_ref()) {
            Some(PointsSelectorOneOf::Points(list)) => {
                list.ids.iter().map(|id| Id::read(Some(id))).collect()
            }
            Some(PointsSelectorOneOf::Filter(filter)) => {
                let passing = self.passing(Some(filter))?;
                Ok(passing.into_iter().map(|(id, _)| id.clone()).collect())
            }
            None => Err(Status::invalid_argument("no point is selected")),
        }
    }

    pub fn passing(&self, filter: Option<&Filter>) -> Result<Vec<(&Id, &Kept)>, Status> {
        let mut passing = Vec::new();
        for (id, point) in &self.points {
            if filter::passes(filter, id, point)? {
                passing.push((id, point));
            }
        }
        Ok(passing)
    }

    pub fn scroll(&self, request: &ScrollPoints) -> Result<ScrollResponse, Status> {
        let mut found = self.passing(request.filter.as_ref())?;
        let limit = request.limit.unwrap_or(10) as usize;
        let show = |(id, point): &(&Id, &Kept)| shown(id, point, request.with_payload.as_ref());
        if let Some(order) = &request.order_by {
            let at = |point: &Kept| point.payload.get(&order.key).and_then(filter::number);
            let mut ordered: Vec<(f64, (&Id, &Kept))> =
                found.drain(..).filter_map(|one| Some((at(one.1)?, one))).collect();
            ordered.sort_by(|left, right| left.0.total_cmp(&right.0));
            if order.direction() == Direction::Desc {
                ordered.reverse();
            }
            let from = order.start_from.as_ref().and_then(|from| from.value.as_ref());
            if let Some(start_from::Value::Integer(from)) = from {
                #[expect(clippy::cast_precision_loss, reason = "a small number")]
                ordered.retain(|(at, _)| *at >= *from as f64);
            }
            let result = ordered.iter().take(limit).map(|(_, one)| show(one)).collect();
            return Ok(ScrollResponse { result, ..ScrollResponse::default() });
        }
        if let Some(offset) = &request.offset {
            let offset = Id::read(Some(offset))?;
            found.retain(|(id, _)| **id >= offset);
        }
        Ok(ScrollResponse {
            result: found.iter().take(limit).map(show).collect(),
            next_page_offset: found.get(limit).map(|(id, _)| id.write()),
            ..ScrollResponse::default()
        })
    }

    pub fn query(&self, request: &QueryPoints) -> Result<Vec<ScoredPoint>, Status> {
        let using = request.using();
        let asked = request.query.as_ref().and_then(|query| query.variant.as_ref());
        let Some(query::Variant::Nearest(nearest)) = asked else {
            return Err(Status::unimplemented("this stand-in answers nearest only"));
        };
        let found = self.passing(request.filter.as_ref())?;
        let score = |point: &Kept| match nearest.variant.as_ref() {
            Some(vector_input::Variant::Dense(query)) => {
                point.dense.get(using).map(|vector| cosine(vector, &query.data))
            }
            Some(vector_input::Variant::Sparse(query)) => self.sparse_score(using, query, point),
            _ => None,
        };
        let mut hits: Vec<ScoredPoint> = found
            .into_iter()
            .filter_map(|(id, point)| Some((id, score(point)?)))
            .filter(|(_, score)| request.score_threshold.is_none_or(|least| *score >= least))
            .map(|(id, score)| ScoredPoint { id: Some(id.write()), score, ..Default::default() })
            .collect();
        hits.sort_by(|left, right| right.score.total_cmp(&left.score));
        hits.truncate(usize::try_from(request.limit.unwrap_or(10)).unwrap_or(usize::MAX));
        Ok(hits)
    }

    /// The sum over shared indices; with the IDF of Qdrant where the vector was made with it.
    #[expect(clippy::cast_precision_loss, reason = "a count of points")]
    fn sparse_score(&self, using: &str, query: &SparseVector, point: &Kept) -> Option<f32> {
        let vector = point.sparse.get(using)?;
        let config = self.made.sparse_vectors_config.as_ref()?.map.get(using)?;
        let all = self.points.len() as f32;
        let mut score = None;
        for (index, weight) in query.indices.iter().zip(&query.values) {
            let Some(value) = vector.get(index) else { continue };
            let holds = |other: &&Kept| {
                other.sparse.get(using).is_some_and(|vector| vector.contains_key(index))
            };
            let idf = config.modifier.map_or(1.0, |_idf| {
                let held = self.points.values().filter(holds).count() as f32;
                ((all - held + 0.5) / (held + 0.5)).ln_1p()
            });
            score = Some(score.unwrap_or(0.0) + weight * value * idf);
        }
        score
    }
}

fn cosine(left: &[f32], right: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    dot(left, right) / (dot(left, left) * dot(right, right)).sqrt().max(f32::MIN_POSITIVE)
}

fn put_vectors(kept: &mut Kept, vectors: Option<Vectors>) {
    let Some(VectorsOptions::Vectors(named)) = vectors.and_then(|one| one.vectors_options) else {
        return;
    };
    for (name, one) in named.vectors {
        match one.vector {
            Some(vector::Vector::Dense(dense)) => _ = kept.dense.insert(name, dense.data),
            Some(vector::Vector::Sparse(SparseVector { indices, values })) => {
                kept.sparse.insert(name, indices.into_iter().zip(values).collect());
            }
            _ => {}
        }
    }
}

/// A point as it is returned, with all of its vectors.
pub fn shown(id: &Id, point: &Kept, wanted: Option<&WithPayloadSelector>) -> RetrievedPoint {
    let payload = match wanted.and_then(|wanted| wanted.selector_options.as_ref()) {
        Some(SelectorOptions::Enable(true)) => point.payload.clone(),
        Some(SelectorOptions::Include(include)) => {
            let is_wanted = |(key, _): &(&String, &Value)| include.fields.contains(*key);
            let wanted = point.payload.iter().filter(is_wanted);
            wanted.map(|(key, value)| (key.clone(), value.clone())).collect()
        }
        _ => HashMap::new(),
    };
    let dense = |data: &Vec<f32>| vector_output::Vector::Dense(DenseVector { data: data.clone() });
    let sparse = |vector: &BTreeMap<u32, f32>| {
        let (indices, values) = vector.iter().map(|(index, value)| (*index, *value)).unzip();
        vector_output::Vector::Sparse(SparseVector { indices, values })
    };
    let output = |vector| VectorOutput { vector: Some(vector), ..VectorOutput::default() };
    let dense = point.dense.iter().map(|(name, data)| (name.clone(), output(dense(data))));
    let sparse = point.sparse.iter().map(|(name, vector)| (name.clone(), output(sparse(vector))));
    let vectors = NamedVectorsOutput { vectors: dense.chain(sparse).collect() };
    let vectors = vectors_output::VectorsOptions::Vectors(vectors);
    RetrievedPoint {
        id: Some(id.write()),
        payload,
        vectors: Some(VectorsOutput { vectors_options: Some(vectors) }),
        ..RetrievedPoint::default()
    }
}
