//! Learns of candidates what phrases, exclusions, facets and orders need to know.
//!
//! First without their texts: a text with a phrase holds all units of the phrase, so what lacks one
//! is done with, and what lacks one of an exclusion need not be read. Of the others the texts are
//! read, the best first, until there are as many hits as are wanted.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::civil::DateTime;

use crate::Engine;
use crate::Error;
use crate::clock;
use crate::columns::Columns;
use crate::search::Candidate;
use crate::search::PreparedQuery;
use crate::search::candidates::Candidates;
use wenmai_domain::article::Record;
use wenmai_domain::hit::Mode;
use wenmai_domain::id::ArticleId;
use wenmai_store::Vectors;
use wenmai_text::query::phrase;
use wenmai_text::units;

/// How many texts are read at a time at most, which bounds the memory that they take.
const SLICE_MAX: usize = 128;
/// How many are read at a time at least: some do not hold the phrase after all.
const SLICE_MIN: usize = 16;
/// Units of one phrase that are looked up.
const PHRASE_UNITS_MAX: usize = 12;

/// What is known of a candidate without its text.
#[derive(Debug, Default)]
pub(super) struct CandidateDetails {
    /// What facets and orders need of it, where they do.
    pub(super) columns: Option<Arc<Columns>>,
    /// Its similarity to the question; `None` where the model is not asked.
    pub(super) similarity: Option<f32>,
    /// How many needs of the query it holds, where matches are counted.
    pub(super) held: usize,
    /// Whether its text must be read to tell whether it answers.
    must_read: bool,
}

impl CandidateDetails {
    /// When it was published, if that is known and lies not ahead.
    pub(super) fn published_at(&self) -> Option<DateTime> {
        self.given_time().filter(|time| !is_ahead(time.date()))
    }

    /// Whether its date lies in the future, and so is wrong.
    pub(super) fn is_ahead(&self) -> bool {
        self.given_time().is_some_and(|time| is_ahead(time.date()))
    }

    fn given_time(&self) -> Option<DateTime> {
        self.columns.as_ref()?.published_at
    }
}

/// Whether a day lies in the future. Where it is later than in China it may be tomorrow already.
fn is_ahead(day: Date) -> bool {
    clock::today().checked_add(1.day()).is_ok_and(|tomorrow| day > tomorrow)
}

/// The units of a query's phrases and exclusions.
struct Demands {
    phrases: Vec<Vec<String>>,
    without: Vec<Vec<String>>,
}

impl Demands {
    fn units(&self) -> impl Iterator<Item = &str> {
        self.phrases.iter().chain(&self.without).flatten().map(String::as_str)
    }
}

/// Some of the units of a phrase, spread over it: what holds the phrase holds each of them, and of a
/// long one so many tell enough.
pub(super) fn some_units(units: &[String]) -> impl Iterator<Item = &String> {
    units.iter().step_by(units.len().div_ceil(PHRASE_UNITS_MAX).max(1))
}

impl Engine {
    fn demands(&self, prepared: &PreparedQuery) -> Demands {
        let units =
            |phrase: &String| some_units(&self.analyzer.units_of_phrase(phrase)).cloned().collect();
        Demands {
            phrases: prepared.query.phrases.iter().map(units).collect(),
            without: prepared.query.without.iter().map(units).collect(),
        }
    }

    /// What is known of those of `ids` that may answer; no text is read that was not asked for by
    /// a facet for the first time.
    pub(super) async fn look_at(
        &self,
        prepared: &PreparedQuery,
        ids: &[ArticleId],
    ) -> Result<BTreeMap<ArticleId, CandidateDetails>, Error> {
        let demands = self.demands(prepared);
        let mut asked: BTreeSet<&str> = demands.units().collect();
        if prepared.counts() {
            asked.extend(prepared.reading.units());
        }
        let asked: Vec<&str> = asked.into_iter().collect();
        let terms: Vec<u32> = asked.iter().map(|unit| units::index(unit)).collect();
        let question = prepared.embedding.as_ref().filter(|_| prepared.mode != Mode::Lexical);
        let measure = self.measure_in(prepared.mode, prepared.script()).await?;
        let (columns, holders, similarities) = futures::try_join!(
            async {
                if prepared.counts() || prepared.options.newness.is_some() {
                    return Ok(Some(self.columns(ids).await?));
                }
                Ok::<_, Error>(None)
            },
            async { Ok(self.store.holders(&terms, ids).await?) },
            async {
                match question {
                    Some(question) => self.near_among(question, ids, &measure).await,
                    None => Ok(BTreeMap::new()),
                }
            },
        )?;
        let holders: HashMap<&str, BTreeSet<ArticleId>> = asked.into_iter().zip(holders).collect();
        let mut seen = BTreeMap::new();
        for id in ids {
            let columns = columns.as_ref().map(|columns| columns.get(id));
            // What was deleted meanwhile has none.
            if columns.is_some_and(|columns| columns.is_none()) {
                continue;
            }
            let holds = |unit: &str| holders.get(unit).is_some_and(|holders| holders.contains(id));
            let may_hold = |units: &Vec<String>| units.iter().all(|unit| holds(unit));
            if !demands.phrases.iter().all(may_hold) {
                continue;
            }
            let held = if prepared.counts() { prepared.reading.held_by(&holds) } else { 0 };
            let must_read = !demands.phrases.is_empty() || demands.without.iter().any(may_hold);
            let columns = columns.flatten().map(Arc::clone);
            let similarity = similarities.get(id).copied();
            seen.insert(*id, CandidateDetails { columns, similarity, held, must_read });
        }
        Ok(seen)
    }

