//! Bytes → text, by evidence: a mark at the start, what the text declares, and which reading gives
//! the characters that Chinese texts are made of.
//!
//! A byte that is broken costs one character (U+FFFD), which is counted, never the page. Bytes that
//! make sense in no encoding are refused, so that no mojibake is stored.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

use chardetng::EncodingDetector;
use chardetng::Iso2022JpDetection;
use chardetng::Utf8Detection;
use encoding_rs::BIG5;
use encoding_rs::CoderResult;
use encoding_rs::Decoder;
use encoding_rs::Encoding;
use encoding_rs::GB18030;
use encoding_rs::GBK;
use encoding_rs::UTF_8;
use encoding_rs::UTF_16BE;
use encoding_rs::UTF_16LE;
use regex::bytes::Regex;

/// Bytes at the start in which a declaration is looked for, as browsers do.
const DECLARED_WITHIN: usize = 4_096;
/// Bytes by which an encoding is judged.
const JUDGED_BYTES: usize = 256 << 10;
/// The part of characters that are common in Chinese texts, below which a reading makes no sense.
const PLAUSIBLE_MIN: f64 = 0.12;
/// Letters that a text in GBK can have and still be valid UTF-8 by chance.
const CHANCE_CHARS_MAX: usize = 24;
/// How plausible such a text has to be as GBK.
const CHANCE_PLAUSIBLE_MIN: f64 = 0.6;
/// By how much less plausible than the best a declared encoding may be and still be believed.
const DECLARED_SLACK: f64 = 0.2;

/// Bytes that were read as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded<'b> {
    /// The text.
    pub text: Cow<'b, str>,
    /// The name of the encoding that it was in: `UTF-8`, `GBK`, `UTF-16LE` …
    pub encoding: &'static str,
    /// Places where bytes were no character and U+FFFD stands instead.
    pub replaced: usize,
}

/// Bytes that are no text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotText {
    /// Other than text.
    #[error("is binary, not text (it holds a NUL byte)")]
    Binary,
    /// No reading makes sense.
    #[error("is neither UTF-8 nor a Chinese encoding (it looks like {0})")]
    Unknown(&'static str),
}

static CHARSET: LazyLock<Regex> = LazyLock::new(|| {
    bytes_pattern(
        r#"(?i-u)(?:charset\s*=\s*|<\?xml[^>]{0,80}encoding\s*=\s*)["']?\s*([A-Za-z0-9_:.-]{2,20})"#,
    )
});

#[expect(clippy::expect_used, reason = "the pattern is a literal, not input")]
fn bytes_pattern(source: &str) -> Regex {
    Regex::new(source).expect("the pattern is a literal of this crate")
}

/// Reads `bytes` as text. `declared` is what stands outside of them, such as the charset of an HTTP
/// header; a declaration inside them is found here.
///
/// # Errors
/// [`NotText`] for what is no text in any encoding that Chinese news come in.
pub fn decode<'b>(bytes: &'b [u8], declared: Option<&str>) -> Result<Decoded<'b>, NotText> {
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        let bytes = bytes.get(mark..).unwrap_or_default();
        let decoded = read(encoding, bytes);
        // Two bytes can be a mark by chance; then what follows is full of faults.
        let makes_sense = || {
            let judged = bytes.get(..JUDGED_BYTES).unwrap_or(bytes);
            plausibility(encoding, judged).is_none_or(|score| score >= PLAUSIBLE_MIN)
        };
        return if decoded.replaced == 0 || makes_sense() {
            Ok(decoded)
        } else {
            Err(NotText::Unknown(encoding.name()))
        };
    }
    if bytes.contains(&0) {
        return unmarked_utf16(bytes).map(|encoding| read(encoding, bytes)).ok_or(NotText::Binary);
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && !is_chance(text, bytes)
    {
        return Ok(Decoded { text: text.into(), encoding: UTF_8.name(), replaced: 0 });
    }
    let encoding = judged(bytes, declared)?;
    Ok(read(encoding, bytes))
}

/// UTF-16 by its mark or by its NUL bytes, as in the first bytes of a stream.
#[must_use]
pub fn utf16(start: &[u8]) -> Option<&'static Encoding> {
    match Encoding::for_bom(start) {
        Some((encoding, _)) => Some(encoding).filter(|encoding| *encoding != UTF_8),
        None if start.contains(&0) => unmarked_utf16(start),
        None => None,
    }
}

