//! Why an answer is empty, or other than may have been expected.

use std::fmt;

use crate::Engine;
use crate::Error;
use crate::search::PreparedQuery;
use crate::search::candidates::Candidates;
use wenmai_domain::filter::Filter;
use wenmai_domain::hit::Mode;
use wenmai_domain::limit::Limit;
use wenmai_text::query::Note;

/// Something worth knowing about an answer; its text is for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A part of the query was read in another way than may have been meant.
    Question(Note),
    /// Only the first terms of a long query were looked for.
    Shortened {
        /// How many different terms were looked for.
        used: usize,
        /// How many different terms the query holds.
        given: usize,
    },
    /// The query holds nothing but common words.
    OnlyCommonWords,
    /// No stored article holds a term of the query; the hits are merely similar.
    NoKnownTerm,
    /// Nothing is stored.
    IndexEmpty,
    /// No stored article passes the filter.
    FilterLeavesNothing,
    /// No article holds this phrase, of those that were looked at.
    PhraseNotFound {
        /// The phrase, folded.
        phrase: String,
        /// How many candidates were looked at, where these were not all.
        looked_at: Option<usize>,
        /// Whether a filter left articles out.
        filtered: bool,
    },
    /// No article prints this in title marks; it was looked for as words.
    TitleNotFound(String),
    /// Each phrase is found, but no candidate holds all of them.
    PhrasesApart,
    /// Every candidate holds something that the query leaves out.
    AllLeftOut,
    /// Phrases, exclusions, facets or an order by date were applied to this many candidates of each
    /// leg; there may be more matches.
    OnlyFirst(usize),
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Notice::Question(Note::BrokenQuote) => {
                write!(f, "a quotation mark without its partner was passed over")
            }
            Notice::Question(Note::QuotesAsWords(words)) => write!(
                f,
                "“{words}” stands inside other text and was read as words; set it apart by spaces \
                 for an exact phrase"
            ),
            Notice::Question(Note::BadValue { written, wants }) => {
                write!(f, "`{written}` was read as words: the field takes {wants}")
            }
            Notice::Question(Note::TooMany { limit }) => {
                write!(f, "only the first {limit} phrases, exclusions or conditions were used")
            }
            Notice::Shortened { used, given } => {
                write!(f, "only the first {used} of {given} different terms were looked for")
            }
            Notice::OnlyCommonWords => {
                write!(
                    f,
                    "the query holds only words that say little; put them in quotes to find them exactly"
                )
            }
            Notice::NoKnownTerm => {
                write!(f, "no term of the query is known: no stored article holds one")
            }
            Notice::IndexEmpty => write!(f, "nothing is stored"),
            Notice::FilterLeavesNothing => write!(f, "the filter leaves no article"),
            Notice::PhraseNotFound { phrase, looked_at: Some(count), .. } => {
                write!(f, "none of the {count} articles looked at holds “{phrase}”")
            }
            Notice::PhraseNotFound { phrase, looked_at: None, filtered: true } => {
                write!(f, "no article that passes the conditions holds “{phrase}”")
            }
            Notice::PhraseNotFound { phrase, looked_at: None, filtered: false } => {
                write!(f, "no stored article holds “{phrase}”")
            }
            Notice::TitleNotFound(title) => {
                write!(f, "no article found prints {title} in title marks; it was read as words")
            }
            Notice::PhrasesApart => write!(f, "no article found holds all the phrases"),
            Notice::AllLeftOut => {
                write!(f, "every match was left out by a word or phrase with a minus")
            }
            Notice::OnlyFirst(count) => {
                write!(f, "checked and counted over the best {count} articles; there may be more")
            }
        }
    }
}

impl Engine {
    /// The notices for the answer in `candidates`.
    pub(super) async fn notices(
        &self,
        prepared: &PreparedQuery,
        candidates: &Candidates,
    ) -> Result<Vec<Notice>, Error> {
        let mut notices: Vec<Notice> =
            prepared.query.notes.iter().cloned().map(Notice::Question).collect();
        let (used, given) = (prepared.reading.needs.len(), prepared.reading.term_count);
        if used < given {
            notices.push(Notice::Shortened { used, given });
        }
        if prepared.reading.is_common
            && prepared.query.phrases.is_empty()
            && prepared.mode != Mode::Dense
        {
            notices.push(Notice::OnlyCommonWords);
        }
        let missed = candidates.missed_titles.iter().cloned();
        notices.extend(missed.map(Notice::TitleNotFound));
        if self.no_term_known(prepared, candidates).await? {
            notices.push(Notice::NoKnownTerm);
        }
        if candidates.ordered.is_empty() {
            self.note_why_empty(prepared, candidates, &mut notices).await?;
        }
        notices.extend(candidates.cut_at.map(Notice::OnlyFirst));
        Ok(notices)
    }

    /// Whether no article at all holds a term that was asked for.
    async fn no_term_known(
        &self,
        prepared: &PreparedQuery,
        candidates: &Candidates,
    ) -> Result<bool, Error> {
        let asked_terms = prepared.mode != Mode::Dense && !prepared.reading.needs.is_empty();
        if !asked_terms || candidates.lexical_found {
            return Ok(false);
        }
        if prepared.filter.is_all() && prepared.query.phrases.is_empty() {
            return Ok(true);
        }
        // What was left out by a filter or for want of a phrase may hold one.
        let (vector, everything) = (prepared.reading.vector(), Filter::default());
        let one = Limit::new(1).unwrap_or(Limit::MOST);
        Ok(self.store.lexical(&vector, &everything, one).await?.is_empty())
    }

    async fn note_why_empty(
        &self,
        prepared: &PreparedQuery,
        candidates: &Candidates,
        notices: &mut Vec<Notice>,
    ) -> Result<(), Error> {
        let (looked_at, filtered) = (candidates.cut_at, !prepared.filter.is_all());
        let missing = candidates.missing_phrases.iter().cloned();
        let missing = missing.map(|phrase| Notice::PhraseNotFound { phrase, looked_at, filtered });
        if candidates.found_count > 0 {
            notices.extend(missing);
            if !prepared.has_demands() {
                // What the legs found was deleted meanwhile.
                return Ok(());
            }
            if candidates.with_phrases > 0 {
                notices.push(Notice::AllLeftOut);
            } else if candidates.missing_phrases.is_empty() {
                notices.push(Notice::PhrasesApart);
            }
            return Ok(());
        }
        if self.store.count(&Filter::default()).await? == 0 {
            notices.retain(|notice| *notice != Notice::NoKnownTerm);
            notices.push(Notice::IndexEmpty);
        } else if !prepared.filter.is_all() && self.store.count(&prepared.filter).await? == 0 {
            notices.push(Notice::FilterLeavesNothing);
        } else if !candidates.missing_phrases.is_empty() {
            notices.extend(missing);
        } else if !prepared.query.phrases.is_empty() {
            notices.push(Notice::PhrasesApart);
        }
        Ok(())
    }
}
