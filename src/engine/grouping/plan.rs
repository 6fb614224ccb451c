//! Decides on the groups of a few drafts in order, by what is stored and by what was decided just
//! before.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::Error;
use crate::grouping::Draft;
use crate::grouping::printed;
use wenmai_cluster::reprint::Anchor;
use wenmai_cluster::reprint::Plain;
use wenmai_cluster::reprint::Printed;
use wenmai_cluster::reprint::join;
use wenmai_cluster::reprint::least_shared;
use wenmai_cluster::reprint::signature;
use wenmai_domain::filter::Filter;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::reprint::GroupId;
use wenmai_domain::reprint::Membership;
use wenmai_domain::reprint::Signature;
use wenmai_store::Alike;
use wenmai_store::Point;
use wenmai_store::Regroup;
use wenmai_store::Scored;
use wenmai_store::Store;
use wenmai_store::Stored;

/// How many anchors one article is compared with at most, those that share the most hashes.
const CANDIDATES: usize = 16;

/// What is known while a few drafts are decided on.
pub(super) struct Plan {
    /// For each draft, the stored anchors that share hashes with it, those that share most first.
    stored: BTreeMap<ArticleId, Vec<Scored>>,
    /// Anchors, whether stored or decided on just now.
    anchors: BTreeMap<ArticleId, Anchor>,
    /// For each hash, the drafts that hold it.
    fresh: BTreeMap<u32, Vec<ArticleId>>,
    /// Stored anchors that no longer count: they were replaced, or a new original covers them.
    gone: BTreeSet<ArticleId>,
    /// The decisions on the drafts, in order.
    decided: Vec<(Membership, Signature)>,
    /// The positions of the drafts in `decided`.
    places: BTreeMap<ArticleId, usize>,
    /// New memberships of stored articles.
    changes: BTreeMap<ArticleId, Regroup>,
    /// The groups that the first draft showed to be one with its own, and those that it contests; if
    /// there are any, it is the only draft.
    merged: Vec<GroupId>,
    /// See `merged`.
    contested: Vec<GroupId>,
}

/// What a plan decided.
pub(super) struct Decided {
    /// The points to be written.
    pub(super) points: Vec<Point>,
    /// New memberships of stored articles.
    pub(super) changes: Vec<Regroup>,
    /// Groups that become one with that of the only point.
    pub(super) merged: Vec<GroupId>,
    /// Groups some of whose articles may go with the only point.
    pub(super) contested: Vec<GroupId>,
}

impl Plan {
    /// Reads what `drafts`, each of another article, may be compared with. `leaving` is the article
    /// that handed its group over: it is stored as an original until its draft is written, but is the
    /// original of nobody any more.
    pub(super) async fn load(
        store: &Store,
        drafts: &[Draft],
        leaving: Option<ArticleId>,
    ) -> Result<Self, Error> {
        // As many more as drafts: each of them can take one stored anchor out of the list.
        let limit = u32::try_from(CANDIDATES + drafts.len()).unwrap_or(u32::MAX);
        let limit = Limit::new(limit).unwrap_or(Limit::MOST);
        let asked = drafts.iter().map(|draft| Alike {
            signature: draft.signature.clone(),
            shared_min: least_shared(&draft.signature),
            limit,
        });
        let found = store.alike(asked.collect()).await?;
        // One more than are compared: what a draft replaces is among them and falls out, and the
        // first draft has to be decided on in any case.
        let ids: BTreeSet<ArticleId> = found
            .iter()
            .flat_map(|hits| hits.iter().take(CANDIDATES + 1))
            .map(|hit| hit.id)
            .collect();
        let ids: Vec<ArticleId> = ids.into_iter().collect();
        let anchors = load_anchors(store, &ids, leaving).await?;
        let stored = drafts.iter().map(Draft::id).zip(found).collect();
        Ok(Self {
            stored,
            anchors,
            fresh: BTreeMap::new(),
            gone: BTreeSet::new(),
            decided: Vec::new(),
            places: BTreeMap::new(),
            changes: BTreeMap::new(),
            merged: Vec::new(),
            contested: Vec::new(),
        })
    }

    /// Decides on the next draft; `known` is the membership of the stored article that it replaces,
    /// if any. Returns `false` where what was loaded is not enough; then the draft is to be the
    /// first of the next plan.
    pub(super) fn decide(&mut self, draft: &Draft, known: Option<Membership>) -> bool {
        if !(self.merged.is_empty() && self.contested.is_empty()) {
            return false;
        }
        if let Some(known) = known {
            // Somebody joined the old text just now and would be left without an original.
            let is_joined = self.decided.iter().any(|(other, _)| other.group == known.group);
            if known.is_original && is_joined {
                return false;
            }
            self.gone.insert(draft.id());
            self.anchors.remove(&draft.id());
        }
        let Some(anchors) = self.candidates(draft) else { return false };
        let joined = join(&draft.printed, draft.own_group(), anchors);
        // Groups that become one, or are divided, are read whole, so that what was decided before is
        // written first and what comes behind is decided on what is written then.
        let is_simple = joined.merged.is_empty() && joined.contested.is_empty();
        if !is_simple && !self.decided.is_empty() {
            return false;
        }
        (self.merged, self.contested) = (joined.merged, joined.contested);
        let group = joined.membership.group;
        if let Some(stays) = joined.replaced {
            self.replace_original(group, stays, &draft.printed);
        }
        let signature =
            if joined.is_anchor { draft.signature.clone() } else { Signature::default() };
        if joined.is_anchor {
            self.add_anchor(draft, group, joined.membership.is_original);
        }
        self.places.insert(draft.id(), self.decided.len());
        self.decided.push((joined.membership, signature));
        true
    }

