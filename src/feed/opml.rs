//! OPML: the lists of feeds that readers import and export.

use crate::Failed;
use crate::markup;
use crate::xml::tree;
use crate::xml::tree::Element;

/// Feeds of one list, at most; what comes behind is passed over.
const OUTLINES_MAX: usize = 10_000;

/// A feed of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outline {
    /// What the list calls it; empty where it has no name.
    pub title: String,
    /// The address of the feed, or of the page where the list names no feed.
    pub url: String,
}

/// The feeds of the OPML file `text`, those in folders too, each address once, in order.
///
/// # Errors
/// [`Failed`] where it is no OPML, or names no address.
pub fn outlines(text: &str) -> Result<Vec<Outline>, Failed> {
    let (root, broken) = tree::parse(text.trim_start_matches('\u{feff}'))?;
    let mut found: Vec<Outline> = Vec::new();
    let mut known = std::collections::HashSet::new();
    for element in root.all("outline") {
        let Some(outline) = outline(element) else { continue };
        if found.len() < OUTLINES_MAX && known.insert(outline.url.clone()) {
            found.push(outline);
        }
    }
    match broken {
        _ if !found.is_empty() => Ok(found),
        Some(what) => Err(Failed::Syntax("OPML", what)),
        None => Err(Failed::Empty("the OPML names no feed (`xmlUrl`)")),
    }
}

fn outline(element: &Element) -> Option<Outline> {
    // The names of attributes are written in any case, though the format says which.
    let attribute = |names: &[&str]| {
        let mut all = element.attributes();
        let found = all.find(|(name, value)| {
            names.iter().any(|one| name.eq_ignore_ascii_case(one)) && !value.trim().is_empty()
        });
        found.map(|(_, value)| value.trim().to_owned())
    };
    let feed = attribute(&["xmlUrl", "xml_url"]);
    let url = feed.or_else(|| attribute(&["url"])).or_else(|| attribute(&["htmlUrl"]))?;
    let title = attribute(&["title"]).or_else(|| attribute(&["text"])).unwrap_or_default();
    Some(Outline { title: markup::line(&title), url })
}

#[cfg(test)]
mod tests {
    use super::outlines;

    #[test]
    fn feeds_in_folders_are_found_once() {
        let found = outlines(
            "<?xml version=\"1.0\"?><opml version=\"2.0\"><head><title>订阅</title></head><body>\
             <outline text=\"报纸\"><outline text=\"地方\">\
             <outline type=\"rss\" text=\"清河网\" xmlUrl=\"https://q.example/f?a=1&amp;b=2\"/></outline>\
             <outline text=\"东湖\" xmlurl=\" https://d.example/f \"/></outline>\
             <outline text=\"又一次\" xmlUrl=\"https://q.example/f?a=1&amp;b=2\"/>\
             <outline title=\"要闻版\" htmlUrl=\"https://p.example/list\"/></body></opml>",
        )
        .unwrap();
        let shown: Vec<(&str, &str)> =
            found.iter().map(|one| (one.title.as_str(), one.url.as_str())).collect();
        assert_eq!(
            shown,
            [
                ("清河网", "https://q.example/f?a=1&b=2"),
                ("东湖", "https://d.example/f"),
                ("要闻版", "https://p.example/list"),
            ]
        );
    }

    #[test]
    fn a_list_without_addresses_says_so() {
        assert!(outlines("<opml><body><outline text=\"空\"/></body></opml>").is_err());
        assert!(outlines("").is_err());
    }
}
