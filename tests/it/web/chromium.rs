//! The pages in a real browser: what one clicks leads on, nothing complains, everything fits, and
//! everybody can use it.
//!
//! Needs Chromium and its driver (`chromium-driver` on Debian); without them each test says so.

mod driver;

use serde_json::Value;
use thirtyfour::By;
use thirtyfour::Key;
use wenmai::proto::wire;

use crate::support::Running;
use crate::support::flood_and_others;
use crate::support::record;
use crate::web::browser::percent;
use crate::web::entry::WRITE;
use crate::web::entry::with_keys;
use crate::web::story_of;
use crate::web::until_topics;
use crate::web::with_records;
use driver::Window;

/// What keeps people from using a page.
const ACCESS: &str = include_str!("chromium/access.js");
/// What does not fit into the window.
const FITS: &str = include_str!("chromium/fits.js");
/// Widths of a telephone, a tablet and a desk.
const WIDTHS: [u32; 3] = [360, 768, 1440];

/// Our own fictional reports and page, and one report as long and as broad as they come.
async fn archive() -> (Running, Vec<String>) {
    let mut records = flood_and_others();
    let title = "清河县人民政府办公室关于印发防汛抗旱应急预案实施细则的通知".repeat(3);
    records.push(record(&title, &"https://qinghe.example/a-very-long-address".repeat(4), 4));
    records.push(wire::ArticleRecord {
        paper: "云川晚报".into(),
        ..record("清河水位超过警戒线", "连日降雨，清河水位上涨，县里启动防汛应急响应。", 4)
    });
    let (running, _, names) = with_records(records).await;
    // Pages of a paper may hold the character at which the fake model waits.
    running.gate.open();
    let request = wire::IngestPageRequest {
        text: include_str!("../../fixtures/pages/qinghe-20250908-p1.md").to_owned(),
        issue: Some(wire::Issue { paper: "清河日报".into(), ..Default::default() }),
        ..Default::default()
    };
    running.articles().ingest_page(request).await.unwrap();
    until_topics(&running).await;
    (running, names)
}

