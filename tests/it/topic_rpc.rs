//! `TopicService` over the wire: pages, filters, edits with etags, the change feed.

use std::collections::BTreeSet;

use tonic::Code;
use wenmai::proto::wire;
use wenmai::proto::wire::search_topics_request::Target;
use wenmai::proto::wire::watch_topics_response::Change;

use crate::support;
use crate::support::Running;
use crate::support::flood_and_others;
use crate::support::invalid;
use crate::support::told;

/// Articles in topics of their own, so that what is asked does not hang on what is similar.
fn apart(count: usize) -> Vec<wire::ArticleRecord> {
    // To the fake model no two of these are alike.
    let names = ["甲", "乙", "丁", "戊", "辛", "壬"];
    let text = |name: &&str| name.repeat(20);
    (1..)
        .zip(names.iter().take(count))
        .map(|(day, name)| support::record(&text(name), &text(name), day))
        .collect()
}

async fn settled(server: &Running, records: Vec<wire::ArticleRecord>) -> Vec<String> {
    let count = records.len() as u64;
    let names = server.with(records).await;
    // The feed says when everything is placed: no clock, no guess.
    let request = wire::WatchTopicsRequest { since_version: 0 };
    let mut changes = server.topics().watch_topics(request).await.unwrap().into_inner();
    let mut placed = 0;
    while placed < count {
        let change = changes.message().await.unwrap().unwrap();
        placed += u64::from(matches!(change.change, Some(Change::Assigned(_))));
    }
    names
}

async fn stories(server: &Running) -> Vec<wire::Topic> {
    let request = wire::ListTopicsRequest { page_size: 100, ..Default::default() };
    server.topics().list_topics(request).await.unwrap().into_inner().topics
}

