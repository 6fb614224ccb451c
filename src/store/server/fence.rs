//! Shuts out writers whose term has passed.
//!
//! Every write carries the term of the lease in which it was sent, under [`TERM`], and changes only
//! points that no later term has touched. A point that does not exist is written all the same, since
//! the server has no condition for that; so a new holder notes the articles that the one before it
//! announced (`Mark::unsettled`) as suspects: one of them that is found with a term before that of
//! its note was written too late ([`Remote::fence`]).

use ::qdrant_client::qdrant::Condition;
use ::qdrant_client::qdrant::Filter;
use ::qdrant_client::qdrant::HasIdCondition;
use ::qdrant_client::qdrant::IsEmptyCondition;
use ::qdrant_client::qdrant::PointId;
use ::qdrant_client::qdrant::PointsSelector;
use ::qdrant_client::qdrant::Range;
use ::qdrant_client::qdrant::ScrollPoints;
use ::qdrant_client::qdrant::condition::ConditionOneOf;
use ::qdrant_client::qdrant::points_selector::PointsSelectorOneOf;
use ::qdrant_client::qdrant::points_update_operation::Operation;
use ::qdrant_client::qdrant::points_update_operation::SetPayload;
use serde_json::Map;
use serde_json::Value;

use crate::Error;
use crate::payload;
use crate::server::Remote;
use crate::server::error;
use crate::server::filter;
use crate::server::topics;
use crate::server::topics::consistent;
use crate::server::topics::number_is;
use crate::server::wire;
use wenmai_domain::id::ArticleId;

/// Key of the term in which a point was last written; absent in points of earlier versions, which
/// count as written in term 0. It never leaves the store (`wire::from_payload`).
pub const TERM: &str = "wenmai_term";
/// Key of the suspects in the mark.
const SUSPECTS: &str = "suspects";
const SUSPECT_TERM: &str = "term";
const SUSPECT_IDS: &str = "articles";
/// The most suspects that are remembered; those noted last stay.
const SUSPECTS_MAX: usize = 4_096;

/// Articles that a writer of a term before `term` had announced when `term` began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspects {
    term: u64,
    articles: Vec<ArticleId>,
}

impl Suspects {
    /// Reads the suspects of a mark; none where the mark has none.
    pub fn read(mark: &Map<String, Value>) -> Vec<Self> {
        let noted = mark.get(SUSPECTS).and_then(Value::as_array).into_iter().flatten();
        let read = |note: &Value| {
            let term = note.get(SUSPECT_TERM)?.as_u64()?;
            Some(Self { term, articles: payload::ids_of(note.get(SUSPECT_IDS)) })
        };
        noted.filter_map(read).collect()
    }

    fn write(all: &[Self]) -> Map<String, Value> {
        let note = |Self { term, articles }: &Self| {
            let mut note = Map::new();
            note.insert(SUSPECT_TERM.to_owned(), (*term).into());
            note.insert(SUSPECT_IDS.to_owned(), payload::ids(articles));
            Value::Object(note)
        };
        Map::from_iter([(SUSPECTS.to_owned(), all.iter().map(note).collect())])
    }

    /// Drops the oldest notes until no more than [`SUSPECTS_MAX`] articles are left, but never the
    /// last one.
    fn trim(all: &mut Vec<Self>) {
        let mut count: usize = all.iter().map(|one| one.articles.len()).sum();
        while count > SUSPECTS_MAX && all.len() > 1 {
            count -= all.remove(0).articles.len();
        }
    }
}

impl Remote {
    /// Makes `term`, which the caller has just taken, the only one that can change `articles`;
    /// returns the articles that a writer of an earlier term stored after its time, among these and
    /// those of earlier calls.
    pub async fn fence(
        &self,
        term: u64,
        articles: Vec<ArticleId>,
    ) -> Result<Vec<ArticleId>, Error> {
        let mut suspects = self.head().await?.suspects;
        let noted = suspects.clone();
        if !articles.is_empty() {
            let ids = articles.iter().map(wire::article_point).collect();
            let stamp = Map::from_iter([(TERM.to_owned(), term.into())]);
            self.update_articles(vec![set_payload(ids, stamp, before(term)?)]).await?;
            suspects.push(Suspects { term, articles });
            Suspects::trim(&mut suspects);
            let still = filter::must([number_is(topics::TERM, term)?]);
            self.set_mark(Suspects::write(&suspects), still).await?;
        }
        let mut late = Vec::new();
        for Suspects { term, articles } in noted {
            late.extend(self.written_before(term, &articles).await?);
        }
        Ok(late)
    }

