//! Finds who printed a text first, who reprinted it, and who told it with more or other figures.

mod versions;

use std::time::Duration;
use std::time::Instant;

use jiff::civil::DateTime;

use crate::Engine;
use crate::Error;
use crate::Target;
use crate::Timings;
use crate::input;
use wenmai_cluster::reprint::Overlap;
use wenmai_cluster::reprint::Plain;
use wenmai_cluster::reprint::compare;
use wenmai_cluster::reprint::signature;
use wenmai_domain::article::Article;
use wenmai_domain::article::Record;
use wenmai_domain::day;
use wenmai_domain::filter::Filter;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::reprint::GroupId;
use wenmai_domain::reprint::Membership;
use wenmai_domain::reprint::Relation;
use wenmai_store::Alike;
use wenmai_store::Imprint;
use wenmai_store::Stored;
use wenmai_store::Vectors;

pub use versions::Correction;
pub use versions::Version;

/// How many members of a group are put in order of time; the rest of a larger group is not reached.
const CHAIN_MAX: usize = 10_000;
/// How many texts an article is compared with for common parts.
const PARTS_COMPARED: u32 = 48;
/// Partial reprints in one answer, at most.
const PARTS_MAX: usize = 20;

/// A request for the reprints of an article.
#[derive(Debug, Clone)]
pub struct FindReprints {
    /// The article.
    pub target: Target,
    /// How many members of the chain to skip.
    pub offset: usize,
    /// How many members of the chain to return at most.
    pub limit: Limit,
}

/// The texts of one group in order of time, and texts that share a part.
#[derive(Debug, Clone, PartialEq)]
pub struct Chain {
    /// The group of reprints; `None` for a given article that reprints nothing.
    pub group: Option<GroupId>,
    /// This page of the members of the group: the original first, then in order of time, those
    /// without a time last.
    pub links: Vec<Link>,
    /// Whether more members follow.
    pub more: bool,
    /// How many articles the group has.
    pub total_count: u64,
    /// Articles of other groups that share a part of their text with the article asked about; those
    /// that share most come first. Only on the first page.
    pub parts: Vec<Link>,
    /// Articles of other groups that update the article asked about, or that it updates; the newest
    /// first. Only on the first page.
    pub versions: Vec<Version>,
    /// The version of the index.
    pub index_version: String,
    /// Where the time was spent.
    pub timings: Timings,
}

/// An article that shares text with another: in the chain with the original, among the parts with
/// the article asked about.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// The article.
    pub article: Article,
    /// How its text relates to the other's.
    pub relation: Relation,
    /// The part of the other's text that it prints, from 0 to 1.
    pub share_of_other: f32,
    /// The part of its own text that the other prints, from 0 to 1.
    pub share_of_own: f32,
    /// How many days after the other it was published; negative if before. `None` where one of them
    /// has no date.
    pub days_after: Option<i32>,
    /// Whether it is the original of its group.
    pub is_original: bool,
}

impl Engine {
    /// Finds the chain of reprints that an article belongs to.
    ///
    /// # Errors
    /// [`Error::ArticleNotFound`]; [`Error::Invalid`] for a given article without a text, or an
    /// offset past what one answer can reach; [`Error::TextTooLong`]; [`Error::Store`].
    pub async fn reprints(&self, asked: FindReprints) -> Result<Chain, Error> {
        let FindReprints { target, offset, limit } = asked;
        let started = Instant::now();
        if offset.saturating_add(limit.count()) > CHAIN_MAX {
            let what = format!("a chain is read {CHAIN_MAX} articles deep");
            return Err(Error::invalid("page_token", what));
        }
        let (article, group) = match target {
            Target::Stored(id) => {
                let found = self.store.fetch(&[id], Vectors::No).await?;
                let found = found.into_iter().flatten().next();
                let Stored { article, membership, .. } =
                    found.ok_or(Error::ArticleNotFound { id })?;
                (article, Some(membership.group))
            }
            Target::Given(record) => {
                let group = self.group_of(&record).await?;
                (Article::new(*record), group)
            }
        };
        let (chain, total_count) = self.chain(group).await?;
        let more = chain.len() > offset + limit.count();
        let links = self.links(&chain, offset, limit).await?;
        let printed = chain.first().map_or(article.record.published_at, |first| first.published_at);
        let Beside { parts, versions } = match offset {
            0 => self.beside((&article, printed), group).await?,
            _ => Beside::default(),
        };
        let total = started.elapsed();
        Ok(Chain {
            group,
            links,
            more,
            total_count,
            parts,
            versions,
            index_version: self.index_version.to_string(),
            timings: Timings { embed: Duration::ZERO, store: total, total },
        })
    }

