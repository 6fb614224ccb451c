//! Articles and records, to the wire.

use crate::convert::View;
use crate::convert::count;
use crate::convert::date::timestamp;
use crate::convert::date::timestamp_us;
use crate::convert::date::write_date;
use crate::convert::entity;
use crate::convert::name;
use wenmai_domain::article::Article;
use wenmai_domain::article::Caption;
use wenmai_domain::article::Contributor;
use wenmai_domain::article::Dateline;
use wenmai_domain::article::Jump;
use wenmai_domain::article::Kind;
use wenmai_domain::article::Record;
use wenmai_domain::article::Role;
use wenmai_domain::article::StaffLine;
use wenmai_domain::page_code::PageCode;
use wenmai_engine::Ingested;
use wenmai_engine::Outcome;
use wenmai_engine::StoredArticle;
use wenmai_proto::wire;

/// An article as a search gives it.
#[must_use]
pub fn article(article: Article, view: View) -> wire::Article {
    let Article { id, record, entities } = article;
    let full = view == View::Full;
    wire::Article {
        name: name(id),
        entities: if full { entity::entities(&entities, &record) } else { Vec::new() },
        record: Some(write_record(record, view)),
        create_time: None,
        update_time: None,
    }
}

/// An article as the store gives it.
#[must_use]
pub fn stored(stored: StoredArticle, view: View) -> wire::Article {
    let StoredArticle { article: inner, created_at_us, updated_at_us } = stored;
    wire::Article {
        create_time: timestamp_us(created_at_us),
        update_time: timestamp_us(updated_at_us),
        ..article(inner, view)
    }
}

/// What became of an article.
#[must_use]
pub fn ingested(of: &Ingested) -> wire::IngestedArticle {
    let Ingested { id, outcome, char_count, char_count_embedded } = of;
    let outcome = match outcome {
        Outcome::Created => wire::IngestOutcome::Created,
        Outcome::Updated => wire::IngestOutcome::Updated,
        Outcome::Unchanged => wire::IngestOutcome::Unchanged,
    };
    wire::IngestedArticle {
        name: name(*id),
        outcome: outcome.into(),
        char_count: count(*char_count),
        char_count_embedded: count(*char_count_embedded),
    }
}

/// A record as the wire has it.
#[must_use]
pub fn write_record(from: Record, view: View) -> wire::ArticleRecord {
    let Record {
        paper,
        source,
        source_id,
        url,
        published_at,
        edition,
        page,
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
    } = from;
    let full = view == View::Full;
    wire::ArticleRecord {
        paper,
        source,
        source_id,
        url,
        publish_time: published_at.and_then(timestamp),
        edition,
        page_no: page.map(PageCode::number).unwrap_or_default(),
        page: page.map(|page| page.to_string()).unwrap_or_default(),
        page_name,
        order_on_page,
        kind: write_kind(kind).into(),
        kicker,
        title,
        subtitle,
        section,
        byline: byline.into_iter().map(write_contributor).collect(),
        agency,
        dateline: dateline.map(write_dateline),
        paragraphs: if full { paragraphs } else { Vec::new() },
        captions: if full { captions.into_iter().map(write_caption).collect() } else { Vec::new() },
        jump: jump.map(write_jump),
        teaser_of: teaser_of.map(name).unwrap_or_default(),
        source_note,
        staff: staff
            .into_iter()
            .map(|StaffLine { duty, names }| wire::StaffLine { duty, names })
            .collect(),
    }
}

fn write_kind(kind: Kind) -> wire::ArticleKind {
    match kind {
        Kind::News => wire::ArticleKind::News,
        Kind::Comment => wire::ArticleKind::Comment,
        Kind::Feature => wire::ArticleKind::Feature,
        Kind::Brief => wire::ArticleKind::Brief,
        Kind::Photo => wire::ArticleKind::Photo,
        Kind::Notice => wire::ArticleKind::Notice,
        Kind::Teaser => wire::ArticleKind::Teaser,
        Kind::Staff => wire::ArticleKind::Staff,
    }
}

fn write_contributor(from: Contributor) -> wire::Contributor {
    let Contributor { name, role } = from;
    let role = match role {
        Role::Author => wire::ContributorRole::Author,
        Role::Reporter => wire::ContributorRole::Reporter,
        Role::Correspondent => wire::ContributorRole::Correspondent,
        Role::Photographer => wire::ContributorRole::Photographer,
    };
    wire::Contributor { name, role: role.into() }
}

fn write_caption(from: Caption) -> wire::Caption {
    let Caption { text, credit } = from;
    wire::Caption { text, credit }
}

fn write_jump(from: Jump) -> wire::Jump {
    let page = match from {
        Jump::ToPage(page) if page.is_plain() => wire::jump::Page::ToPageNo(page.number()),
        Jump::ToPage(page) => wire::jump::Page::ToPage(page.to_string()),
        Jump::FromPage(page) if page.is_plain() => wire::jump::Page::FromPageNo(page.number()),
        Jump::FromPage(page) => wire::jump::Page::FromPage(page.to_string()),
    };
    wire::Jump { page: Some(page) }
}

