//! `ArticleService`: store, read, list, delete; pages.

use std::collections::BTreeSet;

use prost_types::Timestamp;
use tonic::Code;
use tonic_types::StatusExt;
use wenmai::proto::wire;

use crate::support::Running;
use crate::support::flood_and_others;
use crate::support::invalid;
use crate::support::record;
use crate::support::told;

/// A name that is well formed and of nothing.
const NOBODY: &str = "articles/00000000-0000-5000-8000-000000000000";

fn get(name: &str) -> wire::GetArticleRequest {
    wire::GetArticleRequest { name: name.to_owned(), ..Default::default() }
}

fn batch(articles: Vec<wire::ArticleRecord>) -> wire::BatchUpsertArticlesRequest {
    wire::BatchUpsertArticlesRequest { articles }
}

fn list(page_size: i32, page_token: &str, filter: &str) -> wire::ListArticlesRequest {
    let (page_token, filter) = (page_token.to_owned(), filter.to_owned());
    wire::ListArticlesRequest { page_size, page_token, filter, view: 0 }
}

#[tokio::test]
async fn a_stored_article_comes_back_whole_with_the_times_of_its_storing() {
    let running = Running::start().await;
    let mut sent = record("清河水位回落", "降雨停止。", 6);
    sent.captions = vec![wire::Caption { text: "图".into(), credit: "李四".into() }];
    sent.order_on_page = Some(0);
    let names = running.with(vec![sent.clone()]).await;

    let answer = running.articles().get_article(get(&names[0])).await.unwrap().into_inner();

    let article = answer.article.unwrap();
    assert_eq!(article.name, names[0]);
    sent.kind = wire::ArticleKind::News.into();
    assert_eq!(article.record, Some(sent));
    assert!(article.create_time.unwrap().seconds > 1_700_000_000);
    assert_eq!(article.create_time, article.update_time);
    assert!(answer.index_version.starts_with("fake@"));
    assert!(answer.timings.unwrap().total.is_some());
}

#[tokio::test]
async fn storing_again_changes_nothing_and_a_correction_replaces() {
    let running = Running::start().await;
    let mut sent = record("清河水位回落", "降雨停止。", 6);
    sent.source_id = "a-1".into();
    let outcome = |sent: wire::ArticleRecord| {
        let mut articles = running.articles();
        async move {
            let answer = articles.batch_upsert_articles(batch(vec![sent])).await.unwrap();
            answer.into_inner().articles[0].outcome()
        }
    };

    assert_eq!(outcome(sent.clone()).await, wire::IngestOutcome::Created);
    assert_eq!(outcome(sent.clone()).await, wire::IngestOutcome::Unchanged);
    sent.title = "清河水位回落，更正".into();
    assert_eq!(outcome(sent).await, wire::IngestOutcome::Updated);
    let all = running.articles().list_articles(list(0, "", "")).await.unwrap().into_inner();
    assert_eq!(all.total_count, 1);
}

#[tokio::test]
async fn the_basic_view_leaves_paragraphs_and_captions_out() {
    let running = Running::start().await;
    let names = running.with(flood_and_others()).await;

    let request = wire::GetArticleRequest { view: 1, ..get(&names[0]) };
    let basic = running.articles().get_article(request).await.unwrap().into_inner();
    let record = basic.article.unwrap().record.unwrap();
    assert!(!record.title.is_empty() && record.paragraphs.is_empty());

    let all = running.articles().list_articles(list(0, "", "")).await.unwrap().into_inner();
    assert!(all.articles.iter().all(|a| a.record.as_ref().unwrap().paragraphs.is_empty()));
    let request = wire::ListArticlesRequest { view: 2, ..list(0, "", "") };
    let all = running.articles().list_articles(request).await.unwrap().into_inner();
    assert!(all.articles.iter().all(|a| !a.record.as_ref().unwrap().paragraphs.is_empty()));
}

#[tokio::test]
async fn what_is_not_stored_is_not_found_by_name() {
    let running = Running::start().await;
    let delete = wire::DeleteArticleRequest { name: NOBODY.into() };
    let failures = [
        running.articles().get_article(get(NOBODY)).await.unwrap_err(),
        running.articles().delete_article(delete).await.unwrap_err(),
    ];
    for status in failures {
        assert_eq!(told(&status), (Code::NotFound, "ARTICLE_NOT_FOUND".into(), vec![]));
        let resource = status.get_details_resource_info().unwrap();
        assert_eq!(resource.resource_name, NOBODY);
        assert_eq!(resource.resource_type, "wenmai.v1.Article");
    }
}

