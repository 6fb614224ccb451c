//! Cues: what can be seen in a block or beside it, and how much each speaks for which class.
//!
//! The weights are log-odds by judgement, set on the development pages; a class that a cue does not
//! name gets nothing from it. The names of the cues that fired are reported with every article.

use crate::page::path::Class;
use crate::page::path::Scores;

/// Declares the cues with their names and weights.
macro_rules! cues {
    ($($(#[$doc:meta])* $cue:ident $name:literal [$($class:ident $weight:literal),* $(,)?])*) => {
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

            /// For which classes it speaks, and how much.
            pub fn weights(self) -> &'static [(Class, f32)] {
                match self { $(Cue::$cue => &[$((Class::$class, $weight)),*]),* }
            }
        }
    };
}

cues! {
    /// Duties with names behind them.
    StaffLine "staff-line" [Staff 18.0]
    /// Paper, date with weekday, serial number.
    MastheadLine "masthead" [Masthead 14.0]
    /// `第1版 要闻` at the page's edge.
    PageLine "page-number" [Masthead 13.0, Jump -4.0]
    /// 今日导读.
    TeaserHead "teaser-header" [TeaserHeader 17.0]
    /// `4版` and nothing else.
    BarePointer "bare-pointer" [Jump 14.0]
    /// `详细报道见7版`.
    PointerPhrase "pointer-phrase" [Jump 15.0]
    /// The line ends with a page.
    EndsWithPointer "ends-with-pointer" [TeaserTitle 6.5]
    /// The next block is a bare `4版`.
    BeforePointer "before-pointer" [TeaserTitle 8.0, Headline 1.0]
    /// A teaser of this page announces this very line.
    Announced "announced" [Headline 3.5, Subhead -1.5]
    /// `本报记者 甲 摄`.
    CreditLine "credit-line" [Credit 12.0, Body 1.0]
    /// The block ends with a credit.
    EndsWithCredit "ends-with-credit" [Caption 6.0]
    /// Only names, two or more.
    Names "names" [Byline 8.5, BylineAhead 8.5, Signature 8.5, Credit -2.0, Headline -2.0]
    /// Only one name.
    OneName "one-name" [Byline 6.5, BylineAhead 6.5, Signature 6.5, Credit 8.0, Headline -1.0]
    /// `本报记者 甲`, `文/甲`.
    RoleLine "role-line" [Byline 10.0, BylineAhead 9.5, Signature 10.0, Headline -3.0]
    /// `（本报记者 甲）`.
    BracketRole "bracket-role" [Byline 11.0, Signature 11.0]
    /// `县水利局局长 甲`.
    DutyAndName "duty-and-name" [Byline 8.0, BylineAhead 5.5, Signature 7.0]
    /// A short line in brackets that names an office.
    BracketNote "bracket-note" [SourceNote 9.0, Headline -3.0]
    /// 点评, 编者按, 核心阅读.
    BoxWord "box-word" [BoxHeading 13.0]
    /// `本报讯`, `新华社…电`.
    Opener "opener" [Body 4.0, Lead 3.0]
    /// Begins as first paragraphs do: 近日, 记者从…获悉.
    LeadLike "lead-like" [Lead 0.8, Body -0.2]
    /// Mostly digits: results, numbers, a table's line.
    Figures "figures" [Body 5.0, Headline -4.0, Subhead -4.0, Section -5.0, Kicker -5.0]
    /// 时间：, 地点：, 来源：: a label and its value.
    Label "label" [Body 4.0, Headline -4.0, Subhead -3.0, Kicker -3.0, Section -3.0]
    /// A tag that boxes inside articles have: （记者手记）, （链接）.
    BoxTag "box-tag" [Subhead 3.5, Headline -3.0]
    /// The value of a label that stands on the line before.
    AfterLabel "after-label" [Body 4.0, Headline -5.0, Subhead -3.0, Kicker -3.0, Section -3.0]
    /// Ends with ——: what is said follows on the next line.
    DashEnd "dash-end" [Kicker 0.5, Subhead 0.5, Headline -2.0]
    /// The first of two short lines between texts.
    PairFirst "pair-first" [Kicker 1.0, Section 1.0, Subhead -0.8]
    /// The second of two short lines between texts.
    PairSecond "pair-second" [Headline 1.0, Subhead -0.5]
    /// The first words of the next block are the line's own.
    LeadEcho "lead-echo" [Headline 0.7, Subhead -0.3, Section -0.5]
    /// A short line above one short text, in a column of briefs.
    BriefItem "brief-item" [Headline 3.0, Subhead -2.5, Kicker -1.0, Section -1.0]
    /// An office or company, alone on its line: it signs what stands above.
    Office "office" [Body 3.5, Headline -2.0, Subhead -1.5, Section -2.0, Kicker -3.0]
    /// 公告, 声明, 启事: a notice begins.
    NoticeTitle "notice-title" [Headline 3.0, Subhead -2.0, Kicker -1.0, Section -1.0]
    /// The next block has an opener.
    BeforeOpener "before-opener" [Headline 2.5, BylineAhead -2.0, Subhead -2.0]
    /// A short line that begins with ——.
    Dash "dash" [Subtitle 4.0, Kicker 3.0, Subhead -1.0, Headline -5.0, Section -1.0]
    /// A name that columns have: …观察, …走基层, 谁谈.
    ColumnWord "column-word" [Section 3.0, Kicker -0.7, Headline -1.0]
    /// A series number at the end: ②, 之三.
    Series "series-number" [Section 3.5, Kicker -0.5, Headline -1.0, Subhead -0.5]
    /// Four or more pieces of uneven length: a box set in short lines.
    Stacked "stacked" [Section 2.0, Headline -0.5]
    /// Built as a clause: 以…, 从…到…, with 的.
    Clause "clause" [Kicker 1.2, Section -1.2]
    /// A column name in brackets at the end.
    Tag "tag" [Headline 2.0, Subhead -1.5, Kicker -2.0, Section -3.0]
    /// Two parts of some length with a space between.
    TwoParts "two-parts" [Headline 1.5, Subhead -0.8, Section -1.0]
    /// Begins with a day, 图为 or 近日, and shows a scene.
    Scene "scene" [Caption 1.5]
    /// 图为: the picture belongs to the text before it.
    Shown "shown" [Caption -2.5, Headline -2.0, Subhead -2.0]
    /// An incomplete line that begins with a day and has a comma: the beginning of a lead.
    LeadBegins "lead-begins" [Body 3.0, Headline -2.0, Subhead -2.5, Kicker -2.5, Subtitle -3.0]
    /// Graphics, authors: a line that closes an article.
    ClosingLine "closing-line" [Body 4.0, Headline -4.0, Subhead -1.0]
    /// A credit follows directly.
    BeforeCredit "before-credit" [Caption 1.5]
    /// A credit follows behind one more paragraph, and this one shows a scene.
    SceneBeforeCredit "scene-before-credit" [Caption 3.5]
    /// A scene that is about something else than the text before it.
    SceneApart "scene-apart" [Caption 2.0]
    /// A scene that is about the same as the text before it.
    SceneWithin "scene-within" [Caption -3.0]
    /// More white space before it than between paragraphs.
    FarApart "far-apart" [
        Headline 0.7, Section 0.7, Kicker 0.7, Caption 2.0, BylineAhead 0.3, TeaserHeader 0.5,
    ]
    /// Ends as a sentence does.
    Closed "closed" [
        Body 2.5, Caption 2.0, Headline -1.5, Subhead -1.5, Section -4.0, Kicker -3.0,
        Subtitle -1.0, TeaserTitle -2.0,
    ]
    /// Ends as only a broken sentence does.
    Broken "broken" [Body 4.0, Caption 1.0, Headline -4.0, Subhead -4.0, Section -4.0, Kicker -3.0]
    /// Begins as only the rest of a sentence does.
    Continuation "continuation" [Body 5.0, Headline -4.0, Subhead -3.0]
    /// The block before it is running text that is not complete.
    AfterBroken "after-broken" [
        Body 3.0, Headline -2.0, Subhead -2.0, Section -1.5, Kicker -1.5, Caption -2.0,
        Byline -1.0, BylineAhead -1.0, Signature -1.0,
    ]
    /// A short line that ends with ！ or ？.
    Exclaims "exclaims" [Body 1.5, Headline 0.3, Subhead 0.3]
    /// Two commas or more and no space, somebody's words, or a stop right behind a comma.
    Flows "flows" [Body 2.5, Headline -1.5, Subhead -1.5, Kicker -2.0]
    /// A full stop with more text behind it, in a line that is not complete.
    StopInside "stop-inside" [Body 4.0, Headline -4.0, Subhead -4.0, Kicker -4.0, Section -4.0]
    /// Ends with a word that something must follow: 的, 和, 在.
    EndsOpen "ends-open" [Body 3.0, Headline -2.0, Subhead -2.5, Kicker -2.0, Section -1.0]
    /// A number goes on in the next block.
    NumberAcross "number-across" [Body 4.0, Headline -3.0, Subhead -3.0, Kicker -3.0]
    /// 21 to 32 characters without a space.
    Roomy "roomy" [Body 0.5, Subhead -1.0]
    /// 一、, （二）, 1., ■: one of several subheadings.
    Numbered "numbered" [Subhead 3.0, Headline -2.5, Section -2.0, Kicker -2.0]
    /// Nothing but somebody's words.
    Quoted "quoted" [Subhead 0.5, Kicker -0.5, Section -1.0]
    /// Built like another short line of the same article.
    Alike "alike" [Subhead 2.0, Headline -1.0, Section -1.5, Kicker -1.0]
    /// The text behind says the very words.
    SaidBelow "said-below" [Subhead 1.0]
    /// There is hardly any text between the heading before and this line.
    LittleBefore "little-before" [Subhead 1.0, Headline -1.0, Section -1.0, Kicker -1.0]
    /// One comma, some length, and no space.
    HasComma "has-comma" [Body 1.2, Subhead -0.8, Kicker -0.5, Section -2.0]
    /// A line as wide as the column, without the end of a sentence.
    FullLine "full-line" [Body 2.0, Headline -1.5, Subhead -2.0, Kicker -1.0, Section -1.0]
    /// Ends with a colon.
    ColonEnd "colon-end" [Body 1.0, Headline -3.0, Subhead 1.0, Kicker -2.0, Section -2.0]
    /// Last character and next block's first make a word of this page.
    WordAcross "word-across" [Body 2.0, Headline -1.0, Subhead -1.5, Kicker -1.0, Section -1.0]
    /// More than 60 characters.
    Long "long" [
        Body 5.0, Caption 3.5, Headline -5.0, Subhead -5.0, Section -6.0, Kicker -6.0,
        Subtitle -5.0, TeaserTitle -4.0,
    ]
    /// 33 to 60 characters.
    Middling "middling" [Body 1.5, Caption 1.0, Subhead -1.0, Section -3.0, Kicker -1.5]
    /// Up to 32 characters and not closed.
    Short "short" [
        Body -1.0, Headline 0.7, Subhead 1.5, Kicker 0.8, Section 0.3, Subtitle 0.3, Caption -2.0,
        TeaserTitle 0.5,
    ]
    /// Up to 6 characters and not closed.
    VeryShort "very-short" [Headline -1.0, Section 0.8, Subhead 0.5, Kicker -0.5]
    /// Heading mark of the page's highest level.
    TopMark "top-mark" [Headline 6.0, Section 0.5, Kicker 0.5, Subhead -2.5, Body -4.0]
    /// Heading mark of a lower level.
    LowerMark "lower-mark" [
        Headline 3.0, Section 2.0, Kicker 2.0, Subhead 1.5, Body -4.0, Subtitle 1.0,
        TeaserHeader 1.0,
    ]
    /// Heading mark of a lower level, and a higher one follows before any text.
    LowerBeforeHigher "lower-before-higher" [Section 4.0, Kicker 4.0, Headline -3.0, Subhead -4.0]
    /// A heading mark of a lower level directly behind a higher one.
    LowerAfterHigher "lower-after-higher" [Subtitle 5.0, Subhead -1.0]
    /// Without a mark, directly above a headline that has one.
    UnmarkedAboveMarked "unmarked-above-marked" [Kicker 4.0, Section 4.0, Subhead -3.0, Body -1.5]
    /// Begins at the margin where paragraphs are indented.
    AtMargin "at-margin" [
        Body -2.5, Headline 1.0, Subhead 0.3, Section 0.5, Kicker 0.5, Caption -0.5,
    ]
    /// Indented as paragraphs are.
    Indented "indented" [Body 2.0, Caption 1.0, Headline -3.0, Section -3.0, Kicker -3.0, Subhead -1.0]
    /// A heading mark of the same level follows before any text.
    MarkedBeforeMarked "marked-before-marked" [Section 3.5, Kicker 3.5, Headline -2.5, Subhead -2.0]
    /// Emphasis around the whole line.
    Emphasis "emphasis" [Headline 1.5, Subhead 2.0, Section 1.0, Kicker 1.0, Body -2.0]
    /// No heading mark on a page whose headings have them.
    Unmarked "unmarked" [
        Headline -6.0, Section -3.5, Kicker -3.5, Subhead 1.0,
    ]
    /// A byline is next.
    BeforeByline "before-byline" [Headline 1.5, Kicker 0.5, Section 0.5, Subhead -1.5]
    /// A byline stands before.
    AfterByline "after-byline" [Headline 1.5, Subhead -0.5]
    /// A line that closes articles stands before: a credit, a bracketed byline, graphics.
    AfterClosing "after-closing" [Headline 2.0, Section 0.7, Kicker 0.7, Subhead -1.5]
    /// The text behind goes on about something else.
    NewTopic "new-topic" [Headline 2.0, Subhead -1.2, Section 2.0, Kicker 2.0, BylineAhead 1.0]
    /// The text behind is somewhat unlike the text before.
    OtherTopic "other-topic" [Headline 0.8, Subhead -0.5, Section 0.8, Kicker 0.8]
    /// The text behind goes on about the same.
    SameTopic "same-topic" [Headline -1.0, Subhead 1.0, Section -1.0, Kicker -1.0]
    /// The text behind uses the line's words, the text before does not.
    EchoedAfter "echoed-after" [Headline 1.3, Kicker -0.3, Subhead -0.3]
    /// The text before uses the line's words.
    EchoedBefore "echoed-before" [Subhead 1.0, Headline -0.8]
    /// The first line of the page, apart from its masthead.
    First "first" [Headline 1.0, Section 0.5, Kicker 0.5, Subhead -3.0]
    /// Another short line stands directly before or behind it.
    BesideShort "beside-short" [Section 0.3, Kicker 0.5]
}

/// A set of cues.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Cues(u128);

impl Cues {
    /// Adds `cue` where `seen`.
    pub fn note(&mut self, cue: Cue, seen: bool) {
        self.0 |= u128::from(seen) << (cue as u32);
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
    use crate::page::path::Class;

    #[test]
    fn all_cues_fit_the_set_and_have_names_of_their_own() {
        let mut names: Vec<_> = Cue::ALL.iter().map(|cue| cue.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Cue::ALL.len());
        assert!(Cue::ALL.len() <= 128);
    }

    #[test]
    fn scores_are_sums_of_weights() {
        let mut cues = Cues::default();
        cues.note(Cue::Long, true);
        cues.note(Cue::Closed, true);
        cues.note(Cue::Short, false);
        assert!((cues.scores()[Class::Body as usize] - Class::Body.prior() - 7.5).abs() < 1e-6);
        assert_eq!(cues.names_for(Class::Body).collect::<Vec<_>>(), ["closed", "long"]);
    }
}
