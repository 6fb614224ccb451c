//! What each article contributes to its topics, and what topics show because of it: label,
//! keywords, names, and a centroid.
//!
//! All of it is a pure function of the members at one version, so it does not matter when, or in
//! which process, it is computed.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Arc;

use crate::topics::background;
use crate::topics::projection::TopicMember;
use wenmai_cluster::topic;
use wenmai_domain::article::Record;
use wenmai_domain::day;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::id::ArticleId;
use wenmai_domain::topic::change::Face;
use wenmai_suggest::words::Table;
use wenmai_text::entity::Entity;
use wenmai_text::entity::Kind;
use wenmai_text::headline;
use wenmai_text::terms::Analyzer;

/// How many of a topic's most recent members its face is made of.
pub const FACE_MEMBERS: usize = 64;
/// Keywords in a face.
const KEYWORDS: usize = 8;
/// Persons in a face; as many places and organisations.
const NAMES: usize = 6;
/// Days after which a member counts half for the centroid.
const HALF_LIFE_DAYS: f64 = 7.0;
/// Characters of a sentence that stands for a headline, at most.
const HEADLINE_CHARS: usize = 40;
/// Characters of the body that terms and names are taken from.
pub const LEAD_CHARS: usize = 300;

/// What an article contributes to what its topics show.
#[derive(Debug, Clone)]
pub struct Contribution {
    /// The headline as printed.
    pub title: String,
    /// The embedding that is stored with the article.
    pub embedding: Embedding,
    /// Terms of title and lead, each once.
    terms: Vec<Arc<str>>,
    /// Names in title and lead, by the kinds of [`KINDS`].
    names: [Vec<Arc<str>>; 3],
}

/// The kinds of names, in the order of [`Contribution::names`].
const KINDS: [Kind; 3] = [Kind::Person, Kind::Place, Kind::Organisation];

/// How many articles of the window hold each term. Holds the one copy of each term's text, which
/// contributions share.
#[derive(Debug, Default)]
pub struct TermCounts {
    counts: HashMap<Arc<str>, u32>,
    articles: u32,
}

impl TermCounts {
    /// Counts an article, and has it share the texts of its terms.
    pub fn add(&mut self, contribution: &mut Contribution) {
        self.articles += 1;
        for term in &mut contribution.terms {
            match self.counts.get_key_value(term.as_ref()) {
                Some((known, _)) => *term = Arc::clone(known),
                None => _ = self.counts.insert(Arc::clone(term), 0),
            }
            if let Some(count) = self.counts.get_mut(term.as_ref()) {
                *count += 1;
            }
        }
    }

    /// Takes an article out of the counts.
    pub fn subtract(&mut self, contribution: &Contribution) {
        self.articles = self.articles.saturating_sub(1);
        for term in &contribution.terms {
            if let Some(count) = self.counts.get_mut(term.as_ref()) {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    self.counts.remove(term.as_ref());
                }
            }
        }
    }
}

impl Contribution {
    /// The contribution of an article whose title and lead name `entities`; words of the table `own` are
    /// kept whole as keywords.
    #[must_use]
    pub fn new(
        record: &Record,
        embedding: Embedding,
        entities: &[Entity],
        (analyzer, own): (&Analyzer, &Table),
    ) -> Self {
        let names = KINDS.map(|kind| {
            let mut keys: Vec<Arc<str>> = Vec::new();
            for entity in entities.iter().filter(|one| one.kind == kind && !one.ambiguous) {
                if !keys.iter().any(|known| **known == *entity.key) {
                    keys.push(entity.key.as_str().into());
                }
            }
            keys
        });
        let lead: String = record.body().chars().take(LEAD_CHARS).collect();
        let own = own.in_texts([&record.title, &lead], analyzer);
        let names_of_all = names.iter().flatten().map(AsRef::as_ref);
        let whole: Vec<&str> = names_of_all.chain(own.iter().map(String::as_str)).collect();
        let title = headline_of(record);
        let terms = topic::keyword_candidates(&title, &lead, &whole, analyzer);
        let terms = terms.into_iter().map(Arc::from).collect();
        Self { title: title.into_owned(), embedding, terms, names }
    }
}

/// The headline of an article; where the page gave a line of credits in its place, the first sentence
/// of the text, cut to the length of a headline.
#[must_use]
pub fn headline_of(record: &Record) -> Cow<'_, str> {
    if !headline::is_credit(&record.title) {
        return Cow::Borrowed(&record.title);
    }
    let body = record.body();
    let ends = |c: char| matches!(c, '。' | '！' | '？' | '；' | '\n');
    let mut sentences = body.split(ends).map(str::trim);
    let said = sentences.find(|text| !text.is_empty() && !headline::is_credit(text));
    Cow::Owned(said.unwrap_or_default().chars().take(HEADLINE_CHARS).collect())
}

