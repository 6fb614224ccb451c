//! What the service promises about reprints: groups, originals, chains, and one hit for each text.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use jiff::civil::date;
use tonic::Code;
use wenmai::cluster::reprint::Plain;
use wenmai::cluster::reprint::signature;
use wenmai::domain::article::Record;
use wenmai::domain::filter::Filter;
use wenmai::domain::hit::Hit;
use wenmai::domain::hit::Mode;
use wenmai::domain::id::ArticleId;
use wenmai::domain::limit::Limit;
use wenmai::domain::reprint::GroupId;
use wenmai::domain::reprint::Membership;
use wenmai::domain::reprint::Relation;
use wenmai::engine::Chain;
use wenmai::engine::Engine;
use wenmai::engine::FindReprints;
use wenmai::engine::Search;
use wenmai::engine::Target;
use wenmai::engine::Version;
use wenmai::proto::wire;
use wenmai::proto::wire::find_reprints_request::Target as Of;
use wenmai::store::Regroup;

use crate::support;
use crate::support::Running;

const BRIDGE: &str = "清河县水务局介绍，清河大桥加固工程完工，施工历时五个月，桥面重新铺装，\
    两侧护栏全部更换，过往车辆不再限速，附近三个村的村民出行更加方便。";
const VOICES: &str = "村民周大爷说，以前过桥要等，现在一脚油门就到集市，孩子上学也快了许多。\
    水务局将对上游的两座小桥进行检查，根据结果决定是否加固。";
const HARVEST: &str = "柳溪镇的秋粮收购全面展开，收购点延长开门时间，镇里安排了烘干机和运输车辆，\
    农民不出村就能卖粮，粮款当天到账，种粮大户许老汉家的稻谷两天就全部卖完。";

fn record(paper: &str, day: i8, text: &str) -> Record {
    Record {
        paper: paper.into(),
        published_at: Some(date(2025, 9, day).at(0, 0, 0, 0)),
        title: format!("{paper}：{}", text.chars().take(8).collect::<String>()),
        paragraphs: vec![text.into()],
        ..Record::default()
    }
}

async fn stored(engine: &Engine, records: Vec<Record>) -> Vec<ArticleId> {
    let (results, _timings) = engine.ingest(records).await.unwrap();
    results.into_iter().map(|result| result.unwrap().id).collect()
}

async fn groups(engine: &Engine, ids: &[ArticleId]) -> Vec<GroupId> {
    let found = engine.memberships(ids).await.unwrap();
    found.into_iter().map(|membership| membership.unwrap().group).collect()
}

async fn originals(engine: &Engine, ids: &[ArticleId]) -> Vec<ArticleId> {
    let found = engine.memberships(ids).await.unwrap();
    let of = |(id, found): (&ArticleId, &Option<Membership>)| {
        found.filter(|membership| membership.is_original).map(|_| *id)
    };
    ids.iter().zip(&found).filter_map(of).collect()
}

async fn chain(engine: &Engine, target: Target) -> Chain {
    let limit = Limit::new(50).unwrap();
    engine.reprints(FindReprints { target, offset: 0, limit }).await.unwrap()
}

async fn hits(engine: &Engine, collapse: bool, filter: &str) -> Vec<Hit> {
    let search = Search {
        text: "清河大桥加固".into(),
        filter: Filter::parse(filter).unwrap(),
        mode: Mode::Hybrid,
        collapse,
        offset: 0,
        limit: Limit::new(10).unwrap(),
    };
    engine.search(search).await.unwrap().hits
}

#[tokio::test]
async fn a_copy_joins_the_group_of_the_earliest() {
    let (engine, _store, gate) = support::fake_engine();
    gate.open();
    let opened = format!("本报讯（记者 周小禾）{BRIDGE}（责任编辑：许舟）");
    let ids = stored(
        &engine,
        vec![record("甲报", 8, BRIDGE), record("乙报", 9, &opened), record("丙报", 8, HARVEST)],
    )
    .await;
    let of = groups(&engine, &ids).await;
    assert_eq!(of[0], of[1]);
    assert_ne!(of[0], of[2]);
    assert_eq!(originals(&engine, &ids).await, [ids[0], ids[2]]);
}

