//! One text as several outlets print it.

use std::collections::BTreeMap;

use rand::RngExt as _;
use rand::seq::IndexedRandom as _;
use rand_chacha::ChaCha8Rng;

use crate::make::Kind;
use crate::make::pick;
use wenmai_domain::article::Record;

/// `first` as another outlet prints it.
pub fn disguised(first: &Record, kind: Kind, rng: &mut ChaCha8Rng) -> Record {
    let mut second = first.clone();
    let make = match kind {
        Kind::OtherHeadline => other_headline,
        Kind::Remark => remark,
        Kind::Traditional => traditional,
        Kind::EditorsLine => editors_line,
        Kind::Markup => markup,
        Kind::CutEnding => cut_ending,
        Kind::Typo => typo,
        Kind::Punctuation => punctuation,
        Kind::SubtitleMoved => subtitle_moved,
        Kind::Dateline => dateline,
        Kind::Numerals => numerals,
        _ => source,
    };
    make(first, &mut second, rng);
    second
}

/// A headline of its own, from the words of the text.
fn other_headline(first: &Record, second: &mut Record, rng: &mut ChaCha8Rng) {
    let body = first.body();
    let clauses: Vec<&str> = body.split(['，', '。', '、', '：', '\n']).collect();
    let clauses: Vec<&str> =
        clauses.into_iter().filter(|text| (6..26).contains(&text.chars().count())).collect();
    let (one, other) = (pick(&clauses, rng), pick(&clauses, rng));
    second.title = match rng.random_range(0..4) {
        0 => one.to_owned(),
        1 => format!("{one}！{other}"),
        2 => format!("{one}，这是怎么回事？"),
        _ => format!("网友热议：{other}"),
    };
}

/// The headline with a remark, or the name of the site.
fn remark(first: &Record, second: &mut Record, rng: &mut ChaCha8Rng) {
    let title = &first.title;
    let remarked = [
        format!("快讯｜{title}"),
        format!("【组图】{title}_转载网"),
        format!("{title}（图）"),
        format!("重磅！{title}"),
        format!("突发：{title} - 望川晚报"),
    ];
    second.title = remarked.choose(rng).cloned().unwrap_or_default();
}

/// In traditional characters.
fn traditional(first: &Record, second: &mut Record, _rng: &mut ChaCha8Rng) {
    let script = script();
    let turned = |text: &str| -> String {
        text.chars().map(|c| script.get(&c).copied().unwrap_or(c)).collect()
    };
    second.title = turned(&first.title);
    second.paragraphs = first.paragraphs.iter().map(|text| turned(text)).collect();
}

/// With a line of the editor, before the text or behind it.
fn editors_line(_first: &Record, second: &mut Record, rng: &mut ChaCha8Rng) {
    let before = ["编者按：这篇报道值得一读。", "来源：澜溪日报", "（本文有删节）"];
    let behind = [
        "责任编辑：周青禾",
        "（原标题：如上）",
        "编辑 许舟 校对 林望舒",
        "来源：澜溪日报 作者：何小溪",
    ];
    if rng.random_bool(0.4) {
        second.paragraphs.insert(0, pick(&before, rng).into());
    }
    second.paragraphs.push(pick(&behind, rng).into());
}

/// With tags and character references.
fn markup(first: &Record, second: &mut Record, _rng: &mut ChaCha8Rng) {
    let marked = |text: &String| {
        let text =
            text.replacen('，', "，&nbsp;", 2).replace('“', "&ldquo;").replace('”', "&rdquo;");
        format!("<p style=\"text-align:left\">{}</p>", text.replacen('。', "。<br/>", 1))
    };
    second.paragraphs = first.paragraphs.iter().map(marked).collect();
    second.title = format!("{}&nbsp;", first.title);
}

