//! A batch of articles clustered anew, under the names that they had.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::btree_map::Entry;
use std::sync::Arc;

use crate::topic::Clusterer;
use crate::topic::Item;
use crate::topic::Repair;
use crate::topic::Weights;
use wenmai_domain::id::ArticleId;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::Placement;
use wenmai_domain::topic::TopicId;

/// Clusters `items` in the order of (time, id) with nothing known before, looks over the whole once
/// more, and names each topic after the one of `old` that shares most members with it: one old name
/// for one topic, at most; ties to the lower ids. Articles that are not among `items` are left out.
#[must_use]
pub fn recluster(
    weights: &Arc<Weights>,
    mut items: Vec<Item>,
    old: &BTreeMap<ArticleId, Placement>,
) -> BTreeMap<ArticleId, Placement> {
    items.sort_by_key(|item| (item.at, item.id));
    let mut clusterer = Clusterer::new(Arc::clone(weights));
    let mut placed: BTreeMap<ArticleId, Placement> = BTreeMap::new();
    let mut gone = BTreeMap::new();
    for (item, arrival) in items.into_iter().zip(1..) {
        let decision = clusterer.assign(Item { arrival, ..item });
        placed.insert(decision.article, decision.placement);
        for repair in decision.repairs {
            apply(&mut placed, &mut gone, &repair);
        }
    }
    for repair in clusterer.repair() {
        apply(&mut placed, &mut gone, &repair);
    }
    // What is split off names only those that stand for their texts.
    for (copy, original) in clusterer.copies() {
        if let Some(placement) = placed.get(&original).copied() {
            placed.insert(copy, placement);
        }
    }
    for placement in placed.values_mut() {
        let story = alive(&gone, placement.story);
        *placement = Placement { story, event: alive(&gone, placement.event) };
    }
    let stories = names(Level::Story, &placed, old);
    let events = names(Level::Event, &placed, old);
    let name =
        |names: &BTreeMap<TopicId, TopicId>, id: TopicId| names.get(&id).copied().unwrap_or(id);
    let renamed = |placement: Placement| Placement {
        story: name(&stories, placement.story),
        event: name(&events, placement.event),
    };
    placed.into_iter().map(|(id, placement)| (id, renamed(placement))).collect()
}

/// Applies a repair to the placements of articles; what is merged is only noted, since no name is given
/// twice.
fn apply(
    placed: &mut BTreeMap<ArticleId, Placement>,
    merged: &mut BTreeMap<TopicId, TopicId>,
    repair: &Repair,
) {
    match repair {
        Repair::Merged { level: _, kept, gone, probability: _ } => {
            merged.insert(*gone, *kept);
        }
        Repair::Split { level, from: _, new, members } => {
            for id in members {
                if let Some(placement) = placed.get_mut(id) {
                    *placement = moved(*placement, *level, *new);
                }
            }
        }
    }
}

/// What a topic is called after all merges.
fn alive(merged: &BTreeMap<TopicId, TopicId>, id: TopicId) -> TopicId {
    let mut id = id;
    while let Some(kept) = merged.get(&id) {
        id = *kept;
    }
    id
}

fn moved(placement: Placement, level: Level, to: TopicId) -> Placement {
    match level {
        Level::Story => Placement { story: to, ..placement },
        Level::Event => Placement { event: to, ..placement },
    }
}

/// The old name of each new topic that has one.
fn names(
    level: Level,
    new: &BTreeMap<ArticleId, Placement>,
    old: &BTreeMap<ArticleId, Placement>,
) -> BTreeMap<TopicId, TopicId> {
    let mut shared: BTreeMap<(TopicId, TopicId), usize> = BTreeMap::new();
    for (id, placement) in new {
        if let Some(before) = old.get(id) {
            *shared.entry((before.at(level), placement.at(level))).or_default() += 1;
        }
    }
    let mut shared: Vec<((TopicId, TopicId), usize)> = shared.into_iter().collect();
    shared.sort_by(|left, right| right.1.cmp(&left.1).then(left.0.cmp(&right.0)));
    let (mut names, mut given) = (BTreeMap::new(), BTreeSet::new());
    for ((before, now), _) in shared {
        if !names.contains_key(&now) && given.insert(before) {
            names.insert(now, before);
        }
    }
    // A topic without an old name may have founded one that another bears now.
    let mut taken: BTreeSet<TopicId> = old.values().map(|placement| placement.at(level)).collect();
    for (id, placement) in new {
        let now = placement.at(level);
        if let Entry::Vacant(unnamed) = names.entry(now) {
            let fresh = (0..).map(|earlier| TopicId::found_again(level, *id, earlier));
            let own = std::iter::once(now).chain(fresh).find(|name| !taken.contains(name));
            let own = own.unwrap_or(now);
            taken.insert(own);
            unnamed.insert(own);
        }
    }
    names
}
