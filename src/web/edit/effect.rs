//! What an edit will do, doing it, and what undoes it.

use std::collections::BTreeMap;

use super::action::Action;
use crate::client::each;
use crate::client::told;
use crate::failure::Failure;
use crate::show;
use crate::show::Line;
use crate::topic;
use crate::visit::Visit;
use wenmai_proto::wire;
use wenmai_proto::wire::search_topics_request::Target;

/// Articles on a page of the contract.
const PAGE_SIZE: i32 = 100;
/// Articles of a topic that is merged that can be taken out again.
const UNDONE_MAX: usize = 1_000;

/// What an edit will do.
pub(super) struct Effect {
    pub(super) sentences: Vec<String>,
    /// The articles that it is about.
    pub(super) lines: Vec<Line>,
}

/// What an edit did.
pub(super) struct Done {
    /// The topic after it.
    pub(super) topic: wire::Topic,
    pub(super) sentences: Vec<String>,
    /// What undoes it, sent to `topic`.
    pub(super) undo: Option<Action>,
}

/// What `action` will do to `topic`.
///
/// # Errors
/// [`Failure::Call`] if a service refuses the call or cannot be reached.
pub(super) async fn of(
    visit: &Visit,
    topic: &wire::Topic,
    action: &Action,
) -> Result<Effect, Failure> {
    let l = visit.lang;
    let label = show::label(topic, l);
    let count = topic.article_count;
    let mut lines = Vec::new();
    let sentences = match action {
        Action::Rename(new) if new.is_empty() => vec![l.will_unname(&label)],
        Action::Rename(new) => vec![l.will_rename(&label, new)],
        Action::Pin(true) => vec![l.will_pin(&label)],
        Action::Pin(false) => vec![l.will_unpin(&label)],
        Action::Merge(other) => {
            let other =
                topic::get(visit, other, wire::TopicView::Basic).await?.topic.unwrap_or_default();
            let labels = (label.as_str(), show::label(&other, l));
            vec![
                l.will_merge((labels.0, count), (&labels.1, other.article_count)),
                l.will_merge_note().to_owned(),
            ]
        }
        Action::Split(articles) => {
            lines = lines_of(visit, articles).await?;
            let chosen = u32::try_from(articles.len()).unwrap_or(u32::MAX);
            vec![
                l.will_split(&label, chosen, count.saturating_sub(chosen)),
                l.will_split_note().to_owned(),
            ]
        }
        Action::Move { articles, to } => {
            lines = lines_of(visit, articles).await?;
            let to = topic::get(visit, to, wire::TopicView::Basic).await?.topic.unwrap_or_default();
            vec![l.will_move(articles.len(), &label, &show::label(&to, l))]
        }
        Action::Restore(pairs) => vec![l.will_restore(pairs.len())],
    };
    Ok(Effect { sentences, lines })
}

async fn lines_of(visit: &Visit, articles: &[String]) -> Result<Vec<Line>, Failure> {
    let one = |name: &String| {
        let view = wire::ArticleView::Basic.into();
        let request =
            visit.call(wire::GetArticleRequest { name: name.clone(), view, ..Default::default() });
        let mut service = visit.article_service();
        async move { told(service.get_article(request).await) }
    };
    let found = each(articles.iter().take(UNDONE_MAX).map(one).collect()).await;
    let line = |answer: wire::GetArticleResponse| {
        Line::of(&answer.article.unwrap_or_default(), visit.lang)
    };
    found.into_iter().map(|answer| answer.map(line)).collect()
}

/// Does it, if the topic still is what `etag` says.
///
/// # Errors
/// [`Failure::Call`], with `ABORTED` where the topic has changed.
pub(super) async fn apply(
    visit: &Visit,
    topic: &wire::Topic,
    action: &Action,
    etag: &str,
) -> Result<Done, Failure> {
    let (name, etag) = (topic.name.clone(), etag.to_owned());
    let l = visit.lang;
    match action {
        Action::Rename(label) => {
            let request = wire::UpdateTopicRequest {
                name,
                label: Some(label.clone()),
                etag,
                ..Default::default()
            };
            let old = if topic.is_named { topic.label.clone() } else { String::new() };
            update(visit, request, l.done_rename(), Action::Rename(old)).await
        }
        Action::Pin(is_pinned) => {
            let request = wire::UpdateTopicRequest {
                name,
                is_pinned: Some(*is_pinned),
                etag,
                ..Default::default()
            };
            let told = if *is_pinned { l.done_pin() } else { l.done_unpin() };
            update(visit, request, told, Action::Pin(!is_pinned)).await
        }
        Action::Merge(other) => merge(visit, &name, other, etag).await,
        Action::Split(articles) => {
            let articles = articles.clone();
            let request = wire::SplitTopicRequest { name, articles, etag };
            let answer = told(visit.topic_service().split_topic(visit.call(request)).await)?;
            let new = answer.new_topic.unwrap_or_default();
            let sentences = vec![l.done_split(&show::label(&new, l), new.article_count)];
            // The older of two stays, and that is the one that was divided.
            let undo = Some(Action::Merge(new.name));
            Ok(Done { topic: answer.rest.unwrap_or_default(), sentences, undo })
        }
        Action::Move { articles, to } => move_to(visit, articles, to, topic.level()).await,
        Action::Restore(pairs) => restore(visit, topic, pairs).await,
    }
}

