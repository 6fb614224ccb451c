//! Page files: pages of one issue together, so that what goes on on another page is one article.

use crate::connect;
use crate::failure::Failure;
use crate::ingest::Work;
use crate::ingest::plan::Planned;
use crate::ingest::report::Report;
use crate::page;
use crate::page_file;
use wenmai_proto::wire;

/// Stores the articles of page files.
pub(super) async fn take(work: &Work<'_>, pages: &[Planned], report: &mut Report) {
    let issues: Vec<wire::Issue> =
        pages.iter().map(|planned| work.args.issue.issue(&planned.path)).collect();
    let both: Vec<(&Planned, &wire::Issue)> = pages.iter().zip(&issues).collect();
    for together in both.chunk_by(|(_, a), (_, b)| page::same_issue(a, b)) {
        if together.len() > 1
            && !work.args.dry_run
            && let Some(stored) = issue(work, together).await
        {
            for ((planned, _), page) in together.iter().zip(stored.pages) {
                report.begin(&planned.path, planned.kind.format());
                report.page(page, &work.bar);
                report.end(Ok(()), &work.bar);
            }
            continue;
        }
        for (planned, issue) in together {
            report.begin(&planned.path, planned.kind.format());
            let done = one(work, planned, (*issue).clone(), report).await;
            report.end(done, &work.bar);
        }
    }
}

async fn one(
    work: &Work<'_>,
    planned: &Planned,
    issue: wire::Issue,
    report: &mut Report,
) -> Result<(), Failure> {
    work.bar.set_message(planned.path.display().to_string());
    // The report says which file it is.
    let without = |failure: Failure| failure.without(&planned.path);
    let files = page_file::pages(&planned.path, false).map_err(without)?;
    let Some(files) = files else {
        let text = page::read(&planned.path).map_err(without)?;
        let request = wire::ParsePageRequest { text, issue: Some(issue), file: None };
        return send(work, request, report).await;
    };
    let several = files.len() > 1;
    for (file, number) in files.into_iter().zip(1_u32..) {
        let mut issue = issue.clone();
        if several && issue.page.is_empty() {
            issue.page = number.to_string();
        }
        let (text, file) = (String::new(), Some(file));
        send(work, wire::ParsePageRequest { text, issue: Some(issue), file }, report).await?;
    }
    Ok(())
}

/// Stores the articles of a page, or only reads them.
async fn send(
    work: &Work<'_>,
    request: wire::ParsePageRequest,
    report: &mut Report,
) -> Result<(), Failure> {
    let mut articles = work.services.articles();
    if work.args.dry_run {
        let parsed = articles.parse_page(connect::patient(request)).await?.into_inner();
        report.parsed(&parsed, work.args.min_confidence.unwrap_or_default());
        return Ok(());
    }
    let wire::ParsePageRequest { text, issue, file } = request;
    let min_confidence = work.args.min_confidence;
    let request = wire::IngestPageRequest { text, issue, file, min_confidence };
    let stored = articles.ingest_page(connect::patient(request)).await?.into_inner();
    report.page(stored, &work.bar);
    Ok(())
}

/// Stores pages as one issue; `None` where they have to go one by one: too many, or one among them
/// that cannot be used.
async fn issue(
    work: &Work<'_>,
    pages: &[(&Planned, &wire::Issue)],
) -> Option<wire::IngestIssueResponse> {
    let mut asked = Vec::with_capacity(pages.len());
    for (planned, issue) in pages {
        work.bar.set_message(planned.path.display().to_string());
        let issue = Some((*issue).clone());
        if let Some(files) = page_file::pages(&planned.path, false).ok()? {
            // A file of several pages is an issue of its own.
            let [file] = <[wire::PageFile; 1]>::try_from(files).ok()?;
            let file = Some(file);
            asked.push(wire::ParsePageRequest { text: String::new(), issue, file });
        } else {
            let text = page::read(&planned.path).ok()?;
            asked.push(wire::ParsePageRequest { text, issue, file: None });
        }
    }
    if !page::fit_together(&asked) {
        return None;
    }
    let min_confidence = work.args.min_confidence;
    let request = wire::IngestIssueRequest { pages: asked, min_confidence };
    let stored = work.services.articles().ingest_issue(connect::patient(request)).await.ok()?;
    Some(stored.into_inner())
}
