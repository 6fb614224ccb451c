//! What the service promises about topics: the same stream gives the same bits, however it is cut,
//! stopped or killed; ids last; people are obeyed.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::civil::date;
use serde_json::Value;
use tempfile::TempDir;
use wenmai::domain::article::Record;
use wenmai::domain::id::ArticleId;
use wenmai::domain::limit::Limit;
use wenmai::domain::topic::Level;
use wenmai::domain::topic::TopicId;
use wenmai::domain::topic::filter::Status;
use wenmai::domain::topic::filter::TopicFilter;
use wenmai::embed;
use wenmai::engine::Action;
use wenmai::engine::ClusterSource;
use wenmai::engine::Edit;
use wenmai::engine::Engine;
use wenmai::engine::Error;
use wenmai::engine::ListTopics;
use wenmai::engine::Period;
use wenmai::engine::Rebuilt;
use wenmai::engine::TopicOrder;
use wenmai::engine::TopicView;
use wenmai::store;
use wenmai::store::Placed;
use wenmai::store::Store;
use wenmai::store::Vectors;

use crate::support;

/// What happens in the fictional county: each story in sentences of its own.
const STORIES: [(&str, [&str; 4]); 3] = [
    (
        "清河大桥",
        [
            "清河大桥加固工程开工，县交通局说工期五个月，桥面将重新铺装。",
            "清河大桥加固工程过半，两侧护栏更换完毕，施工方说进度正常。",
            "清河大桥加固工程完工，荷载试验合格，桥面限速取消。",
            "清河大桥恢复通车，附近三个村的村民出行更加方便。",
        ],
    ),
    (
        "柳溪秋粮",
        [
            "柳溪镇秋粮收购全面展开，收购点延长开门时间，烘干机全部启用。",
            "柳溪镇秋粮收购过半，种粮大户许老汉家的稻谷两天卖完。",
            "柳溪镇秋粮收购价格上调，粮款当天到账，农民说今年收成好。",
            "柳溪镇秋粮收购结束，粮站清点入库，总量比去年多一成。",
        ],
    ),
    (
        "县图书馆",
        [
            "县图书馆新馆开放，读者在新馆借阅图书，周末有讲座。",
            "县图书馆新馆迎来第一万名读者，儿童阅览室最受欢迎。",
            "县图书馆新馆延长开放到晚上九点，自习座位增加一倍。",
            "县图书馆新馆举办读书节，作家周小禾与读者见面。",
        ],
    ),
];

pub fn record(paper: &str, day: i8, title: &str, text: &str) -> Record {
    Record {
        paper: paper.into(),
        published_at: Some(date(2025, 9, day).at(0, 0, 0, 0)),
        title: title.into(),
        paragraphs: vec![text.into()],
        ..Record::default()
    }
}

/// Three stories over four weeks, with copies, a late article, and one that changes.
pub fn stream() -> Vec<Record> {
    let mut records = Vec::new();
    for week in 0..4_i8 {
        for (title, texts) in STORIES {
            let text = texts[usize::try_from(week).unwrap()];
            let title = format!("{title}：{}", text.chars().take(12).collect::<String>());
            records.push(record("清河日报", 1 + week * 7, &title, text));
            records.push(record(
                "柳溪晚报",
                2 + week * 7,
                &title,
                &format!("{text}本报将继续关注。"),
            ));
            records.push(record("县广播", 2 + week * 7, &title, text));
        }
    }
    let named = |text: &str| Record {
        source: "甲网".into(),
        source_id: "1".into(),
        ..record("", 9, "柳溪镇消息", text)
    };
    records.insert(5, named(STORIES[1].1[0]));
    records.insert(20, named(STORIES[2].1[1]));
    records.insert(25, record("旧报", 3, "清河大桥旧闻", STORIES[0].1[1]));
    records
}

pub async fn ingest(engine: &Engine, records: &[Record]) -> Vec<ArticleId> {
    let (results, _timings) = engine.ingest(records.to_vec()).await.unwrap();
    let ids = results.into_iter().map(|result| result.unwrap().id).collect();
    engine.settle_topics().await.unwrap();
    ids
}

