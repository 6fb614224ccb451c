//! The direction that all vectors of a model share, whatever the texts say.

use wenmai_domain::embedding::Embedding;
use wenmai_domain::scale::Middle;

/// From this squared length of what is shared on (about the mean cosine of unrelated texts) it is taken
/// out of the vectors.
const SHARED_FROM: f64 = 0.3;
/// What is added to the products of texts with themselves: how little the prediction bends to one text.
const RIDGE: f64 = 0.1;

/// The direction of the mean of `ours`, where it is so long that unrelated texts lie high.
pub(super) fn of_mean(ours: &[Embedding]) -> Option<Embedding> {
    let members: Vec<&Embedding> = ours.iter().collect();
    let length = f64::from(Middle::of(ours).length);
    Embedding::mean(&members).ok().filter(|_| length * length >= SHARED_FROM)
}

/// The direction that `ours` share beyond what their texts have in common; `theirs` are the embeddings of
/// the same texts by a model that shares none, in the same order.
///
/// The texts of a collection have something in common, and the mean of their vectors holds it as well. So
/// the vectors are predicted from those of the other model by ridge regression, and what is predicted for a
/// text of which the other model sees nothing is what all share. `None` where that is too short to matter.
pub(super) fn beyond_texts(ours: &[Embedding], theirs: &[Embedding]) -> Option<Embedding> {
    let (middle, others) = (mean(ours), centred(theirs));
    let their_middle = mean(theirs);
    let along: Vec<f64> = others.iter().map(|one| dot(one, &their_middle)).collect();
    let products = others.iter().enumerate().map(|(at, one)| {
        let row = others.iter().enumerate();
        row.map(|(to, other)| dot(one, other) + if at == to { RIDGE } else { 0.0 }).collect()
    });
    let weights = solved(products.collect(), along)?;
    let mut shared = middle.clone();
    for (own, weight) in ours.iter().zip(&weights) {
        for ((sum, value), middle) in shared.iter_mut().zip(own.values()).zip(&middle) {
            *sum -= weight * (f64::from(*value) - middle);
        }
    }
    if dot(&shared, &shared) < SHARED_FROM {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "a direction in the numbers of embeddings")]
    let shared = shared.into_iter().map(|value| value as f32).collect();
    Embedding::normalize(shared).ok()
}

/// The mean of embeddings, `[dim]`.
fn mean(embeddings: &[Embedding]) -> Vec<f64> {
    let mut sum = vec![0.0; embeddings.first().map_or(0, Embedding::dim)];
    for embedding in embeddings {
        for (total, value) in sum.iter_mut().zip(embedding.values()) {
            *total += f64::from(*value);
        }
    }
    let count = super::as_f64(embeddings.len().max(1));
    for total in &mut sum {
        *total /= count;
    }
    sum
}

/// Embeddings without their mean, `[text, dim]`.
fn centred(embeddings: &[Embedding]) -> Vec<Vec<f64>> {
    let middle = mean(embeddings);
    let without = |one: &Embedding| {
        let values = one.values().iter().zip(&middle);
        values.map(|(value, middle)| f64::from(*value) - middle).collect()
    };
    embeddings.iter().map(without).collect()
}

fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(left, right)| left * right).sum()
}

/// Solves `matrix · x = right` for a symmetric positive definite matrix by Cholesky's method; `None` if it
/// is not positive definite.
fn solved(mut matrix: Vec<Vec<f64>>, right: Vec<f64>) -> Option<Vec<f64>> {
    // Row by row the lower half becomes L with L · Lᵀ = matrix.
    for at in 0..matrix.len() {
        let (done, rest) = matrix.split_at_mut(at);
        let row = rest.first_mut()?;
        for (column, above) in done.iter().enumerate() {
            let (known, value) = (dot(row.get(..column)?, above.get(..column)?), row.get(column)?);
            *row.get_mut(column)? = (value - known) / above.get(column)?;
        }
        let known = row.get(..at)?;
        let square = row.get(at)? - dot(known, known);
        *row.get_mut(at)? = (square > 0.0).then(|| square.sqrt())?;
    }
    // First L · y = right, then Lᵀ · x = y, in place.
    let mut x = right;
    for (at, row) in matrix.iter().enumerate() {
        let value = (x.get(at)? - dot(row.get(..at)?, x.get(..at)?)) / row.get(at)?;
        *x.get_mut(at)? = value;
    }
    for (at, row) in matrix.iter().enumerate().rev() {
        let value = x.get(at)? / row.get(at)?;
        *x.get_mut(at)? = value;
        for (earlier, factor) in x.iter_mut().zip(row.iter().take(at)) {
            *earlier -= factor * value;
        }
    }
    Some(x)
}

#[cfg(test)]
mod tests {
    use super::beyond_texts;
    use super::of_mean;
    use super::solved;
    use wenmai_domain::embedding::Embedding;

    /// Texts that share a subject, the first number, with `common` added to a number that says nothing.
    fn texts(common: f32) -> Vec<Embedding> {
        let noise = |n: u32, at: u32| {
            let mixed = (n * 31 + at + 1).wrapping_mul(2_654_435_761);
            f32::from(u16::try_from(mixed >> 16).unwrap()) / 32_768.0 - 1.0
        };
        let vector = |n: u32| {
            let mut values: Vec<f32> = (0..12).map(|at| noise(n, at)).collect();
            values[0] = 0.6 + 0.4 * values[0];
            values.push(common);
            Embedding::normalize(values).unwrap()
        };
        (0..150).map(vector).collect()
    }

    #[test]
    fn a_system_is_solved() {
        let matrix = vec![vec![4.0, 2.0, 0.6], vec![2.0, 5.0, 1.0], vec![0.6, 1.0, 3.0]];
        let truth = [1.0, -2.0, 0.5];
        let right = matrix.iter().map(|row| super::dot(row, &truth)).collect();
        let x = solved(matrix, right).unwrap();
        assert!(x.iter().zip(truth).all(|(x, truth)| (x - truth).abs() < 1e-9), "{x:?}");
        assert_eq!(solved(vec![vec![1.0, 2.0], vec![2.0, 1.0]], vec![1.0, 1.0]), None);
    }

    #[test]
    fn what_texts_have_in_common_is_left_in_them() {
        let (plain, shifted) = (texts(0.0), texts(4.0));
        let [by_mean, beyond] =
            [of_mean(&shifted).unwrap(), beyond_texts(&shifted, &plain).unwrap()];
        let subject = |axis: &Embedding| axis.values()[0].abs();
        assert!(subject(&by_mean) > 0.1, "{}", subject(&by_mean));
        assert!(subject(&beyond) < 0.5 * subject(&by_mean), "{}", subject(&beyond));
        assert!(beyond.values()[12] > 0.995, "{}", beyond.values()[12]);
    }

    #[test]
    fn a_model_whose_unrelated_texts_lie_low_shares_nothing() {
        let plain = texts(0.0);
        assert_eq!(beyond_texts(&plain, &plain), None);
        assert_eq!(of_mean(&plain), None);
    }
}
