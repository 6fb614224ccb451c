//! The behaviour that every store must have; each store's tests call [`run`].
//!
//! First come checks with a known answer. At the end a long random history is applied to the store
//! and to `memory`, which is simple enough to be trusted, and every query must get the same answer
//! from both.

pub mod fence;
pub mod oracle;
pub mod sample;
mod topics;

use std::collections::BTreeSet;

use crate::Alike;
use crate::Error;
use crate::Make;
use crate::Point;
use crate::Regroup;
use crate::Scored;
use crate::Stored;
use crate::VectorStore;
use crate::Vectors;
use oracle::TOLERANCE;
use oracle::any_history_gives_the_oracles_answers;
use oracle::assert_same_hits;
use oracle::assert_same_point;
use sample::DIM;
use sample::Sampler;
use sample::filters;
use sample::id;
use sample::make;
use sample::numbered;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::filter::Filter;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::reprint::Membership;
use wenmai_domain::reprint::Signature;
use wenmai_domain::terms::TermVector;

/// Runs all checks; `make_store` must open an empty store each time it is called.
pub async fn run<F, Fut, S>(make_store: F)
where
    F: Fn(Make) -> Fut,
    Fut: Future<Output = S>,
    S: VectorStore,
{
    let store = || make_store(make());
    an_upsert_replaces(&store().await).await;
    the_last_of_one_id_counts(&store().await).await;
    points_come_back_in_the_order_asked(&store().await).await;
    a_delete_says_what_was_there(&store().await).await;
    the_nearest_come_first(&store().await).await;
    the_weightiest_terms_come_first(&store().await).await;
    given_articles_are_measured(&store().await).await;
    ties_go_by_id(&store().await).await;
    filters_mean_what_they_say(&store().await).await;
    texts_are_found_by_the_hashes_they_share(&store().await).await;
    a_new_standing_changes_nothing_else(&store().await).await;
    copies_are_counted_and_the_original_is_always_told(&store().await).await;
    a_list_has_each_article_once(&store().await).await;
    another_dim_writes_nothing(&store().await).await;
    nothing_of_nothing_is_nothing(&store().await).await;
    topics::a_log_is_read_back_in_order(&store().await).await;
    topics::a_checkpoint_comes_back_or_is_none(&store().await).await;
    topics::the_last_calibration_comes_back(&store().await).await;
    topics::one_of_two_takes_the_lease_and_the_other_is_refused(&store().await).await;
    topics::topics_are_found_by_level_and_direction(&store().await).await;
    topics::arrivals_come_in_order_and_placements_change_nothing_else(&store().await).await;
    a_closed_store_says_so(&store().await).await;
    for seed in [1, 2] {
        any_history_gives_the_oracles_answers(&store().await, seed).await;
    }
}

fn limit(count: usize) -> Limit {
    Limit::new(u32::try_from(count).unwrap()).unwrap()
}

fn axis(place: usize) -> Vec<f32> {
    let mut values = vec![0.0; DIM];
    values[place] = 1.0;
    values
}

fn unit(values: &[f32]) -> Embedding {
    let mut values = values.to_vec();
    values.resize(DIM, 0.0);
    Embedding::normalize(values).unwrap()
}

fn ids(hits: &[Scored]) -> Vec<ArticleId> {
    hits.iter().map(|hit| hit.id).collect()
}

/// The ids of the points with these numbers, in ascending order of id.
fn ascending(numbers: impl IntoIterator<Item = usize>) -> Vec<ArticleId> {
    numbers.into_iter().map(id).collect::<BTreeSet<_>>().into_iter().collect()
}

async fn one(store: &impl VectorStore, id: ArticleId) -> Option<Stored> {
    store.fetch(&[id], Vectors::Yes).await.unwrap().remove(0)
}

async fn an_upsert_replaces(store: &impl VectorStore) {
    let mut point = numbered(1, &axis(0), &[(1, 1.0), (2, 1.0)]);
    store.upsert(vec![point.clone()]).await.unwrap();
    store.upsert(vec![point.clone()]).await.unwrap();
    assert_eq!(store.count(&Filter::default()).await.unwrap(), 1);

    point.article.record.title = "改".into();
    point.article.record.paper = "甲报".into();
    point.text = unit(&axis(1));
    point.terms = TermVector::from_weights([(2, 1.0), (3, 1.0)]);
    point.content_hash = "other".into();
    point.updated_at_us += 1;
    store.upsert(vec![point.clone()]).await.unwrap();
    assert_eq!(store.count(&Filter::default()).await.unwrap(), 1);
    let stored = one(store, id(1)).await.unwrap();
    assert_same_point(&stored, &point);
    let old = TermVector::from_weights([(1, 1.0)]);
    assert_eq!(store.lexical(&old, &Filter::default(), limit(5)).await.unwrap(), []);
    let nearest = store.nearest(&unit(&axis(1)), &Filter::default(), limit(5)).await.unwrap();
    assert!((nearest[0].score - 1.0).abs() < TOLERANCE);
    let paper = Filter::parse("paper = 甲报").unwrap();
    assert_eq!(store.count(&paper).await.unwrap(), 1);
}