    /// The memberships of articles in their groups of reprints, in the order of `ids`; `None` for
    /// an article that is not stored.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub async fn memberships(&self, ids: &[ArticleId]) -> Result<Vec<Option<Membership>>, Error> {
        Ok(self.store.memberships(ids).await?)
    }

    /// The group of reprints that `record` belongs to, or would join; `None` if it would found one.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a record without a text; [`Error::TextTooLong`]; [`Error::Store`].
    pub(super) async fn group_of(&self, record: &Record) -> Result<Option<GroupId>, Error> {
        input::sizes(record)?;
        let plain = Plain::of(record);
        if plain.char_count() == 0 {
            let what = "holds no text that could be a reprint";
            return Err(Error::invalid("target", what));
        }
        self.would_join(&Article::new(record.clone()), plain).await
    }

    /// The members of a group without their texts, the original first, then in order of time, and
    /// how many there are in all.
    async fn chain(&self, group: Option<GroupId>) -> Result<(Vec<Imprint>, u64), Error> {
        let Some(group) = group else { return Ok((Vec::new(), 0)) };
        let found = self.store.copies(&[group], Limit::MOST).await?.into_iter().next();
        let (count, some) = found.map_or((0, Vec::new()), |copies| (copies.count, copies.some));
        let mut members = some;
        if u64::try_from(members.len()).is_ok_and(|known| known < count) {
            members.clear();
            let mut from: Option<ArticleId> = None;
            while members.len() < CHAIN_MAX {
                let page = self.store.list(&Filter::Group(group), from, Limit::MOST).await?;
                members.extend(page.points.into_iter().map(|one| {
                    let Stored { article, membership, .. } = one;
                    Imprint::new(article.id, membership.is_original, article.record)
                }));
                from = page.next;
                if from.is_none() {
                    break;
                }
            }
        }
        members.sort_by_key(|member| {
            let at = member.published_at;
            (!member.is_original, at.is_none(), at, member.id)
        });
        Ok((members, count))
    }

    /// A page of a chain, each member compared with the first of the whole chain.
    async fn links(
        &self,
        chain: &[Imprint],
        offset: usize,
        limit: Limit,
    ) -> Result<Vec<Link>, Error> {
        let page = chain.iter().skip(offset).take(limit.count());
        let ids: Vec<ArticleId> = chain.iter().take(1).chain(page).map(|one| one.id).collect();
        let stored = self.store.fetch(&ids, Vectors::No).await?;
        let mut stored = stored.into_iter();
        // An article may have been deleted since the chain was read.
        let Some(original) = stored.next().flatten() else { return Ok(Vec::new()) };
        let members: Vec<(Article, Membership)> =
            stored.flatten().map(|one| (one.article, one.membership)).collect();
        self.calculate(move |_| linked(&original.article, members)).await
    }

    /// Articles outside of `group` that share a part with `article`, whose text was first printed at
    /// `printed`, or are versions of it.
    async fn beside(
        &self,
        (article, printed): (&Article, Option<DateTime>),
        group: Option<GroupId>,
    ) -> Result<Beside, Error> {
        let plain = Plain::of(&article.record);
        let limit = Limit::new(PARTS_COMPARED).unwrap_or(Limit::MOST);
        // A brief inside a long article shares few of the article's hashes, so two are enough.
        let asked = Alike { signature: signature(&plain), shared_min: 2, limit };
        let found = self.store.alike(vec![asked]).await?.concat();
        let ids: Vec<ArticleId> = found.into_iter().map(|one| one.id).collect();
        let mut beside = Beside::default();
        for stored in self.store.fetch(&ids, Vectors::No).await?.into_iter().flatten() {
            let Stored { article: other, membership, .. } = stored;
            if other.id != article.id && Some(membership.group) != group {
                let overlap = compare(&plain, &Plain::of(&other.record));
                match versions::version((article, printed), &other, &overlap) {
                    Some(version) if membership.is_original => beside.versions.push(version),
                    // Its original is, and stands for it.
                    Some(_) => {}
                    None => {
                        beside.parts.extend(link(article, other, &overlap, membership.is_original));
                    }
                }
            }
            tokio::task::yield_now().await;
        }
        let Beside { parts, versions } = &mut beside;
        parts.sort_by(|left: &Link, right: &Link| {
            let most = |link: &Link| link.share_of_other.max(link.share_of_own);
            most(right).total_cmp(&most(left)).then(left.article.id.cmp(&right.article.id))
        });
        parts.truncate(PARTS_MAX);
        versions::newest_first(versions);
        Ok(beside)
    }
}

/// What stands beside a group of reprints.
#[derive(Default)]
struct Beside {
    parts: Vec<Link>,
    versions: Vec<Version>,
}

/// The members of a chain, compared with its original.
fn linked(original: &Article, chain: Vec<(Article, Membership)>) -> Vec<Link> {
    let plain = Plain::of(&original.record);
    let mut links = Vec::with_capacity(chain.len());
    for (article, membership) in chain {
        let own = Plain::of(&article.record);
        let days_after = days_after(original, &article);
        let overlap = compare(&plain, &own);
        links.push(Link {
            article,
            // A member that the present original was not compared with when it joined.
            relation: overlap.relation().unwrap_or(Relation::Partial),
            share_of_other: share(overlap.of_left),
            share_of_own: share(overlap.of_right),
            days_after,
            is_original: membership.is_original,
        });
    }
    links
}

/// `article` as seen from `asked`, whose texts overlap so; `None` if they share no part worth naming.
fn link(asked: &Article, article: Article, overlap: &Overlap, is_original: bool) -> Option<Link> {
    Some(Link {
        relation: overlap.relation()?,
        share_of_other: share(overlap.of_left),
        share_of_own: share(overlap.of_right),
        days_after: days_after(asked, &article),
        article,
        is_original,
    })
}

fn days_after(from: &Article, to: &Article) -> Option<i32> {
    Some(day::between(from.record.date()?, to.record.date()?))
}

#[expect(clippy::cast_possible_truncation, reason = "a share needs no more digits")]
fn share(part: f64) -> f32 {
    part as f32
}
