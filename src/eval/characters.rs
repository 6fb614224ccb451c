//! A trivial baseline: how similar two texts are by their characters alone.
//!
//! Both texts are normalized first, so that differences of width, case and script do not count.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use wenmai_text::likeness::cosine;
use wenmai_text::likeness::jaccard;
use wenmai_text::normalize::normal;

/// The cosine of the counts of character bigrams, in `[0, 1]`.
///
/// White space does not count. A text of one character has that character as its only unit; an
/// empty text has the similarity 0 to everything.
#[must_use]
pub fn bigram_cosine(left: &str, right: &str) -> f64 {
    cosine(&bigrams(left), &bigrams(right))
}

/// The Jaccard similarity of the sets of characters of two texts, in `[0, 1]`.
#[must_use]
pub fn overlap(left: &str, right: &str) -> f64 {
    let set = |text: &str| characters(text).into_iter().collect::<BTreeSet<char>>();
    jaccard(&set(left), &set(right))
}

fn bigrams(text: &str) -> BTreeMap<Vec<char>, f64> {
    let characters = characters(text);
    let mut counts = BTreeMap::new();
    for bigram in characters.windows(characters.len().clamp(1, 2)) {
        *counts.entry(bigram.to_vec()).or_default() += 1.0;
    }
    counts
}

fn characters(text: &str) -> Vec<char> {
    normal(text).chars().filter(|c| !c.is_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    use super::bigram_cosine;
    use super::overlap;

    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
    }

    #[test]
    fn shared_bigrams_make_texts_alike() {
        // 大桥 桥通 通车 and 大桥 桥合 合龙 have one of three bigrams in common.
        close(bigram_cosine("大桥通车", "大桥合龙"), 1.0 / 3.0);
        // 哈哈 occurs twice in the first text; the second one has 哈哈 and 哈笑 once each.
        close(bigram_cosine("哈哈哈", "哈哈笑"), 1.0 / 2_f64.sqrt());
        close(bigram_cosine("大桥通车", "秋粮收购"), 0.0);
    }

    #[test]
    fn width_case_and_script_make_no_difference() {
        close(bigram_cosine("全縣ＧＤＰ", "全县 gdp"), 1.0);
        close(overlap("全縣ＧＤＰ", "全县gdp"), 1.0);
    }

    #[test]
    fn the_shortest_texts_have_a_figure_too() {
        close(bigram_cosine("桥", "桥"), 1.0);
        close(bigram_cosine("", "桥"), 0.0);
        close(bigram_cosine("", ""), 0.0);
        close(overlap("", ""), 0.0);
        close(overlap("大桥", "桥梁"), 1.0 / 3.0);
    }
}
