//! Converts the entities that an article names.

use std::collections::HashMap;

use crate::convert::CharIndex;
use crate::convert::spans;
use wenmai_domain::article::Record;
use wenmai_domain::entity::Entities;
use wenmai_domain::entity::Entity;
use wenmai_domain::entity::Kind;
use wenmai_proto::wire;

/// Converts the entities of `record`, each with its text and its place in characters.
#[must_use]
pub fn entities(from: &Entities, record: &Record) -> Vec<wire::Entity> {
    let mut indexes = HashMap::<Option<u32>, (&str, CharIndex<'_>)>::new();
    from.iter()
        .map(|Entity { kind, key, count, paragraph, span, is_ambiguous }| {
            let (text, index) = indexes.entry(*paragraph).or_insert_with(|| {
                let text = part(record, *paragraph);
                (text, CharIndex::new(text))
            });
            wire::Entity {
                kind: write_kind(*kind).into(),
                key: key.clone(),
                text: span.of(text).unwrap_or_default().to_owned(),
                paragraph: *paragraph,
                place: spans(&[*span], index).pop(),
                count: *count,
                ambiguous: *is_ambiguous,
            }
        })
        .collect()
}

/// The text in which an entity is: a paragraph, or the title for `None`.
fn part(record: &Record, paragraph: Option<u32>) -> &str {
    let Some(at) = paragraph else { return &record.title };
    let paragraph = usize::try_from(at).ok().and_then(|at| record.paragraphs.get(at));
    paragraph.map_or("", String::as_str)
}

fn write_kind(kind: Kind) -> wire::EntityKind {
    match kind {
        Kind::Person => wire::EntityKind::Person,
        Kind::Place => wire::EntityKind::Place,
        Kind::Organisation => wire::EntityKind::Organisation,
        Kind::Number => wire::EntityKind::Number,
        Kind::Date => wire::EntityKind::Date,
    }
}

#[cfg(test)]
mod tests {
    use super::entities;
    use wenmai_domain::article::Record;
    use wenmai_domain::entity::Entities;
    use wenmai_domain::entity::Entity;
    use wenmai_domain::entity::Kind;
    use wenmai_domain::span::Span;
    use wenmai_proto::wire;

    #[test]
    fn a_mention_is_shown_as_printed_with_its_place_in_characters() {
        let paragraphs = vec!["第一段。".into(), "记者到聊城采访。".into()];
        let record = Record { paragraphs, ..Record::default() };
        let found = Entities::new(vec![Entity {
            kind: Kind::Place,
            key: "聊城市".into(),
            count: 2,
            paragraph: Some(1),
            span: Span::new(9, 15),
            is_ambiguous: false,
        }]);
        let on_wire = entities(&found, &record).pop().unwrap();
        assert_eq!(on_wire.place, Some(wire::TextSpan { start_char: 3, end_char: 5 }));
        assert_eq!((on_wire.text.as_str(), on_wire.key.as_str()), ("聊城", "聊城市"));
        assert_eq!((on_wire.kind(), on_wire.count), (wire::EntityKind::Place, 2));
    }
}
