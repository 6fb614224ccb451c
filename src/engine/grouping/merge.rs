//! Makes two groups of reprints one.
//!
//! Two parts of one text that are printed before the whole found a group each; when the whole
//! arrives they become one. The members of the one that goes move over before the whole is written,
//! its original last: wherever that breaks off, every group has exactly one original, and the same
//! write, asked for again, finds the rest of the group and moves that. The id that goes is not given
//! again; whoever still asks for it is led to the group where its articles are
//! ([`Engine::present_group`]).

use std::collections::BTreeMap;

use crate::Engine;
use crate::Error;
use crate::grouping::plan::original_of;
use crate::grouping::printed;
use wenmai_cluster::reprint::Plain;
use wenmai_cluster::reprint::prints_more;
use wenmai_cluster::reprint::signature;
use wenmai_domain::filter::Filter;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::reprint::GroupId;
use wenmai_domain::reprint::Membership;
use wenmai_domain::reprint::Signature;
use wenmai_store::Regroup;
use wenmai_store::Stored;

impl Engine {
    /// Moves the articles of `gone` into `kept`, none of them as its original. Needs the write lock.
    ///
    /// Reads the whole of `gone`, as a change of its original does.
    pub(super) async fn merge_groups(&self, kept: GroupId, gone: GroupId) -> Result<(), Error> {
        let membership = Membership { group: kept, is_original: false };
        let original = original_of(&self.store, gone, None).await?;
        let is_original =
            |id: ArticleId| original.as_ref().is_some_and(|original| original.standing.id() == id);
        let mut from = None;
        loop {
            let page = self.store.list(&Filter::Group(gone), from, Limit::MOST).await?;
            let mut changes = Vec::with_capacity(page.points.len());
            for Stored { article, .. } in page.points {
                if is_original(article.id) {
                    continue;
                }
                let member = printed(&article, Plain::of(&article.record));
                let is_anchor =
                    original.as_ref().is_none_or(|original| prints_more(original, &member));
                let signature =
                    if is_anchor { signature(&member.plain) } else { Signature::default() };
                changes.push(Regroup { id: article.id, membership, signature });
                tokio::task::yield_now().await;
            }
            if !changes.is_empty() {
                self.announce(changes.iter().map(|change| change.id)).await?;
                self.guarded(self.store.regroup(changes)).await?;
            }
            from = page.next;
            if from.is_none() {
                break;
            }
        }
        // It stays an anchor: what prints this part alone is found through it.
        let last = original.map(|original| Regroup {
            id: original.standing.id(),
            membership,
            signature: signature(&original.plain),
        });
        match last {
            Some(last) => {
                self.announce([last.id]).await?;
                self.guarded(self.store.regroup(vec![last])).await
            }
            None => Ok(()),
        }
    }

    /// `filter` with the group that took its articles in place of every group that is gone.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(crate) async fn with_present_groups(&self, filter: Filter) -> Result<Filter, Error> {
        let mut named = Vec::new();
        let filter = filter.with_groups(&mut |group| {
            named.push(group);
            group
        });
        let mut present = BTreeMap::new();
        for group in named {
            present.insert(group, self.present_group(group).await?);
        }
        Ok(filter.with_groups(&mut |group| present.get(&group).copied().unwrap_or(group)))
    }

    /// The group in which the articles of `group` are now: another one where it was merged. The topics'
    /// log remembers whom it stood for; without topics, or once that article is gone, nobody does.
    async fn present_group(&self, group: GroupId) -> Result<GroupId, Error> {
        let Some(topics) = &self.topics else { return Ok(group) };
        let Some(first) = topics.first_of(group) else { return Ok(group) };
        if self.store.count(&Filter::Group(group)).await? > 0 {
            return Ok(group);
        }
        let now = self.store.memberships(&[first]).await?.into_iter().flatten().next();
        Ok(now.map_or(group, |now| now.group))
    }
}
