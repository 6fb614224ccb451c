//! `SummaryService`: what is told is printed where it says, and what cannot be told says why.

use tonic::Code;
use wenmai::proto::wire;
use wenmai::proto::wire::SummaryStyle;
use wenmai::proto::wire::summarize_article_request::Target;

use crate::cli::Desk;
use crate::support::Running;
use crate::support::flood_and_others;
use crate::support::invalid;
use crate::support::record;
use crate::support::told;

/// A flood of our own making, as three papers tell it; the last is a reprint of the first.
fn flood() -> Vec<wire::ArticleRecord> {
    let first = "清河县12日遭遇暴雨，已转移群众3200人。县水利局局长周小禾表示，“堤防没有险情，大家放心。”\
                 农民林大川说，家里的三亩地被淹，村里正在组织排水，保险公司的人也到了地头查看。";
    let second = "清河县遭遇暴雨，截至13日已转移群众4100人。清河大桥临时封闭，车辆从东湖路绕行，学校停课一天。";
    let mut all = vec![
        record("清河县遭遇暴雨 转移群众", first, 12),
        record("清河暴雨 大桥临时封闭", second, 13),
        record("清河县遭遇暴雨 转移群众", first, 14),
    ];
    for (record, paper) in all.iter_mut().zip(["清河日报", "东湖晚报", "北岭日报"]) {
        record.paper = paper.into();
    }
    all
}

fn cited(record: &wire::ArticleRecord, sentence: &wire::SummarySentence) -> String {
    let mut text = String::new();
    for part in &sentence.parts {
        let place = part.place.unwrap();
        let length = (place.end_char - place.start_char) as usize;
        let paragraph = &record.paragraphs[part.paragraph as usize];
        text.extend(paragraph.chars().skip(place.start_char as usize).take(length));
    }
    text
}

fn one(target: Target, budget_chars: i32) -> wire::SummarizeArticleRequest {
    wire::SummarizeArticleRequest { target: Some(target), style: 0, budget_chars, rewrite: false }
}

#[tokio::test]
async fn every_sentence_stands_where_it_says() {
    let running = Running::start().await;
    let mut article = flood().remove(0);
    article.paragraphs.insert(0, "本报清河3月12日讯（记者 周小禾）天气突变，县里连夜布置。".into());
    let name = running.with(vec![article.clone()]).await.remove(0);
    for target in [Target::Article(name.clone()), Target::Given(article.clone())] {
        let stored = matches!(target, Target::Article(_));
        let answer = running.summary().summarize_article(one(target, 60)).await.unwrap();
        let answer = answer.into_inner();
        assert!(!answer.sentences.is_empty() && answer.text.chars().count() <= 60);
        assert!(answer.text.contains("转移群众3200人"), "{}", answer.text);
        for sentence in &answer.sentences {
            assert_eq!(cited(&article, sentence), sentence.text);
            assert_eq!(sentence.article == name, stored);
            assert!((0.0..=1.0).contains(&sentence.score));
        }
        assert!(!answer.keyphrases.is_empty() && !answer.ranker.is_empty());
        assert!(!answer.index_version.is_empty() && answer.timings.is_some());
    }
}

#[tokio::test]
async fn a_pasted_text_has_its_lines_as_paragraphs() {
    let running = Running::start().await;
    let text = "\n清河县12日开闸引水，灌溉两万亩麦田。".to_owned();
    let answer = running.summary().summarize_article(one(Target::Text(text), 0)).await.unwrap();
    let answer = answer.into_inner();
    assert_eq!(answer.text, "清河县12日开闸引水，灌溉两万亩麦田。");
    assert_eq!(
        (answer.sentences[0].parts[0].paragraph, answer.sentences[0].article.as_str()),
        (1, "")
    );
}

#[tokio::test]
async fn what_cannot_be_told_is_refused_with_its_field() {
    let running = Running::start().await;
    let mut client = running.summary();
    let text = || Target::Text("清河开闸。".into());
    let missing = "articles/00000000-0000-5000-8000-000000000000".to_owned();
    let mut refused = Vec::new();
    for request in [
        wire::SummarizeArticleRequest::default(),
        one(Target::Text(" \n".into()), 0),
        one(text(), -1),
        one(text(), 9),
        one(text(), 5_001),
        wire::SummarizeArticleRequest { style: 9, ..one(text(), 0) },
        one(Target::Article("somewhere".into()), 0),
    ] {
        refused.push(told(&client.summarize_article(request).await.unwrap_err()));
    }
    let fields =
        ["target", "body", "budget_chars", "budget_chars", "budget_chars", "style", "article"];
    let wanted: Vec<_> = fields.iter().map(|field| invalid(&[field])).collect();
    assert_eq!(refused, wanted);
    let status = client.summarize_article(one(Target::Article(missing.clone()), 0)).await;
    assert_eq!(status.unwrap_err().code(), Code::NotFound);
    let named = wire::SummarizeArticlesRequest { articles: vec![missing], ..Default::default() };
    let status = client.summarize_articles(named.clone()).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    let none = client.summarize_articles(wire::SummarizeArticlesRequest::default()).await;
    assert_eq!(told(&none.unwrap_err()), invalid(&["articles"]));
    let articles = vec![named.articles[0].clone(); 201];
    let many = wire::SummarizeArticlesRequest { articles, ..Default::default() };
    assert_eq!(told(&client.summarize_articles(many).await.unwrap_err()).1, "BATCH_TOO_LARGE");
}

