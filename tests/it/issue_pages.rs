//! Several pages of one issue: over gRPC, and on the command line.

use wenmai::proto::wire;
use wenmai::proto::wire::page_article::Outcome;

use crate::cli::Desk;
use crate::support::Running;
use crate::support::invalid;
use crate::support::told;

const FRONT: &str = "## 清河大桥主桥合龙\n\n本报讯（记者 周小禾）9月7日，清河大桥主桥顺利合龙，两岸群众来到现\
    （下转2版）\n\n今日导读\n\n柳溪镇秋粮开镰收割\n\n2版\n";
const SECOND: &str = "## 清河大桥主桥合龙\n\n（上接1版）场，见证这一刻。\n\n大桥全长一千二百米。\n\n\
    ## 柳溪镇秋粮开镰收割 农机手昼夜不停\n\n本报讯 9月7日，柳溪镇的水稻开镰。\n";

fn page(text: &str, page_no: u32) -> wire::ParsePageRequest {
    let issue = wire::Issue {
        paper: "清河日报".into(),
        date: Some(wire::Date { year: 2025, month: 9, day: 8 }),
        page_no,
        ..wire::Issue::default()
    };
    wire::ParsePageRequest { text: text.to_owned(), issue: Some(issue), file: None }
}

fn issue() -> Vec<wire::ParsePageRequest> {
    vec![page(FRONT, 1), page(SECOND, 2)]
}

/// The articles that are stored.
async fn stored(running: &Running) -> Vec<wire::Article> {
    let request = wire::ListArticlesRequest { view: 2, ..wire::ListArticlesRequest::default() };
    running.articles().list_articles(request).await.unwrap().into_inner().articles
}

#[tokio::test]
async fn an_article_is_parsed_across_pages_and_its_teaser_linked() {
    let running = Running::start().await;
    let request = wire::ParseIssueRequest { pages: issue() };

    let pages = running.articles().parse_issue(request).await.unwrap().into_inner().pages;

    let [front, second] = pages.try_into().unwrap();
    let bridge = &front.articles[0];
    let record = bridge.record.clone().unwrap();
    assert!(record.paragraphs[0].ends_with("来到现场，见证这一刻。"), "{record:?}");
    assert_eq!(bridge.continued.len(), 1);
    assert_eq!(bridge.continued[0].page_index, 1);
    // Spans of the continuation count in the other page.
    let spans = bridge.continued[0].spans.clone().unwrap();
    let first = &spans.paragraphs[0].spans[0];
    let (from, to) = (first.start_char as usize, first.end_char as usize);
    let words: String = SECOND.chars().skip(from).take(to - from).collect();
    assert_eq!(words, "场，见证这一刻。");
    assert_eq!(second.articles.len(), 1);
    let teaser = front.articles.last().unwrap().record.clone().unwrap();
    assert_eq!(teaser.teaser_of, second.articles[0].name);
    assert!(stored(&running).await.is_empty());
}

#[tokio::test]
async fn an_issue_is_stored_with_its_articles_joined() {
    let running = Running::start().await;
    let request = || wire::IngestIssueRequest { pages: issue(), min_confidence: None };

    let answer = running.articles().ingest_issue(request()).await.unwrap().into_inner();

    let outcomes = |page: &wire::IngestPageResponse| {
        page.articles.iter().map(|article| article.outcome.is_some()).collect::<Vec<_>>()
    };
    assert_eq!(answer.pages.len(), 2);
    assert_eq!(outcomes(&answer.pages[0]), [true, false], "the teaser is not stored");
    assert_eq!(outcomes(&answer.pages[1]), [true]);
    let kept = stored(&running).await;
    assert_eq!(kept.len(), 2);
    let records = || kept.iter().map(|article| article.record.clone().unwrap());
    let bridge = records().find(|record| record.title == "清河大桥主桥合龙").unwrap();
    assert_eq!(bridge.paragraphs.len(), 2);
    let again = running.articles().ingest_issue(request()).await.unwrap().into_inner();
    let Some(Outcome::Ingested(ingested)) = &again.pages[0].articles[0].outcome else {
        panic!("not stored");
    };
    assert_eq!(ingested.outcome(), wire::IngestOutcome::Unchanged);
}

