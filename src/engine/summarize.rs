//! Summaries of one article, or of several together, made of citations; on request a language model
//! rewrites them.

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::OnceLock;
use std::time::Duration;
use std::time::Instant;

use jiff::civil::DateTime;

use crate::Engine;
use crate::Error;
use crate::Search;
use crate::Target;
use crate::Timings;
use crate::input;
use crate::rewrite::Citation;
use crate::rewrite::Rewriting;
use wenmai_domain::article::Article;
use wenmai_domain::article::Record;
use wenmai_domain::id::ArticleId;
use wenmai_domain::reprint::GroupId;
use wenmai_domain::topic::TopicId;
use wenmai_store::Stored;
use wenmai_store::Vectors;
use wenmai_summary::Budget;
use wenmai_summary::Extract;
use wenmai_summary::feature::Body;
use wenmai_summary::keyphrase::Keyphrase;
use wenmai_summary::keyphrase::keyphrases;
use wenmai_summary::ranker::Ranker;
use wenmai_summary::report;
use wenmai_summary::report::Layout;
use wenmai_summary::report::Report;
use wenmai_summary::select;
use wenmai_summary::set::Source;
use wenmai_summary::topic;
use wenmai_summary::topic::Asked;
use wenmai_summary::topic::Reader;
use wenmai_summary::topic::Since;
use wenmai_summary::topic::Story;
use wenmai_text::likeness::share;
use wenmai_text::unwrap::Unwrapped;

/// How many articles are summarized together at most.
pub const SUMMARIZED_MAX: usize = 200;
/// How many keyphrases one article has at most.
const KEYPHRASES_MAX: usize = 8;
/// The rank, from 0, at which a hit of a search weighs half as much as the first.
const HALF_RANK: usize = 50;
/// Hits of a search are summarized if they score at least this share of the best score.
const TOLD_SHARE: f32 = 0.4;
/// Weight of a topic's member whose centrality is unknown or low.
const WEIGHT_MIN: f32 = 0.1;

/// A request for the summary of one article.
#[derive(Debug, Clone)]
pub struct SummarizeArticle {
    /// The article.
    pub target: Target,
    /// How long the summary may be.
    pub budget: Budget,
    /// Whether a language model shall rewrite the summary as well.
    pub rewrite: bool,
}

/// The summary of one article.
#[derive(Debug, Clone, PartialEq)]
pub struct ArticleSummary {
    /// The id of the article, if it is stored.
    pub id: Option<ArticleId>,
    /// The article as it was printed.
    pub record: Record,
    /// The cited pieces of [`Record::body`], in the order of the text.
    pub extracts: Vec<Extract>,
    /// What the article is about.
    pub keyphrases: Vec<Keyphrase>,
    /// The summary rewritten by a language model, or why there is none; `None` if it was not asked
    /// for.
    pub rewriting: Option<Rewriting>,
    /// The version of the ranker that chose the pieces.
    pub ranker: String,
    /// The version of the index.
    pub index_version: String,
    /// Where the time was spent.
    pub timings: Timings,
}

/// How several articles are told.
#[derive(Debug, Clone)]
pub struct Telling {
    /// What is told, and in how many characters.
    pub asked: Asked,
    /// How the report is laid out.
    pub layout: Layout,
    /// Whether a language model shall rewrite the summary as well.
    pub rewrite: bool,
    /// Of a topic: only what articles say that found their topics after this version; 0 for all.
    pub since_version: u64,
}

/// A request for the summary of several articles.
#[derive(Debug, Clone)]
pub struct SummarizeArticles {
    /// The articles.
    pub source: SummarySource,
    /// How they are told.
    pub telling: Telling,
}

/// A request for the summary of a topic.
#[derive(Debug, Clone)]
pub struct SummarizeTopic {
    /// The topic.
    pub id: TopicId,
    /// How it is told.
    pub telling: Telling,
}

