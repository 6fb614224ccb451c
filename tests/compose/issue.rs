//! Two pages of one issue, on which an article goes on from the first to the second.

use rand::RngExt as _;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

use super::Composed;
use super::compose;
use super::source;
use super::source::Line;
use super::style::Style;

/// An issue and the article that both pages share.
pub struct Issue {
    /// The pages, numbered 1 and 2.
    pub pages: [Composed; 2],
    /// The headline of the shared article.
    pub title: String,
    /// Its paragraphs, whole.
    pub paragraphs: Vec<String>,
}

/// The issue of `style` and `seed`: `下转2版` ends the first page, `上接1版` stands on the second, and
/// every second time the column breaks the sentence there.
pub fn issue(style: &Style, seed: u64) -> Issue {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let fit = |source: &source::Source| {
        let text = |line: &Line| matches!(line, Line::Text(text) if text.chars().count() > 40);
        source.kind == "news"
            && source.names.is_empty()
            && source.body.len() >= 2
            && source.body.iter().all(text)
    };
    let [mut front, mut second] = [1, 2].map(|page| {
        let mut made = compose(style, seed * 2 + page);
        made.page = u32::try_from(page).unwrap_or_default();
        made
    });
    let used = |title: &str| front.text.contains(title) || second.text.contains(title);
    let mut fits: Vec<_> = source::articles().into_iter().filter(fit).collect();
    fits.retain(|source| !used(&source.title));
    let source = fits.swap_remove(rng.random_range(0..fits.len()));
    let paragraphs: Vec<String> = source
        .body
        .iter()
        .map(|line| match line {
            Line::Text(text) | Line::Subhead(text) | Line::BoxHead(text) => text.clone(),
        })
        .collect();
    let head: String = paragraphs[0].chars().take(25).collect();
    let rest = &paragraphs[0][head.len()..];
    let broken = seed.is_multiple_of(2) && !rest.starts_with(['，', '。', '、', '”', '；']);
    let (first, left) =
        if broken { (head.as_str(), Some(rest)) } else { (paragraphs[0].as_str(), None) };
    let more: Vec<&str> =
        left.into_iter().chain(paragraphs.iter().skip(1).map(String::as_str)).collect();
    let title = source.title.as_str();
    front.text.extend(["\n## ", title, "\n\n本报讯 ", first, "（下转2版）\n"]);
    second.text.extend(["\n## ", title, "\n\n（上接1版）", &more.join("\n\n"), "\n"]);
    Issue { pages: [front, second], title: source.title.clone(), paragraphs }
}
