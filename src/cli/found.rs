//! How the answer to a search looks: hits with what they say about it, counts, notices.

use unicode_width::UnicodeWidthChar;

use crate::failure::Failure;
use crate::output;
use crate::suggest::hints;
use wenmai_proto::wire;

/// Columns of a snippet; what is longer goes on in the next line.
const COLUMNS: usize = 74;
/// What stands before the lines of a hit but the first.
const INDENT: &str = "     ";
/// Bold on and off.
const BOLD: (&str, &str) = ("\u{1b}[1m", "\u{1b}[0m");

/// Prints an answer; `bold` marks the words asked for, as a terminal does.
pub(super) fn print(answer: &wire::SearchArticlesResponse, bold: bool) -> Result<(), Failure> {
    let messages: Vec<&str> = answer.notices.iter().map(|notice| notice.message.as_str()).collect();
    if answer.hits.is_empty() {
        let why = messages.join("; ");
        let text = if why.is_empty() { String::new() } else { format!(": {why}") };
        output::line(&format!("nothing found{text}"))?;
        hints(&answer.corrections, &answer.offers);
        return Ok(());
    }
    for hit in &answer.hits {
        for text in lines(hit, bold) {
            output::line(&text)?;
        }
    }
    if let Some(count) = answer.match_count {
        output::line(&matching(count))?;
    }
    for facet in &answer.facets {
        output::line(&counts(facet))?;
    }
    let names = answer.reading.as_ref().map(|read| read.other_names.join(" ")).unwrap_or_default();
    if !names.is_empty() {
        output::note(&format!("also looked for: {names}"));
    }
    for message in messages {
        output::note(&format!("note: {message}"));
    }
    hints(&answer.corrections, &answer.offers);
    Ok(())
}

fn lines(hit: &wire::SearchHit, bold: bool) -> Vec<String> {
    let article = hit.article.clone().unwrap_or_default();
    let record = article.record.unwrap_or_default();
    let title = if record.title.is_empty() {
        output::headline(&record)
    } else {
        marked(&record.title, &hit.title_matches, bold, usize::MAX)
    };
    let known = [output::time(&record), output::outlet(&record), record.section.clone()];
    let mut facts: Vec<String> = known.into_iter().filter(|fact| !fact.is_empty()).collect();
    facts.push(format!("{:.3}", hit.fused_score));
    facts.extend(hit.similarity.map(|cosine| format!("cosine {cosine:.3}")));
    facts.extend(hit.lexical_score.map(|score| format!("BM25 {score:.1}")));
    let mut lines = vec![format!("{:>3}  {title}", hit.rank)];
    lines.push(format!("{INDENT}{}", facts.join(" · ")));
    if let Some(snippet) = &hit.snippet {
        lines.push(format!("{INDENT}{}", marked(&snippet.text, &snippet.matches, bold, COLUMNS)));
    }
    lines.extend(output::printed(hit).map(|printed| format!("{INDENT}{printed}")));
    lines.push(format!("{INDENT}{}", article.name));
    lines
}

/// `text` with what `matches` name in bold, and a new line after `columns`.
fn marked(text: &str, matches: &[wire::TextSpan], bold: bool, columns: usize) -> String {
    let mut shown = String::with_capacity(text.len() + 16);
    let mut column = 0;
    let matches = if bold { matches } else { &[] };
    for (at, c) in (0..).zip(text.chars()) {
        let width = c.width().unwrap_or(0);
        // A line does not begin with what ends a sentence or a clause.
        if column + width > columns && !"，。、；：！？”’）》」』".contains(c) {
            shown.push('\n');
            shown.push_str(INDENT);
            column = 0;
        }
        if matches.iter().any(|span| span.start_char == at) {
            shown.push_str(BOLD.0);
        }
        shown.push(if c.is_control() { ' ' } else { c });
        if matches.iter().any(|span| span.end_char == at + 1) {
            shown.push_str(BOLD.1);
        }
        column += width;
    }
    shown
}

fn matching(count: u64) -> String {
    if count == 1 { "1 article matches".to_owned() } else { format!("{count} articles match") }
}

fn counts(facet: &wire::Facet) -> String {
    let name = match facet.field() {
        wire::FacetField::Unspecified => "?",
        wire::FacetField::Paper => "paper",
        wire::FacetField::Source => "source",
        wire::FacetField::Section => "section",
        wire::FacetField::Kind => "kind",
        wire::FacetField::Month => "month",
        wire::FacetField::Person => "person",
        wire::FacetField::Place => "place",
        wire::FacetField::Organisation => "organisation",
    };
    let mut parts: Vec<String> =
        facet.values.iter().map(|value| format!("{} {}", value.value, value.count)).collect();
    for (what, count) in [("others", facet.other_count), ("none", facet.missing_count)] {
        if count > 0 {
            parts.push(format!("{what} {count}"));
        }
    }
    format!("{name:<8} {}", parts.join(" · "))
}

#[cfg(test)]
mod tests {
    use super::INDENT;
    use super::counts;
    use super::marked;
    use super::matching;
    use wenmai_proto::wire;

    #[test]
    fn words_are_bold_only_where_asked_and_lines_fit() {
        let spans = [wire::TextSpan { start_char: 1, end_char: 3 }];
        assert_eq!(marked("看清河水", &spans, true, 80), "看\u{1b}[1m清河\u{1b}[0m水");
        assert_eq!(marked("看清河水", &spans, false, 80), "看清河水");
        assert_eq!(marked("看清河水", &spans, false, 4), format!("看清\n{INDENT}河水"));
        assert_eq!(marked("清河。水", &[], false, 4), format!("清河。\n{INDENT}水"));
    }

    #[test]
    fn one_article_is_one() {
        assert_eq!(
            [0, 1, 2].map(matching),
            ["0 articles match", "1 article matches", "2 articles match"]
        );
    }

    #[test]
    fn a_text_cannot_steer_the_terminal() {
        assert_eq!(marked("甲\u{1b}[2J乙", &[], true, 80), "甲 [2J乙");
    }

    #[test]
    fn counts_name_the_rest() {
        let values = vec![wire::FacetValue { value: "清河日报".into(), count: 3 }];
        let field = wire::FacetField::Paper.into();
        let facet = wire::Facet { field, values, other_count: 2, missing_count: 0 };
        assert_eq!(counts(&facet), "paper    清河日报 3 · others 2");
    }
}
