//! Classed blocks → articles, in page order.

use std::collections::HashMap;

use crate::Issue;
use crate::Page;
use crate::Parsed;
use crate::cue::Cue;
use crate::cue::Cues;
use crate::draft::Draft;
use crate::kind;
use crate::line::Block;
use crate::observe::folded;
use crate::path::Class;
use crate::staff;
use crate::teaser;
use wenmai_domain::article::Jump;
use wenmai_domain::article::Kind;
use wenmai_domain::id::ArticleId;
use wenmai_domain::span::Span;
use wenmai_text::likeness::bigrams;
use wenmai_text::likeness::overlap_coefficient;

/// Puts the parts together.
pub(crate) fn assemble(
    page: &str,
    issue: &Issue,
    blocks: &[Block],
    cues: &[Cues],
    path: &[Class],
) -> Page {
    let mut builder = Builder {
        page,
        done: Vec::new(),
        left: Vec::new(),
        open: Draft::default(),
        ahead: Draft::default(),
        photo: None,
        teaser: None,
        box_name: None,
    };
    for ((block, cues), class) in blocks.iter().zip(cues).zip(path) {
        builder.take(block, *cues, *class);
    }
    builder.finish(issue)
}

/// The header of a teaser box: its name, and its place until a teaser took it.
struct BoxName {
    text: String,
    spans: Vec<Span>,
}

struct Builder<'a> {
    page: &'a str,
    /// Finished drafts, in order of their ends.
    done: Vec<Draft>,
    /// Blocks that no article took.
    left: Vec<Span>,
    /// The article that body text goes to.
    open: Draft,
    /// Headings and names that wait for their headline.
    ahead: Draft,
    /// The photo whose caption is being read.
    photo: Option<Draft>,
    /// The teaser that waits for its page.
    teaser: Option<Draft>,
    /// The teaser box that is being read.
    box_name: Option<BoxName>,
}

