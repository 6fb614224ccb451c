//! `SuggestQueries`, and what a search says of what may have been meant.

use tonic::Code;
use wenmai::proto::wire;
use wenmai::proto::wire::SuggestionKind;
use wenmai::proto::wire::SuggestionMatch;

use crate::support::Running;
use crate::support::record;
use crate::support::told;

fn typed(text: &str) -> wire::SuggestQueriesRequest {
    wire::SuggestQueriesRequest { text: text.into(), wait: true, ..Default::default() }
}

fn search(query: &str) -> wire::SearchArticlesRequest {
    wire::SearchArticlesRequest { query: query.into(), ..Default::default() }
}

fn articles() -> Vec<wire::ArticleRecord> {
    vec![
        record(
            "外卖骑手王莆中救起落水老人",
            "清河县外卖骑手王莆中昨日跳河救人。王莆中说，换了谁都会救。",
            12,
        ),
        record("王莆中获评清河好人", "外卖骑手王莆中表示，自己只是做了该做的事。", 13),
        record("清河大桥今日通车", "大桥全长一千二百米。", 14),
    ]
}

async fn suggest(running: &Running, text: &str) -> wire::SuggestQueriesResponse {
    running.search().suggest_queries(typed(text)).await.unwrap().into_inner()
}

fn texts(answer: &wire::SuggestQueriesResponse) -> Vec<&str> {
    answer.suggestions.iter().map(|one| one.text.as_str()).collect()
}

