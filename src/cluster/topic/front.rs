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

/// The time up to which a stream of articles has come, in seconds since 1970. Follows from the times of
/// the articles in the order of arrival.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Front {
    newest: Option<i64>,
    /// The latest time, where only one article lies there, far ahead.
    ahead: Option<i64>,
    /// Whether no second article is near the newest.
    is_lone: bool,
}

impl Front {
    /// Takes in the time of an article, and returns up to which time the stream has come now.
    pub fn advance(&mut self, at: i64) -> i64 {
        let Some(newest) = self.newest else {
            *self = Self { newest: Some(at), ahead: None, is_lone: true };
            return at;
        };
        if at > newest.saturating_add(AHEAD_S) {
            match self.ahead {
                Some(ahead) => {
                    self.newest = Some(ahead.min(at));
                    self.ahead = Some(ahead.max(at));
                    self.is_lone = false;
                }
                None => self.ahead = Some(at),
            }
        } else if self.is_lone && at < newest.saturating_sub(AHEAD_S) {
            // Of the first two, far apart, the later may be the wrong one.
            self.ahead = self.ahead.max(self.newest);
            self.newest = Some(at);
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
    fn an_old_article_does_not_turn_the_time_back() {
        assert_eq!(after(&[1_000, 1_001, 3, 1_002]), 1_002);
    }
}
