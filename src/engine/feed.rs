//! Feeds as files: opened, decompressed, brought to UTF-8, cut into lines.
//!
//! What stands in them is read by `wenmai-feed`. A bad line is an error with its number; reading goes
//! on.

use std::fs::File;
use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::path::Path;

use crate::TEXT_BYTES_MAX;
use wenmai_domain::article::Record;
use wenmai_feed as feed;
use wenmai_feed::encoding;
use wenmai_feed::encoding::NotText;
use wenmai_feed::encoding::Transcoder;

/// Bytes of one line, at most: a text at its limit, escaped.
const LINE_BYTES_MAX: usize = 4 * TEXT_BYTES_MAX;
/// Bytes by which a file is told from others.
const START_BYTES: usize = 64 << 10;
/// Bytes of a file that is read whole, decompressed: all of its records are in memory at once.
const WHOLE_BYTES_MAX: u64 = 256 << 20;

/// What compressed files begin with.
const XZ: &[u8] = b"\xfd7zXZ\0";
const GZIP: &[u8] = b"\x1f\x8b";
const ZSTD: &[u8] = b"\x28\xb5\x2f\xfd";

/// Opens `path` for reading, decompressed where it is xz, gzip or zstd, and as UTF-8 where it is
/// UTF-16; `-` is standard input.
///
/// # Errors
/// What opening the file, or reading its first bytes, gives.
pub fn open(path: &Path) -> io::Result<Box<dyn BufRead + Send>> {
    let mut reader = bytes(path)?;
    Ok(match encoding::utf16(reader.fill_buf()?) {
        Some(encoding) => Box::new(BufReader::new(Utf8 {
            reader,
            transcoder: Transcoder::new(encoding),
            ready: Vec::new(),
            given: 0,
        })),
        None => reader,
    })
}

/// The first bytes of a file, decompressed; of standard input (`-`) they are left for the reader.
///
/// # Errors
/// What opening or reading the file gives; what is wrong with its compression is left to the reader.
pub fn start(path: &Path) -> io::Result<Vec<u8>> {
    let mut start = Vec::new();
    if path == Path::new("-") {
        let raw = io::stdin().lock().fill_buf()?.to_vec();
        // A compressed start breaks off, which says nothing of the whole.
        let _ =
            decompressed(io::Cursor::new(raw))?.take(START_BYTES as u64).read_to_end(&mut start);
        return Ok(start);
    }
    let _ = bytes(path)?.take(START_BYTES as u64).read_to_end(&mut start);
    Ok(start)
}

/// A whole file, decompressed and decoded.
///
/// # Errors
/// [`LineError`] for what cannot be read, is no text, or is larger than a whole file may be.
pub fn whole(path: &Path) -> Result<encoding::Decoded<'static>, LineError> {
    let all = raw(path)?;
    let encoding::Decoded { text, encoding, replaced } =
        encoding::decode(&all, None).map_err(LineError::NotText)?;
    Ok(encoding::Decoded { text: text.into_owned().into(), encoding, replaced })
}

/// A whole file, decompressed, as it is.
///
/// # Errors
/// [`LineError`] for what cannot be read, or is larger than a whole file may be.
pub fn raw(path: &Path) -> Result<Vec<u8>, LineError> {
    let mut all = Vec::new();
    let mut reader = bytes(path).map_err(LineError::Read)?.take(WHOLE_BYTES_MAX + 1);
    reader.read_to_end(&mut all).map_err(LineError::Read)?;
    if all.len() as u64 > WHOLE_BYTES_MAX {
        return Err(LineError::TooLarge);
    }
    Ok(all)
}

fn bytes(path: &Path) -> io::Result<Box<dyn BufRead + Send>> {
    if path == Path::new("-") {
        return decompressed(BufReader::new(io::stdin()));
    }
    decompressed(BufReader::new(File::open(path)?))
}

/// `reader`, decompressed by what it begins with: endings can be wrong, and a pipe has none.
fn decompressed(mut reader: impl BufRead + Send + 'static) -> io::Result<Box<dyn BufRead + Send>> {
    let start = reader.fill_buf()?;
    Ok(if start.starts_with(XZ) {
        Box::new(BufReader::new(liblzma::bufread::XzDecoder::new_multi_decoder(reader)))
    } else if start.starts_with(GZIP) {
        Box::new(BufReader::new(flate2::bufread::MultiGzDecoder::new(reader)))
    } else if start.starts_with(ZSTD) {
        Box::new(BufReader::new(zstd::Decoder::with_buffer(reader)?))
    } else {
        Box::new(reader)
    })
}

