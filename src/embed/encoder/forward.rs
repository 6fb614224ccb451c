//! The forward pass of an encoder over packed windows, without padding and with all buffers reused.
//!
//! The tokens of all windows of a batch are in one `[tokens, dim]` buffer. A layer is computed in
//! groups of whole windows up to attention and in blocks of tokens after it. Both are small enough
//! that what lies between two products stays in the second-level cache.

use std::ops::Range;

use crate::encoder::config::Shape;
use crate::encoder::weights::Layer;
use crate::encoder::weights::Linear;
use crate::encoder::weights::Norm;
use crate::encoder::weights::Weights;
use wenmai_kernel::attention;
use wenmai_kernel::attention::Attention;
use wenmai_kernel::level::Level;
use wenmai_kernel::normalize::Normalize;
use wenmai_kernel::product::Product;
use wenmai_kernel::quantized::Product8;
use wenmai_kernel::quantized::Quantize;
use wenmai_kernel::quantized::Rows8;

/// How many tokens go through a feed-forward block together.
const BLOCK_TOKENS: usize = 48;
/// How many tokens short windows are grouped to before attention.
const GROUP_TOKENS: usize = 96;

/// The hidden states that a pass returns; the last layer computes no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    All,
    /// The first token of each window.
    First,
    /// The last token of each window.
    Last,
}

impl Wanted {
    /// The range of wanted tokens in a window of `length` tokens.
    fn of(self, length: usize) -> Range<usize> {
        match self {
            Self::All => 0..length,
            Self::First => 0..length.min(1),
            Self::Last => length.saturating_sub(1)..length,
        }
    }
}

/// The input of a pass.
#[derive(Debug, Clone, Copy)]
pub(super) struct Batch<'a> {
    /// The token ids of all windows, one window after the other.
    pub(super) ids: &'a [u32],
    /// The number of tokens in each window.
    pub(super) lengths: &'a [usize],
    pub(super) wanted: Wanted,
}

/// The buffers of one thread.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// `[tokens, dim]`: the hidden states of the whole batch.
    hidden: Vec<f32>,
    /// `[wanted tokens, dim]`: the output of the last layer.
    wanted: Vec<f32>,
    rooms: Rooms,
}

/// The buffers of one step of a layer.
#[derive(Debug, Default)]
struct Rooms {
    /// `[tokens of a group, 3 dim]`: queries, keys and values.
    qkv: Vec<f32>,
    /// `[wanted tokens of a group, dim]`: the output of the attention heads.
    answer: Vec<f32>,
    /// `[tokens of a block, inner dim]`: between the two products of a feed-forward block.
    inner: Vec<f32>,
    rows8: Rows8,
    attention: attention::Scratch,
}

/// What a pass needs of a model.
pub(super) struct Forward<'a> {
    pub(super) shape: &'a Shape,
    pub(super) weights: &'a Weights,
    pub(super) level: Level,
}

