//! A cluster of real Qdrant servers of which one is killed again and again while the campaign of
//! `writes` goes on.
//!
//! `WENMAI_TEST_QDRANT_BIN` names the program of the server; the test says that it was skipped where it
//! is not set.

use std::fs::File;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::time::Duration;
use std::time::Instant;

use ::qdrant_client::Qdrant;
use tempfile::TempDir;
use wenmai::store;

use super::Place;
use crate::model_based::setting;
use crate::support;
use crate::writes::Opener;
use crate::writes::campaign_between;

const NODES: usize = 3;
/// Steps of the campaign between two deaths, and for how many of them the node is away.
const KILL_EVERY: u32 = 10;
const AWAY_FOR: u32 = 5;
const PATIENCE: Duration = Duration::from_mins(2);

/// One server of the cluster; killed when it is dropped.
struct Node {
    folder: PathBuf,
    /// Of HTTP, gRPC, and between the servers.
    ports: [u16; 3],
    /// Where the first server listens for the others; none of the first itself.
    bootstrap: Option<u16>,
    child: Child,
}

impl Node {
    fn start(program: &PathBuf, folder: PathBuf, ports: [u16; 3], bootstrap: Option<u16>) -> Self {
        std::fs::create_dir_all(&folder).unwrap();
        let child = Self::run(program, &folder, ports, bootstrap);
        Self { folder, ports, bootstrap, child }
    }

    fn run(program: &PathBuf, folder: &PathBuf, ports: [u16; 3], bootstrap: Option<u16>) -> Child {
        let [http, grpc, peers] = ports.map(|port| port.to_string());
        let log = File::options().create(true).append(true).open(folder.join("log")).unwrap();
        let mut command = Command::new(program);
        command
            .current_dir(folder)
            .env("QDRANT__SERVICE__HOST", "127.0.0.1")
            .env("QDRANT__SERVICE__HTTP_PORT", http)
            .env("QDRANT__SERVICE__GRPC_PORT", grpc)
            .env("QDRANT__CLUSTER__ENABLED", "true")
            .env("QDRANT__CLUSTER__P2P__PORT", &peers)
            .env("QDRANT__TELEMETRY_DISABLED", "true")
            .env("QDRANT__STORAGE__PERFORMANCE__MAX_SEARCH_THREADS", "1")
            .args(["--uri", &format!("http://127.0.0.1:{peers}")]);
        if let Some(first) = bootstrap {
            command.args(["--bootstrap", &format!("http://127.0.0.1:{first}")]);
        }
        command.stderr(log.try_clone().unwrap()).stdout(log).spawn().unwrap()
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports[1])
    }

    async fn until_healthy(&self) {
        let since = Instant::now();
        let client = Qdrant::from_url(&self.url()).skip_compatibility_check().build().unwrap();
        // It lists collections once it knows the cluster.
        while client.health_check().await.is_err() || client.list_collections().await.is_err() {
            assert!(since.elapsed() < PATIENCE, "{} does not start", self.folder.display());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Kills the server with a signal that it cannot catch, `delay` from now, while work goes on.
    fn kill_in(&self, delay: Duration) {
        let process = self.child.id().to_string();
        std::thread::spawn(move || {
            std::thread::sleep(delay);
            Command::new("kill").args(["-9", &process]).status().unwrap();
        });
    }

    fn restart(&mut self, program: &PathBuf) {
        self.child.wait().unwrap();
        self.child = Self::run(program, &self.folder, self.ports, self.bootstrap);
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

fn free_ports() -> [u16; 3] {
    // All open at once, so that they differ.
    let listeners = [0; 3].map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the program of a Qdrant server, and takes many minutes"]
async fn a_node_that_is_killed_again_and_again_leaves_nothing_lost_or_half_done() {
    let Some(program) = std::env::var_os("WENMAI_TEST_QDRANT_BIN").map(PathBuf::from) else {
        println!("skipped: WENMAI_TEST_QDRANT_BIN names no program of a Qdrant server");
        return;
    };
    let root = TempDir::new().unwrap();
    let mut nodes: Vec<Node> = Vec::new();
    for number in 0..NODES {
        let first = nodes.first().map(|node| node.ports[2]);
        let folder = root.path().join(number.to_string());
        nodes.push(Node::start(&program, folder, free_ports(), first));
        nodes[number].until_healthy().await;
    }
    let place = Place::at(nodes[0].url());
    let mut config = place.config(&place.url);
    (config.server.replica_count, config.server.timeout_ms) = (3, 30_000);
    let opener: Opener = Box::new(move || store::open(&config, &support::fake_make()).unwrap());
    let steps = u32::try_from(setting("WENMAI_TEST_STEPS", 200)).unwrap();
    let mut killed = 0;

    campaign_between(setting("WENMAI_TEST_SEED", 4_000), steps, opener, async |step| {
        // The first node is the one that is asked; the others die in turn.
        let node = 1 + usize::try_from(step / KILL_EVERY).unwrap() % (NODES - 1);
        if step % KILL_EVERY == KILL_EVERY - AWAY_FOR {
            nodes[node].kill_in(Duration::from_millis(u64::from(step) * 37 % 300));
            killed += 1;
        } else if step > 0 && step % KILL_EVERY == 0 {
            let away = 1 + usize::try_from(step / KILL_EVERY - 1).unwrap() % (NODES - 1);
            nodes[away].restart(&program);
            nodes[away].until_healthy().await;
        }
    })
    .await;

    println!("{killed} times a node of {NODES} was killed in {steps} writes; lost 0, half done 0");
    assert!(killed > 0);
}
