//! Which articles stand on a page, in which words, and what a reader would say they are.

use rand::RngExt as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;
use serde_json::Value;
use serde_json::json;

use super::extras;
use super::extras::Extra;
use super::source;
use super::source::Line;
use super::source::Source;
use super::style::Style;

/// What a piece of a page is to whoever sets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Headline,
    /// Above or below the headline, or the name of a box.
    Heading,
    Subhead,
    Text,
    /// Names, pointers, credits: lines of their own.
    Line,
}

/// A piece of a page: a paragraph or a line.
#[derive(Debug, Clone)]
pub struct Piece {
    pub role: Role,
    pub text: String,
    /// Whether something new begins with it.
    pub begins: bool,
}

/// A page before it is set.
pub struct Page {
    pub pieces: Vec<Piece>,
    pub articles: Vec<Value>,
    pub number: u32,
}

struct Maker<'a> {
    rng: &'a mut ChaCha8Rng,
    style: &'a Style,
    pieces: Vec<Piece>,
    articles: Vec<Value>,
    begins: bool,
}

/// Chooses what stands on the page.
pub fn page(style: &Style, rng: &mut ChaCha8Rng) -> Page {
    let mut sources = source::articles();
    sources.shuffle(rng);
    let number = rng.random_range(1..=8);
    let mut maker = Maker { rng, style, pieces: Vec::new(), articles: Vec::new(), begins: true };
    if maker.chance(30) {
        maker.masthead(number);
    }
    let count = maker.rng.random_range(3..=6);
    let is_brief = |source: &Source| source.kind == "brief";
    let titles: Vec<String> =
        sources.iter().filter(|s| s.kind == "news").map(|s| s.title.clone()).collect();
    let teaser_at = maker.chance(40).then(|| maker.rng.random_range(0..count));
    let staff_at = maker.chance(50).then(|| maker.rng.random_range(0..=count));
    for (at, source) in sources.iter().filter(|s| !is_brief(s)).take(count).enumerate() {
        if staff_at == Some(at) {
            maker.staff();
        }
        if teaser_at == Some(at) {
            let unused = titles.iter().rev().take(maker.rng.random_range(1..=3));
            let titles: Vec<String> = unused.cloned().collect();
            maker.teasers(&titles);
        }
        maker.article(source);
        if style.extras && maker.chance(60) {
            let extra = extras::one(maker.rng);
            maker.extra(&extra);
        }
    }
    if maker.chance(25) {
        let briefs: Vec<&Source> = sources.iter().filter(|s| is_brief(s)).collect();
        maker.briefs(&briefs);
    }
    if staff_at == Some(count) {
        maker.staff();
    }
    Page { pieces: maker.pieces, articles: maker.articles, number }
}

