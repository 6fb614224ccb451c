//! One request of a person or a script: who asks, for what, in which language and form.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::IntoResponse;
use axum::response::Redirect;
use axum::response::Response;
use tonic::codegen::http::HeaderMap;
use tonic::codegen::http::HeaderValue;
use tonic::codegen::http::Uri;
use tonic::codegen::http::header;
use tonic::codegen::http::request::Parts;

use crate::Right;
use crate::Shared;
use crate::failure::Failure;
use crate::words::Lang;

/// The cookie that names a session.
pub(crate) const SESSION: &str = "wenmai_session";
/// The cookie with the language that a person chose.
pub(crate) const LANG: &str = "wenmai_lang";
/// The cookie with light or dark, where a person chose.
pub(crate) const THEME: &str = "wenmai_theme";

/// The form in which an answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Form {
    /// A page.
    #[default]
    Html,
    /// The contract's JSON.
    Json,
    /// A feed.
    Atom,
    /// A table.
    Csv,
    /// A text with citations.
    Markdown,
}

impl Form {
    /// The endings of addresses.
    const ENDINGS: [(&str, Form); 4] = [
        (".json", Form::Json),
        (".atom", Form::Atom),
        (".csv", Form::Csv),
        (".md", Form::Markdown),
    ];

    /// The form that the path's ending asks for, which is taken off it.
    pub(crate) fn taken_from(uri: &mut Uri) -> Option<Form> {
        let path = uri.path();
        if path.starts_with("/assets/") {
            return None;
        }
        let (ending, form) = Self::ENDINGS.into_iter().find(|(end, _)| path.ends_with(end))?;
        let path = path.strip_suffix(ending).unwrap_or(path);
        let path = if path.is_empty() { "/" } else { path };
        let whole = match uri.query() {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        };
        *uri = whole.parse().ok()?;
        Some(form)
    }

    /// The form that `accept` puts first.
    fn accepted(headers: &HeaderMap) -> Form {
        let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
        let first = accept.and_then(|accept| accept.split([',', ';']).next()).unwrap_or_default();
        match first.trim() {
            "application/json" => Form::Json,
            "application/atom+xml" => Form::Atom,
            "text/csv" => Form::Csv,
            "text/markdown" => Form::Markdown,
            _ => Form::Html,
        }
    }
}

/// A request, let in or not.
#[derive(Clone)]
pub(crate) struct Visit {
    pub(crate) site: Arc<Shared>,
    pub(crate) lang: Lang,
    /// `light` or `dark` where a person chose; else empty.
    pub(crate) theme: &'static str,
    pub(crate) form: Form,
    /// The path, without the ending that names a form.
    pub(crate) path: String,
    /// The pairs behind the question mark, decoded, none of them empty.
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    /// The whole `authorization` header to call the services with.
    pub(crate) key: Option<HeaderValue>,
    /// What the visitor may do; `None` where a key is missing.
    pub(crate) right: Option<Right>,
    /// The session, if the visitor has one.
    pub(crate) session: Option<String>,
}

impl Visit {
    fn of(parts: &mut Parts, site: &Arc<Shared>) -> Self {
        let headers = parts.headers.clone();
        let session = cookie(&headers, SESSION).map(ToOwned::to_owned);
        let session = session.filter(|session| site.sessions.key(session).is_some());
        let given = headers.get(header::AUTHORIZATION).cloned();
        let key = given.or_else(|| session.as_deref().and_then(|id| site.sessions.key(id)));
        let mut shown = HeaderMap::new();
        shown.extend(key.clone().map(|key| (header::AUTHORIZATION, key)));
        let theme = match cookie(&headers, THEME) {
            Some("light") => "light",
            Some("dark") => "dark",
            _ => "",
        };
        let asked = parts.extensions.get::<Option<Form>>().copied().flatten();
        let query = parts.uri.query().unwrap_or_default();
        Self {
            lang: Lang::of(cookie(&headers, LANG), &headers),
            theme,
            form: asked.unwrap_or_else(|| Form::accepted(&headers)),
            path: parts.uri.path().to_owned(),
            query: pairs(query.as_bytes()),
            right: site.doors.right(&shown),
            site: site.clone(),
            headers,
            key,
            session,
        }
    }

