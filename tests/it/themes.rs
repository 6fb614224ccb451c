//! Themes over the wire: standing subjects that run through stories.

use tonic::Code;
use wenmai::proto::wire;
use wenmai::proto::wire::watch_topics_response::Change;

use crate::support;
use crate::support::Running;
use crate::support::invalid;
use crate::support::told;

/// Articles in stories of their own, of which the first three name a storm.
fn records() -> Vec<wire::ArticleRecord> {
    let names = ["甲", "乙", "丁", "戊", "辛"];
    (1..)
        .zip(names)
        .map(|(day, name)| {
            let (text, storm) = (name.repeat(60), if day < 4 { "台风" } else { "" });
            support::record(&format!("{text}，{storm}"), &format!("{text}，{storm}。"), day)
        })
        .collect()
}

async fn settled(server: &Running) {
    let count = server.with(records()).await.len();
    let request = wire::WatchTopicsRequest { since_version: 0 };
    let mut changes = server.topics().watch_topics(request).await.unwrap().into_inner();
    let mut placed = 0;
    while placed < count {
        let change = changes.message().await.unwrap().unwrap();
        placed += usize::from(matches!(change.change, Some(Change::Assigned(_))));
    }
}

#[tokio::test]
async fn a_theme_runs_through_the_stories_that_show_its_word() {
    let server = Running::start().await;
    settled(&server).await;
    let request = wire::ListThemesRequest::default();
    let found = server.topics().list_themes(request).await.unwrap().into_inner();
    let storm = found.themes.iter().find(|theme| theme.label == "台风").unwrap();
    assert_eq!((storm.story_count, storm.article_count), (3, 3));
    let seconds =
        |time: &Option<_>| time.as_ref().map(|time: &prost_types::Timestamp| time.seconds);
    assert!(seconds(&storm.first_time) < seconds(&storm.last_time));
    let request = wire::GetThemeRequest { name: storm.name.clone(), limit: 0 };
    let shown = server.topics().get_theme(request).await.unwrap().into_inner();
    assert_eq!(shown.theme.as_ref(), Some(storm));
    assert_eq!(shown.stories.len(), 3);
    for story in &shown.stories {
        assert!(story.weight > 0.0 && story.weight <= 1.0, "{story:?}");
        assert!(story.topic.as_ref().unwrap().keywords.contains(&"台风".to_owned()));
    }
    let day = Some(wire::Date { year: 2025, month: 3, day: 3 });
    let request = wire::ListThemesRequest { from: day, ..Default::default() };
    let later = server.topics().list_themes(request).await.unwrap().into_inner();
    assert_eq!(later.themes, [], "only one story has an article since then");
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_theme_that_no_stories_show_is_not_found() {
    let server = Running::start().await;
    let name = "themes/c174aa86-0e0f-56a2-bf76-b0257d19e985".to_owned();
    let request = wire::GetThemeRequest { name, limit: 0 };
    let status = server.topics().get_theme(request).await.unwrap_err();
    assert_eq!((status.code(), told(&status).1.as_str()), (Code::NotFound, "THEME_NOT_FOUND"));
    let request = wire::GetThemeRequest { name: "topics/1".into(), limit: 0 };
    let status = server.topics().get_theme(request).await.unwrap_err();
    assert_eq!(told(&status), invalid(&["name"]));
    server.stop().await.unwrap();
}
