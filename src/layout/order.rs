//! The order in which the columns of one article are read.

use crate::model::Rect;
use crate::plan::Plan;
use wenmai_page::known;

/// Puts the stacks of an article in the order of reading: down each column, columns from left to
/// right; or band by band, where sentences go on better that way.
pub(crate) fn ordered(plan: &Plan<'_>, bodies: &[usize]) -> Vec<usize> {
    let columns = by_columns(plan, bodies);
    if bodies.len() < 3 {
        return columns;
    }
    let bands = by_bands(plan, bodies);
    if score(plan, &bands) > score(plan, &columns) { bands } else { columns }
}

/// Down each column, columns from left to right.
fn by_columns(plan: &Plan<'_>, bodies: &[usize]) -> Vec<usize> {
    let mut order = bodies.to_vec();
    order.sort_by(|a, b| plan.rect(*a).left.total_cmp(&plan.rect(*b).left));
    let mut columns: Vec<(Rect, Vec<usize>)> = Vec::new();
    for at in order {
        let rect = plan.rect(at);
        let fits = columns
            .iter_mut()
            .find(|(column, _)| column.shared_x(&rect) > 0.5 * column.width().min(rect.width()));
        match fits {
            Some((column, stacks)) => {
                // A wide stack over several columns does not widen the first of them.
                column.right = column.right.max(rect.right.min(column.left + 1.3 * column.width()));
                stacks.push(at);
            }
            None => columns.push((rect, vec![at])),
        }
    }
    let mut all = Vec::with_capacity(bodies.len());
    for (_, mut stacks) in columns {
        stacks.sort_by(|a, b| plan.rect(*a).top.total_cmp(&plan.rect(*b).top));
        all.extend(stacks);
    }
    all
}

/// Bands from above, each read by its columns: a new band begins where all of it lies lower.
fn by_bands(plan: &Plan<'_>, bodies: &[usize]) -> Vec<usize> {
    let mut order = bodies.to_vec();
    order.sort_by(|a, b| plan.rect(*a).top.total_cmp(&plan.rect(*b).top));
    let mut all = Vec::with_capacity(bodies.len());
    let mut band: Vec<usize> = Vec::new();
    let mut floor = f32::NEG_INFINITY;
    for at in order {
        let rect = plan.rect(at);
        if rect.top > floor - 0.3 * plan.measured.em && !band.is_empty() {
            all.extend(by_columns(plan, &band));
            band.clear();
        }
        floor = if band.is_empty() { rect.bottom } else { floor.max(rect.bottom) };
        band.push(at);
    }
    all.extend(by_columns(plan, &band));
    all
}

/// How well sentences go on from each stack to the next.
fn score(plan: &Plan<'_>, order: &[usize]) -> f32 {
    let pairs = order.iter().zip(order.iter().skip(1));
    let joins = pairs.map(|(a, b)| {
        let open = !known::is_closed(&plan.words(*a)) && !plan.subhead(*a);
        let begins = plan.begins(*b);
        match (open, begins) {
            (true, false) => 1.0,
            (false, true) => 0.5,
            (true, true) | (false, false) => -1.0,
        }
    });
    joins.sum()
}
