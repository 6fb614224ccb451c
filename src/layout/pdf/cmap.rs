//! Character maps of fonts: which characters a code stands for.

use std::collections::HashMap;

/// Codes that one map may hold: a font has at most 65,536 glyphs, some with two codes.
const CODES_MAX: usize = 200_000;

/// A map from codes to characters.
#[derive(Debug, Clone, Default)]
pub(super) struct Map {
    codes: HashMap<u32, String>,
    /// Lengths of codes in bytes with their ranges, as the map declares them.
    spaces: Vec<(usize, u32, u32)>,
}

/// A piece of a map's program.
#[derive(Debug, Clone, PartialEq)]
enum Token<'a> {
    Hex(Vec<u8>),
    Word(&'a [u8]),
    Open,
    Close,
}

impl Map {
    /// Reads a map's program.
    pub fn parse(program: &[u8]) -> Self {
        let mut map = Self::default();
        let mut rest = program;
        let mut section: &[u8] = b"";
        let mut open: Vec<Token<'_>> = Vec::new();
        while let Some(token) = next(&mut rest) {
            if let Token::Word(word) = &token
                && (word.starts_with(b"begin") || word.starts_with(b"end"))
            {
                section = if word.starts_with(b"begin") { word } else { b"" };
                open.clear();
            } else if !section.is_empty() {
                open.push(token);
                map.take(section, &mut open, &mut rest);
            }
            if map.codes.len() > CODES_MAX {
                break;
            }
        }
        map
    }

    fn take<'a>(&mut self, section: &[u8], open: &mut Vec<Token<'a>>, rest: &mut &'a [u8]) {
        match (section, open.as_slice()) {
            (b"begincodespacerange", [Token::Hex(from), Token::Hex(to)]) => {
                self.spaces.push((from.len(), number(from), number(to)));
                open.clear();
            }
            (b"beginbfchar", [Token::Hex(code), Token::Hex(chars)]) => {
                self.codes.insert(number(code), text(chars));
                open.clear();
            }
            (b"beginbfrange", [Token::Hex(from), Token::Hex(to), Token::Hex(chars)]) => {
                let (from, to) = (number(from), number(to));
                for (step, code) in (from..=to).take(65_536).enumerate() {
                    self.codes.insert(code, text(&later(chars, step)));
                }
                open.clear();
            }
            (b"beginbfrange", [Token::Hex(from), Token::Hex(_), Token::Open]) => {
                let from = number(from);
                let mut step = 0;
                while let Some(Token::Hex(chars)) = next(rest) {
                    self.codes.insert(from.saturating_add(step), text(&chars));
                    step += 1;
                }
                open.clear();
            }
            (b"begincodespacerange" | b"beginbfchar" | b"beginbfrange", tokens) => {
                if tokens.len() > 3 {
                    open.clear();
                }
            }
            _ => open.clear(),
        }
    }

    /// The characters of a code.
    pub fn get(&self, code: u32) -> Option<&str> {
        self.codes.get(&code).map(String::as_str)
    }

    /// Whether it holds no code.
    pub fn is_empty(&self) -> bool {
        self.codes.is_empty()
    }

    /// The length in bytes of the codes, where the map says it and all are alike.
    pub fn code_length(&self) -> Option<usize> {
        let first = self.spaces.first()?.0;
        self.spaces.iter().all(|space| space.0 == first).then_some(first)
    }
}

fn number(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).fold(0, |all, byte| all << 8 | u32::from(*byte))
}

/// UTF-16 with the higher byte first.
fn text(bytes: &[u8]) -> String {
    if let [only] = bytes {
        return char::from(*only).to_string();
    }
    let units = bytes.chunks_exact(2).map(|pair| {
        u16::from(pair.first().copied().unwrap_or(0)) << 8
            | u16::from(pair.get(1).copied().unwrap_or(0))
    });
    char::decode_utf16(units).filter_map(Result::ok).filter(|c| *c != '\0').collect()
}

/// The characters `step` codes after the first of a range.
fn later(bytes: &[u8], step: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let mut carry = step;
    for byte in bytes.iter_mut().rev() {
        let sum = usize::from(*byte) + (carry & 0xff);
        *byte = u8::try_from(sum & 0xff).unwrap_or_default();
        carry = (carry >> 8) + (sum >> 8);
        if carry == 0 {
            break;
        }
    }
    bytes
}

fn next<'a>(rest: &mut &'a [u8]) -> Option<Token<'a>> {
    loop {
        let first = *rest.first()?;
        *rest = rest.get(1..)?;
        match first {
            b'%' => {
                let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
                *rest = rest.get(end.unwrap_or(rest.len())..)?;
            }
            b'[' => return Some(Token::Open),
            b']' => return Some(Token::Close),
            b'<' if rest.first() != Some(&b'<') => {
                let end = rest.iter().position(|byte| *byte == b'>')?;
                let hex = rest.get(..end)?;
                *rest = rest.get(end + 1..)?;
                return Some(Token::Hex(from_hex(hex)));
            }
            byte if byte.is_ascii_alphanumeric() => {
                let end = rest.iter().position(|byte| !byte.is_ascii_alphanumeric());
                let end = end.unwrap_or(rest.len());
                let word = rest.get(..end)?;
                *rest = rest.get(end..)?;
                if word.starts_with(b"egin") || first == b'e' && word.starts_with(b"nd") {
                    // `begin…` and `end…` are all that matter; the first letter is put back.
                    return Some(Token::Word(if first == b'b' { section(word) } else { b"end" }));
                }
                return Some(Token::Word(b"-"));
            }
            _ => {}
        }
    }
}

/// The name of a section, its first letter `b` put back.
fn section(word: &[u8]) -> &'static [u8] {
    match word {
        b"egincodespacerange" => b"begincodespacerange",
        b"eginbfchar" => b"beginbfchar",
        b"eginbfrange" => b"beginbfrange",
        _ => b"beginother",
    }
}

fn from_hex(hex: &[u8]) -> Vec<u8> {
    let digits: Vec<u8> =
        hex.iter().filter_map(|byte| u8::try_from(char::from(*byte).to_digit(16)?).ok()).collect();
    digits
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => high << 4 | low,
            [high] => high << 4,
            _ => 0,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::Map;

    #[test]
    fn codes_and_ranges_are_read() {
        let program = b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n\
            1 begincodespacerange <0000> <ffff> endcodespacerange\n\
            2 beginbfchar <0001> <6E05> <0002> <D842DFB7> endbfchar\n\
            2 beginbfrange <0010> <0012> <0041> <0020> <0021> [<6CB3> <6865>] endbfrange endcmap";
        let map = Map::parse(program);
        assert_eq!(map.code_length(), Some(2));
        assert_eq!(map.get(1), Some("清"));
        assert_eq!(map.get(2), Some("\u{20bb7}"));
        assert_eq!((map.get(0x11), map.get(0x21)), (Some("B"), Some("桥")));
    }
}
