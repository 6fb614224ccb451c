//! The behaviour that every store must have for topics.

use serde_json::Map;
use serde_json::Value;
use uuid::Uuid;

use super::axis;
use super::limit;
use super::sample::id;
use super::sample::numbered;
use super::unit;
use crate::Arrival;
use crate::Checkpoint;
use crate::Error;
use crate::Lease;
use crate::Mark;
use crate::Placed;
use crate::Row;
use crate::TopicPoint;
use crate::VectorStore;
use crate::Vectors;
use wenmai_domain::filter::Filter;
use wenmai_domain::id::ArticleId;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::Placement;
use wenmai_domain::topic::TopicId;

fn row(version: u64, text: &str) -> Row {
    let nested = serde_json::json!({ "version": version, "in": { "text": text, "n": 0.1_f32 } });
    let Value::Object(value) = nested else { panic!() };
    Row { version, value }
}

fn mark(projected: u64, arrival: u64) -> Mark {
    Mark { projected, arrival, unsettled: Vec::new() }
}

fn topic(number: u128) -> TopicId {
    TopicId::from(Uuid::from_u128(number))
}

pub async fn a_log_is_read_back_in_order(store: &impl VectorStore) {
    assert_eq!(store.mark().await.unwrap(), Mark::default());
    assert_eq!(store.rows(0, limit(9)).await.unwrap(), []);
    let rows: Vec<Row> = (1..=600).map(|version| row(version, "甲")).collect();
    store.append(0, rows.clone(), mark(0, 600)).await.unwrap();
    // The point of a topic is not a row of the log, whatever its id.
    let point = TopicPoint {
        id: topic(1),
        level: Level::Story,
        centroid: Some(unit(&axis(0))),
        payload: Map::new(),
    };
    store.project(vec![point], Vec::new()).await.unwrap();
    let again = vec![row(600, "乙"), row(601, "丙")];
    let unsettled = [7, 9].map(|number| ArticleId::from(Uuid::from_u128(number))).to_vec();
    let begun = Mark { unsettled, ..mark(600, 601) };
    store.append(0, again.clone(), begun.clone()).await.unwrap();
    assert_eq!(store.mark().await.unwrap(), begun);
    store.append(0, Vec::new(), mark(600, 601)).await.unwrap();
    assert_eq!(store.mark().await.unwrap(), mark(600, 601));
    assert_eq!(store.rows(0, limit(3)).await.unwrap(), rows[..3]);
    assert_eq!(store.rows(600, limit(9)).await.unwrap(), again);
    assert_eq!(store.rows(602, limit(9)).await.unwrap(), []);
    store.optimize().await.unwrap();
    assert_eq!(store.rows(1, limit(1_000)).await.unwrap().len(), 601);
    assert_eq!(store.count(&Filter::default()).await.unwrap(), 0);
}

pub async fn the_last_calibration_comes_back(store: &impl VectorStore) {
    assert_eq!(store.calibration().await.unwrap(), None);
    for text in ["{\"points\": []}", "二"] {
        store.keep_calibration(text.to_owned()).await.unwrap();
        assert_eq!(store.calibration().await.unwrap().as_deref(), Some(text));
    }
    // It is neither a row nor a topic.
    assert!(store.rows(1, limit(10)).await.unwrap().is_empty());
}

pub async fn a_checkpoint_comes_back_or_is_none(store: &impl VectorStore) {
    assert_eq!(store.checkpoint().await.unwrap(), None);
    let rows: Vec<Row> = (1..=3).map(|version| row(version, "甲")).collect();
    store.append(0, rows.clone(), mark(3, 3)).await.unwrap();
    let checkpoint = |version, length| Checkpoint { version, bytes: vec![7; length] };
    for checkpoint in [checkpoint(3, 500_000), checkpoint(4, 0), checkpoint(5, 9)] {
        store.keep_checkpoint(checkpoint.clone()).await.unwrap();
        assert_eq!(store.checkpoint().await.unwrap(), Some(checkpoint));
    }
    // A checkpoint is neither a row nor a topic, and it changes neither.
    assert_eq!(store.rows(0, limit(9)).await.unwrap(), rows);
    assert_eq!(store.mark().await.unwrap(), mark(3, 3));
    let query = unit(&axis(0));
    assert_eq!(store.nearest_topics(&query, Level::Story, limit(5)).await.unwrap(), []);
}

