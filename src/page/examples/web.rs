//! What is read from web pages, without building the rest of the program:
//! `cargo run -p wenmai-page --example web -- FILE…`, pages in UTF-8. Each gives a line of JSON:
//! the file, the record of its article, and where it has none, what it is.
#![allow(clippy::print_stdout, reason = "an example prints what it finds")]

use serde_json::json;
use wenmai_page::Issue;
use wenmai_page::parse;

fn main() {
    for path in std::env::args().skip(1) {
        let Ok(bytes) = std::fs::read(&path) else {
            println!("{}", json!({"file": path, "error": "it cannot be read"}));
            continue;
        };
        let page = parse(&String::from_utf8_lossy(&bytes), &Issue::default());
        let records: Vec<_> = page.articles.iter().map(|one| &one.article.record).collect();
        let none = page.no_article.map(|none| format!("{:?}", none.kind));
        println!("{}", json!({"file": path, "articles": records, "none": none}));
    }
}
