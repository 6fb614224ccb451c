//! The clusterer as its callers see it, on made-up articles.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::topic::Clusterer;
use crate::topic::Constraint;
use crate::topic::Decision;
use crate::topic::Item;
use crate::topic::Known;
use crate::topic::Repair;
use crate::topic::Weights;
use crate::topic::recluster;
use wenmai_domain::day;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::id::ArticleId;
use wenmai_domain::terms::TermVector;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::Placement;
use wenmai_domain::topic::TopicId;

const DAY: i64 = day::SECONDS;
const DIM: usize = 64;

fn id(n: u64) -> ArticleId {
    ArticleId::from(uuid::Uuid::from_u128(u128::from(n) + 1))
}

/// A small generator, so that the articles are the same on every machine.
fn noise(seed: u64) -> impl FnMut() -> f32 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        f32::from(u16::try_from(state >> 48).unwrap()) / 32_768.0 - 1.0
    }
}

/// Article `n` of `story`: near the story's direction, with its words and some of its own.
fn item(n: u64, story: u64, at: i64) -> Item {
    let (mut of_story, mut own) = (noise(story + 1_000), noise(n + 1));
    let values = (0..DIM).map(|_| of_story() + 0.25 * own()).collect();
    let word = |at: u64| u32::try_from(story * 100 + at).unwrap();
    let rare = u32::try_from(1_000_000 + n).unwrap();
    let title = TermVector::from_weights((0..4).map(|at| (word(at), 1.0)));
    let text = TermVector::from_weights((0..30).map(|at| (word(at), 1.5)).chain([(rare, 1.0)]));
    Item {
        id: id(n),
        arrival: n + 1,
        at,
        title: format!("第{story}号故事的报道"),
        embedding: Embedding::normalize(values).unwrap(),
        title_terms: title,
        text_terms: text,
        keys: vec![format!("地:地点{story}")],
        original: None,
    }
}

/// Eight stories in turn, an article every third of a day.
fn stream(count: u64) -> Vec<Item> {
    (0..count).map(|n| item(n, n * n % 8, i64::try_from(n).unwrap() * DAY / 3)).collect()
}

fn clusterer() -> Clusterer {
    Clusterer::new(Arc::new(Weights::bundled().unwrap()))
}

/// Placements after all repairs, and topics with when they were founded.
#[derive(Default)]
struct Log {
    placed: BTreeMap<ArticleId, Placement>,
    known: BTreeMap<TopicId, Known>,
}

impl Log {
    fn take(&mut self, decision: &Decision, at: i64) {
        let Placement { event, story } = decision.placement;
        for (id, level) in [(event, Level::Event), (story, Level::Story)] {
            self.known.entry(id).or_insert(Known { id, level, founded: at });
        }
        self.placed.insert(decision.article, decision.placement);
        for repair in &decision.repairs {
            if let Repair::Merged { kept, gone, .. } = repair {
                for placement in self.placed.values_mut() {
                    for topic in [&mut placement.event, &mut placement.story] {
                        *topic = if *topic == *gone { *kept } else { *topic };
                    }
                }
            }
        }
    }
}

#[test]
fn articles_of_one_story_meet_and_others_do_not() {
    let mut clusterer = clusterer();
    let mut log = Log::default();
    for item in stream(64) {
        let at = item.at;
        log.take(&clusterer.assign(item), at);
    }
    let story = |n: u64| log.placed[&id(n)].story;
    let alike = (0..64).filter(|n| story(*n) == story(n % 8)).count();
    assert!(alike >= 56, "{alike} of 64 with the first of their story");
    assert_ne!(story(0), story(1));
}

#[test]
fn a_stream_replayed_gives_the_same_bits() {
    let run = || -> Vec<Decision> {
        let mut clusterer = clusterer();
        stream(120).into_iter().map(|item| clusterer.assign(item)).collect()
    };
    assert_eq!(run(), run());
}

