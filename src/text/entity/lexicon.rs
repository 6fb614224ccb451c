//! Automata over all names of places and organisations.
//!
//! A single character that stands for a place (鲁, 美) is too common to be a name: it counts inside the
//! fixed expressions that are made here (赴鲁, 京津冀, 美方, 鲁A).

use std::collections::HashMap;

use aho_corasick::AhoCorasick;
use aho_corasick::MatchKind;

use crate::entity::Error;
use crate::entity::cues;
use crate::entity::gazetteer::Gazetteer;
use crate::entity::gazetteer::Sense;
use crate::entity::sheet::Sheet;
use crate::normalize::normal;

/// Fixed names of organisations.
const ORGANISATIONS: &str = include_str!("organisations.tsv");

/// What a name can be.
#[derive(Debug, Clone, Default)]
pub(super) struct Name {
    /// Places that bear it.
    pub(super) senses: Vec<Sense>,
    /// Places that single characters of it stand for, by their position in it.
    pub(super) parts: Vec<(usize, usize)>,
    /// The key of the organisation that bears it.
    pub(super) organisation: Option<&'static str>,
}

/// A name at characters `from..to`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hit {
    pub(super) from: usize,
    pub(super) to: usize,
    name: usize,
}

/// All names, and what they can be.
///
/// Two automata: the 进宁 of 走进宁夏 must not hide 宁夏.
pub(super) struct Lexicon {
    full: AhoCorasick,
    expressions: AhoCorasick,
    /// Names, then expressions.
    names: Vec<Name>,
    full_count: usize,
    by_text: HashMap<String, usize>,
}

impl Lexicon {
    /// The names of `gazetteer`, the expressions of its single characters, and organisations.
    pub(super) fn build(gazetteer: &Gazetteer) -> Result<Self, Error> {
        let mut table = Table::default();
        for (name, sense) in gazetteer.names() {
            table.change(name, |entry| entry.senses.push(*sense));
        }
        for row in ORGANISATIONS.lines().filter(|row| !row.starts_with('#')) {
            let (key, others) = row.split_once('\t').unwrap_or((row, ""));
            for name in std::iter::once(key).chain(others.split_whitespace()) {
                table.change(name, |entry| entry.organisation = Some(key));
            }
        }
        let full_count = table.texts.len();
        table.add_singles(gazetteer.singles());
        let (full, expressions) = table.texts.split_at(full_count);
        let (full, expressions) = (automaton(full)?, automaton(expressions)?);
        Ok(Self { full, expressions, names: table.names, full_count, by_text: table.by_text })
    }

    /// The longest names in the text from left to right, then the expressions likewise.
    pub(super) fn hits(&self, sheet: &Sheet<'_>) -> Vec<Hit> {
        let hit = |found: aho_corasick::Match, offset: usize| Hit {
            from: sheet.index(found.start()),
            to: sheet.index(found.end()),
            name: found.pattern().as_usize() + offset,
        };
        let full = self.full.find_iter(sheet.text()).map(|found| hit(found, 0));
        let expressions = self.expressions.find_iter(sheet.text());
        full.chain(expressions.map(|found| hit(found, self.full_count))).collect()
    }

    /// What the name of `hit` can be.
    pub(super) fn name(&self, hit: Hit) -> Option<&Name> {
        self.names.get(hit.name)
    }

    /// The hit of a shorter name at `from..to`, where there is such a name.
    pub(super) fn shorter(&self, sheet: &Sheet<'_>, from: usize, to: usize) -> Option<Hit> {
        let name = *self.by_text.get(sheet.slice(from, to))?;
        Some(Hit { from, to, name })
    }
}

fn automaton(texts: &[String]) -> Result<AhoCorasick, Error> {
    let builder = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(texts);
    builder.map_err(|_too_large| Error::TooLarge)
}

#[derive(Default)]
struct Table {
    texts: Vec<String>,
    names: Vec<Name>,
    by_text: HashMap<String, usize>,
}

impl Table {
    /// Changes the entry of `text`, in the form that texts are normalized to.
    fn change(&mut self, text: &str, change: impl FnOnce(&mut Name)) {
        let text = normal(text);
        let at = *self.by_text.entry(text.clone()).or_insert(self.texts.len());
        if at == self.texts.len() {
            self.texts.push(text);
            self.names.push(Name::default());
        }
        if let Some(name) = self.names.get_mut(at) {
            change(name);
        }
    }

    fn add_singles(&mut self, singles: &[(char, usize)]) {
        let of = |c: char| singles.iter().find(|(single, _)| *single == c).map(|(_, place)| *place);
        for expression in cues::TOGETHER.split_whitespace() {
            let parts = expression.chars().enumerate();
            let parts: Vec<_> = parts.filter_map(|(at, c)| Some((at, of(c)?))).collect();
            self.change(expression, |entry| entry.parts = parts);
        }
        for (single, place) in singles {
            let province = cues::PROVINCES.contains(*single);
            let (before, behind) = if province {
                (cues::BEFORE_PROVINCE, cues::BEHIND_PROVINCE)
            } else {
                (cues::BEFORE_COUNTRY, cues::BEHIND_COUNTRY)
            };
            for word in before.split_whitespace() {
                self.part(&format!("{word}{single}"), 1, *place);
            }
            for word in behind.split_whitespace() {
                self.part(&format!("{single}{word}"), 0, *place);
            }
            for letter in ('a'..='z').filter(|_| province) {
                self.part(&format!("{single}{letter}"), 0, *place);
            }
        }
    }

    fn part(&mut self, text: &str, at: usize, place: usize) {
        self.change(text, |name| {
            if name.senses.is_empty() && name.parts.is_empty() && name.organisation.is_none() {
                name.parts.push((at, place));
            }
        });
    }
}
