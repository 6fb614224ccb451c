//! The collections: their names, what they are made of, and the aliases that name the ones in use.
//!
//! ```text
//! <prefix>-articles             alias: the articles of the index in use
//! <prefix>-topics               alias: its topics, their log, the lease
//! <prefix>-articles-<version>   a collection; <version> is a hash of the index version
//! <prefix>-topics-<version>
//! ```
//!
//! A collection's metadata say what it was made of, as a folder's manifest does. Payload indexes are
//! made before the first point. Aliases are set last and together: an index without them was never
//! complete, and the next start completes it.

use std::collections::HashMap;

use ::qdrant_client::qdrant::AliasOperations;
use ::qdrant_client::qdrant::BoolIndexParams;
use ::qdrant_client::qdrant::ChangeAliases;
use ::qdrant_client::qdrant::CollectionInfo;
use ::qdrant_client::qdrant::CreateAlias;
use ::qdrant_client::qdrant::CreateCollection;
use ::qdrant_client::qdrant::CreateFieldIndexCollection;
use ::qdrant_client::qdrant::Distance;
use ::qdrant_client::qdrant::FieldType;
use ::qdrant_client::qdrant::GetCollectionInfoRequest;
use ::qdrant_client::qdrant::HnswConfigDiff;
use ::qdrant_client::qdrant::IntegerIndexParams;
use ::qdrant_client::qdrant::KeywordIndexParams;
use ::qdrant_client::qdrant::ListAliasesRequest;
use ::qdrant_client::qdrant::Memory;
use ::qdrant_client::qdrant::Modifier;
use ::qdrant_client::qdrant::OptimizersConfigDiff;
use ::qdrant_client::qdrant::PayloadIndexParams;
use ::qdrant_client::qdrant::PayloadStorageParams;
use ::qdrant_client::qdrant::SparseIndexConfig;
use ::qdrant_client::qdrant::SparseVectorConfig;
use ::qdrant_client::qdrant::SparseVectorParams;
use ::qdrant_client::qdrant::Value;
use ::qdrant_client::qdrant::VectorParams;
use ::qdrant_client::qdrant::VectorParamsMap;
use ::qdrant_client::qdrant::VectorsConfig;
use ::qdrant_client::qdrant::alias_operations::Action;
use ::qdrant_client::qdrant::payload_index_params::IndexParams;
use ::qdrant_client::qdrant::vectors_config;
use tonic::Code;

use crate::Error;
use crate::Make;
use crate::payload;
use crate::payload::REPRINT;
use crate::payload::TERMS;
use crate::payload::TEXT;
use crate::server::client::Client;
use crate::server::client::Collections;
use crate::server::client::Points;
use crate::server::client::completed;
use crate::server::config::Config;
use wenmai_domain::digest::sha256;
use wenmai_domain::filter::NameField;
use wenmai_domain::filter::TextField;

/// The vector of a topic.
pub const CENTROID: &str = "centroid";
/// The layout of the collections; counts up when a program of today could not read them.
const FORMAT: i64 = 1;
const FORMAT_KEY: &str = "wenmai_format";
const VERSION_KEY: &str = "wenmai_index_version";
const DIM_KEY: &str = "wenmai_dim";
/// Edges per node of the graph.
const GRAPH_EDGES: u64 = 16;
/// Candidates held while the graph is built; the server's own default.
const BUILD_CANDIDATES: u64 = 100;
/// Hexadecimal digits of the index version's hash in a name.
const VERSION_DIGITS: usize = 12;

/// Sizes, in kilobytes of vectors, at which a segment changes its way.
#[derive(Debug, Clone, Copy)]
pub struct Tuning {
    /// From which a segment is sealed and gets a graph.
    pub graph_kb_min: u64,
    /// Up to which a search, and what a filter lets through, is scanned though there is a graph.
    pub scan_kb_max: u64,
}

impl Default for Tuning {
    fn default() -> Self {
        Self { graph_kb_min: 16 * 1024, scan_kb_max: 256 * 1024 }
    }
}

/// The names of the collections in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// Articles.
    pub articles: String,
    /// Topics, their log, the lease.
    pub topics: String,
}

