//! Checks what comes in: turns bytes into text, and records into what the index can hold.

use crate::Error;
use crate::TEXT_BYTES_MAX;
use crate::Violation;
use wenmai_domain::article::Kind;
use wenmai_domain::article::Record;
use wenmai_domain::embedding::Embedding;
use wenmai_embed as embed;
use wenmai_embed::Embedded;
use wenmai_feed::encoding;
use wenmai_feed::encoding::Decoded;

/// Characters of the body that go into the embedding, behind the title: the shortest lead that
/// loses nothing on the dev stories (`models/train/RESULTS.md`).
pub(super) const LEAD_CHARS: usize = 200;

/// Characters of a title, a section or another heading.
const HEADING_CHARS_MAX: usize = 1_000;

/// Reads `bytes` as text, in the encoding that their mark, their own declaration or their characters
/// tell. Broken bytes stand as U+FFFD and are counted.
///
/// # Errors
/// [`Error::TextTooLong`]; [`Error::Invalid`] naming `field` for bytes that are no text.
pub fn decode<'b>(field: &str, bytes: &'b [u8]) -> Result<Decoded<'b>, Error> {
    text_fits(field, bytes.len())?;
    encoding::decode(bytes, None).map_err(|not_text| Error::invalid(field, not_text.to_string()))
}

/// Checks that a text of `given` bytes is within the limit of one text.
///
/// # Errors
/// [`Error::TextTooLong`] naming `field`.
pub(super) fn text_fits(field: &str, given: usize) -> Result<(), Error> {
    fits(field, "bytes", TEXT_BYTES_MAX, given)
}

fn fits(field: &str, unit: &'static str, limit: usize, given: usize) -> Result<(), Error> {
    if given <= limit {
        return Ok(());
    }
    Err(Error::TextTooLong { field: field.to_owned(), unit, limit, given })
}

/// Checks the sizes of a record's texts.
///
/// # Errors
/// [`Error::TextTooLong`] naming the field.
pub(super) fn sizes(record: &Record) -> Result<(), Error> {
    let captions = record.captions.iter().map(|caption| caption.text.len() + caption.credit.len());
    let bylines = record.byline.iter().map(|who| who.name.len());
    let paragraphs = record.paragraphs.iter().map(String::len);
    text_fits("body", paragraphs.chain(captions).chain(bylines).sum())?;
    let Record { paper, source, source_id, url, section, kicker, title, subtitle, .. } = record;
    let headings = [
        ("title", title),
        ("kicker", kicker),
        ("subtitle", subtitle),
        ("section", section),
        ("paper", paper),
        ("source", source),
        ("source_id", source_id),
        ("url", url),
    ];
    for (field, text) in headings {
        // Counting characters only where bytes could be too many keeps this free.
        if text.len() > HEADING_CHARS_MAX {
            fits(field, "characters", HEADING_CHARS_MAX, text.chars().count())?;
        }
    }
    Ok(())
}

/// Checks that `record` can be stored and found.
pub(super) fn check(record: &Record) -> Result<(), Error> {
    sizes(record)?;
    let mut violations = Vec::new();
    if record.title.trim().is_empty() {
        violations.push(Violation::new("title", "an article needs a title"));
    }
    if record.paragraphs.iter().all(|text| text.trim().is_empty()) {
        violations.push(Violation::new("body", "an article needs a body"));
    }
    // A photo is its caption, a brief its text: neither needs the other half.
    if matches!(record.kind, Kind::Photo | Kind::Brief) && violations.len() == 1 {
        violations.clear();
    }
    if !record.kind.is_article() {
        violations.push(Violation::new(
            "kind",
            format!("a {} is not an article and is not stored", record.kind.name()),
        ));
    }
    if violations.is_empty() { Ok(()) } else { Err(Error::Invalid(violations)) }
}

/// The texts of an article that are embedded: the title, and the title with the start of the body.
/// The mean of their embeddings is that of the article.
pub(super) struct EmbedTexts {
    pub(super) texts: Vec<String>,
    pub(super) char_count: usize,
    pub(super) char_count_embedded: usize,
}

impl EmbedTexts {
    pub(super) fn of(record: &Record) -> Self {
        let title = record.title.trim();
        let body = record.body();
        let lead: String = body.chars().take(LEAD_CHARS).collect();
        let title_chars = title.chars().count();
        let char_count = title_chars + body.chars().count();
        let char_count_embedded = title_chars + lead.chars().count();
        let texts = match (title.is_empty(), lead.trim().is_empty()) {
            (false, false) => vec![title.to_owned(), format!("{title}\n{lead}")],
            (false, true) => vec![title.to_owned()],
            (true, _) => vec![lead],
        };
        Self { texts, char_count, char_count_embedded }
    }
}

/// The embedding of an article: the mean direction of those of its texts. A text that the model
/// cannot read, such as a title of asterisks, is left out.
///
/// # Errors
/// The first text's error if the model can read none; any error that is not about a text.
pub(super) fn joined(
    parts: Vec<Result<Embedded, embed::Error>>,
) -> Result<Embedding, embed::Error> {
    let mut readable = Vec::with_capacity(parts.len());
    let mut unreadable = None;
    for part in parts {
        match part {
            Ok(embedded) => readable.push(embedded.embedding),
            Err(error @ (embed::Error::Empty | embed::Error::NoDirection)) => {
                unreadable.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    if readable.is_empty() {
        return Err(unreadable.unwrap_or(embed::Error::Empty));
    }
    let readable: Vec<&Embedding> = readable.iter().collect();
    Embedding::mean(&readable).map_err(|_no_direction| embed::Error::NoDirection)
}

#[cfg(test)]
mod tests {
    use super::decode;
    use crate::Error;

    #[test]
    fn marked_utf16_is_read() {
        let bytes: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain("新闻".encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        assert_eq!(decode("page", &bytes).unwrap().text, "新闻");
    }

    #[test]
    fn binary_is_refused_with_its_field() {
        let error = decode("page", &[0x89, b'P', b'N', b'G', 0, 0, 1]).unwrap_err();
        assert!(matches!(&error, Error::Invalid(all) if all[0].field == "page"), "{error}");
    }

    #[test]
    fn more_than_the_limit_is_refused_before_it_is_read() {
        let error = decode("page", &vec![b'a'; super::TEXT_BYTES_MAX + 1]).unwrap_err();
        assert!(matches!(error, Error::TextTooLong { .. }));
    }
}
