//! One hit for each text: copies of an article stand behind the one that answers best.
//!
//! The hit that ranks best is shown, because it is the one that passes the filter and fits the
//! question; it names the original. Hits are folded before they are counted into pages, so ranks
//! and page tokens count what is shown.

use std::collections::BTreeSet;

use crate::domain::filter::Filter;
use crate::domain::hit::Reprints;
use crate::domain::id::ArticleId;
use crate::domain::limit::Limit;
use crate::domain::reprint::GroupId;
use crate::domain::reprint::Membership;
use crate::engine::Engine;
use crate::engine::Error;
use crate::engine::answer::CANDIDATES;
use crate::engine::answer::Ranked;
use crate::store::Stored;

/// Candidates whose groups are looked up at a time: a page of ten hits seldom needs more.
const PIECE: usize = 48;
/// Members of a group that are read for the outlets shown with a hit.
const READ_MAX: u32 = 50;
/// Times that the legs are asked again because copies of a few texts filled them.
const WIDER_MAX: usize = 3;
/// Outlets shown with a hit.
const SOURCES_MAX: usize = 8;

/// Candidates, best first, one of each group.
#[derive(Default)]
pub(super) struct Folded {
    pub(super) kept: Vec<Ranked>,
    /// The groups of those.
    groups: BTreeSet<GroupId>,
    /// Times that the legs were asked again.
    wider_count: usize,
}

impl Folded {
    /// What to ask the legs with again: `given` without the groups that are kept. `None` where
    /// `wanted` are kept, or the last answer, of `found_count` candidates, did not fill a leg. The
    /// article asked about fills a place too and is not counted.
    ///
    /// A leg that was full may have been full of copies: what they hide comes after them.
    pub(super) fn wider(
        &mut self,
        given: &Filter,
        wanted: usize,
        found_count: usize,
    ) -> Option<Filter> {
        let is_enough = self.kept.len() >= wanted || found_count + 1 < CANDIDATES as usize;
        if is_enough || self.wider_count == WIDER_MAX {
            return None;
        }
        self.wider_count += 1;
        let seen = self.groups.iter().copied().map(Filter::Group).collect();
        Some(given.clone().and(Filter::Not(Box::new(Filter::Any(seen)))))
    }
}

/// Whether `found` prints the text of the group that was asked about.
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
            let piece: Vec<Ranked> = rest.by_ref().take(PIECE).collect();
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
                }
            }
        }
        Ok(())
    }

    /// Who else prints the text of `membership`, whatever was filtered for; `None` if nobody does.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(super) async fn reprints_of(
        &self,
        membership: Membership,
    ) -> Result<Option<Reprints>, Error> {
        let of_group = Filter::Group(membership.group);
        let count = self.store.count(&of_group).await?;
        if count < 2 {
            return Ok(None);
        }
        let limit = Limit::new(READ_MAX).unwrap_or(Limit::MOST);
        let mut members = self.store.list(&of_group, None, limit).await?.points;
        if !members.iter().any(|stored| stored.membership.is_original) {
            let original = of_group.and(Filter::Original(true));
            members.extend(self.store.list(&original, None, limit).await?.points);
        }
        // The original's outlet first, then in order of time.
        members.sort_by_key(|stored| {
            let at = stored.article.record.published_at;
            (!stored.membership.is_original, at.is_none(), at, stored.article.id)
        });
        let original = members.first().map(|stored| stored.article.id);
        let mut sources = Vec::new();
        for outlet in members.iter().map(outlet).filter(|outlet| !outlet.is_empty()) {
            if sources.len() < SOURCES_MAX && !sources.iter().any(|known| known == outlet) {
                sources.push(outlet.to_owned());
            }
        }
        Ok(original.map(|original| Reprints { count, original, sources }))
    }
}

/// The paper, else the source.
fn outlet(stored: &Stored) -> &str {
    let record = &stored.article.record;
    if record.paper.is_empty() { &record.source } else { &record.paper }
}
