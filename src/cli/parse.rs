//! `wenmai parse`: which articles stand on these pages?

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use crate::connect;
use crate::connect::Needs;
use crate::connect::Services;
use crate::failure::Failure;
use crate::failure::chain;
use crate::output;
use crate::page;
use crate::page_file;
use crate::placed;
use crate::review;
use wenmai_proto::wire;

/// Arguments of `wenmai parse`.
#[derive(Debug, Clone, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(super) struct Args {
    #[command(flatten)]
    files: page::Files,

    #[command(flatten)]
    issue: page::IssueArgs,

    #[command(flatten)]
    connect: connect::Args,

    /// Show the whole text of each article.
    #[arg(long)]
    full: bool,

    /// Show which rules of the parser decided and, of a page whose lines have places, the boxes
    /// that each part was read from.
    #[arg(long)]
    explain: bool,

    /// Draw a page whose lines have places, its articles in colours, to this file; of several pages
    /// the second goes to NAME-2.svg.
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,

    /// Print one JSON object per page.
    #[arg(long)]
    json: bool,

    /// Print only the cuts that are doubtful, a line of JSON each, to be edited and given back with
    /// `--decisions`.
    #[arg(long, conflicts_with_all = ["json", "full", "explain"])]
    review: bool,
}

pub(super) async fn run(args: Args) -> Result<(), Failure> {
    let services = Services::connect(&args.connect, Needs::Nothing).await?;
    let mut failed = false;
    let mut pages = Vec::new();
    for path in &args.files.files {
        match requests(&args, path) {
            Ok(requests) => pages.extend(requests.into_iter().map(|one| (path.as_path(), one))),
            Err(failure) => {
                failure.print();
                failed = true;
            }
        }
    }
    if !together(&args, &services, &pages).await? {
        let mut articles = services.articles();
        for (at, (path, request)) in pages.into_iter().enumerate() {
            let one = async {
                let text = request.text.clone();
                let parsed = articles.parse_page(connect::patient(request)).await?.into_inner();
                draw(&args, at, &parsed)?;
                show(&args, path, &text, &parsed)
            };
            if let Err(failure) = one.await {
                failure.print();
                failed = true;
            }
        }
    }
    services.close().await?;
    if failed { Err(Failure::Partial) } else { Ok(()) }
}

/// Parses several pages as one issue and shows them; `false` where they have to be parsed one by
/// one: a single page, too many, or one among them that cannot be used.
async fn together(
    args: &Args,
    services: &Services,
    pages: &[(&Path, wire::ParsePageRequest)],
) -> Result<bool, Failure> {
    let asked: Vec<_> = pages.iter().map(|(_, page)| page.clone()).collect();
    if !page::fit_together(&asked) {
        return Ok(false);
    }
    let request = wire::ParseIssueRequest { pages: asked };
    let Ok(answer) = services.articles().parse_issue(connect::patient(request)).await else {
        return Ok(false);
    };
    for (at, ((path, asked), page)) in pages.iter().zip(answer.into_inner().pages).enumerate() {
        draw(args, at, &page)?;
        show(args, path, &asked.text, &page)?;
    }
    Ok(true)
}

/// What is asked for a file: one page of text, or each page of a file whose lines have places.
fn requests(args: &Args, path: &Path) -> Result<Vec<wire::ParsePageRequest>, Failure> {
    let issue = args.issue.issue(path);
    let Some(files) = page_file::pages(path, args.svg.is_some())? else {
        let text = page::read(path)?;
        return Ok(vec![wire::ParsePageRequest { text, issue: Some(issue), file: None }]);
    };
    let several = files.len() > 1;
    let numbered = files.into_iter().zip(1_u32..).map(|(file, number)| {
        let mut issue = issue.clone();
        if several && issue.page.is_empty() {
            issue.page = number.to_string();
        }
        wire::ParsePageRequest { text: String::new(), issue: Some(issue), file: Some(file) }
    });
    Ok(numbered.collect())
}

/// Writes the drawing of a page, where one was asked for and there is one.
fn draw(args: &Args, at: usize, page: &wire::ParsePageResponse) -> Result<(), Failure> {
    let Some(path) = &args.svg else { return Ok(()) };
    let drawn = page.layout.as_ref().map(|layout| layout.svg.as_str()).unwrap_or_default();
    if drawn.is_empty() {
        output::note("--svg: the page's lines have no places, so nothing is drawn");
        return Ok(());
    }
    let path = if at == 0 {
        path.clone()
    } else {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        path.with_file_name(format!("{stem}-{}.svg", at + 1))
    };
    std::fs::write(&path, drawn)
        .map_err(|error| Failure::Failed(format!("{}: {}", path.display(), chain(&error))))
}

