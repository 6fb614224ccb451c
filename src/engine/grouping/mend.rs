//! Mends groups of reprints that do not have exactly one original.
//!
//! Every write of several steps keeps this order: a new original is named before the one before it
//! steps back or is deleted. A write that breaks off therefore leaves two originals, of which the
//! earlier is right, since it would have been without that write. A group without an original is
//! never left by this program; it is mended all the same.

use std::collections::BTreeMap;

use crate::Engine;
use crate::Error;
use crate::grouping::printed;
use wenmai_cluster::reprint::Plain;
use wenmai_cluster::reprint::Printed;
use wenmai_cluster::reprint::signature;
use wenmai_domain::filter::Filter;
use wenmai_domain::limit::Limit;
use wenmai_domain::reprint::GroupId;
use wenmai_domain::reprint::Membership;
use wenmai_store::Regroup;

impl Engine {
    /// Gives `group` exactly one original; returns whether it had none or several. Needs the write
    /// lock.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(crate) async fn mend_group(&self, group: GroupId) -> Result<bool, Error> {
        let originals = Filter::Group(group).and(Filter::Original(true));
        let mut originals: Vec<Printed> = self
            .store
            .list(&originals, None, Limit::MOST)
            .await?
            .points
            .into_iter()
            .map(|stored| printed(&stored.article, Plain::of(&stored.article.record)))
            .collect();
        if originals.is_empty() {
            return self.hand_over(group, None).await;
        }
        originals.sort_by_key(|original| original.standing);
        // The later ones stay anchors: they may print more than the original does.
        let later = originals.into_iter().skip(1).map(|later| Regroup {
            id: later.standing.id(),
            membership: Membership { group, is_original: false },
            signature: signature(&later.plain),
        });
        let changes: Vec<Regroup> = later.collect();
        let is_mended = !changes.is_empty();
        if is_mended {
            self.announce(changes.iter().map(|change| change.id)).await?;
            self.guarded(self.store.regroup(changes)).await?;
        }
        Ok(is_mended)
    }

    /// Mends every group of the store; returns how many had no original or several. Reads every
    /// stored article. Needs the write lock.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(crate) async fn mend_all_groups(&self) -> Result<u64, Error> {
        let mut originals = BTreeMap::<GroupId, u32>::new();
        let mut from = None;
        loop {
            let page = self.store.list(&Filter::default(), from, Limit::MOST).await?;
            for stored in page.points {
                let Membership { group, is_original } = stored.membership;
                *originals.entry(group).or_default() += u32::from(is_original);
            }
            from = page.next;
            if from.is_none() {
                break;
            }
        }
        let mut mended = 0;
        for (group, _) in originals.into_iter().filter(|(_, count)| *count != 1) {
            mended += u64::from(self.mend_group(group).await?);
        }
        Ok(mended)
    }
}