/// The title, and the first [`LEAD_CHARS`] characters of the body.
#[must_use]
pub fn opening(record: &Record) -> String {
    let lead: String = record.body().chars().take(LEAD_CHARS).collect();
    format!("{}\n{lead}", record.title)
}

/// Whether the face of a topic that grew to `size` members is made again: at every size up to six,
/// and then each time the topic has grown by a quarter, so that the cost stays in proportion to the
/// growth.
#[must_use]
pub fn is_due(size: usize) -> bool {
    let mut due = 6;
    while due < size {
        due += due / 4;
    }
    size <= 6 || due == size
}

/// The face of a topic, made of its most recent members in the order of arrival, at most
/// [`FACE_MEMBERS`]. `current` is what the topic shows now.
#[must_use]
pub fn face(
    contributions: &[(ArticleId, Arc<Contribution>)],
    current: &Face,
    term_counts: &TermCounts,
) -> Face {
    let members: Vec<topic::Member<'_>> = contributions
        .iter()
        .map(|(id, contribution)| topic::Member {
            id: *id,
            title: &contribution.title,
            embedding: &contribution.embedding,
        })
        .collect();
    let label = Some(current.label.as_str()).filter(|label| !label.is_empty());
    let label = topic::label(&members, label);
    let terms = contributions.iter().flat_map(|(_, contribution)| &contribution.terms);
    // What every other report says, 数据 or 显示, is no topic's.
    let terms = counted(terms).into_iter().filter(|(term, _)| !background::is_common(term));
    let terms: Vec<(String, u32)> = terms.map(|(text, count)| (text.to_string(), count)).collect();
    let background = |term: &str| {
        let in_window = term_counts.counts.get(term).copied().unwrap_or(0);
        in_window.saturating_add(background::in_openings(term))
    };
    let articles = term_counts.articles.saturating_add(background::ARTICLES);
    let keywords = topic::keywords(&terms, &background, articles, KEYWORDS);
    let names = |at: usize| {
        let all = contributions
            .iter()
            .filter_map(move |(_, contribution)| contribution.names.get(at))
            .flatten();
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

/// The centroid of `members`, each with its contribution: a unit vector along the mean of their
/// embeddings, in which the weight of a member halves for every [`HALF_LIFE_DAYS`] that it is older
/// than the latest. `None` where the embeddings cancel out.
#[must_use]
pub fn centroid(members: &[(TopicMember, Arc<Contribution>)]) -> Option<Embedding> {
    let latest = members.iter().map(|(member, _)| member.at).max()?;
    let dim = members.first()?.1.embedding.dim();
    let mut sum = vec![0.0_f32; dim];
    for (member, contribution) in members {
        let days = day::days(latest - member.at);
        #[expect(clippy::cast_possible_truncation, reason = "a weight in [0, 1]")]
        let weight = (-days / HALF_LIFE_DAYS).exp2() as f32;
        for (total, value) in sum.iter_mut().zip(contribution.embedding.values()) {
            *total += weight * value;
        }
    }
    Embedding::normalize(sum).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Contribution;
    use super::TermCounts;
    use super::face;
    use super::is_due;
    use wenmai_domain::article::Record;
    use wenmai_domain::embedding::Embedding;
    use wenmai_domain::id::ArticleId;
    use wenmai_domain::topic::change::Face;
    use wenmai_suggest::words::Table;
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
        let mut contribution =
            Contribution::new(&record, embedding, &[], (&analyzer, &Table::default()));
        let mut term_counts = TermCounts::default();
        term_counts.add(&mut contribution);
        let id = ArticleId::derive(&record);
        let face = face(&[(id, Arc::new(contribution))], &Face::default(), &term_counts);
        let place = |word: &str| face.keywords.iter().position(|one| one == word);
        let crossing = place("渡口").unwrap();
        assert!(crossing < 3, "{:?}", face.keywords);
        // By the order of characters alone it would come first.
        assert!(place("发展").is_none_or(|common| common > crossing), "{:?}", face.keywords);
    }

    #[test]
    fn the_face_of_a_growing_topic_is_made_ever_more_seldom() {
        let due: Vec<usize> = (1..=30).filter(|size| is_due(*size)).collect();
        assert_eq!(due, [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 18, 22, 27]);
        assert!((1..10_000).filter(|size| is_due(*size)).count() < 50);
    }
}
