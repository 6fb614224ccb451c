//! Newspaper pages on the wire: one page or the pages of an issue, parsed, and stored or not.
//!
//! Reading a page takes a core for as long as it takes, so it happens on the engine's bounded pool
//! and not on the threads that answer calls.

use std::time::Instant;

use tonic::Status;

use crate::convert;
use crate::convert::CharIndex;
use crate::status::Failure;
use crate::status::describe;
use crate::status::refuse;
use crate::status::under;
use wenmai_engine as engine;
use wenmai_engine::Engine;
use wenmai_engine::IngestResults;
use wenmai_page::Issue;
use wenmai_page::Page;
use wenmai_page::Parsed;
use wenmai_proto::wire;

/// The texts of pages, and what is known of each.
#[derive(Debug)]
pub(super) struct Asked {
    texts: Vec<String>,
    issues: Vec<Issue>,
    /// Whether there is one page, which messages name without a number.
    alone: bool,
}

/// Pages that were read.
pub(super) struct Read {
    texts: Vec<String>,
    pages: Vec<Page>,
}

impl Asked {
    /// One page.
    pub(super) fn page(text: String, issue: Option<wire::Issue>) -> Result<Self, Status> {
        let issue = convert::issue(issue).map_err(Failure::from)?;
        Ok(Self { texts: vec![text], issues: vec![issue], alone: true })
    }

    /// The pages of an issue.
    pub(super) fn issue(asked: Vec<wire::ParsePageRequest>) -> Result<Self, Status> {
        let mut texts = Vec::with_capacity(asked.len());
        let mut issues = Vec::with_capacity(asked.len());
        for (at, wire::ParsePageRequest { text, issue }) in asked.into_iter().enumerate() {
            let of_page = |error| refuse(under(&format!("pages[{at}]."), error));
            let issue = convert::issue(issue)
                .map_err(|violation| of_page(engine::Error::Invalid(vec![violation])))?;
            issues.push(issue);
            texts.push(text);
        }
        Ok(Self { texts, issues, alone: false })
    }

    /// Reads them.
    pub(super) async fn read(self, engine: &Engine) -> Result<Read, Status> {
        let parser = engine.clone();
        let read = move |_: &dyn Fn() -> bool| {
            let Self { texts, issues, alone } = self;
            let pages = if alone {
                let both = texts.iter().zip(&issues);
                both.map(|(text, issue)| parser.parse_page(text, issue)).collect()
            } else {
                parser.parse_issue(&texts, &issues)
            };
            pages.map(|pages| Read { texts, pages })
        };
        engine.calculate(read).await.and_then(|read| read).map_err(refuse)
    }
}

impl Read {
    /// The pages.
    pub(super) fn pages(&self) -> &[Page] {
        &self.pages
    }

    /// The pages as parsed.
    pub(super) fn parsed(self) -> Vec<wire::ParsePageResponse> {
        let shown = self.shown();
        let indexes: Vec<CharIndex<'_>> = shown.iter().map(|text| CharIndex::new(text)).collect();
        let mut pages = Vec::with_capacity(self.pages.len());
        for (at, page) in self.pages.into_iter().enumerate() {
            let Page { articles, unassigned, marks: _, extracted, no_article, doubts } = page;
            let articles = articles.into_iter().map(|one| convert::parsed(one, &indexes, at));
            pages.push(wire::ParsePageResponse {
                articles: articles.collect(),
                unassigned: indexes
                    .get(at)
                    .map_or_else(Vec::new, |index| convert::spans(&unassigned, index)),
                extracted_text: extracted.unwrap_or_default(),
                no_article: no_article.map(convert::no_article),
                doubts: indexes
                    .get(at)
                    .map_or_else(Vec::new, |index| convert::doubts(doubts, index)),
                ..wire::ParsePageResponse::default()
            });
        }
        pages
    }

    /// The pages with what became of their articles.
    pub(super) fn stored(
        self,
        results: Vec<IngestResults>,
        since: Instant,
        index_version: &str,
    ) -> Vec<wire::IngestPageResponse> {
        let shown = self.shown();
        let indexes: Vec<CharIndex<'_>> = shown.iter().map(|text| CharIndex::new(text)).collect();
        let mut pages = Vec::with_capacity(self.pages.len());
        for ((at, page), results) in self.pages.into_iter().enumerate().zip(results) {
            let Page { articles, unassigned, marks: _, extracted, no_article, doubts: _ } = page;
            pages.push(wire::IngestPageResponse {
                articles: page_articles(articles, results, &indexes, at),
                unassigned: indexes
                    .get(at)
                    .map_or_else(Vec::new, |index| convert::spans(&unassigned, index)),
                timings: Some(convert::total(since)),
                index_version: index_version.to_owned(),
                extracted_text: extracted.unwrap_or_default(),
                no_article: no_article.map(convert::no_article),
            });
        }
        pages
    }

    /// The text of each page that its spans count in.
    fn shown(&self) -> Vec<String> {
        let both = self.pages.iter().zip(&self.texts);
        both.map(|(page, text)| page.extracted.clone().unwrap_or_else(|| text.clone())).collect()
    }
}

/// Joins the articles of page `at` with what became of those that are stored, which `results` has in
/// order.
fn page_articles(
    articles: Vec<Parsed>,
    results: IngestResults,
    indexes: &[CharIndex<'_>],
    at: usize,
) -> Vec<wire::PageArticle> {
    let mut results = results.into_iter();
    let mut joined = Vec::with_capacity(articles.len());
    for article in articles {
        let result = if article.article.record.kind.is_article() { results.next() } else { None };
        let outcome = result.map(|result| match result {
            Ok(done) => wire::page_article::Outcome::Ingested(convert::ingested(&done)),
            Err(error) => {
                let failure = Failure::Engine(under("parsed.record.", error));
                wire::page_article::Outcome::Error(describe(&failure).item())
            }
        });
        let parsed = Some(convert::parsed(article, indexes, at));
        joined.push(wire::PageArticle { parsed, outcome });
    }
    joined
}
