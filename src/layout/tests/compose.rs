//! Our own fictional articles set as newspaper pages: boxes and what stands in them, by style and
//! seed.

use rand::RngExt as _;
use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;

use super::setting::Flow;
use super::setting::Kind;
use super::setting::broken;
use super::setting::fitting;
use super::setting::length;
use super::source;
use super::source::Line as Words;
use super::source::Source;
use super::style::Rules;
use super::style::Style;
use crate::model::Line;
use crate::model::Rect;
use crate::model::Sheet;
use crate::print::ems;

/// Size of the body type.
pub const BODY: f32 = 12.0;
/// Width of the page.
const WIDTH: f32 = 1_000.0;
/// Height up to which modules are placed.
const HEIGHT: f32 = 1_450.0;
/// Room around the page.
const MARGIN: f32 = 30.0;
/// An article of a page, as it was meant.
#[derive(Debug, Clone, Default)]
pub struct Gold {
    pub title: String,
    pub kicker: String,
    pub subtitle: String,
    pub body: Vec<String>,
}

/// A page and what stands on it.
#[derive(Debug, Clone)]
pub struct Composed {
    pub sheet: Sheet,
    pub gold: Vec<Gold>,
}

struct Setter<'a> {
    rng: ChaCha8Rng,
    style: &'a Style,
    sheet: Sheet,
    gold: Vec<Gold>,
    sources: Vec<Source>,
    next: usize,
    column: f32,
}

/// The page of a style and a seed.
pub fn compose(style: &Style, seed: u64) -> Composed {
    compose_to(style, seed, HEIGHT * 0.8)
}

/// The page of a style and a seed, with rows as long as they begin above `height`.
pub fn compose_to(style: &Style, seed: u64, height: f32) -> Composed {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut sources = source::articles();
    sources.shuffle(&mut rng);
    let gutters = style.gutter * BODY * (style.columns - 1) as f32;
    let column = (WIDTH - 2.0 * MARGIN - gutters) / style.columns as f32;
    let sheet = Sheet { width: WIDTH, ..Sheet::default() };
    let mut setter = Setter { rng, style, sheet, gold: Vec::new(), sources, next: 0, column };
    let mut top = setter.masthead();
    while top < height {
        top = setter.row(top) + 2.2 * BODY;
    }
    setter.foot(top)
}

