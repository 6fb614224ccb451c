//! XML and the HTML of hOCR as a flat sequence of elements and texts.

use quick_xml::Reader;
use quick_xml::events::BytesStart;
use quick_xml::events::Event;

use crate::model::Sheet;

/// Depth from which elements are passed over.
const DEPTH_MAX: usize = 200;

/// Elements that HTML does not close.
const VOID: [&str; 9] = ["meta", "br", "img", "link", "hr", "input", "col", "area", "base"];

/// An element as it opens.
#[derive(Debug, Clone, Default)]
pub(crate) struct Element {
    /// Its name without a namespace.
    pub name: String,
    attributes: Vec<(String, String)>,
}

impl Element {
    /// The value of the attribute of that local name; empty where there is none.
    pub fn get(&self, name: &str) -> &str {
        self.attributes
            .iter()
            .find(|(one, _)| one == name)
            .map(|(_, value)| value.as_str())
            .unwrap_or_default()
    }

    /// The attribute as a number.
    pub fn number(&self, name: &str) -> Option<f32> {
        let value: f32 = self.get(name).trim().trim_end_matches("px").parse().ok()?;
        value.is_finite().then_some(value)
    }
}

/// What comes next.
pub(crate) enum Step<'a> {
    /// An element opens, which may be empty.
    Open(&'a Element),
    /// The innermost element closes.
    Close(&'a Element),
    /// Words.
    Text(&'a str),
}

/// What reads the pages of one format from its elements and texts.
pub(crate) trait Pages {
    fn open(&mut self, element: &Element);
    fn close(&mut self, element: &Element);
    fn text(&mut self, words: &str);
    /// The pages that were read.
    fn sheets(self) -> Vec<Sheet>;
}

/// The pages of `text`, which is `kind` (XML or HTML); where the markup breaks off, the last page says so.
pub(crate) fn pages(text: &str, kind: &str, mut reader: impl Pages) -> Vec<Sheet> {
    let broken = walk(text, |step| match step {
        Step::Open(element) => reader.open(element),
        Step::Close(element) => reader.close(element),
        Step::Text(words) => reader.text(words),
    });
    let mut sheets = reader.sheets();
    if let (Some(broken), Some(last)) = (broken, sheets.last_mut()) {
        last.notes.push(format!("the {kind} breaks off: {broken}"));
    }
    sheets
}

/// Calls `take` for each element and text; returns what is wrong where the markup breaks off.
pub(crate) fn walk(text: &str, mut take: impl FnMut(Step<'_>)) -> Option<String> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let mut open: Vec<Element> = Vec::new();
    let mut words = String::new();
    let broken = loop {
        let event = reader.read_event();
        let is_text = matches!(event, Ok(Event::Text(_) | Event::CData(_) | Event::GeneralRef(_)));
        if !is_text && !words.is_empty() {
            take(Step::Text(&words));
            words.clear();
        }
        match event {
            Ok(Event::Start(start)) => {
                let element = element(&start);
                take(Step::Open(&element));
                if VOID.contains(&element.name.as_str()) || open.len() >= DEPTH_MAX {
                    take(Step::Close(&element));
                } else {
                    open.push(element);
                }
            }
            Ok(Event::Empty(start)) => {
                let element = element(&start);
                take(Step::Open(&element));
                take(Step::Close(&element));
            }
            Ok(Event::End(end)) => {
                let name = local(end.name().as_ref()).to_owned();
                if let Some(at) = open.iter().rposition(|element| element.name == name) {
                    for element in open.drain(at..).rev() {
                        take(Step::Close(&element));
                    }
                }
            }
            Ok(Event::Text(text)) => words.push_str(&text.into_inner()),
            Ok(Event::CData(text)) => words.push_str(&text.into_inner()),
            Ok(Event::GeneralRef(name)) => {
                words.push_str(&entities(&format!("&{};", name.into_inner())));
            }
            Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_)) => {}
            Ok(Event::Eof) => {
                break (!open.is_empty()).then(|| "it ends inside an element".to_owned());
            }
            Err(error) => break Some(format!("at byte {}: {error}", reader.error_position())),
        }
    };
    for element in open.drain(..).rev() {
        take(Step::Close(&element));
    }
    broken
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or_default()
}

fn element(start: &BytesStart<'_>) -> Element {
    let mut attributes = start.html_attributes();
    let attributes = attributes.with_checks(false).flatten().map(|attribute| {
        let value: &str = &attribute.value;
        (local(attribute.key.as_ref()).to_owned(), entities(value))
    });
    let attributes = attributes.collect();
    Element { name: local(start.name().as_ref()).to_owned(), attributes }
}

/// Replaces character references; those that are none stay as they are.
fn entities(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(rest.get(..at).unwrap_or_default());
        rest = rest.get(at..).unwrap_or_default();
        let end = rest.bytes().take(12).position(|byte| byte == b';');
        let found = end.and_then(|end| Some((character(rest.get(1..end)?)?, end + 1)));
        let (c, used) = found.unwrap_or(('&', 1));
        out.push(c);
        rest = rest.get(used..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

fn character(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let hex = number.strip_prefix(['x', 'X']);
        let code = hex.map_or_else(|| number.parse().ok(), |hex| u32::from_str_radix(hex, 16).ok());
        return code.and_then(char::from_u32);
    }
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        "ldquo" => Some('“'),
        "rdquo" => Some('”'),
        "middot" => Some('·'),
        "mdash" => Some('—'),
        "hellip" => Some('…'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::Step;
    use super::walk;

    #[test]
    fn elements_and_texts_come_in_order() {
        let mut seen = String::new();
        let broken = walk("<a:x k='1&amp;2'>清<br>河&#38;</a:x><y/>", |step| match step {
            Step::Open(element) => {
                seen.extend(["<", &element.name, " ", element.get("k"), ">"]);
            }
            Step::Close(element) => seen.extend(["</", &element.name, ">"]),
            Step::Text(words) => seen += words,
        });
        assert_eq!(seen, "<x 1&2>清<br ></br>河&</x><y ></y>");
        assert_eq!(broken, None);
    }

    #[test]
    fn what_breaks_off_is_closed() {
        let mut closed = 0;
        let broken = walk("<a><b>清", |step| closed += u32::from(matches!(step, Step::Close(_))));
        assert!(broken.is_some());
        assert_eq!(closed, 2);
    }
}
