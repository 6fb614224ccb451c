//! Compares the articles that were found on one page with its labels.

use crate::pages::baseline;
use crate::pages::candidate::Candidate;
use crate::pages::candidate::folded;
use crate::pages::candidate::heading;
use crate::pages::gold::Gold;
use crate::pages::gold::Labelled;
use crate::pages::seam;
use crate::pages::seam::Seams;
use wenmai_domain::article::Kind;
use wenmai_page::Page;
use wenmai_text::likeness::dice;
use wenmai_text::likeness::grams;
use wenmai_text::likeness::shared_count;

/// The names of the systems that are compared; the first is ours.
pub(super) const SYSTEMS: [&str; 3] = ["wenmai", "split at headings", "split at blank lines"];

/// A part of an article that is judged on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Title,
    Kicker,
    Subtitle,
    Section,
    Byline,
    Dateline,
    Place,
    Caption,
    Credit,
    Teaser,
    Staff,
}

impl Field {
    /// Every field; its position is its index.
    pub const ALL: [Field; 11] = [
        Field::Title,
        Field::Kicker,
        Field::Subtitle,
        Field::Section,
        Field::Byline,
        Field::Dateline,
        Field::Place,
        Field::Caption,
        Field::Credit,
        Field::Teaser,
        Field::Staff,
    ];

    /// The name of the field in reports.
    pub fn name(self) -> &'static str {
        match self {
            Field::Title => "title",
            Field::Kicker => "kicker",
            Field::Subtitle => "subtitle",
            Field::Section => "section",
            Field::Byline => "byline",
            Field::Dateline => "dateline",
            Field::Place => "place",
            Field::Caption => "caption",
            Field::Credit => "credit",
            Field::Teaser => "teaser",
            Field::Staff => "staff",
        }
    }
}

/// The counts for one field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub right: usize,
    pub found: usize,
    pub gold: usize,
    pub either: usize,
}

impl Tally {
    pub fn plus(self, other: Self) -> Self {
        Self {
            right: self.right + other.right,
            found: self.found + other.found,
            gold: self.gold + other.gold,
            either: self.either + other.either,
        }
    }

    fn note(&mut self, gold: bool, found: bool, right: bool) {
        self.gold += usize::from(gold);
        self.found += usize::from(found);
        self.either += usize::from(gold || found);
        self.right += usize::from(gold && found && right);
    }
}

/// The least overlap of bodies that are the same but for a line.
const LENIENT: f64 = 0.95;

/// The counts for one system on one page.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct System {
    pub right: usize,
    pub found: usize,
    /// Articles with the labelled title and nearly the labelled body.
    pub lenient: usize,
    /// Articles with nearly the labelled body, whatever their title.
    pub cut: usize,
    /// The sum over labelled articles.
    pub body_f1: f64,
}

/// The counts for one page.
#[derive(Debug, Clone, Default)]
pub(super) struct Judged {
    pub gold_count: usize,
    pub systems: Vec<System>,
    /// One for each field, for the parser only.
    pub fields: Vec<Tally>,
    pub seams: Seams,
    /// The labelled kind of each article and the kind that was found for it; `None` where there is
    /// nothing on one side.
    pub kinds: Vec<(Option<Kind>, Option<Kind>)>,
}

/// Compares `page`, as the parser read it, and both baselines with the labels.
pub(super) fn judge(labelled: &Labelled, page: &Page) -> Judged {
    let text = labelled.text.as_str();
    let parsed = page.articles.iter().map(|parsed| Candidate::parsed(text, parsed));
    let (ours, others): (Vec<_>, Vec<_>) = parsed.partition(|found| found.kind.is_article());
    let gold: Vec<&Gold> = labelled.articles.iter().filter(|gold| gold.is_article()).collect();
    let found = [&ours, &baseline::at_headings(text), &baseline::at_blank_lines(text)];
    let systems = found.map(|found| system(&gold, found)).to_vec();
    let mut fields = vec![Tally::default(); Field::ALL.len()];
    let paired = pairs(&gold, &ours);
    for (gold, found) in &paired {
        compare(gold, found.unwrap_or(&Candidate::default()), &mut fields);
    }
    let kinds = kinds(&paired, &ours);
    for (field, kind) in [(Field::Teaser, Kind::Teaser), (Field::Staff, Kind::Staff)] {
        if let Some(tally) = fields.get_mut(field as usize) {
            *tally = furniture(labelled, &others, kind);
        }
    }
    let seams = seam::seams(labelled, page);
    Judged { gold_count: gold.len(), systems, fields, seams, kinds }
}

fn system(gold: &[&Gold], found: &[Candidate]) -> System {
    let mut system = System { found: found.len(), ..System::default() };
    for (gold, found) in pairs(gold, found) {
        let Some(found) = found else {
            continue;
        };
        system.right += usize::from(is_exact(gold, found));
        let body = folded(&gold.text());
        let alike = found.bodies.iter().map(|read| overlap(&body, read)).fold(0.0, f64::max);
        system.body_f1 += alike;
        let cut = alike >= LENIENT;
        system.cut += usize::from(cut);
        system.lenient += usize::from(cut && title(gold) == found.title);
    }
    system
}

/// The labelled and the found kind of every pair, and of every article that was found for nothing.
fn kinds(
    paired: &[(&Gold, Option<&Candidate>)],
    found: &[Candidate],
) -> Vec<(Option<Kind>, Option<Kind>)> {
    let pairs = paired.iter().filter_map(|(gold, found)| {
        // Where no kind is labelled there is nothing to compare.
        Some((Some(gold.kind?), found.map(|found| found.kind)))
    });
    let labelled = paired.iter().any(|(gold, _)| gold.kind.is_some());
    let taken = |other: &&Candidate| {
        paired.iter().any(|(_, found)| found.is_some_and(|found| std::ptr::eq(found, *other)))
    };
    let spare = found.iter().filter(|found| labelled && !taken(found));
    pairs.chain(spare.map(|found| (None, Some(found.kind)))).collect()
}

