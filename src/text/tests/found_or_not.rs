//! Whatever stands in a text is found by what a person types for it: more than a thousand generated cases of
//! a word in a text, over all the ways in which both may be written. The texts are invented.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail where its own cases are wrong"
)]

use std::sync::LazyLock;

use wenmai_text::query::parse;
use wenmai_text::query::phrase;
use wenmai_text::query::reading::read;
use wenmai_text::terms::Analyzer;
use wenmai_text::units::index;

static ANALYZER: LazyLock<Analyzer> = LazyLock::new(|| Analyzer::load().unwrap());

/// Sentences to cut words out of; each has long dictionary words, names and numerals.
const SENTENCES: [&str; 24] = [
    "望川县气象局昨夜发布暴雨橙色预警信号",
    "中国农业发展银行澜溪支行为冬小麦收购放款",
    "北岭大桥主墩封顶后，工人们在待处理的钢梁前合影",
    "人工智能实验室的研究生守着一台旧示波器",
    "故宫博物院的文物修复师来到青阳镇中心小学",
    "地铁站口的早餐铺子凌晨四点就亮了灯",
    "南水北调东线工程的泵站完成大修",
    "清华大学出版社捐给山区图书馆一千二百册图书",
    "我们之后再去那座石拱桥看一看",
    "市场监督管理局抽检了七十三家农贸市场",
    "渔民阿依古丽把第一筐海虾卖给了收购商",
    "县人民医院新添两台核磁共振仪",
    "武汉长江大桥的老照片挂在候车室墙上",
    "高速公路收费站的减速带被重新刷漆",
    "国家自然科学基金委员会公布评审结果",
    "退役军人事务局为老兵办理优待证",
    "新能源汽车充电桩装进了老旧小区",
    "世界卫生组织的专家组离开了港口",
    "非物质文化遗产传承人教孩子们扎风筝",
    "社会主义核心价值观写在村口的照壁上",
    "葡萄酒庄的采摘园迎来研学旅行团",
    "供电公司的抢修队员爬上结冰的电线杆",
    "气候变化让高山草甸的花期提前了十一天",
    "二〇二五年三月，合作社的烘干塔投入使用",
];

/// A small generator of numbers, so that every run has the same cases.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % limit
    }
}

/// Whether an article with this body holds all that `query` looks for.
fn finds(body: &str, query: &str) -> bool {
    let article = ANALYZER.article("", body);
    let reading = read(&parse(query), &ANALYZER, None);
    !reading.needs.is_empty() && reading.held(&article) == reading.needs.len()
}

/// Whether an article with this body holds `words` as an exact phrase: first by its units, as the store
/// is asked, then by its text.
fn finds_phrase(body: &str, words: &str) -> bool {
    let article = ANALYZER.article("", body);
    let query = parse(&format!("\"{words}\""));
    let phrase = query.phrases.first().unwrap();
    let units = ANALYZER.units_of_phrase(phrase);
    let has = |unit: &String| article.indices().binary_search(&index(unit)).is_ok();
    units.iter().all(has) && phrase::holds(&phrase::folded(body), phrase)
}

/// Fails with all `cases` (kind, body, query) that are not found.
fn all_found(cases: &[(&str, String, String)], found: impl Fn(&str, &str) -> bool) {
    let lost: Vec<_> = cases.iter().filter(|(_, body, query)| !found(body, query)).collect();
    assert!(
        lost.is_empty(),
        "{} of {} are lost: {:#?}",
        lost.len(),
        cases.len(),
        &lost[..lost.len().min(12)]
    );
}

/// Pieces of one to six characters out of the sentences, across no mark.
fn pieces(count: usize) -> Vec<(&'static str, String)> {
    let mut numbers = Numbers(7);
    let mut found = Vec::new();
    while found.len() < count {
        let sentence = SENTENCES[numbers.below(SENTENCES.len())];
        let chars: Vec<char> = sentence.chars().collect();
        let (from, length) = (numbers.below(chars.len()), 1 + numbers.below(6));
        let piece: String = chars[from..chars.len().min(from + length)].iter().collect();
        if piece.chars().all(char::is_alphanumeric) {
            found.push((sentence, piece));
        }
    }
    found
}

#[test]
fn every_piece_of_a_text_is_found_as_words_and_as_a_phrase() {
    let cases: Vec<_> =
        pieces(600).into_iter().map(|(body, piece)| ("piece", body.to_owned(), piece)).collect();
    all_found(&cases, finds);
    all_found(&cases, finds_phrase);
}