impl Names {
    fn new(prefix: &str, make: &Make) -> Self {
        let Make { index_version, dim } = make;
        let hash = sha256([index_version.as_bytes(), b"\0", dim.to_string().as_bytes()]);
        let version: String = hash.chars().take(VERSION_DIGITS).collect();
        Self {
            articles: format!("{prefix}-articles-{version}"),
            topics: format!("{prefix}-topics-{version}"),
        }
    }

    fn aliases(prefix: &str) -> Self {
        Self { articles: format!("{prefix}-articles"), topics: format!("{prefix}-topics") }
    }
}

/// Finds the collections that the aliases name, or makes them.
///
/// # Errors
/// [`Error::Away`]; [`Error::IndexVersion`] if what is there was made otherwise; [`Error::Server`] if
/// it is not ours or cannot be made.
pub async fn open(
    client: &Client,
    config: &Config,
    make: &Make,
    tuning: Tuning,
) -> Result<Names, Error> {
    let aliases = Names::aliases(&config.prefix);
    if let Some(names) = existing(client, &aliases).await? {
        check(client, config, &names, make).await?;
        index_fields(&client.patient(), &names.articles).await?;
        return Ok(names);
    }
    let client = &client.patient();
    let names = Names::new(&config.prefix, make);
    create(client, articles(config, make, &names.articles, tuning)).await?;
    create(client, topics(config, make, &names.topics)).await?;
    check(client, config, &names, make).await?;
    index_fields(client, &names.articles).await?;
    let action = |alias: String, collection: &str| AliasOperations {
        action: Some(Action::CreateAlias(CreateAlias {
            alias_name: alias,
            collection_name: collection.to_owned(),
        })),
    };
    let actions =
        vec![action(aliases.articles, &names.articles), action(aliases.topics, &names.topics)];
    let change = ChangeAliases { actions, timeout: Some(client.timeout_s()) };
    let change = |mut api: Collections| {
        let change = change.clone();
        async move { api.update_aliases(change).await }
    };
    client.collections(change).await?;
    Ok(names)
}

/// What the index in use was made of; `None` if there is none.
///
/// # Errors
/// [`Error::Away`]; [`Error::Server`] if what is there is not ours.
#[cfg(feature = "edge")]
pub async fn made(client: &Client, config: &Config) -> Result<Option<Make>, Error> {
    match in_use(client, config).await? {
        Some(names) => made_of(client, config, &names.articles).await.map(Some),
        None => Ok(None),
    }
}

/// The collections in use; `None` if there are none.
///
/// # Errors
/// [`Error::Away`].
pub async fn in_use(client: &Client, config: &Config) -> Result<Option<Names>, Error> {
    existing(client, &Names::aliases(&config.prefix)).await
}

/// The collections that the aliases name; `None` unless both do.
async fn existing(client: &Client, aliases: &Names) -> Result<Option<Names>, Error> {
    let list = |mut api: Collections| async move { api.list_aliases(ListAliasesRequest {}).await };
    let known: HashMap<String, String> = client
        .collections(list)
        .await?
        .aliases
        .into_iter()
        .map(|one| (one.alias_name, one.collection_name))
        .collect();
    let both = known.get(&aliases.articles).zip(known.get(&aliases.topics));
    Ok(both.map(|(articles, topics)| Names { articles: articles.clone(), topics: topics.clone() }))
}

/// What the server knows of a collection; `None` if there is none.
pub async fn info(client: &Client, name: &str) -> Result<Option<CollectionInfo>, Error> {
    let ask = |mut api: Collections| {
        let collection_name = name.to_owned();
        async move {
            match api.get(GetCollectionInfoRequest { collection_name }).await {
                Ok(found) => Ok(tonic::Response::new(found.into_inner().result)),
                Err(status) if status.code() == Code::NotFound => Ok(tonic::Response::new(None)),
                Err(status) => Err(status),
            }
        }
    };
    client.collections(ask).await
}

