//! Where the service listens: addresses, names, and sockets in the file system.

use std::fmt;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::net::SocketAddr;
use std::path::Path;
use std::path::PathBuf;
use std::str::FromStr;

use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;

use crate::connections::stream::Stream;

/// The forms that an address may have, for somebody who wrote another one.
const FORMS: &str = "write HOST:PORT such as 127.0.0.1:50051 or localhost:50051, [::1]:50051 for \
                     IPv6, :50051 for all interfaces, or unix:PATH";
/// Ports that are tried where several addresses of one name must share a free one.
const SHARED_PORT_ATTEMPTS: usize = 16;

/// An address to listen on, as an operator writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListenAddress {
    /// A port of one host, named or numbered.
    Host {
        /// The name or the number.
        host: String,
        /// The port; 0 takes a free one.
        port: u16,
    },
    /// A port of every interface of this machine.
    Everywhere {
        /// The port; 0 takes a free one.
        port: u16,
    },
    /// A socket in the file system.
    Unix(PathBuf),
}

/// An address that has none of the known forms.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{why}; {FORMS}")]
pub struct InvalidAddress {
    why: String,
}

impl FromStr for ListenAddress {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let invalid = |why: String| Err(InvalidAddress { why });
        if let Some(rest) = text.strip_prefix("unix:") {
            let path = rest.strip_prefix("//").unwrap_or(rest);
            if path.is_empty() {
                return invalid("the path of the socket is missing".into());
            }
            return Ok(Self::Unix(path.into()));
        }
        if text.contains('/') {
            return invalid(format!("`{text}` is a URL or a path, not an address to listen on"));
        }
        let Some((host, port)) = text.rsplit_once(':') else {
            return invalid(format!("`{text}` has no port"));
        };
        let Ok(port) = port.parse::<u16>() else {
            return invalid(format!("`{port}` is not a port"));
        };
        if host.is_empty() {
            return Ok(Self::Everywhere { port });
        }
        if let Some(inside) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
            return match inside.parse::<Ipv6Addr>() {
                Ok(ip) => Ok(Self::from(SocketAddr::from((ip, port)))),
                Err(_) => invalid(format!("`{inside}` is not an IPv6 address")),
            };
        }
        if host.contains(':') {
            return invalid(format!("the IPv6 address in `{text}` needs brackets"));
        }
        if !host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)) {
            return invalid(format!("`{host}` is not a host"));
        }
        Ok(Self::Host { host: host.into(), port })
    }
}

impl From<SocketAddr> for ListenAddress {
    fn from(address: SocketAddr) -> Self {
        Self::Host { host: address.ip().to_string(), port: address.port() }
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host { host, port } if host.contains(':') => {
                write!(formatter, "[{host}]:{port}")
            }
            Self::Host { host, port } => write!(formatter, "{host}:{port}"),
            Self::Everywhere { port } => write!(formatter, ":{port}"),
            Self::Unix(path) => write!(formatter, "unix:{}", path.display()),
        }
    }
}

impl ListenAddress {
    /// Whether only programs on this machine can connect, as far as the text says.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match self {
            Self::Host { host, .. } => {
                host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
            }
            Self::Everywhere { .. } => false,
            Self::Unix(_) => true,
        }
    }

    /// Listens there. A name listens on all addresses that it has on this machine, and on the same
    /// port of each.
    ///
    /// # Errors
    /// What the system says, or the name service.
    pub(super) async fn bind(&self) -> io::Result<Vec<Listener>> {
        match self {
            Self::Host { host, port } => bind_host(host, *port).await,
            Self::Everywhere { port } => {
                // One socket serves both families; where there is no IPv6, the older one alone.
                let listener = match TcpListener::bind((Ipv6Addr::UNSPECIFIED, *port)).await {
                    Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
                        TcpListener::bind((Ipv4Addr::UNSPECIFIED, *port)).await?
                    }
                    bound => bound?,
                };
                Ok(vec![Listener::tcp(listener)?])
            }
            Self::Unix(path) => Ok(vec![Listener::unix(path)?]),
        }
    }
}

/// Listens on all addresses of `host`.
async fn bind_host(host: &str, port: u16) -> io::Result<Vec<Listener>> {
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for address in tokio::net::lookup_host((host, port)).await? {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    let mut attempt = 0;
    loop {
        attempt += 1;
        match bind_all(&addresses).await {
            // The free port of the first address may be taken on the second.
            Err(error)
                if port == 0
                    && error.kind() == io::ErrorKind::AddrInUse
                    && attempt < SHARED_PORT_ATTEMPTS => {}
            bound => return bound,
        }
    }
}

async fn bind_all(addresses: &[SocketAddr]) -> io::Result<Vec<Listener>> {
    let mut bound: Vec<Listener> = Vec::new();
    let mut refused = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for address in addresses {
        let mut address = *address;
        if address.port() == 0 {
            let first = bound.first().and_then(|first| first.address.tcp());
            address.set_port(first.map_or(0, |first| first.port()));
        }
        match TcpListener::bind(address).await {
            Ok(listener) => bound.push(Listener::tcp(listener)?),
            // A name may have an address of a family that this machine does not speak.
            Err(error) if error.kind() == io::ErrorKind::AddrNotAvailable => refused = error,
            Err(error) => return Err(error),
        }
    }
    if bound.is_empty() { Err(refused) } else { Ok(bound) }
}

/// Where a listener listens, with the actual port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BoundAddress {
    /// A port.
    Tcp(SocketAddr),
    /// A socket in the file system.
    Unix(PathBuf),
}

