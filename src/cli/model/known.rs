//! Models worth fetching, with what their publishers say of them.
//!
//! Of families that this program has; checked against the models' cards and tables, not run here.
//! Left out: models whose terms the card does not state, that are for research only, or that want
//! a prompt which their files do not carry.

/// A model on the hub.
pub(super) struct Known {
    /// `owner/name`.
    pub(super) name: &'static str,
    /// As this program calls it.
    pub(super) family: &'static str,
    /// Numbers in an embedding.
    pub(super) dim: u32,
    /// As its publisher rounds it.
    pub(super) parameters: &'static str,
    /// As its card has it.
    pub(super) licence: &'static str,
    /// Languages.
    pub(super) languages: &'static str,
}

pub(super) const KNOWN: [Known; 4] = [
    Known {
        name: "BAAI/bge-small-zh-v1.5",
        family: "bert",
        dim: 512,
        parameters: "24 M",
        licence: "mit",
        languages: "zh",
    },
    Known {
        name: "BAAI/bge-base-zh-v1.5",
        family: "bert",
        dim: 768,
        parameters: "102 M",
        licence: "mit",
        languages: "zh",
    },
    Known {
        name: "BAAI/bge-large-zh-v1.5",
        family: "bert",
        dim: 1_024,
        parameters: "326 M",
        licence: "mit",
        languages: "zh",
    },
    Known {
        name: "minishlab/potion-multilingual-128M",
        family: "static",
        dim: 256,
        parameters: "128 M",
        licence: "mit",
        languages: "101",
    },
];
