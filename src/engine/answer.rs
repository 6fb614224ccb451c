//! What search and related have in common: ask the legs, fuse, fetch, say why.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::time::Duration;
use std::time::Instant;

use jiff::civil::Date;

use crate::Answer;
use crate::Engine;
use crate::Error;
use crate::Timings;
use crate::Violation;
use crate::collapse;
use crate::collapse::Folded;
use crate::judge::Judged;
use wenmai_domain::article::Article;
use wenmai_domain::article::Record;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::entity::Entities;
use wenmai_domain::filter::Filter;
use wenmai_domain::hit::Highlights;
use wenmai_domain::hit::Hit;
use wenmai_domain::hit::Mode;
use wenmai_domain::hit::Relation;
use wenmai_domain::hit::RelationKind;
use wenmai_domain::hit::Scores;
use wenmai_domain::hit::When;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::reprint::GroupId;
use wenmai_domain::span::Span;
use wenmai_domain::terms::TermVector;
use wenmai_rank::fuse::fuse;
use wenmai_store as store;
use wenmai_store::Stored;
use wenmai_store::Vectors;
use wenmai_text::normalize::normalize;
use wenmai_text::terms::Term;
use wenmai_text::terms::index;
use wenmai_text::terms::query;

/// Candidates asked of each leg. Always the same: with another depth a candidate that only one leg
/// had found would change its score, and the pages of one answer would not fit together.
pub(super) const CANDIDATES: u32 = 500;
/// Depth at which an article is looked for among the answers to its own title.
const OWN_SCORE_DEPTH: u32 = 50;
/// Matched terms shown with a hit, at most.
const MATCHED_TERMS_MAX: usize = 12;

/// What both legs are asked.
pub(super) struct Question {
    /// The request's field that asks, for errors.
    pub(super) field: &'static str,
    pub(super) embedding: Option<Embedding>,
    /// The terms that the lexical leg asks for and that hits are matched with, in order.
    pub(super) terms: Vec<Term>,
    /// Left out of the answer; its own BM25 score is what the others are measured by.
    pub(super) source: Option<ArticleId>,
    /// The group that the source belongs to, or would join.
    pub(super) group: Option<GroupId>,
    pub(super) day: Option<Date>,
    /// What the article asked about names, which hits are compared with.
    pub(super) entities: Entities,
}

/// A candidate in its place.
pub(super) struct Ranked {
    pub(super) id: ArticleId,
    pub(super) scores: Scores,
    /// What a learned ranker said of it.
    pub(super) judged: Option<Judged>,
}

/// Which part of which answer is wanted.
pub(super) struct Wanted {
    pub(super) filter: Filter,
    pub(super) mode: Mode,
    pub(super) collapse: bool,
    pub(super) offset: usize,
    pub(super) limit: Limit,
}

impl Wanted {
    /// Hits that decide on the answer: those to pass over, those to show, and one to know of more.
    pub(super) fn reach(&self) -> usize {
        self.offset.saturating_add(self.limit.count()).saturating_add(1)
    }
}

