//! Persons, places, organisations, numbers and dates that a text mentions.
//!
//! By dictionary, cues and exact rules; no model. What is found keeps its place in the text as
//! printed and has a key: the form under which two mentions of one thing meet (聊城 and 聊城市, 1.2亿元
//! and 一亿两千万元, 央行 and 中国人民银行). Traditional characters, full width and case are folded first
//! (`text::normalize`).
//!
//! It would rather miss a name than invent one. It does not join 周局长 with 周小禾, nor a company with
//! its short name, unless the list of organisations says so.

pub(crate) mod amount;
mod cues;
mod day;
pub mod gazetteer;
#[cfg(test)]
mod gold;
mod lexicon;
mod number;
mod organisation;
mod person;
mod place;
mod record;
mod sets;
mod sheet;
mod township;

use std::sync::Arc;
use std::sync::OnceLock;

use jiff::civil::Date;

use crate::entity::gazetteer::Gazetteer;
use crate::entity::lexicon::Lexicon;
use crate::entity::sheet::Sheet;
use crate::normalize::normal;
use crate::normalize::normalize;
use crate::terms::Analyzer;
use wenmai_domain::article::Record;
use wenmai_domain::entity::Entities;
use wenmai_domain::span::Span;

pub use record::KIND_MAX;
pub use wenmai_domain::entity::Kind;

/// The version of everything that decides an entity and its key.
pub const VERSION: &str = "entities1";

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
    lists: OnceLock<Lists>,
}

/// The names that a text is searched for.
struct Lists {
    gazetteer: Gazetteer,
    lexicon: Lexicon,
}

impl Lists {
    fn new(gazetteer: Gazetteer) -> Result<Self, Error> {
        let lexicon = Lexicon::build(&gazetteer)?;
        Ok(Self { gazetteer, lexicon })
    }
}

impl Extractor {
    /// An extractor with the bundled gazetteer, which is read when a text first needs it.
    #[must_use]
    pub fn bundled(analyzer: Arc<Analyzer>) -> Self {
        Self { analyzer, lists: OnceLock::new() }
    }

    /// An extractor with the bundled gazetteer, read.
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
        Ok(Self { analyzer, lists: OnceLock::from(Lists::new(gazetteer)?) })
    }

    /// Reads the lists if that was not done yet, so that the first text need not wait.
    pub fn prepare(&self) {
        self.lists();
    }

    #[expect(clippy::expect_used, reason = "a test reads the bundled lists")]
    fn lists(&self) -> &Lists {
        self.lists.get_or_init(|| {
            let lists = Gazetteer::bundled().map_err(Error::from).and_then(Lists::new);
            lists.expect("the bundled lists can be read")
        })
    }

    /// What cuts texts into terms.
    #[must_use]
    pub fn analyzer(&self) -> &Arc<Analyzer> {
        &self.analyzer
    }

    /// The places it knows.
    #[must_use]
    pub fn gazetteer(&self) -> &Gazetteer {
        &self.lists().gazetteer
    }

    /// The entities of `text` in order; `issue` is the day of publication, against which 昨天 and
    /// `3月12日` are resolved.
    ///
    /// They do not overlap, but for a place that leads the name of an organisation (聊城市公安局).
    /// Linear in the length of `text`.
    #[must_use]
    pub fn entities(&self, text: &str, issue: Option<Date>) -> Vec<Entity> {
        let Lists { gazetteer, lexicon } = self.lists();
        let normalized = normalize(text);
        let sheet = Sheet::new(normalized.text(), &self.analyzer);
        let mut taken = Taken::new(sheet.len());
        let mut found = day::days(&sheet, issue);
        taken.add(&found);
        let pointed = person::foreign::pointed(&sheet, &taken);
        taken.add(&pointed);
        let hits = lexicon.hits(&sheet);
        let places = place::places(&sheet, lexicon, gazetteer, &hits, &taken);
        let organisations =
            organisation::organisations(&sheet, lexicon, &hits, &places, gazetteer, &taken);
        taken.add(&organisations);
        let places: Vec<Found> = place::outside(places, &organisations, gazetteer);
        taken.add(&places);
        let persons = person::persons(&sheet, pointed, &taken);
        taken.add(&persons);
        let numbers = number::numbers(&sheet, &taken);
        for more in [organisations, places, persons, numbers] {
            found.extend(more);
        }
        found.sort_by_key(|found| (found.from, usize::MAX - found.to));
        let entity = |mention: Found| {
            let span = normalized.source(sheet.span(mention.from, mention.to));
            let words = span.of(text).unwrap_or_default().to_owned();
            let Found { kind, key, ambiguous, .. } = mention;
            Entity { kind, text: words, key, span, ambiguous }
        };
        found.into_iter().map(entity).collect()
    }
}

