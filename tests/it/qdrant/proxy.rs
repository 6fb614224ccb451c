//! A way to a server that can be cut.

use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::watch;

/// How the way is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Bytes go through.
    Open,
    /// Connections are closed, new ones at once.
    Cut,
    /// Connections stay, and nothing goes through.
    Silent,
}

/// Passes connections on to a server while it may.
pub struct Proxy {
    url: String,
    way: watch::Sender<Way>,
}

impl Proxy {
    /// A way to the server at `url`, on a free port.
    pub async fn to(url: &str) -> Self {
        let server = url.split("://").nth(1).unwrap().trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (way, state) = watch::channel(Way::Open);
        // Ends with the test's runtime.
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                tokio::spawn(pass(client, server.clone(), state.clone()));
            }
        });
        Self { url, way }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn cut(&self) {
        self.way.send_replace(Way::Cut);
    }

    pub fn silence(&self) {
        self.way.send_replace(Way::Silent);
    }

    pub fn restore(&self) {
        self.way.send_replace(Way::Open);
    }
}

async fn pass(mut client: TcpStream, server: String, mut way: watch::Receiver<Way>) {
    let now = *way.borrow_and_update();
    match now {
        Way::Cut => {}
        // Who waits out the silence finds the connection closed.
        Way::Silent => drop(way.changed().await),
        Way::Open => {
            let Ok(mut server) = TcpStream::connect(server).await else { return };
            tokio::select! {
                _ended = tokio::io::copy_bidirectional(&mut client, &mut server) => {}
                _changed = way.changed() => {
                    if *way.borrow_and_update() == Way::Silent {
                        let _changed = way.changed().await;
                    }
                }
            }
        }
    }
}
