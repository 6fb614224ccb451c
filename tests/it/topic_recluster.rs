//! A period clustered anew keeps names, obeys people, and survives a restart; a start from a checkpoint
//! is one from the log.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use tempfile::TempDir;
use wenmai::domain::article::Record;
use wenmai::domain::filter::Filter;
use wenmai::domain::id::ArticleId;
use wenmai::domain::limit::Limit;
use wenmai::domain::topic::TopicId;
use wenmai::engine::Action;
use wenmai::engine::Engine;
use wenmai::engine::Period;
use wenmai::engine::Recluster;
use wenmai::engine::Reclustered;
use wenmai::store::Checkpoint;

use crate::topics::bundled;
use crate::topics::edit;
use crate::topics::fresh;
use crate::topics::ingest;
use crate::topics::log;
use crate::topics::open;
use crate::topics::record;
use crate::topics::story_of;
use crate::topics::stream;

/// Two texts that the fake model finds far from each other, in three papers each, on days of their own.
fn two_subjects() -> Vec<Record> {
    let subjects = ["甲", "乙"];
    let papers = ["甲报", "乙报", "丁报"];
    let one = |(at, subject): (usize, &str)| {
        papers.map(|paper| {
            let day = i8::try_from(1 + at * 10).unwrap();
            record(paper, day, &subject.repeat(20), &subject.repeat(20))
        })
    };
    subjects.into_iter().enumerate().flat_map(one).collect()
}

/// Both subjects stored; the first one's story, and all articles.
async fn stored(engine: &Engine) -> (TopicId, Vec<ArticleId>) {
    let ids = ingest(engine, &two_subjects()).await;
    let stories: BTreeSet<TopicId> = ids.iter().map(|id| story_of(engine, *id)).collect();
    assert!(stories.len() >= 2, "the two subjects are apart");
    (story_of(engine, ids[0]), ids)
}

fn placements(engine: &Engine, ids: &[ArticleId]) -> BTreeMap<ArticleId, (TopicId, TopicId)> {
    ids.iter().map(|id| (*id, engine.topics_of(*id).unwrap().unwrap())).collect()
}

async fn recluster(engine: &Engine, dry_run: bool) -> Reclustered {
    let asked = Recluster { period: Period::default(), dry_run };
    engine.recluster_topics(asked).await.unwrap()
}

#[tokio::test]
async fn a_period_clustered_anew_keeps_its_names_and_goes_through_the_log() {
    let (engine, disk) = fresh().await;
    let ids = ingest(&engine, &stream()).await;
    let ids: Vec<ArticleId> = ids.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    let before = (placements(&engine, &ids), log(&disk).await.len());
    let told = recluster(&engine, true).await;
    assert_eq!((told.article_count, told.left_alone_count), (ids.len(), 0));
    assert_eq!((placements(&engine, &ids), log(&disk).await.len()), before, "a dry run");
    assert_eq!(recluster(&engine, false).await, told);
    let now = placements(&engine, &ids);
    let moved = ids.iter().filter(|id| now[id] != before.0[id]).count();
    assert_eq!(moved, told.moved_count);
    // Whatever had a name still leads somewhere, and every event is in one story.
    let mut story_of_event = BTreeMap::new();
    for (event, story) in now.values() {
        assert_eq!(*story_of_event.entry(*event).or_insert(*story), *story);
    }
    for (event, story) in before.0.values() {
        for old in [event, story] {
            let shown = engine.topic(*old).unwrap();
            assert!(shown.measures.size > 0, "{old} leads to an empty topic");
        }
    }
    assert_eq!(recluster(&engine, true).await.moved_count, 0, "once is enough");
    drop(engine);
    let engine = open(&disk).with_topics().await.unwrap();
    assert_eq!(placements(&engine, &ids), now);
    // What comes next is decided as if nothing had been restarted.
    ingest(&engine, &[record("丁报", 29, "清河大桥近况", "清河大桥恢复通车后车流平稳。")]).await;
}

#[tokio::test]
async fn what_a_person_shaped_is_left_alone() {
    let (engine, _disk) = fresh().await;
    let (first, ids) = stored(&engine).await;
    let other = story_of(&engine, ids[5]);
    assert_ne!(first, other);
    engine.edit_topic(edit(first, Action::Merge(other))).await.unwrap();
    let shaped = placements(&engine, &ids);
    let together = ids.iter().filter(|id| shaped[id].1 == shaped[&ids[0]].1).count();
    let told = recluster(&engine, false).await;
    assert_eq!(told.left_alone_count, together);
    let now = placements(&engine, &ids);
    let kept = ids.iter().filter(|id| shaped[id].1 == shaped[&ids[0]].1);
    assert!(kept.clone().count() >= 2 && kept.into_iter().all(|id| now[id] == shaped[id]));
}