async fn the_last_of_one_id_counts(store: &impl VectorStore) {
    let points: Vec<Point> = (0..3).map(|place| numbered(1, &axis(place), &[])).collect();
    let mut between = vec![numbered(2, &axis(7), &[])];
    between.splice(0..0, points[..2].to_vec());
    between.push(points[2].clone());
    store.upsert(between).await.unwrap();
    assert_eq!(store.count(&Filter::default()).await.unwrap(), 2);
    assert_same_point(&one(store, id(1)).await.unwrap(), &points[2]);
}

async fn points_come_back_in_the_order_asked(store: &impl VectorStore) {
    store.upsert((0..9).map(|n| numbered(n, &axis(0), &[(9, 2.5)])).collect()).await.unwrap();
    let asked = [id(5), id(77), id(2), id(5), id(0)];
    let found = store.fetch(&asked, Vectors::No).await.unwrap();
    let found: Vec<_> = found.iter().map(|point| point.as_ref().map(|p| p.article.id)).collect();
    assert_eq!(found, [Some(id(5)), None, Some(id(2)), Some(id(5)), Some(id(0))]);
    assert_eq!(
        store.fetch(&[id(5)], Vectors::No).await.unwrap()[0].as_ref().unwrap().vectors,
        None
    );
    assert_same_point(&one(store, id(5)).await.unwrap(), &numbered(5, &axis(0), &[(9, 2.5)]));
}

async fn a_delete_says_what_was_there(store: &impl VectorStore) {
    store.upsert((0..4).map(|n| numbered(n, &axis(n), &[(1, 1.0)])).collect()).await.unwrap();
    let deleted = store.delete(&[id(1), id(99), id(3), id(1)]).await.unwrap();
    assert_eq!(deleted, BTreeSet::from([id(1), id(3)]));
    assert_eq!(store.delete(&[id(1)]).await.unwrap(), BTreeSet::new());
    assert_eq!(one(store, id(1)).await, None);
    assert_eq!(store.count(&Filter::default()).await.unwrap(), 2);
    let every = store.nearest(&unit(&[1.0; DIM]), &Filter::default(), limit(9)).await.unwrap();
    assert_eq!(every.len(), 2);
    store.upsert(vec![numbered(1, &axis(1), &[(1, 1.0)])]).await.unwrap();
    assert!(one(store, id(1)).await.is_some());
}

async fn the_nearest_come_first(store: &impl VectorStore) {
    let texts = [[1.0, 0.0], [1.0, 1.0], [0.0, 1.0], [-1.0, 0.0]];
    let texts = texts.map(|text| unit(&text));
    let points = texts.iter().enumerate();
    store.upsert(points.map(|(n, t)| numbered(n, t.values(), &[])).collect()).await.unwrap();
    let hits = store.nearest(&texts[0], &Filter::default(), limit(9)).await.unwrap();
    assert_eq!(ids(&hits), [id(0), id(1), id(2), id(3)]);
    for (hit, cosine) in hits.iter().zip([1.0, 0.5_f32.sqrt(), 0.0, -1.0]) {
        assert!((hit.score - cosine).abs() < TOLERANCE, "{hit:?} is not {cosine}");
    }
    let hits = store.nearest(&texts[0], &Filter::default(), limit(2)).await.unwrap();
    assert_eq!(ids(&hits), [id(0), id(1)]);
}

