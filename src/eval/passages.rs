//! `wenmai eval passages`: whether a passage deep in a long article is found, and whether an index
//! of windows would find more.
//!
//! From each long article a rare sentence is chosen that begins after a given number of characters.
//! It is asked in three ways: as it is, as every second of its terms, and as its three rarest
//! terms. Every article that contains the sentence is a correct answer. The engine is compared with
//! embeddings of windows over the whole bodies, which are searched exactly: the best that an index
//! of windows could do. The windows are not stored.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::time::Instant;

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

use crate::Progress;
use crate::index;
use crate::index::IngestReport;
use crate::metrics;
use wenmai_domain::article::Article;
use wenmai_domain::article::Record;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::filter::Filter;
use wenmai_domain::hit::Mode;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_embed::Purpose;
use wenmai_engine::EMBED_TEXTS_MAX;
use wenmai_engine::Engine;
use wenmai_engine::Error;
use wenmai_engine::Search;
use wenmai_rank::fuse::Scored;
use wenmai_rank::search::Found;
use wenmai_rank::search::order;
use wenmai_text::sentence::sentences;
use wenmai_text::terms::Analyzer;

/// The number of answers that count.
const DEPTH: usize = 10;
/// The number of candidates taken from each leg.
const LEG: u32 = 200;
/// The number of characters of a sentence that may be asked.
const SENTENCE_CHARS: std::ops::RangeInclusive<usize> = 15..=80;
/// The least number of different terms in such a sentence.
const TERMS_MIN: usize = 6;

/// The settings of a measurement.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many sentences to draw.
    pub question_count: usize,
    /// The character of the body after which a sentence must begin.
    pub deep_chars: usize,
    /// The number of characters in a window.
    pub window_chars: usize,
    /// The seed of the draw.
    pub seed: u64,
}

/// The result of the measurement.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The index version of the engine.
    pub index_version: String,
    /// How many articles were indexed.
    pub article_count: usize,
    /// How many articles have a sentence that could be drawn.
    pub long_count: usize,
    /// How many sentences were drawn.
    pub question_count: usize,
    /// The seed of the draw.
    pub seed: u64,
    /// One entry for each way of asking.
    pub forms: Vec<FormReport>,
    /// How many windows there are over all bodies.
    pub window_count: usize,
    /// The size of their embeddings in bytes, with four bytes for each number.
    pub window_bytes: usize,
    /// The seconds that it took to embed them.
    pub window_embed_s: f64,
    /// The median time to compare one question with all of them, in milliseconds.
    pub window_scan_p50_ms: f64,
    /// The time spent on indexing the articles.
    pub ingest: IngestReport,
}

