//! Related coverage: finds earlier and later articles that belong to a given one.

use std::time::Duration;
use std::time::Instant;

use crate::Answer;
use crate::Engine;
use crate::Error;
use crate::Related;
use crate::Target;
use crate::answer;
use crate::answer::PageRequest;
use crate::answer::Question;
use crate::answer::TimeSpent;
use crate::calibration::Calibrated;
use crate::collapse::Folded;
use crate::input;
use crate::input::EmbedTexts;
use crate::judge::Compared;
use crate::judge::LEG_DEPTH;
use crate::judge::Subject;
use crate::ranked;
use crate::ranked::Ranked;
use wenmai_cluster::reprint::Plain;
use wenmai_domain::article::Article;
use wenmai_domain::article::Record;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::filter::Filter;
use wenmai_domain::hit::Empty;
use wenmai_domain::hit::Mode;
use wenmai_domain::id::ArticleId;
use wenmai_domain::reprint::GroupId;
use wenmai_domain::scales::Script;
use wenmai_domain::terms::TermVector;
use wenmai_embed as embed;
use wenmai_embed::Lane;
use wenmai_embed::Purpose;
use wenmai_rank::feature::Facts;
use wenmai_rank::feature::Features;
use wenmai_rank::fuse::freshened;
use wenmai_store::Vectors;
use wenmai_telemetry::label::Stage;
use wenmai_text::terms;

/// Characters of the body that stand in for a missing title.
const TITLE_CHARS: usize = 60;
/// The field of a request that names the least probability.
const MIN_PROBABILITY: &str = "min_probability";
const NO_RANKER: &str = "needs the hybrid mode and a learned ranker; here nothing is probable";

/// The article asked about, read or embedded.
struct Source {
    article: Article,
    embedding: Option<Embedding>,
    /// The terms of the whole text.
    terms: TermVector,
    /// The group of reprints that it belongs to, or would join.
    group: Option<GroupId>,
    is_stored: bool,
    /// The time spent on embedding it and cutting it into terms.
    embed: Duration,
}

impl Engine {
    /// Finds coverage related to an article, the article itself left out.
    ///
    /// In the hybrid mode the ranker orders, and says how probably and why each hit is related. In
    /// the others one leg orders: the article's embedding, or its headline's terms.
    ///
    /// # Errors
    /// [`Error::ArticleNotFound`]; [`Error::Invalid`] for a given article without title and body,
    /// an offset past what one answer can reach, or a least probability that nothing here can
    /// promise; [`Error::TextTooLong`]; [`Error::Embed`]; [`Error::Store`].
    pub async fn related(&self, related: Related) -> Result<Answer, Error> {
        let Related { target, filter, mode, min_probability, collapse, offset, limit } = related;
        check_probability(min_probability, mode)?;
        let filter = self.keyed(filter).await?;
        let started = Instant::now();
        let source = self.metrics().stage(Stage::Question, self.source(target, mode)).await?;
        if min_probability > 0.0 {
            self.can_tell_probability(source.script()).await?;
        }
        let store = started.elapsed().saturating_sub(source.embed);
        let spent = TimeSpent { started, embed: source.embed, store };
        let question = Question {
            field: "target",
            embedding: source.embedding.clone(),
            script: source.script(),
            terms: self.analyzer.terms(&question_text(&source.article.record)),
            source: Some(source.article.id),
            group: source.group,
            day: source.article.record.date(),
            entities: source.article.entities.clone(),
        };
        let request = PageRequest { filter, mode, collapse, offset, limit };
        let (mut answer, found_count) = if mode == Mode::Hybrid {
            self.ranked(question, &source, &request, (spent, min_probability)).await?
        } else {
            let filter = request.filter.clone();
            let answer = self.answer(question, PageRequest { filter, ..request }, spent).await?;
            (answer, 0)
        };
        if answer.hits.is_empty() {
            let own = source.is_stored.then_some(source.article.id);
            answer.empty = Some(self.why_empty(&request.filter, own, (offset, found_count)).await?);
        }
        Ok(answer)
    }