/// When the question came, and what was spent since, before the legs were asked.
pub(super) struct Asked {
    pub(super) started: Instant,
    /// On embedding the question.
    pub(super) embed: Duration,
    /// On reading the article asked about.
    pub(super) store: Duration,
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
        let ordered = self.standing(&question, &wanted).await?;
        self.show(question, ordered, &wanted, (asked, store_started)).await
    }

    /// Fetches the wanted part of `ordered` and says of each hit why it is there; the instant is when
    /// the store was first asked.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(super) async fn show(
        &self,
        question: Question,
        ordered: Vec<Ranked>,
        wanted: &Wanted,
        (asked, store_started): (Asked, Instant),
    ) -> Result<Answer, Error> {
        let (offset, limit) = (wanted.offset, wanted.limit);
        let more = ordered.len() > offset + limit.count();
        let shown: Vec<Ranked> = ordered.into_iter().skip(offset).take(limit.count()).collect();
        let ids: Vec<ArticleId> = shown.iter().map(|ranked| ranked.id).collect();
        let stored = self.store.fetch(&ids, Vectors::Yes).await?;

        let asked_terms: BTreeSet<String> =
            question.terms.into_iter().map(|term| term.text).collect();
        let ranked = shown.into_iter().zip(stored).zip(first_rank(offset)..);
        // An article deleted since the legs answered is no hit.
        let there: Vec<_> =
            ranked.filter_map(|((ranked, stored), rank)| Some((ranked, stored?, rank))).collect();
        let standing = there.iter().map(|(_, stored, _)| stored.membership);
        let reprints = self.reprints_of(standing).await?;
        let mut hits = Vec::with_capacity(there.len());
        for ((ranked, stored, rank), reprints) in there.into_iter().zip(reprints) {
            let Ranked { id: _, scores, judged } = ranked;
            let Stored { article, vectors, membership, .. } = stored;
            let when = when(article.record.date(), question.day);
            let terms = vectors.map(|(_, terms)| terms).unwrap_or_default();
            let matched_terms = matched_terms(&article, &terms, &asked_terms);
            let is_reprint = collapse::is_reprint(question.group, membership);
            let highlights = Highlights::default();
            let relation = judged.map(|judged| {
                let asked = (question.day, &question.entities);
                let relation = self.relation(&judged, &article, asked, when);
                if is_reprint {
                    Relation { kind: RelationKind::Reprint, ..relation }
                } else {
                    relation
                }
            });
            hits.push(Hit {
                article,
                rank,
                scores,
                when,
                matched_terms,
                highlights,
                relation,
                reprints,
                is_reprint,
            });
        }
        let store_time = store_started.elapsed();
        let Asked { started, embed, store } = asked;
        Ok(Answer {
            hits,
            more,
            empty: None,
            ranker: String::new(),
            index_version: self.index_version.to_string(),
            timings: Timings { embed, store: store + store_time, total: started.elapsed() },
        })
    }

    /// What the legs find, best first; each text once if that is wanted, and then at least one more
    /// than the wanted part reaches, where there are so many.
    async fn standing(&self, question: &Question, wanted: &Wanted) -> Result<Vec<Ranked>, Error> {
        let ordered = self.unjudged(question, wanted).await?;
        if !wanted.collapse {
            return Ok(ordered);
        }
        let mut found = ordered.len();
        let mut folded = Folded::default();
        self.fold_into(&mut folded, ordered, wanted.reach()).await?;
        while let Some(filter) = folded.wider(&wanted.filter, wanted.reach(), found) {
            let ordered = self.unjudged(question, &Wanted { filter, ..*wanted }).await?;
            found = ordered.len();
            self.fold_into(&mut folded, ordered, wanted.reach()).await?;
        }
        Ok(folded.kept)
    }

    async fn unjudged(&self, question: &Question, wanted: &Wanted) -> Result<Vec<Ranked>, Error> {
        let ordered = self.candidates(question, wanted).await?;
        Ok(ordered.into_iter().map(|(id, scores)| Ranked { id, scores, judged: None }).collect())
    }

    /// What the legs find, fused, best first, the source left out.
    pub(super) async fn candidates(
        &self,
        question: &Question,
        wanted: &Wanted,
    ) -> Result<Vec<(ArticleId, Scores)>, Error> {
        let Wanted { filter, mode, .. } = wanted;
        let limit = limit(CANDIDATES);
        let terms = query(&question.terms);
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
                Mode::Lexical | Mode::Hybrid => self.store.lexical(&terms, filter, limit).await,
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
        let terms = query(&question.terms);
        let found = self.store.lexical(&terms, &Filter::default(), limit).await?;
        Ok(score(&pairs(found)))
    }
}

