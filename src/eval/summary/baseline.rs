//! Simple summaries that a learned one must beat, and the best that a single sentence can do.

use std::collections::HashMap;
use std::collections::HashSet;

use crate::metrics;
use crate::summary::rouge::rouge;
use wenmai_summary::unit::bigrams;
use wenmai_summary::unit::units;
use wenmai_text::likeness::containment;
use wenmai_text::likeness::share;
use wenmai_text::sentence::sentences;

/// The number of rounds of `TextRank`.
const ROUNDS: usize = 30;
/// The probability of following a link, as published.
const DAMPING: f32 = 0.85;
/// The most sentences that `TextRank` compares, because its time grows with the square.
const COMPARED_MAX: usize = 200;

/// The first `chars` characters, without line ends.
#[must_use]
pub fn lead(body: &str, chars: usize) -> String {
    body.chars().filter(|c| *c != '\n').take(chars).collect()
}

/// The sentences of a body.
#[must_use]
pub fn split(body: &str) -> Vec<&str> {
    sentences(body).into_iter().filter_map(|span| span.of(body)).collect()
}

/// The sentences most similar to the whole text (cosine of counts of pairs), in their order and cut
/// at `chars`.
#[must_use]
pub fn centroid(body: &str, chars: usize) -> String {
    let sentences = split(body);
    let pairs: Vec<Vec<u64>> = sentences.iter().map(|text| bigrams(&units(text))).collect();
    let mut whole: HashMap<u64, f32> = HashMap::new();
    for pair in pairs.iter().flatten() {
        *whole.entry(*pair).or_default() += 1.0;
    }
    let worth = |pairs: &Vec<u64>| {
        let different: HashSet<&u64> = pairs.iter().collect();
        let sum: f32 = different.iter().filter_map(|pair| whole.get(pair)).sum();
        sum / share(different.len().max(1), 1).sqrt()
    };
    let rated = pairs.iter().map(worth).collect();
    best(&sentences, rated, chars)
}

/// `TextRank`: the sentences with which others share words, in their order and cut at `chars`.
/// Source: Mihalcea & Tarau 2004.
#[must_use]
pub fn textrank(body: &str, chars: usize) -> String {
    let sentences: Vec<&str> = split(body).into_iter().take(COMPARED_MAX).collect();
    let sets: Vec<HashSet<u64>> =
        sentences.iter().map(|text| bigrams(&units(text)).into_iter().collect()).collect();
    let like = |left: &HashSet<u64>, right: &HashSet<u64>| {
        let lengths = share(left.len(), 1).ln_1p() + share(right.len(), 1).ln_1p();
        if lengths > 0.0 { share(left.intersection(right).count(), 1) / lengths } else { 0.0 }
    };
    let links: Vec<Vec<f32>> = (0..sets.len())
        .map(|from| {
            let row = sets.iter().enumerate();
            row.map(|(to, other)| match sets.get(from) {
                Some(one) if from != to => like(one, other),
                Some(_) | None => 0.0,
            })
            .collect()
        })
        .collect();
    let sums: Vec<f32> = links.iter().map(|row| row.iter().sum()).collect();
    let mut ranks = vec![1.0_f32; sets.len()];
    for _ in 0..ROUNDS {
        let given = |to: usize| {
            let flow = links.iter().zip(&sums).zip(&ranks);
            flow.filter(|((_, sum), _)| **sum > 0.0)
                .map(|((row, sum), rank)| row.get(to).copied().unwrap_or_default() / sum * rank)
                .sum::<f32>()
        };
        ranks = (0..sets.len()).map(|to| 1.0 - DAMPING + DAMPING * given(to)).collect();
    }
    best(&sentences, ranks, chars)
}

/// The sentence that agrees best with `brief`; no choice of one sentence can be better.
#[must_use]
pub fn oracle<'b>(body: &'b str, brief: &str) -> &'b str {
    let rated = split(body).into_iter().map(|text| (rouge(text, brief).sum(), text));
    rated.max_by(|left, right| left.0.total_cmp(&right.0)).map_or("", |(_, text)| text)
}

/// The mean share, in `[0, 1]`, of a sentence's pairs that earlier sentences contain.
#[must_use]
pub fn redundancy(text: &str) -> f64 {
    let mut said: HashSet<u64> = HashSet::new();
    let mut shares = Vec::new();
    for sentence in split(text) {
        let pairs = bigrams(&units(sentence));
        shares.push(f64::from(containment(&pairs, &said)));
        said.extend(pairs);
    }
    metrics::mean(&shares).unwrap_or_default()
}

/// The sentences of highest rank until `chars` are used, the last of them cut, in their order in
/// the text.
fn best(sentences: &[&str], worth: Vec<f32>, chars: usize) -> String {
    let mut ranked: Vec<(usize, f32)> = worth.into_iter().enumerate().collect();
    ranked.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
    let mut kept: Vec<(usize, String)> = Vec::new();
    let mut left = chars;
    for (at, _) in ranked {
        let text: String = sentences.get(at).map_or("", |text| text).chars().take(left).collect();
        left -= text.chars().count();
        kept.push((at, text));
        if left == 0 {
            break;
        }
    }
    kept.sort_by_key(|(at, _)| *at);
    kept.into_iter().map(|(_, text)| text).collect()
}

#[cfg(test)]
mod tests {
    use super::centroid;
    use super::lead;
    use super::oracle;
    use super::redundancy;
    use super::textrank;

    const BODY: &str = "天气很好。清河开闸放水。清河放水灌溉麦田。老周笑了。";

    #[test]
    fn baselines_choose_by_their_own_light() {
        assert_eq!(lead(BODY, 7), "天气很好。清河");
        assert_eq!(oracle(BODY, "老周笑"), "老周笑了。");
        assert!(textrank(BODY, 10).contains("清河"), "{}", textrank(BODY, 10));
        assert!(centroid(BODY, 10).contains("清河"), "{}", centroid(BODY, 10));
    }

    #[test]
    fn what_is_said_twice_is_redundant() {
        assert!((redundancy("清河开闸。清河开闸。") - 0.5).abs() < 1e-6);
        assert!(redundancy("清河开闸。麦田返青。") < 1e-6);
    }

    #[test]
    fn baselines_keep_to_the_length() {
        for chars in [1, 8, 100] {
            assert!(textrank(BODY, chars).chars().count() <= chars);
            assert!(centroid(BODY, chars).chars().count() <= chars);
        }
        assert_eq!(textrank("", 10), "");
    }
}
