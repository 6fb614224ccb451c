//! The analysis on pages composed in many styles.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::format_collect,
    clippy::format_push_string,
    clippy::too_many_lines,
    clippy::disallowed_methods,
    reason = "a test that fails should say where"
)]

mod bad;
mod compose;
mod formats;
mod render;
mod setting;
#[path = "../../../tests/compose/source.rs"]
mod source;
mod style;
mod write;

use std::collections::HashMap;

use compose::Composed;
use compose::Gold;
use compose::compose;
use style::Style;

use crate::Layout;
use crate::analyse;
use wenmai_page::Issue;

/// Hits, found, meant.
#[derive(Debug, Clone, Copy, Default)]
struct Score {
    right: usize,
    titles: usize,
    found: usize,
    meant: usize,
}

impl Score {
    fn add(&mut self, other: Self) {
        self.right += other.right;
        self.titles += other.titles;
        self.found += other.found;
        self.meant += other.meant;
    }

    fn f1(self) -> f64 {
        2.0 * self.right as f64 / (self.found + self.meant).max(1) as f64
    }

    fn title_recall(self) -> f64 {
        self.titles as f64 / self.meant.max(1) as f64
    }
}

fn plain(text: &str) -> String {
    // The browser names the older form of 户, whose glyph its font shares.
    text.chars().filter(|c| !c.is_whitespace()).map(|c| if c == '戶' { '户' } else { c }).collect()
}

/// F1 of the pairs of characters of two texts.
fn alike(a: &str, b: &str) -> f64 {
    let pairs = |text: &str| {
        let chars: Vec<char> = plain(text).chars().collect();
        let mut counts: HashMap<(char, char), i64> = HashMap::new();
        for pair in chars.windows(2) {
            *counts.entry((pair[0], pair[1])).or_default() += 1;
        }
        counts
    };
    let (a, b) = (pairs(a), pairs(b));
    let shared: i64 = a.iter().map(|(pair, n)| (*n).min(b.get(pair).copied().unwrap_or(0))).sum();
    let total: i64 = a.values().sum::<i64>() + b.values().sum::<i64>();
    if total == 0 { 1.0 } else { 2.0 * shared as f64 / total as f64 }
}

fn score(layout: &Layout, gold: &[Gold], say: bool) -> Score {
    let found: Vec<(String, String)> = layout
        .page
        .articles
        .iter()
        .filter(|parsed| parsed.article.record.kind.is_article())
        .map(|p| (plain(&p.article.record.title), p.article.record.body()))
        .collect();
    let mut score = Score { found: found.len(), meant: gold.len(), ..Score::default() };
    let mut used = vec![false; found.len()];
    for article in gold {
        let title = plain(&article.title);
        let body = article.body.concat();
        let hit = found
            .iter()
            .enumerate()
            .find(|(at, (t, b))| !used[*at] && *t == title && alike(b, &body) >= 0.95);
        score.titles += usize::from(found.iter().any(|(t, _)| *t == title));
        if let Some((at, _)) = hit {
            used[at] = true;
            score.right += 1;
        } else if say {
            let near = found.iter().map(|(t, b)| (alike(b, &body), t, b.chars().count()));
            let near = near.max_by(|a, b| a.0.total_cmp(&b.0));
            println!("  missed {title} ({} chars): nearest {near:?}", body.chars().count());
        }
    }
    if say {
        for (at, (title, body)) in found.iter().enumerate().filter(|(at, _)| !used[*at]) {
            println!("  wrong {at} {title}: {}", body.chars().take(40).collect::<String>());
        }
    }
    score
}

fn measure(styles: &[Style], seeds: std::ops::Range<u64>, say: bool) -> Score {
    let mut all = Score::default();
    for style in styles {
        let mut sum = Score::default();
        for seed in seeds.clone() {
            let Composed { sheet, gold } = compose(style, seed);
            let layout = analyse(&sheet, &Issue::default());
            if say {
                println!("{} {seed}", style.name);
            }
            sum.add(score(&layout, &gold, say));
        }
        println!(
            "{:20} articles {:4} titles {:.3} lenient F1 {:.3}",
            style.name,
            sum.meant,
            sum.title_recall(),
            sum.f1()
        );
        all.add(sum);
    }
    println!(
        "all: articles {} titles {:.3} lenient F1 {:.3}",
        all.meant,
        all.title_recall(),
        all.f1()
    );
    all
}

