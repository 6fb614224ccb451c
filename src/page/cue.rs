//! Cues: what can be seen in a block or beside it, and how much each speaks for which class.
//!
//! The weights stand in `weights.tsv`: a line for each cue, with the classes that it speaks for or
//! against. They began as judgements and were then fitted (`models/train/README.md`); a class that a
//! cue does not name gets nothing from it. The names of the cues that fired are reported with every
//! article.

use std::sync::LazyLock;

use crate::path::Class;
use crate::path::Scores;

/// Declares the cues with their names.
macro_rules! cues {
    ($($(#[$doc:meta])* $cue:ident $name:literal)*) => {
        /// Something that can be seen in a block or beside it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Cue { $($(#[$doc])* $cue),* }

        impl Cue {
            /// Every cue.
            pub const ALL: &[Cue] = &[$(Cue::$cue),*];

            /// The name that `rules_fired` reports.
            pub fn name(self) -> &'static str {
                match self { $(Cue::$cue => $name),* }
            }
        }
    };
}

cues! {
    /// Duties with names behind them.
    StaffLine "staff-line"
    /// Paper, date with weekday, serial number.
    MastheadLine "masthead"
    /// `第1版 要闻` at the page's edge.
    PageLine "page-number"
    /// 今日导读.
    TeaserHead "teaser-header"
    /// `4版` and nothing else.
    BarePointer "bare-pointer"
    /// `详细报道见7版`.
    PointerPhrase "pointer-phrase"
    /// The line ends with a page.
    EndsWithPointer "ends-with-pointer"
    /// The next block is a bare `4版`.
    BeforePointer "before-pointer"
    /// A teaser of this page announces this very line.
    Announced "announced"
    /// `本报记者 甲 摄`.
    CreditLine "credit-line"
    /// The block ends with a credit.
    EndsWithCredit "ends-with-credit"
    /// Only names, two or more.
    Names "names"
    /// Only one name.
    OneName "one-name"
    /// `本报记者 甲`, `文/甲`.
    RoleLine "role-line"
    /// `（本报记者 甲）`.
    BracketRole "bracket-role"
    /// `县水利局局长 甲`.
    DutyAndName "duty-and-name"
    /// A short line in brackets that names an office.
    BracketNote "bracket-note"
    /// 点评, 编者按, 核心阅读.
    BoxWord "box-word"
    /// `本报讯`, `新华社…电`.
    Opener "opener"
    /// Begins as first paragraphs do: 近日, 记者从…获悉.
    LeadLike "lead-like"
    /// Mostly digits: results, numbers, a table's line.
    Figures "figures"
    /// 时间：, 地点：, 来源：: a label and its value.
    Label "label"
    /// A tag that boxes inside articles have: （记者手记）, （链接）.
    BoxTag "box-tag"
    /// The value of a label that stands on the line before.
    AfterLabel "after-label"
    /// Ends with ——: what is said follows on the next line.
    DashEnd "dash-end"
    /// The first of two short lines between texts.
    PairFirst "pair-first"
    /// The second of two short lines between texts.
    PairSecond "pair-second"
    /// The first words of the next block are the line's own.
    LeadEcho "lead-echo"
    /// A short line above one short text, in a column of briefs.
    BriefItem "brief-item"
    /// An office or company, alone on its line: it signs what stands above.
    Office "office"
    /// 公告, 声明, 启事: a notice begins.
    NoticeTitle "notice-title"
    /// The next block has an opener.
    BeforeOpener "before-opener"
    /// A short line that begins with ——.
    Dash "dash"
    /// A name that columns have: …观察, …走基层, 谁谈.
    ColumnWord "column-word"
    /// A series number at the end: ②, 之三.
    Series "series-number"
    /// Four or more pieces of uneven length: a box set in short lines.
    Stacked "stacked"
    /// Built as a clause: 以…, 从…到…, with 的.
    Clause "clause"
    /// A column name in brackets at the end.
    Tag "tag"
    /// Two parts of some length with a space between.
    TwoParts "two-parts"
    /// Begins with a day, 图为 or 近日, and shows a scene.
    Scene "scene"
    /// 图为: the picture belongs to the text before it.
    Shown "shown"
    /// An incomplete line that begins with a day and has a comma: the beginning of a lead.
    LeadBegins "lead-begins"
    /// Graphics, authors: a line that closes an article.
    ClosingLine "closing-line"
    /// A credit follows directly.
    BeforeCredit "before-credit"
    /// A credit follows behind one more paragraph, and this one shows a scene.
    SceneBeforeCredit "scene-before-credit"
    /// A scene that is about something else than the text before it.
    SceneApart "scene-apart"
    /// A scene that is about the same as the text before it.
    SceneWithin "scene-within"
    /// More white space before it than between paragraphs.
    FarApart "far-apart"
    /// Ends as a sentence does.
    Closed "closed"
    /// Ends as only a broken sentence does.
    Broken "broken"
    /// Begins as only the rest of a sentence does.
    Continuation "continuation"
    /// The block before it is running text that is not complete.
    AfterBroken "after-broken"
    /// A short line that ends with ！ or ？.
    Exclaims "exclaims"
    /// Two commas or more and no space, somebody's words, or a stop right behind a comma.
    Flows "flows"
    /// A full stop with more text behind it, in a line that is not complete.
    StopInside "stop-inside"
    /// Ends with a word that something must follow: 的, 和, 在.
    EndsOpen "ends-open"
    /// A number goes on in the next block.
    NumberAcross "number-across"
    /// 21 to 32 characters without a space.
    Roomy "roomy"
    /// 一、, （二）, 1., ■: one of several subheadings.
    Numbered "numbered"
    /// Nothing but somebody's words.
    Quoted "quoted"
    /// Built like another short line of the same article.
    Alike "alike"
    /// The text behind says the very words.
    SaidBelow "said-below"
    /// There is hardly any text between the heading before and this line.
    LittleBefore "little-before"
    /// One comma, some length, and no space.
    HasComma "has-comma"
    /// A line as wide as the column, without the end of a sentence.
    FullLine "full-line"
    /// Ends with a colon.
    ColonEnd "colon-end"
    /// Last character and next block's first make a word of this page.
    WordAcross "word-across"
    /// More than 60 characters.
    Long "long"
    /// 33 to 60 characters.
    Middling "middling"
    /// Up to 32 characters and not closed.
    Short "short"
    /// Up to 6 characters and not closed.
    VeryShort "very-short"
    /// Heading mark of the page's highest level.
    TopMark "top-mark"
    /// Heading mark of a lower level.
    LowerMark "lower-mark"
    /// Heading mark of a lower level, and a higher one follows before any text.
    LowerBeforeHigher "lower-before-higher"
    /// A heading mark of a lower level directly behind a higher one.
    LowerAfterHigher "lower-after-higher"
    /// Without a mark, directly above a headline that has one.
    UnmarkedAboveMarked "unmarked-above-marked"
    /// Begins at the margin where paragraphs are indented.
    AtMargin "at-margin"
    /// Indented as paragraphs are.
    Indented "indented"
    /// A heading mark of the same level follows before any text.
    MarkedBeforeMarked "marked-before-marked"
    /// Emphasis around the whole line.
    Emphasis "emphasis"
    /// No heading mark on a page whose headings have them.
    Unmarked "unmarked"
    /// A byline is next.
    BeforeByline "before-byline"
    /// A byline stands before.
    AfterByline "after-byline"
    /// A line that closes articles stands before: a credit, a bracketed byline, graphics.
    AfterClosing "after-closing"
    /// The text behind goes on about something else.
    NewTopic "new-topic"
    /// The text behind is somewhat unlike the text before.
    OtherTopic "other-topic"
    /// The text behind goes on about the same.
    SameTopic "same-topic"
    /// The text behind uses the line's words, the text before does not.
    EchoedAfter "echoed-after"
    /// The text before uses the line's words.
    EchoedBefore "echoed-before"
    /// The first line of the page, apart from its masthead.
    First "first"
    /// Another short line stands directly before or behind it.
    BesideShort "beside-short"
    /// Ends with who supplied it: …。据清河新闻.
    EndsWithSource "ends-with-source"
    /// A place, and whoever took the photo or supplied it.
    PhotoLine "photo-line"
    /// 制图 and names: below a headline it belongs to the byline.
    MakerLine "maker-line"
    /// Emphasis around the whole line, on a page whose headlines have heading marks.
    OnlyEmphasis "only-emphasis"
    /// A short line without a mark directly below a headline that has one.
    BelowMarked "below-marked"
    /// One name below a byline that says roles: whom the text is about.
    SecondName "second-name"
}

/// The weights of all cues, by cue.
static WEIGHTS: LazyLock<Vec<Vec<(Class, f32)>>> =
    LazyLock::new(|| Cue::ALL.iter().map(|cue| row(cue.name())).collect());

/// The weights of the cue `name` in the table; unknown words are left out, which a test forbids.
fn row(name: &str) -> Vec<(Class, f32)> {
    let rows = TABLE.lines().filter_map(|line| line.split_once('\t'));
    let mut rows = rows.filter(|(cue, _)| *cue == name);
    let weights = rows.next().map_or("", |(_, weights)| weights);
    weights.split('\t').filter_map(weight).collect()
}

/// `Headline 1.5`, read.
fn weight(text: &str) -> Option<(Class, f32)> {
    let (name, weight) = text.split_once(' ')?;
    let class = Class::ALL.iter().find(|class| format!("{class:?}") == name)?;
    Some((*class, weight.parse().ok()?))
}

const TABLE: &str = include_str!("weights.tsv");

impl Cue {
    /// For which classes it speaks, and how much.
    pub fn weights(self) -> &'static [(Class, f32)] {
        WEIGHTS.get(self as usize).map_or(&[], Vec::as_slice)
    }
}

