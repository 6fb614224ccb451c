//! The best path: the sequence of classes that the cues of all blocks and the order of parts on a
//! page support most (Viterbi).

/// What a block is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Class {
    /// The paper's name, date and number; page number and page name.
    Masthead,
    /// 栏目.
    Section,
    /// 引题.
    Kicker,
    /// 标题.
    Headline,
    /// 副题.
    Subtitle,
    /// Names before the headline that they belong to.
    BylineAhead,
    /// Names behind headline or body.
    Byline,
    /// Running text.
    Body,
    /// 小标题 within a body.
    Subhead,
    /// 点评, 编者按: the heading of a box that belongs to the article.
    BoxHeading,
    /// Words under a photo.
    Caption,
    /// Who took the photo.
    Credit,
    /// 今日导读.
    TeaserHeader,
    /// What a teaser announces.
    TeaserTitle,
    /// 下转, 见, N版.
    Jump,
    /// Duties and names.
    Staff,
    /// (县水利局): who supplied the text.
    SourceNote,
}

impl Class {
    /// Every class; the position is its index in a path's tables.
    pub const ALL: [Class; 17] = [
        Class::Masthead,
        Class::Section,
        Class::Kicker,
        Class::Headline,
        Class::Subtitle,
        Class::BylineAhead,
        Class::Byline,
        Class::Body,
        Class::Subhead,
        Class::BoxHeading,
        Class::Caption,
        Class::Credit,
        Class::TeaserHeader,
        Class::TeaserTitle,
        Class::Jump,
        Class::Staff,
        Class::SourceNote,
    ];

    /// How many there are.
    pub const COUNT: usize = Self::ALL.len();

    /// Classes that may begin something new.
    fn starts(self) -> bool {
        matches!(
            self,
            Class::Masthead
                | Class::Section
                | Class::Kicker
                | Class::Headline
                | Class::BylineAhead
                | Class::Caption
                | Class::TeaserHeader
                | Class::TeaserTitle
                | Class::Staff
        )
    }
}

/// Scores of one block, by class.
pub(crate) type Scores = [f32; Class::COUNT];

impl Class {
    /// How common the class is where no cue speaks: most blocks are text or headings.
    pub fn prior(self) -> f32 {
        match self {
            Class::Body | Class::Subhead | Class::Headline => 0.0,
            Class::Section | Class::Kicker | Class::Subtitle | Class::Caption => -0.5,
            Class::TeaserTitle => -2.0,
            Class::Byline | Class::BylineAhead | Class::SourceNote => -3.0,
            Class::Masthead
            | Class::BoxHeading
            | Class::Credit
            | Class::TeaserHeader
            | Class::Jump
            | Class::Staff => -5.0,
        }
    }
}

/// What no page does: worth more than any one cue.
const NEVER: f32 = -12.0;
/// What pages rarely do.
const RARE: f32 = -5.0;

/// How well `to` follows `from`; 0 is usual, less is rarer.
fn follows(from: Class, to: Class) -> f32 {
    use Class as C;
    match (from, to) {
        (C::Section, _) => after_section(to),
        (C::Kicker | C::BylineAhead, _) => after_kicker(from, to),
        (C::Headline | C::Subtitle, _) => after_headline(from, to),
        (C::Body | C::Subhead | C::BoxHeading, _) => after_body(from, to),
        (C::Caption, C::Credit) => 0.0,
        (C::Caption, C::Caption) => -0.5,
        (C::Caption, C::Body) => -2.0,
        (C::Caption, _) if to.starts() => -1.5,
        (C::TeaserHeader, C::TeaserTitle) | (C::TeaserTitle, C::Jump) => 0.0,
        (C::TeaserHeader, C::Headline) => -3.0,
        (C::TeaserTitle, C::TeaserTitle) => -1.0,
        (C::TeaserHeader, _) => RARE,
        (C::TeaserTitle, C::Body) => -4.0,
        (C::TeaserTitle, _) if to.starts() => -2.0,
        (C::TeaserTitle | C::Caption, _) => NEVER,
        (_, C::Subtitle | C::Credit) if from != C::Credit => NEVER,
        (_, C::Body | C::Subhead | C::BoxHeading) => -1.0,
        (C::Byline, C::Byline) | (C::Staff, C::Staff) | (C::Masthead, C::Masthead) => 0.0,
        (C::Byline, C::SourceNote) => -0.5,
        (C::Jump | C::Staff | C::Credit, C::Jump | C::Byline | C::SourceNote) => -2.0,
        (C::SourceNote | C::Credit, C::Credit) => -1.5,
        _ if to.starts() => 0.0,
        _ => RARE,
    }
}

fn after_section(to: Class) -> f32 {
    match to {
        Class::Headline | Class::BylineAhead | Class::Kicker => 0.0,
        Class::Section => -2.5,
        Class::Body | Class::Caption => -4.0,
        _ => RARE - 1.0,
    }
}

