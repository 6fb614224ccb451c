//! `SearchArticles` as people use it: phrases, words to leave out, other names, days, counts, order,
//! and an answer that says why it is empty.

use wenmai::proto::wire;
use wenmai::proto::wire::FacetField;
use wenmai::proto::wire::SearchMode;
use wenmai::proto::wire::SearchNoticeKind;
use wenmai::proto::wire::SearchOrder;

use crate::support::Running;
use crate::support::flood_and_others;
use crate::support::invalid;
use crate::support::record;
use crate::support::told;

fn search(query: &str) -> wire::SearchArticlesRequest {
    wire::SearchArticlesRequest { query: query.into(), ..Default::default() }
}

fn lexical(query: &str) -> wire::SearchArticlesRequest {
    wire::SearchArticlesRequest { mode: SearchMode::Lexical.into(), ..search(query) }
}

fn record_of(hit: &wire::SearchHit) -> &wire::ArticleRecord {
    hit.article.as_ref().unwrap().record.as_ref().unwrap()
}

fn titles(answer: &wire::SearchArticlesResponse) -> Vec<&str> {
    answer.hits.iter().map(|hit| record_of(hit).title.as_str()).collect()
}

fn notices(answer: &wire::SearchArticlesResponse) -> Vec<SearchNoticeKind> {
    answer.notices.iter().map(wire::SearchNotice::kind).collect()
}

fn marked(text: &str, spans: &[wire::TextSpan]) -> Vec<String> {
    let cut = |span: &wire::TextSpan| -> String {
        let length = (span.end_char - span.start_char) as usize;
        text.chars().skip(span.start_char as usize).take(length).collect()
    };
    spans.iter().map(cut).collect()
}

async fn ask(
    running: &Running,
    request: wire::SearchArticlesRequest,
) -> wire::SearchArticlesResponse {
    running.search().search_articles(request).await.unwrap().into_inner()
}

/// The flood, a drill, and reports that name a place or an office in several ways.
fn news() -> Vec<wire::ArticleRecord> {
    let mut news = flood_and_others();
    news.extend([
        record("清河开展防汛演练", "应急队伍在堤上演练，防汛应急物资装车。", 7),
        record("聊城市试行分时水价", "聊城市从四月起试行分时水价。", 8),
        record("人民银行支行下乡办公", "人民银行的职员到村里换零钱。", 9),
    ]);
    news[6].paper = "望江晚报".into();
    news[6].section = "民生".into();
    news
}

#[tokio::test]
async fn a_phrase_must_stand_in_the_article_exactly() {
    let running = Running::start().await;
    running.with(news()).await;
    for query in ["\"防汛應急響應\"", "“防汛应急响应”", "清河「防汛应急响应」"]
    {
        let answer = ask(&running, search(query)).await;
        let mut found = titles(&answer);
        found.sort_unstable();
        let phrase = ["清河水位回落", "清河水位超过警戒线", "清河防汛应急响应升级"];
        if query.starts_with("清河") {
            // Glued to other text these are a headline's quotation marks.
            assert_eq!(notices(&answer), [SearchNoticeKind::QuotesAsWords]);
        } else {
            assert_eq!(found, phrase, "{query}");
        }
    }
}

#[tokio::test]
async fn a_minus_leaves_articles_out() {
    let running = Running::start().await;
    running.with(news()).await;
    let with = ask(&running, search("清河防汛")).await;
    assert!(titles(&with).contains(&"清河开展防汛演练"));
    let without = ask(&running, search("清河防汛 -演练 -\"降雨停止\"")).await;
    let left = titles(&without);
    assert!(!left.contains(&"清河开展防汛演练") && !left.contains(&"清河水位回落"), "{left:?}");
    assert!(left.contains(&"清河防汛应急响应升级"));
    assert_eq!(without.reading.unwrap().left_out, ["演练", "降雨停止"]);
}

#[tokio::test]
async fn conditions_in_the_query_filter_and_alone_they_list() {
    let running = Running::start().await;
    running.with(news()).await;
    let answer = ask(&running, search("水价 paper:望江晚报")).await;
    assert_eq!(titles(&answer), ["聊城市试行分时水价"]);
    let answer = ask(&running, search("date:2025-03-07..2025-03")).await;
    assert_eq!(
        titles(&answer),
        ["人民银行支行下乡办公", "聊城市试行分时水价", "清河开展防汛演练"],
        "newest first"
    );
}

