//! What the headings of a file say of each other: contents, and headings that only group.

use crate::dateline;
use crate::learned;
use crate::markdown::Fate;
use crate::markdown::Row;
use crate::markdown::inline;

/// Longest line of a table of contents, in characters.
const LONGEST: usize = 80;

/// Finds contents and sections among the lines.
pub(super) fn settle(rows: &mut [Row]) {
    lists_of_links(rows);
    contents(rows);
    groups(rows);
}

/// Three links in a row, each on a line of its own, lead elsewhere.
fn lists_of_links(rows: &mut [Row]) {
    let link = |row: &Row| row.level == 0 && row.fate == Fate::Kept && is_item(row);
    let mut at = 0;
    while at < rows.len() {
        let run = rows.iter().skip(at).take_while(|row| link(row)).count();
        if run >= 3 {
            rows.iter_mut().skip(at).take(run).for_each(|row| row.fate = Fate::Left);
        }
        at += run.max(1);
    }
}

/// Whether a line is a link and the mark of a list.
fn is_item(row: &Row) -> bool {
    let marks: usize = row.cut.iter().map(|mark| mark.len()).sum();
    let words = row.words.trim_start_matches(|c: char| c.is_numeric() || "-*+.、) ".contains(c));
    // A link keeps its words and loses brackets and address.
    marks > 6
        && marks + row.words.len() >= row.span.len()
        && words.len() + 12 >= row.words.len()
        && row.cut.len() == 2
}

/// The words of a line without the marks of a list around them.
fn item(words: &str) -> String {
    let words =
        words.trim_start_matches(|c: char| c.is_numeric() || "-*+.、）)（( ．。·•".contains(c));
    words.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// Lines below a heading that mostly say headings that come later are a table of contents.
fn contents(rows: &mut [Row]) {
    const MOST_ROWS: usize = 400;
    let heads: Vec<usize> =
        (0..rows.len()).filter(|at| rows.get(*at).is_some_and(|r| r.level > 0)).collect();
    let mut gone: Vec<usize> = Vec::new();
    for (head, next) in heads.iter().zip(heads.iter().skip(1)) {
        let below = head + 1..*next;
        if below.len() < 3 || below.len() > MOST_ROWS {
            continue;
        }
        let later: Vec<String> = heads
            .iter()
            .filter(|at| *at >= next)
            .take(MOST_ROWS)
            .filter_map(|at| rows.get(*at))
            .map(|row| item(&row.words))
            .collect();
        let said = |at: &usize| {
            let words = rows.get(*at).map(|row| item(&row.words)).unwrap_or_default();
            words.chars().nth(3).is_some() && later.iter().any(|head| head.contains(&words))
        };
        let short = below
            .clone()
            .all(|at| rows.get(at).is_some_and(|r| r.words.chars().nth(LONGEST).is_none()));
        let count = below.clone().filter(said).count();
        if short && count >= 3 && count * 2 >= below.len() {
            gone.extend(*head..*next);
        }
    }
    for at in gone {
        rows.iter_mut().skip(at).take(1).for_each(|row| row.fate = Fate::Left);
    }
}

/// Headings that have nothing but deeper headings below them, where those head articles.
fn groups(rows: &mut [Row]) {
    let read = |row: &&Row| row.fate == Fate::Kept;
    let heads: Vec<(usize, usize)> = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| read(row) && row.level > 0)
        .map(|(at, row)| (at, row.level))
        .collect();
    // Whether text stands directly below each heading.
    let own = |at: usize| {
        let mut below = rows.iter().skip(at + 1).filter(read).take_while(|row| row.level == 0);
        below.any(|row| !inline::is_link(&row.words))
    };
    let own: Vec<bool> = heads.iter().map(|head| own(head.0)).collect();
    let own = |n: usize| own.get(n) == Some(&true);
    for level in 1..6 {
        let here: Vec<usize> =
            (0..heads.len()).filter(|n| heads.get(*n).is_some_and(|h| h.1 == level)).collect();
        if here.is_empty() {
            continue;
        }
        let deeper = |n: &usize| heads.get(n + 1).is_some_and(|next| next.1 > level);
        let groups = here.iter().all(|n| !own(*n) && deeper(n));
        let below = heads.iter().enumerate().filter(|(n, head)| head.1 > level && own(*n));
        let below: Vec<usize> = below.map(|(_, head)| head.0).take(60).collect();
        let all = below.len();
        let articles = below.iter().filter(|at| begins(rows, **at)).count();
        if !groups || all < 2 || articles * 2 < all {
            return;
        }
        for n in here {
            let at = heads.get(n).map_or(0, |head| head.0);
            rows.iter_mut().skip(at).take(1).for_each(|row| row.fate = Fate::Section);
        }
    }
}

/// Whether the text below the heading at `at` begins as an article does.
fn begins(rows: &[Row], at: usize) -> bool {
    let mut below = rows.iter().skip(at + 1).filter(|row| row.fate == Fate::Kept);
    below.next().is_some_and(|row| {
        dateline::opener(&row.words).is_some() || learned::opening(&row.words) > 0.0
    })
}
