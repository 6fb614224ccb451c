//! Lays vectors out in a plane, so that what is similar is near.
//!
//! The two directions of the largest spread are where it begins (principal components by power
//! iteration); then distances in the plane are made like those of the vectors, near ones above all
//! (SMACOF: Borg & Groenen 2005, chapter 8, with weights `1 / d²`); then circles that overlap are
//! moved apart. Of many vectors the first ones are laid out so, and the others by their distances to
//! these (landmarks: de Silva & Tenenbaum 2004), so that the time grows with their number and not
//! with its square. Nothing is random: the same topics are always at the same places.

use std::sync::Arc;

/// Steps of power iteration for each direction.
const POWER_STEPS: usize = 30;
/// Steps in which distances are made alike.
const STRESS_STEPS: usize = 60;
/// Steps in which circles are moved apart.
const APART_STEPS: usize = 160;
/// Vectors that are laid out by all their distances; the others by those to these.
const LANDMARKS: usize = 240;
/// Landmarks among which a vector begins.
const NEIGHBOURS: usize = 6;
/// Steps in which the others find their places.
const JOIN_STEPS: usize = 12;
/// The share of the map that circles may take together.
const FILLED: f32 = 0.35;
/// The share of the map that they take at least, unless they became larger than is told next.
const SEEN: f32 = 0.08;
/// By how much circles grow at most.
const LARGER: f32 = 2.5;
/// The least distance that two vectors count for.
const NEAREST: f32 = 0.05;
/// Room between two circles.
const GAP: f32 = 3.0;

/// A point of the plane.
type Point = (f32, f32);

/// Where each of `vectors` is, within `width` by `height`, with circles of `radii` around.
pub(super) fn lay_out(vectors: &[Arc<[f32]>], radii: &[f32], size: (f32, f32)) -> Vec<Point> {
    let (landmarks, others) = vectors.split_at(vectors.len().min(LANDMARKS));
    let mut points = components(landmarks);
    alike(&mut points, landmarks);
    let joined =
        others.iter().enumerate().map(|(at, vector)| joined(vector, at, landmarks, &points));
    let joined: Vec<Point> = joined.collect();
    points.extend(joined);
    fit(&mut points, radii, size);
    apart(&mut points, radii, size);
    points
}

/// `radii` made smaller together where their circles would fill the map, and larger where they would
/// be lost on it.
pub(super) fn that_fit(mut radii: Vec<f32>, (width, height): (f32, f32)) -> Vec<f32> {
    let area: f32 = radii.iter().map(|radius| std::f32::consts::PI * radius * radius).sum();
    let share = |part: f32| (part * width * height / area.max(1.0)).sqrt();
    let scale = share(FILLED).min(share(SEEN).clamp(1.0, LARGER));
    for radius in &mut radii {
        *radius *= scale;
    }
    radii
}

/// The place of a vector among landmarks that have theirs: between the nearest ones at first, then
/// by its distances to all of them.
fn joined(vector: &[f32], at: usize, landmarks: &[Arc<[f32]>], points: &[Point]) -> Point {
    let wanted: Vec<f32> = landmarks.iter().map(|landmark| between(vector, landmark)).collect();
    let mut nearest: Vec<(f32, Point)> =
        wanted.iter().copied().zip(points.iter().copied()).collect();
    nearest.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (mut sum_x, mut sum_y, mut weights) = (0.0_f32, 0.0_f32, 0.0_f32);
    for (length, (x, y)) in nearest.into_iter().take(NEIGHBOURS) {
        let weight = length.powi(-4);
        sum_x += weight * x;
        sum_y += weight * y;
        weights += weight;
    }
    // Two that are the same must not be at one place, or nothing could part them.
    let nudge = 1e-3 * count(1 + at % 31);
    let mut point = (sum_x / weights + nudge, sum_y / weights - nudge);
    for _step in 0..JOIN_STEPS {
        point = stepped(point, &wanted, points);
    }
    point
}

fn dot(one: &[f32], other: &[f32]) -> f32 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

/// The coordinates along the two directions of the largest spread.
fn components(vectors: &[Arc<[f32]>]) -> Vec<Point> {
    let dim = vectors.iter().map(|vector| vector.len()).max().unwrap_or_default();
    let mut centred: Vec<Vec<f32>> = vectors.iter().map(|vector| vector.to_vec()).collect();
    let mut mean = vec![0.0_f32; dim];
    for vector in &centred {
        mean.iter_mut().zip(vector).for_each(|(sum, value)| *sum += value);
    }
    let share = 1.0 / count(vectors.len().max(1));
    for vector in &mut centred {
        vector.iter_mut().zip(&mean).for_each(|(value, sum)| *value -= sum * share);
    }
    let mut directions: Vec<Vec<f32>> = Vec::new();
    for start in 0..2_usize {
        let found = direction(&centred, &directions, start, dim);
        directions.push(found);
    }
    let along = |which: usize, vector: &[f32]| {
        directions.get(which).map_or(0.0, |direction| dot(vector, direction))
    };
    let start = centred.iter().enumerate().map(|(index, vector)| {
        // Two that are the same must not be at one place, or nothing could part them.
        let nudge = 1e-3 * count(index % 17);
        (along(0, vector) + nudge, along(1, vector) - nudge)
    });
    start.collect()
}

