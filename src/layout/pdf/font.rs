//! Fonts of a PDF: codes of a string → characters and widths.

use std::collections::HashMap;

use encoding_rs::BIG5;
use encoding_rs::Encoding;
use encoding_rs::GB18030;
use encoding_rs::WINDOWS_1252;
use hayro_syntax::object::Array;
use hayro_syntax::object::Dict;
use hayro_syntax::object::Name;
use hayro_syntax::object::Object;
use hayro_syntax::object::Stream;

use super::cmap::Map;

/// How the bytes of a string are codes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Codes {
    /// One byte each.
    One,
    /// Two bytes each.
    Two,
    /// UTF-16 with the higher byte first.
    Utf16,
    /// A multi-byte encoding.
    Bytes(&'static Encoding),
}

/// A font.
#[derive(Debug, Clone)]
pub(super) struct Font {
    codes: Codes,
    map: Map,
    /// Characters of one-byte codes.
    simple: HashMap<u32, char>,
    widths: HashMap<u32, f32>,
    usual: f32,
    /// Whether it writes downwards.
    pub vertical: bool,
    /// Whether its name says that it is bold.
    pub bold: bool,
    /// Widths are thousandths of an em, but in a Type 3 font, which has a scale of its own.
    scale: f32,
}

/// A character of a string.
pub(super) struct Char {
    /// The characters; `None` where the font does not say.
    pub text: Option<String>,
    /// Its width in em.
    pub width: f32,
    /// Whether it is the space of one byte, to which word spacing applies.
    pub space: bool,
}

impl Font {
    /// Reads a font's dictionary.
    pub fn read(dict: &Dict<'_>) -> Self {
        let subtype = name(dict, "Subtype");
        let base = name(dict, "BaseFont");
        let program = dict
            .get::<Stream<'_>>("ToUnicode")
            .and_then(|stream| stream.decoded().ok().map(|data| data.to_vec()));
        let map = program.map(|program| Map::parse(&program)).unwrap_or_default();
        let bolds = ["Bold", "bold", "Black", "Heavy", "SimHei", "-Hei", "Heiti", "DaHei"];
        let mut font = Self {
            codes: Codes::One,
            map,
            simple: HashMap::new(),
            widths: HashMap::new(),
            usual: 500.0,
            vertical: false,
            bold: bolds.iter().any(|bold| base.contains(bold)),
            scale: 1e-3,
        };
        if subtype == "Type0" {
            font.composite(dict);
        } else {
            font.simple(dict, &subtype);
        }
        font
    }

    fn composite(&mut self, dict: &Dict<'_>) {
        let encoding = name(dict, "Encoding");
        self.vertical = encoding.ends_with("-V") || encoding == "V";
        self.codes = match encoding.as_str() {
            name if name.contains("UTF16") || name.contains("UCS2") => Codes::Utf16,
            name if name.starts_with("GB") => Codes::Bytes(GB18030),
            name if name.contains("B5") => Codes::Bytes(BIG5),
            _ if self.map.code_length() == Some(1) => Codes::One,
            _ => Codes::Two,
        };
        self.usual = 1_000.0;
        let inner = dict.get::<Array<'_>>("DescendantFonts");
        let Some(inner) = inner.and_then(|list| list.iter::<Dict<'_>>().next()) else { return };
        if let Some(usual) = inner.get::<f32>("DW") {
            self.usual = usual;
        }
        if matches!(self.codes, Codes::Two | Codes::One)
            && let Some(widths) = inner.get::<Array<'_>>("W")
        {
            self.cid_widths(&widths);
        }
    }

    /// Reads `c [w1 w2 …]` and `first last w`.
    fn cid_widths(&mut self, widths: &Array<'_>) {
        let mut open: Vec<f32> = Vec::new();
        for object in widths.iter::<Object<'_>>() {
            if let Object::Number(number) = object {
                open.push(number.as_f32());
            } else if let Object::Array(list) = object {
                let first = open.pop().map_or(0, code);
                open.clear();
                for (at, width) in (0_u32..65_536).zip(list.iter::<f32>()) {
                    self.widths.insert(first.saturating_add(at), width);
                }
            }
            if let [from, to, width] = open.as_slice() {
                let (from, to, width) = (code(*from), code(*to), *width);
                for code in (from..=to).take(65_536) {
                    self.widths.insert(code, width);
                }
                open.clear();
            }
        }
    }