#[tokio::test]
async fn a_page_of_an_issue_that_cannot_be_used_is_named() {
    let running = Running::start().await;
    let with = |second: wire::ParsePageRequest| vec![page(FRONT, 1), second];
    let asked = wire::ParseIssueRequest { pages: with(page(" ", 2)) };
    let status = running.articles().parse_issue(asked).await.unwrap_err();
    assert_eq!(told(&status), invalid(&["pages[1].text"]));
    let mut second = page(SECOND, 2);
    second.issue.as_mut().unwrap().date = Some(wire::Date { year: 2025, month: 13, day: 1 });
    let asked = wire::IngestIssueRequest { pages: with(second), min_confidence: None };
    let status = running.articles().ingest_issue(asked).await.unwrap_err();
    assert_eq!(told(&status), invalid(&["pages[1].issue.date"]));
    assert!(stored(&running).await.is_empty());
}

#[test]
fn parse_of_several_files_joins_them() {
    let desk = Desk::new();
    let front = desk.file("qinghe-20250908-p1.md", FRONT);
    let second = desk.file("qinghe-20250908-p2.md", SECOND);

    let run = desk.run(&["parse", &front, &second, "--json"]);

    assert_eq!(run.code, 0, "{}", run.err);
    let lines: Vec<serde_json::Value> =
        run.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    let first = &lines[0]["articles"][0];
    assert!(first["record"]["paragraphs"][0].as_str().unwrap().ends_with("现场，见证这一刻。"));
    assert_eq!(lines[1]["articles"].as_array().unwrap().len(), 1);
    // One file alone stays as it is.
    let alone = desk.run(&["parse", &front, "--json"]);
    assert!(!alone.out.contains("见证这一刻"));
}

#[test]
fn ingest_of_the_pages_of_an_issue_joins_them() {
    let desk = Desk::new();
    let front = desk.file("qinghe-20250908-p1.md", FRONT);
    let second = desk.file("qinghe-20250908-p2.md", SECOND);
    let later = desk.file("qinghe-20250909-p1.md", "## 秋粮入库\n\n本报讯 9月8日，新粮入库。\n");

    let run = desk.run(&["ingest", &front, &second, &later, "--json"]);

    assert_eq!(run.code, 0, "{}", run.err);
    let counts: serde_json::Value = run.out.trim().parse().unwrap();
    assert_eq!((counts["created"].as_u64(), counts["failed"].as_u64()), (Some(3), Some(0)));
}

#[test]
fn places_of_a_file_are_known_and_a_bad_line_is_named() {
    let desk = Desk::new();
    let page = "## 云水渡镇秋粮开镰\n\n本报讯 9月7日，莘县云水渡镇的水稻开镰，家家户户忙着收割。\n";
    let page = desk.file("qinghe-20250908-p1.md", page);
    let good = desk.file("places.tsv", "# ours\n云水渡镇\t莘县\t云水渡\n");
    let bad = desk.file("bad.tsv", "云水渡镇\t莘县\n云山镇\t无此县\n");

    let refused = desk.run(&["ingest", &page, "--gazetteer", &bad]);
    assert_eq!(refused.code, 64, "{}", refused.err);
    assert!(refused.err.contains("line 2") && refused.err.contains("bad.tsv"), "{}", refused.err);

    let done = desk.run(&["ingest", &page, "--gazetteer", &good]);
    assert_eq!(done.code, 0, "{}", done.err);
    let found = desk.run(&["search", "秋粮", "--place", "云水渡", "--gazetteer", &good, "--json"]);
    assert_eq!(found.code, 0, "{}", found.err);
    assert!(found.out.contains("秋粮开镰"), "{}{}", found.out, found.err);
}
