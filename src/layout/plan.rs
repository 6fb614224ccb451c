//! Which stack belongs to which article: the reach of headlines, columns that go on, and the
//! sentences that columns break.

mod flow;
mod row;

use crate::class::Class;
use crate::class::text;
use crate::head::Head;
use crate::measure::Measured;
use crate::model::Rect;
use crate::room::Room;
use crate::shelf::Placed;
use crate::shelf::Shelf;
use crate::shelf::Thing;
use crate::stack::Stack;
use crate::stack::is_parted;
use wenmai_page::known;

/// What an article takes up.
#[derive(Debug, Clone, Default)]
pub(crate) struct Story {
    /// Its headline.
    pub head: Option<usize>,
    /// Its stacks of running text and its subheads, in the order found.
    pub bodies: Vec<usize>,
    /// Stacks of boxes that belong to it, in the order of reading, behind all else.
    pub boxed: Vec<usize>,
    /// Lines of names, pointers.
    pub lines: Vec<usize>,
    /// Its pictures.
    pub pictures: Vec<usize>,
    /// Captions and credits.
    pub captions: Vec<usize>,
    /// The frame or part of the page that it stands in, as an index.
    pub room: usize,
    /// Why its parts are together, for explanation.
    pub why: Vec<&'static str>,
}

impl Story {
    /// Notes a reason once.
    pub fn because(&mut self, why: &'static str) {
        if !self.why.contains(&why) {
            self.why.push(why);
        }
    }
}

/// Everything known of a page while its parts are put together.
pub(crate) struct Plan<'a> {
    pub measured: &'a Measured,
    pub rooms: &'a [Room],
    pub stacks: &'a [Stack],
    pub classes: Vec<Class>,
    pub heads: Vec<Head>,
    /// The head of each stack that is a heading.
    pub head_of: Vec<Option<usize>>,
    /// Where each head ends with the names that stand below it.
    pub feet: Vec<f32>,
    /// Heads that are subheads inside a column.
    pub is_subhead: Vec<bool>,
    /// The article of each stack.
    pub owner: Vec<Option<usize>>,
    pub stories: Vec<Story>,
    pub shelf: Shelf,
    /// The picture that each stack is the caption of.
    pub caption_of: Vec<Option<usize>>,
    /// Whether paragraphs are indented on this page.
    pub indents: bool,
}

impl<'a> Plan<'a> {
    /// Prepares the work.
    pub fn new(
        measured: &'a Measured,
        rooms: &'a [Room],
        stacks: &'a [Stack],
        classes: Vec<Class>,
    ) -> Self {
        let shelf = Shelf::new(measured, rooms, stacks);
        let mut plan = Self {
            measured,
            rooms,
            stacks,
            classes,
            feet: Vec::new(),
            is_subhead: Vec::new(),
            heads: Vec::new(),
            head_of: vec![None; stacks.len()],
            owner: vec![None; stacks.len()],
            stories: Vec::new(),
            shelf,
            caption_of: Vec::new(),
            indents: indents(measured, stacks),
        };
        plan.caption_of = crate::picture::captions(&plan);
        plan
    }

    /// Puts the headings together anew, after classes have changed.
    pub fn regroup(&mut self) {
        self.heads = crate::head::heads(self.measured, self.stacks, &self.classes);
        self.head_of = vec![None; self.stacks.len()];
        for (at, head) in self.heads.iter().enumerate() {
            for stack in &head.stacks {
                if let Some(slot) = self.head_of.get_mut(*stack) {
                    *slot = Some(at);
                }
            }
        }
        self.feet = self.heads.iter().map(|head| self.foot(head)).collect();
        self.subheads();
    }

    /// Where a head ends with the names that stand below it.
    fn foot(&self, head: &Head) -> f32 {
        let em = self.measured.em;
        let names = self.stacks.iter().enumerate().filter(|(at, stack)| {
            let gap = stack.rect.top - head.rect.bottom;
            let near = gap > -0.5 * em && gap < 2.5 * em && stack.room == head.room;
            let under = stack.rect.shared_x(&head.rect) > 0.3 * stack.rect.width();
            near && under && matches!(self.class(*at), Class::Line(_))
        });
        names.map(|(_, stack)| stack.rect.bottom).fold(head.rect.bottom, f32::max)
    }

