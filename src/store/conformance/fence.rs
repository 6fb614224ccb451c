//! What a writer whose term has passed can still do to a store that processes share: nothing that
//! stays.

use serde_json::Map;
use uuid::Uuid;

use super::axis;
use super::limit;
use super::sample::id;
use super::sample::numbered;
use super::unit;
use crate::Checkpoint;
use crate::Lease;
use crate::Placed;
use crate::Point;
use crate::Regroup;
use crate::TopicPoint;
use crate::VectorStore;
use crate::Vectors;
use wenmai_domain::reprint::GroupId;
use wenmai_domain::reprint::Membership;
use wenmai_domain::reprint::Signature;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::Placement;
use wenmai_domain::topic::TopicId;

fn lease(term: u64, holder: &str) -> Lease {
    Lease { term, holder: holder.into(), beat: 0 }
}

fn point(number: usize, hash: &str) -> Point {
    Point { content_hash: hash.into(), arrival: 1, ..numbered(number, &axis(0), &[(1, 1.0)]) }
}

async fn hash(store: &impl VectorStore, number: usize) -> Option<String> {
    let found = store.fetch(&[id(number)], Vectors::No).await.unwrap().remove(0);
    found.map(|stored| stored.content_hash)
}

fn topic(number: u128, at: usize) -> TopicPoint {
    TopicPoint {
        id: TopicId::from(Uuid::from_u128(number)),
        level: Level::Story,
        centroid: Some(unit(&axis(at))),
        payload: Map::new(),
    }
}

/// `slow` and `next` are one store, opened by two processes; `slow` is held up in the middle of a
/// write for so long that `next` takes over.
pub async fn a_writer_whose_term_has_passed_changes_nothing(
    slow: &impl VectorStore,
    next: &impl VectorStore,
) {
    // Written before anybody counted terms.
    slow.upsert((0..4).map(|number| point(number, "old")).collect()).await.unwrap();
    assert!(slow.swap_lease(&Lease::default(), &lease(1, "慢")).await.unwrap());
    slow.upsert(vec![point(1, "first")]).await.unwrap();
    assert_eq!(hash(next, 1).await.as_deref(), Some("first"), "articles of before can be replaced");

    // It has announced articles 0 to 5, and is held up. The next one deletes 3 and replaces 0.
    let announced = (0..6).map(id).collect();
    assert!(next.swap_lease(&lease(1, "慢"), &lease(2, "次")).await.unwrap());
    assert_eq!(next.fence(2, announced).await.unwrap(), []);
    next.upsert(vec![point(0, "next")]).await.unwrap();
    next.delete(&[id(3)]).await.unwrap();
    next.project(vec![topic(1, 0)], Vec::new()).await.unwrap();
    next.keep_checkpoint(Checkpoint { version: 9, bytes: vec![1; 9] }).await.unwrap();

    // Now everything that it was about to do comes through.
    let before = next.memberships(&[id(1), id(2)]).await.unwrap();
    slow.upsert((0..6).map(|number| point(number, "late")).collect()).await.unwrap();
    let membership = Membership { group: GroupId::found(id(9), "h"), is_original: false };
    let regroup = |number| Regroup { id: id(number), membership, signature: Signature::default() };
    slow.regroup(vec![regroup(1), regroup(2)]).await.unwrap();
    slow.delete(&[id(0), id(2)]).await.unwrap();
    let other = TopicId::from(Uuid::from_u128(8));
    let placement = Placement { event: other, story: other };
    let placed = Placed { article: id(0), arrival: 77, placement };
    slow.project(vec![topic(1, 1)], vec![placed]).await.unwrap();
    slow.keep_checkpoint(Checkpoint { version: 3, bytes: vec![3; 3] }).await.unwrap();

    for (number, wanted) in [(0, "next"), (1, "first"), (2, "old")] {
        assert_eq!(hash(next, number).await.as_deref(), Some(wanted), "article {number}");
    }
    assert_eq!(next.memberships(&[id(1), id(2)]).await.unwrap(), before);
    assert_eq!(next.last_arrival().await.unwrap(), 1);
    let query = unit(&axis(0));
    let nearest = next.nearest_topics(&query, Level::Story, limit(1)).await.unwrap();
    assert!(nearest[0].1 > 0.99, "{nearest:?}");
    let kept = next.checkpoint().await.unwrap();
    assert!(kept.is_none_or(|kept| kept.version == 9), "an older checkpoint came last");

    // What it stored anew is found, now and by every later holder, until it is deleted.
    let mut late = next.fence(2, Vec::new()).await.unwrap();
    late.sort_unstable();
    let mut expected: Vec<_> = [3, 4, 5].map(id).to_vec();
    expected.sort_unstable();
    assert_eq!(late, expected);
    assert!(slow.swap_lease(&lease(2, "次"), &lease(3, "慢")).await.unwrap());
    assert_eq!(slow.fence(3, Vec::new()).await.unwrap().len(), 3);
    slow.delete(&late).await.unwrap();
    assert_eq!(slow.fence(3, Vec::new()).await.unwrap(), []);
    // Whoever has the term stores them as ever.
    slow.upsert(late.iter().map(|_| point(4, "again")).collect()).await.unwrap();
    assert_eq!(hash(next, 4).await.as_deref(), Some("again"));
    assert_eq!(next.fence(3, Vec::new()).await.unwrap(), []);
}
