//! Other names of what a query names: 鲁, 山东 and 山东省; 央行 and 中国人民银行.
//!
//! From the tables of places and offices that entities are read with, and one of ours beside them;
//! only the query is expanded, so the tables can change without a new index.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::query::phrase;

/// Places: name, parent, other names, single characters.
const PLACES: &str = include_str!("../entity/gazetteer.tsv");
/// Offices: name, other names.
const OFFICES: &str = include_str!("../entity/organisations.tsv");
/// Names of one thing per line, apart by spaces; behind a tab short forms that are understood, but
/// not looked for.
const TABLE: &str = include_str!("synonyms.tsv");

/// The tables, read once.
static SYNONYMS: LazyLock<Synonyms> = LazyLock::new(|| Synonyms::amended(""));

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

    /// Those that this program comes with, amended by `table`: its lines are further names of one thing
    /// each, and a line that begins with `-` takes away what is known of each name behind it.
    #[must_use]
    pub fn amended(table: &str) -> Self {
        let mut known = Self::read(TABLE);
        known.add_rows(PLACES, 2);
        known.add_rows(OFFICES, 1);
        let (dropped, added): (Vec<&str>, Vec<&str>) =
            table.lines().partition(|line| line.starts_with('-'));
        for name in dropped.iter().flat_map(|line| line.trim_start_matches('-').split_whitespace())
        {
            known.drop(&phrase::normal(name));
        }
        for line in added.into_iter().filter(|line| !line.starts_with('#')) {
            let (names, short) = line.split_once('\t').unwrap_or((line, ""));
            known.add(names.split_whitespace(), short.split_whitespace());
        }
        known
    }

    /// Takes a name out of all that it stands for.
    fn drop(&mut self, name: &str) {
        for group in self.by_name.remove(name).unwrap_or_default() {
            if let Some(names) = self.groups.get_mut(group) {
                names.retain(|known| known != name);
            }
        }
    }

    /// Reads a table; lines that begin with `#` are comments.
    #[must_use]
    pub fn read(table: &str) -> Self {
        let mut read = Self::default();
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let (names, short) = line.split_once('\t').unwrap_or((line, ""));
            read.add(names.split_whitespace(), short.split_whitespace());
        }
        read
    }

    /// Adds the rows of a table of entities: a name, and its other names in the column `others`.
    /// Names with a mark are those of several things, and left out.
    fn add_rows(&mut self, table: &str, others: usize) {
        for row in table.lines().filter(|row| !row.starts_with('#')) {
            let mut columns = row.split('\t');
            let name = columns.next().into_iter();
            let others = columns.nth(others - 1).unwrap_or_default().split_whitespace();
            let names: Vec<&str> =
                name.chain(others).filter(|name| !name.ends_with(['?', '!'])).collect();
            if names.len() > 1 {
                self.add(names.into_iter(), std::iter::empty());
            }
        }
    }

    /// Adds names of one thing, and short forms that are only understood.
    fn add<'n>(
        &mut self,
        names: impl Iterator<Item = &'n str>,
        short: impl Iterator<Item = &'n str>,
    ) {
        let names: Vec<String> = names.map(phrase::normal).collect();
        let group = self.groups.len();
        for name in names.iter().cloned().chain(short.map(phrase::normal)) {
            self.bytes_max = self.bytes_max.max(name.len());
            self.by_name.entry(name).or_default().push(group);
        }
        self.groups.push(names);
    }

    /// The other names of what normalized `name` names, each once.
    #[must_use]
    pub fn others(&self, name: &str) -> Vec<&str> {
        let groups = self.by_name.get(name).map(Vec::as_slice).unwrap_or_default();
        let mut found = Vec::new();
        for other in groups.iter().filter_map(|group| self.groups.get(*group)).flatten() {
            if other != name && !found.contains(&other.as_str()) {
                found.push(other.as_str());
            }
        }
        found
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

    fn others(name: &str) -> Vec<&'static str> {
        Synonyms::bundled().others(name)
    }

    #[test]
    fn a_place_has_its_long_and_short_names() {
        assert_eq!(others("聊城"), ["聊城市"]);
        assert_eq!(others("山东省"), ["山东"]);
        assert_eq!(others("鲁"), ["山东", "山东省"]);
        assert_eq!(others("东昌府"), ["东昌府区"]);
    }

    #[test]
    fn an_abbreviation_has_its_full_name() {
        assert!(others("央行").contains(&"中国人民银行"));
        assert!(others("世卫").contains(&"世卫组织"));
        assert_eq!(others("大桥"), Vec::<&str>::new());
    }

    #[test]
    fn a_table_of_ones_own_adds_both_ways_and_takes_away() {
        let known = Synonyms::amended("# ours\n清大桥 清河大桥\n- 央行\n清河医院\t清医\n");
        assert_eq!(known.others("清大桥"), ["清河大桥"]);
        assert_eq!(known.others("清河大桥"), ["清大桥"]);
        assert_eq!(known.others("清医"), ["清河医院"]);
        assert_eq!(known.others("央行"), Vec::<&str>::new());
        assert!(!known.others("中国人民银行").contains(&"央行"));
        assert!(known.others("世卫").contains(&"世卫组织"));
    }

    #[test]
    fn a_name_of_several_places_stands_for_none_of_them() {
        assert_eq!(others("朝阳"), Vec::<&str>::new());
    }
}
