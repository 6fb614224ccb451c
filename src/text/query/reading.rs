//! What the words of a query mean for the index: terms, other names, a text to embed, days.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::civil::Date;
use regex::Regex;

use crate::date;
use crate::normalize::normal;
use crate::pattern;
use crate::query::Query;
use crate::query::question;
use crate::query::synonym::Synonyms;
use crate::terms::Analyzer;
use crate::terms::Term;
use crate::terms::index;
use wenmai_domain::span::Span;
use wenmai_domain::terms::TermVector;

/// Different terms that one query is looked up by; those of the start of a pasted text.
pub const TERMS_MAX: usize = 256;
/// Other names that are looked for as well.
const SYNONYMS_MAX: usize = 32;
/// What another name counts, where the name itself counts 1.
pub const SYNONYM_WEIGHT: f32 = 0.5;

/// What a query asks of the index.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reading {
    /// Different terms, in the order of the query.
    pub needs: Vec<Need>,
    /// Other names of what the query names.
    pub synonyms: Vec<Synonym>,
    /// What the model reads: the words, without what asks in a question.
    pub text: String,
    /// First and last day that the query names, where it says the year.
    pub days: Option<(Date, Date)>,
    /// Different terms in the query; more than `needs` only past [`TERMS_MAX`].
    pub term_count: usize,
}

/// A term of the query.
#[derive(Debug, Clone, PartialEq)]
pub struct Need {
    /// The term.
    pub term: String,
    /// How often the query holds it.
    pub count: f32,
    /// Which of the reading's synonyms stand for it.
    synonyms: Vec<usize>,
}

/// Another name of something that the query names.
#[derive(Debug, Clone, PartialEq)]
pub struct Synonym {
    /// As the query has it, normalized.
    pub of: String,
    /// The other name.
    pub name: String,
    /// The other name's terms, each once.
    pub terms: Vec<String>,
    /// Terms of the query that it stands for.
    covers: usize,
}

/// Reads `query`; `year` is the year that a day without one is meant in, where that is known.
#[must_use]
pub fn read(query: &Query, analyzer: &Analyzer, year: Option<i16>) -> Reading {
    let text = question::without_asking(&query.words).unwrap_or_else(|| query.words.clone());
    let normal = normal(&text);
    let terms = analyzer.terms(&normal);
    let mut reading = Reading { days: days(&normal, year), text, ..Reading::default() };
    let mut places = BTreeMap::<&str, usize>::new();
    for term in &terms {
        if let Some(need) = places.get(term.text.as_str()).and_then(|at| reading.needs.get_mut(*at))
        {
            need.count += 1.0;
            continue;
        }
        reading.term_count += usize::from(!places.contains_key(term.text.as_str()));
        places.insert(&term.text, reading.needs.len());
        if reading.needs.len() < TERMS_MAX {
            let (term, synonyms) = (term.text.clone(), Vec::new());
            reading.needs.push(Need { term, count: 1.0, synonyms });
        }
    }
    reading.add_synonyms(&normal, &terms, analyzer);
    reading
}

impl Reading {
    /// The sparse vector that the lexical leg is asked with.
    ///
    /// A term counts as often as the query holds it; another name counts [`SYNONYM_WEIGHT`] of the
    /// terms that it stands for, spread over its own.
    #[must_use]
    pub fn vector(&self) -> TermVector {
        let own = self.needs.iter().map(|need| (index(&need.term), need.count));
        let others = self.synonyms.iter().flat_map(|synonym| {
            #[expect(clippy::cast_precision_loss, reason = "a few terms of one name")]
            let share = synonym.covers as f32 / synonym.terms.len().max(1) as f32;
            synonym.terms.iter().map(move |term| (index(term), share * SYNONYM_WEIGHT))
        });
        TermVector::from_weights(own.chain(others))
    }

    /// How many of the terms an article with these `terms` holds, by themselves or by another name.
    #[must_use]
    pub fn held(&self, terms: &TermVector) -> usize {
        let has = |term: &String| terms.indices().binary_search(&index(term)).is_ok();
        let named = |at: &usize| {
            self.synonyms.get(*at).is_some_and(|synonym| synonym.terms.iter().all(has))
        };
        self.needs.iter().filter(|need| has(&need.term) || need.synonyms.iter().any(named)).count()
    }

    /// Every term that is looked for.
    #[must_use]
    pub fn asked(&self) -> BTreeSet<String> {
        let others = self.synonyms.iter().flat_map(|synonym| &synonym.terms);
        self.needs.iter().map(|need| &need.term).chain(others).cloned().collect()
    }

    /// Finds names in `normal`, whose `terms` are given, the longest first, and adds the others.
    fn add_synonyms(&mut self, normal: &str, terms: &[Term], analyzer: &Analyzer) {
        let known = Synonyms::bundled();
        let ends: BTreeSet<usize> = terms.iter().map(|term| term.span.end).collect();
        let mut free_from = 0;
        for term in terms {
            let start = term.span.start;
            if start < free_from {
                continue;
            }
            let reach = start..=start + known.bytes_max();
            let mut candidates = ends.range(reach).rev().map(|end| Span::new(start, *end));
            let Some(span) =
                candidates.find(|span| span.of(normal).is_some_and(|n| known.knows(n)))
            else {
                continue;
            };
            free_from = span.end;
            let covered = terms.iter().filter(|t| t.span.start >= start && t.span.end <= span.end);
            let covered: BTreeSet<&str> = covered.map(|term| term.text.as_str()).collect();
            for name in known.others(span.of(normal).unwrap_or_default()) {
                self.add_synonym(span.of(normal).unwrap_or_default(), name, &covered, analyzer);
            }
        }
    }

