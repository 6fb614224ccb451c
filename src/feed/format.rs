//! What a file is, by what it begins with; its name only decides what the content leaves open.

use serde_json::Value;

use crate::encoding;
use crate::names::Field;
use crate::names::Names;
use crate::table;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// A JSON object a line.
    JsonLines,
    /// A JSON array, or an object that holds one.
    JsonArray,
    /// JSON Feed.
    JsonFeed,
    /// ninjs, the JSON of the IPTC.
    Ninjs,
    /// RSS 0.9x or 2.0.
    Rss,
    /// RSS 1.0.
    Rdf,
    /// Atom.
    Atom,
    /// NewsML-G2.
    NewsMl,
    /// Some other XML with a list of records.
    Xml,
    /// A table with commas, semicolons or bars.
    Csv,
    /// A table with tabs.
    Tsv,
    /// A web page.
    Html,
    /// Plain text or Markdown: a page of a paper.
    Text,
    /// A list of feeds.
    Opml,
    /// Apache Parquet.
    Parquet,
    /// A workbook of Excel.
    Excel,
    /// A document of Word, `OpenDocument` or the like.
    Document,
    /// PDF.
    Pdf,
    /// An archive of files.
    Archive,
    /// A database of `SQLite`.
    Sqlite,
    /// A picture, sound or film.
    Media,
    /// A program or a style sheet, as saved pages bring them along.
    Code,
    /// Bytes of another kind.
    Binary,
    /// Nothing at all.
    Empty,
}

impl Format {
    /// Its name for a person.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Format::JsonLines => "JSON Lines",
            Format::JsonArray => "JSON",
            Format::JsonFeed => "JSON Feed",
            Format::Ninjs => "ninjs",
            Format::Rss => "RSS",
            Format::Rdf => "RSS 1.0",
            Format::Atom => "Atom",
            Format::NewsMl => "NewsML-G2",
            Format::Xml => "XML",
            Format::Csv => "CSV",
            Format::Tsv => "TSV",
            Format::Html => "web page",
            Format::Text => "page of text",
            Format::Opml => "OPML",
            Format::Parquet => "Parquet",
            Format::Excel => "Excel workbook",
            Format::Document => "office document",
            Format::Pdf => "PDF",
            Format::Archive => "archive",
            Format::Sqlite => "SQLite database",
            Format::Media => "picture, sound or film",
            Format::Code => "program or style sheet",
            Format::Binary => "binary file",
            Format::Empty => "empty file",
        }
    }

    /// Whether it is one page, read by the page parser.
    #[must_use]
    pub fn is_page(self) -> bool {
        matches!(self, Format::Html | Format::Text)
    }

    /// Whether it holds records that [`crate::read`] gives.
    #[must_use]
    pub fn is_feed(self) -> bool {
        matches!(
            self,
            Format::JsonLines
                | Format::JsonArray
                | Format::JsonFeed
                | Format::Ninjs
                | Format::Rss
                | Format::Rdf
                | Format::Atom
                | Format::NewsMl
                | Format::Xml
                | Format::Csv
                | Format::Tsv
        )
    }

    /// Whether it holds records that [`crate::read_binary`] gives.
    #[must_use]
    pub fn is_binary_feed(self) -> bool {
        cfg!(feature = "parquet") && self == Format::Parquet
    }

    /// Whether nobody would expect articles in it, so that passing it over needs no warning.
    #[must_use]
    pub fn is_beside(self) -> bool {
        matches!(self, Format::Media | Format::Code | Format::Binary | Format::Empty)
    }

    /// What is said of a file of this format, which is not read.
    #[must_use]
    pub fn refusal(self) -> String {
        let how = match self {
            Format::Parquet => {
                "; convert it, as by duckdb -c \"COPY (FROM 'in.parquet') TO 'out.jsonl'\" or \
                 pandas.read_parquet('in.parquet').to_json('out.jsonl', orient='records', lines=True)"
            }
            Format::Excel => "; save it as CSV (UTF-8)",
            Format::Document | Format::Pdf => "; save its text as .txt or .html",
            Format::Archive => "; unpack it and name the folder",
            Format::Sqlite => "; export its table, as by sqlite3 -json FILE 'SELECT * FROM …'",
            Format::Opml => "; it lists feeds, which `wenmai follow` asks, and holds no articles",
            Format::Empty => return "is empty: it holds no text".to_owned(),
            Format::JsonLines
            | Format::JsonArray
            | Format::JsonFeed
            | Format::Ninjs
            | Format::Rss
            | Format::Rdf
            | Format::Atom
            | Format::NewsMl
            | Format::Xml
            | Format::Csv
            | Format::Tsv
            | Format::Html
            | Format::Text
            | Format::Media
            | Format::Code
            | Format::Binary => "",
        };
        format!("is a file of the format {}, which is not read{how}", self.name())
    }
}

