//! Edits of topics on pages: shown before, done, undone, stale, and merged topics that lead on.

use wenmai::proto::wire;

use crate::support::Running;
use crate::web::browser::Browser;
use crate::web::browser::Page;
use crate::web::story_of;
use crate::web::with_pages;

/// The pairs of the form that a page offers to go on with.
fn offered(page: &Page) -> Vec<(String, String)> {
    let form = page.body.rsplit("<form method=\"post\" action=\"/topics/").next().unwrap();
    let form = form.split("</form>").next().unwrap();
    let inner = Page { code: 200, head: String::new(), body: form.to_owned() };
    let names = [
        "token",
        "action",
        "label",
        "other",
        "article",
        "pair",
        "etag",
        "seen_label",
        "seen_count",
        "seen_pinned",
        "confirm",
    ];
    let pairs = names
        .iter()
        .flat_map(|name| inner.fields(name).into_iter().map(|value| ((*name).to_owned(), value)));
    pairs.collect()
}

async fn send(browser: &mut Browser, path: &str, pairs: &[(String, String)]) -> Page {
    let pairs: Vec<_> = pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    browser.post(path, &pairs).await
}

/// Asks for an edit, reads what it will do, and does it.
async fn edit(browser: &mut Browser, topic: &str, pairs: &[(&str, &str)]) -> Page {
    let path = format!("/{topic}/edit");
    let form = browser.get(&path).await;
    let mut given = vec![
        ("token".to_owned(), form.fields("token")[0].clone()),
        ("etag".to_owned(), form.fields("etag")[0].clone()),
        ("seen_label".to_owned(), form.fields("seen_label")[0].clone()),
    ];
    given.extend(pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
    let asked = send(browser, &path, &given).await;
    assert_eq!(asked.code, 200, "{}", asked.text());
    assert!(asked.text().contains("请确认"), "{}", asked.text());
    let done = send(browser, &path, &offered(&asked)).await;
    assert_eq!(done.code, 200, "{}", done.text());
    done
}

/// The stories of two articles, which are parted first if they are one.
async fn stories(running: &Running, one: &str, other: &str) -> (wire::Topic, wire::Topic) {
    let (first, second) = (story_of(running, one).await, story_of(running, other).await);
    if first.name != second.name {
        return (first, second);
    }
    let articles = vec![other.to_owned()];
    let request = wire::SplitTopicRequest { name: first.name, articles, etag: String::new() };
    running.topics().split_topic(request).await.unwrap();
    (story_of(running, one).await, story_of(running, other).await)
}

/// Makes the stories of two articles one, where the fake model tells of two.
async fn together(running: &Running, one: &str, other: &str) {
    let (one, other) = (story_of(running, one).await, story_of(running, other).await);
    if one.name != other.name {
        let request =
            wire::MergeTopicsRequest { name: one.name, other: other.name, etag: String::new() };
        running.topics().merge_topics(request).await.unwrap();
    }
}

#[tokio::test]
async fn a_topic_is_renamed_and_the_name_taken_back() {
    let (running, mut browser, names) = with_pages().await;
    let topic = story_of(&running, &names[0]).await;
    let done =
        edit(&mut browser, &topic.name, &[("action", "rename"), ("label", "清河汛情")]).await;
    assert_eq!(story_of(&running, &names[0]).await.label, "清河汛情");
    let undone = send(&mut browser, &format!("/{}/edit", topic.name), &offered(&done)).await;
    assert_eq!(undone.code, 200, "{}", undone.text());
    assert_eq!(story_of(&running, &names[0]).await.label, topic.label);
}

#[tokio::test]
async fn merged_topics_lead_on_say_so_and_can_be_parted() {
    let (running, mut browser, names) = with_pages().await;
    let (one, other) = stories(&running, &names[3], &names[4]).await;
    let done = edit(&mut browser, &one.name, &[("action", "merge"), ("typed", &other.name)]).await;
    let kept = story_of(&running, &names[3]).await;
    assert_eq!(kept.name, story_of(&running, &names[4]).await.name);
    let gone = if kept.name == one.name { &other.name } else { &one.name };
    let led = browser.get(&format!("/{gone}/articles")).await;
    assert_eq!(led.code, 308);
    let to = led.header("location").unwrap().to_owned();
    assert_eq!(to, format!("/{}/articles?merged=1", kept.name));
    assert!(browser.get(&to).await.text().contains("已并入本话题"));
    let undone = send(&mut browser, &format!("/{}/edit", kept.name), &offered(&done)).await;
    assert_eq!(undone.code, 200, "{}", undone.text());
    let now = (story_of(&running, &names[3]).await, story_of(&running, &names[4]).await);
    assert_ne!(now.0.name, now.1.name);
}

#[tokio::test]
async fn an_article_is_moved_and_goes_back() {
    let (running, mut browser, names) = with_pages().await;
    stories(&running, &names[0], &names[3]).await;
    together(&running, &names[0], &names[1]).await;
    let (from, to) = stories(&running, &names[0], &names[3]).await;
    assert!(from.article_count > 1, "the flood is one story: {from:?}");
    let pairs = [("action", "move"), ("typed", to.name.as_str()), ("article", names[0].as_str())];
    let done = edit(&mut browser, &from.name, &pairs).await;
    assert_eq!(story_of(&running, &names[0]).await.name, to.name);
    let undone = send(&mut browser, &format!("/{}/edit", to.name), &offered(&done)).await;
    assert_eq!(undone.code, 200, "{}", undone.text());
    assert_eq!(story_of(&running, &names[0]).await.name, from.name);
}

#[tokio::test]
async fn an_edit_of_what_has_changed_shows_both_states_and_does_nothing() {
    let (running, mut browser, names) = with_pages().await;
    let topic = story_of(&running, &names[0]).await;
    let path = format!("/{}/edit", topic.name);
    let form = browser.get(&path).await;
    let request = wire::UpdateTopicRequest {
        name: topic.name.clone(),
        label: Some("别人起的名".to_owned()),
        ..Default::default()
    };
    running.topics().update_topic(request).await.unwrap();
    let pairs = [
        ("token", form.fields("token")[0].clone()),
        ("etag", form.fields("etag")[0].clone()),
        ("seen_label", form.fields("seen_label")[0].clone()),
        ("seen_count", form.fields("seen_count")[0].clone()),
        ("seen_pinned", "0".to_owned()),
        ("action", "rename".to_owned()),
        ("label", "我起的名".to_owned()),
        ("confirm", "1".to_owned()),
    ];
    let pairs: Vec<_> = pairs.map(|(name, value)| (name.to_owned(), value)).into();
    let stale = send(&mut browser, &path, &pairs).await;
    assert_eq!(stale.code, 409);
    let text = stale.text();
    assert!(text.contains(&topic.label) && text.contains("别人起的名"), "{text}");
    assert_eq!(story_of(&running, &names[0]).await.label, "别人起的名");
}