/// The articles that are summarized together.
#[derive(Debug, Clone)]
pub enum SummarySource {
    /// The articles of these ids, at most [`SUMMARIZED_MAX`].
    Named(Vec<ArticleId>),
    /// The hits of this search.
    Found(Box<Search>),
}

/// The summary of several articles.
#[derive(Debug, Clone, PartialEq)]
pub struct SetSummary {
    /// The articles, in order of time.
    pub articles: Vec<Article>,
    /// What the articles say together; it refers to articles by their positions in `articles`.
    pub story: Story,
    /// The same as a report, in which articles are named `articles/{id}`.
    pub report: Report,
    /// The summary rewritten by a language model, or why there is none; `None` if it was not asked
    /// for.
    pub rewriting: Option<Rewriting>,
    /// The version of the ranker that chose the pieces.
    pub ranker: String,
    /// The version of the index.
    pub index_version: String,
    /// Where the time was spent.
    pub timings: Timings,
}

/// An article that is summarized together with others.
struct WeightedArticle {
    article: Article,
    group: GroupId,
    /// The event that it tells of, counted from 1 in order of their first article; 0 where that is not
    /// looked at.
    event: usize,
    /// How central it is, `(0, 1]`.
    weight: f32,
}

/// The ranker of clauses. It is read for the first summary, since nothing else needs it.
static RANKER: OnceLock<Ranker> = OnceLock::new();

impl Engine {
    /// Summarizes one article by citing it.
    ///
    /// # Errors
    /// [`Error::ArticleNotFound`]; [`Error::Invalid`] for a given article without a body;
    /// [`Error::TextTooLong`]; [`Error::Store`].
    pub async fn summarize_article(
        &self,
        request: SummarizeArticle,
    ) -> Result<ArticleSummary, Error> {
        let started = Instant::now();
        let (id, record) = match request.target {
            Target::Stored(id) => (Some(id), self.get(id).await?.article.record),
            Target::Given(record) => {
                input::sizes(&record)?;
                if record.paragraphs.iter().all(|text| text.trim().is_empty()) {
                    let what = "there is no text to summarize";
                    return Err(Error::invalid("body", what));
                }
                (None, *record)
            }
        };
        let store = started.elapsed();
        let ranker = clause_ranker()?;
        let (analyzer, budget) = (Arc::clone(&self.analyzer), request.budget);
        let work = move |_: &dyn Fn() -> bool| {
            let text = record.body();
            // Whoever broke the text at a fixed width ended no sentence there.
            let joined = Unwrapped::of(&text);
            let body = Body::new(joined.text());
            let scores = select::scores(&body, &record.title, ranker);
            let mut extracts = select::select(&body, &scores, ranker.keep(), budget);
            for extract in &mut extracts {
                let parts = extract.parts.iter().flat_map(|part| joined.source(*part));
                extract.parts = parts.collect();
            }
            let keyphrases = keyphrases(&record.title, joined.text(), &analyzer, KEYPHRASES_MAX);
            (record, extracts, keyphrases)
        };
        let (record, extracts, keyphrases) = self.calculate(work).await?;
        let issue = record.published_at.map(DateTime::date);
        let cited = extracts.iter().map(|one| (one.text.clone(), issue));
        let rewriting = self.rewriting(request.rewrite, cited, budget).await;
        Ok(ArticleSummary {
            id,
            record,
            extracts,
            keyphrases,
            rewriting,
            ranker: ranker.version().to_owned(),
            index_version: self.index_version.to_string(),
            timings: timings(store, started),
        })
    }

    /// Summarizes several articles together by citing them.
    ///
    /// # Errors
    /// [`Error::ArticleNotFound`] for the first that is not stored; [`Error::BatchTooLarge`];
    /// [`Error::Invalid`] for no article at all; as [`Engine::search`] for a search.
    pub async fn summarize_articles(
        &self,
        request: SummarizeArticles,
    ) -> Result<SetSummary, Error> {
        let started = Instant::now();
        let members = match request.source {
            SummarySource::Named(ids) => self.named(ids).await?,
            SummarySource::Found(search) => self.found(*search).await?,
        };
        let store = started.elapsed();
        let mut summary = self.tell(members, request.telling, None).await?;
        summary.timings = timings(store, started);
        Ok(summary)
    }

