//! The places that news names, each with its parent and its other names.
//!
//! A text of rows, so that users can bring their own beside the bundled one: see the head of
//! `gazetteer.tsv` for the columns and marks.

use std::collections::HashMap;

/// The bundled rows.
const BUNDLED: &str = include_str!("gazetteer.tsv");
/// Steps up to a root: deeper is a circle.
const DEPTH_MAX: usize = 8;

/// Why a row is refused whose place has one.
const TWICE: &str = "the place is there already";

/// When a name counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Need {
    /// Always.
    Nothing,
    /// Where a parent stands in the text.
    ParentNear,
    /// Right behind a parent.
    ParentBefore,
}

/// One meaning of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sense {
    pub(super) place: usize,
    pub(super) need: Need,
}

#[derive(Debug, Clone)]
struct Place {
    key: String,
    parent: Option<usize>,
    depth: usize,
}

/// A row that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct Malformed {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// Places by name and by key.
#[derive(Debug, Clone, Default)]
pub struct Gazetteer {
    places: Vec<Place>,
    keys: HashMap<String, usize>,
    /// The first place of each full name, to find parents.
    firsts: HashMap<String, usize>,
    names: Vec<(String, Sense)>,
    singles: Vec<(char, usize)>,
}

/// A row, cut at its tabs.
#[derive(Debug, Clone, Copy)]
struct Columns<'r> {
    name: &'r str,
    need: Need,
    parent: &'r str,
    others: &'r str,
    singles: &'r str,
}

impl<'r> Columns<'r> {
    fn read(row: &'r str) -> Result<Self, &'static str> {
        let mut columns = row.split('\t');
        let mut column = || columns.next().unwrap_or_default().trim();
        let (name, parent, others, singles) = (column(), column(), column(), column());
        if columns.next().is_some() {
            return Err("more than four columns");
        }
        let (name, need) = marked(name);
        if name.is_empty() {
            return Err("no name");
        }
        Ok(Self { name, need, parent, others, singles })
    }
}

impl Gazetteer {
    /// The bundled places: China down to counties, the world's countries and larger cities.
    ///
    /// # Errors
    /// [`Malformed`] if the bundled rows are broken: the program was built wrongly.
    pub fn bundled() -> Result<Self, Malformed> {
        let mut gazetteer = Self::default();
        gazetteer.extend(BUNDLED)?;
        Ok(gazetteer)
    }

    /// Adds the rows of `text`.
    ///
    /// # Errors
    /// [`Malformed`] for a row without a name, with more than four columns, with an unknown parent, or
    /// one that is there already. The rows before it stay added.
    pub fn extend(&mut self, text: &str) -> Result<(), Malformed> {
        for (at, row) in text.lines().enumerate() {
            if !row.trim().is_empty() && !row.starts_with('#') {
                self.add(row).map_err(|reason| Malformed { line: at + 1, reason })?;
            }
        }
        Ok(())
    }

    /// Adds the rows of `text`; a row for a place that was there before gives it the names of the row
    /// in the stead of those that it had.
    ///
    /// # Errors
    /// As [`Gazetteer::extend`]; a place that `text` itself has twice is there already.
    pub fn amend(&mut self, text: &str) -> Result<(), Malformed> {
        let before = self.places.len();
        for (at, row) in text.lines().enumerate() {
            let row = row.trim_start_matches('\u{feff}');
            if !row.trim().is_empty() && !row.starts_with('#') {
                let malformed = |reason| Malformed { line: at + 1, reason };
                match self.known(row).map_err(malformed)? {
                    Some(place) if place < before => self.rename(place, row),
                    Some(_) => return Err(malformed(TWICE)),
                    None => self.add(row).map_err(malformed)?,
                }
            }
        }
        Ok(())
    }

    /// The place that a row speaks of, if it is there.
    fn known(&self, row: &str) -> Result<Option<usize>, &'static str> {
        let Columns { name, parent, .. } = Columns::read(row)?;
        let parent = self.parent_of(parent)?;
        let of_parent =
            |place: &&usize| self.places.get(**place).is_some_and(|found| found.parent == parent);
        let within = parent.and_then(|parent| self.places.get(parent));
        let long = within.and_then(|parent| self.keys.get(&format!("{}{name}", parent.key)));
        Ok(long.or_else(|| self.keys.get(name)).filter(of_parent).copied())
    }

    /// Gives a place the names of a row.
    fn rename(&mut self, place: usize, row: &str) {
        if let Ok(columns) = Columns::read(row) {
            self.names.retain(|(_, sense)| sense.place != place);
            self.singles.retain(|(_, other)| *other != place);
            self.name(place, columns);
        }
    }

    /// Notes the names that a row gives its place.
    fn name(&mut self, place: usize, columns: Columns<'_>) {
        let Columns { name, need, parent: _, others, singles } = columns;
        self.names.push((name.to_owned(), Sense { place, need }));
        for other in others.split_whitespace() {
            let (other, need) = marked(other);
            self.names.push((other.to_owned(), Sense { place, need }));
        }
        self.singles.extend(singles.chars().filter(|c| !c.is_whitespace()).map(|c| (c, place)));
    }

