//! Measures whether topics keep their ids and labels, and whether decisions can be repeated.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::metrics::as_f64;
use crate::topics::agree::agreement;
use crate::topics::items::Streamed;
use crate::topics::run::Pass;
use wenmai_cluster::topic::Item;
use wenmai_cluster::topic::Member;
use wenmai_cluster::topic::Weights;
use wenmai_cluster::topic::label;
use wenmai_cluster::topic::recluster;
use wenmai_domain::id::ArticleId;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::TopicId;

/// How many of a story's latest members its label is chosen from.
const LABELLED_BY: usize = 60;
/// The least number of members of a story whose label counts.
const LABELLED_FROM: usize = 3;
/// How many labels are shown for people to look at.
const SHOWN: usize = 50;

/// The figures of stability.
#[derive(Debug, Clone, Serialize)]
pub struct Stability {
    /// The mean over days with articles of the share of earlier articles whose story id stayed the
    /// same that day.
    pub id_survival: f64,
    /// The lowest of these shares.
    pub id_survival_least: f64,
    /// The share of label choices that changed the label; there is one choice each time a story of
    /// three or more members grows.
    pub label_churn: f64,
    /// The adjusted mutual information of the streamed stories with those of one batch over all
    /// articles. The batch is decided by one set of weights, so this says nothing about the quality
    /// of the stories.
    pub batch_ami: f64,
    /// Whether a second pass over the same stream made the same decisions.
    pub replay_identical: bool,
    /// Labels of stories, taken evenly over their sizes, each with up to three headlines.
    pub labels: Vec<Labelled>,
}

/// A label for people to look at.
#[derive(Debug, Clone, Serialize)]
pub struct Labelled {
    pub label: String,
    /// The number of members of the story.
    pub size: usize,
    /// The headlines of the first, the middle and the last member.
    pub titles: Vec<String>,
}

/// Measures the stability of `pass`; `again` is a second pass over the same stream.
pub(super) fn measure(
    stream: &[Streamed],
    pass: &Pass,
    again: &Pass,
    weights: &Arc<Weights>,
) -> Stability {
    let shares: Vec<f64> =
        pass.days.iter().map(|(before, moved)| 1.0 - as_f64(*moved) / as_f64(*before)).collect();
    let items: Vec<Item> = stream.iter().map(|one| one.item.clone()).collect();
    let batch = recluster(weights, items, &pass.placed);
    let mut numbers = BTreeMap::<Option<TopicId>, usize>::new();
    let batch: Vec<usize> = stream
        .iter()
        .map(|one| {
            let next = numbers.len();
            let story = batch.get(&one.item.id).map(|placement| placement.story);
            *numbers.entry(story).or_insert(next)
        })
        .collect();
    let (label_churn, named) = churn(stream, pass);
    Stability {
        id_survival: shares.iter().sum::<f64>() / as_f64(shares.len().max(1)),
        id_survival_least: shares.iter().copied().fold(1.0, f64::min),
        label_churn,
        batch_ami: agreement(&batch, &pass.numbers(stream, Level::Story)).ami,
        replay_identical: pass.decisions == again.decisions,
        labels: shown(stream, pass, &named),
    }
}

/// The share of label choices that changed a label, and the last label of each story.
fn churn(stream: &[Streamed], pass: &Pass) -> (f64, BTreeMap<TopicId, String>) {
    let mut members = BTreeMap::<TopicId, Vec<&Streamed>>::new();
    let mut labels = BTreeMap::<TopicId, (String, ArticleId)>::new();
    let (mut chosen, mut changed) = (0_usize, 0_usize);
    for one in stream {
        let Some(story) = pass.placed.get(&one.item.id).map(|placement| placement.story) else {
            continue;
        };
        let members = members.entry(story).or_default();
        members.push(one);
        if members.len() < LABELLED_FROM {
            continue;
        }
        let bearer = labels.get(&story).map(|(_, id)| *id);
        let latest = members.iter().rev().take(LABELLED_BY);
        let mut sample: Vec<&Streamed> = latest.copied().collect();
        let missing = |id: &ArticleId| !sample.iter().any(|one| one.item.id == *id);
        if let Some(id) = bearer.filter(missing) {
            sample.extend(members.iter().copied().filter(|one| one.item.id == id));
        }
        let sample: Vec<Member<'_>> = sample.into_iter().map(member).collect();
        let current = labels.get(&story).map(|(label, _)| label.as_str());
        let next = label(&sample, current);
        chosen += 1;
        if current != Some(next.as_str()) {
            changed += usize::from(current.is_some());
            // The bearer of a label is the first article whose own label it is.
            let bears = |one: &&Member<'_>| label(&[**one], None) == next;
            if let Some(bearer) = sample.iter().find(bears) {
                labels.insert(story, (next, bearer.id));
            }
        }
    }
    let labels = labels.into_iter().map(|(story, (label, _))| (story, label)).collect();
    (as_f64(changed) / as_f64(chosen.max(1)), labels)
}

fn member(one: &Streamed) -> Member<'_> {
    Member { id: one.item.id, title: &one.item.title, embedding: &one.item.embedding }
}

/// Takes labels evenly over the stories, ordered by size.
fn shown(stream: &[Streamed], pass: &Pass, labels: &BTreeMap<TopicId, String>) -> Vec<Labelled> {
    let mut titles = BTreeMap::<TopicId, Vec<&str>>::new();
    for one in stream {
        if let Some(placement) = pass.placed.get(&one.item.id) {
            titles.entry(placement.story).or_default().push(&one.item.title);
        }
    }
    let mut all: Vec<Labelled> = labels
        .iter()
        .filter_map(|(story, label)| {
            let titles = titles.get(story)?;
            let some = [0, titles.len() / 2, titles.len().saturating_sub(1)];
            let some =
                some.iter().filter_map(|at| titles.get(*at)).map(|title| (*title).to_owned());
            Some(Labelled { label: label.clone(), size: titles.len(), titles: some.collect() })
        })
        .collect();
    all.sort_by(|left, right| right.size.cmp(&left.size).then(left.label.cmp(&right.label)));
    let step = (all.len() / SHOWN).max(1);
    all.into_iter().step_by(step).take(SHOWN).collect()
}