impl Extractor {
    /// What title and body of `record` name, read as one text; of each kind at most
    /// [`KIND_MAX`] different things: those of the title, then those named most often.
    #[must_use]
    pub fn of_record(&self, record: &Record) -> Entities {
        record::entities(self, record)
    }

    /// The key of `name`, if that is all of it: 聊城 is `聊城市`, 央行 is `中国人民银行`. Else `name` itself,
    /// its characters folded as in a text.
    #[must_use]
    pub fn key(&self, kind: Kind, name: &str) -> String {
        let name = name.trim();
        let whole = Span::new(0, name.len());
        let found = self.entities(name, None).into_iter();
        let mut found = found.filter(|entity| entity.kind == kind && entity.span == whole);
        found.next().map_or_else(|| normal(name), |entity| entity.key)
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::LazyLock;

    use jiff::civil::date;
    use proptest::prelude::*;

    use super::Entity;
    use super::Extractor;
    use super::Kind;
    use super::gazetteer::Gazetteer;
    use crate::terms::Analyzer;

    pub(super) static EXTRACTOR: LazyLock<Extractor> =
        LazyLock::new(|| Extractor::load(Arc::new(Analyzer::load().unwrap())).unwrap());

    fn entities(text: &str) -> Vec<Entity> {
        EXTRACTOR.entities(text, Some(date(2024, 3, 14)))
    }

    fn keys(kind: Kind, text: &str) -> Vec<String> {
        let found = entities(text).into_iter().filter(|entity| entity.kind == kind);
        found.map(|entity| entity.key).collect()
    }

    #[test]
    fn quantities_of_one_size_share_a_key() {
        let keys = keys(Kind::Number, "1.2亿元，一亿两千万元，１２０００万元；3.5公里，3500米");
        assert_eq!(keys, ["120000000元", "120000000元", "120000000元", "3500米", "3500米"]);
    }

    #[test]
    fn fractions_ordinals_and_round_numbers_are_read() {
        let text = "百分之五的人，第十六次会议，三百二十万亩，20余人，近百名，零下42℃";
        let wanted = ["5%", "第16次", "3200000亩", "20人", "100人", "-42度"];
        assert_eq!(keys(Kind::Number, text), wanted);
    }

    #[test]
    fn codes_times_and_scores_are_no_quantities() {
        for text in [
            "电话0635-8421234",
            "清政发〔2024〕12号",
            "晚8时30分",
            "20:15开始",
            "以3:1取胜",
            "N95口罩和5G",
            "永安路128号",
            "统一、十分、三亚、一个",
            "数十人",
        ] {
            assert_eq!(keys(Kind::Number, text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn dates_are_resolved_against_the_issue() {
        let keys = keys(Kind::Date, "3月12日至13日，昨天，2023年，二〇二三年十月，十二月三日");
        let wanted = ["2024-03-12/2024-03-13", "2024-03-13", "2023", "2023-10", "--12-03"];
        assert_eq!(keys, wanted);
    }

    #[test]
    fn without_an_issue_a_date_keeps_what_is_printed() {
        let found = EXTRACTOR.entities("3月12日，30日至31日", None);
        let keys: Vec<&str> = found.iter().map(|entity| entity.key.as_str()).collect();
        assert_eq!(keys, ["--03-12", "---30/---31"]);
    }

    #[test]
    fn names_of_one_place_share_a_key() {
        let keys = keys(Kind::Place, "聊城、聊城市、赴鲁、山东、山东省");
        assert_eq!(keys, ["聊城市", "聊城市", "山东省", "山东省", "山东省"]);
    }

    #[test]
    fn a_name_of_several_places_is_decided_by_what_stands_near() {
        assert_eq!(keys(Kind::Place, "长春一小区在朝阳区"), ["长春市", "长春市朝阳区"]);
        assert_eq!(keys(Kind::Place, "北京市朝阳区"), ["北京市", "北京市朝阳区"]);
        let alone = entities("记者在朝阳区采访");
        assert!(alone[0].ambiguous && alone[0].key == "朝阳区", "{alone:?}");
    }

    #[test]
    fn single_characters_count_in_company_only() {
        assert_eq!(keys(Kind::Place, "京津冀"), ["北京市", "天津市", "河北省"]);
        assert_eq!(keys(Kind::Place, "美方和俄乌双方"), ["美国", "俄罗斯", "乌克兰"]);
        assert_eq!(keys(Kind::Place, "鲁P8K216"), ["山东省"]);
        assert_eq!(keys(Kind::Place, "粗鲁、新京报、青年、甘心"), Vec::<String>::new());
    }

    #[test]
    fn a_town_belongs_to_the_place_before_it() {
        assert_eq!(keys(Kind::Place, "莘县王庄镇"), ["莘县", "莘县王庄镇"]);
    }

    #[test]
    fn a_place_leads_the_office_that_bears_its_name() {
        let found = entities("聊城市公安局通报");
        let kinds: Vec<Kind> = found.iter().map(|entity| entity.kind).collect();
        assert_eq!(kinds, [Kind::Organisation, Kind::Place]);
    }

    #[test]
    fn other_names_of_an_organisation_share_its_key() {
        let keys = keys(Kind::Organisation, "央行和中国人民银行，世卫组织");
        assert_eq!(keys, ["中国人民银行", "中国人民银行", "世界卫生组织"]);
    }

    #[test]
    fn a_suffix_may_be_several_words() {
        for text in ["云水科技股份有限公司", "云水县中级人民法院", "云水县人民检察院"]
        {
            let found = entities(&format!("{text}通报"));
            let whole = |one: &Entity| one.kind == Kind::Organisation && one.text == text;
            assert!(found.iter().any(whole), "{found:?}");
        }
    }

    #[test]
    fn kinds_of_organisations_are_no_names() {
        for text in ["一家科技公司", "该医院", "有关部门", "当地法院", "上市公司"]
        {
            assert_eq!(keys(Kind::Organisation, text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_name_is_known_again_without_its_title() {
        let names = keys(Kind::Person, "局长徐慧莹到会。会后，徐慧莹去了村里。");
        assert_eq!(names, ["徐慧莹", "徐慧莹"]);
    }

    #[test]
    fn the_last_part_of_a_foreign_name_is_its_key() {
        let names = keys(Kind::Person, "总统乔纳森·黑尔到访，黑尔说");
        assert_eq!(names, ["黑尔", "黑尔"]);
    }

    #[test]
    fn two_scripts_and_widths_give_one_entity() {
        let simplified = keys(Kind::Place, "莘县");
        assert_eq!(keys(Kind::Place, "莘縣"), simplified);
        let found = entities("清河縣投資３.２億元");
        assert_eq!(found.last().map(|entity| entity.text.as_str()), Some("３.２億元"));
    }

    #[test]
    fn a_user_adds_places() {
        let mut gazetteer = Gazetteer::bundled().unwrap();
        gazetteer.extend("云水湾\t莘县").unwrap();
        let analyzer = Arc::new(Analyzer::load().unwrap());
        let extractor = Extractor::with_gazetteer(analyzer, gazetteer).unwrap();
        assert_eq!(extractor.entities("云水湾开园", None)[0].key, "云水湾");
    }

    proptest! {
        #[test]
        fn any_text_gives_ordered_entities_that_stand_in_it(
            text in "[\\PC0-9零一二三百万亿点第余年月日·、（）:.,%-]{0,40}|[周小禾市长山东聊城局公司说]{0,30}\
                |[云水县]{0,3}(股份|有限|责任|公司|中级|人民|检察院|法院|生态|环境|局){0,8}"
        ) {
            let mut start = 0;
            for entity in entities(&text) {
                prop_assert_eq!(entity.span.of(&text), Some(entity.text.as_str()));
                prop_assert!(!entity.text.is_empty() && !entity.key.is_empty());
                prop_assert!(start <= entity.span.start);
                start = entity.span.start;
            }
        }
    }
}
