//! The text of an article in runs: names and places linked, pieces of a brief marked.

use crate::marks;
use crate::marks::Mark;
use crate::marks::Run;
use crate::show;
use crate::visit::encoded;
use wenmai_proto::wire;

/// A paragraph, ready to be shown.
pub(crate) struct Paragraph {
    pub(crate) runs: Vec<Run>,
}

/// Where a piece stands: paragraphs and characters.
pub(crate) type Places = Vec<(usize, (usize, usize))>;

/// Where each piece of a brief stands.
pub(crate) fn pieces(brief: &wire::SummarizeArticleResponse) -> Vec<Places> {
    let place =
        |part: &wire::SummarySpan| Some((show::index(part.paragraph), marks::bounds(part.place?)));
    let of = |sentence: &wire::SummarySentence| sentence.parts.iter().filter_map(place).collect();
    brief.sentences.iter().map(of).collect()
}

/// `paragraphs` with what `entities` name linked, and `pieces` marked under anchors of this prefix:
/// the first is `cite` alone, or `b0`, `b1` and so on.
pub(crate) fn paragraphs(
    paragraphs: &[String],
    entities: &[wire::Entity],
    pieces: &[Places],
    prefix: &str,
) -> Vec<Paragraph> {
    let names = names(entities);
    let paragraph = |(number, text): (usize, &String)| {
        let mut found = marks::named(text, &names);
        found.extend(quantities(entities, number));
        found.sort_by_key(|mark| (mark.class.is_empty(), mark.from));
        let mut cited = Vec::new();
        for (index, piece) in pieces.iter().enumerate() {
            for (part, (paragraph, span)) in piece.iter().enumerate() {
                if *paragraph == number {
                    let anchor = match (part, prefix) {
                        (0, "cite") => "cite".to_owned(),
                        (0, prefix) => format!("{prefix}{index}"),
                        _ => String::new(),
                    };
                    cited.push((*span, anchor));
                }
            }
        }
        Paragraph { runs: marks::runs(text, &found, &cited) }
    };
    paragraphs.iter().enumerate().map(paragraph).collect()
}

/// What names persons, places and organisations, where each leads, and its class.
fn names(entities: &[wire::Entity]) -> Vec<(String, String, &'static str)> {
    let mut names = Vec::new();
    for entity in entities {
        let (field, class) = match entity.kind() {
            wire::EntityKind::Person => ("person", "person"),
            wire::EntityKind::Place => ("place", "place"),
            wire::EntityKind::Organisation => ("organisation", "organisation"),
            wire::EntityKind::Unspecified | wire::EntityKind::Number | wire::EntityKind::Date => {
                continue;
            }
        };
        // A single character stands inside too many words.
        if entity.text.chars().count() < 2 {
            continue;
        }
        let query = encoded(&[(field.to_owned(), entity.key.clone())]);
        names.push((entity.text.clone(), format!("/search?{query}"), class));
    }
    names
}

/// Numbers and days of one paragraph, at their first mention.
fn quantities(entities: &[wire::Entity], paragraph: usize) -> Vec<Mark> {
    let mut marks = Vec::new();
    for entity in entities {
        let is_here = entity.paragraph.map(show::index) == Some(paragraph);
        let Some(place) = entity.place.filter(|_| is_here) else { continue };
        let (from, to) = marks::bounds(place);
        match entity.kind() {
            wire::EntityKind::Number => {
                marks.push(Mark { from, to, href: String::new(), class: "number" });
            }
            wire::EntityKind::Date => {
                marks.push(Mark { from, to, href: String::new(), class: "day" });
            }
            wire::EntityKind::Unspecified
            | wire::EntityKind::Person
            | wire::EntityKind::Place
            | wire::EntityKind::Organisation => {}
        }
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::paragraphs;
    use wenmai_proto::wire;

    #[test]
    fn names_lead_to_their_articles_wherever_they_stand() {
        let place = wire::Entity {
            kind: wire::EntityKind::Place.into(),
            key: "聊城市".to_owned(),
            text: "聊城".to_owned(),
            ..Default::default()
        };
        let text = ["聊城下雨，聊城防汛。".to_owned()];
        let shown = paragraphs(&text, &[place], &[vec![(0, (5, 9))]], "b");
        let runs = &shown[0].runs;
        let links: Vec<_> = runs.iter().filter(|run| !run.href.is_empty()).collect();
        assert_eq!(links.len(), 2);
        assert_eq!(links[0].href, "/search?place=%E8%81%8A%E5%9F%8E%E5%B8%82");
        let marked: String =
            runs.iter().filter(|run| run.is_marked).map(|run| run.text.as_str()).collect();
        assert_eq!(marked, "聊城防汛");
        assert_eq!(runs.iter().filter(|run| run.anchor == "b0").count(), 1);
    }
}
