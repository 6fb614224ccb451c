//! Lays vectors out in a plane, so that what is similar is near.
//!
//! The two directions of the largest spread are where it begins (principal components by power
//! iteration); then distances in the plane are made like those of the vectors, near ones above all
//! (SMACOF: Borg & Groenen 2005, chapter 8, with weights `1 / d²`); then circles that overlap are
//! moved apart. Nothing is random: the same topics are always at the same places.

use std::sync::Arc;

/// Steps of power iteration for each direction.
const POWER_STEPS: usize = 30;
/// Steps in which distances are made alike.
const STRESS_STEPS: usize = 60;
/// Steps in which circles are moved apart.
const APART_STEPS: usize = 80;
/// Room between two circles.
const GAP: f32 = 3.0;

/// A point of the plane.
type Point = (f32, f32);

/// Where each of `vectors` is, within `width` by `height`, with circles of `radii` around.
pub(super) fn lay_out(vectors: &[Arc<[f32]>], radii: &[f32], size: (f32, f32)) -> Vec<Point> {
    let mut points = components(vectors);
    alike(&mut points, vectors);
    fit(&mut points, radii, size);
    apart(&mut points, radii, size);
    points
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
    let mut axes: Vec<Vec<f32>> = Vec::new();
    for start in 0..2_usize {
        let mut axis: Vec<f32> =
            (0..dim).map(|at| 1.0 + count((at * (start + 3)) % 7)).collect();
        for _step in 0..POWER_STEPS {
            for known in &axes {
                let along = dot(&axis, known);
                axis.iter_mut().zip(known).for_each(|(value, part)| *value -= along * part);
            }
            let mut next = vec![0.0_f32; dim];
            for vector in &centred {
                let along = dot(vector, &axis);
                next.iter_mut().zip(vector).for_each(|(sum, value)| *sum += along * value);
            }
            let length = dot(&next, &next).sqrt().max(f32::MIN_POSITIVE);
            next.iter_mut().for_each(|value| *value /= length);
            axis = next;
        }
        axes.push(axis);
    }
    let along = |axis: usize, vector: &[f32]| axes.get(axis).map_or(0.0, |axis| dot(vector, axis));
    let start = centred.iter().enumerate().map(|(index, vector)| {
        // Two that are the same must not be at one place, or nothing could part them.
        let nudge = 1e-3 * count(index % 17);
        (along(0, vector) + nudge, along(1, vector) - nudge)
    });
    start.collect()
}

/// Makes distances in the plane like those of the vectors.
fn alike(points: &mut Vec<Point>, vectors: &[Arc<[f32]>]) {
    for _step in 0..STRESS_STEPS {
        let moved = vectors.iter().zip(points.iter()).map(|(vector, &(x, y))| {
            let (mut sum_x, mut sum_y, mut weights) = (0.0_f32, 0.0_f32, 0.0_f32);
            for (other, &(of_x, of_y)) in vectors.iter().zip(points.iter()) {
                let wanted = (2.0 - 2.0 * dot(vector, other)).max(0.0).sqrt();
                let length = (x - of_x).hypot(y - of_y);
                if length <= f32::EPSILON {
                    continue;
                }
                let wanted = wanted.max(0.05);
                let weight = 1.0 / (wanted * wanted);
                sum_x += weight * (of_x + wanted * (x - of_x) / length);
                sum_y += weight * (of_y + wanted * (y - of_y) / length);
                weights += weight;
            }
            if weights > 0.0 { (sum_x / weights, sum_y / weights) } else { (x, y) }
        });
        *points = moved.collect();
    }
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
fn apart(points: &mut [Point], radii: &[f32], (width, height): (f32, f32)) {
    for _step in 0..APART_STEPS {
        let mut is_done = true;
        for one in 0..points.len() {
            for other in one + 1..points.len() {
                let (Some(&a), Some(&b)) = (points.get(one), points.get(other)) else { continue };
                let (Some(r), Some(s)) = (radii.get(one), radii.get(other)) else { continue };
                let length = (b.0 - a.0).hypot(b.1 - a.1);
                let wanted = r + s + GAP;
                if length >= wanted {
                    continue;
                }
                is_done = false;
                let (x, y) = if length > f32::EPSILON {
                    ((b.0 - a.0) / length, (b.1 - a.1) / length)
                } else {
                    (1.0, 0.0)
                };
                let push = (wanted - length) / 2.0;
                let within = |(px, py): Point, radius: f32| {
                    let (x_max, y_max) = ((width - radius).max(radius), (height - radius).max(radius));
                    (px.clamp(radius, x_max), py.clamp(radius, y_max))
                };
                if let Some(point) = points.get_mut(one) {
                    *point = within((a.0 - push * x, a.1 - push * y), *r);
                }
                if let Some(point) = points.get_mut(other) {
                    *point = within((b.0 + push * x, b.1 + push * y), *s);
                }
            }
        }
        if is_done {
            return;
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "small counts become coordinates")]
fn count(count: usize) -> f32 {
    count as f32
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::lay_out;

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
        let length = |a: usize, b: usize| {
            (points[a].0 - points[b].0).hypot(points[a].1 - points[b].1)
        };
        assert!(length(0, 1) < length(0, 2) && length(2, 3) < length(1, 2), "{points:?}");
        for one in 0..5 {
            for other in one + 1..5 {
                assert!(length(one, other) > 39.0, "{one} {other} {points:?}");
            }
        }
        assert_eq!(points, lay_out(&vectors, &[20.0; 5], (400.0, 300.0)));
    }

    #[test]
    fn one_topic_and_topics_that_are_the_same_have_places() {
        assert_eq!(lay_out(&[unit([1.0, 0.0, 0.0])], &[5.0], (100.0, 100.0)).len(), 1);
        let same = vec![unit([1.0, 1.0, 0.0]); 4];
        let points = lay_out(&same, &[5.0; 4], (100.0, 100.0));
        assert!(points.iter().all(|(x, y)| x.is_finite() && y.is_finite()), "{points:?}");
    }
}
