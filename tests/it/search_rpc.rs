//! `SearchService`: what is found, in which order, and what is refused.

use tonic::Code;
use tonic_types::StatusExt;
use wenmai::proto::wire;
use wenmai::proto::wire::RelativeTime;
use wenmai::proto::wire::SearchMode;
use wenmai::proto::wire::find_related_articles_request::Target;

use crate::support::Running;
use crate::support::flood_and_others;
use crate::support::invalid;
use crate::support::record;
use crate::support::told;

fn search(query: &str) -> wire::SearchArticlesRequest {
    wire::SearchArticlesRequest { query: query.into(), ..Default::default() }
}

fn related(target: Target) -> wire::FindRelatedArticlesRequest {
    wire::FindRelatedArticlesRequest { target: Some(target), ..Default::default() }
}

fn titles(hits: &[wire::SearchHit]) -> Vec<&str> {
    hits.iter()
        .map(|hit| hit.article.as_ref().unwrap().record.as_ref().unwrap().title.as_str())
        .collect()
}

#[tokio::test]
async fn a_search_finds_its_words_and_says_why() {
    let running = Running::start().await;
    running.with(flood_and_others()).await;

    let answer = running.search().search_articles(search("清河防汛")).await.unwrap().into_inner();

    let best = &answer.hits[0];
    assert!(titles(&answer.hits)[0].contains("清河"));
    assert_eq!(best.rank, 1);
    assert!(best.similarity.is_some_and(|similarity| (-1.0..=1.0).contains(&similarity)));
    assert!(best.lexical_score.is_some_and(|score| score > 0.0));
    assert!(!best.matched_terms.is_empty());
    assert_eq!(best.when(), RelativeTime::Unspecified);
    assert!(best.article.as_ref().unwrap().record.as_ref().unwrap().paragraphs.is_empty());
    assert!(answer.hits.windows(2).all(|pair| pair[0].fused_score >= pair[1].fused_score));
    assert!(answer.index_version.starts_with("fake@"));
    let timings = answer.timings.unwrap();
    assert!(timings.embed.is_some() && timings.store.is_some() && timings.total.is_some());
}

#[tokio::test]
async fn each_mode_asks_its_own_legs() {
    let running = Running::start().await;
    running.with(flood_and_others()).await;
    let hits = |mode: SearchMode| {
        let request = wire::SearchArticlesRequest { mode: mode.into(), ..search("图书馆") };
        let mut client = running.search();
        async move { client.search_articles(request).await.unwrap().into_inner().hits }
    };

    let dense = hits(SearchMode::Dense).await;
    assert_eq!(dense.len(), 5);
    assert!(dense.iter().all(|hit| hit.similarity.is_some() && hit.lexical_score.is_none()));
    let lexical = hits(SearchMode::Lexical).await;
    assert_eq!(titles(&lexical), ["县图书馆新馆开放"]);
    assert!(lexical[0].similarity.is_none() && lexical[0].lexical_score.is_some());
    let hybrid = hits(SearchMode::Unspecified).await;
    assert_eq!(titles(&hybrid)[0], "县图书馆新馆开放");
    assert_eq!(titles(&hybrid), titles(&hits(SearchMode::Hybrid).await));
}

#[tokio::test]
async fn pages_of_hits_are_one_answer() {
    let running = Running::start().await;
    running
        .with((0..25).map(|n| record(&format!("清河第{n}号通报"), "水位。", 1 + n)).collect())
        .await;
    let whole = wire::SearchArticlesRequest { page_size: 100, ..search("清河通报") };
    let whole = running.search().search_articles(whole).await.unwrap().into_inner();
    assert_eq!((whole.hits.len(), whole.next_page_token.as_str()), (25, ""));

    let mut seen = Vec::new();
    let mut token = String::new();
    loop {
        let request =
            wire::SearchArticlesRequest {
                page_token: token, page_size: 4, ..search("清河通报")
            };
        let page = running.search().search_articles(request).await.unwrap().into_inner();
        seen.extend(page.hits);
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }

    assert_eq!(titles(&seen), titles(&whole.hits));
    assert!(seen.iter().map(|hit| hit.rank).eq(1..=25));
}

#[tokio::test]
async fn a_search_without_a_hit_is_empty() {
    let running = Running::start().await;
    running.with(flood_and_others()).await;
    let request =
        wire::SearchArticlesRequest { filter: "paper = 无此报".into(), ..search("清河") };
    let answer = running.search().search_articles(request).await.unwrap().into_inner();
    assert!(answer.hits.is_empty() && answer.next_page_token.is_empty());
}

