//! What topics show: label, keywords, names and a direction, from what their recent members say.
//!
//! All of it is a pure function of the members at one version, so it does not matter when, or in
//! which process, it is computed.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::LazyLock;

use crate::topics::book::Member;
use wenmai_cluster::topic;
use wenmai_domain::article::Record;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::id::ArticleId;
use wenmai_domain::topic::change::Face;
use wenmai_embed as embed;
use wenmai_text::entity::Entity;
use wenmai_text::entity::Kind;
use wenmai_text::terms::Analyzer;

/// Members that a topic's face is made of, the most recent ones.
pub const FACE_MEMBERS: usize = 64;
/// Keywords that are kept.
const KEYWORDS: usize = 8;
/// Persons, places and organisations that are kept, each.
const NAMES: usize = 6;
/// Days after which a member counts half for the direction.
const HALF_LIFE_DAYS: f64 = 7.0;
/// Characters of the body that give terms and names.
pub const LEAD_CHARS: usize = 300;

/// Made-up articles of Chinese news at large that stand behind those of the window, so that a word
/// that everybody uses is no keyword in a small archive either.
const COMMON_ARTICLES: u32 = 1_000;
/// Tokens of title and lead of one of them.
const COMMON_TOKENS: f64 = 150.0;
/// How many of them hold a word.
static COMMON: LazyLock<HashMap<String, u32>> = LazyLock::new(|| {
    // Without them keywords are a little worse, and a test says so.
    let words = embed::common_words().unwrap_or_default();
    let holding = |share: f64| -> u32 {
        let articles = f64::from(COMMON_ARTICLES) * -f64::exp_m1(-share * COMMON_TOKENS);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "in 0..=1000")]
        let articles = articles.round() as u32;
        articles
    };
    words.into_iter().map(|(word, share)| (word, holding(share))).collect()
});

/// What an article contributes.
#[derive(Debug, Clone)]
pub struct Look {
    /// The headline as printed.
    pub title: String,
    /// As stored.
    pub embedding: Embedding,
    /// Terms of title and lead, each once.
    terms: Vec<Arc<str>>,
    names: [Vec<Arc<str>>; 3],
}

/// The kinds of names, in the order of [`Look::names`].
const KINDS: [Kind; 3] = [Kind::Person, Kind::Place, Kind::Organisation];

/// How many articles of the window hold a term; also the one copy of each text.
#[derive(Debug, Default)]
pub struct Words {
    counts: HashMap<Arc<str>, u32>,
    articles: u32,
}

impl Words {
    /// Counts an article in.
    pub fn add(&mut self, look: &mut Look) {
        self.articles += 1;
        for term in &mut look.terms {
            match self.counts.get_key_value(term.as_ref()) {
                Some((known, _)) => *term = Arc::clone(known),
                None => _ = self.counts.insert(Arc::clone(term), 0),
            }
            if let Some(count) = self.counts.get_mut(term.as_ref()) {
                *count += 1;
            }
        }
    }

    /// Counts an article out.
    pub fn subtract(&mut self, look: &Look) {
        self.articles = self.articles.saturating_sub(1);
        for term in &look.terms {
            if let Some(count) = self.counts.get_mut(term.as_ref()) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    self.counts.remove(term.as_ref());
                }
            }
        }
    }
}

impl Look {
    /// Of an article with these names in title and lead.
    #[must_use]
    pub fn new(
        record: &Record,
        embedding: Embedding,
        entities: &[Entity],
        analyzer: &Analyzer,
    ) -> Self {
        let mut terms: Vec<Arc<str>> = Vec::new();
        for term in analyzer.terms(&opening(record)) {
            let is_word =
                term.text.chars().count() > 1 && term.text.chars().any(char::is_alphabetic);
            if is_word && !terms.iter().any(|known| **known == *term.text) {
                terms.push(term.text.into());
            }
        }
        let names = KINDS.map(|kind| {
            let mut keys: Vec<Arc<str>> = Vec::new();
            for entity in entities.iter().filter(|one| one.kind == kind && !one.ambiguous) {
                if !keys.iter().any(|known| **known == *entity.key) {
                    keys.push(entity.key.as_str().into());
                }
            }
            keys
        });
        Self { title: record.title.clone(), embedding, terms, names }
    }
}

/// The title and the first characters of the body.
#[must_use]
pub fn opening(record: &Record) -> String {
    let lead: String = record.body().chars().take(LEAD_CHARS).collect();
    format!("{}\n{lead}", record.title)
}

/// Whether a topic that grew to `size` members looks at itself again: at every size up to six, then
/// at each quarter more, so that a label costs what the topic's growth paid.
#[must_use]
pub fn is_due(size: usize) -> bool {
    let mut due = 6;
    while due < size {
        due += due / 4;
    }
    size <= 6 || due == size
}

