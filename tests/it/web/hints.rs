//! Suggestions while typing, and what a search page offers of what may have been meant.

use wenmai::proto::wire;

use super::browser::percent;
use super::with_records;
use crate::support::record;

#[tokio::test]
async fn the_box_suggests_and_the_page_asks_what_was_meant_and_offers_conditions() {
    let records = vec![
        record("外卖骑手王莆中救起落水老人", "王莆中说，换了谁都会救。", 12),
        record("清河大桥今日通车", "大桥全长一千二百米。", 14),
    ];
    let (running, mut browser, _) = with_records(records).await;
    // A service reads names in the background; here they are waited for.
    let typed =
        wire::SuggestQueriesRequest { text: "王".into(), wait: true, ..Default::default() };
    running.search().suggest_queries(typed).await.unwrap();

    let suggested = browser.get("/suggest?q=wpz").await;
    assert_eq!(suggested.code, 200);
    assert!(suggested.body.contains("王莆中"), "{}", suggested.body);
    let long = format!("/suggest?q={}", "a".repeat(500));
    assert_eq!(browser.get(&long).await.body.trim(), "[]");

    let page = browser.get(&format!("/search?q={}", percent("王蒲中"))).await;
    assert!(page.text().contains("你是不是要找"), "{}", page.text());
    let meant = format!("q={}", percent("王莆中"));
    assert!(page.links().iter().any(|link| link.contains(&meant)), "{:?}", page.links());

    let page = browser.get(&format!("/search?q={}", percent("昨天 王莆中"))).await;
    assert!(page.text().contains("按条件找"), "{}", page.text());
    let condition = percent("person:王莆中");
    assert!(page.links().iter().any(|link| link.contains(&condition)), "{:?}", page.links());
    assert!(!page.text().contains("你是不是要找"));
}