fn show(
    args: &Args,
    path: &Path,
    text: &str,
    page: &wire::ParsePageResponse,
) -> Result<(), Failure> {
    if args.review {
        let shown = if page.extracted_text.is_empty() { text } else { &page.extracted_text };
        return review::print(path, shown, &page.doubts);
    }
    if args.json {
        return output::json("ParsePageResponse", page);
    }
    if let Some(nothing) = &page.no_article {
        return no_article(args, path, nothing);
    }
    output::line(&format!("{}: {} parts", path.display(), page.articles.len()))?;
    let mut table = output::table(&["#", "kind", "headline", "who, where, when", "text"]);
    for (number, parsed) in page.articles.iter().enumerate() {
        let record = parsed.record.clone().unwrap_or_default();
        let mut text = body(&record, args.full);
        if let Some(sure) = parsed.confidence.filter(|sure| *sure < DOUBTFUL) {
            text = format!("{text}\n(cut with confidence {sure:.2}; --review lists the doubt)");
        }
        if args.explain {
            text = format!("{text}\n[{}]", parsed.rules_fired.join(", "));
            let layout = page.layout.as_ref();
            for line in layout.map(|layout| placed::boxes(parsed, layout)).unwrap_or_default() {
                text = format!("{text}\n{line}");
            }
        }
        table.add_row(vec![
            (number + 1).to_string(),
            kind(&record),
            headlines(&record),
            about(&record),
            text,
        ]);
    }
    output::line(&table.to_string())?;
    if let Some(layout) = &page.layout {
        left_out(layout)?;
    } else if !page.unassigned.is_empty() {
        output::line(&format!("{} pieces of text belong to no part", page.unassigned.len()))?;
    }
    Ok(())
}

/// Says what belongs to no article, and what was noticed of the page.
fn left_out(layout: &wire::PageLayout) -> Result<(), Failure> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for part in &layout.left_out {
        *counts.entry(part.reason.as_str()).or_default() += 1;
    }
    if !counts.is_empty() {
        let counts: Vec<String> =
            counts.iter().map(|(reason, count)| format!("{count} {reason}")).collect();
        output::line(&format!("left out: {}", counts.join(", ")))?;
    }
    layout.notes.iter().try_for_each(|note| output::line(&format!("note: {note}")))
}

/// An article less sure than this is said to be doubtful.
const DOUBTFUL: f32 = 0.85;

/// Says what a web page without an article is, and where a list leads.
fn no_article(args: &Args, path: &Path, nothing: &wire::NoArticle) -> Result<(), Failure> {
    output::line(&format!("{}: {}", path.display(), nothing.reason))?;
    let shown = if args.full { nothing.links.len() } else { LINKS_SHOWN };
    for link in nothing.links.iter().take(shown) {
        output::line(&format!("  {}  {}", link.title, link.url))?;
    }
    let more = nothing.links.len().saturating_sub(shown);
    if more > 0 {
        output::line(&format!("  and {more} more links; --full shows them"))?;
    }
    Ok(())
}

/// Links of a list that are shown without `--full`.
const LINKS_SHOWN: usize = 20;

/// The kind's name: `news`.
pub(super) fn kind(record: &wire::ArticleRecord) -> String {
    record.kind().as_str_name().trim_start_matches("ARTICLE_KIND_").to_lowercase()
}

/// Section, kicker, headline and subtitle, a line each.
fn headlines(record: &wire::ArticleRecord) -> String {
    let mut lines = Vec::new();
    let parts = [("[", &record.section, "]"), ("", &record.kicker, "")];
    for (open, text, close) in parts {
        if !text.is_empty() {
            lines.push(format!("{open}{text}{close}"));
        }
    }
    lines.push(output::headline(record));
    if !record.subtitle.is_empty() {
        lines.push(format!("——{}", record.subtitle));
    }
    lines.join("\n")
}

/// Byline, dateline, jump and source note, a line each.
fn about(record: &wire::ArticleRecord) -> String {
    let mut lines = Vec::new();
    let names: Vec<&str> = record.byline.iter().map(|who| who.name.as_str()).collect();
    if !names.is_empty() {
        lines.push(names.join(" "));
    }
    if let Some(dateline) = &record.dateline {
        let day = |date: &Option<wire::Date>| {
            date.as_ref()
                .map_or_else(String::new, |d| format!("{:04}-{:02}-{:02}", d.year, d.month, d.day))
        };
        let (from, to) = (day(&dateline.date_from), day(&dateline.date_to));
        let days = if from == to { from } else { format!("{from}…{to}") };
        lines.push(format!("{} {} {days}", dateline.place, dateline.raw).trim().to_owned());
    }
    for caption in record.captions.iter().filter(|caption| !caption.credit.is_empty()) {
        lines.push(format!("photo: {}", caption.credit));
    }
    match record.jump.as_ref().and_then(|jump| jump.page.as_ref()) {
        Some(wire::jump::Page::ToPageNo(page)) => lines.push(format!("→ page {page}")),
        Some(wire::jump::Page::ToPage(page)) => lines.push(format!("→ page {page}")),
        Some(wire::jump::Page::FromPageNo(page)) => lines.push(format!("← page {page}")),
        Some(wire::jump::Page::FromPage(page)) => lines.push(format!("← page {page}")),
        None => {}
    }
    if !record.source_note.is_empty() {
        lines.push(format!("({})", record.source_note));
    }
    for line in &record.staff {
        lines.push(format!("{}：{}", line.duty, line.names.join(" ")));
    }
    lines.join("\n")
}

fn body(record: &wire::ArticleRecord, full: bool) -> String {
    if full {
        return record.paragraphs.join("\n");
    }
    let chars: usize = record.paragraphs.iter().map(|text| text.chars().count()).sum();
    if chars == 0 {
        return String::new();
    }
    let start: String = record.paragraphs.iter().flat_map(|text| text.chars()).take(20).collect();
    let count = record.paragraphs.len();
    let plural = if count == 1 { "" } else { "s" };
    format!("{start}… ({count} paragraph{plural}, {chars} characters)")
}