#[test]
fn a_stream_restored_midway_goes_on_with_the_same_bits() {
    let items = stream(160);
    let mut whole = clusterer();
    let mut log = Log::default();
    for item in &items[..80] {
        log.take(&whole.assign(item.clone()), item.at);
    }
    let mut restored = clusterer();
    for known in log.known.values() {
        restored.know(*known);
    }
    for item in &items[..80] {
        restored.restore(item.clone(), log.placed[&item.id]);
    }
    for item in &items[80..] {
        assert_eq!(whole.assign(item.clone()), restored.assign(item.clone()));
    }
}

#[test]
fn an_article_older_than_the_window_is_forgotten() {
    let mut clusterer = clusterer();
    clusterer.assign(item(0, 0, 0));
    clusterer.assign(item(1, 1, 400 * DAY));
    assert_eq!(clusterer.held_count(), 2, "one article may have a wrong date");
    clusterer.assign(item(2, 1, 401 * DAY));
    assert_eq!(clusterer.held_count(), 2);
}

#[test]
fn one_wrong_date_changes_nothing_for_the_others_wherever_it_stands() {
    let stream = |wrong: Option<(usize, i64)>| {
        let mut clusterer = clusterer();
        let mut placed = Vec::new();
        for n in 0..12_u64 {
            if let Some((_, at)) = wrong.filter(|(place, _)| *place == usize::try_from(n).unwrap())
            {
                clusterer.assign(item(900, 7, at));
            }
            let at = i64::try_from(n).unwrap() * 3 * DAY;
            placed.push(clusterer.assign(item(n, n % 3, at)).placement);
        }
        placed
    };
    let right = stream(None);
    for place in 0..12 {
        for at in [4_070_908_800, 400 * DAY, -20_000 * DAY] {
            assert_eq!(stream(Some((place, at))), right, "{at} at {place}");
        }
    }
}

#[test]
fn extreme_times_do_no_harm() {
    let mut clusterer = clusterer();
    for (n, at) in [i64::MIN, 0, i64::MAX, -1, DAY, 2 * DAY].into_iter().enumerate() {
        clusterer.assign(item(u64::try_from(n).unwrap(), 1, at));
    }
    clusterer.repair();
    assert!(clusterer.held_count() <= 5, "what lies before the window is gone");
}

#[test]
fn ten_thousand_copies_are_one_article_inside() {
    let mut clusterer = clusterer();
    let first = clusterer.assign(item(0, 1, 0));
    for n in 1..10_000 {
        let copy = Item { original: Some(id(n / 2)), ..item(n, 1, 0) };
        let decision = clusterer.assign(copy);
        assert_eq!(decision.placement, first.placement);
        assert!(!decision.new_story);
    }
    assert_eq!(clusterer.held_count(), 1);
}

#[test]
fn an_empty_clusterer_has_nothing_to_repair() {
    let mut clusterer = clusterer();
    assert!(clusterer.repair().is_empty());
    assert_eq!(clusterer.remove(id(7)), None);
    assert!(
        recluster(&Arc::new(Weights::bundled().unwrap()), Vec::new(), &BTreeMap::new()).is_empty()
    );
}

#[test]
fn a_topic_founded_twice_by_one_article_has_two_names() {
    let mut clusterer = clusterer();
    let first = clusterer.assign(item(0, 1, 0));
    assert_eq!(clusterer.remove(id(0)), Some(first.placement));
    let second = clusterer.assign(item(0, 1, 0));
    assert!(second.new_story && first.placement.story != second.placement.story);
}

#[test]
fn what_a_person_said_is_done_and_kept() {
    let mut clusterer = clusterer();
    let (one, other) = (clusterer.assign(item(0, 1, 0)), clusterer.assign(item(1, 2, 0)));
    let (kept, gone) = (one.placement.story, other.placement.story);
    assert_ne!(kept, gone);
    clusterer.constrain(Constraint::Together { level: Level::Story, kept, gone });
    clusterer.constrain(Constraint::Together { level: Level::Story, kept, gone: kept });
    let placed = clusterer.remove(id(1)).unwrap();
    assert_eq!((placed.story, placed.event), (kept, other.placement.event));
    let moved = Placement { story: gone, ..one.placement };
    clusterer.constrain(Constraint::Moved { article: id(0), placement: moved });
    assert_eq!(clusterer.remove(id(0)), Some(moved));
}