/// The whole log, but for the clock.
pub async fn log(store: &Store) -> Vec<Value> {
    let mut entries = Vec::new();
    loop {
        let from = entries.len() as u64 + 1;
        let rows = store.rows(from, Limit::MOST).await.unwrap();
        if rows.is_empty() {
            return entries;
        }
        for row in rows {
            assert_eq!(row.version, entries.len() as u64 + 1);
            let mut value = row.value;
            value.remove("at_us").unwrap();
            entries.push(Value::Object(value));
        }
    }
}

pub fn open(store: &Store) -> Engine {
    let gate = support::Gate::default();
    gate.open();
    support::fake_engine_over(store, &gate)
}

pub async fn fresh() -> (Engine, Store) {
    let (engine, store, gate) = support::fake_engine();
    gate.open();
    (engine.with_topics().await.unwrap(), store)
}

async fn uninterrupted() -> Vec<Value> {
    let (engine, store) = fresh().await;
    ingest(&engine, &stream()).await;
    log(&store).await
}

fn all(level: Level) -> ListTopics {
    ListTopics {
        level,
        period: Period::default(),
        filter: TopicFilter::default(),
        order: TopicOrder::Heat,
        offset: 0,
        limit: Limit::MOST,
    }
}

async fn listed(engine: &Engine, level: Level) -> Vec<TopicView> {
    engine.list_topics(all(level)).await.unwrap().topics
}

pub fn story_of(engine: &Engine, id: ArticleId) -> TopicId {
    engine.topics_of(id).unwrap().unwrap().1
}

pub fn edit(topic: TopicId, action: Action) -> Edit {
    Edit { topic, revision: None, action }
}

#[tokio::test]
async fn a_stream_gives_the_same_bits_however_it_is_cut() {
    let known = uninterrupted().await;
    assert!(known.len() >= stream().len());
    for cut in [1, 3, 7, 16] {
        let (engine, store) = fresh().await;
        for piece in stream().chunks(cut) {
            // Without a pause for topics in between: the next piece waits by itself.
            engine.ingest(piece.to_vec()).await.unwrap();
        }
        engine.settle_topics().await.unwrap();
        assert_eq!(log(&store).await, known, "cut by {cut}");
    }
}

#[tokio::test]
async fn a_restart_in_the_middle_changes_nothing() {
    let known = uninterrupted().await;
    for at in [1, 13, 27] {
        let (engine, store) = fresh().await;
        let records = stream();
        let (before, after) = records.split_at(at);
        ingest(&engine, before).await;
        drop(engine);
        let engine = open(&store).with_topics().await.unwrap();
        ingest(&engine, after).await;
        assert_eq!(log(&store).await, known, "stopped at {at}");
    }
}

#[tokio::test]
async fn what_a_killed_process_stored_and_did_not_place_is_placed_first() {
    let known = uninterrupted().await;
    let (engine, store) = fresh().await;
    // In pieces as they would have come: an article that changes is stored once in each.
    let records = stream();
    ingest(&engine, &records[..10]).await;
    drop(engine);
    // Stored, and killed before the topics: an engine without topics does just that.
    let without = open(&store);
    without.ingest(records[10..20].to_vec()).await.unwrap();
    drop(without);
    let engine = open(&store).with_topics().await.unwrap();
    ingest(&engine, &records[20..]).await;
    assert_eq!(log(&store).await, known);
}

pub fn bundled(folder: &Path) -> Engine {
    let config = embed::Config { threads: 2, ..embed::Config::default() };
    Engine::open(&config, &store::Config::folder(folder)).unwrap()
}

#[tokio::test]
async fn topics_outlive_the_process_on_disk_with_the_bundled_model() {
    let folder = TempDir::new().unwrap();
    let engine = bundled(folder.path()).with_topics().await.unwrap();
    let ids = ingest(&engine, &stream()[..20]).await;
    let before = listed(&engine, Level::Story).await;
    // Copies are in one story whatever else is.
    assert_eq!(story_of(&engine, ids[0]), story_of(&engine, ids[2]));
    // Dropped, not closed.
    drop(engine);
    let engine = bundled(folder.path()).with_topics().await.unwrap();
    assert_eq!(listed(&engine, Level::Story).await, before);
    ingest(&engine, &stream()[20..]).await;
    let interrupted = listed(&engine, Level::Story).await;
    engine.close().await.unwrap();

    let other = TempDir::new().unwrap();
    let engine = bundled(other.path()).with_topics().await.unwrap();
    ingest(&engine, &stream()).await;
    assert_eq!(listed(&engine, Level::Story).await, interrupted);
    let found = engine
        .search_topics(
            wenmai::engine::SearchTopics::Text("清河大桥 加固".into()),
            Level::Story,
            Limit::new(3).unwrap(),
        )
        .await
        .unwrap();
    assert!(found.topics[0].topic.label.contains("大桥"), "{found:?}");
    engine.close().await.unwrap();
}

