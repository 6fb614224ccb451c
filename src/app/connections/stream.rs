//! Bytes to and from a client, however it is connected, and who the client is.

use std::io;
use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;

use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt;
use tokio::io::AsyncWrite;
use tokio::io::ReadBuf;
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

/// What every HTTP/2 connection begins with (RFC 9113, 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Bytes in both directions.
pub(crate) trait Bytes: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Bytes for T {}

/// An accepted connection.
pub(crate) struct Stream {
    pub(super) bytes: Box<dyn Bytes>,
    pub(super) peer: Peer,
}

/// Who is connected, as far as places for connections go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Peer {
    /// A program on this machine.
    Local,
    /// An address of IPv4.
    V4(Ipv4Addr),
    /// A network of IPv6: the first 64 bits of an address, since a single machine may have all the
    /// addresses that share them.
    V6(u64),
}

impl Peer {
    fn of(address: IpAddr) -> Self {
        let address = address.to_canonical();
        match address {
            _ if address.is_loopback() => Self::Local,
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => Self::V6((address.to_bits() >> 64) as u64),
        }
    }
}

impl Stream {
    pub(crate) fn tcp(stream: TcpStream, peer: IpAddr) -> Self {
        Self { bytes: Box::new(stream), peer: Peer::of(peer) }
    }

    #[cfg(unix)]
    pub(crate) fn unix(stream: UnixStream) -> Self {
        Self { bytes: Box::new(stream), peer: Peer::Local }
    }
}

/// Which protocol a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    Http1,
    Http2,
}

/// Reads the first bytes of a connection, until they tell the protocol. The result yields them again.
///
/// # Errors
/// If the connection fails or ends before that.
pub(super) async fn recognized(
    mut bytes: Box<dyn Bytes>,
) -> io::Result<(ReadAhead<Box<dyn Bytes>>, Protocol)> {
    let mut first = [0; PREFACE.len()];
    let mut filled = 0;
    while let Some(space) = first.get_mut(filled..) {
        let count = bytes.read(space).await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        filled += count;
        if first.get(..filled) != PREFACE.get(..filled) || filled == PREFACE.len() {
            break;
        }
    }
    let is_preface = first.get(..filled) == Some(PREFACE);
    let protocol = if is_preface { Protocol::Http2 } else { Protocol::Http1 };
    let ahead = first.get(..filled).unwrap_or_default().to_vec();
    Ok((ReadAhead { ahead, taken: 0, bytes }, protocol))
}

/// A connection of which some bytes were read already; they come first.
pub(super) struct ReadAhead<IO> {
    ahead: Vec<u8>,
    taken: usize,
    bytes: IO,
}

impl<IO: AsyncRead + Unpin> AsyncRead for ReadAhead<IO> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if let Some(rest) = this.ahead.get(this.taken..).filter(|rest| !rest.is_empty()) {
            let count = rest.len().min(buffer.remaining());
            buffer.put_slice(rest.get(..count).unwrap_or_default());
            this.taken += count;
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut this.bytes).poll_read(context, buffer)
    }
}

impl<IO: AsyncWrite + Unpin> AsyncWrite for ReadAhead<IO> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.bytes).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.bytes).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.bytes).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.bytes).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.bytes.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tokio::io::AsyncWriteExt;

    use super::PREFACE;
    use super::Peer;
    use super::Protocol;
    use super::recognized;

    /// What is made of a connection that brings `pieces` one after the other.
    async fn told(pieces: &[&[u8]]) -> std::io::Result<(Protocol, Vec<u8>)> {
        let (mut client, server) = tokio::io::duplex(8);
        let all = pieces.concat();
        tokio::spawn(async move {
            for byte in all {
                client.write_all(&[byte]).await.unwrap();
            }
        });
        let (mut bytes, protocol) = recognized(Box::new(server)).await?;
        let mut read = Vec::new();
        bytes.read_to_end(&mut read).await?;
        Ok((protocol, read))
    }

    #[tokio::test]
    async fn the_first_bytes_tell_the_protocol_and_come_again() {
        let (protocol, read) = told(&[PREFACE, b"more"]).await.unwrap();
        assert_eq!((protocol, read), (Protocol::Http2, [PREFACE, b"more"].concat()));
        let get = b"GET / HTTP/1.1\r\n\r\n";
        assert_eq!(told(&[get]).await.unwrap(), (Protocol::Http1, get.to_vec()));
        // It begins as the preface does.
        let put = b"PROPFIND / HTTP/1.1\r\n\r\n";
        assert_eq!(told(&[put]).await.unwrap(), (Protocol::Http1, put.to_vec()));
    }

    #[tokio::test]
    async fn a_connection_that_ends_early_is_an_error() {
        assert!(told(&[]).await.is_err());
        assert!(told(&[b"PRI * HT"]).await.is_err());
    }

    #[test]
    fn addresses_of_one_network_are_one_peer() {
        let peer = |text: &str| Peer::of(text.parse().unwrap());
        assert_eq!(peer("2001:db8:1:2:3::4"), peer("2001:db8:1:2:ffff::"));
        assert_ne!(peer("2001:db8:1:2::4"), peer("2001:db8:1:3::4"));
        assert_eq!(peer("::ffff:192.0.2.7"), peer("192.0.2.7"));
        assert_ne!(peer("192.0.2.7"), peer("192.0.2.8"));
        for text in ["127.0.0.1", "127.3.0.1", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(peer(text), Peer::Local);
        }
    }
}