#[tokio::test]
async fn a_deleted_article_is_gone() {
    let running = Running::start().await;
    let names = running.with(flood_and_others()).await;
    let delete = wire::DeleteArticleRequest { name: names[1].clone() };

    running.articles().delete_article(delete).await.unwrap();

    let status = running.articles().get_article(get(&names[1])).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    running.articles().get_article(get(&names[0])).await.unwrap();
}

#[tokio::test]
async fn names_views_and_enum_numbers_that_are_none_are_refused_with_their_field() {
    let running = Running::start().await;
    let mut articles = running.articles();
    for name in ["", "articles/", "articles/1", "topics/00000000-0000-5000-8000-000000000000"] {
        let status = articles.get_article(get(name)).await.unwrap_err();
        assert_eq!(told(&status), invalid(&["name"]), "{name}");
    }
    let request = wire::GetArticleRequest { view: 9, ..get(NOBODY) };
    let status = articles.get_article(request).await.unwrap_err();
    assert_eq!(told(&status), invalid(&["view"]));

    let mut unknown = record("题", "文。", 1);
    unknown.kind = 99;
    let mut no_time = record("题", "文。", 1);
    no_time.publish_time = Some(Timestamp { seconds: i64::MAX, nanos: 0 });
    let request = batch(vec![record("好", "好。", 1), unknown, no_time]);
    let status = articles.batch_upsert_articles(request).await.unwrap_err();
    assert_eq!(told(&status), invalid(&["articles[1].kind", "articles[2].publish_time"]));
}

