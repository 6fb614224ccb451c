//! Editing a topic: rename, pin, merge, split, move. What an edit will do is shown before, and what
//! undoes it after.

mod action;
mod effect;

use askama::Template;
use axum::body::Bytes;
use axum::extract::Path;
use axum::response::Response;
use tonic::Code;
use tonic::codegen::http::StatusCode;

use crate::client::told;
use crate::failure::Failure;
use crate::failure::html_answer;
use crate::failure::shown;
use crate::shell::Shell;
use crate::shell::Tab;
use crate::show;
use crate::show::Line;
use crate::topic;
use crate::topic::Head;
use crate::visit::Form;
use crate::visit::Visit;
use crate::visit::first;
use action::Action;
use wenmai_proto::wire;

/// Members that can be chosen at once.
const MEMBERS: i32 = 100;

/// A pair of a form that nobody sees.
type Hidden = (String, String);

/// Another topic that may be meant.
struct Other {
    name: String,
    label: String,
    facts: String,
}

struct Member {
    name: String,
    line: Line,
}

#[derive(Template)]
#[template(path = "edit.html")]
struct EditPage {
    shell: Shell,
    head: Head,
    label: String,
    seen: Vec<Hidden>,
    others: Vec<Other>,
    members: Vec<Member>,
    total: u32,
}

#[derive(Template)]
#[template(path = "edit_confirm.html")]
struct ConfirmPage {
    shell: Shell,
    head: Head,
    effects: Vec<String>,
    lines: Vec<Line>,
    action: String,
    fields: Vec<Hidden>,
    /// It has been done; what is offered undoes it.
    is_done: bool,
    can_undo: bool,
}

#[derive(Template)]
#[template(path = "edit_stale.html")]
struct StalePage {
    shell: Shell,
    head: Head,
    before: Vec<String>,
    now: Vec<String>,
}

/// The forms of all edits.
pub(crate) async fn form(visit: Visit, Path(id): Path<String>) -> Response {
    let answer = form_answer(&visit, &format!("topics/{id}")).await;
    shown(&visit, answer)
}

async fn form_answer(visit: &Visit, name: &str) -> Result<Response, Failure> {
    if !visit.may_write() {
        return Err(Failure::ReadOnly);
    }
    if visit.form != Form::Html {
        return Err(Failure::NoForm);
    }
    let request = wire::ListTopicArticlesRequest {
        name: name.to_owned(),
        page_size: MEMBERS,
        ..Default::default()
    };
    let mut topics = visit.topic_service();
    let (found, members) = futures::join!(
        topic::get(visit, name, wire::TopicView::Full),
        topics.list_topic_articles(visit.call(request)),
    );
    let (found, members) = (found?, told(members)?);
    let topic = found.topic.clone().unwrap_or_default();
    if topic.name != name {
        return Ok(topic::merged(visit, name, &topic));
    }
    let l = visit.lang;
    // Events are merged with events of their story only.
    let candidates: Vec<wire::Topic> = if topic.story.is_empty() {
        found.related.into_iter().filter_map(|found| found.topic).collect()
    } else {
        topic::get(visit, &topic.story, wire::TopicView::Events).await?.events
    };
    let others = candidates.into_iter().filter(|other| other.name != topic.name);
    let others = others.map(|other| Other {
        label: show::label(&other, l),
        facts: format!(
            "{} · {}",
            l.articles_of(other.article_count, other.source_count),
            show::span_of(&other)
        ),
        name: other.name,
    });
    let chosen = members.articles.iter().filter_map(|member| member.article.as_ref());
    let chosen =
        chosen.map(|article| Member { name: article.name.clone(), line: Line::of(article, l) });
    let mut shell = Shell::of(visit, Tab::Today, l.edit());
    shell.json.clear();
    let page = EditPage {
        shell,
        head: Head::of(visit, &topic, "edit"),
        label: if topic.is_named { topic.label.clone() } else { String::new() },
        seen: seen(&topic),
        others: others.collect(),
        members: chosen.collect(),
        total: members.total_count,
    };
    Ok(html_answer(page.render()?))
}

