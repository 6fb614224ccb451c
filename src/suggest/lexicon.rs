//! What an archive names, article by article: the stock from which suggestions are made.
//!
//! Each text is kept once, with what completing it needs; of an article only which texts it has. So an
//! article can be replaced or taken away, and what remains is exactly what is stored.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::sync::Arc;

use crate::discover::Counts;
use crate::discover::Thresholds;
use crate::index::Index;
use crate::sound;
use wenmai_domain::article::Article;
use wenmai_domain::day;
use wenmai_domain::entity;
use wenmai_domain::id::ArticleId;
use wenmai_text::normalize::normal;
use wenmai_text::terms::Analyzer;

/// Characters of a headline that are completed by their sound.
const TITLE_SOUND_CHARS: usize = 10;
/// Characters of any other text that are.
const NAME_SOUND_CHARS: usize = 24;
/// Places in a headline from which it is completed.
const STARTS_MAX: usize = 12;
/// Characters of a text at most; what is longer is cut there.
const CHARS_MAX: usize = 60;
/// Names of one article at most, so that a list of a thousand names is no thousand suggestions.
const NAMES_MAX: usize = 64;

/// What makes a word of a row of characters in headlines, which are few and short.
const TITLE_WORDS: Thresholds =
    Thresholds { article_count_min: 3, cohesion_min: 5.5, entropy_min: 1.0 };

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A person that articles name.
    Person,
    /// An organisation that articles name.
    Organisation,
    /// A place that articles name.
    Place,
    /// The label of a story.
    Topic,
    /// A newspaper.
    Paper,
    /// A feed or site.
    Source,
    /// A word of the archive's own, or of its headlines.
    Word,
    /// The headline of an article.
    Title,
}

/// A text with what completing it needs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    /// As printed.
    pub(crate) text: Box<str>,
    /// Its normal form, where that is another.
    normal: Option<Box<str>>,
    /// Bytes of the normal form at which a word starts, the first is 0.
    pub(crate) starts: Box<[u16]>,
    /// Its spellings in pinyin: in full and by initials, in turn.
    pub(crate) sounds: Box<[Box<str>]>,
}

impl Entry {
    fn new(kind: Kind, text: &str, analyzer: &Analyzer) -> Self {
        let normal = normal(text);
        let words = analyzer.tagged(&normal).into_iter().map(|(span, _)| span.start);
        let mut starts: Vec<u16> =
            std::iter::once(0).chain(words).filter_map(|at| u16::try_from(at).ok()).collect();
        starts.sort_unstable();
        starts.dedup();
        starts.truncate(STARTS_MAX);
        let chars_max = if kind == Kind::Title { TITLE_SOUND_CHARS } else { NAME_SOUND_CHARS };
        let spellings = sound::spellings(&normal, chars_max).into_iter();
        let sounds = spellings.flat_map(|one| [one.full.into(), one.initials.into()]).collect();
        let normal = (normal != text).then(|| normal.into());
        Self { kind, text: text.into(), normal, starts: starts.into(), sounds }
    }

    /// The form in which it is compared.
    pub(crate) fn normal(&self) -> &str {
        self.normal.as_deref().unwrap_or(&self.text)
    }

    /// Bytes that it takes, about.
    fn bytes(&self) -> usize {
        let sounds: usize = self.sounds.iter().map(|one| one.len() + 16).sum();
        let normal = self.normal.as_ref().map_or(0, |normal| normal.len());
        size_of::<Self>() + 16 + self.text.len() + normal + 2 * self.starts.len() + sounds
    }
}

/// What suggestions need of one article.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// The day of publication, in days since 1970-01-01; 0 where it is unknown.
    pub day: i32,
    /// What it names, each once.
    pub texts: Vec<(Kind, String)>,
}

impl Named {
    /// What `article` names: its headline, its outlet, its entities, and the words of its headline.
    #[must_use]
    pub fn of(article: &Article, analyzer: &Analyzer) -> Self {
        let record = &article.record;
        let mut texts = vec![
            (Kind::Title, cut(record.title.trim())),
            (Kind::Paper, cut(record.paper.trim())),
            (Kind::Source, cut(record.source.trim())),
        ];
        let kinds = [
            (entity::Kind::Person, Kind::Person),
            (entity::Kind::Organisation, Kind::Organisation),
            (entity::Kind::Place, Kind::Place),
        ];
        for (of, kind) in kinds {
            let named = article.entities.of(of).filter(|one| one.key.chars().count() > 1);
            texts.extend(named.take(NAMES_MAX).map(|one| (kind, cut(&one.key))));
        }
        let title = normal(&record.title);
        for (span, tag) in analyzer.tagged(&title) {
            let word = span.of(&title).unwrap_or_default();
            let says_something = !matches!(tag, "x" | "m" | "eng" | "c" | "p" | "u" | "d" | "r");
            if says_something && word.chars().count() > 1 {
                texts.push((Kind::Word, word.to_owned()));
            }
        }
        texts.retain(|(_, text)| !text.is_empty());
        texts.sort_unstable();
        texts.dedup();
        Self { day: record.date().map_or(0, day::number), texts }
    }
}

