//! Points and filters to check a store with; seeded, so a failure comes back.

use std::sync::Arc;

use jiff::civil::date;
use rand::RngExt as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use crate::Make;
use crate::Point;
use crate::Regroup;
use wenmai_domain::article::Article;
use wenmai_domain::article::Kind;
use wenmai_domain::article::Record;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::entity;
use wenmai_domain::entity::Entities;
use wenmai_domain::entity::Entity;
use wenmai_domain::filter::Comparison;
use wenmai_domain::filter::Filter;
use wenmai_domain::filter::NameField;
use wenmai_domain::filter::TextField;
use wenmai_domain::id::ArticleId;
use wenmai_domain::reprint::GroupId;
use wenmai_domain::reprint::Membership;
use wenmai_domain::reprint::Signature;
use wenmai_domain::span::Span;
use wenmai_domain::terms::TermVector;
use wenmai_domain::topic::TopicId;

/// Numbers in the embeddings of these checks.
pub const DIM: usize = 8;
/// Different terms that there are.
const TERM_COUNT: u32 = 60;

/// What the collections of these checks are made of.
pub fn make() -> Make {
    Make { index_version: "test-1".into(), dim: DIM }
}

/// A source of random points.
pub struct Sampler(ChaCha8Rng);

impl Sampler {
    /// One that always draws the same.
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// A number below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        self.0.random_range(0..end)
    }

    /// An embedding in any direction.
    pub fn embedding(&mut self, dim: usize) -> Embedding {
        let values = (0..dim).map(|_| self.0.random_range(-1.0..1.0)).collect();
        Embedding::normalize(values).unwrap()
    }

    /// An embedding near `center`.
    #[cfg(any(feature = "edge", feature = "server"))]
    pub fn near(&mut self, center: &Embedding, spread: f32) -> Embedding {
        let noise = self.embedding(center.dim());
        let values = center.values().iter().zip(noise.values());
        Embedding::normalize(values.map(|(a, b)| a + spread * b).collect()).unwrap()
    }

    /// Up to `most` terms; now and then none.
    pub fn terms(&mut self, most: usize) -> TermVector {
        let count = self.below(most + 1);
        let index = |rng: &mut ChaCha8Rng| {
            // Large and uneven indices, as hashes are, and some terms far more frequent than
            // others.
            let first = rng.random_range(0..TERM_COUNT);
            rng.random_range(0..=first).wrapping_mul(0x9e37_79b9)
        };
        let rng = &mut self.0;
        TermVector::from_weights((0..count).map(|_| (index(rng), rng.random_range(0.1..3.0))))
    }

    /// A standing in one of a few groups.
    pub fn membership(&mut self) -> Membership {
        Membership { group: group(self.below(9)), is_original: self.below(3) == 0 }
    }

    /// Up to twelve of a few hashes; now and then none.
    pub fn signature(&mut self) -> Signature {
        let count = self.below(13);
        let key = |rng: &mut ChaCha8Rng| rng.random_range(1..30_u32).wrapping_mul(0x9e37_79b9);
        Signature::new((0..count).map(|_| key(&mut self.0)).collect())
    }

    /// Up to four things that an article names.
    fn entities(&mut self) -> Entities {
        let count = self.below(5);
        let one = |sampler: &mut Self| Entity {
            kind: entity::Kind::ALL[sampler.below(5)],
            key: ["甲", "乙", "a b\"c"][sampler.below(3)].into(),
            count: 1,
            paragraph: [None, Some(0), Some(3)][sampler.below(3)],
            span: Span::new(3, 6),
            is_ambiguous: sampler.below(2) == 0,
        };
        Entities::new((0..count).map(|_| one(self)).collect())
    }

    /// A new standing of one of the points.
    pub fn regroup(&mut self) -> Regroup {
        let id = id(self.below(150));
        Regroup { id, membership: self.membership(), signature: self.signature() }
    }

    /// The `number`th point, with a record, vectors and terms of chance; the id depends on the
    /// number.
    pub fn point(&mut self, number: usize) -> Point {
        let kinds = Kind::ALL;
        let day = date(2024, 12, 30);
        let published_at = (self.below(5) > 0).then(|| {
            let day = day.checked_add(jiff::Span::new().days(self.0.random_range(0..4))).unwrap();
            let (hour, minute) = (self.0.random_range(0..24), self.0.random_range(0..60));
            day.at(hour, minute, 0, 0)
        });
        let record = Record {
            paper: ["", "甲报", "乙报"][self.below(3)].into(),
            source: "s".into(),
            source_id: number.to_string(),
            section: ["", "民生", "要闻", "a b\"c"][self.below(4)].into(),
            kind: kinds[self.below(kinds.len())],
            published_at,
            page: ["", "1", "2", "7", "A2", "A07", "B1"][self.below(7)].parse().ok(),
            title: format!("第{number}篇"),
            paragraphs: vec!["一段。".into(); self.below(3)],
            ..Record::default()
        };
        let mut point = point(record, self.embedding(DIM), self.terms(12));
        point.article.entities = self.entities();
        point.membership = self.membership();
        point.signature = self.signature();
        point
    }
}

