//! A report as Markdown.

use super::Report;
use super::Run;

/// Writes `report` as Markdown. No text of an article can become a mark of it.
#[must_use]
pub fn markdown(report: &Report) -> String {
    let mut out = vec![format!("# {}\n\n{}\n", plain(&report.title), plain(&report.coverage))];
    for section in &report.sections {
        out.push(format!("\n## {}\n\n", plain(&section.heading)));
        for line in &section.lines {
            let runs: String = line.iter().map(run).collect();
            out.push(format!("- {runs}\n"));
        }
    }
    if !report.sources.is_empty() {
        out.push("\n## 来源\n\n".to_owned());
    }
    for (source, number) in report.sources.iter().zip(1..) {
        let (printed, title) = (plain(&source.printed), plain(&source.title));
        let url = if source.url.is_empty() { String::new() } else { format!(" <{}>", source.url) };
        out.push(format!("{number}. {printed}《{title}》 `{}`{url}\n", source.name));
    }
    out.concat()
}

fn run(run: &Run) -> String {
    match run {
        Run::Text(text) => plain(text),
        Run::Strong(text) => format!("**{}**", plain(text)),
        Run::Cite(number) => format!("[{number}]"),
    }
}

/// `text` with what Markdown would read as its own marks escaped, in one line.
pub(super) fn plain(text: &str) -> String {
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
