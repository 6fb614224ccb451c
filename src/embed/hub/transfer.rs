//! Downloads one file: continues where it stopped, tries again, and accepts only the right content.

use std::fs::File;
use std::fs::OpenOptions;
use std::io::Read;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use crate::hub::Error;
use crate::hub::Progress;
use crate::hub::cache::has_checksum;
use crate::hub::client::Client;
use crate::hub::client::Meta;
use crate::hub::client::header;

/// Attempts for one file, each of which continues where the one before it stopped.
const ATTEMPTS: u32 = 5;
/// Attempts for a file that arrives complete but differs from what the hub says of it.
const DAMAGED_ATTEMPTS: u32 = 2;
/// The pause before the second attempt, doubled before each further one.
const WAIT: Duration = Duration::from_millis(100);
/// Bytes that are read at a time.
const CHUNK_BYTES: usize = 256 * 1024;

/// Downloads `url` into `part` until its length and checksum are right, and returns how many bytes
/// came over the network.
pub(super) fn bring(
    client: &Client<'_>,
    url: &str,
    name: &str,
    meta: &Meta,
    part: &Path,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<u64, Error> {
    let (mut attempts, mut damaged, mut received) = (0, 0, 0);
    loop {
        let mut told = |bytes| progress(Progress { file: name, bytes, bytes_total: meta.bytes });
        let error = match attempt(client, url, meta, part, &mut received, &mut told) {
            Ok(()) => match check(name, meta, part)? {
                None => return Ok(received),
                Some(error) => error,
            },
            Err(error) => error,
        };
        attempts += 1;
        damaged += u32::from(matches!(error, Error::Damaged { .. }));
        if !may_pass(&error) || attempts >= ATTEMPTS || damaged >= DAMAGED_ATTEMPTS {
            return Err(error);
        }
        tracing::warn!(file = name, error = &error as &dyn std::error::Error, "trying again");
        std::thread::sleep(WAIT * 2_u32.pow(attempts - 1));
    }
}

/// Whether another attempt may succeed.
fn may_pass(error: &Error) -> bool {
    match error {
        Error::Unreachable { .. } | Error::Damaged { .. } => true,
        Error::Status { status, .. } => *status >= 500 || *status == 429 || *status == 416,
        Error::Offline { .. }
        | Error::NoDownloads { .. }
        | Error::NotFound { .. }
        | Error::Refused { .. }
        | Error::Revision { .. }
        | Error::Missing { .. }
        | Error::Answer { .. }
        | Error::Token
        | Error::Disk { .. } => false,
    }
}

/// Makes one request for what `part` still lacks.
fn attempt(
    client: &Client<'_>,
    url: &str,
    meta: &Meta,
    part: &Path,
    received: &mut u64,
    progress: &mut dyn FnMut(u64),
) -> Result<(), Error> {
    let disk = || Error::disk(part);
    let mut file = OpenOptions::new().create(true).append(true).open(part).map_err(disk())?;
    let mut here = file.metadata().map_err(disk())?.len();
    if here > meta.bytes {
        file.set_len(0).map_err(disk())?;
        here = 0;
    }
    progress(here);
    if here == meta.bytes {
        return Ok(());
    }
    let answer = client.get(url, here)?;
    let status = answer.status().as_u16();
    let range = header(&answer, "content-range").unwrap_or_default();
    let goes_on = status == 206 && range.starts_with(&format!("bytes {here}-"));
    if !goes_on && here > 0 {
        // A server that does not know ranges, or cannot serve this one, sends everything or
        // nothing.
        file.set_len(0).map_err(disk())?;
        here = 0;
    }
    if !goes_on && status != 200 {
        return Err(Error::Status { url: url.to_owned(), status });
    }
    let body = answer.into_body().into_reader();
    copy(client, body, &mut file, part, &mut |count| {
        *received += count;
        here += count;
        progress(here);
    })?;
    file.sync_all().map_err(disk())
}

/// Copies `body` to the end of `file`; `told` is called with the length of each piece.
fn copy(
    client: &Client<'_>,
    mut body: impl Read,
    file: &mut File,
    part: &Path,
    told: &mut dyn FnMut(u64),
) -> Result<(), Error> {
    let mut buffer = vec![0; CHUNK_BYTES];
    loop {
        let count = body.read(&mut buffer).map_err(|error| client.unreachable(error))?;
        let piece = buffer.get(..count).unwrap_or_default();
        if piece.is_empty() {
            return Ok(());
        }
        file.write_all(piece).map_err(Error::disk(part))?;
        told(piece.len() as u64);
    }
}

/// Compares the complete `part` with `meta`. A damaged file is removed; one that is too short is
/// kept, so that the next attempt continues it.
fn check(name: &str, meta: &Meta, part: &Path) -> Result<Option<Error>, Error> {
    let bytes = std::fs::metadata(part).map_err(Error::disk(part))?.len();
    let what = if bytes == meta.bytes {
        match has_checksum(part, &meta.etag).map_err(Error::disk(part))? {
            Some(false) => "its checksum is not the hub's".to_owned(),
            Some(true) | None => return Ok(None),
        }
    } else {
        format!("it has {bytes} bytes instead of {}", meta.bytes)
    };
    if bytes >= meta.bytes {
        std::fs::remove_file(part).map_err(Error::disk(part))?;
    }
    Ok(Some(Error::Damaged { file: name.to_owned(), what }))
}