/// The `number`th of some groups.
pub fn group(number: usize) -> GroupId {
    GroupId::found(id(number), "hash")
}

/// A point with nothing special about it.
pub fn point(record: Record, text: Embedding, terms: TermVector) -> Point {
    let article = Article::new(record);
    let group = GroupId::found(article.id, "hash");
    Point {
        membership: Membership { group, is_original: true },
        signature: Signature::default(),
        article,
        text,
        terms,
        arrival: 0,
        content_hash: "hash".into(),
        created_at_us: 1_700_000_000_000_000,
        updated_at_us: 1_700_000_000_000_001,
    }
}

/// The `number`th point of those that tests tell apart by their number alone.
pub fn numbered(number: usize, text: &[f32], terms: &[(u32, f32)]) -> Point {
    let record = Record { source: "s".into(), source_id: number.to_string(), ..Record::default() };
    let text = Embedding::normalize(text.to_vec()).unwrap();
    point(record, text, TermVector::from_weights(terms.iter().copied()))
}

/// The id of the `number`th point.
pub fn id(number: usize) -> ArticleId {
    numbered(number, &[1.0], &[]).article.id
}

/// Filters of every variant, alone and inside each other.
pub fn filters() -> Vec<Filter> {
    let not = |filter: Filter| Filter::Not(Box::new(filter));
    let mut leaves = Vec::new();
    for field in TextField::ALL {
        for value in ["", "甲报", "s", "民生", "a b\"c", "不存在"] {
            leaves.push(Filter::Text(field, value.into()));
        }
    }
    for field in NameField::ALL {
        for value in ["", "甲", "a b\"c", "不存在"] {
            leaves.push(Filter::Names(field, value.into()));
        }
    }
    leaves.extend(Kind::ALL.map(Filter::Kind));
    leaves.extend([3, 8, 99].map(|number| Filter::Group(group(number))));
    leaves.extend([true, false].map(Filter::Original));
    let among: [&[usize]; 3] = [&[], &[1, 4, 999], &[2]];
    leaves.extend(among.map(|all| Filter::Among(Arc::new(all.iter().map(|n| id(*n)).collect()))));
    leaves.push(Filter::Topic(TopicId::from(uuid::Uuid::nil())));
    for comparison in [
        Comparison::Equal,
        Comparison::Less,
        Comparison::AtMost,
        Comparison::Greater,
        Comparison::AtLeast,
    ] {
        for day in [date(1969, 12, 31), date(2024, 12, 31), date(2025, 1, 2)] {
            leaves.push(Filter::Date(comparison, day));
        }
        for page_no in [0, 2, u32::MAX] {
            leaves.push(Filter::PageNo(comparison, page_no));
        }
        for page in ["2", "A2", "A05", "Z9"] {
            leaves.push(Filter::Page(comparison, page.parse().unwrap()));
        }
    }
    let (all, none) = (Filter::All(Vec::new()), Filter::Any(Vec::new()));
    let mut filters = vec![all.clone(), none.clone(), not(all.clone()), not(none.clone())];
    for (place, leaf) in leaves.iter().enumerate() {
        let other = &leaves[(place * 7 + 3) % leaves.len()];
        let two = vec![leaf.clone(), other.clone()];
        filters.push(leaf.clone());
        filters.push(not(leaf.clone()));
        filters.push(Filter::All(two.clone()));
        filters.push(Filter::Any(two.clone()));
        filters.push(not(Filter::Any(two.clone())));
        filters.push(Filter::All(vec![not(Filter::All(two)), not(not(other.clone()))]));
        filters.push(Filter::Any(vec![leaf.clone(), none.clone()]));
        filters.push(Filter::Any(vec![leaf.clone(), all.clone()]));
        filters.push(Filter::All(vec![leaf.clone(), all.clone()]));
    }
    filters
}
