//! Why an answer is empty, or other than may have been expected.

use std::fmt;

use crate::Engine;
use crate::Error;
use crate::search::Asked;
use crate::search::pool::Pool;
use wenmai_domain::filter::Filter;
use wenmai_domain::hit::Mode;
use wenmai_domain::limit::Limit;
use wenmai_text::query::Note;

/// Something worth knowing about an answer; its text is for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A part of the question was read otherwise than it may have been meant.
    Question(Note),
    /// Only the first terms of a long question were looked for.
    Shortened {
        /// Different terms looked for.
        used: usize,
        /// Different terms in the question.
        given: usize,
    },
    /// The question holds nothing but words that say nothing.
    OnlyCommonWords,
    /// No stored article holds a term of the question; hits are only similar.
    NoKnownTerm,
    /// Nothing is stored.
    IndexEmpty,
    /// No stored article passes the filter.
    FilterLeavesNothing,
    /// No candidate holds this phrase.
    PhraseNotFound(String),
    /// Each phrase is found, but no candidate holds all of them.
    PhrasesApart,
    /// Every candidate holds what the question leaves out.
    AllLeftOut,
    /// Phrases, exclusions, facets or an order by date saw this many candidates of each leg; there
    /// may be more.
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
                    "the query holds only words that say nothing; hits are by similarity alone"
                )
            }
            Notice::NoKnownTerm => {
                write!(f, "no term of the query is known: no stored article holds one")
            }
            Notice::IndexEmpty => write!(f, "nothing is stored"),
            Notice::FilterLeavesNothing => write!(f, "the filter leaves no article"),
            Notice::PhraseNotFound(phrase) => write!(f, "no article found holds “{phrase}”"),
            Notice::PhrasesApart => write!(f, "no article found holds all the phrases"),
            Notice::AllLeftOut => {
                write!(f, "every match was left out by a word or phrase with a minus")
            }
            Notice::OnlyFirst(count) => write!(
                f,
                "checked and counted over the best {count} candidates of each leg; there may be more"
            ),
        }
    }
}

impl Engine {
    /// What is worth knowing about the answer in `pool`.
    pub(super) async fn notices(&self, asked: &Asked, pool: &Pool) -> Result<Vec<Notice>, Error> {
        let mut notices: Vec<Notice> =
            asked.query.notes.iter().cloned().map(Notice::Question).collect();
        let (used, given) = (asked.reading.needs.len(), asked.reading.term_count);
        if used < given {
            notices.push(Notice::Shortened { used, given });
        }
        if asked.query.has_words() && used == 0 && asked.mode != Mode::Dense {
            notices.push(Notice::OnlyCommonWords);
        }
        if self.no_term_known(asked, pool).await? {
            notices.push(Notice::NoKnownTerm);
        }
        if pool.ordered.is_empty() {
            self.note_why_empty(asked, pool, &mut notices).await?;
        }
        notices.extend(pool.cut_at.map(Notice::OnlyFirst));
        Ok(notices)
    }

    /// Whether no article at all holds a term that was asked for.
    async fn no_term_known(&self, asked: &Asked, pool: &Pool) -> Result<bool, Error> {
        let asked_terms = asked.mode != Mode::Dense && !asked.reading.needs.is_empty();
        if !asked_terms || pool.lexical_found {
            return Ok(false);
        }
        if asked.filter.is_all() {
            return Ok(true);
        }
        let (vector, everything) = (asked.reading.vector(), Filter::default());
        let one = Limit::new(1).unwrap_or(Limit::MOST);
        Ok(self.store.lexical(&vector, &everything, one).await?.is_empty())
    }

    async fn note_why_empty(
        &self,
        asked: &Asked,
        pool: &Pool,
        notices: &mut Vec<Notice>,
    ) -> Result<(), Error> {
        if pool.found_count > 0 {
            let missing = pool.missing_phrases.iter().cloned().map(Notice::PhraseNotFound);
            notices.extend(missing);
            if !asked.has_demands() {
                // What the legs found was deleted meanwhile.
                return Ok(());
            }
            if pool.with_phrases > 0 {
                notices.push(Notice::AllLeftOut);
            } else if pool.missing_phrases.is_empty() {
                notices.push(Notice::PhrasesApart);
            }
            return Ok(());
        }
        if self.store.count(&Filter::default()).await? == 0 {
            notices.retain(|notice| *notice != Notice::NoKnownTerm);
            notices.push(Notice::IndexEmpty);
        } else if !asked.filter.is_all() && self.store.count(&asked.filter).await? == 0 {
            notices.push(Notice::FilterLeavesNothing);
        }
        Ok(())
    }
}
