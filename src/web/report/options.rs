//! What of a report is wanted: how long, which parts, in which order. All of it stands in the address.

use crate::visit::Visit;
use crate::words::Lang;
use wenmai_proto::wire;

/// Characters that may be asked for; others are as if none were asked for.
const CHARS: std::ops::RangeInclusive<i32> = 10..=5_000;

/// The parts that the page has, by their names in the address.
const PARTS: [(&str, wire::SummaryPart); 7] = [
    ("course", wire::SummaryPart::Course),
    ("changes", wire::SummaryPart::Changes),
    ("figures", wire::SummaryPart::Figures),
    ("statements", wire::SummaryPart::Statements),
    ("timeline", wire::SummaryPart::Timeline),
    ("outlets", wire::SummaryPart::Outlets),
    ("sources", wire::SummaryPart::Sources),
];

/// What is wanted of a report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Characters of what happened, at most; 0 for as many as the style has.
    pub(crate) chars: i32,
    /// The order of what happened.
    pub(crate) order: wire::SummaryOrder,
    /// The parts that are shown; empty for all.
    parts: Vec<wire::SummaryPart>,
}

/// The form in which all of it can be asked for.
pub(super) struct Form {
    /// The style by its name in the address.
    pub(super) style: String,
    /// Characters that are asked for; empty for the style's.
    pub(super) chars: String,
    pub(super) orders: Vec<Choice>,
    pub(super) parts: Vec<Choice>,
}

/// A choice in the form.
pub(super) struct Choice {
    pub(super) value: &'static str,
    pub(super) name: &'static str,
    pub(super) is_on: bool,
}

impl Options {
    /// What `visit` asks for; what it does not name, or names wrongly, is as usual.
    pub(super) fn of(visit: &Visit) -> Self {
        let chars = visit.value("chars").and_then(|chars| chars.parse().ok());
        let order = match visit.value("order") {
            Some("newest") => wire::SummaryOrder::Newest,
            Some("tellers") => wire::SummaryOrder::Tellers,
            _ => wire::SummaryOrder::Unspecified,
        };
        let asked =
            |name: &str| visit.query.iter().any(|(key, value)| key == "part" && value == name);
        let parts = PARTS.iter().filter(|(name, _)| asked(name)).map(|(_, part)| *part);
        Self {
            chars: chars.filter(|chars| CHARS.contains(chars)).unwrap_or_default(),
            order,
            parts: parts.collect(),
        }
    }

    /// Whether a part is shown.
    pub(super) fn shows(&self, part: wire::SummaryPart) -> bool {
        self.parts.is_empty() || self.parts.contains(&part)
    }

    /// As the contract has them.
    pub(crate) fn wire(&self) -> wire::SummaryOptions {
        // What is new and what was before belong to what happened.
        let mut parts: Vec<i32> = Vec::new();
        for part in &self.parts {
            if *part == wire::SummaryPart::Course {
                parts.push(wire::SummaryPart::Newest.into());
            }
            parts.push((*part).into());
            if *part == wire::SummaryPart::Course {
                parts.push(wire::SummaryPart::Background.into());
            }
        }
        wire::SummaryOptions { order: self.order.into(), parts, ..Default::default() }
    }

    /// A name by which answers to these options are told from those to others; empty for the usual ones.
    pub(crate) fn key(&self) -> String {
        if *self == Self::default() { String::new() } else { format!("?{self:?}") }
    }

    /// `summary` without the parts that are not wanted, and what happened in the wanted order.
    pub(super) fn kept(
        &self,
        mut summary: wire::SummarizeArticlesResponse,
    ) -> wire::SummarizeArticlesResponse {
        match self.order {
            wire::SummaryOrder::Newest => summary.sentences.reverse(),
            wire::SummaryOrder::Tellers => {
                summary.sentences.sort_by_key(|one| std::cmp::Reverse(one.also_sources.len()));
            }
            wire::SummaryOrder::Time | wire::SummaryOrder::Unspecified => {}
        }
        if !self.shows(wire::SummaryPart::Changes) {
            summary.series.clear();
            summary.conflicts.clear();
        }
        if !self.shows(wire::SummaryPart::Figures) {
            summary.figures.clear();
        }
        if !self.shows(wire::SummaryPart::Statements) {
            summary.statements.clear();
        }
        if !self.shows(wire::SummaryPart::Timeline) {
            summary.timeline.clear();
        }
        if !self.shows(wire::SummaryPart::Outlets) {
            summary.outlets.clear();
        }
        summary
    }

    /// The form, with what is asked for filled in.
    pub(super) fn form(&self, visit: &Visit) -> Form {
        Form {
            style: visit.value("style").unwrap_or_default().to_owned(),
            chars: if self.chars > 0 { self.chars.to_string() } else { String::new() },
            orders: self.orders(visit.lang),
            parts: self.choices(visit.lang),
        }
    }

    /// The orders that can be chosen.
    fn orders(&self, l: Lang) -> Vec<Choice> {
        let one = |value, name, order| Choice { value, name, is_on: self.order == order };
        vec![
            one("", l.oldest_first(), wire::SummaryOrder::Unspecified),
            one("newest", l.newest_first(), wire::SummaryOrder::Newest),
            one("tellers", l.most_told_first(), wire::SummaryOrder::Tellers),
        ]
    }

    /// The parts that can be chosen.
    fn choices(&self, l: Lang) -> Vec<Choice> {
        let name = |part: wire::SummaryPart| match part {
            wire::SummaryPart::Changes => l.series(),
            wire::SummaryPart::Figures => l.figures(),
            wire::SummaryPart::Statements => l.statements(),
            wire::SummaryPart::Timeline => l.timeline(),
            wire::SummaryPart::Outlets => l.who_covered(),
            wire::SummaryPart::Sources => l.sources(),
            wire::SummaryPart::Unspecified
            | wire::SummaryPart::Newest
            | wire::SummaryPart::Course
            | wire::SummaryPart::Background
            | wire::SummaryPart::Comparison => l.what_happened(),
        };
        let choice = |(value, part): &(&'static str, wire::SummaryPart)| Choice {
            value,
            name: name(*part),
            is_on: self.shows(*part),
        };
        PARTS.iter().map(choice).collect()
    }
}