#[tokio::test]
async fn a_list_covers_everything_once_in_order() {
    let running = Running::start().await;
    let sent: Vec<_> = (0..23).map(|n| record(&format!("第{n}条"), "正文。", 1 + n)).collect();
    let expected: BTreeSet<String> = running.with(sent).await.into_iter().collect();

    let mut seen = Vec::new();
    let mut token = String::new();
    loop {
        // The size may change from page to page.
        let size = if seen.is_empty() { 5 } else { 7 };
        let request = list(size, &token, "");
        let page = running.articles().list_articles(request).await.unwrap().into_inner();
        assert_eq!(page.total_count, 23);
        seen.extend(page.articles.into_iter().map(|article| article.name));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }

    assert_eq!(seen, expected.into_iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_list_keeps_to_its_filter_and_counts_what_passes() {
    let running = Running::start().await;
    running.with(flood_and_others()).await;
    let request = list(0, "", "paper = 清河日报 AND date >= 2025-03-05");
    let page = running.articles().list_articles(request).await.unwrap().into_inner();
    assert_eq!((page.articles.len(), page.total_count), (2, 2));
}

#[tokio::test]
async fn bad_filters_sizes_and_tokens_are_refused_with_their_field() {
    let running = Running::start().await;
    running.with(flood_and_others()).await;
    let mut articles = running.articles();
    let first = articles.list_articles(list(2, "", "")).await.unwrap().into_inner();
    let token = first.next_page_token;

    for (request, field) in [
        (list(0, "", "autor = 甲"), "filter"),
        (list(-1, "", ""), "page_size"),
        (list(2, "nonsense", ""), "page_token"),
        (list(2, &token, "kind = news"), "page_token"),
        (list(2, &token.replace(['1', '2'], "3"), ""), "page_token"),
    ] {
        let status = articles.list_articles(request).await.unwrap_err();
        assert_eq!(told(&status), invalid(&[field]));
    }
    articles.list_articles(list(2, &token, "")).await.unwrap();
    // More than the most is the most, not an error.
    articles.list_articles(list(i32::MAX, "", "")).await.unwrap();
}

#[tokio::test]
async fn one_bad_article_keeps_a_whole_batch_out() {
    let running = Running::start().await;
    let request =
        batch(vec![record("好", "好。", 1), record("", "无题。", 1), record("无文", "", 1)]);

    let status = running.articles().batch_upsert_articles(request).await.unwrap_err();

    assert_eq!(told(&status), invalid(&["articles[1].title", "articles[2].paragraphs"]));
    let all = running.articles().list_articles(list(0, "", "")).await.unwrap().into_inner();
    assert_eq!(all.total_count, 0);
}

#[tokio::test]
async fn two_records_of_one_name_in_a_batch_are_refused() {
    let running = Running::start().await;
    let request =
        batch(vec![record("同", "文。", 1), record("异", "文。", 1), record("同", "文。", 1)]);
    let status = running.articles().batch_upsert_articles(request).await.unwrap_err();
    assert_eq!(told(&status), invalid(&["articles[2]"]));
}

#[tokio::test]
async fn an_empty_batch_and_one_over_the_limit_are_refused() {
    let running = Running::start().await;
    let mut articles = running.articles();
    let status = articles.batch_upsert_articles(batch(Vec::new())).await.unwrap_err();
    assert_eq!(told(&status), invalid(&["articles"]));

    let many = (0..1_001).map(|n| record(&format!("第{n}条"), "正文。", 1)).collect();
    let status = articles.batch_upsert_articles(batch(many)).await.unwrap_err();
    assert_eq!(told(&status), (Code::InvalidArgument, "BATCH_TOO_LARGE".into(), vec![]));
    let metadata = status.get_details_error_info().unwrap().metadata;
    assert_eq!((metadata["limit"].as_str(), metadata["given"].as_str()), ("1000", "1001"));
}

#[tokio::test]
async fn a_text_over_the_limit_says_limit_and_size() {
    let running = Running::start().await;
    let long = "长".repeat(700_000);
    let status = running
        .articles()
        .batch_upsert_articles(batch(vec![record("题", &long, 1)]))
        .await
        .unwrap_err();
    let fields = vec!["articles[0].paragraphs".to_owned()];
    assert_eq!(told(&status), (Code::InvalidArgument, "TEXT_TOO_LONG".into(), fields));
    let metadata = status.get_details_error_info().unwrap().metadata;
    assert_eq!((metadata["limit"].as_str(), metadata["given"].as_str()), ("2097152", "2100000"));

    let request = wire::ParsePageRequest { text: long, issue: None, file: None };
    let status = running.articles().parse_page(request).await.unwrap_err();
    let expected = (Code::InvalidArgument, "TEXT_TOO_LONG".into(), vec!["text".to_owned()]);
    assert_eq!(told(&status), expected);
}

#[tokio::test]
async fn a_message_over_the_limit_is_refused_as_such() {
    let running = Running::start().await;
    let huge = record("题", &"长".repeat(1_400_000), 1);
    let status = running.articles().batch_upsert_articles(batch(vec![huge])).await.unwrap_err();
    assert_eq!(told(&status), (Code::ResourceExhausted, "MESSAGE_TOO_LARGE".into(), vec![]));
}

#[tokio::test]
async fn a_page_is_parsed_with_spans_in_characters_and_nothing_is_stored() {
    let running = Running::start().await;
    let text = page();
    let request = wire::ParsePageRequest { text: text.clone(), issue: Some(issue()), file: None };

    let answer = running.articles().parse_page(request).await.unwrap().into_inner();

    let article = &answer.articles[0];
    let title = article.spans.as_ref().unwrap().title[0];
    let (start, end) = (title.start_char as usize, title.end_char as usize);
    let named: String = text.chars().skip(start).take(end - start).collect();
    assert_eq!(named, article.record.as_ref().unwrap().title);
    let all = running.articles().list_articles(list(0, "", "")).await.unwrap().into_inner();
    assert_eq!(all.total_count, 0);
}

#[tokio::test]
async fn the_articles_of_an_ingested_page_can_be_read() {
    let running = Running::start().await;
    let request =
        wire::IngestPageRequest { text: page(), issue: Some(issue()), ..Default::default() };

    let answer = running.articles().ingest_page(request).await.unwrap().into_inner();

    let mut stored = 0;
    for article in answer.articles {
        let parsed = article.parsed.unwrap();
        if let Some(wire::page_article::Outcome::Ingested(ingested)) = article.outcome {
            assert_eq!(ingested.name, parsed.name);
            let found = running.articles().get_article(get(&ingested.name)).await.unwrap();
            let record = found.into_inner().article.unwrap().record.unwrap();
            assert_eq!(record.paper, "清河日报");
            // Midnight of 8 September in China.
            assert_eq!(record.publish_time.unwrap().to_string(), "2025-09-07T16:00:00Z");
            stored += 1;
        }
    }
    assert!(stored > 0);
}

#[tokio::test]
async fn articles_that_the_parser_is_not_sure_of_are_held_back_if_that_is_asked() {
    let running = Running::start().await;
    // The page holds the character at which the fake model waits.
    running.gate.open();
    let page = || include_str!("../fixtures/pages/qinghe-20250908-p1.md").to_owned();
    let mut articles = running.articles();
    let parse = wire::ParsePageRequest { text: page(), issue: Some(issue()), file: None };
    let parsed = articles.parse_page(parse).await.unwrap().into_inner();
    let is_article = |article: &&wire::ParsedArticle| {
        let kind = article.record.as_ref().unwrap().kind();
        !matches!(kind, wire::ArticleKind::Teaser | wire::ArticleKind::Staff)
    };
    let mut sure: Vec<f32> =
        parsed.articles.iter().filter(is_article).filter_map(|one| one.confidence).collect();
    sure.sort_by(f32::total_cmp);
    let (least, most) = (sure[0], *sure.last().unwrap());
    assert!(least < most, "{sure:?}");
    let ask = |min_confidence| wire::IngestPageRequest {
        text: page(),
        issue: Some(issue()),
        min_confidence,
        ..Default::default()
    };

    let answer = articles.ingest_page(ask(Some(most))).await.unwrap().into_inner();

    let (mut held, mut stored) = (0, 0);
    for article in &answer.articles {
        let confidence = article.parsed.as_ref().unwrap().confidence.unwrap_or(1.0);
        match &article.outcome {
            Some(wire::page_article::Outcome::Held(one)) => {
                assert!(one.confidence < most && one.confidence.to_bits() == confidence.to_bits());
                held += 1;
            }
            Some(wire::page_article::Outcome::Ingested(_)) => {
                assert!(confidence >= most);
                stored += 1;
            }
            other => assert!(other.is_none(), "{other:?}"),
        }
    }
    assert!(held > 0 && held + stored == sure.len(), "{held} {stored} {sure:?}");
    assert_eq!(answer.doubts, parsed.doubts);
    let all = articles.list_articles(list(0, "", "")).await.unwrap().into_inner();
    assert_eq!(all.total_count, stored as u64);
    let rest = articles.ingest_page(ask(None)).await.unwrap().into_inner();
    let is_held = |article: &wire::PageArticle| {
        matches!(article.outcome, Some(wire::page_article::Outcome::Held(_)))
    };
    assert!(!rest.articles.iter().any(is_held));
    for wrong in [-0.1, 1.5, f32::NAN] {
        let status = articles.ingest_page(ask(Some(wrong))).await.unwrap_err();
        assert_eq!(told(&status), invalid(&["min_confidence"]), "{wrong}");
    }
}

#[tokio::test]
async fn pages_without_text_and_days_that_are_none_are_refused() {
    let running = Running::start().await;
    let mut articles = running.articles();
    for text in ["", " \n ", "\0\0"] {
        let request = wire::ParsePageRequest { text: text.into(), issue: None, file: None };
        let status = articles.parse_page(request).await.unwrap_err();
        assert_eq!(told(&status), invalid(&["text"]), "{text:?}");
    }
    let date = Some(wire::Date { year: 2025, month: 13, day: 1 });
    let issue = Some(wire::Issue { date, ..issue() });
    let request = wire::IngestPageRequest { text: page(), issue, ..Default::default() };
    let status = articles.ingest_page(request).await.unwrap_err();
    assert_eq!(told(&status), invalid(&["issue.date"]));
}

#[tokio::test]
async fn an_embedded_store_keeps_what_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::bundled(folder.path()).await;
    let names = running.with(flood_and_others()).await;
    running.stop().await.unwrap();

    let again = Running::bundled(folder.path()).await;

    let all = again.articles().list_articles(list(0, "", "")).await.unwrap().into_inner();
    let kept: BTreeSet<String> = all.articles.into_iter().map(|article| article.name).collect();
    assert_eq!(kept, names.into_iter().collect());
}

fn issue() -> wire::Issue {
    wire::Issue {
        paper: "清河日报".into(),
        date: Some(wire::Date { year: 2025, month: 9, day: 8 }),
        page_no: 1,
        page_name: "要闻".into(),
        ..Default::default()
    }
}

fn page() -> String {
    "# 清河水位回落 防汛应急响应解除\n\n\
     本报讯（记者 张三） 9月7日，记者从县防汛办获悉，清河水位已回落到警戒线以下，防汛应急响应解除。\n\n\
     连日来，全县干部群众昼夜巡堤，未发生一处险情。\n"
        .to_owned()
}
