//! Reads the languages and the licence of a model from the front matter of its model card.

/// What the front matter of a `README.md` says; empty where it says nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Card {
    /// Language codes as they are written: `zh`, `en`.
    pub languages: Vec<String>,
    /// The licence as it is written.
    pub licence: Option<String>,
}

impl Card {
    /// Reads the front matter at the start of `text`. Of its YAML, only single values and lists of
    /// them are understood.
    pub(super) fn read(text: &str) -> Self {
        let values = |key: &str| values(text, key);
        let licence = ["license_name", "license"].iter().find_map(|key| values(key).pop());
        Self { languages: values("language"), licence }
    }
}

/// The values of `key`, written as `key: a`, as `key: [a, b]`, or as one line `- a` for each.
fn values(text: &str, key: &str) -> Vec<String> {
    let mut lines = text.trim_start_matches('\u{feff}').lines().map(str::trim_end);
    if lines.next() != Some("---") {
        return Vec::new();
    }
    let mut lines = lines.take_while(|line| *line != "---").skip_while(|line| !is_key(line, key));
    let Some(first) = lines.next().and_then(|line| line.split_once(':')) else { return Vec::new() };
    let inline = first.1.trim();
    if let Some(list) = inline.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return list.split(',').map(plain).filter(|value| !value.is_empty()).collect();
    }
    if !inline.is_empty() {
        return vec![plain(inline)];
    }
    let items = lines.map_while(|line| line.trim_start().strip_prefix("- "));
    items.map(plain).collect()
}

fn is_key(line: &str, key: &str) -> bool {
    line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'))
}

/// The value without spaces and quotes around it.
fn plain(value: &str) -> String {
    value.trim().trim_matches(['"', '\'']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::Card;

    #[test]
    fn languages_and_terms_are_read_in_every_form() {
        let lists =
            "---\nlanguage:\n- zh\n  - \"en\"\nlicense: mit\ntags: [a]\n---\n# x\nlicense: no";
        let card = Card::read(lists);
        assert_eq!(card.languages, ["zh", "en"]);
        assert_eq!(card.licence.as_deref(), Some("mit"));
        assert_eq!(Card::read("---\nlanguage: [zh, en]\n---\n").languages, ["zh", "en"]);
    }

    #[test]
    fn a_licence_with_a_name_of_its_own_goes_by_it() {
        let card = Card::read("---\nlicense: other\nlicense_name: qinghe-1\nlanguage: zh\n---\n");
        assert_eq!(card.licence.as_deref(), Some("qinghe-1"));
    }

    #[test]
    fn a_card_without_front_matter_says_nothing() {
        assert_eq!(Card::read("# license: mit\n"), Card::default());
        assert_eq!(Card::read(""), Card::default());
    }
}
