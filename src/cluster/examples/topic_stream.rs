//! Streams dumped articles (`topic_items` of `wenmai-eval`) through the clusterer: agreement with their labels
//! where they have any, and how far stories drift.
//!
//! `topic_stream ITEMS WEIGHTS-OR-FOLDS [PLACEMENTS]`

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "an example for developers")]
#![allow(clippy::all, clippy::pedantic, clippy::restriction)]

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::io::BufRead as _;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Instant;

use wenmai_cluster::topic::*;
use wenmai_domain::embedding::Embedding;
use wenmai_domain::id::ArticleId;
use wenmai_domain::terms::TermVector;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::Placement;
use wenmai_domain::topic::TopicId;

#[derive(serde::Deserialize)]
struct Row {
    id: uuid::Uuid,
    arrival: u64,
    at: i64,
    title: String,
    embedding: Vec<f32>,
    title_terms: Vec<(u32, f32)>,
    text_terms: Vec<(u32, f32)>,
    keys: Vec<String>,
    original: Option<uuid::Uuid>,
    story: Option<usize>,
    event: Option<usize>,
    fold: usize,
}

fn b3(found: &[usize], labels: &[usize]) -> (f64, f64, f64) {
    let mut cells: BTreeMap<(usize, usize), f64> = BTreeMap::new();
    let (mut f, mut l): (BTreeMap<usize, f64>, BTreeMap<usize, f64>) = Default::default();
    for (a, b) in found.iter().zip(labels) {
        *cells.entry((*a, *b)).or_default() += 1.0;
        *f.entry(*a).or_default() += 1.0;
        *l.entry(*b).or_default() += 1.0;
    }
    let n = found.len() as f64;
    let p = cells.iter().map(|((a, _), c)| c * c / f[a]).sum::<f64>() / n;
    let r = cells.iter().map(|((_, b), c)| c * c / l[b]).sum::<f64>() / n;
    (p, r, 2.0 * p * r / (p + r).max(1e-9))
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let mut lines = std::io::BufReader::new(std::fs::File::open(&args[0]).unwrap()).lines();
    let rare: Vec<(u32, f32)> = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    let counts = rare.into_iter().map(|(t, r)| {
        let x = (r as f64).exp() - 1.0;
        (t, ((1000.5 - 0.5 * x) / (x + 1.0)).round().max(0.0) as u32)
    });
    let background = Arc::new(Background::new(1000, counts));
    let rows: Vec<Row> = lines.map(|l| serde_json::from_str(&l.unwrap()).unwrap()).collect();
    let json = std::fs::read_to_string(&args[1]).unwrap();
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let all: Vec<serde_json::Value> = match value {
        serde_json::Value::Array(all) => all,
        one => vec![one],
    };
    let folds: Vec<Arc<Weights>> = all
        .iter()
        .map(|one| {
            Arc::new(
                Weights::parse(&one.to_string()).unwrap().with_background(Arc::clone(&background)),
            )
        })
        .collect();
    let mut features = std::env::var("FEATURES")
        .ok()
        .map(|path| std::io::BufWriter::new(std::fs::File::create(path).unwrap()));
    let limit: usize = std::env::var("LIMIT").ok().and_then(|l| l.parse().ok()).unwrap_or(usize::MAX);
    let started = Instant::now();
    let mut clusterer = Clusterer::new(Arc::clone(&folds[0]));
    let mut placed: BTreeMap<ArticleId, Placement> = BTreeMap::new();
    let mut members: BTreeMap<TopicId, BTreeSet<ArticleId>> = BTreeMap::new();
    let unknown: BTreeSet<(usize, usize)> = std::env::var("UNKNOWN")
        .ok()
        .map(|path| serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
        .unwrap_or_default();
    let labels: BTreeMap<ArticleId, (Option<usize>, Option<usize>, usize)> =
        rows.iter().map(|r| (ArticleId::from(r.id), (r.story, r.event, r.fold))).collect();
    if let Some(out) = &mut features {
        let [pair, candidate, merge] = feature_names();
        writeln!(out, "{}", serde_json::json!({"pair": pair, "candidate": candidate, "merge": merge})).unwrap();
    }
    let (mut merges, mut splits) = (0, 0);
    let mut times = Vec::new();
    let rows: Vec<Row> = rows.into_iter().take(limit).collect();
    for (at, row) in rows.iter().enumerate() {
        clusterer.weigh_with(Arc::clone(&folds[row.fold % folds.len()]));
        let item = Item {
            id: ArticleId::from(row.id),
            arrival: row.arrival,
            at: row.at,
            title: row.title.clone(),
            embedding: Embedding::normalize(row.embedding.clone()).unwrap(),
            title_terms: TermVector::from_weights(row.title_terms.clone()),
            text_terms: TermVector::from_weights(row.text_terms.clone()),
            keys: row.keys.clone(),
            original: row.original.map(ArticleId::from),
        };
        let began = Instant::now();
        let decision = if let Some(out) = &mut features {
            let of = |level: Level, l: &(Option<usize>, Option<usize>, usize)| match level {
                Level::Story => l.0,
                Level::Event => l.1,
            };
            let own = labels[&item.id];
            clusterer.assign_seen(item, &mut |seen| {
                let share = |topic: &TopicId, level: Level, label: usize| {
                    let all: Vec<usize> = members.get(topic)?.iter().filter_map(|id| of(level, &labels[id])).filter(|l| level == Level::Event || *l == label || !unknown.contains(&(*l, label))).collect();
                    (!all.is_empty()).then(|| (all.iter().filter(|l| **l == label).count() as f64 / all.len() as f64, all.len()))
                };
                let line = match seen {
                    Seen::Pair { level, other, features } => (|| {
                        if at % 8 != 0 { return None; }
                        let other = labels[&other];
                        let (a, b) = (of(level, &own)?, of(level, &other)?);
                        if level == Level::Story && a != b && unknown.contains(&(a, b)) { return None; }
                        let same = a == b;
                        Some(serde_json::json!({"what":"pair","level":level.name(),"fold":own.2,"other_fold":other.2,"purity":f64::from(u8::from(same)),"size":1,"x":features}))
                    })(),
                    Seen::Candidate { level, topic, features } => (|| {
                        let (p, n) = share(&topic, level, of(level, &own)?)?;
                        Some(serde_json::json!({"what":"candidate","level":level.name(),"fold":own.2,"other_fold":own.2,"purity":p,"size":n,"x":features}))
                    })(),
                    Seen::Stories { one, other, features } => (|| {
                        let (mut same, mut all) = (0.0, 0.0);
                        let count = |topic: &TopicId| {
                            let mut counts: BTreeMap<usize, f64> = BTreeMap::new();
                            for id in members.get(topic).into_iter().flatten() { if let Some(l) = labels[id].0 { *counts.entry(l).or_default() += 1.0; } }
                            counts
                        };
                        let (a, b) = (count(&one), count(&other));
                        for (l, n) in &a { for (k, m) in &b {
                            if l == k { same += n * m; all += n * m; } else if !unknown.contains(&(*l, *k)) { all += n * m; }
                        } }
                        if all == 0.0 { return None; }
                        let small = a.values().sum::<f64>().min(b.values().sum::<f64>());
                        Some(serde_json::json!({"what":"merge","level":"story","fold":own.2,"other_fold":own.2,"purity":same/all,"size":small,"x":features}))
                    })(),
                };
                if let Some(line) = line { writeln!(out, "{line}").unwrap(); }
            })
        } else {
            clusterer.assign(item)
        };
        times.push(began.elapsed().as_micros());
        placed.insert(decision.article, decision.placement);
        for topic in [decision.placement.story, decision.placement.event] {
            members.entry(topic).or_default().insert(decision.article);
        }
        for repair in &decision.repairs {
            let (level, to, moved) = match repair {
                Repair::Merged { level, kept, gone, .. } => {
                    merges += 1;
                    (*level, *kept, members.remove(gone).unwrap_or_default().into_iter().collect::<Vec<_>>())
                }
                Repair::Split { level, from, new, members: gone } => {
                    splits += 1;
                    for id in gone { members.get_mut(from).unwrap().remove(id); }
                    (*level, *new, gone.clone())
                }
            };
            for id in &moved {
                let p = placed.get_mut(id).unwrap();
                match level {
                    Level::Story => p.story = to,
                    Level::Event => p.event = to,
                }
            }
            members.entry(to).or_default().extend(moved);
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    times.sort_unstable();
    // Copies follow what their originals became.
    let original: BTreeMap<ArticleId, ArticleId> = rows
        .iter()
        .filter_map(|r| Some((ArticleId::from(r.id), ArticleId::from(r.original?))))
        .collect();
    let number = |level: Level| -> Vec<usize> {
        let mut names: BTreeMap<TopicId, usize> = BTreeMap::new();
        rows.iter()
            .map(|r| {
                let n = names.len();
                *names.entry(placed[&ArticleId::from(r.id)].at(level)).or_insert(n)
            })
            .collect()
    };
    let _ = original;
    let (stories, events) = (number(Level::Story), number(Level::Event));
    let labelled: Vec<usize> = (0..rows.len()).filter(|i| rows[*i].story.is_some()).collect();
    let (sp, sr, sf) = b3(&labelled.iter().map(|i| stories[*i]).collect::<Vec<_>>(), &labelled.iter().map(|i| rows[*i].story.unwrap()).collect::<Vec<_>>());
    let (e, el): (Vec<usize>, Vec<usize>) =
        rows.iter().zip(&events).filter_map(|(r, e)| Some((*e, r.event?))).unzip();
    let (ep, er, ef) = b3(&e, &el);
    println!("story P {sp:.4} R {sr:.4} F {sf:.4} | event P {ep:.4} R {er:.4} F {ef:.4} | stories {} events {} merges {merges} splits {splits} | {:.0}/s p50 {} p99 {} µs",
        stories.iter().collect::<BTreeSet<_>>().len(), events.iter().collect::<BTreeSet<_>>().len(),
        rows.len() as f64 / seconds, times[times.len() / 2], times[times.len() * 99 / 100]);
    for fold in 0..5 {
        let at: Vec<usize> = labelled.iter().copied().filter(|i| rows[*i].fold % 5 == fold).collect();
        if at.is_empty() { continue; }
        let (p, r, f) = b3(&at.iter().map(|i| stories[*i]).collect::<Vec<_>>(), &at.iter().map(|i| rows[*i].story.unwrap()).collect::<Vec<_>>());
        print!("  fold {fold}: {p:.3}/{r:.3}/{f:.3}");
    }
    println!();
    drift(&rows, &stories, &events);
    if let Some(path) = args.get(2) {
        let mut out = std::io::BufWriter::new(std::fs::File::create(path).unwrap());
        for ((r, s), e) in rows.iter().zip(&stories).zip(&events) {
            writeln!(out, "{}", serde_json::json!({"id": r.id, "at": r.at, "title": r.title, "story": s, "event": e, "label": r.story, "elabel": r.event})).unwrap();
        }
    }
}

/// As `src/eval/topics/drift.rs`.
fn drift(rows: &[Row], stories: &[usize], events: &[usize]) {
    let mut names: BTreeMap<&str, u32> = BTreeMap::new();
    let mut counts: BTreeMap<(bool, u32), usize> = BTreeMap::new();
    let mut all: Vec<BTreeSet<(bool, u32)>> = Vec::new();
    for row in rows {
        let mut own = BTreeSet::new();
        for key in row.keys.iter().filter(|k| !k.starts_with("数:")) {
            let n = names.len() as u32;
            own.insert((true, *names.entry(key).or_insert(n)));
        }
        own.extend(row.title_terms.iter().map(|(t, _)| (false, *t)));
        for a in &own { *counts.entry(*a).or_default() += 1; }
        all.push(own);
    }
    for own in &mut all {
        own.retain(|a| counts[a] * (if a.0 { 50 } else { 100 }) <= rows.len().max(2 * if a.0 { 50 } else { 100 }));
    }
    let mut by: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut ev: BTreeMap<usize, usize> = BTreeMap::new();
    for (i, (s, e)) in stories.iter().zip(events).enumerate() {
        by.entry(*s).or_default().push(i);
        *ev.entry(*e).or_default() += 1;
    }
    let (mut un, mut counted, mut alone) = (0.0, 0, 0);
    let mut large = Vec::new();
    for m in by.values().filter(|m| m.len() > 1) {
        let step = m.len().div_ceil(40);
        let some: Vec<&BTreeSet<(bool, u32)>> = m.iter().step_by(step).map(|i| &all[*i]).collect();
        let (mut pairs, mut without) = (0, 0);
        for (i, a) in some.iter().enumerate() {
            for b in &some[i + 1..] { pairs += 1; without += usize::from(a.is_disjoint(b)); }
        }
        let share = without as f64 / pairs as f64;
        un += share * m.len() as f64;
        counted += m.len();
        alone += m.iter().filter(|i| ev[&events[**i]] == 1).count();
        let months = (rows[*m.last().unwrap()].at - rows[m[0]].at) / (30 * 86400) + 1;
        let es = m.iter().map(|i| events[*i]).collect::<BTreeSet<_>>().len();
        large.push((m.len(), es, months, share));
    }
    large.sort_by(|a, b| b.0.cmp(&a.0));
    let spread: f64 = large.iter().take(10).map(|l| (l.1 as i64 * l.2) as f64).sum::<f64>() / 10.0;
    println!("drift: unanchored {:.4} spread {spread:.0} alone {:.4} in-several {counted} largest {:?}", un / counted as f64, alone as f64 / counted as f64, large.iter().take(10).map(|l| (l.0, l.1, l.2, (l.3 * 100.0).round())).collect::<Vec<_>>());
}
