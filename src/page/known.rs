//! Articles whose parts are known from elsewhere, such as a page's layout: no line is classed here.

use crate::Issue;
use crate::Page;
use crate::assemble;
use crate::byline;
use crate::dateline;
use crate::draft::Draft;
use crate::draft::text_of;
use crate::line::Block;
use crate::path::Class;
use crate::seam;
use crate::staff;
use crate::teaser;
use crate::wording;
use wenmai_domain::article::Caption;
use wenmai_domain::article::Kind;
use wenmai_domain::span::Span;

/// What a part of an article is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part {
    /// 栏目.
    Section,
    /// 引题.
    Kicker,
    /// 标题.
    Headline,
    /// 副题.
    Subtitle,
    /// A line of names.
    Names,
    /// A paragraph.
    Text,
    /// 小标题, or the heading of a box: it stands in the body.
    Subhead,
    /// The words under a picture, its credit among them.
    Caption,
    /// 下转, 上接.
    Jump,
    /// An item of a box that points to other pages, with its page.
    Teaser,
    /// Duties and names of the issue.
    Staff,
}

/// A part and where it stands in the text.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// What it is.
    pub part: Part,
    /// Where it stands; several where something else stands between.
    pub spans: Vec<Span>,
}

/// What a line says it is, by its words alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Says {
    /// Who wrote.
    Names,
    /// Who took the picture.
    Credit,
    /// 下转, 上接, 见.
    Pointer,
    /// Duties and names of the issue.
    Staff,
    /// 导读.
    TeaserHeader,
    /// The paper's name, date, number.
    Masthead,
    /// The page's number and name.
    Folio,
    /// 点评, 编者按, 链接.
    BoxHeading,
}

/// Reads what `line` says it is; `None` for words that may be a heading or running text.
#[must_use]
pub fn says(line: &str) -> Option<Says> {
    let line = line.trim();
    let short = line.chars().take(61).count() <= 60;
    if staff::lines(line).is_some() {
        return Some(Says::Staff);
    }
    if !short {
        return None;
    }
    let names = || byline::with_roles(line).is_some() || byline::bare(line).is_some();
    if teaser::is_header(line) {
        Some(Says::TeaserHeader)
    } else if teaser::pointer(line).is_some() {
        Some(Says::Pointer)
    } else if byline::credit(line).is_some() {
        Some(Says::Credit)
    } else if wording::is_box(line) {
        Some(Says::BoxHeading)
    } else if names() {
        Some(Says::Names)
    } else if wording::PAPER.is_match(line) || wording::MASTHEAD.is_match(line) {
        Some(Says::Masthead)
    } else if wording::PAGE_LINE.is_match(line) && line.contains('版') {
        Some(Says::Folio)
    } else {
        None
    }
}

/// Whether `line` names a column or series, not what happened.
#[must_use]
pub fn is_column(line: &str) -> bool {
    line.chars().take(15).count() <= 14 && wording::COLUMN.is_match(line.trim())
}

/// Whether `text` ends as a paragraph does.
#[must_use]
pub fn is_closed(text: &str) -> bool {
    seam::is_closed(text)
}

/// Whether `text` begins as only the rest of a sentence can.
#[must_use]
pub fn is_continuation(text: &str) -> bool {
    seam::is_continuation(text)
}

/// Whether `text` ends with who took a picture.
#[must_use]
pub fn ends_with_credit(text: &str) -> bool {
    byline::trailing_credit(text).is_some()
}

/// Whether `text` opens as a report does: 本报讯, 新华社…电.
#[must_use]
pub fn opens(text: &str) -> bool {
    dateline::opener(text).is_some()
}

/// Makes articles of their parts, in the order given; spans point into `text`.
///
/// Openers, names and pointers at the ends of paragraphs are read as on any page. Of parts that
/// make no article (a pointer alone) the spans are unassigned.
#[must_use]
pub fn compose(text: &str, articles: &[Vec<Piece>], issue: &Issue) -> Page {
    let mut page = Page::default();
    for pieces in articles {
        let mut draft = Draft::default();
        for piece in pieces {
            add(&mut draft, text, piece);
        }
        let staff = draft.record.kind == Kind::Staff;
        let captions = !draft.parts.captions.is_empty();
        if staff || captions || draft.is_something() {
            page.articles.push(draft.finish(issue, page.articles.len()));
        } else {
            page.unassigned.extend(draft.spans());
        }
    }
    assemble::announce(&mut page.articles);
    page.unassigned.sort_unstable();
    page
}

fn add(draft: &mut Draft, text: &str, piece: &Piece) {
    let words = text_of(text, &piece.spans);
    let block = Block { spans: piece.spans.clone(), text: words, ..Block::default() };
    match piece.part {
        Part::Section => draft.heading(Class::Section, &block),
        Part::Kicker => draft.heading(Class::Kicker, &block),
        Part::Headline => draft.heading(Class::Headline, &block),
        Part::Subtitle => draft.heading(Class::Subtitle, &block),
        Part::Names => draft.names(&block),
        Part::Text => draft.paragraph(text, &block),
        Part::Subhead => draft.subhead(&block),
        Part::Caption => caption(draft, text, &block),
        Part::Jump => jump(draft, text, &block),
        Part::Teaser => announced(draft, &block),
        Part::Staff => {
            draft.record.kind = Kind::Staff;
            draft.record.staff.extend(staff::lines(&block.text).unwrap_or_default());
            draft.parts.byline.extend(&block.spans);
        }
    }
}

