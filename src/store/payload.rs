//! An article as Qdrant keeps it: a flat JSON object.
//!
//! The keys are those of [`Record`], so that whoever looks at a point sees the article, plus nine
//! of the store's own, and those of what the article names. Empty
//! texts, empty lists and missing values are left out; the text fields
//! that a filter can name stay even when empty, because `paper = ""` must find them. The
//! publication day is also kept as a number, which is what an integer index can compare.

mod entities;

use serde_json::Map;
use serde_json::Value;

use crate::Imprint;
use crate::Point;
use crate::Stored;
use wenmai_domain::article::Article;
use wenmai_domain::article::Record;
use wenmai_domain::day;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::filter::TextField;
use wenmai_domain::id::ArticleId;
use wenmai_domain::page_code::PageCode;
use wenmai_domain::reprint::Membership;
use wenmai_domain::terms::TermVector;

pub use entities::keys_of;

/// The dense vector's name.
pub const TEXT: &str = "text";
/// The sparse vector's name.
pub const TERMS: &str = "terms";
/// The sparse vector of hashes by which reprints are found.
pub const REPRINT: &str = "reprint";
/// Days since 1970-01-01 of the publication date; absent without a date.
pub const DATE: &str = "date";
/// The number of [`Record::page`]; the page itself is only kept where it is more than that.
pub const PAGE_NO: &str = "page_no";
/// [`PageCode::sort_key`] of a page that stands in a part of the issue; absent for one that has a
/// number only, whose key that number is.
pub const PAGE_KEY: &str = "page_key";
/// [`Record::page`].
const PAGE: &str = "page";
/// [`Record::kind`], by its name.
pub const KIND: &str = "kind";
/// [`Membership::group`].
pub const GROUP: &str = "reprint_group";
/// [`Membership::is_original`].
pub const ORIGINAL: &str = "reprint_original";
/// [`Point::arrival`].
pub const ARRIVAL: &str = "arrival";
/// The article's event, once it has one.
pub const EVENT: &str = "topic_event";
/// The article's story, once it has one.
pub const STORY: &str = "topic_story";
/// [`Point::content_hash`].
const CONTENT_HASH: &str = "content_hash";
/// [`Point::created_at_us`].
const CREATED_AT: &str = "created_at_us";
/// [`Point::updated_at_us`].
const UPDATED_AT: &str = "updated_at_us";

/// A payload that is not an article, or an article that is not a payload.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A key of the store's own is missing or of another type.
    #[error("payload has no valid `{0}`")]
    Key(&'static str),
    /// What remains is not a record.
    #[error("payload is not an article")]
    Record(#[from] serde_json::Error),
}

/// Splits a point into what Qdrant keeps: payload, embedding, terms; the signature is passed over.
///
/// # Errors
/// [`Error::Record`] if the record does not serialise to an object.
pub fn from_point(point: Point) -> Result<(Map<String, Value>, Embedding, TermVector), Error> {
    let Point { article, text, terms, membership, signature: _, content_hash, .. } = point;
    let Point { arrival, created_at_us, updated_at_us, .. } = point;
    let Article { id: _, record, entities } = article;
    let mut payload = match serde_json::to_value(&record)? {
        Value::Object(map) => map,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            return Err(Error::Key(KIND));
        }
    };
    payload.retain(|key, value| !is_empty(value) || is_filter_text(key));
    if let Some(date) = record.date() {
        payload.insert(DATE.to_owned(), day::number(date).into());
    }
    put_page(&mut payload, record.page);
    entities::put(&mut payload, &entities);
    payload.extend(from_membership(membership));
    payload.insert(ARRIVAL.to_owned(), arrival.into());
    payload.insert(CONTENT_HASH.to_owned(), content_hash.into());
    payload.insert(CREATED_AT.to_owned(), created_at_us.into());
    payload.insert(UPDATED_AT.to_owned(), updated_at_us.into());
    Ok((payload, text, terms))
}

