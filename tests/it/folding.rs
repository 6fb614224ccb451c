//! Related coverage where several articles print one text.

use std::collections::BTreeSet;

use wenmai::domain::article::Record;
use wenmai::domain::filter::Filter;
use wenmai::domain::hit::Hit;
use wenmai::domain::hit::Mode;
use wenmai::domain::hit::RelationKind;
use wenmai::domain::id::ArticleId;
use wenmai::domain::limit::Limit;
use wenmai::embed;
use wenmai::engine::Answer;
use wenmai::engine::Engine;
use wenmai::engine::Related;
use wenmai::engine::Target;

const BRIDGE: &str = "清河县水务局介绍，清河大桥加固工程完工，施工历时五个月，桥面重新铺装，\
    两侧护栏全部更换，过往车辆不再限速，附近三个村的村民出行更加方便。";

/// What else was written of the bridge, each its own text.
const STORY: [&str; 6] = [
    "清河大桥加固工程上午开工，桥面封闭，车辆绕行下游的新桥，工期预计半年。",
    "清河大桥检测报告公布，专家认为护栏老化、桥面开裂，建议尽快加固。",
    "清河大桥封闭以后，渡口恢复摆渡，每天运送村民和学生过河上学赶集。",
    "清河大桥加固所需的钢材运到工地，施工队夜里也在焊接新的护栏。",
    "清河大桥桥面铺装过半，水务局说工程进度比计划提前，年内可以通车。",
    "村民到清河大桥工地慰问施工人员，送去西瓜和绿豆汤，感谢他们加固大桥。",
];

fn record(paper: &str, day: i8, title: &str, text: &str) -> Record {
    Record {
        paper: paper.into(),
        source: paper.into(),
        source_id: format!("{day}-{title}"),
        published_at: Some(jiff::civil::date(2025, 9, day).at(0, 0, 0, 0)),
        title: title.into(),
        paragraphs: vec![text.into()],
        ..Record::default()
    }
}

fn engine() -> Engine {
    let config = embed::Config { threads: 2, ..embed::Config::default() };
    Engine::open_in_memory(&config).unwrap()
}

async fn stored(engine: &Engine, records: Vec<Record>) -> Vec<ArticleId> {
    let (results, _timings) = engine.ingest(records).await.unwrap();
    results.into_iter().map(|result| result.unwrap().id).collect()
}

/// The report of the bridge in two papers, the story in three papers each, and something else.
async fn archive(engine: &Engine) -> Vec<ArticleId> {
    let mut records = vec![
        record("甲报", 20, "清河大桥加固完工", BRIDGE),
        record("乙报", 21, "清河大桥加固完工", BRIDGE),
    ];
    for (day, text) in (1..).zip(STORY) {
        let title: String = text.chars().take(12).collect();
        for paper in ["甲报", "乙报", "丙报"] {
            records.push(record(paper, day, &title, text));
        }
    }
    let other = "县图书馆周末办讲座，读者可以到馆听讲，名额五十人，报名从今天开始，额满为止。";
    records.push(record("甲报", 20, "县图书馆办讲座", other));
    stored(engine, records).await
}

fn about(id: ArticleId) -> Related {
    Related {
        target: Target::Stored(id),
        filter: Filter::default(),
        mode: Mode::Hybrid,
        min_probability: 0.0,
        collapse: true,
        offset: 0,
        limit: Limit::new(20).unwrap(),
    }
}

async fn ask(engine: &Engine, related: Related) -> Answer {
    engine.related(related).await.unwrap()
}

fn probability(hit: &Hit) -> f32 {
    hit.relation.as_ref().unwrap().related
}

#[tokio::test]
async fn a_copy_of_the_article_asked_about_is_a_reprint() {
    let engine = engine();
    let ids = archive(&engine).await;
    let answer = ask(&engine, about(ids[0])).await;
    let kind = |hit: &Hit| hit.relation.as_ref().unwrap().kind;
    assert_eq!(answer.hits[0].article.id, ids[1]);
    assert!(answer.hits[0].is_reprint);
    assert_eq!(kind(&answer.hits[0]), RelationKind::Reprint);
    assert!(answer.hits.iter().skip(1).all(|hit| kind(hit) != RelationKind::Reprint));
    // A pasted copy finds both.
    let pasted = Target::Given(Box::new(record("丁报", 22, "大桥完工", BRIDGE)));
    let answer = ask(&engine, Related { target: pasted, collapse: false, ..about(ids[0]) }).await;
    let reprints = answer.hits.iter().filter(|hit| kind(hit) == RelationKind::Reprint);
    let reprints: BTreeSet<ArticleId> = reprints.map(|hit| hit.article.id).collect();
    assert_eq!(reprints, BTreeSet::from([ids[0], ids[1]]));
}

#[tokio::test]
async fn a_least_probability_holds_for_texts_shown_once() {
    let engine = engine();
    let ids = archive(&engine).await;
    let all = ask(&engine, about(ids[0])).await.hits;
    let bound = probability(&all[all.len() / 2]);
    let some = ask(&engine, Related { min_probability: bound, ..about(ids[0]) }).await;
    let kept = all.iter().filter(|hit| probability(hit) >= bound);
    let kept: Vec<ArticleId> = kept.map(|hit| hit.article.id).collect();
    assert!(kept.len() < all.len() && kept.len() >= 2, "{} of {}", kept.len(), all.len());
    assert_eq!(some.hits.iter().map(|hit| hit.article.id).collect::<Vec<_>>(), kept);
    assert!(!some.more);
}

#[tokio::test]
async fn pages_of_texts_shown_once_fit_together() {
    let engine = engine();
    let ids = archive(&engine).await;
    let all = ask(&engine, about(ids[0])).await;
    // The copy, six texts of the story, the library.
    assert_eq!((all.hits.len(), all.more), (8, false));
    let mut paged = Vec::new();
    for offset in (0..).step_by(3) {
        let limit = Limit::new(3).unwrap();
        let page = ask(&engine, Related { offset, limit, ..about(ids[0]) }).await;
        paged.extend(page.hits);
        if !page.more {
            break;
        }
    }
    assert_eq!(paged, all.hits);
}

#[tokio::test]
async fn copies_that_fill_every_leg_do_not_hide_the_story() {
    let engine = engine();
    let copy = |number: i32| {
        let paper = format!("第{number}报");
        record(&paper, 20, "清河大桥加固完工", BRIDGE)
    };
    let copies = stored(&engine, (0..520).map(copy).collect()).await;
    let other = stored(&engine, vec![record("甲报", 1, "大桥加固开工", STORY[0])]).await[0];
    for engine in [engine.clone(), engine.clone().without_ranker()] {
        let answer = ask(&engine, about(copies[0])).await;
        let found: Vec<ArticleId> = answer.hits.iter().map(|hit| hit.article.id).collect();
        assert_eq!((found.len(), found.last()), (2, Some(&other)), "{found:?}");
        assert_eq!(answer.hits[0].reprints.as_ref().unwrap().count, 520);
    }
}
