//! What must hold of a store and its topics whatever happened, read from the store and the log.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use wenmai::domain::filter::Filter;
use wenmai::domain::id::ArticleId;
use wenmai::domain::limit::Limit;
use wenmai::domain::reprint::GroupId;
use wenmai::domain::topic::Level;
use wenmai::domain::topic::filter::TopicFilter;
use wenmai::engine::Engine;
use wenmai::engine::ListTopics;
use wenmai::engine::Period;
use wenmai::engine::TopicOrder;
use wenmai::engine::TopicView;
use wenmai::store::Store;
use wenmai::store::Stored;

/// Everything that is stored.
pub async fn stored(disk: &Store) -> BTreeMap<ArticleId, Stored> {
    let page = disk.list(&Filter::default(), None, Limit::MOST).await.unwrap();
    assert!(page.next.is_none());
    page.points.into_iter().map(|stored| (stored.article.id, stored)).collect()
}

/// The number of the last row of the log; the rows have no gap.
pub async fn last_version(disk: &Store) -> u64 {
    let mut last = 0;
    loop {
        let rows = disk.rows(last + 1, Limit::MOST).await.unwrap();
        let Some(row) = rows.last() else { return last };
        assert_eq!(row.version, last + u64::try_from(rows.len()).unwrap(), "a gap in the log");
        last = row.version;
    }
}

/// Every group has one original, no change is on its way, and every stored article is in one story,
/// as `engine` shows them and as `fresh` does, which has just read the log. Returns what is stored.
pub async fn everything_fits(
    disk: &Store,
    engine: &Engine,
    fresh: &Engine,
    what: &str,
) -> BTreeMap<ArticleId, Stored> {
    let stored = stored(disk).await;
    let mut originals = BTreeMap::<GroupId, Vec<ArticleId>>::new();
    for (id, one) in &stored {
        let of_group = originals.entry(one.membership.group).or_default();
        of_group.extend(one.membership.is_original.then_some(*id));
    }
    for (group, originals) in originals {
        assert_eq!(originals.len(), 1, "{what}: originals of {group:?}");
    }
    assert!(disk.mark().await.unwrap().unsettled.is_empty(), "{what}");
    let ids: BTreeSet<ArticleId> = stored.keys().copied().collect();
    assert_eq!(members(engine).await, ids, "{what}: articles in topics");
    assert!(engine.topics_are_well(), "{what}");
    for level in [Level::Event, Level::Story] {
        let (shown, read) = (topics(engine, level).await, topics(fresh, level).await);
        assert_eq!(shown, read, "{what}: shown, and read from the log");
    }
    stored
}

async fn members(engine: &Engine) -> BTreeSet<ArticleId> {
    let mut members = BTreeSet::new();
    for story in topics(engine, Level::Story).await {
        let found = engine.topic_articles(story.id, 0, Limit::MOST).await.unwrap();
        assert_eq!(found.total_count, found.members.len(), "a member that is not stored");
        for member in found.members {
            assert!(members.insert(member.article.article.id), "in two stories");
        }
    }
    members
}

/// The topics that `engine` shows.
pub async fn topics(engine: &Engine, level: Level) -> Vec<TopicView> {
    let request = ListTopics {
        level,
        period: Period::default(),
        filter: TopicFilter::default(),
        order: TopicOrder::Recency,
        offset: 0,
        limit: Limit::MOST,
    };
    engine.list_topics(request).await.unwrap().topics
}
