//! What follows from the log: faces of topics, their points in the store, placements on articles.

use std::collections::HashMap;
use std::sync::Arc;

use crate::Error;
use crate::topics::book::Member;
use crate::topics::book::Touched;
use crate::topics::desk::Desk;
use crate::topics::look;
use crate::topics::look::FACE_MEMBERS;
use crate::topics::look::Look;
use crate::topics::shown;
use wenmai_domain::id::ArticleId;
use wenmai_domain::topic::TopicId;
use wenmai_domain::topic::change::Face;
use wenmai_store::Placed;
use wenmai_store::TopicPoint;
use wenmai_store::Vectors;

/// What a face was made from: the one before, and the members.
type Made = (Arc<Face>, Vec<Member>);

impl Desk {
    /// Notes on topics and articles what the log says since the last time.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(super) async fn project(&mut self) -> Result<(), Error> {
        let touched = std::mem::take(&mut self.touched);
        let (placed, version) = {
            let book = self.book();
            let placed: Vec<Placed> = touched
                .articles
                .iter()
                .filter_map(|id| book.articles.get(id))
                .map(|entered| Placed {
                    article: entered.member.article,
                    arrival: entered.member.arrival,
                    placement: entered.placement,
                })
                .collect();
            (placed, book.version)
        };
        let mut points = Vec::with_capacity(touched.topics.len());
        for id in touched.topics {
            points.extend(self.point(id).await?);
        }
        if !points.is_empty() || !placed.is_empty() {
            self.store.project(points, placed).await?;
        }
        self.projected = version;
        Ok(())
    }

    /// A topic as the store keeps it.
    async fn point(&self, id: TopicId) -> Result<Option<TopicPoint>, Error> {
        let (level, members, payload) = {
            let book = self.book();
            let Some(topic) = book.topics.get(&id) else { return Ok(None) };
            let members = if topic.is_alive() { recent(&topic.members) } else { Vec::new() };
            (topic.level, members, shown::payload(&book, topic))
        };
        let looks = self.looks(&members).await?;
        let with: Vec<(Member, Arc<Look>)> = members
            .into_iter()
            .filter_map(|member| Some((member, Arc::clone(looks.get(&member.article)?))))
            .collect();
        Ok(Some(TopicPoint { id, level, centroid: look::centroid(&with), payload }))
    }

    /// New faces of those touched topics that are due to look at themselves.
    pub(super) async fn faces(&self, touched: &Touched) -> Result<Vec<Face>, Error> {
        let due: Vec<(TopicId, Arc<Face>, Vec<Member>)> = {
            let book = self.book();
            let ids = touched.topics.union(&touched.reshaped);
            ids.filter_map(|id| book.topics.get(id).map(|topic| (id, topic)))
                .filter(|(_, topic)| topic.is_alive())
                .filter(|(id, topic)| {
                    touched.reshaped.contains(id) || look::is_due(topic.members.len())
                })
                .map(|(id, topic)| (*id, Arc::clone(&topic.face), recent(&topic.members)))
                .collect()
        };
        let mut faces: Vec<(Face, Made)> = Vec::new();
        for (id, current, members) in due {
            let same =
                |(_, made): &&mut (Face, Made)| made.1 == members && made.0.label == current.label;
            if let Some((face, _)) = faces.iter_mut().find(same) {
                face.topics.push(id);
                continue;
            }
            let looks = self.looks(&members).await?;
            let looks: Vec<(ArticleId, Arc<Look>)> = members
                .iter()
                .filter_map(|member| {
                    Some((member.article, Arc::clone(looks.get(&member.article)?)))
                })
                .collect();
            let face = look::face(&looks, &current, self.window.words());
            faces.push((Face { topics: vec![id], ..face }, (current, members)));
        }
        Ok(faces.into_iter().map(|(face, _)| face).collect())
    }

    /// What members contribute; those outside the window are read, those that are gone missing.
    async fn looks(&self, members: &[Member]) -> Result<HashMap<ArticleId, Arc<Look>>, Error> {
        let mut looks = HashMap::with_capacity(members.len());
        let mut missing = Vec::new();
        for Member { article, .. } in members {
            match self.window.look(*article) {
                Some(look) => _ = looks.insert(*article, look),
                None => missing.push(*article),
            }
        }
        if !missing.is_empty() {
            for stored in self.store.fetch(&missing, Vectors::Yes).await?.into_iter().flatten() {
                if let Some(read) = self.reader.read(stored) {
                    looks.insert(read.item.id, Arc::new(read.look));
                }
            }
        }
        Ok(looks)
    }
}

/// The members that a topic's face and direction are made of.
fn recent(members: &[Member]) -> Vec<Member> {
    members.get(members.len().saturating_sub(FACE_MEMBERS)..).unwrap_or_default().to_vec()
}
