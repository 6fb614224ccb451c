//! Divides a group of reprints whose articles turn out to print two texts that tell different news.
//!
//! A copy that leaves out what a report and its correction differ in joins whichever came first. When
//! the other one arrives, the copies that are nearer to it, or that it was printed before, go with it.
//! A group keeps an original at every step but the new one, which gets its own with the article that
//! comes; what breaks off in between is mended by the next write, as the articles are noted first.

use std::collections::BTreeSet;

use crate::Engine;
use crate::Error;
use crate::grouping::printed;
use wenmai_cluster::reprint::Plain;
use wenmai_cluster::reprint::Printed;
use wenmai_cluster::reprint::is_claimed;
use wenmai_cluster::reprint::prints_more;
use wenmai_cluster::reprint::signature;
use wenmai_cluster::reprint::tell_other_news;
use wenmai_domain::filter::Filter;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::reprint::GroupId;
use wenmai_domain::reprint::Membership;
use wenmai_domain::reprint::Signature;
use wenmai_store::Regroup;

/// A member of a group that is divided.
struct Member {
    printed: Printed,
    is_original: bool,
}

impl Engine {
    /// Moves the articles of `contested` that go with `new`, which is about to be written into `group`,
    /// into that group. Needs the write lock.
    ///
    /// Reads the whole of `contested`, as a change of its original does.
    pub(super) async fn divide_group(
        &self,
        contested: GroupId,
        (new, group): (&Printed, GroupId),
    ) -> Result<(), Error> {
        let members = self.members_of_group(contested, new.standing.id()).await?;
        let others = members.iter().filter(|member| tell_other_news(&member.printed, new));
        let Some(other) = others.min_by_key(|member| member.printed.standing) else {
            return Ok(());
        };
        let mut going = Vec::new();
        let mut first: Option<&Member> = None;
        for member in &members {
            let goes = !tell_other_news(&member.printed, new)
                && is_claimed(&member.printed, new, &other.printed);
            if goes {
                going.push(member);
            } else if first.is_none_or(|first| member.printed.standing < first.printed.standing) {
                first = Some(member);
            }
            tokio::task::yield_now().await;
        }
        let Some(first) = first.filter(|_| !going.is_empty()) else { return Ok(()) };
        let id = |member: &Member| member.printed.standing.id();
        let mut noted: BTreeSet<ArticleId> = going.iter().map(|member| id(member)).collect();
        noted.extend([id(first), new.standing.id()]);
        self.begin(noted).await?;
        if going.iter().any(|member| member.is_original) {
            let change = Regroup {
                id: id(first),
                membership: Membership { group: contested, is_original: true },
                signature: signature(&first.printed.plain),
            };
            self.guarded(self.store.regroup(vec![change])).await?;
        }
        let moved = going.into_iter().map(|member| Regroup {
            id: id(member),
            membership: Membership { group, is_original: false },
            signature: if prints_more(new, &member.printed) {
                signature(&member.printed.plain)
            } else {
                Signature::default()
            },
        });
        self.guarded(self.store.regroup(moved.collect())).await
    }

    /// The members of a group but `without`.
    async fn members_of_group(
        &self,
        group: GroupId,
        without: ArticleId,
    ) -> Result<Vec<Member>, Error> {
        let mut members = Vec::new();
        let mut from = None;
        loop {
            let page = self.store.list(&Filter::Group(group), from, Limit::MOST).await?;
            for stored in page.points.into_iter().filter(|stored| stored.article.id != without) {
                let plain = Plain::of(&stored.article.record);
                members.push(Member {
                    printed: printed(&stored.article, plain),
                    is_original: stored.membership.is_original,
                });
                tokio::task::yield_now().await;
            }
            from = page.next;
            if from.is_none() {
                return Ok(members);
            }
        }
    }
}
