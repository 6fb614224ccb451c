//! The built-in reference text: short articles of our own, whose stories are known.
//!
//! `reference.tsv` holds subjects with four lines each, which tell of one story in four ways; filled in
//! with different places, people and numbers, a subject gives several stories that share their mould. So
//! there are pairs of every kind: one story, one mould, one subject, and nothing in common. Each text
//! stands there in Chinese and in English. It is fictional.

use wenmai_domain::article::Record;

const LINES: &str = include_str!("reference.tsv");

/// Stories of each subject.
const STORIES: usize = 3;

/// Places, in Chinese and in English. They are made up.
const PLACES: [(&str, &str); 12] = [
    ("清河市", "Clearwater"),
    ("云岭县", "Cloudridge"),
    ("白沙镇", "Whitesand"),
    ("东陵", "Eastmound"),
    ("石桥县", "Stonebridge"),
    ("南浦", "Southbank"),
    ("金川市", "Goldstream"),
    ("柳林区", "Willowgrove"),
    ("临湖市", "Lakeside"),
    ("北屯", "Northcamp"),
    ("凤山县", "Phoenix Hill"),
    ("安平港", "Calmport"),
];

/// People, in Chinese and in English. They are made up.
const PEOPLE: [(&str, &str); 10] = [
    ("周明远", "Zhou Mingyuan"),
    ("李秀兰", "Li Xiulan"),
    ("陈立新", "Chen Lixin"),
    ("王海涛", "Wang Haitao"),
    ("赵文静", "Zhao Wenjing"),
    ("孙国强", "Sun Guoqiang"),
    ("何雨晴", "He Yuqing"),
    ("马建军", "Ma Jianjun"),
    ("林晓峰", "Lin Xiaofeng"),
    ("吴桂英", "Wu Guiying"),
];

/// A language of the reference text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Chinese,
    English,
}

/// One article of the reference text.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) record: Record,
    /// The number of its subject.
    pub(super) subject: usize,
    /// The number of its story among all.
    pub(super) story: usize,
}

/// All articles of the reference text, in the same order in each language.
pub(super) fn articles(language: Language) -> Vec<Told> {
    let lines: Vec<Vec<&str>> = LINES
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('\t').collect())
        .collect();
    let mut told = Vec::with_capacity(lines.len() * STORIES);
    let mut subject = 0;
    for (at, line) in lines.iter().enumerate() {
        if at > 0 && lines.get(at - 1).and_then(|before| before.first()) != line.first() {
            subject += 1;
        }
        for telling in 0..STORIES {
            let story = subject * STORIES + telling;
            let text = |column: usize| {
                filled(line.get(column).copied().unwrap_or_default(), story, language)
            };
            let (title, lead) = match language {
                Language::Chinese => (text(1), text(2)),
                Language::English => (text(3), text(4)),
            };
            let record = Record { title, paragraphs: vec![lead], ..Record::default() };
            told.push(Told { record, subject, story });
        }
    }
    told
}

/// `text` with the place, the person and the numbers of a story.
fn filled(text: &str, story: usize, language: Language) -> String {
    let name = |names: &[(&'static str, &'static str)], step: usize| {
        let (chinese, english) = names.get(story * step % names.len()).copied().unwrap_or_default();
        match language {
            Language::Chinese => chinese,
            Language::English => english,
        }
    };
    // Steps that share no factor with the counts, so that neighbours in the list differ.
    let (place, person) = (name(&PLACES, 5), name(&PEOPLE, 3));
    let large = (240 + story * 137 % 9_000).to_string();
    let small = (3 + story * 7 % 23).to_string();
    let text = text.replace("{P}", place).replace("{X}", person);
    text.replace("{N}", &large).replace("{M}", &small)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Language;
    use super::articles;
    use wenmai_domain::scale::TEXTS_MIN;

    #[test]
    fn every_text_is_filled_in_and_stands_in_both_languages() {
        let (chinese, english) = (articles(Language::Chinese), articles(Language::English));
        assert_eq!(chinese.len(), english.len());
        assert!(chinese.len() >= 2 * TEXTS_MIN, "{}", chinese.len());
        let mut seen = BTreeSet::new();
        for told in chinese.iter().chain(&english) {
            let text = format!("{}\n{}", told.record.title, told.record.body());
            assert!(!told.record.title.is_empty() && !told.record.body().is_empty());
            assert!(!text.contains(['{', '}', '\t']), "{text}");
            assert!(seen.insert(text), "twice: {}", told.record.title);
        }
    }

    #[test]
    fn each_story_has_four_articles() {
        let articles = articles(Language::Chinese);
        let stories: BTreeSet<usize> = articles.iter().map(|told| told.story).collect();
        assert_eq!(articles.len(), stories.len() * 4);
        assert!(
            stories.iter().all(|s| articles.iter().filter(|told| told.story == *s).count() == 4)
        );
    }
}