impl Forward<'_> {
    /// Computes the hidden states `[wanted tokens, dim]` of `batch`.
    ///
    /// # Errors
    /// The reason as a sentence, if the model has no row for a token or a position.
    pub(super) fn run<'s>(
        &self,
        batch: Batch<'_>,
        scratch: &'s mut Scratch,
    ) -> Result<&'s [f32], String> {
        let Scratch { hidden, wanted: last, rooms } = scratch;
        self.embed(batch, hidden)?;
        let Some((last_layer, layers)) = self.weights.layers.split_last() else {
            return Ok(hidden);
        };
        for layer in layers {
            self.attend(layer, batch.lengths, hidden, rooms);
            self.feed_forward(layer, hidden, rooms);
        }
        if batch.wanted == Wanted::All {
            self.attend(last_layer, batch.lengths, hidden, rooms);
            self.feed_forward(last_layer, hidden, rooms);
            return Ok(hidden);
        }
        self.attend_for(last_layer, batch, hidden, last, rooms);
        self.feed_forward(last_layer, last, rooms);
        Ok(last)
    }

    /// Fills `hidden` with the normalized sum of each token's word, position and type embeddings.
    fn embed(&self, batch: Batch<'_>, hidden: &mut Vec<f32>) -> Result<(), String> {
        let Batch { ids, lengths, .. } = batch;
        let Weights { words, positions, norm, .. } = self.weights;
        let dim = self.shape.dim;
        hidden.clear();
        let mut rest = ids.iter();
        for &length in lengths {
            let mut rows = positions.chunks_exact(dim);
            for id in rest.by_ref().take(length) {
                let start = *id as usize * dim;
                let word = words.get(start..start + dim);
                let word = word.ok_or_else(|| format!("token {id} has no row"))?;
                let position = rows.next().ok_or("window is longer than the positions")?;
                hidden.extend(word.iter().zip(position).map(|(word, position)| word + position));
            }
        }
        self.normalize(norm, hidden);
        Ok(())
    }

    /// Applies the attention half of `layer` to `hidden` in place.
    fn attend(&self, layer: &Layer, lengths: &[usize], hidden: &mut [f32], rooms: &mut Rooms) {
        let mut rest = hidden;
        for windows in groups(lengths) {
            let tokens: usize = windows.iter().sum();
            let (group, behind) = std::mem::take(&mut rest).split_at_mut(tokens * self.shape.dim);
            rest = behind;
            self.answers(layer, windows, group, Wanted::All, rooms);
            let Rooms { answer, rows8, .. } = rooms;
            self.linear(&layer.output, answer, group, true, rows8);
            self.normalize(&layer.output_norm, group);
        }
    }

    /// Applies the attention half of the last `layer`, but only for the tokens that are wanted, and
    /// writes the result to `last`.
    fn attend_for(
        &self,
        layer: &Layer,
        batch: Batch<'_>,
        hidden: &[f32],
        last: &mut Vec<f32>,
        rooms: &mut Rooms,
    ) {
        let Batch { lengths, wanted, .. } = batch;
        let dim = self.shape.dim;
        last.clear();
        let mut rest = hidden;
        for windows in groups(lengths) {
            let (group, behind) = rest.split_at(windows.iter().sum::<usize>() * dim);
            rest = behind;
            self.answers(layer, windows, group, wanted, rooms);
            let begin = last.len();
            let mut tokens = group;
            for &length in windows {
                let (window, behind) = tokens.split_at(length * dim);
                tokens = behind;
                let Range { start, end } = wanted.of(length);
                last.extend_from_slice(window.get(start * dim..end * dim).unwrap_or_default());
            }
            let Rooms { answer, rows8, .. } = rooms;
            let group = last.get_mut(begin..).unwrap_or_default();
            self.linear(&layer.output, answer, group, true, rows8);
            self.normalize(&layer.output_norm, group);
        }
    }

    /// Fills `rooms.answer` with the output of the attention heads for the wanted tokens of
    /// `group`, a buffer of whole windows of the lengths `windows`.
    fn answers(
        &self,
        layer: &Layer,
        windows: &[usize],
        group: &[f32],
        wanted: Wanted,
        rooms: &mut Rooms,
    ) {
        let Shape { dim, heads, .. } = *self.shape;
        let Rooms { qkv, answer, rows8, attention, .. } = rooms;
        qkv.resize(group.len() * 3, 0.0);
        self.linear(&layer.qkv, group, qkv, false, rows8);
        let asking: usize = windows.iter().map(|length| wanted.of(*length).len()).sum();
        answer.resize(asking * dim, 0.0);
        let (mut qkv, mut answers) = (qkv.as_slice(), answer.as_mut_slice());
        for &length in windows {
            let asking = wanted.of(length);
            let (window, behind) = qkv.split_at(length * 3 * dim);
            let (out, rest) = std::mem::take(&mut answers).split_at_mut(asking.len() * dim);
            (qkv, answers) = (behind, rest);
            Attention { qkv: window, heads, asking, out, scratch: attention }.compute(self.level);
        }
    }

    /// Applies the feed-forward half of `layer` to `hidden` in place.
    fn feed_forward(&self, layer: &Layer, hidden: &mut [f32], rooms: &mut Rooms) {
        let Shape { dim, inner_dim, activation, .. } = *self.shape;
        let Rooms { inner, rows8, .. } = rooms;
        for block in hidden.chunks_mut(BLOCK_TOKENS * dim) {
            inner.resize(block.len() / dim * inner_dim, 0.0);
            self.linear(&layer.up, block, inner, false, rows8);
            activation.apply(self.level, inner);
            self.linear(&layer.down, inner, block, true, rows8);
            self.normalize(&layer.down_norm, block);
        }
    }

    /// Computes `out = a · weights + bias`, and adds the previous content of `out` if `add` is set.
    fn linear(&self, linear: &Linear, a: &[f32], out: &mut [f32], add: bool, rows8: &mut Rows8) {
        match linear {
            Linear::F32(panels) => Product { a, panels, out, add }.compute(self.level),
            Linear::Int8(panels) => {
                let inputs = panels.inputs();
                Quantize { a, inputs, out: rows8 }.compute(self.level);
                let rows = a.len() / inputs.max(1);
                Product8 { a: rows8, rows, panels, out, add }.compute(self.level);
            }
        }
    }

    fn normalize(&self, norm: &Norm, rows: &mut [f32]) {
        let Norm { weight, bias } = norm;
        let epsilon = self.shape.epsilon;
        Normalize { rows, weight, bias, epsilon }.compute(self.level);
    }
}

/// Groups neighbouring windows until each group has at least [`GROUP_TOKENS`] tokens.
fn groups(lengths: &[usize]) -> impl Iterator<Item = &[usize]> {
    let mut rest = lengths;
    std::iter::from_fn(move || {
        let mut tokens = 0;
        let enough = rest.iter().position(|length| {
            tokens += length;
            tokens >= GROUP_TOKENS
        });
        let (group, behind) = rest.split_at(enough.map_or(rest.len(), |at| at + 1));
        rest = behind;
        (!group.is_empty()).then_some(group)
    })
}

#[cfg(test)]
mod tests {
    use super::groups;

    #[test]
    fn short_windows_share_a_group_and_long_ones_have_their_own() {
        let grouped: Vec<&[usize]> = groups(&[50, 50, 512, 1, 1]).collect();
        assert_eq!(grouped, [&[50, 50][..], &[512], &[1, 1]]);
        assert_eq!(groups(&[]).count(), 0);
    }
}
