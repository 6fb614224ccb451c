//! Feeds in Atom (RFC 4287), so that any reader of feeds is an alert.

use askama::Template;
use axum::response::IntoResponse;
use axum::response::Response;
use tonic::codegen::http::header;

use crate::failure::Failure;
use crate::show;
use crate::visit::Visit;
use wenmai_proto::wire;

/// An entry of a feed.
pub(crate) struct Entry {
    /// An address that stays.
    pub(crate) href: String,
    pub(crate) title: String,
    /// As RFC 3339.
    pub(crate) updated: String,
    pub(crate) author: String,
    pub(crate) summary: String,
}

#[derive(Template)]
#[template(path = "feed.atom", escape = "xml")]
struct Feed<'a> {
    title: &'a str,
    origin: String,
    href: String,
    page: String,
    updated: String,
    entries: Vec<Entry>,
}

/// What has no time is as old as can be.
const LONG_AGO: &str = "1970-01-01T00:00:00Z";

/// A feed of `entries`, the newest of which says when it was updated.
///
/// # Errors
/// [`Failure::Page`].
pub(crate) fn answer(
    visit: &Visit,
    title: &str,
    mut entries: Vec<Entry>,
) -> Result<Response, Failure> {
    for entry in &mut entries {
        if entry.updated.is_empty() {
            LONG_AGO.clone_into(&mut entry.updated);
        }
    }
    let updated = entries.iter().map(|entry| entry.updated.clone()).max();
    let feed = Feed {
        title,
        origin: visit.origin(),
        href: visit.here_as("atom"),
        page: visit.here(),
        updated: updated.unwrap_or_else(|| LONG_AGO.to_owned()),
        entries,
    };
    let kind = [(header::CONTENT_TYPE, "application/atom+xml; charset=utf-8")];
    Ok((kind, feed.render()?).into_response())
}

/// The entry of an article.
pub(crate) fn of_article(visit: &Visit, article: &wire::Article, summary: String) -> Entry {
    let record = article.record.clone().unwrap_or_default();
    Entry {
        href: show::href(&article.name),
        title: show::headline(&record, visit.lang),
        updated: show::rfc3339(record.publish_time.as_ref()),
        author: show::outlet(&record),
        summary,
    }
}
