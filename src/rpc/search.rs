//! `SearchService`: articles found by words or by another article.

use std::time::Instant;

use tonic::Request;
use tonic::Response;
use tonic::Status;

use crate::SEARCH_HITS_MAX;
use crate::SEARCH_PAGE_SIZE;
use crate::SEARCH_PAGE_SIZE_MAX;
use crate::Shared;
use crate::answer;
use crate::convert;
use crate::convert::View;
use crate::convert::search::Wanted;
use crate::convert::suggest::correction;
use crate::convert::suggest::offer;
use crate::encoded_len;
use crate::fitting;
use crate::fitting_beside;
use crate::page_token::Binding;
use crate::status::Failure;
use crate::status::refuse;
use wenmai_domain::limit::Limit;
use wenmai_engine::Answer;
use wenmai_engine::Chain;
use wenmai_engine::FindReprints;
use wenmai_engine::Hints;
use wenmai_engine::Link;
use wenmai_engine::Related;
use wenmai_engine::Search;
use wenmai_engine::SearchResults;
use wenmai_engine::Target;
use wenmai_engine::Violation;
use wenmai_proto::wire;
use wenmai_proto::wire::find_related_articles_request::Target as WireTarget;
use wenmai_proto::wire::find_reprints_request::Target as Of;
use wenmai_proto::wire::search_service_server::SearchService;

/// The service.
pub struct SearchApi {
    shared: Shared,
}

impl SearchApi {
    /// Over the engine in `shared`.
    pub fn new(shared: Shared) -> Self {
        Self { shared }
    }
}

#[tonic::async_trait]
impl SearchService for SearchApi {
    async fn search_articles(
        &self,
        request: Request<wire::SearchArticlesRequest>,
    ) -> Result<Response<wire::SearchArticlesResponse>, Status> {
        let since = Instant::now();
        let mut request = request.into_inner();
        let token = std::mem::take(&mut request.page_token);
        let size = std::mem::take(&mut request.page_size);
        let binding = Binding::new("SearchArticles", &request);
        let wire::SearchArticlesRequest {
            query,
            filter,
            mode,
            page_size: _,
            page_token: _,
            view,
            collapse_reprints,
            recency,
            diversity,
            facets,
            order,
            as_of,
        } = request;
        let place = Place::new(binding, &token, size).map_err(Failure::from)?;
        let view = convert::view(view, View::Basic).map_err(Failure::from)?;
        let given = query.clone();
        let search = Search {
            text: query,
            filter: convert::filter(&filter).map_err(Failure::from)?,
            mode: convert::mode(mode).map_err(Failure::from)?,
            collapse: collapse_reprints.unwrap_or(true),
            offset: place.offset(),
            limit: place.limit,
        };
        let wanted = Wanted { recency, diversity, facets, order, as_of };
        let options = convert::search::options(wanted).map_err(Failure::from)?;
        let found = self.shared.engine.find(search, options).await.map_err(refuse)?;
        answer(place.found(found, &given, view, since))
    }

    async fn find_related_articles(
        &self,
        request: Request<wire::FindRelatedArticlesRequest>,
    ) -> Result<Response<wire::FindRelatedArticlesResponse>, Status> {
        let since = Instant::now();
        let mut request = request.into_inner();
        let token = std::mem::take(&mut request.page_token);
        let size = std::mem::take(&mut request.page_size);
        let binding = Binding::new("FindRelatedArticles", &request);
        let wire::FindRelatedArticlesRequest {
            target,
            filter,
            mode,
            page_size: _,
            page_token: _,
            view,
            min_probability,
            collapse_reprints,
        } = request;
        let place = Place::new(binding, &token, size).map_err(Failure::from)?;
        let view = convert::view(view, View::Basic).map_err(Failure::from)?;
        let related = Related {
            target: read_target(target).map_err(Failure::from)?,
            filter: convert::filter(&filter).map_err(Failure::from)?,
            mode: convert::mode(mode).map_err(Failure::from)?,
            min_probability,
            collapse: collapse_reprints.unwrap_or(true),
            offset: place.offset(),
            limit: place.limit,
        };
        let found = self.shared.engine.related(related).await.map_err(refuse)?;
        let index_version = found.index_version.clone();
        let (ranker, empty) = (found.ranker.clone(), found.empty);
        let timings = found.timings;
        let (hits, next_page_token) = place.page(found, view);
        answer(wire::FindRelatedArticlesResponse {
            hits,
            next_page_token,
            index_version,
            timings: Some(convert::search_timings(timings, since)),
            ranker,
            empty_reason: convert::empty(empty).into(),
        })
    }

    async fn suggest_queries(
        &self,
        request: Request<wire::SuggestQueriesRequest>,
    ) -> Result<Response<wire::SuggestQueriesResponse>, Status> {
        let request = request.into_inner();
        let text = request.text.clone();
        let asked = convert::suggest::suggest(request).map_err(Failure::from)?;
        let found = self.shared.engine.suggest(asked).await.map_err(refuse)?;
        answer(convert::suggest::suggestions(found, &text))
    }

    async fn list_words(
        &self,
        request: Request<wire::ListWordsRequest>,
    ) -> Result<Response<wire::ListWordsResponse>, Status> {
        let (thresholds, limit) =
            convert::suggest::thresholds(request.into_inner()).map_err(Failure::from)?;
        let found = self.shared.engine.archive_words(thresholds).await.map_err(refuse)?;
        answer(convert::suggest::words(found, limit))
    }