    /// The features of all candidates for a stored article, as the ranker gets them.
    ///
    /// # Errors
    /// [`Error::ArticleNotFound`]; [`Error::Store`].
    pub async fn features(&self, id: ArticleId) -> Result<Vec<(ArticleId, Features)>, Error> {
        let source = self.source(Target::Stored(id), Mode::Hybrid).await?;
        let asked = self.analyzer.terms(&question_text(&source.article.record));
        let subject = self.subject(&source, terms::query(&asked));
        let compared = self.compared(&subject, &Filter::default()).await?;
        Ok(compared.into_iter().map(|Compared { id, features, .. }| (id, features)).collect())
    }

    /// The answer of the ranker, and how many candidates there were before those of too low a
    /// probability were left out.
    async fn ranked(
        &self,
        question: Question,
        source: &Source,
        request: &PageRequest,
        (spent, min_probability): (TimeSpent, f32),
    ) -> Result<(Answer, usize), Error> {
        answer::check(&question, request)?;
        let store_started = Instant::now();
        let hybrid = self.hybrid(&question, source, request);
        let mut ordered = self.metrics().stage(Stage::Rank, hybrid).await?;
        let found_count = ordered.len();
        let likely = |ranked: &Ranked| {
            ranked.judged.is_none_or(|judged| judged.judgement.related >= min_probability)
        };
        if request.collapse {
            let mut folded = Folded::default();
            let mut found = found_count;
            loop {
                ordered.retain(likely);
                self.fold_into(&mut folded, ordered, request.reach()).await?;
                let Some(filter) =
                    folded.wider(&request.filter, request.reach(), (found, LEG_DEPTH))
                else {
                    break;
                };
                // Copies of a few texts filled the legs: what they hide comes after them.
                ordered =
                    self.hybrid(&question, source, &PageRequest { filter, ..*request }).await?;
                found = ordered.len();
            }
            ordered = folded.kept;
        } else {
            ordered.retain(likely);
        }
        let shown = self.show(question, ordered, request, (spent, store_started));
        let mut answer = self.metrics().stage(Stage::Show, shown).await?;
        self.name_versions(&source.article, &mut answer.hits).await?;
        answer.ranker = self.ranker_in_use(source.script()).await?;
        Ok((answer, found_count))
    }

    /// All candidates in the order of the ranker, best first.
    async fn hybrid(
        &self,
        question: &Question,
        source: &Source,
        request: &PageRequest,
    ) -> Result<Vec<Ranked>, Error> {
        match self.scorer(source.script()).await? {
            Some(scorer) => {
                let subject = self.subject(source, terms::query(&question.terms));
                self.judged(scorer, &subject, &request.filter).await
            }
            None => self.freshened(question, source, request).await,
        }
    }

    /// The order without learned weights: both legs fused, and articles of other times a little
    /// behind.
    async fn freshened(
        &self,
        question: &Question,
        source: &Source,
        request: &PageRequest,
    ) -> Result<Vec<Ranked>, Error> {
        let fused = self.candidates(question, request).await?;
        let ids: Vec<ArticleId> = fused.iter().map(|(id, _)| *id).collect();
        let own = self.facts_of(&source.article.record);
        let facts = self.facts(&ids).await?;
        let mut ranked: Vec<Ranked> = fused
            .into_iter()
            .zip(facts)
            .map(|((id, mut scores), facts)| {
                let day = facts.and_then(|facts| facts.day);
                scores.fused = freshened(scores.fused, own.day, day);
                Ranked { id, scores, judged: None }
            })
            .collect();
        ranked.sort_by(ranked::best_first);
        Ok(ranked)
    }

    fn subject(&self, source: &Source, title: TermVector) -> Subject {
        let script = source.script();
        let Source { article, embedding, terms, .. } = source;
        let facts: Facts = self.facts_of(&article.record);
        let (embedding, text) = (embedding.clone(), terms.clone());
        Subject { id: article.id, facts, script, embedding, title, text }
    }

