//! The operators of a page: text, paths, images and forms.

use std::collections::HashMap;
use std::rc::Rc;

use hayro_syntax::content::UntypedIter;
use hayro_syntax::object::Array;
use hayro_syntax::object::Dict;
use hayro_syntax::object::Name;
use hayro_syntax::object::Object;
use hayro_syntax::object::Stream;
use hayro_syntax::page::Page;
use hayro_syntax::page::Resources;

use super::font::Font;
use super::glyphs::Glyph;
use crate::model::Rect;

/// Operators that are read of one page, those of its forms included.
const OPERATORS_MAX: usize = 4_000_000;
/// Characters that are read of one page.
const GLYPHS_MAX: usize = 1_000_000;
/// Rules and pictures that are kept.
const SHAPES_MAX: usize = 20_000;
/// How deep forms may stand in forms.
const DEPTH_MAX: usize = 10;

/// A matrix `[a b c d e f]` as PDF has it.
type Matrix = [f32; 6];

const IDENTITY: Matrix = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];

/// `inner` applied before `outer`.
#[expect(clippy::many_single_char_names, reason = "the letters that PDF has for them")]
fn times(inner: &Matrix, outer: &Matrix) -> Matrix {
    let [a, b, c, d, e, f] = *inner;
    let [g, h, i, j, k, l] = *outer;
    [
        a * g + b * i,
        a * h + b * j,
        c * g + d * i,
        c * h + d * j,
        e * g + f * i + k,
        e * h + f * j + l,
    ]
}

#[expect(clippy::many_single_char_names, reason = "the letters that PDF has for them")]
fn at(matrix: &Matrix, x: f32, y: f32) -> (f32, f32) {
    let [a, b, c, d, e, f] = *matrix;
    (a * x + c * y + e, b * x + d * y + f)
}

/// What `q` saves and `Q` restores.
#[derive(Clone)]
struct State {
    matrix: Matrix,
    font: Option<Rc<Font>>,
    size: f32,
    chars: f32,
    words: f32,
    scale: f32,
    leading: f32,
    rise: f32,
    /// Whether what is filled is white, and so hidden.
    white: bool,
}

/// What was found on a page.
pub(super) struct Reader {
    pub glyphs: Vec<Glyph>,
    pub pictures: Vec<Rect>,
    pub rules: Vec<Rect>,
    /// Glyphs whose font says no character.
    pub mute: usize,
    pub notes: Vec<String>,
    state: State,
    saved: Vec<State>,
    text: Matrix,
    line: Matrix,
    /// Boxes of the path being drawn, and its last point.
    path: Vec<Rect>,
    point: (f32, f32),
    start: (f32, f32),
    fonts: HashMap<(i64, String), Rc<Font>>,
    operators: usize,
}

impl Reader {
    /// A reader for a page, whose places count from its upper left corner.
    #[expect(clippy::cast_possible_truncation, reason = "places on a page need no more")]
    pub fn new(page: &Page<'_>) -> Self {
        let matrix = page.initial_transform(true).as_coeffs().map(|number| number as f32);
        Self {
            glyphs: Vec::new(),
            pictures: Vec::new(),
            rules: Vec::new(),
            mute: 0,
            notes: Vec::new(),
            state: State {
                matrix,
                font: None,
                size: 0.0,
                chars: 0.0,
                words: 0.0,
                scale: 1.0,
                leading: 0.0,
                rise: 0.0,
                white: false,
            },
            saved: Vec::new(),
            text: IDENTITY,
            line: IDENTITY,
            path: Vec::new(),
            point: (0.0, 0.0),
            start: (0.0, 0.0),
            fonts: HashMap::new(),
            operators: 0,
        }
    }

    /// Reads the whole page.
    pub fn page(&mut self, page: &Page<'_>) {
        if let Some(stream) = page.page_stream() {
            self.run(stream, page.resources(), 0);
        }
    }

    fn run(&mut self, data: &[u8], resources: &Resources<'_>, depth: usize) {
        let mut operators = UntypedIter::new(data);
        while let Some(instruction) = operators.next() {
            self.operators += 1;
            if self.operators > OPERATORS_MAX || self.glyphs.len() > GLYPHS_MAX {
                if self.notes.is_empty() {
                    self.notes.push("only a part of the page was read: it is too large".to_owned());
                }
                return;
            }
            let operands: Vec<&Object<'_>> = instruction.operands().collect();
            let name = std::str::from_utf8(instruction.operator).unwrap_or_default();
            self.operator(name, &operands, resources, depth);
        }
    }

