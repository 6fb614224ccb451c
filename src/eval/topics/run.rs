//! Runs the clusterer once over the stream, and records the decisions and their later changes.

use std::collections::BTreeMap;
use std::io;
use std::io::Write;
use std::sync::Arc;

use crate::learned::FOLDS;
use crate::metrics::as_f64;
use crate::topics::items::Streamed;
use wenmai_cluster::topic::Clusterer;
use wenmai_cluster::topic::Decision;
use wenmai_cluster::topic::Repair;
use wenmai_cluster::topic::Seen;
use wenmai_cluster::topic::Weights;
use wenmai_cluster::topic::feature_names;
use wenmai_domain::day;
use wenmai_domain::id::ArticleId;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::Placement;
use wenmai_domain::topic::TopicId;

/// The weights of each fold, which were trained without its stories.
pub(super) struct Folds(pub(super) Vec<Arc<Weights>>);

impl Folds {
    pub(super) fn of(&self, fold: usize) -> Option<&Arc<Weights>> {
        self.0.get(fold % FOLDS)
    }
}

/// The result of one pass over the stream.
#[derive(Default)]
pub(super) struct Pass {
    pub(super) placed: BTreeMap<ArticleId, Placement>,
    pub(super) decisions: Vec<Decision>,
    /// The number of merges of stories.
    pub(super) merge_count: usize,
    /// How often an article was moved by a merge or a split.
    pub(super) moved_count: usize,
    /// For each day with articles: how many had been placed before, and how many times those were
    /// moved that day.
    pub(super) days: Vec<(usize, usize)>,
    members: BTreeMap<TopicId, Vec<ArticleId>>,
    /// The articles that print the text of another, by that one.
    copies: BTreeMap<ArticleId, Vec<ArticleId>>,
}

impl Pass {
    fn take(&mut self, decision: &Decision, original: Option<ArticleId>) -> usize {
        if let Some(original) = original {
            self.copies.entry(original).or_default().push(decision.article);
        }
        let Placement { event, story } = decision.placement;
        self.placed.insert(decision.article, decision.placement);
        for topic in [event, story] {
            self.members.entry(topic).or_default().push(decision.article);
        }
        decision.repairs.iter().map(|repair| self.apply(repair)).sum()
    }

    fn apply(&mut self, repair: &Repair) -> usize {
        let (level, to, moved) = match repair {
            Repair::Merged { level, kept, gone, .. } => {
                self.merge_count += 1;
                (*level, *kept, self.members.remove(gone).unwrap_or_default())
            }
            Repair::Split { level, from, new, members } => {
                let going = self.with_copies(members, *level, *from);
                if let Some(left) = self.members.get_mut(from) {
                    left.retain(|id| going.binary_search(id).is_err());
                }
                (*level, *new, going)
            }
        };
        for id in &moved {
            if let Some(placement) = self.placed.get_mut(id) {
                match level {
                    Level::Story => placement.story = to,
                    Level::Event => placement.event = to,
                }
            }
        }
        let count = moved.len();
        self.members.entry(to).or_default().extend(moved);
        count
    }

