//! Articles on which the worker broke down, so that one of them does not stop all others.

use std::collections::BTreeMap;

use wenmai_domain::id::ArticleId;

/// Panics while an article is placed after which it is set aside.
const PANICS_MAX: u32 = 2;

/// Which article is being placed, and on which ones the worker panicked.
#[derive(Debug, Default)]
pub(super) struct Suspects {
    placing: Option<ArticleId>,
    panics: BTreeMap<ArticleId, u32>,
}

impl Suspects {
    /// Takes note that `article` is being placed; `false` if it is set aside instead, because the
    /// worker panicked on it before. An article that is set aside has no topic until topics are
    /// rebuilt or the process starts again.
    pub(super) fn begin(&mut self, article: ArticleId) -> bool {
        let is_set_aside = self.panics.get(&article).is_some_and(|count| *count >= PANICS_MAX);
        if is_set_aside {
            tracing::error!(%article, "no topic: the program panics on this article");
        } else {
            self.placing = Some(article);
        }
        !is_set_aside
    }

    /// Takes note that what was begun is done.
    pub(super) fn clear(&mut self) {
        self.placing = None;
    }

    /// Takes note of a panic.
    pub(super) fn broke_down(&mut self) {
        if let Some(article) = self.placing.take() {
            *self.panics.entry(article).or_default() += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::Suspects;
    use wenmai_domain::id::ArticleId;

    #[test]
    fn an_article_is_set_aside_after_two_panics_and_the_others_are_not() {
        let [bad, good] = [1, 2].map(|number| ArticleId::from(Uuid::from_u128(number)));
        let mut suspects = Suspects::default();
        for _ in 0..2 {
            assert!(suspects.begin(bad));
            suspects.broke_down();
        }
        assert!(!suspects.begin(bad));
        // A panic elsewhere is not blamed on an article.
        suspects.broke_down();
        assert!(suspects.begin(good));
        suspects.clear();
        suspects.broke_down();
        assert!(suspects.begin(good));
    }
}