impl Builder<'_> {
    fn take(&mut self, block: &Block, cues: Cues, class: Class) {
        if !matches!(class, Class::Caption | Class::Credit) {
            self.close_photo();
        }
        if !matches!(class, Class::TeaserTitle | Class::Jump) {
            self.close_teaser();
        }
        if !matches!(class, Class::TeaserHeader | Class::TeaserTitle | Class::Jump) {
            self.close_box();
        }
        match class {
            Class::Masthead => self.left.extend(&block.spans),
            Class::Section | Class::Kicker | Class::BylineAhead => self.before(block, cues, class),
            Class::Headline => self.headline(block, cues),
            Class::Subtitle | Class::Byline | Class::Signature => self.beside(block, cues, class),
            Class::Lead | Class::Body | Class::Subhead | Class::BoxHeading | Class::SourceNote => {
                self.text(block, cues, class);
            }
            Class::Caption => self.caption(block, cues),
            Class::Credit => self.credit(block, cues),
            Class::TeaserHeader => {
                self.close_box();
                self.box_name =
                    Some(BoxName { text: block.text.clone(), spans: block.spans.clone() });
            }
            Class::TeaserTitle => self.teaser_title(block, cues),
            Class::Jump => self.jump(block, cues),
            Class::Staff => self.staff(block, cues),
        }
    }

    /// Keeps a line for the headline that comes.
    fn before(&mut self, block: &Block, cues: Cues, class: Class) {
        self.ahead.explain(cues, class);
        if class == Class::BylineAhead {
            self.ahead.names(block);
        } else {
            self.ahead.heading(class, block);
        }
    }

    fn headline(&mut self, block: &Block, cues: Cues) {
        let bare = self.open.has_title() && self.open.has_no_text();
        let waits = self.ahead.spans().is_empty();
        if bare && waits && self.open.parts.subtitle.is_empty() && self.open.parts.byline.is_empty()
        {
            // Two headlines without a text between are one in two lines.
            self.open.heading(Class::Headline, block);
            self.open.fired("headline-in-two-lines");
            return;
        }
        self.close();
        self.open = std::mem::take(&mut self.ahead);
        self.open.explain(cues, Class::Headline);
        self.open.heading(Class::Headline, block);
    }

    fn beside(&mut self, block: &Block, cues: Cues, class: Class) {
        self.settle_ahead();
        if !self.open.is_something() {
            self.left.extend(&block.spans);
            return;
        }
        self.open.explain(cues, class);
        if class == Class::Subtitle {
            self.open.heading(class, block);
        } else {
            self.open.names(block);
        }
    }

    fn text(&mut self, block: &Block, cues: Cues, class: Class) {
        self.settle_ahead();
        if matches!(class, Class::Lead | Class::Body) {
            self.open.body(self.page, block);
            return;
        }
        self.open.explain(cues, class);
        if class == Class::SourceNote && self.open.is_something() {
            self.open.source_note(block);
        } else {
            self.open.subhead(block);
        }
    }

    /// Headings that no headline followed begin an article without one.
    fn settle_ahead(&mut self) {
        if !self.ahead.spans().is_empty() {
            self.close();
            self.open = std::mem::take(&mut self.ahead);
        }
    }

    fn caption(&mut self, block: &Block, cues: Cues) {
        self.settle_ahead();
        let titled = self.open.has_title() && self.open.has_no_text() || self.open.is_open();
        if titled || self.open.photo && self.photo.is_none() && self.open.has_title() {
            self.open.explain(cues, Class::Caption);
            self.open.caption(self.page, block);
            return;
        }
        if self.photo.as_ref().is_some_and(Draft::is_credited) {
            self.close_photo();
        }
        let photo = self.photo.get_or_insert_default();
        photo.explain(cues, Class::Caption);
        photo.caption(self.page, block);
    }

    fn credit(&mut self, block: &Block, cues: Cues) {
        let draft = self.photo.as_mut().unwrap_or(&mut self.open);
        draft.explain(cues, Class::Credit);
        draft.credit(block);
    }

    fn teaser_title(&mut self, block: &Block, cues: Cues) {
        let draft = self.teaser.get_or_insert_with(|| {
            let mut draft = Draft::default();
            draft.record.kind = Kind::Teaser;
            if let Some(name) = &mut self.box_name {
                draft.record.section = name.text.split_whitespace().collect();
                draft.parts.section = std::mem::take(&mut name.spans);
                draft.fired("in-teaser-box");
            }
            draft
        });
        draft.explain(cues, Class::TeaserTitle);
        let (end, jump) = match teaser::trailing(&block.text) {
            Some((at, jump)) if at > 0 => (at, Some(jump)),
            Some(_) | None => (block.text.len(), None),
        };
        let title = block.text.get(..end).unwrap_or_default();
        let name = teaser::page_name(title).unwrap_or(end);
        draft.heading(
            Class::Headline,
            &Block {
                spans: block.slice(0, name),
                text: title.get(..name).unwrap_or_default().to_owned(),
                ..Block::default()
            },
        );
        draft.parts.jump.extend(block.slice(name, block.text.len()));
        if let Some(jump) = jump {
            draft.record.jump = Some(jump);
            self.close_teaser();
        }
    }

    fn jump(&mut self, block: &Block, cues: Cues) {
        let Some((jump, _)) = teaser::pointer(&block.text) else {
            self.left.extend(&block.spans);
            return;
        };
        if matches!(jump, Jump::FromPage(_)) && !(self.open.has_title() && self.open.has_no_text())
        {
            // 上接 stands above what it continues, whose headline or text comes now.
            self.ahead.explain(cues, Class::Jump);
            self.ahead.jump(block, block.spans.clone(), jump);
            return;
        }
        self.settle_ahead();
        let announces = self.teaser.is_some();
        let draft = self.teaser.as_mut().unwrap_or(&mut self.open);
        if !draft.is_something() {
            self.left.extend(&block.spans);
            return;
        }
        draft.explain(cues, Class::Jump);
        draft.jump(block, block.spans.clone(), jump);
        if announces {
            self.close_teaser();
        } else if matches!(jump, Jump::ToPage(_)) {
            // Nothing of an article follows the pointer to where it goes on.
            self.close();
        }
    }

    fn staff(&mut self, block: &Block, cues: Cues) {
        let mut draft = Draft::default();
        draft.record.kind = Kind::Staff;
        draft.record.staff = staff::lines(&block.text).unwrap_or_default();
        draft.explain(cues, Class::Staff);
        draft.parts.byline.extend(&block.spans);
        match self.done.last_mut() {
            // A staff box of several lines is one.
            Some(last) if last.record.kind == Kind::Staff && cues.has(Cue::StaffLine) => {
                last.record.staff.extend(draft.record.staff);
                last.parts.byline.extend(draft.parts.byline);
            }
            _ => self.done.push(draft),
        }
    }

    fn close(&mut self) {
        let draft = std::mem::take(&mut self.open);
        self.keep(draft);
    }

    fn close_photo(&mut self) {
        if let Some(draft) = self.photo.take() {
            self.keep(draft);
        }
    }

    fn close_teaser(&mut self) {
        if let Some(draft) = self.teaser.take() {
            self.keep(draft);
        }
    }

    fn close_box(&mut self) {
        if let Some(name) = self.box_name.take() {
            self.left.extend(name.spans);
        }
    }

    fn keep(&mut self, draft: Draft) {
        if draft.is_something() {
            self.done.push(draft);
        } else {
            self.left.extend(draft.spans());
        }
    }

    fn finish(mut self, issue: &Issue) -> Page {
        self.close_photo();
        self.close_teaser();
        self.close_box();
        self.close();
        let ahead = std::mem::take(&mut self.ahead);
        self.keep(ahead);
        self.done.sort_by_cached_key(|draft| draft.spans().first().copied());
        carry_section(&mut self.done);
        let mut articles: Vec<Parsed> = self
            .done
            .into_iter()
            .enumerate()
            .map(|(order, draft)| draft.finish(issue, order))
            .collect();
        announce(&mut articles);
        self.left.sort_unstable();
        Page { articles, unassigned: self.left, ..Page::default() }
    }
}