fn read<'b>(encoding: &'static Encoding, bytes: &'b [u8]) -> Decoded<'b> {
    let (text, faulty) = encoding.decode_without_bom_handling(bytes);
    // A replacement character may stand in the source as well; then it is no fault of ours.
    let count = |text: &str| text.matches('\u{fffd}').count();
    let there = if encoding == UTF_8 {
        bytes.windows(3).filter(|three| three == b"\xef\xbf\xbd").count()
    } else {
        0
    };
    let replaced = if faulty { count(&text).saturating_sub(there).max(1) } else { 0 };
    Decoded { text, encoding: encoding.name(), replaced }
}

/// The byte order in which bytes with NULs among them make sense; `None` for binary.
fn unmarked_utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    let judged = bytes.get(..JUDGED_BYTES).unwrap_or(bytes);
    let scored = [UTF_16LE, UTF_16BE].map(|encoding| (encoding, plausibility(encoding, judged)));
    let [little, big] = scored;
    let (encoding, score) = if big.1 > little.1 { big } else { little };
    score.is_some_and(|score| score >= PLAUSIBLE_MIN).then_some(encoding)
}

/// Whether text that is valid UTF-8 makes sense as that. Short texts in GBK can be valid UTF-8 by
/// chance; then they are letters of two bytes only, and good Chinese if read as GBK.
fn is_chance(text: &str, bytes: &[u8]) -> bool {
    let beyond = || text.chars().filter(|c| !c.is_ascii());
    let count = beyond().take(CHANCE_CHARS_MAX + 1).count();
    (1..=CHANCE_CHARS_MAX).contains(&count)
        && beyond().all(|c| c < '\u{800}')
        && plausibility(GBK, bytes).is_some_and(|score| score >= CHANCE_PLAUSIBLE_MIN)
}

/// The encoding that gives the most plausible text.
fn judged(bytes: &[u8], declared: Option<&str>) -> Result<&'static Encoding, NotText> {
    let head = bytes.get(..DECLARED_WITHIN).unwrap_or(bytes);
    let inside = CHARSET.captures(head).and_then(|found| found.get(1));
    let label = declared.map(str::as_bytes).or(inside.map(|label| label.as_bytes()));
    // A page that declares UTF-16 in ASCII is not UTF-16, as browsers hold it.
    let declared = label
        .and_then(Encoding::for_label)
        .filter(|encoding| ![UTF_16LE, UTF_16BE].contains(encoding));
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    let guess = detector.guess(None, Utf8Detection::Allow);
    let judged = bytes.get(..JUDGED_BYTES).unwrap_or(bytes);
    let mut candidates = vec![UTF_8, GBK, BIG5, UTF_16LE, UTF_16BE];
    candidates.extend(declared.filter(|encoding| *encoding != GB18030));
    let scored: Vec<(&'static Encoding, f64)> = candidates
        .into_iter()
        .filter_map(|encoding| Some((encoding, plausibility(encoding, judged)?)))
        .collect();
    let best = scored.iter().copied().reduce(|a, b| if b.1 > a.1 { b } else { a });
    let Some((best, score)) = best.filter(|(_, score)| *score >= PLAUSIBLE_MIN) else {
        return Err(NotText::Unknown(guess.name()));
    };
    let declared = declared.map(|encoding| if encoding == GB18030 { GBK } else { encoding });
    let of_declared = scored.iter().find(|(encoding, _)| Some(*encoding) == declared);
    match of_declared {
        Some((encoding, own)) if own + DECLARED_SLACK >= score && *own >= PLAUSIBLE_MIN => {
            Ok(encoding)
        }
        _ => Ok(best),
    }
}

/// How much `bytes` read so look like Chinese text: the part of the characters beyond ASCII that
/// are common, less what cannot be in a text. `None` where there is nothing to judge by.
fn plausibility(encoding: &'static Encoding, bytes: &[u8]) -> Option<f64> {
    let (text, _) = encoding.decode_without_bom_handling(bytes);
    let (mut common, mut wrong, mut count) = (0.0, 0.0, 0.0);
    for c in text.chars() {
        match c {
            '\0' => wrong += 3.0,
            '\u{fffd}' => {
                wrong += 1.0;
                count += 1.0;
            }
            c if c.is_ascii() => {}
            // User-defined areas: no news is written in them, but other encodings land there.
            '\u{e000}'..='\u{f8ff}' => {
                wrong += 1.0;
                count += 1.0;
            }
            _ => {
                count += 1.0;
                common += f64::from(u8::from(COMMON.contains(&c)));
            }
        }
    }
    // UTF-16 of ASCII has no other characters; then it is plausible if it is nothing but text.
    if count == 0.0 {
        return (wrong == 0.0).then_some(1.0);
    }
    Some((common - wrong) / count)
}