/// Makes a collection, unless it is there.
async fn create(client: &Client, wanted: CreateCollection) -> Result<(), Error> {
    if info(client, &wanted.collection_name).await?.is_some() {
        return Ok(());
    }
    let name = wanted.collection_name.clone();
    let wanted = CreateCollection { timeout: Some(client.timeout_s()), ..wanted };
    let create = |mut api: Collections| {
        let wanted = wanted.clone();
        async move { api.create(wanted).await }
    };
    match client.collections(create).await {
        Ok(_) => Ok(()),
        // Another process may have been faster.
        Err(error) => match info(client, &name).await? {
            Some(_) => Ok(()),
            None => Err(error),
        },
    }
}

/// Refuses collections of another make.
async fn check(client: &Client, config: &Config, names: &Names, make: &Make) -> Result<(), Error> {
    let stored = made_of(client, config, &names.articles).await?;
    made_of(client, config, &names.topics).await?;
    if stored == *make {
        return Ok(());
    }
    let (mut was, mut wanted) = (stored.index_version, make.index_version.clone());
    if was == wanted {
        was = format!("{was} with {} numbers", stored.dim);
        wanted = format!("{wanted} with {} numbers", make.dim);
    }
    let place = place(config, &names.articles);
    Err(Error::IndexVersion { place, stored: was, wanted })
}

/// What a collection was made of, by its metadata.
async fn made_of(client: &Client, config: &Config, name: &str) -> Result<Make, Error> {
    let refused =
        |reason: String| Error::Server { place: place(config, name), source: reason.into() };
    let found = info(client, name).await?;
    let found = found.ok_or_else(|| refused("it is gone, and its alias is still there".into()))?;
    let mut metadata = found.config.map(|config| config.metadata).unwrap_or_default();
    let mut take = |key: &str| metadata.remove(key).map(Value::into_json);
    let foreign = || refused("it was not made by wenmai".into());
    let format = take(FORMAT_KEY).and_then(|value| value.as_i64()).ok_or_else(foreign)?;
    if format != FORMAT {
        let reason = format!("its format is {format}, this program reads {FORMAT}");
        return Err(refused(reason));
    }
    let index_version = take(VERSION_KEY).and_then(|value| value.as_str().map(str::to_owned));
    let dim = take(DIM_KEY).and_then(|value| value.as_u64());
    let dim = dim.and_then(|dim| usize::try_from(dim).ok());
    Ok(Make { index_version: index_version.ok_or_else(foreign)?, dim: dim.ok_or_else(foreign)? })
}

fn place(config: &Config, name: &str) -> String {
    format!("{}/{name}", config.url.as_deref().unwrap_or_default())
}

fn metadata(make: &Make) -> HashMap<String, Value> {
    let dim = i64::try_from(make.dim).unwrap_or(i64::MAX);
    HashMap::from([
        (FORMAT_KEY.to_owned(), Value::from(FORMAT)),
        (VERSION_KEY.to_owned(), Value::from(make.index_version.clone())),
        (DIM_KEY.to_owned(), Value::from(dim)),
    ])
}

/// The articles' collection.
fn articles(config: &Config, make: &Make, name: &str, tuning: Tuning) -> CreateCollection {
    let sparse = |modifier: Option<Modifier>| SparseVectorParams {
        modifier: modifier.map(i32::from),
        index: Some(SparseIndexConfig {
            memory: Some(Memory::Cached.into()),
            ..SparseIndexConfig::default()
        }),
    };
    // Every hash of a signature counts one, so a score is the number of hashes shared.
    let terms = (TERMS.to_owned(), sparse(Some(Modifier::Idf)));
    let map = HashMap::from([terms, (REPRINT.to_owned(), sparse(None))]);
    let graph = HnswConfigDiff {
        m: Some(GRAPH_EDGES),
        ef_construct: Some(BUILD_CANDIDATES),
        full_scan_threshold: Some(tuning.scan_kb_max),
        // Links per payload index triple the build; the scan and ACORN do without.
        payload_m: Some(0),
        ..HnswConfigDiff::default()
    };
    CreateCollection {
        hnsw_config: Some(graph),
        optimizers_config: Some(OptimizersConfigDiff {
            indexing_threshold: Some(tuning.graph_kb_min),
            ..OptimizersConfigDiff::default()
        }),
        shard_number: Some(config.shard_count),
        sparse_vectors_config: Some(SparseVectorConfig { map }),
        ..collection(config, make, name, TEXT)
    }
}

