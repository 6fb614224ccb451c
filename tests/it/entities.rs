//! What the service promises about the persons, places and organisations that articles name.

use wenmai::proto::wire;
use wenmai::proto::wire::EntityKind;
use wenmai::proto::wire::FacetField;
use wenmai::proto::wire::find_related_articles_request::Target;

use crate::support::Running;
use crate::support::record;

/// Fictional reports; two of them are of one event.
fn news() -> Vec<wire::ArticleRecord> {
    vec![
        record(
            "聊城大桥加固投资3.2亿元",
            "副市长徐慧莹在聊城市介绍，央行支持这项工程，投资3.2亿元，徐慧莹到现场检查。",
            3,
        ),
        record(
            "大桥加固上午开工",
            "副市长徐慧莹说，大桥加固投资三亿两千万元，中国人民银行提供贷款。",
            4,
        ),
        record("莘县小麦进入返青期", "莘县农技人员到田间指导麦农施肥浇水。", 5),
    ]
}

async fn found(running: &Running, request: wire::SearchArticlesRequest) -> Vec<String> {
    let answer = running.search().search_articles(request).await.unwrap().into_inner();
    let name = |hit: wire::SearchHit| hit.article.unwrap().name;
    let mut names: Vec<String> = answer.hits.into_iter().map(name).collect();
    names.sort_unstable();
    names
}

fn query(text: &str) -> wire::SearchArticlesRequest {
    wire::SearchArticlesRequest { query: text.into(), ..Default::default() }
}

fn sorted(names: &[String]) -> Vec<String> {
    let mut names = names.to_vec();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn what_an_article_names_comes_back_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::bundled(folder.path()).await;
    let names = running.with(news()).await;
    let request = wire::GetArticleRequest { name: names[0].clone(), ..Default::default() };
    let answer = running.articles().get_article(request).await.unwrap().into_inner();
    let entities = answer.article.unwrap().entities;
    let told: Vec<_> = entities
        .iter()
        .map(|one| (one.kind(), one.key.as_str(), one.text.as_str(), one.paragraph, one.count))
        .collect();
    for wanted in [
        (EntityKind::Person, "徐慧莹", "徐慧莹", Some(0), 2),
        (EntityKind::Place, "聊城市", "聊城", None, 2),
        (EntityKind::Organisation, "中国人民银行", "央行", Some(0), 1),
        (EntityKind::Number, "320000000元", "3.2亿元", None, 2),
    ] {
        assert!(told.contains(&wanted), "{wanted:?} is not in {told:?}");
    }
    let person = entities.iter().find(|one| one.kind() == EntityKind::Person).unwrap();
    assert_eq!(person.place, Some(wire::TextSpan { start_char: 3, end_char: 6 }));
    let listed = running.articles().list_articles(wire::ListArticlesRequest::default()).await;
    let listed = listed.unwrap().into_inner().articles;
    assert!(listed.iter().all(|article| article.entities.is_empty()), "the BASIC view has none");
}

#[tokio::test]
async fn a_filter_takes_any_name_of_what_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for bundled in [true, false] {
        let running =
            if bundled { Running::bundled(folder.path()).await } else { Running::start().await };
        let names = running.with(news()).await;
        for (filter, wanted) in [
            ("place = 聊城", &names[..1]),
            ("person = 徐慧莹", &names[..2]),
            ("organisation = 央行", &names[..2]),
            ("person = 徐慧莹 AND -place = 聊城市", &names[1..2]),
            ("place = 莘县 OR person = 徐慧莹", &names[..]),
            ("person = 周小禾", &names[..0]),
        ] {
            let filter = filter.to_owned();
            let request = wire::ListArticlesRequest { filter, ..Default::default() };
            let answer = running.articles().list_articles(request.clone()).await;
            let answer = answer.unwrap().into_inner().articles;
            let listed: Vec<String> = answer.into_iter().map(|article| article.name).collect();
            assert_eq!(sorted(&listed), sorted(wanted), "{} {bundled}", request.filter);
        }
    }
}

#[tokio::test]
async fn the_search_box_takes_names_as_conditions() {
    let running = Running::start().await;
    let names = running.with(news()).await;
    assert_eq!(found(&running, query("大桥 地:聊城")).await, [names[0].clone()]);
    assert_eq!(found(&running, query("人:徐慧莹")).await, sorted(&names[..2]));
    assert_eq!(found(&running, query("小麦 -person:徐慧莹")).await, [names[2].clone()]);
    let filter = "organisation = 中国人民银行".to_owned();
    let request = wire::SearchArticlesRequest { filter, ..query("大桥") };
    assert_eq!(found(&running, request).await, sorted(&names[..2]));
}

#[tokio::test]
async fn facets_count_whom_the_matching_articles_name() {
    let running = Running::start().await;
    running.with(news()).await;
    let facets = vec![FacetField::Person.into(), FacetField::Organisation.into()];
    let request = wire::SearchArticlesRequest { facets, ..query("聊城 大桥 加固") };
    let answer = running.search().search_articles(request).await.unwrap().into_inner();
    let told: Vec<_> = answer
        .facets
        .iter()
        .map(|facet| (facet.field(), facet.values[0].value.as_str(), facet.values[0].count))
        .collect();
    let wanted = [(FacetField::Person, "徐慧莹", 2), (FacetField::Organisation, "中国人民银行", 2)];
    assert_eq!(told, wanted);
}

#[tokio::test]
async fn related_coverage_says_what_both_articles_name() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::bundled(folder.path()).await;
    let names = running.with(news()).await;
    let given = news().remove(0);
    for target in [Target::Article(names[0].clone()), Target::Given(given)] {
        let request =
            wire::FindRelatedArticlesRequest { target: Some(target), ..Default::default() };
        let answer = running.search().find_related_articles(request).await.unwrap().into_inner();
        let first = &answer.hits[0];
        assert_eq!(first.article.as_ref().unwrap().name, names[1]);
        let relation = first.relation.as_ref().unwrap();
        assert_eq!(relation.shared_persons, ["徐慧莹"]);
        assert_eq!(relation.shared_organisations, ["中国人民银行"]);
        assert_eq!(relation.shared_numbers, ["三亿两千万元"], "as it is printed");
        let other = answer.hits.iter().find(|hit| hit.article.as_ref().unwrap().name == names[2]);
        let relation = other.unwrap().relation.as_ref().unwrap();
        assert!(relation.shared_persons.is_empty() && relation.shared_places.is_empty());
    }
}