async fn update(
    visit: &Visit,
    request: wire::UpdateTopicRequest,
    sentence: &str,
    undo: Action,
) -> Result<Done, Failure> {
    let answer = told(visit.topic_service().update_topic(visit.call(request)).await)?;
    let topic = answer.topic.unwrap_or_default();
    Ok(Done { topic, sentences: vec![sentence.to_owned()], undo: Some(undo) })
}

/// Merges two topics; taking the articles of the one that went out again undoes it.
async fn merge(visit: &Visit, name: &str, other: &str, etag: String) -> Result<Done, Failure> {
    let (of_one, of_other) = futures::join!(articles_of(visit, name), articles_of(visit, other));
    let (of_one, of_other) = (of_one?, of_other?);
    let request = wire::MergeTopicsRequest { name: name.to_owned(), other: other.to_owned(), etag };
    let answer = told(visit.topic_service().merge_topics(visit.call(request)).await)?;
    let topic = answer.topic.unwrap_or_default();
    let gone = if topic.name == name { of_other } else { of_one };
    let l = visit.lang;
    let sentences = vec![l.done_merge(&show::label(&topic, l), topic.article_count)];
    let can_undo = !gone.is_empty() && gone.len() < UNDONE_MAX;
    Ok(Done { topic, sentences, undo: can_undo.then_some(Action::Split(gone)) })
}

async fn articles_of(visit: &Visit, name: &str) -> Result<Vec<String>, Failure> {
    let mut request = wire::ListTopicArticlesRequest {
        name: name.to_owned(),
        page_size: PAGE_SIZE,
        ..Default::default()
    };
    let mut names = Vec::new();
    loop {
        let call = visit.call(request.clone());
        let answer = told(visit.topic_service().list_topic_articles(call).await)?;
        let articles = answer.articles.into_iter().filter_map(|member| member.article);
        names.extend(articles.map(|article| article.name));
        if answer.next_page_token.is_empty() || names.len() >= UNDONE_MAX {
            return Ok(names);
        }
        request.page_token = answer.next_page_token;
    }
}

/// Moves articles, and remembers where each was.
async fn move_to(
    visit: &Visit,
    articles: &[String],
    to: &str,
    level: wire::TopicLevel,
) -> Result<Done, Failure> {
    let one = |article: &String| {
        let request = visit.call(wire::SearchTopicsRequest {
            target: Some(Target::Article(article.clone())),
            level: level.into(),
            limit: 1,
        });
        let mut service = visit.topic_service();
        async move { told(service.search_topics(request).await) }
    };
    let mut pairs = Vec::new();
    for (article, found) in articles.iter().zip(each(articles.iter().map(one).collect()).await) {
        let holds = found?.topics.into_iter().find(|found| found.holds_article);
        let was_in = holds.and_then(|found| found.topic).map(|topic| topic.name);
        pairs.extend(was_in.map(|was_in| (article.clone(), was_in)));
    }
    let request = wire::UpdateTopicRequest {
        name: to.to_owned(),
        add_articles: articles.to_vec(),
        ..Default::default()
    };
    let l = visit.lang;
    let sentence = l.done_move(articles.len());
    update(visit, request, &sentence, Action::Restore(pairs)).await
}

/// Moves articles back to where they were.
async fn restore(
    visit: &Visit,
    topic: &wire::Topic,
    pairs: &[(String, String)],
) -> Result<Done, Failure> {
    let mut by_topic: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (article, topic) in pairs {
        by_topic.entry(topic).or_default().push(article.clone());
    }
    for (name, add_articles) in by_topic {
        let request =
            wire::UpdateTopicRequest { name: name.to_owned(), add_articles, ..Default::default() };
        told(visit.topic_service().update_topic(visit.call(request)).await)?;
    }
    let sentences = vec![visit.lang.done_restore(pairs.len())];
    // The topic that they left may be gone.
    let now = topic::get(visit, &topic.name, wire::TopicView::Basic)
        .await
        .ok()
        .and_then(|answer| answer.topic);
    Ok(Done { topic: now.unwrap_or_else(|| topic.clone()), sentences, undo: None })
}
