//! Feeds, exports and folders as newsrooms have them, through the program.

use serde_json::Value;
use serde_json::json;

use crate::cli::Desk;

fn lines(values: &[Value]) -> String {
    values.iter().map(|value| format!("{value}\n")).collect()
}

/// The records that a search for `query` gives.
fn found(desk: &Desk, query: &str) -> Vec<Value> {
    let answer = desk.run(&["search", query, "--json", "--limit", "30", "--copies"]).ok().json();
    let hits = answer["hits"].as_array().cloned().unwrap_or_default();
    let shown = |hit: Value| {
        let mut record = hit["article"]["record"].clone();
        record["snippet"] = hit["snippet"]["text"].clone();
        record
    };
    hits.into_iter().map(shown).collect()
}

#[test]
fn pages_times_and_addresses_of_a_feed_come_back() {
    let desk = Desk::new();
    let item = |id: &str, page: Value, time: Value| {
        json!({"guid": id, "media": "东湖网", "newspaper": "东湖晚报", "headline": format!("渠道清淤第{id}段"),
               "content": format!("<p>第{id}段渠道&ldquo;清淤&rdquo;开工。</p><p>水温<5℃。</p>"),
               "page": page, "pubDate": time, "link": format!("https://donghu.example/{id}")})
    };
    let all = [
        item("甲一", json!("B07"), json!(1_741_912_200)),
        item("甲二", json!(""), json!("2025年3月14日 08:30")),
        item("甲三", json!("第7版：民生"), json!("Fri, 14 Mar 2025 00:30:00 GMT")),
        item("甲四", json!(7), json!("2099-01-01")),
        item("甲五", json!("要闻"), json!("很久以前")),
    ];
    let file = desk.file("feed.jsonl", lines(&all));
    let run = desk.run(&["ingest", &file, "--json"]).ok();
    assert_eq!((&run.json()["created"], &run.json()["failed"]), (&json!(5), &json!(0)));
    assert_eq!(run.json()["notes"]["stored without a time"], 2);
    run.said(&["feed.jsonl:4: ", "2099-01-01", "future", "feed.jsonl:5: ", "很久以前"]);

    let records = found(&desk, "渠道清淤");
    assert_eq!(records.len(), 5);
    for record in &records {
        let id = record["source_id"].as_str().unwrap();
        assert_eq!(record["url"], format!("https://donghu.example/{id}"));
        let snippet = record["snippet"].as_str().unwrap();
        assert!(snippet.starts_with(&format!("第{id}段渠道“清淤”开工。")), "{snippet}");
        let time = &record["publish_time"];
        match id {
            "甲四" | "甲五" => assert!(time.is_null(), "{record}"),
            _ => assert_eq!(time, "2025-03-14T00:30:00Z", "{record}"),
        }
    }
    let of_part = found(&desk, "page:B07");
    assert_eq!(
        (of_part.len(), &of_part[0]["page"], &of_part[0]["page_no"]),
        (1, &json!("B07"), &json!(7))
    );
    assert_eq!(found(&desk, "page:7").len(), 2);
    assert_eq!(found(&desk, "page_no:7").len(), 3);
    let named: Vec<&Value> = records.iter().map(|record| &record["page_name"]).collect();
    assert!(named.contains(&&json!("民生")) && named.contains(&&json!("要闻")), "{named:?}");
}

#[test]
fn two_feeds_that_count_from_one_keep_their_articles() {
    let desk = Desk::new();
    let feed = |what: &str| {
        let item = |id: usize| json!({"id": id, "title": format!("{what}第{id}报"), "body": format!("{what}第{id}次测流。")});
        lines(&[item(1), item(2)])
    };
    let (east, west) =
        (desk.file("east.jsonl", feed("东站")), desk.file("west.jsonl", feed("西站")));
    let run = desk.run(&["ingest", &east, &west, "--json"]).ok().said(&["--source"]);
    assert_eq!((&run.json()["created"], &run.json()["updated"]), (&json!(4), &json!(0)));
    let again = desk.run(&["ingest", &west, "--json"]).ok().json();
    assert_eq!(again["unchanged"], 2);
    let twice = desk.file(
        "twice.jsonl",
        lines(&[
            json!({"id": 7, "source": "东湖网", "title": "第一条", "body": "渠道通水。"}),
            json!({"id": 7, "source": "东湖网", "title": "另一条", "body": "果园采摘。"}),
        ]),
    );
    desk.run(&["ingest", &twice]).ok().said(&["twice.jsonl:2: ", "id `7`", "record 1"]);
}

