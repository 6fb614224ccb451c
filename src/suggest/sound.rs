//! How Chinese characters are read: pinyin without tones, and the forms in which it is typed.

use pinyin::ToPinyin;

/// Readings that names and headlines use beside the usual one: a character, its other readings.
const OTHERS: &str = "\
重 chong|行 hang|长 zhang|乐 yue|都 dou|会 kuai|单 shan|调 tiao|降 xiang|率 shuai|还 huan|朝 zhao|传 zhuan|藏 cang|\
曾 ceng|大 dai|角 jue|觉 jiao|校 jiao|卡 ka|没 mo|厦 xia|省 xing|盛 cheng|查 zha|仇 qiu|尉 yu|宿 xiu|解 xie|华 hua|\
区 ou|朴 piao|任 ren|石 dan|洗 xian|冼 xian|翟 zhai|贾 jia|种 chong|奇 ji|弹 dan|便 pian|参 shen|差 cha|处 chu|\
给 gei|更 geng|露 lou|模 mu|落 la|血 xie|称 chen|提 di|发 fa|什 shi|台 tai|系 ji|薄 bo|剥 bo|说 shui|车 ju|\
少 shao|系 xi|褚 chu|盖 ge|阿 e|晟 sheng|蚌 beng|六 lu|堡 pu|蔚 yu|莘 shen|东 dong|圳 zhen|亳 bo|歙 she|黟 yi";
/// Spellings of one text at most.
const SPELLINGS_MAX: usize = 4;

/// A text as it is typed in pinyin.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spelling {
    /// All syllables without tones or blanks, `ü` as `v`; Latin letters and digits as they are.
    pub full: String,
    /// The first letter of each syllable.
    pub initials: String,
}

/// Syllables of one character: the usual one, then others.
fn readings(c: char) -> Vec<String> {
    if c.is_ascii_alphanumeric() {
        return vec![c.to_ascii_lowercase().to_string()];
    }
    let Some(usual) = c.to_pinyin() else { return Vec::new() };
    let mut found = vec![usual.plain().replace('ü', "v")];
    let others = OTHERS.split('|').filter_map(|entry| entry.split_once(' '));
    for (_, other) in others.filter(|(of, _)| of.starts_with(c)) {
        if !found.iter().any(|known| known == other) {
            found.push(other.to_owned());
        }
    }
    found
}

/// How the first `chars_max` characters of `text` are typed: the usual way first; none where it holds
/// nothing that has a sound.
#[must_use]
pub fn spellings(text: &str, chars_max: usize) -> Vec<Spelling> {
    let mut found = vec![Spelling::default()];
    for c in text.chars().take(chars_max) {
        let readings = readings(c);
        let Some((usual, others)) = readings.split_first() else { continue };
        let mut more: Vec<Spelling> = Vec::new();
        for other in others {
            for one in found.iter().take(SPELLINGS_MAX.saturating_sub(found.len() + more.len())) {
                more.push(one.with(other));
            }
        }
        for one in &mut found {
            *one = one.with(usual);
        }
        found.append(&mut more);
    }
    found.retain(|one| !one.full.is_empty());
    found
}

impl Spelling {
    fn with(&self, syllable: &str) -> Self {
        let full = format!("{}{syllable}", self.full);
        let initials = self.initials.chars().chain(syllable.chars().next()).collect();
        Self { full, initials }
    }
}

/// The usual syllables of a text, one for each character; `None` where a character has none.
#[must_use]
pub fn syllables(text: &str) -> Option<Vec<String>> {
    let syllable = |c: char| readings(c).into_iter().next();
    text.chars().map(syllable).collect()
}

/// A syllable as it sounds to many: without retroflex (zh, ch, sh) and with one nasal (n for ng).
#[must_use]
pub fn blurred(syllable: &str) -> String {
    let mut found = syllable.to_owned();
    for (exact, blurred) in [("zh", "z"), ("ch", "c"), ("sh", "s")] {
        if let Some(rest) = found.strip_prefix(exact) {
            found = format!("{blurred}{rest}");
        }
    }
    if found.ends_with("ng") {
        found.pop();
    }
    found
}

/// Whether `text` can be read as pinyin: ASCII letters, perhaps with apostrophes, no digits.
#[must_use]
pub fn is_typed(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphabetic() || c == '\'')
}

#[cfg(test)]
mod tests {
    use super::blurred;
    use super::spellings;
    use super::syllables;

    fn full(text: &str) -> Vec<String> {
        spellings(text, 10).into_iter().map(|one| one.full).collect()
    }

    #[test]
    fn a_text_is_spelled_in_full_and_by_initials() {
        let found = spellings("外卖", 10);
        assert_eq!((found[0].full.as_str(), found[0].initials.as_str()), ("waimai", "wm"));
        assert_eq!(full("女篮C919"), ["nvlanc919"]);
        assert_eq!(full("，。"), Vec::<String>::new());
    }

    #[test]
    fn characters_with_two_readings_are_spelled_both_ways_and_not_without_bound() {
        assert_eq!(full("重庆"), ["zhongqing", "chongqing"]);
        assert!(full("银行").contains(&"yinhang".to_owned()));
        assert!(full("重长行乐都会单调").len() <= 4);
    }

    #[test]
    fn what_sounds_alike_is_blurred_alike() {
        assert_eq!(syllables("王莆中"), syllables("王蒲中"));
        assert_eq!(blurred("zhang"), blurred("zan"));
        assert_ne!(blurred("lan"), blurred("nan"));
    }
}