    fn add_synonym(&mut self, of: &str, name: &str, covered: &BTreeSet<&str>, cut: &Analyzer) {
        let present = self.synonyms.iter().any(|known| known.name == name);
        if present || self.synonyms.len() == SYNONYMS_MAX {
            return;
        }
        let terms: BTreeSet<String> = cut.terms(name).into_iter().map(|term| term.text).collect();
        let at = self.synonyms.len();
        for need in self.needs.iter_mut().filter(|need| covered.contains(need.term.as_str())) {
            need.synonyms.push(at);
        }
        self.synonyms.push(Synonym {
            of: of.to_owned(),
            name: name.to_owned(),
            terms: terms.into_iter().collect(),
            covers: covered.len(),
        });
    }
}

static YEAR: LazyLock<Regex> = LazyLock::new(|| pattern::fixed("(?:^|[^0-9])([12][0-9]{3})年"));

/// The first day, month or year in `normal` that is known to the year.
fn days(normal: &str, year: Option<i16>) -> Option<(Date, Date)> {
    let issue = year.and_then(|year| Date::new(year, 7, 1).ok());
    // With a guessed issue only days of a printed month mean something, not 昨日 or 本月.
    let printed = |found: &date::DateMention| {
        let raw = found.raw(normal);
        issue.is_none() || (raw.starts_with(|c: char| c.is_ascii_digit()) && raw.contains('月'))
    };
    let mut found = date::dates(normal, issue).into_iter().filter(printed);
    let known = found.find_map(|found| found.from.zip(found.to));
    known.or_else(|| {
        let year: i16 = YEAR.captures(normal)?.get(1)?.as_str().parse().ok()?;
        Some((Date::new(year, 1, 1).ok()?, Date::new(year, 12, 31).ok()?))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use jiff::civil::date;

    use super::Reading;
    use super::TERMS_MAX;
    use super::read;
    use crate::query::parse;
    use crate::terms::Analyzer;
    use crate::terms::index;

    static ANALYZER: LazyLock<Analyzer> = LazyLock::new(|| Analyzer::load().unwrap());

    fn reading(text: &str) -> Reading {
        read(&parse(text), &ANALYZER, None)
    }

    fn terms(reading: &Reading) -> Vec<&str> {
        reading.needs.iter().map(|need| need.term.as_str()).collect()
    }

    #[test]
    fn a_question_asks_for_what_it_is_about() {
        let read = reading("清河大桥什么时候通车？");
        assert_eq!(terms(&read), ["清河", "大桥", "通车"]);
        assert_eq!(read.text, "清河大桥 通车");
    }

    #[test]
    fn other_names_count_less_and_stand_for_what_they_name() {
        let read = reading("聊城 水价");
        let vector = read.vector();
        let weight = |term| vector.iter().find(|(at, _)| *at == index(term)).map(|(_, w)| w);
        assert_eq!(weight("聊城"), Some(1.0));
        assert_eq!(weight("聊城市"), Some(0.5));
        assert_eq!(read.held(&ANALYZER.passage("聊城市水价调整", "")), 2);
        assert_eq!(read.held(&ANALYZER.passage("水价调整", "")), 1);
    }

    #[test]
    fn a_name_of_several_terms_is_known_whole() {
        let read = reading("国家发展改革委：降价");
        assert!(read.synonyms.iter().any(|synonym| synonym.name == "发改委"), "{read:?}");
        let needs = read.needs.len();
        assert_eq!(read.held(&ANALYZER.passage("发改委宣布降价", "")), needs, "{read:?}");
    }

    #[test]
    fn a_short_form_is_understood_and_not_looked_for() {
        let of = |text| -> Vec<String> {
            reading(text).synonyms.into_iter().map(|synonym| synonym.name).collect()
        };
        assert_eq!(of("鲁 小麦"), ["山东", "山东省"]);
        assert_eq!(of("山东小麦"), ["山东省"]);
        assert_eq!(of("鲁迅故居"), Vec::<String>::new());
    }

    #[test]
    fn days_with_a_year_are_known() {
        let days = |text| reading(text).days;
        let day = date(2024, 3, 12);
        assert_eq!(days("2024年3月12日 巡察"), Some((day, day)));
        assert_eq!(days("２０２４年３月巡察"), Some((date(2024, 3, 1), date(2024, 3, 31))));
        assert_eq!(days("2024年巡察"), Some((date(2024, 1, 1), date(2024, 12, 31))));
        assert_eq!(days("3月12日巡察"), None);
        assert_eq!(days("12024年"), None);
    }

    #[test]
    fn a_day_takes_the_year_that_is_known_otherwise() {
        let day = date(2024, 12, 30);
        assert_eq!(read(&parse("12月30日"), &ANALYZER, Some(2024)).days, Some((day, day)));
        assert_eq!(read(&parse("昨日巡察"), &ANALYZER, Some(2024)).days, None);
        assert_eq!(read(&parse("本月巡察"), &ANALYZER, Some(2024)).days, None);
    }

    #[test]
    fn a_pasted_text_is_asked_by_its_first_terms() {
        let text: Vec<String> = (0..2_000).map(|n| format!("{n}吨")).collect();
        let read = reading(&text.join(" "));
        assert_eq!(read.needs.len(), TERMS_MAX);
        assert!(read.term_count > 1_900);
    }

    #[test]
    fn stop_words_alone_are_no_terms() {
        let read = reading("的 了 在");
        assert!(read.needs.is_empty() && read.vector().is_empty());
    }

    #[test]
    fn two_scripts_read_alike() {
        assert_eq!(terms(&reading("聊城縣的醫院")), terms(&reading("聊城县的医院")));
    }
}