/// Under a headline a caption is a caption; a picture that stands alone has it as its text.
fn caption(draft: &mut Draft, text: &str, block: &Block) {
    if !draft.has_title() && draft.parts.paragraphs.is_empty() {
        if byline::credit(&block.text).is_some() {
            draft.credit(block);
        } else {
            draft.caption(text, block);
        }
        return;
    }
    draft.parts.captions.extend(&block.spans);
    let words = block.text.as_str();
    let credit = |names: Vec<String>| names.join(" ");
    let read = if let Some((at, names)) = byline::trailing_credit(words) {
        let text = words.get(..at).unwrap_or_default().trim_end().to_owned();
        Caption { text, credit: credit(names) }
    } else if let Some(names) = byline::credit(words) {
        if let Some(last) = draft.record.captions.last_mut().filter(|last| last.credit.is_empty()) {
            last.credit = credit(names);
            return;
        }
        Caption { text: String::new(), credit: credit(names) }
    } else {
        Caption { text: words.to_owned(), credit: String::new() }
    };
    draft.record.captions.push(read);
}

fn jump(draft: &mut Draft, text: &str, block: &Block) {
    match teaser::pointer(&block.text) {
        Some((jump, _)) => draft.jump(block, block.spans.clone(), jump),
        None => draft.paragraph(text, block),
    }
}

fn announced(draft: &mut Draft, block: &Block) {
    draft.record.kind = Kind::Teaser;
    if let Some((jump, _)) = teaser::pointer(&block.text) {
        draft.jump(block, block.spans.clone(), jump);
        return;
    }
    let (end, jump) = match teaser::trailing(&block.text) {
        Some((at, jump)) if at > 0 => (at, Some(jump)),
        Some(_) | None => (block.text.len(), None),
    };
    let title = block.text.get(..end).unwrap_or_default().to_owned();
    let heading = Block { spans: block.slice(0, end), text: title, ..Block::default() };
    draft.heading(Class::Headline, &heading);
    draft.parts.jump.extend(block.slice(end, block.text.len()));
    if let Some(jump) = jump {
        draft.record.jump = Some(jump);
    }
}

#[cfg(test)]
mod tests {
    use super::Part;
    use super::Piece;
    use super::Says;
    use super::compose;
    use super::says;
    use crate::Issue;
    use wenmai_domain::article::Kind;
    use wenmai_domain::span::Span;

    fn page(parts: &[(Part, &str)]) -> (String, Vec<Piece>) {
        let mut text = String::new();
        let mut pieces = Vec::new();
        for (part, words) in parts {
            let start = text.len();
            text.push_str(words);
            pieces.push(Piece { part: *part, spans: vec![Span::new(start, text.len())] });
            text.push('\n');
        }
        (text, pieces)
    }

    #[test]
    fn known_parts_make_an_article() {
        let (text, pieces) = page(&[
            (Part::Kicker, "历时二十六个月"),
            (Part::Headline, "清河大桥主桥合龙"),
            (Part::Headline, "明年五月通车"),
            (Part::Names, "本报记者 周小禾"),
            (Part::Text, "本报柳溪讯 9月7日，大桥合龙。"),
            (Part::Caption, "合龙现场。许舟 摄"),
            (Part::Text, "大桥全长一千二百米。（下转2版）"),
        ]);
        let page = compose(&text, &[pieces], &Issue::default());
        let record = &page.articles[0].article.record;
        assert_eq!(record.title, "清河大桥主桥合龙 明年五月通车");
        assert_eq!((record.kicker.as_str(), record.byline.len()), ("历时二十六个月", 1));
        assert_eq!(record.paragraphs, ["9月7日，大桥合龙。", "大桥全长一千二百米。"]);
        assert_eq!(record.captions[0].credit, "许舟");
        assert!(record.jump.is_some());
    }

    #[test]
    fn a_picture_alone_has_its_caption_as_its_text() {
        let (text, pieces) = page(&[(Part::Caption, "9月7日，合龙现场。许舟 摄")]);
        let page = compose(&text, &[pieces], &Issue::default());
        let record = &page.articles[0].article.record;
        assert_eq!((record.kind, record.paragraphs.len()), (Kind::Photo, 1));
    }

    #[test]
    fn lines_say_what_they_are() {
        assert_eq!(says("本报记者 周小禾 通讯员 林小满"), Some(Says::Names));
        assert_eq!(says("（下转第二版）"), Some(Says::Pointer));
        assert_eq!(says("今日导读"), Some(Says::TeaserHeader));
        assert_eq!(says("清河日报"), Some(Says::Masthead));
        assert_eq!(says("清河大桥主桥合龙"), None);
    }
}