/// The point that a payload is of.
///
/// # Errors
/// [`Error`] if the payload was not made by [`from_point`].
pub fn to_stored(
    id: ArticleId,
    mut payload: Map<String, Value>,
    vectors: Option<(Embedding, TermVector)>,
) -> Result<Stored, Error> {
    payload.remove(DATE);
    payload.remove(PAGE_KEY);
    if payload.contains_key(PAGE) {
        payload.remove(PAGE_NO);
    }
    let entities = entities::take(&mut payload)?;
    let membership = to_membership(&mut payload)?;
    let Some(Value::String(content_hash)) = payload.remove(CONTENT_HASH) else {
        return Err(Error::Key(CONTENT_HASH));
    };
    for topic in [EVENT, STORY] {
        payload.remove(topic);
    }
    let arrival = payload.remove(ARRIVAL).and_then(|value| value.as_u64()).unwrap_or(0);
    let mut time = |key: &'static str| {
        payload.remove(key).and_then(|value| value.as_i64()).ok_or(Error::Key(key))
    };
    let created_at_us = time(CREATED_AT)?;
    let updated_at_us = time(UPDATED_AT)?;
    let record: Record = serde_json::from_value(Value::Object(payload))?;
    let article = Article { id, record, entities };
    Ok(Stored { article, membership, arrival, content_hash, created_at_us, updated_at_us, vectors })
}

/// Puts a page in the form that a filter can name. A plain number is kept as it was before pages
/// had codes, so that older programs and folders agree.
fn put_page(payload: &mut Map<String, Value>, page: Option<PageCode>) {
    let Some(page) = page else { return };
    if page.is_plain() {
        payload.remove(PAGE);
    }
    payload.insert(PAGE_NO.to_owned(), page.number().into());
    if page.sort_key() != i64::from(page.number()) {
        payload.insert(PAGE_KEY.to_owned(), page.sort_key().into());
    }
}

/// What a payload keeps of a membership.
pub fn from_membership(membership: Membership) -> Map<String, Value> {
    let Membership { group, is_original } = membership;
    let mut payload = Map::new();
    payload.insert(GROUP.to_owned(), group.to_string().into());
    payload.insert(ORIGINAL.to_owned(), is_original.into());
    payload
}

/// The membership that a payload keeps, taken out of it.
///
/// # Errors
/// [`Error::Key`] if it was not made by [`from_membership`].
pub fn to_membership(payload: &mut Map<String, Value>) -> Result<Membership, Error> {
    let group = payload.remove(GROUP);
    let group = group.as_ref().and_then(Value::as_str).and_then(|group| group.parse().ok());
    let is_original = payload.remove(ORIGINAL).and_then(|value| value.as_bool());
    Ok(Membership {
        group: group.ok_or(Error::Key(GROUP))?,
        is_original: is_original.ok_or(Error::Key(ORIGINAL))?,
    })
}

/// What [`to_imprint`] needs of a payload.
pub const OF_IMPRINT: [&str; 5] = [ORIGINAL, GROUP, "paper", "source", "published_at"];

/// The imprint of the article that a payload, or what is named in [`OF_IMPRINT`], is of.
///
/// # Errors
/// [`Error`] if the payload was not made by [`from_point`].
pub fn to_imprint(id: ArticleId, mut payload: Map<String, Value>) -> Result<Imprint, Error> {
    let Membership { is_original, .. } = to_membership(&mut payload)?;
    payload.retain(|key, _| OF_IMPRINT.contains(&key.as_str()));
    let record: Record = serde_json::from_value(Value::Object(payload))?;
    Ok(Imprint::new(id, is_original, record))
}

/// Whether a value says no more than its absence.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