#[tokio::test]
async fn pages_hold_every_topic_once() {
    let server = Running::start().await;
    settled(&server, apart(5)).await;
    let mut request = wire::ListTopicsRequest { page_size: 2, ..Default::default() };
    let mut seen = Vec::new();
    loop {
        let page = server.topics().list_topics(request.clone()).await.unwrap().into_inner();
        assert_eq!(page.total_count, 5);
        assert_eq!((page.pending_count, page.topics_version), (0, 5));
        seen.extend(page.topics.into_iter().map(|topic| topic.name));
        request.page_token = page.next_page_token;
        if request.page_token.is_empty() {
            break;
        }
    }
    assert_eq!((seen.len(), seen.iter().collect::<BTreeSet<_>>().len()), (5, 5));
    let other = wire::ListTopicsRequest { page_token: "00".into(), ..Default::default() };
    let status = server.topics().list_topics(other).await.unwrap_err();
    assert_eq!(told(&status), invalid(&["page_token"]));
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_topic_shows_its_articles_events_and_days() {
    let server = Running::start().await;
    let names = settled(&server, flood_and_others()).await;
    let request = wire::SearchTopicsRequest {
        target: Some(Target::Article(names[3].clone())),
        ..Default::default()
    };
    let found = server.topics().search_topics(request).await.unwrap().into_inner().topics;
    assert!(found[0].holds_article);
    let name = found[0].topic.clone().unwrap().name;
    let request = wire::GetTopicRequest { name: name.clone(), ..Default::default() };
    let answer = server.topics().get_topic(request).await.unwrap().into_inner();
    let topic = answer.topic.unwrap();
    assert_eq!(topic.level(), wire::TopicLevel::Story);
    assert!(topic.article_count >= 1 && !topic.label.is_empty() && !topic.keywords.is_empty());
    let days: u32 = topic.days.iter().map(|day| day.count).sum();
    assert_eq!(days, topic.article_count);
    assert_eq!(topic.sources[0].source, "清河日报");
    assert_eq!(topic.event_count as usize, answer.events.len());
    assert!(answer.events.iter().all(|event| event.story == name));
    let request = wire::ListTopicArticlesRequest { name: name.clone(), ..Default::default() };
    let members = server.topics().list_topic_articles(request).await.unwrap().into_inner();
    assert_eq!(members.articles.len(), topic.article_count as usize);
    assert!(members.articles.iter().any(|one| one.article.as_ref().unwrap().name == names[3]));
    let request = wire::GetTopicTimelineRequest { name, limit: 0 };
    let timeline = server.topics().get_topic_timeline(request).await.unwrap().into_inner();
    assert_eq!(timeline.entries[0].date.unwrap().year, 2025);
    let request = wire::GetTrendingRequest::default();
    let trending = server.topics().get_trending(request).await.unwrap().into_inner().topics;
    assert!(trending.iter().all(|topic| topic.burst > 0.0) && !trending.is_empty());
    server.stop().await.unwrap();
}

#[tokio::test]
async fn as_much_of_a_topic_is_told_as_is_asked_for() {
    let server = Running::start().await;
    let names = settled(&server, flood_and_others()).await;
    let request = wire::GetArticleRequest { name: names[0].clone(), ..Default::default() };
    let plain = server.articles().get_article(request.clone()).await.unwrap().into_inner();
    assert_eq!((plain.event, plain.story), (None, None));
    let request = wire::GetArticleRequest { with_topics: true, ..request };
    let placed = server.articles().get_article(request).await.unwrap().into_inner();
    let (event, story) = (placed.event.unwrap(), placed.story.unwrap());
    assert_eq!((event.level(), &event.story), (wire::TopicLevel::Event, &story.name));
    let ask = |view: wire::TopicView| {
        let mut topics = server.topics();
        let request = wire::GetTopicRequest { name: story.name.clone(), view: view.into() };
        async move { topics.get_topic(request).await.unwrap().into_inner() }
    };
    let full = ask(wire::TopicView::Unspecified).await;
    assert_eq!(full.topic.as_ref(), Some(&story));
    assert!(!full.events.is_empty() && !full.related.is_empty());
    let basic = ask(wire::TopicView::Basic).await;
    assert!(basic.events.is_empty() && basic.related.is_empty());
    let events = ask(wire::TopicView::Events).await;
    assert_eq!((events.events, events.related.len()), (full.events, 0));
    let unknown = wire::GetTopicRequest { name: story.name, view: 9 };
    let status = server.topics().get_topic(unknown).await.unwrap_err();
    assert_eq!(told(&status), invalid(&["view"]));
    server.stop().await.unwrap();
}

#[tokio::test]
async fn periods_and_filters_choose_topics() {
    let server = Running::start().await;
    let mut records = apart(5);
    // Of five stories of five days, the second and the fourth stand in a section, the fourth comments.
    for at in [1, 3] {
        records[at].section = "时评".into();
    }
    records[3].kind = wire::ArticleKind::Comment.into();
    settled(&server, records).await;
    let day = |day| Some(wire::Date { year: 2025, month: 3, day });
    let ask = |request| {
        let mut topics = server.topics();
        async move { topics.list_topics(request).await.map(|answer| answer.into_inner().topics.len()) }
    };
    let request = wire::ListTopicsRequest { from: day(2), to: day(4), ..Default::default() };
    assert_eq!(ask(request).await.unwrap(), 3);
    let request = wire::ListTopicsRequest { filter: "size >= 2".into(), ..Default::default() };
    assert_eq!(ask(request).await.unwrap(), 0);
    let filter = "source = 清河日报 AND -status = closed".to_owned();
    let request = wire::ListTopicsRequest { filter, ..Default::default() };
    assert_eq!(ask(request).await.unwrap(), 5);
    for (filter, period, count) in [
        ("section = 时评", None, 2),
        ("section = 时评", day(4), 1),
        ("kind = comment", None, 1),
        ("kind = comment", day(5), 0),
        ("-kind = comment AND section = 时评", None, 1),
        ("section = 要闻", None, 0),
        ("kind != news", None, 1),
    ] {
        let request =
            wire::ListTopicsRequest { filter: filter.into(), from: period, ..Default::default() };
        assert_eq!(ask(request).await.unwrap(), count, "{filter} {period:?}");
    }
    for (request, field) in [
        (wire::ListTopicsRequest { filter: "kind = poem".into(), ..Default::default() }, "filter"),
        (wire::ListTopicsRequest { filter: "colour = 1".into(), ..Default::default() }, "filter"),
        (wire::ListTopicsRequest { level: 9, ..Default::default() }, "level"),
        (wire::ListTopicsRequest { order: 9, ..Default::default() }, "order"),
        (wire::ListTopicsRequest { page_size: -1, ..Default::default() }, "page_size"),
        (wire::ListTopicsRequest { from: day(4), to: day(2), ..Default::default() }, "to"),
        (wire::ListTopicsRequest { from: day(40), ..Default::default() }, "from"),
    ] {
        assert_eq!(told(&ask(request).await.unwrap_err()), invalid(&[field]));
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn edits_are_obeyed_and_stale_ones_aborted() {
    let server = Running::start().await;
    let names = settled(&server, apart(3)).await;
    let topics = stories(&server).await;
    let (first, second) = (topics[0].clone(), topics[1].clone());
    let merge = |name: &str, other: &str, etag: &str| wire::MergeTopicsRequest {
        name: name.into(),
        other: other.into(),
        etag: etag.into(),
    };
    let status = server.topics().merge_topics(merge(&first.name, &first.name, "")).await;
    assert_eq!(told(&status.unwrap_err()), invalid(&["other"]));
    let status = server.topics().merge_topics(merge(&first.name, &second.name, "ffff")).await;
    let status = status.unwrap_err();
    assert_eq!((status.code(), told(&status).1.as_str()), (Code::Aborted, "STALE_REVISION"));
    let request = merge(&first.name, &second.name, &first.etag);
    let kept = server.topics().merge_topics(request).await.unwrap().into_inner().topic.unwrap();
    assert_eq!(kept.article_count, 2);
    for name in [&first.name, &second.name] {
        let request = wire::GetTopicRequest { name: name.clone(), ..Default::default() };
        let topic = server.topics().get_topic(request).await.unwrap().into_inner().topic;
        assert_eq!(topic.unwrap().name, kept.name);
    }
    let split = |articles: Vec<String>| wire::SplitTopicRequest {
        name: kept.name.clone(),
        articles,
        etag: String::new(),
    };
    let members = wire::ListTopicArticlesRequest { name: kept.name.clone(), ..Default::default() };
    let members = server.topics().list_topic_articles(members).await.unwrap().into_inner();
    let members: Vec<String> =
        members.articles.into_iter().map(|one| one.article.unwrap().name).collect();
    let status = server.topics().split_topic(split(members.clone())).await.unwrap_err();
    assert_eq!(told(&status), invalid(&["articles"]));
    let request = split(members[..1].to_vec());
    let parts = server.topics().split_topic(request).await.unwrap().into_inner();
    assert_eq!(parts.new_topic.unwrap().article_count, 1);
    assert_eq!(parts.rest.unwrap().name, kept.name);
    let request = wire::UpdateTopicRequest {
        name: kept.name.clone(),
        label: Some("新名".into()),
        is_pinned: Some(true),
        add_articles: names,
        etag: String::new(),
    };
    let now = server.topics().update_topic(request).await.unwrap().into_inner().topic.unwrap();
    assert_eq!((now.label.as_str(), now.is_pinned, now.article_count), ("新名", true, 3));
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_topic_that_never_was_is_not_found() {
    let server = Running::start().await;
    let name = "topics/c174aa86-0e0f-56a2-bf76-b0257d19e985".to_owned();
    let status =
        server.topics().get_topic(wire::GetTopicRequest { name, view: 0 }).await.unwrap_err();
    assert_eq!((status.code(), told(&status).1.as_str()), (Code::NotFound, "TOPIC_NOT_FOUND"));
    let request = wire::GetTopicRequest { name: "articles/1".into(), view: 0 };
    let status = server.topics().get_topic(request).await.unwrap_err();
    assert_eq!(told(&status), invalid(&["name"]));
    let request = wire::SearchTopicsRequest::default();
    let status = server.topics().search_topics(request).await.unwrap_err();
    assert_eq!(told(&status), invalid(&["target"]));
    let request = wire::ClusterArticlesRequest { articles: vec!["x".into()], ..Default::default() };
    let status = server.topics().cluster_articles(request).await.unwrap_err();
    assert_eq!(told(&status), invalid(&["articles[0]"]));
    server.stop().await.unwrap();
}

#[tokio::test]
async fn the_feed_goes_on_where_a_client_left_it() {
    let server = Running::start().await;
    settled(&server, apart(4)).await;
    let watch = |since_version| {
        let request = wire::WatchTopicsRequest { since_version };
        let mut client = server.topics();
        async move { client.watch_topics(request).await.map(tonic::Response::into_inner) }
    };
    let mut changes = watch(2).await.unwrap();
    for version in 3..=4 {
        let change = changes.message().await.unwrap().unwrap();
        assert_eq!(change.version, version);
        assert!(matches!(change.change, Some(Change::Assigned(_))));
        assert!(!change.labelled[0].label.is_empty());
    }
    // What happens from now on follows.
    let topics = stories(&server).await;
    let request = wire::MergeTopicsRequest {
        name: topics[0].name.clone(),
        other: topics[1].name.clone(),
        etag: String::new(),
    };
    server.topics().merge_topics(request).await.unwrap();
    let change = changes.message().await.unwrap().unwrap();
    assert_eq!(change.version, 5);
    assert!(matches!(change.change, Some(Change::Merged(_))));
    let status = watch(6).await.unwrap_err();
    assert_eq!(told(&status), invalid(&["since_version"]));
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_client_that_stops_reading_keeps_nobody_waiting() {
    let server = Running::start().await;
    let request = wire::WatchTopicsRequest { since_version: 0 };
    let mut silent = server.topics().watch_topics(request).await.unwrap().into_inner();
    let many = (0..600_i64).map(|number| {
        let text = format!("{}号公告：{}", number, "清河县公告正文。".repeat(10));
        let record = support::record(&text, &text, 1 + number % 28);
        wire::ArticleRecord { source: "网".into(), source_id: number.to_string(), ..record }
    });
    let many: Vec<wire::ArticleRecord> = many.collect();
    for batch in many.chunks(200) {
        server.with(batch.to_vec()).await;
    }
    // Everybody else is answered, and the silent one still gets all in order.
    while stories_pending(&server).await > 0 {
        tokio::task::yield_now().await;
    }
    for version in 1..=600 {
        assert_eq!(silent.message().await.unwrap().unwrap().version, version);
    }
    server.stop().await.unwrap();
}

async fn stories_pending(server: &Running) -> u64 {
    let request = wire::ListTopicsRequest { page_size: 1, ..Default::default() };
    server.topics().list_topics(request).await.unwrap().into_inner().pending_count
}

#[tokio::test]
async fn a_feed_ends_when_the_service_does() {
    let server = Running::start().await;
    let request = wire::WatchTopicsRequest { since_version: 0 };
    let mut changes = server.topics().watch_topics(request).await.unwrap().into_inner();
    let ended = server.begin_stop();
    let status = changes.message().await.unwrap_err();
    assert_eq!((status.code(), told(&status).1.as_str()), (Code::Unavailable, "DRAINING"));
    ended.await.unwrap().unwrap();
}
