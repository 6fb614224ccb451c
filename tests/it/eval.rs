//! `wenmai eval`: what it measures on small labelled files, and what it says of bad lines.

use std::fs;

use serde_json::Value;
use serde_json::json;

use crate::cli::Desk;
use crate::cli::NEWS;

const ARTICLES: &str = "tests/fixtures/search/articles.jsonl";
const QUERIES: &str = "tests/fixtures/search/queries.jsonl";

/// Sentences, and how alike people find them.
const PAIRS: &str = "清河大桥今日合龙\t清河大桥今天合龙\t5\n\
    县医院新院区启用\t县人民医院启用新院区\t4\n\
    秋粮收购全面展开\t全县开始收购秋粮\t4\n\
    清河大桥今日合龙\t清河大桥年底通车\t2\n\
    秋粮收购全面展开\t今年水稻喜获丰收\t1\n\
    县医院新院区启用\t首届马拉松鸣枪开跑\t0\n\
    清河大桥年底通车\t图书馆通宵开放\t0\n";

fn figure(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn eval_latency_makes_larger_archives_and_asks_with_several_clients() {
    let desk = Desk::new();
    let feed: Vec<String> = NEWS
        .iter()
        .map(|(title, body)| json!({ "title": title, "body": body }).to_string())
        .collect();
    let file = desk.file("a.jsonl", feed.join("\n"));
    let args = ["eval", "latency", "--input", &file, "--copies", "3,1", "--clients", "1,2"];
    let report = desk.run(&[&args[..], &["--queries", "5", "--json"]].concat()).ok().json();
    let told: Vec<_> = report["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            assert!(figure(&row["p99_ms"]) >= figure(&row["p50_ms"]), "{row}");
            assert!(figure(&row["answers_per_s"]) > 0.0, "{row}");
            let count = |name: &str| row[name].as_u64().unwrap();
            (count("article_count"), row["mode"].as_str().unwrap(), count("client_count"))
        })
        .collect();
    let of =
        |articles| ["lexical", "hybrid"].map(|mode| [(articles, mode, 1), (articles, mode, 2)]);
    assert_eq!(told, [of(4), of(12)].concat().concat());
    desk.run(&["eval", "latency", "--input", &file, "--copies", "0"]).misused(&["--copies"]);
}

