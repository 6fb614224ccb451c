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
    /// Names behind the headline.
    Byline,
    /// Names behind the body.
    Signature,
    /// The first running text of an article.
    Lead,
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
    pub const ALL: [Class; 19] = [
        Class::Masthead,
        Class::Section,
        Class::Kicker,
        Class::Headline,
        Class::Subtitle,
        Class::BylineAhead,
        Class::Byline,
        Class::Signature,
        Class::Lead,
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
}

impl Class {
    /// How common the class is where no cue speaks: most blocks are text or headings.
    pub fn prior(self) -> f32 {
        match self {
            Class::Lead | Class::Body | Class::Subhead | Class::Headline => 0.0,
            Class::Section | Class::Kicker | Class::Subtitle | Class::Caption => -0.5,
            Class::TeaserTitle => -2.0,
            Class::Byline | Class::BylineAhead | Class::Signature | Class::SourceNote => -3.0,
            Class::Masthead
            | Class::BoxHeading
            | Class::Credit
            | Class::TeaserHeader
            | Class::Jump
            | Class::Staff => -5.0,
        }
    }
}

/// Scores of one block, by class.
pub(crate) type Scores = [f32; Class::COUNT];

/// What no page does: worth more than any one cue.
const NEVER: f32 = -12.0;
/// What pages rarely do.
const RARE: f32 = -5.0;

/// Classes that may begin something new.
pub(crate) const STARTS: &[Class] = &[
    Class::Masthead,
    Class::Section,
    Class::Kicker,
    Class::Headline,
    Class::BylineAhead,
    Class::Caption,
    Class::TeaserHeader,
    Class::TeaserTitle,
    Class::Staff,
];
/// Headings that stand in a body.
const INNER: &[Class] = &[Class::Subhead, Class::BoxHeading];
/// Running text.
const TEXT: &[Class] = &[Class::Lead, Class::Body];
const ANY: &[Class] = &Class::ALL;

