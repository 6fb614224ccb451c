//! One change of topics in words.

use super::Names;
use crate::show;
use crate::words::Lang;
use wenmai_proto::wire;
use wenmai_proto::wire::topic_correction::Correction;
use wenmai_proto::wire::watch_topics_response::Change as Wire;

/// Articles that one change names.
const ARTICLES_MAX: usize = 20;

/// A part of a sentence: words, or the name of something with a link to it.
pub(super) struct Part {
    pub(super) text: String,
    pub(super) href: String,
}

/// A change, ready to be shown.
pub(super) struct Change {
    pub(super) version: u64,
    pub(super) time: String,
    /// What happened, in a word.
    pub(super) kind: &'static str,
    pub(super) parts: Vec<Part>,
    /// The topics that it touches, for the script that marks what is watched.
    pub(super) topics: String,
}

/// The resources that a change names.
pub(super) fn names(change: &wire::WatchTopicsResponse) -> Vec<String> {
    let mut names = Vec::new();
    let merged = |merged: &wire::TopicsMerged| vec![merged.kept.clone(), merged.gone.clone()];
    let split = |split: &wire::TopicSplit| {
        let mut names = vec![split.from.clone(), split.new_topic.clone()];
        names.extend(split.articles.iter().take(ARTICLES_MAX).cloned());
        names
    };
    let assigned = |one: &wire::ArticleAssigned| {
        vec![one.article.clone(), one.event.clone(), one.story.clone()]
    };
    match &change.change {
        Some(Wire::Assigned(one)) => names.extend(assigned(one)),
        Some(Wire::RemovedArticle(article)) => names.push(article.clone()),
        Some(Wire::Merged(both)) => names.extend(merged(both)),
        Some(Wire::Split(both)) => names.extend(split(both)),
        Some(Wire::Moved(moved)) => {
            names.extend(moved.moves.iter().take(ARTICLES_MAX).flat_map(assigned));
        }
        Some(Wire::Renamed(renamed)) => names.push(renamed.topic.clone()),
        Some(Wire::Pinned(pinned)) => names.push(pinned.topic.clone()),
        Some(Wire::Repaired(_)) | None => {}
    }
    for correction in &change.corrections {
        match &correction.correction {
            Some(Correction::Merged(both)) => names.extend(merged(both)),
            Some(Correction::Split(both)) => names.extend(split(both)),
            None => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// The resources whose names a reader is told: of an article its story, and not its event.
pub(super) fn told(change: &wire::WatchTopicsResponse) -> Vec<String> {
    let mut names = names(change);
    let moves = match &change.change {
        Some(Wire::Assigned(one)) => std::slice::from_ref(one),
        Some(Wire::Moved(moved)) => moved.moves.as_slice(),
        Some(_) | None => &[],
    };
    names.retain(|name| !moves.iter().any(|one| one.event == *name && one.story != *name));
    names
}

impl Change {
    /// The change in words, its resources called as `called` says.
    pub(super) fn of(change: &wire::WatchTopicsResponse, called: &Names, l: Lang) -> Self {
        let words = |text: &str| Part { text: text.to_owned(), href: String::new() };
        let link = |name: &str| match called.get(name) {
            Some(text) => Part { text: text.clone(), href: show::href(name) },
            None => words(l.gone()),
        };
        let both =
            |one: &str, between: &str, other: &str| vec![link(one), words(between), link(other)];
        let (kind, mut parts) = match &change.change {
            Some(Wire::Assigned(one)) => {
                (l.change_assigned(), both(&one.article, l.goes_into(), &one.story))
            }
            Some(Wire::RemovedArticle(article)) => (l.change_removed(), vec![link(article)]),
            Some(Wire::Merged(one)) => {
                (l.change_merged(), both(&one.gone, l.goes_into(), &one.kept))
            }
            Some(Wire::Split(one)) => {
                (l.change_split(), both(&one.new_topic, l.comes_from(), &one.from))
            }
            Some(Wire::Moved(moved)) => {
                let articles = moved.moves.iter().take(ARTICLES_MAX);
                let parts = articles.flat_map(|one| both(&one.article, l.goes_into(), &one.story));
                (l.change_moved(), parts.collect())
            }
            Some(Wire::Renamed(renamed)) => (l.change_renamed(), vec![link(&renamed.topic)]),
            Some(Wire::Pinned(pinned)) if pinned.is_pinned => {
                (l.change_pinned(), vec![link(&pinned.topic)])
            }
            Some(Wire::Pinned(pinned)) => (l.change_unpinned(), vec![link(&pinned.topic)]),
            Some(Wire::Repaired(_)) | None => (l.change_repaired(), Vec::new()),
        };
        for correction in &change.corrections {
            let (what, more) = match &correction.correction {
                Some(Correction::Merged(one)) => {
                    (l.change_merged(), both(&one.gone, l.goes_into(), &one.kept))
                }
                Some(Correction::Split(one)) => {
                    (l.change_split(), both(&one.new_topic, l.comes_from(), &one.from))
                }
                None => continue,
            };
            parts.push(words(&format!(" · {what} ")));
            parts.extend(more);
        }
        let topics = names(change).into_iter().filter(|name| name.starts_with("topics/"));
        Self {
            version: change.version,
            time: show::moment(change.time.as_ref()),
            kind,
            parts,
            topics: topics.collect::<Vec<_>>().join(" "),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Change;
    use crate::words::Lang;
    use wenmai_proto::wire;
    use wenmai_proto::wire::watch_topics_response::Change as Wire;

    #[test]
    fn what_is_gone_has_no_link() {
        let merged = wire::TopicsMerged { kept: "topics/a".into(), gone: "topics/b".into() };
        let change =
            wire::WatchTopicsResponse { change: Some(Wire::Merged(merged)), ..Default::default() };
        let names = [("topics/a".to_owned(), "大桥".to_owned())].into();
        let change = Change::of(&change, &names, Lang::Zh);
        let parts: Vec<_> =
            change.parts.iter().map(|p| (p.text.as_str(), p.href.as_str())).collect();
        assert_eq!(parts, [("（已不在）", ""), ("归入", ""), ("大桥", "/topics/a")]);
    }
}