/// The figures for one way of asking.
#[derive(Debug, Clone, Serialize)]
pub struct FormReport {
    /// `sentence`, `half` or `rare`.
    pub form: &'static str,
    /// For each system the share of questions with a correct article among the first 10, in the
    /// order lexical, dense, hybrid, windows, hybrid with windows.
    pub recall_10: Vec<(&'static str, f64)>,
}

/// A sentence, and the articles that contain it.
struct Question {
    /// The question in each way of asking, in the order of [`FORMS`].
    texts: [String; 3],
    right: BTreeSet<ArticleId>,
}

const FORMS: [&str; 3] = ["sentence", "half", "rare"];
const SYSTEMS: [&str; 5] = ["lexical", "dense", "hybrid", "windows", "hybrid + windows"];

/// The embeddings of windows, with the article of each.
type Windows = Vec<(ArticleId, Embedding)>;

/// Indexes `articles`, draws sentences, asks for them and measures the answers.
///
/// # Errors
/// Any error of the engine. A refused article is left out.
pub async fn run(
    engine: &Engine,
    articles: Vec<Record>,
    options: &Options,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Report, Error> {
    let analyzer = engine.analyzer();
    let corpus: BTreeMap<ArticleId, Record> =
        articles.iter().map(|record| (Article::new(record.clone()).id, record.clone())).collect();
    let articles = articles.into_iter().map(|record| (record, ())).collect();
    let indexed = index::index(engine, articles, progress).await?;
    let (questions, long_count) = draw(&corpus, analyzer, options);
    let started = Instant::now();
    let windows = embed_windows(engine, &corpus, options.window_chars, progress).await?;
    let window_embed_s = started.elapsed().as_secs_f64();
    let mut scan_ms = Vec::new();
    let mut forms = Vec::new();
    for (place, form) in FORMS.into_iter().enumerate() {
        let mut right = [0_u32; SYSTEMS.len()];
        for (at, question) in questions.iter().enumerate() {
            let Some(text) = question.texts.get(place) else { continue };
            let answers = ask(engine, text, &windows, &mut scan_ms).await?;
            for (count, answer) in right.iter_mut().zip(answers) {
                *count += u32::from(answer.iter().any(|id| question.right.contains(id)));
            }
            progress(Progress::Query(Mode::Hybrid, at + 1, questions.len()));
        }
        let total = f64::from(u32::try_from(questions.len()).unwrap_or(u32::MAX)).max(1.0);
        let recall = SYSTEMS.into_iter().zip(right.map(|count| f64::from(count) / total));
        forms.push(FormReport { form, recall_10: recall.collect() });
    }
    let dim = windows.first().map_or(0, |(_, embedding)| embedding.dim());
    Ok(Report {
        index_version: engine.info().await?.index_version,
        article_count: indexed.labels.len(),
        long_count,
        question_count: questions.len(),
        seed: options.seed,
        forms,
        window_count: windows.len(),
        window_bytes: windows.len() * dim * size_of::<f32>(),
        window_embed_s,
        window_scan_p50_ms: metrics::quantile(&scan_ms, 0.5).unwrap_or(0.0),
        ingest: indexed.took,
    })
}

/// Draws questions, and returns how many articles have a sentence that could be drawn.
fn draw(
    corpus: &BTreeMap<ArticleId, Record>,
    analyzer: &Analyzer,
    options: &Options,
) -> (Vec<Question>, usize) {
    let mut holders = HashMap::<String, u32>::new();
    let mut owners = HashMap::<String, BTreeSet<ArticleId>>::new();
    for (id, record) in corpus {
        let body = record.body();
        let terms = analyzer.terms(&body).into_iter().map(|term| term.text);
        for term in terms.collect::<BTreeSet<_>>() {
            *holders.entry(term).or_default() += 1;
        }
        for span in sentences(&body) {
            let sentence = span.of(&body).unwrap_or_default().to_owned();
            owners.entry(sentence).or_default().insert(*id);
        }
    }
    let rarity = |term: &str| 1.0 / f64::from(holders.get(term).copied().unwrap_or(1));
    let mut found = Vec::new();
    for record in corpus.values() {
        let body = record.body();
        let Some(deep) = body.char_indices().nth(options.deep_chars).map(|(at, _)| at) else {
            continue;
        };
        let spans = sentences(&body).into_iter().filter(|span| span.start >= deep);
        let texts = spans.filter_map(|span| span.of(&body));
        let candidates = texts.filter_map(|text| question_of(text, analyzer, &rarity));
        let best = candidates.max_by(|left, right| left.0.total_cmp(&right.0));
        found.extend(best.map(|(_, text, texts)| {
            let right = owners.get(&text).cloned().unwrap_or_default();
            Question { texts, right }
        }));
    }
    let long_count = found.len();
    found.shuffle(&mut ChaCha8Rng::seed_from_u64(options.seed));
    found.truncate(options.question_count);
    (found, long_count)
}

/// The mean rarity of a sentence's terms, the sentence, and the ways to ask for it; `None` if it is
/// too short, too long or has too few terms.
fn question_of(
    text: &str,
    analyzer: &Analyzer,
    rarity: &impl Fn(&str) -> f64,
) -> Option<(f64, String, [String; 3])> {
    if !SENTENCE_CHARS.contains(&text.chars().count()) {
        return None;
    }
    let mut terms = Vec::new();
    for term in analyzer.terms(text) {
        if !terms.contains(&term.text) {
            terms.push(term.text);
        }
    }
    if terms.len() < TERMS_MIN {
        return None;
    }
    let rarities: Vec<f64> = terms.iter().map(|term| rarity(term)).collect();
    let mean = metrics::mean(&rarities)?;
    let half: Vec<&str> = terms.iter().step_by(2).map(String::as_str).collect();
    let mut rare: Vec<&str> = terms.iter().map(String::as_str).collect();
    rare.sort_by(|left, right| rarity(right).total_cmp(&rarity(left)));
    rare.truncate(3);
    // Quotation marks and hyphens have a meaning in a query, which those of the article must not
    // get.
    let plain = text.replace(['“', '”', '「', '」', '『', '』', '"', '-', '－'], " ");
    Some((mean, text.to_owned(), [plain, half.join(" "), rare.join(" ")]))
}

/// Embeds windows of whole sentences over every body.
async fn embed_windows(
    engine: &Engine,
    corpus: &BTreeMap<ArticleId, Record>,
    window_chars: usize,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Windows, Error> {
    let mut texts: Vec<(ArticleId, String)> = Vec::new();
    for (id, record) in corpus {
        texts.extend(windows(&record.body(), window_chars).into_iter().map(|text| (*id, text)));
    }
    let mut embedded = Vec::with_capacity(texts.len());
    for batch in texts.chunks(EMBED_TEXTS_MAX) {
        match embed_batch(engine, batch).await {
            Err(Error::Invalid(_)) => {
                // A window without a token that the model knows fails its batch, so the others are
                // embedded alone.
                for one in batch.chunks(1) {
                    match embed_batch(engine, one).await {
                        Err(Error::Invalid(_)) => {}
                        other => embedded.extend(other?),
                    }
                }
            }
            other => embedded.extend(other?),
        }
        progress(Progress::Embed(embedded.len(), texts.len()));
    }
    Ok(embedded)
}

async fn embed_batch(engine: &Engine, batch: &[(ArticleId, String)]) -> Result<Windows, Error> {
    let given = batch.iter().map(|(_, text)| text.clone()).collect();
    let results = engine.embed(given, Purpose::Passage).await?;
    let ids = batch.iter().map(|(id, _)| *id);
    Ok(ids.zip(results).map(|(id, one)| (id, one.embedding)).collect())
}

/// Divides a body into runs of whole sentences of at most about `window_chars` characters; runs
/// without a letter are left out.
fn windows(body: &str, window_chars: usize) -> Vec<String> {
    let mut windows: Vec<(usize, String)> = Vec::new();
    for span in sentences(body) {
        let sentence = span.of(body).unwrap_or_default();
        let length = sentence.chars().count();
        match windows.last_mut() {
            Some((count, window)) if *count + length <= window_chars => {
                window.push_str(sentence);
                *count += length;
            }
            _ => windows.push((length, sentence.to_owned())),
        }
    }
    let texts = windows.into_iter().map(|(_, window)| window);
    texts.filter(|window| window.chars().any(char::is_alphabetic)).collect()
}

/// The first answers of each system to `text`.
async fn ask(
    engine: &Engine,
    text: &str,
    windows: &Windows,
    scan_ms: &mut Vec<f64>,
) -> Result<[Vec<ArticleId>; SYSTEMS.len()], Error> {
    let lexical = leg(engine, text, Mode::Lexical).await?;
    let dense = leg(engine, text, Mode::Dense).await?;
    let question = engine.embed(vec![text.to_owned()], Purpose::Query).await?;
    let started = Instant::now();
    let mut near = HashMap::<ArticleId, f32>::new();
    if let Some(question) = question.first() {
        for (id, embedding) in windows {
            let similarity = embedding.similarity(&question.embedding);
            let best = near.entry(*id).or_insert(similarity);
            *best = best.max(similarity);
        }
    }
    scan_ms.push(started.elapsed().as_secs_f64() * 1e3);
    for (id, similarity) in &dense {
        let best = near.entry(*id).or_insert(*similarity);
        *best = best.max(*similarity);
    }
    let mut by_window: Vec<Scored> = near.into_iter().collect();
    let both = leg(engine, text, Mode::Hybrid).await?;
    let first = |found: &[Scored]| found.iter().take(DEPTH).map(|(id, _)| *id).collect();
    by_window.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
    by_window.truncate(LEG as usize);
    // These questions are taken from an article, so the best lexical score is about a full match.
    let found = Found { dense: &by_window, lexical: &lexical, ..Found::default() };
    let joined = order(Mode::Hybrid, found);
    let joined: Vec<Scored> = joined.into_iter().map(|(id, scores)| (id, scores.fused)).collect();
    Ok([first(&lexical), first(&dense), first(&both), first(&by_window), first(&joined)])
}

async fn leg(engine: &Engine, text: &str, mode: Mode) -> Result<Vec<Scored>, Error> {
    let limit = Limit::new(LEG).unwrap_or(Limit::MOST);
    let (text, filter) = (text.to_owned(), Filter::default());
    let search = Search { text, filter, mode, collapse: false, offset: 0, limit };
    let answer = match engine.search(search).await {
        Ok(answer) => answer,
        Err(Error::Invalid(_)) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    Ok(answer.hits.into_iter().map(|hit| (hit.article.id, hit.scores.fused)).collect())
}

#[cfg(test)]
mod tests {
    use super::windows;

    #[test]
    fn windows_are_whole_sentences_up_to_a_length() {
        assert_eq!(windows("甲甲。乙乙。丙丙。", 6), ["甲甲。乙乙。", "丙丙。"]);
        assert_eq!(windows("很长的一句话。短。", 3), ["很长的一句话。", "短。"]);
        assert!(windows("……", 3).is_empty());
    }
}