pub async fn one_of_two_takes_the_lease_and_the_other_is_refused(store: &impl VectorStore) {
    let free = store.lease().await.unwrap();
    assert_eq!(free, Lease::default());
    let held = |term, holder: &str, beat| Lease { term, holder: holder.into(), beat };
    assert!(store.swap_lease(&free, &held(1, "甲", 0)).await.unwrap());
    // A process that saw the lease free a moment ago is too late, and so is one that missed a beat.
    assert!(!store.swap_lease(&free, &held(1, "乙", 0)).await.unwrap());
    assert!(store.swap_lease(&held(1, "甲", 0), &held(1, "甲", 1)).await.unwrap());
    assert!(!store.swap_lease(&held(1, "甲", 0), &held(2, "乙", 0)).await.unwrap());
    assert_eq!(store.lease().await.unwrap(), held(1, "甲", 1));
    store.append(1, vec![row(1, "甲"), row(2, "甲")], mark(0, 1)).await.unwrap();

    // Once its term has passed, a writer can neither add to the log nor change it nor move the
    // mark.
    assert!(store.swap_lease(&held(1, "甲", 1), &held(2, "乙", 0)).await.unwrap());
    store.append(2, vec![row(3, "乙")], mark(2, 2)).await.unwrap();
    for stale in [vec![row(3, "甲"), row(4, "甲")], vec![row(4, "甲")], Vec::new()] {
        let late = store.append(1, stale, mark(9, 9)).await;
        assert!(matches!(late, Err(Error::Fenced { term: 1 })));
    }
    let rows = vec![row(1, "甲"), row(2, "甲"), row(3, "乙")];
    assert_eq!(store.rows(1, limit(9)).await.unwrap(), rows);
    assert_eq!(store.mark().await.unwrap(), mark(2, 2));
    // The rows that it wrote beyond the end of the log are replaced by the next writer.
    let more = vec![row(4, "乙"), row(5, "乙")];
    store.append(2, more.clone(), mark(3, 3)).await.unwrap();
    assert_eq!(store.rows(4, limit(9)).await.unwrap(), more);
    assert_eq!(store.lease().await.unwrap(), held(2, "乙", 0));
}

pub async fn topics_are_found_by_level_and_direction(store: &impl VectorStore) {
    let point = |number: u128, level, centroid: Option<usize>| TopicPoint {
        id: topic(number),
        level,
        centroid: centroid.map(|place| unit(&axis(place))),
        payload: Map::from_iter([("label".to_owned(), Value::from("题"))]),
    };
    let points = vec![
        point(1, Level::Story, Some(0)),
        point(2, Level::Story, Some(1)),
        point(3, Level::Event, Some(0)),
        point(4, Level::Story, Some(0)),
    ];
    store.project(points, Vec::new()).await.unwrap();
    let found = |hits: Vec<(TopicId, f32)>| hits.into_iter().map(|hit| hit.0).collect::<Vec<_>>();
    let query = unit(&[1.0, 0.2]);
    let ask = |count| store.nearest_topics(&query, Level::Story, limit(count));
    let hits = store.nearest_topics(&query, Level::Event, limit(5)).await.unwrap();
    assert_eq!(found(hits), [topic(3)]);
    assert_eq!(found(ask(5).await.unwrap()), [topic(1), topic(4), topic(2)]);
    assert_eq!(found(ask(1).await.unwrap()), [topic(1)]);
    // A topic without a centroid is not found, and one whose centroid changed is found there.
    let points = vec![point(1, Level::Story, None), point(2, Level::Story, Some(0))];
    store.project(points, Vec::new()).await.unwrap();
    assert_eq!(found(ask(5).await.unwrap()), [topic(2), topic(4)]);
    let other = wenmai_domain::embedding::Embedding::normalize(vec![1.0; 3]).unwrap();
    let refused = store.nearest_topics(&other, Level::Story, limit(5)).await;
    assert!(matches!(refused, Err(Error::Dim { .. })));
}

pub async fn arrivals_come_in_order_and_placements_change_nothing_else(store: &impl VectorStore) {
    assert_eq!(store.last_arrival().await.unwrap(), 0);
    let arrivals = [7_u64, 3, 0, 12];
    let points = arrivals.into_iter().enumerate().map(|(number, arrival)| crate::Point {
        arrival,
        ..numbered(number, &axis(0), &[(1, 1.0)])
    });
    store.upsert(points.collect()).await.unwrap();
    let listed = |found: Vec<Arrival>| {
        found.into_iter().map(|one| (one.arrival, one.article)).collect::<Vec<_>>()
    };
    let all = [(3, id(1)), (7, id(0)), (12, id(3))];
    assert_eq!(listed(store.arrived(0, limit(9)).await.unwrap()), all);
    assert_eq!(listed(store.arrived(3, limit(1)).await.unwrap()), [(7, id(0))]);
    assert_eq!(store.arrived(12, limit(9)).await.unwrap(), []);
    assert_eq!(store.last_arrival().await.unwrap(), 12);

    let before = store.fetch(&[id(2)], Vectors::Yes).await.unwrap().remove(0).unwrap();
    let placement = Placement { event: topic(8), story: topic(9) };
    let placed = [2, 77].map(|number| Placed { article: id(number), arrival: 13, placement });
    store.project(Vec::new(), placed.to_vec()).await.unwrap();
    let after = store.fetch(&[id(2)], Vectors::Yes).await.unwrap().remove(0).unwrap();
    assert_eq!(after.arrival, 13);
    assert_eq!(crate::Stored { arrival: 0, ..after }, before);
    assert_eq!(store.last_arrival().await.unwrap(), 13);
    assert_eq!(store.fetch(&[id(77)], Vectors::No).await.unwrap(), [None]);
}