#[tokio::test]
async fn a_few_articles_of_one_town_are_told_apart_by_their_matter() {
    let folder = TempDir::new().unwrap();
    let engine = bundled(folder.path()).with_topics().await.unwrap();
    let records = [
        (8, "柳川化肥厂起火 三人受伤", "今天凌晨，柳川市城东化肥厂仓库起火，三人受伤送医。"),
        (8, "柳川三中举行运动会", "柳川三中前天举行运动会，二十个班参加。"),
        (
            8,
            "柳川通报化肥厂火灾：厂长被问询",
            "柳川市应急管理局通报，化肥厂仓库起火，伤者三人，厂长正接受问询。",
        ),
        (9, "化肥厂火灾伤者出院", "柳川化肥厂火灾的三名伤者今天出院，仓库仍在清理。"),
    ];
    let records = records.map(|(day, title, text)| record("柳川晚报", day, title, text));
    let ids = ingest(&engine, &records).await;
    let [fire, school, report, after] = [0, 1, 2, 3].map(|at: usize| story_of(&engine, ids[at]));
    assert_eq!((fire, fire), (report, after), "the fire is one story");
    assert_ne!(school, fire, "a sports day in the same town is another");
    engine.close().await.unwrap();
}

#[tokio::test]
async fn an_index_of_a_time_before_topics_is_rebuilt_in_order_of_time() {
    let (engine, store, gate) = support::fake_engine();
    gate.open();
    let (results, _) = engine.ingest(stream()).await.unwrap();
    let ids: BTreeSet<ArticleId> = results.into_iter().map(|one| one.unwrap().id).collect();
    // Nobody counted arrivals then.
    let none = wenmai::domain::topic::Placement {
        event: TopicId::from(uuid::Uuid::nil()),
        story: TopicId::from(uuid::Uuid::nil()),
    };
    let placed = ids.iter().map(|id| Placed { article: *id, arrival: 0, placement: none });
    store.project(Vec::new(), placed.collect()).await.unwrap();
    let engine = engine.with_topics().await.unwrap();
    engine.settle_topics().await.unwrap();
    let count = ids.len() as u64;
    assert_eq!(engine.topics_progress().await.unwrap().pending_count, count);
    assert_eq!(engine.rebuild_topics().await.unwrap().placed_count, count);
    assert_eq!(engine.topics_progress().await.unwrap().pending_count, 0);
    let first = log(&store).await;
    let times: Vec<i64> =
        first.iter().filter_map(|entry| entry["change"]["assigned"]["at"].as_i64()).collect();
    assert!(times.is_sorted() && times.len() == ids.len());
    // Once more changes nothing, and what comes next gets the next number.
    assert_eq!(engine.rebuild_topics().await.unwrap(), Rebuilt::default());
    assert_eq!(log(&store).await.len(), first.len());
    let next = ingest(&engine, &[record("丁报", 30, "清河大桥一月", STORIES[0].1[3])]).await;
    let stored = store.fetch(&next, Vectors::No).await.unwrap().remove(0).unwrap();
    assert_eq!(stored.arrival, count + 1);
}

#[tokio::test]
async fn a_deleted_article_leaves_its_topics_and_their_ids() {
    let (engine, disk) = fresh().await;
    let ids = ingest(&engine, &[record("甲报", 1, STORIES[0].0, STORIES[0].1[0])]).await;
    let story = story_of(&engine, ids[0]);
    engine.delete(ids[0]).await.unwrap();
    assert_eq!(engine.topics_of(ids[0]).unwrap(), None);
    let empty = engine.topic(story).unwrap();
    assert_eq!((empty.status, empty.measures.size), (Status::Empty, 0));
    assert!(listed(&engine, Level::Story).await.is_empty());
    // The same article again founds another topic: the old name is not given twice.
    let ids = ingest(&engine, &[record("甲报", 1, STORIES[0].0, STORIES[0].1[0])]).await;
    assert_ne!(story_of(&engine, ids[0]), story);
    drop(engine);
    let engine = open(&disk).with_topics().await.unwrap();
    assert_eq!(engine.topic(story).unwrap().status, Status::Empty);
}