impl BoundAddress {
    /// The address, if it is a port.
    #[must_use]
    pub fn tcp(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(address) => Some(*address),
            Self::Unix(_) => None,
        }
    }

    /// Whether only programs on this machine can connect.
    #[must_use]
    pub fn is_local(&self) -> bool {
        self.tcp().is_none_or(|address| address.ip().is_loopback())
    }
}

impl fmt::Display for BoundAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(formatter),
            Self::Unix(path) => write!(formatter, "unix:{}", path.display()),
        }
    }
}

/// A socket that is listened on.
pub(super) struct Listener {
    pub(super) address: BoundAddress,
    socket: Socket,
}

enum Socket {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener, SocketFile),
}

impl Listener {
    fn tcp(listener: TcpListener) -> io::Result<Self> {
        Ok(Self {
            address: BoundAddress::Tcp(listener.local_addr()?),
            socket: Socket::Tcp(listener),
        })
    }

    #[cfg(unix)]
    fn unix(path: &Path) -> io::Result<Self> {
        remove_stale(path)?;
        let listener = UnixListener::bind(path)?;
        let file = SocketFile::of(path)?;
        Ok(Self {
            address: BoundAddress::Unix(path.to_owned()),
            socket: Socket::Unix(listener, file),
        })
    }

    #[cfg(not(unix))]
    fn unix(_path: &Path) -> io::Result<Self> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no such sockets"))
    }

    /// The next connection.
    pub(super) async fn accept(&self) -> io::Result<Stream> {
        match &self.socket {
            Socket::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok(Stream::tcp(stream, peer.ip()))
            }
            #[cfg(unix)]
            Socket::Unix(listener, _removed_with_it) => {
                Ok(Stream::unix(listener.accept().await?.0))
            }
        }
    }
}

/// Removes a socket that nobody listens on any more, as a process that was killed leaves it.
#[cfg(unix)]
fn remove_stale(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::FileTypeExt;

    let kind = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata.file_type(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !kind.is_socket() {
        return Err(io::Error::new(
            io::ErrorKind::AlreadyExists,
            "there is a file that is no socket",
        ));
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) => Err(error),
        Ok(_somebody) => {
            Err(io::Error::new(io::ErrorKind::AddrInUse, "another process listens on the socket"))
        }
    }
}

/// The file of a socket, which goes with it, unless another process has put its own there.
#[cfg(unix)]
struct SocketFile {
    path: PathBuf,
    inode: u64,
}

#[cfg(unix)]
impl SocketFile {
    fn of(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt;

        let inode = fs::symlink_metadata(path)?.ino();
        Ok(Self { path: fs::canonicalize(path)?, inode })
    }
}

#[cfg(unix)]
impl Drop for SocketFile {
    fn drop(&mut self) {
        use std::os::unix::fs::MetadataExt;

        let is_ours = fs::symlink_metadata(&self.path).is_ok_and(|now| now.ino() == self.inode);
        if is_ours && let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "socket could not be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::ListenAddress;

    fn parsed(text: &str) -> Result<String, String> {
        let parsed = text.parse::<ListenAddress>();
        parsed.map(|address| address.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn every_form_is_read_and_written_alike() {
        for text in [
            "127.0.0.1:50051",
            "localhost:0",
            "news-1.example:443",
            "[::1]:50051",
            ":50051",
            "unix:run/wenmai.sock",
            "unix:/run/wenmai.sock",
        ] {
            assert_eq!(parsed(text), Ok(text.to_owned()));
        }
        assert_eq!(parsed("unix:///run/wenmai.sock"), Ok("unix:/run/wenmai.sock".to_owned()));
    }

    #[test]
    fn what_is_refused_names_the_right_form() {
        for text in [
            "",
            "50051",
            "localhost",
            "localhost:http",
            "localhost:65536",
            "::1:50051",
            "[::1",
            "[127.0.0.1]:50051",
            "http://127.0.0.1:50051",
            "*:50051",
            "/run/wenmai.sock",
            "unix:",
        ] {
            let refused = parsed(text).unwrap_err();
            assert!(refused.contains("write HOST:PORT"), "{text}: {refused}");
        }
    }

    #[test]
    fn what_is_local_is_known() {
        let is_local = |text: &str| text.parse::<ListenAddress>().unwrap().is_local();
        assert!(["127.0.0.1:1", "[::1]:1", "localhost:1", "unix:a"].into_iter().all(is_local));
        assert!(!["0.0.0.0:1", ":1", "[::]:1", "news.example:1"].into_iter().any(is_local));
    }

    #[tokio::test]
    async fn a_name_listens_on_one_port_of_all_its_addresses() {
        let address: ListenAddress = "localhost:0".parse().unwrap();
        let bound = address.bind().await.unwrap();
        let ports: Vec<u16> =
            bound.iter().map(|listener| listener.address.tcp().unwrap().port()).collect();
        assert!(ports.iter().all(|port| *port == ports[0] && *port != 0), "{ports:?}");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_socket_goes_with_its_listener_and_a_stale_one_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wenmai.sock");
        let address = ListenAddress::Unix(path.clone());
        // As a process leaves it that was killed.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists());

        let bound = address.bind().await.unwrap();
        let taken = address.bind().await.err().unwrap();
        assert_eq!(taken.kind(), std::io::ErrorKind::AddrInUse);
        assert!(path.exists(), "the socket of another process stays");
        drop(bound);
        assert!(!path.exists());

        fs::write(&path, "not a socket").unwrap();
        assert!(address.bind().await.is_err());
        assert!(path.exists());
    }
}
