//! How composed newspaper pages look.

/// A style of page.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    pub name: &'static str,
    /// Columns of the grid.
    pub columns: usize,
    /// Height of the body's lines in em.
    pub leading: f32,
    /// Gutter in em.
    pub gutter: f32,
    /// Whether paragraphs are indented.
    pub indent: bool,
    /// Size of headlines in em, from and to.
    pub headline: (f32, f32),
    /// Share of modules, in hundred: with a vertical headline.
    pub vertical: u32,
    /// In a frame.
    pub framed: u32,
    /// With a headline over a part of its columns only.
    pub partial: u32,
    /// With a picture.
    pub pictures: u32,
    /// Rules between columns and modules.
    pub rules: Rules,
    /// Advertisements at the foot, in hundred pages.
    pub adverts: u32,
    /// Wide columns: a module of some columns is set in fewer, wider ones, in hundred.
    pub merged: u32,
    /// Whether sizes and weights are stated.
    pub stated: bool,
    /// How far boxes are off, in em.
    pub jitter: f32,
    /// Whether bylines and openers stand as on real pages.
    pub names: u32,
}

/// Where rules are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rules {
    None,
    /// Between modules side by side and rows.
    Modules,
    /// Between all columns too.
    Columns,
}

const BASE: Style = Style {
    name: "",
    columns: 5,
    leading: 1.5,
    gutter: 1.6,
    indent: true,
    headline: (2.2, 3.6),
    vertical: 0,
    framed: 0,
    partial: 0,
    pictures: 0,
    rules: Rules::None,
    adverts: 0,
    merged: 0,
    stated: false,
    jitter: 0.0,
    names: 60,
};

/// Styles that were looked at while the analysis was made.
pub const TUNED: &[Style] = &[
    Style { name: "five", ..BASE },
    Style { name: "four-pictures", columns: 4, pictures: 50, ..BASE },
    Style { name: "six-rules", columns: 6, rules: Rules::Modules, pictures: 30, ..BASE },
    Style { name: "seven-frames", columns: 7, framed: 40, pictures: 20, ..BASE },
    Style { name: "five-partial", partial: 50, ..BASE },
    Style { name: "six-vertical", columns: 6, vertical: 40, gutter: 2.0, ..BASE },
    Style { name: "eight-small", columns: 8, headline: (1.6, 2.6), rules: Rules::Columns, ..BASE },
    Style { name: "five-adverts", adverts: 90, framed: 20, ..BASE },
    Style { name: "six-ocr", columns: 6, jitter: 0.08, pictures: 30, ..BASE },
    Style { name: "five-stated", stated: true, merged: 40, ..BASE },
];

/// Styles that were only measured.
pub const APART: &[Style] = &[
    Style {
        name: "four-all",
        columns: 4,
        leading: 1.35,
        gutter: 1.3,
        partial: 30,
        pictures: 40,
        framed: 20,
        vertical: 15,
        ..BASE
    },
    Style {
        name: "seven-rules",
        columns: 7,
        rules: Rules::Columns,
        pictures: 35,
        framed: 15,
        ..BASE
    },
    Style {
        name: "eight-partial",
        columns: 8,
        partial: 35,
        gutter: 1.4,
        headline: (1.8, 4.2),
        ..BASE
    },
    Style {
        name: "six-merged",
        columns: 6,
        merged: 60,
        pictures: 30,
        adverts: 60,
        leading: 1.7,
        ..BASE
    },
    Style {
        name: "five-vertical-rules",
        vertical: 30,
        rules: Rules::Modules,
        partial: 20,
        stated: true,
        ..BASE
    },
    Style {
        name: "six-noisy",
        columns: 6,
        jitter: 0.12,
        framed: 25,
        pictures: 25,
        adverts: 40,
        names: 90,
        ..BASE
    },
    Style { name: "five-flush", indent: false, leading: 1.45, pictures: 20, ..BASE },
];