fn write_dateline(from: Dateline) -> wire::Dateline {
    let Dateline { raw, place, date_from, date_to } = from;
    let (date_from, date_to) = (date_from.map(write_date), date_to.map(write_date));
    wire::Dateline { raw, place, date_from, date_to }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::write_record;
    use crate::convert::View;
    use crate::convert::record;
    use wenmai_domain::article::Caption;
    use wenmai_domain::article::Contributor;
    use wenmai_domain::article::Dateline;
    use wenmai_domain::article::Jump;
    use wenmai_domain::article::Kind;
    use wenmai_domain::article::Record;
    use wenmai_domain::article::Role;
    use wenmai_domain::article::StaffLine;
    use wenmai_proto::wire;

    fn full() -> Record {
        Record {
            paper: "清河日报".into(),
            source: "feed".into(),
            source_id: "a-1".into(),
            url: "https://qinghe.example/a-1".into(),
            published_at: Some(date(2025, 9, 8).at(0, 0, 0, 0)),
            edition: "A".into(),
            page: "B02-03".parse().ok(),
            page_name: "要闻".into(),
            order_on_page: Some(0),
            kind: Kind::Photo,
            kicker: "引题".into(),
            title: "标题".into(),
            subtitle: "副题".into(),
            section: "民生".into(),
            byline: vec![Contributor { name: "张三".into(), role: Role::Photographer }],
            agency: "新华社".into(),
            dateline: Some(Dateline {
                raw: "9月7日".into(),
                place: "北京".into(),
                date_from: Some(date(2025, 9, 7)),
                date_to: Some(date(2025, 9, 7)),
            }),
            paragraphs: vec!["一。".into(), "二。".into()],
            captions: vec![Caption { text: "图".into(), credit: "李四".into() }],
            jump: "A03".parse().ok().map(Jump::ToPage),
            teaser_of: Some(uuid::Uuid::from_u128(5).into()),
            source_note: "(来源)".into(),
            staff: vec![StaffLine { duty: "责编".into(), names: vec!["王五".into()] }],
        }
    }

    #[test]
    fn a_record_comes_back_as_it_went() {
        assert_eq!(record(write_record(full(), View::Full), ""), Ok(full()));
        assert_eq!(record(wire::ArticleRecord::default(), ""), Ok(Record::default()));
    }

    #[test]
    fn a_page_is_read_from_either_field_and_costs_no_article() {
        let read = |page: &str, page_no, page_name: &str| {
            let sent = wire::ArticleRecord {
                page: page.into(),
                page_no,
                page_name: page_name.into(),
                ..Default::default()
            };
            let read = record(sent, "").unwrap();
            (read.page.map(|page| page.to_string()), read.page_name)
        };
        let known = |page: &str, name: &str| (Some(page.to_owned()), name.to_owned());
        assert_eq!(read("A03", 0, ""), known("A03", ""));
        assert_eq!(read("", 3, "要闻"), known("3", "要闻"));
        assert_eq!(read("第4版：社会", 3, ""), known("4", "社会"));
        assert_eq!(read("社会", 0, ""), (None, "社会".to_owned()));
        assert_eq!(read("社会", 5, "要闻"), known("5", "要闻"));
        let page = "A03".parse().ok();
        let sent = write_record(Record { page, ..Record::default() }, View::Basic);
        assert_eq!((sent.page.as_str(), sent.page_no), ("A03", 3));
    }

    #[test]
    fn the_basic_view_has_neither_paragraphs_nor_captions() {
        let basic = write_record(full(), View::Basic);
        assert!(basic.paragraphs.is_empty() && basic.captions.is_empty());
        let expected = Record { paragraphs: Vec::new(), captions: Vec::new(), ..full() };
        assert_eq!(record(basic, ""), Ok(expected));
    }

    #[test]
    fn midnight_in_china_is_four_in_the_afternoon_before_in_greenwich() {
        let time = write_record(full(), View::Full).publish_time.unwrap();
        assert_eq!(time.to_string(), "2025-09-07T16:00:00Z");
    }

    #[test]
    fn unknown_enum_numbers_are_named_with_their_path() {
        let byline = vec![wire::Contributor { name: "张三".into(), role: 77 }];
        let wrong = wire::ArticleRecord { byline, ..Default::default() };
        let violation = record(wrong, "article.").unwrap_err();
        assert_eq!(violation.field, "article.byline[0].role");
        assert_eq!(violation.description, "has the unknown value 77");
    }

    #[test]
    fn a_day_that_is_none_is_refused() {
        let day = wire::Date { year: 2025, month: 2, day: 30 };
        let dateline = wire::Dateline { date_to: Some(day), ..Default::default() };
        let wrong = wire::ArticleRecord { dateline: Some(dateline), ..Default::default() };
        assert_eq!(record(wrong, "").unwrap_err().field, "dateline.date_to");
    }

    proptest! {
        #[test]
        fn every_time_is_read_or_refused_and_comes_back(seconds: i64, nanos: i32) {
            let time = prost_types::Timestamp { seconds, nanos };
            let sent = wire::ArticleRecord { publish_time: Some(time), ..Default::default() };
            if let Ok(read) = record(sent, "") {
                prop_assert_eq!(write_record(read, View::Full).publish_time, Some(time));
            }
        }

        #[test]
        fn times_of_newspapers_come_back(
            seconds in -5_000_000_000_i64..5_000_000_000,
            nanos in 0..1_000_000_000,
        ) {
            let time = prost_types::Timestamp { seconds, nanos };
            let sent = wire::ArticleRecord { publish_time: Some(time), ..Default::default() };
            let read = record(sent, "").unwrap();
            prop_assert_eq!(write_record(read, View::Full).publish_time, Some(time));
        }
    }
}