/// A set of cues.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Cues(u128);

impl Cues {
    /// Adds `cue` where `seen`.
    pub fn note(&mut self, cue: Cue, seen: bool) {
        self.0 |= u128::from(seen) << (cue as u32);
    }

    /// Takes `cue` out.
    pub fn drop(&mut self, cue: Cue) {
        self.0 &= !(1 << (cue as u32));
    }

    /// Whether it holds `cue`.
    pub fn has(self, cue: Cue) -> bool {
        self.0 >> (cue as u32) & 1 == 1
    }

    /// Whether it holds one of `cues`.
    pub fn any(self, cues: &[Cue]) -> bool {
        cues.iter().any(|cue| self.has(*cue))
    }

    /// Sums the weights by class.
    pub fn scores(self) -> Scores {
        let mut scores: Scores = Class::ALL.map(Class::prior);
        for cue in Cue::ALL.iter().filter(|cue| self.has(**cue)) {
            for (class, weight) in cue.weights() {
                if let Some(score) = scores.get_mut(*class as usize) {
                    *score += weight;
                }
            }
        }
        // What speaks for running text speaks for the first of it; its own cues come on top.
        let body = scores.get(Class::Body as usize).copied();
        if let Some((lead, body)) = scores.get_mut(Class::Lead as usize).zip(body) {
            *lead += body;
        }
        scores
    }

