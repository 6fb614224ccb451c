//! What was sent to a server that is killed again and again, and what must be there afterwards.

use std::collections::BTreeMap;
use std::path::Path;

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use wenmai::domain::filter::Filter;
use wenmai::domain::id::ArticleId;
use wenmai::domain::limit::Limit;
use wenmai::proto::wire;
use wenmai::store::Store;
use wenmai::store::Stored;
use wenmai::store::Vectors;

use crate::support;

const PAPERS: [&str; 3] = ["清河日报", "青山晚报", "河湾新报"];
const SECTIONS: [&str; 3] = ["民生", "要闻", ""];

/// What may be stored of one article: a revision, or nothing.
type State = Option<u32>;

/// Everything sent, and which states of each article the service may show.
#[derive(Default)]
pub struct Ledger {
    /// The first is the last acknowledged; behind it what was sent since and not acknowledged.
    states: Vec<Vec<State>>,
    /// What happened to each article, for the message of a failure.
    history: BTreeMap<usize, Vec<String>>,
    pub acknowledged: u64,
}

impl Ledger {
    fn note(&mut self, number: usize, event: String) {
        self.history.entry(number).or_default().push(event);
    }

    /// The next item to send: a new article, or a new revision of one that is not on its way.
    pub fn draw(&mut self, rng: &mut ChaCha8Rng) -> wire::IngestArticlesRequest {
        let settled = |at: &usize| self.states[*at].len() == 1;
        let old = (rng.random_range(0..10) < 3 && !self.states.is_empty())
            .then(|| rng.random_range(0..self.states.len()))
            .filter(settled);
        let number = old.unwrap_or(self.states.len());
        if number == self.states.len() {
            self.states.push(vec![None]);
        }
        let revision = self.states[number][0].map_or(1, |revision| revision + 1);
        self.states[number].push(Some(revision));
        self.note(number, format!("sent {revision}"));
        let item_id = format!("{number} {revision}");
        wire::IngestArticlesRequest { item_id, article: Some(article(number, revision)) }
    }

    /// An article that is stored and not on its way, if the first look finds one.
    pub fn settled(&self, rng: &mut ChaCha8Rng) -> Option<usize> {
        let number = rng.random_range(0..self.states.len().max(1));
        self.states.get(number).filter(|states| matches!(states[..], [Some(_)]))?;
        Some(number)
    }

    /// Notes that a deletion of `number` is on its way.
    pub fn deleting(&mut self, number: usize) {
        self.states[number].push(None);
        self.note(number, "asked to delete".to_owned());
    }

    /// Notes that the service said that the article is gone.
    pub fn deleted(&mut self, number: usize) {
        self.states[number] = vec![None];
        self.note(number, "deleted".to_owned());
        self.acknowledged += 1;
    }

    /// Notes an answer to an item of [`Ledger::draw`].
    pub fn answered(&mut self, answer: &wire::IngestArticlesResponse) {
        let outcome = answer.outcome.as_ref().unwrap();
        assert!(
            matches!(outcome, wire::ingest_articles_response::Outcome::Ingested(_)),
            "{outcome:?}"
        );
        let (number, revision) = answer.item_id.split_once(' ').unwrap();
        let number: usize = number.parse().unwrap();
        self.states[number] = vec![Some(revision.parse().unwrap())];
        self.note(number, format!("{outcome:?}"));
        self.acknowledged += 1;
    }

    /// Compares with what is stored, and takes over what was found where two states were possible.
    fn settle(&mut self, found: &BTreeMap<usize, u32>) {
        assert!(found.keys().all(|number| *number < self.states.len()), "an article nobody sent");
        let mut wrong = Vec::new();
        for (number, states) in self.states.iter_mut().enumerate() {
            let state = found.get(&number).copied();
            if !states.contains(&state) {
                let history = self.history.get(&number);
                wrong.push(format!("{number} is {state:?}, allowed {states:?}: {history:?}"));
            }
            *states = vec![state];
        }
        assert!(wrong.is_empty(), "{} articles:\n{}", wrong.len(), wrong.join("\n"));
        for number in found.keys() {
            self.note(*number, "found after a kill".to_owned());
        }
    }

