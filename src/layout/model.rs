//! One model of a page for all formats: lines with boxes, pictures, rules and frames.

/// An upright box; `top` is smaller than `bottom`, as on a screen.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rect {
    /// Left edge.
    pub left: f32,
    /// Upper edge.
    pub top: f32,
    /// Right edge.
    pub right: f32,
    /// Lower edge.
    pub bottom: f32,
}

impl Rect {
    /// The box with these corners, whichever of them comes first.
    #[must_use]
    pub fn new(x0: f32, y0: f32, x1: f32, y1: f32) -> Self {
        Self { left: x0.min(x1), top: y0.min(y1), right: x0.max(x1), bottom: y0.max(y1) }
    }

    /// Its width.
    #[must_use]
    pub fn width(&self) -> f32 {
        self.right - self.left
    }

    /// Its height.
    #[must_use]
    pub fn height(&self) -> f32 {
        self.bottom - self.top
    }

    /// Its area.
    #[must_use]
    pub fn area(&self) -> f32 {
        self.width() * self.height()
    }

    /// Its middle, from the left.
    #[must_use]
    pub fn center_x(&self) -> f32 {
        f32::midpoint(self.left, self.right)
    }

    /// Its middle, from above.
    #[must_use]
    pub fn center_y(&self) -> f32 {
        f32::midpoint(self.top, self.bottom)
    }

    /// The smallest box that holds both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    /// The width that both share; negative is the gap between them.
    #[must_use]
    pub fn shared_x(&self, other: &Self) -> f32 {
        self.right.min(other.right) - self.left.max(other.left)
    }

    /// The height that both share; negative is the gap between them.
    #[must_use]
    pub fn shared_y(&self, other: &Self) -> f32 {
        self.bottom.min(other.bottom) - self.top.max(other.top)
    }

    /// Whether the middle of `other` lies inside.
    #[must_use]
    pub fn holds(&self, other: &Self) -> bool {
        let (x, y) = (other.center_x(), other.center_y());
        self.left <= x && x <= self.right && self.top <= y && y <= self.bottom
    }

    /// Whether all edges are numbers and it has an extent in both directions.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let edges = [self.left, self.top, self.right, self.bottom];
        edges.iter().all(|edge| edge.is_finite() && edge.abs() < 1e7)
            && self.right > self.left
            && self.bottom > self.top
    }
}

/// The smallest box that holds all of `boxes`; empty at the origin where there is none.
pub(crate) fn hull<'a>(boxes: impl IntoIterator<Item = &'a Rect>) -> Rect {
    boxes.into_iter().copied().reduce(|a, b| a.union(&b)).unwrap_or_default()
}

/// What a page's coordinates count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Unit {
    /// Pixels of the page's image.
    #[default]
    Pixel,
    /// Tenths of a millimetre.
    TenthMillimetre,
    /// 1/1200 inch.
    Inch1200,
    /// Points, 1/72 inch.
    Point,
    /// Thousandths of the page's width and height.
    Thousandth,
}

impl Unit {
    /// Its name in JSON and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Unit::Pixel => "pixel",
            Unit::TenthMillimetre => "mm10",
            Unit::Inch1200 => "inch1200",
            Unit::Point => "point",
            Unit::Thousandth => "thousandth",
        }
    }

    /// The unit of that name; pixels for any other.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        let all = [Unit::TenthMillimetre, Unit::Inch1200, Unit::Point, Unit::Thousandth];
        all.into_iter().find(|unit| unit.name() == name).unwrap_or_default()
    }
}

/// A line of print in one column; vertical print has lines of one character's width.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Line {
    /// The box of the line on its sheet, in the unit of the sheet.
    pub rect: Rect,
    /// The words of the line as the source gives them.
    pub text: String,
    /// Size of its type, where the source says it; only the ratio to other lines counts.
    pub size: Option<f32>,
    /// Whether it is set bold, where the source says it.
    pub bold: Option<bool>,
    /// How sure the reader of the image was, from 0 to 1.
    pub confidence: Option<f32>,
    /// Whether its characters stand below each other.
    pub vertical: bool,
    /// Whether it is a paragraph of several printed lines whose own boxes are not known.
    pub whole: bool,
    /// Whether the source calls it a heading.
    pub heading: bool,
}

/// A page, as any of the formats gives it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sheet {
    /// Its width.
    pub width: f32,
    /// Its height.
    pub height: f32,
    /// What its coordinates count.
    pub unit: Unit,
    /// Its lines, in the order given.
    pub lines: Vec<Line>,
    /// Its pictures.
    pub pictures: Vec<Rect>,
    /// Thin lines between columns and articles.
    pub rules: Vec<Rect>,
    /// Boxes drawn or tinted.
    pub frames: Vec<Rect>,
    /// What was wrong with the source, in sentences for people.
    pub notes: Vec<String>,
}
