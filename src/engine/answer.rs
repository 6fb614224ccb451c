//! What search and related have in common: ask the legs, fuse, fetch, say why.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::time::Duration;
use std::time::Instant;

use jiff::civil::Date;

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
use crate::engine::Answer;
use crate::engine::Engine;
use crate::engine::Error;
use crate::engine::Timings;
use crate::engine::Violation;
use crate::rank::fuse::fuse;
use crate::store;
use crate::store::Vectors;

/// Candidates asked of each leg. Always the same: with another depth a candidate that only one leg
/// had found would change its score, and the pages of one answer would not fit together.
const CANDIDATES: u32 = 500;
/// Depth at which an article is looked for among the answers to its own title.
const OWN_SCORE_DEPTH: u32 = 50;
/// Characters of a body that are looked through for matched terms.
const MATCHED_CHARS: usize = 2_000;
/// Matched terms shown with a hit, at most.
const MATCHED_TERMS_MAX: usize = 12;

/// What both legs are asked.
pub(super) struct Question {
    /// The request's field that asks, for errors.
    pub(super) field: &'static str,
    pub(super) embedding: Option<Embedding>,
    pub(super) terms: TermVector,
    /// The text whose terms are matched, for showing.
    pub(super) text: String,
    /// Left out of the answer; its own BM25 score is what the others are measured by.
    pub(super) source: Option<ArticleId>,
    pub(super) day: Option<Date>,
}

/// Which part of which answer is wanted.
pub(super) struct Wanted {
    pub(super) filter: Filter,
    pub(super) mode: Mode,
    pub(super) offset: usize,
    pub(super) limit: Limit,
}

/// When the question came, and what was spent on its embedding.
pub(super) struct Asked {
    pub(super) started: Instant,
    pub(super) embed: Duration,
}

type Scored = (ArticleId, f32);

impl Engine {
    /// Asks the legs, fuses, fetches the hits.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a question that leaves every leg nothing to look for, or an offset
    /// past what one answer can reach; [`Error::Store`].
    pub(super) async fn answer(
        &self,
        question: Question,
        wanted: Wanted,
        asked: Asked,
    ) -> Result<Answer, Error> {
        check(&question, &wanted)?;
        let store_started = Instant::now();
        let ordered = self.candidates(&question, &wanted).await?;
        let Wanted { offset, limit, .. } = wanted;
        let more = ordered.len() > offset + limit.count();
        let shown: Vec<(ArticleId, Scores)> =
            ordered.into_iter().skip(offset).take(limit.count()).collect();
        let ids: Vec<ArticleId> = shown.iter().map(|(id, _)| *id).collect();
        let stored = self.store.fetch(&ids, Vectors::No).await?;
        let store_time = store_started.elapsed();

        let asked_terms = self.analyzer.terms(&question.text);
        let asked_terms: BTreeSet<String> = asked_terms.into_iter().map(|term| term.text).collect();
        let mut hits = Vec::with_capacity(shown.len());
        for (((_, scores), stored), rank) in shown.into_iter().zip(stored).zip(first_rank(offset)..)
        {
            // An article deleted since the legs answered is no hit.
            let Some(article) = stored.map(|stored| stored.article) else { continue };
            let when = when(article.record.date(), question.day);
            let matched_terms = self.matched_terms(&article, &asked_terms);
            hits.push(Hit { article, rank, scores, when, matched_terms });
            // Cutting terms is work: let other tasks in.
            tokio::task::yield_now().await;
        }
        let Asked { started, embed } = asked;
        Ok(Answer {
            hits,
            more,
            index_version: self.index_version.to_string(),
            timings: Timings { embed, store: store_time, total: started.elapsed() },
        })
    }