/// A stream of UTF-16, read as UTF-8.
struct Utf8<R> {
    reader: R,
    transcoder: Transcoder,
    ready: Vec<u8>,
    given: usize,
}

impl<R: BufRead> Read for Utf8<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready.len() {
            let mut text = String::new();
            let (used, last) = {
                let bytes = self.reader.fill_buf()?;
                self.transcoder.feed(bytes, bytes.is_empty(), &mut text);
                (bytes.len(), bytes.is_empty())
            };
            self.reader.consume(used);
            (self.ready, self.given) = (text.into_bytes(), 0);
            if last && self.ready.is_empty() {
                return Ok(0);
            }
        }
        let rest = self.ready.get(self.given..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        if let (Some(to), Some(from)) = (buffer.get_mut(..count), rest.get(..count)) {
            to.copy_from_slice(from);
        }
        self.given += count;
        Ok(count)
    }
}

/// The lines of a feed with their numbers, from 1; blank lines are passed over. A line that is not
/// UTF-8 is decoded by itself.
pub struct Lines<R> {
    reader: R,
    number: u64,
    /// The encoding of the line before, if it was not UTF-8: what the next is likely to be in.
    encoding: Option<&'static str>,
    replaced: usize,
    /// A read has failed; nothing more comes.
    broken: bool,
}

/// A line that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LineError {
    /// The file cannot be read further.
    #[error("cannot be read further")]
    Read(#[source] io::Error),
    /// The line is longer than a line may be.
    #[error("longer than {LINE_BYTES_MAX} bytes")]
    TooLong,
    /// The line, or the file, is no text.
    #[error(transparent)]
    NotText(NotText),
    /// The file is larger than one that is read whole may be.
    #[error("larger than {WHOLE_BYTES_MAX} bytes, which only JSON Lines may be")]
    TooLarge,
    /// The line is not an article.
    #[error("{0}")]
    NotAnArticle(String),
}

impl<R: BufRead> Lines<R> {
    /// Reads from `reader`.
    pub fn new(reader: R) -> Self {
        Self { reader, number: 0, encoding: None, replaced: 0, broken: false }
    }

    /// The encoding of the last line, if it was not UTF-8.
    #[must_use]
    pub fn encoding(&self) -> Option<&'static str> {
        self.encoding
    }

    /// Places of the last line where bytes were no character.
    #[must_use]
    pub fn replaced(&self) -> usize {
        self.replaced
    }

    fn read_line(&mut self) -> Option<Result<String, LineError>> {
        let mut line = Vec::new();
        let most = LINE_BYTES_MAX as u64 + 1;
        self.number += 1;
        match self.reader.by_ref().take(most).read_until(b'\n', &mut line) {
            Ok(0) => return None,
            Ok(_) => {}
            Err(error) => {
                self.broken = true;
                return Some(Err(LineError::Read(error)));
            }
        }
        if line.len() > LINE_BYTES_MAX && !line.ends_with(b"\n") {
            return Some(self.pass_over());
        }
        Some(self.decode(line))
    }

    fn decode(&mut self, line: Vec<u8>) -> Result<String, LineError> {
        self.replaced = 0;
        if line.is_ascii() {
            // ASCII is the same in all encodings, so that it says nothing of the next line.
            return Ok(line.into_iter().map(char::from).collect());
        }
        let decoded = encoding::decode(&line, self.encoding).map_err(LineError::NotText)?;
        self.encoding = Some(decoded.encoding).filter(|encoding| *encoding != "UTF-8");
        self.replaced = decoded.replaced;
        Ok(decoded.text.into_owned())
    }

    /// Reads to the end of a line that is too long, without keeping it.
    fn pass_over(&mut self) -> Result<String, LineError> {
        loop {
            let (used, found) = {
                let buffer = self.reader.fill_buf().map_err(LineError::Read)?;
                match buffer.iter().position(|byte| *byte == b'\n') {
                    Some(at) => (at + 1, true),
                    None => (buffer.len(), buffer.is_empty()),
                }
            };
            self.reader.consume(used);
            if found {
                return Err(LineError::TooLong);
            }
        }
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = (u64, Result<String, LineError>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.broken {
            return None;
        }
        loop {
            match self.read_line()? {
                Ok(line) if line.trim().is_empty() => {}
                other => return Some((self.number, other)),
            }
        }
    }
}

