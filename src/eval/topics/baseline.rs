//! Simple ways to assign a stream as baselines: an article joins the topic of the nearest earlier
//! article, or begins a new one.
//!
//! Each gets the threshold that fits the labels best, which flatters it; our own method is not
//! tuned this way.

use std::collections::HashMap;

use crate::metrics::as_f64;
use crate::topics::Agreement;
use crate::topics::Method;
use crate::topics::items::Streamed;
use crate::topics::measured;
use wenmai_domain::day;

/// How many seconds back an earlier article may lie.
const WINDOW_S: i64 = 90 * day::SECONDS;
/// The thresholds that are tried: the first one, the step, and their number.
const THRESHOLDS: (f32, f32, u16) = (0.02, 0.04, 24);
/// Terms in more than this share of the articles are ignored; they say little and cost most.
const COMMON_SHARE: f64 = 0.1;

/// For each article, the similarity and the index of the nearest earlier one.
type Nearest = Vec<Option<(f32, usize)>>;

/// The figures of all baselines.
pub(super) fn methods(stream: &[Streamed]) -> Vec<Method> {
    let alone: Vec<usize> = (0..stream.len()).collect();
    vec![
        measured("one per article", stream, &alone, &alone),
        best("TF-IDF single pass", stream, &by_terms(stream)),
        best("dense single pass", stream, &by_embedding(stream)),
    ]
}

/// The figures of one baseline, with the best threshold for each level.
fn best(name: &str, stream: &[Streamed], nearest: &Nearest) -> Method {
    let (first, step, count) = THRESHOLDS;
    let runs: Vec<(f32, Method)> = (0..count)
        .map(|at| {
            let from = first + step * f32::from(at);
            let groups = groups(nearest, from);
            (from, measured(name, stream, &groups, &groups))
        })
        .collect();
    let most = |of: fn(&Method) -> Agreement| {
        let runs = runs.iter().map(|(from, method)| (*from, of(method)));
        runs.max_by(|left, right| left.1.b3_f1.total_cmp(&right.1.b3_f1)).unwrap_or_default()
    };
    let (story_from, story) = most(|method| method.story);
    let (event_from, event) = most(|method| method.event);
    Method { name: format!("{name}, {story_from:.2} / {event_from:.2}"), story, event }
}

fn groups(nearest: &Nearest, from: f32) -> Vec<usize> {
    let mut groups: Vec<usize> = Vec::with_capacity(nearest.len());
    for (at, nearest) in nearest.iter().enumerate() {
        let joined = nearest.filter(|(near, _)| *near >= from);
        groups.push(joined.and_then(|(_, to)| groups.get(to).copied()).unwrap_or(at));
    }
    groups
}

/// The nearest earlier articles by the cosine of their embeddings.
fn by_embedding(stream: &[Streamed]) -> Nearest {
    stream
        .iter()
        .enumerate()
        .map(|(at, one)| {
            let earlier = stream.get(since(stream, one)..at)?.iter().rev();
            let near = earlier
                .zip((0..at).rev())
                .map(|(other, to)| (one.item.embedding.similarity(&other.item.embedding), to));
            near.max_by(|left, right| left.0.total_cmp(&right.0))
        })
        .collect()
}

/// The nearest earlier articles by the cosine of their terms, weighted by the rarity in the whole
/// stream.
fn by_terms(stream: &[Streamed]) -> Nearest {
    let mut counts = HashMap::<u32, f64>::new();
    for term in stream.iter().flat_map(|one| one.item.text_terms.indices()) {
        *counts.entry(*term).or_default() += 1.0;
    }
    let total = as_f64(stream.len());
    let mut postings = HashMap::<u32, Vec<(usize, f32)>>::new();
    let mut nearest = Nearest::with_capacity(stream.len());
    let mut scores = vec![0.0_f32; stream.len()];
    for (at, one) in stream.iter().enumerate() {
        let mut weighed: Vec<(u32, f32)> = Vec::new();
        for (term, weight) in one.item.text_terms.iter() {
            let count = counts.get(&term).copied().unwrap_or(1.0);
            if count > 20.0 && count > COMMON_SHARE * total {
                continue;
            }
            #[expect(clippy::cast_possible_truncation, reason = "six digits are enough")]
            weighed.push((term, weight * (total / count).ln() as f32));
        }
        let length = weighed.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt();
        let from = since(stream, one);
        for (term, weight) in &mut weighed {
            *weight /= length.max(f32::MIN_POSITIVE);
            let posted = postings.entry(*term).or_default();
            for (to, other) in posted.iter().rev().take_while(|(to, _)| *to >= from) {
                scores.iter_mut().skip(*to).take(1).for_each(|score| *score += *weight * other);
            }
            posted.push((at, *weight));
        }
        let window = scores.iter_mut().enumerate().take(at).skip(from);
        let near = window.map(|(to, score)| (std::mem::take(score), to));
        nearest.push(near.max_by(|left, right| left.0.total_cmp(&right.0)));
    }
    nearest
}

/// The index of the first article in the time window of `one`.
fn since(stream: &[Streamed], one: &Streamed) -> usize {
    let from = one.item.at.saturating_sub(WINDOW_S);
    stream.partition_point(|other| other.item.at < from)
}

#[cfg(test)]
mod tests {
    use super::groups;

    #[test]
    fn an_article_joins_the_topic_of_its_nearest_or_founds_one() {
        let nearest = vec![None, Some((0.9, 0)), Some((0.4, 1)), Some((0.8, 1))];
        assert_eq!(groups(&nearest, 0.5), [0, 0, 2, 0]);
        assert_eq!(groups(&nearest, 0.3), [0, 0, 0, 0]);
    }
}