#[test]
#[ignore = "prints figures of the styles that were tuned on"]
fn tuned() {
    let say = std::env::var_os("SAY").is_some();
    let most = 20;
    measure(style::TUNED, 0..most, say);
    if let Some(folder) = std::env::var_os("SVG") {
        for style in style::TUNED {
            for seed in 0..2 {
                let layout = analyse(&compose(style, seed).sheet, &Issue::default());
                let path = std::path::Path::new(&folder).join(format!("{}-{seed}.svg", style.name));
                std::fs::write(path, layout.svg(&layout.page)).unwrap();
            }
        }
    }
}

#[test]
#[ignore = "prints the stacks of one page: STYLE, SEED"]
fn stacks_of_one_page() {
    let name = std::env::var("STYLE").unwrap_or_else(|_| "five".to_owned());
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(0);
    let style = style::TUNED.iter().chain(style::APART).find(|style| style.name == name).unwrap();
    let sheet = compose(style, seed).sheet;
    if let Some(folder) = std::env::var_os("SVG") {
        let layout = analyse(&sheet, &Issue::default());
        let path = std::path::Path::new(&folder).join("one.svg");
        std::fs::write(path, layout.svg(&layout.page)).unwrap();
    }
    let mut measured = crate::measure::measure(&sheet);
    let (rooms, of) = crate::room::rooms(&mut measured);
    let stacks = crate::stack::stacks(&measured, &of);
    let classes = crate::class::classes(&measured, &stacks);
    println!("em {} rooms {}", measured.em, rooms.len());
    for (stack, class) in stacks.iter().zip(&classes) {
        let text: String = crate::class::text(&measured, stack).chars().take(24).collect();
        println!(
            "{class:?} {:.2} n{} room{} {:?} {text}",
            stack.size,
            stack.items.len(),
            stack.room,
            stack.rect
        );
    }
}

/// Renders pages with a browser and scores what is read from the PDF, and from the same page as ALTO
/// and hOCR; `None` where there is no browser.
fn rendered(looks: &[render::Look], seeds: std::ops::Range<u64>, say: bool) -> Option<[Score; 3]> {
    let browser = render::browser()?;
    let folder = tempfile::tempdir().unwrap();
    let keep = std::env::var_os("SVG").map(std::path::PathBuf::from);
    let mut all = [Score::default(); 3];
    for look in looks {
        let mut sums = [Score::default(); 3];
        for seed in seeds.clone() {
            let (html, gold) = render::page(look, seed);
            let name = format!("{}-{seed}", look.name);
            let pdf = render::print(&browser, folder.path(), &name, &html)?;
            let (sheet, _) = crate::open(&pdf, None, 0).unwrap();
            if let Some(keep) = &keep {
                let layout = analyse(&sheet, &Issue::default());
                std::fs::write(keep.join(format!("r-{name}.svg")), layout.svg(&layout.page))
                    .unwrap();
            }
            let others = [write::alto(&sheet), write::hocr(&sheet)];
            let others = others.map(|text| crate::open(text.as_bytes(), None, 0).unwrap().0);
            let [alto, hocr] = others;
            for (sum, sheet) in sums.iter_mut().zip([sheet, alto, hocr]) {
                if say {
                    println!("{name}");
                }
                let layout = analyse(&sheet, &Issue::default());
                sum.add(score(&layout, &gold, say));
            }
        }
        let f1 = sums.map(|sum| format!("{:.3}", sum.f1())).join(" ");
        println!(
            "{:20} articles {:4} lenient F1 of PDF, ALTO, hOCR {f1}",
            look.name, sums[0].meant
        );
        for (all, sum) in all.iter_mut().zip(sums) {
            all.add(sum);
        }
    }
    let f1 = all.map(|sum| format!("{:.3}", sum.f1())).join(" ");
    println!("rendered: articles {} lenient F1 of PDF, ALTO, hOCR {f1}", all[0].meant);
    Some(all)
}

#[test]
#[ignore = "prints figures of rendered pages"]
fn rendered_pages() {
    rendered(render::LOOKS, 0..3, std::env::var_os("SAY").is_some());
}

#[test]
fn pages_that_a_browser_set_are_read() {
    match rendered(&render::LOOKS[2..5], 7..8, false) {
        Some(all) => assert!(all.iter().all(|one| one.f1() >= 0.9), "{all:?}"),
        None => println!("skipped: chromium is not installed"),
    }
}

#[test]
#[ignore = "prints figures of the styles that were not tuned on"]
fn apart() {
    measure(style::APART, 1_000..1_020, false);
}

#[test]
fn most_articles_of_every_style_are_right() {
    for style in style::TUNED.iter().chain(style::APART) {
        let score = measure(std::slice::from_ref(style), 5_000..5_006, false);
        assert!(score.f1() >= 0.85, "{}: {score:?}", style.name);
    }
}