#[test]
fn eval_measures_every_mode_on_labelled_stories() {
    let desk = Desk::new();
    let mut lines = String::new();
    for (at, (title, body)) in NEWS.iter().enumerate() {
        let (story, event) = if at < 2 { ("bridge", Some("b1")) } else { ("other", None) };
        let line = serde_json::json!({
            "id": at, "source": "清河网", "time": "2025-09-08", "title": title, "body": body,
            "story": story, "event": event,
        });
        lines.push_str(&line.to_string());
        lines.push('\n');
    }
    let file = desk.file("stories.jsonl", lines);
    let report = desk.run(&["eval", "related", "--input", &file, "--json"]).ok().json();
    assert_eq!(
        (report["article_count"].as_u64(), report["query_count"].as_u64()),
        (Some(4), Some(2))
    );
    let modes: Vec<&str> = report["modes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mode| mode["mode"].as_str().unwrap())
        .collect();
    assert_eq!(modes, ["lexical", "dense", "hybrid"]);
    let dense = report["modes"][1]["ndcg_10"].as_f64().unwrap();
    assert!(dense > 0.9, "{dense}");
}

#[test]
fn eval_sts_sets_the_model_beside_the_baselines_for_each_file() {
    let desk = Desk::new();
    let file = desk.file("pairs.tsv", PAIRS);
    let again = desk.file("again.tsv", PAIRS);
    let args = ["eval", "sts", "--input", &file, "--input", &again];
    let report = desk.run(&[&args[..], &["--json"]].concat()).ok().json();
    let files = report["files"].as_array().unwrap();
    assert_eq!((files.len(), files[0]["row_count"].as_u64()), (2, Some(7)));
    assert_eq!(files[0]["scorers"], files[1]["scorers"], "one seed, one answer");
    let scorers = files[0]["scorers"].as_array().unwrap();
    let names: Vec<&str> = scorers.iter().map(|one| one["scorer"].as_str().unwrap()).collect();
    assert_eq!(names, ["model", "bigrams", "overlap"]);
    let spearman = figure(&scorers[0]["spearman"]);
    assert!(spearman > 0.7, "{spearman}");
    let interval = &scorers[0]["spearman_interval"];
    assert!(figure(&interval["low"]) <= spearman && spearman <= figure(&interval["high"]));
    let table = desk.run(&args).ok().out;
    assert!(table.contains("character bigrams") && table.contains("7 pairs"), "{table}");
}

#[test]
fn eval_names_every_row_that_it_leaves_out() {
    let desk = Desk::new();
    let bad = "没有分数\t只有两列\n甲\t乙\t很像\n。。。\t大桥通车\t3\n";
    let file = desk.file("pairs.tsv", format!("{PAIRS}{bad}"));
    let run = desk.run(&["eval", "sts", "--input", &file, "--json"]).failed(&[
        "pairs.tsv:8: has 2 columns",
        "pairs.tsv:9: score `很像` is not a number",
        "pairs.tsv:10: text holds nothing",
    ]);
    let report = &run.json()["files"][0];
    assert_eq!(report["row_count"], 7);
    assert_eq!((&report["bad_count"], &report["unreadable_count"]), (&json!(2), &json!(1)));
    let empty = desk.file("empty.tsv", "\n");
    desk.run(&["eval", "pairs", "--input", &empty]).failed(&["holds no pair of sentences"]);
    desk.run(&["eval", "sts", "--input", "no-such.tsv"]).failed(&["no-such.tsv"]);
    desk.run(&["eval", "sts"]).misused(&["--input"]);
}

#[test]
fn eval_pairs_wants_labels_or_a_threshold() {
    let desk = Desk::new();
    let file = desk.file("pairs.tsv", PAIRS);
    desk.run(&["eval", "pairs", "--input", &file]).failed(&["label `5` is neither 0 nor 1"]);
    let args = ["eval", "pairs", "--input", &file, "--threshold", "4", "--json"];
    let report = desk.run(&args).ok().json();
    let report = &report["files"][0];
    assert_eq!((&report["row_count"], &report["match_count"]), (&json!(7), &json!(3)));
    let model = &report["scorers"][0];
    assert!(figure(&model["roc_auc"]) > 0.8, "{model}");
    let cut = &model["best_f1"];
    assert!(figure(&cut["f1"]) > 0.8 && figure(&cut["threshold"]) < 1.0, "{cut}");
}

#[test]
fn eval_search_measures_every_mode_by_kind_of_query() {
    let desk = Desk::new();
    let args = ["eval", "search", "--articles", ARTICLES, "--queries", QUERIES];
    let report = desk.run(&[&args[..], &["--json"]].concat()).ok().json();
    assert_eq!((&report["article_count"], &report["query_count"]), (&json!(62), &json!(27)));
    let modes = report["modes"].as_array().unwrap();
    for mode in modes {
        assert!(figure(&mode["ndcg_10"]["value"]) > 0.7, "{mode}");
        let (near, far) =
            (figure(&mode["recall_10"]["value"]), figure(&mode["recall_100"]["value"]));
        assert!(near <= far && far <= 1.0);
        let kinds = mode["kinds"].as_array().unwrap().iter();
        let kinds: Vec<&str> = kinds.map(|kind| kind["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["headline", "name", "question", "two characters"]);
    }
    assert!(modes[0]["ndcg_10_ahead"].is_null() && modes[2]["ndcg_10_ahead"].is_object());
    let table = desk.run(&[&args[..], &["--memory", "--modes", "hybrid"]].concat()).ok().out;
    assert!(table.contains("success@1") && table.contains("27 queries"), "{table}");
}

#[test]
fn eval_search_names_ids_and_queries_that_the_feed_lacks() {
    let desk = Desk::new();
    let queries = desk.file(
        "queries.jsonl",
        "{\"query\": \"大桥\", \"relevant\": [\"bridge-2\", \"bridge-9\"]}\n\
         {\"query\": \"渡轮\", \"relevant\": [\"ferry-9\"]}\n{\"query\": \"\"}\n",
    );
    let args = ["eval", "search", "--articles", ARTICLES, "--queries", &queries, "--memory"];
    let run = desk.run(&[&args[..], &["--json"]].concat()).failed(&[
        "queries.jsonl:1: id `bridge-9` names no indexed article",
        "queries.jsonl:2: `渡轮` has no relevant article",
        "queries.jsonl:3: missing field `relevant`",
    ]);
    let report = run.json();
    assert_eq!(report["query_count"], 1);
    assert_eq!(report["unanswerable"], json!([{"line": 2, "query": "渡轮"}]));
    assert!(figure(&report["modes"][0]["recall_100"]["value"]) > 0.999);
    let none = desk.file("none.jsonl", "{\"query\": \"渡轮\", \"relevant\": [\"ferry-9\"]}\n");
    let args = ["eval", "search", "--articles", ARTICLES, "--queries", &none, "--memory"];
    desk.run(&args).failed(&["no query has a relevant article"]);
}

#[test]
fn eval_calibration_writes_a_rising_table() {
    let desk = Desk::new();
    let mut feed = String::new();
    for (at, mut line) in lines(&fs::read_to_string(ARTICLES).unwrap()).into_iter().enumerate() {
        let story = line["id"].as_str().unwrap().split('-').next().unwrap().to_owned();
        line["event"] = json!(format!("{story}{}", at % 2));
        line["story"] = json!(story);
        feed.push_str(&line.to_string());
        feed.push('\n');
    }
    let file = desk.file("stories.jsonl", feed);
    let out = desk.path("calibration.json").display().to_string();
    let args = ["eval", "calibration", "--input", &file, "--memory", "--out", &out];
    let printed = desk.run(&args).ok().out;
    assert!(printed.contains("base rate") && printed.contains("62 articles"), "{printed}");
    let table: Value = serde_json::from_str(&fs::read_to_string(out).unwrap()).unwrap();
    let knots = table["knots"].as_array().unwrap();
    assert!((2..=32).contains(&knots.len()), "{}", knots.len());
    for pair in knots.windows(2) {
        assert!(figure(&pair[0]["cosine"]) < figure(&pair[1]["cosine"]));
        assert!(figure(&pair[0]["same_story"]) <= figure(&pair[1]["same_story"]));
        assert!(figure(&pair[1]["same_event"]) <= figure(&pair[1]["same_story"]));
    }
    assert!(table["model_version"].is_string() && figure(&table["ece"]["same_story"]) < 0.5);
    let few =
        desk.file("few.jsonl", "{\"id\":1,\"title\":\"大桥\",\"story\":\"a\",\"event\":\"b\"}\n");
    desk.run(&["eval", "calibration", "--input", &few, "--memory"]).failed(&["too few stories"]);
}