#[tokio::test]
async fn a_text_that_grew_or_was_corrected_is_a_version_and_no_reprint() {
    let (engine, _store, gate) = support::fake_engine();
    gate.open();
    let flash = "石桥镇化工园昨晚起火，目前有12人受伤，明火已经扑灭，原因正在调查，周边道路临时\
        封闭，附近的居民已经全部转移到镇里的两所学校。";
    let corrected = flash.replace("12人", "15人");
    let grown = format!("{corrected}截至今天上午，又有7人获救，另有3人还在搜寻之中。");
    let records = vec![
        record("甲报", 8, flash),
        record("乙报", 9, &corrected),
        record("丙报", 10, &grown),
        record("丁报", 11, flash),
    ];
    let ids = stored(&engine, records).await;
    let of = groups(&engine, &ids).await;
    assert_eq!(of.iter().collect::<BTreeSet<_>>().len(), 3, "the last prints the first");
    let seen_from = async |id: ArticleId| {
        let chain = chain(&engine, Target::Stored(id)).await;
        assert!(chain.parts.is_empty(), "{:?}", chain.parts);
        chain.versions
    };
    let named = |versions: &[Version]| -> Vec<(ArticleId, bool)> {
        versions.iter().map(|version| (version.article.id, version.is_later)).collect()
    };
    // A late reprint of the first text updates nothing, and is told by the times of its group.
    assert_eq!(named(&seen_from(ids[3]).await), [(ids[2], true), (ids[1], true)]);
    let versions = seen_from(ids[1]).await;
    assert_eq!(named(&versions), [(ids[2], true), (ids[0], false)]);
    let [grown, flash] = versions.as_slice() else { panic!("{versions:?}") };
    assert!(grown.added_chars > 16 && grown.corrections.is_empty(), "{grown:?}");
    let corrections: Vec<(&str, &str)> =
        flash.corrections.iter().map(|one| (&one.before[..], &one.after[..])).collect();
    assert_eq!(corrections, [("12", "15")]);
    assert_eq!((flash.days_after, flash.added_chars), (Some(-1), 0));
}

#[tokio::test]
async fn an_earlier_article_that_comes_late_becomes_the_original() {
    let (engine, _store, gate) = support::fake_engine();
    gate.open();
    let late = stored(&engine, vec![record("乙报", 9, BRIDGE), record("丙报", 10, BRIDGE)]).await;
    let first = stored(&engine, vec![record("甲报", 8, BRIDGE)]).await;
    let ids = [late.clone(), first.clone()].concat();
    assert_eq!(groups(&engine, &ids).await.into_iter().collect::<BTreeSet<_>>().len(), 1);
    assert_eq!(originals(&engine, &ids).await, first);
    // The next copy finds the group by its new original.
    let next = stored(&engine, vec![record("丁报", 11, BRIDGE)]).await;
    assert_eq!(groups(&engine, &next).await, [groups(&engine, &late).await[0]]);
}

#[tokio::test]
async fn a_deleted_original_hands_over() {
    let (engine, _store, gate) = support::fake_engine();
    gate.open();
    let days = [9, 8, 10];
    let ids = stored(&engine, days.map(|day| record("甲报", day, BRIDGE)).to_vec()).await;
    let group = groups(&engine, &ids).await[0];
    engine.delete(ids[1]).await.unwrap();
    assert_eq!(originals(&engine, &ids).await, [ids[0]]);
    let next = stored(&engine, vec![record("乙报", 11, BRIDGE)]).await;
    assert_eq!(groups(&engine, &next).await, [group]);
}

