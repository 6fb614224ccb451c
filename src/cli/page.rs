//! Page files: bytes in some encoding, and what their name says of the issue.

use std::io::Read;
use std::path::Path;
use std::path::PathBuf;

use jiff::civil::Date;

use crate::failure::Failure;
use crate::failure::chain;
use crate::output;
use crate::review;
use wenmai_domain::page_code::PageCode;
use wenmai_engine as engine;
use wenmai_engine::PAGES_MAX;
use wenmai_engine::TEXT_BYTES_MAX;
use wenmai_proto::wire;
use wenmai_rpc::date_to_wire;

/// What is known of the pages.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub(super) struct IssueArgs {
    /// The paper's name.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "NAME")]
    pub(super) paper: String,

    /// Date of the issue, 2024-03-14; without it, the date in the file's name (20240314).
    #[arg(long, value_name = "DAY")]
    pub(super) date: Option<Date>,

    /// The page, as 3 or A03; without it, the one in the file's name (p1, A03).
    #[arg(long, value_name = "PAGE")]
    pub(super) page: Option<PageCode>,

    /// Name of the page (要闻).
    #[arg(long, default_value = "", hide_default_value = true, value_name = "NAME")]
    pub(super) page_name: String,

    /// Edition of the issue.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "NAME")]
    pub(super) edition: String,

    /// What was decided on doubtful cuts: the lines of `parse --review`, edited.
    #[arg(long, value_name = "FILE", value_parser = review::read)]
    pub(super) decisions: Option<review::Decisions>,
}

impl IssueArgs {
    /// The issue that the page at `path` belongs to.
    pub(super) fn issue(&self, path: &Path) -> wire::Issue {
        let name = path.file_stem().map(|name| name.to_string_lossy()).unwrap_or_default();
        let named = named(&name);
        let date = self.date.or(named.0);
        wire::Issue {
            paper: self.paper.clone(),
            date: date.map(date_to_wire),
            edition: self.edition.clone(),
            page: self.page.or(named.1).map(|page| page.to_string()).unwrap_or_default(),
            page_no: 0,
            page_name: self.page_name.clone(),
            decisions: self.decisions.as_ref().map_or_else(Vec::new, |known| known.of(path)),
        }
    }
}

/// Date and page in a file's name, such as `liaocheng-20240314-p1` or `liaocheng-20240314-A03`.
fn named(name: &str) -> (Option<Date>, Option<PageCode>) {
    let parts: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let day = |part: &&str| {
        if part.len() != 8 || !digits(part) {
            return None;
        }
        let (year, month, day) = (part.get(..4)?, part.get(4..6)?, part.get(6..)?);
        Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
    };
    let page = |part: &&str| {
        let number = part.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        let letters = part.get(..part.len() - number.len())?;
        if !(1..=3).contains(&number.len()) || !digits(number) {
            return None;
        }
        match letters {
            "p" => number.parse().ok(),
            // A letter before two digits, as papers write it: `V2` or `a1` may be anything.
            _ if letters.len() == 1 && letters < "a" && number.len() == 2 => part.parse().ok(),
            _ => None,
        }
    };
    (parts.iter().find_map(day), parts.iter().find_map(page))
}

/// Reads a page; `-` is standard input. Says so where it was not in UTF-8.
pub(super) fn read(path: &Path) -> Result<String, Failure> {
    let shown = path.display();
    let mut bytes = Vec::new();
    // One byte more than fits tells that it does not; a 50 MB file is not read whole.
    let most = TEXT_BYTES_MAX as u64 + 1;
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(most).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes))
    };
    read.map_err(|error| Failure::Failed(format!("{shown}: {}", chain(&error))))?;
    if bytes.len() > TEXT_BYTES_MAX {
        return Err(Failure::Failed(format!(
            "{shown}: larger than {TEXT_BYTES_MAX} bytes [TEXT_TOO_LONG]"
        )));
    }
    let decoded = engine::decode("file", &bytes)
        .map_err(|error| Failure::Failed(format!("{shown}: {}", chain(&error))))?;
    if decoded.encoding != "UTF-8" {
        output::note(&format!("{shown}: read as {}", decoded.encoding));
    }
    if decoded.replaced > 0 {
        let what = "bytes that are no character stand as \u{fffd}";
        output::note(&format!("{shown}: {what}, {} times", decoded.replaced));
    }
    Ok(decoded.text.into_owned())
}

/// Bytes of pages that fit into one request.
const TOGETHER_BYTES_MAX: usize = 3 << 20;

/// Whether pages can be sent in one request.
pub(super) fn fit_together(pages: &[wire::ParsePageRequest]) -> bool {
    let file = |page: &wire::ParsePageRequest| page.file.as_ref().map_or(0, |file| file.data.len());
    let bytes: usize = pages.iter().map(|page| page.text.len() + file(page)).sum();
    (2..=PAGES_MAX).contains(&pages.len()) && bytes <= TOGETHER_BYTES_MAX
}

/// Whether two pages are of one issue: the same paper on the same day, and numbers that differ.
pub(super) fn same_issue(a: &wire::Issue, b: &wire::Issue) -> bool {
    let numbered = !a.page.is_empty() && !b.page.is_empty() && a.page != b.page;
    numbered && a.date.is_some() && a.date == b.date && a.paper == b.paper && a.edition == b.edition
}

/// Files named on the command line.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub(super) struct Files {
    /// Files; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
}

#[cfg(test)]
mod tests {
    use super::named;
    use super::same_issue;
    use wenmai_proto::wire;
    use wenmai_rpc::date_to_wire;

    #[test]
    fn a_name_tells_day_and_page() {
        let (day, page) = named("liaocheng-20240314-p1");
        assert_eq!((day.unwrap().to_string().as_str(), page), ("2024-03-14", Some(1.into())));
        assert_eq!(named("qinghe-20240314-A03").1, "A03".parse().ok());
        assert_eq!(named("qinghe-a1-V2-report").1, None);
    }

    #[test]
    fn pages_of_one_day_with_other_numbers_are_one_issue() {
        let page = |name: &str| {
            let (date, page) = named(name);
            let date = date.map(date_to_wire);
            let page = page.map(|page| page.to_string()).unwrap_or_default();
            wire::Issue { date, page, ..wire::Issue::default() }
        };
        let first = page("qinghe-20250908-p1");
        assert!(same_issue(&first, &page("qinghe-20250908-p2")));
        for other in ["qinghe-20250908-p1", "qinghe-20250909-p2", "qinghe-20250908", "p2"] {
            assert!(!same_issue(&first, &page(other)), "{other}");
        }
    }

    #[test]
    fn a_name_without_them_tells_nothing() {
        assert_eq!(named("page-99999999-past-px"), (None, None));
    }
}
