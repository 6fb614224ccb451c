//! A page that came, and what the feed says of it → the article to store, or why there is none.

use url::Url;

use crate::address;
use crate::fault::Fault;
use crate::fetch::Found;
use crate::listing::is_media;
use wenmai_domain::article::Article;
use wenmai_domain::article::Kind;
use wenmai_domain::article::Record;
use wenmai_feed::encoding;
use wenmai_page as page;
use wenmai_page::Issue;
use wenmai_page::PageKind;

/// Characters of a feed's own text from which it is an article by itself.
const FEED_TEXT_CHARS_MIN: usize = 40;

/// Why a page gave no article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoArticle {
    /// It cannot be read.
    Fault(Fault),
    /// It is something else.
    Kind(PageKind),
    /// What the parser found is no article: a teaser, a staff box, nothing.
    Nothing,
}

impl NoArticle {
    /// Its kind, for tables and JSON.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            NoArticle::Fault(fault) => fault.reason(),
            NoArticle::Kind(PageKind::List) => "no_article_list",
            NoArticle::Kind(PageKind::Login) => "no_article_login",
            NoArticle::Kind(PageKind::Missing) => "no_article_missing",
            NoArticle::Kind(PageKind::Shell) => "no_article_shell",
            NoArticle::Kind(PageKind::Several) => "no_article_several",
            NoArticle::Kind(PageKind::Empty) => "no_article_empty",
            NoArticle::Kind(PageKind::NoText) | NoArticle::Nothing => "no_article_no_text",
        }
    }
}

/// Reads the article of a page.
///
/// # Errors
/// [`NoArticle`]
pub fn of_page(found: &Found) -> Result<Record, NoArticle> {
    let kind = found.kind.as_str();
    let is_page = kind.is_empty() || kind.contains("html") || kind == "text/plain";
    if !is_page || is_media(kind) {
        return Err(NoArticle::Fault(Fault::Type(kind.to_owned())));
    }
    let decoded = encoding::decode(&found.body, found.charset.as_deref())
        .map_err(|error| NoArticle::Fault(Fault::Encoding(error.to_string())))?;
    let page = page::parse(&decoded.text, &Issue::default());
    if page.extracted.is_none() {
        return Err(NoArticle::Fault(Fault::Type("text".to_owned())));
    }
    if let Some(nothing) = page.no_article {
        return Err(NoArticle::Kind(nothing.kind));
    }
    let mut records = page.articles.into_iter().map(|parsed| parsed.article.record);
    records.find(|record| record.kind.is_article()).ok_or(NoArticle::Nothing)
}

/// The article as the feed and its page tell it together: text and headline are the page's; whose it
/// is and its id are the feed's, so that a corrected text replaces the old one, and one that came
/// in by `wenmai ingest` too. `url` is where the page was found.
#[must_use]
pub fn joined(mut page: Record, feed: &Record, url: &Url) -> Record {
    let canonical = address::read(&page.url, Some(url)).ok().filter(|canonical| {
        !page.url.is_empty() && address::is_same_site(canonical, url) && canonical.path() != "/"
    });
    page.url = canonical.map_or_else(|| url.to_string(), |canonical| canonical.to_string());
    if page.title.is_empty() {
        page.title.clone_from(&feed.title);
    }
    if !feed.source.is_empty() {
        page.source.clone_from(&feed.source);
    }
    if page.source.is_empty() {
        page.source = address::host(url);
    }
    page.source_id.clone_from(&feed.source_id);
    if page.source_id.is_empty() {
        page.source_id = address::canonical(url);
    }
    page.published_at = match (page.published_at, feed.published_at) {
        // The feed knows the hour where the page gives only the day.
        (Some(of_page), Some(of_feed))
            if of_page.date() == of_feed.date()
                && of_page.time() == jiff::civil::Time::midnight() =>
        {
            Some(of_feed)
        }
        (of_page, of_feed) => of_page.or(of_feed),
    };
    if page.byline.is_empty() {
        page.byline.clone_from(&feed.byline);
    }
    if page.section.is_empty() {
        page.section.clone_from(&feed.section);
    }
    if page.paper.is_empty() {
        page.paper.clone_from(&feed.paper);
    }
    Article::new(page).record
}

