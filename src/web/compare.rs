//! Two articles beside each other, word by word: what one prints and the other does not.

use std::time::Duration;
use std::time::Instant;

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use similar::Algorithm;
use similar::DiffTag;

use crate::client::told;
use crate::failure::Failure;
use crate::failure::html_answer;
use crate::failure::shown;
use crate::shell::Shell;
use crate::shell::Tab;
use crate::show::Line;
use crate::visit::Form;
use crate::visit::Visit;
use wenmai_proto::wire;

/// Characters of each text that are compared; longer ones are no articles of a paper.
const CHARS_MAX: usize = 20_000;
/// Texts that have little in common take long to compare; after this the rest is one difference.
const TIME_MAX: Duration = Duration::from_millis(300);

/// A run of text that both print, or only one.
#[derive(Debug, PartialEq, Eq)]
struct Piece {
    text: String,
    /// `same`, `ins` or `del`, as in HTML.
    class: &'static str,
}

#[derive(Template)]
#[template(path = "diff.html")]
struct Page {
    shell: Shell,
    one: Line,
    other: Line,
    title: Vec<Piece>,
    body: Vec<Piece>,
    is_same: bool,
}

/// The difference of two articles.
pub(crate) async fn show(visit: Visit, Path((id, other)): Path<(String, String)>) -> Response {
    let answer = answer(&visit, &format!("articles/{id}"), &format!("articles/{other}")).await;
    shown(&visit, answer)
}

async fn answer(visit: &Visit, one: &str, other: &str) -> Result<Response, Failure> {
    if visit.form != Form::Html {
        return Err(Failure::NoForm);
    }
    let get = |name: &str| wire::GetArticleRequest { name: name.to_owned(), ..Default::default() };
    let (mut left, mut right) = (visit.article_service(), visit.article_service());
    let (one, other) = futures::join!(
        left.get_article(visit.call(get(one))),
        right.get_article(visit.call(get(other))),
    );
    let (one, other) = (told(one)?.article, told(other)?.article);
    let (one, other) = (one.unwrap_or_default(), other.unwrap_or_default());
    let record = |article: &wire::Article| article.record.clone().unwrap_or_default();
    let (left, right) = (record(&one), record(&other));
    let title = difference(&left.title, &right.title);
    let body = difference(&left.paragraphs.join("\n"), &right.paragraphs.join("\n"));
    let mut shell = Shell::of(visit, Tab::Search, visit.lang.difference());
    shell.json.clear();
    let is_same = title.iter().chain(&body).all(|piece| piece.class == "same");
    let (one, other) = (Line::of(&one, visit.lang), Line::of(&other, visit.lang));
    Ok(html_answer(Page { shell, one, other, title, body, is_same }.render()?))
}

/// What stands in both texts, only in the first, only in the second.
fn difference(left: &str, right: &str) -> Vec<Piece> {
    let (left, right) = (words(left), words(right));
    let mut pieces: Vec<Piece> = Vec::new();
    let mut add = |class: &'static str, words: Option<&[&str]>| {
        let text = words.unwrap_or_default().concat();
        match pieces.last_mut() {
            _ if text.is_empty() => {}
            Some(last) if last.class == class => last.text += &text,
            _ => pieces.push(Piece { text, class }),
        }
    };
    let until = Some(Instant::now() + TIME_MAX);
    for part in similar::capture_diff_slices_deadline(Algorithm::Myers, &left, &right, until) {
        let (tag, old, new) = part.as_tag_tuple();
        match tag {
            DiffTag::Equal => add("same", left.get(old)),
            DiffTag::Delete => add("del", left.get(old)),
            DiffTag::Insert => add("ins", right.get(new)),
            DiffTag::Replace => {
                add("del", left.get(old));
                add("ins", right.get(new));
            }
        }
    }
    pieces
}

/// A text as what is compared: a number or a word of letters whole, of the rest each character.
fn words(text: &str) -> Vec<&str> {
    let text = text
        .char_indices()
        .nth(CHARS_MAX)
        .map_or(text, |(end, _)| text.get(..end).unwrap_or_default());
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let is_inside = |c: char| c.is_ascii_alphanumeric() || c == '.';
        let end = if is_inside(first) {
            rest.find(|c| !is_inside(c)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        let (word, behind) = rest.split_at(end);
        words.push(word);
        rest = behind;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::difference;
    use super::words;

    #[test]
    fn a_number_is_compared_whole() {
        assert_eq!(words("约12.5万人"), ["约", "12.5", "万", "人"]);
        let pieces = difference("死亡12人。", "死亡15人。");
        let told: Vec<_> = pieces.iter().map(|piece| (piece.class, piece.text.as_str())).collect();
        let wanted = [("same", "死亡"), ("del", "12"), ("ins", "15"), ("same", "人。")];
        assert_eq!(told, wanted);
    }
}