fn cut(text: &str) -> String {
    text.chars().take(CHARS_MAX).collect()
}

/// Texts and which articles have them.
#[derive(Debug, Default)]
pub struct Lexicon {
    entries: Vec<Arc<Entry>>,
    /// Entries by the hash of kind and text.
    by_hash: HashMap<u64, u32>,
    articles: HashMap<ArticleId, (i32, Box<[u32]>)>,
    /// Labels and words that stand for themselves, with the number of articles behind them.
    others: BTreeMap<(Kind, String), u32>,
}

impl Lexicon {
    /// Puts in what an article names, in place of what it named before.
    pub fn put(&mut self, id: ArticleId, named: &Named, analyzer: &Analyzer) {
        let entries = named.texts.iter().map(|(kind, text)| self.intern(*kind, text, analyzer));
        let entries: Box<[u32]> = entries.collect();
        self.articles.insert(id, (named.day, entries));
    }

    /// Takes an article away.
    pub fn remove(&mut self, id: ArticleId) {
        self.articles.remove(&id);
    }

    /// Puts in all texts of `kind` that do not stand in one article, such as labels of topics, each with the
    /// number of articles behind it, in place of those before.
    pub fn replace(&mut self, kind: Kind, texts: impl IntoIterator<Item = (String, u32)>) {
        self.others.retain(|(known, _), _| *known != kind);
        let texts = texts.into_iter().filter(|(text, _)| !text.is_empty());
        self.others.extend(texts.map(|(text, count)| ((kind, cut(&text)), count)));
    }

    /// How many articles it has.
    #[must_use]
    pub fn article_count(&self) -> usize {
        self.articles.len()
    }

    /// Bytes that it takes, about; the index that is made of it shares most of them.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let entries: usize = self.entries.iter().map(|entry| entry.bytes() + 8).sum();
        let of_articles: usize = self.articles.values().map(|(_, of)| 4 * of.len() + 48).sum();
        entries + of_articles + self.by_hash.len() * 20
    }

    /// A fixed picture of what it holds.
    pub fn index(&mut self, analyzer: &Analyzer) -> Index {
        let mut counted: Vec<(u32, i32)> = vec![(0, 0); self.entries.len()];
        for (day, entries) in self.articles.values() {
            for entry in entries {
                if let Some((count, newest)) = counted.get_mut(*entry as usize) {
                    *count += 1;
                    *newest = (*newest).max(*day);
                }
            }
        }
        let used = self.entries.iter().zip(counted).filter(|(_, (count, _))| *count > 0);
        let mut entries: Vec<(Arc<Entry>, u32, i32)> =
            used.map(|(entry, (count, day))| (Arc::clone(entry), count, day)).collect();
        for (text, count) in own_words(&entries, analyzer) {
            entries.push((Arc::new(Entry::new(Kind::Word, &text, analyzer)), count, 0));
        }
        for ((kind, text), count) in &self.others {
            entries.push((Arc::new(Entry::new(*kind, text, analyzer)), *count, 0));
        }
        // What is named in both ways counts by the higher number.
        entries.sort_unstable_by(|(left, count, _), (right, other, _)| {
            (left.kind, &left.text, other).cmp(&(right.kind, &right.text, count))
        });
        entries.dedup_by(|later, first| {
            (&later.0.kind, &later.0.text) == (&first.0.kind, &first.0.text)
        });
        Index::new(entries, self.articles.len())
    }

    fn intern(&mut self, kind: Kind, text: &str, analyzer: &Analyzer) -> u32 {
        let mut hash = hash(kind, text);
        while let Some(known) = self.by_hash.get(&hash) {
            let entry = self.entries.get(*known as usize);
            if entry.is_some_and(|entry| entry.kind == kind && *entry.text == *text) {
                return *known;
            }
            // Two texts of one hash: the later one stands behind.
            hash = hash.wrapping_add(1);
        }
        let at = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        self.entries.push(Arc::new(Entry::new(kind, text, analyzer)));
        self.by_hash.insert(hash, at);
        at
    }
}

/// The words that the headlines have and the dictionary lacks, each with the number of headlines.
fn own_words(entries: &[(Arc<Entry>, u32, i32)], analyzer: &Analyzer) -> Vec<(String, u32)> {
    let titles = || entries.iter().map(|(entry, ..)| entry).filter(|one| one.kind == Kind::Title);
    let mut counts = Counts::default();
    titles().for_each(|title| counts.add(std::iter::once(title.normal()), analyzer));
    let mut second = counts.second(TITLE_WORDS);
    titles().for_each(|title| second.add(std::iter::once(title.normal()), analyzer));
    let words = second.words(analyzer).into_iter();
    words.map(|word| (word.text, word.article_count)).collect()
}

/// FNV-1a over kind and text.
fn hash(kind: Kind, text: &str) -> u64 {
    let bytes = std::iter::once(kind as u8).chain(text.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
