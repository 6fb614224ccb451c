//! XML: RSS 2.0 and 1.0, Atom, NewsML-G2, and other lists of records.

pub(crate) mod tree;

use serde_json::Map;
use serde_json::Value;

use crate::Failed;
use crate::Format;
use crate::Item;
use crate::Note;
use crate::Options;
use crate::markup;
use crate::names::Field;
use crate::names::Names;
use crate::record;
use tree::Element;

/// Names that may stand several times in one record, all of them meant.
const SEVERAL: [&str; 4] = ["author", "dc:creator", "creator", "byline"];

/// Reads a whole file of XML.
pub(crate) fn read(text: &str, options: &Options) -> Result<(Format, Vec<Item>), Failed> {
    let (root, broken) = tree::parse(text)?;
    let mut options = Options { is_summary_usual: true, ..options.clone() };
    let (format, records) = match root.local() {
        "rss" => {
            let channel = root.child("channel").unwrap_or(&root);
            name_source(&mut options, channel);
            (Format::Rss, channel.children("item").map(values).collect())
        }
        "RDF" => {
            name_source(&mut options, root.child("channel").unwrap_or(&root));
            (Format::Rdf, root.children("item").map(values).collect())
        }
        "feed" => {
            name_source(&mut options, &root);
            (Format::Atom, root.children("entry").map(entry).collect())
        }
        "newsMessage" | "newsItem" => {
            (Format::NewsMl, root.all("newsItem").into_iter().map(news_item).collect())
        }
        _ => {
            options.is_summary_usual = false;
            (
                Format::Xml,
                records(&root, &options.names).into_iter().map(values).collect::<Vec<_>>(),
            )
        }
    };
    if records.is_empty() {
        return Err(match broken {
            Some(what) => Failed::Syntax(format.name(), what),
            None => Failed::Empty("holds no list of articles"),
        });
    }
    let last = records.len();
    let items = records.into_iter().zip(1..).map(|(values, number)| {
        let mut outcome = record::assemble(&values, &options);
        if let (Ok(taken), Some(what)) = (&mut outcome, &broken)
            && usize::try_from(number) == Ok(last)
        {
            let what = format!("the file breaks off behind it: {what}");
            taken.notes.push(Note::Lost(what));
        }
        Item { number, outcome }
    });
    Ok((format, items.collect()))
}

/// A feed's own title is the source of its items, unless the caller named one.
fn name_source(options: &mut Options, channel: &Element) {
    if !options.source.is_empty() {
        return;
    }
    let title = channel.child("title").map(Element::content).unwrap_or_default();
    let link = channel
        .child("link")
        .map(|link| link.attribute("href").map_or_else(|| link.content(), str::to_owned));
    let host = link
        .as_deref()
        .and_then(|link| link.split("://").nth(1))
        .map(|rest| rest.split(['/', ':', '?']).next().unwrap_or_default().to_owned());
    let title = markup::line(&title);
    options.source = if title.is_empty() { host.unwrap_or_default() } else { title };
}

/// The children of an element by their names; of several with one name the first counts.
fn values(element: &Element) -> Map<String, Value> {
    let mut values = Map::new();
    for (name, value) in element.attributes() {
        values.insert(name.to_owned(), value.into());
    }
    for child in element.elements() {
        let name = child.name().to_owned();
        // The prefix of a namespace is the feed's own choice; these are as good as fixed.
        let name = if name == "content:encoded" || name.starts_with("dc:") {
            name
        } else {
            child.local().to_owned()
        };
        let is_foreign =
            matches!(child.prefix(), "media" | "itunes" | "slash" | "wfw" | "thr" | "sy");
        let content = child.content();
        if is_foreign || content.trim().is_empty() {
            continue;
        }
        let several = SEVERAL.contains(&name.as_str());
        let slot = values.entry(name).or_insert(Value::Null);
        match slot {
            Value::Null => *slot = Value::String(content),
            Value::Array(all) => all.push(content.into()),
            Value::String(first) if several => {
                *slot = vec![std::mem::take(first), content].into();
            }
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {}
        }
    }
    values
}

/// An entry of Atom: its link is the one to the page itself, its authors have names.
fn entry(element: &Element) -> Map<String, Value> {
    let mut values = values(element);
    let links = || element.children("link");
    let alternate = |link: &&Element| link.attribute("rel").is_none_or(|rel| rel == "alternate");
    if let Some(href) =
        links().find(alternate).or_else(|| links().next()).and_then(|link| link.attribute("href"))
    {
        values.insert("link".to_owned(), href.into());
    }
    let authors: Vec<String> = element
        .children("author")
        .filter_map(|author| author.child("name"))
        .map(Element::content)
        .collect();
    values.insert("author".to_owned(), authors.into());
    if let Some(category) =
        element.child("category").and_then(|one| one.attribute("label").or(one.attribute("term")))
    {
        values.insert("category".to_owned(), category.into());
    }
    // A repeated entry names the feed that it came from.
    match element.child("source").and_then(|source| source.child("title")) {
        Some(title) => values.insert("source".to_owned(), title.content().into()),
        None => values.remove("source"),
    };
    values
}

