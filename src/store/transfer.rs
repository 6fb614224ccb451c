//! An index as it is, moved from one store into another: vectors and payloads to the bit, without a
//! model.
//!
//! Points go over in order of id, in batches. Of each batch the target is asked first what it has, and
//! only what differs is written: a move that was cut off goes on where it was, and one that is done
//! writes nothing. At the end both sides are counted and summed.

#[cfg(test)]
pub mod tests;

use std::collections::BTreeMap;
use std::collections::HashMap;

use serde_json::Value;
use sha2::Digest as _;
use sha2::Sha256;
use uuid::Uuid;

use crate::Config;
use crate::Error;
use crate::Lease;
use crate::Make;
use crate::Row;
use crate::edge::EdgeStore;
use crate::raw::Kept;
use crate::raw::Part;
use crate::raw::Transfer;
use crate::server::ServerStore;
use wenmai_domain::digest::hex;
use wenmai_domain::limit::Limit;

/// Points of one batch; a batch of the largest articles still fits one answer.
const BATCH: u32 = 200;
/// Who has the turn while an index is moved.
const HOLDER: &str = "wenmai migrate";

/// How many points there are, and what they add up to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// Points.
    pub count: u64,
    lanes: [u64; 4],
}

impl Sum {
    /// The sum of the points' SHA-256 hashes, in hexadecimal; their order does not matter.
    #[must_use]
    pub fn checksum(&self) -> String {
        hex(&self.lanes.map(u64::to_be_bytes).concat())
    }

    fn add(&mut self, digest: [u8; 32]) {
        self.count += 1;
        let (parts, _none) = digest.as_chunks::<8>();
        for (lane, part) in self.lanes.iter_mut().zip(parts) {
            *lane = lane.wrapping_add(u64::from_be_bytes(*part));
        }
    }
}

/// What was moved of one kind of points.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moved {
    /// What the source has.
    pub source: Sum,
    /// What the target has at the end.
    pub target: Sum,
    /// Points that the target did not have, or had otherwise.
    pub written_count: u64,
}

/// What came of a move.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Articles.
    pub articles: Moved,
    /// Topics.
    pub topics: Moved,
    /// Rows of the topics' log, and its mark.
    pub log: Moved,
}

impl Report {
    /// Each kind of points by its name.
    #[must_use]
    pub fn parts(&self) -> [(&'static str, &Moved); 3] {
        [("articles", &self.articles), ("topics", &self.topics), ("log", &self.log)]
    }

    /// Whether the target has what the source has, and nothing else.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.parts().iter().all(|(_, moved)| moved.source == moved.target)
    }
}

/// Moves the index that `from` names to where `to` names; `told` hears how many points are done.
///
/// # Errors
/// [`Error::Settings`] if there is none; [`Error::IndexVersion`] if the target holds another one;
/// [`Error::Led`] if somebody writes to one of them; what the stores give.
pub async fn migrate(
    from: &Config,
    to: &Config,
    told: &(dyn Fn(u64) + Sync),
) -> Result<Report, Error> {
    let make = made(from)?.ok_or_else(|| {
        let reason = format!("there is no index at {}", from.place());
        Error::Settings { reason }
    })?;
    let (source, target) = (open(from, &make)?, open(to, &make)?);
    let moved = transfer(source.as_ref(), target.as_ref(), told).await;
    let closed = (source.close().await, target.close().await);
    let report = moved?;
    closed.0.and(closed.1)?;
    Ok(report)
}

fn open(config: &Config, make: &Make) -> Result<Box<dyn Transfer>, Error> {
    if config.server.url.is_some() {
        return Ok(Box::new(ServerStore::open(&config.server, make)?));
    }
    Ok(Box::new(EdgeStore::open(config, make)?))
}

fn made(config: &Config) -> Result<Option<Make>, Error> {
    if config.server.url.is_some() {
        return ServerStore::made(&config.server);
    }
    EdgeStore::made(config)
}

/// Moves everything of one open store into another.
///
/// # Errors
/// [`Error::Led`]; what the stores give.
pub async fn transfer(
    source: &dyn Transfer,
    target: &dyn Transfer,
    told: &(dyn Fn(u64) + Sync),
) -> Result<Report, Error> {
    let mut turns = Turns { source: take(source).await?, target: take(target).await? };
    let moved = transfer_all(source, target, &mut turns, told).await;
    let given_back =
        give_back(source, turns.source).await.and(give_back(target, turns.target).await);
    let report = moved?;
    given_back?;
    Ok(report)
}

/// The leases of both sides.
struct Turns {
    source: Lease,
    target: Lease,
}

impl Turns {
    /// Gives a sign of life on both sides.
    async fn beat(&mut self, source: &dyn Transfer, target: &dyn Transfer) -> Result<(), Error> {
        for (store, lease) in [(source, &mut self.source), (target, &mut self.target)] {
            if store.is_shared() {
                let next = Lease { beat: lease.beat + 1, ..lease.clone() };
                if !store.swap_lease(lease, &next).await? {
                    return Err(Error::Fenced { term: lease.term });
                }
                *lease = next;
            }
        }
        Ok(())
    }
}

/// Takes the turn, so that nobody writes meanwhile.
async fn take(store: &dyn Transfer) -> Result<Lease, Error> {
    let seen = store.lease().await?;
    if !store.is_shared() {
        return Ok(seen);
    }
    let next = Lease { term: seen.term + 1, holder: HOLDER.to_owned(), beat: seen.beat + 1 };
    // A move that was cut off left its lease behind.
    let is_free = seen.holder.is_empty() || seen.holder == HOLDER;
    if is_free && store.swap_lease(&seen, &next).await? {
        return Ok(next);
    }
    Err(Error::Led { holder: seen.holder })
}

