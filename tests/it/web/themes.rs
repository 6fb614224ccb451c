//! Pages of themes: a list, each with its stories, and the themes of a story.

use wenmai::proto::wire;

use super::PAGE_BYTES_MAX;
use super::story_of;
use super::with_records;
use crate::support::record;

/// What the articles of [`storm_stories`] repeat, each its own.
const OWN: &str = "甲乙丁戊辛桥路船车米麦鱼鸟马花树云雪石火金铁布纸灯钟琴棋";

/// Articles in stories of their own, all of which name a storm; at most 28.
fn storm_stories(count: i64) -> Vec<wire::ArticleRecord> {
    (1..=count)
        .zip(OWN.chars())
        .map(|(day, own)| {
            let text = own.to_string().repeat(60);
            record(&format!("{text}，台风"), &format!("{text}，台风。"), day)
        })
        .collect()
}

#[tokio::test]
async fn a_theme_leads_to_its_stories_and_a_story_to_its_themes() {
    let (running, mut browser, names) = with_records(storm_stories(4)).await;
    let today = browser.get("/?days=all").await;
    assert!(today.links().iter().any(|link| link == "/themes"), "{:?}", today.links());
    let list = browser.get("/themes").await;
    assert!(list.code == 200 && list.text().contains("4 个故事 · 4 篇"), "{}", list.text());
    let theme = browser.get(&list.link("/themes/")).await;
    assert!(theme.code == 200 && theme.text().contains("台风"), "{}", theme.text());
    let stories = theme.links().into_iter().filter(|link| link.starts_with("/topics/"));
    let stories: std::collections::BTreeSet<String> = stories.collect();
    assert_eq!(stories.len(), 4, "{stories:?}");
    let story = format!("/{}", story_of(&running, &names[0]).await.name);
    assert!(stories.contains(&story));
    let page = browser.get(&story).await;
    assert!(page.body.contains(&format!("data-put=\"{story}/themes\"")), "{}", page.body);
    let part = browser.get(&format!("{story}/themes")).await;
    assert!(part.code == 200 && part.text().contains("台风"), "{}", part.text());
    let themes = browser.get(&page.link("/themes?topic=")).await;
    assert_eq!(themes.link("/themes/"), list.link("/themes/"), "{}", themes.body);
    let twin = browser.get(&format!("{}.json", list.link("/themes/"))).await;
    let twin: serde_json::Value = serde_json::from_str(&twin.body).unwrap();
    assert_eq!(twin["stories"].as_array().map(Vec::len), Some(4), "{twin}");
    let twin = browser.get("/themes.json?days=1").await;
    let twin: serde_json::Value = serde_json::from_str(&twin.body).unwrap();
    assert_eq!(twin["themes"], serde_json::Value::Null, "one story of one day is no theme: {twin}");
    let missing = browser.get("/themes/c174aa86-0e0f-56a2-bf76-b0257d19e985").await;
    assert_eq!(missing.code, 404);
}

#[tokio::test]
async fn a_theme_of_many_stories_is_a_small_page() {
    let (_running, mut browser, _names) = with_records(storm_stories(28)).await;
    let theme = browser.get("/themes").await.link("/themes/");
    let page = browser.get(&theme).await;
    assert!(page.text().contains("显示 20 / 共 2"), "{}", page.text());
    let all = browser.get(&page.link(&format!("{theme}?all"))).await;
    assert!(!all.text().contains("显示 20 / 共 2"), "{}", all.text());
    for page in [page, all] {
        assert!(page.body.len() <= PAGE_BYTES_MAX, "{} bytes", page.body.len());
    }
}