/// An item of NewsML-G2.
fn news_item(item: &Element) -> Map<String, Value> {
    let mut values = Map::new();
    let mut put = |name: &str, text: Option<String>| {
        if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
            values.entry(name).or_insert(Value::String(text));
        }
    };
    let content = |path: &[&'static str]| item.at(path).map(Element::content);
    put("id", item.attribute("guid").map(str::to_owned));
    put("title", content(&["contentMeta", "headline"]));
    put("time", content(&["contentMeta", "contentCreated"]));
    put("time", content(&["itemMeta", "firstCreated"]));
    put("updated", content(&["itemMeta", "versionCreated"]));
    let provider = item.at(&["itemMeta", "provider"]);
    let named = provider.and_then(|provider| {
        provider
            .child("name")
            .map(Element::content)
            .or_else(|| provider.attribute("literal").map(str::to_owned))
    });
    put("source", named);
    put("byline", content(&["contentMeta", "by"]));
    put("byline", content(&["contentMeta", "creator", "name"]));
    put("section", content(&["contentMeta", "subject", "name"]));
    put("summary", content(&["contentMeta", "description"]));
    let set = item.child("contentSet");
    let inline = set.and_then(|set| set.child("inlineXML").or_else(|| set.child("inlineData")));
    if let Some(inline) = inline {
        let heads =
            inline.all("hl1").into_iter().chain(inline.all("hedline")).chain(inline.all("h1"));
        let head = heads.map(Element::content).find(|head| !head.trim().is_empty());
        put("title", head);
        // NITF keeps the text in body.content, HTML in body.
        let body = inline
            .all("body.content")
            .into_iter()
            .next()
            .or_else(|| inline.all("body").into_iter().next());
        put("body", Some(body.unwrap_or(inline).content()));
    }
    values
}