#[tokio::test]
async fn a_table_is_not_told() {
    let running = Running::start().await;
    let table = Target::Text("甲村\t120\t130\n乙村\t90\t95".into());
    let answer = running.summary().summarize_article(one(table, 0)).await.unwrap().into_inner();
    assert!(answer.sentences.is_empty() && answer.text.is_empty());
}

#[tokio::test]
async fn odd_texts_are_told_as_far_as_they_can_be() {
    let running = Running::start().await;
    let long: String =
        (0..13_000).map(|at| format!("第{at}号渠今天开闸，灌溉麦田{at}亩，农民下地。")).collect();
    assert!(long.chars().count() > 300_000);
    let unmarked = "清河县开闸引水灌溉麦田".repeat(60);
    for (text, budget, cut) in [
        ("清河开闸。", 0, false),
        (long.as_str(), 0, false),
        (unmarked.as_str(), 0, true),
        ("清河县十二日上午十时正式开闸引水灌溉两万亩麦田。", 10, true),
    ] {
        let request = one(Target::Text(text.into()), budget);
        let answer = running.summary().summarize_article(request).await.unwrap().into_inner();
        let most = if budget == 0 { 100 } else { 10 };
        let count = answer.text.chars().count();
        assert!((1..=most).contains(&count), "{count}: {}", answer.text);
        assert!(answer.sentences.iter().any(|one| one.cut) == cut, "{}", answer.text);
    }
}

#[tokio::test]
async fn lines_broken_at_a_width_are_told_whole_and_cited_each() {
    let running = Running::start().await;
    let mut article = flood().remove(0);
    let text = "清河县昨日启用新的客运站，站内设有六条发车道，每天开行班车八十趟。县交通局负责人说，\
                老车站将于月底关闭，原有班次全部迁入，旅客可以在两站之间免费换乘，直到年底为止。";
    let chars: Vec<char> = text.chars().collect();
    article.paragraphs = chars.chunks(16).map(|line| line.iter().collect()).collect();
    let target = Target::Given(article.clone());
    let answer = running.summary().summarize_article(one(target, 60)).await.unwrap().into_inner();
    assert!(answer.text.contains("站内设有六条发车道"), "{}", answer.text);
    assert!(answer.sentences.iter().any(|one| one.parts.len() > 1), "{answer:?}");
    for sentence in &answer.sentences {
        assert_eq!(cited(&article, sentence), sentence.text);
    }
}

#[tokio::test]
async fn a_topic_of_one_article_is_told_and_one_that_is_not_there_is_not() {
    let running = Running::start().await;
    running.with(flood().split_off(2)).await;
    let request = wire::WatchTopicsRequest { since_version: 0 };
    let mut changes = running.topics().watch_topics(request).await.unwrap().into_inner();
    loop {
        let change = changes.message().await.unwrap().unwrap().change;
        if matches!(change, Some(wire::watch_topics_response::Change::Assigned(_))) {
            break;
        }
    }
    let list = running.topics().list_topics(wire::ListTopicsRequest::default()).await.unwrap();
    let name = list.into_inner().topics.remove(0).name;
    let request = wire::SummarizeTopicRequest { name, ..Default::default() };
    let answer = running.summary().summarize_topic(request).await.unwrap().into_inner();
    let summary = answer.summary.unwrap();
    assert_eq!((summary.sources.len(), summary.outlets.len()), (1, 1));
    assert!(summary.text.contains("转移群众3200人"), "{}", summary.text);
    let name = "topics/00000000-0000-5000-8000-000000000000".to_owned();
    let request = wire::SummarizeTopicRequest { name, ..Default::default() };
    let status = running.summary().summarize_topic(request).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
}