#[tokio::test]
async fn places_and_offices_are_found_by_their_other_names() {
    let running = Running::start().await;
    running.with(news()).await;
    for (query, wanted) in [
        ("聊城 水价", "聊城市试行分时水价"),
        ("央行", "人民银行支行下乡办公"),
        ("聊城縣 水價", "聊城市试行分时水价"),
    ] {
        let answer = ask(&running, lexical(query)).await;
        assert_eq!(titles(&answer).first(), Some(&wanted), "{query}");
    }
    let answer = ask(&running, lexical("聊城 水价")).await;
    assert_eq!(answer.reading.unwrap().other_names, ["聊城市"]);
}

#[tokio::test]
async fn a_hit_shows_where_its_words_stand() {
    let running = Running::start().await;
    running.with(news()).await;
    let answer = ask(&running, search("圖書館講座")).await;
    let hit = &answer.hits[0];
    assert_eq!(marked(&record_of(hit).title, &hit.title_matches), ["图书馆"]);
    let snippet = hit.snippet.as_ref().unwrap();
    assert_eq!(snippet.text, "读者在新馆借阅图书，周末还有讲座。");
    assert_eq!(marked(&snippet.text, &snippet.matches), ["讲座"]);
    let place = snippet.place.unwrap();
    assert_eq!((snippet.paragraph, place.start_char, place.end_char), (0, 0, 17));
}

#[tokio::test]
async fn queries_of_every_kind_answer() {
    let running = Running::start().await;
    running.with(news()).await;
    for (query, wanted) in [
        ("清河水位回落 防汛应急响应解除", "清河水位回落"),
        ("图书馆什么时候开放？", "县图书馆新馆开放"),
        ("小麦", "小麦进入返青期"),
        ("縣圖書館", "县图书馆新馆开放"),
    ] {
        assert_eq!(titles(&ask(&running, search(query)).await)[0], wanted, "{query}");
    }
    let english = ask(&running, search("flood warning")).await;
    assert_eq!(notices(&english), [SearchNoticeKind::NoKnownTerm]);
    let stop_words = ask(&running, search("的 了 在")).await;
    assert_eq!(notices(&stop_words), [SearchNoticeKind::OnlyCommonWords]);
    let numbers: Vec<String> = (0..2_000).map(|n| format!("{n}吨")).collect();
    let long: String = format!("清河 {}", numbers.join(" ")).chars().take(10_000).collect();
    let long = ask(&running, search(&long)).await;
    assert!(notices(&long).contains(&SearchNoticeKind::Shortened));
    assert!(titles(&long)[0].contains("清河"));
}

#[tokio::test]
async fn a_day_with_its_year_lifts_what_was_published_then() {
    let running = Running::start().await;
    let day = |day| record("全县农村工作会议召开", "会议部署春耕生产。", day);
    running.with(vec![day(3), day(20)]).await;
    for (query, wanted) in [("2025年3月3日 会议", 3), ("2025年3月20日 会议", 20)] {
        let answer = ask(&running, search(query)).await;
        assert_eq!(answer.reading.as_ref().unwrap().first_day.unwrap().day, wanted, "{query}");
        let seconds = record_of(&answer.hits[0]).publish_time.unwrap().seconds;
        assert_eq!(seconds, 1_740_758_400 + i64::from(wanted - 1) * 86_400, "{query}");
        assert!(answer.hits[0].fused_score > answer.hits[1].fused_score);
    }
}

#[tokio::test]
async fn newer_articles_count_more_where_asked() {
    let running = Running::start().await;
    let mut news = vec![record("清河清河大桥清河", "清河大桥。", 1)];
    news.push(record("清河大桥", "桥上通车了，县里派人巡查。", 25));
    running.with(news).await;
    let plain = ask(&running, search("清河大桥")).await;
    let recency = |as_of| Some(wire::Recency { half_life_days: 3.0, floor: Some(0.0), as_of });
    let newer =
        ask(&running, wire::SearchArticlesRequest { recency: recency(None), ..search("清河大桥") })
            .await;
    assert_eq!(titles(&newer)[0], "清河大桥");
    let score = |answer: &wire::SearchArticlesResponse, title: &str| {
        let hit = answer.hits.iter().find(|hit| record_of(hit).title == title).unwrap();
        hit.fused_score
    };
    assert!((score(&plain, "清河大桥") - score(&newer, "清河大桥")).abs() < 1e-6);
    let as_of = Some(wire::Date { year: 2025, month: 3, day: 28 });
    let request = wire::SearchArticlesRequest { recency: recency(as_of), ..search("清河大桥") };
    let later = ask(&running, request).await;
    let halved = score(&plain, "清河大桥") / 2.0;
    assert!((score(&later, "清河大桥") - halved).abs() < 1e-5);
}