/// The elements that look like records: children of one element that share a name and hold a title or
/// a text.
fn records<'e>(root: &'e Element, names: &Names) -> Vec<&'e Element> {
    let is_record = |element: &&Element| {
        let fields = element.elements().filter_map(|part| Some(names.find(part.name())?.0));
        fields.filter(|field| matches!(field, Field::Title | Field::Body)).count() >= 1
            && element.elements().count() >= 2
    };
    if let Some(first) = root.elements().find(is_record) {
        return root.elements().filter(|child| child.name() == first.name()).collect();
    }
    let below = root.elements().map(|child| records(child, names));
    below.max_by_key(Vec::len).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::read;
    use crate::Format;
    use crate::Options;
    use wenmai_domain::article::Record;

    fn records(text: &str) -> (Format, Vec<Record>) {
        let (format, items) = read(text, &Options::default()).unwrap();
        (format, items.into_iter().map(|item| item.outcome.unwrap().record).collect())
    }

    #[test]
    fn rss_is_read_with_its_full_text_before_its_description() {
        let (format, all) = records(
            "<?xml version=\"1.0\"?><rss version=\"2.0\" xmlns:content=\"c\" xmlns:dc=\"d\"><channel>\
             <title>柳溪网</title><link>https://liuxi.example/</link><item><title>开镰 &amp; 入仓</title>\
             <link>https://liuxi.example/1?a=1&amp;b=2</link><guid isPermaLink=\"false\">17</guid>\
             <pubDate>Mon, 08 Sep 2025 07:30:00 +0800</pubDate><dc:creator>周小禾</dc:creator>\
             <dc:creator>林大川</dc:creator><category>三农</category><category>天气</category>\
             <description><![CDATA[<p>短。</p>]]></description>\
             <content:encoded><![CDATA[<p>柳溪镇昨日开镰。</p><p>天气&nbsp;晴好。</p>]]></content:encoded></item>\
             <item><title>停水</title><description>明日停水 &lt;b&gt;一天&lt;/b&gt;，请存水&nbsp;。</description></item></channel></rss>",
        );
        assert_eq!((format, all.len()), (Format::Rss, 2));
        assert_eq!((all[0].source.as_str(), all[0].source_id.as_str()), ("柳溪网", "17"));
        assert_eq!((all[0].title.as_str(), all[0].section.as_str()), ("开镰 & 入仓", "三农"));
        assert_eq!(all[0].url, "https://liuxi.example/1?a=1&b=2");
        assert_eq!(all[0].paragraphs, ["柳溪镇昨日开镰。", "天气 晴好。"]);
        assert_eq!(all[0].byline.len(), 2);
        assert_eq!(all[0].published_at.unwrap().to_string(), "2025-09-08T07:30:00");
        assert_eq!(all[1].paragraphs, ["明日停水 一天，请存水 。"]);
    }

    #[test]
    fn rss_of_1999_and_atom_are_read() {
        let (format, all) = records(
            "<rdf:RDF xmlns:rdf=\"r\" xmlns=\"http://purl.org/rss/1.0/\" xmlns:dc=\"d\"><channel rdf:about=\"x\"><title>清河网</title></channel>\
             <item rdf:about=\"https://q.example/1\"><title>开镰</title><link>https://q.example/1</link><description>昨日开镰。</description>\
             <dc:date>2025-09-08T07:30+08:00</dc:date></item></rdf:RDF>",
        );
        assert_eq!((format, all[0].source.as_str()), (Format::Rdf, "清河网"));
        assert_eq!(all[0].published_at.unwrap().to_string(), "2025-09-08T07:30:00");
        let (format, all) = records(
            "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title type=\"text\">清河网</title><link rel=\"self\" href=\"https://q.example/f\"/>\
             <entry><id>urn:1</id><title>开镰</title><link rel=\"edit\" href=\"https://q.example/e\"/><link href=\"https://q.example/1\"/>\
             <author><name>周小禾</name><uri>x</uri></author><published>2025-09-08T07:30:00+08:00</published><updated>2025-09-09T07:30:00+08:00</updated>\
             <content type=\"xhtml\"><div xmlns=\"http://www.w3.org/1999/xhtml\"><p>昨日 &lt;5℃，<b>开镰</b>。</p><p>晴。</p></div></content></entry></feed>",
        );
        assert_eq!(format, Format::Atom);
        assert_eq!(
            (all[0].url.as_str(), all[0].byline[0].name.as_str()),
            ("https://q.example/1", "周小禾")
        );
        assert_eq!(all[0].paragraphs, ["昨日 <5℃，开镰。", "晴。"]);
        assert_eq!(all[0].published_at.unwrap().day(), 8);
    }

    #[test]
    fn newsml_is_read_with_nitf_or_html_inside() {
        let (format, all) = records(
            "<newsMessage xmlns=\"n\"><itemSet><newsItem guid=\"tag:q.example,2025:1\" version=\"2\"><itemMeta><provider literal=\"清河社\"/>\
             <versionCreated>2025-09-08T08:00:00+08:00</versionCreated></itemMeta><contentMeta><contentCreated>2025-09-08T07:30:00+08:00</contentCreated>\
             <headline>开镰</headline><by>周小禾</by></contentMeta><contentSet><inlineXML contenttype=\"application/nitf+xml\">\
             <nitf><body><body.head><hedline><hl1>别题</hl1></hedline></body.head><body.content><p>昨日开镰。</p><p>晴。</p></body.content></body></nitf>\
             </inlineXML></contentSet></newsItem></itemSet></newsMessage>",
        );
        assert_eq!(format, Format::NewsMl);
        assert_eq!((all[0].title.as_str(), all[0].source.as_str()), ("开镰", "清河社"));
        assert_eq!(all[0].paragraphs, ["昨日开镰。", "晴。"]);
        assert_eq!(all[0].source_id, "tag:q.example,2025:1");
    }

    #[test]
    fn other_lists_are_read_by_the_names_of_their_elements() {
        let (format, all) = records(
            "<export><meta>x</meta><list><news id=\"12345678\"><标题>开镰</标题><正文>昨日开镰。</正文></news>\
             <news id=\"12345679\"><标题>停水</标题><正文>明日停水。</正文></news></list></export>",
        );
        assert_eq!((format, all.len()), (Format::Xml, 2));
        assert_eq!((all[1].title.as_str(), all[1].source_id.as_str()), ("停水", "12345679"));
    }

    #[test]
    fn a_feed_that_breaks_off_gives_what_came_before() {
        let text = "<rss><channel><title>清河网</title><item><title>开镰</title><description>昨日开镰，A&B。</description></item><item><title>停";
        let (_, items) = read(text, &Options::default()).unwrap();
        assert!(items[0].outcome.is_ok());
        assert!(items.iter().flat_map(|item| &item.outcome).count() >= 1);
        assert!(read("<rss><channel></channel></rss>", &Options::default()).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text: String, near in "(<rss><channel>)?[<>/a-c&;!\\[\\]\"= -]{0,60}") {
            let _ = read(&text, &Options::default());
            let _ = read(&near, &Options::default());
        }

        #[test]
        fn deep_nesting_ends(depth in 0..3_000_usize) {
            let text = format!("<rss>{}x", "<a>".repeat(depth));
            let _ = read(&text, &Options::default());
        }
    }
}
