//! Words that tell a topic from the rest: TF-IDF with the topic as one document.

use std::cmp::Ordering;

/// Characters of a keyword, at least: single ones are pieces of names.
const CHARS_MIN: usize = 2;
/// The share of a word's holders that must hold a longer one for that to take its place.
const MOST: (u32, u32) = (2, 3);
/// With fewer words that several members hold, those that one holds are shown too.
const SHARED_MIN: usize = 4;

/// Words that tell a topic from the rest, weightiest first, at most `limit`.
///
/// `terms` are the members' terms, each with the number of members that hold it; `background` gives
/// the number of articles, of `article_count`, that hold a term. Left out: single characters, bare
/// numbers, words that only one of several members holds unless there are too few others, and words
/// inside a weightier word; a longer word that most of the members which hold its part hold too takes
/// the place of that.
/// `weight = ln(1 + members) · ln(1 + article_count / (1 + articles))`. Source: c-TF-IDF
/// (Grootendorst 2022) with document counts in place of occurrences, so that one long article does
/// not decide.
#[must_use]
pub fn keywords(
    terms: &[(String, u32)],
    background: &dyn Fn(&str) -> u32,
    article_count: u32,
    limit: usize,
) -> Vec<(String, f32)> {
    let mut weighed: Vec<(f32, &str, u32)> = Vec::new();
    for (term, holders) in terms {
        let is_number = term.chars().next().is_some_and(|c| c.is_ascii_digit());
        if is_number || term.chars().count() < CHARS_MIN {
            continue;
        }
        let (count, all) = (f64::from(*holders), f64::from(article_count));
        let rarity = (all / (1.0 + f64::from(background(term)))).ln_1p();
        #[expect(clippy::cast_possible_truncation, reason = "six digits are enough for a weight")]
        weighed.push(((count.ln_1p() * rarity) as f32, term, *holders));
    }
    let shared = weighed.iter().filter(|(_, _, holders)| *holders > 1).count();
    if shared >= SHARED_MIN {
        weighed.retain(|(_, _, holders)| *holders > 1);
    }
    // What several members hold comes first.
    weighed.sort_by(|left, right| (right.2 > 1).cmp(&(left.2 > 1)).then(by_weight(left, right)));
    let mut keywords: Vec<(String, f32, u32)> = Vec::with_capacity(limit);
    for (weight, term, holders) in weighed {
        // 大桥 stands before 清河大桥, which nearly all who say 大桥 say.
        let part = keywords.iter().position(|(known, _, most)| {
            term.contains(known.as_str()) && holders * MOST.1 >= most * MOST.0
        });
        if let Some(known) = part.and_then(|at| keywords.get_mut(at)) {
            (known.0, known.2) = (term.to_owned(), holders);
            continue;
        }
        let is_part = keywords.iter().any(|(known, _, _)| known.contains(term));
        if keywords.len() < limit && !is_part {
            keywords.push((term.to_owned(), weight, holders));
        }
    }
    keywords.into_iter().map(|(term, weight, _)| (term, weight)).collect()
}

/// The weightier first; ties by the word.
fn by_weight(left: &(f32, &str, u32), right: &(f32, &str, u32)) -> Ordering {
    right.0.total_cmp(&left.0).then(left.1.cmp(right.1))
}

#[cfg(test)]
mod tests {
    use super::keywords;

    #[test]
    fn what_the_topic_holds_and_the_rest_does_not_comes_first() {
        let terms = [
            ("清河大桥", 9),
            ("大桥", 9),
            ("通车", 8),
            ("表示", 10),
            ("2024年", 9),
            ("桥", 9),
            ("渡口", 1),
        ]
        .map(|(term, count)| (term.to_owned(), count));
        let background = |term: &str| if term == "表示" { 9_000 } else { 20 };
        let found: Vec<String> =
            keywords(&terms, &background, 10_000, 2).into_iter().map(|(term, _)| term).collect();
        assert_eq!(found, ["清河大桥", "通车"]);
        assert!(keywords(&[], &background, 0, 5).is_empty());
    }

    #[test]
    fn a_topic_of_one_article_has_keywords_too() {
        let terms = [("渡口".to_owned(), 1)];
        assert_eq!(keywords(&terms, &|_| 0, 1, 5).len(), 1);
    }
}
