//! What the engine promises of every answer, asked of the engine itself with the bundled model.

use wenmai::domain::article::Record;
use wenmai::domain::filter::Filter;
use wenmai::domain::hit::Hit;
use wenmai::domain::hit::Mode;
use wenmai::domain::hit::When;
use wenmai::domain::id::ArticleId;
use wenmai::domain::limit::Limit;
use wenmai::embed;
use wenmai::engine::Engine;
use wenmai::engine::Error;
use wenmai::engine::Related;
use wenmai::engine::Search;
use wenmai::engine::Target;

const PLACES: [&str; 8] =
    ["清河", "柳溪", "白鹭洲", "东堤", "纺织新村", "东门口", "县医院", "图书馆"];
const DEEDS: [&str; 6] =
    ["大桥合龙", "秋粮收购", "防汛排涝", "老旧小区改造", "门诊搬迁", "步道修缮"];

fn engine() -> Engine {
    let config = embed::Config { threads: 2, ..embed::Config::default() };
    Engine::open_in_memory(&config).unwrap()
}

/// Report number `at`, two days apart, in turn of two papers.
fn report(at: usize) -> Record {
    let (place, deed) = (PLACES[at % PLACES.len()], DEEDS[at % DEEDS.len()]);
    let day =
        jiff::civil::date(2025, 1, 1) + jiff::Span::new().days(i64::try_from(at).unwrap() / 2);
    Record {
        paper: ["甲报", "乙报"][at % 2].to_owned(),
        published_at: Some(day.at(0, 0, 0, 0)),
        title: format!("{place}{deed}第{at}期"),
        paragraphs: vec![format!("记者在{place}了解到，{deed}工作正在推进，这是第{at}期报道。")],
        ..Record::default()
    }
}

async fn filled(engine: &Engine, count: usize) -> Vec<ArticleId> {
    let (results, _timings) = engine.ingest((0..count).map(report).collect()).await.unwrap();
    results.into_iter().map(|result| result.unwrap().id).collect()
}

async fn related(engine: &Engine, target: Target, filter: &str) -> Vec<Hit> {
    let related = Related {
        target,
        filter: Filter::parse(filter).unwrap(),
        mode: Mode::Hybrid,
        min_probability: 0.0,
        offset: 0,
        limit: Limit::new(50).unwrap(),
    };
    engine.related(related).await.unwrap().hits
}

#[tokio::test]
async fn a_filter_chooses_hits_and_changes_no_score() {
    let engine = engine();
    let ids = filled(&engine, 60).await;
    let all = related(&engine, Target::Stored(ids[30]), "").await;
    // The source is of 甲报, so it does not pass.
    let of_other = related(&engine, Target::Stored(ids[30]), "paper = 乙报").await;
    assert!(of_other.len() >= 20);
    for hit in of_other {
        assert_eq!(hit.article.record.paper, "乙报");
        let free = all.iter().find(|free| free.article.id == hit.article.id);
        if let Some(free) = free {
            assert!((free.scores.fused - hit.scores.fused).abs() < 1e-5);
        }
    }
}

#[tokio::test]
async fn past_and_future_are_marked_and_the_source_is_left_out() {
    let engine = engine();
    let ids = filled(&engine, 60).await;
    let hits = related(&engine, Target::Stored(ids[30]), "").await;
    assert!(hits.iter().all(|hit| hit.article.id != ids[30]));
    let day = report(30).date();
    for hit in &hits {
        let wanted = match hit.article.record.date().cmp(&day) {
            std::cmp::Ordering::Less => When::Past,
            std::cmp::Ordering::Equal => When::SameDay,
            std::cmp::Ordering::Greater => When::Future,
        };
        assert_eq!(hit.when, wanted);
    }
    let kinds = |when| hits.iter().filter(|hit| hit.when == when).count();
    assert!(kinds(When::Past) > 0 && kinds(When::Future) > 0);
}

#[tokio::test]
async fn a_given_article_answers_like_a_stored_one() {
    let engine = engine();
    let ids = filled(&engine, 60).await;
    let stored = related(&engine, Target::Stored(ids[7]), "").await;
    let given = related(&engine, Target::Given(Box::new(report(7))), "").await;
    let ids = |hits: &[Hit]| hits.iter().map(|hit| hit.article.id).collect::<Vec<_>>();
    assert_eq!(ids(&stored), ids(&given));
}

#[tokio::test]
async fn pages_of_one_answer_fit_together() {
    let engine = engine();
    filled(&engine, 700).await;
    let page = async |offset: usize, limit: u32| {
        let search = Search {
            text: "清河大桥合龙".to_owned(),
            filter: Filter::default(),
            mode: Mode::Hybrid,
            offset,
            limit: Limit::new(limit).unwrap(),
        };
        let hits = engine.search(search).await.unwrap().hits;
        hits.into_iter().map(|hit| (hit.rank, hit.article.id)).collect::<Vec<_>>()
    };
    let whole = page(0, 450).await;
    assert_eq!(whole.len(), 450);
    let mut pieces = Vec::new();
    for offset in (0..450).step_by(90) {
        pieces.extend(page(offset, 90).await);
    }
    assert_eq!(pieces, whole);
}

#[tokio::test]
async fn a_batch_with_one_bad_article_stores_none() {
    let engine = engine();
    let unreadable =
        Record {
            title: "★★★".to_owned(), paragraphs: vec!["……".to_owned()], ..Record::default()
        };
    let error = engine.upsert_batch(vec![report(1), unreadable]).await.unwrap_err();
    assert!(matches!(&error, Error::Invalid(all) if all[0].field == "articles[1].body"), "{error}");
    let list = engine.list(&Filter::default(), None, Limit::MOST).await.unwrap();
    assert_eq!(list.total_count, 0);
}

#[tokio::test]
async fn a_repeated_article_of_one_batch_keeps_its_first_time() {
    let engine = engine();
    let first = Record { source: "清河网".into(), source_id: "1".into(), ..report(1) };
    let second = Record { title: "更正：清河大桥合龙".into(), ..first.clone() };
    engine.ingest(vec![first.clone()]).await.unwrap();
    let id = ArticleId::derive(&first);
    let created = engine.get(id).await.unwrap().created_at_us;
    engine.ingest(vec![second.clone(), first, second.clone()]).await.unwrap();
    let stored = engine.get(id).await.unwrap();
    assert_eq!((stored.created_at_us, stored.article.record), (created, second));
}
