//! What search and related coverage have in common: ask the legs (the dense and the lexical search
//! of the store), fuse what they find, fetch the hits, and say why each is there.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::time::Duration;
use std::time::Instant;

use jiff::civil::Date;

use crate::Answer;
use crate::Engine;
use crate::Error;
use crate::Timings;
use crate::collapse;
use crate::collapse::Folded;
use crate::ranked::CANDIDATES;
use crate::ranked::Ranked;
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
use wenmai_domain::scales::Script;
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

/// Depth at which an article is looked for among the answers to its own title.
const OWN_SCORE_DEPTH: u32 = 50;
/// Matched terms shown with a hit, at most.
const MATCHED_TERMS_MAX: usize = 12;

/// What the legs are asked.
pub(super) struct Question {
    /// The field of the request that holds the question, to be named in errors.
    pub(super) field: &'static str,
    pub(super) embedding: Option<Embedding>,
    /// The script that it is written in.
    pub(super) script: Script,
    /// The terms that the lexical leg looks for and that hits are matched with, in order.
    pub(super) terms: Vec<Term>,
    /// The article asked about: it is left out of the answer, and the BM25 scores of the others are
    /// divided by its own.
    pub(super) source: Option<ArticleId>,
    /// The group of reprints that the source belongs to, or would join.
    pub(super) group: Option<GroupId>,
    /// The day on which the source was published.
    pub(super) day: Option<Date>,
    /// The entities that the source names, with which those of the hits are compared.
    pub(super) entities: Entities,
}

/// Which articles may answer, and which page of the answer is wanted.
pub(super) struct PageRequest {
    pub(super) filter: Filter,
    pub(super) mode: Mode,
    pub(super) collapse: bool,
    pub(super) offset: usize,
    pub(super) limit: Limit,
}

impl PageRequest {
    /// How many hits must be known: those to skip, those to show, and one more, which tells whether
    /// there is a next page.
    pub(super) fn reach(&self) -> usize {
        self.offset.saturating_add(self.limit.count()).saturating_add(1)
    }
}

/// The time that was spent on a question before the legs were asked.
pub(super) struct TimeSpent {
    /// When the question came.
    pub(super) started: Instant,
    /// Time spent on embedding the question.
    pub(super) embed: Duration,
    /// Time spent on reading the article asked about.
    pub(super) store: Duration,
}

type Scored = (ArticleId, f32);

impl Engine {
    /// Asks the legs, fuses what they find, and fetches the hits.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a question that leaves every leg nothing to look for, or an offset
    /// past what one answer can reach; [`Error::Store`].
    pub(super) async fn answer(
        &self,
        question: Question,
        request: PageRequest,
        spent: TimeSpent,
    ) -> Result<Answer, Error> {
        check(&question, &request)?;
        let store_started = Instant::now();
        let ordered = self.collapsed(&question, &request).await?;
        self.show(question, ordered, &request, (spent, store_started)).await
    }

