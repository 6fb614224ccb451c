//! What an article names: persons, places, organisations, numbers and dates, each once.

use serde::Deserialize;
use serde::Serialize;

use crate::span::Span;

/// What an entity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A person's full name.
    Person,
    /// A place with a name: country, province, county, town, sea.
    Place,
    /// An authority, company, school, club, party.
    Organisation,
    /// A quantity with its unit, or an ordinal.
    Number,
    /// A day, days, a month or a year that the text names.
    Date,
}

impl Kind {
    /// Every kind, in the order in which an article keeps them.
    pub const ALL: [Kind; 5] =
        [Kind::Person, Kind::Place, Kind::Organisation, Kind::Number, Kind::Date];
}

/// One thing that an article names, however often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// What it is.
    pub kind: Kind,
    /// The form under which two mentions of one thing meet, as `text::entity` makes it.
    pub key: String,
    /// Mentions in title and body.
    pub count: u32,
    /// The paragraph of its first mention, from 0; `None` for the title, which comes first.
    pub paragraph: Option<u32>,
    /// The first mention: bytes of that paragraph, or of the title.
    pub span: Span,
    /// Several things bear this name and nothing in the text says which.
    pub is_ambiguous: bool,
}

impl Entity {
    /// Whether the title names it.
    #[must_use]
    pub fn is_in_title(&self) -> bool {
        self.paragraph.is_none()
    }
}

/// What one article names: by kind, then by first mention; no key twice in a kind.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Entities(Vec<Entity>);

impl Entities {
    /// Those of `found`, in any order; of two of one kind and key the first counts.
    #[must_use]
    pub fn new(mut found: Vec<Entity>) -> Self {
        let place = |entity: &Entity| (entity.kind, entity.paragraph, entity.span);
        found.sort_by_key(place);
        let mut seen = std::collections::BTreeSet::new();
        found.retain(|entity| seen.insert((entity.kind, entity.key.clone())));
        Self(found)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Entity> {
        self.0.iter()
    }

    /// Those of `kind`, in the order of their first mentions.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Entity> {
        self.0.iter().filter(move |entity| entity.kind == kind)
    }

    /// Whether the article names this.
    #[must_use]
    pub fn holds(&self, kind: Kind, key: &str) -> bool {
        self.of(kind).any(|entity| entity.key == key)
    }

    /// The keys of `kind` that both articles name and that mean one thing in both, in the order of
    /// this one.
    pub fn shared<'a>(&'a self, other: &'a Entities, kind: Kind) -> impl Iterator<Item = &'a str> {
        let sure = |entity: &&Entity| !entity.is_ambiguous;
        self.of(kind)
            .filter(sure)
            .map(|entity| entity.key.as_str())
            .filter(move |key| other.of(kind).filter(sure).any(|theirs| theirs.key == *key))
    }

    /// Whether it names nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::Entities;
    use super::Entity;
    use super::Kind;
    use crate::span::Span;

    fn entity(kind: Kind, key: &str, paragraph: Option<u32>, start: usize) -> Entity {
        let span = Span::new(start, start + 3);
        Entity { kind, key: key.into(), count: 1, paragraph, span, is_ambiguous: false }
    }

    #[test]
    fn each_thing_is_kept_once_where_it_is_named_first() {
        let found = Entities::new(vec![
            entity(Kind::Place, "莘县", Some(0), 0),
            entity(Kind::Person, "周小禾", Some(1), 9),
            entity(Kind::Place, "莘县", None, 6),
            entity(Kind::Person, "莘县", Some(0), 0),
        ]);
        let kept: Vec<_> = found.iter().map(|one| (one.kind, one.paragraph)).collect();
        let wanted = [(Kind::Person, Some(0)), (Kind::Person, Some(1)), (Kind::Place, None)];
        assert_eq!(kept, wanted);
        assert!(found.holds(Kind::Place, "莘县") && !found.holds(Kind::Place, "周小禾"));
    }

    #[test]
    fn what_may_mean_two_things_is_not_shared() {
        let sure = entity(Kind::Place, "莘县", None, 0);
        let unsure = Entity { is_ambiguous: true, ..entity(Kind::Place, "朝阳区", None, 3) };
        let left = Entities::new(vec![sure.clone(), unsure.clone()]);
        let right = Entities::new(vec![unsure, sure]);
        assert_eq!(left.shared(&right, Kind::Place).collect::<Vec<_>>(), ["莘县"]);
        assert_eq!(left.shared(&right, Kind::Person).count(), 0);
    }
}
