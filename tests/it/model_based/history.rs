//! Operations of chance on a small world, so that they meet often: the same articles again, the same
//! words, the same papers.

use rand::RngExt as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use wenmai::proto::wire;
use wenmai::proto::wire::SearchMode;

/// Articles that there may be.
pub const WORLD: usize = 90;

const PAPERS: [&str; 3] = ["清河日报", "青山晚报", ""];
const SECTIONS: [&str; 3] = ["民生", "要闻", ""];
const KINDS: [(wire::ArticleKind, &str); 3] = [
    (wire::ArticleKind::News, "news"),
    (wire::ArticleKind::Comment, "comment"),
    (wire::ArticleKind::Brief, "brief"),
];
const WORDS: [&str; 16] = [
    "清河",
    "大桥",
    "合龙",
    "秋粮",
    "收购",
    "防汛",
    "水位",
    "医院",
    "新区",
    "启用",
    "讲座",
    "图书馆",
    "小麦",
    "返青",
    "通车",
    "响应",
];
/// 1 March 2025, 00:00 in China.
const FIRST_DAY: i64 = 1_740_758_400;

/// One step of a history.
#[derive(Debug, Clone)]
pub enum Op {
    /// Stores these, all or none; numbers differ.
    Batch(Vec<Draft>),
    /// Stores these one after the other; `None` is an item without a title and a body.
    Stream(Vec<Option<Draft>>),
    Delete(usize),
    Get(usize),
    /// Lists what passes, this many a page, to the end.
    List(Condition, i32),
    Search {
        words: String,
        filter: Condition,
        mode: SearchMode,
        page_size: i32,
    },
    /// Closes the store and opens it again, where that keeps anything.
    Reopen,
}

/// One version of an article.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    pub number: usize,
    pub record: wire::ArticleRecord,
}

/// A condition on articles: the text form for the service, its meaning for the oracle.
#[derive(Debug, Clone)]
pub enum Condition {
    Everything,
    Paper(&'static str),
    Section(&'static str),
    Kind(usize),
    FromDay(i64),
    PageAtMost(u32),
    Not(Box<Condition>),
    Both(Box<Condition>, Box<Condition>),
    Either(Box<Condition>, Box<Condition>),
}

impl Condition {
    /// As a client writes it.
    pub fn text(&self) -> String {
        match self {
            Condition::Everything => String::new(),
            Condition::Paper(paper) => format!("paper = \"{paper}\""),
            Condition::Section(section) => format!("section = \"{section}\""),
            Condition::Kind(kind) => format!("kind = {}", KINDS[*kind].1),
            Condition::FromDay(day) => format!("date >= 2025-03-{day:02}"),
            Condition::PageAtMost(page) => format!("page_no <= {page}"),
            Condition::Not(inner) => format!("NOT ({})", inner.text()),
            Condition::Both(left, right) => format!("({}) AND ({})", left.text(), right.text()),
            Condition::Either(left, right) => format!("({}) OR ({})", left.text(), right.text()),
        }
    }

    /// What it means.
    pub fn passes(&self, record: &wire::ArticleRecord) -> bool {
        match self {
            Condition::Everything => true,
            Condition::Paper(paper) => record.paper == *paper,
            Condition::Section(section) => record.section == *section,
            Condition::Kind(kind) => record.kind() == KINDS[*kind].0,
            // An article without a date, or a page, passes no comparison.
            Condition::FromDay(day) => record
                .publish_time
                .is_some_and(|time| time.seconds >= FIRST_DAY + (day - 1) * 86_400),
            Condition::PageAtMost(page) => record.page_no > 0 && record.page_no <= *page,
            Condition::Not(inner) => !inner.passes(record),
            Condition::Both(left, right) => left.passes(record) && right.passes(record),
            Condition::Either(left, right) => left.passes(record) || right.passes(record),
        }
    }
}

/// A history that its seed decides.
pub struct History(ChaCha8Rng);

impl History {
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    fn below(&mut self, end: usize) -> usize {
        self.0.random_range(0..end)
    }

    /// The next step. One in `reopen_every` opens the store anew.
    pub fn next(&mut self, reopen_every: usize) -> Op {
        if self.below(reopen_every) == 0 {
            return Op::Reopen;
        }
        match self.below(100) {
            0..9 => {
                let mut drafts: Vec<Draft> = Vec::new();
                for _ in 0..=self.below(6) {
                    let draft = self.draft();
                    // Two records of one name are an error in a batch.
                    if drafts.iter().all(|other| other.number != draft.number) {
                        drafts.push(draft);
                    }
                }
                Op::Batch(drafts)
            }
            9..16 => {
                let count = 1 + self.below(6);
                Op::Stream((0..count).map(|_| (self.below(8) > 0).then(|| self.draft())).collect())
            }
            16..32 => Op::Delete(self.below(WORLD)),
            32..66 => Op::Get(self.below(WORLD)),
            66..86 => Op::List(self.condition(2), [0, 7, 40, 1_000][self.below(4)]),
            _ => {
                let modes = [SearchMode::Dense, SearchMode::Lexical, SearchMode::Hybrid];
                Op::Search {
                    words: self.words(3),
                    filter: self.condition(2),
                    mode: modes[self.below(3)],
                    page_size: [0, 3, 100][self.below(3)],
                }
            }
        }
    }

    fn words(&mut self, most: usize) -> String {
        let count = 1 + self.below(most);
        (0..count).map(|_| WORDS[self.below(WORDS.len())]).collect()
    }

    fn draft(&mut self) -> Draft {
        let number = self.below(WORLD);
        let day = i64::try_from(self.below(28)).unwrap();
        let time = prost_types::Timestamp { seconds: FIRST_DAY + day * 86_400, nanos: 0 };
        let page_no = [0, 1, 2, 7][self.below(4)];
        let record = wire::ArticleRecord {
            paper: PAPERS[self.below(3)].into(),
            source: "清河网".into(),
            source_id: number.to_string(),
            section: SECTIONS[self.below(3)].into(),
            kind: KINDS[self.below(3)].0.into(),
            publish_time: (self.below(6) > 0).then_some(time),
            page_no,
            page: if page_no == 0 { String::new() } else { page_no.to_string() },
            title: self.words(4),
            paragraphs: (0..=self.below(2)).map(|_| format!("{}。", self.words(12))).collect(),
            ..Default::default()
        };
        Draft { number, record }
    }

    fn condition(&mut self, depth: usize) -> Condition {
        let pair = |history: &mut Self| {
            (Box::new(history.condition(depth - 1)), Box::new(history.condition(depth - 1)))
        };
        match self.below(if depth == 0 { 5 } else { 9 }) {
            0 => Condition::Paper(PAPERS[self.below(3)]),
            1 => Condition::Section(SECTIONS[self.below(3)]),
            2 => Condition::Kind(self.below(3)),
            3 => Condition::FromDay(1 + i64::try_from(self.below(28)).unwrap()),
            4 => Condition::PageAtMost([0, 1, 6, 7][self.below(4)]),
            5 => Condition::Not(Box::new(self.condition(depth - 1))),
            6 => {
                let (left, right) = pair(self);
                Condition::Both(left, right)
            }
            7 => {
                let (left, right) = pair(self);
                Condition::Either(left, right)
            }
            // Only at the root: an empty text has no place inside parentheses.
            _ if depth == 2 => Condition::Everything,
            _ => Condition::Paper(PAPERS[0]),
        }
    }
}
