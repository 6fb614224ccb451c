//! How pages look.

/// How headings are marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marks {
    /// Headlines and what stands above them, as so many `#`.
    Levels(usize, usize),
    /// All headings of one level.
    Same(usize),
    /// `**` around headlines.
    Bold,
    /// 【】 around headlines.
    Lens,
    /// Nothing.
    None,
}

/// What stands between paragraphs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gaps {
    /// A blank line between all pieces.
    Blank,
    /// Nothing but the line's end; one blank line between articles.
    Dense,
    /// Nothing at all, also between articles.
    Run,
}

/// How a page looks.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    pub name: &'static str,
    pub marks: Marks,
    pub gaps: Gaps,
    /// Lines of so many Han characters, between the two bounds; no wrapping where zero.
    pub wrap: (usize, usize),
    /// Two wide spaces before each paragraph.
    pub indent: bool,
    /// Paragraphs broken by a blank line somewhere, in hundred.
    pub seams: u32,
    /// Half-width marks.
    pub half: bool,
    /// Characters misread or marks lost, in a thousand.
    pub noise: u32,
    /// Whether notices, tables of figures and the weather stand between the articles.
    pub extras: bool,
}

impl Style {
    /// Whether headlines are marked, and marked higher than what stands beside them.
    pub fn has_levels(&self) -> bool {
        !matches!(self.marks, Marks::None | Marks::Same(_))
    }
}

const PLAIN: Style = Style {
    name: "",
    marks: Marks::None,
    gaps: Gaps::Blank,
    wrap: (0, 0),
    indent: false,
    seams: 0,
    half: false,
    noise: 0,
    extras: false,
};

/// All styles.
pub const STYLES: &[Style] = &[
    Style { name: "levels", marks: Marks::Levels(2, 3), seams: 15, ..PLAIN },
    Style { name: "top-level", marks: Marks::Levels(1, 4), half: true, ..PLAIN },
    Style { name: "one-level", marks: Marks::Same(3), seams: 10, ..PLAIN },
    Style { name: "bold", marks: Marks::Bold, ..PLAIN },
    Style { name: "lens", marks: Marks::Lens, gaps: Gaps::Dense, ..PLAIN },
    Style { name: "plain", ..PLAIN },
    Style { name: "plain-seams", seams: 30, ..PLAIN },
    Style { name: "plain-lines", gaps: Gaps::Dense, ..PLAIN },
    Style { name: "plain-indent", gaps: Gaps::Run, indent: true, ..PLAIN },
    Style { name: "wrap-blank", wrap: (12, 40), ..PLAIN },
    Style { name: "wrap-indent", wrap: (12, 40), indent: true, gaps: Gaps::Run, ..PLAIN },
    Style { name: "wrap-dense", wrap: (14, 30), gaps: Gaps::Dense, ..PLAIN },
    Style { name: "wrap-seams", wrap: (12, 24), seams: 20, ..PLAIN },
    Style { name: "wrap-levels", marks: Marks::Levels(2, 3), wrap: (15, 40), ..PLAIN },
    Style { name: "noise", noise: 15, seams: 10, ..PLAIN },
    Style {
        name: "noise-wrap",
        marks: Marks::Levels(2, 3),
        noise: 10,
        wrap: (16, 28),
        half: true,
        ..PLAIN
    },
    Style { name: "extras", marks: Marks::Levels(2, 3), extras: true, ..PLAIN },
    Style { name: "plain-extras", extras: true, ..PLAIN },
];