#[test]
fn invisible_marks_and_layout_inside_words_lose_nothing() {
    let marks = [
        "\u{200b}",
        "\u{ad}",
        "\u{feff}",
        "\u{2060}",
        "\u{200d}",
        "\u{fe00}",
        "\u{e0101}",
        " ",
        "\u{3000}",
        "”",
    ];
    let mut numbers = Numbers(11);
    let mut cases = Vec::new();
    for (sentence, piece) in pieces(300) {
        let mark = marks[numbers.below(marks.len())];
        let spread: String =
            sentence.chars().flat_map(|c| [c.to_string(), mark.to_owned()]).collect();
        cases.push(("mark inside", spread, piece));
    }
    all_found(&cases, finds_phrase);
    let unseen: Vec<_> =
        cases.into_iter().filter(|(_, body, _)| !body.contains([' ', '\u{3000}', '”'])).collect();
    all_found(&unseen, finds);
    let asked: Vec<_> = pieces(200)
        .into_iter()
        .map(|(body, piece)| {
            let spread: String = piece.chars().flat_map(|c| [c, '\u{200b}']).collect();
            ("mark in the query", body.to_owned(), spread)
        })
        .collect();
    all_found(&asked, finds);
}

#[test]
fn numbers_are_found_in_every_form() {
    let mut numbers = Numbers(3);
    let mut cases = Vec::new();
    for _ in 0..60 {
        let n = 1_000 + numbers.below(8_999);
        let forms = [
            n.to_string(),
            format!("{},{:03}", n / 1_000, n % 1_000),
            chinese(n),
            wide(&n.to_string()),
        ];
        both_ways(&forms, "捐出", "册图书", &mut cases);
        let tens = 10_000 * (1 + numbers.below(99));
        let forms =
            [tens.to_string(), format!("{}万", tens / 10_000), format!("{}.0万", tens / 10_000)];
        both_ways(&forms, "收购", "吨稻谷", &mut cases);
    }
    all_found(&cases, finds);
}

#[test]
fn years_and_months_are_found_in_every_form() {
    let mut cases = Vec::new();
    for year in (1949..2030).step_by(3) {
        let digits: String = year.to_string().chars().map(digit).collect();
        let circles = digits.replace('〇', "○");
        let forms = [
            format!("{year}年"),
            format!("{digits}年"),
            format!("{circles}年"),
            wide(&format!("{year}年")),
        ];
        both_ways(&forms, "合作社", "建成", &mut cases);
    }
    for month in 1..=12 {
        let forms = [format!("{month}月"), format!("{}月", chinese(month))];
        both_ways(&forms, "泵站", "完工", &mut cases);
    }
    all_found(&cases, finds);
}

#[test]
fn names_of_models_are_found_however_they_are_joined() {
    let names = [
        ("Lark", "7"),
        ("FJ", "620"),
        ("K", "38"),
        ("Nova", "12"),
        ("Sky", "3.5"),
        ("MERS", "22"),
        ("QX", "5"),
        ("pm", "2.5"),
        ("Q", "21"),
        ("Yun", "9"),
    ];
    let mut cases = Vec::new();
    for (letters, number) in names {
        let forms = [
            format!("{letters}{number}"),
            format!("{letters}-{number}"),
            format!("{letters} {number}"),
            format!("{}－{number}", letters.to_uppercase()),
            wide(&format!("{letters}{number}")),
            format!("{}{number}", letters.to_lowercase()),
        ];
        both_ways(&forms, "新款", "亮相", &mut cases);
    }
    for (body, query) in [
        ("路由器支持Wi-Fi 6标准", "wifi6"),
        ("路由器支持Wi-Fi6标准", "wifi"),
        ("路由器支持WiFi6标准", "Wi-Fi 6"),
        ("架起5G基站", "5g"),
        ("一架歼-20低空通场", "歼20"),
        ("一架歼20低空通场", "歼-20"),
        ("A股 T+0 试点", "t+0"),
    ] {
        cases.push(("name", body.to_owned(), query.to_owned()));
    }
    all_found(&cases, finds);
}

#[test]
fn other_scripts_and_forms_of_characters_are_found() {
    let pairs = [
        ("清溪縣衞生院的醫護人員", "卫生院"),
        ("清溪县卫生院的医护人员", "衞生院"),
        ("臺灣裏的羣眾", "台湾里的群众"),
        ("⻄部⺠歌與⻓江號子", "西部民歌"),
        ("⽔利⼯程", "水利工程"),
        ("葛\u{e0100}城老街", "葛城"),
        ("﨑山岬", "崎山岬"),
        ("ﬁnance展", "finance"),
        ("𠮷野家与𬭎基", "𠮷野"),
        ("𬭎基建", "𬭎"),
        ("姓𫖯的医生", "𫖯"),
        ("カメラ展のニュース", "ニュース"),
        ("서울특별시 소식", "특별"),
        ("稻田里🌾熟了", "🌾"),
        ("我们与他们", "我们"),
        ("在这之后", "之后"),
        ("①号楼", "1号楼"),
        ("㎡与℃", "m2"),
        ("１２３４５热线", "12345"),
    ];
    let cases: Vec<_> = pairs
        .iter()
        .map(|(body, query)| ("form", (*body).to_owned(), (*query).to_owned()))
        .collect();
    all_found(&cases, finds);
    all_found(&cases, finds_phrase);
}