    /// Fetches the requested page of `ordered` and says of each hit why it is there.
    /// `store_started` is when the store was first asked.
    ///
    /// # Errors
    /// [`Error::Store`].
    pub(super) async fn show(
        &self,
        question: Question,
        ordered: Vec<Ranked>,
        request: &PageRequest,
        (spent, store_started): (TimeSpent, Instant),
    ) -> Result<Answer, Error> {
        let (offset, limit) = (request.offset, request.limit);
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
        let memberships = there.iter().map(|(_, stored, _)| stored.membership);
        let reprints = self.reprints_of(memberships).await?;
        let mut hits = Vec::with_capacity(there.len());
        for ((ranked, stored, rank), reprints) in there.into_iter().zip(reprints) {
            let Ranked { id: _, scores, judged } = ranked;
            let Stored { article, vectors, membership, .. } = stored;
            let embeddings = (question.embedding.as_ref(), vectors.as_ref().map(|(own, _)| own));
            let scores = self.shown(scores, question.script, embeddings).await?;
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
        let TimeSpent { started, embed, store } = spent;
        Ok(Answer {
            hits,
            more,
            empty: None,
            ranker: String::new(),
            index_version: self.index_version.to_string(),
            timings: Timings { embed, store: store + store_time, total: started.elapsed() },
        })
    }

    /// The candidates that the legs find, best first. If the request collapses reprints, each text
    /// is there once, and as many texts as [`PageRequest::reach`] where there are so many.
    async fn collapsed(
        &self,
        question: &Question,
        request: &PageRequest,
    ) -> Result<Vec<Ranked>, Error> {
        let ordered = self.unjudged(question, request).await?;
        if !request.collapse {
            return Ok(ordered);
        }
        let mut found = ordered.len();
        let mut folded = Folded::default();
        self.fold_into(&mut folded, ordered, request.reach()).await?;
        while let Some(filter) = folded.wider(&request.filter, request.reach(), (found, CANDIDATES))
        {
            let ordered = self.unjudged(question, &PageRequest { filter, ..*request }).await?;
            found = ordered.len();
            self.fold_into(&mut folded, ordered, request.reach()).await?;
        }
        Ok(folded.kept)
    }

    /// The fused candidates, which no ranker has judged.
    async fn unjudged(
        &self,
        question: &Question,
        request: &PageRequest,
    ) -> Result<Vec<Ranked>, Error> {
        let ordered = self.candidates(question, request).await?;
        Ok(ordered.into_iter().map(|(id, scores)| Ranked { id, scores, judged: None }).collect())
    }

    /// The candidates that the legs find, fused and ordered best first, without the source.
    pub(super) async fn candidates(
        &self,
        question: &Question,
        request: &PageRequest,
    ) -> Result<Vec<(ArticleId, Scores)>, Error> {
        let PageRequest { filter, mode, .. } = request;
        let limit = limit(CANDIDATES);
        let terms = query(&question.terms);
        let measure = self.measure_in(*mode, question.script).await?;
        let dense = async {
            match (mode, &question.embedding) {
                (Mode::Dense | Mode::Hybrid, Some(embedding)) => {
                    self.near(embedding, filter, limit, &measure).await
                }
                _ => Ok(Vec::new()),
            }
        };
        let lexical = async {
            match mode {
                Mode::Lexical | Mode::Hybrid => {
                    Ok(self.store.lexical(&terms, filter, limit).await?)
                }
                Mode::Dense => Ok(Vec::new()),
            }
        };
        let (dense, lexical) = futures::try_join!(dense, lexical)?;
        let (mut dense, mut lexical) = (pairs(dense), pairs(lexical));
        let own = self.own_score(&lexical, question, request).await?;
        dense.retain(|(id, _)| Some(*id) != question.source);
        lexical.retain(|(id, _)| Some(*id) != question.source);
        Ok(fuse(*mode, &dense, &lexical, own, &measure.scale))
    }

    /// The BM25 score of the source itself, whether or not it passes the filter; `None` where there
    /// is no source, where it is not stored, or where nothing is fused.
    async fn own_score(
        &self,
        lexical: &[Scored],
        question: &Question,
        request: &PageRequest,
    ) -> Result<Option<f32>, Error> {
        let Some(source) = question.source.filter(|_| request.mode == Mode::Hybrid) else {
            return Ok(None);
        };
        let score =
            |found: &[Scored]| found.iter().find(|(id, _)| *id == source).map(|(_, score)| *score);
        let own = score(lexical);
        if own.is_some() || request.filter.is_all() {
            return Ok(own);
        }
        // An article answers its own title best, or nearly so where there are reprints.
        let limit = limit(OWN_SCORE_DEPTH);
        let terms = query(&question.terms);
        let found = self.store.lexical(&terms, &Filter::default(), limit).await?;
        Ok(score(&pairs(found)))
    }
}

/// Those of the `asked` terms that `article` holds, as the article prints them, the longest first.
/// `terms` are the article's terms in the index.
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

/// A term as the article prints it, which may be in another width, case or script.
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

/// Checks that the page lies within reach and that some leg has something to look for.
///
/// # Errors
/// [`Error::Invalid`].
pub(super) fn check(question: &Question, request: &PageRequest) -> Result<(), Error> {
    within_reach(request.offset, request.limit)?;
    let dense = request.mode != Mode::Lexical && question.embedding.is_some();
    let lexical = request.mode != Mode::Dense && !question.terms.is_empty();
    if dense || lexical {
        return Ok(());
    }
    let what = format!("holds nothing that a {} search can look for", request.mode.name());
    Err(Error::invalid(question.field, what))
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
    Err(Error::invalid("page_token", what))
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

/// When an article was published, compared with the day asked about.
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