#[tokio::test]
async fn articles_without_a_date_or_of_2099_do_not_move_the_clock() {
    let (engine, _store) = fresh().await;
    let future = Record {
        published_at: Some(date(2099, 1, 1).at(0, 0, 0, 0)),
        ..record("甲报", 1, STORIES[0].0, STORIES[0].1[0])
    };
    let undated =
        Record { published_at: None, ..record("乙报", 1, STORIES[1].0, STORIES[1].1[0]) };
    let ids = ingest(&engine, &[future, undated]).await;
    let now = jiff::Timestamp::now().as_second();
    for id in ids {
        let topic = engine.topic(story_of(&engine, id)).unwrap();
        assert!((now - topic.measures.last_at).abs() < 3_600, "{topic:?}");
        assert_eq!(topic.status, Status::Active);
    }
}

#[tokio::test]
async fn a_list_counts_what_it_shows_where_an_article_lies_after_the_newest_day() {
    let (engine, _store) = fresh().await;
    // The first of all has no date and counts as of today; the archive is older.
    let undated =
        Record { published_at: None, ..record("乙报", 1, STORIES[1].0, STORIES[1].1[0]) };
    let lone = ingest(&engine, &[undated]).await;
    let dated: Vec<Record> = (1..)
        .zip([STORIES[0], STORIES[2]])
        .flat_map(|(day, (title, texts))| {
            [record("甲报", day, title, texts[0]), record("丙报", day + 1, title, texts[0])]
        })
        .collect();
    ingest(&engine, &dated).await;
    for (level, order) in [
        (Level::Story, TopicOrder::Heat),
        (Level::Story, TopicOrder::Size),
        (Level::Story, TopicOrder::Recency),
        (Level::Story, TopicOrder::Burst),
        (Level::Event, TopicOrder::Heat),
    ] {
        let list = engine.list_topics(ListTopics { order, ..all(level) }).await.unwrap();
        assert_eq!((list.topics.len(), list.total_count), (2, 2), "{level:?} {order:?}");
        let one = ListTopics { order, offset: 1, limit: Limit::ONE, ..all(level) };
        assert_eq!(engine.list_topics(one).await.unwrap().topics, list.topics[1..]);
    }
    let story = engine.topic(story_of(&engine, lone[0])).unwrap();
    assert_eq!(story.measures.size, 1, "its own page shows its article: {story:?}");
}

#[tokio::test]
async fn an_article_after_the_newest_day_lifts_its_topic_in_no_list() {
    let (engine, _store) = fresh().await;
    // It has no date and counts as of today; the archive, with a copy of it, is older.
    let (title, [text, ..]) = STORIES[1];
    let undated = Record { published_at: None, ..record("乙报", 1, title, text) };
    let ids = ingest(&engine, &[undated, record("丁报", 1, title, text)]).await;
    let late = story_of(&engine, ids[0]);
    assert_eq!(story_of(&engine, ids[1]), late);
    for (title, [text, ..]) in [STORIES[0], STORIES[2]] {
        ingest(&engine, &[record("甲报", 5, title, text), record("丙报", 6, title, text)]).await;
    }
    #[expect(clippy::cast_precision_loss, reason = "articles of a topic, seconds since 1970")]
    let shown = |order: TopicOrder, topic: &TopicView| match order {
        TopicOrder::Heat => topic.measures.heat,
        TopicOrder::Size => topic.measures.size as f64,
        TopicOrder::Recency => topic.measures.last_at as f64,
        TopicOrder::Burst => topic.measures.burst,
    };
    for order in [TopicOrder::Heat, TopicOrder::Size, TopicOrder::Recency, TopicOrder::Burst] {
        let list = engine.list_topics(ListTopics { order, ..all(Level::Story) }).await.unwrap();
        assert_eq!((list.topics.len(), list.total_count), (3, 3), "{order:?}");
        assert_eq!(list.topics[2].id, late, "{order:?}");
        assert_eq!(list.topics[2].measures.size, 1, "{order:?}");
        let falls = |pair: &[TopicView]| shown(order, &pair[0]) >= shown(order, &pair[1]);
        assert!(list.topics.windows(2).all(falls), "{order:?}: {:?}", list.topics);
    }
}

