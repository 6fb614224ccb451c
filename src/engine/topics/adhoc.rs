//! Clusters some articles for one answer; nothing is stored.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::oneshot;

use crate::Engine;
use crate::Error;
use crate::topics::contribution;
use crate::topics::contribution::Contribution;
use crate::topics::contribution::TermCounts;
use wenmai_cluster::topic;
use wenmai_cluster::topic::Item;
use wenmai_domain::filter::Filter;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::topic::Placement;
use wenmai_domain::topic::TopicId;
use wenmai_domain::topic::change::Face;
use wenmai_store::Vectors;

/// The articles to be clustered.
#[derive(Debug, Clone)]
pub enum ClusterSource {
    /// The articles of these ids.
    Articles(Vec<ArticleId>),
    /// The articles that pass this filter, at most `Limit::MAX` of them in the order of their ids.
    Passing(Filter),
}

/// The clusters of some articles.
#[derive(Debug, Clone, PartialEq)]
pub struct Clusters {
    /// The clusters, the largest first.
    pub clusters: Vec<Cluster>,
    /// How many articles were clustered.
    pub article_count: usize,
    /// Whether more articles pass the filter than were taken.
    pub more: bool,
}

/// A cluster: the articles of one story.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cluster {
    /// Its label, its keywords, and the names that its articles have in common.
    pub face: Face,
    /// The articles of each of its events, in order of time; the largest event comes first.
    pub events: Vec<Vec<ArticleId>>,
}

impl Cluster {
    fn size(&self) -> usize {
        self.events.iter().map(Vec::len).sum()
    }
}

impl Engine {
    /// Clusters articles among themselves, whatever topics they belong to.
    ///
    /// # Errors
    /// [`Error::ArticleNotFound`] for one of the articles named; [`Error::TopicsOff`];
    /// [`Error::Store`].
    pub async fn cluster_articles(&self, source: ClusterSource) -> Result<Clusters, Error> {
        let topics = self.topics()?;
        let (ids, more) = match source {
            ClusterSource::Articles(ids) => (ids, false),
            ClusterSource::Passing(filter) => {
                let filter = self.keyed(filter).await?;
                let page = self.store.list(&filter, None, Limit::MOST).await?;
                let ids = page.points.iter().map(|point| point.article.id).collect();
                (ids, page.next.is_some())
            }
        };
        let mut items: BTreeMap<ArticleId, Item> = BTreeMap::new();
        let mut contributions: BTreeMap<ArticleId, Contribution> = BTreeMap::new();
        let stored = self.store.fetch(&ids, Vectors::Yes).await?;
        for (id, stored) in ids.iter().zip(stored) {
            let stored = stored.ok_or(Error::ArticleNotFound { id: *id })?;
            let Some(read) = topics.reader.read(stored) else { continue };
            items.insert(*id, read.item);
            contributions.insert(*id, read.contribution);
            tokio::task::yield_now().await;
        }
        let article_count = items.len();
        let times: BTreeMap<ArticleId, i64> =
            items.iter().map(|(id, item)| (*id, item.at)).collect();
        let weights = Arc::clone(&topics.weights);
        let (reply, answer) = oneshot::channel();
        let work = move || {
            let items = items.into_values().collect();
            let _gone = reply.send(topic::recluster(&weights, items, &BTreeMap::new()));
        };
        // Seconds of work for a thousand articles: not on a thread that answers others. It ends by
        // itself, whether or not somebody still waits.
        let thread = std::thread::Builder::new().name("cluster".to_owned()).spawn(work);
        thread.map_err(|error| Error::Topics(error.into()))?;
        let placed = answer.await.map_err(|_panicked| super::closed())?;
        Ok(Clusters { clusters: gather(&placed, &times, contributions), article_count, more })
    }
}

/// Gathers placements into clusters, the largest first.
fn gather(
    placed: &BTreeMap<ArticleId, Placement>,
    times: &BTreeMap<ArticleId, i64>,
    mut contributions: BTreeMap<ArticleId, Contribution>,
) -> Vec<Cluster> {
    let mut term_counts = TermCounts::default();
    for contribution in contributions.values_mut() {
        term_counts.add(contribution);
    }
    let contributions: BTreeMap<ArticleId, Arc<Contribution>> =
        contributions.into_iter().map(|(id, contribution)| (id, Arc::new(contribution))).collect();
    let mut stories = BTreeMap::<TopicId, BTreeMap<TopicId, Vec<ArticleId>>>::new();
    let mut order: Vec<(&ArticleId, &Placement)> = placed.iter().collect();
    order.sort_by_key(|(id, _)| (times.get(id), **id));
    for (id, Placement { event, story }) in order {
        stories.entry(*story).or_default().entry(*event).or_default().push(*id);
    }
    let mut clusters: Vec<Cluster> = stories
        .into_values()
        .map(|events| {
            let mut events: Vec<Vec<ArticleId>> = events.into_values().collect();
            events.sort_by_key(|event| (std::cmp::Reverse(event.len()), event.first().copied()));
            let members: Vec<(ArticleId, Arc<Contribution>)> = events
                .iter()
                .flatten()
                .filter_map(|id| Some((*id, Arc::clone(contributions.get(id)?))))
                .take(contribution::FACE_MEMBERS)
                .collect();
            Cluster { face: contribution::face(&members, &Face::default(), &term_counts), events }
        })
        .collect();
    clusters.sort_by(|left, right| {
        let first = |cluster: &Cluster| cluster.events.first().and_then(|e| e.first()).copied();
        right.size().cmp(&left.size()).then(first(left).cmp(&first(right)))
    });
    clusters
}
