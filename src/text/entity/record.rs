//! The entities of an article: its mentions, each thing once, in their places.

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::entity::Extractor;
use wenmai_domain::article::Record;
use wenmai_domain::entity::Entities;
use wenmai_domain::entity::Entity;
use wenmai_domain::entity::Kind;
use wenmai_domain::span::Span;

/// Different things of one kind that are kept: a list of every county of a province, not of every
/// village.
pub const KIND_MAX: usize = 64;

/// What title and body of `record` name.
pub(super) fn entities(extractor: &Extractor, record: &Record) -> Entities {
    let layout = Layout::new(record);
    // One text, so that a name which the headline introduces is known again in the body.
    let mentions = extractor.entities(&layout.text, record.date());
    let mut places = HashMap::<(Kind, String), usize>::new();
    let mut found: Vec<Entity> = Vec::new();
    for mention in mentions {
        let Some((paragraph, span)) = layout.place(mention.span) else { continue };
        let at = *places.entry((mention.kind, mention.key.clone())).or_insert(found.len());
        if let Some(known) = found.get_mut(at) {
            known.count += 1;
            known.is_ambiguous &= mention.ambiguous;
            continue;
        }
        let (kind, key, is_ambiguous) = (mention.kind, mention.key, mention.ambiguous);
        found.push(Entity { kind, key, count: 1, paragraph, span, is_ambiguous });
    }
    // Stable: what is named as often stays in the order of first mention.
    found.sort_by_key(|entity| (!entity.is_in_title(), Reverse(entity.count)));
    let mut counts = HashMap::<Kind, usize>::new();
    found.retain(|entity| {
        let count = counts.entry(entity.kind).or_default();
        *count += 1;
        *count <= KIND_MAX
    });
    Entities::new(found)
}

/// Title and paragraphs as one text, and where each begins.
struct Layout {
    text: String,
    starts: Vec<usize>,
}

impl Layout {
    fn new(record: &Record) -> Self {
        let mut text = record.title.clone();
        let mut starts = vec![0];
        for paragraph in &record.paragraphs {
            text.push('\n');
            starts.push(text.len());
            text.push_str(paragraph);
        }
        Self { text, starts }
    }

    /// The part that `span` stands in, `None` for the title, and its place there; nothing for a span
    /// over two parts.
    fn place(&self, span: Span) -> Option<(Option<u32>, Span)> {
        let part = self.starts.partition_point(|start| *start <= span.start).checked_sub(1)?;
        let start = *self.starts.get(part)?;
        let end = self.starts.get(part + 1).map_or(self.text.len(), |next| next - 1);
        if span.end > end {
            return None;
        }
        let paragraph = part.checked_sub(1).map(|at| u32::try_from(at).unwrap_or(u32::MAX));
        Some((paragraph, Span::new(span.start - start, span.end - start)))
    }
}

#[cfg(test)]
mod tests {
    use super::KIND_MAX;
    use crate::entity::tests::EXTRACTOR;
    use wenmai_domain::article::Record;
    use wenmai_domain::entity::Kind;

    fn record(title: &str, paragraphs: &[&str]) -> Record {
        let paragraphs = paragraphs.iter().map(|&text| text.to_owned()).collect();
        Record { title: title.into(), paragraphs, ..Record::default() }
    }

    #[test]
    fn a_thing_named_often_is_kept_once_with_its_first_place() {
        let record = record("莘县投资1.2亿元", &["记者到访。", "一亿两千万元用于莘县。"]);
        let found = EXTRACTOR.of_record(&record);
        let place = found.of(Kind::Place).next().unwrap();
        assert_eq!((place.key.as_str(), place.count, place.paragraph), ("莘县", 2, None));
        assert_eq!(place.span.of(&record.title), Some("莘县"));
        let number = found.of(Kind::Number).next().unwrap();
        assert_eq!((number.key.as_str(), number.count), ("120000000元", 2));
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn places_are_those_of_their_paragraph() {
        let record = record("消息", &["第一段。", "在莘县，央行通报。"]);
        for entity in EXTRACTOR.of_record(&record).iter() {
            let paragraph = &record.paragraphs[entity.paragraph.unwrap() as usize];
            assert!(["莘县", "央行"].contains(&entity.span.of(paragraph).unwrap()), "{entity:?}");
        }
        assert_eq!(EXTRACTOR.of_record(&record).len(), 2);
    }

    #[test]
    fn of_very_many_the_most_named_are_kept() {
        let mut body: Vec<String> = (0..200).map(|n| format!("{}人，", n + 1_000)).collect();
        body.push("1199人。".into());
        let record = record("来了7人", &[&body.concat()]);
        let found = EXTRACTOR.of_record(&record);
        assert_eq!(found.of(Kind::Number).count(), KIND_MAX);
        assert!(found.holds(Kind::Number, "7人") && found.holds(Kind::Number, "1199人"));
    }

    #[test]
    fn a_name_has_the_key_of_its_other_names() {
        assert_eq!(EXTRACTOR.key(Kind::Place, " 聊城 "), "聊城市");
        assert_eq!(EXTRACTOR.key(Kind::Organisation, "央行"), "中国人民银行");
        assert_eq!(EXTRACTOR.key(Kind::Person, "周小禾"), "周小禾");
        assert_eq!(EXTRACTOR.key(Kind::Place, "無此縣之地"), "无此县之地");
    }
}
