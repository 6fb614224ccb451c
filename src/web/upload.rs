//! Files that a form brings, and those that are remembered between two looks at them.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::PoisonError;

use axum::body::Bytes;
use sha2::Digest;
use sha2::Sha256;

/// Files that are remembered at a time.
const KEPT_MAX: usize = 8;
/// Bytes of them together.
const KEPT_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Parts of a form; more are not read.
const PARTS_MAX: usize = 1_100;

/// What a form with a file brings (RFC 7578).
#[derive(Debug, Default)]
pub(crate) struct Parts {
    /// Fields and their texts, without empty ones.
    pub(crate) fields: Vec<(String, String)>,
    /// The file, if one was chosen, and its name.
    pub(crate) file: Option<(String, Bytes)>,
}

/// The boundary that a `content-type` of a form with files names.
pub(crate) fn boundary(content_type: &str) -> Option<&str> {
    let (kind, rest) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let named = rest.split(';').find_map(|part| part.trim().strip_prefix("boundary="))?;
    Some(named.trim_matches('"')).filter(|boundary| !boundary.is_empty())
}

/// Reads the parts of `body`; what is not whole is left out.
pub(crate) fn parts(body: &Bytes, boundary: &str) -> Parts {
    let mut found = Parts::default();
    let mark = format!("\r\n--{boundary}");
    // The first boundary may stand at the very beginning.
    let first = format!("--{boundary}");
    let mut at = if body.starts_with(first.as_bytes()) {
        first.len()
    } else {
        let Some(begin) = place(body, mark.as_bytes(), 0) else { return found };
        begin + mark.len()
    };
    for _part in 0..PARTS_MAX {
        let Some(end) = place(body, mark.as_bytes(), at) else { break };
        part(body, (at, end), &mut found);
        at = end + mark.len();
    }
    found
}

/// Reads one part, from behind its boundary up to the next.
fn part(body: &Bytes, (from, to): (usize, usize), found: &mut Parts) {
    let Some(whole) = body.get(from..to) else { return };
    let Some(end) = place(whole, b"\r\n\r\n", 0) else { return };
    let head = String::from_utf8_lossy(whole.get(..end).unwrap_or_default());
    let mut lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
    let about = lines.find(|(name, _)| name.trim().eq_ignore_ascii_case("content-disposition"));
    let Some((_, about)) = about else { return };
    let value = |key: &str| {
        let begin = about.find(&format!("; {key}=\""))? + key.len() + 4;
        about.get(begin..)?.split('"').next()
    };
    let Some(name) = value("name") else { return };
    let content = body.slice(from + end + 4..to);
    match value("filename") {
        Some(_) if content.is_empty() => {}
        Some(file) => found.file = Some((file.to_owned(), content)),
        None => {
            let text = String::from_utf8_lossy(&content).into_owned();
            if !text.trim().is_empty() {
                found.fields.push((name.to_owned(), text));
            }
        }
    }
}

/// Where `wanted` first stands in `bytes` from `from` on.
fn place(bytes: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    let first = *wanted.first()?;
    let mut at = from;
    loop {
        let rest = bytes.get(at..)?;
        at += rest.iter().position(|byte| *byte == first)?;
        if bytes.get(at..at + wanted.len())? == wanted {
            return Some(at);
        }
        at += 1;
    }
}

/// Files that were looked at a moment ago, so that what is decided about one needs no second upload.
/// A file is called by the hash of its bytes: whoever knows it has had the file.
#[derive(Default)]
pub(crate) struct Files(Mutex<VecDeque<(String, Bytes)>>);

impl Files {
    /// Remembers a file, and forgets the oldest ones where there is no room; returns what it is
    /// called.
    pub(crate) fn keep(&self, file: Bytes) -> String {
        let mut name = String::with_capacity(64);
        for byte in Sha256::digest(&file) {
            let _written = write!(name, "{byte:02x}");
        }
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(known, _)| *known != name);
        let size = |kept: &VecDeque<(String, Bytes)>| {
            kept.iter().map(|(_, file)| file.len()).sum::<usize>()
        };
        while kept.len() >= KEPT_MAX
            || (!kept.is_empty() && size(&kept) + file.len() > KEPT_BYTES_MAX)
        {
            kept.pop_front();
        }
        kept.push_back((name.clone(), file));
        name
    }

    /// The file that is called so, if it is still remembered.
    pub(crate) fn of(&self, name: &str) -> Option<Bytes> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(known, _)| known == name).map(|(_, file)| file.clone())
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;

    use super::Files;
    use super::KEPT_MAX;
    use super::boundary;
    use super::parts;

    const FORM: &str = "--AaB\r\ncontent-disposition: form-data; name=\"paper\"\r\n\r\n清河日报\r\n\
        --AaB\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n\r\n\
        --AaB\r\nContent-Disposition: form-data; name=\"page\"; filename=\"a b.pdf\"\r\n\
        Content-Type: application/pdf\r\n\r\n%PDF\r\n\r\n--Aa\r\n--AaB--\r\n";

    #[test]
    fn fields_and_the_file_of_a_form_are_read() {
        let read = parts(&Bytes::from_static(FORM.as_bytes()), "AaB");
        assert_eq!(read.fields, [("paper".to_owned(), "清河日报".to_owned())]);
        let (name, file) = read.file.unwrap();
        assert_eq!((name.as_str(), &file[..]), ("a b.pdf", &b"%PDF\r\n\r\n--Aa"[..]));
    }

    #[test]
    fn what_is_cut_off_is_left_out() {
        for end in 0..FORM.len() {
            let cut = Bytes::copy_from_slice(&FORM.as_bytes()[..end]);
            let read = parts(&cut, "AaB");
            assert!(read.fields.len() <= 1 && read.file.is_none_or(|(_, file)| !file.is_empty()));
        }
    }

    #[test]
    fn only_forms_with_files_have_a_boundary() {
        assert_eq!(boundary("multipart/form-data; boundary=x"), Some("x"));
        assert_eq!(boundary("Multipart/Form-Data; charset=utf-8; boundary=\"x y\""), Some("x y"));
        assert_eq!(boundary("application/x-www-form-urlencoded"), None);
    }

    #[test]
    fn only_the_newest_files_are_remembered() {
        let files = Files::default();
        let names: Vec<_> =
            (0..=KEPT_MAX).map(|at| files.keep(Bytes::from(format!("file {at}")))).collect();
        assert!(files.of(&names[0]).is_none());
        assert_eq!(files.of(&names[1]).unwrap(), "file 1");
        assert_eq!(files.keep(Bytes::from_static(b"file 1")), names[1]);
    }
}
