//! An article under construction: its parts as spans, its record as text.

use jiff::civil::Time;

use crate::Issue;
use crate::Parsed;
use crate::Parts;
use crate::byline;
use crate::cue::Cues;
use crate::dateline;
use crate::kind;
use crate::kind::Shape;
use crate::line::Block;
use crate::line::trimmed;
use crate::path::Class;
use crate::seam;
use crate::teaser;
use crate::wording;
use wenmai_domain::article::Article;
use wenmai_domain::article::Contributor;
use wenmai_domain::article::Jump;
use wenmai_domain::article::Record;
use wenmai_domain::span::Span;

/// Fires where an article says that it goes on elsewhere (下转), not that more is told there (见).
const GOES_ON: &str = "continued-elsewhere";

/// What has been found of an article so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Draft {
    pub record: Record,
    pub parts: Parts,
    pub rules: Vec<&'static str>,
    /// What the lines of the article name; the opener's names are kept apart.
    opener_byline: Vec<Contributor>,
    /// Lines of names behind a text: a signature, unless more text follows.
    signed: Vec<Block>,
    /// Whether the last paragraph goes on in the next body block.
    open: bool,
    /// How many subheadings the body has.
    pub subheads: usize,
    /// Whether it has a caption.
    pub photo: bool,
}

/// The text that `spans` name, put together.
pub(crate) fn text_of(page: &str, spans: &[Span]) -> String {
    spans.iter().filter_map(|span| span.of(page)).collect()
}

impl Draft {
    /// Whether nothing but headings and names is in it.
    pub fn has_no_text(&self) -> bool {
        self.parts.paragraphs.is_empty() && self.parts.captions.is_empty()
    }

    /// Whether it has a headline.
    pub fn has_title(&self) -> bool {
        !self.parts.title.is_empty()
    }

    /// Whether it would be an article: a headline or a text.
    pub fn is_something(&self) -> bool {
        self.has_title() || !self.has_no_text()
    }

    /// Whether it could be an item of a column of briefs: short and with no more than a headline.
    pub fn may_be_brief(&self) -> bool {
        let count: usize = self.record.paragraphs.iter().map(|p| p.chars().count()).sum();
        count <= kind::BRIEF_BODY && self.parts.kicker.is_empty() && self.parts.byline.is_empty()
    }

    /// Whether somebody is named who took its photo.
    pub fn is_credited(&self) -> bool {
        !self.record.captions.is_empty()
    }

    /// Every span that it holds.
    pub fn spans(&self) -> Vec<Span> {
        let signed = self.signed.iter().flat_map(|block| &block.spans).copied();
        let mut spans: Vec<Span> = self.parts.spans().chain(signed).collect();
        spans.sort_unstable();
        spans
    }

    /// Notes which rule decided; each once, in order.
    pub fn fired(&mut self, rule: &'static str) {
        if !self.rules.contains(&rule) {
            self.rules.push(rule);
        }
    }

    /// Notes the cues that speak for `class`.
    pub fn explain(&mut self, cues: Cues, class: Class) {
        for rule in cues.names_for(class) {
            self.fired(rule);
        }
    }

    /// Adds a heading or byline line.
    pub fn heading(&mut self, class: Class, block: &Block) {
        let text = block.text.as_str();
        let parts = &mut self.parts;
        let record = &mut self.record;
        let (part, field) = if class == Class::Section {
            (&mut parts.section, &mut record.section)
        } else if class == Class::Kicker {
            (&mut parts.kicker, &mut record.kicker)
        } else if class == Class::Subtitle {
            (&mut parts.subtitle, &mut record.subtitle)
        } else {
            (&mut parts.title, &mut record.title)
        };
        part.extend(&block.spans);
        let mut text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if class == Class::Section {
            // Section boxes are set in short lines: their spaces are the layout's.
            text.retain(|c| c != ' ');
        } else if class == Class::Subtitle {
            text = text.trim_start_matches(['—', '-', '─', ' ']).to_owned();
        }
        if !field.is_empty() {
            field.push(' ');
        }
        field.push_str(&text);
    }