impl Setter<'_> {
    fn chance(&mut self, percent: u32) -> bool {
        self.rng.random_range(0..100) < percent
    }

    fn left_of(&self, column: usize) -> f32 {
        MARGIN + column as f32 * (self.column + self.style.gutter * BODY)
    }

    fn right_of(&self, column: usize) -> f32 {
        self.left_of(column) + self.column
    }

    fn put(&mut self, text: &str, left: f32, top: f32, width: f32, size: f32) {
        let bold = size > 1.01 * BODY || text.starts_with('\u{1}');
        let text = text.trim_start_matches('\u{1}').to_owned();
        let off = self.style.jitter * BODY;
        let mut shake = || {
            if off > 0.0 { self.rng.random_range(-off..off) } else { 0.0 }
        };
        let rect = Rect::new(
            left + shake(),
            top + shake(),
            left + width + shake(),
            top + size * 1.08 + shake(),
        );
        let stated = self.style.stated;
        let (size, bold) = (stated.then_some(size), stated.then_some(bold));
        let mut line = Line { rect, text, size, bold, ..Line::default() };
        crate::print::trim(&mut line);
        self.sheet.lines.push(line);
    }

    fn masthead(&mut self) -> f32 {
        self.put("清河日报", MARGIN, MARGIN, 4.0 * 40.0, 40.0);
        let date = "2025年9月14日 星期日";
        self.put(date, MARGIN + 300.0, MARGIN + 25.0, ems(date) * BODY, BODY);
        self.put("第1版 要闻", WIDTH - 150.0, MARGIN + 25.0, ems("第1版 要闻") * BODY, BODY);
        MARGIN + 40.0 * 1.08 + 2.5 * BODY
    }

    /// The next sources that make one article: short ones are put together where much room is.
    fn take(&mut self, columns: usize) -> Source {
        let mut taken: Option<Source> = None;
        let want = columns * self.rng.random_range(120..260);
        loop {
            let source = self.sources[self.next % self.sources.len()].clone();
            self.next += 1;
            if source.kind == "photo" {
                continue;
            }
            match &mut taken {
                None => taken = Some(source),
                Some(taken) => {
                    let texts = source.body.into_iter();
                    taken.body.extend(texts.filter(|line| matches!(line, Words::Text(_))));
                }
            }
            let enough = taken.as_ref().is_some_and(|taken| length(taken) >= want);
            if enough || self.next > 400 {
                return taken.unwrap_or_default();
            }
        }
    }

    /// A row of modules side by side; returns where it ends.
    fn row(&mut self, top: f32) -> f32 {
        let mut widths = Vec::new();
        let mut left = self.style.columns;
        while left > 0 {
            let most = left.min(4);
            let least = if left == 1 { 1 } else { 1.max(most / 2) };
            let mut width = self.rng.random_range(least..=most);
            if left - width == 1 && self.rng.random_range(0..2) == 0 {
                width = left.min(width + 1);
            }
            widths.push(width);
            left -= width;
        }
        let mut bottom = top;
        let mut from = 0;
        let mut ends = Vec::new();
        for width in widths {
            let end = self.module(from, width, top);
            ends.push((from, width, end));
            bottom = bottom.max(end);
            from += width;
        }
        // Below short modules there is room for a short piece.
        for (from, width, end) in &ends {
            if bottom - end > 16.0 * BODY && *width <= 2 {
                let below = self.module(*from, *width, end + 2.2 * BODY);
                if self.style.rules != Rules::None {
                    let y = end + 1.1 * BODY;
                    let (left, right) = (self.left_of(*from), self.right_of(from + width - 1));
                    self.sheet.rules.push(Rect::new(left, y, right, y + 1.0));
                }
                bottom = bottom.max(below);
            }
        }
        if self.style.rules != Rules::None {
            for (from, _, _) in ends.iter().skip(1) {
                let x = self.left_of(*from) - 0.5 * self.style.gutter * BODY;
                self.sheet.rules.push(Rect::new(x, top, x + 1.0, bottom));
            }
            let y = bottom + 1.1 * BODY;
            self.sheet.rules.push(Rect::new(MARGIN, y, WIDTH - MARGIN, y + 1.0));
        }
        bottom
    }

    /// An article over `columns` columns; returns where it ends.
    fn module(&mut self, from: usize, columns: usize, top: f32) -> f32 {
        let source = self.take(columns);
        let framed = self.chance(self.style.framed);
        let inset = if framed { 1.2 * BODY } else { 0.0 };
        let (left, right) = (self.left_of(from) + inset, self.right_of(from + columns - 1) - inset);
        let merged = columns > 1 && self.chance(self.style.merged);
        let count = if merged { columns - 1 } else { columns };
        let gutter = self.style.gutter * BODY;
        let width = (right - left - gutter * (count - 1) as f32) / count as f32;
        let lefts: Vec<f32> = (0..count).map(|at| left + at as f32 * (width + gutter)).collect();
        let mut gold = Gold { title: source.title.clone(), ..Gold::default() };
        let start = top + inset;
        let end = if count > 1 && self.chance(self.style.vertical) {
            self.vertical(&source, &lefts, width, start, &mut gold)
        } else {
            self.horizontal(&source, &lefts, width, start, &mut gold)
        };
        self.gold.push(gold);
        if framed {
            let outer = Rect::new(left - inset, top, right + inset, end + inset);
            let Rect { left, top, right, bottom } = outer;
            if self.chance(50) {
                self.sheet.frames.push(outer);
            } else {
                self.sheet.rules.extend([
                    Rect::new(left, top, right, top + 1.0),
                    Rect::new(left, bottom - 1.0, right, bottom),
                    Rect::new(left, top, left + 1.0, bottom),
                    Rect::new(right - 1.0, top, right, bottom),
                ]);
            }
        } else if self.style.rules == Rules::Columns {
            for x in lefts.iter().skip(1) {
                let x = x - 0.5 * gutter;
                let below = self.sheet.lines.iter().filter(|l| l.rect.left < x && l.rect.right > x);
                let head = below.map(|l| l.rect.bottom).filter(|b| *b > top && *b < end);
                let from = head.fold(top, f32::max);
                self.sheet.rules.push(Rect::new(x, from + 4.0, x + 1.0, end));
            }
        }
        end + inset
    }

    /// The lines of a body, with opener and names.
    fn flow(&mut self, source: &Source, width: f32, gold: &mut Gold, byline: bool) -> Flow {
        let mut flow = Flow { lines: Vec::new() };
        let names = source.names.join(" ");
        let opener = match &source.place {
            Some(_) if !byline && !names.is_empty() && self.chance(self.style.names) => {
                format!("本报讯（记者 {names}）")
            }
            _ => String::new(),
        };
        for (at, line) in source.body.iter().enumerate() {
            match line {
                Words::Text(text) => {
                    gold.body.push(text.clone());
                    let head = if at == 0 { opener.as_str() } else { "" };
                    flow.text(&format!("{head}{text}"), width, self.style.indent);
                }
                Words::Subhead(text) | Words::BoxHead(text) => {
                    gold.body.push(text.clone());
                    let inset = ((width - ems(text) * BODY) / 2.0).max(0.0);
                    let text = format!("\u{1}{text}");
                    flow.lines.push((text.clone(), inset, ems(&text) * BODY - BODY, Kind::Subhead));
                }
            }
        }
        flow
    }

    /// Headline above; over a part of the columns in some styles.
    fn horizontal(
        &mut self,
        source: &Source,
        lefts: &[f32],
        width: f32,
        top: f32,
        gold: &mut Gold,
    ) -> f32 {
        let partial = lefts.len() > 2 && self.chance(self.style.partial);
        let reach = if partial { lefts.len() - 1 } else { lefts.len() };
        let right = lefts[reach - 1] + width;
        let mut below = self.heading(source, lefts[0], right, top, gold);
        let byline = !source.names.is_empty() && self.chance(self.style.names / 2);
        if byline {
            let line = format!("本报记者 {}", source.names.join(" "));
            let wide = ems(&line) * BODY;
            self.put(&line, f32::midpoint(lefts[0], right) - wide / 2.0, below, wide, BODY);
            below += 1.8 * BODY;
        }
        let flow = self.flow(source, width, gold, byline);
        let pitch = self.style.leading * BODY;
        let picture = lefts.len() > 1 && self.chance(self.style.pictures);
        let span = if picture { self.rng.random_range(1..=2.min(lefts.len())) } else { 0 };
        let at = if picture { self.rng.random_range(0..=reach - span.min(reach)) } else { 0 };
        let tall = span as f32 * width * 0.55;
        // Each column's start, and the gap that a picture leaves in it.
        let rows = flow.lines.len() as f32 * pitch;
        let extra: f32 = lefts.len() as f32 * 0.0 + span as f32 * (tall + 3.6 * BODY)
            - if partial { below - top } else { 0.0 };
        let each = ((rows + extra) / lefts.len() as f32 / pitch).ceil() * pitch;
        let mut bottom = below + each.max(3.0 * pitch);
        let pic_top = if picture && self.chance(50) {
            below
        } else {
            below + (((bottom - below - tall - 3.6 * BODY).max(0.0) / 2.0) / pitch).floor() * pitch
        };
        let mut queue = flow.lines.into_iter().peekable();
        let pictured = |column: usize| picture && (at..at + span).contains(&column);
        for (column, left) in lefts.iter().enumerate() {
            let last = column + 1 == lefts.len();
            let mut y = if partial && column >= reach { top } else { below };
            while queue.peek().is_some() {
                if pictured(column) && y + pitch > pic_top && y < pic_top + tall + 3.6 * BODY {
                    y = pic_top + tall + 3.6 * BODY;
                }
                if y + pitch > bottom + 0.5 * pitch && !last {
                    break;
                }
                let Some((text, inset, wide, _)) = queue.next() else { break };
                self.put(&text, left + inset, y, wide, BODY);
                y += pitch;
            }
            if last {
                bottom = bottom.max(y);
            }
        }
        if picture {
            let right = lefts[at + span - 1] + width;
            self.sheet.pictures.push(Rect::new(lefts[at], pic_top, right, pic_top + tall));
            let caption = self.caption();
            let wide = (ems(&caption) * BODY * 0.92).min(right - lefts[at]);
            let fits: String = fitting(&caption, wide / (BODY * 0.92));
            let wide = ems(&fits) * BODY * 0.92;
            self.put(&fits, lefts[at], pic_top + tall + 0.6 * BODY, wide, BODY * 0.92);
            bottom = bottom.max(pic_top + tall + 2.0 * BODY);
        }
        bottom
    }

    fn caption(&mut self) -> String {
        let all = ["大桥合龙现场。许舟 摄", "农机手在田里作业。", "居民在议事会上。林小满 摄"];
        all[self.rng.random_range(0..all.len())].to_owned()
    }

    /// Kicker, headline and subtitle; returns where the text may begin.
    fn heading(
        &mut self,
        source: &Source,
        left: f32,
        right: f32,
        top: f32,
        gold: &mut Gold,
    ) -> f32 {
        let (least, most) = self.style.headline;
        let wide = right - left;
        let narrow = wide < 1.6 * self.column;
        let size = BODY * if narrow { least } else { self.rng.random_range(least..=most) };
        let middle = f32::midpoint(left, right);
        let mut y = top;
        let centred = |setter: &mut Self, text: &str, size: f32, y: f32| {
            let size = size.min(wide / ems(text).max(1.0)).max(BODY * 1.2);
            let own = ems(text) * size;
            setter.put(text, middle - own / 2.0, y, own, size);
        };
        if !source.kicker.is_empty() && ems(&source.kicker) * BODY * 1.3 < wide {
            centred(self, &source.kicker, BODY * 1.3, y);
            gold.kicker.clone_from(&source.kicker);
            y += BODY * 1.3 * 1.35;
        }
        for line in broken(&source.title, wide / size) {
            centred(self, &line, size, y);
            y += size * 1.25;
        }
        if !source.subtitle.is_empty() && ems(&source.subtitle) * BODY * 1.3 + 2.0 * BODY < wide {
            centred(self, &format!("——{}", source.subtitle), BODY * 1.3, y + 0.1 * BODY);
            gold.subtitle.clone_from(&source.subtitle);
            y += BODY * 1.3 * 1.35;
        }
        y + 1.0 * BODY
    }

    /// Headline downwards at the left or right side.
    fn vertical(
        &mut self,
        source: &Source,
        lefts: &[f32],
        width: f32,
        top: f32,
        gold: &mut Gold,
    ) -> f32 {
        let title: String = source.title.clone();
        let parts: Vec<&str> = title.split(' ').collect();
        let size = BODY * self.style.headline.0;
        let at_left = self.chance(50);
        let take = parts.len() as f32 * size * 1.2 + 1.2 * BODY;
        let longest = parts.iter().map(|part| part.chars().count()).max().unwrap_or(1) as f32;
        let height = longest * size;
        let right = lefts[lefts.len() - 1] + width;
        let gutter = self.style.gutter * BODY;
        let inner =
            (right - lefts[0] - take - gutter * (lefts.len() - 1) as f32) / lefts.len() as f32;
        let text_left = if at_left { lefts[0] + take } else { lefts[0] };
        let head_right = if at_left { lefts[0] + take - 1.2 * BODY } else { right };
        for (at, part) in parts.iter().enumerate() {
            let x = head_right - (at + 1) as f32 * size * 1.2 + 0.1 * size;
            let tall = part.chars().count() as f32 * size;
            let stated = self.style.stated;
            self.sheet.lines.push(Line {
                rect: Rect::new(x, top, x + size, top + tall),
                text: (*part).to_owned(),
                vertical: true,
                size: stated.then_some(size),
                ..Line::default()
            });
        }
        let flow = self.flow(source, inner, gold, false);
        let pitch = self.style.leading * BODY;
        let each = (flow.lines.len() as f32 / lefts.len() as f32).ceil() * pitch;
        let bottom = top + each.max(height);
        let rows = (each / pitch).ceil() as usize;
        for (at, (text, inset, wide, _)) in flow.lines.iter().enumerate() {
            let (column, row) = (at / rows, at % rows);
            let left = text_left + column as f32 * (inner + gutter);
            self.put(text, left + inset, top + row as f32 * pitch, *wide, BODY);
        }
        bottom
    }

    /// Advertisements and the page's end.
    fn foot(mut self, top: f32) -> Composed {
        let mut bottom = top;
        if self.chance(self.style.adverts) {
            let rect = Rect::new(MARGIN, top, WIDTH / 2.0, top + 110.0);
            self.sheet.frames.push(rect);
            self.put("望江华府 盛大开盘", MARGIN + 40.0, top + 12.0, 8.5 * 30.0, 30.0);
            let lines = [
                "首付八万起 全场九折优惠！",
                "销售电话：0999-8866123 8866124",
                "地址：清河县滨河路66号",
            ];
            for (at, line) in lines.iter().enumerate() {
                let y = top + 55.0 + at as f32 * 18.0;
                self.put(line, MARGIN + 40.0, y, ems(line) * BODY, BODY);
            }
            bottom = top + 130.0;
        }
        self.sheet.height = bottom + MARGIN;
        let line = "责任编辑：唐一鸣　版式：何小溪　校对：秦晓";
        self.put(line, WIDTH - MARGIN - ems(line) * BODY, bottom, ems(line) * BODY, BODY);
        let Setter { sheet, gold, .. } = self;
        Composed { sheet, gold }
    }
}
