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
use wenmai_engine::PageFile;
use wenmai_engine::PageGiven;
use wenmai_engine::ReadPage;
use wenmai_engine::Violation;
use wenmai_page::Issue;
use wenmai_page::Page;
use wenmai_page::Parsed;
use wenmai_proto::wire;

/// Pages as they were sent, and what is known of each.
#[derive(Debug)]
pub(super) struct Asked {
    given: Vec<PageGiven>,
    issues: Vec<Issue>,
    /// Whether there is one page, which messages name without a number.
    alone: bool,
}

/// Pages that were read.
pub(super) struct Read {
    given: Vec<PageGiven>,
    pages: Vec<ReadPage>,
}

impl Asked {
    /// One page.
    pub(super) fn page(asked: wire::ParsePageRequest) -> Result<Self, Status> {
        let wire::ParsePageRequest { text, issue, file } = asked;
        let issue = convert::issue(issue).map_err(Failure::from)?;
        let given = given(text, file).map_err(Failure::from)?;
        Ok(Self { given: vec![given], issues: vec![issue], alone: true })
    }

    /// The pages of an issue.
    pub(super) fn issue(asked: Vec<wire::ParsePageRequest>) -> Result<Self, Status> {
        let mut all = Vec::with_capacity(asked.len());
        let mut issues = Vec::with_capacity(asked.len());
        for (at, wire::ParsePageRequest { text, issue, file }) in asked.into_iter().enumerate() {
            let of_page = |violation| {
                refuse(under(&format!("pages[{at}]."), engine::Error::Invalid(vec![violation])))
            };
            issues.push(convert::issue(issue).map_err(of_page)?);
            all.push(given(text, file).map_err(of_page)?);
        }
        Ok(Self { given: all, issues, alone: false })
    }

    /// Reads them.
    pub(super) async fn read(self, engine: &Engine) -> Result<Read, Status> {
        let parser = engine.clone();
        let read = move |_: &dyn Fn() -> bool| {
            let Self { given, issues, alone } = self;
            let pages = if alone {
                let both = given.iter().zip(&issues);
                both.map(|(given, issue)| parser.read_page(given, issue)).collect()
            } else {
                parser.parse_issue(&given, &issues)
            };
            pages.map(|pages| Read { given, pages })
        };
        engine.calculate(read).await.and_then(|read| read).map_err(refuse)
    }
}

impl Read {
    /// The pages.
    pub(super) fn pages(&self) -> &[ReadPage] {
        &self.pages
    }

    /// The pages as parsed.
    pub(super) fn parsed(self) -> Vec<wire::ParsePageResponse> {
        let shown = self.shown();
        let indexes: Vec<CharIndex<'_>> = shown.iter().map(|text| CharIndex::new(text)).collect();
        let mut pages = Vec::with_capacity(self.pages.len());
        for (at, ReadPage { page, layout }) in self.pages.into_iter().enumerate() {
            let layout = layout
                .zip(indexes.get(at))
                .map(|(layout, index)| convert::layout(layout, &page, index));
            let Page { articles, unassigned, marks: _, extracted, no_article, doubts } = page;
            let articles = articles.into_iter().map(|one| convert::parsed(one, &indexes, at));
            pages.push(wire::ParsePageResponse {
                articles: articles.collect(),
                unassigned: indexes
                    .get(at)
                    .map_or_else(Vec::new, |index| convert::spans(&unassigned, index)),
                extracted_text: extracted.unwrap_or_default(),
                no_article: no_article.map(convert::no_article),
                layout,
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
        min_confidence: f32,
        since: Instant,
        index_version: &str,
    ) -> Vec<wire::IngestPageResponse> {
        let shown = self.shown();
        let indexes: Vec<CharIndex<'_>> = shown.iter().map(|text| CharIndex::new(text)).collect();
        let mut pages = Vec::with_capacity(self.pages.len());
        for ((at, read), results) in self.pages.into_iter().enumerate().zip(results) {
            let ReadPage { page, layout } = read;
            let layout = layout
                .zip(indexes.get(at))
                .map(|(layout, index)| convert::layout(layout, &page, index));
            let Page { articles, unassigned, marks: _, extracted, no_article, doubts } = page;
            let outcomes = outcomes(&articles, results, min_confidence);
            let joined = articles.into_iter().zip(outcomes).map(|(article, outcome)| {
                let parsed = Some(convert::parsed(article, &indexes, at));
                wire::PageArticle { parsed, outcome }
            });
            pages.push(wire::IngestPageResponse {
                articles: joined.collect(),
                unassigned: indexes
                    .get(at)
                    .map_or_else(Vec::new, |index| convert::spans(&unassigned, index)),
                timings: Some(convert::total(since)),
                index_version: index_version.to_owned(),
                extracted_text: extracted.unwrap_or_default(),
                no_article: no_article.map(convert::no_article),
                layout,
                doubts: indexes
                    .get(at)
                    .map_or_else(Vec::new, |index| convert::doubts(doubts, index)),
            });
        }
        pages
    }

    /// The text of each page that its spans count in.
    fn shown(&self) -> Vec<String> {
        let both = self.pages.iter().zip(&self.given);
        both.map(|(read, given)| match (&read.page.extracted, given) {
            (Some(extracted), _) => extracted.clone(),
            (None, PageGiven::Text(text)) => text.clone(),
            (None, PageGiven::File(_)) => String::new(),
        })
        .collect()
    }
}

/// A page as it was sent: its text, or a file.
fn given(text: String, file: Option<wire::PageFile>) -> Result<PageGiven, Violation> {
    let Some(wire::PageFile { data, format, page_index, draw }) = file else {
        return Ok(PageGiven::Text(text));
    };
    if !text.is_empty() {
        return Err(Violation::new("file", "a page is sent as `text` or as `file`, not as both"));
    }
    let page_index = usize::try_from(page_index).unwrap_or(usize::MAX);
    Ok(PageGiven::File(PageFile { data, format, page_index, draw }))
}

/// What became of each article of a page, `results` being those of the articles that were to be stored.
fn outcomes(
    articles: &[Parsed],
    results: IngestResults,
    min_confidence: f32,
) -> Vec<Option<wire::page_article::Outcome>> {
    let mut results = results.into_iter();
    let outcome = |article: &Parsed| {
        if !article.article.record.kind.is_article() {
            return None;
        }
        if !engine::to_store(article, min_confidence) {
            let confidence = article.confidence.unwrap_or_default();
            return Some(wire::page_article::Outcome::Held(wire::HeldArticle { confidence }));
        }
        Some(match results.next()? {
            Ok(done) => wire::page_article::Outcome::Ingested(convert::ingested(&done)),
            Err(error) => {
                let failure = Failure::Engine(under("parsed.record.", error));
                wire::page_article::Outcome::Error(describe(&failure).item())
            }
        })
    };
    articles.iter().map(outcome).collect()
}