#[tokio::test]
async fn only_the_days_asked_for_are_looked_at() {
    let (engine, disk) = fresh().await;
    ingest(&engine, &two_subjects()).await;
    let before = log(&disk).await.len();
    // Long before anything was published.
    let period = Period { from: Some(0), to: Some(10) };
    let told = engine.recluster_topics(Recluster { period, dry_run: false }).await.unwrap();
    assert_eq!(told, Reclustered::default());
    assert_eq!(log(&disk).await.len(), before);
}

#[tokio::test]
async fn a_search_within_a_topic_finds_its_articles_under_every_name_it_ever_had() {
    let (engine, _disk) = fresh().await;
    let (first, ids) = stored(&engine).await;
    let other = story_of(&engine, ids[5]);
    let found = async |filter: String| -> Result<BTreeSet<ArticleId>, wenmai::engine::Error> {
        let filter = Filter::parse(&filter).unwrap();
        let list = engine.list(&filter, None, Limit::MOST).await?;
        Ok(list.articles.into_iter().map(|one| one.article.id).collect())
    };
    let of = |story: TopicId| -> BTreeSet<ArticleId> {
        ids.iter().copied().filter(|id| story_of(&engine, *id) == story).collect()
    };
    assert_eq!(found(format!("topic = {first}")).await.unwrap(), of(first));
    assert!(!of(first).contains(&ids[5]));
    let not = found(format!("-topic = topics/{first}")).await.unwrap();
    assert_eq!(not.len(), ids.len() - of(first).len());
    let both = found(format!("topic = {first} OR topic = {other}")).await.unwrap();
    assert!(both.contains(&ids[0]) && both.contains(&ids[5]));
    engine.edit_topic(edit(first, Action::Merge(other))).await.unwrap();
    assert_eq!(found(format!("topic = {first}")).await.unwrap(), both);
    assert_eq!(found(format!("topic = {other}")).await.unwrap(), both);
    let nobody = found("topic = c174aa86-0e0f-56a2-bf76-b0257d19e985".into()).await;
    assert!(matches!(nobody, Err(wenmai::engine::Error::TopicNotFound { .. })), "{nobody:?}");
    assert!(Filter::parse("topic = 甲").is_err() && Filter::parse("topic > 1").is_err());
}

#[tokio::test]
async fn articles_without_a_date_count_as_of_the_newest_before_them() {
    let undated = |at: usize| {
        let record = stream().remove(at);
        Record {
            published_at: if at.is_multiple_of(5) { None } else { record.published_at },
            ..record
        }
    };
    let records: Vec<Record> = (0..stream().len()).map(undated).collect();
    let mut logs = Vec::new();
    for _ in 0..2 {
        let (engine, disk) = fresh().await;
        // The first has a date, so the clock on the wall has no say.
        ingest(&engine, &records[1..]).await;
        logs.push(log(&disk).await);
    }
    assert_eq!(logs[0], logs[1]);
    let ats: Vec<i64> =
        logs[0].iter().filter_map(|entry| entry["change"]["assigned"]["at"].as_i64()).collect();
    let newest_published = 1_760_000_000;
    assert!(ats.iter().all(|at| *at < newest_published), "{ats:?}");
}

#[tokio::test]
async fn a_start_from_a_checkpoint_shows_what_the_log_says_on_disk() {
    let folder = TempDir::new().unwrap();
    let engine = bundled(folder.path()).with_topics().await.unwrap();
    let ids = ingest(&engine, &stream()[..20]).await;
    // Maintenance ends with a checkpoint.
    engine.rebuild_topics().await.unwrap();
    ingest(&engine, &stream()[20..30]).await;
    let shown = |engine: &Engine| -> Vec<String> {
        let one = |id: &ArticleId| format!("{:?}", engine.topic(story_of(engine, *id)).unwrap());
        ids.iter().map(one).collect()
    };
    let before = shown(&engine);
    drop(engine);
    let engine = bundled(folder.path()).with_topics().await.unwrap();
    assert_eq!(shown(&engine), before);
    ingest(&engine, &stream()[30..]).await;
    let restarted = shown(&engine);
    engine.close().await.unwrap();
    let other = TempDir::new().unwrap();
    let engine = bundled(other.path()).with_topics().await.unwrap();
    ingest(&engine, &stream()[..20]).await;
    engine.rebuild_topics().await.unwrap();
    ingest(&engine, &stream()[20..]).await;
    assert_eq!(shown(&engine), restarted);
    engine.close().await.unwrap();
}

#[tokio::test]
async fn a_wrong_checkpoint_in_the_store_is_passed_over() {
    let (engine, disk) = fresh().await;
    let ids = ingest(&engine, &stream()).await;
    let before = placements(&engine, &ids);
    drop(engine);
    let version = log(&disk).await.len() as u64;
    disk.keep_checkpoint(Checkpoint { version, bytes: b"damaged".to_vec() }).await.unwrap();
    let engine = open(&disk).with_topics().await.unwrap();
    assert_eq!(placements(&engine, &ids), before);
}