    fn simple(&mut self, dict: &Dict<'_>, subtype: &str) {
        let first = dict.get::<f32>("FirstChar").map_or(0, code);
        if let Some(widths) = dict.get::<Array<'_>>("Widths") {
            for (at, width) in (0_u32..256).zip(widths.iter::<f32>()) {
                self.widths.insert(first + at, width);
            }
        }
        if subtype == "Type3"
            && let Some(matrix) = dict.get::<Array<'_>>("FontMatrix")
            && let Some(scale) = matrix.iter::<f32>().next()
        {
            self.scale = scale.abs().clamp(1e-6, 10.0);
        }
        let Some(encoding) = dict.get::<Dict<'_>>("Encoding") else {
            // Without an own encoding the bytes are those of the base one.
            return;
        };
        let Some(differences) = encoding.get::<Array<'_>>("Differences") else { return };
        let mut at = 0_u32;
        for object in differences.iter::<Object<'_>>() {
            if let Object::Number(number) = object {
                at = code(number.as_f32());
            } else if let Object::Name(name) = object {
                if let Some(c) = glyph(name.as_str()) {
                    self.simple.insert(at, c);
                }
                at = at.saturating_add(1);
            }
        }
    }

    /// The characters of a string.
    pub fn chars(&self, bytes: &[u8]) -> Vec<Char> {
        match self.codes {
            Codes::One => bytes.iter().map(|byte| self.one(u32::from(*byte), *byte)).collect(),
            Codes::Two => bytes.chunks(2).map(|pair| self.two(pair)).collect(),
            Codes::Utf16 => {
                let units = bytes.chunks_exact(2).map(|pair| {
                    u16::from(pair.first().copied().unwrap_or(0)) << 8
                        | u16::from(pair.get(1).copied().unwrap_or(0))
                });
                char::decode_utf16(units).filter_map(Result::ok).map(wide).collect()
            }
            Codes::Bytes(encoding) => {
                let (text, _) = encoding.decode_without_bom_handling(bytes);
                text.chars().map(wide).collect()
            }
        }
    }

    fn one(&self, code: u32, byte: u8) -> Char {
        let mapped = self.map.get(code).map(str::to_owned);
        let own = || self.simple.get(&code).map(char::to_string);
        let base = || {
            let (text, _) = WINDOWS_1252.decode_without_bom_handling(std::slice::from_ref(&byte));
            // A font with a map of its own, or none of the usual letters, says nothing here.
            (self.map.is_empty() && byte >= 0x20).then(|| text.into_owned())
        };
        Char {
            text: mapped.or_else(own).or_else(base).filter(|text| !text.is_empty()),
            width: self.width(code),
            space: byte == b' ',
        }
    }

    fn two(&self, pair: &[u8]) -> Char {
        let code = pair.iter().fold(0_u32, |all, byte| all << 8 | u32::from(*byte));
        let text = self.map.get(code).filter(|text| !text.is_empty()).map(str::to_owned);
        Char { text, width: self.width(code), space: false }
    }

    fn width(&self, code: u32) -> f32 {
        let width = self.widths.get(&code).copied().unwrap_or(self.usual) * self.scale;
        if width.is_finite() { width.clamp(-10.0, 10.0) } else { 0.0 }
    }
}

fn wide(c: char) -> Char {
    Char { text: Some(c.to_string()), width: crate::print::em(c), space: false }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
fn code(number: f32) -> u32 {
    number as u32
}

fn name(dict: &Dict<'_>, key: &str) -> String {
    dict.get::<Name<'_>>(key).map(|name| name.as_str().to_owned()).unwrap_or_default()
}

/// The character of a glyph's name: letters, `uni6E05`, and some marks.
fn glyph(name: &str) -> Option<char> {
    let mut chars = name.chars();
    if let (Some(only), None) = (chars.next(), chars.next()) {
        return Some(only);
    }
    if let Some(hex) = name.strip_prefix("uni").or_else(|| name.strip_prefix('u')) {
        return u32::from_str_radix(hex.get(..4.min(hex.len()))?, 16).ok().and_then(char::from_u32);
    }
    let named = [
        ("space", ' '),
        ("period", '.'),
        ("comma", ','),
        ("colon", ':'),
        ("semicolon", ';'),
        ("hyphen", '-'),
        ("parenleft", '('),
        ("parenright", ')'),
        ("slash", '/'),
        ("zero", '0'),
        ("one", '1'),
        ("two", '2'),
        ("three", '3'),
        ("four", '4'),
        ("five", '5'),
        ("six", '6'),
        ("seven", '7'),
        ("eight", '8'),
        ("nine", '9'),
        ("percent", '%'),
        ("plus", '+'),
    ];
    named.iter().find(|(known, _)| *known == name).map(|(_, c)| *c)
}
