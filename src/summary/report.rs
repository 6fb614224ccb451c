//! A story as a 简报 in Markdown, with numbered sources.
//!
//! In the order in which an editor asks: what is new, what happened, how figures changed and where
//! they disagree, who says what, the background, the headlines of each day, who covered it, the
//! sources. What has nothing in it is left out, and nothing is told twice. Headings are ours; every
//! sentence below them is printed in the source whose number it bears.

use std::collections::HashSet;
use std::fmt::Write;

use jiff::Span;
use jiff::civil::Date;
use jiff::civil::DateTime;

use crate::figure::Figure;
use crate::series::Point;
use crate::set::Cited;
use crate::set::Source;
use crate::set::Told;
use crate::topic::Story;
use crate::unit::bigrams;
use crate::unit::units;
use wenmai_domain::day;
use wenmai_text::date::Certainty;
use wenmai_text::date::dates;
use wenmai_text::likeness::containment;

/// Outlets that are told one by one; each article's stands in the list of sources anyway.
const OUTLETS_MAX: usize = 8;
/// Sources that are named for one piece.
const TELLERS_MAX: usize = 4;
/// Days before the middle article of a set from which on an article is background.
const BACKGROUND_DAYS: i32 = 30;
/// Pieces that are told as new, at most.
const NEWEST_MAX: usize = 2;
/// Characters within which a piece says when it happened.
const OPENING_CHARS: usize = 14;
/// Days of headlines from which on they are listed: two are told above.
const TIMELINE_DAYS_MIN: usize = 3;
/// Share of a line that may have been told above it.
const SAID_MAX: f32 = 0.5;