    fn parent_of(&self, parent: &str) -> Result<Option<usize>, &'static str> {
        if parent.is_empty() {
            return Ok(None);
        }
        let found = self.keys.get(parent).or_else(|| self.firsts.get(parent));
        found.copied().map(Some).ok_or("the parent is not known above")
    }

    fn add(&mut self, row: &str) -> Result<(), &'static str> {
        let columns = Columns::read(row)?;
        let name = columns.name;
        let parent = self.parent_of(columns.parent)?;
        let depth = parent.and_then(|parent| self.places.get(parent)).map_or(0, |p| p.depth + 1);
        if depth > DEPTH_MAX {
            return Err("too many parents");
        }
        let key = self.key_for(name, parent);
        let place = self.places.len();
        if self.keys.insert(key.clone(), place).is_some() {
            return Err(TWICE);
        }
        self.firsts.entry(name.to_owned()).or_insert(place);
        self.name(place, columns);
        self.places.push(Place { key, parent, depth });
        Ok(())
    }

    /// The name; behind its parent's where the name alone is taken or says nothing.
    fn key_for(&self, name: &str, parent: Option<usize>) -> String {
        let parent = parent.and_then(|parent| self.places.get(parent));
        match parent {
            Some(parent) if is_district(name) || self.firsts.contains_key(name) => {
                format!("{}{name}", parent.key)
            }
            _ => name.to_owned(),
        }
    }

    /// How many places there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The key of the place that holds the place `key`: 聊城市 → 山东省 → 中国.
    #[must_use]
    pub fn parent(&self, key: &str) -> Option<&str> {
        let parent = self.places.get(*self.keys.get(key)?)?.parent?;
        self.places.get(parent).map(|place| place.key.as_str())
    }

    /// Whether the place `inner` lies in the place `outer`; not so for one place twice.
    #[must_use]
    pub fn holds(&self, outer: &str, inner: &str) -> bool {
        match (self.keys.get(outer), self.keys.get(inner)) {
            (Some(outer), Some(inner)) => self.ancestors(*inner).any(|place| place == *outer),
            _ => false,
        }
    }

    /// The places above `place`, nearest first.
    pub(super) fn ancestors(&self, place: usize) -> impl Iterator<Item = usize> + '_ {
        let parent = |place: usize| self.places.get(place).and_then(|place| place.parent);
        std::iter::successors(parent(place), move |place| parent(*place))
    }

    /// How many places stand above `place`.
    pub(super) fn depth(&self, place: usize) -> usize {
        self.places.get(place).map_or(usize::MAX, |place| place.depth)
    }

    /// The key of `place`.
    pub(super) fn key(&self, place: usize) -> &str {
        self.places.get(place).map_or("", |place| &place.key)
    }

    /// The place of a key.
    pub(super) fn place(&self, key: &str) -> Option<usize> {
        self.keys.get(key).copied()
    }

    /// Every name with one of its meanings.
    pub(super) fn names(&self) -> &[(String, Sense)] {
        &self.names
    }

    /// The single characters that stand for places.
    pub(super) fn singles(&self) -> &[(char, usize)] {
        &self.singles
    }
}

/// Districts share names from city to city: 新华区, 鼓楼区.
fn is_district(name: &str) -> bool {
    name.ends_with('区') && !name.ends_with("自治区") && !name.ends_with("行政区")
}

/// A name without its mark, and what the mark asks.
fn marked(name: &str) -> (&str, Need) {
    if let Some(name) = name.strip_suffix('?') {
        (name, Need::ParentNear)
    } else if let Some(name) = name.strip_suffix('!') {
        (name, Need::ParentBefore)
    } else {
        (name, Need::Nothing)
    }
}

#[cfg(test)]
mod tests {
    use super::Gazetteer;

    #[test]
    fn the_bundled_rows_are_read() {
        let gazetteer = Gazetteer::bundled().unwrap();
        assert!(gazetteer.len() > 3_500);
        assert_eq!(gazetteer.parent("聊城市"), Some("山东省"));
        assert!(gazetteer.holds("山东省", "莘县"));
        assert!(!gazetteer.holds("莘县", "山东省") && !gazetteer.holds("莘县", "莘县"));
    }

    #[test]
    fn two_places_of_one_name_have_two_keys() {
        let gazetteer = Gazetteer::bundled().unwrap();
        assert_eq!(gazetteer.parent("北京市朝阳区"), Some("北京市"));
        assert_eq!(gazetteer.parent("长春市朝阳区"), Some("长春市"));
    }

    #[test]
    fn a_user_adds_rows_below_the_bundled_ones() {
        let mut gazetteer = Gazetteer::bundled().unwrap();
        gazetteer.extend("# ours\n云水镇\t莘县\t云水?\n").unwrap();
        assert!(gazetteer.holds("聊城市", "云水镇"));
    }

    #[test]
    fn a_user_replaces_the_names_of_a_place() {
        let mut gazetteer = Gazetteer::bundled().unwrap();
        let count = gazetteer.len();
        gazetteer.amend("\u{feff}# ours\n莘县\t聊城市\t莘州\n云水县\t聊城市\n").unwrap();
        assert_eq!(gazetteer.len(), count + 1);
        assert!(gazetteer.holds("聊城市", "云水县"));
        let names = |place: &str| {
            let place = gazetteer.place(place).unwrap();
            let of = gazetteer.names().iter().filter(|(_, sense)| sense.place == place);
            of.map(|(name, _)| name.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(names("莘县"), ["莘县", "莘州"]);
        let twice = gazetteer.amend("云山县\t聊城市\n云山县\t聊城市").unwrap_err();
        assert_eq!(twice.to_string(), "line 2: the place is there already");
    }

    #[test]
    fn a_broken_row_is_named() {
        for (row, reason) in [
            ("云水镇\t虚无县", "the parent is not known above"),
            ("\t中国", "no name"),
            ("a\t\t\t\tb", "more than four columns"),
            ("云水\n云水", "the place is there already"),
        ] {
            assert_eq!(Gazetteer::default().extend(row).unwrap_err().reason, reason);
        }
    }
}