#[tokio::test]
async fn ten_thousand_copies_are_one_topic() {
    let (engine, store) = fresh().await;
    let copy = |number: usize| Record {
        source: "网".into(),
        source_id: number.to_string(),
        ..record("甲报", 9, STORIES[0].0, STORIES[0].1[0])
    };
    let mut ids = Vec::new();
    for start in (0..10_000).step_by(1_000) {
        let copies: Vec<Record> = (start..start + 1_000).map(copy).collect();
        ids.extend(ingest(&engine, &copies).await);
    }
    let stories = listed(&engine, Level::Story).await;
    assert_eq!((stories.len(), stories[0].measures.size), (1, 10_000));
    drop(engine);
    let engine = open(&store).with_topics().await.unwrap();
    assert_eq!(listed(&engine, Level::Story).await, stories);
    let timeline = engine.topic_timeline(stories[0].id, 20).await.unwrap();
    assert_eq!((timeline.entries.len(), timeline.entries[0].published_count), (1, 1));
}

#[tokio::test]
async fn an_empty_corpus_has_no_topics_and_says_so() {
    let (engine, _store) = fresh().await;
    let list = engine.list_topics(all(Level::Event)).await.unwrap();
    assert_eq!((list.topics.len(), list.total_count), (0, 0));
    assert_eq!((list.progress.version, list.progress.pending_count), (0, 0));
    assert_eq!(engine.rebuild_topics().await.unwrap(), Rebuilt::default());
    let everything = wenmai::domain::filter::Filter::default();
    let none = engine.cluster_articles(ClusterSource::Passing(everything)).await.unwrap();
    assert_eq!((none.clusters.len(), none.article_count), (0, 0));
}

#[tokio::test]
async fn an_engine_without_topics_says_that_they_are_off() {
    let (engine, _store, gate) = support::fake_engine();
    gate.open();
    assert!(matches!(engine.list_topics(all(Level::Story)).await, Err(Error::TopicsOff)));
}

#[tokio::test]
async fn a_timeline_tells_the_days_in_order_and_nothing_twice() {
    let folder = TempDir::new().unwrap();
    let engine = bundled(folder.path()).with_topics().await.unwrap();
    let ids = ingest(&engine, &stream()).await;
    let bridge: BTreeSet<ArticleId> = {
        let records = stream();
        let of_bridge = |at: &usize| records[*at].title.starts_with("清河大桥：");
        (0..ids.len()).filter(of_bridge).map(|at| ids[at]).collect()
    };
    let story = story_of(&engine, *bridge.first().unwrap());
    let action = Action::Update { label: None, pinned: None, articles: bridge };
    engine.edit_topic(edit(story, action)).await.unwrap();
    let timeline = engine.topic_timeline(story, 20).await.unwrap();
    let days: Vec<i64> = timeline.entries.iter().map(|entry| entry.day).collect();
    assert!(days.is_sorted() && days.len() >= 4, "{days:?}");
    let titles: Vec<&str> =
        timeline.entries.iter().map(|entry| entry.article.article.record.title.as_str()).collect();
    assert_eq!(titles.iter().collect::<BTreeSet<_>>().len(), titles.len(), "{titles:?}");
    let one = engine.topic_timeline(story, 1).await.unwrap();
    assert_eq!(one.entries.len(), 1);
    engine.close().await.unwrap();
}

#[tokio::test]
async fn articles_are_clustered_on_the_spot_and_nothing_is_stored() {
    let (engine, store) = fresh().await;
    let ids = ingest(&engine, &stream()).await;
    let before = log(&store).await.len();
    let found = engine.cluster_articles(ClusterSource::Articles(ids[..9].to_vec())).await.unwrap();
    let clustered: Vec<ArticleId> =
        found.clusters.iter().flat_map(|one| one.events.iter().flatten().copied()).collect();
    assert_eq!(clustered.iter().collect::<BTreeSet<_>>(), ids[..9].iter().collect());
    assert!(found.clusters.iter().all(|cluster| !cluster.face.label.is_empty()));
    assert_eq!(log(&store).await.len(), before);
    let stranger = ArticleId::from(uuid::Uuid::nil());
    let refused = engine.cluster_articles(ClusterSource::Articles(vec![stranger])).await;
    assert!(matches!(refused, Err(Error::ArticleNotFound { .. })));
}