async fn the_weightiest_terms_come_first(store: &impl VectorStore) {
    let points = vec![
        numbered(0, &axis(0), &[(10, 2.0), (20, 1.0)]),
        numbered(1, &axis(0), &[(10, 1.0)]),
        numbered(2, &axis(0), &[(30, 5.0)]),
        numbered(3, &axis(0), &[]),
    ];
    store.upsert(points).await.unwrap();
    let query = TermVector::from_weights([(10, 0.5), (20, 3.0), (40, 9.0)]);
    let hits = store.lexical(&query, &Filter::default(), limit(9)).await.unwrap();
    // Of the four points two hold term 10, one holds term 20, and none holds term 40.
    let idf = |held: f32| (1.0 + (4.0 - held + 0.5) / (held + 0.5)).ln();
    let (of_10, of_20) = (idf(2.0), idf(1.0));
    let expected = [(id(0), of_10 * 0.5 * 2.0 + of_20 * 3.0), (id(1), of_10 * 0.5)];
    let expected = expected.map(|(id, score)| Scored { id, score });
    assert_same_hits(&hits, &expected, 9, "idf");
    // A filter selects among the points; it does not change the weight of a term.
    let filter = Filter::Not(Box::new(Filter::parse("paper = 甲报").unwrap()));
    let hits = store.lexical(&query, &filter, limit(1)).await.unwrap();
    assert_same_hits(&hits, &expected[..1], 1, "idf under a filter");
}

/// More articles than one answer holds, so that a store that asks in pieces is seen to put them
/// together.
async fn given_articles_are_measured(store: &impl VectorStore) {
    let all: Vec<Point> = (0..1_100)
        .map(|n| {
            let terms = [(7, 1.0), (if n % 3 == 0 { 8 } else { 9 }, 0.5)];
            numbered(n, &axis(n % 2), &terms)
        })
        .collect();
    store.upsert(all).await.unwrap();
    let asked: Vec<_> = (0..1_050).chain([5_000]).map(id).collect();
    let found = store.holders(&[8, 7, 6], &asked).await.unwrap();
    let every_third: BTreeSet<_> = (0..1_050).step_by(3).map(id).collect();
    assert_eq!(found, [every_third, (0..1_050).map(id).collect(), BTreeSet::new()]);
    assert_eq!(store.holders(&[8], &[]).await.unwrap(), [BTreeSet::new()]);

    let near = store.similarities(&unit(&axis(1)), &asked).await.unwrap();
    assert_eq!(near.keys().copied().collect::<BTreeSet<_>>(), (0..1_050).map(id).collect());
    for (n, cosine) in [(0, 0.0), (1, 1.0), (1_048, 0.0), (1_049, 1.0)] {
        assert!((near[&id(n)] - cosine).abs() < TOLERANCE, "{n}");
    }
    assert!(store.similarities(&unit(&axis(1)), &[]).await.unwrap().is_empty());
}

async fn ties_go_by_id(store: &impl VectorStore) {
    let same = |n| numbered(n, &axis(0), &[(5, 1.0)]);
    // They are written in two calls, so that the store keeps them in two places.
    store.upsert((0..60).rev().map(same).collect()).await.unwrap();
    store.upsert((30..99).map(same).collect()).await.unwrap();
    let expected = &ascending(0..99)[..7];
    let hits = store.nearest(&unit(&axis(0)), &Filter::default(), limit(7)).await.unwrap();
    assert_eq!(ids(&hits), expected);
    let query = TermVector::from_weights([(5, 1.0)]);
    let hits = store.lexical(&query, &Filter::default(), limit(7)).await.unwrap();
    assert_eq!(ids(&hits), expected);
}

async fn filters_mean_what_they_say(store: &impl VectorStore) {
    let mut sampler = Sampler::new(7);
    let points: Vec<Point> = (0..120).map(|number| sampler.point(number)).collect();
    store.upsert(points.clone()).await.unwrap();
    let query = sampler.embedding(DIM);
    for filter in filters() {
        let passing =
            points.iter().filter(|point| filter.matches(&point.article, point.membership));
        let passing: BTreeSet<ArticleId> = passing.map(|point| point.article.id).collect();
        let count = store.count(&filter).await.unwrap();
        assert_eq!(count, passing.len() as u64, "{filter:?}");
        let hits = store.nearest(&query, &filter, limit(1000)).await.unwrap();
        assert_eq!(ids(&hits).into_iter().collect::<BTreeSet<_>>(), passing, "{filter:?}");
        assert_eq!(store.passing(&filter).await.unwrap(), passing, "{filter:?}");
    }
}

