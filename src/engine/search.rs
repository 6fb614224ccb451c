//! Search: a question in words; and what search and related have in common.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::time::Duration;
use std::time::Instant;

use crate::domain::article::Article;
use crate::domain::embedding::Embedding;
use crate::domain::filter::Filter;
use crate::domain::hit::Hit;
use crate::domain::hit::Mode;
use crate::domain::hit::Scores;
use crate::domain::hit::When;
use crate::domain::id::ArticleId;
use crate::domain::limit::Limit;
use crate::domain::terms::TermVector;
use crate::embed;
use crate::embed::Lane;
use crate::embed::Purpose;
use crate::engine::Answer;
use crate::engine::Engine;
use crate::engine::Error;
use crate::engine::QUERY_CHARS_MAX;
use crate::engine::Search;
use crate::engine::Timings;
use crate::engine::Violation;
use crate::rank::fuse::fuse;
use crate::store::Scored;
use crate::store::Vectors;

/// Candidates asked of each leg, at least.
const CANDIDATES: usize = 200;
/// Matched terms shown with a hit, at most.
const MATCHED_TERMS_MAX: usize = 12;

/// What both legs are asked.
pub(super) struct Question {
    pub(super) embedding: Option<Embedding>,
    pub(super) terms: TermVector,
    /// The text whose terms are matched, for showing.
    pub(super) text: String,
    /// Left out of the answer; its own BM25 score is what the others are measured by.
    pub(super) source: Option<ArticleId>,
    pub(super) day: Option<jiff::civil::Date>,
}

/// Which part of which answer is wanted.
pub(super) struct Wanted<'f> {
    pub(super) filter: &'f Filter,
    pub(super) mode: Mode,
    pub(super) offset: usize,
    pub(super) limit: Limit,
}

impl Engine {
    /// Finds articles for a text.
    ///
    /// # Errors
    /// [`Error::Invalid`] for an empty text, or an offset past what one search can reach;
    /// [`Error::TextTooLong`]; [`Error::Embed`]; [`Error::Store`].
    pub async fn search(&self, search: Search) -> Result<Answer, Error> {
        let Search { text, filter, mode, offset, limit } = search;
        let started = Instant::now();
        let given = text.chars().count();
        if given > QUERY_CHARS_MAX {
            let (field, limit) = ("query".to_owned(), QUERY_CHARS_MAX);
            return Err(Error::TextTooLong { field, unit: "characters", limit, given });
        }
        if text.trim().is_empty() {
            return Err(Error::Invalid(vec![Violation::new("query", "a search needs a text")]));
        }
        let terms = self.analyzer.query(&text);
        let embedding = match mode {
            Mode::Lexical => None,
            Mode::Dense | Mode::Hybrid => self.query_embedding(&text, &terms).await?,
        };
        let embed_time = started.elapsed();
        let question = Question { embedding, terms, text, source: None, day: None };
        let wanted = Wanted { filter: &filter, mode, offset, limit };
        self.answer(question, wanted, started, embed_time).await
    }

