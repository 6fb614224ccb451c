//! What a list shows of each topic beside the topic: its newest article, and how much is reprinted.

use crate::client::each;
use crate::client::told;
use crate::failure::Failure;
use crate::kept::Kept;
use crate::visit::Visit;
use wenmai_proto::wire;

/// A query that every stored article passes, so that a filter alone is listed, newest first.
pub(crate) const ALL: &str = "-kind:teaser";

/// What is known of a topic in a period.
#[derive(Debug, Clone, Default)]
pub(crate) struct Newest {
    pub(crate) article: Option<wire::Article>,
    /// Articles that print a text which another one printed before.
    pub(crate) reprint_count: u64,
}

/// What was found before: it holds until a topic changes.
pub(crate) type Stories = Kept<(String, String), Newest>;

/// What is known of each of `topics`, of the articles that pass `period`, a part of a filter. Of one
/// that cannot be asked about just now nothing is.
pub(crate) async fn newest(visit: &Visit, topics: &[wire::Topic], period: &str) -> Vec<Newest> {
    let found = each(topics.iter().map(|topic| one(visit, topic, period)).collect()).await;
    found.into_iter().map(Result::unwrap_or_default).collect()
}

async fn one(visit: &Visit, topic: &wire::Topic, period: &str) -> Result<Newest, Failure> {
    let key = (topic.name.clone(), period.to_owned());
    if let Some(newest) = visit.site.stories.of(&key, topic.version) {
        return Ok(newest);
    }
    let filter = format!("topic = \"{}\"{period}", topic.name);
    let search = wire::SearchArticlesRequest {
        query: ALL.to_owned(),
        filter: filter.clone(),
        page_size: 1,
        // A photo without a headline is called by its first words.
        view: wire::ArticleView::Full.into(),
        order: wire::SearchOrder::Newest.into(),
        collapse_reprints: Some(false),
        ..Default::default()
    };
    let reprints = wire::ListArticlesRequest {
        page_size: 1,
        filter: format!("{filter} AND original = false"),
        ..Default::default()
    };
    let (mut search_service, mut article_service) =
        (visit.search_service(), visit.article_service());
    let (found, reprints) = futures::join!(
        search_service.search_articles(visit.call(search)),
        article_service.list_articles(visit.call(reprints)),
    );
    let article = told(found)?.hits.into_iter().next().and_then(|hit| hit.article);
    let newest = Newest { article, reprint_count: told(reprints)?.total_count };
    visit.site.stories.keep(key, topic.version, newest.clone());
    Ok(newest)
}
