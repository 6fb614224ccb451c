//! What a feed or a page list names: its items, each with its address and what the feed says of it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use url::Url;

use crate::address;
use crate::fault::Fault;
use crate::fetch::Found;
use crate::state::key;
use wenmai_domain::article::Record;
use wenmai_domain::day;
use wenmai_feed as feed;
use wenmai_feed::Format;
use wenmai_feed::Options;
use wenmai_feed::channel;
use wenmai_feed::channel::Channel;
use wenmai_feed::encoding;
use wenmai_feed::format;
use wenmai_feed::names::Names;
use wenmai_feed::time::Clock;
use wenmai_page as page;

/// Items of one feed that are looked at in one poll.
const ITEMS_MAX: usize = 10_000;
/// Links of a page list that are looked at in one poll.
const LINKS_MAX: usize = 500;
/// Bytes by which a format is told.
const START_BYTES: usize = 64 << 10;

/// What a feed or a page list names.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Listing {
    /// What it is: `RSS`, `Atom`, `page list` …
    pub kind: &'static str,
    /// What it says of itself.
    pub channel: Channel,
    /// Its items, in its order.
    pub items: Vec<Listed>,
    /// How many of its records cannot be used, by reason.
    pub refused: BTreeMap<&'static str, u64>,
}

/// An item of a feed.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// The address of its page.
    pub url: Option<Url>,
    /// What the feed says of it; of a page list only the title.
    pub record: Record,
}

impl Listed {
    /// What it is known by: the address of its page, else its id, else what it says.
    #[must_use]
    pub fn key(&self) -> u64 {
        let record = &self.record;
        match &self.url {
            Some(url) => key(&["url", &address::canonical(url)]),
            None if !record.source_id.is_empty() => key(&["id", &record.source, &record.source_id]),
            None => key(&["text", &record.source, &record.title, &record.body()]),
        }
    }

    /// What it says; another one means that it was changed.
    #[must_use]
    pub fn print(&self) -> u64 {
        key(&[&self.record.title, &self.record.body()])
    }
}

/// Reads what came from `url` at `now`.
///
/// # Errors
/// [`Fault::Encoding`], [`Fault::NotAFeed`], [`Fault::Type`]
pub fn read(found: &Found, url: &Url, now: Timestamp) -> Result<Listing, Fault> {
    if is_media(&found.kind) {
        return Err(Fault::Type(found.kind.clone()));
    }
    let decoded = encoding::decode(&found.body, found.charset.as_deref())
        .map_err(|error| Fault::Encoding(error.to_string()))?;
    let names = Names::default();
    let text = decoded.text.trim_start_matches('\u{feff}');
    let start = text.as_bytes().get(..START_BYTES).unwrap_or(text.as_bytes());
    #[expect(clippy::wildcard_enum_match_arm, reason = "what is a feed, its format says itself")]
    match format::detect(start, "", &names) {
        Format::Html => links(text, url),
        Format::Opml => Err(Fault::NotAFeed(
            "it is a list of feeds (OPML): download it, and name the file".to_owned(),
        )),
        Format::Empty => Err(Fault::NotAFeed("it is empty".to_owned())),
        other if other.is_feed() => records(text, other, url, now),
        other => Err(Fault::NotAFeed(format!("it looks like {}", other.name()))),
    }
}

/// Whether a type is one that no text comes in.
pub fn is_media(kind: &str) -> bool {
    ["image/", "video/", "audio/", "font/"].iter().any(|start| kind.starts_with(start))
        || matches!(kind, "application/pdf" | "application/zip" | "application/msword")
}

fn records(text: &str, format: Format, url: &Url, now: Timestamp) -> Result<Listing, Fault> {
    let now = day::civil_time(now);
    let options = Options {
        clock: Clock { now, fetched: now },
        feed: address::canonical(url),
        is_partial: true,
        is_summary_usual: true,
        is_address_relative: true,
        ..Options::default()
    };
    let (format, items) = match feed::read(text, format, &options) {
        Ok(read) => read,
        // A feed may have nothing to tell today.
        Err(feed::Failed::Empty(_)) => (format, Vec::new()),
        Err(failed) => return Err(Fault::NotAFeed(failed.to_string())),
    };
    let mut listing = Listing {
        kind: format.name(),
        channel: channel::channel(text, format),
        ..Listing::default()
    };
    for item in items.into_iter().take(ITEMS_MAX) {
        match item.outcome {
            Ok(taken) => match listed(taken.record, url) {
                Some(listed) => listing.items.push(listed),
                None => *listing.refused.entry("empty_item").or_default() += 1,
            },
            Err(_refused) => *listing.refused.entry("unreadable_item").or_default() += 1,
        }
    }
    Ok(listing)
}

/// An item, if it leads anywhere or says anything.
fn listed(mut record: Record, base: &Url) -> Option<Listed> {
    let own = address::read(&record.url, Some(base)).ok().filter(|_| !record.url.is_empty());
    // An id may be the address of the page, and its only one (`isPermaLink` of RSS).
    let url = own.or_else(|| address::read(&record.source_id, None).ok());
    record.url = url.as_ref().map(Url::to_string).unwrap_or_default();
    let says_something = !record.title.is_empty() && !record.paragraphs.is_empty();
    (url.is_some() || says_something).then_some(Listed { url, record })
}

