//! What people change about topics is done, stays, and is refused where it makes no sense.

use std::collections::BTreeSet;

use jiff::civil::date;
use wenmai::domain::article::Record;
use wenmai::domain::id::ArticleId;
use wenmai::domain::topic::TopicId;
use wenmai::engine::Action;
use wenmai::engine::Edit;
use wenmai::engine::Engine;
use wenmai::engine::Error;

use crate::topics::edit;
use crate::topics::fresh;
use crate::topics::ingest;
use crate::topics::log;
use crate::topics::open;
use crate::topics::record;
use crate::topics::story_of;

fn field(error: &Error) -> &str {
    let Error::Invalid(violations) = error else { panic!("{error:?}") };
    &violations[0].field
}

#[tokio::test]
async fn merged_topics_lead_to_the_older_one_for_ever() {
    let (engine, store) = fresh().await;
    // To the fake model no two of these are alike.
    let far = ["甲", "乙", "丁"].map(|name| {
        let text = name.repeat(20);
        record("清河日报", 1, &text, &text)
    });
    let mut ids = Vec::new();
    for (day, one) in (1..).zip(far) {
        let at = Some(date(2025, 9, day * 3).at(0, 0, 0, 0));
        ids.extend(ingest(&engine, &[Record { published_at: at, ..one }]).await);
    }
    let stories: Vec<TopicId> = ids.iter().map(|id| story_of(&engine, *id)).collect();
    assert_eq!(stories.iter().collect::<BTreeSet<_>>().len(), 3);
    // The last into the second, that into the first: a chain.
    let kept = engine.edit_topic(edit(stories[2], Action::Merge(stories[1]))).await.unwrap();
    assert_eq!((kept.id, kept.measures.size), (stories[1], 2));
    let kept = engine.edit_topic(edit(stories[1], Action::Merge(stories[0]))).await.unwrap();
    assert_eq!((kept.id, kept.measures.size, kept.event_count), (stories[0], 3, 3));
    for story in &stories {
        assert_eq!(engine.topic(*story).unwrap().id, stories[0]);
    }
    let itself = engine.edit_topic(edit(stories[2], Action::Merge(stories[0]))).await;
    assert_eq!(field(&itself.unwrap_err()), "other");
    drop(engine);
    let engine = open(&store).with_topics().await.unwrap();
    assert_eq!(engine.topic(stories[2]).unwrap().id, stories[0]);
    assert_eq!(story_of(&engine, ids[2]), stories[0]);
}

/// A story of three articles that are not copies: one text, then two moved into its topic.
async fn gathered(engine: &Engine) -> (TopicId, Vec<ArticleId>) {
    let records: Vec<Record> = ["甲", "乙", "丁"]
        .iter()
        .zip(1..)
        .map(|(name, day)| record("清河日报", day, &name.repeat(20), &name.repeat(20)))
        .collect();
    let ids = ingest(engine, &records).await;
    let story = story_of(engine, ids[0]);
    let articles = ids[1..].iter().copied().collect();
    let action = Action::Update { label: None, pinned: None, articles };
    let shown = engine.edit_topic(edit(story, action)).await.unwrap();
    assert_eq!(shown.measures.size, 3);
    (story, ids)
}

#[tokio::test]
async fn a_split_makes_a_topic_that_stays_apart() {
    let (engine, disk) = fresh().await;
    let (story, ids) = gathered(&engine).await;
    for (articles, why) in [
        (vec![], "none"),
        (ids.clone(), "all"),
        (vec![ids[0], ArticleId::from(uuid::Uuid::nil())], "a stranger"),
    ] {
        let asked = edit(story, Action::Split(articles.into_iter().collect()));
        let refused = engine.edit_topic(asked).await.unwrap_err();
        assert_eq!(field(&refused), "articles", "{why}");
    }
    let part = Action::Split(BTreeSet::from([ids[1], ids[2]]));
    let new = engine.edit_topic(edit(story, part)).await.unwrap();
    assert_ne!(new.id, story);
    assert_eq!(new.measures.size, 2);
    assert_eq!(engine.topic(story).unwrap().measures.size, 1);
    assert_eq!(story_of(&engine, ids[2]), new.id);
    let before = log(&disk).await.len();
    engine.rebuild_topics().await.unwrap();
    assert_eq!(log(&disk).await.len(), before, "they were merged again");
    drop(engine);
    let engine = open(&disk).with_topics().await.unwrap();
    assert_eq!(story_of(&engine, ids[1]), new.id);
}

#[tokio::test]
async fn a_name_and_a_pin_stay_and_a_stale_edit_is_refused() {
    let (engine, disk) = fresh().await;
    let (story, ids) = gathered(&engine).await;
    let seen = engine.topic(story).unwrap();
    let rename = Action::Update {
        label: Some(" 三件事 ".into()),
        pinned: Some(true),
        articles: BTreeSet::new(),
    };
    let asked = Edit { topic: story, revision: Some(seen.revision), action: rename.clone() };
    let named = engine.edit_topic(asked.clone()).await.unwrap();
    assert_eq!((named.label.as_str(), named.is_named, named.pinned), ("三件事", true, true));
    let stale = engine.edit_topic(asked).await.unwrap_err();
    assert!(matches!(stale, Error::StaleTopic { given, .. } if given == seen.revision));
    let nothing = Action::Update { label: None, pinned: None, articles: BTreeSet::new() };
    assert!(engine.edit_topic(edit(story, nothing)).await.is_err());
    let long =
        Action::Update { label: Some("长".repeat(101)), pinned: None, articles: BTreeSet::new() };
    assert_eq!(field(&engine.edit_topic(edit(story, long)).await.unwrap_err()), "label");
    let nobody = TopicId::from(uuid::Uuid::nil());
    let unknown = engine.edit_topic(edit(nobody, rename)).await.unwrap_err();
    assert!(matches!(unknown, Error::TopicNotFound { .. }));
    // One more article changes neither the name nor what an etag stands for.
    let copy =
        Record { paper: "乙报".into(), ..record("", 4, &"甲".repeat(20), &"甲".repeat(20)) };
    ingest(&engine, &[copy]).await;
    let now = engine.topic(story).unwrap();
    assert_eq!((now.measures.size, now.revision), (4, named.revision));
    drop(engine);
    let engine = open(&disk).with_topics().await.unwrap();
    assert_eq!(engine.topic(story).unwrap(), now);
    assert_eq!(story_of(&engine, ids[1]), story);
}