/// What files of other kinds begin with.
const MAGIC: [(&[u8], Format); 24] = [
    (b"PAR1", Format::Parquet),
    (b"%PDF", Format::Pdf),
    (b"SQLite format 3\0", Format::Sqlite),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Format::Document),
    (b"{\\rtf", Format::Document),
    (b"PK\x03\x04", Format::Archive),
    (b"7z\xbc\xaf\x27\x1c", Format::Archive),
    (b"Rar!", Format::Archive),
    (b"BZh", Format::Archive),
    (b"WARC/", Format::Archive),
    (b"ARROW1", Format::Parquet),
    (b"Obj\x01", Format::Binary),
    (b"ORC\0", Format::Binary),
    (b"\x7fELF", Format::Binary),
    (b"MZ\x90", Format::Binary),
    (b"\x89PNG", Format::Media),
    (b"\xff\xd8\xff", Format::Media),
    (b"GIF8", Format::Media),
    (b"RIFF", Format::Media),
    (b"ID3", Format::Media),
    (b"OggS", Format::Media),
    (b"\0\0\0\x18ftyp", Format::Media),
    (b"\0\0\0\x20ftyp", Format::Media),
    (b"wOF", Format::Media),
];

/// Endings of files that come along with web pages.
const CODE: [&str; 10] =
    [".js", ".mjs", ".css", ".map", ".svg", ".py", ".sh", ".xsl", ".xslt", ".wasm"];