    pub fn rect(&self, stack: usize) -> Rect {
        self.stacks.get(stack).map(|stack| stack.rect).unwrap_or_default()
    }

    pub fn class(&self, stack: usize) -> Class {
        self.classes.get(stack).copied().unwrap_or(Class::Body)
    }

    pub fn words(&self, stack: usize) -> String {
        self.stacks.get(stack).map(|stack| text(self.measured, stack)).unwrap_or_default()
    }

    /// Whether a stack is running text, or a subhead in it.
    pub fn is_body(&self, stack: usize) -> bool {
        match self.class(stack) {
            Class::Body => true,
            Class::Heading => self.subhead(stack),
            Class::Line(_) | Class::Furniture => false,
        }
    }

    /// Whether a stack is a subhead.
    pub fn subhead(&self, stack: usize) -> bool {
        let head = self.head_of.get(stack).copied().flatten();
        head.and_then(|head| self.is_subhead.get(head)).copied().unwrap_or(false)
    }

    /// Finds headings that stand inside a column: running text of the same column directly above
    /// and below, no rule between, hardly larger than it.
    fn subheads(&mut self) {
        let found: Vec<bool> = self.heads.iter().map(|head| self.looks_inner(head)).collect();
        self.is_subhead = found;
    }

    fn looks_inner(&self, head: &Head) -> bool {
        const SIZE_MAX: f32 = 1.27;
        let em = self.measured.em;
        let [only] = head.stacks.as_slice() else { return false };
        if head.vertical
            || head.size > SIZE_MAX
            || self.stacks.get(*only).is_none_or(|s| s.items.len() > 2)
        {
            return false;
        }
        let text = |placed: &Placed| match placed.thing {
            Thing::Stack(at) => self.class(at) == Class::Body,
            Thing::Picture(_) | Thing::Inset(_) | Thing::Rule(_) => false,
        };
        let any = |placed: &Placed| placed.rect != head.rect;
        let above = self.shelf.above(&head.rect, head.rect.top, head.room, any);
        let Some(above) = above.filter(text) else { return false };
        let column = above.rect;
        let inside = head.rect.left > column.left - em && head.rect.right < column.right + em;
        let gap = head.rect.top - column.bottom;
        if !inside || gap > 2.2 * em {
            return false;
        }
        self.below(&head.rect, head.room).is_none_or(|below| {
            let rect = self.rect(below);
            let same = (rect.left - column.left).abs() < 1.5 * em
                && (rect.right - column.right).abs() < 2.0 * em;
            same && !known::opens(&self.words(below))
        })
    }

    /// The body stack directly below a place.
    fn below(&self, rect: &Rect, room: usize) -> Option<usize> {
        let em = self.measured.em;
        let stacks = self.stacks.iter().enumerate();
        let near = stacks.filter(|(at, stack)| {
            let gap = stack.rect.top - rect.bottom;
            stack.room == room
                && self.class(*at) == Class::Body
                && gap > -0.5 * em
                && gap < 2.5 * em
                && stack.rect.shared_x(rect) > 0.4 * rect.width().min(stack.rect.width())
        });
        near.min_by(|a, b| a.1.rect.top.total_cmp(&b.1.rect.top)).map(|(at, _)| at)
    }

    /// Begins an article for each headline, and gives each stack of running text to one.
    pub fn assign(&mut self) {
        for (at, head) in self.heads.iter().enumerate() {
            if self.is_subhead.get(at) == Some(&true) {
                continue;
            }
            for stack in &head.stacks {
                if let Some(slot) = self.owner.get_mut(*stack) {
                    *slot = Some(self.stories.len());
                }
            }
            let story = Story { head: Some(at), room: head.room, ..Story::default() };
            self.stories.push(story);
        }
        self.rows();
        self.flows();
    }