/// Terms of `article`, whose index terms are `terms`, that were asked for: as printed, longest first.
pub(super) fn matched_terms(
    article: &Article,
    terms: &TermVector,
    asked: &BTreeSet<String>,
) -> Vec<String> {
    let is_indexed = |term: &&String| terms.indices().binary_search(&index(term)).is_ok();
    let mut matched: Vec<&String> = asked.iter().filter(is_indexed).collect();
    matched.sort_by_key(|term| Reverse(term.chars().count()));
    matched.truncate(MATCHED_TERMS_MAX);
    matched.into_iter().map(|term| printed(article, term)).collect()
}

/// How the article prints a term: as it is, or in another width, case or script.
fn printed(article: &Article, term: &str) -> String {
    let Record { title, paragraphs, .. } = &article.record;
    let texts = || std::iter::once(title).chain(paragraphs);
    if texts().any(|text| text.contains(term)) {
        return term.to_owned();
    }
    let other_form = |text: &String| {
        let normalized = normalize(text);
        let start = normalized.text().find(term)?;
        let span = normalized.source(Span::new(start, start + term.len()));
        span.of(text).map(str::to_owned)
    };
    texts().find_map(other_form).unwrap_or_else(|| term.to_owned())
}

pub(super) fn check(question: &Question, wanted: &Wanted) -> Result<(), Error> {
    within_reach(wanted.offset, wanted.limit)?;
    let dense = wanted.mode != Mode::Lexical && question.embedding.is_some();
    let lexical = wanted.mode != Mode::Dense && !question.terms.is_empty();
    if dense || lexical {
        return Ok(());
    }
    let what = format!("holds nothing that a {} search can look for", wanted.mode.name());
    Err(Error::Invalid(vec![Violation::new(question.field, what)]))
}

/// Checks that a page lies within what one answer can reach.
///
/// # Errors
/// [`Error::Invalid`] naming the page token.
pub(super) fn within_reach(offset: usize, limit: Limit) -> Result<(), Error> {
    let last = offset.saturating_add(limit.count());
    let reach = usize::from(Limit::MAX);
    if last <= reach {
        return Ok(());
    }
    let what = format!("one answer reaches {reach} hits deep, not {last}");
    Err(Error::Invalid(vec![Violation::new("page_token", what)]))
}

pub(super) fn limit(count: u32) -> Limit {
    Limit::new(count).unwrap_or(Limit::MOST)
}

/// The rank of the first hit behind `offset` others.
pub(super) fn first_rank(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX - 1) + 1
}

pub(super) fn pairs(scored: Vec<store::Scored>) -> Vec<Scored> {
    scored.into_iter().map(|one| (one.id, one.score)).collect()
}

pub(super) fn when(found: Option<Date>, asked: Option<Date>) -> When {
    match (found, asked) {
        (Some(found), Some(asked)) if found < asked => When::Past,
        (Some(found), Some(asked)) if found > asked => When::Future,
        (Some(_), Some(_)) => When::SameDay,
        _ => When::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::printed;
    use super::when;
    use wenmai_domain::article::Article;
    use wenmai_domain::article::Record;
    use wenmai_domain::hit::When;

    #[test]
    fn a_term_is_shown_as_the_article_prints_it() {
        let record = Record {
            title: "全縣ＧＤＰ增長".into(),
            paragraphs: vec!["清河大桥通车。".into()],
            ..Record::default()
        };
        let article = Article::new(record);
        assert_eq!(printed(&article, "大桥"), "大桥");
        assert_eq!(printed(&article, "gdp"), "ＧＤＰ");
        assert_eq!(printed(&article, "增长"), "增長");
    }

    #[test]
    fn time_is_told_by_day_and_only_where_both_have_one() {
        let day = |d| Some(jiff::civil::date(2025, 9, d));
        assert_eq!(when(day(8), day(9)), When::Past);
        assert_eq!(when(day(9), day(9)), When::SameDay);
        assert_eq!(when(day(10), day(9)), When::Future);
        assert_eq!(when(None, day(9)), When::Unknown);
    }
}
