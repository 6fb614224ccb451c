//! 监看: changes of topics as they happen, and the changes of one topic.

mod change;
mod feed;
mod searches;

use std::collections::BTreeMap;
use std::time::Duration;

use askama::Template;
use axum::extract::Path;
use axum::response::IntoResponse;
use axum::response::Response;
use futures::StreamExt;
use futures::stream;
use tonic::codegen::http::header;

use crate::client::told;
use crate::failure::Failure;
use crate::failure::html_answer;
use crate::failure::shown;
use crate::json;
use crate::shell::Shell;
use crate::shell::Tab;
use crate::show;
use crate::topic;
use crate::topic::Head;
use crate::visit::Form;
use crate::visit::Visit;
use change::Change;
use wenmai_proto::wire;

pub(crate) use feed::events;

/// Changes that are listed at once.
const LISTED: u64 = 60;
/// Changes that are looked through for those of one topic.
const LOOKED_THROUGH: u64 = 5_000;
/// Changes of one topic that are shown.
const OF_TOPIC: usize = 200;
/// Names that are looked up for one page.
const NAMES_MAX: usize = 400;
/// Names that are looked up at a time, so that a page does not fill the queue of readers.
const AT_ONCE: usize = 8;
/// Names up to which each is looked up by itself.
const ONE_BY_ONE: usize = 4;
/// The time that reading past changes may take.
const READ_MAX: Duration = Duration::from_secs(2);

#[derive(Template)]
#[template(path = "watch.html")]
struct Page {
    shell: Shell,
    changes: Vec<Change>,
    events: String,
}

#[derive(Template)]
#[template(path = "changes.html")]
struct OfTopic {
    shell: Shell,
    head: Head,
    changes: Vec<Change>,
    from: u64,
}

/// The last changes of all topics.
pub(crate) async fn list(visit: Visit) -> Response {
    let answer = list_answer(&visit).await;
    shown(&visit, answer)
}

async fn list_answer(visit: &Visit) -> Result<Response, Failure> {
    let request = wire::ListTopicsRequest { page_size: 1, ..Default::default() };
    let version = told(visit.topic_service().list_topics(visit.call(request)).await)?;
    let version = version.topics_version;
    let mut raw = past(visit, version.saturating_sub(LISTED), version).await?;
    raw.reverse();
    match visit.form {
        Form::Json => return lines(&raw),
        Form::Html => {}
        Form::Atom | Form::Csv | Form::Markdown => return Err(Failure::NoForm),
    }
    let names = names(visit, &raw).await;
    let page = Page {
        shell: Shell::of(visit, Tab::Watch, visit.lang.watch()),
        changes: raw.iter().map(|change| Change::of(change, &names, visit.lang)).collect(),
        events: format!("/watch/events?since={version}"),
    };
    Ok(html_answer(page.render()?))
}

/// Changes as lines of the contract's JSON.
fn lines(changes: &[wire::WatchTopicsResponse]) -> Result<Response, Failure> {
    let mut all = String::new();
    for change in changes {
        all += &json::text("WatchTopicsResponse", change)?;
        all.push('\n');
    }
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], all).into_response())
}

/// The changes after `since` up to `version`, in order.
async fn past(
    visit: &Visit,
    since: u64,
    version: u64,
) -> Result<Vec<wire::WatchTopicsResponse>, Failure> {
    let mut changes = Vec::new();
    if since >= version {
        return Ok(changes);
    }
    let request = visit.stream(wire::WatchTopicsRequest { since_version: since });
    let mut stream = told(visit.topic_service().watch_topics(request).await)?;
    let read = async {
        while let Some(change) = stream.message().await? {
            let is_last = change.version >= version;
            changes.push(change);
            if is_last {
                break;
            }
        }
        Ok::<(), tonic::Status>(())
    };
    // What was read until then is shown.
    if let Ok(read) = tokio::time::timeout(READ_MAX, read).await {
        read?;
    }
    Ok(changes)
}

/// The changes of one topic.
pub(crate) async fn of_topic(visit: Visit, Path(id): Path<String>) -> Response {
    let answer = of_topic_answer(&visit, &format!("topics/{id}")).await;
    shown(&visit, answer)
}

async fn of_topic_answer(visit: &Visit, name: &str) -> Result<Response, Failure> {
    let topic = topic::get(visit, name, wire::TopicView::Basic).await?.topic.unwrap_or_default();
    if topic.name != name {
        return Ok(topic::merged(visit, name, &topic));
    }
    let from = topic.version.saturating_sub(LOOKED_THROUGH);
    let mut raw = past(visit, from, topic.version).await?;
    raw.retain(|change| change::names(change).iter().any(|named| named == name));
    raw.reverse();
    raw.truncate(OF_TOPIC);
    match visit.form {
        Form::Json => return lines(&raw),
        Form::Html => {}
        Form::Atom | Form::Csv | Form::Markdown => return Err(Failure::NoForm),
    }
    let names = names(visit, &raw).await;
    let page = OfTopic {
        shell: Shell::of(visit, Tab::Today, show::label(&topic, visit.lang)),
        head: Head::of(visit, &topic, "changes"),
        changes: raw.iter().map(|change| Change::of(change, &names, visit.lang)).collect(),
        from,
    };
    Ok(html_answer(page.render()?))
}

/// Headlines and labels by resource name.
type Names = BTreeMap<String, String>;

/// What the resources that `changes` name are called; those that are gone have no name.
async fn names(visit: &Visit, changes: &[wire::WatchTopicsResponse]) -> Names {
    let mut wanted: Vec<String> = changes.iter().flat_map(change::told).collect();
    wanted.sort();
    wanted.dedup();
    wanted.truncate(NAMES_MAX);
    let mut known = Names::new();
    // What changed last is mostly what is newest: one call names most topics.
    if wanted.len() > ONE_BY_ONE {
        let request = wire::ListTopicsRequest {
            order: wire::TopicOrder::Recency.into(),
            page_size: 100,
            ..Default::default()
        };
        if let Ok(list) = told(visit.topic_service().list_topics(visit.call(request)).await) {
            let labels = list.topics.into_iter();
            known.extend(labels.map(|topic| (topic.name.clone(), show::label(&topic, visit.lang))));
        }
    }
    wanted.retain(|name| !known.contains_key(name));
    let asked = stream::iter(wanted.into_iter().map(|name| named(visit, name)));
    let found: Vec<_> = asked.buffer_unordered(AT_ONCE).collect().await;
    known.extend(found.into_iter().flatten());
    known
}

/// What a resource is called; nothing for one that is gone.
async fn named(visit: &Visit, name: String) -> Option<(String, String)> {
    if name.starts_with("topics/") {
        let topic = topic::get(visit, &name, wire::TopicView::Basic).await.ok()?.topic?;
        return Some((name, show::label(&topic, visit.lang)));
    }
    // A photo without a headline is called by its first words.
    let view = wire::ArticleView::Full.into();
    let request =
        visit.call(wire::GetArticleRequest { name: name.clone(), view, ..Default::default() });
    let article = visit.article_service().get_article(request).await.ok()?.into_inner().article?;
    Some((name, show::headline(&article.record.unwrap_or_default(), visit.lang)))
}