    /// Adds a line of names.
    pub fn names(&mut self, block: &Block) {
        if self.parts.paragraphs.is_empty() {
            self.parts.byline.extend(&block.spans);
        } else {
            self.signed.push(block.clone());
        }
        let text = block.text.as_str();
        let people = byline::with_roles(text).or_else(|| byline::bare(text));
        match (people, byline::titled(text)) {
            (Some(people), _) => self.record.byline.extend(people),
            (None, Some(person)) => self.record.byline.push(person),
            (None, None) => {}
        }
    }

    /// Adds a block of running text, after taking the opener, pointers and names off its ends.
    pub fn body(&mut self, page: &str, block: &Block) {
        self.unsign();
        let (mut from, mut to) = (0, block.text.len());
        let first = self.parts.paragraphs.len() == self.subheads;
        if first {
            from = self.lead(block);
        }
        to = self.tail(block, from, to);
        let spans: Vec<Span> = block
            .slice(from, to)
            .into_iter()
            .map(|span| trimmed(page, span))
            .filter(|span| !span.is_empty())
            .collect();
        let text = text_of(page, &spans);
        if text.is_empty() {
            return;
        }
        let joins = self.open || seam::is_continuation(&text);
        match (self.parts.paragraphs.last_mut(), self.record.paragraphs.last_mut()) {
            (Some(part), Some(paragraph)) if joins => {
                part.extend(spans);
                paragraph.push_str(&text);
                self.fired("seam-joined");
            }
            _ => {
                self.parts.paragraphs.push(spans);
                self.record.paragraphs.push(text);
            }
        }
        let complete = seam::is_closed(&block.text)
            || wording::closes(&block.text)
            || wording::is_whole(&block.text);
        self.open = to == block.text.len() && !complete;
    }

    /// Adds a paragraph that is known to be whole, as those of a web page are.
    pub fn paragraph(&mut self, page: &str, block: &Block) {
        self.body(page, block);
        self.open = false;
    }

    /// Names with text behind them sign a part of it: they stay where they stand.
    fn unsign(&mut self) {
        for block in std::mem::take(&mut self.signed) {
            self.parts.paragraphs.push(block.spans);
            self.record.paragraphs.push(block.text);
            self.open = false;
        }
    }

    /// Takes pointer back and opener off the first block; returns where the text goes on.
    fn lead(&mut self, block: &Block) -> usize {
        let text = block.text.as_str();
        let mut from = 0;
        if let Some((end, jump)) = teaser::leading(text) {
            self.parts.jump.extend(block.slice(0, end));
            self.record.jump = Some(jump);
            from = end;
        }
        let rest = text.get(from..).unwrap_or_default();
        if let Some(opener) = dateline::opener(rest) {
            // Behind the first lines of a text an opener is a part of it.
            if self.parts.paragraphs.is_empty() {
                self.parts.dateline.extend(block.slice(from, from + opener.len));
            }
            self.record.dateline = Some(opener.dateline);
            self.record.agency = opener.agency;
            self.opener_byline = opener.byline;
            self.fired("opener");
            if self.parts.paragraphs.is_empty() {
                from += opener.len;
            }
        } else if let Some(agency) = dateline::reported_by(rest) {
            agency.clone_into(&mut self.record.agency);
            self.fired("reported-by");
        }
        from
    }

    /// Takes `（下转2版）` and `（本报记者 甲）` off the end of a block; returns where its text ends.
    fn tail(&mut self, block: &Block, from: usize, mut to: usize) -> usize {
        let text = block.text.as_str();
        let piece = |to: usize| text.get(from..to).unwrap_or_default();
        if text.ends_with(['）', ')', '】']) {
            if let Some((at, jump)) = teaser::trailing(piece(to)) {
                self.parts.jump.extend(block.slice(from + at, to));
                self.record.jump = Some(jump);
                self.fired("ends-with-pointer");
                if piece(to).get(at..).is_some_and(|pointer| pointer.contains(['转', '轉'])) {
                    self.fired(GOES_ON);
                }
                to = from + at;
            }
            let bracket = piece(to).trim_end().rfind(['（', '(']);
            let people = bracket
                .filter(|at| *at > 0)
                .and_then(|at| Some((at, byline::with_roles(piece(to).get(at..)?.trim_end())?)));
            if let Some((at, people)) = people {
                self.parts.byline.extend(block.slice(from + at, to));
                self.record.byline.extend(people);
                self.fired("names-at-end");
                to = from + at;
            }
        }
        to
    }