/// What a list of articles names that stands at `url`, where a page list led to it. Lists of another
/// section of the site, outside the folder of the page list at `feed`, are not read.
#[must_use]
pub fn below(found: &Found, url: &Url, feed: &Url) -> Vec<Listed> {
    let folder = feed.path().rsplit_once('/').map_or("", |(folder, _)| folder);
    let is_own = url.host() == feed.host()
        && url.path().strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    let decoded = encoding::decode(&found.body, found.charset.as_deref());
    let listing = decoded.ok().filter(|_| is_own).and_then(|it| links(&it.text, url).ok());
    listing.map(|listing| listing.items).unwrap_or_default()
}

/// The kind of a page that lists articles.
pub const PAGE_LIST: &str = "page list";

/// The articles that a page lists: its links to the same site that read like headlines.
fn links(text: &str, url: &Url) -> Result<Listing, Fault> {
    let own = address::canonical(url);
    let mut known = std::collections::HashSet::from([own]);
    let mut items = Vec::new();
    for link in page::links(text) {
        let Ok(to) = address::read(&link.url, Some(url)) else { continue };
        if items.len() < LINKS_MAX
            && address::is_same_site(url, &to)
            && to.path() != "/"
            && known.insert(address::canonical(&to))
        {
            let title = link.title.clone();
            let record = Record { title, url: to.to_string(), ..Record::default() };
            items.push(Listed { url: Some(to), record });
        }
    }
    if items.is_empty() {
        return Err(Fault::NotAFeed("the page has no links to articles of its site".to_owned()));
    }
    Ok(Listing { kind: PAGE_LIST, items, ..Listing::default() })
}

#[cfg(test)]
mod tests {
    use url::Url;

    use super::Listing;
    use super::read;
    use crate::fault::Fault;
    use crate::fetch::Found;

    fn of(kind: &str, charset: Option<&str>, body: &[u8]) -> Result<Listing, Fault> {
        let found = Found {
            kind: kind.to_owned(),
            charset: charset.map(str::to_owned),
            body: body.to_vec(),
            wire_bytes: body.len(),
            etag: None,
            modified: None,
            fresh: None,
        };
        let url = Url::parse("https://q.example/news/feed").unwrap();
        read(&found, &url, "2026-03-14T08:00:00Z".parse().unwrap())
    }

    #[test]
    fn a_feed_in_gbk_is_read_by_its_header_or_its_own_word() {
        let text = "<?xml version=\"1.0\" encoding=\"GBK\"?><rss><channel><title>清河网新闻</title><ttl>90</ttl>\
            <item><title>渠道清淤工程今日开工</title><link>/a/1.html</link><guid>1</guid></item>\
            <item><title>停水</title></item><item><description>明日停水。</description><title>停水通知</title></item>\
            </channel></rss>";
        let bytes = encoding_rs::GBK.encode(text).0;
        for charset in [None, Some("gb2312")] {
            let listing = of("text/xml", charset, &bytes).unwrap();
            assert_eq!((listing.kind, listing.channel.ttl_minutes), ("RSS", Some(90)));
            assert_eq!(listing.items.len(), 2);
            assert_eq!(listing.items[0].record.url, "https://q.example/a/1.html");
            assert_eq!(listing.items[0].record.source, "清河网新闻");
            assert_eq!(listing.items[1].url, None);
            assert_eq!(listing.refused["empty_item"], 1);
        }
    }

    #[test]
    fn a_page_list_gives_the_articles_of_its_site() {
        let listing = of(
            "text/html",
            None,
            "<!doctype html><html><body><a href='/'>清河新闻网的首页</a><a href='/a/1.html'>渠道清淤工程今日开工</a>\
             <a href='http://www.q.example/a/1.html?utm_source=x'>渠道清淤工程今日又开工</a>\
             <a href='https://other.example/x'>别家网站上的一篇文章</a><a href='feed'>本页自己的那个地址</a>\
             <a href='/b/2.html'>水库今日开始放水</a></body></html>".as_bytes(),
        )
        .unwrap();
        let urls: Vec<&str> = listing.items.iter().map(|item| item.record.url.as_str()).collect();
        assert_eq!(
            urls,
            [
                "https://q.example/a/1.html",
                "http://www.q.example/a/1.html?utm_source=x",
                "https://q.example/b/2.html"
            ]
        );
    }

    #[test]
    fn what_is_no_feed_says_what_it_is() {
        assert!(matches!(of("image/png", None, b"x"), Err(Fault::Type(_))));
        for (body, what) in [
            (&b""[..], "empty"),
            (b"<opml><body/></opml>", "OPML"),
            (b"\x89PNG\r\n\x1a\n", ""),
            ("明日停水，请各家存水。".as_bytes(), "page of text"),
            (b"<!doctype html><html><body><p>x</p></body></html>", "no links"),
        ] {
            let fault = of("text/plain", None, body).unwrap_err();
            assert!(fault.to_string().contains(what), "{fault}");
        }
        let quiet = of("", None, b"<rss><channel><title>a</title></channel></rss>").unwrap();
        assert_eq!(quiet.items, []);
    }

    #[test]
    fn an_item_is_known_by_its_page_and_by_what_it_says() {
        let feed = |items: &str| {
            of("", None, format!("<rss><channel>{items}</channel></rss>").as_bytes()).unwrap().items
        };
        let items = feed(
            "<item><title>甲</title><link>http://q.example/1</link></item>\
             <item><title>乙</title><link>https://q.example/1/?utm_source=rss</link></item>\
             <item><title>甲</title><description>丙</description></item>\
             <item><title>丁</title><guid>https://q.example/4</guid></item>",
        );
        assert_eq!(items[0].key(), items[1].key());
        assert_ne!(items[0].print(), items[1].print());
        assert_ne!(items[0].key(), items[2].key());
        assert_eq!(items[3].record.url, "https://q.example/4");
    }
}