/// What the feed itself says, where that is an article by itself.
#[must_use]
pub fn of_feed(record: &Record) -> Option<Record> {
    let is_short = matches!(record.kind, Kind::Photo | Kind::Brief);
    let chars: usize = record.paragraphs.iter().map(|text| text.chars().count()).sum();
    let is_whole =
        !record.title.is_empty() && (chars >= FEED_TEXT_CHARS_MIN || is_short && chars > 0);
    is_whole.then(|| {
        let mut record = record.clone();
        if record.source_id.is_empty()
            && let Ok(url) = address::read(&record.url, None)
        {
            record.source_id = address::canonical(&url);
            if record.source.is_empty() {
                record.source = address::host(&url);
            }
        }
        record
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use url::Url;

    use super::NoArticle;
    use super::joined;
    use super::of_feed;
    use super::of_page;
    use crate::fault::Fault;
    use crate::fetch::Found;
    use wenmai_domain::article::Record;

    fn found(kind: &str, body: &str) -> Found {
        Found {
            kind: kind.to_owned(),
            charset: None,
            body: body.as_bytes().to_vec(),
            wire_bytes: 0,
            etag: None,
            modified: None,
            fresh: None,
        }
    }

    #[test]
    fn the_page_tells_the_text_and_the_feed_whose_it_is() {
        let text =
            "渠道清淤工程今日在城东开工，全长四公里，预计下月完成，沿线两千户居民用水将得到改善。";
        let page = of_page(&found(
            "text/html",
            &format!("<!doctype html><html><head><title>渠道清淤工程开工</title></head><body><h1>渠道清淤工程开工</h1>\
             <p>2026-03-14 来源：清河日报</p><p>{text}</p><p>{text}</p></body></html>"),
        ))
        .unwrap();
        let feed = Record {
            source: "清河网".into(),
            source_id: "17".into(),
            title: "渠道开工".into(),
            section: "民生".into(),
            published_at: Some(date(2026, 3, 14).at(9, 30, 0, 0)),
            ..Record::default()
        };
        let url = Url::parse("https://q.example/a/17.html").unwrap();
        let record = joined(page, &feed, &url);
        assert_eq!((record.title.as_str(), record.source.as_str()), ("渠道清淤工程开工", "清河网"));
        assert_eq!((record.source_id.as_str(), record.section.as_str()), ("17", "民生"));
        assert_eq!(record.url, "https://q.example/a/17.html");
        assert_eq!(record.published_at, feed.published_at);
        assert!(record.body().starts_with("渠道清淤工程今日在城东开工"));
        let listed = joined(Record::default(), &Record::default(), &url);
        assert_eq!(
            (listed.source.as_str(), listed.source_id.as_str()),
            ("q.example", "q.example/a/17.html")
        );
    }

    #[test]
    fn a_page_without_an_article_says_what_it_is() {
        let pdf = of_page(&found("application/pdf", "%PDF"));
        assert_eq!(pdf, Err(NoArticle::Fault(Fault::Type("application/pdf".into()))));
        let gone = "<!doctype html><html><head><title>404 Not Found</title></head><body>页面不存在</body></html>";
        assert_eq!(of_page(&found("text/html", gone)).unwrap_err().reason(), "no_article_missing");
        assert_eq!(of_page(&found("text/plain", "明日停水。")).unwrap_err().reason(), "wrong_type");
    }

    #[test]
    fn a_line_of_a_feed_is_no_article() {
        let record = |text: &str| Record {
            title: "停水".into(),
            url: "https://q.example/1".into(),
            paragraphs: vec![text.into()],
            ..Record::default()
        };
        assert_eq!(of_feed(&record("明日停水。")), None);
        let whole = of_feed(&record(&"明日停水，请存水。".repeat(5))).unwrap();
        assert_eq!((whole.source.as_str(), whole.source_id.as_str()), ("q.example", "q.example/1"));
    }
}