/// The direction of the largest spread that is left beside `known` ones.
fn direction(centred: &[Vec<f32>], known: &[Vec<f32>], start: usize, dim: usize) -> Vec<f32> {
    let mut axis: Vec<f32> = (0..dim).map(|at| 1.0 + count((at * (start + 3)) % 7)).collect();
    for _step in 0..POWER_STEPS {
        for other in known {
            let along = dot(&axis, other);
            axis.iter_mut().zip(other).for_each(|(value, part)| *value -= along * part);
        }
        let mut next = vec![0.0_f32; dim];
        for vector in centred {
            let along = dot(vector, &axis);
            next.iter_mut().zip(vector).for_each(|(sum, value)| *sum += along * value);
        }
        let length = dot(&next, &next).sqrt().max(f32::MIN_POSITIVE);
        axis = next.into_iter().map(|value| value / length).collect();
    }
    axis
}

/// How far apart two vectors are.
fn between(one: &[f32], other: &[f32]) -> f32 {
    (2.0 - 2.0 * dot(one, other)).max(0.0).sqrt().max(NEAREST)
}

/// How far apart the vectors are, row by row.
fn distances(vectors: &[Arc<[f32]>]) -> Vec<Vec<f32>> {
    let row = |one: &Arc<[f32]>| vectors.iter().map(|other| between(one, other)).collect();
    vectors.iter().map(row).collect()
}

/// Makes distances in the plane like those of the vectors.
fn alike(points: &mut Vec<Point>, vectors: &[Arc<[f32]>]) {
    let wanted = distances(vectors);
    for _step in 0..STRESS_STEPS {
        let moved = wanted.iter().zip(points.iter()).map(|(row, &at)| stepped(at, row, points));
        *points = moved.collect();
    }
}

/// Where `(x, y)` goes in one step, to be as far from each of `points` as `wanted` has it.
fn stepped((x, y): Point, wanted: &[f32], points: &[Point]) -> Point {
    let (mut sum_x, mut sum_y, mut weights) = (0.0_f32, 0.0_f32, 0.0_f32);
    for (&wanted, &(of_x, of_y)) in wanted.iter().zip(points) {
        let length = (x - of_x).hypot(y - of_y);
        if length <= f32::EPSILON {
            continue;
        }
        let weight = 1.0 / (wanted * wanted);
        sum_x += weight * (of_x + wanted * (x - of_x) / length);
        sum_y += weight * (of_y + wanted * (y - of_y) / length);
        weights += weight;
    }
    if weights > 0.0 { (sum_x / weights, sum_y / weights) } else { (x, y) }
}

/// Stretches the points over the map.
fn fit(points: &mut [Point], radii: &[f32], (width, height): (f32, f32)) {
    let margin = radii.iter().copied().fold(0.0, f32::max) + GAP;
    let bounds = |of: fn(&Point) -> f32| {
        let all = points.iter().map(of);
        all.fold((f32::MAX, f32::MIN), |(low, high), value| (low.min(value), high.max(value)))
    };
    let (x_bounds, y_bounds) = (bounds(|point| point.0), bounds(|point| point.1));
    let placed = |value: f32, (low, high): (f32, f32), length: f32| {
        let share = if high > low { (value - low) / (high - low) } else { 0.5 };
        margin + share * (length - 2.0 * margin)
    };
    for point in points.iter_mut() {
        *point = (placed(point.0, x_bounds, width), placed(point.1, y_bounds, height));
    }
}

/// Moves circles apart that overlap.
fn apart(points: &mut [Point], radii: &[f32], size: (f32, f32)) {
    let largest = radii.iter().copied().fold(0.0, f32::max);
    for _step in 0..APART_STEPS {
        let mut is_done = true;
        for (one, other) in close_pairs(points, 2.0 * largest + GAP) {
            let left = points.get(one).copied().zip(radii.get(one).copied());
            let right = points.get(other).copied().zip(radii.get(other).copied());
            let (Some(left), Some(right)) = (left, right) else { continue };
            let Some((left, right)) = pushed(left, right, size) else { continue };
            for (at, to) in [(one, left), (other, right)] {
                if let Some(point) = points.get_mut(at) {
                    *point = to;
                }
            }
            is_done = false;
        }
        if is_done {
            return;
        }
    }
}

/// Pairs of points that may be nearer than `reach`, in the order of their indices.
fn close_pairs(points: &[Point], reach: f32) -> Vec<(usize, usize)> {
    let mut by_x: Vec<(f32, usize)> = points.iter().map(|point| point.0).zip(0..).collect();
    by_x.sort_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
    let mut pairs = Vec::new();
    for (at, (x, one)) in by_x.iter().enumerate() {
        let next = by_x.get(at + 1..).unwrap_or_default();
        for (of_x, other) in next.iter().take_while(|(of_x, _)| of_x - x < reach) {
            let height = points.get(*one).zip(points.get(*other));
            let is_near = height.is_some_and(|(one, other)| (one.1 - other.1).abs() < reach);
            if is_near && of_x - x < reach {
                pairs.push((*one.min(other), *one.max(other)));
            }
        }
    }
    pairs.sort_unstable();
    pairs
}

