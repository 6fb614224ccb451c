//! The result of a search as a table, a brief with citations, or a feed.

use axum::response::IntoResponse;
use axum::response::Response;
use tonic::codegen::http::header;

use crate::articles;
use crate::atom;
use crate::client::told;
use crate::failure::Failure;
use crate::show;
use crate::visit::Visit;
use wenmai_proto::wire;

/// Hits in one answer of the contract.
const PAGE_SIZE: i32 = 100;
/// Rows of a table at most; a search goes no further.
const ROWS_MAX: usize = 900;
/// The first line of a table.
const HEADER: &str = "article,title,outlet,published,page,kind,url,reprints,passage\r\n";
/// Tables are opened in Excel, which takes them for another encoding without this.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// All hits as a table (RFC 4180).
pub(crate) async fn csv(visit: &Visit) -> Result<Response, Failure> {
    let mut request = articles::request(visit);
    request.facets.clear();
    request.page_size = PAGE_SIZE;
    let mut table = format!("{BYTE_ORDER_MARK}{HEADER}");
    let mut rows = 0;
    while rows < ROWS_MAX {
        let call = visit.call(request.clone());
        let answer = told(visit.search_service().search_articles(call).await)?;
        rows += answer.hits.len();
        table.extend(answer.hits.iter().map(|hit| row(visit, hit)));
        if answer.next_page_token.is_empty() || answer.hits.is_empty() {
            break;
        }
        request.page_token = answer.next_page_token;
    }
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"search.csv\""),
    ];
    Ok((headers, table).into_response())
}

fn row(visit: &Visit, hit: &wire::SearchHit) -> String {
    let article = hit.article.clone().unwrap_or_default();
    let record = article.record.unwrap_or_default();
    let kind = show::kind(record.kind(), visit.lang);
    let cells = [
        article.name,
        record.title.clone(),
        show::outlet(&record),
        show::moment(record.publish_time.as_ref()),
        record.page.clone(),
        if kind.is_empty() { visit.lang.kind_news().to_owned() } else { kind.to_owned() },
        record.url.clone(),
        hit.reprint_count.to_string(),
        hit.snippet.as_ref().map(|snippet| snippet.text.clone()).unwrap_or_default(),
    ];
    let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
    cells.join(",") + "\r\n"
}

/// A cell; what a spreadsheet would take for a formula is made a text.
fn quoted(cell: &str) -> String {
    let guard = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", cell.replace('"', "\"\""))
}

/// What the best hits say together, in Markdown with numbered sources.
pub(crate) async fn markdown(visit: &Visit) -> Result<Response, Failure> {
    let wire::SearchArticlesRequest { query, filter, .. } = articles::request(visit);
    let request = wire::SummarizeArticlesRequest {
        query,
        filter,
        style: wire::SummaryStyle::Report.into(),
        ..Default::default()
    };
    let answer = told(visit.summary_service().summarize_articles(visit.call(request)).await)?;
    Ok(markdown_answer(answer.markdown))
}

/// A text in Markdown as an answer.
pub(crate) fn markdown_answer(text: String) -> Response {
    ([(header::CONTENT_TYPE, "text/markdown; charset=utf-8")], text).into_response()
}

/// The newest hits as a feed.
pub(crate) fn atom(
    visit: &Visit,
    answer: &wire::SearchArticlesResponse,
) -> Result<Response, Failure> {
    let entry = |hit: &wire::SearchHit| {
        let snippet = hit.snippet.as_ref().map(|snippet| snippet.text.clone());
        let article = hit.article.clone().unwrap_or_default();
        atom::of_article(visit, &article, snippet.unwrap_or_default())
    };
    let title = visit.value("q").unwrap_or(visit.lang.search());
    atom::answer(visit, title, answer.hits.iter().map(entry).collect())
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_cell_is_a_text_and_never_a_formula() {
        assert_eq!(quoted("说“好”, \"ok\""), "\"说“好”, \"\"ok\"\"\"");
        assert_eq!(quoted("=1+1"), "\"'=1+1\"");
    }
}