async fn texts_are_found_by_the_hashes_they_share(store: &impl VectorStore) {
    let keys = [vec![1, 2, 3, u32::MAX], vec![2, 3, 4], vec![3], vec![], vec![9]];
    let points = keys.into_iter().enumerate().map(|(number, keys)| Point {
        signature: Signature::new(keys),
        ..numbered(number, &axis(0), &[(1, 1.0)])
    });
    store.upsert(points.collect()).await.unwrap();
    let ask = |keys: &[u32], shared_min| {
        let signature = Signature::new(keys.to_vec());
        store.alike(vec![Alike { signature, shared_min, limit: limit(9) }])
    };
    let hits = ask(&[1, 2, 3, 7, u32::MAX], 1).await.unwrap().remove(0);
    let expected = [(0, 4.0), (1, 2.0), (2, 1.0)].map(|(n, score)| Scored { id: id(n), score });
    assert_eq!(hits, expected);
    assert_eq!(ask(&[1, 2, 3, 7, u32::MAX], 2).await.unwrap(), [expected[..2].to_vec()]);
    assert_eq!(ask(&[], 1).await.unwrap(), [[]]);
    assert_eq!(store.alike(Vec::new()).await.unwrap(), Vec::<Vec<Scored>>::new());
    // An article that lost its hashes is no longer found by them; one that gained some is.
    let membership = numbered(0, &axis(0), &[]).membership;
    let regroup = |number, keys: &[u32]| Regroup {
        id: id(number),
        membership,
        signature: Signature::new(keys.to_vec()),
    };
    store.regroup(vec![regroup(0, &[]), regroup(3, &[1, 2]), regroup(99, &[1])]).await.unwrap();
    let hits = ask(&[1, 2], 1).await.unwrap().remove(0);
    let expected = [(3, 2.0), (1, 1.0)].map(|(n, score)| Scored { id: id(n), score });
    assert_eq!(hits, expected);
    assert_eq!(store.count(&Filter::default()).await.unwrap(), 5);
}

async fn a_new_standing_changes_nothing_else(store: &impl VectorStore) {
    let mut point = numbered(1, &axis(2), &[(5, 2.0)]);
    store.upsert(vec![point.clone(), numbered(2, &axis(0), &[])]).await.unwrap();
    let membership = Membership { group: sample::group(7), is_original: false };
    let change = Regroup { id: id(1), membership, signature: Signature::new(vec![8]) };
    store.regroup(vec![change]).await.unwrap();
    point.membership = membership;
    assert_same_point(&one(store, id(1)).await.unwrap(), &point);
    let found = store.memberships(&[id(9), id(1)]).await.unwrap();
    assert_eq!(found, [None, Some(membership)]);
    let of_group = Filter::Group(sample::group(7));
    assert_eq!(store.count(&of_group).await.unwrap(), 1);
    assert_eq!(store.count(&of_group.and(Filter::Original(true))).await.unwrap(), 0);
    let hits = store.nearest(&unit(&axis(2)), &Filter::default(), limit(1)).await.unwrap();
    assert_eq!(ids(&hits), [id(1)]);
}

async fn copies_are_counted_and_the_original_is_always_told(store: &impl VectorStore) {
    let group = |number| Membership { group: sample::group(number), is_original: false };
    let points = (0..7).map(|number| {
        let mut point = numbered(number, &axis(0), &[]);
        point.membership = group(if number < 5 { 1 } else { number });
        point.article.record.source = format!("网站{number}");
        point
    });
    let mut points: Vec<Point> = points.collect();
    let last = ascending(0..5).pop().unwrap();
    for point in points.iter_mut().filter(|point| point.article.id == last) {
        point.membership.is_original = true;
        point.article.record.paper = "甲报".to_owned();
        point.article.record.published_at = Some(jiff::civil::date(2025, 3, 1).at(6, 0, 0, 0));
    }
    store.upsert(points).await.unwrap();
    let asked = [sample::group(5), sample::group(1), sample::group(9)];
    let found = store.copies(&asked, limit(2)).await.unwrap();
    let counts: Vec<u64> = found.iter().map(|copies| copies.count).collect();
    assert_eq!(counts, [1, 5, 0]);
    assert_eq!(found.iter().map(|copies| copies.some.len()).collect::<Vec<_>>(), [0, 3, 0]);
    let told: Vec<ArticleId> = found[1].some.iter().map(|one| one.id).collect();
    let mut expected = ascending(0..5);
    expected.drain(2..4);
    assert_eq!(told, expected);
    let original = found[1].some.last().unwrap();
    assert!(original.is_original && !found[1].some[0].is_original);
    assert_eq!((original.outlet.as_str(), original.published_at.is_some()), ("甲报", true));
    assert!(found[1].some[0].outlet.starts_with("网站"));
    // An original that is within the limit is not listed a second time.
    assert_eq!(store.copies(&asked, limit(9)).await.unwrap()[1].some.len(), 5);
}