    /// What the legs find, fused, best first, the source left out.
    async fn candidates(
        &self,
        question: &Question,
        wanted: &Wanted,
    ) -> Result<Vec<(ArticleId, Scores)>, Error> {
        let Wanted { filter, mode, .. } = wanted;
        let limit = limit(CANDIDATES);
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
                Mode::Lexical | Mode::Hybrid => {
                    self.store.lexical(&question.terms, filter, limit).await
                }
                Mode::Dense => Ok(Vec::new()),
            }
        };
        let (dense, lexical) = futures::try_join!(dense, lexical)?;
        let (mut dense, mut lexical) = (pairs(dense), pairs(lexical));
        let own = self.own_score(&lexical, question, wanted).await?;
        dense.retain(|(id, _)| Some(*id) != question.source);
        lexical.retain(|(id, _)| Some(*id) != question.source);
        Ok(fuse(*mode, &dense, &lexical, own))
    }

    /// The BM25 score of the source itself, whether or not it passes the filter; `None` where there
    /// is no source, it is not stored, or nothing is fused.
    async fn own_score(
        &self,
        lexical: &[Scored],
        question: &Question,
        wanted: &Wanted,
    ) -> Result<Option<f32>, Error> {
        let Some(source) = question.source.filter(|_| wanted.mode == Mode::Hybrid) else {
            return Ok(None);
        };
        let score =
            |found: &[Scored]| found.iter().find(|(id, _)| *id == source).map(|(_, score)| *score);
        let own = score(lexical);
        if own.is_some() || wanted.filter.is_all() {
            return Ok(own);
        }
        // An article answers its own title best, or nearly so where there are reprints.
        let limit = limit(OWN_SCORE_DEPTH);
        let found = self.store.lexical(&question.terms, &Filter::default(), limit).await?;
        Ok(score(&pairs(found)))
    }

    /// Terms of `article` that were asked for, as printed, longest first.
    fn matched_terms(&self, article: &Article, asked: &BTreeSet<String>) -> Vec<String> {
        let mut found = BTreeMap::<String, String>::new();
        let body: String = article.record.body().chars().take(MATCHED_CHARS).collect();
        for text in [article.record.title.as_str(), &body] {
            for term in self.analyzer.terms(text) {
                if asked.contains(&term.text) {
                    let printed = term.span.of(text).unwrap_or_default().to_owned();
                    found.entry(term.text).or_insert(printed);
                }
            }
        }
        let mut matched: Vec<String> = found.into_values().collect();
        matched.sort_by_key(|term| Reverse(term.chars().count()));
        matched.truncate(MATCHED_TERMS_MAX);
        matched
    }
}

fn check(question: &Question, wanted: &Wanted) -> Result<(), Error> {
    let invalid = |field, what| Err(Error::Invalid(vec![Violation::new(field, what)]));
    let last = wanted.offset.saturating_add(wanted.limit.count());
    let reach = usize::from(Limit::MAX);
    if last > reach {
        let what = format!("one answer reaches {reach} hits deep, not {last}");
        return invalid("page_token", what);
    }
    let dense = wanted.mode != Mode::Lexical && question.embedding.is_some();
    let lexical = wanted.mode != Mode::Dense && !question.terms.is_empty();
    if dense || lexical {
        return Ok(());
    }
    let what = format!("holds nothing that a {} search can look for", wanted.mode.name());
    invalid(question.field, what)
}

fn limit(count: u32) -> Limit {
    Limit::new(count).unwrap_or(Limit::MOST)
}

/// The rank of the first hit behind `offset` others.
fn first_rank(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX - 1) + 1
}

fn pairs(scored: Vec<store::Scored>) -> Vec<Scored> {
    scored.into_iter().map(|one| (one.id, one.score)).collect()
}

fn when(found: Option<Date>, asked: Option<Date>) -> When {
    match (found, asked) {
        (Some(found), Some(asked)) if found < asked => When::Past,
        (Some(found), Some(asked)) if found > asked => When::Future,
        (Some(_), Some(_)) => When::SameDay,
        _ => When::Unknown,
    }
}
