//! What each stack is by its size and words: a heading, running text, or a line that says itself
//! what it is.

use crate::measure::Measured;
use crate::stack::Stack;
use wenmai_page::known;
use wenmai_page::known::Says;

/// What a stack is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// Words in larger or bolder type.
    Heading,
    /// Running text.
    Body,
    /// Names, pointers, duties: as its words say.
    Line(Says),
    /// The paper's name, dates and page numbers at the edges of the page.
    Furniture,
}

/// The words of a stack.
pub(crate) fn text(measured: &Measured, stack: &Stack) -> String {
    let items = stack.items.iter().filter_map(|at| measured.items.get(*at));
    items.map(|item| item.text.as_str()).collect()
}

/// Size from which a line is large, relative to the body's.
const LARGE: f32 = 1.6;
/// Size from which a line may be a heading.
const LARGER: f32 = 1.17;

/// Classes of all stacks.
pub(crate) fn classes(measured: &Measured, stacks: &[Stack]) -> Vec<Class> {
    stacks.iter().map(|stack| class(measured, stack)).collect()
}

/// Whether words at the edge of a page are its own: issues of a lottery have numbers too.
pub(crate) fn is_furniture(text: &str) -> bool {
    let marks = ["星期", "农历", "CN", "刊号", "邮发", "版", "报", "热线", "主办", "主管"];
    marks.iter().any(|mark| text.contains(mark)) && text.chars().count() <= 60
}

fn class(measured: &Measured, stack: &Stack) -> Class {
    let text = text(measured, stack);
    let count = stack.items.len();
    let first = stack.items.first().and_then(|at| measured.items.get(*at));
    let says = if count <= 3 { known::says(&text) } else { None };
    let page = measured.page;
    let top = (stack.rect.top - page.top) / page.height().max(1e-3);
    let edge = !(0.2..=0.93).contains(&top);
    match says {
        Some(Says::Masthead | Says::Folio) if edge && is_furniture(&text) => {
            return Class::Furniture;
        }
        Some(Says::Masthead | Says::Folio | Says::BoxHeading) | None => {}
        Some(Says::Staff) => return Class::Line(Says::Staff),
        Some(says) if stack.size < LARGE => return Class::Line(says),
        Some(_) => {}
    }
    let sentences = text.matches('。').count();
    let closed = known::is_closed(&text) && !text.ends_with(['！', '？', '!', '?', '”', '）', ')']);
    let heading = first.is_some_and(|item| item.heading) && count <= 3 && sentences == 0;
    if stack.vertical {
        return if stack.size >= LARGER || heading { Class::Heading } else { Class::Body };
    }
    let large = stack.size >= LARGE && !(count > 3 && sentences > 1);
    let larger = stack.size >= LARGER && count <= 3 && !closed && sentences == 0;
    let bold = first.and_then(|item| item.bold) == Some(true);
    let all_bold = bold
        && stack.items.iter().all(|at| measured.items.get(*at).and_then(|i| i.bold) == Some(true));
    let set_off = all_bold && count <= 2 && !closed && sentences == 0;
    if says == Some(Says::BoxHeading) && count == 1 || large || larger || heading || set_off {
        Class::Heading
    } else {
        Class::Body
    }
}