/// The findings of a script about the page that is shown.
async fn findings(window: &Window, script: &str) -> Vec<String> {
    let Value::Array(found) = window.js(script).await else { panic!("no list") };
    found.into_iter().map(|finding| finding.as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_fits_is_readable_and_complains_of_nothing() {
    let (running, names) = archive().await;
    let Some(window) = Window::open(running.pages.unwrap()).await else { return };
    let topic = story_of(&running, &names[0]).await.name;
    let article = format!("/{}", names[0]);
    let pages = [
        "/?days=all".to_owned(),
        "/?order=burst&days=all&level=event".to_owned(),
        "/search".to_owned(),
        format!("/search?facets=1&q={}", percent("清河 防汛")),
        format!("/search?q={}", percent("\"没有这句话\"")),
        article.clone(),
        format!("/{}", names[5]),
        format!("{article}/reprints"),
        format!("{article}/diff/{}", names[1].replace("articles/", "")),
        format!("/{topic}"),
        format!("/{topic}/articles"),
        format!("/{topic}/articles?order=outlet"),
        format!("/{topic}/report"),
        format!("/{topic}/changes"),
        format!("/{topic}/edit"),
        "/brief?day=2025-03-04".to_owned(),
        "/watch".to_owned(),
        "/map?days=all".to_owned(),
        "/layout".to_owned(),
        "/about".to_owned(),
        "/sign-in".to_owned(),
    ];
    let mut found = Vec::new();
    for path in pages {
        window.look(1440, "light").await;
        window.go(&path).await;
        for scheme in ["light", "dark"] {
            for width in WIDTHS {
                window.look(width, scheme).await;
                let mut all = findings(&window, FITS).await;
                all.extend(findings(&window, ACCESS).await);
                found.extend(all.iter().map(|one| format!("{path} {width} {scheme}: {one}")));
            }
        }
        found.extend(window.complaints().await.iter().map(|one| format!("{path}: {one}")));
    }
    assert!(found.is_empty(), "{} findings:\n{}", found.len(), found.join("\n"));
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_gets_from_a_search_to_the_place_that_is_cited() {
    let (running, _) = archive().await;
    let Some(window) = Window::open(running.pages.unwrap()).await else { return };
    window.go("/").await;
    let asked = window.one("header input[type=search]").await;
    asked.send_keys("清河水位回落").await.unwrap();
    window.js("document.documentElement.dataset.old = '1'").await;
    asked.send_keys(Key::Enter + "").await.unwrap();
    window.until("return location.pathname === '/search'").await;
    let hit = window.one(".hits .hit h2 a").await;
    assert_eq!(hit.text().await.unwrap(), "清河水位回落");
    // The counts come by themselves once the hits are there.
    window.one("aside .facet a").await;
    window.click(".hits .hit h2 a").await;
    assert_eq!(window.one("article.paper h1").await.text().await.unwrap(), "清河水位回落");
    window.click("aside a[href^='/topics/']").await;
    assert!(window.here().await.starts_with("/topics/"), "{}", window.here().await);
    window.click(".tabs a[href$='/report']").await;
    let sentence = window.js("return document.querySelector('.brief p').firstChild.data").await;
    window.click(".brief a.cite").await;
    assert!(window.here().await.ends_with("#cite"), "{}", window.here().await);
    let told = "const place = document.getElementById('cite').getBoundingClientRect(); \
                return place.top >= 0 && place.bottom <= innerHeight";
    window.until(told).await;
    let marked = window.one("#cite").await.text().await.unwrap();
    let sentence = sentence.as_str().unwrap().trim_end_matches('。').to_owned();
    assert!(sentence.contains(marked.trim_end_matches('。')), "{sentence} cites {marked}");
    assert_eq!(window.complaints().await, Vec::<String>::new());
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_lead_through_pages_and_rows() {
    let (running, _) = archive().await;
    let Some(window) = Window::open(running.pages.unwrap()).await else { return };
    window.go("/?days=all").await;
    window.one("body").await.send_keys("jj").await.unwrap();
    let second =
        "return document.querySelectorAll('[data-row]')[1].contains(document.activeElement)";
    window.until(second).await;
    window.one("body").await.send_keys("gw").await.unwrap();
    window.until("return location.pathname === '/watch'").await;
    window.one("body").await.send_keys("/").await.unwrap();
    window.until("return document.activeElement.type === 'search'").await;
    window.close().await;
}

/// Sends the form of an edit, reads what it will do, and has it done.
async fn edit(window: &Window, topic: &str, fill: &[(&str, &str)], send: &str) {
    window.go(&format!("/{topic}/edit")).await;
    for (css, text) in fill {
        let field = window.one(css).await;
        match *text {
            "" => field.click().await.unwrap(),
            text => field.send_keys(text).await.unwrap(),
        }
    }
    window.click(send).await;
    assert!(window.text().await.contains("请确认"), "{}", window.text().await);
    window.click(".message button.main").await;
    assert!(window.text().await.contains("撤销"), "{}", window.text().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_are_shown_done_and_taken_back() {
    let (running, names) = archive().await;
    let Some(window) = Window::open(running.pages.unwrap()).await else { return };
    let topic = story_of(&running, &names[0]).await;

    let name = [("input[name=label]", "清河汛情")];
    edit(&window, &topic.name, &name, "form:has(input[value=rename]) button").await;
    assert_eq!(story_of(&running, &names[0]).await.label, "清河汛情");
    window.click(".message form button").await;
    assert_eq!(story_of(&running, &names[0]).await.label, topic.label);

    edit(&window, &topic.name, &[], "form:has(input[value=pin]) button").await;
    assert!(story_of(&running, &names[0]).await.is_pinned);
    window.click(".message form button").await;
    assert!(!story_of(&running, &names[0]).await.is_pinned);

    let box_of = format!("input[type=checkbox][value='{}']", names[0]);
    edit(&window, &topic.name, &[(&box_of, "")], "button[value=split]").await;
    let apart = story_of(&running, &names[0]).await;
    assert_ne!(apart.name, topic.name);
    window.click(".message form button").await;
    assert_eq!(story_of(&running, &names[0]).await.article_count, topic.article_count);
    assert_eq!(window.complaints().await, Vec::<String>::new());
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_lets_one_in_and_one_leaves() {
    let folder = tempfile::tempdir().unwrap();
    let (running, _) = with_keys(folder.path()).await;
    let Some(window) = Window::open(running.pages.unwrap()).await else { return };
    window.go("/watch").await;
    window.one("input[name=key]").await.send_keys("a-key-that-is-not-known").await.unwrap();
    window.click("form.stack button").await;
    assert!(window.one("[role=alert]").await.is_displayed().await.unwrap());
    window.one("input[name=key]").await.send_keys(WRITE).await.unwrap();
    window.click("form.stack button").await;
    assert_eq!(window.here().await, "/watch");
    let cookies = window.js("return document.cookie").await;
    assert!(!cookies.as_str().unwrap().contains("session"), "no script sees it: {cookies}");
    window.click(".foot form button").await;
    window.go("/watch").await;
    assert!(window.here().await.starts_with("/sign-in"), "{}", window.here().await);
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_arrives_while_one_watches() {
    let (running, _) = archive().await;
    let Some(window) = Window::open(running.pages.unwrap()).await else { return };
    // A search is put on the list where it is made.
    window.go(&format!("/search?q={}", percent("清河大桥"))).await;
    window.one("[data-watch]").await.click().await.unwrap();
    window.go("/watch").await;
    window
        .until("return document.querySelector('[data-live]').classList.contains('live-on')")
        .await;
    window.until("return document.querySelectorAll('[data-watched] li').length === 1").await;
    running.with(vec![record("清河大桥通车", "清河大桥今天通车，两岸往来更方便。", 9)]).await;
    let arrived = "return document.querySelector('.changes .fresh-row')\
                   ?.textContent.includes('清河大桥通车') === true";
    window.until(arrived).await;
    // So is what the search finds now, without a look at it.
    window.one("[data-watched] li .badge.new").await;
    let told = window.one("[data-watched] li").await.text().await.unwrap();
    assert!(told.contains("清河大桥通车"), "{told}");
    assert_eq!(window.complaints().await, Vec::<String>::new());
    window.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_is_dropped_taken_apart_and_stored() {
    let (running, _) = archive().await;
    let Some(window) = Window::open(running.pages.unwrap()).await else { return };
    window.go("/layout").await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures");
    let chooser = window.one("[data-file] input").await;
    chooser.send_keys(format!("{folder}/pages/qinghe-20250910-p1.md")).await.unwrap();
    window.until("return document.querySelector('textarea').value.length > 100").await;
    window.click("form.upload button.main").await;
    window.one(".sheet .part.title").await;
    // A page with places is shown as it lies, each part in the colour of what it is.
    let chooser = window.one("[data-file] input").await;
    chooser.send_keys(format!("{folder}/layout/qinghe.alto.xml")).await.unwrap();
    window.click("form.upload button.main").await;
    let parts = window.driver.find_all(By::Css("svg.plan path.part")).await.unwrap();
    assert!(parts.len() > 3, "{}", window.text().await);
    // A file of several pages is turned over, and what is stored says what is doubtful.
    let one = include_str!("../../fixtures/layout/qinghe.bbox.html");
    let (head, rest) = one.split_at(one.find("<page").unwrap());
    let (page, end) = rest.split_at(rest.rfind("</page>").unwrap() + "</page>".len());
    let both = tempfile::Builder::new().suffix(".html").tempfile().unwrap();
    std::fs::write(both.path(), [head, page, page, end].concat()).unwrap();
    let chooser = window.one("[data-file] input").await;
    chooser.send_keys(both.path().to_str().unwrap()).await.unwrap();
    window.click("form.upload button.main").await;
    window.one("nav.more button[name=turn]").await;
    assert!(window.text().await.contains("文件共 2 页，这是第 1 页"), "{}", window.text().await);
    window.click("nav.more button[name=turn]").await;
    window.until("return document.body.innerText.includes('这是第 2 页')").await;
    window.js("document.querySelector('[name=sure]').value = '90'; return 0").await;
    window.click("form.upload button[name=store]").await;
    window.until("return document.body.innerText.includes('已存入')").await;
    assert!(window.text().await.contains("这是第 2 页"));
    assert_eq!(window.complaints().await, Vec::<String>::new());
    window.close().await;
}
