//! What a command prints: JSON in the contract's own form, tables for people.

use std::io::Write;

use comfy_table::ContentArrangement;
use comfy_table::LineStyle;
use comfy_table::Table;
use comfy_table::TableStyle;
use prost::Message;
use prost_reflect::DescriptorPool;
use prost_reflect::DynamicMessage;
use prost_reflect::SerializeOptions;

use crate::failure::Failure;
use wenmai_domain::day;
use wenmai_proto::DESCRIPTORS;
use wenmai_proto::wire;

/// Lines above, below and under the header: rows stand close, so that a screen holds many.
const LINES: TableStyle = TableStyle::new()
    .top_border(LineStyle::none().fill('─').junction('─'))
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .bottom_border(LineStyle::none().fill('─').junction('─'));

/// Reasons shown with a hit.
const REASONS: usize = 3;

/// Prints a line to standard output.
pub(super) fn line(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")) {
        // `wenmai … | head` is not a failure.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
        other => Ok(other?),
    }
}

/// Prints a line to standard error: what is not part of the result.
#[expect(clippy::print_stderr, reason = "this is the one place that does")]
pub(super) fn note(text: &str) {
    eprintln!("{text}");
}

/// `message`, of that name in the contract, as JSON: the contract's fields under their own names.
pub(super) fn value(name: &str, message: &impl Message) -> Result<serde_json::Value, Failure> {
    let options = SerializeOptions::new().use_proto_field_name(true).skip_default_fields(true);
    dynamic(name, message)?
        .serialize_with_options(serde_json::value::Serializer, &options)
        .map_err(|error| Failure::failed(&error))
}

/// Prints `message`, of that name in the contract, as one line of JSON: the contract's fields under
/// their own names.
///
/// The form is that of proto3 (`int64` as text, enums by name), so it can be read back by any
/// client.
pub(super) fn json(name: &str, message: &impl Message) -> Result<(), Failure> {
    let value = dynamic(name, message)?;
    let mut text = Vec::new();
    let options = SerializeOptions::new().use_proto_field_name(true).skip_default_fields(true);
    let mut serializer = serde_json::Serializer::new(&mut text);
    value
        .serialize_with_options(&mut serializer, &options)
        .map_err(|error| Failure::failed(&error))?;
    line(&String::from_utf8_lossy(&text))
}

fn dynamic(name: &str, message: &impl Message) -> Result<DynamicMessage, Failure> {
    let pool = DescriptorPool::decode(DESCRIPTORS).map_err(|error| Failure::failed(&error))?;
    let descriptor = pool
        .get_message_by_name(&format!("wenmai.v1.{name}"))
        .ok_or_else(|| Failure::Failed(format!("contract has no message {name}")))?;
    DynamicMessage::decode(descriptor, message.encode_to_vec().as_slice())
        .map_err(|error| Failure::failed(&error))
}

/// `count` of what `one` names: 1 outlet, 2 outlets.
pub(super) fn counted(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

/// Text that Markdown takes as text.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if "\\`*_[]<>#|".contains(c) {
            escaped.push('\\');
        }
        escaped.push(if c == '\n' { ' ' } else { c });
    }
    escaped
}

/// An empty table with `header`, as wide as the terminal.
pub(super) fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(LINES);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header.iter().copied());
    table
}

/// How much of each hit to ask for: a table names an article without a headline by its first words.
pub(super) fn view(json: bool) -> i32 {
    if json { wire::ArticleView::Basic.into() } else { wire::ArticleView::Full.into() }
}

/// Prints hits, best first: three lines each, which fit any terminal and leave the name whole for
/// copying.
pub(super) fn hits(hits: &[wire::SearchHit]) -> Result<(), Failure> {
    if hits.is_empty() {
        return line("nothing found");
    }
    for hit in hits {
        let article = hit.article.clone().unwrap_or_default();
        let record = article.record.unwrap_or_default();
        let known = [day(&record), when(hit.when()).to_owned(), outlet(&record)];
        let mut facts = match &hit.relation {
            Some(relation) => relation_facts(relation),
            None => vec![format!("{:.3}", hit.fused_score)],
        };
        facts.extend(known.into_iter().filter(|fact| !fact.is_empty()));
        facts.extend(hit.similarity.map(|cosine| format!("cosine {cosine:.3}")));
        facts.extend(hit.lexical_score.map(|score| format!("BM25 {score:.1}")));
        if !hit.matched_terms.is_empty() {
            facts.push(format!("shares {}", hit.matched_terms.join(" ")));
        }
        if let Some(relation) = &hit.relation {
            facts.extend(reason_facts(relation));
        }
        line(&format!("{:>3}  {}", hit.rank, headline(&record)))?;
        line(&format!("     {}", facts.join(" · ")))?;
        if let Some(printed) = printed(hit) {
            line(&format!("     {printed}"))?;
        }
        line(&format!("     {}", article.name))?;
    }
    Ok(())
}