    /// The embedding of a query; `None` for one that only the lexical leg can read.
    async fn query_embedding(
        &self,
        text: &str,
        terms: &TermVector,
    ) -> Result<Option<Embedding>, Error> {
        match self.embed.embed_one(text.to_owned(), Purpose::Query, Lane::Query).await {
            Ok(embedded) => Ok(Some(embedded.embedding)),
            Err(embed::Error::Empty | embed::Error::NoDirection) if !terms.is_empty() => Ok(None),
            Err(embed::Error::Empty | embed::Error::NoDirection) => {
                let what = "holds nothing that can be searched for";
                Err(Error::Invalid(vec![Violation::new("query", what)]))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Asks the legs, fuses, fetches: the second half of search and related.
    pub(super) async fn answer(
        &self,
        question: Question,
        wanted: Wanted<'_>,
        started: Instant,
        embed_time: Duration,
    ) -> Result<Answer, Error> {
        let Wanted { filter, mode, offset, limit } = wanted;
        let last = offset.saturating_add(limit.count());
        let reach = usize::from(Limit::MAX) - 2;
        if last > reach {
            let what = format!("one answer reaches {reach} hits deep, not {last}");
            return Err(Error::Invalid(vec![Violation::new("page_token", what)]));
        }
        let asked = Instant::now();
        let ordered = self.candidates(&question, filter, mode, last).await?;
        let more = ordered.len() > last;
        let shown: Vec<(ArticleId, Scores)> =
            ordered.into_iter().skip(offset).take(limit.count()).collect();
        let ids: Vec<ArticleId> = shown.iter().map(|(id, _)| *id).collect();
        let mut articles: BTreeMap<ArticleId, Article> = BTreeMap::new();
        for stored in self.store.fetch(&ids, Vectors::No).await?.into_iter().flatten() {
            articles.insert(stored.article.id, stored.article);
        }
        let store_time = asked.elapsed();
        let asked_terms: BTreeSet<String> =
            self.analyzer.terms(&question.text).into_iter().map(|term| term.text).collect();
        let hits = shown.into_iter().enumerate().filter_map(|(at, (id, scores))| {
            // An article deleted since the legs answered is no hit.
            let article = articles.remove(&id)?;
            let rank = u32::try_from(offset + at + 1).unwrap_or(u32::MAX);
            let when = when(article.record.date(), question.day);
            let matched_terms = self.matched_terms(&article, &asked_terms);
            Some(Hit { article, rank, scores, when, matched_terms })
        });
        Ok(Answer {
            hits: hits.collect(),
            more,
            index_version: self.index_version.to_string(),
            timings: Timings { embed: embed_time, store: store_time, total: started.elapsed() },
        })
    }

    /// What the legs find, fused, best first, the source left out.
    async fn candidates(
        &self,
        question: &Question,
        filter: &Filter,
        mode: Mode,
        last: usize,
    ) -> Result<Vec<(ArticleId, Scores)>, Error> {
        // One more for the source, one more to know whether more stand behind.
        let count = u32::try_from(last + 2).unwrap_or(u32::MAX).max(as_u32(CANDIDATES));
        let limit = Limit::new(count).unwrap_or(Limit::MOST);
        let dense = async {
            match (mode, &question.embedding) {
                (Mode::Dense | Mode::Hybrid, Some(embedding)) => {
                    self.store.nearest(embedding, filter, limit).await
                }
                _ => Ok(Vec::new()),
            }
        };
        let lexical = async {
            match mode {
                Mode::Lexical | Mode::Hybrid if !question.terms.is_empty() => {
                    self.store.lexical(&question.terms, filter, limit).await
                }
                _ => Ok(Vec::new()),
            }
        };
        let (dense, lexical) = futures::try_join!(dense, lexical)?;
        let pairs = |scored: Vec<Scored>| -> Vec<(ArticleId, f32)> {
            scored.into_iter().map(|one| (one.id, one.score)).collect()
        };
        let (mut dense, mut lexical) = (pairs(dense), pairs(lexical));
        let own =
            question.source.and_then(|id| lexical.iter().find(|(found, _)| *found == id).copied());
        dense.retain(|(id, _)| Some(*id) != question.source);
        lexical.retain(|(id, _)| Some(*id) != question.source);
        Ok(fuse(mode, &dense, &lexical, own.map(|(_, score)| score)))
    }

    /// Terms of `article` that were asked for, as printed, longest first: long terms say most.
    fn matched_terms(&self, article: &Article, asked: &BTreeSet<String>) -> Vec<String> {
        let mut found = BTreeMap::<String, String>::new();
        for text in [article.record.title.as_str(), &article.record.body()] {
            for term in self.analyzer.terms(text) {
                if asked.contains(&term.text) {
                    let printed = term.span.of(text).unwrap_or_default().to_owned();
                    found.entry(term.text).or_insert(printed);
                }
            }
        }
        let mut matched: Vec<String> = found.into_values().collect();
        matched.sort_by_key(|term| std::cmp::Reverse(term.chars().count()));
        matched.truncate(MATCHED_TERMS_MAX);
        matched
    }
}

fn as_u32(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn when(found: Option<jiff::civil::Date>, asked: Option<jiff::civil::Date>) -> When {
    match (found, asked) {
        (Some(found), Some(asked)) if found < asked => When::Past,
        (Some(found), Some(asked)) if found > asked => When::Future,
        (Some(_), Some(_)) => When::SameDay,
        _ => When::Unknown,
    }
}