/// The topics' collection: one shard, so that what happens to log and lease happens in one order,
/// and no graph.
fn topics(config: &Config, make: &Make, name: &str) -> CreateCollection {
    CreateCollection {
        hnsw_config: Some(HnswConfigDiff { m: Some(0), payload_m: Some(0), ..Default::default() }),
        shard_number: Some(1),
        ..collection(config, make, name, CENTROID)
    }
}

fn collection(config: &Config, make: &Make, name: &str, vector: &str) -> CreateCollection {
    let params = VectorParams {
        size: u64::try_from(make.dim).unwrap_or(u64::MAX),
        distance: Distance::Cosine.into(),
        memory: Some(Memory::Cached.into()),
        ..VectorParams::default()
    };
    let map = HashMap::from([(vector.to_owned(), params)]);
    let vectors = vectors_config::Config::ParamsMap(VectorParamsMap { map });
    CreateCollection {
        collection_name: name.to_owned(),
        vectors_config: Some(VectorsConfig { config: Some(vectors) }),
        replication_factor: Some(config.replica_count),
        write_consistency_factor: Some(config.write_consistency),
        payload: Some(PayloadStorageParams { memory: Some(Memory::Cold.into()) }),
        metadata: metadata(make),
        ..CreateCollection::default()
    }
}

/// Makes the payload indexes that are missing.
async fn index_fields(client: &Client, collection: &str) -> Result<(), Error> {
    let known = info(client, collection).await?.map(|info| info.payload_schema).unwrap_or_default();
    for (field, kind, params) in fields() {
        if known.contains_key(field) {
            continue;
        }
        let request = CreateFieldIndexCollection {
            collection_name: collection.to_owned(),
            wait: Some(true),
            field_name: field.to_owned(),
            field_type: Some(kind.into()),
            field_index_params: Some(PayloadIndexParams { index_params: Some(params) }),
            ordering: None,
            timeout: Some(client.timeout_s()),
        };
        let create = |mut api: Points| {
            let request = request.clone();
            async move { api.create_field_index(request).await }
        };
        completed(client.points(create).await?.result)?;
    }
    Ok(())
}

/// The payload keys that filters name, and how each is indexed.
fn fields() -> Vec<(&'static str, FieldType, IndexParams)> {
    let keyword = |key| {
        let params = KeywordIndexParams { enable_hnsw: Some(false), ..Default::default() };
        (key, FieldType::Keyword, IndexParams::KeywordIndexParams(params))
    };
    let number = |key| {
        let (lookup, range, enable_hnsw) = (Some(true), Some(true), Some(false));
        let params = IntegerIndexParams { lookup, range, enable_hnsw, ..Default::default() };
        (key, FieldType::Integer, IndexParams::IntegerIndexParams(params))
    };
    let flag = BoolIndexParams { enable_hnsw: Some(false), ..Default::default() };
    let mut fields: Vec<_> = TextField::ALL.iter().map(|field| keyword(field.name())).collect();
    fields.extend(NameField::ALL.map(|field| keyword(payload::keys_of(field.kind()))));
    let keywords = [payload::KIND, payload::EVENT, payload::STORY, payload::GROUP];
    fields.extend(keywords.map(keyword));
    let numbers = [payload::DATE, payload::PAGE_NO, payload::PAGE_KEY, payload::ARRIVAL];
    fields.extend(numbers.map(number));
    fields.push((payload::ORIGINAL, FieldType::Bool, IndexParams::BoolIndexParams(flag)));
    fields
}

#[cfg(test)]
mod tests {
    use super::Names;
    use crate::Make;

    #[test]
    fn names_tell_index_versions_apart() {
        let make = |version: &str, dim| Make { index_version: version.into(), dim };
        let names = Names::new("wenmai", &make("a", 8));
        assert_eq!(names, Names::new("wenmai", &make("a", 8)));
        assert_ne!(names, Names::new("wenmai", &make("b", 8)));
        assert_ne!(names, Names::new("wenmai", &make("a", 9)));
        assert!(names.articles.starts_with("wenmai-articles-"));
    }
}
