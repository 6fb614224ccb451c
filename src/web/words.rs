//! The words of the pages, in Chinese and in English.

mod about;
mod edits;
mod phrases;
mod table;

use tonic::codegen::http::HeaderMap;
use tonic::codegen::http::header;

/// The language of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lang {
    /// Chinese.
    Zh,
    /// English.
    En,
}

impl Lang {
    /// The language that was chosen, else the first of those that a browser names, else Chinese.
    pub(crate) fn of(chosen: Option<&str>, headers: &HeaderMap) -> Self {
        match chosen {
            Some("zh") => return Self::Zh,
            Some("en") => return Self::En,
            Some(_) | None => {}
        }
        let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let mut names = accepted.unwrap_or_default().split(',').map(str::trim);
        let known = names.find_map(|name| match name.get(..2)?.to_ascii_lowercase().as_str() {
            "zh" => Some(Self::Zh),
            "en" => Some(Self::En),
            _ => None,
        });
        known.unwrap_or(Self::Zh)
    }

    /// What the language is called in a cookie.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    /// What the language is called in HTML.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    /// The other language.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Zh => Self::En,
            Self::En => Self::Zh,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Lang;
    use tonic::codegen::http::HeaderMap;
    use tonic::codegen::http::HeaderValue;

    #[test]
    fn a_choice_counts_before_a_browser_and_chinese_without_either() {
        let mut headers = HeaderMap::new();
        assert_eq!(Lang::of(None, &headers), Lang::Zh);
        headers.insert("accept-language", HeaderValue::from_static("fr, en-GB;q=0.8, zh;q=0.5"));
        assert_eq!(Lang::of(None, &headers), Lang::En);
        assert_eq!(Lang::of(Some("zh"), &headers), Lang::Zh);
    }
}
