//! Streams that are small in the file and huge when unpacked: found before anything unpacks them.

use flate2::Decompress;
use flate2::FlushDecompress;
use flate2::Status;

/// Bytes that one stream may unpack to; a page's operators have some megabytes.
const UNPACKED_MAX: u64 = 128 << 20;

/// Bytes that all streams of a file may unpack to.
const ALL_UNPACKED_MAX: u64 = 1 << 30;

/// Bytes that a stream packed by LZW may have, which are not unpacked here.
const LZW_MAX: usize = 128 << 10;

/// Bytes before a stream in which its dictionary is looked for.
const DICTIONARY: usize = 600;

/// Whether a stream of the file, images aside, unpacks to more than a page can hold.
pub(super) fn is_bomb(bytes: &[u8]) -> bool {
    let mut all = 0;
    let mut from = 0;
    while let Some(at) = find(bytes, b"stream", from) {
        from = at + 6;
        let ends = bytes.get(at.saturating_sub(3)..at) == Some(b"end");
        if ends {
            continue;
        }
        let dictionary = dictionary(bytes, at);
        if has(dictionary, b"/Image") && !has(dictionary, b"/Form") {
            continue;
        }
        let mut start = from;
        while bytes.get(start).is_some_and(|byte| matches!(byte, b'\r' | b'\n')) {
            start += 1;
        }
        let data = bytes.get(start..).unwrap_or_default();
        let flates = count(dictionary, b"/FlateDecode") + count(dictionary, b"/Fl ");
        let lzw = has(dictionary, b"LZW");
        let length = || find(data, b"endstream", 0).unwrap_or(data.len());
        if flates > 1 || lzw && (flates > 0 || length() > LZW_MAX) {
            return true;
        }
        let unpacked = unpacked(data);
        all += unpacked;
        if unpacked > UNPACKED_MAX || all > ALL_UNPACKED_MAX {
            return true;
        }
    }
    false
}

/// What stands before a stream, from its object's beginning.
fn dictionary(bytes: &[u8], stream: usize) -> &[u8] {
    let before = bytes.get(stream.saturating_sub(DICTIONARY)..stream).unwrap_or_default();
    let begin = before.windows(4).rposition(|window| window == b" obj").unwrap_or(0);
    before.get(begin..).unwrap_or_default()
}

/// How many bytes a deflated stream unpacks to, counted up to a little over the limit; zero for
/// bytes that are none.
fn unpacked(data: &[u8]) -> u64 {
    let mut inflate = Decompress::new(true);
    let mut room = vec![0_u8; 64 << 10];
    loop {
        let used = usize::try_from(inflate.total_in()).unwrap_or(usize::MAX);
        let rest = data.get(used..).unwrap_or_default();
        let before = (inflate.total_in(), inflate.total_out());
        let status = inflate.decompress(rest, &mut room, FlushDecompress::None);
        let stuck = before == (inflate.total_in(), inflate.total_out());
        match status {
            Ok(Status::Ok | Status::BufError) if !stuck => {}
            Ok(_) | Err(_) => return inflate.total_out(),
        }
        if inflate.total_out() > UNPACKED_MAX {
            return inflate.total_out();
        }
    }
}

fn find(bytes: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    rest.windows(wanted.len()).position(|window| window == wanted).map(|at| at + from)
}

fn has(bytes: &[u8], wanted: &[u8]) -> bool {
    find(bytes, wanted, 0).is_some()
}

fn count(bytes: &[u8], wanted: &[u8]) -> usize {
    bytes.windows(wanted.len()).filter(|window| *window == wanted).count()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::is_bomb;

    fn packed(zeros: usize) -> Vec<u8> {
        let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        let block = vec![b' '; 1 << 20];
        for _ in 0..zeros >> 20 {
            writer.write_all(&block).unwrap();
        }
        writer.finish().unwrap()
    }

    fn object(dictionary: &str, data: &[u8]) -> Vec<u8> {
        let mut file = format!("%PDF-1.7\n4 0 obj\n<<{dictionary}>>\nstream\n").into_bytes();
        file.extend(data);
        file.extend(b"\nendstream\nendobj\n");
        file
    }

    #[test]
    fn what_unpacks_to_too_much_is_found() {
        assert!(is_bomb(&object("/Filter/FlateDecode", &packed(200 << 20))));
        assert!(is_bomb(&object("/Filter[/FlateDecode/FlateDecode]", b"")));
        assert!(!is_bomb(&object("/Filter/FlateDecode", &packed(2 << 20))));
        assert!(!is_bomb(&object("/Subtype/Image/Filter/FlateDecode", &packed(200 << 20))));
        assert!(!is_bomb(&object("", b"BT ET")));
    }
}
