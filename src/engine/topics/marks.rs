//! What topics do not know of their articles, asked of the store for a list of topics: the section in
//! which one stands, and its kind.

use std::collections::BTreeSet;
use std::collections::HashMap;

use crate::Engine;
use crate::Error;
use crate::topics::list::ListTopics;
use crate::topics::projection::Projection;
use crate::topics::view::Period;
use wenmai_domain::article::Kind;
use wenmai_domain::day;
use wenmai_domain::filter::Comparison;
use wenmai_domain::filter::Filter;
use wenmai_domain::filter::TextField;
use wenmai_domain::id::ArticleId;
use wenmai_domain::topic::TopicId;
use wenmai_domain::topic::filter::Test;
use wenmai_domain::topic::filter::WordField;

/// The articles of a period that stand in a section or are of a kind, for each section and kind of a
/// filter.
#[derive(Debug, Default)]
pub(super) struct Marks(HashMap<(WordField, String), BTreeSet<ArticleId>>);

impl Marks {
    /// Whether a topic has an article with this section or of this kind.
    pub(super) fn holds(
        &self,
        projection: &Projection,
        id: TopicId,
        (field, value): (WordField, &str),
    ) -> bool {
        let Some(articles) = self.0.get(&(field, value.to_owned())) else { return false };
        let Some(topic) = projection.topics.get(&id) else { return false };
        topic.members.iter().any(|member| articles.contains(&member.article))
    }
}

impl Engine {
    /// Finds the articles that the conditions of a request need which topics cannot answer.
    ///
    /// # Errors
    /// [`Error::Store`] if the store cannot be asked.
    pub(super) async fn marks(&self, request: &ListTopics) -> Result<Marks, Error> {
        let mut marks = Marks::default();
        for condition in request.filter.0.iter().flatten() {
            let Test::Word(field, value) = &condition.test else { continue };
            let key = (*field, value.clone());
            if let Some(what) = what(*field, value).filter(|_| !marks.0.contains_key(&key)) {
                let filter = Filter::All([vec![what], within(request.period)].concat());
                marks.0.insert(key, self.store.passing(&filter).await?);
            }
        }
        Ok(marks)
    }
}

/// The condition of an article that stands for one of a topic; `None` where topics know the answer.
fn what(field: WordField, value: &str) -> Option<Filter> {
    match field {
        WordField::Section => Some(Filter::Text(TextField::Section, value.to_owned())),
        WordField::Kind => {
            Kind::ALL.into_iter().find(|kind| kind.name() == value).map(Filter::Kind)
        }
        WordField::Place
        | WordField::Person
        | WordField::Organisation
        | WordField::Keyword
        | WordField::Source => None,
    }
}

/// The days of a period as conditions.
fn within(period: Period) -> Vec<Filter> {
    let bounds = [(Comparison::AtLeast, period.from), (Comparison::AtMost, period.to)];
    let bound = |(comparison, number): (Comparison, Option<i64>)| {
        Some(Filter::Date(comparison, day::from_number(number?)?))
    };
    bounds.into_iter().filter_map(bound).collect()
}
