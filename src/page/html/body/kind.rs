//! What one piece is: text, subhead, caption, a line that speaks of the article, or nothing of it.

use std::collections::HashSet;

use crate::html::body::Reader;
use crate::html::body::Taken;
use crate::html::headline::bare;
use crate::html::holder::TEXT_MIN;
use crate::html::tree::Piece;
use crate::html::wording;
use crate::html::words::Roles;
use wenmai_text::likeness::bigrams;

/// The longest line that a subhead may be, in characters.
const SUBHEAD_CHARS: usize = 40;
/// The longest paragraph of a lead, in characters.
const LEAD_CHARS: usize = 300;
/// Longest run of lines that is compared with the headline, in characters.
const HEADLINE_CHARS: usize = 80;
/// Names of elements that speak of the article.
const ABOUT: Roles = Roles::ABOUT;

impl Reader<'_> {
    /// Whether a heading begins another article.
    pub(super) fn is_next_article(&self, piece: &Piece) -> bool {
        let rank =
            self.headline.index.and_then(|at| self.pieces.get(at)).map_or(0, |line| line.heading);
        piece.heading == 1
            && rank == 1
            && self.names.agreement(&piece.text) < 1.0
            && !self.is_home(piece)
    }

    /// What a piece is, with the mass of the text before it.
    pub(super) fn kind(&self, at: usize, piece: &Piece, seen: f64) -> Taken {
        let text = piece.text.as_str();
        if piece.is_hidden && !self.counts_hidden {
            return Taken::Nothing;
        }
        let is_lead = at < self.inside || at < self.first_home;
        let down = self.scene.down_between(piece.element, self.holder);
        let own = self.most_of_holder(piece);
        if at >= self.inside && down < 0.5 && !own
            || at < self.inside && self.scene.down_of(piece) < 0.5
        {
            return Taken::Nothing;
        }
        let heads =
            seen == 0.0 && self.scene.roles_near(piece).has(Roles::AROUND) && piece.chars <= 60;
        let again = seen == 0.0 && self.repeats_headline(at);
        if heads || again || bare(text) == bare(&self.headline.text) {
            return Taken::Nothing;
        }
        if self.is_caption(at, piece) {
            return Taken::Caption;
        }
        if piece.is_link() {
            return Taken::Nothing;
        }
        if wording::is_note(text) {
            return Taken::About;
        }
        let short = piece.chars <= 60 && !text.ends_with(['。', '！', '？', '”']);
        if seen < TEXT_MIN && short && self.scene.roles_near(piece).has(ABOUT) && piece.chars <= 40
        {
            return Taken::About;
        }
        let tells = || wording::tells(text);
        let dates = || !self.is_home(piece) && wording::gives_day(text);
        if short && (seen < TEXT_MIN && tells() || dates()) {
            return Taken::About;
        }
        if short && (wording::names_source(text) || wording::credits(text)) {
            return Taken::About;
        }
        if is_lead && !self.is_home(piece) || at < self.inside {
            return self.lead(at, piece);
        }
        if piece.heading > 0 && piece.chars <= 80 || is_bold_line(piece) {
            return Taken::Subhead;
        }
        Taken::Text
    }

    /// Whether a piece is part of a run of lines that are the headline once more, as agencies
    /// (`题：…`) and documents write it over their text.
    fn repeats_headline(&self, at: usize) -> bool {
        let headline = bare(&self.headline.text);
        (1..=3).any(|count| {
            (at.saturating_sub(count - 1)..=at).any(|from| {
                let run = self.pieces.get(from..from + count).unwrap_or_default();
                let chars: usize = run.iter().map(|piece| piece.chars).sum();
                if chars > 2 * HEADLINE_CHARS || run.len() < count {
                    return false;
                }
                let words: String = run.iter().map(|piece| bare(&piece.text)).collect();
                words == headline || words.strip_prefix('题').is_some_and(|rest| rest == headline)
            })
        })
    }

    /// A whole sentence between headline and text leads it in, unless it is a summary.
    fn lead(&self, at: usize, piece: &Piece) -> Taken {
        let roles = self.scene.roles_near(piece);
        let closed = piece.text.ends_with(['。', '！', '？', '”']) || at >= self.inside;
        let sentence = piece.marks > 0 && piece.chars >= 20 && closed;
        let label = at.checked_sub(1).and_then(|before| self.pieces.get(before));
        let labelled = label.is_some_and(|label| wording::is_summary_label(&label.text));
        let asks = piece.link_chars > 0
            && piece.text.contains(['点', '點'])
            && piece.text.contains(['击', '擊']);
        if !sentence
            || labelled
            || asks
            || piece.chars > LEAD_CHARS
            || wording::is_summary_label(&piece.text)
        {
            return if sentence { Taken::Nothing } else { Taken::About };
        }
        if piece.heading == 0
            && !roles.has(Roles::SUMMARY)
            && (at >= self.inside || !repeats(self, piece))
        {
            Taken::Text
        } else {
            Taken::About
        }
    }

    /// Whether what lowers a piece holds most of the text of the holder: then it is the text's own
    /// name, not that of a box in it.
    pub(super) fn most_of_holder(&self, piece: &Piece) -> bool {
        let whole = self.scene.mass_in(self.inside, self.to);
        let inner = self.scene.outline.up(piece.element).take_while(|at| *at != self.holder);
        let mut outermost_bad = None;
        for at in inner {
            let parent = self.scene.outline.elements.get(at).map_or(at, |one| one.parent);
            if self.scene.down_between(at, parent) < 0.9 {
                outermost_bad = Some(at);
            }
        }
        let Some(bad) = outermost_bad.and_then(|at| self.scene.outline.elements.get(at)) else {
            return true;
        };
        self.scene.mass_in(bad.from, bad.to) * 2.0 > whole
    }

    /// Whether a piece stands under a picture: by the names around it, its wording or its place.
    fn is_caption(&self, at: usize, piece: &Piece) -> bool {
        if wording::reports(&piece.text) {
            return false;
        }
        let inner = self.scene.outline.around(piece).take_while(|at| *at != self.holder);
        let elements = inner.take(4).filter_map(|at| self.scene.outline.elements.get(at));
        let whole = self.scene.mass_in(self.inside, self.to);
        let named = elements.into_iter().any(|one| {
            (one.name.as_ref() == "figcaption" || one.roles.has(Roles::CAPTION))
                && self.scene.mass_in(one.from, one.to) * 2.0 < whole
                && !self.headline.index.is_some_and(|line| (one.from..one.to).contains(&line))
        });
        if named || piece.roles.has(Roles::CAPTION) {
            return true;
        }
        let text = piece.text.as_str();
        let by_wording = wording::is_caption(text);
        // A short line under a picture that does not end as a sentence does.
        let under = piece.after_picture && piece.chars <= 45 && piece.heading == 0;
        let next_is_text =
            self.pieces.get(at + 1).is_some_and(|next| next.marks > 1 && next.chars > 45);
        let open = !text.ends_with(['。', '！', '？', '：', ':', '”', '；']);
        by_wording && (piece.chars <= 120)
            || under && open && next_is_text && !is_bold_line(piece) && piece.marks <= 1
    }
}

/// Whether the words of a piece stand in the text behind it too, as those of a summary do.
fn repeats(reader: &Reader<'_>, piece: &Piece) -> bool {
    let pairs = |text: &str| -> Vec<(char, char)> {
        bigrams(text.chars().filter(|c| c.is_alphanumeric())).collect()
    };
    let own = pairs(&piece.text);
    let inside = reader.pieces.get(reader.inside..reader.to).unwrap_or_default();
    let near: HashSet<(char, char)> =
        inside.iter().take(200).flat_map(|other| pairs(&other.text)).collect();
    let shared = own.iter().filter(|pair| near.contains(pair)).count();
    shared * 10 >= own.len() * 7
}

/// Whether a short line is bold as a whole, as a subhead is.
fn is_bold_line(piece: &Piece) -> bool {
    piece.bold_chars == piece.chars
        && piece.chars <= SUBHEAD_CHARS
        && !piece.text.ends_with(['。', '，', '；', '”', ','])
}
