//! The pages for people, asked for as a browser without JavaScript asks, of the real server.

mod browser;
mod chromium;
mod edits;
mod entry;
mod hints;
mod themes;

use wenmai::proto::wire;

use crate::support::Running;
use crate::support::flood_and_others;
use crate::support::record;
use browser::Browser;
use browser::percent;

/// Bytes of a page at most.
const PAGE_BYTES_MAX: usize = 100_000;

/// A server with pages and five reports whose topics are known, and the names of the reports.
async fn with_pages() -> (Running, Browser, Vec<String>) {
    with_records(flood_and_others()).await
}

async fn with_records(records: Vec<wire::ArticleRecord>) -> (Running, Browser, Vec<String>) {
    let running = Running::start_with(|config| {
        config.web.web = Some("127.0.0.1:0".parse().unwrap());
    })
    .await;
    let names = if records.is_empty() { Vec::new() } else { running.with(records).await };
    until_topics(&running).await;
    let browser = Browser::new(running.pages.unwrap());
    (running, browser, names)
}

/// Waits until every article has its topics.
async fn until_topics(running: &Running) {
    loop {
        let request = wire::ListTopicsRequest::default();
        let list = running.topics().list_topics(request).await.unwrap().into_inner();
        if list.pending_count == 0 {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// The story that holds an article.
async fn story_of(running: &Running, article: &str) -> wire::Topic {
    let target = wire::search_topics_request::Target::Article(article.to_owned());
    let request = wire::SearchTopicsRequest { target: Some(target), ..Default::default() };
    let found = running.topics().search_topics(request).await.unwrap().into_inner();
    let holds = found.topics.into_iter().find(|found| found.holds_article);
    holds.expect("a story").topic.unwrap()
}

#[tokio::test]
async fn every_page_is_whole_and_small_and_loads_nothing_from_elsewhere() {
    let (running, mut browser, names) = with_pages().await;
    let topic = story_of(&running, &names[0]).await.name;
    let (article, topic) = (format!("/{}", names[0]), format!("/{topic}"));
    let pages = [
        "/".to_owned(),
        "/?order=burst&days=all".to_owned(),
        "/?level=event&days=30&order=size".to_owned(),
        "/search".to_owned(),
        format!("/search?q={}", percent("清河 防汛")),
        format!("/search?facets=1&paper={}", percent("清河日报")),
        article.clone(),
        format!("{article}/reprints"),
        format!("{article}/diff/{}", names[1].replace("articles/", "")),
        topic.clone(),
        format!("{topic}/articles?order=time"),
        format!("{topic}/report"),
        format!("{topic}/changes"),
        format!("{topic}/edit"),
        "/watch".to_owned(),
        "/map?days=all".to_owned(),
        "/themes".to_owned(),
        "/layout".to_owned(),
        "/brief".to_owned(),
        "/brief?day=2025-03-04&days=3".to_owned(),
        "/about".to_owned(),
    ];
    for path in pages {
        let page = browser.get(&path).await;
        assert_eq!(page.code, 200, "{path}: {}", page.body);
        assert!(page.body.len() <= PAGE_BYTES_MAX, "{path}: {} bytes", page.body.len());
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert!(
            page.body.starts_with("<!doctype html>") && page.body.ends_with("</html>"),
            "{path}"
        );
        assert!(page.body.contains("lang=\"zh-CN\""), "{path}");
        for part in page.body.split("src=\"").skip(1) {
            assert!(part.starts_with('/'), "{path} loads {}", &part[..40.min(part.len())]);
        }
        assert!(!page.body.contains(" style=") && !page.body.contains(" onclick"), "{path}");
        assert!(page.header("server-timing").is_some(), "{path}");
    }
}

#[tokio::test]
async fn a_search_leads_to_an_article_its_topic_and_the_cited_place() {
    let (_running, mut browser, _names) = with_pages().await;
    let found = browser.get(&format!("/search?q={}", percent("清河水位回落"))).await;
    assert!(found.body.contains("<mark>"), "matches are marked: {}", found.body);
    let article = browser.get(&found.link("/articles/")).await;
    assert!(article.text().contains("清河日报"), "{}", article.text());
    let topic = browser.get(&article.link("/topics/")).await;
    assert_eq!(topic.code, 200);
    let report_path = topic.links().into_iter().find(|link| link.ends_with("/report")).unwrap();
    let report = browser.get(&report_path).await;
    let cited = report.links().into_iter().find(|link| link.contains("?cite=")).expect("a source");
    let (path, anchor) = cited.split_once('#').unwrap();
    let place = browser.get(path).await;
    assert!(place.body.contains(&format!("<mark id=\"{anchor}\">")), "{}", place.body);
}

#[tokio::test]
async fn a_report_has_the_length_parts_and_order_that_its_form_asks_for() {
    let (_running, mut browser, _names) = with_pages().await;
    let found = browser.get(&format!("/search?q={}", percent("清河水位回落"))).await;
    let article = browser.get(&found.link("/articles/")).await;
    let topic = browser.get(&article.link("/topics/")).await;
    let report = topic.links().into_iter().find(|link| link.ends_with("/report")).unwrap();
    let usual = browser.get(&report).await;
    assert!(usual.body.contains("name=\"chars\"") && usual.body.contains("name=\"part\""));
    assert!(usual.body.contains("id=\"source-1\""), "all parts stand there: {}", usual.body);
    let pieces = |body: &str| {
        let brief = body.split("<section class=\"brief\">").nth(1).unwrap_or_default();
        brief.split("</section>").next().unwrap_or_default().to_owned()
    };
    let short = browser.get(&format!("{report}?chars=40&order=newest&part=course")).await;
    assert_eq!(short.code, 200);
    assert!(!short.body.contains("id=\"source-1\""), "sources were not asked for");
    assert!(short.body.contains("name=\"chars\" min=\"10\" max=\"5000\" value=\"40\""));
    assert!(short.body.contains("value=\"newest\" selected"), "{}", short.body);
    let (long, short) = (pieces(&usual.body), pieces(&short.body));
    assert!(short.len() <= long.len() && short.contains("<p"), "{short}");
    let markdown = browser.get(&format!("{report}.md?part=sources")).await;
    assert!(!markdown.body.contains("## 经过"), "{}", markdown.body);
    let odd = browser.get(&format!("{report}?chars=-3&order=sideways&part=nothing")).await;
    assert_eq!(pieces(&odd.body), long, "what is not understood is as usual");
}

#[tokio::test]
async fn counts_come_after_the_hits_or_with_them() {
    let (_running, mut browser, _names) = with_pages().await;
    let query = percent("清河");
    let page = browser.get(&format!("/search?q={query}")).await;
    assert!(!page.body.contains("class=\"facet\""));
    assert!(page.links().iter().any(|link| link.contains("facets=1")), "{:?}", page.links());
    let part = browser.get(&format!("/search/counts?q={query}")).await;
    assert_eq!(part.code, 200);
    assert!(part.text().contains("清河日报"), "{}", part.text());
    let narrower = part.link("/search?");
    assert!(narrower.contains(&query), "{narrower}");
    assert_eq!(browser.get(&narrower).await.code, 200);
    let with = browser.get(&format!("/search?q={query}&facets=1")).await;
    assert!(with.body.contains("class=\"facet\""), "{}", with.body);
}

#[tokio::test]
async fn a_page_is_also_the_contract_s_json() {
    let (running, mut browser, names) = with_pages().await;
    let path = format!("/{}", names[0]);
    let by_ending = browser.get(&format!("{path}.json")).await;
    assert_eq!(by_ending.header("content-type"), Some("application/json"));
    let told: serde_json::Value = serde_json::from_str(&by_ending.body).unwrap();
    assert_eq!(told["article"]["name"], names[0]);
    assert_eq!(told["article"]["record"]["publish_time"], "2025-03-02T16:00:00Z");
    let by_header = Browser::new(browser.address).with("accept", "application/json");
    let mut by_header = by_header;
    let again: serde_json::Value = serde_json::from_str(&by_header.get(&path).await.body).unwrap();
    assert_eq!(told["article"], again["article"]);

    let query = "清河 防汛";
    let page = browser.get(&format!("/search.json?q={}", percent(query))).await;
    let shown: serde_json::Value = serde_json::from_str(&page.body).unwrap();
    let request = wire::SearchArticlesRequest {
        query: query.to_owned(),
        page_size: 20,
        facets: (1..=8).collect(),
        ..Default::default()
    };
    let called = running.search().search_articles(request).await.unwrap().into_inner();
    let names: Vec<_> =
        called.hits.iter().map(|hit| hit.article.as_ref().unwrap().name.clone()).collect();
    let hits = shown["hits"].as_array().unwrap();
    let shown_names: Vec<_> =
        hits.iter().map(|hit| hit["article"]["name"].as_str().unwrap()).collect();
    assert_eq!(shown_names, names);
    assert_eq!(shown["match_count"], called.match_count.unwrap().to_string());

    let lost = browser.get("/articles/00000000-0000-0000-0000-000000000000.json").await;
    let told: serde_json::Value = serde_json::from_str(&lost.body).unwrap();
    assert_eq!((lost.code, &told["code"]), (404, &serde_json::json!(5)));
}

#[tokio::test]
async fn results_are_also_a_feed_a_table_and_a_brief() {
    let (_running, mut browser, _names) = with_pages().await;
    let query = percent("清河");
    let feed = browser.get(&format!("/search.atom?q={query}")).await;
    assert!(feed.header("content-type").unwrap().starts_with("application/atom+xml"));
    assert!(feed.body.contains("<entry>") && feed.body.contains("<title>清河水位回落</title>"));
    let stories = browser.get("/today.atom").await;
    assert!(stories.body.contains("<feed xmlns=\"http://www.w3.org/2005/Atom\">"));
    let table = browser.get(&format!("/search.csv?q={query}")).await;
    let rows: Vec<_> = table.body.split("\r\n").collect();
    assert!(rows[0].ends_with("article,title,outlet,published,page,kind,url,reprints,passage"));
    assert!(rows.len() > 3 && rows[1].contains("\"清河日报\""), "{rows:?}");
    let brief = browser.get(&format!("/search.md?q={query}")).await;
    assert!(brief.header("content-type").unwrap().starts_with("text/markdown"));
    assert!(brief.body.contains("清河日报"), "{}", brief.body);
}

#[tokio::test]
async fn what_a_title_holds_is_text_whatever_it_looks_like() {
    let script = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
    // What one may store at most.
    let long = "清河水位".repeat(250);
    let records = vec![
        record(script, "<b>正文</b>说清河水位上涨，县里启动应急响应。", 3),
        record(&long, "清河水位上涨，县里启动防汛应急响应。", 3),
    ];
    let (running, mut browser, names) = with_records(records).await;
    let topic = story_of(&running, &names[0]).await.name;
    for path in [
        "/".to_owned(),
        "/?days=all&order=size".to_owned(),
        format!("/search?q={}", percent("清河水位")),
        format!("/search?q={}", percent(script)),
        format!("/{}", names[0]),
        format!("/{}", names[1]),
        format!("/{topic}"),
        format!("/{topic}/report"),
        format!("/{topic}/edit"),
        "/map?days=all".to_owned(),
        "/themes".to_owned(),
        "/watch".to_owned(),
        format!("/search.atom?q={}", percent("清河水位")),
        format!("/sign-in?to={}", percent("\"><script>")),
    ] {
        let page = browser.get(&path).await;
        assert!(page.code < 400, "{path}: {}", page.code);
        assert!(!page.body.contains("<script>") && !page.body.contains("<img src=x"), "{path}");
        assert!(!page.body.contains("<b>正文"), "{path}");
        assert!(page.body.len() <= PAGE_BYTES_MAX, "{path}: {} bytes", page.body.len());
    }
    // In a list it is cut; on its own page it is whole.
    let list = browser.get(&format!("/search?q={}", percent("清河水位"))).await;
    assert!(!list.body.contains(&long));
    assert!(browser.get(&format!("/{}", names[1])).await.body.contains(&long));
}

#[tokio::test]
async fn an_empty_archive_says_what_to_do_next() {
    let (_running, mut browser, _names) = with_records(Vec::new()).await;
    let page = browser.get("/").await;
    assert_eq!(page.code, 200);
    assert!(page.text().contains("库里还没有文章"), "{}", page.text());
    assert!(page.links().contains(&"/layout".to_owned()));
    for path in ["/search?q=a", "/map", "/watch", "/today.atom", "/?order=burst"] {
        assert_eq!(browser.get(path).await.code, 200, "{path}");
    }
}

#[tokio::test]
async fn what_is_not_there_is_said_in_the_reader_s_language() {
    let (_running, mut browser, names) = with_pages().await;
    let none = "00000000-0000-0000-0000-000000000000";
    for (path, code, words) in [
        (format!("/articles/{none}"), 404, "找不到这篇文章"),
        (format!("/topics/{none}"), 404, "找不到这个话题"),
        ("/nothing".to_owned(), 404, "没有这个页面"),
        (format!("/{}.csv", names[0]), 406, ""),
        ("/articles/x".to_owned(), 400, "无法理解"),
        ("/search?q=a&page=nonsense".to_owned(), 400, "无法理解"),
    ] {
        let page = browser.get(&path).await;
        assert_eq!(page.code, code, "{path}");
        assert!(page.text().contains(words), "{path}: {}", page.text());
    }
    let mut english = Browser::new(browser.address).with("accept-language", "en-GB,en;q=0.9");
    let page = english.get("/nothing").await;
    assert!(page.text().contains("No such page") && page.body.contains("lang=\"en\""));
    // The switch counts before the browser.
    let switched = english.get("/settings?lang=zh&to=/nothing").await;
    assert_eq!((switched.code, switched.header("location")), (303, Some("/nothing")));
    assert!(english.get("/nothing").await.text().contains("没有这个页面"));
    english.get("/settings?theme=dark&to=/").await;
    assert!(english.get("/").await.body.contains("data-theme=\"dark\""));
}

#[tokio::test]
async fn a_deleted_article_is_gone_from_every_page() {
    let (running, mut browser, names) = with_pages().await;
    let request = wire::DeleteArticleRequest { name: names[0].clone() };
    running.articles().delete_article(request).await.unwrap();
    until_topics(&running).await;
    assert_eq!(browser.get(&format!("/{}", names[0])).await.code, 404);
    for path in ["/?days=all", "/watch", "/search?q=a"] {
        let page = browser.get(path).await;
        assert_eq!(page.code, 200, "{path}");
        assert!(!page.links().contains(&format!("/{}", names[0])), "{path}");
    }
}

#[tokio::test]
async fn changes_arrive_as_they_happen_and_are_taken_up_again() {
    use tokio::io::AsyncReadExt;
    use tokio::io::AsyncWriteExt;

    let (running, browser, _names) = with_pages().await;
    let list = running.topics().list_topics(wire::ListTopicsRequest::default()).await.unwrap();
    let version = list.into_inner().topics_version;
    let mut stream = tokio::net::TcpStream::connect(browser.address).await.unwrap();
    let head = format!(
        "GET /watch/events?since=0 HTTP/1.1\r\nhost: {}\r\nlast-event-id: {version}\r\n\r\n",
        browser.address
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    running.with(vec![record("清河大桥通车", "清河大桥今天通车，两岸往来更方便。", 9)]).await;
    let mut told = String::new();
    let mut bytes = [0; 4_096];
    while !told.contains("清河大桥通车") {
        let count = stream.read(&mut bytes).await.unwrap();
        assert!(count > 0, "the feed ended: {told}");
        told += &String::from_utf8_lossy(&bytes[..count]);
    }
    assert!(told.contains("content-type: text/event-stream"), "{told}");
    assert!(told.contains(&format!("id: {}", version + 1)), "{told}");
    assert!(!told.contains(&format!("id: {version}\n")), "what was seen is not sent again: {told}");
}

#[tokio::test]
async fn only_so_many_live_feeds_are_open() {
    use tokio::io::AsyncReadExt;
    use tokio::io::AsyncWriteExt;

    let (_running, browser, _names) = with_pages().await;
    let mut open = Vec::new();
    let mut refused = 0;
    for _ in 0..80 {
        let mut stream = tokio::net::TcpStream::connect(browser.address).await.unwrap();
        let head = format!("GET /watch/events HTTP/1.1\r\nhost: {}\r\n\r\n", browser.address);
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut bytes = [0; 16];
        stream.read_exact(&mut bytes).await.unwrap();
        refused += usize::from(!bytes.starts_with(b"HTTP/1.1 200"));
        open.push(stream);
    }
    assert!(refused >= 80 - 64, "{refused}");
    // The pages are there all the same.
    assert_eq!(Browser::new(browser.address).get("/").await.code, 200);
}

#[tokio::test]
async fn a_page_of_a_paper_is_taken_apart_and_stored() {
    let (running, mut browser, _names) = with_pages().await;
    let text = include_str!("../fixtures/pages/qinghe-20250908-p1.md");
    let token = browser.get("/layout").await.fields("token")[0].clone();
    let given =
        [("token", token.as_str()), ("paper", "清河日报"), ("date", "2025-09-08"), ("text", text)];
    let parsed = browser.post("/layout", &given).await;
    assert_eq!(parsed.code, 200);
    assert!(parsed.body.contains("class=\"part title\"") && parsed.body.contains("id=\"a1\""));
    let before = running.articles().list_articles(wire::ListArticlesRequest::default()).await;
    assert_eq!(before.unwrap().into_inner().total_count, 5, "taking apart stores nothing");
    let mut store = given.to_vec();
    store.push(("store", "1"));
    let stored = browser.post("/layout", &store).await;
    let article = browser.get(&stored.link("/articles/")).await;
    assert_eq!(article.code, 200, "{}", stored.body);
}

#[tokio::test]
async fn a_page_with_places_is_shown_as_it_lies_and_needs_no_second_upload() {
    let (running, mut browser, _names) = with_pages().await;
    // It holds the character at which the fake model waits.
    running.gate.open();
    let file = include_str!("../fixtures/layout/qinghe.alto.xml");
    let token = browser.get("/layout").await.fields("token")[0].clone();
    let parsed = browser.upload("/layout", &[("token", &token), ("paper", "清河日报")], file).await;
    assert_eq!(parsed.code, 200, "{}", parsed.body);
    assert!(parsed.body.contains("<svg class=\"plan\"") && parsed.body.contains("part title"));
    assert!(parsed.body.len() <= PAGE_BYTES_MAX, "{} bytes", parsed.body.len());
    let kept = parsed.fields("kept")[0].clone();
    let store = [("token", token.as_str()), ("kept", kept.as_str()), ("store", "1")];
    let stored = browser.post("/layout", &store).await;
    assert_eq!(browser.get(&stored.link("/articles/")).await.code, 200, "{}", stored.body);
    let count = running.articles().list_articles(wire::ListArticlesRequest::default()).await;
    assert!(count.unwrap().into_inner().total_count > 5);
    let unknown = [("token", token.as_str()), ("kept", "00ff"), ("store", "1")];
    assert!(browser.post("/layout", &unknown).await.text().contains("请粘贴版面文字"));
    let refused = browser.upload("/layout", &[("paper", "清河日报")], file).await;
    assert_eq!(refused.code, 403, "no token");
}

#[tokio::test]
async fn the_brief_of_a_day_tells_its_stories_with_sources() {
    let (_running, mut browser, _names) = with_pages().await;
    let page = browser.get("/brief?day=2025-03-04").await;
    assert_eq!(page.code, 200);
    assert!(
        page.text().contains("2025年3月4日") && page.text().contains("图书馆"),
        "{}",
        page.text()
    );
    let cited = page.links().into_iter().find(|link| link.contains("?cite=")).expect("a source");
    let (path, anchor) = cited.split_once('#').unwrap();
    assert!(browser.get(path).await.body.contains(&format!("<mark id=\"{anchor}\">")));
    let text = browser.get("/brief.md?day=2025-03-04").await;
    assert!(text.body.starts_with("# 2025年3月4日 星期二 简报") && text.body.contains("[1]"));
    let told: serde_json::Value =
        serde_json::from_str(&browser.get("/brief.json?day=2025-03-04").await.body).unwrap();
    assert_eq!(told["from"], "2025-03-04");
    assert!(told["stories"][0]["topic"]["name"].as_str().unwrap().starts_with("topics/"));
    let none = browser.get("/brief?day=2020-01-01").await;
    assert!(none.text().contains("没有归入话题的报道"), "{}", none.text());
}

#[tokio::test]
async fn what_is_running_is_said() {
    let (_running, mut browser, _names) = with_pages().await;
    let text = browser.get("/about").await.text();
    assert!(text.contains("fake") && text.contains("文章数"), "{text}");
    let told: serde_json::Value =
        serde_json::from_str(&browser.get("/about.json").await.body).unwrap();
    assert_eq!(told["model"]["name"], "fake");
}

#[tokio::test]
async fn a_period_is_chosen_among_all_months_of_a_search() {
    let mut records = flood_and_others();
    records.push(record("清河来年防汛", "清河为来年防汛备料，水位平稳。", 93));
    let (_running, mut browser, _names) = with_records(records).await;
    let query = percent("清河");
    let whole = browser.get(&format!("/search/counts?q={query}")).await;
    assert!(
        whole.body.contains("data-months=\"2025-03 2025-04 2025-05 2025-06\""),
        "{}",
        whole.body
    );
    let within =
        browser.get(&format!("/search/counts?q={query}&from=2025-03-01&to=2025-03-31")).await;
    assert!(within.body.contains("data-months=\"2025-03 2025-04 2025-05 2025-06\""));
    assert!(within.body.contains("class=\"out\""), "{}", within.body);
}