#[tokio::test]
async fn a_copy_steps_back_for_something_new_where_asked() {
    let running = Running::start().await;
    let copy = |source: &str| wire::ArticleRecord {
        source: source.into(),
        source_id: "1".into(),
        ..record("清河大桥建成通车", "清河大桥建成通车。", 3)
    };
    let other = record("渡口停航，船工到清河大桥上班", "老船工把船卖给博物馆。", 3);
    running.with(vec![copy("甲"), copy("乙"), other]).await;
    let plain = ask(&running, search("清河大桥通车")).await;
    assert_eq!(titles(&plain)[..2], ["清河大桥建成通车", "清河大桥建成通车"]);
    let diversity = Some(wire::Diversity { lambda: Some(0.1) });
    let varied = wire::SearchArticlesRequest { diversity, ..search("清河大桥通车") };
    let varied = ask(&running, varied).await;
    assert_eq!(titles(&varied)[1], "渡口停航，船工到清河大桥上班");
    assert_eq!(varied.hits.len(), 3);
}

#[tokio::test]
async fn facets_count_the_matching_articles_whatever_the_page() {
    let running = Running::start().await;
    running.with(news()).await;
    let facets = [FacetField::Paper, FacetField::Section, FacetField::Month, FacetField::Kind];
    let facets: Vec<i32> = facets.into_iter().map(Into::into).collect();
    for page_size in [1, 100] {
        let request = wire::SearchArticlesRequest {
            facets: facets.clone(),
            page_size,
            ..search("清河 防汛")
        };
        let answer = ask(&running, request).await;
        assert_eq!(answer.match_count, Some(4));
        let told: Vec<_> = answer
            .facets
            .iter()
            .map(|facet| {
                let values = facet.values.iter().map(|value| (value.value.as_str(), value.count));
                (facet.field(), values.collect::<Vec<_>>(), facet.missing_count)
            })
            .collect();
        assert_eq!(
            told,
            [
                (FacetField::Paper, vec![("清河日报", 4)], 0),
                (FacetField::Section, vec![], 4),
                (FacetField::Month, vec![("2025-03", 4)], 0),
                (FacetField::Kind, vec![("news", 4)], 0),
            ]
        );
    }
}

#[tokio::test]
async fn an_order_by_date_shows_what_matches_and_pages_through_it() {
    let running = Running::start().await;
    running.with(news()).await;
    let newest = wire::SearchArticlesRequest {
        order: SearchOrder::Newest.into(),
        page_size: 2,
        ..search("清河水位")
    };
    let first = ask(&running, newest.clone()).await;
    assert_eq!(
        (titles(&first), first.match_count),
        (vec!["清河水位回落", "清河防汛应急响应升级"], Some(3))
    );
    let page_token = first.next_page_token;
    let second = wire::SearchArticlesRequest { page_token: page_token.clone(), ..newest.clone() };
    assert_eq!(titles(&ask(&running, second).await), ["清河水位超过警戒线"]);
    let oldest = SearchOrder::Oldest.into();
    let other = wire::SearchArticlesRequest { page_token, order: oldest, ..newest };
    let status = running.search().search_articles(other).await.unwrap_err();
    assert_eq!(told(&status), invalid(&["page_token"]));
}

#[tokio::test]
async fn an_empty_answer_says_why() {
    let running = Running::start().await;
    let nothing = ask(&running, search("清河")).await;
    assert_eq!(notices(&nothing), [SearchNoticeKind::IndexEmpty]);
    running.with(news()).await;
    for (request, wanted) in [
        (search("清河 paper:无此报"), SearchNoticeKind::FilterLeavesNothing),
        (lexical("拖拉机"), SearchNoticeKind::NoKnownTerm),
        (search("\"防汛大会\""), SearchNoticeKind::PhraseNotFound),
        (search("\"水位回落\" \"新馆开放\""), SearchNoticeKind::PhraseNotFound),
        (lexical("返青期 -小麦"), SearchNoticeKind::AllLeftOut),
    ] {
        let answer = ask(&running, request.clone()).await;
        assert!(answer.hits.is_empty() && answer.next_page_token.is_empty(), "{request:?}");
        assert_eq!(notices(&answer), [wanted], "{request:?}");
        assert!(!answer.notices[0].message.is_empty());
    }
}

