//! Conditions that a query may mean: days in words, persons, places, organisations and outlets that it
//! names. They are offered, each as the query that would ask for it; none is applied.

use jiff::civil::Date;

use crate::index::Index;
use crate::lexicon::Kind;
use crate::period;
use wenmai_domain::span::Span;
use wenmai_text::entity;
use wenmai_text::entity::Extractor;
use wenmai_text::normalize::normalize;

/// Characters of a query that names are looked for in.
const QUERY_CHARS_MAX: usize = 100;
/// Characters of a name at most.
const NAME_CHARS_MAX: usize = 16;
/// Offers for one query at most.
pub const OFFERS_MAX: usize = 6;

/// What a condition is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// The days of publication.
    Date,
    /// A person that the article names.
    Person,
    /// A place that it names.
    Place,
    /// An organisation that it names.
    Organisation,
    /// The newspaper.
    Paper,
    /// The feed or site.
    Source,
}

impl Field {
    /// The name of the condition in a query.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Field::Date => "date",
            Field::Person => "person",
            Field::Place => "place",
            Field::Organisation => "organisation",
            Field::Paper => "paper",
            Field::Source => "source",
        }
    }
}

/// A condition that a query may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// What it is about.
    pub field: Field,
    /// Where the query names it, in bytes.
    pub span: Span,
    /// As the query names it.
    pub written: String,
    /// The condition as a query has it: `date:2024-03-04..2024-03-10`.
    pub condition: String,
    /// The query with the condition in place of the words.
    pub query: String,
}

/// The conditions that `query` may mean, in its order; days are read against `today`. Names are known by
/// `index`, the names of the archive, where there is one, and by `extractor`.
#[must_use]
pub fn offers(
    query: &str,
    today: Date,
    extractor: &Extractor,
    index: Option<&Index>,
) -> Vec<Offer> {
    if query.chars().count() > QUERY_CHARS_MAX {
        return Vec::new();
    }
    let normalized = normalize(query);
    let text = normalized.text();
    let closed = closed(text);
    let mut found: Vec<(Span, Field, String)> = Vec::new();
    let mut add = |span: Span, field, value: String| {
        let meets = |other: &Span| other.start < span.end && span.start < other.end;
        if !closed.iter().any(meets) && !found.iter().any(|(known, ..)| meets(known)) {
            found.push((span, field, value));
        }
    };
    for period in period::periods(text, today) {
        let days = if period.from == period.to {
            period.from.to_string()
        } else {
            format!("{}..{}", period.from, period.to)
        };
        add(period.span, Field::Date, days);
    }
    for (span, field, name) in index.map(|index| known(text, extractor, index)).unwrap_or_default()
    {
        if stands_alone(text, span) {
            add(span, field, name);
        }
    }
    for one in extractor.entities(text, None) {
        // A name that the archive does not have would find nothing.
        let is_stored = index.is_none_or(|index| !index.kinds_of(&one.key).is_empty());
        let is_whole = stands_alone(text, one.span);
        if let Some(field) = field(one.kind).filter(|_| !one.ambiguous && is_stored && is_whole) {
            add(one.span, field, one.key);
        }
    }
    found.sort_by_key(|(span, ..)| *span);
    found.truncate(OFFERS_MAX);
    let told = |(span, field, value): (Span, Field, String)| {
        let span = normalized.source(span);
        let condition = format!("{}:{}", field.name(), quoted(&value));
        let (before, behind) = (query.get(..span.start)?, query.get(span.end..)?);
        let behind = behind.trim().strip_prefix('的').unwrap_or(behind.trim());
        let parts = [before.trim(), condition.as_str(), behind];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        let written = span.of(query)?.to_owned();
        Some(Offer { field, span, written, query: parts.join(" "), condition })
    };
    found.into_iter().filter_map(told).collect()
}

/// Characters that may stand beside a name without being part of a word with it.
const BESIDE: [char; 16] = [
    '的', '在', '是', '和', '与', '对', '向', '从', '于', '到', '去', '把', '被', '让', '及', '跟',
];

/// Whether a name can be taken out where it stands. One character (以, 巴, 俄) is a country where a text
/// names it before, but 以军 or 巴以 of a query are words; and 中国队 is no 队 of 中国.
fn stands_alone(text: &str, span: Span) -> bool {
    let letters = |c: &char| c.is_alphanumeric();
    let before: Vec<char> =
        text.get(..span.start).unwrap_or_default().chars().rev().take_while(letters).collect();
    let behind: Vec<char> =
        text.get(span.end..).unwrap_or_default().chars().take_while(letters).collect();
    if span.of(text).unwrap_or_default().chars().count() == 1 {
        return before.is_empty() && behind.is_empty();
    }
    let is_torn = |rest: &[char]| matches!(rest, [one] if !BESIDE.contains(one));
    !is_torn(&before) && !is_torn(&behind)
}

fn field(kind: entity::Kind) -> Option<Field> {
    match kind {
        entity::Kind::Person => Some(Field::Person),
        entity::Kind::Place => Some(Field::Place),
        entity::Kind::Organisation => Some(Field::Organisation),
        entity::Kind::Number | entity::Kind::Date => None,
    }
}

