//! Do stories stay stories, or swell into subjects? Measured where nobody has labelled anything.
//!
//! An anchor is what two reports of one matter have in common: a name that few articles hold, or a
//! word of the headline that few headlines hold. A story whose articles share none is a subject.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde::Serialize;

use crate::metrics::as_f64;
use crate::topics::items::Streamed;
use crate::topics::run::Pass;
use wenmai_cluster::topic;
use wenmai_cluster::topic::Member;
use wenmai_domain::day;
use wenmai_domain::id::ArticleId;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::TopicId;
use wenmai_text::headline;

/// A name of more than one article in so many anchors nothing, nor does a word of the headline.
const NAME_RARITY: usize = 50;
const WORD_RARITY: usize = 100;
/// Articles of a story that are compared in pairs, evenly over its time.
const COMPARED: usize = 40;
/// Stories that are shown, the largest, and over which months × events are averaged.
const LARGEST: usize = 10;
/// The kind of keys that are numbers, which anchor nothing.
const NUMBER: &str = "数:";
/// Days of a month.
const MONTH_DAYS: i64 = 30;

/// How far the stories of a stream drift.
#[derive(Debug, Clone, Serialize)]
pub struct Drift {
    /// The number of articles.
    pub article_count: usize,
    /// The number of stories, and of events.
    pub story_count: usize,
    /// See `story_count`.
    pub event_count: usize,
    /// The share of a story's pairs of articles that share no anchor: the mean over the articles of
    /// stories with several.
    pub unanchored_share: f64,
    /// The mean over the ten largest stories of the months that they cover times their events.
    pub spread: f64,
    /// Of the articles in stories with several, the share that is alone in its event.
    pub alone_share: f64,
    /// Stories with several articles whose label is a line of credits or the name of a site.
    pub boilerplate_count: usize,
    /// The largest stories.
    pub largest: Vec<Swollen>,
}

/// A large story.
#[derive(Debug, Clone, Serialize)]
pub struct Swollen {
    /// Its label.
    pub label: String,
    /// Its articles.
    pub article_count: usize,
    /// Its events.
    pub event_count: usize,
    /// The months from its first article to its last, at least one.
    pub months: usize,
    /// The share of its pairs of articles that share no anchor.
    pub unanchored_share: f64,
}

/// A word or name that may anchor, by its number.
type Anchor = (bool, u32);

/// Measures the stories that `pass` made of `stream`.
pub(super) fn measure(stream: &[Streamed], pass: &Pass) -> Drift {
    let anchors = Anchors::of(stream);
    let mut stories = BTreeMap::<TopicId, Vec<&Streamed>>::new();
    let mut events = BTreeMap::<TopicId, usize>::new();
    for one in stream {
        if let Some(placement) = pass.placed.get(&one.item.id) {
            stories.entry(placement.at(Level::Story)).or_default().push(one);
            *events.entry(placement.at(Level::Event)).or_default() += 1;
        }
    }
    let event = |one: &&Streamed| pass.placed.get(&one.item.id).map(|placed| placed.event);
    let (mut unanchored, mut alone, mut counted, mut boilerplate_count) = (0.0, 0, 0, 0);
    let mut all = Vec::new();
    for members in stories.values().filter(|members| members.len() > 1) {
        let share = anchors.unanchored(members);
        unanchored += share * as_f64(members.len());
        counted += members.len();
        let own = |one: &&&Streamed| event(one).and_then(|event| events.get(&event));
        alone += members.iter().filter(|one| own(one) == Some(&1)).count();
        let label = label(members);
        boilerplate_count += usize::from(headline::is_credit(&label));
        let times = || members.iter().map(|one| one.item.at);
        let span = times().max().unwrap_or(0) - times().min().unwrap_or(0);
        all.push(Swollen {
            label,
            article_count: members.len(),
            event_count: members.iter().filter_map(event).collect::<BTreeSet<_>>().len(),
            months: usize::try_from(span / (MONTH_DAYS * day::SECONDS)).unwrap_or(0) + 1,
            unanchored_share: share,
        });
    }
    all.sort_by(|left, right| {
        right.article_count.cmp(&left.article_count).then(left.label.cmp(&right.label))
    });
    all.truncate(LARGEST);
    let spread: usize = all.iter().map(|one| one.months * one.event_count).sum();
    let per = |sum: f64, count: usize| if count == 0 { 0.0 } else { sum / as_f64(count) };
    Drift {
        article_count: stream.len(),
        story_count: stories.len(),
        event_count: events.len(),
        unanchored_share: per(unanchored, counted),
        spread: per(as_f64(spread), all.len()),
        alone_share: per(as_f64(alone), counted),
        boilerplate_count,
        largest: all,
    }
}

fn label(members: &[&Streamed]) -> String {
    let members: Vec<Member<'_>> = members
        .iter()
        .map(|one| Member {
            id: one.item.id,
            title: &one.item.title,
            embedding: &one.item.embedding,
        })
        .collect();
    topic::label(&members, None)
}

/// The anchors of each article.
struct Anchors(BTreeMap<ArticleId, BTreeSet<Anchor>>);

impl Anchors {
    fn of(stream: &[Streamed]) -> Self {
        let mut names = BTreeMap::<&str, u32>::new();
        let mut all: BTreeMap<ArticleId, BTreeSet<Anchor>> = BTreeMap::new();
        let mut counts = BTreeMap::<Anchor, usize>::new();
        for one in stream {
            let mut own = BTreeSet::new();
            for key in one.item.keys.iter().filter(|key| !key.starts_with(NUMBER)) {
                let next = u32::try_from(names.len()).unwrap_or(u32::MAX);
                own.insert((true, *names.entry(key).or_insert(next)));
            }
            own.extend(one.item.title_terms.iter().map(|(term, _)| (false, term)));
            for anchor in &own {
                *counts.entry(*anchor).or_default() += 1;
            }
            all.insert(one.item.id, own);
        }
        let is_rare = |anchor: &Anchor| {
            let rarity = if anchor.0 { NAME_RARITY } else { WORD_RARITY };
            counts.get(anchor).is_some_and(|count| count * rarity <= stream.len().max(2 * rarity))
        };
        for own in all.values_mut() {
            own.retain(is_rare);
        }
        Self(all)
    }

    /// The share of the pairs of `members`, given in the order of time, that share no anchor.
    fn unanchored(&self, members: &[&Streamed]) -> f64 {
        let step = members.len().div_ceil(COMPARED).max(1);
        let some: Vec<&BTreeSet<Anchor>> =
            members.iter().step_by(step).filter_map(|one| self.0.get(&one.item.id)).collect();
        let (mut pairs, mut without) = (0, 0);
        for (at, one) in some.iter().enumerate() {
            for other in some.iter().skip(at + 1) {
                pairs += 1;
                without += usize::from(one.is_disjoint(other));
            }
        }
        if pairs == 0 { 0.0 } else { as_f64(without) / as_f64(pairs) }
    }
}
