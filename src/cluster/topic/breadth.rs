//! Has a story become a subject? What many reports have in common tells.
//!
//! Two reports of one matter are alike, years apart as well; two reports of one subject are alike where
//! they tell of the same days. So articles are taken evenly from the whole time of a story, and all
//! pairs of them compared. The more articles there are, the more they must have in common: a matter of
//! a thousand reports has named its actors and places in nearly all of them.

use crate::topic::Clusterer;
use crate::topic::candidate::as_f32;
use crate::topic::window::Held;
use wenmai_domain::scale::CosineScale;
use wenmai_domain::topic::TopicId;

/// Articles that stand for a story.
const SAMPLE: usize = 32;
/// A story of fewer articles has no breadth yet.
pub(super) const MEMBERS_MIN: usize = 12;

fn env(name: &str, or: f32) -> f32 {
    std::env::var(name).ok().and_then(|v| v.parse().ok()).unwrap_or(or)
}
static BASE: std::sync::LazyLock<f32> = std::sync::LazyLock::new(|| env("BASE", 0.3));
static SLOPE: std::sync::LazyLock<f32> = std::sync::LazyLock::new(|| env("SLOPE", 0.05));
static MOST: std::sync::LazyLock<f32> = std::sync::LazyLock::new(|| env("MOST", 0.45));

/// The mean cosine of pairs that a story of so many articles has at least.
fn least(count: usize) -> f32 {
    (*BASE + *SLOPE * (as_f32(count) / as_f32(MEMBERS_MIN)).max(1.0).ln()).min(*MOST)
}

impl Clusterer {
    /// Whether articles of the stories `topics` together would be a subject and no story.
    pub(super) fn is_subject(&self, topics: &[TopicId]) -> bool {
        let count: usize = topics.iter().map(|topic| self.groups.count(*topic)).sum();
        if count < MEMBERS_MIN {
            return false;
        }
        let step = count.div_ceil(SAMPLE);
        let ids = topics.iter().flat_map(|topic| self.groups.latest(*topic)).step_by(step);
        let sample: Vec<&Held> = ids.filter_map(|(_, id)| self.window.get(id)).collect();
        self.scale_of(&sample).is_some_and(|scale| in_common(&sample, scale) < least(count))
    }
}

/// The mean cosine of all pairs; 1 where there is none.
fn in_common(sample: &[&Held], scale: &CosineScale) -> f32 {
    let (mut sum, mut count) = (0.0, 0);
    for (at, one) in sample.iter().enumerate() {
        for other in sample.iter().skip(at + 1) {
            sum += scale.at(one.embedding.similarity(&other.embedding));
            count += 1;
        }
    }
    if count == 0 { 1.0 } else { sum / as_f32(count) }
}
