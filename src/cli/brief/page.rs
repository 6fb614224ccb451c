//! A brief as a page of HTML, in Chinese: without script and without anything from elsewhere.

use super::Brief;
use super::Story;
use super::label;
use super::outlets;
use super::source;
use crate::summarize::said;
use wenmai_proto::wire;
use wenmai_summary::report::escaped;

/// Writes `brief` as a page. No text of an article can become markup, and only addresses of the web
/// become links.
pub(super) fn html(brief: &Brief) -> String {
    let Brief { from, to, story_count, stories } = brief;
    let days = if from == to { to.to_string() } else { format!("{from}—{to}") };
    let mut text = vec![format!(
        "<!doctype html>\n<html lang=\"zh\">\n<meta charset=\"utf-8\">\n<title>{days} 简报</title>\n\
         <h1>{days} 简报</h1>\n"
    )];
    if stories.is_empty() {
        text.push("<p>这段时间没有报道。</p>\n".to_owned());
    } else {
        text.push(format!("<p>共{story_count}个话题，取{}个。</p>\n", stories.len()));
    }
    for Story { topic, summary } in stories {
        text.push(format!("<h2>{}</h2>\n<p>", escaped(label(topic, summary))));
        for sentence in &summary.sentences {
            let cited = source(summary, sentence.source).map(link).unwrap_or_default();
            text.push(format!("{}{cited}", escaped(said(sentence))));
        }
        let named = outlets(topic).join("、");
        let named = if named.is_empty() { named } else { format!("：{}", escaped(&named)) };
        text.push(format!("</p>\n<p><small>{}篇{named}</small></p>\n", topic.article_count));
    }
    text.push("</html>\n".to_owned());
    text.concat()
}

/// The source of a sentence behind it: who printed it, linked where it has an address.
fn link(source: &wire::SummarySource) -> String {
    let who = if source.outlet.is_empty() { &source.title } else { &source.outlet };
    let (who, title) = (escaped(who), escaped(&source.title));
    if ["https://", "http://"].iter().any(|web| source.url.starts_with(web)) {
        format!("<sup><a href=\"{}\" title=\"{title}\">{who}</a></sup>", escaped(&source.url))
    } else {
        format!("<sup title=\"{title}\">{who}</sup>")
    }
}

#[cfg(test)]
mod tests {
    use super::html;
    use crate::brief::Brief;
    use crate::brief::Story;
    use jiff::civil::date;
    use wenmai_proto::wire;

    #[test]
    fn a_page_tells_each_story_with_links_and_no_markup_of_articles() {
        let day = date(2025, 9, 10);
        let source = |url: &str| wire::SummarySource {
            number: 1,
            title: "清河大桥<合龙>".to_owned(),
            outlet: "清河日报".to_owned(),
            url: url.to_owned(),
            ..Default::default()
        };
        let story = |url: &str| Story {
            topic: wire::Topic { label: "清河<大桥>".to_owned(), ..Default::default() },
            summary: wire::SummarizeArticlesResponse {
                sentences: vec![wire::SummarySentence {
                    text: "清河大桥昨日合龙。".to_owned(),
                    dated: "清河大桥昨日（9月9日）合龙。".to_owned(),
                    source: 1,
                    ..Default::default()
                }],
                sources: vec![source(url)],
                ..Default::default()
            },
        };
        let stories = vec![story("https://qinghe.example/1"), story("javascript:alert(1)")];
        let page = html(&Brief { from: day, to: day, story_count: 2, stories });
        assert!(page.contains("<h2>清河&lt;大桥&gt;</h2>") && page.contains("昨日（9月9日）合龙"));
        assert!(page.contains("href=\"https://qinghe.example/1\""), "{page}");
        assert!(!page.contains("javascript:") && !page.contains("<合龙>"), "{page}");
    }
}