/// Names in `text` that the archive knows, the longest first.
fn known(text: &str, extractor: &Extractor, index: &Index) -> Vec<(Span, Field, String)> {
    let cut = extractor.analyzer().tagged(text);
    let mut found = Vec::new();
    for (at, (first, _)) in cut.iter().enumerate() {
        for (last, _) in cut.get(at..).unwrap_or_default() {
            let span = Span::new(first.start, last.end);
            let name = span.of(text).unwrap_or_default();
            let chars = name.chars().count();
            if chars > NAME_CHARS_MAX {
                break;
            }
            if chars < 2 {
                continue;
            }
            let named = index.kinds_of(name).into_iter().filter_map(|(kind, name, count)| {
                let field = match kind {
                    Kind::Person => Field::Person,
                    Kind::Place => Field::Place,
                    Kind::Organisation => Field::Organisation,
                    Kind::Paper => Field::Paper,
                    Kind::Source => Field::Source,
                    Kind::Topic | Kind::Word | Kind::Title => return None,
                };
                Some((field, name, count))
            });
            if let Some((field, name, _)) = named.max_by_key(|(_, _, count)| *count) {
                found.push((span, field, name));
            }
        }
    }
    found.sort_by_key(|(span, ..)| (std::cmp::Reverse(span.end - span.start), span.start));
    found
}

/// What is no plain word: words with a condition or a minus, and what stands in quotes.
fn closed(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    let (mut from, mut quoted_from) = (0, None);
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        if matches!(c, '"' | '“' | '”' | '「' | '」') {
            match quoted_from.take() {
                Some(from) => found.push(Span::new(from, at + c.len_utf8())),
                None => quoted_from = Some(at),
            }
        }
        if c.is_whitespace() {
            let word = text.get(from..at).unwrap_or_default();
            if word.contains(':') || word.starts_with('-') {
                found.push(Span::new(from, at));
            }
            from = at + c.len_utf8();
        }
    }
    found
}

/// A value as a condition takes it.
fn quoted(value: &str) -> String {
    if value.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '.' | '·')) {
        value.to_owned()
    } else {
        format!("\"{}\"", value.replace('"', ""))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::LazyLock;

    use jiff::civil::date;

    use super::offers;
    use crate::index::Index;
    use crate::lexicon::Kind;
    use crate::lexicon::Lexicon;
    use crate::lexicon::Named;
    use wenmai_domain::id::ArticleId;
    use wenmai_text::entity::Extractor;
    use wenmai_text::terms::Analyzer;

    static EXTRACTOR: LazyLock<Extractor> =
        LazyLock::new(|| Extractor::load(Arc::new(Analyzer::load().unwrap())).unwrap());

    fn index() -> Index {
        let texts = [
            (Kind::Person, "王莆中"),
            (Kind::Paper, "清河日报"),
            (Kind::Place, "清河县"),
            (Kind::Place, "山东省"),
            (Kind::Place, "以色列"),
            (Kind::Place, "中国"),
        ];
        let texts = texts.map(|(kind, text)| (kind, text.to_owned())).to_vec();
        let mut lexicon = Lexicon::default();
        let named = Named { day: 1, texts };
        lexicon.put(ArticleId::from(uuid::Uuid::from_u128(1)), &named, EXTRACTOR.analyzer());
        lexicon.index(EXTRACTOR.analyzer())
    }

    fn queries(query: &str) -> Vec<String> {
        let index = index();
        let found = offers(query, date(2024, 3, 14), &EXTRACTOR, Some(&index));
        found.into_iter().map(|offer| offer.query).collect()
    }

    #[test]
    fn days_and_names_are_offered_as_conditions() {
        assert_eq!(queries("上周的防汛会议"), ["date:2024-03-04..2024-03-10 防汛会议"]);
        assert_eq!(queries("王莆中 外卖"), ["person:王莆中 外卖"]);
        assert_eq!(
            queries("清河日报 昨天 大桥"),
            ["paper:清河日报 昨天 大桥", "清河日报 date:2024-03-13 大桥"]
        );
        assert_eq!(queries("山东小麦"), ["place:山东省 小麦"]);
        assert_eq!(queries("在以色列的记者"), ["在 place:以色列 记者"]);
    }

    #[test]
    fn a_word_is_not_torn_apart_for_a_name_in_it() {
        for query in ["巴以停火谈判", "以军 空袭", "中国队 夺冠", "库里中国行"]
        {
            assert_eq!(queries(query), Vec::<String>::new(), "{query}");
        }
        assert_eq!(queries("中国 夺冠"), ["place:中国 夺冠"]);
    }

    #[test]
    fn what_is_a_condition_already_or_quoted_is_left_alone() {
        // 河南省 is a place, but not one of this archive.
        for query in
            ["河南小麦", "person:王莆中 外卖", "\"王莆中\" 外卖", "外卖 -王莆中", "大桥", ""]
        {
            assert_eq!(queries(query), Vec::<String>::new(), "{query}");
        }
    }
}
