//! What an editor asks for, read from a form and written into one.

use crate::visit::first;

/// An edit of one topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Action {
    /// A new name; an empty one lets the topic name itself again.
    Rename(String),
    /// A pin, or none.
    Pin(bool),
    /// Another topic becomes one with it.
    Merge(String),
    /// Some of its articles become a topic of their own.
    Split(Vec<String>),
    /// Some articles go to another topic.
    Move {
        /// The articles.
        articles: Vec<String>,
        /// The other topic.
        to: String,
    },
    /// Articles go back to where they were: each with its topic.
    Restore(Vec<(String, String)>),
}

impl Action {
    /// Reads an edit; `None` for a form that holds none.
    pub(super) fn of(form: &[(String, String)]) -> Option<Self> {
        let all = |name: &str| -> Vec<String> {
            let values = form.iter().filter(|(key, _)| key == name);
            values.filter_map(|(_, value)| resource(value)).collect()
        };
        let other = || {
            let typed = first(form, "typed").or_else(|| first(form, "other"))?;
            resource(typed).filter(|name| name.starts_with("topics/"))
        };
        let articles = all("article");
        Some(match first(form, "action")? {
            "rename" => Self::Rename(first(form, "label").unwrap_or_default().trim().to_owned()),
            "pin" => Self::Pin(true),
            "unpin" => Self::Pin(false),
            "merge" => Self::Merge(other()?),
            "split" if !articles.is_empty() => Self::Split(articles),
            "move" if !articles.is_empty() => Self::Move { articles, to: other()? },
            "restore" => {
                let pairs = form.iter().filter(|(key, _)| key == "pair");
                let pairs = pairs.filter_map(|(_, value)| value.split_once(' '));
                let pairs = pairs.filter_map(|(one, two)| Some((resource(one)?, resource(two)?)));
                Self::Restore(pairs.collect())
            }
            _ => return None,
        })
    }

    /// The pairs from which [`Action::of`] reads the same edit.
    pub(super) fn fields(&self) -> Vec<(String, String)> {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let of = |articles: &[String]| -> Vec<(String, String)> {
            articles.iter().map(|article| pair("article", article)).collect()
        };
        match self {
            Self::Rename(label) => vec![pair("action", "rename"), pair("label", label)],
            Self::Pin(true) => vec![pair("action", "pin")],
            Self::Pin(false) => vec![pair("action", "unpin")],
            Self::Merge(other) => vec![pair("action", "merge"), pair("other", other)],
            Self::Split(articles) => {
                let mut fields = vec![pair("action", "split")];
                fields.extend(of(articles));
                fields
            }
            Self::Move { articles, to } => {
                let mut fields = vec![pair("action", "move"), pair("other", to)];
                fields.extend(of(articles));
                fields
            }
            Self::Restore(pairs) => {
                let mut fields = vec![pair("action", "restore")];
                let both = |(one, two): &(String, String)| pair("pair", &format!("{one} {two}"));
                fields.extend(pairs.iter().map(both));
                fields
            }
        }
    }
}

/// The resource name in what somebody pasted: the name itself, or the address of its page.
fn resource(text: &str) -> Option<String> {
    let text = text.trim();
    for kind in ["topics/", "articles/"] {
        if let Some((_, rest)) = text.split_once(kind) {
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
            let id = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            return (!id.is_empty()).then(|| format!("{kind}{id}"));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::Action;
    use super::resource;

    #[test]
    fn an_edit_survives_its_form() {
        let (one, two) = ("articles/a-1".to_owned(), "topics/b-2".to_owned());
        for action in [
            Action::Rename("大桥".to_owned()),
            Action::Pin(false),
            Action::Merge(two.clone()),
            Action::Split(vec![one.clone()]),
            Action::Move { articles: vec![one.clone()], to: two.clone() },
            Action::Restore(vec![(one, two)]),
        ] {
            assert_eq!(Action::of(&action.fields()), Some(action));
        }
        assert_eq!(Action::of(&[("action".to_owned(), "split".to_owned())]), None);
    }

    #[test]
    fn an_address_is_as_good_as_a_name() {
        for text in ["topics/ab-1", " http://127.0.0.1:8080/topics/ab-1/articles?x=1 "] {
            assert_eq!(resource(text).as_deref(), Some("topics/ab-1"));
        }
        assert_eq!(resource("大桥"), None);
        assert_eq!(resource("topics/"), None);
    }
}