#[tokio::test]
async fn an_article_that_changed_leaves_its_group_and_may_come_back() {
    let (engine, _store, gate) = support::fake_engine();
    gate.open();
    let named = |text: &str| Record {
        source: "甲网".into(),
        source_id: "1".into(),
        ..record("甲报", 8, text)
    };
    let ids = stored(&engine, vec![named(BRIDGE), record("乙报", 9, BRIDGE)]).await;
    let group = groups(&engine, &ids).await[0];
    stored(&engine, vec![named(HARVEST)]).await;
    let of = groups(&engine, &ids).await;
    assert_eq!(of[1], group);
    assert_ne!(of[0], group);
    assert_eq!(originals(&engine, &ids).await, ids);
    stored(&engine, vec![named(BRIDGE)]).await;
    assert_eq!(groups(&engine, &ids).await, [group, group]);
    assert_eq!(originals(&engine, &ids).await, [ids[0]]);
}

/// A stream with copies, late originals, updates and templates in it.
fn stream() -> Vec<Record> {
    let mut records = Vec::new();
    for number in 0..6 {
        let toll = format!("{HARVEST}全镇已收购{}吨。", 100 + i32::from(number) / 2 * 50);
        records.push(record(&format!("粮{number}报"), 20 - number, &toll));
        records.push(record(&format!("桥{number}报"), 9 + number, BRIDGE));
        records.push(record(&format!("全{number}报"), 8 + number, &format!("{BRIDGE}{VOICES}")));
        let named = Record {
            source: "网".into(),
            source_id: (number % 2).to_string(),
            ..records[0].clone()
        };
        let text = if number % 3 == 0 { BRIDGE } else { VOICES };
        records.push(Record { paragraphs: vec![text.into()], ..named });
    }
    records
}

#[tokio::test]
async fn groups_do_not_depend_on_how_a_stream_is_cut() {
    let mut known: Option<BTreeMap<ArticleId, (GroupId, bool)>> = None;
    for cut in [1, 2, 3, 5, 7, 24] {
        let (engine, _store, gate) = support::fake_engine();
        gate.open();
        let mut ids = Vec::new();
        for piece in stream().chunks(cut) {
            ids.extend(stored(&engine, piece.to_vec()).await);
        }
        let found = engine.memberships(&ids).await.unwrap();
        let found = ids.into_iter().zip(found.into_iter().flatten());
        let found = found.map(|(id, found)| (id, (found.group, found.is_original))).collect();
        assert_eq!(*known.get_or_insert_with(|| BTreeMap::clone(&found)), found, "cut by {cut}");
    }
}

#[tokio::test]
async fn ten_thousand_copies_are_one_group_with_one_original() {
    let (engine, _store, gate) = support::fake_engine();
    gate.open();
    let copy = |number: usize| Record {
        source: "网".into(),
        source_id: number.to_string(),
        ..record("甲报", 9, BRIDGE)
    };
    let mut ids = Vec::new();
    for start in (0..10_000).step_by(1_000) {
        ids.extend(stored(&engine, (start..start + 1_000).map(copy).collect()).await);
    }
    assert_eq!(groups(&engine, &ids).await.into_iter().collect::<BTreeSet<_>>().len(), 1);
    assert_eq!(originals(&engine, &ids).await.len(), 1);
    let other = stored(&engine, vec![record("乙报", 9, HARVEST)]).await[0];
    // The copies do not hide the only other article, though they fill both legs.
    let found = hits(&engine, true, "").await;
    assert_eq!(found[0].reprints.as_ref().unwrap().count, 10_000);
    assert!(found.iter().any(|hit| hit.article.id == other));
}