/// Without its last sentences.
fn cut_ending(first: &Record, second: &mut Record, rng: &mut ChaCha8Rng) {
    let body = first.body();
    let sentences: Vec<&str> = body.split_inclusive('。').collect();
    let keep = (sentences.len() * rng.random_range(60..95)).div_ceil(100).max(2);
    second.paragraphs = vec![sentences.iter().take(keep).copied().collect()];
}

/// With one typing error.
fn typo(first: &Record, second: &mut Record, rng: &mut ChaCha8Rng) {
    let typos = [
        ("的", "地"),
        ("已经", "己经"),
        ("注意", "住意"),
        ("大厅", "大听"),
        ("负责", "付责"),
        ("准备", "淮备"),
        ("效果", "郊果"),
        ("志愿", "志原"),
        ("昨天", "咋天"),
        ("施工", "施功"),
        ("居民", "居氏"),
        ("讨论", "计论"),
    ];
    let body = first.body();
    let fitting: Vec<_> = typos.iter().filter(|(right, _)| body.contains(right)).collect();
    if let Some((right, wrong)) = fitting.choose(rng) {
        for text in &mut second.paragraphs {
            *text = text.replacen(right, wrong, 1);
        }
    }
}

/// With other marks.
fn punctuation(first: &Record, second: &mut Record, _rng: &mut ChaCha8Rng) {
    let other =
        |text: &String| text.replace('，', ",").replace('。', ". ").replace(['“', '”'], "\"");
    second.paragraphs = first.paragraphs.iter().map(other).collect();
}

/// With the subtitle, which stands last, before the text or behind the headline.
fn subtitle_moved(first: &Record, second: &mut Record, rng: &mut ChaCha8Rng) {
    let Some(subtitle) = second.paragraphs.pop() else { return };
    if rng.random_bool(0.5) {
        second.title = format!("{} {subtitle}", first.title);
    }
    second.paragraphs.insert(0, subtitle);
}

/// With a dateline of its own.
fn dateline(_first: &Record, second: &mut Record, rng: &mut ChaCha8Rng) {
    let line = [
        "本报讯（记者 何小溪）",
        "据澜溪日报消息，",
        "新华社望江9月8日电（记者许舟）",
        "望川网讯 ",
    ];
    if let Some(text) = second.paragraphs.first_mut() {
        text.insert_str(0, pick(&line, rng));
    }
}

/// With other numerals.
fn numerals(_first: &Record, second: &mut Record, _rng: &mut ChaCha8Rng) {
    let swap = [
        ("三十二个", "32个"),
        ("四十万字", "40万字"),
        ("六公里", "6公里"),
        ("十多户", "10多户"),
        ("两千余件", "2000余件"),
        ("一百零三名", "103名"),
        ("十八名", "18名"),
        ("三站", "3站"),
    ];
    for text in &mut second.paragraphs {
        for (han, digits) in swap {
            *text = text.replace(han, digits);
        }
    }
}

/// With time and source put otherwise.
fn source(_first: &Record, second: &mut Record, _rng: &mut ChaCha8Rng) {
    let source = [
        ("有关负责人说，", "有关负责人告诉记者，"),
        ("据了解，", "记者了解到，"),
        ("记者看到，", "在现场，"),
        ("昨天", "昨日"),
        ("昨日", "9月8日"),
        ("专家提醒，", "专家表示，"),
        ("告诉记者，", "说，"),
    ];
    for text in &mut second.paragraphs {
        for (one, other) in source {
            *text = text.replacen(one, other, 1);
        }
    }
}

/// For characters that are written otherwise in traditional script, one that means them.
fn script() -> BTreeMap<char, char> {
    let mut table = BTreeMap::new();
    for c in '\u{4e00}'..='\u{9fff}' {
        let simple = fast2s::convert(c.encode_utf8(&mut [0; 4]));
        if let Some(simple) = simple.chars().next().filter(|simple| *simple != c) {
            table.entry(simple).or_insert(c);
        }
    }
    table
}