/// The bundled weights, but every two stories that are compared become one.
fn merging() -> Clusterer {
    let json = include_str!("../../../models/rankers/topics.json");
    let mut file: serde_json::Value = serde_json::from_str(json).unwrap();
    file["merge_from"] = 0.0.into();
    Clusterer::new(Arc::new(Weights::parse(&file.to_string()).unwrap()))
}

#[test]
fn stories_that_a_person_parted_or_pinned_are_not_merged() {
    let halves = |constrain: &dyn Fn(&mut Clusterer, TopicId, TopicId)| {
        let mut clusterer = merging();
        let [one, other] = [7, 8].map(|founder| TopicId::found(Level::Story, id(founder)));
        for n in 0..24 {
            let story = if n % 2 == 0 { one } else { other };
            let placement = Placement { story, event: TopicId::found(Level::Event, id(n)) };
            clusterer.restore(item(n, 1, i64::try_from(n).unwrap()), placement);
        }
        constrain(&mut clusterer, one, other);
        let repairs = clusterer.repair();
        repairs.iter().filter(|repair| matches!(repair, Repair::Merged { .. })).count()
    };
    assert_eq!(halves(&|_, _, _| ()), 1, "two halves of one story are merged");
    assert_eq!(
        halves(&|clusterer, one, other| clusterer.constrain(Constraint::Apart(other, one))),
        0
    );
    assert_eq!(halves(&|clusterer, one, _| clusterer.constrain(Constraint::Pinned(one))), 0);
}

#[test]
fn stories_that_name_nothing_in_common_are_not_merged() {
    let merged = |named: u64| {
        let mut clusterer = merging();
        for n in 0..24 {
            // All articles are alike; half of them name what `named` does.
            let other = item(n, named, 0);
            let (title_terms, keys) = (other.title_terms, other.keys);
            let one = item(n, 1, i64::try_from(n).unwrap());
            let one = if n % 2 == 0 { one } else { Item { title_terms, keys, ..one } };
            let story = TopicId::found(Level::Story, id(7 + n % 2));
            clusterer.restore(one, Placement { story, event: TopicId::found(Level::Event, id(n)) });
        }
        let repairs = clusterer.repair();
        repairs.iter().any(|repair| matches!(repair, Repair::Merged { .. }))
    };
    assert!(merged(1));
    assert!(!merged(2));
}

/// The merges of events in the stream: the article that showed each, what stays and what is gone.
fn event_merges(clusterer: &mut Clusterer, log: &mut Log) -> Vec<(ArticleId, TopicId, TopicId)> {
    let mut merges = Vec::new();
    for item in stream(160) {
        let decision = clusterer.assign(item.clone());
        log.take(&decision, item.at);
        for repair in &decision.repairs {
            if let Repair::Merged { level: Level::Event, kept, gone, .. } = repair {
                merges.push((item.id, *kept, *gone));
            }
        }
    }
    merges
}

#[test]
fn events_of_a_few_days_that_a_report_fits_both_become_one() {
    let mut log = Log::default();
    let merges = event_merges(&mut clusterer(), &mut log);
    let at: BTreeMap<ArticleId, i64> = stream(160).iter().map(|item| (item.id, item.at)).collect();
    let [(shown_by, kept, gone), ..] = merges[..] else { panic!("no events were merged") };
    assert!(log.known[&kept].founded <= log.known[&gone].founded);
    for (article, kept, _) in &merges {
        let members = log.placed.iter().filter(|(id, place)| {
            place.event == log.placed[article].event && at[*id] <= at[article]
        });
        let members: Vec<(i64, TopicId)> =
            members.map(|(id, place)| (at[id], place.story)).collect();
        let times = || members.iter().map(|(at, _)| *at);
        assert!(times().max().unwrap() - times().min().unwrap() <= 3 * DAY, "{kept}");
        assert!(members.iter().all(|(_, story)| *story == log.placed[article].story));
    }
    // A person said that they are two, or that one stays as it is.
    for constraint in [Constraint::Apart(gone, kept), Constraint::Pinned(kept)] {
        let mut clusterer = clusterer();
        clusterer.constrain(constraint);
        let others = event_merges(&mut clusterer, &mut Log::default());
        assert!(!others.contains(&(shown_by, kept, gone)));
    }
}