    /// The first value of a name behind the question mark.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        first(&self.query, name)
    }

    /// Whether the visitor may change things.
    pub(crate) fn may_write(&self) -> bool {
        self.right == Some(Right::Write)
    }

    /// The value of a cookie.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        cookie(&self.headers, name)
    }

    /// Path and query as asked for, to come back to.
    pub(crate) fn here(&self) -> String {
        self.at(&self.query)
    }

    /// The same page in another form, such as `json`.
    pub(crate) fn here_as(&self, ending: &str) -> String {
        let path = if self.path == "/" { "/today" } else { &self.path };
        let query: Vec<_> = self.query.iter().filter(|(name, _)| name != "page").collect();
        if query.is_empty() {
            return format!("{path}.{ending}");
        }
        format!("{path}.{ending}?{}", encoded(query))
    }

    /// This page with other values: an empty one takes the name out. Always its first part.
    pub(crate) fn with(&self, changes: &[(&str, &str)]) -> String {
        let is_changed = |name: &str| name == "page" || changes.iter().any(|(key, _)| *key == name);
        let mut query: Vec<(String, String)> =
            self.query.iter().filter(|(name, _)| !is_changed(name)).cloned().collect();
        let new = changes.iter().filter(|(_, value)| !value.is_empty());
        query.extend(new.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        self.at(&query)
    }

    /// This page with `value` taken among the values of `name`, or out of them if it is there.
    pub(crate) fn toggled(&self, name: &str, value: &str) -> String {
        let is_it = |pair: &&(String, String)| pair.0 == name && pair.1 == value;
        let mut query: Vec<_> =
            self.query.iter().filter(|pair| pair.0 != "page").cloned().collect();
        if self.query.iter().any(|pair| is_it(&pair)) {
            query.retain(|pair| !is_it(&pair));
        } else {
            query.push((name.to_owned(), value.to_owned()));
        }
        self.at(&query)
    }

    fn at(&self, query: &[(String, String)]) -> String {
        if query.is_empty() {
            return self.path.clone();
        }
        format!("{}?{}", self.path, encoded(query))
    }

    /// Scheme and host under which the visitor came, for links that leave the page.
    pub(crate) fn origin(&self) -> String {
        let host = self.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let scheme = if self.site.reach.is_secure { "https" } else { "http" };
        format!("{scheme}://{}", host.unwrap_or("localhost"))
    }

    /// What forms of this visitor must bring back.
    pub(crate) fn token(&self) -> String {
        self.site.sessions.token(self.session.as_deref())
    }

    /// The pairs of a form, if it comes from a page of ours.
    ///
    /// # Errors
    /// [`Failure::Forged`] if it does not.
    pub(crate) fn form_of(&self, body: &[u8]) -> Result<Vec<(String, String)>, Failure> {
        self.trusted(pairs(body))
    }

    /// `form`, the fields of a form, if it comes from a page of ours.
    ///
    /// # Errors
    /// [`Failure::Forged`] if it does not.
    pub(crate) fn trusted(
        &self,
        form: Vec<(String, String)>,
    ) -> Result<Vec<(String, String)>, Failure> {
        // A script that shows its key itself is no browser that was lured here.
        if self.headers.contains_key(header::AUTHORIZATION) {
            return Ok(form);
        }
        let is_ours = first(&form, "token") == Some(self.token().as_str());
        if is_ours && self.is_from_here() { Ok(form) } else { Err(Failure::Forged) }
    }

    /// Whether the browser says nothing else than that the request comes from a page of ours.
    pub(crate) fn is_from_here(&self) -> bool {
        let text = |name| self.headers.get(name).and_then(|value| value.to_str().ok());
        if text("sec-fetch-site").is_some_and(|site| !["same-origin", "none"].contains(&site)) {
            return false;
        }
        match (text("origin"), text("host")) {
            (Some(origin), Some(host)) => origin.split("://").nth(1) == Some(host),
            (Some(_), None) | (None, _) => true,
        }
    }
}

impl FromRequestParts<Arc<Shared>> for Visit {
    type Rejection = Response;

    /// Lets in who may at least read; a person without a key is asked for one.
    async fn from_request_parts(
        parts: &mut Parts,
        site: &Arc<Shared>,
    ) -> Result<Self, Self::Rejection> {
        let visit = Visit::of(parts, site);
        if visit.right.is_some() {
            return Ok(visit);
        }
        if visit.form == Form::Html && visit.headers.get(header::AUTHORIZATION).is_none() {
            let to = encoded(&[("to".to_owned(), visit.here())]);
            return Err(Redirect::to(&format!("/sign-in?{to}")).into_response());
        }
        Err(Failure::NoKey.page(&visit))
    }
}

/// A request of somebody who need not be known.
pub(crate) struct Guest(pub(crate) Visit);

impl FromRequestParts<Arc<Shared>> for Guest {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        site: &Arc<Shared>,
    ) -> Result<Self, Self::Rejection> {
        Ok(Self(Visit::of(parts, site)))
    }
}

/// The pairs of a form or a query, decoded, without empty ones.
pub(crate) fn pairs(text: &[u8]) -> Vec<(String, String)> {
    let pairs = form_urlencoded::parse(text);
    pairs.into_owned().filter(|(_, value)| !value.trim().is_empty()).collect()
}

/// The first value of `name`.
pub(crate) fn first<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// Pairs as a query.
pub(crate) fn encoded<'a>(pairs: impl IntoIterator<Item = &'a (String, String)>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs {
        query.append_pair(name, value);
    }
    query.finish()
}

fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split("; ")).filter_map(|pair| pair.split_once('='));
    pairs.find_map(|(key, value)| (key == name).then_some(value))
}

#[cfg(test)]
mod tests {
    use tonic::codegen::http::Uri;

    use super::Form;
    use super::pairs;

    #[test]
    fn an_ending_of_the_path_asks_for_a_form() {
        for (given, path, form) in [
            ("/search.json?q=a.json", "/search?q=a.json", Some(Form::Json)),
            ("/topics/1.atom", "/topics/1", Some(Form::Atom)),
            ("/search?q=x.csv", "/search?q=x.csv", None),
            ("/.json", "/", Some(Form::Json)),
            ("/assets/page.js.json", "/assets/page.js.json", None),
        ] {
            let mut uri: Uri = given.parse().unwrap();
            assert_eq!(Form::taken_from(&mut uri), form, "{given}");
            assert_eq!(uri.to_string(), path, "{given}");
        }
    }

    #[test]
    fn empty_pairs_of_a_form_are_left_out() {
        assert_eq!(pairs(b"q=%E6%B2%B3+a&paper=&x"), [("q".to_owned(), "河 a".to_owned())]);
    }
}
