//! Which articles are updates of another: the same text grown, or with other figures.

use std::cmp::Ordering;

use jiff::civil::DateTime;

use crate::Engine;
use crate::Error;
use crate::reprints::days_after;
use crate::reprints::share;
use wenmai_cluster::reprint::Change;
use wenmai_cluster::reprint::Overlap;
use wenmai_cluster::reprint::Plain;
use wenmai_cluster::reprint::Update;
use wenmai_cluster::reprint::compare;
use wenmai_domain::article::Article;
use wenmai_domain::article::Record;
use wenmai_domain::hit::Hit;
use wenmai_domain::hit::Relation;
use wenmai_domain::hit::RelationKind;

/// Versions in one answer, at most.
const VERSIONS_MAX: usize = 20;
/// The feature of a hit that says how much of the words it shares, and its least value in a version.
const TEXT_TERMS: &str = "text_terms";
const TERMS_MIN: f32 = 0.3;

/// An article that tells the same news as another, earlier or later, with more or other figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// The article.
    pub article: Article,
    /// Whether it updates the other; else the other updates it.
    pub is_later: bool,
    /// Where the later of the two tells other figures than the earlier, in order.
    pub corrections: Vec<Correction>,
    /// Characters of the sentences that the later of the two adds.
    pub added_chars: usize,
    /// The part of the other's text that it prints, from 0 to 1.
    pub share_of_other: f32,
    /// The part of its own text that the other prints, from 0 to 1.
    pub share_of_own: f32,
    /// How many days after the other it was published; negative if before. `None` where one of them
    /// has no date.
    pub days_after: Option<i32>,
}

/// Where an update tells something else than the text before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Correction {
    /// What the earlier text has there, folded as texts are compared; empty where it has nothing.
    pub before: String,
    /// What the later text has there; empty where it has nothing.
    pub after: String,
}

impl From<Change> for Correction {
    fn from(change: Change) -> Self {
        Self { before: change.left, after: change.right }
    }
}

impl Engine {
    /// Says of the hits for `asked` which are versions of its text, earlier or later.
    ///
    /// Only of those that share much of its words are the texts compared.
    ///
    /// # Errors
    /// [`Error::Store`] where the pool is gone.
    pub(crate) async fn name_versions(
        &self,
        asked: &Article,
        hits: &mut [Hit],
    ) -> Result<(), Error> {
        let Some(printed) = asked.record.published_at else { return Ok(()) };
        let near: Vec<usize> =
            (0..).zip(&*hits).filter(|(_, hit)| may_be(hit)).map(|(at, _)| at).collect();
        if near.is_empty() {
            return Ok(());
        }
        let texts: Vec<(usize, Record)> = near
            .into_iter()
            .filter_map(|at| Some((at, hits.get(at)?.article.record.clone())))
            .collect();
        let own = asked.record.clone();
        let kinds = self.calculate(move |_| kinds(&own, printed, texts)).await?;
        for (at, kind) in kinds {
            if let Some(relation) = hits.get_mut(at).and_then(|hit| hit.relation.as_mut()) {
                relation.kind = kind;
            }
        }
        Ok(())
    }
}

/// Whether a hit shares so many words that its text may be a version of the other.
fn may_be(hit: &Hit) -> bool {
    let shares = |relation: &Relation| {
        relation.kind != RelationKind::Reprint
            && relation
                .reasons
                .iter()
                .any(|one| one.feature == TEXT_TERMS && one.value >= TERMS_MIN)
    };
    hit.article.record.published_at.is_some() && hit.relation.as_ref().is_some_and(shares)
}

/// Which of `texts` are versions of `own`, which was printed at `printed`.
fn kinds(
    own: &Record,
    printed: DateTime,
    texts: Vec<(usize, Record)>,
) -> Vec<(usize, RelationKind)> {
    let plain = Plain::of(own);
    let mut kinds = Vec::new();
    for (at, other) in texts {
        let Some(others) = other.published_at else { continue };
        let in_time = printed.cmp(&others);
        if compare(&plain, &Plain::of(&other)).update(in_time).is_some() {
            let is_later = in_time == Ordering::Less;
            let kind = if is_later { RelationKind::Update } else { RelationKind::EarlierVersion };
            kinds.push((at, kind));
        }
    }
    kinds
}

/// `other`, the first of its group, as a version of `asked`, whose text was first printed at `printed`;
/// `None` where neither updates the other.
///
/// A late reprint of the old text is no update of the new one, so it is the times of the originals that
/// count.
pub(super) fn version(
    (asked, printed): (&Article, Option<DateTime>),
    other: &Article,
    overlap: &Overlap,
) -> Option<Version> {
    let in_time = printed?.cmp(&other.record.published_at?);
    let Update { changes, added_chars } = overlap.update(in_time)?;
    Some(Version {
        article: other.clone(),
        is_later: in_time == Ordering::Less,
        corrections: changes.into_iter().map(Correction::from).collect(),
        added_chars,
        share_of_other: share(overlap.of_left),
        share_of_own: share(overlap.of_right),
        days_after: days_after(asked, other),
    })
}

/// Puts versions in order, the newest first, and keeps as many as an answer has.
pub(super) fn newest_first(versions: &mut Vec<Version>) {
    versions.sort_by(|left, right| {
        let at = |version: &Version| version.article.record.published_at;
        at(right).cmp(&at(left)).then(left.article.id.cmp(&right.article.id))
    });
    versions.truncate(VERSIONS_MAX);
}