#[tokio::test]
async fn broken_quotes_and_bad_conditions_answer_with_a_notice() {
    let running = Running::start().await;
    running.with(news()).await;
    let broken = ask(&running, search("\"小麦返青")).await;
    assert_eq!(titles(&broken)[0], "小麦进入返青期");
    assert_eq!(notices(&broken), [SearchNoticeKind::BrokenQuote]);
    let bad = ask(&running, search("小麦 date:昨天")).await;
    assert_eq!(titles(&bad)[0], "小麦进入返青期");
    assert_eq!(notices(&bad), [SearchNoticeKind::BadValue]);
}

#[tokio::test]
async fn options_that_cannot_be_had_are_refused_with_their_field() {
    let running = Running::start().await;
    running.with(news()).await;
    let base = search("清河");
    let by_date = SearchOrder::Newest.into();
    let recency = Some(wire::Recency { half_life_days: 7.0, floor: None, as_of: None });
    for (request, field) in [
        (wire::SearchArticlesRequest { facets: vec![99], ..base.clone() }, "facets"),
        (wire::SearchArticlesRequest { facets: vec![1; 9], ..base.clone() }, "facets"),
        (wire::SearchArticlesRequest { order: 99, ..base.clone() }, "order"),
        (wire::SearchArticlesRequest { recency, order: by_date, ..base.clone() }, "recency"),
        (search("-清河"), "query"),
        (lexical("？！——"), "query"),
        (search("“”？！"), "query"),
    ] {
        let status = running.search().search_articles(request).await.unwrap_err();
        assert_eq!(told(&status), invalid(&[field]));
    }
}

#[tokio::test]
async fn both_stores_answer_the_options_alike() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::bundled(folder.path()).await;
    running.with(news()).await;
    let answer = ask(&running, search("\"防汛应急\" -演练")).await;
    assert_eq!(answer.hits.len(), 3);
    let facets = vec![FacetField::Paper.into()];
    let order = SearchOrder::Newest.into();
    let request = wire::SearchArticlesRequest { facets, order, ..search("清河 防汛") };
    let answer = ask(&running, request).await;
    assert_eq!(titles(&answer)[0], "清河开展防汛演练");
    assert_eq!(answer.match_count, Some(4));
}

/// Reports whose words stand inside longer words, or are written in another way than they are typed.
fn inside() -> Vec<wire::ArticleRecord> {
    vec![
        record("澜溪县气象局发布预警", "预报员守了一夜。", 3),
        record("一批待处理的来信办结", "信访干部逐件回电。", 4),
        record("望江大桥主墩封顶", "潜水员收工上岸。", 5),
        record("机房换上Wi-Fi 6设备", "网管拔下旧网线。", 6),
        record("图书馆受赠一千二百册图书", "志愿者连夜上架。", 7),
        record("⻄部⻓\u{200b}廊开通", "司机师傅试跑全程。", 8),
    ]
}

#[tokio::test]
async fn what_stands_inside_longer_words_is_found_and_only_that_matches() {
    let running = Running::start().await;
    running.with(inside()).await;
    for (query, wanted) in [
        ("气象", "澜溪县气象局发布预警"),
        ("象", "澜溪县气象局发布预警"),
        ("处理", "一批待处理的来信办结"),
        ("江大桥", "望江大桥主墩封顶"),
        ("墩", "望江大桥主墩封顶"),
        ("WIFI6", "机房换上Wi-Fi 6设备"),
        ("1,200册", "图书馆受赠一千二百册图书"),
        ("西部", "⻄部⻓\u{200b}廊开通"),
        ("\"长廊\"", "⻄部⻓\u{200b}廊开通"),
    ] {
        assert_eq!(titles(&ask(&running, lexical(query)).await), [wanted], "{query}");
        let order = SearchOrder::Newest.into();
        let answer = ask(&running, wire::SearchArticlesRequest { order, ..search(query) }).await;
        assert_eq!((titles(&answer), answer.match_count), (vec![wanted], Some(1)), "{query}");
        assert_eq!(notices(&answer), [], "{query}");
    }
    let order = SearchOrder::Newest.into();
    let answer = ask(&running, wire::SearchArticlesRequest { order, ..search("拖拉机") }).await;
    assert_eq!((titles(&answer).len(), notices(&answer)), (0, vec![SearchNoticeKind::NoKnownTerm]));
}

