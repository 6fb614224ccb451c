//! Makes reprints from real articles, and articles that look like reprints but are none.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::DateTime;
use rand::RngExt as _;
use rand::seq::IndexedRandom as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use wenmai_cluster::reprint::Plain;
use wenmai_domain::article::Record;

/// How an article was made from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The real article.
    Base,
    /// A reprint with another headline, dateline and source note.
    Copy,
    /// A reprint with text recognition errors: one character in fifty misread or lost, marks
    /// changed.
    Noise,
    /// A reprint shortened to about 35–90 %, often with another headline.
    Abridged,
    /// A reprint in traditional characters.
    Traditional,
    /// A digest of the openings of several articles.
    Merged,
    /// Not a reprint: some numbers differ.
    Numbers,
    /// Not a reprint: the place differs.
    Place,
    /// Not a reprint: the same series on another day.
    Series,
    /// Not a reprint: another paper's own report of the same event.
    Told,
}

impl Kind {
    /// The kinds that must be in the group of their base.
    pub const REPRINTS: [Kind; 4] = [Kind::Copy, Kind::Noise, Kind::Abridged, Kind::Traditional];
    /// The kinds that must not.
    pub const OTHERS: [Kind; 5] =
        [Kind::Merged, Kind::Numbers, Kind::Place, Kind::Series, Kind::Told];

    /// The name of the kind in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Base => "base",
            Kind::Copy => "copy",
            Kind::Noise => "noise",
            Kind::Abridged => "abridged",
            Kind::Traditional => "traditional",
            Kind::Merged => "merged",
            Kind::Numbers => "numbers",
            Kind::Place => "place",
            Kind::Series => "series",
            Kind::Told => "told",
        }
    }
}

/// An article of the test.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    pub record: Record,
    /// How it was made.
    pub kind: Kind,
    /// The numbers of the bases that it was made from; a merged article has several.
    pub bases: Vec<usize>,
}

const OUTLETS: [&str; 6] = ["清河日报", "柳溪晚报", "石桥网", "东岭新闻", "南浦时报", "北滩在线"];
const PLACES: [&str; 12] = [
    "北京", "上海", "广东", "河南", "四川", "湖北", "山东", "浙江", "江苏", "陕西", "福建", "河北",
];

/// Makes two reprints and one article that is none from each base, and a merged article for every
/// fourth.
///
/// `told` contains for some bases an article on the same event. The articles are ordered by time,
/// those without a time first, except that one in ten comes up to a month late.
#[must_use]
pub fn make(bases: &[Record], told: &BTreeMap<usize, Record>, rng: &mut ChaCha8Rng) -> Vec<Made> {
    let script = traditional_of();
    let mut made = Vec::new();
    for (number, base) in bases.iter().enumerate() {
        made.push(Made { record: base.clone(), kind: Kind::Base, bases: vec![number] });
        let mut kinds = Kind::REPRINTS;
        kinds.shuffle(rng);
        for kind in kinds.into_iter().take(2) {
            let mut record = reprinted(base, rng);
            change(&mut record, kind, &script, rng);
            made.push(named(record, kind, vec![number], made.len()));
        }
        if let Some(other) = told.get(&number) {
            made.push(named(other.clone(), Kind::Told, vec![number], made.len()));
        }
        let mut others = [Kind::Numbers, Kind::Place, Kind::Series];
        others.shuffle(rng);
        for kind in others {
            let mut record = reprinted(base, rng);
            if update(&mut record, kind, rng) {
                made.push(named(record, kind, vec![number], made.len()));
                break;
            }
        }
        if number % 4 == 3 {
            let parts: Vec<usize> = (number - 3..=number - rng.random_range(0..=1)).collect();
            if let Some(record) = merged(bases, &parts, rng) {
                made.push(named(record, Kind::Merged, parts, made.len()));
            }
        }
    }
    let mut timed: Vec<(Option<DateTime>, Made)> = Vec::with_capacity(made.len());
    for one in made {
        let late = if rng.random_bool(0.1) { rng.random_range(0..720_i64) } else { 0 };
        timed.push((one.record.published_at.map(|at| at.saturating_add(late.hours())), one));
    }
    timed.sort_by(|(left, one), (right, other)| {
        left.cmp(right).then_with(|| one.record.source_id.cmp(&other.record.source_id))
    });
    timed.into_iter().map(|(_, one)| one).collect()
}

fn named(mut record: Record, kind: Kind, bases: Vec<usize>, number: usize) -> Made {
    record.source_id = format!("made-{number}");
    Made { record, kind, bases }
}