#[test]
fn a_batch_keeps_the_names_that_most_members_had() {
    let weights = Arc::new(Weights::bundled().unwrap());
    let items = stream(40);
    let fresh = recluster(&weights, items.clone(), &BTreeMap::new());
    let rename = TopicId::found(Level::Story, id(9_999));
    let old: BTreeMap<ArticleId, Placement> = fresh
        .iter()
        .map(|(id, placement)| {
            let story =
                if placement.story == fresh[&items[0].id].story { rename } else { placement.story };
            (*id, Placement { story, ..*placement })
        })
        .collect();
    assert_eq!(recluster(&weights, items, &old), old);
}

#[test]
fn copies_go_where_the_article_that_stands_for_them_goes() {
    let weights = Arc::new(Weights::bundled().unwrap());
    let mut items = stream(64);
    let latest = items.iter().map(|one| one.at).max().unwrap();
    let copy = |n: u64| Item { original: Some(id(n)), ..item(n + 1_000, n * n % 8, latest) };
    items.extend((0..64).map(copy));
    let placed = recluster(&weights, items, &BTreeMap::new());
    for n in 0..64 {
        assert_eq!(placed[&id(n)], placed[&id(n + 1_000)], "of {n}");
    }
    let mut stories: BTreeMap<TopicId, TopicId> = BTreeMap::new();
    for placement in placed.values() {
        let story = *stories.entry(placement.event).or_insert(placement.story);
        assert_eq!(story, placement.story, "an event lies in two stories");
    }
}

/// A story that holds four matters, an article short of the size at which it is looked at, and the
/// repairs that one more article of it brings.
fn come_apart(constrain: &dyn Fn(&mut Clusterer, TopicId)) -> (TopicId, Vec<Repair>) {
    let mut clusterer = clusterer();
    let story = TopicId::found(Level::Story, id(0));
    for n in 0..26 {
        let placement = Placement { story, event: TopicId::found(Level::Event, id(n)) };
        let at = i64::try_from(n).unwrap() * DAY;
        clusterer.restore(item(n, n % 4, at), placement);
    }
    constrain(&mut clusterer, story);
    let decision = clusterer.assign(item(26, 2, 26 * DAY));
    assert_eq!(decision.placement.story, story);
    (story, decision.repairs)
}

#[test]
fn a_story_that_has_come_apart_is_split_as_it_grows() {
    let (story, repairs) = come_apart(&|_, _| ());
    let [Repair::Split { level, from, new, members }] = repairs.as_slice() else {
        panic!("{repairs:?}");
    };
    assert_eq!((*level, *from), (Level::Story, story));
    assert_ne!(new, from);
    assert!((1..=13).contains(&members.len()), "the larger part keeps the id: {members:?}");
    for matter in 0..4 {
        let of = || (0..27).filter(|n| n % 4 == matter);
        let gone = of().filter(|n| members.contains(&id(*n))).count();
        assert!(gone == 0 || gone == of().count(), "a matter goes as a whole: {members:?}");
    }
}

#[test]
fn what_a_person_shaped_or_pinned_is_not_split() {
    let shaped = come_apart(&|clusterer, story| clusterer.constrain(Constraint::Shaped(story)));
    let pinned = come_apart(&|clusterer, story| clusterer.constrain(Constraint::Pinned(story)));
    assert_eq!((shaped.1, pinned.1), (Vec::new(), Vec::new()));
}

#[test]
fn a_round_up_is_in_no_story_and_glues_none() {
    let mut clusterer = clusterer();
    let mut stories = std::collections::BTreeSet::new();
    let titled = |n: u64, title: &str| Item {
        title: title.to_owned(),
        ..item(n, 1, i64::try_from(n).unwrap() * DAY / 4)
    };
    let round_up = "清河早报|市长考察渡口改造；柳溪镇秋粮收购过半";
    for n in 0..8 {
        let title = if n % 2 == 0 { "清河大桥的报道" } else { round_up };
        let decision = clusterer.assign(titled(n, title));
        assert_eq!(decision.new_story, n % 2 == 1 || n == 0, "of {n}: {decision:?}");
        stories.insert(decision.placement.story);
    }
    assert_eq!(stories.len(), 5);
}
