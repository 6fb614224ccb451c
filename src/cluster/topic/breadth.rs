//! Has a story become a subject? What its articles have in common tells.
//!
//! Two reports of one matter are alike, months apart as well; two reports of one subject are alike
//! where they tell of the same days, and each is like the next. So articles are taken evenly from the
//! whole time of a story, and all pairs of them compared.

use crate::topic::Clusterer;
use crate::topic::candidate::as_f32;
use crate::topic::window::Held;
use wenmai_domain::scale::CosineScale;
use wenmai_domain::topic::TopicId;

/// Articles that stand for a story.
const SAMPLE: usize = 32;
/// A story of fewer articles has no breadth yet.
const MEMBERS_MIN: usize = 12;
/// The mean cosine of the pairs of a story, at least. Of 75 labelled stories of so many articles two have .36 or
/// less, one of them a war; of ten stories that had swollen in 15,861 articles of the web, seven. With .36 as
/// the least, labelled stories lose .004 of B³, with this nothing.
const IN_COMMON_MIN: f32 = 0.33;

impl Clusterer {
    /// Whether the articles of these stories, together, would be a subject and no story. Never where
    /// nothing is known of such texts.
    pub(super) fn is_subject(&self, topics: &[TopicId]) -> bool {
        let count: usize = topics.iter().map(|topic| self.groups.count(*topic)).sum();
        if count < MEMBERS_MIN {
            return false;
        }
        let all = topics.iter().flat_map(|topic| self.groups.latest(*topic));
        let some = all.step_by(count.div_ceil(SAMPLE));
        let sample: Vec<&Held> = some.filter_map(|(_, id)| self.window.get(id)).collect();
        self.scale_of(&sample).is_some_and(|scale| in_common(&sample, scale) < IN_COMMON_MIN)
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
