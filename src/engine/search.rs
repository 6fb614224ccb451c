//! Search: a question in words, with what a person may want of the answer.
//!
//! `text::query` reads the question, `legs` asks the store, `candidates` orders what was found,
//! `inspect` reads articles where an option or a phrase needs it, `show` fetches the hits and marks matches in them,
//! `notice` says why an answer is empty or other than expected.

mod candidates;
mod compare;
mod facet;
mod inspect;
mod legs;
mod notice;
mod options;
mod show;

use std::time::Instant;

use jiff::civil::Date;

use crate::Answer;
use crate::Engine;
use crate::Error;
use crate::Hints;
use crate::QUERY_CHARS_MAX;
use crate::Search;
use crate::Timings;
use crate::answer::within_reach;
use crate::collapse::Folded;
use crate::ranked::CANDIDATES;
use crate::ranked::Ranked;
use crate::search::candidates::Candidates;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::filter::Filter;
use wenmai_domain::hit::Mode;
use wenmai_domain::hit::Scores;
use wenmai_domain::id::ArticleId;
use wenmai_domain::scales::Script;
use wenmai_embed as embed;
use wenmai_embed::Lane;
use wenmai_embed::Purpose;
use wenmai_telemetry::label::Stage;
use wenmai_text::query;
use wenmai_text::query::Query;
use wenmai_text::query::reading;
use wenmai_text::query::reading::Reading;

pub use compare::SEARCH_FEATURES;
pub use compare::SearchFeatures;
pub use facet::Facet;
pub use facet::FacetField;
pub use facet::FacetValue;
pub use notice::Notice;
pub use options::Diversity;
pub use options::Newness;
pub use options::Order;
pub use options::SearchOptions;

/// The results of a search, with what the searcher may want to know about them.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchResults {
    /// The hits.
    pub answer: Answer,
    /// Why the answer is empty, or other than may have been expected.
    pub notices: Vec<Notice>,
    /// How the query was read.
    pub reading: Reading,
    /// Phrases that every hit holds, normalized.
    pub phrases: Vec<String>,
    /// Words and phrases that no hit holds, normalized.
    pub without: Vec<String>,
    /// Counts over the matching articles, in the order asked.
    pub facets: Vec<Facet>,
    /// How many articles the facets and an order by date are taken over; `None` where neither was
    /// asked for.
    pub match_count: Option<usize>,
    /// What may be meant instead, and conditions that may be meant; only with the first page.
    pub hints: Hints,
}

/// A query that has been read, embedded, and checked.
struct PreparedQuery {
    query: Query,
    reading: Reading,
    embedding: Option<Embedding>,
    /// The filter of the request together with the conditions in the query.
    filter: Filter,
    mode: Mode,
    options: SearchOptions,
}

/// A candidate and its scores; `fused` is what the answer is ordered by.
type Candidate = (ArticleId, Scores);

impl Engine {
    /// Finds articles for a text, best first.
    ///
    /// # Errors
    /// As [`Engine::find`].
    pub async fn search(&self, search: Search) -> Result<Answer, Error> {
        Ok(self.find(search, SearchOptions::default()).await?.answer)
    }