    /// Names of the cues that speak for `class`.
    pub fn names_for(self, class: Class) -> impl Iterator<Item = &'static str> {
        let speaks = move |cue: &&Cue| {
            let named = |c: Class| c == class || class == Class::Lead && c == Class::Body;
            self.has(**cue) && cue.weights().iter().any(|(c, w)| named(*c) && *w > 0.0)
        };
        Cue::ALL.iter().filter(speaks).map(|cue| cue.name())
    }
}

#[cfg(test)]
mod tests {
    use super::Cue;
    use super::Cues;
    use crate::path::Class;

    #[test]
    fn all_cues_fit_the_set_and_have_names_of_their_own() {
        let mut names: Vec<_> = Cue::ALL.iter().map(|cue| cue.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Cue::ALL.len());
        assert!(Cue::ALL.len() <= 128);
    }

    #[test]
    fn every_line_of_the_table_is_read_whole() {
        let lines = || super::TABLE.lines().filter(|line| !line.starts_with('#'));
        assert_eq!(lines().count(), Cue::ALL.len());
        for (line, cue) in lines().zip(Cue::ALL) {
            assert_eq!(line.split('\t').next(), Some(cue.name()), "the order of the cues");
            assert_eq!(line.split('\t').count(), 1 + cue.weights().len(), "{line}");
        }
    }

    #[test]
    fn scores_are_sums_of_weights() {
        let mut cues = Cues::default();
        cues.note(Cue::Long, true);
        cues.note(Cue::Closed, true);
        cues.note(Cue::Short, false);
        let weight = |cue: Cue| {
            let found = cue.weights().iter().find(|(class, _)| *class == Class::Body);
            found.map_or(0.0, |(_, weight)| *weight)
        };
        let sum = Class::Body.prior() + weight(Cue::Long) + weight(Cue::Closed);
        assert!((cues.scores()[Class::Body as usize] - sum).abs() < 1e-5);
        assert_eq!(cues.names_for(Class::Body).collect::<Vec<_>>(), ["closed", "long"]);
    }
}
