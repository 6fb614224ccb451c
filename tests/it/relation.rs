//! What an answer says about how articles are related, and why there is none.

use tonic::Code;
use wenmai::domain::article::Record;
use wenmai::domain::filter::Filter;
use wenmai::domain::hit::Empty;
use wenmai::domain::hit::Mode;
use wenmai::domain::hit::RelationKind;
use wenmai::domain::id::ArticleId;
use wenmai::domain::limit::Limit;
use wenmai::embed;
use wenmai::engine::Answer;
use wenmai::engine::Engine;
use wenmai::engine::Error;
use wenmai::engine::Related;
use wenmai::engine::Target;
use wenmai::proto::wire;
use wenmai::proto::wire::find_related_articles_request::Target as WireTarget;

use crate::support::Running;
use crate::support::flood_and_others;
use crate::support::invalid;
use crate::support::record;
use crate::support::told;

/// The article asked about, one of the same event, an earlier one of the story, others.
const NEWS: [(&str, &str, i8); 6] = [
    ("清河大桥昨日合龙，全长1288米", "清河大桥主桥昨日合龙，全长1288米，预计年底通车。", 10),
    ("全长1288米的清河大桥合龙", "10日上午，全长1288米的清河大桥合龙，年底通车。", 11),
    ("清河大桥主塔封顶", "清河大桥主塔封顶，工程进入架梁阶段。", 1),
    ("县图书馆周末办讲座", "读者可以到县图书馆听讲座，名额五十人。", 10),
    ("小麦进入返青期", "农技人员到田间指导麦农施肥浇水。", 11),
    ("柳溪小学运动会开幕", "柳溪小学的学生参加了跑步和跳绳比赛。", 9),
];

fn report((title, body, day): (&str, &str, i8)) -> Record {
    Record {
        paper: "清河日报".into(),
        published_at: Some(jiff::civil::date(2025, 9, day).at(0, 0, 0, 0)),
        title: title.into(),
        paragraphs: vec![body.into()],
        ..Record::default()
    }
}

fn engine() -> Engine {
    let config = embed::Config { threads: 2, ..embed::Config::default() };
    Engine::open_in_memory(&config).unwrap()
}

async fn filled(engine: &Engine) -> Vec<ArticleId> {
    let (results, _timings) = engine.ingest(NEWS.map(report).to_vec()).await.unwrap();
    results.into_iter().map(|result| result.unwrap().id).collect()
}

fn about(id: ArticleId) -> Related {
    Related {
        target: Target::Stored(id),
        filter: Filter::default(),
        mode: Mode::Hybrid,
        min_probability: 0.0,
        collapse: false,
        offset: 0,
        limit: Limit::new(10).unwrap(),
    }
}

async fn empty(engine: &Engine, related: Related) -> Option<Empty> {
    let answer = engine.related(related).await.unwrap();
    assert!(answer.hits.is_empty());
    answer.empty
}

fn probabilities(answer: &Answer) -> Vec<f32> {
    answer.hits.iter().map(|hit| hit.relation.as_ref().unwrap().related).collect()
}

#[tokio::test]
async fn a_report_of_the_same_event_comes_first_with_its_reasons() {
    let engine = engine();
    let ids = filled(&engine).await;
    let answer = engine.related(about(ids[0])).await.unwrap();
    assert!(answer.ranker.starts_with("related-"), "{}", answer.ranker);
    assert_eq!(answer.empty, None);
    let first = &answer.hits[0];
    assert_eq!(first.article.id, ids[1]);
    let relation = first.relation.as_ref().unwrap();
    assert_eq!(relation.kind, RelationKind::SameEvent);
    assert_eq!(relation.days_apart, Some(1));
    assert_eq!(relation.shared.numbers, ["1288米"]);
    assert_eq!(relation.reasons.len(), 10);
    let moved: Vec<f32> = relation.reasons.iter().map(|why| why.contribution.abs()).collect();
    assert!(moved.is_sorted_by(|left, right| left >= right), "{moved:?}");
}

#[tokio::test]
async fn probabilities_fall_with_the_rank_and_part_the_story_from_the_rest() {
    let engine = engine();
    let ids = filled(&engine).await;
    let answer = engine.related(about(ids[0])).await.unwrap();
    let told = probabilities(&answer);
    assert!(told.is_sorted_by(|left, right| left >= right), "{told:?}");
    assert!(answer.hits.iter().filter_map(|hit| hit.relation.as_ref()).all(|relation| {
        relation.same_event <= relation.related && (0.0..=1.0).contains(&relation.related)
    }));
    assert_eq!(answer.hits[1].article.id, ids[2]);
}

