//! Models worth fetching, with what their publishers say of them.
//!
//! Of families that this program has, with safetensors and `tokenizer.json` among their files;
//! checked against the models' pages on the hub, not run here. Left out: models whose terms the
//! card does not state, that are for research only, or that want a prompt which their files lack.

/// A model on the hub.
pub(super) struct Known {
    /// `owner/name`, with the revision that has what is needed.
    pub(super) name: &'static str,
    /// As this program calls it.
    pub(super) family: &'static str,
    /// Numbers in an embedding.
    pub(super) dim: u32,
    /// As its publisher rounds it, if at all.
    pub(super) parameters: Option<&'static str>,
    /// Bytes of its weights, as the hub rounds them.
    pub(super) bytes: u64,
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
        parameters: Some("24 M"),
        bytes: 95_800_000,
        licence: "mit",
        languages: "zh",
    },
    // Its main revision has its weights as a pickle only.
    Known {
        name: "BAAI/bge-base-zh-v1.5@refs/pr/1",
        family: "bert",
        dim: 768,
        parameters: Some("102 M"),
        bytes: 409_000_000,
        licence: "mit",
        languages: "zh",
    },
    Known {
        name: "thenlper/gte-base-zh",
        family: "bert",
        dim: 768,
        parameters: None,
        bytes: 205_000_000,
        licence: "mit",
        languages: "zh",
    },
    Known {
        name: "minishlab/potion-multilingual-128M",
        family: "static",
        dim: 256,
        parameters: Some("128 M"),
        bytes: 512_000_000,
        licence: "mit",
        languages: "many",
    },
];
