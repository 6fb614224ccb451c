//! Two simple ways to divide a page into articles, as baselines.

use crate::pages::candidate::Candidate;

/// The longest block, in characters, that the second baseline takes for a headline.
const HEADLINE_CHARS: usize = 40;

/// Cuts at heading marks (`#`): the last heading before a text is its headline, and what follows up
/// to the next heading is its body.
pub(super) fn at_headings(page: &str) -> Vec<Candidate> {
    cut(page.lines().map(|line| {
        let plain = line.trim_start_matches('#');
        (plain.len() < line.len(), plain.trim())
    }))
}

/// Cuts at blank lines: a short block that does not end like a sentence is a headline.
pub(super) fn at_blank_lines(page: &str) -> Vec<Candidate> {
    let mut blocks: Vec<String> = vec![String::new()];
    for line in page.lines() {
        let line = line.trim_start_matches('#').trim();
        match blocks.last_mut() {
            Some(block) if !line.is_empty() => block.push_str(line),
            _ => blocks.push(String::new()),
        }
    }
    cut(blocks.iter().map(|block| {
        let short = block.chars().nth(HEADLINE_CHARS).is_none();
        (short && !block.ends_with(['。', '！', '？', '”', '…', '；']), block.as_str())
    }))
}

fn cut<'a>(lines: impl Iterator<Item = (bool, &'a str)>) -> Vec<Candidate> {
    let mut found = Vec::new();
    let (mut title, mut body) = (String::new(), String::new());
    let mut close = |title: &str, body: &mut String| {
        if !body.is_empty() {
            found.push(Candidate::plain(title, body));
            body.clear();
        }
    };
    for (is_heading, line) in lines.filter(|(_, line)| !line.is_empty()) {
        if is_heading {
            close(&title, &mut body);
            line.clone_into(&mut title);
        } else {
            body.push_str(line);
        }
    }
    close(&title, &mut body);
    found
}

#[cfg(test)]
mod tests {
    use super::at_blank_lines;
    use super::at_headings;

    #[test]
    fn baselines_cut_where_they_say() {
        let page =
            "### 民生\n\n## 清河大桥合龙\n\n大桥昨日合龙。\n\n秋粮开镰\n\n稻田里机声隆隆。\n";
        let found = |found: Vec<super::Candidate>| {
            found.iter().map(|c| (c.title.clone(), c.body().to_owned())).collect::<Vec<_>>()
        };
        let bridge = |body: &str| ("清河大桥合龙".to_owned(), body.to_owned());
        assert_eq!(found(at_headings(page)), [bridge("大桥昨日合龙。秋粮开镰稻田里机声隆隆。")]);
        assert_eq!(found(at_blank_lines(page))[0], bridge("大桥昨日合龙。"));
        assert_eq!(found(at_blank_lines(page)).len(), 2);
    }
}