/// Reads one line as an article, with or without title and text.
///
/// # Errors
/// [`LineError::NotAnArticle`] with what is wrong and where.
pub fn record(line: &str) -> Result<Record, LineError> {
    let options = feed::Options { is_partial: true, ..feed::Options::default() };
    let taken = feed::json::line(line, &options);
    taken.map(|taken| taken.record).map_err(|refused| LineError::NotAnArticle(refused.to_string()))
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::io::Write;

    use super::Lines;
    use super::open;
    use super::start;
    use super::whole;

    #[test]
    fn compressed_feeds_read_as_plain_ones() {
        let folder = tempfile::tempdir().unwrap();
        let text = b"{\"title\": 1}\n\n{\"title\": 2}\n";
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gz.write_all(text).unwrap();
        let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
        xz.write_all(text).unwrap();
        let files = [
            ("a.jsonl", text.to_vec()),
            ("a.jsonl.gz", gz.finish().unwrap()),
            ("a.jsonl.xz", xz.finish().unwrap()),
            ("a.jsonl.zst", zstd::encode_all(&text[..], 1).unwrap()),
        ];
        for (name, bytes) in files {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            let numbers: Vec<u64> = Lines::new(open(&path).unwrap())
                .map(|(number, line)| {
                    line.unwrap();
                    number
                })
                .collect();
            assert_eq!(numbers, [1, 3], "{name}");
        }
    }

    #[test]
    fn a_line_of_just_the_limit_keeps_the_next_one() {
        let mut feed = vec![b'x'; super::LINE_BYTES_MAX];
        feed.extend_from_slice(b"\nnext\n");
        let lines: Vec<_> = Lines::new(feed.as_slice()).collect();
        assert!(lines[0].1.is_ok());
        assert_eq!(lines[1].1.as_ref().unwrap().trim(), "next");
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over_and_counted() {
        let mut feed = vec![b'x'; super::LINE_BYTES_MAX + 10];
        feed.extend_from_slice(b"\nok\n\xff\xfe\xff\xff\n");
        let lines: Vec<_> = Lines::new(feed.as_slice()).collect();
        assert_eq!(lines.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 2, 3]);
        assert!(lines[0].1.is_err() && lines[1].1.is_ok() && lines[2].1.is_err());
    }

    #[test]
    fn a_damaged_archive_ends_the_feed_with_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl.gz");
        std::fs::write(&path, b"\x1f\x8bnot gzip at all").unwrap();
        // What a file holds is told by its first bytes, so that it fails when it is opened.
        assert!(open(&path).is_err());
    }

    #[test]
    fn lines_in_other_encodings_are_read() {
        let text = "{\"title\": \"柳溪镇停水通知\"}\n{\"title\": \"明日开镰\"}\n";
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        let little =
            |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        for bytes in [little(text), little(&format!("\u{feff}{text}"))] {
            std::fs::write(&path, bytes).unwrap();
            let lines: Vec<String> =
                Lines::new(open(&path).unwrap()).map(|(_, line)| line.unwrap()).collect();
            assert_eq!(lines.concat(), text);
            assert_eq!(whole(&path).unwrap().text, text);
        }
        let mut all = String::new();
        std::fs::write(&path, little(&text.repeat(5_000))).unwrap();
        open(&path).unwrap().read_to_string(&mut all).unwrap();
        assert_eq!(all.len(), text.len() * 5_000);
    }

    #[test]
    fn a_broken_byte_costs_a_character_of_its_line() {
        let feed =
            b"{\"title\": \"\xe5\xbc\x80\xe9\x95\xb0\xe4\xba\x86\xef\xbc\x8c\xe5\xbc\"}\n{}\n";
        let mut lines = Lines::new(feed.as_slice());
        assert!(lines.next().unwrap().1.unwrap().contains("开镰了，\u{fffd}"));
        assert_eq!(lines.replaced(), 1);
        assert!(lines.next().is_some() && lines.replaced() == 0);
    }

    #[test]
    fn the_start_of_a_compressed_file_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, zstd::encode_all(&b"<rss></rss>"[..], 1).unwrap()).unwrap();
        assert_eq!(start(&path).unwrap(), b"<rss></rss>");
        assert!(start(&folder.path().join("none")).is_err());
    }
}
