//! The body of an answer, read and decompressed within bounds: neither an endless stream nor a small
//! one that unfolds to gigabytes gets further than the bound.

use std::cell::Cell;
use std::io;
use std::io::Read;
use std::rc::Rc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

use flate2::read::MultiGzDecoder;
use flate2::read::ZlibDecoder;

use crate::fault::Fault;

/// Bytes that are read at a time.
const CHUNK_BYTES: usize = 16 * 1024;

/// Reads `body`, compressed as `coding` says; gives it and the bytes that came. Neither they nor what
/// they unfold to may be more than `bytes_max`.
pub(super) fn read(
    body: impl Read,
    coding: &str,
    bytes_max: usize,
    stop: &AtomicBool,
) -> Result<(Vec<u8>, usize), Fault> {
    let wire = Rc::new(Wire { bytes: Cell::new(0), fault: Cell::new(None) });
    let counted = Counted { body, wire: Rc::clone(&wire), bytes_max };
    let coding = coding.trim().to_ascii_lowercase();
    let read = match coding.as_str() {
        "" | "identity" | "none" | "utf-8" => unfold(counted, bytes_max, stop),
        "gzip" | "x-gzip" => unfold(MultiGzDecoder::new(counted), bytes_max, stop),
        "deflate" => unfold(ZlibDecoder::new(counted), bytes_max, stop),
        _ => return Err(Fault::Compression),
    };
    let is_compressed = !matches!(coding.as_str(), "" | "identity" | "none" | "utf-8");
    match read {
        Ok(read) => Ok((read, wire.bytes.get())),
        // What broke below is the cause of what the decompressor says.
        Err(error) => Err(wire.fault.take().unwrap_or_else(|| match error {
            Stopped::Fault(fault) => fault,
            Stopped::Read(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Fault::Truncated
            }
            Stopped::Read(_) if is_compressed => Fault::Compression,
            Stopped::Read(error) => super::io_fault(&error),
        })),
    }
}

enum Stopped {
    Fault(Fault),
    Read(io::Error),
}

fn unfold(mut body: impl Read, bytes_max: usize, stop: &AtomicBool) -> Result<Vec<u8>, Stopped> {
    let mut all = Vec::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        if stop.load(Ordering::Relaxed) {
            return Err(Stopped::Fault(Fault::Stopped));
        }
        let count = match body.read(&mut chunk) {
            Ok(0) => return Ok(all),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Stopped::Read(error)),
        };
        if all.len() + count > bytes_max {
            return Err(Stopped::Fault(Fault::TooLarge(bytes_max)));
        }
        all.extend_from_slice(chunk.get(..count).unwrap_or_default());
    }
}

/// What came over the network.
struct Wire {
    bytes: Cell<usize>,
    fault: Cell<Option<Fault>>,
}

/// A reader that counts what comes, and notes what breaks.
struct Counted<R> {
    body: R,
    wire: Rc<Wire>,
    bytes_max: usize,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match self.body.read(buffer) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            Err(error) => {
                self.wire.fault.set(Some(super::io_fault(&error)));
                return Err(error);
            }
        };
        self.wire.bytes.set(self.wire.bytes.get() + count);
        if self.wire.bytes.get() > self.bytes_max {
            self.wire.fault.set(Some(Fault::TooLarge(self.bytes_max)));
            return Err(io::Error::other("too large"));
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::io::Write;
    use std::sync::atomic::AtomicBool;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::read;
    use crate::fault::Fault;

    fn taken(body: impl Read, coding: &str, bytes_max: usize) -> Result<(Vec<u8>, usize), Fault> {
        read(body, coding, bytes_max, &AtomicBool::new(false))
    }

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_unfolds_beyond_the_bound_is_refused() {
        let bomb = gzip(&vec![0; 50_000_000]);
        assert!(bomb.len() < 100_000);
        assert_eq!(taken(&bomb[..], "gzip", 1_000_000).unwrap_err(), Fault::TooLarge(1_000_000));
        assert_eq!(taken(std::io::repeat(7), "", 5_000).unwrap_err(), Fault::TooLarge(5_000));
        let endless = gzip(b"").into_iter().cycle().take(10_000).collect::<Vec<_>>();
        assert_eq!(taken(&endless[..], "x-gzip", 5_000).unwrap_err(), Fault::TooLarge(5_000));
    }

    #[test]
    fn what_is_sound_is_read_and_counted() {
        let text = "清河网".repeat(1_000).into_bytes();
        assert_eq!(taken(&text[..], "Identity", 9_000).unwrap(), (text.clone(), 9_000));
        let packed = gzip(&text);
        assert_eq!(taken(&packed[..], " GZIP ", 9_000).unwrap(), (text, packed.len()));
    }

    #[test]
    fn what_breaks_is_named() {
        let packed = gzip("清河网".repeat(1_000).as_bytes());
        assert_eq!(
            taken(&packed[..packed.len() / 2], "gzip", 9_000).unwrap_err(),
            Fault::Truncated
        );
        assert_eq!(
            taken(&b"plain text, no gzip"[..], "gzip", 9_000).unwrap_err(),
            Fault::Compression
        );
        assert_eq!(taken(&b""[..], "br", 9_000).unwrap_err(), Fault::Compression);
        let stop = AtomicBool::new(true);
        assert_eq!(read(&b"x"[..], "", 9, &stop).unwrap_err(), Fault::Stopped);
    }
}