async fn give_back(store: &dyn Transfer, lease: Lease) -> Result<(), Error> {
    if store.is_shared() {
        let free = Lease { holder: String::new(), beat: lease.beat + 1, ..lease.clone() };
        store.swap_lease(&lease, &free).await?;
    }
    Ok(())
}

async fn transfer_all(
    source: &dyn Transfer,
    target: &dyn Transfer,
    turns: &mut Turns,
    told: &(dyn Fn(u64) + Sync),
) -> Result<Report, Error> {
    let mut report = Report::default();
    let mut done = 0;
    for part in [Part::Articles, Part::Topics] {
        let mut from = Some(Uuid::nil());
        while let Some(start) = from {
            let (points, next) = source.dump(part, start, batch()).await?;
            let moved = match part {
                Part::Articles => &mut report.articles,
                Part::Topics => &mut report.topics,
            };
            done += u64::try_from(points.len()).unwrap_or(u64::MAX);
            write_missing(target, part, points, moved).await?;
            turns.beat(source, target).await?;
            told(done);
            from = next;
        }
        let moved = match part {
            Part::Articles => &mut report.articles,
            Part::Topics => &mut report.topics,
        };
        let mut from = Some(Uuid::nil());
        while let Some(start) = from {
            let (points, next) = target.dump(part, start, batch()).await?;
            for point in &points {
                moved.target.add(point.digest());
            }
            turns.beat(source, target).await?;
            from = next;
        }
    }
    move_log(source, target, turns, &mut report.log).await?;
    Ok(report)
}

async fn write_missing(
    target: &dyn Transfer,
    part: Part,
    points: Vec<Kept>,
    moved: &mut Moved,
) -> Result<(), Error> {
    let ids = points.iter().map(|point| point.id).collect();
    let there: HashMap<Uuid, [u8; 32]> =
        target.pick(part, ids).await?.iter().map(|point| (point.id, point.digest())).collect();
    let mut missing = Vec::new();
    for point in points {
        let digest = point.digest();
        moved.source.add(digest);
        if there.get(&point.id) != Some(&digest) {
            moved.written_count += 1;
            missing.push(point);
        }
    }
    if missing.is_empty() { Ok(()) } else { target.load(part, missing).await }
}

/// The log goes by its own door, so that the target counts its rows.
async fn move_log(
    source: &dyn Transfer,
    target: &dyn Transfer,
    turns: &mut Turns,
    moved: &mut Moved,
) -> Result<(), Error> {
    let mark = source.mark().await?;
    let mut from = 1;
    loop {
        let rows = source.rows(from, batch()).await?;
        let Some(last) = rows.last().map(|row| row.version) else { break };
        let there = target.rows(from, batch()).await?;
        for row in &rows {
            moved.source.add(row_digest(row));
        }
        if there != rows {
            moved.written_count += u64::try_from(rows.len()).unwrap_or(u64::MAX);
            target.append(turns.target.term, rows, mark.clone()).await?;
        }
        turns.beat(source, target).await?;
        from = last + 1;
    }
    if target.mark().await? != mark {
        target.append(turns.target.term, Vec::new(), mark).await?;
    }
    let mut from = 1;
    loop {
        let rows = target.rows(from, batch()).await?;
        let Some(last) = rows.last().map(|row| row.version) else { break };
        for row in &rows {
            moved.target.add(row_digest(row));
        }
        turns.beat(source, target).await?;
        from = last + 1;
    }
    for (store, sum) in [(source, &mut moved.source), (target, &mut moved.target)] {
        let mark = store.mark().await?;
        let mut hash = Sha256::new();
        hash.update(mark.projected.to_be_bytes());
        hash.update(mark.arrival.to_be_bytes());
        sum.add(hash.finalize().into());
    }
    Ok(())
}

fn batch() -> Limit {
    Limit::new(BATCH).unwrap_or(Limit::MOST)
}

impl Kept {
    /// SHA-256 of all that is kept; two points of one hash are the same to the bit.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let Self { id, payload, dense, sparse } = self;
        let mut hash = Sha256::new();
        hash.update(id.as_bytes());
        let mut text = String::new();
        write_sorted(&Value::Object(payload.clone()), &mut text);
        update_sized(&mut hash, text.as_bytes());
        hash.update([u8::from(dense.is_some())]);
        for value in dense.iter().flatten() {
            hash.update(value.to_bits().to_be_bytes());
        }
        for (name, values) in sparse {
            update_sized(&mut hash, name.as_bytes());
            hash.update(values.len().to_be_bytes());
            for (index, value) in values {
                hash.update(index.to_be_bytes());
                hash.update(value.to_bits().to_be_bytes());
            }
        }
        hash.finalize().into()
    }
}

fn row_digest(row: &Row) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(row.version.to_be_bytes());
    let mut text = String::new();
    write_sorted(&Value::Object(row.value.clone()), &mut text);
    hash.update(text.as_bytes());
    hash.finalize().into()
}

fn update_sized(hash: &mut Sha256, bytes: &[u8]) {
    hash.update(bytes.len().to_be_bytes());
    hash.update(bytes);
}

/// JSON with the keys of every object in order, whatever order they are kept in.
fn write_sorted(value: &Value, out: &mut String) {
    match value {
        Value::Object(map) => {
            let sorted: BTreeMap<&String, &Value> = map.iter().collect();
            out.push('{');
            for (key, value) in sorted {
                out.push_str(&Value::from(key.as_str()).to_string());
                out.push(':');
                write_sorted(value, out);
                out.push(',');
            }
            out.push('}');
        }
        Value::Array(list) => {
            out.push('[');
            for value in list {
                write_sorted(value, out);
                out.push(',');
            }
            out.push(']');
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            out.push_str(&value.to_string());
        }
    }
}