#[tokio::test]
async fn an_earlier_article_of_the_story_is_background_and_a_later_one_a_follow_up() {
    let engine = engine();
    let ids = filled(&engine).await;
    let kind = async |asked: ArticleId, found: ArticleId| {
        let answer = engine.related(about(asked)).await.unwrap();
        let hit = answer.hits.into_iter().find(|hit| hit.article.id == found).unwrap();
        hit.relation.unwrap().kind
    };
    assert_eq!(kind(ids[0], ids[2]).await, RelationKind::Background);
    assert_eq!(kind(ids[2], ids[0]).await, RelationKind::FollowUp);
}

#[tokio::test]
async fn a_text_that_grew_is_an_update_and_the_first_its_earlier_version() {
    let engine = engine();
    filled(&engine).await;
    let flash = "石桥镇化工园昨晚起火，目前有12人受伤，明火已经扑灭，原因正在调查，周边道路临时封闭，\
        附近的居民已经全部转移到镇里的两所学校。";
    let grown =
        format!("{flash}截至今天上午，又有7人获救，另有3人还在搜寻之中，救援队增加到九支。");
    let other =
        "石桥镇召开会议，通报化工园起火的情况，要求全镇的工厂逐家检查消防设施，查到问题当场改正。";
    let records = [
        ("石桥镇化工园起火 12人受伤", flash, 8),
        ("化工园火灾又有7人获救", grown.as_str(), 9),
        ("石桥镇部署工厂消防检查", other, 9),
    ];
    let (results, _timings) = engine.ingest(records.map(report).to_vec()).await.unwrap();
    let ids: Vec<ArticleId> = results.into_iter().map(|result| result.unwrap().id).collect();
    let kind = async |asked: ArticleId, found: ArticleId| {
        let answer = engine.related(about(asked)).await.unwrap();
        let hit = answer.hits.into_iter().find(|hit| hit.article.id == found).unwrap();
        hit.relation.unwrap().kind
    };
    assert_eq!(kind(ids[0], ids[1]).await, RelationKind::Update);
    assert_eq!(kind(ids[1], ids[0]).await, RelationKind::EarlierVersion);
    let told = kind(ids[0], ids[2]).await;
    assert!(![RelationKind::Update, RelationKind::EarlierVersion].contains(&told), "{told:?}");
}

#[tokio::test]
async fn two_answers_to_one_question_are_the_same() {
    let engine = engine();
    let ids = filled(&engine).await;
    let first = engine.related(about(ids[0])).await.unwrap();
    assert_eq!(first.hits, engine.related(about(ids[0])).await.unwrap().hits);
}

#[tokio::test]
async fn a_changed_headline_is_ranked_by_its_new_words() {
    let engine = engine();
    let named = |title: &str| Record {
        source: "清河网".into(),
        source_id: "7".into(),
        ..report((title, "记者了解到有关情况。", 10))
    };
    let ids = filled(&engine).await;
    engine.ingest(vec![named("柳溪小学招生")]).await.unwrap();
    let id = ArticleId::derive(&named(""));
    let overlap = async || {
        let found = engine.features(ids[0]).await.unwrap();
        found.into_iter().find(|(found, _)| *found == id).unwrap().1[4]
    };
    assert!(overlap().await.abs() < 1e-6);
    engine.ingest(vec![named("清河大桥合龙")]).await.unwrap();
    assert!(overlap().await > 0.0);
}

#[tokio::test]
async fn an_empty_answer_says_why() {
    let engine = engine();
    let (results, _) = engine.ingest(vec![report(NEWS[0])]).await.unwrap();
    let id = results[0].as_ref().unwrap().id;
    assert_eq!(empty(&engine, about(id)).await, Some(Empty::NothingStored));
    filled(&engine).await;
    let filter = Filter::parse("paper = 无此报").unwrap();
    assert_eq!(empty(&engine, Related { filter, ..about(id) }).await, Some(Empty::Filtered));
    let certain = Related { min_probability: 1.0, ..about(id) };
    assert_eq!(empty(&engine, certain).await, Some(Empty::Improbable));
    let behind = Related { offset: 800, ..about(id) };
    assert_eq!(empty(&engine, behind).await, Some(Empty::End));
}

#[tokio::test]
async fn an_article_deleted_meanwhile_is_not_found_and_no_hit() {
    let engine = engine();
    let ids = filled(&engine).await;
    engine.delete(ids[1]).await.unwrap();
    let error = engine.related(about(ids[1])).await.unwrap_err();
    assert!(matches!(error, Error::ArticleNotFound { id } if id == ids[1]), "{error}");
    let answer = engine.related(about(ids[0])).await.unwrap();
    assert!(answer.hits.iter().all(|hit| hit.article.id != ids[1]));
}

