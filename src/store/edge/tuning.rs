//! The settings of the engine: what is scanned, what gets a graph, what is kept in memory.
//!
//! Up to [`Tuning::graph_bytes_min`] of embeddings there is no graph, and all of them are scanned:
//! 100 MiB take 6 ms, while a graph of them takes minutes to build. Sealed ones are scanned by codes
//! of a quarter of the size, and the best compared again. Beyond that, a graph
//! loses articles under a filter: if one of its few entry points passes the filter, the search
//! starts there and, in clusters as tight as those of news, stays there. (A filter that 5 % pass
//! then found 0.5 % of its articles, with ACORN or without; if no entry point passes, many are
//! tried and everything is found.) So what a filter lets through of a segment is scanned up to
//! [`Tuning::scan_bytes_max`], and only more than that is searched by the graph, with ACORN, which
//! also walks over points that do not pass. Over 207,477 articles that finds 99.9 % and more under
//! any filter by date, in a tenth of the time of a scan (`wenmai eval latency --filtered`).

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
use qdrant_edge::QuantizationConfig;
use qdrant_edge::QuantizationSearchParams;
use qdrant_edge::ScalarQuantizationConfig;
use qdrant_edge::ScalarType;
use qdrant_edge::SearchParams;
use qdrant_edge::external::ordered_float::OrderedFloat;

use crate::payload;
use crate::payload::REPRINT;
use crate::payload::TERMS;
use crate::payload::TEXT;
use wenmai_domain::filter::NameField;
use wenmai_domain::filter::TextField;

const KIB: usize = 1024;
/// Edges of each node of the graph (`m` of HNSW), where there is a graph.
const GRAPH_EDGES: usize = 16;
/// Candidates that are held while the graph is built; the engine's own default.
const BUILD_CANDIDATES: usize = 100;
/// Candidates that are held while the graph is searched. With this number the recall of 100
/// neighbours stayed at 1 on our data.
const SEARCH_CANDIDATES: usize = 256;

/// Up to so many articles the IDF counts only those that exist.
const EXACT_IDF_MAX: usize = 5_000;
/// How many times the wanted number of hits are found by codes in each segment, to be compared by all
/// numbers. That is many already, since the best of all segments together are wanted.
const COMPARED_AGAIN: f64 = 1.1;
/// The share of numbers that lies in the range of the codes; the few beyond it count as its ends.
const CODED_SHARE: f32 = 0.995;

/// What settings without a graph name as the size up to which they scan, though they always do; with
/// another number the engine would build the segments of older folders anew.
const SCANNED: usize = 256 * KIB * KIB;

/// How many segments are kept side by side. More make a search slower; with fewer, every seal
/// rebuilds the graph of a large neighbour, which never ends while writing goes on.
const SEGMENTS: usize = 4;

/// Thresholds, in bytes of vectors, at which the engine works in another way.
#[derive(Debug, Clone, Copy)]
pub struct Tuning {
    /// Size of all embeddings from which a graph is built.
    pub graph_bytes_min: usize,
    /// Size of the embeddings of a segment that pass a filter up to which they are scanned and the
    /// graph is not used.
    pub scan_bytes_max: usize,
    /// Size of the embeddings or terms in the growing segment from which it is sealed, which moves
    /// its terms from memory into a file.
    pub seal_bytes_min: usize,
    /// Whether sealed embeddings get codes of one byte a number, by which they are scanned first.
    pub codes: bool,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            graph_bytes_min: 256 * KIB * KIB,
            scan_bytes_max: 32 * KIB * KIB,
            seal_bytes_min: 16 * KIB * KIB,
            codes: true,
        }
    }
}

impl Tuning {
    /// The settings of the engine for embeddings of `dim` numbers, with a graph or without.
    pub fn engine(self, dim: usize, graph: bool) -> EdgeConfig {
        let text = EdgeVectorParamsBuilder::new(dim, Distance::Cosine)
            .memory(Memory::Cached)
            .hnsw_config(self.graph(graph));
        let text = if self.codes { text.quantization_config(codes()) } else { text }.build();
        // Read in place: a command line that asks one question reads a few of a million lists.
        let terms = EdgeSparseVectorParamsBuilder::new()
            .modifier(Modifier::Idf)
            .memory(Memory::Cold)
            .build();
        // Every hash has the value 1, so a score is the number of shared hashes.
        let reprint = EdgeSparseVectorParamsBuilder::new().memory(Memory::Cold).build();
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

    /// The settings of the graph; without a graph, searches scan.
    ///
    /// Links for each payload index are off: they triple the time of a build, and neither the scan
    /// nor ACORN needs them.
    pub fn graph(self, graph: bool) -> HnswIndexConfig {
        HnswIndexConfig {
            m: if graph { GRAPH_EDGES } else { 0 },
            ef_construct: BUILD_CANDIDATES,
            full_scan_threshold: (if graph { self.scan_bytes_max } else { SCANNED } / KIB).max(1),
            payload_m: Some(0),
            ..HnswIndexConfig::default()
        }
    }
}

/// Codes of one byte for each number of an embedding.
fn codes() -> QuantizationConfig {
    #[expect(deprecated, reason = "a field that the struct still has")]
    let scalar = ScalarQuantizationConfig {
        r#type: ScalarType::Int8,
        quantile: Some(CODED_SHARE),
        always_ram: None,
        memory: Some(Memory::Cached),
    };
    scalar.into()
}

/// The search settings for embeddings: the best of their codes are compared again by all numbers.
pub fn nearest_params() -> SearchParams {
    let quantization = QuantizationSearchParams {
        ignore: false,
        rescore: Some(true),
        oversampling: Some(COMPARED_AGAIN),
    };
    SearchParams {
        quantization: Some(quantization),
        hnsw_ef: Some(SEARCH_CANDIDATES),
        acorn: Some(AcornSearchParams { enable: true, max_selectivity: Some(OrderedFloat(1.0)) }),
        ..SearchParams::default()
    }
}

/// The search settings for terms, in an archive of about `point_count` articles.
///
/// Without a corpus the engine counts deleted and replaced articles into the IDF until its next
/// clean-up, which comes when they are a fifth of a segment. The corpus of all points counts only
/// those that exist, and for that walks over every article and over the whole list of each term:
/// more than the search itself takes. So it is used up to [`EXACT_IDF_MAX`] articles; in more, the
/// difference is one of the second digit of an IDF, between two clean-ups.
pub fn lexical_params(point_count: usize) -> SearchParams {
    let corpus = IdfCorpusParams { corpus: qdrant_edge::Filter::default() };
    let idf = (point_count <= EXACT_IDF_MAX).then_some(IdfParams::Corpus(corpus));
    SearchParams { idf, ..SearchParams::default() }
}

/// The payload keys that filters name, and the index of each.
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

/// How many cores this process may use; at least 1.
pub fn threads() -> usize {
    thread::available_parallelism().map_or(1, NonZeroUsize::get)
}