/// The face of a topic with these members, the most recent [`FACE_MEMBERS`] of all, in the order of
/// arrival. `current` is what it shows now.
#[must_use]
pub fn face(looks: &[(ArticleId, Arc<Look>)], current: &Face, words: &Words) -> Face {
    let members: Vec<topic::Member<'_>> = looks
        .iter()
        .map(|(id, look)| topic::Member { id: *id, title: &look.title, embedding: &look.embedding })
        .collect();
    let label = Some(current.label.as_str()).filter(|label| !label.is_empty());
    let label = topic::label(&members, label);
    let terms = looks.iter().flat_map(|(_, look)| &look.terms);
    let terms: Vec<(String, u32)> =
        counted(terms).into_iter().map(|(text, count)| (text.to_string(), count)).collect();
    // A word that one of several members holds is that member's.
    let shared: Vec<(String, u32)> = terms.iter().filter(|term| term.1 > 1).cloned().collect();
    let terms = if looks.len() < 2 || shared.len() < KEYWORDS { terms } else { shared };
    let background = |term: &str| {
        let holding = |counts: Option<&u32>| counts.copied().unwrap_or(0);
        holding(words.counts.get(term)).saturating_add(holding(COMMON.get(term)))
    };
    let articles = words.articles.saturating_add(COMMON_ARTICLES);
    let keywords = topic::keywords(&terms, &background, articles, KEYWORDS);
    let names = |at: usize| {
        let all = looks.iter().filter_map(move |(_, look)| look.names.get(at)).flatten();
        let mut counted: Vec<(Arc<str>, u32)> = counted(all).into_iter().collect();
        counted.sort_by(|left, right| right.1.cmp(&left.1).then(left.0.cmp(&right.0)));
        counted.truncate(NAMES);
        counted.into_iter().map(|(key, _)| key.to_string()).collect()
    };
    Face {
        topics: Vec::new(),
        label,
        keywords: keywords.into_iter().map(|(word, _)| word).collect(),
        persons: names(0),
        places: names(1),
        organisations: names(2),
    }
}

fn counted<'a>(texts: impl Iterator<Item = &'a Arc<str>>) -> BTreeMap<Arc<str>, u32> {
    let mut counts = BTreeMap::new();
    for text in texts {
        *counts.entry(Arc::clone(text)).or_insert(0) += 1;
    }
    counts
}

/// The direction of `members`, each with its look: a mean in which a member counts half for every
/// [`HALF_LIFE_DAYS`] that it is older than the latest. `None` where they cancel out.
#[must_use]
pub fn centroid(members: &[(Member, Arc<Look>)]) -> Option<Embedding> {
    let latest = members.iter().map(|(member, _)| member.at).max()?;
    let dim = members.first()?.1.embedding.dim();
    let mut sum = vec![0.0_f32; dim];
    for (member, look) in members {
        #[expect(clippy::cast_precision_loss, reason = "seconds between two articles")]
        let days = (latest - member.at) as f64 / 86_400.0;
        #[expect(clippy::cast_possible_truncation, reason = "a weight in [0, 1]")]
        let weight = (-days / HALF_LIFE_DAYS).exp2() as f32;
        for (total, value) in sum.iter_mut().zip(look.embedding.values()) {
            *total += weight * value;
        }
    }
    Embedding::normalize(sum).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Look;
    use super::Words;
    use super::face;
    use super::is_due;
    use wenmai_domain::article::Record;
    use wenmai_domain::embedding::Embedding;
    use wenmai_domain::id::ArticleId;
    use wenmai_domain::topic::change::Face;
    use wenmai_text::terms::Analyzer;

    #[test]
    fn words_that_everybody_uses_are_no_keywords_of_the_only_article() {
        let record = Record {
            title: "有关部门表示将加强渡口管理工作".into(),
            paragraphs: vec!["记者表示，工作要发展，摆渡人欢迎渡口改造。".into()],
            ..Record::default()
        };
        let analyzer = Analyzer::load().unwrap();
        let embedding = Embedding::normalize(vec![1.0]).unwrap();
        let mut look = Look::new(&record, embedding, &[], &analyzer);
        let mut words = Words::default();
        words.add(&mut look);
        let id = ArticleId::derive(&record);
        let face = face(&[(id, Arc::new(look))], &Face::default(), &words);
        let place = |word: &str| face.keywords.iter().position(|one| one == word);
        let crossing = place("渡口").unwrap();
        assert!(crossing < 3, "{:?}", face.keywords);
        // By the order of characters alone it would come first.
        assert!(place("发展").is_none_or(|common| common > crossing), "{:?}", face.keywords);
    }

    #[test]
    fn a_topic_looks_at_itself_ever_more_seldom() {
        let due: Vec<usize> = (1..=30).filter(|size| is_due(*size)).collect();
        assert_eq!(due, [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 18, 22, 27]);
        assert!((1..10_000).filter(|size| is_due(*size)).count() < 50);
    }
}
