//! What `models/train/fit_page_cues.py` needs of the parser: the cues of each block of labelled pages,
//! and the table of steps between classes.

use serde_json::Value;
use serde_json::json;

use crate::Issue;
use crate::cue::Cue;
use crate::line;
use crate::observe;
use crate::opening;
use crate::path;
use crate::path::Class;

/// Blocks of a page: their text and the names of their cues.
fn cues(page: &Value) -> Value {
    let issue = Issue {
        paper: page["paper"].as_str().unwrap_or_default().to_owned(),
        date: page["date"].as_str().and_then(|date| date.parse().ok()),
        ..Issue::default()
    };
    let (blocks, _) = line::blocks(page["text"].as_str().unwrap_or_default());
    let cues = observe::observe(&blocks, &issue);
    let block = |(block, cues): (&line::Block, &crate::cue::Cues)| {
        let names = Cue::ALL.iter().filter(|cue| cues.has(**cue)).map(|cue| cue.name());
        json!([block.text, names.collect::<Vec<_>>()])
    };
    blocks.iter().zip(&cues).map(block).collect()
}

/// The groups of short lines of a page: first block, block behind the last, block of the text, and
/// what is seen of them.
fn groups(page: &Value) -> Value {
    let (blocks, _) = line::blocks(page["text"].as_str().unwrap_or_default());
    let cues = observe::observe(&blocks, &Issue::default());
    let group = |group: opening::Group| {
        json!([group.lines.start, group.lines.end, group.text, group.seen.to_vec(), group.odds()])
    };
    opening::groups(&blocks, &cues).into_iter().map(group).collect()
}

/// The parser's tables and the cues of labelled pages, one a line of `lines`, as JSON.
fn tables(lines: &str) -> String {
    let pages: Vec<Value> =
        lines.lines().map(|line| cues(&serde_json::from_str(line).unwrap())).collect();
    let weights = |cue: &Cue| {
        let weigh =
            |(class, weight): &(Class, f32)| json!([cue.name(), format!("{class:?}"), weight]);
        cue.weights().iter().map(weigh).collect::<Vec<_>>()
    };
    let from = |from: &Class| Class::ALL.map(|to| path::follows(*from, to)).to_vec();
    let steps: Vec<Vec<f32>> = Class::ALL.iter().map(from).collect();
    let groups: Vec<Value> =
        lines.lines().map(|line| groups(&serde_json::from_str(line).unwrap())).collect();
    json!({
        "features": opening::NAMES.to_vec(),
        "groups": groups,
        "classes": Class::ALL.map(|class| format!("{class:?}")),
        "cues": Cue::ALL.iter().map(|cue| cue.name()).collect::<Vec<_>>(),
        "prior": Class::ALL.map(Class::prior),
        "steps": steps,
        "begins": Class::ALL.map(path::begins),
        "ends": Class::ALL.map(path::ends),
        "weights": Cue::ALL.iter().flat_map(weights).collect::<Vec<_>>(),
        "pages": pages,
    })
    .to_string()
}

mod tests {
    #[test]
    #[ignore = "reads target/labelled.jsonl, writes target/page-cues.json for models/train"]
    fn cues_are_written_for_fitting() {
        let target = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
        let lines = std::fs::read_to_string(target.join("labelled.jsonl")).unwrap();
        std::fs::write(target.join("page-cues.json"), super::tables(&lines)).unwrap();
    }
}
