//! Which files there are, and what each is.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use crate::failure::chain;
use crate::page_file;
use wenmai_engine::feed;
use wenmai_feed::Format;
use wenmai_feed::format;
use wenmai_feed::names::Names;

/// Folders inside each other, at most.
const DEPTH_MAX: usize = 32;
/// How browsers name the folder of what belongs to a saved page.
const PAGE_FOLDERS: [&str; 3] = ["_files", ".files", "_文件"];

/// A file, and what is to be done with it.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) path: PathBuf,
    pub(super) kind: Kind,
}

/// What is to be done with a file.
#[derive(Debug)]
pub(super) enum Kind {
    /// It is read.
    Take(Format),
    /// It is passed over without a warning, for this reason.
    Skip(Format, String),
    /// It cannot be read, for this reason.
    Fail(String, Option<Format>),
}

impl Kind {
    /// What the file was taken for.
    pub(super) fn format(&self) -> Option<Format> {
        match self {
            Kind::Take(format) | Kind::Skip(format, _) => Some(*format),
            Kind::Fail(_, format) => *format,
        }
    }
}

/// The files at `paths`, those in folders too, each told by its content or by `given`.
pub(super) fn plan(paths: &[PathBuf], given: Option<Format>, names: &Names) -> Vec<Planned> {
    let mut planned = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = planned.len();
            folder(path, given, names, 0, &mut planned);
            if planned.len() == before {
                let kind = Kind::Fail("the folder holds no file".to_owned(), None);
                planned.push(Planned { path: path.clone(), kind });
            }
        } else {
            let mut kind = kind(path, given, names);
            // A file that was named is wanted; passing it over silently would be an answer to nobody.
            if let Kind::Skip(format, what) = kind {
                kind = Kind::Fail(what, Some(format));
            }
            planned.push(Planned { path: path.clone(), kind });
        }
    }
    planned
}

/// The files of a folder in the order of their names, without hidden ones.
fn folder(
    path: &Path,
    given: Option<Format>,
    names: &Names,
    depth: usize,
    planned: &mut Vec<Planned>,
) {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) => {
            let kind = Kind::Fail(chain(&error), None);
            planned.push(Planned { path: path.to_owned(), kind });
            return;
        }
    };
    let mut entries: Vec<_> = entries.flatten().collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        let beside = PAGE_FOLDERS.iter().any(|ending| name.ends_with(ending));
        // A link to a folder may lead in a circle; one to a file is read as that file.
        match entry.file_type() {
            _ if name.starts_with('.') => {}
            Ok(kind) if kind.is_dir() && (beside || depth >= DEPTH_MAX) => {}
            Ok(kind) if kind.is_dir() => {
                folder(&entry.path(), given, names, depth + 1, planned);
            }
            _ if entry.path().is_file() => {
                let path = entry.path();
                planned.push(Planned { kind: kind(&path, given, names), path });
            }
            _ => {}
        }
    }
}

fn kind(path: &Path, given: Option<Format>, names: &Names) -> Kind {
    if let Some(format) = given {
        return Kind::Take(format);
    }
    let start = match feed::start(path) {
        Ok(start) => start,
        Err(error) => return Kind::Fail(chain(&error), None),
    };
    if page_file::is_placed(&start) {
        return Kind::Take(Format::Text);
    }
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let format = format::detect(&start, &name, names);
    if format.is_page() || format.is_feed() || format.is_binary_feed() {
        Kind::Take(format)
    } else if format.is_beside() {
        Kind::Skip(format, format.refusal())
    } else {
        Kind::Fail(format.refusal(), Some(format))
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;
    use super::plan;
    use wenmai_feed::Format;
    use wenmai_feed::names::Names;

    #[test]
    fn a_folder_is_looked_through_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir_all(at("b/page_files")).unwrap();
        for (name, text) in [
            ("a.jsonl", "{\"title\": \"甲\"}\n{\"title\": \"乙\"}\n"),
            ("b/page.html", "<html><body><p>停水</p></body></html>"),
            ("b/page_files/style.css", "p { }"),
            ("c.png", "\u{89}PNG"),
            ("d.pdf", "%PDF"),
            (".hidden", "x"),
        ] {
            std::fs::write(at(name), text).unwrap();
        }
        std::fs::write(at("c.png"), b"\x89PNG\r\n").unwrap();
        let all = plan(&[folder.path().to_owned()], None, &Names::default());
        assert_eq!(all.len(), 4);
        assert!(matches!(all[0].kind, Kind::Take(Format::JsonLines)));
        assert!(matches!(all[1].kind, Kind::Take(Format::Html)));
        assert!(matches!(all[2].kind, Kind::Skip(Format::Media, _)));
        assert!(matches!(all[3].kind, Kind::Fail(_, Some(Format::Pdf))));
        let named = plan(&[at("c.png"), at("none")], None, &Names::default());
        assert!(named.iter().all(|one| matches!(one.kind, Kind::Fail(..))));
    }
}
