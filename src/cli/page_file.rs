//! Page files whose lines have places: each page is read here and sent in little room, however large
//! its file is.

use std::io::Read;
use std::path::Path;

use crate::failure::Failure;
use crate::failure::chain;
use crate::output;
use wenmai_layout as layout;
use wenmai_layout::Format;
use wenmai_proto::wire;

/// Bytes that such a file may have: an issue of a newspaper as PDF has some dozens of megabytes.
const FILE_BYTES_MAX: u64 = 512 << 20;

/// Bytes by which a file is known.
const HEAD_BYTES: u64 = 64 << 10;

/// The pages of a file; `None` where its lines have no places and it is read as text.
pub(super) fn pages(path: &Path, draw: bool) -> Result<Option<Vec<wire::PageFile>>, Failure> {
    if path == Path::new("-") {
        return Ok(None);
    }
    let Ok(start) = head(path) else { return Ok(None) };
    if let Some(files) = layout::alto_files(&start).filter(|_| Format::detect(&start).is_none()) {
        return issue(path, &files, draw).map(Some);
    }
    match Format::detect(&start) {
        Some(format) => sheets(path, format, draw).map(Some),
        None => Ok(None),
    }
}

/// Whether the lines of a file that begins with `start` have places.
pub(super) fn is_placed(start: &[u8]) -> bool {
    let files = || layout::alto_files(start).is_some_and(|files| !files.is_empty());
    Format::detect(start).is_some() || files()
}

fn head(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut start = Vec::new();
    std::fs::File::open(path)?.take(HEAD_BYTES).read_to_end(&mut start)?;
    Ok(start)
}

/// The pages that a METS file lists, beside which they lie.
fn issue(path: &Path, start: &[String], draw: bool) -> Result<Vec<wire::PageFile>, Failure> {
    let shown = path.display();
    let all = layout::alto_files(&bytes(path)?).unwrap_or_default();
    if all.is_empty() && start.is_empty() {
        return Err(Failure::Failed(format!("{shown}: the METS file names no ALTO file")));
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let mut pages = Vec::new();
    for file in all {
        // What a file names stays in its own folder.
        let inside = Path::new(&file).components().all(|part| {
            matches!(part, std::path::Component::Normal(_) | std::path::Component::CurDir)
        });
        if !inside {
            output::note(&format!("{shown}: {file} lies outside the folder and is left out"));
            continue;
        }
        pages.extend(sheets(&folder.join(&file), Format::Alto, draw)?);
    }
    Ok(pages)
}

fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let shown = path.display();
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path);
    file.and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes))
        .map_err(|error| Failure::Failed(format!("{shown}: {}", chain(&error))))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(Failure::Failed(format!("{shown}: larger than {FILE_BYTES_MAX} bytes")));
    }
    Ok(bytes)
}

/// Each page of a file as a sheet; pages without text are said and left out, unless all are.
fn sheets(path: &Path, format: Format, draw: bool) -> Result<Vec<wire::PageFile>, Failure> {
    let shown = path.display();
    let read = layout::open_all(&bytes(path)?, format)
        .map_err(|refused| Failure::Failed(format!("{shown}: {}", refused.reason())))?;
    let mut pages = Vec::new();
    let mut why = None;
    for (at, sheet) in read.into_iter().enumerate() {
        match sheet {
            Ok(sheet) => pages.push(wire::PageFile {
                data: sheet.to_json().into_bytes(),
                format: Format::Sheet.name().to_owned(),
                page_index: 0,
                draw,
            }),
            Err(refused) => {
                let reason = refused.reason().into_owned();
                why.get_or_insert_with(|| reason.clone());
                output::note(&format!("{shown}: page {}: {reason}", at + 1));
            }
        }
    }
    match why {
        Some(reason) if pages.is_empty() => Err(Failure::Failed(format!("{shown}: {reason}"))),
        Some(_) | None => Ok(pages),
    }
}