    /// The group of `draft`, the only one of this plan; its own if it joins none.
    pub(super) fn group_of(&mut self, draft: &Draft) -> Option<GroupId> {
        // A stored article of this id is compared with too: it may be the one that is asked about.
        self.decide(draft, None);
        self.decided.first().map(|(membership, _)| membership.group)
    }

    /// What is to be written of `drafts`.
    pub(super) fn finish(self, drafts: &[Draft]) -> Decided {
        let points = drafts.iter().cloned().zip(self.decided);
        let points = points
            .filter_map(|(draft, (membership, signature))| draft.point(membership, signature));
        Decided {
            points: points.collect(),
            changes: self.changes.into_values().collect(),
            merged: self.merged,
            contested: self.contested,
        }
    }

    /// The anchors that `draft` is compared with, most hashes shared first; `None` if one of them
    /// was not loaded.
    fn candidates(&self, draft: &Draft) -> Option<Vec<&Anchor>> {
        let mut shared = BTreeMap::<ArticleId, usize>::new();
        for key in draft.signature.keys() {
            for id in self.fresh.get(key).into_iter().flatten() {
                *shared.entry(*id).or_default() += 1;
            }
        }
        let least = least_shared(&draft.signature);
        shared.retain(|_, count| *count >= least);
        let stored = self.stored.get(&draft.id()).into_iter().flatten();
        for hit in stored.filter(|hit| !self.gone.contains(&hit.id)) {
            // A count that the store gave as a float.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
            shared.insert(hit.id, hit.score.round() as usize);
        }
        let mut ordered: Vec<(Reverse<usize>, ArticleId)> =
            shared.into_iter().map(|(id, count)| (Reverse(count), id)).collect();
        ordered.sort_unstable();
        ordered.truncate(CANDIDATES);
        ordered.iter().map(|(_, id)| self.anchors.get(id)).collect()
    }

    fn add_anchor(&mut self, draft: &Draft, group: GroupId, is_original: bool) {
        let original = self.anchors.values().find(|anchor| anchor.group == group);
        let original = original.filter(|_| !is_original).map(|anchor| anchor.original.clone());
        let original = original.unwrap_or_else(|| draft.printed.clone());
        let anchor = Anchor { printed: draft.printed.clone(), group, original };
        self.anchors.insert(draft.id(), anchor);
        for key in draft.signature.keys() {
            self.fresh.entry(*key).or_default().push(draft.id());
        }
    }

    /// Makes `original` the original of `group`; `stays` tells whether the one before stays an
    /// anchor.
    fn replace_original(&mut self, group: GroupId, stays: bool, original: &Printed) {
        let before = self.anchors.values().find(|anchor| anchor.group == group);
        let Some(before) = before.map(|anchor| anchor.original.clone()) else { return };
        for anchor in self.anchors.values_mut().filter(|anchor| anchor.group == group) {
            anchor.original = original.clone();
        }
        let id = before.standing.id();
        let membership = Membership { group, is_original: false };
        let kept = if stays { signature(&before.plain) } else { Signature::default() };
        match self.places.get(&id).and_then(|place| self.decided.get_mut(*place)) {
            Some(decided) => *decided = (membership, kept),
            None => {
                self.changes.insert(id, Regroup { id, membership, signature: kept });
            }
        }
        if !stays {
            self.gone.insert(id);
            self.anchors.remove(&id);
            for holders in self.fresh.values_mut() {
                holders.retain(|holder| *holder != id);
            }
        }
    }
}

/// Reads the anchors of `ids`, each with the original of its group, which is not `leaving`.
async fn load_anchors(
    store: &Store,
    ids: &[ArticleId],
    leaving: Option<ArticleId>,
) -> Result<BTreeMap<ArticleId, Anchor>, Error> {
    let mut anchors = BTreeMap::new();
    for stored in store.fetch(ids, wenmai_store::Vectors::No).await?.into_iter().flatten() {
        let Stored { article, membership, .. } = stored;
        let found = printed(&article, Plain::of(&article.record));
        let original = if membership.is_original {
            found.clone()
        } else {
            original_of(store, membership.group, leaving).await?.unwrap_or_else(|| found.clone())
        };
        let anchor = Anchor { printed: found, group: membership.group, original };
        anchors.insert(article.id, anchor);
        tokio::task::yield_now().await;
    }
    Ok(anchors)
}

/// The original of a group, but for `leaving`.
pub(super) async fn original_of(
    store: &Store,
    group: GroupId,
    leaving: Option<ArticleId>,
) -> Result<Option<Printed>, Error> {
    let filter = Filter::Group(group).and(Filter::Original(true));
    let found = store.list(&filter, None, Limit::MOST).await?.points;
    let found = found.into_iter().filter(|stored| Some(stored.article.id) != leaving);
    let found = found.map(|stored| {
        let plain = Plain::of(&stored.article.record);
        printed(&stored.article, plain)
    });
    // A crash between two writes can leave two of them; the earlier counts.
    Ok(found.min_by_key(|printed| printed.standing))
}