#[tokio::test]
async fn without_a_ranker_nothing_is_probable_and_the_order_still_makes_sense() {
    let engine = engine().without_ranker();
    let ids = filled(&engine).await;
    let answer = engine.related(about(ids[0])).await.unwrap();
    assert_eq!((answer.ranker.as_str(), answer.hits[0].article.id), ("none", ids[1]));
    assert!(answer.hits.iter().all(|hit| hit.relation.is_none()));
    let error = engine.related(Related { min_probability: 0.5, ..about(ids[0]) }).await;
    assert!(matches!(error, Err(Error::Invalid(_))));
}

#[tokio::test]
async fn the_wire_carries_the_relation() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::bundled(folder.path()).await;
    let names = running.with(flood_and_others()).await;
    let request = wire::FindRelatedArticlesRequest {
        target: Some(WireTarget::Article(names[0].clone())),
        ..Default::default()
    };
    let answer = running.search().find_related_articles(request).await.unwrap().into_inner();
    assert_eq!(answer.empty_reason(), wire::EmptyReason::Unspecified);
    let relation = answer.hits[0].relation.clone().unwrap();
    assert_ne!(relation.kind(), wire::RelationKind::Unspecified);
    assert!(relation.probability > 0.0 && relation.same_event_probability <= relation.probability);
    assert_eq!(relation.reasons.len(), 10);
}

#[tokio::test]
async fn the_wire_refuses_what_is_no_probability() {
    let running = Running::start().await;
    let names = running.with(flood_and_others()).await;
    // The fake model has no ranker, so nothing above 0 can be promised either.
    for min_probability in [-0.1, 1.5, f32::NAN, 0.5] {
        let request = wire::FindRelatedArticlesRequest {
            target: Some(WireTarget::Article(names[0].clone())),
            min_probability,
            ..Default::default()
        };
        let status = running.search().find_related_articles(request).await.unwrap_err();
        assert_eq!(told(&status), invalid(&["min_probability"]));
        assert_eq!(status.code(), Code::InvalidArgument);
    }
}

/// Fictional reports, each of a matter of its own.
const APART: [(&str, &str); 8] = [
    (
        "石桥镇幼儿园新增三个托班",
        "石桥镇幼儿园九月起开设三个托班，招收两岁以上幼儿，首批报名六十人。",
    ),
    (
        "清河男篮客场险胜东湖队",
        "清河男篮客场以八十七比八十五战胜东湖队，何远程投进制胜一球，球队升至第三。",
    ),
    (
        "柳溪镇万亩玉米开镰",
        "柳溪镇万亩玉米进入收获期，二十台收割机下田，预计十天收完，亩产比去年略增。",
    ),
    (
        "县图书馆延长夜间开放时间",
        "县图书馆自本周起每晚开放到十时，自习室增加一百二十个座位，读者凭证预约。",
    ),
    (
        "一批不合格电热毯被召回",
        "市场监管部门抽检发现两种型号电热毯过热，厂家召回已售出的四千条并退款。",
    ),
    (
        "古塔修缮发现明代题刻",
        "工匠清理望河塔第三层墙面时露出明代题刻，文物专家辨认出捐修者的姓名。",
    ),
    (
        "清河股份公布半年业绩",
        "清河股份上半年营收增长一成，净利润下降，公司称原料价格上涨是主要原因。",
    ),
    (
        "候鸟抵达南湾湿地越冬",
        "第一批白鹭和灰鹤飞抵南湾湿地，护鸟员记录到一千三百只，比往年早来五天。",
    ),
];

#[tokio::test]
async fn an_archive_that_holds_nothing_related_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::bundled(folder.path()).await;
    let mut reports: Vec<_> =
        APART.iter().zip(1..).map(|((title, body), day)| record(title, body, day)).collect();
    reports.push(record(
        "客场险胜后清河男篮谈防守",
        "清河男篮主教练说，客场险胜东湖队靠的是最后一节的防守，何远的制胜一球来自全队配合。",
        3,
    ));
    let names = running.with(reports).await;
    for (at, name) in names.iter().enumerate() {
        let target = Some(WireTarget::Article(name.clone()));
        let request = wire::FindRelatedArticlesRequest { target, ..Default::default() };
        let answer = running.search().find_related_articles(request).await.unwrap().into_inner();
        for hit in answer.hits {
            let found = hit.article.unwrap().name;
            let probability = hit.relation.unwrap().probability;
            let is_pair =
                [(1, 8), (8, 1)].into_iter().any(|(one, other)| at == one && found == names[other]);
            let as_it_should = if is_pair { probability > 0.6 } else { probability < 0.3 };
            assert!(as_it_should, "{at} {found} {names:?}: {probability}");
        }
    }
}
