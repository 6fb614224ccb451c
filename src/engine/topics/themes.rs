//! Themes: standing subjects over the stories, read from what these show.
//!
//! Nothing of them is stored: they follow from the faces of the living stories, so they cost an ingest
//! nothing and are the same in every process that has read the same log.

use std::collections::HashMap;
use std::sync::Arc;

use crate::Engine;
use crate::Error;
use crate::topics::view;
use crate::topics::view::Period;
use crate::topics::view::TopicView;
use wenmai_cluster::topic;
use wenmai_cluster::topic::StoryWords;
use wenmai_domain::limit::Limit;
use wenmai_domain::topic::Level;
use wenmai_domain::topic::ThemeId;
use wenmai_domain::topic::TopicId;
use wenmai_domain::topic::change::Face;
use wenmai_text::terms::Analyzer;

/// Persons and organisations of a story that may be themes, the most frequent.
const NAMES: usize = 2;

/// What the names of papers, agencies and broadcasters end in: who tells is no subject.
const PRESS: [&str; 9] = ["报", "社", "网", "新闻", "电视台", "总台", "电台", "客户端", "频道"];

/// A theme with what is measured of its stories.
#[derive(Debug, Clone, PartialEq)]
pub struct ThemeView {
    /// The theme.
    pub id: ThemeId,
    /// Its word.
    pub label: String,
    /// Other words that its stories show, the most frequent first.
    pub keywords: Vec<String>,
    /// Its stories in the period, and how firmly each belongs to it, above 0 to 1; the firmest first.
    pub stories: Vec<(TopicId, f32)>,
    /// Articles of these in the period. One that is in a story of several themes counts in each.
    pub article_count: usize,
    /// The time of the first of them, in seconds since 1970 UTC.
    pub first_at: i64,
    /// The time of the last of them, in seconds since 1970 UTC.
    pub last_at: i64,
}

/// A page of the list of themes.
#[derive(Debug, Clone, PartialEq)]
pub struct ThemeList {
    /// The themes, those of most stories first.
    pub themes: Vec<ThemeView>,
    /// How many themes there are in all.
    pub total_count: usize,
    /// The version of the log that they follow from.
    pub version: u64,
}

/// A story as its themes see it.
struct Shown {
    story: TopicId,
    face: Arc<Face>,
    article_count: usize,
    first_at: i64,
    last_at: i64,
}

impl Engine {
    /// Lists the themes of the stories that have an article in `period`, those of most stories first;
    /// with `of` only those that this story belongs to.
    ///
    /// # Errors
    /// [`Error::TopicNotFound`]; [`Error::TopicsOff`]; [`Error::Pool`]; [`Error::Store`].
    pub async fn list_themes(
        &self,
        period: Period,
        of: Option<TopicId>,
        offset: usize,
        limit: Limit,
    ) -> Result<ThemeList, Error> {
        let version = self.topics_progress().await?.version;
        let of = of.map(|id| self.topic(id)).transpose()?.map(|topic| topic.id);
        let shown = self.shown_stories(period)?;
        let analyzer = Arc::clone(&self.analyzer);
        let found = self.calculate(move |_| {
            let mut found = topic::themes(&words(&shown, &analyzer));
            if let Some(story) = of {
                found.retain(|theme| theme.stories.iter().any(|(id, _)| *id == story));
            }
            let total_count = found.len();
            let page = found.into_iter().skip(offset).take(limit.count());
            let themes = page.map(|theme| themed(theme, &shown)).collect();
            ThemeList { themes, total_count, version }
        });
        found.await
    }

    /// The theme of that id, and its stories, the firmest first, `limit` at most.
    ///
    /// # Errors
    /// [`Error::ThemeNotFound`]; [`Error::TopicsOff`]; [`Error::Pool`].
    pub async fn theme(
        &self,
        id: ThemeId,
        limit: Limit,
    ) -> Result<(ThemeView, Vec<(TopicView, f32)>), Error> {
        let shown = self.shown_stories(Period::default())?;
        let analyzer = Arc::clone(&self.analyzer);
        let found = self.calculate(move |_| {
            topic::theme_of(&words(&shown, &analyzer), id).map(|theme| themed(theme, &shown))
        });
        let theme = found.await?.ok_or(Error::ThemeNotFound { id })?;
        let firmest = theme.stories.iter().take(limit.count());
        let stories = firmest.map(|(story, weight)| Ok((self.topic(*story)?, *weight)));
        let stories = stories.collect::<Result<_, Error>>()?;
        Ok((theme, stories))
    }

    /// The living stories with an article in the period, in the order of their ids.
    fn shown_stories(&self, period: Period) -> Result<Vec<Shown>, Error> {
        let published = self.topics()?.published();
        let mut shown = Vec::new();
        for (id, topic) in &published.topics {
            if topic.level != Level::Story || !topic.is_alive() {
                continue;
            }
            let times = view::times_in(&topic.members, period);
            let Some((article_count, first_at, last_at)) = times else { continue };
            let face = Arc::clone(&topic.face);
            shown.push(Shown { story: *id, face, article_count, first_at, last_at });
        }
        Ok(shown)
    }
}

/// The words of each story: those of its keywords that can be subjects, and the persons and organisations
/// that most of it names.
fn words(shown: &[Shown], analyzer: &Analyzer) -> Vec<StoryWords> {
    let mut empty: HashMap<&str, usize> = HashMap::new();
    for word in shown.iter().flat_map(|one| &one.face.keywords) {
        *empty.entry(word).or_default() += 1;
    }
    // What one story alone shows is no theme, whatever it is, and is not read.
    empty.retain(|word, count| *count > 1 && !topic::is_subject(word, analyzer));
    let of = |one: &Shown| {
        let names = [&one.face.persons, &one.face.organisations];
        let names = names.into_iter().flat_map(|names| names.iter().take(NAMES));
        let names = names.filter(|name| !PRESS.iter().any(|end| name.ends_with(end)));
        let keywords = one.face.keywords.iter();
        let keywords = keywords.filter(|word| !empty.contains_key(word.as_str()));
        let mut words: Vec<String> = Vec::new();
        for word in keywords.chain(names) {
            if !words.contains(word) {
                words.push(word.clone());
            }
        }
        StoryWords { story: one.story, words }
    };
    shown.iter().map(of).collect()
}

/// `theme` with what is measured of its stories, which `shown` has in the order of their ids.
fn themed(theme: topic::Theme, shown: &[Shown]) -> ThemeView {
    let topic::Theme { id, word, companions, stories } = theme;
    let found = stories.iter().filter_map(|(story, _)| {
        let at = shown.binary_search_by_key(story, |one| one.story).ok()?;
        shown.get(at)
    });
    let (mut article_count, mut first_at, mut last_at) = (0, i64::MAX, i64::MIN);
    for one in found {
        article_count += one.article_count;
        (first_at, last_at) = (first_at.min(one.first_at), last_at.max(one.last_at));
    }
    ThemeView { id, label: word, keywords: companions, stories, article_count, first_at, last_at }
}
