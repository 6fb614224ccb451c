//! Search: a question in words, with what a person may want of the answer.
//!
//! `text::query` reads the question, `legs` asks the store, `pool` looks into the candidates where
//! an option or a phrase needs it, `show` fetches and marks the hits, `notice` says why an answer
//! is empty or other than expected.

mod facet;
mod legs;
mod notice;
mod options;
mod pool;
mod show;

use std::time::Instant;

use jiff::civil::Date;

use crate::Answer;
use crate::Engine;
use crate::Error;
use crate::QUERY_CHARS_MAX;
use crate::Search;
use crate::Timings;
use crate::Violation;
use crate::answer::Ranked;
use crate::answer::within_reach;
use crate::collapse::Folded;
use crate::search::pool::Pool;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::filter::Filter;
use wenmai_domain::hit::Mode;
use wenmai_domain::hit::Scores;
use wenmai_domain::id::ArticleId;
use wenmai_embed as embed;
use wenmai_embed::Lane;
use wenmai_embed::Purpose;
use wenmai_telemetry::label::Stage;
use wenmai_text::query;
use wenmai_text::query::Query;
use wenmai_text::query::reading;
use wenmai_text::query::reading::Reading;

pub use facet::Facet;
pub use facet::FacetField;
pub use facet::FacetValue;
pub use notice::Notice;
pub use options::Diversity;
pub use options::Newness;
pub use options::Order;
pub use options::SearchOptions;

/// What a search found, and what is worth knowing about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The hits.
    pub answer: Answer,
    /// Why the answer is empty, or other than may have been expected.
    pub notices: Vec<Notice>,
    /// How the question was read.
    pub reading: Reading,
    /// Phrases that every hit holds, normalized.
    pub phrases: Vec<String>,
    /// What no hit holds, normalized.
    pub without: Vec<String>,
    /// Counts over the matching articles, in the order asked.
    pub facets: Vec<Facet>,
    /// The matching articles that facets and an order by date are over; `None` where nobody asked.
    pub match_count: Option<usize>,
}

/// A question, read and ready to be asked.
struct Asked {
    query: Query,
    reading: Reading,
    embedding: Option<Embedding>,
    /// The request's filter and the question's.
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

    /// Finds articles for a text, with `options`, and says how the text was read.
    ///
    /// A text of conditions alone (`paper:清河日报`) lists what passes them, newest first.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a text that holds nothing to look for, options that exclude each
    /// other, or an offset past what one search can reach; [`Error::TextTooLong`];
    /// [`Error::Embed`]; [`Error::Store`].
    pub async fn find(&self, search: Search, options: SearchOptions) -> Result<Found, Error> {
        let Search { text, filter, mode, collapse, offset, limit } = search;
        let started = Instant::now();
        within_reach(offset, limit)?;
        options.check()?;
        let question = self.read_question(&text, filter, mode, options);
        let mut asked = self.metrics().stage(Stage::Question, question).await?;
        let embed = started.elapsed();
        let store_started = Instant::now();
        let legs = self.metrics().stage(Stage::Candidates, self.ask_legs(&asked)).await?;
        let pool = self.metrics().stage(Stage::Rank, self.pool(&asked, legs)).await?;
        let notices = self.notices(&asked, &pool).await?;
        let reach = offset + limit.count();
        let ordered = if collapse {
            self.each_text_once(&mut asked, &pool, reach + 1).await?
        } else {
            pool.ordered.clone()
        };
        let more = ordered.len() > reach;
        let page = ordered.into_iter().skip(offset).take(limit.count()).collect();
        let shown = self.show_page(&asked, page, offset);
        let hits = self.metrics().stage(Stage::Show, shown).await?;
        let store = store_started.elapsed();
        let timings = Timings { embed, store, total: started.elapsed() };
        let index_version = self.index_version.to_string();
        let Query { phrases, without, .. } = asked.query;
        Ok(Found {
            answer: Answer {
                hits,
                more,
                empty: None,
                ranker: String::new(),
                index_version,
                timings,
            },
            notices,
            reading: asked.reading,
            phrases,
            without,
            facets: pool.facets,
            match_count: pool.match_count,
        })
    }

    /// The best candidate of every group of reprints, as many as are wanted. Where copies of a few
    /// texts filled the legs, they are asked again for what the copies hid.
    async fn each_text_once(
        &self,
        asked: &mut Asked,
        pool: &Pool,
        wanted: usize,
    ) -> Result<Vec<Candidate>, Error> {
        let given = asked.filter.clone();
        let mut folded = Folded::default();
        self.fold_into(&mut folded, unjudged(&pool.ordered), wanted).await?;
        let mut found_count = pool.found_count;
        while let Some(filter) = folded.wider(&given, wanted, found_count) {
            asked.filter = filter;
            let legs = self.ask_legs(asked).await?;
            let wider = self.pool(asked, legs).await?;
            found_count = wider.found_count;
            self.fold_into(&mut folded, unjudged(&wider.ordered), wanted).await?;
        }
        asked.filter = given;
        Ok(folded.kept.into_iter().map(|Ranked { id, scores, .. }| (id, scores)).collect())
    }

    /// Reads and embeds the question.
    async fn read_question(
        &self,
        text: &str,
        filter: Filter,
        mode: Mode,
        options: SearchOptions,
    ) -> Result<Asked, Error> {
        let given = text.chars().count();
        if given > QUERY_CHARS_MAX {
            let (field, limit) = ("query".to_owned(), QUERY_CHARS_MAX);
            return Err(Error::TextTooLong { field, unit: "characters", limit, given });
        }
        let query = query::parse(text);
        let reading = reading::read(&query, &self.analyzer, year(&query.filter));
        let embedding = match mode {
            Mode::Dense | Mode::Hybrid if query.has_words() => {
                self.query_embedding(&reading.text).await?
            }
            Mode::Lexical | Mode::Dense | Mode::Hybrid => None,
        };
        let filter = self.keyed(filter.and(query.filter.clone()))?;
        let asked = Asked { query, reading, embedding, filter, mode, options };
        asked.check()?;
        Ok(asked)
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

impl Asked {
    /// Refuses a question that leaves nothing to ask.
    fn check(&self) -> Result<(), Error> {
        let invalid = |what: String| Err(Error::Invalid(vec![Violation::new("query", what)]));
        if self.lists() {
            return Ok(());
        }
        if !self.query.has_words() {
            return invalid(if self.query.without.is_empty() {
                "a search needs a text".to_owned()
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

    /// Whether the question is conditions alone, which list what passes them.
    fn lists(&self) -> bool {
        !self.query.has_words() && !self.query.filter.is_all()
    }

    /// Whether texts must be looked into.
    fn has_demands(&self) -> bool {
        !self.query.phrases.is_empty() || !self.query.without.is_empty()
    }

    /// Whether facets or an order need to know which candidates match, and all of them.
    fn counts(&self) -> bool {
        !self.options.facets.is_empty() || self.options.order != Order::Relevance || self.lists()
    }
}

/// Candidates that no ranker has looked at.
fn unjudged(ordered: &[Candidate]) -> Vec<Ranked> {
    ordered.iter().map(|&(id, scores)| Ranked { id, scores, judged: None }).collect()
}

/// The one year that a filter leaves, if the question names one.
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
