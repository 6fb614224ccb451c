//! What a text is about: its noun phrases, by how often and where they stand.

use std::collections::HashMap;

use wenmai_text::likeness::share;
use wenmai_text::normalize::normalize;
use wenmai_text::terms::Analyzer;

/// Characters of a phrase.
const CHARS: std::ops::RangeInclusive<usize> = 2..=10;
/// How often a phrase of the title counts.
const TITLE_WEIGHT: f32 = 3.0;
/// Nouns that name nothing.
const EMPTY: [&str; 52] = [
    "记者",
    "工作",
    "问题",
    "情况",
    "时候",
    "方面",
    "地方",
    "部分",
    "有关",
    "过程",
    "人员",
    "内容",
    "基础",
    "目前",
    "时间",
    "全国",
    "我国",
    "单位",
    "群众",
    "同志",
    "大家",
    "领导",
    "负责人",
    "消息",
    "数据",
    "活动",
    "会议",
    "要求",
    "发展",
    "建设",
    "精神",
    "重要",
    "表示",
    "相关",
    "快讯",
    "独家",
    "视频",
    "重磅",
    "组图",
    "图集",
    "原标题",
    "来源",
    "责编",
    "编辑",
    "nbsp",
    "quot",
    "ldquo",
    "rdquo",
    "mdash",
    "strong",
    "href",
    "amp",
];

/// A phrase of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Keyphrase {
    /// The phrase, normalized.
    pub text: String,
    /// How often it stands in title and body.
    pub count: usize,
    /// What phrases are ordered by, above 0.
    pub score: f32,
}

/// The phrases of one text: how often each stands there, and what that is worth.
#[derive(Debug, Clone, Default)]
pub struct Phrases(HashMap<String, (usize, f32)>);

impl Phrases {
    /// The phrases of a title and a body.
    #[must_use]
    pub fn of(title: &str, body: &str, analyzer: &Analyzer) -> Self {
        let mut counts: HashMap<String, (usize, f32)> = HashMap::new();
        for (text, weight) in [(title, TITLE_WEIGHT), (body, 1.0)] {
            for phrase in phrases(text, analyzer) {
                let (count, sum) = counts.entry(phrase).or_default();
                *count += 1;
                *sum += weight;
            }
        }
        Self(counts)
    }
}

/// The `limit` phrases that say most of what a text is about; best first.
#[must_use]
pub fn keyphrases(title: &str, body: &str, analyzer: &Analyzer, limit: usize) -> Vec<Keyphrase> {
    best([&Phrases::of(title, body, analyzer)], limit)
}

/// The `limit` phrases that say most of what texts are about together; best first.
#[must_use]
pub fn best<'p>(texts: impl IntoIterator<Item = &'p Phrases>, limit: usize) -> Vec<Keyphrase> {
    let mut counts: HashMap<&str, (usize, f32)> = HashMap::new();
    for (text, (count, sum)) in texts.into_iter().flat_map(|text| &text.0) {
        let (all, total) = counts.entry(text).or_default();
        *all += count;
        *total += sum;
    }
    let mut all: Vec<Keyphrase> = counts
        .into_iter()
        .map(|(text, (count, sum))| {
            // A longer phrase says more each time it stands.
            let score = sum * share(text.chars().count(), 1).ln();
            Keyphrase { text: text.to_owned(), count, score }
        })
        .collect();
    all.sort_by(|l, r| r.score.total_cmp(&l.score).then_with(|| l.text.cmp(&r.text)));
    let mut kept: Vec<Keyphrase> = Vec::new();
    for one in all {
        if kept.len() >= limit {
            break;
        }
        // 开闸 beside 清河开闸 says nothing new.
        let inside =
            |other: &Keyphrase| other.text.contains(&one.text) || one.text.contains(&other.text);
        if !kept.iter().any(inside) {
            kept.push(one);
        }
    }
    kept
}

/// Runs of nouns, names and verbs used as nouns; each run, and each of its words.
fn phrases(text: &str, analyzer: &Analyzer) -> Vec<String> {
    let normalized = normalize(text);
    let text = normalized.text();
    let mut found = Vec::new();
    let mut run: Vec<&str> = Vec::new();
    let mut end = 0;
    for (span, tag) in analyzer.tagged(text) {
        let word = span.of(text).unwrap_or_default();
        let is_noun = (tag.starts_with('n') || matches!(tag, "vn" | "an" | "eng" | "j" | "l"))
            && !EMPTY.contains(&word);
        if !is_noun || span.start != end {
            close(&mut run, &mut found);
        }
        if is_noun {
            run.push(word);
        }
        end = span.end;
    }
    close(&mut run, &mut found);
    found
}

fn close(run: &mut Vec<&str>, found: &mut Vec<String>) {
    let fits = |phrase: &str| CHARS.contains(&phrase.chars().count());
    let whole: String = run.concat();
    if run.len() > 1 && fits(&whole) {
        found.push(whole);
    }
    found.extend(run.drain(..).filter(|word| fits(word)).map(str::to_owned));
}

#[cfg(test)]
mod tests {
    use super::keyphrases;
    use wenmai_text::terms::Analyzer;

    #[test]
    fn what_title_and_text_repeat_comes_first_and_only_once() {
        let analyzer = Analyzer::load().unwrap();
        let body = "水利工程完工，记者看到水利工程放水。小麦丰收。";
        let found = keyphrases("水利工程完工", body, &analyzer, 5);
        assert!(found[0].text.contains("水利工程") && found[0].count >= 3, "{found:?}");
        let texts: Vec<&str> = found.iter().map(|one| one.text.as_str()).collect();
        assert!(!texts.contains(&"水利") && !texts.contains(&"记者"), "{texts:?}");
        assert!(keyphrases("", "", &analyzer, 5).is_empty());
        let marked = "【组图】快讯丨独家视频：水利工程完工&nbsp;重磅";
        let found = keyphrases(marked, "&nbsp;水利工程&ldquo;放水&rdquo;。", &analyzer, 9);
        let noise = ["快讯", "独家", "视频", "重磅", "组图", "nbsp", "ldquo"];
        assert!(
            !found.iter().any(|one| noise.iter().any(|word| one.text.contains(word))),
            "{found:?}"
        );
    }
}