/// The characters and marks that make up half of any Chinese text, in both scripts.
static COMMON: LazyLock<HashSet<char>> = LazyLock::new(|| {
    concat!(
        "，。、：；！？（）“”‘’《》「」『』—…·　０１２３４５６７８９",
        "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动同工也能下过子说",
        "产种面而方后多定行学法所民得经十三之进着等部度家电力里如水化高自二理起小物现实加量都两体制机当使",
        "点从业本去把性好应开它合还因由其些然前外天政四日那社义事平形相全表间样与关各重新线内数正心反你明",
        "看原又么利比或但质气第向道命此变条只没结解问意建月公无系军很情者最立代想已通并提直题党程展五果料",
        "象员革位入常文总次品式活设及管特件长求老头基资边流路级少图山统接知较将组见计别她手角期根论运农指",
        "几九区强放决西被干做必战先回则任取据处队南给色光门即保治北造百规热领七海口东导器压志世金增争济阶",
        "油思术极交受联什认六共权收证改清己美再采转更单风切打白教速花带安场身车例真务具万每目至达走积示议",
        "声报斗完类八离华名确才科张信马节话米整空元况今集温传土许步群广石记需段研界拉林律叫且究观越织装影",
        "算低持音众书布复容儿须际商非验连断深难近矿千周委素技备半办青省列习响约支般史感劳便团往历市克何除",
        "消构府称太准精值号率族维划选标写存候亲快效院查江型眼王按格养易置派层片始却专状育厂京识适属圆包火",
        "住调满县局照参红细引听该铁价严河桥村镇乡户粮讯昨晚网闻版环境企旅游经",
        "這為個國們來時說對會發動過產種後學經進著電裡現實體當點從業應開還樣與關間義線內數質氣變條結問無",
        "軍黨題員總設長頭資邊級圖統較將組見計別論運農幾區強決戰則據處隊給門規熱領東導壓濟階極聯認權證轉",
        "單風帶場車務萬達積議聲報類離華確張馬節話許廣記連難習約勞團歷稱準選標寫親廠識適屬圓調滿縣參紅細",
        "聽該鐵價嚴橋鄉訊聞環遊糧億臺灣灣",
    )
    .chars()
    .collect()
});

/// Turns a stream of UTF-16 into UTF-8, piece by piece.
pub struct Transcoder {
    decoder: Decoder,
}

impl Transcoder {
    /// For a stream in `encoding`; a mark at its start is taken off.
    #[must_use]
    pub fn new(encoding: &'static Encoding) -> Self {
        Self { decoder: encoding.new_decoder_with_bom_removal() }
    }