    /// Finds articles for a text, with `options`, and tells how the text was read.
    ///
    /// A text of conditions alone (`paper:清河日报`) lists what passes them, newest first.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a text that holds nothing to look for, options that exclude each
    /// other, or an offset past what one search can reach; [`Error::TextTooLong`];
    /// [`Error::Embed`]; [`Error::Store`].
    pub async fn find(
        &self,
        search: Search,
        options: SearchOptions,
    ) -> Result<SearchResults, Error> {
        let Search { text, filter, mode, collapse, offset, limit } = search;
        let started = Instant::now();
        within_reach(offset, limit)?;
        options.check()?;
        let question = self.read_question(&text, filter, mode, options);
        let mut prepared = self.metrics().stage(Stage::Question, question).await?;
        let embed = started.elapsed();
        let store_started = Instant::now();
        let reach = offset + limit.count();
        let legs = self.metrics().stage(Stage::Candidates, self.ask_legs(&prepared)).await?;
        let check = self.check_candidates(&prepared, legs, reach + 1);
        let mut candidates = self.metrics().stage(Stage::Rank, check).await?;
        if candidates.ordered.is_empty() && !prepared.query.titles.is_empty() {
            // Who types 《…》 may not know how the papers print it.
            let missed = prepared.query.give_up_titles();
            let legs = self.ask_legs(&prepared).await?;
            candidates = self.check_candidates(&prepared, legs, reach + 1).await?;
            candidates.missed_titles = missed;
        }
        let notices = self.notices(&prepared, &candidates).await?;
        let ordered = if collapse {
            self.each_text_once(&mut prepared, &mut candidates, reach + 1).await?
        } else {
            std::mem::take(&mut candidates.ordered)
        };
        let more = ordered.len() > reach;
        let page = ordered.into_iter().skip(offset).take(limit.count()).collect();
        let shown = self.show_page(&prepared, page, offset);
        let hits = self.metrics().stage(Stage::Show, shown).await?;
        let meant = match offset {
            0 => self.hints(&text, prepared.options.as_of, (&hits, &notices)).await?,
            _ => Hints::default(),
        };
        let store = store_started.elapsed();
        let timings = Timings { embed, store, total: started.elapsed() };
        let index_version = self.index_version.to_string();
        let Query { phrases, without, .. } = prepared.query;
        Ok(SearchResults {
            answer: Answer {
                hits,
                more,
                empty: None,
                ranker: String::new(),
                index_version,
                timings,
            },
            notices,
            reading: prepared.reading,
            phrases,
            without,
            facets: candidates.facets,
            match_count: candidates.match_count,
            hints: meant,
        })
    }

    /// The best candidate of each group of reprints, at most `wanted`. Where copies of a few texts
    /// filled the legs, the legs are asked again for what the copies hid.
    async fn each_text_once(
        &self,
        prepared: &mut PreparedQuery,
        candidates: &mut Candidates,
        wanted: usize,
    ) -> Result<Vec<Candidate>, Error> {
        let given = prepared.filter.clone();
        let mut folded = Folded::default();
        self.fold_checked(&mut folded, prepared, candidates, wanted).await?;
        let mut found_count = candidates.found_count;
        while let Some(filter) = folded.wider(&given, wanted, (found_count, CANDIDATES)) {
            prepared.filter = filter;
            let legs = self.ask_legs(prepared).await?;
            let mut wider = self.check_candidates(prepared, legs, wanted).await?;
            found_count = wider.found_count;
            self.fold_checked(&mut folded, prepared, &mut wider, wanted).await?;
        }
        prepared.filter = given;
        Ok(folded.kept.into_iter().map(|Ranked { id, scores, .. }| (id, scores)).collect())
    }

    /// Adds the best candidate of every group that is not in `folded`, until `wanted` are kept; reads
    /// on where copies took the places of what was read.
    async fn fold_checked(
        &self,
        folded: &mut Folded,
        prepared: &PreparedQuery,
        candidates: &mut Candidates,
        wanted: usize,
    ) -> Result<(), Error> {
        loop {
            let ordered = std::mem::take(&mut candidates.ordered);
            self.fold_into(folded, unjudged(&ordered), wanted).await?;
            let missing = wanted.saturating_sub(folded.kept.len());
            if missing == 0 || candidates.unread.is_empty() {
                return Ok(());
            }
            self.read_until(prepared, candidates, missing).await?;
        }
    }