#[tokio::test]
async fn names_and_headlines_are_completed_by_characters_and_pinyin() {
    let running = Running::start().await;
    running.with(articles()).await;

    let answer = suggest(&running, "王").await;
    assert_eq!(answer.article_count, Some(3));
    let first = &answer.suggestions[0];
    assert_eq!((first.text.as_str(), first.kind()), ("王莆中", SuggestionKind::Person));
    assert_eq!((first.article_count, first.r#match()), (2, SuggestionMatch::Text));
    assert_eq!(texts(&suggest(&running, "qinghedaq").await), ["清河大桥今日通车"]);
    let by_sound = suggest(&running, "wpz").await;
    assert_eq!(by_sound.suggestions[0].text, "王莆中");
    assert_eq!(by_sound.suggestions[0].r#match(), SuggestionMatch::Sound);
}

#[tokio::test]
async fn what_is_written_and_deleted_is_followed() {
    let running = Running::start().await;
    let names = running.with(articles()).await;
    assert_eq!(texts(&suggest(&running, "清河大桥").await), ["清河大桥今日通车"]);

    running.with(vec![record("清河大桥封闭检修", "为期三天。", 20)]).await;
    let request = wire::DeleteArticleRequest { name: names[2].clone() };
    running.articles().delete_article(request).await.unwrap();

    assert_eq!(texts(&suggest(&running, "清河大桥").await), ["清河大桥封闭检修"]);
}

#[tokio::test]
async fn a_mistyped_query_is_answered_with_what_may_have_been_meant() {
    let running = Running::start().await;
    running.with(articles()).await;
    suggest(&running, "外").await;
    for (query, meant) in
        [("王蒲中", "王莆中"), ("wangpuzhong", "王莆中"), ("王蒲中 救人", "王莆中 救人")]
    {
        let answer = running.search().search_articles(search(query)).await.unwrap().into_inner();
        assert_eq!(answer.corrections[0].query, meant, "{query}");
        let part = &answer.corrections[0].parts[0];
        assert_eq!((part.meant.as_str(), part.article_count), ("王莆中", 2), "{query}");
        assert_eq!(part.place.unwrap().start_char, 0, "{query}");
    }
    for query in ["王莆中", "大桥", "落水", "一千二百米"] {
        let answer = running.search().search_articles(search(query)).await.unwrap().into_inner();
        assert_eq!(answer.corrections, [], "{query}");
    }
}

#[tokio::test]
async fn days_and_names_are_offered_as_conditions_and_not_applied() {
    let running = Running::start().await;
    running.with(articles()).await;
    suggest(&running, "外").await;
    let as_of = Some(wire::Date { year: 2024, month: 3, day: 14 });
    let request = wire::SearchArticlesRequest { as_of, ..search("上周 王莆中 救人") };

    let answer = running.search().search_articles(request).await.unwrap().into_inner();

    let offered: Vec<&str> = answer.offers.iter().map(|one| one.condition.as_str()).collect();
    assert_eq!(offered, ["date:2024-03-04..2024-03-10", "person:王莆中"]);
    assert_eq!(answer.offers[0].query, "date:2024-03-04..2024-03-10 王莆中 救人");
    assert!(!answer.hits.is_empty());
    let follow = search(&answer.offers[1].query);
    let narrowed = running.search().search_articles(follow).await.unwrap().into_inner();
    assert!(!narrowed.hits.is_empty());
}

#[tokio::test]
async fn texts_of_any_kind_are_answered_in_bounded_time() {
    let running = Running::start().await;
    running.with(articles()).await;
    let many = "\"桥\" ".repeat(500);
    let long = "清河".repeat(5_000);
    let bad = [
        "",
        " ",
        "，。！",
        "的",
        "我们的",
        "😀",
        &long,
        &many,
        "\"清河",
        "“清河",
        "\u{202e}清河\u{202c}",
        "\u{200f}",
        "qing he da qiao",
        "The bridge opened today",
        "橋が開通しました",
        "\0",
        "-",
        "-清河",
        "person:",
        "((((",
        "%",
        "清河\n大桥",
    ];
    for text in bad {
        let started = std::time::Instant::now();
        suggest(&running, text).await;
        let answer = running.search().search_articles(search(text)).await;
        assert!(started.elapsed().as_secs() < 20, "{text}");
        match answer {
            Ok(answer) => {
                let answer = answer.into_inner();
                let is_told = !answer.hits.is_empty() || !answer.notices.is_empty();
                assert!(is_told, "{text}: an empty answer without a reason");
            }
            Err(status) => {
                assert_eq!(status.code(), Code::InvalidArgument, "{text}");
                assert!(!told(&status).1.is_empty(), "{text}: a refusal without a reason");
            }
        }
    }
}

#[tokio::test]
async fn bad_requests_are_refused_with_their_field() {
    let running = Running::start().await;
    let limit = wire::SuggestQueriesRequest { limit: -1, ..typed("清") };
    let refused = running.search().suggest_queries(limit).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let as_of = Some(wire::Date { year: 2024, month: 13, day: 1 });
    let day = wire::SuggestQueriesRequest { as_of, ..typed("清") };
    let refused = running.search().suggest_queries(day).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
}

#[tokio::test]
async fn the_archive_has_words_of_its_own() {
    let running = Running::start().await;
    let around = ["村民", "孩子", "记者", "老师", "游客", "干部", "医生", "学生"];
    let after = ["办得好", "受欢迎", "人多", "开课", "停课", "真热闹", "没有人", "搬家"];
    let of = |n: usize| {
        let (before, behind) = (around[(n * 3) % 8], after[(n * 5) % 8]);
        record(&format!("第{n}期"), &format!("{before}麦田小塾{behind}。"), 12)
    };
    // Cohesion is told by chance, and needs texts about other things.
    let other = |n: usize| {
        let body = "会议讨论水利、交通、教育、农业、卫生、环境、旅游、体育、财政、税务、就业、住房和养老。";
        record(&format!("第{n}号文件"), &body.repeat(4), 13)
    };
    running.with((0..8).map(of).chain((0..150).map(other)).collect()).await;
    let request = wire::ListWordsRequest { article_count_min: 3, ..Default::default() };

    let answer = running.search().list_words(request).await.unwrap().into_inner();

    assert_eq!(answer.article_count, 158);
    let words: Vec<&str> = answer.words.iter().map(|word| word.text.as_str()).collect();
    assert!(words.contains(&"麦田小塾"), "{words:?}");
}