    /// Reads the article asked about, or embeds it and cuts it into terms.
    async fn source(&self, target: Target, mode: Mode) -> Result<Source, Error> {
        let started = Instant::now();
        match target {
            Target::Stored(id) => {
                let found = self.store.fetch(&[id], Vectors::Yes).await?;
                let stored = found.into_iter().flatten().next();
                let stored = stored.ok_or(Error::ArticleNotFound { id })?;
                let group = Some(stored.membership.group);
                let (embedding, terms) = stored.vectors.unzip();
                // Texts are compared by their words; the units beside them are for searches.
                let (terms, article) = (terms.unwrap_or_default().words(), stored.article);
                let embed = Duration::ZERO;
                Ok(Source { article, embedding, terms, group, is_stored: true, embed })
            }
            Target::Given(record) => {
                input::sizes(&record)?;
                let embedding = match mode {
                    Mode::Lexical => None,
                    Mode::Dense | Mode::Hybrid => self.record_embedding(&record).await?,
                };
                let terms = self.analyzer.passage(&record.title, &record.body());
                let embed = started.elapsed();
                let group = self.group_if_any(&record).await?;
                let entities = self.extractor.of_record(&record);
                let article = Article { entities, ..Article::new(*record) };
                Ok(Source { article, embedding, terms, group, is_stored: false, embed })
            }
        }
    }

    /// The group that `record` would join; `None` for one without a text, as a title alone is
    /// enough to ask with.
    async fn group_if_any(&self, record: &Record) -> Result<Option<GroupId>, Error> {
        if Plain::of(record).char_count() == 0 {
            return Ok(None);
        }
        self.group_of(record).await
    }

    /// Checks that a learned ranker judges what is related to an article in `script`.
    async fn can_tell_probability(&self, script: Script) -> Result<(), Error> {
        if self.scorer(script).await?.is_some() {
            return Ok(());
        }
        let why = match self.calibrated().await? {
            Calibrated::Fitted(made) if made.fit(script).scale().is_none() => {
                format!("is not known with this model: {}", made.fit(script).off_because)
            }
            Calibrated::Native | Calibrated::Fitted(_) => NO_RANKER.to_owned(),
        };
        Err(Error::invalid(MIN_PROBABILITY, why))
    }

    /// Why nothing was found for an article whose id is `own` if it is stored, though `found_count`
    /// candidates were; the answer started at hit `offset`.
    async fn why_empty(
        &self,
        filter: &Filter,
        own: Option<ArticleId>,
        (offset, found_count): (usize, usize),
    ) -> Result<Empty, Error> {
        if offset > 0 {
            return Ok(Empty::End);
        }
        if found_count > 0 {
            return Ok(Empty::Improbable);
        }
        let own_count = u64::from(own.is_some());
        if self.store.count(&Filter::default()).await? <= own_count {
            return Ok(Empty::NothingStored);
        }
        // The article itself may be the only one that passes.
        if !filter.is_all() && self.store.count(filter).await? <= own_count {
            return Ok(Empty::Filtered);
        }
        Ok(Empty::NothingShared)
    }

    /// The embedding of a given article; `None` for one that only the lexical leg can read.
    async fn record_embedding(&self, record: &Record) -> Result<Option<Embedding>, Error> {
        let texts = EmbedTexts::of(record).texts;
        let parts = self.embed.embed(texts, Purpose::Passage, Lane::Query).await?;
        match input::joined(parts) {
            Ok(embedding) => Ok(Some(embedding)),
            Err(embed::Error::Empty | embed::Error::NoDirection) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl Source {
    fn script(&self) -> Script {
        Script::of(&question_text(&self.article.record))
    }
}

/// Checks a least probability as far as the request alone tells.
fn check_probability(min_probability: f32, mode: Mode) -> Result<(), Error> {
    if !(0.0..=1.0).contains(&min_probability) {
        return Err(Error::invalid(MIN_PROBABILITY, "is a probability from 0 to 1"));
    }
    if min_probability > 0.0 && mode != Mode::Hybrid {
        return Err(Error::invalid(MIN_PROBABILITY, NO_RANKER));
    }
    Ok(())
}

/// The title, or the start of the body where there is none.
fn question_text(record: &Record) -> String {
    let title = record.title.trim();
    if title.is_empty() {
        record.body().trim().chars().take(TITLE_CHARS).collect()
    } else {
        title.to_owned()
    }
}
