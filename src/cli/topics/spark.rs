//! Counts by day as a line of small bars.

use jiff::civil::Date;

use wenmai_domain::day;
use wenmai_proto::wire;

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// What stands for no article at all.
const NONE: char = '·';

/// Articles of a topic over time in `width` bars at most; each is of as many days as it takes.
pub(super) fn sparkline(days: &[wire::DayCount], width: usize) -> String {
    let counts: Vec<(i64, u32)> =
        days.iter().filter_map(|day| Some((number(day.date.as_ref()?)?, day.count))).collect();
    let (Some((first, _)), Some((last, _))) = (counts.first(), counts.last()) else {
        return String::new();
    };
    let width = i64::try_from(width.max(1)).unwrap_or(1);
    let per_bar = (last - first + 1 + width - 1) / width;
    let bars = usize::try_from((last - first) / per_bar + 1).unwrap_or(1);
    let mut sums = vec![0_u32; bars];
    for (day, count) in &counts {
        let at = usize::try_from((day - first) / per_bar).unwrap_or(0);
        if let Some(sum) = sums.get_mut(at) {
            *sum += count;
        }
    }
    let most = sums.iter().copied().max().unwrap_or(1).max(1);
    sums.into_iter().map(|sum| bar(sum, most)).collect()
}

fn bar(sum: u32, most: u32) -> char {
    if sum == 0 {
        return NONE;
    }
    let step = (u64::from(sum) * BARS.len() as u64).div_ceil(u64::from(most)).max(1) - 1;
    usize::try_from(step).ok().and_then(|step| BARS.get(step)).copied().unwrap_or('█')
}

/// Days since 1970-01-01.
fn number(date: &wire::Date) -> Option<i64> {
    let year = i16::try_from(date.year).ok()?;
    let (month, day) = (i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?);
    let day = Date::new(year, month, day).ok()?;
    Some(day::number(day).into())
}

#[cfg(test)]
mod tests {
    use super::sparkline;
    use wenmai_proto::wire;

    fn days(counts: &[(i32, u32)]) -> Vec<wire::DayCount> {
        let date = |day| Some(wire::Date { year: 2025, month: 3, day });
        counts
            .iter()
            .map(|(day, count)| wire::DayCount { date: date(*day), count: *count })
            .collect()
    }

    #[test]
    fn the_highest_day_has_the_highest_bar_and_a_silent_one_a_dot() {
        assert_eq!(sparkline(&days(&[(1, 1), (2, 8), (4, 4)]), 10), "▁█·▄");
        assert_eq!(sparkline(&days(&[(1, 3)]), 10), "█");
        assert_eq!(sparkline(&[], 10), "");
    }

    #[test]
    fn long_times_are_squeezed_into_the_width() {
        let line = sparkline(&days(&[(1, 1), (2, 1), (30, 1)]), 10);
        assert_eq!(line.chars().count(), 10);
        assert!(line.starts_with('█') && line.ends_with('▄'));
    }
}
