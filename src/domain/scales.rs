//! Which scale measures the cosines of a text: models know one language better than another.
//!
//! A model of English gives Chinese texts high cosines whatever they say, so one scale cannot serve both.
//! The script of a text says which one is taken; a language that a model does not know has none.

use crate::embedding::Embedding;
use crate::scale::CosineScale;

/// Share of the letters of a text that must be Chinese for it to count as Chinese.
const CHINESE_SHARE: f32 = 0.5;

/// The script of a text, as far as it matters here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Script {
    /// At least half of the letters are Chinese characters.
    #[default]
    Chinese,
    /// Any other, and a text without letters.
    Other,
}

impl Script {
    /// The script of `text`.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let letters = || text.chars().filter(|c| c.is_alphabetic());
        let is_han = |c: &char| matches!(c, '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{3ffff}');
        let (all, han) = (letters().count(), letters().filter(is_han).count());
        #[expect(clippy::cast_precision_loss, reason = "characters of a text")]
        let share = han as f32 / all.max(1) as f32;
        if share >= CHINESE_SHARE { Self::Chinese } else { Self::Other }
    }
}

/// How cosines of texts in one script are measured, where the vectors themselves are at hand.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Measure {
    /// What puts the cosines on the other model's scale, once `axis` is taken out of the vectors.
    pub scale: CosineScale,
    /// A direction that all vectors of the model share; `None` where there is none to speak of.
    pub axis: Option<Embedding>,
}

impl Measure {
    /// An embedding without what all vectors of the model share.
    #[must_use]
    pub fn prepared(&self, embedding: Embedding) -> Embedding {
        self.axis.as_ref().and_then(|axis| embedding.without(axis)).unwrap_or(embedding)
    }

    /// The cosine of two embeddings on the other model's scale.
    #[must_use]
    pub fn cosine(&self, one: &Embedding, other: &Embedding) -> f32 {
        let cosine = match &self.axis {
            None => one.similarity(other),
            Some(_) => self.prepared(one.clone()).similarity(&self.prepared(other.clone())),
        };
        self.scale.at(cosine)
    }
}

/// The measures of one model, by the script of the text that is asked about.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scales {
    chinese: Option<Measure>,
    other: Option<Measure>,
}

impl Scales {
    /// The scales that change nothing, for the model that everything was fitted to.
    #[must_use]
    pub fn identity() -> Self {
        Self { chinese: Some(Measure::default()), other: Some(Measure::default()) }
    }

    /// The measures of Chinese and of other texts; `None` where cosines cannot be measured.
    #[must_use]
    pub fn new(chinese: Option<Measure>, other: Option<Measure>) -> Self {
        Self { chinese, other }
    }

    /// The scale for a text in `script`; `None` where the cosines of such texts say nothing.
    #[must_use]
    pub fn of(&self, script: Script) -> Option<&CosineScale> {
        self.measure(script).map(|measure| &measure.scale)
    }

    /// The embedding of a text in `script` without what all vectors of the model share.
    #[must_use]
    pub fn prepared(&self, script: Script, embedding: Embedding) -> Embedding {
        match self.measure(script) {
            Some(measure) => measure.prepared(embedding),
            None => embedding,
        }
    }

    /// How cosines of texts in `script` are measured; `None` where they say nothing.
    #[must_use]
    pub fn measure(&self, script: Script) -> Option<&Measure> {
        match script {
            Script::Chinese => self.chinese.as_ref(),
            Script::Other => self.other.as_ref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Measure;
    use super::Scales;
    use super::Script;
    use crate::embedding::Embedding;
    use crate::scale::CosineScale;

    #[test]
    fn the_script_is_that_of_most_letters() {
        assert_eq!(Script::of("清河大桥GDP通车"), Script::Chinese);
        assert_eq!(Script::of("The bridge at 清河 opened"), Script::Other);
        assert_eq!(Script::of("2025"), Script::Other);
        assert_eq!(Script::of("橋樑"), Script::Chinese);
    }

    #[test]
    fn cosines_are_those_of_what_is_not_shared() {
        let vector = |x, y| Embedding::normalize(vec![x, y, 3.0]).unwrap();
        let (one, other) = (vector(1.0, 0.0), vector(0.6, 0.8));
        let axis = Embedding::normalize(vec![0.0, 0.0, 1.0]).unwrap();
        let plain = Measure::default();
        let without = Measure { axis: Some(axis), ..Measure::default() };
        assert!(plain.cosine(&one, &other) > 0.9);
        assert!((without.cosine(&one, &other) - 0.6).abs() < 1e-5);
        assert_eq!(plain.prepared(one.clone()), one);
    }

    #[test]
    fn each_script_has_its_scale_or_none() {
        let steep = CosineScale::new(vec![(0.5, 0.0), (0.9, 0.8)]).unwrap();
        let measure = Measure { scale: steep.clone(), axis: None };
        let scales = Scales::new(Some(measure), None);
        assert_eq!(scales.of(Script::Chinese), Some(&steep));
        assert_eq!(scales.of(Script::Other), None);
        assert!(Scales::identity().of(Script::Other).unwrap().is_identity());
    }
}
