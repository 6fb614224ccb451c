//! What is shown of a topic and takes longer: its timeline, its brief, and the stories that are like it.
//! Each is asked for once for each version of the topic.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;

use super::DAYS;
use super::Other;
use super::get;
use super::other;
use crate::client::told;
use crate::failure::Failure;
use crate::failure::html_answer;
use crate::failure::shown;
use crate::json;
use crate::kept::Kept;
use crate::report::Options;
use crate::summary;
use crate::summary::Piece;
use crate::visit::Visit;
use crate::words::Lang;
use wenmai_proto::wire;
use wenmai_proto::wire::TopicView;

async fn ask_timeline(
    visit: &Visit,
    name: &str,
) -> Result<wire::GetTopicTimelineResponse, Failure> {
    let request = wire::GetTopicTimelineRequest { name: name.to_owned(), limit: DAYS };
    told(visit.topic_service().get_topic_timeline(visit.call(request)).await)
}

/// Timelines, until their topics change.
pub(crate) type Timelines = Kept<String, wire::GetTopicTimelineResponse>;
/// Stories like a story, until it changes.
pub(crate) type Similar = Kept<String, Vec<wire::Topic>>;

pub(super) async fn timeline_of(
    visit: &Visit,
    topic: &wire::Topic,
) -> Result<wire::GetTopicTimelineResponse, Failure> {
    let kept = &visit.site.timelines;
    if let Some(timeline) = kept.of(&topic.name, topic.version) {
        return Ok(timeline);
    }
    let timeline = ask_timeline(visit, &topic.name).await?;
    kept.keep(topic.name.clone(), topic.version, timeline.clone());
    Ok(timeline)
}

/// Articles of a topic whose brief one waits for; that of a larger one comes after its page.
const BRIEF_AT_ONCE: u32 = 12;

#[derive(Template)]
#[template(path = "brief_part.html")]
struct BriefPart {
    l: Lang,
    brief: Vec<Piece>,
}

/// The brief of a topic if it is known, soon told or asked for; else it comes after the page.
pub(super) async fn brief_at_once(
    visit: &Visit,
    topic: &wire::Topic,
) -> Option<wire::SummarizeArticlesResponse> {
    let style = wire::SummaryStyle::Digest;
    let is_awaited = topic.article_count <= BRIEF_AT_ONCE || visit.value("brief").is_some();
    if !is_awaited && !summary::is_kept(visit, topic, style) {
        return None;
    }
    Some(summary::of_topic(visit, topic, style, &Options::default()).await.unwrap_or_default())
}

/// The pieces of a brief.
pub(super) fn pieces(brief: &wire::SummarizeArticlesResponse) -> Vec<Piece> {
    brief.sentences.iter().map(|sentence| summary::piece(sentence, &brief.sources)).collect()
}

/// The brief of a topic, as a part that is put into its page.
pub(crate) async fn brief(visit: Visit, Path(id): Path<String>) -> Response {
    let answer = brief_answer(&visit, &format!("topics/{id}")).await;
    shown(&visit, answer)
}

async fn brief_answer(visit: &Visit, name: &str) -> Result<Response, Failure> {
    let topic = get(visit, name, TopicView::Basic).await?.topic.unwrap_or_default();
    let summary =
        summary::of_topic(visit, &topic, wire::SummaryStyle::Digest, &Options::default()).await?;
    Ok(html_answer(BriefPart { l: visit.lang, brief: pieces(&summary) }.render()?))
}

#[derive(Template)]
#[template(path = "similar.html")]
struct SimilarPart {
    l: Lang,
    related: Vec<Other>,
}

/// The stories that are like a topic, as a part that is put into its page.
pub(crate) async fn similar(visit: Visit, Path(id): Path<String>) -> Response {
    let answer = similar_answer(&visit, &format!("topics/{id}")).await;
    shown(&visit, answer)
}

async fn similar_answer(visit: &Visit, name: &str) -> Result<Response, Failure> {
    let basic = get(visit, name, TopicView::Basic).await?.topic.unwrap_or_default();
    let kept = &visit.site.similar;
    let topics = if let Some(topics) = kept.of(&basic.name, basic.version) {
        topics
    } else {
        let answer = get(visit, &basic.name, TopicView::Full).await?;
        let topics: Vec<_> = answer.related.into_iter().filter_map(|one| one.topic).collect();
        kept.keep(basic.name, basic.version, topics.clone());
        topics
    };
    let l = visit.lang;
    let related = topics.iter().map(|topic| other(topic, l)).collect();
    Ok(html_answer(SimilarPart { l, related }.render()?))
}

/// The timeline of a topic, as the contract's JSON.
pub(crate) async fn timeline(visit: Visit, Path(id): Path<String>) -> Response {
    let answer = ask_timeline(&visit, &format!("topics/{id}")).await;
    shown(&visit, answer.and_then(|a| json::answer("GetTopicTimelineResponse", &a)))
}