/// Gives the items of a column of briefs the name of the column, which is printed once above them.
fn carry_section(drafts: &mut [Draft]) {
    let mut running: Option<String> = None;
    for draft in drafts {
        if draft.record.kind == Kind::Teaser || draft.record.kind == Kind::Staff || draft.photo {
            continue;
        }
        match &running {
            Some(name) if draft.record.section.is_empty() && draft.may_be_brief() => {
                draft.record.section.clone_from(name);
                draft.fired("section-runs-on");
            }
            _ => {
                let section = &draft.record.section;
                running = kind::is_for_briefs(section).then(|| section.clone());
            }
        }
    }
}

/// Articles that are compared with every teaser at most; a page has a dozen.
const MOST_COMPARED: usize = 200;

/// Least part of a teaser's pairs of characters that the headline must have.
pub(crate) const ALIKE: f64 = 0.6;

/// Links each teaser to the article of the page that it announces.
pub(crate) fn announce(articles: &mut [Parsed]) {
    let real: Vec<(String, ArticleId)> = articles
        .iter()
        .filter(|parsed| parsed.article.record.kind.is_article())
        .map(|parsed| (folded(&parsed.article.record.title), parsed.article.id))
        .filter(|(title, _)| !title.is_empty())
        .collect();
    let exact: HashMap<String, ArticleId> = real.iter().rev().cloned().collect();
    for parsed in articles.iter_mut().filter(|p| p.article.record.kind == Kind::Teaser) {
        let title = folded(&parsed.article.record.title);
        if title.is_empty() {
            continue;
        }
        let near = real.iter().take(MOST_COMPARED).find(|(other, _)| alike(&title, other) >= ALIKE);
        let found = exact.get(&title).copied().or(near.map(|(_, id)| *id));
        parsed.article.record.teaser_of = found;
    }
}

/// The part of the shorter title's pairs of characters that the other has.
pub(crate) fn alike(a: &str, b: &str) -> f64 {
    let pairs = |text: &str| bigrams(text.chars()).collect::<Vec<_>>();
    let (a, b) = (pairs(a), pairs(b));
    if a.len().min(b.len()) < 4 { 0.0 } else { overlap_coefficient(&a, &b) }
}

#[cfg(test)]
mod tests {
    use super::alike;
    use crate::observe::folded;

    #[test]
    fn titles_alike_share_most_of_their_pairs() {
        let announced = folded("清河大桥主桥合龙");
        assert!(alike(&announced, &folded("历时两年 清河大桥主桥昨日合龙")) >= 0.6);
        assert!(alike(&announced, &folded("柳溪镇秋粮开镰")) < 0.3);
    }
}