/// Whether a filter can name this text field.
fn is_filter_text(key: &str) -> bool {
    TextField::ALL.iter().any(|field| field.name() == key)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use serde_json::Value;

    use super::DATE;
    use super::KIND;
    use super::PAGE_KEY;
    use super::PAGE_NO;
    use super::from_point;
    use super::to_stored;
    use crate::Point;
    use crate::Stored;
    use wenmai_domain::article::Article;
    use wenmai_domain::article::Caption;
    use wenmai_domain::article::Contributor;
    use wenmai_domain::article::Dateline;
    use wenmai_domain::article::Jump;
    use wenmai_domain::article::Kind;
    use wenmai_domain::article::Record;
    use wenmai_domain::article::Role;
    use wenmai_domain::article::StaffLine;
    use wenmai_domain::embedding::Embedding;
    use wenmai_domain::filter::TextField;
    use wenmai_domain::page_code::PageCode;
    use wenmai_domain::reprint::GroupId;
    use wenmai_domain::reprint::Membership;
    use wenmai_domain::reprint::Signature;
    use wenmai_domain::terms::TermVector;

    /// A record without an empty field.
    fn full() -> Record {
        Record {
            paper: "清河日报".into(),
            source: "qinghe".into(),
            source_id: "a-1".into(),
            url: "https://qinghe.example/a-1".into(),
            published_at: Some(date(2025, 9, 8).at(6, 30, 0, 0)),
            edition: "A".into(),
            page: "A02".parse().ok(),
            page_name: "要闻".into(),
            order_on_page: Some(0),
            kind: Kind::Feature,
            kicker: "引题".into(),
            title: "标题".into(),
            subtitle: "副题".into(),
            section: "民生".into(),
            byline: vec![Contributor { name: "张三".into(), role: Role::Reporter }],
            agency: "新华社".into(),
            dateline: Some(Dateline {
                raw: "3月12日至13日".into(),
                place: "北京".into(),
                date_from: Some(date(2025, 3, 12)),
                date_to: Some(date(2025, 3, 13)),
            }),
            paragraphs: vec!["第一段。".into(), "第二段。".into()],
            captions: vec![Caption { text: "图说".into(), credit: "李四".into() }],
            jump: Some(Jump::ToPage(PageCode::from_number(7))),
            teaser_of: Some(Article::new(Record::default()).id),
            source_note: "(市委)".into(),
            staff: vec![StaffLine { duty: "责编".into(), names: vec!["王五".into()] }],
        }
    }

    fn point(record: Record) -> Point {
        let article = Article::new(record);
        let group = GroupId::found(article.id, "h");
        Point {
            membership: Membership { group, is_original: false },
            signature: Signature::default(),
            article,
            text: Embedding::normalize(vec![1.0, 2.0]).unwrap(),
            terms: TermVector::from_weights([(7, 1.5)]),
            arrival: 7,
            content_hash: "h".into(),
            created_at_us: 1,
            updated_at_us: i64::MAX,
        }
    }

    fn round_trip(record: Record) {
        let point = point(record);
        let (payload, text, terms) = from_point(point.clone()).unwrap();
        let stored = to_stored(point.article.id, payload, Some((text, terms))).unwrap();
        let Point { article, text, terms, membership, content_hash, .. } = point;
        let Point { arrival, created_at_us, updated_at_us, .. } = point;
        let vectors = Some((text, terms));
        let expected = Stored {
            article,
            membership,
            arrival,
            content_hash,
            created_at_us,
            updated_at_us,
            vectors,
        };
        assert_eq!(stored, expected);
    }

    #[test]
    fn an_article_comes_back_as_it_was() {
        round_trip(full());
        round_trip(Record::default());
    }

    #[test]
    fn no_field_of_a_record_takes_a_key_of_the_stores_own() {
        let Value::Object(record) = serde_json::to_value(full()).unwrap() else { panic!() };
        let (payload, _, _) = from_point(point(full())).unwrap();
        assert_eq!(payload.len(), record.len() + 9);
    }

    #[test]
    fn what_a_filter_names_is_at_the_top_and_there_even_when_empty() {
        let (payload, _, _) = from_point(point(full())).unwrap();
        assert_eq!(payload[DATE], 20_339);
        assert_eq!(payload[PAGE_NO], 2);
        assert_eq!(payload[KIND], Kind::Feature.name());
        let (empty, _, _) = from_point(point(Record::default())).unwrap();
        for field in TextField::ALL {
            assert_eq!(payload[field.name()], field.of(&full()));
            assert_eq!(empty[field.name()], "");
        }
        assert!(!empty.contains_key(DATE) && !empty.contains_key(PAGE_NO));
    }

    #[test]
    fn a_plain_page_is_kept_as_folders_of_before_have_it() {
        let record = Record { page: Some(PageCode::from_number(3)), ..Record::default() };
        let (payload, _, _) = from_point(point(record.clone())).unwrap();
        assert_eq!(payload[PAGE_NO], 3);
        assert!(!payload.contains_key("page") && !payload.contains_key(PAGE_KEY));
        round_trip(record);
        for page in ["B02-03", "4-5", "特1"] {
            round_trip(Record { page: page.parse().ok(), ..Record::default() });
        }
    }

    #[test]
    fn every_kind_is_kept_by_its_name() {
        for kind in Kind::ALL {
            let (payload, _, _) = from_point(point(Record { kind, ..Record::default() })).unwrap();
            assert_eq!(payload[KIND], kind.name());
        }
    }

    #[test]
    fn a_payload_that_is_no_article_is_refused() {
        let id = Article::new(Record::default()).id;
        let (payload, _, _) = from_point(point(full())).unwrap();
        for key in
            ["content_hash", "created_at_us", "updated_at_us", "reprint_group", "reprint_original"]
        {
            let mut payload = payload.clone();
            payload.remove(key);
            assert!(to_stored(id, payload, None).is_err());
        }
        let mut payload = payload;
        payload.insert("unheard_of".into(), 1.into());
        assert!(to_stored(id, payload, None).is_err());
    }
}