    async fn find_reprints(
        &self,
        request: Request<wire::FindReprintsRequest>,
    ) -> Result<Response<wire::FindReprintsResponse>, Status> {
        let since = Instant::now();
        let mut request = request.into_inner();
        let token = std::mem::take(&mut request.page_token);
        let size = std::mem::take(&mut request.page_size);
        let binding = Binding::new("FindReprints", &request);
        let wire::FindReprintsRequest { target, page_size: _, page_token: _, view } = request;
        let target = target.map(|target| match target {
            Of::Article(name) => WireTarget::Article(name),
            Of::Given(record) => WireTarget::Given(record),
        });
        let limit = convert::page_size(size, SEARCH_PAGE_SIZE, SEARCH_PAGE_SIZE_MAX)
            .map_err(Failure::from)?;
        let before = binding.open_offset(&token).map_err(Failure::from)?;
        let view = convert::view(view, View::Basic).map_err(Failure::from)?;
        let target = read_target(target).map_err(Failure::from)?;
        let asked = FindReprints { target, offset: before as usize, limit };
        let found = self.shared.engine.reprints(asked).await.map_err(refuse)?;
        let Chain { group, links, mut more, total_count, parts, versions, index_version, timings } =
            found;
        let written = |links: Vec<Link>| -> Vec<wire::Reprint> {
            links.into_iter().map(|link| convert::link(link, view)).collect()
        };
        let (mut reprints, mut partial) = (written(links), written(parts));
        let versions = versions.into_iter().map(|version| convert::version(version, view));
        let mut versions: Vec<wire::TextVersion> = versions.collect();
        let kept = fitting(&reprints);
        more |= kept < reprints.len();
        reprints.truncate(kept);
        // Versions and parts come after the chain, and what does not fit beside it stays away.
        let mut used = encoded_len(&reprints);
        versions.truncate(fitting_beside(used, &versions));
        used += encoded_len(&versions);
        partial.truncate(fitting_beside(used, &partial));
        let next = before.saturating_add(convert::count32(reprints.len()));
        let goes_on = more && !reprints.is_empty();
        answer(wire::FindReprintsResponse {
            group: group.map_or_else(String::new, |group| group.to_string()),
            total_count: convert::small(total_count),
            reprints,
            partial,
            versions,
            next_page_token: if goes_on { binding.seal_offset(next) } else { String::new() },
            index_version,
            timings: Some(convert::search_timings(timings, since)),
        })
    }
}

fn read_target(target: Option<WireTarget>) -> Result<Target, Violation> {
    match target {
        Some(WireTarget::Article(name)) => Ok(Target::Stored(convert::id(&name, "article")?)),
        Some(WireTarget::Given(record)) => {
            Ok(Target::Given(Box::new(convert::record(record, "given.")?)))
        }
        None => Err(Violation::new("target", "is required: `article` or `given`")),
    }
}

/// Which part of an answer is asked for.
struct Place {
    binding: Binding,
    /// Hits before this page.
    before: u32,
    limit: Limit,
}

impl Place {
    fn new(binding: Binding, token: &str, size: i32) -> Result<Self, Violation> {
        let limit = convert::page_size(size, SEARCH_PAGE_SIZE, SEARCH_PAGE_SIZE_MAX)?;
        let before = binding.open_offset(token)?;
        // The last page ends where paging ends; tokens past it are never given out.
        let left = SEARCH_HITS_MAX.saturating_sub(before).max(1);
        let limit = Limit::new(left).map_or(limit, |left| limit.min(left));
        Ok(Self { binding, before, limit })
    }

    fn offset(&self) -> usize {
        self.before as usize
    }

    /// This page of a search as the wire has it.
    fn found(
        &self,
        from: SearchResults,
        query: &str,
        view: View,
        since: Instant,
    ) -> wire::SearchArticlesResponse {
        let SearchResults { answer, notices, reading, phrases, without, .. } = from;
        let (facets, match_count) = (from.facets, from.match_count);
        let Hints { corrections, offers } = from.hints;
        let index_version = answer.index_version.clone();
        let timings = answer.timings;
        let (hits, next_page_token) = self.page(answer, view);
        wire::SearchArticlesResponse {
            hits,
            next_page_token,
            index_version,
            timings: Some(convert::search_timings(timings, since)),
            notices: notices.iter().map(convert::search::notice).collect(),
            facets: facets.into_iter().map(convert::search::facet).collect(),
            match_count: match_count.map(convert::count),
            reading: Some(convert::search::reading(reading, phrases, without)),
            corrections: corrections.into_iter().map(|one| correction(one, query)).collect(),
            offers: offers.into_iter().map(|one| offer(one, query)).collect(),
        }
    }

    /// The hits of this page as the wire has them, and the token of the next.
    fn page(&self, found: Answer, view: View) -> (Vec<wire::SearchHit>, String) {
        let Answer { hits, mut more, empty: _, ranker: _, index_version: _, timings: _ } = found;
        let mut hits: Vec<_> = hits.into_iter().map(|hit| convert::hit(hit, view)).collect();
        let kept = fitting(&hits);
        if kept < hits.len() {
            hits.truncate(kept);
            more = true;
        }
        let next = self.before.saturating_add(convert::count32(hits.len()));
        let goes_on = more && !hits.is_empty() && next < SEARCH_HITS_MAX;
        let token = if goes_on { self.binding.seal_offset(next) } else { String::new() };
        (hits, token)
    }
}
