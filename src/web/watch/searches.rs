//! Searches that somebody watches: what they find that they did not find before.

use std::collections::HashSet;

use crate::articles;
use crate::client::each;
use crate::client::told;
use crate::show::Line;
use crate::visit::Visit;
use crate::visit::pairs;
use wenmai_proto::wire;

/// Searches of one feed; more are left out.
const SEARCHES_MAX: usize = 20;
/// Hits that are compared with those of before, the newest first.
const HITS: i32 = 20;
/// Hits that are told of one search at a time.
const TOLD_MAX: usize = 5;

/// A search and what it has found.
pub(super) struct Watched {
    /// Its address, as the list of the browser has it.
    href: String,
    request: wire::SearchArticlesRequest,
    seen: HashSet<String>,
}

/// The searches that the visitor names by `w`, each asked once, so that only what comes after it is
/// told.
pub(super) async fn watched(visit: &Visit) -> Vec<Watched> {
    let named = visit.query.iter().filter(|(name, _)| name == "w").map(|(_, href)| href.clone());
    let mut searches: Vec<Watched> =
        named.filter_map(|href| Watched::of(visit, href)).take(SEARCHES_MAX).collect();
    let calls = searches.iter().map(|search| search.hits(visit)).collect();
    let found = each(calls).await;
    for (search, hits) in searches.iter_mut().zip(found) {
        search.seen.extend(hits.into_iter().map(|article| article.name));
    }
    searches
}

impl Watched {
    /// The search of that address; `None` if it is none.
    fn of(visit: &Visit, href: String) -> Option<Self> {
        let query = href.strip_prefix("/search?")?;
        let asked = Visit { query: pairs(query.as_bytes()), ..visit.clone() };
        let mut request = articles::request(&asked);
        request.facets.clear();
        request.order = wire::SearchOrder::Newest.into();
        (request.page_size, request.page_token) = (HITS, String::new());
        Some(Self { href, request, seen: HashSet::new() })
    }

    /// The newest articles that hold words of the search, or are close in meaning. A search by
    /// meaning always finds something; that alone is no news. Nothing while a service is away.
    async fn hits(&self, visit: &Visit) -> Vec<wire::Article> {
        let call = visit.call(self.request.clone());
        let Ok(answer) = told(visit.search_service().search_articles(call).await) else {
            return Vec::new();
        };
        answer.hits.into_iter().filter(is_meant).filter_map(|hit| hit.article).collect()
    }

    /// What is there now and was not before, each as JSON on one line: the address of the search, and
    /// address, headline, outlet and day of the article.
    pub(super) async fn news(&mut self, visit: &Visit) -> Vec<String> {
        let hits = self.hits(visit).await;
        let mut news = Vec::new();
        for article in hits {
            if self.seen.insert(article.name.clone()) && news.len() < TOLD_MAX {
                let line = Line::of(&article, visit.lang);
                let told = serde_json::json!({
                    "search": self.href,
                    "href": line.href,
                    "title": line.title,
                    "outlet": line.outlet,
                    "day": line.day,
                });
                news.push(told.to_string());
            }
        }
        news
    }
}

/// Whether a hit holds words of the search, or is close in meaning. Where the cosines of the model cannot
/// be measured, only words tell.
fn is_meant(hit: &wire::SearchHit) -> bool {
    let closeness = hit.comparable_similarity.or(hit.similarity.map(|_unmeasured| 0.0));
    !hit.matched_terms.is_empty() || closeness.is_none_or(|cosine| cosine >= articles::CLOSE)
}

#[cfg(test)]
mod tests {
    use super::is_meant;
    use wenmai_proto::wire;

    #[test]
    fn a_hit_is_meant_for_its_words_or_a_measured_closeness() {
        let hit = |similarity, comparable_similarity| wire::SearchHit {
            similarity,
            comparable_similarity,
            ..wire::SearchHit::default()
        };
        assert!(is_meant(&hit(Some(0.7), Some(0.7))));
        // With such a model everything lies at 0.7.
        assert!(!is_meant(&hit(Some(0.7), Some(0.1))));
        assert!(!is_meant(&hit(Some(0.9), None)));
        assert!(is_meant(&hit(None, None)));
        let with_words =
            wire::SearchHit { matched_terms: vec!["大桥".into()], ..hit(Some(0.2), None) };
        assert!(is_meant(&with_words));
    }
}
