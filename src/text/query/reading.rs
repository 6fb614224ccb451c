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
use crate::units;
use crate::units::index;
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
    /// What it looks for, each once, in the order of the query.
    pub needs: Vec<Need>,
    /// Other names of what the query names.
    pub synonyms: Vec<Synonym>,
    /// What the model reads: the words, without what asks in a question.
    pub text: String,
    /// First and last day that the query names, where it says the year.
    pub days: Option<(Date, Date)>,
    /// Whether the query holds nothing but common words, which are then looked for all the same.
    pub is_common: bool,
    /// Different terms in the query; more than `needs` only past [`TERMS_MAX`].
    pub term_count: usize,
}

/// Something that the query looks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Need {
    /// What shows that an article holds it.
    pub of: units::Need,
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
    /// The other name's units, each once.
    pub units: Vec<String>,
    /// Needs of the query that it stands for.
    covers: usize,
}

/// Reads `query`; `year` is the year that a day without one is meant in, where that is known.
#[must_use]
pub fn read(query: &Query, analyzer: &Analyzer, year: Option<i16>) -> Reading {
    read_with(query, analyzer, year, Synonyms::bundled())
}

/// As [`read`], with other names from `synonyms`.
#[must_use]
pub fn read_with(
    query: &Query,
    analyzer: &Analyzer,
    year: Option<i16>,
    synonyms: &Synonyms,
) -> Reading {
    let text = question::without_asking(&query.words).unwrap_or_else(|| query.words.clone());
    let normal = normal(&text);
    let mut needs = analyzer.needs(&normal);
    let is_common = !needs.is_empty() && needs.iter().all(|need| need.is_common);
    needs.retain(|need| is_common || !need.is_common);
    let mut reading = Reading { days: days(&normal, year), text, is_common, ..Reading::default() };
    let mut places = BTreeMap::<&str, usize>::new();
    for need in &needs {
        if let Some(known) =
            places.get(need.unit.as_str()).and_then(|at| reading.needs.get_mut(*at))
        {
            known.count += 1.0;
            continue;
        }
        reading.term_count += usize::from(!places.contains_key(need.unit.as_str()));
        places.insert(&need.unit, reading.needs.len());
        if reading.needs.len() < TERMS_MAX {
            reading.needs.push(Need { of: need.clone(), count: 1.0, synonyms: Vec::new() });
        }
    }
    reading.add_synonyms(&normal, &needs, (analyzer, synonyms));
    reading
}

impl Reading {
    /// The sparse vector that the lexical leg is asked with.
    ///
    /// A need counts as often as the query holds it, what else speaks for it less; another name counts
    /// [`SYNONYM_WEIGHT`] of the needs that it stands for, spread over its own units.
    #[must_use]
    pub fn vector(&self) -> TermVector {
        let own = self.needs.iter().map(|need| (index(&need.of.unit), need.count));
        let extras = self.needs.iter().flat_map(|need| {
            need.of.extras.iter().map(|(unit, weight)| (index(unit), weight * need.count))
        });
        let others = self.synonyms.iter().flat_map(|synonym| {
            #[expect(clippy::cast_precision_loss, reason = "a few units of one name")]
            let share = synonym.covers as f32 / synonym.units.len().max(1) as f32;
            synonym.units.iter().map(move |unit| (index(unit), share * SYNONYM_WEIGHT))
        });
        TermVector::from_weights(own.chain(extras).chain(others))
    }

    /// How many of the needs an article with these `terms` holds, by themselves or by another name.
    #[must_use]
    pub fn held(&self, terms: &TermVector) -> usize {
        self.held_by(&|unit| has(terms, unit))
    }

    /// The same for an article of whose [`Reading::units`] `holds` tells.
    #[must_use]
    pub fn held_by(&self, holds: &dyn Fn(&str) -> bool) -> usize {
        self.needs.iter().filter(|need| self.is_held(need, holds)).count()
    }