    /// Reads on in `candidates.unread`, the best first, until `wanted` candidates are known to
    /// answer or all were read.
    pub(super) async fn read_until(
        &self,
        prepared: &PreparedQuery,
        candidates: &mut Candidates,
        wanted: usize,
    ) -> Result<(), Error> {
        while candidates.ordered.len() < wanted && !candidates.unread.is_empty() {
            let missing = wanted - candidates.ordered.len();
            let size = missing.saturating_add(missing / 2).clamp(SLICE_MIN, SLICE_MAX);
            let size = size.min(candidates.unread.len());
            let slice: Vec<Candidate> = candidates.unread.drain(..size).collect();
            let to_read: Vec<ArticleId> = slice
                .iter()
                .map(|(id, _)| *id)
                .filter(|id| candidates.to_read.contains(id))
                .collect();
            let answers = self.read_texts(prepared, &to_read, candidates).await?;
            candidates.with_phrases += slice.len() - to_read.len();
            candidates.ordered.extend(
                slice
                    .into_iter()
                    .filter(|(id, _)| answers.contains(id) || !candidates.to_read.contains(id)),
            );
        }
        // Of several phrases only articles that may hold all were read: what these lack others may hold.
        if candidates.unread.is_empty() && prepared.query.phrases.len() == 1 {
            candidates.missing_phrases.append(&mut candidates.unmet);
        }
        Ok(())
    }

    /// Reads the articles of `ids` and returns those that hold all phrases and nothing that the query
    /// leaves out.
    async fn read_texts(
        &self,
        prepared: &PreparedQuery,
        ids: &[ArticleId],
        candidates: &mut Candidates,
    ) -> Result<BTreeSet<ArticleId>, Error> {
        let mut answers = BTreeSet::new();
        // Two readers share the work.
        let (left, right) = ids.split_at(ids.len() / 2);
        let (left, right) = futures::try_join!(
            self.store.fetch(left, Vectors::No),
            self.store.fetch(right, Vectors::No)
        )?;
        for stored in left.into_iter().chain(right).flatten() {
            let Record { title, paragraphs, .. } = &stored.article.record;
            let texts = std::iter::once(title).chain(paragraphs).map(String::as_str);
            let holds = |phrase: &String| phrase::stands_in(texts.clone(), phrase);
            candidates.unmet.retain(|phrase| !holds(phrase));
            if !prepared.query.phrases.iter().all(holds) {
                continue;
            }
            candidates.with_phrases += 1;
            if !prepared.query.without.iter().any(holds) {
                answers.insert(stored.article.id);
            }
        }
        Ok(answers)
    }
}

impl Candidates {
    /// Takes `ordered`, of which `seen` tells what is known, as what is still to be read.
    pub(super) fn put_off(
        &mut self,
        ordered: Vec<Candidate>,
        seen: &BTreeMap<ArticleId, CandidateDetails>,
        prepared: &PreparedQuery,
    ) {
        let to_read = seen.iter().filter(|(_, one)| one.must_read).map(|(id, _)| *id);
        self.to_read = to_read.collect();
        let known = &self.missing_phrases;
        let phrases = prepared.query.phrases.iter().filter(|phrase| !known.contains(phrase));
        self.unmet = if self.found_count == 0 { Vec::new() } else { phrases.cloned().collect() };
        self.unread = ordered.into();
    }
}
