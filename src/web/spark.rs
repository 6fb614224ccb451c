//! Bars by day, as numbers for a picture.

use jiff::ToSpan;
use jiff::civil::Date;

use crate::show;
use wenmai_domain::day;
use wenmai_proto::wire;

/// Bars of a chart at most; more days share a bar.
const BARS_MAX: i32 = 92;

/// One bar of a chart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bar {
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) width: i32,
    pub(crate) height: i32,
    pub(crate) count: u32,
    /// The first and the last day that it stands for.
    pub(crate) from: String,
    pub(crate) to: String,
}

impl Bar {
    /// The days in words.
    pub(crate) fn days(&self) -> String {
        if self.from == self.to {
            self.from.clone()
        } else {
            format!("{} – {}", self.from, self.to)
        }
    }
}

/// A chart of articles over days.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Chart {
    pub(crate) width: i32,
    pub(crate) height: i32,
    pub(crate) bars: Vec<Bar>,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) max: u32,
    /// Days that one bar stands for.
    pub(crate) step: i32,
}

/// The chart of `days` from one day to another, both included, `width` by `height`.
pub(crate) fn chart(
    days: &[wire::DayCount],
    (from, to): (Date, Date),
    (width, height): (i32, i32),
) -> Chart {
    let length = day::between(from, to).max(0) + 1;
    let step = (length + BARS_MAX - 1) / BARS_MAX;
    let slots = (length + step - 1) / step;
    let mut counts = vec![0_u32; usize::try_from(slots).unwrap_or_default()];
    for entry in days {
        let Some(date) = entry.date.as_ref().and_then(show::date) else { continue };
        let slot = usize::try_from(day::between(from, date).div_euclid(step));
        if let Some(count) = slot.ok().and_then(|slot| counts.get_mut(slot)) {
            *count += entry.count;
        }
    }
    let max = counts.iter().copied().max().unwrap_or_default().max(1);
    let pitch = (width / slots.max(1)).max(1);
    let mut bars = Vec::new();
    for (slot, count) in (0_i32..).zip(counts).filter(|(_, count)| *count > 0) {
        let share = i64::from(height) * i64::from(count) / i64::from(max);
        let tall = i32::try_from(share).unwrap_or(height).max(2);
        let first = from.saturating_add((slot * step).days());
        let last = first.saturating_add((step - 1).days()).min(to);
        bars.push(Bar {
            x: slot * pitch,
            y: height - tall,
            width: (pitch - 1).clamp(1, 22),
            height: tall,
            count,
            from: first.to_string(),
            to: last.to_string(),
        });
    }
    let (from, to) = (from.to_string(), to.to_string());
    Chart { width: pitch * slots, height, bars, from, to, max, step }
}

/// The chart of a topic over all its days.
pub(crate) fn of_topic(topic: &wire::Topic, size: (i32, i32)) -> Chart {
    let days: Vec<_> =
        topic.days.iter().filter_map(|entry| entry.date.as_ref().and_then(show::date)).collect();
    match (days.iter().min(), days.iter().max()) {
        (Some(from), Some(to)) => {
            // One day alone in the middle of a week is easier to read than a single block.
            let to = if day::between(*from, *to) < 6 { from.saturating_add(6.days()) } else { *to };
            chart(&topic.days, (*from, to), size)
        }
        _ => Chart::default(),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::chart;
    use wenmai_proto::wire;

    fn on(year: i32, month: i32, day: i32, count: u32) -> wire::DayCount {
        wire::DayCount { date: Some(wire::Date { year, month, day }), count }
    }

    #[test]
    fn days_stand_where_they_belong_and_outer_ones_are_left_out() {
        let days = [on(2025, 3, 1, 2), on(2025, 3, 3, 4), on(2025, 4, 1, 9)];
        let chart = chart(&days, (date(2025, 3, 1), date(2025, 3, 10)), (100, 20));
        let bars: Vec<_> = chart.bars.iter().map(|bar| (bar.x, bar.height, bar.count)).collect();
        assert_eq!(bars, [(0, 10, 2), (20, 20, 4)]);
    }

    #[test]
    fn years_share_bars() {
        let days = [on(2024, 1, 1, 1), on(2024, 1, 2, 1), on(2025, 12, 31, 1)];
        let chart = chart(&days, (date(2024, 1, 1), date(2025, 12, 31)), (920, 20));
        assert_eq!(chart.step, 8);
        assert_eq!((chart.bars.len(), chart.bars[0].count), (2, 2));
        assert_eq!(chart.bars[0].days(), "2024-01-01 – 2024-01-08");
    }
}
