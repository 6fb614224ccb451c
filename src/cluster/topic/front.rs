//! Up to which time has the stream come?
//!
//! The window and the ages of topics are measured from the newest article. One wrong date, years ahead
//! of all others, would empty the window and close every topic; so a date that lies far ahead counts
//! only once a second article lies there too.

use serde::Deserialize;
use serde::Serialize;

use wenmai_domain::day;

/// Seconds by which an article may be ahead of the others without another beside it.
const AHEAD_S: i64 = 30 * day::SECONDS;

/// Seconds behind the newest article from which on an article finds nobody in the window.
const BEHIND_S: i64 = 365 * day::SECONDS;
/// Articles that must lie so far behind, more than there are at the front.
const BEHIND_MORE: u32 = 8;

/// The time up to which a stream of articles has come, in seconds since 1970. Follows from the times of
/// the articles in the order of arrival.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Front {
    newest: Option<i64>,
    /// The latest time, where only one article lies there, far ahead.
    ahead: Option<i64>,
    /// Whether no second article is near the newest.
    is_lone: bool,
    /// Articles at the front, and a window or more behind it, since it last went far ahead or back, and
    /// the latest time of the latter.
    #[serde(default)]
    beside: u32,
    /// See `beside`.
    #[serde(default)]
    behind: u32,
    /// See `beside`.
    #[serde(default)]
    latest_behind: Option<i64>,
}

impl Front {
    /// Takes in the time of an article, and returns up to which time the stream has come now.
    pub fn advance(&mut self, at: i64) -> i64 {
        let Some(newest) = self.newest else {
            *self = Self { newest: Some(at), is_lone: true, beside: 1, ..Self::default() };
            return at;
        };
        self.weigh(at, newest);
        if at > newest.saturating_add(AHEAD_S) {
            match self.ahead {
                Some(ahead) => {
                    self.newest = Some(ahead.min(at));
                    self.ahead = Some(ahead.max(at));
                    self.is_lone = false;
                    (self.beside, self.behind, self.latest_behind) = (2, 0, None);
                }
                None => self.ahead = Some(at),
            }
        } else if self.is_lone && at < newest.saturating_sub(AHEAD_S) {
            // Of the first two, far apart, the later may be the wrong one.
            self.ahead = self.ahead.max(self.newest);
            self.newest = Some(at);
            (self.beside, self.behind, self.latest_behind) = (1, 0, None);
        } else if at >= newest.saturating_sub(AHEAD_S) {
            self.is_lone = false;
            self.newest = Some(newest.max(at));
        }
        let newest = self.newest();
        if let Some(ahead) = self.ahead.filter(|ahead| *ahead <= newest.saturating_add(AHEAD_S)) {
            self.newest = Some(newest.max(ahead));
            self.ahead = None;
        }
        self.newest()
    }

    /// Counts an article at the front or far behind it, and goes back where most lie there.
    fn weigh(&mut self, at: i64, newest: i64) {
        if at >= newest.saturating_sub(BEHIND_S) {
            self.beside = self.beside.saturating_add(1);
            return;
        }
        self.behind = self.behind.saturating_add(1);
        self.latest_behind = self.latest_behind.max(Some(at));
        if self.behind > self.beside.saturating_add(BEHIND_MORE) {
            let newest = self.latest_behind;
            *self = Self { newest, beside: self.behind, ..Self::default() };
        }
    }

    /// The time up to which the stream has come; 0 before the first article.
    #[must_use]
    pub fn newest(&self) -> i64 {
        self.newest.unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::Front;
    use wenmai_domain::day;

    fn after(days: &[i64]) -> i64 {
        let mut front = Front::default();
        let mut newest = 0;
        for at in days {
            newest = front.advance(at * day::SECONDS);
            assert_eq!(newest, front.newest());
        }
        newest / day::SECONDS
    }

    #[test]
    fn the_newest_of_an_orderly_stream_is_the_last() {
        assert_eq!(after(&[10, 11, 11, 12]), 12);
        assert_eq!(after(&[10, 12, 11]), 12);
        assert_eq!(after(&[10]), 10);
    }

    #[test]
    fn one_article_far_ahead_changes_nothing_wherever_it_stands() {
        for place in 0..5 {
            let mut days = vec![100, 103, 106, 109, 112];
            days.insert(place, 9_000);
            assert_eq!(after(&days), 112, "at {place}");
        }
    }

    #[test]
    fn a_stream_that_goes_on_after_a_pause_is_followed() {
        assert_eq!(after(&[100, 101, 500, 501]), 501);
        assert_eq!(after(&[100, 101, 9_000, 500, 501]), 501);
        // Of a sparse archive the last but one.
        assert_eq!(after(&[100, 200, 300, 400]), 300);
    }

    #[test]
    fn articles_of_today_before_an_archive_do_not_shut_it_out() {
        let archive = 100..200;
        let days: Vec<i64> = [9_000; 5].into_iter().chain(archive).collect();
        assert_eq!(after(&days), 199);
        let few: Vec<i64> = (8_900..9_000).chain(100..150).collect();
        assert_eq!(after(&few), 8_999, "fewer than lie at the front");
        let goes_on: Vec<i64> =
            [9_000; 5].into_iter().chain(100..200).chain([9_000, 9_001]).collect();
        assert_eq!(after(&goes_on), 9_001);
    }

    #[test]
    fn an_old_article_does_not_turn_the_time_back() {
        assert_eq!(after(&[1_000, 1_001, 3, 1_002]), 1_002);
    }
}
