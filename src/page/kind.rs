//! What kind of text an article is: report, comment, feature, brief, photo, notice or teaser.

use std::sync::LazyLock;

use regex::Regex;

use crate::script;
use wenmai_domain::article::Contributor;
use wenmai_domain::article::Jump;
use wenmai_domain::article::Kind;
use wenmai_domain::article::Record;
use wenmai_domain::article::Role;

/// Sections and tags of opinion.
static OPINION: LazyLock<Regex> = LazyLock::new(|| {
    script::both(
        r"评论|时评|快评|短评|锐评|微评|社论|今日谈|杂谈|[长记任]谈|新观察|观察[①-⑳]|论坛|随笔|漫笔|有感|民生观|一家之言|编后",
    )
});

static NOTICE: LazyLock<Regex> = LazyLock::new(|| {
    script::both(
        r"(?:公告|公示|启事|声明|通告|拍卖|招标|招聘|遗失|停电通知|停水通知|讣告|更正)$|^(?:公告|公示|启事|声明|遗失)",
    )
});

/// Headlines of what is printed every day: the weather, results of lotteries.
static DAILY: LazyLock<Regex> =
    LazyLock::new(|| script::both(r"(?:天气预报|天气|气象信息|开奖(?:公告|信息|结果|号码)?)$"));

static BRIEF: LazyLock<Regex> =
    LazyLock::new(|| script::both(r"简讯|短讯|快讯|速览|速递|短波|一句话"));

/// Characters up to which a text with a page to look on is only a teaser.
const TEASER_BODY: usize = 400;

/// Characters up to which an item of a section of briefs is one.
pub(crate) const BRIEF_BODY: usize = 400;

/// Characters from which a text with subheadings is a feature.
const FEATURE_BODY: usize = 1_200;

/// What the page shows of an article besides its words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// A caption stands with it.
    pub photo: bool,
    /// Subheadings in its body.
    pub subheads: usize,
    /// It goes on on another page.
    pub goes_on: bool,
}

/// Sets the kind of `record`, unless it is a staff box or teaser already, and what follows from it.
pub(crate) fn settle(record: &mut Record, shape: Shape) {
    let Shape { photo, subheads, goes_on } = shape;
    if matches!(record.kind, Kind::Staff | Kind::Teaser) {
        return;
    }
    let count: usize = record.paragraphs.iter().map(|p| p.chars().count()).sum();
    let short = record.paragraphs.len() <= 3 && count <= 300;
    record.kind = if photo || !record.captions.is_empty() && short {
        Kind::Photo
    } else if !goes_on && matches!(record.jump, Some(Jump::ToPage(_))) && is_pointer(record, count)
    {
        Kind::Teaser
    } else if NOTICE.is_match(record.title.trim()) {
        Kind::Notice
    } else if is_comment(record) {
        Kind::Comment
    } else if BRIEF.is_match(&record.section) && count <= BRIEF_BODY {
        Kind::Brief
    } else if subheads >= 2 && count >= FEATURE_BODY {
        Kind::Feature
    } else {
        Kind::News
    };
    credits(record);
}

/// Whether `title` heads a public notice.
pub(crate) fn is_notice(title: &str) -> bool {
    title.len() <= 200 && NOTICE.is_match(title.trim())
}

/// Whether `title` heads what is printed every day.
pub(crate) fn is_daily(title: &str) -> bool {
    title.len() <= 60 && DAILY.is_match(title.trim())
}

/// Whether a section of this name holds briefs.
pub(crate) fn is_for_briefs(section: &str) -> bool {
    BRIEF.is_match(section)
}

/// A teaser says in a few words what another page tells; it has no opener of its own.
fn is_pointer(record: &Record, count: usize) -> bool {
    count <= TEASER_BODY && record.dateline.is_none() && record.byline.is_empty()
}

fn is_comment(record: &Record) -> bool {
    let commentator = record.byline.iter().any(|person| person.name.contains("评论员"));
    let named = [&record.section, &record.title, &record.kicker].into_iter();
    let opinion = named.into_iter().any(|text| OPINION.is_match(text));
    commentator || opinion && record.dateline.is_none()
}

/// Gives captions their text and, where nobody else signs, makes the photographer the author.
fn credits(record: &mut Record) {
    if record.kind == Kind::Photo
        && let Some(caption) = record.captions.first_mut()
        && caption.text.is_empty()
    {
        caption.text = record.paragraphs.join("\n");
    } else if record.kind == Kind::Photo && record.captions.is_empty() {
        record.captions.push(wenmai_domain::article::Caption {
            text: record.paragraphs.join("\n"),
            credit: String::new(),
        });
    }
    if record.byline.is_empty() {
        let names = record.captions.iter().flat_map(|caption| caption.credit.split(' '));
        let people = names
            .filter(|name| !name.is_empty())
            .map(|name| Contributor { name: name.to_owned(), role: Role::Photographer });
        record.byline = people.collect();
    }
}

#[cfg(test)]
mod tests {
    use super::Shape;
    use super::settle;
    use wenmai_domain::article::Dateline;
    use wenmai_domain::article::Jump;
    use wenmai_domain::article::Kind;
    use wenmai_domain::article::Record;

    fn kind(record: Record) -> Kind {
        let mut record = Record { paragraphs: vec!["大桥通了。".into()], ..record };
        settle(&mut record, Shape { photo: false, subheads: 0, goes_on: false });
        record.kind
    }

    #[test]
    fn a_short_text_with_a_page_is_a_teaser() {
        let jump = Some(Jump::ToPage(3.into()));
        assert_eq!(kind(Record { jump, ..Record::default() }), Kind::Teaser);
        let dateline = Some(Dateline::default());
        assert_eq!(kind(Record { dateline, jump, ..Record::default() }), Kind::News);
    }

    #[test]
    fn sections_of_opinion_make_comments() {
        let record = Record { section: "清河时评".into(), ..Record::default() };
        assert_eq!(kind(record), Kind::Comment);
    }

    #[test]
    fn notices_say_so_in_the_title() {
        assert_eq!(kind(Record { title: "招标公告".into(), ..Record::default() }), Kind::Notice);
    }
}