    fn is_held(&self, need: &Need, holds: &dyn Fn(&str) -> bool) -> bool {
        let named = |at: &usize| {
            let synonym = self.synonyms.get(*at);
            synonym.is_some_and(|synonym| synonym.units.iter().all(|unit| holds(unit)))
        };
        need.of.is_held(holds) || need.synonyms.iter().any(named)
    }

    /// The units by which it is known what an article holds, each once.
    #[must_use]
    pub fn units(&self) -> BTreeSet<&str> {
        let needs = self.needs.iter().map(|need| &need.of);
        let own = needs.flat_map(|need| std::iter::once(&need.unit).chain(&need.pieces));
        let others = self.synonyms.iter().flat_map(|synonym| &synonym.units);
        own.chain(others).map(String::as_str).collect()
    }

    /// The units by which an article with these `terms` answers: of what it does not hold, the words
    /// inside that it holds.
    #[must_use]
    pub fn answered_by(&self, terms: &TermVector) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for need in &self.needs {
            let of = &need.of;
            if has(terms, &of.unit) {
                found.insert(of.unit.clone());
                continue;
            }
            let extras = of.extras.iter().map(|(unit, _)| unit).filter(|unit| has(terms, unit));
            found.extend(of.pieces.iter().filter(|unit| has(terms, unit)).chain(extras).cloned());
        }
        let others = self.synonyms.iter().flat_map(|synonym| &synonym.units);
        found.extend(others.filter(|unit| has(terms, unit)).cloned());
        found
    }

    /// Finds names in `normal`, whose `terms` are given, the longest first, and adds the others.
    fn add_synonyms(
        &mut self,
        normal: &str,
        terms: &[units::Need],
        (analyzer, known): (&Analyzer, &Synonyms),
    ) {
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
            let covered: BTreeSet<&str> = covered.map(|term| term.unit.as_str()).collect();
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
        let units: BTreeSet<String> = cut.needs(name).into_iter().map(|need| need.unit).collect();
        let at = self.synonyms.len();
        for need in self.needs.iter_mut().filter(|need| covered.contains(need.of.unit.as_str())) {
            need.synonyms.push(at);
        }
        self.synonyms.push(Synonym {
            of: of.to_owned(),
            name: name.to_owned(),
            units: units.into_iter().collect(),
            covers: covered.len(),
        });
    }
}

static YEAR: LazyLock<Regex> = LazyLock::new(|| pattern::fixed("(?:^|[^0-9])([12][0-9]{3})年"));

/// Whether a text with these `terms` holds `unit`.
fn has(terms: &TermVector, unit: &str) -> bool {
    terms.indices().binary_search(&index(unit)).is_ok()
}

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
    use crate::units::index;

    static ANALYZER: LazyLock<Analyzer> = LazyLock::new(|| Analyzer::load().unwrap());

    fn reading(text: &str) -> Reading {
        read(&parse(text), &ANALYZER, None)
    }

    fn terms(reading: &Reading) -> Vec<&str> {
        reading.needs.iter().map(|need| need.of.unit.as_str()).collect()
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
        assert_eq!(read.held(&ANALYZER.article("聊城市水价调整", "")), 2);
        assert_eq!(read.held(&ANALYZER.article("水价调整", "")), 1);
    }

    #[test]
    fn a_name_of_several_terms_is_known_whole() {
        let read = reading("国家发展改革委：降价");
        assert!(read.synonyms.iter().any(|synonym| synonym.name == "发改委"), "{read:?}");
        let needs = read.needs.len();
        assert_eq!(read.held(&ANALYZER.article("发改委宣布降价", "")), needs, "{read:?}");
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
    fn stop_words_are_looked_for_only_where_nothing_else_is() {
        assert_eq!(terms(&reading("我们的大桥")), ["大桥"]);
        let read = reading("我们");
        assert_eq!((terms(&read), read.is_common), (vec!["我们"], true));
        assert_eq!(read.held(&ANALYZER.article("我们的大桥", "")), 1);
    }

    #[test]
    fn two_scripts_read_alike() {
        assert_eq!(terms(&reading("聊城縣的醫院")), terms(&reading("聊城县的医院")));
    }
}