    /// These articles and the copies of them that are in topic `from`, ascending.
    fn with_copies(&self, ids: &[ArticleId], level: Level, from: TopicId) -> Vec<ArticleId> {
        let copies = ids.iter().filter_map(|id| self.copies.get(id)).flatten().copied();
        let is_there = |id: &ArticleId| {
            self.placed.get(id).is_some_and(|placement| placement.at(level) == from)
        };
        let mut all: Vec<ArticleId> = ids.iter().copied().chain(copies.filter(is_there)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The numbers of the stories or events of the articles of `stream`.
    pub(super) fn numbers(&self, stream: &[Streamed], level: Level) -> Vec<usize> {
        let mut numbers = BTreeMap::new();
        let topic =
            |one: &Streamed| self.placed.get(&one.item.id).map(|placement| placement.at(level));
        stream
            .iter()
            .map(|one| {
                let next = numbers.len();
                *numbers.entry(topic(one)).or_insert(next)
            })
            .collect()
    }
}

/// Assigns the articles one after the other, each with the weights of its story's fold. The
/// features of the decisions are written to `out`.
///
/// # Errors
/// Any error of writing.
pub(super) fn pass(
    stream: &[Streamed],
    folds: &Folds,
    mut out: Option<&mut (dyn Write + Send)>,
    progress: &mut dyn FnMut(usize),
) -> io::Result<Pass> {
    if let Some(out) = &mut out {
        let [pair, candidate, merge] = feature_names();
        writeln!(
            out,
            "{}",
            serde_json::json!({"pair": pair, "candidate": candidate, "merge": merge})
        )?;
    }
    let labels: BTreeMap<ArticleId, &Streamed> =
        stream.iter().map(|one| (one.item.id, one)).collect();
    let mut truth = Truth { labels, members: BTreeMap::new() };
    let mut pass = Pass::default();
    let Some(first) = folds.of(0) else { return Ok(pass) };
    let mut clusterer = Clusterer::new(Arc::clone(first));
    let mut day = (i64::MIN, 0, 0);
    for (at, one) in stream.iter().enumerate() {
        let today = one.item.at.div_euclid(day::SECONDS);
        if today != day.0 {
            if day.1 > 0 {
                pass.days.push((day.1, day.2));
            }
            day = (today, pass.placed.len(), 0);
        }
        if let Some(weights) = folds.of(one.fold) {
            clusterer.weigh_with(Arc::clone(weights));
        }
        let mut failed = Ok(());
        let decision = match &mut out {
            Some(out) => clusterer.assign_seen(one.item.clone(), &mut |seen| {
                if let Some(line) = truth.line(one, at, &seen)
                    && failed.is_ok()
                {
                    failed = writeln!(out, "{line}");
                }
            }),
            None => clusterer.assign(one.item.clone()),
        };
        failed?;
        truth.take(one, &decision);
        let moved = pass.take(&decision, one.item.original);
        day.2 += moved;
        pass.moved_count += moved;
        pass.decisions.push(decision);
        if at % 100 == 99 {
            progress(at + 1);
        }
    }
    if day.1 > 0 {
        pass.days.push((day.1, day.2));
    }
    Ok(pass)
}

/// The true labels of the topics while they grow, for training.
struct Truth<'a> {
    labels: BTreeMap<ArticleId, &'a Streamed>,
    /// How many articles of each label a topic contains.
    members: BTreeMap<TopicId, BTreeMap<usize, usize>>,
}

/// The pairs of one article in this many are written; that is plenty.
const PAIRS_EVERY: usize = 8;

impl Truth<'_> {
    fn label(one: &Streamed, level: Level) -> Option<usize> {
        match level {
            Level::Story => Some(one.story),
            Level::Event => one.event,
        }
    }

    fn take(&mut self, one: &Streamed, decision: &Decision) {
        for level in [Level::Story, Level::Event] {
            if let Some(label) = Self::label(one, level) {
                let topic = self.members.entry(decision.placement.at(level)).or_default();
                *topic.entry(label).or_default() += 1;
            }
        }
        for repair in &decision.repairs {
            if let Repair::Merged { kept, gone, .. } = repair {
                for (label, count) in self.members.remove(gone).unwrap_or_default() {
                    *self.members.entry(*kept).or_default().entry(label).or_default() += count;
                }
            }
        }
    }

    /// A line of features with the truth about them; `None` if that is not known.
    fn line(&self, one: &Streamed, at: usize, seen: &Seen<'_>) -> Option<serde_json::Value> {
        let (what, level, other_fold, purity, size, x) = match seen {
            Seen::Pair { level, other, features } => {
                let other = self.labels.get(other).filter(|_| at.is_multiple_of(PAIRS_EVERY))?;
                let same = Self::label(one, *level)? == Self::label(other, *level)?;
                ("pair", *level, other.fold, f64::from(u8::from(same)), 1, features)
            }
            Seen::Candidate { level, topic, features } => {
                let (own, all) = self.share(*topic, Self::label(one, *level)?)?;
                ("candidate", *level, one.fold, own, all, features)
            }
            Seen::Stories { one: left, other, features } => {
                let (purity, size) = self.alike(*left, *other)?;
                ("merge", Level::Story, one.fold, purity, size, features)
            }
        };
        Some(serde_json::json!({
            "what": what, "level": level.name(), "fold": one.fold, "other_fold": other_fold,
            "purity": purity, "size": size, "x": x,
        }))
    }

    /// The share of a topic's labelled articles that have `label`, and the number of labelled
    /// articles.
    fn share(&self, topic: TopicId, label: usize) -> Option<(f64, usize)> {
        let labels = self.members.get(&topic)?;
        let all: usize = labels.values().sum();
        let own = labels.get(&label).copied().unwrap_or(0);
        Some((as_f64(own) / as_f64(all), all))
    }

    /// The share of the pairs across two stories that have the same label, and the size of the
    /// smaller story.
    fn alike(&self, one: TopicId, other: TopicId) -> Option<(f64, usize)> {
        let (one, other) = (self.members.get(&one)?, self.members.get(&other)?);
        let size = |labels: &BTreeMap<usize, usize>| labels.values().sum::<usize>();
        let same = one.iter().map(|(label, count)| count * other.get(label).copied().unwrap_or(0));
        let pairs = as_f64(size(one) * size(other));
        Some((as_f64(same.sum()) / pairs, size(one).min(size(other))))
    }
}
