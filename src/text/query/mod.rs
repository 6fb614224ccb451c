//! What a person types into a search, taken apart.
//!
//! | written | means |
//! |---|---|
//! | `清河 防汛` | articles about these words; more of them rank higher |
//! | `"防汛应急响应"` | the title or the body holds exactly this, width, case and script aside |
//! | `“…”`, `「…」` | the same where they stand apart; inside running text they are a headline's |
//! | `《之后》` | the same with its title marks, where it stands apart; as words where no article has it |
//! | `-演练`, `-"防汛演练"` | leaves out articles that hold this |
//! | `paper:清河日报`, `date:2024-03` | a condition, see [`field`] |
//!
//! Reading never fails: what cannot be read as one of these is read as words, and a [`Note`] says
//! so. What the words mean for the index is [`reading`]'s part.

pub mod field;
mod lex;
pub mod phrase;
pub mod question;
pub mod reading;
pub mod synonym;

use crate::units::token::is_picture;
use lex::Body;
use lex::Piece;
use wenmai_domain::filter::Filter;

/// Exact phrases of one query; each is looked up by itself.
pub const PHRASES_MAX: usize = 16;
/// Words and phrases that one query can leave out.
pub const WITHOUT_MAX: usize = 32;
/// Conditions in one query.
pub const FIELDS_MAX: usize = 16;

/// Notes about one query.
const NOTES_MAX: usize = 8;

/// A query, taken apart.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Query {
    /// What to look for, phrases included, in the order written.
    pub words: String,
    /// What title or body must hold exactly; normalized, none empty.
    pub phrases: Vec<String>,
    /// Those of `phrases` that stand in title marks, with these marks (《之后》).
    pub titles: Vec<String>,
    /// What neither title nor body may hold; normalized, none empty.
    pub without: Vec<String>,
    /// Conditions written in the query.
    pub filter: Filter,
    /// What was read otherwise than it may have been meant.
    pub notes: Vec<Note>,
}

/// Something that was read as words, or not at all, though it looked like more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// A quotation mark without its partner; the text behind it was read as words.
    BrokenQuote,
    /// Quotation marks inside running text, which were taken for those of a headline.
    QuotesAsWords(String),
    /// A condition with a value that its field cannot have; read as words.
    BadValue {
        /// The condition as written.
        written: String,
        /// What the field takes instead.
        wants: &'static str,
    },
    /// More phrases, exclusions or conditions than one query takes; the rest was passed over.
    TooMany {
        /// How many it takes.
        limit: usize,
    },
}

/// Takes `text` apart; linear in its length.
#[must_use]
pub fn parse(text: &str) -> Query {
    let mut query = Query::default();
    let mut fields = Vec::new();
    for Piece { body, negated } in lex::pieces(text, &mut query.notes) {
        match (body, negated) {
            (Body::Words(words), false) => query.look_for(&words),
            (Body::Words(words), true) => query.leave_out(&words),
            (Body::Phrase(phrase), true) => query.leave_out(&phrase),
            (Body::Phrase(phrase), false) => {
                query.look_for(&phrase);
                query.demand(&phrase);
            }
            (Body::Title(title), true) => query.leave_out(&title),
            (Body::Title(title), false) => {
                query.look_for(&title);
                query.demand(&title);
                let title = phrase::folded(&title);
                if query.phrases.contains(&title) && !query.titles.contains(&title) {
                    query.titles.push(title);
                }
            }
            (Body::Field { name, value, written }, negated) => match field::filter(&name, &value) {
                Ok(_) if fields.len() == FIELDS_MAX => query.too_many(FIELDS_MAX),
                Ok(filter) if negated => fields.push(Filter::Not(Box::new(filter))),
                Ok(filter) => fields.push(filter),
                Err(wants) => {
                    query.look_for(&value);
                    query.note(Note::BadValue { written, wants });
                }
            },
        }
    }
    query.filter = Filter::All(fields);
    query
}

impl Query {
    /// Takes back the demand that the titles stand in the article as printed; returns them.
    pub fn give_up_titles(&mut self) -> Vec<String> {
        let titles = std::mem::take(&mut self.titles);
        self.phrases.retain(|phrase| !titles.contains(phrase));
        titles
    }

    fn look_for(&mut self, words: &str) {
        if !self.words.is_empty() {
            self.words.push(' ');
        }
        self.words.push_str(words);
    }

    fn demand(&mut self, phrase: &str) {
        let normal = phrase::folded(phrase);
        if normal.is_empty() || self.phrases.contains(&normal) {
            return;
        }
        if self.phrases.len() == PHRASES_MAX {
            return self.too_many(PHRASES_MAX);
        }
        self.phrases.push(normal);
    }

    fn leave_out(&mut self, words: &str) {
        let normal = phrase::folded(words);
        if normal.is_empty() || self.without.contains(&normal) {
            return;
        }
        if self.without.len() == WITHOUT_MAX {
            return self.too_many(WITHOUT_MAX);
        }
        self.without.push(normal);
    }

    fn too_many(&mut self, limit: usize) {
        self.note(Note::TooMany { limit });
    }

    fn note(&mut self, note: Note) {
        add_note(&mut self.notes, note);
    }