#[tokio::test]
async fn bad_searches_are_refused_with_their_field() {
    let running = Running::start().await;
    running.with(flood_and_others()).await;
    let mut client = running.search();
    let paged = wire::SearchArticlesRequest { page_size: 1, ..search("清河") };
    let token = client.search_articles(paged).await.unwrap().into_inner().next_page_token;
    assert!(!token.is_empty());

    let base = search("清河");
    for (request, field) in [
        (search(""), "query"),
        (search(" \n"), "query"),
        (wire::SearchArticlesRequest { filter: "date = 昨天".into(), ..base.clone() }, "filter"),
        (wire::SearchArticlesRequest { page_size: -5, ..base.clone() }, "page_size"),
        (wire::SearchArticlesRequest { mode: 42, ..base.clone() }, "mode"),
        (wire::SearchArticlesRequest { view: 42, ..base.clone() }, "view"),
        (wire::SearchArticlesRequest { page_token: "zz".into(), ..base.clone() }, "page_token"),
        (wire::SearchArticlesRequest { page_token: token, ..search("图书馆") }, "page_token"),
    ] {
        let status = client.search_articles(request).await.unwrap_err();
        assert_eq!(told(&status), invalid(&[field]));
    }
}

#[tokio::test]
async fn a_query_over_the_limit_is_refused() {
    let running = Running::start().await;
    let mut client = running.search();
    let status = client.search_articles(search(&"问".repeat(10_001))).await.unwrap_err();
    let expected = (Code::InvalidArgument, "TEXT_TOO_LONG".to_owned(), vec!["query".to_owned()]);
    assert_eq!(told(&status), expected);
}

#[tokio::test]
async fn related_articles_leave_the_source_out_and_know_before_from_after() {
    let running = Running::start().await;
    let names = running.with(flood_and_others()).await;

    let request = related(Target::Article(names[1].clone()));
    let answer = running.search().find_related_articles(request).await.unwrap().into_inner();

    let found = |name: &String| {
        let of = |hit: &&wire::SearchHit| hit.article.as_ref().is_some_and(|a| a.name == *name);
        answer.hits.iter().find(of)
    };
    assert!(found(&names[1]).is_none());
    assert_eq!(found(&names[0]).unwrap().when(), RelativeTime::Past);
    assert_eq!(found(&names[2]).unwrap().when(), RelativeTime::Future);
    assert_eq!(found(&names[3]).unwrap().when(), RelativeTime::SameDay);
    assert!(titles(&answer.hits)[..2].iter().all(|title| title.contains("清河")));
}

#[tokio::test]
async fn an_article_that_is_not_stored_has_related_ones_too() {
    let running = Running::start().await;
    running.with(flood_and_others()).await;
    let given = record("清河再迎降雨", "清河水位上涨，防汛应急响应启动。", 9);
    let request = related(Target::Given(given));

    let answer = running.search().find_related_articles(request).await.unwrap().into_inner();

    assert!(titles(&answer.hits)[0].contains("清河"));
    assert!(answer.hits.iter().all(|hit| hit.when() == RelativeTime::Past));
    let all = running.articles().list_articles(wire::ListArticlesRequest::default()).await.unwrap();
    assert_eq!(all.into_inner().total_count, 5);
}

#[tokio::test]
async fn a_given_article_that_is_stored_is_left_out() {
    let running = Running::start().await;
    running.with(flood_and_others()).await;
    let given = flood_and_others().remove(0);
    let request = related(Target::Given(given.clone()));
    let answer = running.search().find_related_articles(request).await.unwrap().into_inner();
    assert!(!answer.hits.is_empty() && !titles(&answer.hits).contains(&given.title.as_str()));
}

#[tokio::test]
async fn bad_targets_are_refused_and_unknown_ones_not_found() {
    let running = Running::start().await;
    let mut client = running.search();
    let none = wire::FindRelatedArticlesRequest::default();
    let status = client.find_related_articles(none).await.unwrap_err();
    assert_eq!(told(&status), invalid(&["target"]));
    let status =
        client.find_related_articles(related(Target::Article("x".into()))).await.unwrap_err();
    assert_eq!(told(&status), invalid(&["article"]));
    let empty = related(Target::Given(wire::ArticleRecord::default()));
    let status = client.find_related_articles(empty).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    let unknown = wire::ArticleRecord { kind: 31, ..record("题", "文。", 1) };
    let status = client.find_related_articles(related(Target::Given(unknown))).await.unwrap_err();
    assert_eq!(told(&status), invalid(&["given.kind"]));

    let nobody = "articles/00000000-0000-5000-8000-000000000000";
    let request = related(Target::Article(nobody.into()));
    let status = client.find_related_articles(request).await.unwrap_err();
    assert_eq!(told(&status), (Code::NotFound, "ARTICLE_NOT_FOUND".into(), vec![]));
    assert_eq!(status.get_details_resource_info().unwrap().resource_name, nobody);
}

#[tokio::test]
async fn the_bundled_model_and_the_embedded_store_find_the_story() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::bundled(folder.path()).await;
    let names = running.with(flood_and_others()).await;

    let request = related(Target::Article(names[0].clone()));
    let answer = running.search().find_related_articles(request).await.unwrap().into_inner();
    assert!(titles(&answer.hits)[..2].iter().all(|title| title.contains("清河")));

    let answer = running.search().search_articles(search("洪水")).await.unwrap().into_inner();
    assert!(!answer.hits.is_empty());
}