/// How well the second class follows the first; the first row that fits decides, and what fits none
/// is [`RARE`].
const ORDER: &[(&[Class], &[Class], f32)] = &[
    // Before the headline.
    (&[Class::Section], &[Class::Headline, Class::BylineAhead, Class::Kicker], 0.0),
    (&[Class::Section], &[Class::Section], -2.5),
    (&[Class::Section], &[Class::Lead, Class::Caption], -4.0),
    (&[Class::Section], ANY, RARE - 1.0),
    (&[Class::Kicker, Class::BylineAhead], &[Class::Headline], 0.0),
    (&[Class::Kicker], &[Class::BylineAhead], 0.0),
    (&[Class::BylineAhead], &[Class::Kicker, Class::BylineAhead], -1.0),
    (&[Class::BylineAhead], &[Class::Section], -3.0),
    (&[Class::Kicker], &[Class::Kicker], -3.0),
    (&[Class::Kicker], &[Class::Section], -4.0),
    (&[Class::Kicker, Class::BylineAhead], ANY, NEVER),
    // Behind the headline.
    (&[Class::Headline, Class::Subtitle], &[Class::Lead, Class::Byline], 0.0),
    (&[Class::Headline, Class::Subtitle], &[Class::Subtitle], -0.5),
    (&[Class::Headline, Class::Subtitle], &[Class::Caption, Class::Jump], -0.7),
    (&[Class::Headline, Class::Subtitle], INNER, -0.8),
    (&[Class::Headline], &[Class::Headline], -4.0),
    (&[Class::Headline, Class::Subtitle], &[Class::Credit], NEVER),
    (&[Class::Headline, Class::Subtitle], ANY, RARE),
    (&[Class::Byline], &[Class::Byline, Class::Lead, Class::Caption], 0.0),
    // Reports from several places are signed one by one.
    (&[Class::Byline], &[Class::Body], -1.0),
    (INNER, &[Class::Byline], -2.0),
    (&[Class::Byline], INNER, -0.5),
    (&[Class::Byline], &[Class::Jump], -1.0),
    // A headline and names, and no text.
    (&[Class::Byline], ANY, RARE),
    // In and behind the body; a heading inside a body must head something.
    (TEXT, &[Class::Body], 0.0),
    (INNER, &[Class::Body], 0.0),
    (INNER, INNER, -0.3),
    (TEXT, &[Class::Subhead], -0.5),
    (INNER, STARTS, -4.0),
    (INNER, &[Class::Signature, Class::SourceNote], -1.0),
    (TEXT, &[Class::Headline, Class::Caption, Class::BoxHeading, Class::Signature], -1.0),
    (TEXT, &[Class::Kicker], -1.2),
    (TEXT, &[Class::Section, Class::BylineAhead, Class::SourceNote], -0.6),
    (
        &[Class::Lead, Class::Body, Class::Subhead, Class::BoxHeading],
        &[Class::Jump, Class::TeaserHeader, Class::TeaserTitle, Class::Staff],
        -0.4,
    ),
    (&[Class::Lead, Class::Body, Class::Subhead, Class::BoxHeading], &[Class::Credit], -1.5),
    (TEXT, &[Class::Masthead], -2.0),
    // An article without a headline.
    (TEXT, &[Class::Lead], -4.0),
    // Photos.
    (&[Class::Caption], &[Class::Credit], 0.0),
    (&[Class::Caption], &[Class::Caption], -0.5),
    (&[Class::Caption], &[Class::Body], -2.0),
    (&[Class::Caption], STARTS, -1.5),
    (&[Class::Credit], &[Class::Credit], -1.5),
    // Teasers.
    (&[Class::TeaserHeader], &[Class::TeaserTitle], 0.0),
    (&[Class::TeaserHeader], &[Class::Headline], -3.0),
    (&[Class::TeaserHeader], ANY, RARE),
    (&[Class::TeaserTitle], &[Class::Jump], 0.0),
    (&[Class::TeaserTitle], &[Class::TeaserTitle], -1.0),
    (&[Class::TeaserTitle], &[Class::Body], -4.0),
    (&[Class::TeaserTitle], STARTS, -2.0),
    (&[Class::TeaserTitle, Class::Caption], ANY, NEVER),
    // Behind what closes an article or stands between articles.
    (ANY, &[Class::Subtitle, Class::Credit], NEVER),
    (ANY, &[Class::Body, Class::Subhead, Class::BoxHeading], -1.0),
    (&[Class::Signature], &[Class::Signature], 0.0),
    (&[Class::Signature], &[Class::SourceNote], -0.5),
    (
        &[Class::Jump, Class::Staff, Class::Credit],
        &[Class::Jump, Class::Signature, Class::SourceNote],
        -2.0,
    ),
    (ANY, STARTS, 0.0),
];

/// How well a page begins with a class.
const BEGINS: &[(&[Class], f32)] = &[
    (&[Class::Subtitle, Class::Credit], NEVER),
    (&[Class::Lead], -1.5),
    (&[Class::Body], -2.0),
    (INNER, -3.0),
    (&[Class::Byline, Class::Signature, Class::SourceNote, Class::Jump], -3.0),
    (ANY, 0.0),
];

/// How well a page ends with a class.
const ENDS: &[(&[Class], f32)] = &[
    (&[Class::Section, Class::Kicker, Class::BylineAhead, Class::TeaserHeader], -6.0),
    (&[Class::Headline, Class::Subhead, Class::BoxHeading, Class::Subtitle], -2.5),
    (&[Class::Caption, Class::TeaserTitle], -1.0),
    (ANY, 0.0),
];

/// How well `to` follows `from`.
pub(crate) fn follows(from: Class, to: Class) -> f32 {
    let row = ORDER.iter().find(|(a, b, _)| a.contains(&from) && b.contains(&to));
    row.map_or(RARE, |(_, _, weight)| *weight)
}

/// How well a page begins with a class.
pub(crate) fn begins(class: Class) -> f32 {
    at_edge(BEGINS, class)
}

/// How well a page ends with a class.
pub(crate) fn ends(class: Class) -> f32 {
    at_edge(ENDS, class)
}