    /// Summarizes the most central articles of a topic, at most [`SUMMARIZED_MAX`], by citing them; of a
    /// story those of each of its events. Returns also the id of the topic, with redirects followed.
    ///
    /// # Errors
    /// [`Error::TopicNotFound`]; [`Error::TopicsOff`]; [`Error::Store`].
    pub async fn summarize_topic(
        &self,
        request: SummarizeTopic,
    ) -> Result<(TopicId, SetSummary), Error> {
        let SummarizeTopic { id, telling } = request;
        let started = Instant::now();
        let fresh = self.arrived_after(id, telling.since_version).await?;
        let (id, central) = self.central_articles(id, SUMMARIZED_MAX, fresh.as_ref()).await?;
        let ids: Vec<ArticleId> = central.iter().map(|one| one.id).collect();
        let stored = self.store.fetch(&ids, Vectors::No).await?;
        let mut numbers: HashMap<TopicId, usize> = HashMap::new();
        // An article deleted since is no member.
        let members = stored.into_iter().zip(&central).filter_map(|(stored, one)| {
            let next = numbers.len() + 1;
            let event = *numbers.entry(one.event).or_insert(next);
            let weight = one.centrality.clamp(WEIGHT_MIN, 1.0);
            Some(WeightedArticle { event, ..weighted(stored?, weight) })
        });
        let members = members.collect();
        let store = started.elapsed();
        let mut summary = self.tell(members, telling, fresh).await?;
        summary.timings = timings(store, started);
        Ok((id, summary))
    }

    /// Summarizes `members` together, of which the `fresh` ones are new where that was asked; the caller
    /// fills in the timings.
    async fn tell(
        &self,
        members: Vec<WeightedArticle>,
        telling: Telling,
        fresh: Option<HashSet<ArticleId>>,
    ) -> Result<SetSummary, Error> {
        let Telling { mut asked, layout, rewrite, since_version: _ } = telling;
        let budget = asked.budget;
        let ranker = clause_ranker()?;
        let (extractor, analyzer) = (Arc::clone(&self.extractor), Arc::clone(&self.analyzer));
        let work = move |goes_on: &dyn Fn() -> bool| {
            let reader = Reader { ranker, extractor: &extractor, analyzer: &analyzer, goes_on };
            let members = in_order(members);
            if let Some(fresh) = fresh {
                let new =
                    members.iter().enumerate().filter(|(_, one)| fresh.contains(&one.article.id));
                asked.since = Some(Since::Sources(new.map(|(at, _)| at).collect()));
            }
            told(members, reader, &asked, &layout)
        };
        let (articles, story, report) = self.calculate(work).await?;
        let issue = |at: usize| {
            let article: Option<&Article> = articles.get(at);
            article.and_then(|article| article.record.published_at).map(DateTime::date)
        };
        let told = story.told.iter().map(|one| &one.piece);
        let cited = told.map(|one| (one.extract.text.clone(), issue(one.source)));
        let rewriting = self.rewriting(rewrite, cited, budget).await;
        Ok(SetSummary {
            articles,
            story,
            report,
            rewriting,
            ranker: ranker.version().to_owned(),
            index_version: self.index_version.to_string(),
            timings: timings(Duration::ZERO, Instant::now()),
        })
    }

    async fn rewriting(
        &self,
        wished: bool,
        cited: impl Iterator<Item = Citation>,
        budget: Budget,
    ) -> Option<Rewriting> {
        if !wished {
            return None;
        }
        Some(self.rewritten(&cited.collect::<Vec<_>>(), budget).await)
    }