    /// Those of `articles` that are stored as a term before `term` wrote them.
    async fn written_before(
        &self,
        term: u64,
        articles: &[ArticleId],
    ) -> Result<Vec<ArticleId>, Error> {
        let ids: Vec<PointId> = articles.iter().map(wire::article_point).collect();
        let request = ScrollPoints {
            collection_name: self.names.articles.clone(),
            limit: u32::try_from(ids.len()).ok(),
            filter: Some(filter::must([has_id(ids), before(term)?])),
            with_payload: Some(wire::with_payload(false)),
            with_vectors: Some(wire::with_vectors(&[])),
            read_consistency: Some(consistent()),
            timeout: Some(self.client.timeout_s()),
            ..ScrollPoints::default()
        };
        let (points, _next) = self.scroll(request).await?;
        points.iter().map(|point| wire::article_of(point.id.as_ref())).collect()
    }

    /// The condition that no term after that of this call has touched a point.
    pub fn in_time(&self) -> Result<Condition, Error> {
        before(self.term.saturating_add(1))
    }

    /// Notes in the payload of a point that it was written in the term of this call.
    pub fn stamp(&self, payload: &mut wire::Payload) {
        let term = i64::try_from(self.term).unwrap_or(i64::MAX);
        payload.insert(TERM.to_owned(), term.into());
    }

    /// Selects the points of `ids` that no later term has touched.
    pub fn select_in_time(&self, ids: Vec<PointId>) -> Result<PointsSelector, Error> {
        let filter = filter::must([has_id(ids), self.in_time()?]);
        let selector = PointsSelectorOneOf::Filter(filter);
        Ok(PointsSelector { points_selector_one_of: Some(selector) })
    }

    /// Sets these keys of an article's payload and leaves the others as they are, unless a later
    /// term has touched the article or it does not exist.
    pub fn set_payload(
        &self,
        id: &ArticleId,
        mut payload: Map<String, Value>,
    ) -> Result<Operation, Error> {
        payload.insert(TERM.to_owned(), self.term.into());
        Ok(set_payload(vec![wire::article_point(id)], payload, self.in_time()?))
    }
}

fn set_payload(ids: Vec<PointId>, payload: Map<String, Value>, still: Condition) -> Operation {
    let filter = filter::must([has_id(ids), still]);
    let selector = PointsSelectorOneOf::Filter(filter);
    Operation::SetPayload(SetPayload {
        payload: wire::to_payload(payload),
        points_selector: Some(PointsSelector { points_selector_one_of: Some(selector) }),
        ..SetPayload::default()
    })
}

/// The condition that a point was last written before `term`, or by a program that kept no terms.
fn before(term: u64) -> Result<Condition, Error> {
    let bound = i64::try_from(term).map_err(error::failed)?;
    #[expect(clippy::cast_precision_loss, reason = "terms are counted, far below 2^53")]
    let passed = Range { lt: Some(bound as f64), ..Range::default() };
    let unknown = IsEmptyCondition { key: TERM.to_owned() };
    let unknown = Condition { condition_one_of: Some(ConditionOneOf::IsEmpty(unknown)) };
    let should = vec![unknown, filter::within(TERM, passed)];
    Ok(filter::nested(Filter { should, ..Filter::default() }))
}

fn has_id(has_id: Vec<PointId>) -> Condition {
    let has_id = ConditionOneOf::HasId(HasIdCondition { has_id });
    Condition { condition_one_of: Some(has_id) }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::SUSPECTS_MAX;
    use super::Suspects;
    use wenmai_domain::id::ArticleId;

    fn suspects(term: u64, count: usize) -> Suspects {
        let article = |number: usize| ArticleId::from(Uuid::from_u128(number as u128));
        Suspects { term, articles: (0..count).map(article).collect() }
    }

    #[test]
    fn suspects_come_back_from_the_mark_and_the_oldest_go_first() {
        let mut all = vec![suspects(2, 3), suspects(5, 1)];
        assert_eq!(Suspects::read(&Suspects::write(&all)), all);
        assert_eq!(Suspects::read(&serde_json::Map::new()), []);
        all.push(suspects(6, SUSPECTS_MAX - 1));
        Suspects::trim(&mut all);
        assert_eq!(all.iter().map(|one| one.term).collect::<Vec<_>>(), [5, 6]);
        all.push(suspects(7, SUSPECTS_MAX + 1));
        Suspects::trim(&mut all);
        assert_eq!(all.iter().map(|one| one.term).collect::<Vec<_>>(), [7]);
    }
}