async fn a_list_has_each_article_once(store: &impl VectorStore) {
    let mut sampler = Sampler::new(8);
    store.upsert((0..25).map(|number| sampler.point(number)).collect()).await.unwrap();
    for filter in [Filter::default(), Filter::parse("page_no > 1").unwrap()] {
        let whole = store.list(&filter, None, limit(1000)).await.unwrap();
        assert_eq!(whole.next, None);
        assert_eq!(whole.points.len() as u64, store.count(&filter).await.unwrap());
        let mut pieces = Vec::new();
        let mut from = None;
        loop {
            let piece = store.list(&filter, from, limit(4)).await.unwrap();
            assert!(piece.next.is_none() || piece.points.len() == 4);
            pieces.extend(piece.points);
            from = piece.next;
            if from.is_none() {
                break;
            }
        }
        assert_eq!(pieces, whole.points);
        assert!(pieces.is_sorted_by(|left, right| left.article.id < right.article.id));
    }
    let all = ascending(0..25);
    let exact = store.list(&Filter::default(), None, limit(25)).await.unwrap();
    assert_eq!((exact.points.len(), exact.next), (25, None));
    // The id at which a page starts need not exist any more.
    store.delete(&all[3..5]).await.unwrap();
    let rest = store.list(&Filter::default(), Some(all[3]), limit(1)).await.unwrap();
    assert_eq!((rest.points[0].article.id, rest.next), (all[5], Some(all[6])));
}

async fn another_dim_writes_nothing(store: &impl VectorStore) {
    let short = numbered(2, &[1.0, 2.0], &[]);
    let refused = store.upsert(vec![numbered(1, &axis(0), &[]), short.clone()]).await;
    assert!(matches!(refused, Err(Error::Dim { wanted: DIM, given: 2 })));
    assert_eq!(store.count(&Filter::default()).await.unwrap(), 0);
    let refused = store.nearest(&short.text, &Filter::default(), limit(1)).await;
    assert!(matches!(refused, Err(Error::Dim { wanted: DIM, given: 2 })));
}

async fn nothing_of_nothing_is_nothing(store: &impl VectorStore) {
    let all = Filter::default();
    store.upsert(Vec::new()).await.unwrap();
    store.optimize().await.unwrap();
    assert_eq!(store.fetch(&[], Vectors::Yes).await.unwrap(), []);
    assert_eq!(store.delete(&[]).await.unwrap(), BTreeSet::new());
    assert_eq!(store.nearest(&unit(&axis(0)), &all, limit(3)).await.unwrap(), []);
    assert_eq!(store.list(&all, Some(id(1)), limit(3)).await.unwrap().points, []);
    store.upsert(vec![numbered(1, &axis(0), &[(1, 1.0)])]).await.unwrap();
    assert_eq!(store.lexical(&TermVector::default(), &all, limit(3)).await.unwrap(), []);
    assert_eq!(store.status().await.unwrap().article_count, 1);
}

async fn a_closed_store_says_so(store: &impl VectorStore) {
    let point = numbered(1, &axis(0), &[(1, 1.0)]);
    store.upsert(vec![point.clone()]).await.unwrap();
    store.close().await.unwrap();
    store.close().await.unwrap();
    let all = Filter::default();
    assert!(matches!(store.upsert(vec![point.clone()]).await, Err(Error::Closed)));
    assert!(matches!(store.fetch(&[id(1)], Vectors::No).await, Err(Error::Closed)));
    assert!(matches!(store.delete(&[id(1)]).await, Err(Error::Closed)));
    assert!(matches!(store.nearest(&point.text, &all, limit(1)).await, Err(Error::Closed)));
    assert!(matches!(store.lexical(&point.terms, &all, limit(1)).await, Err(Error::Closed)));
    assert!(matches!(store.memberships(&[id(1)]).await, Err(Error::Closed)));
    assert!(matches!(store.regroup(Vec::new()).await, Err(Error::Closed)));
    assert!(matches!(store.list(&all, None, limit(1)).await, Err(Error::Closed)));
    assert!(matches!(store.count(&all).await, Err(Error::Closed)));
    assert!(matches!(store.status().await, Err(Error::Closed)));
    assert!(matches!(store.optimize().await, Err(Error::Closed)));
}
