//! Which format a file has, by what stands in it.

/// A format whose lines have places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// ALTO 2 to 4.
    Alto,
    /// hOCR.
    Hocr,
    /// PAGE XML.
    PageXml,
    /// What `pdftotext -bbox-layout` writes.
    Bbox,
    /// PDF.
    Pdf,
    /// JSON of `PaddleOCR`: lists of boxes and texts, or blocks of PP-Structure.
    Paddle,
    /// JSON of `MinerU`: its list of contents or its middle form.
    Mineru,
    /// A page of any of these as this crate writes it ([`crate::Sheet::to_json`]).
    Sheet,
}

/// How many bytes at the beginning are looked at.
const HEAD: usize = 64 * 1024;

impl Format {
    /// Every format.
    pub const ALL: [Format; 8] = [
        Format::Alto,
        Format::Hocr,
        Format::PageXml,
        Format::Bbox,
        Format::Pdf,
        Format::Paddle,
        Format::Mineru,
        Format::Sheet,
    ];

    /// Its name in messages and arguments.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Format::Alto => "alto",
            Format::Hocr => "hocr",
            Format::PageXml => "page-xml",
            Format::Bbox => "bbox",
            Format::Pdf => "pdf",
            Format::Paddle => "paddle",
            Format::Mineru => "mineru",
            Format::Sheet => "sheet",
        }
    }

    /// The format of that name or media type (`application/pdf`).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let bare = name.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match bare.as_str() {
            "application/pdf" => Some(Format::Pdf),
            "application/alto+xml" => Some(Format::Alto),
            "text/vnd.hocr+html" => Some(Format::Hocr),
            other => Self::ALL.into_iter().find(|format| format.name() == other),
        }
    }

    /// The format of a file by its content; `None` where it is none of these.
    #[must_use]
    pub fn detect(bytes: &[u8]) -> Option<Self> {
        let head = bytes.get(..HEAD.min(bytes.len())).unwrap_or_default();
        if head.get(..1024.min(head.len())).is_some_and(|first| holds(first, b"%PDF-")) {
            return Some(Format::Pdf);
        }
        let text = String::from_utf8_lossy(head);
        let text = text.trim_start_matches('\u{feff}').trim_start();
        match text.chars().next()? {
            '<' => markup(text),
            '{' | '[' => json(text),
            _ => None,
        }
    }
}

fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

fn markup(text: &str) -> Option<Format> {
    let has = |wanted: &str| text.contains(wanted);
    if has("ocr_page") || has("ocr-system") || has("ocrx_word") {
        return Some(Format::Hocr);
    }
    if (has("<alto") || has(":alto")) && (has("Layout") || has("/alto/")) {
        return Some(Format::Alto);
    }
    if has("PcGts") {
        return Some(Format::PageXml);
    }
    let bbox = has("<doc>") && has("<page ") && has("xMin=");
    bbox.then_some(Format::Bbox)
}

fn json(text: &str) -> Option<Format> {
    let has = |wanted: &str| text.contains(wanted);
    // Keys are written in the order of the alphabet, so the mark may stand far behind.
    if has("\"wenmai_sheet\"") || text.starts_with("{\"frames\":[") {
        return Some(Format::Sheet);
    }
    if has("\"pdf_info\"")
        || has("\"para_blocks\"")
        || has("\"preproc_blocks\"")
        || has("\"page_idx\"") && has("\"bbox\"")
    {
        return Some(Format::Mineru);
    }
    let structure = has("\"parsing_res_list\"") || has("\"block_bbox\"") || has("\"rec_texts\"");
    let dicts = has("\"res\"") && has("\"bbox\"") || has("\"text_region\"");
    let lists = text.starts_with('[') && {
        let start: String = text.chars().filter(|c| !c.is_whitespace()).take(6).collect();
        start.starts_with("[[[")
    };
    (structure || dicts || lists).then_some(Format::Paddle)
}

#[cfg(test)]
mod tests {
    use super::Format;

    #[test]
    fn formats_are_known_by_their_content() {
        let known = [
            ("%PDF-1.7\n", Format::Pdf),
            (
                "<?xml version=\"1.0\"?><alto xmlns=\"http://www.loc.gov/standards/alto/ns-v3#\"><Layout>",
                Format::Alto,
            ),
            ("<html><body><div class='ocr_page' title='bbox 0 0 9 9'>", Format::Hocr),
            ("<PcGts xmlns=\"x\"><Page imageWidth=\"10\">", Format::PageXml),
            ("<html><body><doc>\n<page width=\"1\" height=\"2\"><word xMin=\"1\">", Format::Bbox),
            ("[[[1,2],[3,4],[5,6],[7,8]],[\"清河\",0.9]]", Format::Paddle),
            ("[{\"type\":\"text\",\"bbox\":[1,2,3,4],\"page_idx\":0}]", Format::Mineru),
        ];
        for (text, format) in known {
            assert_eq!(Format::detect(text.as_bytes()), Some(format), "{text}");
        }
        for other in ["", "## 清河大桥", "<html><body><p>清河</p>", "{\"title\":\"清河\"}", "[1]"]
        {
            assert_eq!(Format::detect(other.as_bytes()), None, "{other}");
        }
    }
}