#[tokio::test]
async fn templates_with_other_numbers_are_no_reprints() {
    let (engine, _store, gate) = support::fake_engine();
    gate.open();
    let weather = |day: i8| {
        let text =
            format!("清河县气象台{day}日发布，今天多云，气温{}到{}度，东风三级。", day, day + 9);
        record("甲报", day, &text)
    };
    let lottery = |number: usize| {
        let text =
            format!("彩票第2025{number:03}期开奖，号码{number}、{}、{}。", number + 1, number + 7);
        record("乙报", 9, &text)
    };
    let mut records: Vec<Record> = (1..20).map(weather).collect();
    records.extend((1..20).map(lottery));
    let ids = stored(&engine, records).await;
    assert_eq!(groups(&engine, &ids).await.into_iter().collect::<BTreeSet<_>>().len(), ids.len());
}

#[tokio::test]
async fn an_article_without_a_date_or_of_the_future_is_no_original() {
    let (engine, _store, gate) = support::fake_engine();
    gate.open();
    let undated = Record { published_at: None, ..record("甲报", 8, BRIDGE) };
    let future = Record {
        published_at: Some(date(2099, 1, 1).at(0, 0, 0, 0)),
        ..record("乙报", 8, BRIDGE)
    };
    let ids = stored(&engine, vec![undated, future, record("丙报", 20, BRIDGE)]).await;
    assert_eq!(originals(&engine, &ids).await, [ids[2]]);
}

#[tokio::test]
async fn a_chain_tells_shares_days_and_parts() {
    let (engine, _store, gate) = support::fake_engine();
    gate.open();
    let whole = format!("{BRIDGE}{VOICES}");
    let digest =
        format!("{HARVEST}{BRIDGE}本周还有多项工程开工，详情见各镇通报，敬请留意后续报道。");
    let ids = stored(
        &engine,
        vec![
            record("甲报", 8, &whole),
            record("乙报", 10, BRIDGE),
            record("丙报", 9, &whole),
            record("丁报", 12, &digest),
        ],
    )
    .await;
    let found = chain(&engine, Target::Stored(ids[1])).await;
    let order: Vec<ArticleId> = found.links.iter().map(|link| link.article.id).collect();
    assert_eq!(order, [ids[0], ids[2], ids[1]]);
    assert_eq!((found.total_count, found.more), (3, false));
    assert!(found.links[0].is_original && !found.links[1].is_original);
    assert_eq!(found.links[1].relation, Relation::Full);
    let short = &found.links[2];
    assert_eq!((short.relation, short.days_after), (Relation::Partial, Some(2)));
    assert!(short.share_of_other < 0.7 && short.share_of_own > 0.99);
    let parts: Vec<ArticleId> = found.parts.iter().map(|link| link.article.id).collect();
    assert_eq!(parts, [ids[3]]);
}

#[tokio::test]
async fn a_pasted_text_finds_the_chain_that_it_would_join() {
    let (engine, _store, gate) = support::fake_engine();
    gate.open();
    let ids = stored(&engine, vec![record("甲报", 8, BRIDGE), record("乙报", 9, BRIDGE)]).await;
    let pasted =
        Record { paragraphs: vec![format!("据乙报报道，{BRIDGE}")], ..Record::default() };
    let found = chain(&engine, Target::Given(Box::new(pasted))).await;
    let order: Vec<ArticleId> = found.links.iter().map(|link| link.article.id).collect();
    assert_eq!(order, ids);
    let pasted = Record { paragraphs: vec![HARVEST.into()], ..Record::default() };
    let found = chain(&engine, Target::Given(Box::new(pasted))).await;
    assert_eq!((found.group, found.links.len(), found.parts.len()), (None, 0, 0));
}

