//! Shows one hit for each text: of the copies of an article, the one that answers best.
//!
//! The copy that ranks best is shown, because it is the one that passes the filter and fits the
//! question; it names the original. Copies are folded before hits are counted into pages, so ranks
//! and page tokens count what is shown.

use std::collections::BTreeSet;

use crate::Engine;
use crate::Error;
use crate::ranked::Ranked;
use wenmai_domain::filter::Filter;
use wenmai_domain::hit::Reprints;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::reprint::GroupId;
use wenmai_domain::reprint::Membership;
use wenmai_store::Copies;
use wenmai_store::Imprint;

/// How many more candidates' groups are looked up at a time than are still wanted, as a share: some
/// are copies of each other.
const MORE_LOOKED_UP: usize = 2;
/// How many are looked up at a time at least.
const PIECE_MIN: usize = 8;
/// How many members of a group are read for the outlets that are shown with a hit.
const READ_MAX: u32 = 50;
/// How many times the legs are asked again because copies of a few texts filled them.
const WIDER_MAX: usize = 3;
/// Outlets shown with a hit.
const SOURCES_MAX: usize = 8;

/// The candidates after folding: best first, one of each group.
#[derive(Default)]
pub(super) struct Folded {
    pub(super) kept: Vec<Ranked>,
    /// The groups of the candidates that are kept.
    groups: BTreeSet<GroupId>,
    /// How many copies of them the last answer of the legs held.
    copy_count: usize,
    /// How many times the legs were asked again.
    wider_count: usize,
}

impl Folded {
    /// The filter with which to ask the legs again: `given` without the groups that are kept.
    /// `None` where `wanted` candidates are kept, or where the last answer, of `found_count`
    /// candidates, did not fill a leg of `depth` or held no copy. (The article asked about takes up
    /// one more candidate, which is not counted.)
    ///
    /// Behind a leg that was full of copies there may be other texts, which the copies hid. A leg
    /// that was full without copies would only return the same again.
    pub(super) fn wider(
        &mut self,
        given: &Filter,
        wanted: usize,
        (found_count, depth): (usize, u32),
    ) -> Option<Filter> {
        let is_enough = self.kept.len() >= wanted || found_count + 1 < depth as usize;
        if is_enough || self.copy_count == 0 || self.wider_count == WIDER_MAX {
            return None;
        }
        self.copy_count = 0;
        self.wider_count += 1;
        let seen = self.groups.iter().copied().map(Filter::Group).collect();
        Some(given.clone().and(Filter::Not(Box::new(Filter::Any(seen)))))
    }
}

/// Whether `found` belongs to the group of reprints that was asked about.
#[must_use]
pub(super) fn is_reprint(asked: Option<GroupId>, found: Membership) -> bool {
    asked == Some(found.group)
}

impl Engine {
    /// Adds the best candidate of every group that is not in `folded`, until `wanted` are kept.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(super) async fn fold_into(
        &self,
        folded: &mut Folded,
        ordered: Vec<Ranked>,
        wanted: usize,
    ) -> Result<(), Error> {
        let mut rest = ordered.into_iter();
        while folded.kept.len() < wanted {
            let missing = wanted - folded.kept.len();
            let piece = (missing + missing / MORE_LOOKED_UP).max(PIECE_MIN);
            let piece: Vec<Ranked> = rest.by_ref().take(piece).collect();
            if piece.is_empty() {
                break;
            }
            let ids: Vec<ArticleId> = piece.iter().map(|ranked| ranked.id).collect();
            let found = self.store.memberships(&ids).await?;
            for (ranked, membership) in piece.into_iter().zip(found) {
                // An article deleted since the legs answered is no hit.
                let Some(membership) = membership else { continue };
                if folded.groups.insert(membership.group) {
                    folded.kept.push(ranked);
                } else {
                    folded.copy_count += 1;
                }
            }
        }
        Ok(())
    }

    /// Who else prints the texts of `memberships`, in their order and whatever the filter; `None`
    /// for a text that nobody else prints.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(super) async fn reprints_of(
        &self,
        memberships: impl Iterator<Item = Membership>,
    ) -> Result<Vec<Option<Reprints>>, Error> {
        let groups: Vec<GroupId> = memberships.map(|one| one.group).collect();
        let limit = Limit::new(READ_MAX).unwrap_or(Limit::MOST);
        let copies = self.store.copies(&groups, limit).await?;
        Ok(copies.into_iter().map(reprints).collect())
    }
}

fn reprints(copies: Copies) -> Option<Reprints> {
    let Copies { count, mut some } = copies;
    if count < 2 {
        return None;
    }
    // The original's outlet first, then in order of time.
    some.sort_by_key(|one| {
        (!one.is_original, one.published_at.is_none(), one.published_at, one.id)
    });
    let original = some.first()?.id;
    let mut sources: Vec<String> = Vec::new();
    for Imprint { outlet, .. } in some.into_iter().filter(|one| !one.outlet.is_empty()) {
        if sources.len() < SOURCES_MAX && !sources.contains(&outlet) {
            sources.push(outlet);
        }
    }
    Some(Reprints { count, original, sources })
}
