//! Records, from the wire.

use crate::convert::date::read_date;
use crate::convert::date::read_time;
use crate::convert::id;
use crate::convert::known;
use wenmai_domain::article::Caption;
use wenmai_domain::article::Contributor;
use wenmai_domain::article::Dateline;
use wenmai_domain::article::Jump;
use wenmai_domain::article::Kind;
use wenmai_domain::article::Record;
use wenmai_domain::article::Role;
use wenmai_domain::article::StaffLine;
use wenmai_domain::page_code::PageCode;
use wenmai_engine::Violation;
use wenmai_proto::wire;

/// Reads a record; `prefix` is the path before its fields (`article.`).
///
/// # Errors
/// A violation for an unknown enum number, a time, a date or a name that is none.
pub fn record(from: wire::ArticleRecord, prefix: &str) -> Result<Record, Violation> {
    let wire::ArticleRecord {
        paper,
        source,
        source_id,
        url,
        publish_time,
        edition,
        page_no,
        page_name,
        order_on_page,
        kind,
        kicker,
        title,
        subtitle,
        section,
        byline,
        agency,
        dateline,
        paragraphs,
        captions,
        jump,
        teaser_of,
        source_note,
        staff,
        page,
    } = from;
    let at = |field: &str| format!("{prefix}{field}");
    let published_at = publish_time.map(|time| read_time(time, &at("publish_time"))).transpose()?;
    let dateline = dateline.map(|line| read_dateline(line, &at("dateline"))).transpose()?;
    let teaser_of = match teaser_of.as_str() {
        "" => None,
        name => Some(id(name, &at("teaser_of"))?),
    };
    let (page, page_name) = read_page(&page, page_no, page_name);
    Ok(Record {
        paper,
        source,
        source_id,
        url,
        published_at,
        edition,
        page,
        page_name,
        order_on_page,
        kind: read_kind(kind, &at("kind"))?,
        kicker,
        title,
        subtitle,
        section,
        byline: read_byline(byline, &at("byline"))?,
        agency,
        dateline,
        paragraphs,
        captions: captions.into_iter().map(read_caption).collect(),
        jump: jump.and_then(read_jump),
        teaser_of,
        source_note,
        staff: staff.into_iter().map(read_staff_line).collect(),
    })
}

/// Page and page name of a record or an issue. What cannot be read as a page costs the page, never
/// the article, and is kept as the name where there is none.
pub(super) fn read_page(page: &str, no: u32, name: String) -> (Option<PageCode>, String) {
    let (code, rest) = PageCode::read(page);
    let code = code.or((no > 0).then(|| PageCode::from_number(no)));
    (code, if name.is_empty() { rest } else { name })
}

fn read_caption(from: wire::Caption) -> Caption {
    let wire::Caption { text, credit } = from;
    Caption { text, credit }
}

fn read_jump(from: wire::Jump) -> Option<Jump> {
    let wire::Jump { page } = from;
    page.and_then(|page| match page {
        wire::jump::Page::ToPageNo(no) => Some(Jump::ToPage(no.into())),
        wire::jump::Page::FromPageNo(no) => Some(Jump::FromPage(no.into())),
        wire::jump::Page::ToPage(page) => page.parse().ok().map(Jump::ToPage),
        wire::jump::Page::FromPage(page) => page.parse().ok().map(Jump::FromPage),
    })
}

fn read_staff_line(from: wire::StaffLine) -> StaffLine {
    let wire::StaffLine { duty, names } = from;
    StaffLine { duty, names }
}

fn read_kind(number: i32, field: &str) -> Result<Kind, Violation> {
    Ok(match known(number, field)? {
        wire::ArticleKind::Unspecified | wire::ArticleKind::News => Kind::News,
        wire::ArticleKind::Comment => Kind::Comment,
        wire::ArticleKind::Feature => Kind::Feature,
        wire::ArticleKind::Brief => Kind::Brief,
        wire::ArticleKind::Photo => Kind::Photo,
        wire::ArticleKind::Notice => Kind::Notice,
        wire::ArticleKind::Teaser => Kind::Teaser,
        wire::ArticleKind::Staff => Kind::Staff,
    })
}

fn read_byline(from: Vec<wire::Contributor>, path: &str) -> Result<Vec<Contributor>, Violation> {
    let numbered = from.into_iter().enumerate();
    numbered.map(|(index, one)| read_contributor(one, &format!("{path}[{index}]"))).collect()
}

fn read_contributor(from: wire::Contributor, path: &str) -> Result<Contributor, Violation> {
    let wire::Contributor { name, role } = from;
    let role = match known(role, &format!("{path}.role"))? {
        wire::ContributorRole::Unspecified | wire::ContributorRole::Author => Role::Author,
        wire::ContributorRole::Reporter => Role::Reporter,
        wire::ContributorRole::Correspondent => Role::Correspondent,
        wire::ContributorRole::Photographer => Role::Photographer,
    };
    Ok(Contributor { name, role })
}

fn read_dateline(from: wire::Dateline, path: &str) -> Result<Dateline, Violation> {
    let wire::Dateline { raw, place, date_from, date_to } = from;
    let read = |day: Option<wire::Date>, field: &str| {
        day.map(|day| read_date(day, &format!("{path}.{field}"))).transpose()
    };
    let (date_from, date_to) = (read(date_from, "date_from")?, read(date_to, "date_to")?);
    Ok(Dateline { raw, place, date_from, date_to })
}
