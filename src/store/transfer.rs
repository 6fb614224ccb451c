//! Moves an index from one store into another as it is: vectors and payloads bit by bit, without a
//! model.
//!
//! Points are copied in order of id, in batches. For each batch the target is asked first what it
//! has, and only what differs is written, so an interrupted move continues where it stopped and a
//! finished one writes nothing. At the end the points of both sides are counted and their hashes
//! summed, so that [`Report::is_same`] can compare them.

#[cfg(test)]
pub mod tests;

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::time::Duration;
use std::time::Instant;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

use serde_json::Value;
use sha2::Digest as _;
use sha2::Sha256;
use uuid::Uuid;

use crate::Config;
use crate::Error;
use crate::LEASE_SILENCE;
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

/// Points in one batch; a batch of the largest articles still fits into one answer of a server.
const BATCH: u32 = 200;
/// How often a move looks at a lease that another process holds.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How many points there are, and the sum of their hashes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    pub count: u64,
    lanes: [u64; 4],
}

impl Sum {
    /// The sum of the SHA-256 hashes of the points in hexadecimal; it does not depend on their
    /// order.
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
    /// The points of the source.
    pub source: Sum,
    /// The points of the target after the move.
    pub target: Sum,
    /// How many points were written, because the target did not have them or had others in their
    /// place.
    pub written_count: u64,
}

/// The outcome of a move.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    pub articles: Moved,
    pub topics: Moved,
    /// The rows of the topics' log, and its mark as one more.
    pub log: Moved,
}

impl Report {
    /// The three kinds of points with their names.
    #[must_use]
    pub fn parts(&self) -> [(&'static str, &Moved); 3] {
        [("articles", &self.articles), ("topics", &self.topics), ("log", &self.log)]
    }

    /// Whether the target holds the same points as the source, and no others.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.parts().iter().all(|(_, moved)| moved.source == moved.target)
    }
}

/// Moves the index that `from` names to the place that `to` names. `told` is called after each
/// batch with the number of points done so far.
///
/// # Errors
/// [`Error::Settings`] if `from` names no index, [`Error::IndexVersion`] if the target holds
/// another one, [`Error::Led`] if another process writes to one of them, and any error of the two
/// stores.
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

/// Moves everything from one open store into another.
///
/// # Errors
/// [`Error::Led`] if another process writes to one of them, and any error of the two stores.
pub async fn transfer(
    source: &dyn Transfer,
    target: &dyn Transfer,
    told: &(dyn Fn(u64) + Sync),
) -> Result<Report, Error> {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let holder =
        format!("wenmai migrate, process {}, {:x}", std::process::id(), since_1970.as_nanos());
    let source_lease = take(source, &holder).await?;
    let target_lease = match take(target, &holder).await {
        Ok(lease) => lease,
        Err(error) => {
            give_back(source, source_lease).await?;
            return Err(error);
        }
    };
    let mut leases = Leases { source: source_lease, target: target_lease };
    let moved = transfer_all(source, target, &mut leases, told).await;
    let given_back =
        give_back(source, leases.source).await.and(give_back(target, leases.target).await);
    let report = moved?;
    given_back?;
    Ok(report)
}

/// The leases that this process holds on both sides.
struct Leases {
    source: Lease,
    target: Lease,
}

impl Leases {
    /// Counts up the beat of both leases, so that no other process takes them over.
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

/// Takes the lease of `store`, so that nobody else writes during the move. A holder that died, a
/// move that was interrupted among them, does not renew its lease: it is taken once it has been
/// silent for [`LEASE_SILENCE`].
///
/// # Errors
/// [`Error::Led`] as soon as the holder is seen to live.
async fn take(store: &dyn Transfer, holder: &str) -> Result<Lease, Error> {
    let seen = store.lease().await?;
    if !store.is_shared() {
        return Ok(seen);
    }
    let since = Instant::now();
    loop {
        let now = store.lease().await?;
        if now != seen {
            return Err(Error::Led { holder: now.holder });
        }
        if seen.holder.is_empty() || since.elapsed() >= LEASE_SILENCE {
            let (term, beat) = (seen.term + 1, seen.beat + 1);
            let next = Lease { term, holder: holder.to_owned(), beat };
            if store.swap_lease(&seen, &next).await? {
                return Ok(next);
            }
            return Err(Error::Led { holder: store.lease().await?.holder });
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
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
    leases: &mut Leases,
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
            leases.beat(source, target).await?;
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
            leases.beat(source, target).await?;
            from = next;
        }
    }
    move_log(source, target, leases, &mut report.log).await?;
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

/// Moves the log by reading and appending rows, because a server records with each append up to
/// which row its log counts.
async fn move_log(
    source: &dyn Transfer,
    target: &dyn Transfer,
    leases: &mut Leases,
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
            target.append(leases.target.term, rows, mark.clone()).await?;
        }
        leases.beat(source, target).await?;
        from = last + 1;
    }
    if target.mark().await? != mark {
        target.append(leases.target.term, Vec::new(), mark).await?;
    }
    let mut from = 1;
    loop {
        let rows = target.rows(from, batch()).await?;
        let Some(last) = rows.last().map(|row| row.version) else { break };
        for row in &rows {
            moved.target.add(row_digest(row));
        }
        leases.beat(source, target).await?;
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
    /// The SHA-256 of everything that is stored of the point; equal hashes mean equal points, bit
    /// by bit.
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

/// Writes JSON with the keys of every object sorted, so that equal values give equal texts.
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