    /// Adds a subheading or the heading of a box; both stand in the body.
    pub fn subhead(&mut self, block: &Block) {
        self.unsign();
        self.parts.paragraphs.push(block.spans.clone());
        self.record.paragraphs.push(block.text.clone());
        self.subheads += 1;
        self.open = false;
    }

    /// Adds a photo credit line.
    pub fn credit(&mut self, block: &Block) {
        let text = block.text.as_str();
        let names = byline::credit(text)
            .or_else(|| byline::bare(text).map(|p| p.into_iter().map(|p| p.name).collect()));
        if self.has_title() {
            // Under a headline the credit line is printed as the last paragraph, and stays one.
            self.parts.paragraphs.push(block.spans.clone());
            self.record.paragraphs.push(block.text.clone());
        } else {
            self.parts.captions.extend(&block.spans);
        }
        self.photographers(&names.unwrap_or_default());
        self.open = false;
    }

    /// Adds a caption that may end with its credit.
    pub fn caption(&mut self, page: &str, block: &Block) {
        let trailing = byline::trailing_credit(&block.text).filter(|_| !self.has_title());
        let end = trailing.as_ref().map_or(block.text.len(), |(at, _)| *at);
        let cut =
            Block { text: block.text.get(..end).unwrap_or_default().to_owned(), ..block.clone() };
        let spans: Vec<Span> = block.slice(0, end).into_iter().map(|s| trimmed(page, s)).collect();
        self.body(page, &Block { spans, text: cut.text.trim_end().to_owned(), ..cut });
        if let Some((at, names)) = trailing {
            self.parts.captions.extend(block.slice(at, block.text.len()));
            self.photographers(&names);
        }
        self.photo = true;
    }

    fn photographers(&mut self, names: &[String]) {
        if !names.is_empty() {
            self.record.captions.push(wenmai_domain::article::Caption {
                text: String::new(),
                credit: names.join(" "),
            });
        }
    }

    /// Adds a pointer line.
    pub fn jump(&mut self, block: &Block, spans: Vec<Span>, jump: Jump) {
        self.parts.jump.extend(spans);
        self.record.jump = Some(jump);
        // 下转 continues an article elsewhere; 见 only announces it.
        if block.text.contains(['转', '接']) {
            self.fired(GOES_ON);
        }
        self.open = false;
    }

    /// Adds the note that names who supplied the text.
    pub fn source_note(&mut self, block: &Block) {
        self.parts.source_note.extend(&block.spans);
        byline::unbracketed(&block.text).clone_into(&mut self.record.source_note);
        self.open = false;
    }

    /// Completes the record and gives it its id.
    pub fn finish(mut self, issue: &Issue, order: usize) -> Parsed {
        for block in std::mem::take(&mut self.signed) {
            self.parts.byline.extend(block.spans);
        }
        let record = &mut self.record;
        record.paper.clone_from(&issue.paper);
        record.edition.clone_from(&issue.edition);
        record.page_name.clone_from(&issue.page_name);
        record.page = issue.page;
        record.published_at = issue.date.map(|date| date.to_datetime(Time::midnight()));
        record.order_on_page = u32::try_from(order).ok();
        if record.byline.is_empty() {
            // A byline line says it better than the opener, where a page has both.
            record.byline = std::mem::take(&mut self.opener_byline);
        }
        let lead = record.paragraphs.first().cloned().unwrap_or_default();
        if let Some(dateline) = &mut record.dateline {
            dateline::resolve(dateline, &lead, issue.date);
        }
        let goes_on = self.rules.contains(&GOES_ON);
        kind::settle(record, Shape { photo: self.photo, subheads: self.subheads, goes_on });
        Parsed {
            article: Article::new(self.record),
            spans: self.parts,
            rules_fired: self.rules,
            continued: Vec::new(),
            confidence: None,
        }
    }

    /// Whether its last paragraph is not complete.
    pub fn is_open(&self) -> bool {
        self.open
    }
}