    #[expect(clippy::many_single_char_names, reason = "the letters that PDF has for them")]
    fn operator(
        &mut self,
        name: &str,
        operands: &[&Object<'_>],
        resources: &Resources<'_>,
        depth: usize,
    ) {
        let numbers: Vec<f32> = operands.iter().filter_map(|operand| number(operand)).collect();
        match (name, numbers.as_slice()) {
            ("q", _) if self.saved.len() < 1_000 => self.saved.push(self.state.clone()),
            ("Q", _) => {
                if let Some(state) = self.saved.pop() {
                    self.state = state;
                }
            }
            ("cm", [a, b, c, d, e, f]) => {
                self.state.matrix = times(&[*a, *b, *c, *d, *e, *f], &self.state.matrix);
            }
            ("g" | "rg" | "k" | "sc" | "scn", numbers) => {
                self.state.white = is_white(name, numbers);
            }
            ("Do", _) => self.object(operands, resources, depth),
            ("Tf", [size]) => self.font(operands, *size, resources),
            ("Tc", [value]) => self.state.chars = *value,
            ("Tw", [value]) => self.state.words = *value,
            ("Tz", [value]) => self.state.scale = *value / 100.0,
            ("TL", [value]) => self.state.leading = *value,
            ("Ts", [value]) => self.state.rise = *value,
            ("BT", _) => (self.text, self.line) = (IDENTITY, IDENTITY),
            ("Td", [x, y]) => self.next_line(*x, *y),
            ("TD", [x, y]) => {
                self.state.leading = -*y;
                self.next_line(*x, *y);
            }
            ("Tm", [a, b, c, d, e, f]) => {
                self.line = [*a, *b, *c, *d, *e, *f];
                self.text = self.line;
            }
            ("T*", _) => self.next_line(0.0, -self.state.leading),
            ("Tj", _) => self.show(operands),
            ("'", _) => {
                self.next_line(0.0, -self.state.leading);
                self.show(operands);
            }
            ("\"", [words, chars, ..]) => {
                (self.state.words, self.state.chars) = (*words, *chars);
                self.next_line(0.0, -self.state.leading);
                self.show(operands);
            }
            ("TJ", _) => self.show_spaced(operands),
            _ => self.draw(name, &numbers),
        }
    }

    fn next_line(&mut self, x: f32, y: f32) {
        self.line = times(&[1.0, 0.0, 0.0, 1.0, x, y], &self.line);
        self.text = self.line;
    }

    fn font(&mut self, operands: &[&Object<'_>], size: f32, resources: &Resources<'_>) {
        self.state.size = size;
        self.state.font = None;
        let Some(Object::Name(name)) = operands.first() else { return };
        let Some(dict) = resources.get_font(name) else { return };
        let id = dict.obj_id().map(|id| i64::from(id.obj_number));
        // A font written in place has no number; the name of one form may mean another elsewhere.
        let Some(id) = id else {
            self.state.font = Some(Rc::new(Font::read(&dict)));
            return;
        };
        let key = (id, String::new());
        let font = self.fonts.entry(key).or_insert_with(|| Rc::new(Font::read(&dict)));
        self.state.font = Some(Rc::clone(font));
    }

    fn show_spaced(&mut self, operands: &[&Object<'_>]) {
        let Some(Object::Array(list)) = operands.first() else { return };
        for object in list.iter::<Object<'_>>() {
            if let Object::String(string) = object {
                self.write(string.as_bytes());
            } else if let Object::Number(number) = object {
                self.move_by(-number.as_f32() / 1_000.0 * self.state.size);
            }
        }
    }

    fn show(&mut self, operands: &[&Object<'_>]) {
        if let Some(Object::String(string)) = operands.last() {
            self.write(string.as_bytes());
        }
    }

    /// Moves along the line, by so many units of text space.
    fn move_by(&mut self, by: f32) {
        let vertical = self.state.font.as_ref().is_some_and(|font| font.vertical);
        let step = if vertical {
            [1.0, 0.0, 0.0, 1.0, 0.0, by]
        } else {
            [1.0, 0.0, 0.0, 1.0, by * self.state.scale, 0.0]
        };
        self.text = times(&step, &self.text);
    }

    fn write(&mut self, bytes: &[u8]) {
        let Some(font) = self.state.font.clone() else {
            self.mute += bytes.len();
            return;
        };
        for char in font.chars(bytes) {
            let State { size, chars, words, .. } = self.state;
            let spacing = chars + if char.space { words } else { 0.0 };
            match char.text {
                Some(text) => self.place(&text, char.width * size, &font),
                None => self.mute += 1,
            }
            let advance = if font.vertical { -size - spacing } else { char.width * size + spacing };
            self.move_by(advance);
        }
    }

    /// Keeps a character at the place of the text matrix.
    fn place(&mut self, text: &str, width: f32, font: &Font) {
        let matrix = times(&self.text, &self.state.matrix);
        let (size, rise) = (self.state.size, self.state.rise);
        let width = width * self.state.scale;
        // From below the baseline to above it, as deep and high as Han characters are.
        let corners = if font.vertical {
            [(-0.5 * size, 0.0), (0.5 * size, -size)]
        } else {
            [(0.0, rise - 0.12 * size), (width, rise + 0.88 * size)]
        };
        let [(x0, y0), (x1, y1)] = corners.map(|(x, y)| at(&matrix, x, y));
        let rect = Rect::new(x0, y0, x1, y1);
        let [_, _, c, d, ..] = matrix;
        let printed = (size * c.hypot(d)).abs();
        let sound = [x0, y0, x1, y1, printed].iter().all(|edge| edge.is_finite());
        if sound && printed > 0.0 && self.glyphs.len() <= GLYPHS_MAX {
            let text = crate::print::han(text);
            let (bold, vertical) = (font.bold, font.vertical);
            self.glyphs.push(Glyph { text, rect, size: printed, bold, vertical });
        }
    }

    /// An image, or a form, which is a page inside the page.
    fn object(&mut self, operands: &[&Object<'_>], resources: &Resources<'_>, depth: usize) {
        let Some(Object::Name(name)) = operands.first() else { return };
        let Some(stream) = resources.get_x_object(name) else { return };
        let dict = stream.dict();
        let subtype = dict.get::<Name<'_>>("Subtype");
        match subtype.as_ref().map(Name::as_str) {
            Some("Image") => {
                let rect = self.boxed(0.0, 0.0, 1.0, 1.0);
                if self.pictures.len() < SHAPES_MAX {
                    self.pictures.push(rect);
                }
            }
            Some("Form") if depth < DEPTH_MAX => self.form(&stream, dict, resources, depth),
            _ => {}
        }
    }

    fn form(&mut self, stream: &Stream<'_>, dict: &Dict<'_>, outer: &Resources<'_>, depth: usize) {
        let Ok(data) = stream.decoded() else { return };
        let state = self.state.clone();
        let saved = std::mem::take(&mut self.saved);
        let numbers = dict.get::<Array<'_>>("Matrix");
        let numbers: Vec<f32> =
            numbers.map(|list| list.iter::<f32>().collect()).unwrap_or_default();
        if let [a, b, c, d, e, f] = numbers.as_slice() {
            self.state.matrix = times(&[*a, *b, *c, *d, *e, *f], &self.state.matrix);
        }
        match dict.get::<Dict<'_>>("Resources") {
            Some(own) => self.run(&data, &Resources::new(own), depth + 1),
            None => self.run(&data, outer, depth + 1),
        }
        self.state = state;
        self.saved = saved;
    }

    fn boxed(&self, x0: f32, y0: f32, x1: f32, y1: f32) -> Rect {
        let matrix = &self.state.matrix;
        let (a, b) = (at(matrix, x0, y0), at(matrix, x1, y1));
        let (c, d) = (at(matrix, x0, y1), at(matrix, x1, y0));
        Rect::new(a.0, a.1, b.0, b.1).union(&Rect::new(c.0, c.1, d.0, d.1))
    }

    /// Operators of paths.
    fn draw(&mut self, name: &str, numbers: &[f32]) {
        match (name, numbers) {
            ("re", [x, y, width, height]) => {
                let rect = self.boxed(*x, *y, x + width, y + height);
                self.path.push(rect);
                (self.point, self.start) = ((*x, *y), (*x, *y));
            }
            ("m", [x, y]) => (self.point, self.start) = ((*x, *y), (*x, *y)),
            ("l", [x, y]) => self.side(*x, *y),
            ("c" | "v" | "y", [.., x, y]) => self.point = (*x, *y),
            ("h", _) => self.side(self.start.0, self.start.1),
            ("f" | "F" | "f*", _) => self.keep(self.state.white),
            ("S" | "s" | "B" | "B*" | "b" | "b*", _) => self.keep(false),
            ("n", _) => self.path.clear(),
            _ => {}
        }
        if self.path.len() > SHAPES_MAX {
            self.path.clear();
        }
    }

    /// A straight side of a path; those that are level or upright count.
    fn side(&mut self, x: f32, y: f32) {
        let rect = self.boxed(self.point.0, self.point.1, x, y);
        if rect.width() < 1.5 || rect.height() < 1.5 {
            self.path.push(rect);
        }
        self.point = (x, y);
    }

    fn keep(&mut self, hidden: bool) {
        let path = std::mem::take(&mut self.path);
        if hidden {
            return;
        }
        let room = SHAPES_MAX.saturating_sub(self.rules.len());
        self.rules.extend(path.into_iter().take(room));
    }
}

fn number(object: &Object<'_>) -> Option<f32> {
    let Object::Number(number) = object else { return None };
    Some(number.as_f32()).filter(|number| number.is_finite())
}

fn is_white(operator: &str, numbers: &[f32]) -> bool {
    let ink = operator == "k" || numbers.len() == 4;
    !numbers.is_empty() && numbers.iter().all(|n| if ink { *n < 0.02 } else { *n > 0.98 })
}
