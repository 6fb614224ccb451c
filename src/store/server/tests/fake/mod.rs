//! A stand-in for a Qdrant server, for machines that have none: the calls that the store makes, over
//! gRPC on a free port, answered from memory as the documentation of Qdrant 1.19 says.
//!
//! It is no second Qdrant: whatever the store does not ask for is unimplemented, and what holds of the
//! real one (disks, clusters, graphs) only a real one shows.

#![allow(
    clippy::result_large_err,
    clippy::wildcard_enum_match_arm,
    clippy::wildcard_imports,
    reason = "a stand-in for tests: of the many messages and kinds it knows a few"
)]

mod calls;
mod filter;
mod points;

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use ::qdrant_client::qdrant::CollectionConfig;
use ::qdrant_client::qdrant::CollectionInfo;
use ::qdrant_client::qdrant::CreateCollection;
use ::qdrant_client::qdrant::PayloadSchemaInfo;
use ::qdrant_client::qdrant::PointId;
use ::qdrant_client::qdrant::Value;
use ::qdrant_client::qdrant::collections_server::CollectionsServer;
use ::qdrant_client::qdrant::point_id::PointIdOptions;
use ::qdrant_client::qdrant::points_server::PointsServer;
use ::qdrant_client::qdrant::qdrant_server::QdrantServer;
use tonic::Status;
use tonic::transport::Server;

/// The id of a point; numbers come before UUIDs, as Qdrant orders them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Id {
    Number(u64),
    Uuid(String),
}

/// A point as it is kept.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    pub payload: HashMap<String, Value>,
    pub dense: HashMap<String, Vec<f32>>,
    pub sparse: HashMap<String, BTreeMap<u32, f32>>,
}

/// A collection and its points.
#[derive(Debug, Default)]
pub struct Collection {
    made: CreateCollection,
    indexes: HashMap<String, PayloadSchemaInfo>,
    pub points: BTreeMap<Id, Kept>,
}

/// Everything that the server keeps.
#[derive(Debug, Default)]
pub struct State {
    collections: BTreeMap<String, Collection>,
    aliases: BTreeMap<String, String>,
}

/// The server; it ends with the process.
#[derive(Debug, Clone, Default)]
pub struct Fake(Arc<Mutex<State>>);

impl Fake {
    /// Starts a server on a thread of its own; its address as the store's settings have it.
    pub fn start() -> String {
        let fake = Self::default();
        let (told, address) = std::sync::mpsc::channel::<SocketAddr>();
        let serve = async move {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            told.send(listener.local_addr().unwrap()).unwrap();
            let incoming = tonic::transport::server::TcpIncoming::from(listener);
            let points = PointsServer::new(fake.clone()).max_decoding_message_size(32 << 20);
            Server::builder()
                .add_service(points)
                .add_service(CollectionsServer::new(fake.clone()))
                .add_service(QdrantServer::new(fake))
                .serve_with_incoming(incoming)
                .await
                .unwrap();
        };
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(serve);
        });
        format!("http://{}", address.recv().unwrap())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn of(&mut self, name: &str) -> Result<&mut Collection, Status> {
        let name = self.aliases.get(name).map_or(name, String::as_str).to_owned();
        let missing = || Status::not_found(format!("Collection `{name}` doesn't exist!"));
        self.collections.get_mut(&name).ok_or_else(missing)
    }
}

impl Collection {
    fn info(&self) -> CollectionInfo {
        CollectionInfo {
            // Green.
            status: 1,
            payload_schema: self.indexes.clone(),
            points_count: Some(self.points.len() as u64),
            config: Some(CollectionConfig {
                metadata: self.made.metadata.clone(),
                ..CollectionConfig::default()
            }),
            ..CollectionInfo::default()
        }
    }
}

impl Id {
    pub fn read(id: Option<&PointId>) -> Result<Self, Status> {
        match id.and_then(|id| id.point_id_options.as_ref()) {
            Some(PointIdOptions::Num(number)) => Ok(Self::Number(*number)),
            Some(PointIdOptions::Uuid(text)) => Ok(Self::Uuid(text.to_lowercase())),
            None => Err(Status::invalid_argument("a point has no id")),
        }
    }

    pub fn write(&self) -> PointId {
        let options = match self {
            Self::Number(number) => PointIdOptions::Num(*number),
            Self::Uuid(text) => PointIdOptions::Uuid(text.clone()),
        };
        PointId { point_id_options: Some(options) }
    }
}
