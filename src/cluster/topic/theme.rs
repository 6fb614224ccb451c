//! Standing subjects that run through many stories: 大模型, 诈骗, 台风.
//!
//! A theme is a word, or the name of a person or an organisation, that several stories show as one of
//! theirs. A story has as many themes as it shows such words, each as firmly as the word stands in
//! front there; a theme binds nothing together and takes part in no decision about topics. Words of
//! nearly the same stories are one theme, named by the one that more stories show. All of it follows
//! from the words of the stories, so the same stories give the same themes.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;

use wenmai_domain::topic::ThemeId;
use wenmai_domain::topic::TopicId;

/// Stories that a word must run through.
const STORIES_MIN: usize = 3;
/// Of so many stories or more, a word of a larger share than one in [`COMMON_PART`] is no theme: it
/// says where the archive is from.
const COMMON_FROM: usize = 30;
const COMMON_PART: usize = 3;
/// The part of the stories of two words, together, that both must have to be one theme: two thirds.
const SAME: (usize, usize) = (2, 3);
/// Other words that are shown with a theme, and the part of its stories that must show one: a fifth.
const COMPANIONS_MAX: usize = 6;
const COMPANION_PART: usize = 5;

/// The words that a story shows, the weightiest first, each once.
#[derive(Debug, Clone, PartialEq)]
pub struct StoryWords {
    /// The story.
    pub story: TopicId,
    /// Its words and names.
    pub words: Vec<String>,
}

/// A standing subject.
#[derive(Debug, Clone, PartialEq)]
pub struct Theme {
    /// Its id, which follows from its word.
    pub id: ThemeId,
    /// Its word.
    pub word: String,
    /// Other words that its stories show, the most frequent first.
    pub companions: Vec<String>,
    /// Its stories and how firmly each belongs to it, above 0 to 1, the firmest first; ties by id.
    pub stories: Vec<(TopicId, f32)>,
}

/// The themes of `stories`, those of most stories first.
#[must_use]
pub fn themes(stories: &[StoryWords]) -> Vec<Theme> {
    let held = holders(stories);
    let mut words: Vec<(&str, &BTreeMap<usize, f32>)> =
        held.iter().filter(|(_, of)| is_theme(of.len(), stories.len())).map(pair).collect();
    words.sort_by(|left, right| right.1.len().cmp(&left.1.len()).then(left.0.cmp(right.0)));
    let mut found: Vec<Theme> = Vec::new();
    // For each story the themes so far that it is in, by their place, and of each how many stories.
    let mut of_story: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut sizes: Vec<usize> = Vec::new();
    for (word, of) in words {
        let mut shared: BTreeMap<usize, usize> = BTreeMap::new();
        for theme in of.keys().filter_map(|story| of_story.get(story)).flatten() {
            *shared.entry(*theme).or_default() += 1;
        }
        let is_same = |(theme, both): (&usize, &usize)| {
            let size = sizes.get(*theme).copied().unwrap_or(0);
            both * SAME.1 >= (size + of.len() - both) * SAME.0
        };
        if shared.iter().any(is_same) {
            continue;
        }
        for story in of.keys() {
            of_story.entry(*story).or_default().push(found.len());
        }
        sizes.push(of.len());
        found.push(theme(word, of, stories));
    }
    found
}

/// The theme of that id, also where its word is one with a theme of another name; `None` where no
/// three stories show its word.
#[must_use]
pub fn theme_of(stories: &[StoryWords], id: ThemeId) -> Option<Theme> {
    let held = holders(stories);
    let (word, of) = held.iter().find(|(word, _)| ThemeId::of(word) == id)?;
    (of.len() >= STORIES_MIN).then(|| theme(word, of, stories))
}

fn pair<'a>(
    (word, of): (&&'a str, &'a BTreeMap<usize, f32>),
) -> (&'a str, &'a BTreeMap<usize, f32>) {
    (word, of)
}

fn is_theme(count: usize, all: usize) -> bool {
    count >= STORIES_MIN && (all < COMMON_FROM || count * COMMON_PART <= all)
}