/// Writes `story` of `sources`; `names` are the articles' names, in the same order.
#[must_use]
pub fn markdown(story: &Story, sources: &[Source<'_>], names: &[String]) -> String {
    let mut out = String::new();
    let title = |at: usize| sources.get(at).map_or("", |source| source.title);
    let headline = story.headline.map_or("（没有报道）", title);
    push(&mut out, format_args!("# {}\n\n", plain(headline)));
    push(&mut out, format_args!("{}\n", coverage(sources, story.outlets.len())));
    let old = background(sources);
    let is_old = |one: &Told| {
        let time = time(sources, one.piece.source);
        time.is_some_and(|time| time < old) || tells_of_old(&one.piece.extract.text, time)
    };
    let of = |which: &dyn Fn(&&Told) -> bool| {
        let lines: Vec<&Told> = story.told.iter().filter(which).collect();
        lines.into_iter().map(|one| told(sources, one)).collect::<Vec<String>>().into_iter()
    };
    let newest = newest(story);
    let is_newest = |one: &Told| newest.iter().any(|new| std::ptr::eq(*new, one));
    section(&mut out, "最新进展", of(&|one| is_newest(one)));
    section(&mut out, "经过", of(&|one| !is_newest(one) && !is_old(one)));
    changes(&mut out, story, sources);
    let said = said(story);
    let is_new = |text: &str| containment(&bigrams(&units(text)), &said) <= SAID_MAX;
    let mut fresh = story.figures.iter().filter(|one| is_new(&one.piece.extract.text));
    let unit = if story.outlets.is_empty() { "篇" } else { "家" };
    section(&mut out, "其他数据", figures(&mut fresh, unit));
    let spoken = story.statements.iter().filter(|(_, one)| is_new(&one.text));
    let statements = spoken.map(|(source, statement)| {
        let number = source + 1;
        format!("**{}**：{} [{number}]", plain(&statement.speaker), plain(&statement.text))
    });
    section(&mut out, "各方说法", statements);
    section(&mut out, "背景", of(&|one| !is_newest(one) && is_old(one)));
    let days = story.timeline.iter().filter(|day| is_new(title(day.source)));
    let days: Vec<String> = days
        .map(|day| {
            let (date, number) = (day.date, day.source + 1);
            format!("{date} {} [{number}]（{}篇）", plain(title(day.source)), day.article_count)
        })
        .collect();
    let several = story.timeline.len() >= TIMELINE_DAYS_MIN;
    section(&mut out, "逐日标题", days.into_iter().filter(|_| several));
    section(&mut out, "各家报道", outlets(story));
    let list = sources.iter().zip(names).zip(1..).map(|((source, name), number)| {
        let title = plain(source.title);
        let printed = format!("{}{}", plain(source.outlet), day(source.time));
        let url = if source.url.is_empty() { String::new() } else { format!(" <{}>", source.url) };
        format!("{number}. {}《{title}》 `{name}`{url}\n", printed.trim_start())
    });
    push(&mut out, format_args!("\n## 来源\n\n"));
    list.for_each(|line| out.push_str(&line));
    out
}

/// What is new: of the pieces that only the last day tells, those told by most.
fn newest(story: &Story) -> Vec<&Told> {
    let mut found: Vec<&Told> = story.told.iter().filter(|one| one.is_newest).collect();
    found.sort_by_key(|one| std::cmp::Reverse(one.also.len()));
    found.truncate(NEWEST_MAX);
    found
}

/// Whether a piece of an article of this time begins with a date well before it: 2004年，
fn tells_of_old(piece: &str, time: Option<DateTime>) -> bool {
    const PAST: [&str; 5] = ["去年", "前年", "此前", "早在", "多年前"];
    let Some(issue) = time.map(DateTime::date) else { return false };
    let opening: String = piece.chars().take(OPENING_CHARS).collect();
    let is_old = |date: Option<Date>| {
        date.is_some_and(|date| day::between(date, issue) > BACKGROUND_DAYS)
    };
    let dated = dates(&opening, Some(issue)).into_iter().next();
    let year = opening.split_once('年').and_then(|(year, _)| year.parse::<i16>().ok());
    let is_past = PAST.iter().any(|word| opening.starts_with(word));
    is_past
        || year.is_some_and(|year| (1900..issue.year()).contains(&year))
        || dated.is_some_and(|one| one.certainty == Certainty::Exact && is_old(one.to))
}

/// Writes the figures that changed, and those that disagree.
fn changes(out: &mut String, story: &Story, sources: &[Source<'_>]) {
    let lines = story.series.iter().map(|series| {
        let point = |point: &Point| figure_of(sources, &point.figure);
        let points: Vec<String> = series.points.iter().map(point).collect();
        format!("{}：{}", plain(&series.what), points.join(" → "))
    });
    section(out, "数字变化", lines);
    let conflicts = story.conflicts.iter().map(|conflict| {
        let side = |figure: &Figure| figure_of(sources, figure);
        let what = plain(&conflict.what);
        format!("{what}：{}；{}", side(&conflict.left), side(&conflict.right))
    });
    section(out, "说法不一的数字", conflicts);
}

/// A line for each outlet, and one for the rest.
fn outlets(story: &Story) -> impl Iterator<Item = String> {
    let (shown, rest) = story.outlets.split_at(story.outlets.len().min(OUTLETS_MAX));
    let rest = (!rest.is_empty()).then(|| {
        let count: usize = rest.iter().map(|outlet| outlet.article_count).sum();
        format!("另有{}家：共{count}篇", rest.len())
    });
    let outlets = shown.iter().map(|outlet| {
        let (name, first) = (plain(&outlet.name), day(outlet.first));
        let first = if first.is_empty() { first } else { format!("，最早{first}") };
        let (all, own) = (outlet.article_count, outlet.original_count);
        format!("{name}：{all}篇，其中首发{own}篇{first}")
    });
    outlets.chain(rest)
}

/// When the article at `source` was published.
fn time(sources: &[Source<'_>], source: usize) -> Option<DateTime> {
    sources.get(source)?.time
}

/// The time before which an article is background: well before half of all.
fn background(sources: &[Source<'_>]) -> DateTime {
    let mut times: Vec<DateTime> = sources.iter().filter_map(|source| source.time).collect();
    times.sort_unstable();
    let middle = times.get(times.len() / 2).copied();
    let back = middle.and_then(|time| time.checked_sub(Span::new().days(BACKGROUND_DAYS)).ok());
    back.unwrap_or(DateTime::MIN)
}

/// The pairs of all that is told.
fn said(story: &Story) -> HashSet<u64> {
    let texts = story.told.iter().map(|one| one.piece.extract.text.as_str());
    texts.flat_map(|text| bigrams(&units(text))).collect()
}

/// A piece with its day and the numbers of all that tell it, at most [`TELLERS_MAX`].
fn told(sources: &[Source<'_>], one: &Told) -> String {
    let day = day(time(sources, one.piece.source));
    let also = one.also.iter().take(TELLERS_MAX - 1).map(|at| format!("[{}]", at + 1));
    let also: String = also.collect();
    let more = one.also.len().saturating_sub(TELLERS_MAX - 1);
    let more = if more > 0 { format!("（另有{more}篇）") } else { String::new() };
    format!("{} {}{also}{more}", day.trim_start(), cited(&one.piece)).trim_start().to_owned()
}

/// `11人（清河日报 2024-03-12 [2]）`.
fn figure_of(sources: &[Source<'_>], figure: &Figure) -> String {
    let source = sources.get(figure.piece.source);
    let outlet = plain(source.map_or("", |source| source.outlet));
    let printed =
        format!("{outlet}{} [{}]", day(source.and_then(|s| s.time)), figure.piece.source + 1);
    format!("{}（{}）", plain(&figure.text), printed.trim_start())
}

/// A line for each piece that holds figures, with all of them before it.
fn figures(
    all: &mut dyn Iterator<Item = &Figure>,
    unit: &str,
) -> impl Iterator<Item = String> + use<> {
    let mut lines: Vec<(String, String)> = Vec::new();
    for Figure { text, piece, outlet_count, .. } in all {
        let (figure, piece) =
            (format!("**{}**（{outlet_count}{unit}）", plain(text)), cited(piece));
        match lines.iter_mut().find(|(_, other)| *other == piece) {
            Some((figures, _)) => {
                figures.push('、');
                figures.push_str(&figure);
            }
            None => lines.push((figure, piece)),
        }
    }
    lines.into_iter().map(|(figures, piece)| format!("{figures}：{piece}"))
}

fn section(out: &mut String, heading: &str, lines: impl Iterator<Item = String>) {
    let mut lines = lines.peekable();
    if lines.peek().is_none() {
        return;
    }
    push(out, format_args!("\n## {heading}\n\n"));
    for line in lines {
        push(out, format_args!("- {line}\n"));
    }
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = out.write_fmt(text);
}

fn cited(piece: &Cited) -> String {
    format!("{} [{}]", plain(&piece.extract.text), piece.source + 1)
}

/// `12篇报道，5家来源，2024-03-12至2024-03-14`.
fn coverage(sources: &[Source<'_>], outlet_count: usize) -> String {
    let times = || sources.iter().filter_map(|source| source.time);
    let (first, last) = (day(times().min()), day(times().max()));
    let range = if first == last { first } else { format!("{first} 至{last}") };
    let range = if range.is_empty() { range } else { format!("，{}", range.trim_start()) };
    let outlets =
        if outlet_count > 0 { format!("，{outlet_count}家来源") } else { String::new() };
    format!("{}篇报道{outlets}{range}", sources.len())
}

/// The day with a space before it; empty where unknown.
fn day(time: Option<DateTime>) -> String {
    time.map_or_else(String::new, |time| format!(" {}", time.date()))
}

/// `text` with what Markdown would read as its own marks escaped, in one line.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            out.push(' ');
            continue;
        }
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '|' | '#') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::markdown;
    use super::plain;
    use crate::Budget;
    use crate::reading::tests::reader;
    use crate::set::tests::flood;
    use crate::topic::story;

    #[test]
    fn a_report_cites_by_number_and_lists_every_source() {
        let sources = flood();
        let names: Vec<String> = (0..4).map(|at| format!("articles/{at}")).collect();
        let told = story(&sources, reader(), Budget::new(200).unwrap());
        let text = markdown(&told, &sources, &names);
        let order = ["# 清河县遭遇暴雨", "## 经过", "## 数字变化", "## 各家报道", "## 来源"];
        let places: Vec<Option<usize>> = order.iter().map(|heading| text.find(heading)).collect();
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{text}");
        assert!(text.contains("4篇报道，4家来源，2024-03-12 至 2024-03-14"), "{text}");
        let changed =
            "转移：3200人（清河日报 2024-03-12 [2]） → 4100人（南山新闻网 2024-03-13 [3]）";
        assert!(text.contains(changed) && !text.contains("说法不一"), "{text}");
        assert_eq!(text.matches("恢复通车").count(), 1, "told once: {text}");
        assert_eq!(text.matches("`articles/").count(), 4);
    }

    #[test]
    fn an_unknown_outlet_is_not_named() {
        let mut sources = flood();
        for source in &mut sources {
            source.outlet = "";
        }
        let names: Vec<String> = (0..4).map(|at| format!("articles/{at}")).collect();
        let told = story(&sources, reader(), Budget::new(200).unwrap());
        let text = markdown(&told, &sources, &names);
        assert!(
            !text.contains("各家报道") && !text.contains("首发") && !text.contains("：1篇"),
            "{text}"
        );
        assert!(
            text.contains("4篇报道，2024-03-12") && text.contains("\n1. 2024-03-14《"),
            "{text}"
        );
    }

    #[test]
    fn a_text_cannot_become_markup() {
        assert_eq!(plain("*甲*\n[乙](x)|"), "\\*甲\\* \\[乙\\](x)\\|");
    }
}