fn at_edge(rows: &[(&[Class], f32)], class: Class) -> f32 {
    rows.iter().find(|(classes, _)| classes.contains(&class)).map_or(0.0, |(_, weight)| *weight)
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

/// How much flatter the probabilities are than the scores say: scores add up cues that see the same
/// thing twice. Chosen on composed pages, so that decisions of 0.8 are right about so often.
const TEMPERATURE: f32 = 2.0;

/// The probability of each class for each block, over all sequences (forward–backward).
pub(crate) fn probabilities(scores: &[Scores]) -> Vec<Scores> {
    let soft = |weight: f32| (weight / TEMPERATURE).exp();
    let steps: Vec<Scores> =
        Class::ALL.iter().map(|from| Class::ALL.map(|to| soft(follows(*from, to)))).collect();
    let factors: Vec<Scores> = scores
        .iter()
        .map(|block| {
            // Only differences count; the highest becomes 1.
            let most = block.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            block.map(|score| soft(score - most))
        })
        .collect();
    let mut ahead: Vec<Scores> = Vec::with_capacity(scores.len());
    let mut now: Scores = Class::ALL.map(|class| soft(begins(class)));
    for (at, factor) in factors.iter().enumerate() {
        if at > 0 {
            now = moved(&now, &steps);
        }
        now = scaled(times(&now, factor));
        ahead.push(now);
    }
    let backward: Vec<Scores> =
        (0..Class::COUNT).map(|to| std::array::from_fn(|from| cell(&steps, to, from))).collect();
    let mut behind: Scores = Class::ALL.map(|class| soft(ends(class)));
    let mut found = Vec::with_capacity(scores.len());
    for (forward, factor) in ahead.iter().zip(&factors).rev() {
        found.push(scaled(times(forward, &behind)));
        behind = scaled(moved(&times(&behind, factor), &backward));
    }
    found.reverse();
    found
}

/// The weight of the step from class `from` to class `to`.
fn cell(steps: &[Scores], from: usize, to: usize) -> f32 {
    steps.get(from).and_then(|row| row.get(to)).copied().unwrap_or_default()
}

/// One step from each class to all.
fn moved(now: &Scores, steps: &[Scores]) -> Scores {
    let mut next: Scores = [0.0; Class::COUNT];
    for (weight, row) in now.iter().zip(steps) {
        for (slot, step) in next.iter_mut().zip(row) {
            *slot += weight * step;
        }
    }
    next
}

fn times(a: &Scores, b: &Scores) -> Scores {
    let mut product = *a;
    product.iter_mut().zip(b).for_each(|(slot, factor)| *slot *= factor);
    product
}

/// The same, so that the sum is 1.
fn scaled(mut weights: Scores) -> Scores {
    let sum: f32 = weights.iter().sum::<f32>().max(f32::MIN_POSITIVE);
    for weight in &mut weights {
        *weight /= sum;
    }
    weights
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
    use super::probabilities;

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
            [favouring(Class::Section, 3.0), [0.0; Class::COUNT], favouring(Class::Lead, 3.0)];
        assert_eq!(best(&scores), [Class::Section, Class::Headline, Class::Lead]);
    }

    #[test]
    fn a_strong_cue_beats_the_usual_order() {
        let scores = [favouring(Class::Body, 3.0), favouring(Class::Staff, 9.0)];
        assert_eq!(best(&scores), [Class::Body, Class::Staff]);
    }

    #[test]
    fn probabilities_sum_to_one_and_follow_the_scores() {
        let scores = [favouring(Class::Headline, 12.0), favouring(Class::Lead, 12.0)];
        let found = probabilities(&scores);
        for block in &found {
            assert!((block.iter().sum::<f32>() - 1.0).abs() < 1e-4);
        }
        assert!(found[0][Class::Headline as usize] > 0.9);
        assert!(found[1][Class::Lead as usize] > 0.9);
        let unsure = probabilities(&[[0.0; Class::COUNT], favouring(Class::Lead, 12.0)]);
        assert!(unsure[0][Class::Headline as usize] < 0.9);
    }

    #[test]
    fn an_empty_page_has_an_empty_path() {
        assert_eq!(best(&[]), []);
    }
}
