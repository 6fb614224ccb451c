//! Snapshots of the two collections, which the server makes and keeps.

use ::qdrant_client::qdrant::CreateSnapshotRequest;
use ::qdrant_client::qdrant::ListSnapshotsRequest;
use ::qdrant_client::qdrant::SnapshotDescription;

use crate::Error;
use crate::server::Config;
use crate::server::Threads;
use crate::server::client::Client;
use crate::server::client::Snapshots;
use crate::server::error;
use crate::server::schema;

/// A snapshot that the server has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The collection it was made of.
    pub collection: String,
    /// Its name in the server's snapshot folder of that collection.
    pub name: String,
    pub size_bytes: u64,
    /// The SHA-256 of the file as the server computed it; empty where it did not.
    pub checksum: String,
}

/// Lists the snapshots of the articles and of the topics of the index that `config` names. With
/// `create` a new one of each is made first, for which the call blocks.
///
/// # Errors
/// [`Error::Settings`], also if there is no index; [`Error::Away`]; [`Error::Failed`].
pub fn snapshots(config: &Config, create: bool) -> Result<Vec<Snapshot>, Error> {
    let settings = config.clone();
    Threads::start()?.wait(async move {
        let client = Client::new(&settings)?;
        let Some(names) = schema::in_use(&client, &settings).await? else {
            let place = settings.url.unwrap_or_default();
            return Err(Error::Settings { reason: format!("there is no index at {place}") });
        };
        let mut found = Vec::new();
        for collection in [names.articles, names.topics] {
            if create {
                make(&client, &collection).await?;
            }
            found.extend(list(&client, &collection).await?);
        }
        Ok(found)
    })
}

async fn make(client: &Client, collection: &str) -> Result<(), Error> {
    let create = |mut api: Snapshots| {
        let collection_name = collection.to_owned();
        async move { api.create(CreateSnapshotRequest { collection_name }).await }
    };
    let made = client.snapshots(create).await?.snapshot_description;
    made.map(|_snapshot| ()).ok_or_else(|| error::failed("no snapshot was made"))
}

async fn list(client: &Client, collection: &str) -> Result<Vec<Snapshot>, Error> {
    let ask = |mut api: Snapshots| {
        let collection_name = collection.to_owned();
        async move { api.list(ListSnapshotsRequest { collection_name }).await }
    };
    let found = client.snapshots(ask).await?.snapshot_descriptions;
    let shown = |one: SnapshotDescription| Snapshot {
        collection: collection.to_owned(),
        name: one.name,
        size_bytes: u64::try_from(one.size).unwrap_or(0),
        checksum: one.checksum.unwrap_or_default(),
    };
    Ok(found.into_iter().map(shown).collect())
}
