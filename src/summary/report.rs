//! A story as a 简报 in Markdown, with numbered sources.
//!
//! Headings are ours; every sentence below them is printed in the source whose number it bears.

use std::fmt::Write;

use jiff::civil::DateTime;

use crate::figure::Figure;
use crate::set::Cited;
use crate::set::Source;
use crate::topic::Story;

/// Outlets that are told one by one; each article's stands in the list of sources anyway.
const OUTLETS_MAX: usize = 8;

/// Writes `story` of `sources`; `names` are the articles' names, in the same order.
#[must_use]
pub fn markdown(story: &Story, sources: &[Source<'_>], names: &[String]) -> String {
    let mut out = String::new();
    let title = |at: usize| sources.get(at).map_or("", |source| source.title);
    let headline = story.headline.map_or("（没有报道）", title);
    push(&mut out, format_args!("# {}\n\n", plain(headline)));
    push(&mut out, format_args!("{}\n", coverage(sources, story.outlets.len())));
    section(&mut out, "事件", story.told.iter().map(cited));
    let days = story.timeline.iter().map(|day| {
        let (date, number) = (day.date, day.source + 1);
        format!("{date} {} [{number}]（{}篇）", plain(title(day.source)), day.article_count)
    });
    section(&mut out, "时间线", days);
    section(&mut out, "数据", figures(&story.figures));
    let conflicts = story.conflicts.iter().map(|conflict| {
        let side = |figure: &Figure| {
            let source = sources.get(figure.piece.source);
            let outlet = source.map_or("", |source| source.outlet);
            let (text, number) = (plain(&figure.text), figure.piece.source + 1);
            format!("{text}（{}{} [{number}]）", plain(outlet), day(source.and_then(|s| s.time)))
        };
        format!("{}，{}", side(&conflict.left), side(&conflict.right))
    });
    section(&mut out, "说法不一的数字", conflicts);
    let statements = story.statements.iter().map(|(source, statement)| {
        let number = source + 1;
        format!("**{}**：{} [{number}]", plain(&statement.speaker), plain(&statement.text))
    });
    section(&mut out, "各方说法", statements);
    let (shown, rest) = story.outlets.split_at(story.outlets.len().min(OUTLETS_MAX));
    let rest = (!rest.is_empty()).then(|| {
        let count: usize = rest.iter().map(|outlet| outlet.article_count).sum();
        format!("另有{}家：共{count}篇", rest.len())
    });
    let outlets = shown.iter().map(|outlet| {
        let only = if outlet.only.is_empty() {
            String::new()
        } else {
            format!("；只此一家写到：{}", plain(&outlet.only.join("、")))
        };
        let (name, first) = (plain(&outlet.name), day(outlet.first));
        let first = if first.is_empty() { first } else { format!("，最早{first}") };
        let (all, own) = (outlet.article_count, outlet.original_count);
        format!("{name}：{all}篇，其中首发{own}篇{first}{only}")
    });
    section(&mut out, "各家报道", outlets.chain(rest));
    let list = sources.iter().zip(names).zip(1..).map(|((source, name), number)| {
        let (outlet, title) = (plain(source.outlet), plain(source.title));
        let url = if source.url.is_empty() { String::new() } else { format!(" <{}>", source.url) };
        format!("{number}. {outlet}{}《{title}》 `{name}`{url}\n", day(source.time))
    });
    push(&mut out, format_args!("\n## 来源\n\n"));
    list.for_each(|line| out.push_str(&line));
    out
}

/// A line for each piece that holds figures, with all of them before it.
fn figures(all: &[Figure]) -> impl Iterator<Item = String> {
    let mut lines: Vec<(String, String)> = Vec::new();
    for Figure { text, piece, outlet_count, .. } in all {
        let (figure, piece) = (format!("**{}**（{outlet_count}家）", plain(text)), cited(piece));
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
    format!("{}篇报道，{outlet_count}家来源{range}", sources.len())
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
    use std::sync::Arc;

    use super::markdown;
    use super::plain;
    use crate::Budget;
    use crate::ranker::Ranker;
    use crate::set::tests::flood;
    use crate::topic::Reader;
    use crate::topic::story;
    use wenmai_text::entity::Extractor;
    use wenmai_text::terms::Analyzer;

    #[test]
    fn a_report_cites_by_number_and_lists_every_source() {
        let analyzer = Arc::new(Analyzer::load().unwrap());
        let extractor = Extractor::load(Arc::clone(&analyzer)).unwrap();
        let ranker = Ranker::bundled().unwrap();
        let goes_on = &|| true;
        let reader =
            Reader { ranker: &ranker, extractor: &extractor, analyzer: &analyzer, goes_on };
        let sources = flood();
        let names: Vec<String> = (0..4).map(|at| format!("articles/{at}")).collect();
        let told = story(&sources, reader, Budget::new(200).unwrap());
        let text = markdown(&told, &sources, &names);
        for heading in ["# 清河县遭遇暴雨", "## 事件", "## 时间线", "## 各方说法", "## 来源"]
        {
            assert!(text.contains(heading), "{heading}:\n{text}");
        }
        assert!(text.contains("4篇报道，4家来源，2024-03-12 至 2024-03-14"), "{text}");
        assert!(text.contains("说法不一") && text.contains("清河日报 2024-03-12 [2]"), "{text}");
        assert_eq!(text.matches("`articles/").count(), 4);
    }

    #[test]
    fn a_text_cannot_become_markup() {
        assert_eq!(plain("*甲*\n[乙](x)|"), "\\*甲\\* \\[乙\\](x)\\|");
    }
}