#[tokio::test]
async fn the_hour_counts_and_a_date_in_the_future_does_not_lead() {
    let running = Running::start().await;
    let mut news = vec![
        record("油库起火，油库起火", "油库起火，消防到场。", 8),
        record("油库明火扑灭", "油库开始降温。", 8),
        record("油库起火通报", "油库无人伤亡。", 8),
        record("油库旧闻", "油库日期印错。", 8),
        record("油库无日期", "油库来稿没有日期。", 8),
    ];
    for (at, hour) in [(0, 6), (1, 14), (2, 22)] {
        news[at].publish_time.as_mut().unwrap().seconds += hour * 3_600;
    }
    news[3].publish_time.as_mut().unwrap().seconds += 74 * 365 * 86_400;
    news[4].publish_time = None;
    running.with(news).await;
    let [first, second, third] = ["油库起火，油库起火", "油库明火扑灭", "油库起火通报"];
    for (order, wanted) in [
        (SearchOrder::Newest, [third, second, first, "油库旧闻", "油库无日期"]),
        (SearchOrder::Oldest, [first, second, third, "油库旧闻", "油库无日期"]),
    ] {
        let request = wire::SearchArticlesRequest { order: order.into(), ..search("油库") };
        assert_eq!(titles(&ask(&running, request).await), wanted);
    }
}

#[tokio::test]
async fn a_phrase_is_found_behind_a_thousand_articles_that_answer_better() {
    let running = Running::start().await;
    let many = |at: u32| record(&format!("大桥大桥{at}号"), "大桥大桥大桥验收，桥墩桥墩。", 3);
    let mut news: Vec<_> = (0..1_050).map(many).collect();
    let far = format!(
        "{}最后是桥墩验收。{}",
        "农技员到田间指导施肥。".repeat(20),
        "稻穗低垂。".repeat(20)
    );
    news.push(record("农事记", &far, 2));
    for part in news.chunks(500) {
        running.with(part.to_vec()).await;
    }
    let answer = ask(&running, search("大桥 \"桥墩验收\"")).await;
    assert_eq!((titles(&answer), notices(&answer)), (vec!["农事记"], vec![]));
    let oldest = SearchOrder::Oldest.into();
    let request = wire::SearchArticlesRequest { order: oldest, ..lexical("\"验收\"") };
    let request = wire::SearchArticlesRequest { collapse_reprints: Some(false), ..request };
    let answer = ask(&running, request).await;
    assert_eq!((titles(&answer)[0], answer.match_count), ("农事记", Some(1_051)));
}

#[tokio::test]
async fn a_title_in_its_marks_is_a_phrase_until_no_article_has_it() {
    let running = Running::start().await;
    let news = vec![
        record("话剧《之后》巡演", "剧团搭台。", 3),
        record("在这之后", "天气放晴。", 4),
        record("读书会共读晨光", "书友晨光里交流。", 5),
    ];
    running.with(news).await;
    assert_eq!(titles(&ask(&running, search("《之后》")).await), ["话剧《之后》巡演"]);
    let answer = ask(&running, search("《晨光》")).await;
    assert_eq!(titles(&answer).first(), Some(&"读书会共读晨光"));
    assert_eq!(notices(&answer), [SearchNoticeKind::PhraseNotFound]);
}

#[tokio::test]
async fn what_holds_only_the_pieces_of_a_phrase_is_read_and_left_out() {
    let running = Running::start().await;
    // 白石桥, 石桥墩 and all pairs of characters of the phrase, but never the phrase.
    let pieces = (0..60)
        .map(|n| record(&format!("白石桥梁与石桥墩之{n}"), "白石桥上看，石桥墩下走。", 1 + n % 28));
    let whole = (0..3).map(|n| {
        record(&format!("河工札记{n}"), "春天水浅，露出旧日的白石桥墩，引来许多人。", 2 + n)
    });
    running.with(pieces.chain(whole).collect()).await;

    let page = wire::SearchArticlesRequest { page_size: 2, ..search("“白石桥墩”") };
    let first = ask(&running, page.clone()).await;
    let next = wire::SearchArticlesRequest { page_token: first.next_page_token.clone(), ..page };
    let second = ask(&running, next).await;
    let mut found = [titles(&first), titles(&second)].concat();
    found.sort_unstable();
    assert_eq!(found, ["河工札记0", "河工札记1", "河工札记2"]);
    assert!(second.next_page_token.is_empty());

    let counted = wire::SearchArticlesRequest {
        facets: vec![FacetField::Paper.into()],
        ..search("“白石桥墩”")
    };
    assert_eq!(ask(&running, counted).await.facets[0].values[0].count, 3);

    let without =
        wire::SearchArticlesRequest { page_size: 100, ..search("石桥 -“白石桥墩”") };
    let answer = ask(&running, without).await;
    assert_eq!(answer.hits.len(), 60, "{:?}", titles(&answer));
    assert!(titles(&answer).iter().all(|title| title.starts_with("白石桥梁")));
}