    /// Appends what `bytes` say to `text`; `last` ends the stream.
    pub fn feed(&mut self, bytes: &[u8], last: bool, text: &mut String) {
        let mut rest = bytes;
        loop {
            let more = self.decoder.max_utf8_buffer_length(rest.len()).unwrap_or(rest.len() * 3);
            text.reserve(more);
            let (result, used, _) = self.decoder.decode_to_string(rest, text, last);
            rest = rest.get(used..).unwrap_or_default();
            if result == CoderResult::InputEmpty {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::Encoding;
    use proptest::prelude::*;

    use super::NotText;
    use super::Transcoder;
    use super::decode;
    use super::utf16;

    const NEWS: &str = "柳溪镇昨日开镰收割，三百户村民到田里帮忙。";

    fn bytes(label: &str, text: &str) -> Vec<u8> {
        Encoding::for_label(label.as_bytes()).unwrap().encode(text).0.into_owned()
    }

    fn utf16_bytes(text: &str, little: bool) -> Vec<u8> {
        let units = text.encode_utf16();
        units
            .flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() })
            .collect()
    }

    #[test]
    fn encodings_without_a_declaration_are_told_by_their_characters() {
        let traditional = "停水通知：柳溪鎮明日上午停水，請各家先把水存好。";
        for (label, text) in [("gbk", NEWS), ("gb18030", NEWS), ("big5", traditional)] {
            let bytes = bytes(label, text);
            let decoded = decode(&bytes, None).unwrap();
            assert_eq!((decoded.text.as_ref(), decoded.replaced), (text, 0), "{label}");
        }
        for short in ["大橋合龍", "停水通知", "縣長說"] {
            assert_eq!(decode(&bytes("big5", short), None).unwrap().text, short);
        }
        for short in ["大桥合龙", "停水通知", "县长说"] {
            assert_eq!(decode(&bytes("gbk", short), None).unwrap().text, short);
        }
    }

    #[test]
    fn a_little_chinese_in_much_markup_is_enough() {
        let script = "document.getElementById('node').style.display='none';\n".repeat(300);
        let page = format!("<script>{script}</script><p>{NEWS}</p>");
        assert_eq!(decode(&bytes("gbk", &page), None).unwrap().text, page);
    }

    #[test]
    fn one_broken_byte_costs_one_character() {
        for (label, cut) in [("utf-8", 2), ("gbk", 1), ("big5", 1)] {
            let text = "柳溪的水，".repeat(8);
            let mut broken = bytes(label, &text);
            broken.truncate(broken.len() - cut);
            broken.extend_from_slice(b"</p>");
            let decoded = decode(&broken, None).unwrap();
            assert_eq!(decoded.replaced, 1, "{label}: {}", decoded.text);
            assert!(decoded.text.starts_with("柳溪的水，柳溪的水，"), "{label}");
        }
    }

    #[test]
    fn a_declaration_decides_where_it_fits_and_not_where_it_does_not() {
        let page = |charset: &str| format!("<meta charset={charset}><h1>停水</h1>");
        let big5 = bytes("big5", &page("big5"));
        assert_eq!(decode(&big5, None).unwrap().encoding, "Big5");
        let wrong = bytes("gbk", &format!("<meta charset=utf-8><p>{NEWS}</p>"));
        assert_eq!(decode(&wrong, None).unwrap().encoding, "GBK");
        assert_eq!(decode(&bytes("gbk", NEWS), Some("gb2312")).unwrap().text, NEWS);
        let xml = bytes("gbk", &format!("<?xml version='1.0' encoding='GB2312'?><a>{NEWS}</a>"));
        assert!(decode(&xml, None).unwrap().text.contains(NEWS));
    }

    #[test]
    fn utf16_is_read_with_and_without_its_mark() {
        let lines = format!("{{\"title\": \"{NEWS}\"}}\n");
        for little in [true, false] {
            let bytes = utf16_bytes(&lines, little);
            assert_eq!(decode(&bytes, None).unwrap().text, lines);
            let marked = utf16_bytes(&format!("\u{feff}{lines}"), little);
            assert_eq!(decode(&marked, None).unwrap().text, lines);
            let mut text = String::new();
            let mut transcoder = Transcoder::new(utf16(&marked).unwrap());
            marked.chunks(3).for_each(|piece| transcoder.feed(piece, false, &mut text));
            transcoder.feed(&[], true, &mut text);
            assert_eq!(text, lines);
            assert_eq!(decode(&utf16_bytes(NEWS, little), None).unwrap().text, NEWS);
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        assert_eq!(decode(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01", None), Err(NotText::Binary));
        for european in ["café, résumé, naïve", "Сегодня", "Größe"] {
            assert_eq!(decode(european.as_bytes(), None).unwrap().text, european);
        }
        let chance = decode(b"\xff\xfe\xfd\x80\x80 \xc0 \x81", None);
        assert_eq!(chance, Err(NotText::Unknown("UTF-16LE")));
        let russian = bytes("windows-1251", "Сегодня в городе открыли новый мост через реку.");
        assert!(matches!(decode(&russian, None), Err(NotText::Unknown(_))));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>) {
            if let Ok(decoded) = decode(&bytes, None) {
                prop_assert!(!decoded.encoding.is_empty());
            }
        }

        #[test]
        fn any_utf8_is_kept(text: String) {
            prop_assume!(!text.contains('\0') && !text.starts_with('\u{feff}'));
            prop_assume!(text.is_ascii() || text.chars().any(|c| c >= '\u{800}'));
            let decoded = decode(text.as_bytes(), None).unwrap();
            prop_assert_eq!(decoded.text.as_ref(), text.as_str());
        }
    }
}