/// What a form keeps of the topic that its reader saw.
fn seen(topic: &wire::Topic) -> Vec<Hidden> {
    [
        ("etag", topic.etag.clone()),
        ("seen_label", show::shortened(&topic.label, 120)),
        ("seen_count", topic.article_count.to_string()),
        ("seen_pinned", u8::from(topic.is_pinned).to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// Shows what an edit will do, or does it.
pub(crate) async fn apply(visit: Visit, Path(id): Path<String>, body: Bytes) -> Response {
    let answer = apply_answer(&visit, &format!("topics/{id}"), &body).await;
    shown(&visit, answer)
}

async fn apply_answer(visit: &Visit, name: &str, body: &[u8]) -> Result<Response, Failure> {
    if !visit.may_write() {
        return Err(Failure::ReadOnly);
    }
    let form = visit.form_of(body)?;
    let action = Action::of(&form).ok_or(Failure::NoPage)?;
    let topic = topic::get(visit, name, wire::TopicView::Basic).await?.topic.unwrap_or_default();
    if first(&form, "confirm").is_none() {
        return confirm(visit, &topic, &action, &form).await;
    }
    let etag = first(&form, "etag").unwrap_or_default();
    match effect::apply(visit, &topic, &action, etag).await {
        Ok(done) => done_page(visit, done),
        Err(Failure::Call(status)) if status.code() == Code::Aborted => {
            stale(visit, name, &form).await
        }
        Err(failure) => Err(failure),
    }
}

/// What the edit will do, to be confirmed.
async fn confirm(
    visit: &Visit,
    topic: &wire::Topic,
    action: &Action,
    form: &[(String, String)],
) -> Result<Response, Failure> {
    let shown = effect::of(visit, topic, action).await?;
    let mut fields = action.fields();
    for name in ["etag", "seen_label", "seen_count", "seen_pinned"] {
        fields.extend(first(form, name).map(|value| (name.to_owned(), value.to_owned())));
    }
    fields.push(("confirm".to_owned(), "1".to_owned()));
    let mut shell = Shell::of(visit, Tab::Today, visit.lang.confirm());
    shell.json.clear();
    let page = ConfirmPage {
        shell,
        head: Head::of(visit, topic, "edit"),
        effects: shown.sentences,
        lines: shown.lines,
        action: format!("{}/edit", show::href(&topic.name)),
        fields,
        is_done: false,
        can_undo: false,
    };
    Ok(html_answer(page.render()?))
}

/// What has been done, and what undoes it.
fn done_page(visit: &Visit, done: effect::Done) -> Result<Response, Failure> {
    let effect::Done { topic, sentences, undo } = done;
    let mut fields = undo.as_ref().map(Action::fields).unwrap_or_default();
    fields.extend(seen(&topic));
    fields.push(("confirm".to_owned(), "1".to_owned()));
    let mut shell = Shell::of(visit, Tab::Today, visit.lang.done());
    shell.json.clear();
    let page = ConfirmPage {
        shell,
        head: Head::of(visit, &topic, "edit"),
        effects: sentences,
        lines: Vec::new(),
        action: format!("{}/edit", show::href(&topic.name)),
        fields,
        is_done: true,
        can_undo: undo.is_some(),
    };
    Ok(html_answer(page.render()?))
}

/// The topic as the editor saw it and as it is now: somebody was faster.
async fn stale(visit: &Visit, name: &str, form: &[(String, String)]) -> Result<Response, Failure> {
    let l = visit.lang;
    let topic = topic::get(visit, name, wire::TopicView::Basic).await?.topic.unwrap_or_default();
    let state = |label: &str, count: &str, is_pinned: bool| {
        let pinned = if is_pinned { l.is_pinned() } else { l.not_pinned() };
        vec![label.to_owned(), format!("{count} {}", l.unit_articles()), pinned.to_owned()]
    };
    let value = |name| first(form, name).unwrap_or_default();
    let mut shell = Shell::of(visit, Tab::Today, l.fail_stale());
    shell.json.clear();
    let page = StalePage {
        shell,
        head: Head::of(visit, &topic, "edit"),
        before: state(value("seen_label"), value("seen_count"), value("seen_pinned") == "1"),
        now: state(&topic.label, &topic.article_count.to_string(), topic.is_pinned),
    };
    let mut response = html_answer(page.render()?);
    *response.status_mut() = StatusCode::CONFLICT;
    Ok(response)
}
