//! How many articles of labelled pages are read right, by file, without building the rest of the
//! program: `cargo run -p wenmai-page --example score -- [-v] FILE…`.
//!
//! A `.jsonl` file has whole labelled pages (the format of `wenmai eval pages`); a `gold.jsonl`
//! names texts beside it with the first and last words of their articles. Printed are: titles found
//! of those labelled; headings (kicker, title and subtitle together); F1 of articles that are exact;
//! of those right leniently, that is with the right title and a body whose runs of four characters
//! overlap by 0.95 (Dice); of those cut right, whatever their title.
#![allow(clippy::print_stdout, reason = "an example prints what it finds")]
#![allow(clippy::indexing_slicing, reason = "a missing key of JSON is null; positions are its own")]

use std::path::Path;

use serde_json::Value;
use wenmai_domain::span::Span;
use wenmai_page::Issue;
use wenmai_page::Parsed;
use wenmai_page::parse;
use wenmai_text::likeness::dice;
use wenmai_text::likeness::grams;
use wenmai_text::likeness::shared_count;

/// Least overlap of a body that counts as right leniently.
const LENIENT: f64 = 0.95;

/// What is labelled of an article, folded.
struct Gold {
    title: String,
    heading: String,
    body: String,
    /// Possible first words, last words and length, where the whole body is not labelled.
    ends: Option<(Vec<String>, String, usize)>,
}

/// What was found of an article, folded; the body with and without what stands apart at its ends.
struct Found {
    title: String,
    heading: String,
    bodies: Vec<String>,
}

/// Counts over the pages of a file.
#[derive(Default)]
struct Counts {
    gold: usize,
    found: usize,
    titles: usize,
    headings: usize,
    exact: usize,
    lenient: usize,
    cut: usize,
}

fn main() {
    let mut verbose = false;
    println!("file: gold found | title heading | exact lenient cut (F1)");
    for arg in std::env::args().skip(1) {
        match arg.as_str() {
            "-v" => verbose = true,
            path if path.ends_with("gold.jsonl") => with_ends(Path::new(path), verbose),
            path => whole(path, verbose),
        }
    }
}

/// White space and width do not count, nor the forms of quotes and dashes.
fn folded(text: &str) -> String {
    let narrow = |c: char| match c {
        '！'..='～' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '“' | '”' | '「' | '」' => '"',
        '‘' | '’' => '\'',
        '—' | '–' | '―' => '-',
        '•' | '・' => '·',
        _ => c,
    };
    let shown = |c: &char| !c.is_whitespace() && !matches!(c, '\u{feff}' | '\u{200b}');
    text.chars().filter(shown).map(narrow).collect()
}

fn say(value: &Value) -> String {
    folded(value.as_str().unwrap_or_default())
}

fn headings(gold: &Value) -> String {
    [&gold["kicker"], &gold["title"], &gold["subtitle"]].map(say).concat()
}

/// Judges a file of whole labelled pages.
fn whole(path: &str, verbose: bool) {
    let lines = std::fs::read_to_string(path).unwrap_or_default();
    let mut counts = Counts::default();
    for line in lines.lines() {
        let page: Value = serde_json::from_str(line).unwrap_or_default();
        let article = |gold: &Value| {
            let pieces = gold["paragraphs"].as_array().into_iter().flatten();
            let paragraphs: String = pieces.map(say).collect();
            let body = if gold["body"].is_null() { paragraphs } else { say(&gold["body"]) };
            Gold { title: say(&gold["title"]), heading: headings(gold), body, ends: None }
        };
        let labelled = page["articles"].as_array().into_iter().flatten();
        let counts_as_one =
            |gold: &&Value| !matches!(gold["kind"].as_str(), Some("staff" | "teaser"));
        let gold: Vec<Gold> = labelled.filter(counts_as_one).map(article).collect();
        let wrong = judge(page["text"].as_str().unwrap_or_default(), &gold, &mut counts);
        if verbose && !wrong.is_empty() {
            println!("{}\n{}", page["id"].as_str().unwrap_or_default(), wrong.join("\n"));
        }
    }
    report(path, &counts);
}

/// Judges texts beside a list of their articles' first and last words.
fn with_ends(path: &Path, verbose: bool) {
    let lines = std::fs::read_to_string(path).unwrap_or_default();
    for line in lines.lines() {
        let row: Value = serde_json::from_str(line).unwrap_or_default();
        let file = row["file"].as_str().unwrap_or_default();
        if !file.starts_with("text/") {
            continue;
        }
        let article = |gold: &Value| {
            let starts = [&gold["first"], &gold["first_alt"]].map(say).into_iter();
            let starts = starts.filter(|start| !start.is_empty());
            let starts = starts.map(|start| start.chars().take(12).collect()).collect();
            let last: Vec<char> = say(&gold["last"]).chars().collect();
            let last = last.iter().skip(last.len().saturating_sub(12)).collect();
            let count = gold["body_chars"].as_u64().and_then(|n| usize::try_from(n).ok());
            let ends = Some((starts, last, count.unwrap_or_default()));
            Gold { title: say(&gold["title"]), heading: headings(gold), body: String::new(), ends }
        };
        let labelled = row["articles"].as_array().into_iter().flatten();
        let gold: Vec<Gold> = labelled.map(article).collect();
        let text = std::fs::read_to_string(path.with_file_name(file)).unwrap_or_default();
        let mut counts = Counts::default();
        let wrong = judge(&text, &gold, &mut counts);
        if verbose && !wrong.is_empty() {
            println!("{file}\n{}", wrong.join("\n"));
        }
        report(file, &counts);
    }
}