#[test]
fn what_does_not_stand_in_a_text_is_not_found() {
    let mut wrong = Vec::new();
    for (sentence, piece) in pieces(300) {
        let other = SENTENCES
            [(SENTENCES.iter().position(|s| *s == sentence).unwrap() + 7) % SENTENCES.len()];
        if !other.contains(&piece) && finds_phrase(other, &piece) {
            wrong.push((other, piece));
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
    for (body, query) in [
        ("第112日", "12日"),
        ("he said so", "ai"),
        ("1200册", "200册"),
        ("处理，待办", "处理待办"),
        ("之后", "《之后》"),
    ] {
        assert!(!finds_phrase(body, query), "{body} {query}");
    }
}

/// Every form in a text, asked in every other form.
fn both_ways(
    forms: &[String],
    before: &str,
    behind: &str,
    cases: &mut Vec<(&'static str, String, String)>,
) {
    for written in forms {
        for asked in forms {
            cases.push(("form", format!("{before}{written}{behind}"), asked.clone()));
        }
    }
}

fn wide(text: &str) -> String {
    let widen = |c: char| char::from_u32(u32::from(c) + 0xfee0).unwrap();
    text.chars().map(|c| if c.is_ascii_graphic() { widen(c) } else { c }).collect()
}

fn digit(c: char) -> char {
    "〇一二三四五六七八九".chars().nth(c.to_digit(10).unwrap() as usize).unwrap()
}

/// A number below 10,000 in Chinese numerals: 一千零五, 十二.
fn chinese(n: usize) -> String {
    let mut text = String::new();
    let mut is_gap = false;
    for (power, name) in [(1_000, "千"), (100, "百"), (10, "十"), (1, "")] {
        let of = n / power % 10;
        if of == 0 {
            is_gap = !text.is_empty();
            continue;
        }
        if is_gap {
            text.push('零');
            is_gap = false;
        }
        if !(of == 1 && power == 10 && text.is_empty()) {
            text.extend(of.to_string().chars().map(digit));
        }
        text.push_str(name);
    }
    text
}

#[test]
fn a_whole_word_weighs_more_than_the_same_inside_another() {
    let weight = |body: &str, unit: &str| {
        let article = ANALYZER.article("", body);
        article.iter().find(|(at, _)| *at == index(unit)).map_or(0.0, |(_, weight)| weight)
    };
    for (whole, inside, unit) in [
        ("小麦丰收", "冬小麦丰收", "小麦"),
        ("气象局发布", "中国气象局发布", "气象局"),
        ("待命，处理", "待处理", "处理"),
    ] {
        assert!(weight(whole, unit) > weight(inside, unit), "{unit}");
        assert!(weight(inside, unit) > 0.0, "{unit}");
    }
}

#[test]
fn what_decides_a_unit_is_pinned_to_the_version() {
    let found = ANALYZER.units("冬小麦F-16卖1.2万元，二〇二五年");
    let told: Vec<String> = found.iter().map(|u| format!("{}{}", u.text, u.share)).collect();
    let wanted = "冬0.25 冬小0.25 冬小麦1 小0.25 小麦0.5 麦0.25 f1 f161 161 卖1 1.21 万0.25 万元1 元0.25 \
                  二1 二〇1 〇1 〇二1 二1 二五0.25 五0.25 五年1 年0.25 120001 20251 2025年1";
    assert_eq!((wenmai_text::units::VERSION, told.join(" ").as_str()), ("units1", wanted));
}

#[test]
fn a_query_of_any_kind_is_read_in_bounded_time() {
    let long = "清河涨水，".repeat(2_000);
    let latin = "alpha-beta 12 ".repeat(700);
    let digits = "一千二百".repeat(2_500);
    let mixed = "F-16“1.2万”《晨光》🌾 ".repeat(600);
    for text in [long.as_str(), &latin, &digits, &mixed, "\u{202e}\u{200f}", "“”！？——", ""]
    {
        let reading = read(&parse(text), &ANALYZER, None);
        assert!(reading.needs.len() <= wenmai_text::query::reading::TERMS_MAX);
        let _units = ANALYZER.units_of_phrase(text);
    }
}