/// The article `base` by another outlet, some hours or days later.
fn reprinted(base: &Record, rng: &mut ChaCha8Rng) -> Record {
    let mut record = base.clone();
    let later = rng.random_range(1..96_i64).hours();
    record.published_at = base.published_at.map(|at| at.saturating_add(later));
    OUTLETS.choose(rng).copied().unwrap_or_default().clone_into(&mut record.source);
    record
}

/// Gives the article another headline, a clause of its text, if it has a suitable one.
fn headline(record: &mut Record, rng: &mut ChaCha8Rng) {
    let body = record.body();
    let clauses: Vec<&str> = body
        .split(['，', '。', '；', '\n'])
        .map(str::trim)
        .filter(|clause| (8..30).contains(&clause.chars().count()))
        .collect();
    if let Some(clause) = clauses.choose(rng) {
        (*clause).clone_into(&mut record.title);
    }
}

/// Adds an opening and a closing line of another outlet.
fn frame(record: &mut Record, rng: &mut ChaCha8Rng) {
    let day = rng.random_range(1..28);
    let month = rng.random_range(1..12);
    let outlet = &record.source;
    let opening = [
        format!("{outlet}讯（记者 周小禾 通讯员 许舟）"),
        format!("新华社北京{month}月{day}日电（记者林小满）"),
        format!("据{outlet}报道，"),
        format!("中新网{month}月{day}日电 "),
        String::new(),
    ];
    let closing = [
        "（责任编辑：许舟）".to_owned(),
        format!("来源：{outlet}"),
        "（原标题：如上）".to_owned(),
        String::new(),
    ];
    if let (Some(first), Some(opening)) = (record.paragraphs.first_mut(), opening.choose(rng)) {
        first.insert_str(0, opening);
    }
    if let Some(closing) = closing.choose(rng) {
        record.paragraphs.push(closing.clone());
    }
}

fn change(record: &mut Record, kind: Kind, script: &BTreeMap<char, char>, rng: &mut ChaCha8Rng) {
    match kind {
        Kind::Copy => {
            headline(record, rng);
            frame(record, rng);
        }
        Kind::Noise => {
            for text in &mut record.paragraphs {
                *text = noisy(text, rng);
            }
        }
        Kind::Abridged => {
            abridge(record, rng);
            headline(record, rng);
            if rng.random_bool(0.5) {
                frame(record, rng);
            }
        }
        Kind::Traditional => {
            for text in record.paragraphs.iter_mut().chain([&mut record.title]) {
                *text = text.chars().map(|c| script.get(&c).copied().unwrap_or(c)).collect();
            }
        }
        Kind::Base | Kind::Merged | Kind::Numbers | Kind::Place | Kind::Series | Kind::Told => {}
    }
}

/// Changes one letter in fifty into another of the text, or drops it; marks change more often.
fn noisy(text: &str, rng: &mut ChaCha8Rng) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    for c in &chars {
        if !c.is_alphanumeric() {
            match rng.random_range(0..12) {
                0 => {}
                1 => out.push('，'),
                _ => out.push(*c),
            }
            continue;
        }
        match rng.random_range(0..200) {
            0 => {}
            1..=3 if c.is_ascii_digit() => {
                out.push(char::from(b'0' + rng.random_range(0..10_u8)));
            }
            1..=3 => out.push(chars.choose(rng).copied().unwrap_or(*c)),
            _ => out.push(*c),
        }
    }
    out
}

/// Keeps about 35–90 % of the text in whole sentences: the first ones, or the first and any others.
fn abridge(record: &mut Record, rng: &mut ChaCha8Rng) {
    let body = record.body();
    let sentences: Vec<&str> = body.split_inclusive(['。', '！', '？', '\n']).collect();
    let total = body.chars().count();
    let keep = total * rng.random_range(35..90) / 100;
    let mut places: Vec<usize> = (1..sentences.len()).collect();
    if rng.random_bool(0.5) {
        places.shuffle(rng);
    }
    let count = |at: &usize| sentences.get(*at).map_or(0, |text| text.chars().count());
    let mut kept = vec![0];
    let mut length = count(&0);
    for place in places {
        if length >= keep {
            break;
        }
        length += count(&place);
        kept.push(place);
    }
    kept.sort_unstable();
    record.paragraphs =
        vec![kept.iter().filter_map(|at| sentences.get(*at).copied()).collect::<String>()];
}