fn is_exact(gold: &Gold, found: &Candidate) -> bool {
    let body = folded(&gold.text());
    title(gold) == found.title && found.bodies.contains(&body)
}

fn title(gold: &Gold) -> String {
    folded(gold.title.as_deref().unwrap_or_default())
}

/// Pairs each labelled article with the one that was found for it, or else the most similar one;
/// each is used once.
fn pairs<'a>(gold: &[&'a Gold], found: &'a [Candidate]) -> Vec<(&'a Gold, Option<&'a Candidate>)> {
    let mut free: Vec<bool> = vec![true; found.len()];
    let mut taken: Vec<Option<usize>> = vec![None; gold.len()];
    // The least overlap of two bodies that are about the same article.
    let alike_min = 0.1;
    for exact in [true, false] {
        for (gold, slot) in gold.iter().zip(&mut taken).filter(|(_, slot)| slot.is_none()) {
            let body = folded(&gold.text());
            let score = |found: &Candidate| {
                if exact {
                    return f64::from(u8::from(is_exact(gold, found)));
                }
                let same = !found.title.is_empty() && found.title == title(gold);
                overlap(&body, found.body()) + f64::from(u8::from(same)) / 2.0
            };
            let open = found.iter().enumerate().filter(|(at, _)| free.get(*at) == Some(&true));
            let best =
                open.map(|(at, found)| (at, score(found))).max_by(|a, b| a.1.total_cmp(&b.1));
            if let Some((at, score)) = best
                && score >= if exact { 1.0 } else { alike_min }
            {
                *slot = Some(at);
                free.iter_mut().skip(at).take(1).for_each(|free| *free = false);
            }
        }
    }
    let found = taken.into_iter().map(|at| at.and_then(|at| found.get(at)));
    gold.iter().copied().zip(found).collect()
}

/// The F1 of the runs of four characters that two texts share, in any order.
fn overlap(a: &str, b: &str) -> f64 {
    let runs = |text: &str| -> Vec<[char; 4]> {
        let chars: Vec<char> = text.chars().collect();
        grams(&chars).collect()
    };
    if a == b {
        return 1.0;
    }
    let (a, b) = (runs(a), runs(b));
    dice(shared_count(&a, &b), a.len(), b.len())
}

fn compare(gold: &Gold, found: &Candidate, fields: &mut [Tally]) {
    let mut note = |field: Field, gold: Option<String>, found: &str| {
        if let Some((gold, tally)) = gold.zip(fields.get_mut(field as usize)) {
            tally.note(!gold.is_empty(), !found.is_empty(), gold == found);
        }
    };
    let plain = |text: &Option<String>| text.as_deref().map(folded);
    // A label that is null says that there is no such part. serde reads it like a missing label, so
    // a part that was found where nothing is labelled counts only for headings, which every file
    // labels.
    let said = |text: &Option<String>| Some(heading(text.as_deref().unwrap_or_default()));
    note(Field::Title, Some(title(gold)), &found.title);
    note(Field::Kicker, said(&gold.kicker), above(gold, found));
    note(Field::Subtitle, gold.subtitle.as_deref().map(heading), &found.subtitle);
    note(Field::Section, said(&gold.section), &found.section);
    note(Field::Dateline, plain(&gold.dateline), &found.dateline);
    note(Field::Place, plain(&gold.place), &found.place);
    note(Field::Caption, plain(&gold.caption), &found.caption);
    note(Field::Credit, plain(&gold.credit), &found.credit);
    let names: Option<Vec<String>> =
        gold.byline.as_ref().map(|names| names.iter().map(|name| folded(name)).collect());
    if let Some(names) = names {
        // Names in the opener may be labelled as byline or be left to the opener.
        let opener = names == found.in_opener;
        let read = if opener { &found.in_opener } else { &found.byline };
        // A photographer is a credit, whether or not he also wrote the caption.
        let credited = gold.kind == Some(Kind::Photo) && names.is_empty();
        let read = if credited { String::new() } else { read.join(" ") };
        note(Field::Byline, Some(names.join(" ")), &read);
    }
}

/// What was read as kicker. A line with a dash above the headline may be labelled in either way.
fn above<'a>(gold: &Gold, found: &'a Candidate) -> &'a str {
    let dashed = gold.kicker.as_deref().is_some_and(|kicker| kicker.starts_with(['—', '-']));
    if dashed && found.kicker.is_empty() { &found.subtitle } else { &found.kicker }
}

/// Counts teasers by their title, and staff boxes by their presence; all zero if the file labels
/// none on this page.
fn furniture(labelled: &Labelled, others: &[Candidate], kind: Kind) -> Tally {
    let gold: Vec<String> =
        labelled.articles.iter().filter(|gold| gold.kind == Some(kind)).map(title).collect();
    let mut found: Vec<&str> =
        others.iter().filter(|o| o.kind == kind).map(|o| o.title.as_str()).collect();
    let labels_them =
        labelled.articles.iter().any(|gold| gold.kind.is_some_and(|kind| !kind.is_article()));
    if !labels_them {
        return Tally::default();
    }
    let mut tally = Tally { gold: gold.len(), found: found.len(), ..Tally::default() };
    for title in gold {
        if let Some(at) = found.iter().position(|found| *found == title) {
            found.swap_remove(at);
            tally.right += 1;
        }
    }
    tally.either = tally.gold + tally.found - tally.right;
    tally
}