/// How many articles print the text of a hit, and where; `None` if it is the only one.
pub(super) fn printed(hit: &wire::SearchHit) -> Option<String> {
    if hit.reprint_count < 2 {
        return None;
    }
    let what = if hit.is_reprint { "a reprint, " } else { "" };
    let first = hit.article.as_ref().is_some_and(|article| article.name == hit.original);
    let first = if first { "this one first".to_owned() } else { format!("first {}", hit.original) };
    let sources = hit.reprint_sources.join(" ");
    let place = if sources.is_empty() { String::new() } else { format!(": {sources}") };
    Some(format!("{what}printed {} times{place} · {first}", hit.reprint_count))
}

/// Of which kind a hit is, and how surely.
fn relation_facts(relation: &wire::Relation) -> Vec<String> {
    let percent = |share: f32| format!("{:.0} %", 100.0 * share);
    let kind = match relation.kind() {
        wire::RelationKind::Unspecified => "related",
        wire::RelationKind::Reprint => "reprint",
        wire::RelationKind::SameEvent => "same event",
        wire::RelationKind::Background => "background",
        wire::RelationKind::FollowUp => "follow-up",
        wire::RelationKind::SameStory => "same story",
        wire::RelationKind::Update => "an update of it",
        wire::RelationKind::EarlierVersion => "an earlier version of it",
    };
    let is_of_story = matches!(
        relation.kind(),
        wire::RelationKind::Background
            | wire::RelationKind::FollowUp
            | wire::RelationKind::SameStory
            | wire::RelationKind::SameEvent
    );
    // What is less probable than not is not said to be of a kind.
    let kind = if is_of_story && relation.probability < 0.5 { "unlikely" } else { kind };
    let related = format!("{kind}, related {}", percent(relation.probability));
    vec![related, format!("one event {}", percent(relation.same_event_probability))]
}

/// What spoke most for it and against it.
fn reason_facts(relation: &wire::Relation) -> Vec<String> {
    let mut facts = Vec::new();
    let shared = [
        ("persons", &relation.shared_persons),
        ("places", &relation.shared_places),
        ("organisations", &relation.shared_organisations),
        ("numbers", &relation.shared_numbers),
    ];
    for (what, keys) in shared {
        if !keys.is_empty() {
            facts.push(format!("{what} {}", keys.join(" ")));
        }
    }
    let reasons: Vec<String> = relation
        .reasons
        .iter()
        .take(REASONS)
        .map(|reason| format!("{} {:+.2}", reason.feature.replace('_', " "), reason.contribution))
        .collect();
    facts.push(format!("because of {}", reasons.join(", ")));
    facts
}

fn when(when: wire::RelativeTime) -> &'static str {
    match when {
        wire::RelativeTime::Unspecified => "",
        wire::RelativeTime::Past => "before",
        wire::RelativeTime::SameDay => "same day",
        wire::RelativeTime::Future => "after",
    }
}

/// The headline, or the start of the text where there is none; of a staff box its duties.
pub(super) fn headline(record: &wire::ArticleRecord) -> String {
    if !record.title.is_empty() {
        return record.title.clone();
    }
    if !record.staff.is_empty() {
        let duties: Vec<&str> = record.staff.iter().map(|line| line.duty.as_str()).collect();
        return duties.join(" ");
    }
    let text = record.paragraphs.first().cloned().unwrap_or_default();
    let start: String = text.chars().take(24).collect();
    if start.is_empty() { "(no headline)".to_owned() } else { format!("{start}…") }
}

/// The day of publication, `2024-03-14`, empty where unknown.
pub(super) fn day(record: &wire::ArticleRecord) -> String {
    let time = record.publish_time.and_then(|time| jiff::Timestamp::from_second(time.seconds).ok());
    let local = time.map(|time| day::civil_time(time).date());
    local.map_or_else(String::new, |day| day.to_string())
}

/// The day of publication and the time of day, `2024-03-14 22:15`; the day alone at midnight, which is
/// what an issue has.
pub(super) fn time(record: &wire::ArticleRecord) -> String {
    let time = record.publish_time.and_then(|time| jiff::Timestamp::from_second(time.seconds).ok());
    let Some(local) = time.map(day::civil_time) else { return String::new() };
    let is_midnight = local.time() == jiff::civil::Time::midnight();
    let format = if is_midnight { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M" };
    local.strftime(format).to_string()
}

/// Paper and page, or the source.
pub(super) fn outlet(record: &wire::ArticleRecord) -> String {
    let paper = if record.paper.is_empty() { &record.source } else { &record.paper };
    if record.page.is_empty() { paper.clone() } else { format!("{paper} {}版", record.page) }
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn one_is_not_many() {
        assert_eq!(
            [0, 1, 2].map(|count| counted(count, "outlet")),
            ["0 outlets", "1 outlet", "2 outlets"]
        );
    }
}