impl Maker<'_> {
    fn chance(&mut self, percent: u32) -> bool {
        self.rng.random_range(0..100) < percent
    }

    fn one<'b>(&mut self, of: &[&'b str]) -> &'b str {
        of[self.rng.random_range(0..of.len())]
    }

    fn put(&mut self, role: Role, text: impl Into<String>) {
        let begins = std::mem::take(&mut self.begins);
        self.pieces.push(Piece { role, text: text.into(), begins });
    }

    /// The text as the page has it: marks of half width, characters misread.
    fn printed(&mut self, text: &str) -> String {
        let mut printed = String::new();
        for c in text.chars() {
            let noisy = self.style.noise > 0 && self.rng.random_range(0..1_000) < self.style.noise;
            let c = if noisy { misread(c) } else { Some(c) };
            printed.extend(c.map(|c| if self.style.half { halved(c) } else { c }));
        }
        printed
    }

    fn masthead(&mut self, number: u32) {
        let line = self.one(&["2025年9月14日 星期日", "2025年9月14日　星期日　农历七月廿三"]);
        match self.one(&["name", "page"]) {
            "name" => {
                self.put(Role::Line, "清河日报");
                self.begins = true;
                self.put(Role::Line, line);
            }
            _ => self.put(Role::Line, format!("第{number}版 要闻")),
        }
        self.begins = true;
    }

    fn staff(&mut self) {
        let line = self.one(&[
            "值班编委：周立言 责编：林海平 美编：许多 校对：江南雨",
            "责任编辑：唐一鸣　版式：何小溪　校对：秦晓",
            "本版责编 苏北 美编 白羽",
        ]);
        self.begins = true;
        self.put(Role::Line, line);
        self.articles.push(json!({"kind": "staff", "title": null}));
        self.begins = true;
    }

    fn teasers(&mut self, titles: &[String]) {
        self.begins = true;
        let header = self.one(&["今日导读", "导读", "今日看点"]);
        self.put(Role::Heading, header);
        for title in titles {
            let title = self.printed(title);
            let page = self.rng.random_range(2..=8);
            match self.one(&["below", "behind"]) {
                "below" => {
                    self.put(Role::Line, title.clone());
                    self.put(Role::Line, format!("{page}版"));
                }
                _ => self.put(Role::Line, format!("{title} 见{page}版")),
            }
            self.articles.push(json!({"kind": "teaser", "title": title}));
        }
        self.begins = true;
    }

    fn briefs(&mut self, briefs: &[&Source]) {
        self.begins = true;
        self.put(Role::Heading, "简讯");
        for source in briefs {
            let (title, body) = (self.printed(&source.title), self.body(source, &mut Vec::new()));
            self.put(Role::Headline, title.clone());
            let paragraphs = self.texts(body);
            self.articles.push(json!({
                "kind": "brief", "title": title, "section": "简讯", "paragraphs": paragraphs,
            }));
        }
        self.begins = true;
    }

    /// The lines of a body as printed.
    fn body(&mut self, source: &Source, roles: &mut Vec<Role>) -> Vec<String> {
        let mut lines = Vec::new();
        for line in &source.body {
            let (role, text) = match line {
                Line::Text(text) => (Role::Text, text),
                Line::Subhead(text) => (Role::Subhead, text),
                Line::BoxHead(text) => (Role::Heading, text),
            };
            roles.push(role);
            lines.push(self.printed(text));
        }
        lines
    }

    fn texts(&mut self, lines: Vec<String>) -> Vec<String> {
        for line in &lines {
            self.put(Role::Text, line.clone());
        }
        lines
    }

    fn article(&mut self, source: &Source) {
        self.begins = true;
        if source.kind == "photo" {
            self.photo(source);
            return;
        }
        let mut roles = Vec::new();
        let body = self.body(source, &mut roles);
        let mut gold = json!({
            "kind": source.kind, "title": null, "kicker": null, "section": null,
            "byline": [], "paragraphs": body,
        });
        let names = self.byline_form(source);
        self.above(source, &names, &mut gold);
        self.headline(source, &mut gold);
        if !source.subtitle.is_empty() {
            let text = self.printed(&source.subtitle);
            // Without dash and marks a subtitle reads as the headline, and the headline as kicker.
            let dash = if self.style.has_levels() && self.chance(30) { "" } else { "——" };
            self.put(Role::Heading, format!("{dash}{text}"));
            gold["subtitle"] = json!(text);
        }
        if let Names::Below(line) = &names {
            self.put(Role::Line, line.clone());
            gold["byline"] = json!(source.names);
        }
        let opener = self.opener(source, &names, &mut gold);
        let last = body.len() - 1;
        for (at, (line, role)) in body.iter().zip(&roles).enumerate() {
            let head = if at == 0 { opener.as_str() } else { "" };
            let tail = if let (Names::Behind(line), true) = (&names, at == last) {
                line.as_str()
            } else {
                ""
            };
            self.put(*role, format!("{head}{line}{tail}"));
        }
        if let Names::Behind(_) = &names {
            gold["byline"] = json!(source.names);
        }
        self.articles.push(gold);
    }

    fn extra(&mut self, extra: &Extra) {
        self.begins = true;
        self.put(Role::Headline, extra.title);
        for line in &extra.lines {
            self.put(Role::Text, line.clone());
        }
        self.articles.push(json!({
            "kind": extra.kind, "title": extra.title, "kicker": null, "section": null,
            "byline": [], "paragraphs": extra.lines,
        }));
        self.begins = true;
    }

    fn photo(&mut self, source: &Source) {
        let body = self.body(source, &mut Vec::new());
        let credit = self.one(&["本报记者 {} 摄", "{} 摄", "{}摄", "（{} 摄）"]);
        let credit = credit.replace("{}", &source.credit);
        let count = body.len();
        for (at, line) in body.iter().enumerate() {
            if at + 1 == count && self.chance(40) {
                self.put(Role::Text, format!("{line}{credit}"));
                self.articles.push(json!({
                    "kind": "photo", "title": null, "credit": source.credit, "paragraphs": body,
                }));
                return;
            }
            self.put(Role::Text, line.clone());
        }
        self.put(Role::Line, credit);
        self.articles.push(json!({
            "kind": "photo", "title": null, "credit": source.credit, "paragraphs": body,
        }));
    }

    fn above(&mut self, source: &Source, names: &Names, gold: &mut Value) {
        if !source.section.is_empty() {
            self.put(Role::Heading, source.section.clone());
            gold["section"] = json!(source.section);
        }
        if !source.kicker.is_empty() {
            let text = self.printed(&source.kicker);
            self.put(Role::Heading, text.clone());
            gold["kicker"] = json!(text);
        }
        if let Names::Above(line) = names {
            self.put(Role::Line, line.clone());
            gold["byline"] = json!(source.names);
        }
    }

    fn headline(&mut self, source: &Source, gold: &mut Value) {
        let title = self.printed(&source.title);
        gold["title"] = json!(title);
        match title.split_once(' ') {
            // Two parts are often set in two lines; without marks nobody could tell the first from
            // a kicker.
            Some((left, right)) if self.style.has_levels() && self.chance(25) => {
                self.put(Role::Headline, left);
                self.put(Role::Headline, right);
            }
            _ => self.put(Role::Headline, title),
        }
    }

    fn byline_form(&mut self, source: &Source) -> Names {
        if source.names.is_empty() {
            return Names::None;
        }
        let spaced = source.names.join(" ");
        let listed = source.names.join("、");
        if source.place.is_some() && self.chance(60) {
            return Names::Opener(format!("（记者 {}）", self.one(&[&spaced, &listed])));
        }
        let line = match self.one(&["bare", "role", "box", "text"]) {
            "bare" => spaced.clone(),
            "role" => format!("本报记者 {spaced}"),
            "box" => format!("□ {spaced}"),
            _ => format!("文/{spaced}"),
        };
        match self.one(&["above", "below", "below", "behind"]) {
            "above" => Names::Above(spaced),
            "below" => Names::Below(line),
            _ if source.kind == "feature" => Names::Below(line),
            _ => Names::Behind(format!("（本报记者 {listed}）")),
        }
    }

    fn opener(&mut self, source: &Source, names: &Names, gold: &mut Value) -> String {
        let Some(place) = &source.place else {
            return String::new();
        };
        let reporters = if let Names::Opener(reporters) = names {
            gold["byline"] = json!(source.names);
            reporters.as_str()
        } else {
            ""
        };
        let (day, dated) = (source.day.as_str(), source.day.contains('月'));
        if reporters.is_empty() && self.chance(40) {
            // The lead says the day itself.
            return String::new();
        }
        match self.one(&["place", "place-day", "agency", "day", "short"]) {
            "place-day" if dated && !place.is_empty() => {
                gold["place"] = json!(place);
                gold["dateline"] = json!(day);
                format!("本报{place}{day}电{reporters}")
            }
            "agency" if dated && !place.is_empty() && reporters.is_empty() => {
                gold["place"] = json!(place);
                gold["dateline"] = json!(day);
                format!("新华社{place}{day}电 ")
            }
            "day" if dated => {
                gold["dateline"] = json!(day);
                format!("本报{day}讯{reporters}")
            }
            "place" if !place.is_empty() => {
                gold["place"] = json!(place);
                format!("本报{place}讯{reporters} ")
            }
            _ => format!("本报讯{reporters}"),
        }
    }
}

/// Where and how the authors are named.
enum Names {
    None,
    Above(String),
    Below(String),
    Behind(String),
    Opener(String),
}

/// What a scanner reads for `c`, or nothing for a mark that it loses.
fn misread(c: char) -> Option<char> {
    const PAIRS: &str = "己已未末日曰人入土士大太天夫王玉木本目自千干午牛石右田由贝见";
    if "，、。；".contains(c) {
        return None;
    }
    let at = PAIRS.chars().position(|known| known == c);
    at.map_or(Some(c), |at| PAIRS.chars().nth(at ^ 1))
}

fn halved(c: char) -> char {
    match c {
        '，' => ',',
        '：' => ':',
        '；' => ';',
        '（' => '(',
        '）' => ')',
        '？' => '?',
        '！' => '!',
        _ => c,
    }
}
