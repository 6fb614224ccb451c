//! What a person gives: a text, or a file whose lines have places, and what was decided about it.

use axum::body::Bytes;
use tonic::codegen::http::header;

use crate::failure::Failure;
use crate::show;
use crate::upload;
use crate::visit::Visit;
use crate::visit::first;
use crate::visit::pairs;
use wenmai_proto::wire;

/// Bytes at the beginning of a file by which it is told.
const HEAD: usize = 64 * 1024;

/// A page and what is known of it.
#[derive(Default)]
pub(super) struct Given {
    /// The text; empty where there is a file.
    pub(super) text: String,
    /// The file, and what it is called in the memory for files.
    pub(super) file: Option<(String, Bytes)>,
    pub(super) paper: String,
    pub(super) date: String,
    pub(super) code: String,
    pub(super) decisions: Vec<wire::CutDecision>,
    /// Which page of a file of several, from 0.
    pub(super) at: u32,
    /// Whether the file has several pages.
    has_several: bool,
    /// Per cent that the parser is sure of what is stored, at least.
    pub(super) sure: u32,
    /// Whether it is to be stored.
    pub(super) is_to_store: bool,
}

impl Given {
    /// Reads the form.
    ///
    /// # Errors
    /// [`Failure::Forged`] if it does not come from a page of ours, [`Failure::Encoding`] if the file
    /// is neither a page with places nor a text in UTF-8.
    pub(super) fn read(visit: &Visit, body: &Bytes) -> Result<Self, Failure> {
        let kind = visit.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let (fields, upload) = match kind.and_then(upload::boundary) {
            Some(boundary) => {
                let parts = upload::parts(body, boundary);
                (parts.fields, parts.file)
            }
            None => (pairs(body), None),
        };
        let fields = visit.trusted(fields)?;
        let value = |name: &str| first(&fields, name).unwrap_or_default().to_owned();
        let mut given = Self {
            // Forms end lines as the network does, and files as Unix does.
            text: value("text").replace("\r\n", "\n"),
            file: None,
            paper: value("paper"),
            date: value("date"),
            code: value("page"),
            decisions: decisions(&fields),
            at: value("at").parse().unwrap_or_default(),
            has_several: first(&fields, "several").is_some(),
            sure: value("sure").parse::<u32>().unwrap_or_default().min(100),
            is_to_store: first(&fields, "store").is_some(),
        };
        // What was decided was about the page that was turned over.
        if let Some(at) = first(&fields, "turn").and_then(|at| at.parse().ok()) {
            given.at = at;
            given.decisions.clear();
        }
        let files = &visit.site.files;
        if let Some((_, bytes)) = upload {
            // What was decided was about another page.
            given.decisions.clear();
            given.at = 0;
            given.has_several = false;
            if is_placed(&bytes) {
                given.text.clear();
                given.file = Some((files.keep(bytes.clone()), bytes));
            } else {
                let text = String::from_utf8(bytes.to_vec()).map_err(|_| Failure::Encoding)?;
                given.text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
            }
        } else if given.text.is_empty() {
            let kept = value("kept");
            given.file = files.of(&kept).map(|bytes| (kept, bytes));
        }
        Ok(given)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.text.trim().is_empty() && self.file.is_none()
    }

    /// What is known of the page.
    pub(super) fn issue(&self) -> wire::Issue {
        let day: Option<jiff::civil::Date> = self.date.parse().ok();
        wire::Issue {
            paper: self.paper.clone(),
            date: day.map(show::wire_date),
            // The pages of a file are articles of different pages also where nobody numbers them.
            page: match self.code.as_str() {
                "" if self.has_several => (self.at + 1).to_string(),
                code => code.to_owned(),
            },
            decisions: self.decisions.clone(),
            ..Default::default()
        }
    }

    /// How sure the parser has to be of what is stored; `None` where everything is.
    #[expect(clippy::cast_precision_loss, reason = "at most 100")]
    pub(super) fn min_confidence(&self) -> Option<f32> {
        (self.sure > 0).then(|| self.sure as f32 / 100.0)
    }

    /// The file as the contract takes it.
    pub(super) fn page_file(&self) -> Option<wire::PageFile> {
        let (_, bytes) = self.file.as_ref()?;
        Some(wire::PageFile { data: bytes.to_vec(), page_index: self.at, ..Default::default() })
    }
}

/// Whether a file is one of the formats in which lines have places; the service tells them apart.
fn is_placed(bytes: &[u8]) -> bool {
    let head = bytes.get(..HEAD).unwrap_or(bytes);
    if head.starts_with(b"%PDF") {
        return true;
    }
    let head = String::from_utf8_lossy(head);
    let text = head.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with(['{', '[']) {
        return serde_json::from_slice::<serde_json::Value>(bytes).is_ok();
    }
    let marks = ["<alto", ":alto", "<PcGts", ":PcGts", "ocr_page", "<page width="];
    text.starts_with('<') && marks.iter().any(|mark| text.contains(mark))
}

/// What was decided, as [`written`] writes it.
fn decisions(fields: &[(String, String)]) -> Vec<wire::CutDecision> {
    let read = |value: &str| {
        let (cut, rest) = value.split_once('.')?;
        let (nth, line) = rest.split_once('.')?;
        let nth = nth.parse().ok()?;
        Some(wire::CutDecision { line: line.to_owned(), nth, cut: cut == "1" })
    };
    let given = fields.iter().filter(|(name, _)| name == "decide");
    given.filter_map(|(_, value)| read(value)).collect()
}

/// A decision as the value of a field.
pub(super) fn written(decision: &wire::CutDecision) -> String {
    format!("{}.{}.{}", u8::from(decision.cut), decision.nth, decision.line)
}

#[cfg(test)]
mod tests {
    use super::decisions;
    use super::is_placed;
    use super::written;
    use wenmai_proto::wire;

    #[test]
    fn a_decision_is_read_back_as_it_was() {
        let decision = wire::CutDecision { line: "1.2 亿元".to_owned(), nth: 3, cut: true };
        let fields = [("decide".to_owned(), written(&decision))];
        assert_eq!(decisions(&fields), [decision]);
        assert!(decisions(&[("decide".to_owned(), "1.x.行".to_owned())]).is_empty());
    }

    #[test]
    fn pages_with_places_are_told_from_texts() {
        for placed in ["%PDF-1.7", "<?xml version=\"1.0\"?>\n<alto xmlns=\"x\">", "[{\"a\": 1}]"] {
            assert!(is_placed(placed.as_bytes()), "{placed}");
        }
        for text in ["# 标题\n\n正文。", "<html><p>网页</p></html>", "[图]说明", ""] {
            assert!(!is_placed(text.as_bytes()), "{text}");
        }
    }
}