#[tokio::test]
async fn a_list_shows_each_text_once_and_names_its_original() {
    let (engine, _store, gate) = support::fake_engine();
    gate.open();
    let papers = ["甲报", "乙报", "丙报"];
    let mut records: Vec<Record> = papers.iter().map(|paper| record(paper, 9, BRIDGE)).collect();
    records[2].published_at = Some(date(2025, 9, 8).at(0, 0, 0, 0));
    records.push(record("丁报", 9, HARVEST));
    let ids = stored(&engine, records).await;
    let found = hits(&engine, true, "").await;
    assert_eq!(found.len(), 2);
    let bridge = found.iter().find_map(|hit| hit.reprints.as_ref()).unwrap();
    assert_eq!((bridge.count, bridge.original), (3, ids[2]));
    assert_eq!(bridge.sources.first().map(String::as_str), Some("丙报"));
    assert_eq!(hits(&engine, false, "").await.len(), 4);
    // A filter shows the copy that passes, with the count of all.
    let found = hits(&engine, true, "paper = 乙报").await;
    assert_eq!((found[0].article.id, found[0].reprints.as_ref().unwrap().count), (ids[1], 3));
    assert_eq!(hits(&engine, false, "original = true").await.len(), 2);
}

#[tokio::test]
async fn the_service_answers_chains_page_by_page() {
    let server = Running::start().await;
    let titles =
        ["清河大桥完工", "大桥加固完工了", "清河县大桥完工", "加固工程完工", "车辆不再限速"];
    let copies: Vec<wire::ArticleRecord> =
        titles.iter().zip(0..).map(|(title, day)| support::record(title, BRIDGE, day)).collect();
    let names = server.with(copies).await;
    let request = wire::FindReprintsRequest {
        target: Some(Of::Article(names[3].clone())),
        page_size: 2,
        ..Default::default()
    };
    let mut client = server.search();
    let mut seen = Vec::new();
    let mut token = String::new();
    loop {
        let page = wire::FindReprintsRequest { page_token: token, ..request.clone() };
        let answer = client.find_reprints(page).await.unwrap().into_inner();
        assert_eq!(answer.total_count, 5);
        seen.extend(answer.reprints.into_iter().map(|one| one.article.unwrap().name));
        token = answer.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(seen, names);
    let bad = wire::FindReprintsRequest { page_token: "zz".into(), ..request.clone() };
    let status = client.find_reprints(bad).await.unwrap_err();
    assert_eq!(support::told(&status), support::invalid(&["page_token"]));
    let none = wire::FindReprintsRequest::default();
    let status = client.find_reprints(none).await.unwrap_err();
    assert_eq!(support::told(&status), support::invalid(&["target"]));
    let gone = names[0].replace(|c: char| c.is_ascii_digit(), "0");
    let gone = wire::FindReprintsRequest { target: Some(Of::Article(gone)), ..request };
    assert_eq!(client.find_reprints(gone).await.unwrap_err().code(), Code::NotFound);
    server.stop().await.unwrap();
}

/// Reports from one template are near each other and no copies; the list of what each is compared
/// with is full, and what is replaced is on it.
#[tokio::test]
async fn every_one_of_many_alike_articles_is_replaced() {
    let (engine, store, gate) = support::fake_engine();
    gate.open();
    let engine = engine.with_topics().await.unwrap();
    for revision in 1..=2 {
        let report = |number: usize| Record {
            source: "水文站".into(),
            source_id: number.to_string(),
            title: format!("清河第{number}号通报 {revision}"),
            paragraphs: vec![format!(
                "清河县第{number}号通报说，水位第{revision}次更新，两岸{number}户居民已经转移。"
            )],
            ..record("清河日报", 1, "")
        };
        stored(&engine, (0..30).map(report).collect()).await;
        let points = store.list(&Filter::default(), None, Limit::MOST).await.unwrap().points;
        assert_eq!(points.len(), 30);
        for point in points {
            let title = point.article.record.title;
            assert!(title.ends_with(&format!(" {revision}")), "{title}");
        }
    }
}

#[tokio::test]
async fn a_whole_text_that_comes_last_makes_the_groups_of_its_parts_one() {
    let (engine, _store, gate) = support::fake_engine();
    let engine = engine.with_topics().await.unwrap();
    gate.open();
    let rest = format!("{VOICES}{HARVEST}");
    let (part, other) = (record("甲报", 8, BRIDGE), record("乙报", 9, &rest));
    let copy = record("丙报", 10, &rest);
    let ids = stored(&engine, vec![part, other, copy]).await;
    engine.settle_topics().await.unwrap();
    let before = groups(&engine, &ids).await;
    assert_ne!(before[0], before[1]);
    assert_eq!(before[1], before[2]);
    let whole = stored(&engine, vec![record("丁报", 7, &format!("{BRIDGE}{rest}"))]).await[0];
    let all = [ids[0], ids[1], ids[2], whole];
    assert_eq!(groups(&engine, &all).await, [before[0]; 4], "the earliest keeps its id");
    assert_eq!(originals(&engine, &all).await, [whole]);
    let late = stored(&engine, vec![record("戊报", 11, &rest)]).await;
    assert_eq!(groups(&engine, &late).await, [before[0]], "a part is still found by its like");
    let filter = Filter::parse(&format!("group = {}", before[1])).unwrap();
    let listed = engine.list(&filter, None, Limit::new(9).unwrap()).await.unwrap();
    assert_eq!(listed.total_count, 5, "who knows the group that is gone is led on");
}

#[tokio::test]
async fn a_badly_read_copy_goes_with_the_report_that_it_prints_once_that_is_there() {
    let (engine, _store, gate) = support::fake_engine();
    gate.open();
    let report = format!("{BRIDGE}{VOICES}{HARVEST}");
    let corrected = report.replace("五个月", "七个月");
    let copy = [("铺装", "铺龘"), ("粮款", "粮龘"), ("烘干机", "烘龘机"), ("集市", "集龘")]
        .iter()
        .fold(report.clone(), |text, (right, wrong)| text.replace(right, wrong));
    let records = vec![record("甲报", 9, &corrected), record("乙报", 10, &copy)];
    let ids = stored(&engine, records).await;
    let before = groups(&engine, &ids).await;
    assert_eq!(before[0], before[1], "another number may be misread, and nothing else is known");
    let late = stored(&engine, vec![record("丙报", 8, &report)]).await[0];
    let all = [ids[0], ids[1], late];
    let after = groups(&engine, &all).await;
    assert_eq!(after[0], before[0], "the correction keeps its group");
    assert_eq!(after[1], after[2]);
    assert_ne!(after[0], after[1]);
    assert_eq!(originals(&engine, &all).await, [ids[0], late]);
}

/// An original whose text changes hands its group over, and in the same call an earlier copy comes
/// in. Which of the other copies is looked at first depends on their ids, so there are many.
#[tokio::test]
async fn a_group_that_is_handed_over_has_one_original_at_once() {
    for n in 0..24 {
        let (engine, store, gate) = support::fake_engine();
        gate.open();
        let from = |name: &str, day, text: &str| Record {
            source: "清河网".into(),
            source_id: format!("{name}{n}"),
            ..record(&format!("{name}报"), day, text)
        };
        let longer = format!("{BRIDGE}{VOICES}");
        let longer = from("丙", 4, &longer);
        let signature = signature(&Plain::of(&longer));
        let first = vec![from("甲", 2, BRIDGE), from("乙", 3, BRIDGE), longer];
        let mut ids = stored(&engine, first).await;
        // A member that prints more than its original and is compared with beside it.
        let group = groups(&engine, &ids).await[0];
        let membership = Membership { group, is_original: false };
        store.regroup(vec![Regroup { id: ids[2], membership, signature }]).await.unwrap();
        let changed = vec![from("甲", 2, HARVEST), from("丁", 1, BRIDGE)];
        let [changed, earliest] = stored(&engine, changed).await[..] else { unreachable!() };
        assert_eq!(changed, ids[0]);
        ids.push(earliest);

        let of = groups(&engine, &ids).await;
        assert_eq!((of[1], of[2]), (of[3], of[3]), "{n}");
        assert_ne!(of[0], of[3], "{n}");
        assert_eq!(originals(&engine, &ids).await, [changed, earliest], "{n}");
        engine.close().await.unwrap();
    }
}