    /// Whether there is something to look for: a letter, a digit, a character or a picture.
    #[must_use]
    pub fn has_words(&self) -> bool {
        self.words.chars().any(|c| c.is_alphanumeric() || is_picture(c))
    }
}

/// Adds a note once, and no more of them than a person reads.
fn add_note(notes: &mut Vec<Note>, note: Note) {
    if notes.len() < NOTES_MAX && !notes.contains(&note) {
        notes.push(note);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Note;
    use super::PHRASES_MAX;
    use super::parse;
    use wenmai_domain::filter::Filter;

    #[test]
    fn words_stay_as_they_are() {
        let query = parse("清河 防汛　应急");
        assert_eq!((query.words.as_str(), query.notes.as_slice()), ("清河 防汛 应急", &[][..]));
        assert!(query.filter.is_all() && query.phrases.is_empty() && query.without.is_empty());
    }

    #[test]
    fn quoted_words_are_a_phrase_in_every_kind_of_quotes() {
        for text in
            ["清河 \"防汛響應\"", "清河 “防汛响应”", "「防汛响应」 清河", "清河\"防汛响应\""]
        {
            let query = parse(text);
            assert_eq!(query.phrases, ["防汛响应"], "{text}");
            assert!(query.words.contains("清河") && query.words.contains("防汛"), "{text}");
        }
    }

    #[test]
    fn the_quotes_of_a_headline_are_words() {
        let query = parse("县里办起“麦田课堂”学生直呼过瘾");
        assert_eq!(query.phrases, Vec::<String>::new());
        assert_eq!(query.words, "县里办起“麦田课堂”学生直呼过瘾");
        assert_eq!(query.notes, [Note::QuotesAsWords("麦田课堂".into())]);
    }

    #[test]
    fn a_title_that_stands_apart_is_a_phrase_with_its_marks() {
        let mut query = parse("《晨光》 影评");
        assert_eq!(
            (query.phrases.clone(), query.words.as_str()),
            (vec!["《晨光》".into()], "《晨光》 影评")
        );
        assert_eq!(query.give_up_titles(), ["《晨光》"]);
        assert!(query.phrases.is_empty());
        for text in ["看《晨光》", "《晨光》上映", "《晨光", "《》"] {
            assert_eq!(parse(text).phrases, Vec::<String>::new(), "{text}");
        }
        assert_eq!(parse("影评 -《晨光》").without, ["《晨光》"]);
    }

    #[test]
    fn minus_leaves_out_a_word_or_a_phrase() {
        let query = parse("防汛 -演练 －\"桌面 推演\" -“预案”");
        assert_eq!(query.words, "防汛");
        assert_eq!(query.without, ["演练", "桌面推演", "预案"]);
    }

    #[test]
    fn a_hyphen_inside_a_word_or_alone_leaves_nothing_out() {
        for text in ["covid-19", "清河 - 防汛", "C919-2", "--"] {
            assert_eq!(parse(text).without, Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_broken_quote_is_words_and_said() {
        for text in ["清河 \"防汛应急", "清河 “防汛应急", "防汛应急” 清河", "清河 -\"防汛应急"]
        {
            let query = parse(text);
            assert!(query.words.contains("防汛应急"), "{text}: {query:?}");
            assert_eq!(query.notes, [Note::BrokenQuote], "{text}");
            assert!(query.phrases.is_empty() && query.without.is_empty(), "{text}");
        }
    }

    #[test]
    fn conditions_become_the_filter() {
        let query = parse("防汛 paper:清河日报 -kind:photo 日期：2024-03");
        let wanted = Filter::parse(
            "paper = 清河日报 AND NOT kind = photo AND (date >= 2024-03-01 date <= 2024-03-31)",
        );
        assert_eq!((query.words.as_str(), Ok(query.filter)), ("防汛", wanted));
    }

    #[test]
    fn a_quoted_value_may_hold_spaces() {
        let query = parse("section:\"民生 周刊\" 水价");
        assert_eq!(
            query.filter,
            Filter::All(vec![Filter::parse("section = \"民生 周刊\"").unwrap()])
        );
    }

    #[test]
    fn a_value_that_the_field_cannot_have_is_words_and_said() {
        let query = parse("date:昨天 防汛");
        assert!(query.filter.is_all());
        assert_eq!(query.words, "昨天 防汛");
        assert!(
            matches!(&query.notes[..], [Note::BadValue { written, .. }] if written == "date:昨天")
        );
    }

    #[test]
    fn other_colons_are_words() {
        for text in ["https://example.org/a", "比分3:1", "专题：防汛", "时间:清晨"] {
            let query = parse(text);
            assert_eq!((query.words.as_str(), query.filter.is_all()), (text, true));
            assert_eq!(query.notes, []);
        }
    }

    #[test]
    fn more_phrases_than_one_query_takes_are_said() {
        let text: Vec<String> = (0..=PHRASES_MAX).map(|n| format!("\"第{n}号\"")).collect();
        let query = parse(&text.join(" "));
        assert_eq!(query.phrases.len(), PHRASES_MAX);
        assert_eq!(query.notes, [Note::TooMany { limit: PHRASES_MAX }]);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "[甲乙1a \"“”「」:：\\-－date]{0,60}|\\PC{0,60}") {
            let query = parse(&text);
            prop_assert!(query.phrases.iter().chain(&query.without).all(|part| !part.is_empty()));
        }
    }
}
