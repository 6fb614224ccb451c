//! What was found on a web page → a page with one article, whose spans point into the text that was
//! taken out of the markup.

use crate::Issue;
use crate::NoArticle;
use crate::Page;
use crate::byline;
use crate::draft::Draft;
use crate::html;
use crate::html::Extract;
use crate::line::Block;
use crate::path::Class;
use wenmai_domain::article::Article;
use wenmai_domain::article::Caption;
use wenmai_domain::page_code::PageCode;
use wenmai_domain::span::Span;

/// Reads the article of a web page; its spans point into [`Page::extracted`].
pub(crate) fn read(text: &str, issue: &Issue) -> Page {
    let extract = html::extract(text);
    if let Some(nothing) = extract.nothing {
        return none(nothing);
    }
    let mut sheet = Sheet::default();
    let mut draft = Draft::default();
    let headings = [
        (Class::Kicker, "### ", &extract.kicker),
        (Class::Headline, "## ", &extract.title),
        (Class::Subtitle, "### ", &extract.subtitle),
    ];
    for (class, mark, words) in headings {
        if !words.is_empty() {
            let block = sheet.write(mark, words);
            draft.heading(class, &block);
        }
    }
    for (words, is_subhead) in &extract.paragraphs {
        let block = sheet.write(if *is_subhead { "#### " } else { "" }, words);
        if *is_subhead {
            draft.subhead(&block);
        } else {
            draft.paragraph(&sheet.text, &block);
        }
    }
    let mut parsed = draft.finish(issue, 0);
    let is_post = extract.is_post;
    complete(&mut parsed.article, extract, issue);
    parsed.rules_fired.push("from-html");
    if is_post {
        parsed.rules_fired.push("first-post-of-thread");
    }
    Page {
        articles: vec![parsed],
        unassigned: Vec::new(),
        marks: sheet.marks,
        extracted: Some(sheet.text),
        no_article: None,
        doubts: Vec::new(),
    }
}

/// A page without an article.
fn none(nothing: NoArticle) -> Page {
    Page { extracted: Some(String::new()), no_article: Some(nothing), ..Page::default() }
}

/// Adds what the page says of the article and its text does not.
fn complete(article: &mut Article, extract: Extract, issue: &Issue) {
    let Extract { captions, source, published, authors, page, page_name, url, .. } = extract;
    let record = &mut article.record;
    if record.source.is_empty() {
        record.source = source;
    }
    if record.byline.is_empty() || !authors.is_empty() && record.byline.len() < authors.len() {
        record.byline = authors;
    }
    if let Some(published) = published.filter(|_| issue.date.is_none()) {
        record.published_at = Some(published);
    }
    let (code, name) = PageCode::read(&page);
    if record.page.is_none() {
        record.page = code;
    }
    if record.page_name.is_empty() {
        record.page_name = if page_name.is_empty() { name } else { page_name };
    }
    if record.url.is_empty() {
        record.url = url;
    }
    record.captions.extend(captions.iter().map(|text| caption(text)));
    *article = Article::new(std::mem::take(record));
}

/// What stands under a picture, and who took it.
pub(crate) fn caption(text: &str) -> Caption {
    let credit = byline::trailing_credit(text).or_else(|| html::credit::photographer(text));
    let end = credit.as_ref().map_or(text.len(), |(at, _)| *at);
    Caption {
        text: text.get(..end).unwrap_or_default().trim().to_owned(),
        credit: credit.map(|(_, names)| names.join(" ")).unwrap_or_default(),
    }
}

/// The text as it is written, paragraph by paragraph, headings marked as in Markdown.
#[derive(Default)]
struct Sheet {
    text: String,
    marks: Vec<Span>,
}

impl Sheet {
    fn write(&mut self, mark: &str, words: &str) -> Block {
        if !self.text.is_empty() {
            self.text.push_str("\n\n");
        }
        let start = self.text.len();
        self.text.push_str(mark);
        let from = self.text.len();
        self.text.push_str(words);
        let marked = mark.trim_end().len();
        if marked > 0 {
            self.marks.push(Span::new(start, start + marked));
        }
        let level = u8::try_from(marked).unwrap_or_default();
        let span = Span::new(from, self.text.len());
        Block { spans: vec![span], text: words.to_owned(), level, gap: 1, ..Block::default() }
    }
}