    /// Opens the store in `data` and checks every invariant; articles stored.
    pub async fn check(&mut self, data: &Path) -> usize {
        let store = support::store_at(data, &support::bundled_make()).unwrap();
        let points = everything(&store, &Filter::default()).await;
        assert_eq!(store.count(&Filter::default()).await.unwrap(), points.len() as u64);
        let mut found = BTreeMap::new();
        for point in &points {
            let record = &point.article.record;
            let number: usize = record.source_id.parse().unwrap();
            let revision = record.title.rsplit(' ').next().unwrap().parse().unwrap();
            let sent = article(number, revision);
            assert_eq!(record.title, sent.title, "a title nobody sent");
            assert_eq!(record.paragraphs, sent.paragraphs, "a body of another revision");
            assert!(found.insert(number, revision).is_none(), "article {number} is there twice");
        }
        self.settle(&found);
        vectors_are_sound(&store, &points).await;
        filters_agree_with_a_scan(&store, &points).await;
        store.close().await.unwrap();
        points.len()
    }
}

/// Article `number` in its `revision`th form; fictional.
pub fn article(number: usize, revision: u32) -> wire::ArticleRecord {
    let day = i64::try_from(number % 28).unwrap() + 1;
    let title = format!("清河第{number}号通报 {revision}");
    let body =
        format!("清河县第{number}号通报说，水位第{revision}次更新，两岸{number}户居民已经转移。");
    wire::ArticleRecord {
        paper: PAPERS[number % 3].into(),
        section: SECTIONS[(number + revision as usize) % 3].into(),
        source: "故障试验".into(),
        source_id: number.to_string(),
        page_no: u32::try_from(number % 5).unwrap(),
        paragraphs: vec![body, "记者将继续关注。".into()],
        ..support::record(&title, "", day)
    }
}

async fn everything(store: &Store, filter: &Filter) -> Vec<Stored> {
    let mut points = Vec::new();
    let mut from = None;
    loop {
        let page = store.list(filter, from, Limit::MOST).await.unwrap();
        points.extend(page.points);
        from = page.next;
        if from.is_none() {
            return points;
        }
    }
}

/// Every article has an embedding of finite numbers and length 1, and finds itself.
async fn vectors_are_sound(store: &Store, points: &[Stored]) {
    let ids: Vec<ArticleId> = points.iter().map(|point| point.article.id).collect();
    for ids in ids.chunks(500) {
        for point in store.fetch(ids, Vectors::Yes).await.unwrap() {
            let (embedding, terms) = point.unwrap().vectors.unwrap();
            let squares: f32 = embedding.values().iter().map(|value| value * value).sum();
            assert!((squares - 1.0).abs() < 1e-3, "an embedding of length² {squares}");
            assert!(terms.values().iter().all(|weight| weight.is_finite()));
            assert!(!terms.is_empty(), "an article without terms");
        }
    }
    let Some(first) = ids.first() else { return };
    let one = store.fetch(&[*first], Vectors::Yes).await.unwrap().remove(0).unwrap();
    let (embedding, _) = one.vectors.unwrap();
    let hits = store.nearest(&embedding, &Filter::default(), Limit::new(10).unwrap()).await;
    let hits = hits.unwrap();
    assert!(hits[0].score > 0.999, "an article is not similar to itself: {hits:?}");
}

async fn filters_agree_with_a_scan(store: &Store, points: &[Stored]) {
    let texts = [
        "paper = \"清河日报\"",
        "section = \"民生\" OR section = \"\"",
        "date >= 2025-03-14 AND page_no <= 3",
        "NOT (paper = \"青山晚报\" AND page_no >= 2)",
        "source = \"故障试验\" AND kind = news",
        "place = \"清河县\"",
        "original = true",
    ];
    for text in texts {
        let filter = Filter::parse(text).unwrap();
        let listed = everything(store, &filter).await;
        let scanned: Vec<_> = points
            .iter()
            .filter(|point| filter.matches(&point.article, point.membership))
            .map(|point| point.article.id)
            .collect();
        let listed: Vec<_> = listed.iter().map(|point| point.article.id).collect();
        assert_eq!(listed, scanned, "{text}");
        assert_eq!(store.count(&filter).await.unwrap(), scanned.len() as u64, "{text}");
    }
}
