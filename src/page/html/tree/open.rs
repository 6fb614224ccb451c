//! Elements that are open while a page is read.

/// An element that is open.
pub(super) struct Open {
    /// The name of its tag.
    pub name: Box<str>,
    /// Its entry in the elements, where it has one.
    pub element: Option<usize>,
    /// The block that text in it belongs to.
    pub block: usize,
    /// Whether it ends a line.
    pub is_block: bool,
    /// What holds for all text in it.
    pub state: State,
    /// Rank of the heading that it stands in; 0 where it is none.
    pub heading: u8,
    /// A link's place.
    pub anchor: Option<(usize, String)>,
}

/// What holds for the text of an element and of all inside it: a set.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct State(u8);

impl State {
    /// It is no text of the page.
    pub const SILENT: State = State(1);
    /// The page's style hides it.
    pub const HIDDEN: State = State(1 << 1);
    /// It is a link's.
    pub const LINK: State = State(1 << 2);
    /// It is bold.
    pub const BOLD: State = State(1 << 3);
    /// Its line ends are line ends.
    pub const LINES: State = State(1 << 4);

    /// Whether `other` holds.
    pub fn has(self, other: State) -> bool {
        self.0 & other.0 != 0
    }

    /// Adds `other`.
    pub fn add(&mut self, other: State, where_true: bool) {
        if where_true {
            self.0 |= other.0;
        }
    }
}
