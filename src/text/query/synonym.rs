//! Other names of what a query names: 鲁, 山东 and 山东省; 央行 and 中国人民银行.
//!
//! From a table of ours; only the query is expanded, so the table can change without a new index.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Names of one thing per line, apart by spaces; behind a tab short forms that are understood, but
/// not looked for.
const TABLE: &str = include_str!("synonyms.tsv");

/// The table, read once.
static SYNONYMS: LazyLock<Synonyms> = LazyLock::new(|| Synonyms::read(TABLE));

/// Names and what else they may be called.
#[derive(Debug, Default)]
pub struct Synonyms {
    /// Names that are looked for, by group.
    groups: Vec<Vec<String>>,
    /// Groups of a name or a short form.
    by_name: HashMap<String, Vec<usize>>,
    /// Bytes of the longest name.
    bytes_max: usize,
}

impl Synonyms {
    /// Those that this program comes with.
    #[must_use]
    pub fn bundled() -> &'static Synonyms {
        &SYNONYMS
    }

    /// Reads a table; lines that begin with `#` are comments.
    #[must_use]
    pub fn read(table: &str) -> Self {
        let mut read = Self::default();
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let (names, short) = line.split_once('\t').unwrap_or((line, ""));
            let names: Vec<String> = names.split_whitespace().map(str::to_owned).collect();
            let group = read.groups.len();
            for name in names.iter().map(String::as_str).chain(short.split_whitespace()) {
                read.by_name.entry(name.to_owned()).or_default().push(group);
                read.bytes_max = read.bytes_max.max(name.len());
            }
            read.groups.push(names);
        }
        read
    }

    /// The other names of what normalized `name` names, each once.
    pub fn others(&self, name: &str) -> impl Iterator<Item = &str> {
        let groups = self.by_name.get(name).map(Vec::as_slice).unwrap_or_default();
        let names = groups.iter().filter_map(|group| self.groups.get(*group)).flatten();
        names.map(String::as_str).filter(move |other| *other != name)
    }

    /// Whether it has other names for `name`.
    #[must_use]
    pub fn knows(&self, name: &str) -> bool {
        name.len() <= self.bytes_max && self.by_name.contains_key(name)
    }

    /// Bytes of the longest name that it knows.
    #[must_use]
    pub fn bytes_max(&self) -> usize {
        self.bytes_max
    }
}

#[cfg(test)]
mod tests {
    use super::Synonyms;
    use crate::text::query::phrase::normal;

    fn others(name: &str) -> Vec<&'static str> {
        Synonyms::bundled().others(name).collect()
    }

    #[test]
    fn a_place_has_its_long_and_short_names() {
        assert_eq!(others("聊城"), ["聊城市"]);
        assert_eq!(others("山东省"), ["山东"]);
        assert_eq!(others("鲁"), ["山东", "山东省"]);
    }

    #[test]
    fn an_abbreviation_has_its_full_name() {
        assert!(others("央行").contains(&"中国人民银行"));
        assert!(others("世卫").contains(&"世卫组织"));
        assert_eq!(others("大桥"), Vec::<&str>::new());
    }

    #[test]
    fn every_name_of_the_table_is_in_the_form_that_queries_have() {
        let bundled = Synonyms::bundled();
        for name in bundled.groups.iter().flatten().chain(bundled.by_name.keys()) {
            assert_eq!(&normal(name), name);
        }
    }
}
