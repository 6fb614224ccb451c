//! `wenmai model calibrate` as a person runs it, and what its file is good for.

use std::fs;

use serde_json::Value;

use crate::cli::Desk;
use crate::cli::NEWS;

/// The bundled model cut to 64 numbers: another model, of which each cosine is a little different.
const CUT: [&str; 4] = ["--model", "models/wenmai-news-zh", "--embed-dim", "64"];

/// Calibrates the cut model with `more` arguments into the file that is returned.
fn calibrated(desk: &Desk, more: &[&str]) -> (String, String, Value) {
    let path = desk.path("calibration.json").display().to_string();
    let args = [&["model", "calibrate"], &CUT[..], &["--output", &path], more].concat();
    let run = desk.run(&args).ok();
    let made = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    (path, format!("{}\n{}", run.out, run.err), made)
}

/// `count` articles about different things in different places, some of which follow each other up.
fn feed(count: usize) -> String {
    let places = ["清河", "云岭", "白沙", "东陵", "石桥", "南浦", "金川", "柳林", "临湖", "北屯"];
    let things = ["大桥", "医院", "学校", "公园", "水库", "市场", "车站", "图书馆"];
    let doings = ["开工建设", "通过验收", "正式启用"];
    let line = |at: usize| {
        let place = places[at % places.len()];
        let thing = things[at / places.len() % things.len()];
        let doing = doings[at / (places.len() * things.len()) % doings.len()];
        let body =
            format!("{place}的{thing}昨日{doing}，{at}名居民到场，负责人介绍了下一步的安排。");
        serde_json::json!({ "title": format!("{place}{thing}{doing}"), "body": body }).to_string()
    };
    (0..count).map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_calibration_is_made_and_serves_the_model_that_it_was_made_for() {
    let desk = Desk::new();
    let (path, said, made) = calibrated(&desk, &[]);
    assert!(said.contains("Chinese: reference-2"), "{said}");
    assert_eq!(made["chinese"]["made_from"], "reference");
    assert!(made["chinese"]["points"].as_array().unwrap().len() > 20);
    let (title, body) = NEWS[0];
    let feed =
        desk.file("a.jsonl", serde_json::json!({ "title": title, "body": body }).to_string());
    let taken = ["ingest", &feed, "--calibration", &path];
    desk.run(&[&taken[..], &CUT[..]].concat()).ok();
    // The bundled model itself, and another cut of it, are other models.
    let data = desk.path("other").display().to_string();
    let whole = ["--model", "models/wenmai-news-zh", "--embed-dim", "128", "--data", &data];
    let refused = desk.run(&[&taken[..], &whole[..]].concat());
    assert_ne!(refused.code, 0);
    refused.said(&["was made for model static@"]);
}

#[test]
fn a_feed_is_measured_where_it_holds_enough() {
    let desk = Desk::new();
    let few = desk.file("few.jsonl", feed(40));
    let (_, said, made) = calibrated(&desk, &["--input", &few]);
    assert!(said.contains("fewer than 100 articles in Chinese"), "{said}");
    assert_eq!(made["chinese"]["made_from"], "reference");
    let many = desk.file("many.jsonl", feed(240));
    let (_, said, made) = calibrated(&desk, &["--input", &many]);
    assert!(said.contains("articles-2-240"), "{said}");
    assert_eq!(made["chinese"]["text_count"], 240);
    let again = calibrated(&desk, &["--input", &many]).2;
    assert_eq!(made, again);
    let broken = desk.file("broken.jsonl", format!("{}\n{{", feed(3)));
    let args = [&["model", "calibrate"], &CUT[..], &["--input", &broken]].concat();
    desk.run(&args).failed(&["broken.jsonl line 4"]);
}
