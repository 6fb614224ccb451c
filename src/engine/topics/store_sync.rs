//! Writes to the store what follows from the log: topics with their faces and centroids, and the
//! placements of articles.

use std::collections::HashMap;
use std::sync::Arc;

use crate::Error;
use crate::topics::contribution;
use crate::topics::contribution::Contribution;
use crate::topics::contribution::FACE_MEMBERS;
use crate::topics::projection::TopicMember;
use crate::topics::projection::Touched;
use crate::topics::view;
use crate::topics::worker::Worker;
use wenmai_domain::id::ArticleId;
use wenmai_domain::topic::TopicId;
use wenmai_domain::topic::change::Face;
use wenmai_store::Placed;
use wenmai_store::TopicPoint;
use wenmai_store::Vectors;

/// What a face was made from: the face before, and the members.
type FaceBasis = (Arc<Face>, Vec<TopicMember>);

impl Worker {
    /// Writes to the store what changed since the last time.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(super) async fn sync_store(&mut self) -> Result<(), Error> {
        let touched = std::mem::take(&mut self.touched);
        match self.write_touched(&touched).await {
            Ok(version) => {
                self.synced = version;
                Ok(())
            }
            Err(error) => {
                // Nothing was decided on meanwhile.
                self.touched = touched;
                Err(error)
            }
        }
    }

    /// Writes what `touched` names to the store; returns the version that it then shows.
    async fn write_touched(&self, touched: &Touched) -> Result<u64, Error> {
        let (placed, version) = {
            let projection = self.projection();
            let placed: Vec<Placed> = touched
                .articles
                .iter()
                .filter_map(|id| projection.articles.get(id))
                .map(|one| Placed {
                    article: one.member.article,
                    arrival: one.member.arrival,
                    placement: one.placement,
                })
                .collect();
            (placed, projection.version)
        };
        let mut points = Vec::with_capacity(touched.topics.len());
        for id in &touched.topics {
            points.extend(self.point(*id).await?);
        }
        if !points.is_empty() || !placed.is_empty() {
            self.store.project(points, placed).await?;
        }
        Ok(version)
    }

    /// The point of a topic in the store.
    async fn point(&self, id: TopicId) -> Result<Option<TopicPoint>, Error> {
        let (level, members, payload) = {
            let projection = self.projection();
            let Some(topic) = projection.topics.get(&id) else { return Ok(None) };
            let members = if topic.is_alive() { recent(&topic.members) } else { Vec::new() };
            (topic.level, members, view::payload(&projection, topic))
        };
        let contributions = self.contributions(&members).await?;
        let with: Vec<(TopicMember, Arc<Contribution>)> = members
            .into_iter()
            .filter_map(|member| Some((member, Arc::clone(contributions.get(&member.article)?))))
            .collect();
        Ok(Some(TopicPoint { id, level, centroid: contribution::centroid(&with), payload }))
    }

    /// New faces for those topics in `touched` whose faces are due.
    pub(super) async fn faces(&self, touched: &Touched) -> Result<Vec<Face>, Error> {
        let due: Vec<(TopicId, Arc<Face>, Vec<TopicMember>)> = {
            let projection = self.projection();
            let ids = touched.topics.union(&touched.reshaped);
            ids.filter_map(|id| projection.topics.get(id).map(|topic| (id, topic)))
                .filter(|(_, topic)| topic.is_alive())
                .filter(|(id, topic)| {
                    touched.reshaped.contains(id) || contribution::is_due(topic.members.len())
                })
                .map(|(id, topic)| (*id, Arc::clone(&topic.face), recent(&topic.members)))
                .collect()
        };
        let mut faces: Vec<(Face, FaceBasis)> = Vec::new();
        for (id, current, members) in due {
            let same = |(_, made): &&mut (Face, FaceBasis)| {
                made.1 == members && made.0.label == current.label
            };
            if let Some((face, _)) = faces.iter_mut().find(same) {
                face.topics.push(id);
                continue;
            }
            let contributions = self.contributions(&members).await?;
            let contributions: Vec<(ArticleId, Arc<Contribution>)> = members
                .iter()
                .filter_map(|member| {
                    Some((member.article, Arc::clone(contributions.get(&member.article)?)))
                })
                .collect();
            let face = contribution::face(&contributions, &current, self.window.term_counts());
            faces.push((Face { topics: vec![id], ..face }, (current, members)));
        }
        Ok(faces.into_iter().map(|(face, _)| face).collect())
    }

    /// The contributions of members. Those of articles outside the window are read from the store;
    /// an article that is not stored any more is missing from the result.
    async fn contributions(
        &self,
        members: &[TopicMember],
    ) -> Result<HashMap<ArticleId, Arc<Contribution>>, Error> {
        let mut contributions = HashMap::with_capacity(members.len());
        let mut missing = Vec::new();
        for TopicMember { article, .. } in members {
            match self.window.contribution(*article) {
                Some(contribution) => _ = contributions.insert(*article, contribution),
                None => missing.push(*article),
            }
        }
        if !missing.is_empty() {
            for stored in self.store.fetch(&missing, Vectors::Yes).await?.into_iter().flatten() {
                if let Some(read) = self.reader.read(stored) {
                    contributions.insert(read.item.id, Arc::new(read.contribution));
                }
            }
        }
        Ok(contributions)
    }
}

/// The members that a topic's face and centroid are made of.
fn recent(members: &[TopicMember]) -> Vec<TopicMember> {
    members.get(members.len().saturating_sub(FACE_MEMBERS)..).unwrap_or_default().to_vec()
}