#[test]
fn a_folder_of_mixed_files_is_taken_for_what_it_holds() {
    let desk = Desk::new();
    let folder = desk.path("inbox");
    std::fs::create_dir_all(folder.join("2025")).unwrap();
    let put = |name: &str, content: &[u8]| std::fs::write(folder.join(name), content).unwrap();
    put("2025/a.xml", "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>西山网</title><item><title>林场防火</title>\
        <guid>1</guid><description>林场昨日开始防火巡查。</description></item></channel></rss>".as_bytes());
    put("b.json", json!([{"标题": "果园采摘", "正文": "果园开园采摘。"}]).to_string().as_bytes());
    put("c.csv", &encoding_rs::GBK.encode("编号,标题,正文\n90000001,渡口停航,\"渡口停航三天。\n请绕行。\"\n90000002,,没有标题\n").0);
    put("d.html", "<meta charset=utf-8><h1>水库蓄水通知</h1><p>水库从今天开始蓄水，下游各村请注意安全，不要到河滩放牧。</p>".as_bytes());
    put("e.parquet", b"PAR1\0\0PAR1");
    put("f.png", b"\x89PNG\r\n");
    let folder = folder.display().to_string();

    let dry = desk.run(&["ingest", &folder, "--dry-run"]).failed(&["e.parquet", "duckdb"]);
    for word in ["RSS", "JSON", "CSV", "web page", "Parquet", "picture", "nothing was stored"] {
        assert!(dry.out.contains(word), "`{word}` is not in: {}", dry.out);
    }
    assert!(!desk.path("data").exists());

    let run = desk.run(&["ingest", &folder, "--json"]);
    let report = run.json();
    assert_eq!(
        (&report["created"], &report["failed"], &report["skipped_files"]),
        (&json!(4), &json!(2), &json!(1))
    );
    assert_eq!(report["reasons"]["no title"], 1);
    assert_eq!(report["files"].as_array().unwrap().len(), 6);
    run.failed(&["c.csv:4: ", "title", "e.parquet"]);
    assert!(found(&desk, "渡口停航")[0]["snippet"].as_str().unwrap().contains("渡口停航三天。"));
    assert_eq!(found(&desk, "林场防火")[0]["source"], "西山网");
}

#[test]
fn a_file_of_another_format_is_one_error_and_not_one_a_line() {
    let desk = Desk::new();
    let rows: String = (0..500).map(|n| format!("'{n}', nothing of a feed\n")).collect();
    let file = desk.file("rows.jsonl", rows);
    let run = desk.run(&["ingest", &file]).failed(&["rows.jsonl", "first 20 records"]);
    assert!(run.err.lines().count() < 12, "{}", run.err);
    let named = desk.file("names.jsonl", lines(&[json!({"大字": "甲", "小字": "乙"})]));
    desk.run(&["ingest", &named]).failed(&["大字", "小字", "--map"]);
    desk.run(&["ingest", &named, "--map", "大字=title", "--map", "小字=body"]).ok();
    desk.run(&["ingest", &named, "--map", "大字=big"]).misused(&["big", "title"]);
}

#[test]
fn blank_and_unreadable_lines_are_named_by_embed_and_cost_the_others_nothing() {
    let desk = Desk::new();
    let mut texts: Vec<String> = (1..=130).map(|n| format!("第{n}段渠道清淤。")).collect();
    texts[69] = String::new();
    texts[99] = "★★★".to_owned();
    let run = desk.run_with_input(&["embed", "-", "--json"], texts.join("\n").as_bytes());
    let count: usize = run
        .out
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["embeddings"].as_array().unwrap().len()
        })
        .sum();
    assert_eq!(count, 128);
    run.failed(&["line 70: ", "line 100: ", "128 texts embedded, 2 lines passed over"]);
}

#[test]
fn a_page_without_an_article_says_in_the_report_what_it_is() {
    let desk = Desk::new();
    let links: String = (0..12)
        .map(|number| format!("<li><a href=\"/{number}.html\">第{number}条要闻的标题在此</a></li>"))
        .collect();
    let list = desk
        .file("list.html", format!("<!doctype html><html><body><ul>{links}</ul></body></html>"));
    let gone = desk.file(
        "gone.html",
        "<!doctype html><html><head><title>404 Not Found</title></head><body>页面不存在</body></html>",
    );
    let report = desk.run(&["ingest", &list, &gone, "--dry-run", "--json"]).ok().json();
    assert_eq!(
        report["reasons"],
        json!({"page without an article: list": 1, "page without an article: missing": 1})
    );
    assert_eq!(report["files"][0]["no_article"], "list");
    assert!(report["files"][0]["problem"].as_str().unwrap().contains("list of links"));
    let shown = desk.run(&["ingest", &list, "--dry-run"]).ok().out;
    assert!(shown.contains("page without an article: list"), "{shown}");
}
