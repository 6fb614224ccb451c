//! A report as HTML: a whole page without script and without anything from elsewhere.

use super::Report;
use super::Run;

/// Writes `report` as an HTML page. No text of an article can become markup, and only addresses of
/// the web become links.
#[must_use]
pub fn html(report: &Report) -> String {
    let title = escaped(&report.title);
    let mut out = vec![format!(
        "<!doctype html>\n<html lang=\"zh\">\n<meta charset=\"utf-8\">\n<title>{title}</title>\n\
         <h1>{title}</h1>\n<p>{}</p>\n",
        escaped(&report.coverage)
    )];
    for section in &report.sections {
        out.push(format!("<h2>{}</h2>\n<ul>\n", escaped(&section.heading)));
        for line in &section.lines {
            let runs: String = line.iter().map(run).collect();
            out.push(format!("<li>{runs}</li>\n"));
        }
        out.push("</ul>\n".to_owned());
    }
    if !report.sources.is_empty() {
        out.push("<h2>来源</h2>\n<ol>\n".to_owned());
        for (source, number) in report.sources.iter().zip(1..) {
            let (printed, title) = (escaped(&source.printed), escaped(&source.title));
            let is_web = ["https://", "http://"].iter().any(|web| source.url.starts_with(web));
            let title = if is_web {
                format!("<a href=\"{}\">{title}</a>", escaped(&source.url))
            } else {
                title
            };
            let name = escaped(&source.name);
            out.push(format!("<li id=\"s{number}\" title=\"{name}\">{printed}《{title}》</li>\n"));
        }
        out.push("</ol>\n".to_owned());
    }
    out.push("</html>\n".to_owned());
    out.concat()
}

fn run(run: &Run) -> String {
    match run {
        Run::Text(text) => escaped(text),
        Run::Strong(text) => format!("<b>{}</b>", escaped(text)),
        Run::Cite(number) => format!("<a href=\"#s{number}\">[{number}]</a>"),
    }
}

/// `text` with what HTML would read as its own escaped, in one line, for content and for values of
/// attributes.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}