/// For each word the stories that show it, by their place, and how far in front it stands there.
fn holders(stories: &[StoryWords]) -> BTreeMap<&str, BTreeMap<usize, f32>> {
    let mut held: BTreeMap<&str, BTreeMap<usize, f32>> = BTreeMap::new();
    for (at, StoryWords { words, .. }) in stories.iter().enumerate() {
        for (rank, word) in words.iter().enumerate() {
            let count = u16::try_from(words.len()).unwrap_or(u16::MAX);
            let weight = 1.0 - f32::from(u16::try_from(rank).unwrap_or(count)) / f32::from(count);
            held.entry(word).or_default().entry(at).or_insert(weight);
        }
    }
    held
}

fn theme(word: &str, of: &BTreeMap<usize, f32>, stories: &[StoryWords]) -> Theme {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut members = Vec::with_capacity(of.len());
    for (at, weight) in of {
        let Some(StoryWords { story, words }) = stories.get(*at) else { continue };
        members.push((*story, *weight));
        for other in words.iter().collect::<BTreeSet<_>>() {
            *counts.entry(other).or_default() += 1;
        }
    }
    members.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
    let mut others: Vec<(usize, &str)> = counts
        .into_iter()
        .filter(|(other, count)| *other != word && *count > 1 && count * COMPANION_PART >= of.len())
        .map(|(other, count)| (count, other))
        .collect();
    others.sort_by(|left, right| right.0.cmp(&left.0).then(left.1.cmp(right.1)));
    others.truncate(COMPANIONS_MAX);
    Theme {
        id: ThemeId::of(word),
        word: word.to_owned(),
        companions: others.into_iter().map(|(_, other)| other.to_owned()).collect(),
        stories: members,
    }
}

#[cfg(test)]
mod tests {
    use super::StoryWords;
    use super::Theme;
    use super::theme_of;
    use super::themes;
    use wenmai_domain::topic::ThemeId;
    use wenmai_domain::topic::TopicId;

    fn stories(words: &[&[&str]]) -> Vec<StoryWords> {
        let id = |at: u128| TopicId::from(uuid::Uuid::from_u128(at));
        let word = |word: &&str| (*word).to_owned();
        (1..)
            .zip(words)
            .map(|(at, words)| StoryWords {
                story: id(at),
                words: words.iter().map(word).collect(),
            })
            .collect()
    }

    fn names(themes: &[Theme]) -> Vec<&str> {
        themes.iter().map(|theme| theme.word.as_str()).collect()
    }

    #[test]
    fn a_story_is_in_as_many_themes_as_it_shows_their_words() {
        let stories = stories(&[
            &["台风", "清河"],
            &["渡口", "台风"],
            &["台风", "停航", "渡口"],
            &["渡口", "大桥"],
            &["大桥", "清河"],
        ]);
        let found = themes(&stories);
        assert_eq!(names(&found), ["台风", "渡口"]);
        assert_eq!(found[0].companions, ["渡口"]);
        let weights: Vec<f32> = found[0].stories.iter().map(|(_, weight)| *weight).collect();
        assert!(weights[0] > weights[2] && weights[2] > 0.0, "{weights:?}");
        let both = |theme: &Theme| theme.stories.iter().any(|(id, _)| *id == stories[1].story);
        assert!(found.iter().all(both));
    }

    #[test]
    fn words_of_the_same_stories_are_one_theme_and_both_ids_lead_there() {
        let stories = stories(&[
            &["大模型", "推理", "芯片"],
            &["大模型", "推理"],
            &["推理", "大模型"],
            &["大模型"],
            &["渡口"],
        ]);
        assert_eq!(names(&themes(&stories)), ["大模型"]);
        let other = theme_of(&stories, ThemeId::of("推理")).unwrap();
        assert_eq!((other.word.as_str(), other.stories.len()), ("推理", 3));
        assert_eq!(theme_of(&stories, ThemeId::of("渡口")), None, "one story is no theme");
    }

    #[test]
    fn what_nearly_all_stories_show_is_no_theme() {
        let words: Vec<Vec<&str>> = (0..40)
            .map(|at| if at % 8 == 0 { vec!["清河", "台风"] } else { vec!["清河"] })
            .collect();
        let words: Vec<&[&str]> = words.iter().map(Vec::as_slice).collect();
        assert_eq!(names(&themes(&stories(&words))), ["台风"]);
        assert!(themes(&[]).is_empty());
    }
}