    /// Reads a query and embeds it.
    async fn read_question(
        &self,
        text: &str,
        filter: Filter,
        mode: Mode,
        options: SearchOptions,
    ) -> Result<PreparedQuery, Error> {
        let given = text.chars().count();
        if given > QUERY_CHARS_MAX {
            let (field, limit) = ("query".to_owned(), QUERY_CHARS_MAX);
            return Err(Error::TextTooLong { field, unit: "characters", limit, given });
        }
        let query = query::parse(text);
        let reading = reading::read_with(
            &query,
            &self.analyzer,
            year(&query.filter),
            self.vocabulary.synonyms(),
        );
        let embedding = match mode {
            Mode::Dense | Mode::Hybrid if query.has_words() => {
                self.query_embedding(&reading.text).await?
            }
            Mode::Lexical | Mode::Dense | Mode::Hybrid => None,
        };
        let filter = self.keyed(filter.and(query.filter.clone())).await?;
        let prepared = PreparedQuery { query, reading, embedding, filter, mode, options };
        prepared.check()?;
        Ok(prepared)
    }

    /// The embedding of a query; `None` for one that only the lexical leg can read.
    async fn query_embedding(&self, text: &str) -> Result<Option<Embedding>, Error> {
        match self.embed.embed_one(text.to_owned(), Purpose::Query, Lane::Query).await {
            Ok(embedded) => Ok(Some(embedded.embedding)),
            Err(embed::Error::Empty | embed::Error::NoDirection) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl PreparedQuery {
    /// Refuses a query that leaves the legs nothing to look for.
    fn check(&self) -> Result<(), Error> {
        let invalid = |what: String| Err(Error::invalid("query", what));
        if self.lists() {
            return Ok(());
        }
        if !self.query.has_words() {
            return invalid(if self.query.without.is_empty() {
                "a search needs a text: a letter, a digit, a character or a picture".to_owned()
            } else {
                "needs something to look for beside what it leaves out".to_owned()
            });
        }
        let dense = self.mode != Mode::Lexical && self.embedding.is_some();
        let lexical = self.mode != Mode::Dense && !self.reading.needs.is_empty();
        if dense || lexical {
            return Ok(());
        }
        invalid(format!("holds nothing that a {} search can look for", self.mode.name()))
    }

    /// The script that the query is written in.
    fn script(&self) -> Script {
        Script::of(&self.reading.text)
    }

    /// Whether the query consists of conditions alone; then the answer lists what passes them.
    fn lists(&self) -> bool {
        !self.query.has_words() && !self.query.filter.is_all()
    }

    /// Whether the texts of candidates must be read, for phrases or exclusions.
    fn has_demands(&self) -> bool {
        !self.query.phrases.is_empty() || !self.query.without.is_empty()
    }

    /// Whether facets or the order need all candidates that match.
    fn counts(&self) -> bool {
        !self.options.facets.is_empty() || self.options.order != Order::Relevance || self.lists()
    }
}

/// The same candidates in the form that collapsing takes; no ranker has judged them.
fn unjudged(ordered: &[Candidate]) -> Vec<Ranked> {
    ordered.iter().map(|&(id, scores)| Ranked { id, scores, judged: None }).collect()
}

/// The one year that all dates in a filter name, if there is one.
fn year(filter: &Filter) -> Option<i16> {
    let mut years = Vec::new();
    days_of(filter, &mut years);
    let first = years.first()?.year();
    years.iter().all(|day| day.year() == first).then_some(first)
}

fn days_of(filter: &Filter, found: &mut Vec<Date>) {
    match filter {
        Filter::All(parts) => parts.iter().for_each(|part| days_of(part, found)),
        Filter::Date(_, day) => found.push(*day),
        Filter::Any(_)
        | Filter::Not(_)
        | Filter::Text(..)
        | Filter::Names(..)
        | Filter::Kind(_)
        | Filter::Page(..)
        | Filter::PageNo(..)
        | Filter::Group(_)
        | Filter::Original(_)
        | Filter::Topic(_)
        | Filter::Among(_) => {}
    }
}

/// Candidates best first; ties by id.
fn best_first(candidates: &mut [Candidate]) {
    candidates.sort_by(|(left_id, left), (right_id, right)| {
        right.fused.total_cmp(&left.fused).then(left_id.cmp(right_id))
    });
}
