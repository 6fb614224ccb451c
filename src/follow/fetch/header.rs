//! The fields of an answer's head that matter here.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use ureq::http::HeaderMap;

/// Bytes of an entity tag or of a time that is kept, at most.
pub(super) const MARK_BYTES_MAX: usize = 1_024;

/// A field as text; bytes beyond ASCII are replaced.
pub(super) fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = String::from_utf8_lossy(headers.get(name)?.as_bytes()).trim().to_owned();
    (!value.is_empty()).then_some(value)
}

/// The type in lower case without parameters, and the encoding.
pub(super) fn kind(headers: &HeaderMap) -> (String, Option<String>) {
    let whole = text(headers, "content-type").unwrap_or_default().to_ascii_lowercase();
    let mut parts = whole.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default().to_owned();
    let charset = parts.find_map(|part| part.strip_prefix("charset="));
    let charset = charset.map(|name| name.trim_matches(['"', '\'', ' ']).to_owned());
    (kind, charset.filter(|name| !name.is_empty()))
}

/// For how long an answer is good, as its server says (`Cache-Control` before `Expires`).
///
/// Source: RFC 9111, section 4.2.1.
pub(super) fn fresh(headers: &HeaderMap) -> Option<Duration> {
    let control = text(headers, "cache-control").unwrap_or_default().to_ascii_lowercase();
    let mut named = control.split(',').map(str::trim);
    if named.clone().any(|one| matches!(one, "no-cache" | "no-store")) {
        return None;
    }
    let age = named.find_map(|one| one.strip_prefix("max-age="));
    if let Some(seconds) = age.and_then(|age| age.trim_matches('"').parse().ok()) {
        return Some(Duration::from_secs(seconds));
    }
    // Both clocks are the server's, so that ours does not matter.
    let (expires, date) = (time(headers, "expires")?, time(headers, "date")?);
    Duration::try_from(expires.duration_since(date)).ok()
}

/// How long a server wants to be left alone, in seconds or until a time of its own clock.
///
/// Source: RFC 9110, section 10.2.3.
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let after = text(headers, "retry-after")?;
    if let Ok(seconds) = after.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let now = time(headers, "date").unwrap_or_else(Timestamp::now);
    Duration::try_from(time(headers, "retry-after")?.duration_since(now)).ok()
}

fn time(headers: &HeaderMap, name: &str) -> Option<Timestamp> {
    DateTimeParser::new().relaxed_weekday(true).parse_timestamp(&text(headers, name)?).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ureq::http::HeaderMap;
    use ureq::http::HeaderName;
    use ureq::http::HeaderValue;

    use super::fresh;
    use super::kind;
    use super::retry_after;

    fn head(fields: &[(&'static str, &str)]) -> HeaderMap {
        let fields = fields.iter().map(|(name, value)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        });
        fields.collect()
    }

    #[test]
    fn types_are_told_from_encodings() {
        let told = kind(&head(&[("content-type", "Text/HTML ; x=1; Charset=\"GB2312\"")]));
        assert_eq!(told, ("text/html".to_owned(), Some("gb2312".to_owned())));
        assert_eq!(kind(&head(&[])), (String::new(), None));
    }

    #[test]
    fn times_of_servers_are_read() {
        let day = [("date", "Sat, 14 Mar 2026 08:00:00 GMT")];
        let with = |name, value| head(&[day[0], (name, value)]);
        assert_eq!(
            fresh(&with("cache-control", "public, max-age=600")),
            Some(Duration::from_mins(10))
        );
        assert_eq!(fresh(&with("cache-control", "no-cache, max-age=600")), None);
        let hour = "Sat, 14 Mar 2026 09:00:00 GMT";
        assert_eq!(fresh(&with("expires", hour)), Some(Duration::from_hours(1)));
        assert_eq!(fresh(&with("expires", "Sat, 14 Mar 2026 07:00:00 GMT")), None);
        assert_eq!(fresh(&with("expires", "0")), None);
        assert_eq!(retry_after(&with("retry-after", "120")), Some(Duration::from_mins(2)));
        assert_eq!(retry_after(&with("retry-after", hour)), Some(Duration::from_hours(1)));
        assert_eq!(retry_after(&with("retry-after", "soon")), None);
        assert_eq!(retry_after(&with("retry-after", "-5")), None);
    }
}