#[tokio::test]
async fn several_articles_are_told_together_with_numbered_sources() {
    let running = Running::start().await;
    let records = flood();
    let names = running.with(records.clone()).await;
    let request = wire::SummarizeArticlesRequest {
        articles: names.iter().rev().cloned().collect(),
        style: SummaryStyle::Report.into(),
        ..Default::default()
    };
    let answer = running.summary().summarize_articles(request).await.unwrap().into_inner();
    let numbered: Vec<(u32, &String)> =
        answer.sources.iter().map(|source| (source.number, &source.article)).collect();
    assert_eq!(numbered, [(1, &names[0]), (2, &names[1]), (3, &names[2])], "in order of time");
    assert!(!answer.sentences.is_empty());
    for sentence in &answer.sentences {
        let at = sentence.source as usize - 1;
        assert_eq!(sentence.article, names[at]);
        assert_eq!(cited(&records[at], sentence), sentence.text);
        assert_ne!(sentence.source, 3, "a reprint spoke");
    }
    assert_eq!(answer.text.matches("转移群众").count(), 1, "said once: {}", answer.text);
    assert!(answer.text.contains("4100人"), "the figure that stands: {}", answer.text);
    assert!(answer.conflicts.is_empty(), "a day later it is an update: {answer:?}");
    let series = &answer.series[0];
    let figures: Vec<&str> = series.figures.iter().map(|one| one.key.as_str()).collect();
    assert_eq!((series.what.as_str(), figures), ("转移", vec!["3200人", "4100人"]));
    assert_eq!(answer.statements[0].speaker, "周小禾");
    assert!(answer.markdown.starts_with("# ") && answer.markdown.contains("## 来源"));
    let own: u32 = answer.outlets.iter().map(|outlet| outlet.original_count).sum();
    assert_eq!((answer.outlets.len(), own), (3, 2));
}

#[tokio::test]
async fn options_choose_what_is_told_and_how_it_is_laid_out() {
    let running = Running::start().await;
    let mut records = flood();
    records.truncate(2);
    records[1].paragraphs = vec![
        "清河县昨天遭遇暴雨，截至13日已转移群众4100人。清河大桥临时封闭，车辆从东湖路绕行。"
            .to_owned(),
    ];
    records.push(record("清河大桥恢复通车", "清河大桥15日恢复通车，车辆不再绕行。", 15));
    let articles = running.with(records).await;
    let ask = |options| wire::SummarizeArticlesRequest {
        articles: articles.clone(),
        style: SummaryStyle::Report.into(),
        options: Some(options),
        ..Default::default()
    };
    let whole = wire::SummaryOptions {
        compare_outlets: vec!["清河日报".into(), "东湖晚报".into()],
        parts: vec![wire::SummaryPart::Course.into(), wire::SummaryPart::Comparison.into()],
        html: true,
        ..Default::default()
    };
    let answer = running.summary().summarize_articles(ask(whole)).await.unwrap().into_inner();
    let compared = answer.comparison.clone().unwrap();
    let only: String = compared.only_left.iter().map(|one| one.text.as_str()).collect();
    assert!(only.contains("周小禾") && !only.contains("封闭"), "{compared:?}");
    assert!(answer.html.contains("<h2>经过</h2>") && !answer.html.contains("<h2>来源</h2>"));
    assert!(!answer.markdown.contains("## 来源") && answer.markdown.contains("只有清河日报说"));
    let dated: Vec<&str> = answer.sentences.iter().map(|one| one.dated.as_str()).collect();
    assert!(dated.iter().any(|one| one.contains("昨天（")), "{dated:?}");
    let since = answer.sources[1].publish_time;
    let new = wire::SummaryOptions { since, ..Default::default() };
    let answer = running.summary().summarize_articles(ask(new)).await.unwrap().into_inner();
    assert!(answer.text.contains("恢复通车") && !answer.text.contains("4100"), "{answer:?}");
    assert!(answer.html.is_empty() && answer.comparison.is_none());
    let one = vec!["清河日报".to_owned()];
    let wrong = wire::SummaryOptions { compare_outlets: one, ..Default::default() };
    let status = running.summary().summarize_articles(ask(wrong)).await.unwrap_err();
    assert_eq!(crate::support::told(&status), invalid(&["options.compare_outlets"]));
}

#[tokio::test]
async fn a_search_is_told_together() {
    let running = Running::start().await;
    running.with(flood_and_others()).await;
    let request = wire::SummarizeArticlesRequest {
        query: "清河 水位".into(),
        article_count: 3,
        budget_chars: 80,
        ..Default::default()
    };
    let answer = running.summary().summarize_articles(request).await.unwrap().into_inner();
    assert_eq!(answer.sources.len(), 3);
    assert!(answer.text.contains("清河") && answer.text.chars().count() <= 80, "{}", answer.text);
    assert!(answer.markdown.is_empty(), "no report was asked for");
}