    /// Gives a stack to an article.
    pub fn give(&mut self, stack: usize, story: usize, why: &'static str) {
        if let Some(slot) = self.owner.get_mut(stack) {
            *slot = Some(story);
        }
        if let Some(story) = self.stories.get_mut(story) {
            story.bodies.push(stack);
            story.because(why);
        }
    }

    /// The article of the headline directly above a stack: pictures, insets, names and a rule that
    /// underlines the headline may stand between.
    fn head_above(&self, at: usize) -> Option<usize> {
        let stack = self.stacks.get(at)?;
        let mut top = stack.rect.top;
        let mut passed: Vec<Thing> = Vec::new();
        for _ in 0..8 {
            let fresh = |placed: &Placed| {
                placed.thing != Thing::Stack(at) && !passed.contains(&placed.thing)
            };
            let above = self.shelf.above(&stack.rect, top, stack.room, fresh)?;
            match above.thing {
                Thing::Stack(other) => match self.class(other) {
                    Class::Heading if !self.subhead(other) => return self.reached(at, other),
                    Class::Heading | Class::Body if self.is_caption(other) => {}
                    Class::Heading | Class::Body => return None,
                    Class::Line(_) | Class::Furniture => {}
                },
                Thing::Rule(_) if !self.underlines(&above) => return None,
                Thing::Picture(_) | Thing::Inset(_) | Thing::Rule(_) => {}
            }
            passed.push(above.thing);
            top = top.min(above.rect.top.max(above.rect.bottom - self.measured.em * 0.1));
        }
        None
    }

    /// The article of the heading `other`, if it reaches over the stack `at`.
    fn reached(&self, at: usize, other: usize) -> Option<usize> {
        let head = self.heads.get(self.head_of.get(other).copied().flatten()?)?;
        let rect = self.rect(at);
        let shared = head.rect.shared_x(&rect);
        let reaches = shared > 0.35 * rect.width() || head.rect.holds(&rect);
        (head.room == self.stacks.get(at)?.room && reaches)
            .then(|| self.owner.get(other).copied().flatten())
            .flatten()
    }

    /// Whether a rule stands directly below a headline and is no wider.
    fn underlines(&self, rule: &Placed) -> bool {
        let em = self.measured.em;
        self.heads.iter().any(|head| {
            let gap = rule.rect.top - head.rect.bottom;
            let within = rule.rect.left > head.rect.left - 2.0 * em
                && rule.rect.right < head.rect.right + 2.0 * em;
            gap > -0.3 * em && gap < 1.2 * em && within
        })
    }

    /// Whether a stack is the caption of a picture.
    pub fn is_caption(&self, at: usize) -> bool {
        self.caption_of.get(at).copied().flatten().is_some()
    }

    /// Whether a vertical rule parts two places.
    pub fn is_walled(&self, a: &Rect, b: &Rect) -> bool {
        let (left, right) = (a.right.min(b.right), a.left.max(b.left));
        let slack = 0.6 * self.measured.em;
        let (from, to) = (left.min(right) - slack, left.max(right) + slack);
        let down = &self.measured.down;
        let first = down.partition_point(|rule| rule.left < from);
        let both = Rect { top: a.top.max(b.top), bottom: a.bottom.min(b.bottom), ..*a };
        let least = 0.5 * both.height().max(self.measured.em);
        down.iter()
            .skip(first)
            .take_while(|rule| rule.left <= to)
            .any(|rule| rule.shared_y(&both) > least)
    }

    /// Whether a horizontal rule parts two stacks above each other.
    pub fn is_cut(&self, above: &Rect, below: &Rect) -> bool {
        is_parted(self.measured, above.bottom, below.top, below)
    }
}

/// Whether the paragraphs of a page are indented: many lines begin an em or two inside.
fn indents(measured: &Measured, stacks: &[Stack]) -> bool {
    let (mut inner, mut all) = (0, 0);
    for stack in stacks.iter().filter(|stack| stack.items.len() > 3) {
        for at in &stack.items {
            let Some(item) = measured.items.get(*at) else { continue };
            all += 1;
            let inset = (item.rect.left - stack.rect.left) / measured.em;
            inner += usize::from(inset > 1.2 && inset < 3.0);
        }
    }
    inner * 25 > all
}