fn found(page: &str, parsed: &Parsed) -> Found {
    let record = &parsed.article.record;
    let parts = &parsed.spans;
    let text = |spans: &[Span]| -> String {
        folded(&spans.iter().filter_map(|span| span.of(page)).collect::<String>())
    };
    let last = parts.paragraphs.last().and_then(|spans| spans.last());
    let behind = |spans: &[Span]| {
        let after = |span: &&Span| last.is_some_and(|last| span.start >= last.end);
        text(&spans.iter().filter(after).copied().collect::<Vec<_>>())
    };
    let body = folded(&record.paragraphs.concat());
    let signed = behind(&parts.byline);
    let noted = format!("{signed}{}", behind(&parts.source_note));
    let ends = [signed, noted, behind(&parts.captions), String::new()];
    let mut bodies = Vec::new();
    for start in [text(&parts.dateline), String::new()] {
        bodies.extend(ends.iter().map(|end| format!("{start}{body}{end}")));
    }
    let heading = [&record.kicker, &record.title, &record.subtitle].map(|part| folded(part));
    Found { title: folded(&record.title), heading: heading.concat(), bodies }
}

/// How much of the body of `gold` one version of `found` has, from 0 to 1.
fn likeness(gold: &Gold, found: &Found) -> f64 {
    if let Some((starts, last, count)) = &gold.ends {
        let fits = |body: &String| {
            let start = starts.iter().any(|start| body.contains(start));
            let near = body.chars().count().abs_diff(*count) * 100 <= (*count * 15).max(2_500);
            let checks = [start, body.contains(last), near];
            f64::from(u8::try_from(checks.iter().filter(|fits| **fits).count()).unwrap_or(0)) / 3.0
        };
        return found.bodies.iter().map(fits).fold(0.0, f64::max);
    }
    let runs = |text: &str| -> Vec<[char; 4]> {
        let chars: Vec<char> = text.chars().collect();
        grams(&chars).collect()
    };
    let body = runs(&gold.body);
    let score = |read: &String| {
        if *read == gold.body {
            return 1.0;
        }
        let read = runs(read);
        dice(shared_count(&body, &read), body.len(), read.len())
    };
    found.bodies.iter().map(score).fold(0.0, f64::max)
}

/// Where the body read first differs from the labelled one.
fn apart(gold: &Gold, found: &Found) -> String {
    let body = found.bodies.last().map_or("", String::as_str);
    let same = gold.body.chars().zip(body.chars()).take_while(|(a, b)| a == b).count();
    let piece = |text: &str| text.chars().skip(same.saturating_sub(6)).take(24).collect::<String>();
    format!("\n      GOLD …{}…\n      READ …{}…", piece(&gold.body), piece(body))
}

/// Counts what is right on a page; returns what is not, for a reader.
fn judge(text: &str, gold: &[Gold], counts: &mut Counts) -> Vec<String> {
    let page = parse(text, &Issue::default());
    let articles = page.articles.iter().filter(|parsed| parsed.article.record.kind.is_article());
    let found: Vec<Found> = articles.map(|parsed| found(text, parsed)).collect();
    let mut free = vec![true; found.len()];
    let mut wrong = Vec::new();
    counts.gold += gold.len();
    counts.found += found.len();
    for gold in gold {
        let scored = found.iter().enumerate().filter(|(at, _)| free.get(*at) == Some(&true));
        let scored = scored.map(|(at, found)| {
            let same = f64::from(u8::from(found.title == gold.title)) / 2.0;
            (at, found, likeness(gold, found), same)
        });
        let best = scored.max_by(|a, b| (a.2 + a.3).total_cmp(&(b.2 + b.3)));
        let Some((at, best, like, _)) = best.filter(|(_, _, like, same)| like + same >= 0.1) else {
            wrong.push(format!("  LOST {}", gold.title));
            continue;
        };
        free.iter_mut().skip(at).take(1).for_each(|free| *free = false);
        let title = best.title == gold.title;
        counts.titles += usize::from(title);
        counts.headings += usize::from(best.heading == gold.heading);
        counts.exact += usize::from(title && like >= 0.9999);
        counts.lenient += usize::from(title && like >= LENIENT);
        counts.cut += usize::from(like >= LENIENT);
        if !title || like < 0.9999 {
            let shown = if title { String::new() } else { format!("\n      READ {}", best.title) };
            let apart = if title && gold.ends.is_none() { apart(gold, best) } else { shown };
            wrong.push(format!("  {like:.3} {}{apart}", gold.title));
        }
    }
    let spare = free.iter().zip(&found).filter(|(free, _)| **free);
    wrong.extend(spare.map(|(_, found)| format!("  SPARE {}", found.title)));
    wrong
}

#[expect(clippy::cast_precision_loss, reason = "counts of articles")]
fn report(name: &str, counts: &Counts) {
    let Counts { gold, found, titles, headings, exact, lenient, cut } = counts;
    let recall = |right: &usize| *right as f64 / (*gold).max(1) as f64;
    let f1 = |right: &usize| 2.0 * *right as f64 / (gold + found).max(1) as f64;
    println!(
        "{name}: {gold} {found} | {:.3} {:.3} | {:.3} {:.3} {:.3}",
        recall(titles),
        recall(headings),
        f1(exact),
        f1(lenient),
        f1(cut)
    );
}