#[tokio::test]
async fn a_topic_is_told_from_its_articles() {
    let running = Running::start().await;
    running.with(flood()).await;
    // The feed says when everything is placed: no clock, no guess.
    let request = wire::WatchTopicsRequest { since_version: 0 };
    let mut changes = running.topics().watch_topics(request).await.unwrap().into_inner();
    let mut placed = 0;
    while placed < 3 {
        let change = changes.message().await.unwrap().unwrap().change;
        placed +=
            u32::from(matches!(change, Some(wire::watch_topics_response::Change::Assigned(_))));
    }
    let list = running.topics().list_topics(wire::ListTopicsRequest::default()).await.unwrap();
    let name = list.into_inner().topics.remove(0).name;
    let request = wire::SummarizeTopicRequest { name: name.clone(), ..Default::default() };
    let answer = running.summary().summarize_topic(request).await.unwrap().into_inner();
    assert_eq!(answer.name, name);
    let told = answer.summary.unwrap();
    assert!(told.text.contains("清河") && !told.sources.is_empty(), "{told:?}");
    let request = wire::SummarizeTopicRequest { name: "somewhere".into(), ..Default::default() };
    let status = running.summary().summarize_topic(request).await.unwrap_err();
    assert_eq!(crate::support::told(&status), invalid(&["name"]));
}

/// Reads changes until `count` articles found their topics; the version of the last change.
async fn placed(changes: &mut tonic::Streaming<wire::WatchTopicsResponse>, count: u32) -> u64 {
    let (mut placed, mut version) = (0, 0);
    while placed < count {
        let found = changes.message().await.unwrap().unwrap();
        version = found.version;
        let assigned =
            matches!(found.change, Some(wire::watch_topics_response::Change::Assigned(_)));
        placed += u32::from(assigned);
    }
    version
}

#[tokio::test]
async fn a_topic_tells_what_came_to_it_after_a_version() {
    let running = Running::start().await;
    let mut records = flood();
    records.truncate(2);
    let mut late = records.pop().unwrap();
    late.title.clone_from(&records[0].title);
    running.with(records).await;
    let request = wire::WatchTopicsRequest { since_version: 0 };
    let mut changes = running.topics().watch_topics(request).await.unwrap().into_inner();
    let seen = placed(&mut changes, 1).await;
    let late = running.with(vec![late]).await.remove(0);
    placed(&mut changes, 1).await;
    let mut topics = running.topics();
    let list = topics.list_topics(wire::ListTopicsRequest::default()).await.unwrap();
    let [first, second] = &list.into_inner().topics[..] else { panic!("each is a story so far") };
    let merge = wire::MergeTopicsRequest {
        name: first.name.clone(),
        other: second.name.clone(),
        etag: String::new(),
    };
    let story = topics.merge_topics(merge).await.unwrap().into_inner().topic.unwrap();
    assert_eq!(story.article_count, 2);
    let ask = async |since_version: u64| {
        let request = wire::SummarizeTopicRequest {
            name: story.name.clone(),
            style: wire::SummaryStyle::Digest.into(),
            options: Some(wire::SummaryOptions { since_version, ..Default::default() }),
            ..Default::default()
        };
        running.summary().summarize_topic(request).await
    };
    let all = ask(0).await.unwrap().into_inner().summary.unwrap();
    let new = ask(seen).await.unwrap().into_inner().summary.unwrap();
    assert!((1..all.sentences.len()).contains(&new.sentences.len()), "{new:?}");
    assert!(new.sentences.iter().all(|one| one.article == late), "{new:?}");
    let status = ask(seen + 1_000).await.unwrap_err();
    assert_eq!(crate::support::told(&status), invalid(&["options.since_version"]));
}

#[test]
fn a_page_and_a_text_are_told_on_the_terminal() {
    let desk = Desk::new();
    let page = desk.run(&["summarize", "tests/fixtures/pages/qinghe-20250908-p1.md"]);
    assert_eq!(page.code, 0, "{}", page.err);
    assert!(page.out.contains("▌ ") && page.out.contains("¶0 "), "{}", page.out);
    let text = desk.file("text.txt", "清河县12日开闸引水，灌溉两万亩麦田。");
    let run = desk.run(&["summarize", "--plain", "--json", &text]);
    let answer: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(answer["sentences"][0]["text"], "清河县12日开闸引水，灌溉两万亩麦田。");
    assert_eq!(answer["sentences"][0]["parts"][0]["place"]["end_char"], 19);
    assert_eq!(desk.run(&["summarize", "--budget", "0", &text]).code, 64);
    assert_eq!(desk.run(&["summarize", "nowhere.txt"]).code, 64);
}
