//! Persons, places, organisations, numbers and dates that a text mentions.
//!
//! By dictionary, cues and exact rules; no model. What is found keeps its place in the text as
//! printed and has a key: the form under which two mentions of one thing meet (聊城 and 聊城市, 1.2亿元
//! and 一亿两千万元, 央行 and 中国人民银行). Traditional characters, full width and case are folded first
//! (`text::normalize`).
//!
//! It would rather miss a name than invent one. It does not join 周局长 with 周小禾, nor a company with
//! its short name, unless the list of organisations says so.

mod amount;
mod cues;
mod day;
pub mod gazetteer;
mod lexicon;
mod number;
mod organisation;
mod person;
mod place;
mod sets;
mod sheet;
mod township;

use std::sync::Arc;

use jiff::civil::Date;

use crate::domain::span::Span;
use crate::text::entity::gazetteer::Gazetteer;
use crate::text::entity::lexicon::Lexicon;
use crate::text::entity::sheet::Sheet;
use crate::text::normalize::normalize;
use crate::text::terms::Analyzer;

/// The version of everything that decides an entity and its key.
pub const VERSION: &str = "entities1";

/// What an entity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A person's full name.
    Person,
    /// A place with a name: country, province, county, town, sea.
    Place,
    /// An authority, company, school, club, party.
    Organisation,
    /// A quantity with its unit, or an ordinal.
    Number,
    /// A day, days, a month or a year that the text names.
    Date,
}

/// A mention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entity {
    /// What it is.
    pub kind: Kind,
    /// The words as printed.
    pub text: String,
    /// The form for matching. Places: a key of the [`Gazetteer`]. Numbers: value and unit (`320人`,
    /// `5.6%`, `第16届`). Dates: `2024-03-12`, `2024-03-12/2024-03-13`, `--03-12` without a year.
    pub key: String,
    /// Where it stands, in bytes of the source.
    pub span: Span,
    /// Several things bear this name and nothing in the text says which; the key is then the name.
    pub ambiguous: bool,
}

/// A mention in characters of the sheet.
#[derive(Debug, Clone)]
struct Found {
    kind: Kind,
    from: usize,
    to: usize,
    key: String,
    ambiguous: bool,
}

impl Found {
    fn new(kind: Kind, from: usize, to: usize, key: String) -> Self {
        Self { kind, from, to, key, ambiguous: false }
    }
}

/// The bundled lists, or lists of the user's, cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A row of the gazetteer is malformed.
    #[error("the gazetteer cannot be read")]
    Gazetteer(#[from] gazetteer::Malformed),
    /// The names do not fit into one automaton.
    #[error("too many names")]
    TooLarge,
}

/// Finds entities. Share one: it holds an automaton of some 10,000 names.
pub struct Extractor {
    analyzer: Arc<Analyzer>,
    gazetteer: Gazetteer,
    lexicon: Lexicon,
}

impl Extractor {
    /// An extractor with the bundled gazetteer.
    ///
    /// # Errors
    /// [`Error`] if the bundled lists are broken: the program was built wrongly.
    pub fn load(analyzer: Arc<Analyzer>) -> Result<Self, Error> {
        Self::with_gazetteer(analyzer, Gazetteer::bundled()?)
    }

    /// An extractor with `gazetteer`, for instance the bundled one extended by rows of the user's.
    ///
    /// # Errors
    /// [`Error::TooLarge`] for more names than an automaton holds.
    pub fn with_gazetteer(analyzer: Arc<Analyzer>, gazetteer: Gazetteer) -> Result<Self, Error> {
        let lexicon = Lexicon::build(&gazetteer)?;
        Ok(Self { analyzer, gazetteer, lexicon })
    }

    /// The places it knows.
    #[must_use]
    pub fn gazetteer(&self) -> &Gazetteer {
        &self.gazetteer
    }

    /// The entities of `text` in order; `issue` is the day of publication, against which 昨天 and
    /// `3月12日` are resolved.
    ///
    /// They do not overlap, but for a place that leads the name of an organisation (聊城市公安局).
    /// Linear in the length of `text`.
    #[must_use]
    pub fn entities(&self, text: &str, issue: Option<Date>) -> Vec<Entity> {
        let normalized = normalize(text);
        let sheet = Sheet::new(normalized.text(), &self.analyzer);
        let mut taken = Taken::new(sheet.len());
        let mut found = day::days(&sheet, issue);
        taken.add(&found);
        let hits = self.lexicon.hits(&sheet);
        let places = place::places(&sheet, &self.lexicon, &self.gazetteer, &hits, &taken);
        let organisations =
            organisation::organisations(&sheet, &self.lexicon, &hits, &places, &taken);
        taken.add(&organisations);
        let places: Vec<Found> = place::outside(places, &organisations, &self.gazetteer);
        taken.add(&places);
        let persons = person::persons(&sheet, &taken);
        taken.add(&persons);
        let numbers = number::numbers(&sheet, &taken);
        for more in [organisations, places, persons, numbers] {
            found.extend(more);
        }
        found.sort_by_key(|found| (found.from, usize::MAX - found.to));
        let entity = |found: Found| {
            let span = normalized.source(sheet.span(found.from, found.to));
            let printed = span.of(text).unwrap_or_default().to_owned();
            let Found { kind, key, ambiguous, .. } = found;
            Entity { kind, text: printed, key, span, ambiguous }
        };
        found.into_iter().map(entity).collect()
    }
}

/// Which characters belong to something already.
struct Taken(Vec<bool>);

impl Taken {
    fn new(char_count: usize) -> Self {
        Self(vec![false; char_count])
    }

    fn add(&mut self, found: &[Found]) {
        for found in found {
            if let Some(range) = self.0.get_mut(found.from..found.to) {
                range.fill(true);
            }
        }
    }

    /// Takes the characters `from..to`, unless one of them is taken.
    fn claim(&mut self, from: usize, to: usize) -> bool {
        let free = !self.any(from, to);
        if let Some(range) = self.0.get_mut(from..to).filter(|_| free) {
            range.fill(true);
        }
        free
    }

    /// Whether any of the characters `from..to` is taken.
    fn any(&self, from: usize, to: usize) -> bool {
        self.0.get(from..to.min(self.0.len())).is_some_and(|range| range.contains(&true))
    }
}
