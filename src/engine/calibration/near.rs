//! The nearest articles, by cosines without what all vectors of the model share.
//!
//! Vectors of some models share a direction, and how strongly an article shows it says more about its
//! length than about its subject. Where a calibration knows that direction, questions go to the store
//! without it, and the cosines that come back are those of what is left. People still see the model's own.

use std::collections::BTreeMap;

use super::Calibrated;
use crate::Engine;
use crate::Error;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::filter::Filter;
use wenmai_domain::hit::Mode;
use wenmai_domain::hit::Scores;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::scales::Measure;
use wenmai_domain::scales::Script;
use wenmai_store::Scored;

/// Less than this is left of a vector only where it says nothing but what all share.
const REST_MIN: f32 = 1e-3;

impl Calibrated {
    /// How cosines of texts in `script` are measured; `None` where they cannot be.
    #[must_use]
    pub fn measure(&self, script: Script) -> Option<Measure> {
        match self {
            Self::Native => Some(Measure::default()),
            Self::Fitted(made) => made.fit(script).measure(),
        }
    }
}

impl Engine {
    /// How cosines are measured for thresholds and weights that were chosen with the bundled model. Where
    /// they cannot be measured they are taken as they are: something must order.
    pub(crate) async fn measure(&self, script: Script) -> Result<Measure, Error> {
        Ok(self.calibrated().await?.measure(script).unwrap_or_default())
    }

    /// The same for candidates of a search in `mode`: what only the embeddings order is ordered by the
    /// model's own cosines.
    pub(crate) async fn measure_in(&self, mode: Mode, script: Script) -> Result<Measure, Error> {
        let measure = self.measure(script).await?;
        Ok(if mode == Mode::Hybrid { measure } else { Measure { axis: None, ..measure } })
    }

    /// The same for the ranker, which may have been fitted to this very model.
    pub(crate) async fn ranker_measure(&self, script: Script) -> Result<Measure, Error> {
        let is_own = self.ranker.is_of(self.embed.info());
        if is_own { Ok(Measure::default()) } else { self.measure(script).await }
    }

    /// The articles nearest to `asked`, best first, ties by id, with cosines that `measure.scale` is for.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(crate) async fn near(
        &self,
        asked: &Embedding,
        filter: &Filter,
        limit: Limit,
        measure: &Measure,
    ) -> Result<Vec<Scored>, Error> {
        let Some((axis, rest)) = parts(asked, measure) else {
            return Ok(self.store.nearest(asked, filter, limit).await?);
        };
        let mut found = self.store.nearest(&rest, filter, limit).await?;
        let ids: Vec<ArticleId> = found.iter().map(|one| one.id).collect();
        let shared = self.store.similarities(axis, &ids).await?;
        for one in &mut found {
            one.score = over_rest(one.score, shared.get(&one.id).copied());
        }
        found.sort_by(|left, right| {
            right.score.total_cmp(&left.score).then_with(|| left.id.cmp(&right.id))
        });
        Ok(found)
    }

    /// The cosines to `asked` of those of `ids` that are stored, as `measure.scale` is for.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(crate) async fn near_among(
        &self,
        asked: &Embedding,
        ids: &[ArticleId],
        measure: &Measure,
    ) -> Result<BTreeMap<ArticleId, f32>, Error> {
        let Some((axis, rest)) = parts(asked, measure) else {
            return Ok(self.store.similarities(asked, ids).await?);
        };
        let mut found = self.store.similarities(&rest, ids).await?;
        let shared = self.store.similarities(axis, ids).await?;
        for (id, cosine) in &mut found {
            *cosine = over_rest(*cosine, shared.get(id).copied());
        }
        Ok(found)
    }

    /// The scores of a hit as people see them: the model's own cosine, and the same on the scale of the
    /// bundled model, where the cosines of the model can be measured.
    pub(crate) async fn shown(
        &self,
        scores: Scores,
        script: Script,
        (asked, stored): (Option<&Embedding>, Option<&Embedding>),
    ) -> Result<Scores, Error> {
        let Some(similarity) = scores.similarity else { return Ok(scores) };
        let measure = self.calibrated().await?.measure(script);
        Ok(match (&measure, asked, stored) {
            (Some(measure), Some(asked), Some(stored)) if measure.axis.is_some() => Scores {
                similarity: Some(asked.similarity(stored)),
                comparable: Some(measure.cosine(asked, stored)),
                ..scores
            },
            _ => {
                let comparable = measure.map(|measure| measure.scale.at(similarity));
                Scores { comparable, ..scores }
            }
        })
    }
}

/// The direction that all vectors share, and `asked` without it; `None` where there is none.
fn parts<'m>(asked: &Embedding, measure: &'m Measure) -> Option<(&'m Embedding, Embedding)> {
    let axis = measure.axis.as_ref()?;
    Some((axis, asked.without(axis)?))
}

/// The cosine with what is left of a vector, from its product with something that shares nothing and from
/// its cosine with what all share.
fn over_rest(product: f32, shared: Option<f32>) -> f32 {
    let shared = shared.unwrap_or_default();
    let rest = (1.0 - shared * shared).max(0.0).sqrt();
    if rest < REST_MIN { 0.0 } else { (product / rest).clamp(-1.0, 1.0) }
}

#[cfg(test)]
mod tests {
    use super::over_rest;
    use super::parts;
    use wenmai_domain::embedding::Embedding;
    use wenmai_domain::scales::Measure;

    #[test]
    fn products_become_the_cosines_of_what_is_left() {
        let vector = |x, y, z| Embedding::normalize(vec![x, y, z]).unwrap();
        let axis = vector(0.1, 0.2, 1.0);
        let measure = Measure { axis: Some(axis.clone()), ..Measure::default() };
        let (asked, stored) = (vector(1.0, 0.3, 2.0), vector(0.2, 1.0, 4.0));
        let (shared, rest) = parts(&asked, &measure).unwrap();
        let found = over_rest(rest.similarity(&stored), Some(shared.similarity(&stored)));
        let truth = rest.similarity(&stored.without(&axis).unwrap());
        assert!((found - truth).abs() < 1e-5, "{found}, {truth}");
        assert!(over_rest(rest.similarity(&axis), Some(1.0)).abs() < 1e-6);
        assert!(parts(&asked, &Measure::default()).is_none());
    }
}