/// Where two circles that overlap go, within the map; `None` if they do not overlap.
fn pushed(
    (left, left_radius): (Point, f32),
    (right, right_radius): (Point, f32),
    (width, height): (f32, f32),
) -> Option<(Point, Point)> {
    let (across, down) = (right.0 - left.0, right.1 - left.1);
    let length = across.hypot(down);
    let missing = left_radius + right_radius + GAP - length;
    if missing <= 0.0 {
        return None;
    }
    let is_apart = length > f32::EPSILON;
    let unit = if is_apart { (across / length, down / length) } else { (1.0, 0.0) };
    let by = (unit.0 * missing / 2.0, unit.1 * missing / 2.0);
    let within = |at: Point, radius: f32| {
        let most = ((width - radius).max(radius), (height - radius).max(radius));
        (at.0.clamp(radius, most.0), at.1.clamp(radius, most.1))
    };
    let left = within((left.0 - by.0, left.1 - by.1), left_radius);
    Some((left, within((right.0 + by.0, right.1 + by.1), right_radius)))
}

#[expect(clippy::cast_precision_loss, reason = "small counts become coordinates")]
fn count(count: usize) -> f32 {
    count as f32
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::lay_out;
    use super::that_fit;

    fn unit(values: [f32; 3]) -> Arc<[f32]> {
        let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
        values.map(|value| value / length).into()
    }

    #[test]
    fn what_is_similar_is_near_and_circles_do_not_overlap() {
        let vectors = [
            unit([1.0, 0.0, 0.0]),
            unit([1.0, 0.1, 0.0]),
            unit([0.0, 1.0, 0.0]),
            unit([0.0, 1.0, 0.1]),
            unit([0.0, 0.0, 1.0]),
        ];
        let points = lay_out(&vectors, &[20.0; 5], (400.0, 300.0));
        let length =
            |a: usize, b: usize| (points[a].0 - points[b].0).hypot(points[a].1 - points[b].1);
        assert!(length(0, 1) < length(0, 2) && length(2, 3) < length(1, 2), "{points:?}");
        for one in 0..5 {
            for other in one + 1..5 {
                assert!(length(one, other) > 39.0, "{one} {other} {points:?}");
            }
        }
        assert_eq!(points, lay_out(&vectors, &[20.0; 5], (400.0, 300.0)));
    }

    /// A thousand vectors around five directions, none of them random.
    fn thousand() -> Vec<Arc<[f32]>> {
        let vector = |at: u16| {
            let part = |of: u16| f32::from((at / 5 * of) % 23) / 40.0;
            let main = |of: u16| if at % 5 == of { 3.0 } else { 0.0 };
            let values: Vec<f32> = (0..5).map(|of| main(of) + part(of + 7)).collect();
            let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
            values.into_iter().map(|value| value / length).collect()
        };
        (0..1_000).map(vector).collect()
    }

    #[test]
    fn a_thousand_topics_stand_by_those_that_they_are_like() {
        let (vectors, size) = (thousand(), (1_000.0, 680.0));
        let radii = that_fit(vec![10.0; 1_000], size);
        let points = lay_out(&vectors, &radii, size);
        let length =
            |a: usize, b: usize| (points[a].0 - points[b].0).hypot(points[a].1 - points[b].1);
        let nearest = |one: usize| {
            let others = (0..1_000).filter(|other| *other != one);
            others.min_by(|a, b| length(one, *a).total_cmp(&length(one, *b))).unwrap()
        };
        let alike = (0..1_000).filter(|one| nearest(*one) % 5 == one % 5).count();
        assert!(alike > 950, "{alike} stand by one of their own");
        assert!(
            points.iter().all(|(x, y)| (0.0..=1_000.0).contains(x) && (0.0..=680.0).contains(y))
        );
        let overlaps = (0..1_000).flat_map(|a| (a + 1..1_000).map(move |b| (a, b)));
        let overlaps = overlaps.filter(|(a, b)| length(*a, *b) < 0.8 * (radii[*a] + radii[*b]));
        let overlaps = overlaps.count();
        assert!(overlaps < 50, "{overlaps} pairs overlap");
    }

    #[test]
    fn one_topic_and_topics_that_are_the_same_have_places() {
        assert_eq!(lay_out(&[unit([1.0, 0.0, 0.0])], &[5.0], (100.0, 100.0)).len(), 1);
        let same = vec![unit([1.0, 1.0, 0.0]); 4];
        let points = lay_out(&same, &[5.0; 4], (100.0, 100.0));
        assert!(points.iter().all(|(x, y)| x.is_finite() && y.is_finite()), "{points:?}");
    }
}
