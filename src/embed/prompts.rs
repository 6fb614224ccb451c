//! The prompts that a model wants before a text, from `config_sentence_transformers.json` or from
//! the settings.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;

use crate::Config;
use crate::Purpose;

/// Names under which a model lists its prompt for questions.
const QUERY: [&str; 1] = ["query"];
/// Names under which a model lists its prompt for passages, in the order of sentence-transformers.
const PASSAGE: [&str; 3] = ["document", "passage", "corpus"];

/// The fields of `config_sentence_transformers.json` that are read.
#[derive(Debug, Default, Deserialize)]
pub(super) struct SentenceTransformers {
    prompts: Option<BTreeMap<String, Option<String>>>,
    default_prompt_name: Option<String>,
    /// How many numbers of an embedding the folder says to keep.
    pub(super) truncate_dim: Option<usize>,
}

/// The prompts of a model, and whether it lowercases texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Prompts {
    pub(super) query: String,
    pub(super) passage: String,
    pub(super) lowercase: bool,
}

impl Prompts {
    /// Reads the prompts of the model. Where none has one of the names above, `default_prompt_name`
    /// decides, but a passage never gets the prompt of a question.
    pub(super) fn read(config: &SentenceTransformers) -> Result<Self, String> {
        let none = BTreeMap::new();
        let prompts = config.prompts.as_ref().unwrap_or(&none);
        let default = config.default_prompt_name.as_deref();
        if let Some(name) = default.filter(|name| !prompts.contains_key(*name)) {
            return Err(format!("default_prompt_name `{name}` is not among the prompts"));
        }
        let passage_default = default.filter(|name| !QUERY.contains(name));
        let prompt = |name: &str| prompts.get(name).and_then(Option::clone);
        let find = |names: &[&str], default: Option<&str>| {
            let named = names.iter().find_map(|name| prompt(name));
            named.or_else(|| default.and_then(prompt)).unwrap_or_default()
        };
        let (query, passage) = (find(&QUERY, default), find(&PASSAGE, passage_default));
        Ok(Self { query, passage, lowercase: false })
    }

    /// Replaces the model's prompts by those of the settings, where they are set.
    pub(super) fn overridden(self, config: &Config) -> Self {
        let set = |setting: &Option<String>| setting.as_ref().map(|s| s.replace("\\n", "\n"));
        Self {
            query: set(&config.query_prompt).unwrap_or(self.query),
            passage: set(&config.passage_prompt).unwrap_or(self.passage),
            lowercase: self.lowercase,
        }
    }

    /// Whether the model has no prompt at all.
    pub(super) fn is_empty(&self) -> bool {
        self.query.is_empty() && self.passage.is_empty()
    }

    /// The text that the model is to see: `text` with the prompt for `purpose` before it, trimmed.
    /// A blank text stays blank, or its prompt alone would be embedded.
    ///
    /// Source: sentence-transformers `models/Transformer.py`.
    pub(super) fn apply<'t>(&self, text: &'t str, purpose: Purpose) -> Cow<'t, str> {
        let prompt = match purpose {
            Purpose::Query => &self.query,
            Purpose::Passage => &self.passage,
        };
        let trimmed = text.trim();
        if trimmed.is_empty() || (prompt.is_empty() && !self.lowercase) {
            return Cow::Borrowed(trimmed);
        }
        let joined = format!("{prompt}{text}");
        let joined = joined.trim();
        Cow::Owned(if self.lowercase { joined.to_lowercase() } else { joined.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::Prompts;
    use crate::Config;
    use crate::Purpose;

    fn read(json: &str) -> Result<Prompts, String> {
        Prompts::read(&serde_json::from_str(json).unwrap())
    }

    fn pair(json: &str) -> (String, String) {
        let prompts = read(json).unwrap();
        (prompts.query, prompts.passage)
    }

    #[test]
    fn prompts_are_found_by_their_names() {
        let json = r#"{"prompts": {"query": "问：", "passage": "文："}}"#;
        assert_eq!(pair(json), ("问：".into(), "文：".into()));
        assert_eq!(
            pair(r#"{"prompts": {"query": "问：", "document": ""}}"#),
            ("问：".into(), String::new())
        );
        assert_eq!(pair("{}"), (String::new(), String::new()));
    }

    #[test]
    fn the_default_prompt_stands_in_but_never_makes_a_passage_a_question() {
        let other = r#"{"prompts": {"news": "新闻："}, "default_prompt_name": "news"}"#;
        assert_eq!(pair(other), ("新闻：".into(), "新闻：".into()));
        let query = r#"{"prompts": {"query": "问："}, "default_prompt_name": "query"}"#;
        assert_eq!(pair(query), ("问：".into(), String::new()));
        let missing = read(r#"{"default_prompt_name": "news"}"#).unwrap_err();
        assert!(missing.contains("`news`"), "{missing}");
    }

    #[test]
    fn settings_replace_the_folders_prompts() {
        let folder = read(r#"{"prompts": {"query": "问：", "passage": "文："}}"#).unwrap();
        let set = Config {
            query_prompt: Some("Instruct: 找新闻\\nQuery:".into()),
            passage_prompt: Some(String::new()),
            ..Config::default()
        };
        let prompts = folder.overridden(&set);
        assert_eq!(prompts.apply("雪", Purpose::Query), "Instruct: 找新闻\nQuery:雪");
        assert_eq!(prompts.apply("雪", Purpose::Passage), "雪");
    }

    #[test]
    fn a_prompt_alone_is_no_text() {
        let prompts = Prompts { query: "问：".into(), ..Prompts::default() };
        assert_eq!(prompts.apply(" ", Purpose::Query), "");
    }
}