fn after_kicker(from: Class, to: Class) -> f32 {
    match (from, to) {
        (_, Class::Headline) | (Class::Kicker, Class::BylineAhead) => 0.0,
        (Class::BylineAhead, Class::Kicker | Class::BylineAhead) => -1.0,
        (Class::BylineAhead, Class::Section) | (Class::Kicker, Class::Kicker) => -3.0,
        (_, Class::Section) => -4.0,
        _ => NEVER,
    }
}

fn after_headline(from: Class, to: Class) -> f32 {
    match to {
        Class::Body | Class::Byline => 0.0,
        Class::Subtitle => -0.5,
        Class::Caption | Class::Jump => -0.7,
        Class::Subhead | Class::BoxHeading => -0.8,
        Class::Headline if from == Class::Headline => -3.0,
        Class::Credit => NEVER,
        _ => RARE,
    }
}

fn after_body(from: Class, to: Class) -> f32 {
    let within = from != Class::Body;
    match to {
        Class::Body => 0.0,
        Class::Subhead if within => -0.3,
        Class::Subhead => -0.5,
        Class::Subtitle => NEVER,
        // A heading inside a body must head something.
        _ if within && to.starts() => -2.0,
        Class::Headline | Class::Caption | Class::BoxHeading | Class::Byline => -1.0,
        Class::Kicker => -1.2,
        Class::Section | Class::BylineAhead | Class::SourceNote => -0.6,
        Class::Jump | Class::TeaserHeader | Class::TeaserTitle | Class::Staff => -0.4,
        Class::Credit => -1.5,
        Class::Masthead => -2.0,
    }
}

/// How well a page begins with `class`.
fn begins(class: Class) -> f32 {
    match class {
        Class::Subtitle | Class::Credit => NEVER,
        Class::Body => -1.5,
        Class::Subhead | Class::BoxHeading | Class::Byline | Class::SourceNote | Class::Jump => {
            -3.0
        }
        _ => 0.0,
    }
}

/// How well a page ends with `class`.
fn ends(class: Class) -> f32 {
    match class {
        Class::Section | Class::Kicker | Class::BylineAhead | Class::TeaserHeader => -6.0,
        Class::Headline | Class::Subhead | Class::BoxHeading | Class::Subtitle => -2.5,
        Class::Caption | Class::TeaserTitle => -1.0,
        _ => 0.0,
    }
}

/// The sequence of classes with the highest sum of block scores and transitions, one per block.
pub(crate) fn best(scores: &[Scores]) -> Vec<Class> {
    let table: Vec<Scores> =
        Class::ALL.iter().map(|to| Class::ALL.map(|from| follows(from, *to))).collect();
    let mut back: Vec<[usize; Class::COUNT]> = Vec::with_capacity(scores.len());
    let mut totals: Scores = Class::ALL.map(begins);
    for (at, block) in scores.iter().enumerate() {
        let mut origins = [0; Class::COUNT];
        let mut next: Scores = [0.0; Class::COUNT];
        let cells = next.iter_mut().zip(origins.iter_mut()).zip(block.iter().zip(&table));
        for (class, ((total, origin), (score, follows))) in cells.enumerate() {
            let (from, sum) = if at == 0 {
                (class, totals.get(class).copied().unwrap_or_default())
            } else {
                highest(totals.iter().zip(follows).map(|(total, step)| total + step))
            };
            *total = sum + score;
            *origin = from;
        }
        totals = next;
        back.push(origins);
    }
    let (mut class, _) = highest(totals.iter().zip(Class::ALL).map(|(sum, c)| sum + ends(c)));
    let mut path: Vec<Class> = Vec::with_capacity(scores.len());
    for origins in back.iter().rev() {
        path.extend(Class::ALL.get(class));
        class = origins.get(class).copied().unwrap_or_default();
    }
    path.reverse();
    path
}

/// The position and value of the first highest number.
fn highest(values: impl Iterator<Item = f32>) -> (usize, f32) {
    values.enumerate().fold(
        (0, f32::NEG_INFINITY),
        |best, (at, value)| {
            if value > best.1 { (at, value) } else { best }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::Class;
    use super::Scores;
    use super::best;

    fn favouring(class: Class, weight: f32) -> Scores {
        Class::ALL.map(|c| if c == class { weight } else { 0.0 })
    }

    #[test]
    fn every_class_has_its_index() {
        assert!(Class::ALL.iter().enumerate().all(|(at, class)| *class as usize == at));
    }

    #[test]
    fn a_block_without_cues_is_decided_by_its_neighbours() {
        let scores =
            [favouring(Class::Section, 3.0), [0.0; Class::COUNT], favouring(Class::Body, 3.0)];
        assert_eq!(best(&scores), [Class::Section, Class::Headline, Class::Body]);
    }

    #[test]
    fn a_strong_cue_beats_the_usual_order() {
        let scores = [favouring(Class::Body, 3.0), favouring(Class::Staff, 9.0)];
        assert_eq!(best(&scores), [Class::Body, Class::Staff]);
    }

    #[test]
    fn an_empty_page_has_an_empty_path() {
        assert_eq!(best(&[]), []);
    }
}
