//! What the legs of the index find for a question.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use jiff::ToSpan;
use jiff::civil::Date;

use crate::Engine;
use crate::Error;
use crate::answer::CANDIDATES;
use crate::answer::limit;
use crate::answer::pairs;
use crate::search::Asked;
use wenmai_domain::filter::Comparison;
use wenmai_domain::filter::Filter;
use wenmai_domain::hit::Mode;
use wenmai_domain::id::ArticleId;
use wenmai_domain::limit::Limit;
use wenmai_domain::terms::TermVector;
use wenmai_rank::fuse::Scored;
use wenmai_store::Vectors;
use wenmai_text::terms;

/// Days after the last one named on which papers still print what happened.
const PRINT_DAYS: i64 = 2;

/// What the legs found; the order means nothing yet.
#[derive(Debug, Default)]
pub(super) struct Legs {
    /// Cosines.
    pub(super) dense: Vec<Scored>,
    /// BM25 scores.
    pub(super) lexical: Vec<Scored>,
    /// The BM25 score that an article with every term of the question may have; `None` where the
    /// lexical leg found nothing.
    pub(super) scale: Option<f32>,
    /// Those of the days that the question names; `None` where it names none.
    pub(super) in_days: Option<BTreeSet<ArticleId>>,
    /// Whether a leg gave as many as it was asked for, so that there may be more.
    pub(super) full: bool,
    /// How deep the legs were asked.
    pub(super) depth: usize,
}

impl Engine {
    /// Asks the legs that the mode names; deeper where candidates are checked or counted.
    pub(super) async fn ask_legs(&self, asked: &Asked) -> Result<Legs, Error> {
        if asked.lists() {
            return self.list_legs(asked).await;
        }
        let whole = asked.has_demands() || asked.counts();
        let depth = if whole { Limit::MOST } else { limit(CANDIDATES) };
        let vector = asked.reading.vector();
        let mut legs = self.ask_once(asked, &vector, &asked.filter, depth).await?;
        legs.full = legs.lexical.len() >= depth.count();
        legs.depth = depth.count();
        if let Some(days) = asked.reading.days {
            let filter = asked.filter.clone().and(published(days));
            let within = self.ask_once(asked, &vector, &filter, depth).await?;
            let found = within.dense.iter().chain(&within.lexical).map(|(id, _)| *id);
            legs.in_days = Some(found.collect());
            legs.dense = united(legs.dense, within.dense);
            legs.lexical = united(legs.lexical, within.lexical);
        }
        for phrase in &asked.query.phrases {
            // What holds a phrase holds its terms, so it stands high among the answers to them.
            let vector = terms::query(&self.analyzer.terms(phrase));
            let found = self.store.lexical(&vector, &asked.filter, Limit::MOST).await?;
            legs.full |= found.len() >= Limit::MOST.count();
            // A part of the question's own score: what it has at least.
            legs.lexical = united(legs.lexical, pairs(found));
        }
        legs.scale = self.scale(asked, &legs.lexical).await?;
        Ok(legs)
    }

    /// The best score, times the terms asked for, divided by those that the best article holds.
    ///
    /// Measured by its best answer alone, a question whose one word stands in some article would
    /// count that word as a full match.
    async fn scale(&self, asked: &Asked, lexical: &[Scored]) -> Result<Option<f32>, Error> {
        let higher = |left: &&Scored, right: &&Scored| left.1.total_cmp(&right.1);
        let Some((id, best)) = lexical.iter().max_by(higher).filter(|_| asked.mode == Mode::Hybrid)
        else {
            return Ok(None);
        };
        let stored = self.store.fetch(&[*id], Vectors::Yes).await?.into_iter().flatten().next();
        let held =
            stored.and_then(|stored| stored.vectors).map(|(_, terms)| asked.reading.held(&terms));
        #[expect(clippy::cast_precision_loss, reason = "at most 256 terms")]
        let share = held.unwrap_or(0).max(1) as f32 / asked.reading.needs.len().max(1) as f32;
        Ok(Some(best / share.min(1.0)))
    }

    async fn ask_once(
        &self,
        asked: &Asked,
        vector: &TermVector,
        filter: &Filter,
        depth: Limit,
    ) -> Result<Legs, Error> {
        let dense = async {
            match (asked.mode, &asked.embedding) {
                (Mode::Dense | Mode::Hybrid, Some(embedding)) => {
                    self.store.nearest(embedding, filter, depth).await
                }
                _ => Ok(Vec::new()),
            }
        };
        let lexical = async {
            match asked.mode {
                Mode::Lexical | Mode::Hybrid => self.store.lexical(vector, filter, depth).await,
                Mode::Dense => Ok(Vec::new()),
            }
        };
        let (dense, lexical) = futures::try_join!(dense, lexical)?;
        Ok(Legs { dense: pairs(dense), lexical: pairs(lexical), ..Legs::default() })
    }

    /// What passes the conditions, where there is nothing else to ask for.
    async fn list_legs(&self, asked: &Asked) -> Result<Legs, Error> {
        let listing = self.store.list(&asked.filter, None, Limit::MOST).await?;
        let lexical = listing.points.into_iter().map(|point| (point.article.id, 0.0)).collect();
        let full = listing.next.is_some();
        Ok(Legs { lexical, full, depth: Limit::MOST.count(), ..Legs::default() })
    }
}

/// Each article once, with the higher of its scores.
fn united(left: Vec<Scored>, right: Vec<Scored>) -> Vec<Scored> {
    let mut found = BTreeMap::<ArticleId, f32>::new();
    for (id, score) in left.into_iter().chain(right) {
        found.entry(id).and_modify(|known| *known = known.max(score)).or_insert(score);
    }
    found.into_iter().collect()
}

/// Published on one of these days, or so soon after that it may tell of them.
fn published((first, last): (Date, Date)) -> Filter {
    let last = last.checked_add(PRINT_DAYS.days()).unwrap_or(last);
    Filter::All(vec![
        Filter::Date(Comparison::AtLeast, first),
        Filter::Date(Comparison::AtMost, last),
    ])
}
