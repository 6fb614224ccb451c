//! Under which names feeds and exports keep the parts of an article.

mod table;

use std::collections::HashMap;
use std::str::FromStr;

use table::NAMES;

/// A part of an article that a feed may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Field {
    /// The headline.
    Title,
    /// The text, plain or HTML.
    Body,
    /// The text as a list of paragraphs.
    Paragraphs,
    /// A short form of the text, taken where there is no other.
    Summary,
    /// The id that the source gives it.
    Id,
    /// The feed or site.
    Source,
    /// The newspaper.
    Paper,
    /// When it was published.
    Time,
    /// When it was last touched, taken where there is no other time.
    Updated,
    /// When the record was fetched: what 昨天 counts from.
    Fetched,
    /// The address of its page.
    Url,
    /// Edition of the issue.
    Edition,
    /// Page of the issue.
    Page,
    /// The page's name.
    PageName,
    /// The column or series.
    Section,
    /// What kind of text it is.
    Kind,
    /// The line above the headline.
    Kicker,
    /// The line below the headline.
    Subtitle,
    /// Who wrote it.
    Byline,
    /// The news agency.
    Agency,
}

impl Field {
    /// Its own name, as `--map` takes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(field, ..)| *field == self).map_or("", |(_, name, _)| name)
    }

    /// The names of all fields.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(_, name, _)| *name)
    }
}

/// A name that is no field's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no field of an article; known: {known}", known = Field::names().collect::<Vec<_>>().join(", "))]
pub struct UnknownField(String);

impl FromStr for Field {
    type Err = UnknownField;

    fn from_str(name: &str) -> Result<Self, UnknownField> {
        let found = NAMES.iter().find(|(_, own, _)| *own == name);
        found.map(|(field, ..)| *field).ok_or_else(|| UnknownField(name.to_owned()))
    }
}

/// One more name of a field, as in `--map 稿件名=title`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    name: String,
    field: Field,
}

/// A text that does not map a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAlias {
    /// It has no two sides.
    #[error("`{0}` is not of the form NAME=FIELD, as in 稿件名=title")]
    Form(String),
    /// The right side is no field.
    #[error(transparent)]
    Field(#[from] UnknownField),
}

impl FromStr for Alias {
    type Err = InvalidAlias;

    fn from_str(text: &str) -> Result<Self, InvalidAlias> {
        match text.rsplit_once('=') {
            Some((name, field)) if !name.trim().is_empty() => {
                Ok(Self { name: name.trim().to_owned(), field: field.trim().parse()? })
            }
            _ => Err(InvalidAlias::Form(text.to_owned())),
        }
    }
}

/// The table of names, with what the caller adds.
#[derive(Debug, Clone)]
pub struct Names {
    /// Field and place in its list of names, by name; a lower place counts first.
    known: HashMap<String, (Field, usize)>,
}

impl Default for Names {
    fn default() -> Self {
        Self::with(&[])
    }
}

impl Names {
    /// The table with `aliases`, which count before all other names.
    #[must_use]
    pub fn with(aliases: &[Alias]) -> Self {
        let mut known = HashMap::new();
        for (field, own, others) in NAMES {
            for (place, name) in [own].iter().chain(others).enumerate() {
                known.entry(folded(name)).or_insert((field, place + 1));
            }
        }
        for Alias { name, field } in aliases {
            known.insert(folded(name), (*field, 0));
        }
        Self { known }
    }

    /// The field that `name` is of, and how early it counts among the names of that field.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<(Field, usize)> {
        self.known.get(&folded(name)).copied()
    }
}

/// A name without case, blanks and the marks between words: `pubDate`, `pub_date`, `PUB DATE`.
fn folded(name: &str) -> String {
    let kept =
        name.chars().filter(|c| !matches!(c, '_' | '-' | ' ' | '\u{feff}' | '\u{3000}' | '*'));
    kept.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::Alias;
    use super::Field;
    use super::InvalidAlias;
    use super::Names;

    #[test]
    fn usual_names_are_known_however_they_are_written() {
        let names = Names::default();
        for (name, field) in [
            ("headline", Field::Title),
            ("pubDate", Field::Time),
            ("PUB_DATE", Field::Time),
            ("datePublished", Field::Time),
            ("Content:Encoded", Field::Body),
            ("articleBody", Field::Body),
            ("摘要", Field::Summary),
            ("发布时间", Field::Time),
            ("link", Field::Url),
        ] {
            assert_eq!(names.find(name).map(|(field, _)| field), Some(field), "{name}");
        }
        assert_eq!(names.find("tags"), None);
    }

    #[test]
    fn every_name_is_of_one_field_and_its_own_comes_first() {
        let names = Names::default();
        for (field, own, others) in super::NAMES {
            assert_eq!(names.find(own), Some((field, 1)));
            assert_eq!(own.parse::<Field>().unwrap().name(), own);
            for other in others {
                assert_eq!(names.find(other).map(|(field, _)| field), Some(field), "{other}");
            }
        }
    }

    #[test]
    fn a_name_can_be_added_and_wins() {
        let alias: Alias = "稿件名=title".parse().unwrap();
        let names = Names::with(&[alias, "text=summary".parse().unwrap()]);
        assert_eq!(names.find("稿件名"), Some((Field::Title, 0)));
        assert_eq!(names.find("text"), Some((Field::Summary, 0)));
        assert!(matches!("title".parse::<Alias>(), Err(InvalidAlias::Form(_))));
        let wrong = "a=headline".parse::<Alias>().unwrap_err().to_string();
        assert!(wrong.contains("headline") && wrong.contains("title, body"), "{wrong}");
    }
}