    async fn named(&self, mut ids: Vec<ArticleId>) -> Result<Vec<WeightedArticle>, Error> {
        let given = ids.len();
        if given > SUMMARIZED_MAX {
            return Err(Error::BatchTooLarge { limit: SUMMARIZED_MAX, given });
        }
        if given == 0 {
            let what = "name at least one article, or search for some with `query` or `filter`";
            return Err(Error::invalid("articles", what));
        }
        let mut seen = HashSet::new();
        ids.retain(|id| seen.insert(*id));
        let stored = self.store.fetch(&ids, Vectors::No).await?;
        let mut members = Vec::with_capacity(ids.len());
        for (id, stored) in ids.into_iter().zip(stored) {
            let stored = stored.ok_or(Error::ArticleNotFound { id })?;
            members.push(weighted(stored, 1.0));
        }
        Ok(members)
    }

    async fn found(&self, search: Search) -> Result<Vec<WeightedArticle>, Error> {
        let hits = self.search(search).await?.hits;
        // A search goes on to what is hardly like the question; that must not be told as its story.
        let enough = hits.first().map_or(0.0, |best| best.scores.fused * TOLD_SHARE);
        let hits = hits.iter().take_while(|hit| hit.scores.fused >= enough);
        let ids: Vec<ArticleId> = hits.map(|hit| hit.article.id).collect();
        let stored = self.store.fetch(&ids, Vectors::No).await?;
        // An article deleted since the search is no member.
        let found = stored.into_iter().enumerate().filter_map(|(rank, stored)| {
            Some(weighted(stored?, 1.0 / (1.0 + share(rank, HALF_RANK))))
        });
        Ok(found.collect())
    }
}

/// The articles in order of time.
fn in_order(mut members: Vec<WeightedArticle>) -> Vec<WeightedArticle> {
    members.sort_by_key(|member| {
        let time = member.article.record.published_at;
        (time.is_none(), time, member.article.id)
    });
    members
}

/// Summarizes articles in order of time; returns the articles, what they say together, and the same as
/// a report.
fn told(
    members: Vec<WeightedArticle>,
    reader: Reader<'_>,
    asked: &Asked,
    layout: &Layout,
) -> (Vec<Article>, Story, Report) {
    let mut groups: HashMap<GroupId, usize> = HashMap::new();
    let bodies: Vec<String> = members.iter().map(|member| member.article.record.body()).collect();
    let joined: Vec<Unwrapped<'_>> = bodies.iter().map(|body| Unwrapped::of(body)).collect();
    let sources: Vec<Source<'_>> = members
        .iter()
        .zip(&joined)
        .map(|(member, joined)| {
            let next = groups.len();
            let record = &member.article.record;
            Source {
                title: &record.title,
                body: joined.text(),
                outlet: if record.paper.is_empty() { &record.source } else { &record.paper },
                time: record.published_at,
                url: &record.url,
                group: *groups.entry(member.group).or_insert(next),
                event: member.event,
                weight: member.weight,
            }
        })
        .collect();
    let mut story = topic::story_of(&sources, reader, asked);
    let names: Vec<String> =
        members.iter().map(|member| format!("articles/{}", member.article.id)).collect();
    let report = report::report(&story, &sources, &names, layout);
    story.relocate(&|source, span| {
        joined.get(source).map_or_else(Vec::new, |joined| joined.source(span))
    });
    (members.into_iter().map(|member| member.article).collect(), story, report)
}

fn clause_ranker() -> Result<&'static Ranker, Error> {
    if let Some(ranker) = RANKER.get() {
        return Ok(ranker);
    }
    let ranker = Ranker::bundled()?;
    Ok(RANKER.get_or_init(|| ranker))
}

fn weighted(stored: Stored, weight: f32) -> WeightedArticle {
    let Stored { article, membership, .. } = stored;
    WeightedArticle { article, group: membership.group, event: 0, weight }
}

fn timings(store: Duration, since: Instant) -> Timings {
    Timings { embed: Duration::ZERO, store, total: since.elapsed() }
}