/// Makes another report from the article; `false` if there is nothing in it to change.
fn update(record: &mut Record, kind: Kind, rng: &mut ChaCha8Rng) -> bool {
    let body = record.body();
    let changed = match kind {
        Kind::Numbers => renumbered(&body, 0.4, rng),
        Kind::Series => renumbered(&body, 1.0, rng),
        Kind::Place => {
            let Some(place) = PLACES.iter().find(|place| body.contains(**place)) else {
                return false;
            };
            let others: Vec<&&str> =
                PLACES.iter().filter(|other| !body.contains(**other)).collect();
            let Some(other) = others.choose(rng) else { return false };
            body.replace(place, other)
        }
        Kind::Base
        | Kind::Copy
        | Kind::Noise
        | Kind::Abridged
        | Kind::Traditional
        | Kind::Merged
        | Kind::Told => return false,
    };
    let before = Plain::of(record);
    record.paragraphs = changed.lines().map(str::to_owned).collect();
    // A change of the dateline alone does not make another report.
    before.chars() != Plain::of(record).chars()
}

/// Increases a share of the numbers in `text`, at least one; years stay as they are.
fn renumbered(text: &str, part: f64, rng: &mut ChaCha8Rng) -> String {
    let mut runs: Vec<String> = Vec::new();
    for c in text.chars() {
        let digit = c.is_ascii_digit();
        match runs.last_mut() {
            Some(run) if digit == run.starts_with(|c: char| c.is_ascii_digit()) => run.push(c),
            _ => runs.push(c.to_string()),
        }
    }
    let is_number = |run: &String| run.starts_with(|c: char| c.is_ascii_digit()) && run.len() <= 3;
    let places: Vec<usize> =
        (0..runs.len()).filter(|at| runs.get(*at).is_some_and(is_number)).collect();
    let must = places.choose(rng).copied();
    for place in places {
        if Some(place) != must && !rng.random_bool(part) {
            continue;
        }
        if let Some(run) = runs.get_mut(place) {
            let value: u32 = run.parse().unwrap_or(0);
            *run = (value + rng.random_range(1..9)).to_string();
        }
    }
    runs.concat()
}

/// A digest with the openings of several articles, one in each paragraph; `None` if an article is
/// missing.
fn merged(bases: &[Record], parts: &[usize], rng: &mut ChaCha8Rng) -> Option<Record> {
    let mut record = reprinted(bases.get(*parts.last()?)?, rng);
    let latest = parts.iter().filter_map(|at| bases.get(*at)?.published_at).max();
    record.published_at = latest.map(|at| at.saturating_add(6.hours()));
    "一周简讯".clone_into(&mut record.title);
    record.paragraphs.clear();
    for part in parts {
        let body = bases.get(*part)?.body();
        let mut opening = String::new();
        for sentence in body.split_inclusive(['。', '！', '？']) {
            opening.push_str(sentence);
            if opening.chars().count() > 120 {
                break;
            }
        }
        record.paragraphs.push(opening.replace('\n', ""));
    }
    Some(record)
}

/// For characters that are written differently in traditional script, one such character each.
fn traditional_of() -> BTreeMap<char, char> {
    let mut table = BTreeMap::new();
    for c in '\u{4e00}'..='\u{9fff}' {
        let simple = fast2s::convert(c.encode_utf8(&mut [0; 4]));
        if let Some(simple) = simple.chars().next().filter(|simple| *simple != c) {
            table.entry(simple).or_insert(c);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;

    use super::Kind;
    use super::make;
    use wenmai_domain::article::Record;

    fn base(number: usize) -> Record {
        let body = format!(
            "清河县第{number}号桥昨日完工，全长{number}5米，北京的专家到场。桥面重新铺装，护栏更换。\
             附近三个村的村民出行更加方便，集市也近了许多。工程由县财政承担，没有中断交通。"
        );
        Record {
            title: format!("{number}号桥完工"), paragraphs: vec![body], ..Record::default()
        }
    }

    #[test]
    fn one_seed_makes_one_test() {
        let bases: Vec<Record> = (10..18).map(base).collect();
        let made = |seed| make(&bases, &BTreeMap::new(), &mut ChaCha8Rng::seed_from_u64(seed));
        assert_eq!(made(1), made(1));
        assert_ne!(made(1), made(2));
        let count = |kind| made(1).iter().filter(|one| one.kind == kind).count();
        assert_eq!(count(Kind::Base), 8);
        assert_eq!(Kind::REPRINTS.map(count).iter().sum::<usize>(), 16);
        assert_eq!(count(Kind::Merged), 2);
        assert_eq!([Kind::Numbers, Kind::Place, Kind::Series].map(count).iter().sum::<usize>(), 8);
    }

    #[test]
    fn what_is_updated_is_another_text() {
        let bases: Vec<Record> = (10..30).map(base).collect();
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        for one in make(&bases, &BTreeMap::new(), &mut rng) {
            if [Kind::Numbers, Kind::Place, Kind::Series].contains(&one.kind) {
                assert_ne!(one.record.body(), bases[one.bases[0]].body());
            }
        }
    }
}