/// What the file called `name` is, by its first bytes `start`, decompressed: 64 KiB are plenty.
#[must_use]
pub fn detect(start: &[u8], name: &str, names: &Names) -> Format {
    let name = name.to_lowercase();
    let name =
        [".gz", ".xz", ".zst"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    if let Some((_, format)) = MAGIC.iter().find(|(magic, _)| start.starts_with(magic)) {
        let office = *format == Format::Archive && ends(&[".docx", ".odt", ".epub", ".pptx"]);
        let workbook = *format == Format::Archive && ends(&[".xlsx", ".xlsm"])
            || *format == Format::Document && ends(&[".xls"]);
        return if workbook {
            Format::Excel
        } else if office {
            Format::Document
        } else {
            *format
        };
    }
    if start.get(257..262) == Some(b"ustar") {
        return Format::Archive;
    }
    let Some(text) = head(start) else { return Format::Binary };
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if text.is_empty() {
        return Format::Empty;
    }
    let page = ends(&[".md", ".markdown", ".txt"]);
    if ends(&CODE) {
        return Format::Code;
    }
    match text.chars().next() {
        Some('<') => markup(text).unwrap_or(Format::Text),
        Some('{' | '[') => {
            let found = json(text);
            // A page may begin with a link or a bracket.
            if page && !is_json(text) { Format::Text } else { found }
        }
        _ if ends(&[".html", ".htm", ".xhtml", ".shtml"]) => Format::Html,
        _ if ends(&[".jsonl", ".ndjson"]) => Format::JsonLines,
        _ if ends(&[".tsv", ".tab"]) => Format::Tsv,
        _ if ends(&[".csv"]) => Format::Csv,
        _ if page => Format::Text,
        _ => table(text, names).unwrap_or(Format::Text),
    }
}

/// The start of a file as text; the last character may be cut.
fn head(start: &[u8]) -> Option<String> {
    let even = start.get(..start.len() & !1).unwrap_or(start);
    for cut in 0..4 {
        let part = start.get(..start.len().saturating_sub(cut))?;
        if let Ok(text) = std::str::from_utf8(part) {
            return (!text.contains('\0')).then(|| text.to_owned()).or_else(|| decoded(even));
        }
    }
    decoded(even)
}

fn decoded(bytes: &[u8]) -> Option<String> {
    encoding::decode(bytes, None).ok().map(|decoded| decoded.text.into_owned())
}

/// What text that begins with a tag is.
fn markup(text: &str) -> Option<Format> {
    let end = text.char_indices().nth(8_000).map_or(text.len(), |(at, _)| at);
    let head = text.get(..end)?.to_ascii_lowercase();
    let mut rest = head.as_str();
    // The first element behind declarations, comments and doctypes says what it is.
    loop {
        rest = rest.trim_start();
        let past = |end: &str| rest.split_once(end).map(|(_, after)| after);
        rest = match () {
            () if rest.starts_with("<!--") => past("-->")?,
            () if rest.starts_with("<?") => past("?>")?,
            () if rest.starts_with("<!doctype html") => return Some(Format::Html),
            () if rest.starts_with("<!") => past(">")?,
            () => break,
        };
    }
    let name: String = rest
        .strip_prefix('<')?
        .chars()
        .take_while(|c| !c.is_whitespace() && !matches!(c, '>' | '/'))
        .collect();
    let local = name.rsplit(':').next().unwrap_or_default();
    match local {
        "rss" => Some(Format::Rss),
        "rdf" => Some(Format::Rdf),
        "feed" => Some(Format::Atom),
        "newsmessage" | "newsitem" | "newsml" | "packageitem" => Some(Format::NewsMl),
        "opml" => Some(Format::Opml),
        _ if is_html_name(local) => Some(Format::Html),
        _ if head.starts_with("<?xml") || rest.contains(&format!("</{name}>")) => Some(Format::Xml),
        _ => None,
    }
}

/// Whether an element is one that a fragment of a web page may begin with.
fn is_html_name(name: &str) -> bool {
    const NAMES: [&str; 37] = [
        "html", "head", "body", "meta", "title", "link", "script", "style", "base", "div", "p",
        "span", "article", "section", "main", "header", "h1", "h2", "h3", "h4", "table", "tbody",
        "tr", "td", "ul", "ol", "dl", "a", "img", "br", "center", "font", "form", "nav", "iframe",
        "strong", "b",
    ];
    NAMES.contains(&name)
}

fn is_json(text: &str) -> bool {
    let line = text.lines().next().unwrap_or_default();
    serde_json::from_str::<Value>(line).is_ok_and(|value| value.is_object() || value.is_array())
        || serde_json::from_str::<Value>(text).is_ok()
        || line.trim() == "["
        || line.trim() == "{"
}

/// Whether JSON stands in lines or is one whole.
fn json(text: &str) -> Format {
    if text.starts_with('[') {
        return Format::JsonArray;
    }
    // A line that closes what it opens is a record; one that does not is the start of a whole. The
    // only line of a file may be either, and a whole of one record reads the same.
    match text.split_once('\n') {
        Some((line, rest)) if line.trim_end().ends_with('}') && !rest.trim().is_empty() => {
            Format::JsonLines
        }
        Some((line, rest)) if line.trim_end().ends_with('}') && rest.trim().is_empty() => {
            Format::JsonArray
        }
        Some((line, _))
            if line.contains("\":")
                && serde_json::from_str::<Value>(line).is_err_and(|error| !error.is_eof()) =>
        {
            Format::JsonLines
        }
        _ => Format::JsonArray,
    }
}

/// Whether the first line names the columns of a table.
fn table(text: &str, names: &Names) -> Option<Format> {
    let header = text.lines().next()?;
    let mark = table::delimiter(header)?;
    let known: Vec<Field> = header
        .split(char::from(mark))
        .filter_map(|cell| names.find(cell.trim().trim_matches('"')).map(|(field, _)| field))
        .collect();
    let needed =
        [Field::Title, Field::Body, Field::Summary].iter().filter(|field| known.contains(field));
    (needed.count() >= 2).then_some(if mark == b'\t' { Format::Tsv } else { Format::Csv })
}

#[cfg(test)]
mod tests {
    use super::Format;
    use super::detect;
    use crate::names::Names;

    fn told(text: &[u8], name: &str) -> Format {
        detect(text, name, &Names::default())
    }

    #[test]
    fn files_are_told_by_what_they_hold() {
        for (text, name, format) in [
            ("{\"title\": 1}\n{\"title\": 2}\n", "a", Format::JsonLines),
            ("{'title': '甲'}\n{'title': '乙'}\n", "a.jsonl", Format::JsonLines),
            ("{\n  \"items\": []\n}", "a.jsonl", Format::JsonArray),
            ("\u{feff}  [\n{\"title\": 1}]", "a.txt", Format::JsonArray),
            ("[公告] 明日停水\n\n各家存水。", "a.md", Format::Text),
            ("<?xml version=\"1.0\"?>\n<!-- 清河网 --><rss version=\"2.0\">", "a", Format::Rss),
            ("<rdf:RDF xmlns:rdf=\"x\">", "a.xml", Format::Rdf),
            ("<feed xmlns=\"http://www.w3.org/2005/Atom\">", "a.txt", Format::Atom),
            ("<newsMessage>", "a.xml", Format::NewsMl),
            ("<opml version=\"2.0\">", "a.opml", Format::Opml),
            ("<articles><article/></articles>", "a.xml", Format::Xml),
            ("<meta charset=utf-8><h1>停水</h1>", "a", Format::Html),
            ("\n <!-- 文稿 --><div class=c>停水</div>", "a.txt", Format::Html),
            ("<?xml version='1.0'?><!DOCTYPE html PUBLIC 'x'><html>", "a", Format::Html),
            ("<清河日报>昨日报道，大桥合龙。", "a.txt", Format::Text),
            ("标题,正文,时间\n甲,乙,丙\n", "a", Format::Csv),
            ("id\ttitle\tbody\n", "a", Format::Tsv),
            ("大桥合龙,两岸群众来到现场。\n\n正文。", "a", Format::Text),
            ("# 停水\n\n明日停水。", "a.md", Format::Text),
            ("", "a.jsonl", Format::Empty),
        ] {
            assert_eq!(told(text.as_bytes(), name), format, "{text}");
        }
    }

    #[test]
    fn other_kinds_are_named_with_what_to_do() {
        assert_eq!(told(b"PAR1\x15\x04", "a.parquet"), Format::Parquet);
        assert_eq!(told(b"PK\x03\x04\x14", "a.xlsx"), Format::Excel);
        assert_eq!(told(b"\x89PNG\r\n\x1a\n\0\0", "a.jsonl"), Format::Media);
        assert_eq!(told(b"\x01\x02\0\0\xff\xfe\x07", "a"), Format::Binary);
        assert!(Format::Parquet.refusal().contains("duckdb"));
    }

    #[test]
    fn utf16_and_gbk_are_looked_through() {
        let text = "{\"title\": \"停水\"}\n{\"title\": \"停电\"}\n";
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(told(&utf16, "a"), Format::JsonLines);
        assert_eq!(
            told(&encoding_rs::GBK.encode("标题,正文\n停水通知,明日停水\n").0, "a"),
            Format::Csv
        );
    }
}
