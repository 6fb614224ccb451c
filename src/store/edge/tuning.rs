//! How the engine is set up: what is scanned, what gets a graph, what lies in memory.
//!
//! Up to [`Tuning::graph_bytes_min`] of embeddings there is no graph and every answer is exact: a
//! scan of 100 MiB takes 6 ms, a graph of them minutes to build. Beyond that, a filter is where a
//! graph loses articles: where one of its few entry points passes the filter, the search starts
//! there and, in tight clusters as news has them, stays there (a 5 % filter then found 0.5 % of its
//! articles, ACORN or not; where none passes, many seeds are taken and all is found). So what a
//! filter lets through is scanned up to [`Tuning::scan_bytes_max`], and only more than that goes by
//! the graph, with ACORN, which also walks over what the filter hides.

use std::num::NonZeroUsize;
use std::thread;

use qdrant_edge::AcornSearchParams;
use qdrant_edge::BoolIndexParamsBuilder;
use qdrant_edge::Distance;
use qdrant_edge::EdgeConfig;
use qdrant_edge::EdgeConfigBuilder;
use qdrant_edge::EdgeOptimizersConfig;
use qdrant_edge::EdgeSparseVectorParamsBuilder;
use qdrant_edge::EdgeVectorParamsBuilder;
use qdrant_edge::HnswIndexConfig;
use qdrant_edge::IdfCorpusParams;
use qdrant_edge::IdfParams;
use qdrant_edge::IntegerIndexParamsBuilder;
use qdrant_edge::KeywordIndexParamsBuilder;
use qdrant_edge::Memory;
use qdrant_edge::Modifier;
use qdrant_edge::PayloadFieldSchema;
use qdrant_edge::PayloadSchemaParams;
use qdrant_edge::SearchParams;
use qdrant_edge::external::ordered_float::OrderedFloat;

use crate::payload;
use crate::payload::REPRINT;
use crate::payload::TERMS;
use crate::payload::TEXT;
use wenmai_domain::filter::NameField;
use wenmai_domain::filter::TextField;

const KIB: usize = 1024;
/// Edges per node of the graph, where there is one.
const GRAPH_EDGES: usize = 16;
/// Candidates held while the graph is built; the engine's own default.
const BUILD_CANDIDATES: usize = 100;
/// Candidates held while the graph is searched: the recall of 100 neighbours stays at 1 on our
/// data.
const SEARCH_CANDIDATES: usize = 256;

/// Segments that are left side by side. More make a search dearer; fewer make every seal rebuild
/// the graph of a large neighbour, which under steady writing never ends.
const SEGMENTS: usize = 4;

/// Sizes, in bytes of vectors, at which the engine changes its way.
#[derive(Debug, Clone, Copy)]
pub struct Tuning {
    /// Embeddings in the whole store from which a graph is built.
    pub graph_bytes_min: usize,
    /// Embeddings up to which a filtered search scans what the filter lets through.
    pub scan_bytes_max: usize,
    /// Embeddings or terms in the growing segment from which it is sealed: its terms move from
    /// memory into a file.
    pub seal_bytes_min: usize,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            graph_bytes_min: 256 * KIB * KIB,
            scan_bytes_max: 256 * KIB * KIB,
            seal_bytes_min: 16 * KIB * KIB,
        }
    }
}

impl Tuning {
    /// The engine's settings for embeddings of `dim` numbers, with a graph or without.
    pub fn engine(self, dim: usize, graph: bool) -> EdgeConfig {
        let text = EdgeVectorParamsBuilder::new(dim, Distance::Cosine)
            .memory(Memory::Cached)
            .hnsw_config(self.graph(graph))
            .build();
        let terms = EdgeSparseVectorParamsBuilder::new()
            .modifier(Modifier::Idf)
            .memory(Memory::Cached)
            .build();
        // Every hash counts one, so a score is the number of hashes shared.
        let reprint = EdgeSparseVectorParamsBuilder::new().memory(Memory::Cached).build();
        let optimizers = EdgeOptimizersConfig {
            indexing_threshold: Some((self.seal_bytes_min / KIB).max(1)),
            default_segment_number: Some(SEGMENTS),
            ..EdgeOptimizersConfig::default()
        };
        EdgeConfigBuilder::new()
            .vector(TEXT, text)
            .sparse_vector(TERMS, terms)
            .sparse_vector(REPRINT, reprint)
            .payload_memory(Memory::Cold)
            .optimizers(optimizers)
            .max_search_threads(threads())
            .build()
    }

    /// The graph's settings; without one, searches scan.
    ///
    /// Links per payload index are off: they triple the build, and the scan and ACORN do without.
    pub fn graph(self, graph: bool) -> HnswIndexConfig {
        HnswIndexConfig {
            m: if graph { GRAPH_EDGES } else { 0 },
            ef_construct: BUILD_CANDIDATES,
            full_scan_threshold: (self.scan_bytes_max / KIB).max(1),
            payload_m: Some(0),
            ..HnswIndexConfig::default()
        }
    }
}

/// How an embedding is searched for.
pub fn nearest_params() -> SearchParams {
    SearchParams {
        hnsw_ef: Some(SEARCH_CANDIDATES),
        acorn: Some(AcornSearchParams { enable: true, max_selectivity: Some(OrderedFloat(1.0)) }),
        ..SearchParams::default()
    }
}

/// How terms are searched for.
///
/// Without a corpus the engine counts deleted and replaced articles into the IDF until the next
/// clean-up, so that scores would depend on when that ran; a corpus of everything counts the
/// living.
pub fn lexical_params() -> SearchParams {
    let corpus = qdrant_edge::Filter::default();
    SearchParams {
        idf: Some(IdfParams::Corpus(IdfCorpusParams { corpus })),
        ..SearchParams::default()
    }
}

/// The payload keys that filters name, and how each is indexed.
pub fn indexes() -> Vec<(&'static str, PayloadFieldSchema)> {
    let keyword = || {
        let params = KeywordIndexParamsBuilder::new().enable_hnsw(false).build();
        PayloadFieldSchema::FieldParams(PayloadSchemaParams::Keyword(params))
    };
    let number = || {
        let params = IntegerIndexParamsBuilder::new().lookup(true).range(true).enable_hnsw(false);
        PayloadFieldSchema::FieldParams(PayloadSchemaParams::Integer(params.build()))
    };
    let mut indexes: Vec<_> =
        TextField::ALL.iter().map(|field| (field.name(), keyword())).collect();
    indexes.extend(NameField::ALL.map(|field| (payload::keys_of(field.kind()), keyword())));
    indexes.push((payload::KIND, keyword()));
    indexes.push((payload::DATE, number()));
    indexes.push((payload::PAGE_NO, number()));
    indexes.push((payload::PAGE_KEY, number()));
    indexes.push((payload::ARRIVAL, number()));
    indexes.push((payload::EVENT, keyword()));
    indexes.push((payload::STORY, keyword()));
    indexes.push((payload::GROUP, keyword()));
    let flag = BoolIndexParamsBuilder::new().enable_hnsw(false).build();
    let flag = PayloadFieldSchema::FieldParams(PayloadSchemaParams::Bool(flag));
    indexes.push((payload::ORIGINAL, flag));
    indexes
}

/// Cores that this process may use.
pub fn threads() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}
