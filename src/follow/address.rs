//! Addresses: what of the web may be asked for, under which one name a page is known, and which
//! machines are nobody's business.

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;

use url::Host;
use url::Url;

/// Bytes of an address, at most.
const BYTES_MAX: usize = 2_000;
/// Parameters that say from where a reader came, and not which page is meant.
const TRACKING: [&str; 14] = [
    "fbclid",
    "gclid",
    "yclid",
    "msclkid",
    "mc_cid",
    "mc_eid",
    "igshid",
    "spm",
    "from_source",
    "share_token",
    "isappinstalled",
    "ref_src",
    "_ga",
    "wt.mc_id",
];

/// Why an address is not asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAddress {
    /// It cannot be read, or names no machine.
    #[error("is no address")]
    Unreadable,
    /// Another protocol than that of the web.
    #[error("is neither http nor https")]
    Scheme,
    /// It holds a name and a password.
    #[error("holds a name or password, which are sent nowhere")]
    Credentials,
    /// It is too long.
    #[error("is longer than {BYTES_MAX} bytes")]
    TooLong,
}

/// The address `text`, counted from `base` where it does not stand alone; without what is behind `#`,
/// and without a name and password, which a stranger's list must not send anywhere.
///
/// # Errors
/// [`InvalidAddress`]
pub fn read(text: &str, base: Option<&Url>) -> Result<Url, InvalidAddress> {
    let text = text.trim();
    let read = Url::options().base_url(base).parse(text);
    let mut url = read.map_err(|_unreadable| InvalidAddress::Unreadable)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(InvalidAddress::Scheme);
    }
    if url.as_str().len() > BYTES_MAX {
        return Err(InvalidAddress::TooLong);
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err(InvalidAddress::Unreadable);
    }
    url.set_fragment(None);
    // Both fail only for addresses without a host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    Ok(url)
}

/// The one name under which a page is known: two addresses of one page that differ only in how a
/// reader came there, in the protocol, or in a slash at the end, have the same.
#[must_use]
pub fn canonical(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let path = url.path();
    let path = if path.len() > 1 { path.trim_end_matches('/') } else { path };
    let mut parameters: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(name, _)| {
            let name = name.to_ascii_lowercase();
            !name.starts_with("utm_") && !TRACKING.contains(&name.as_str())
        })
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    parameters.sort();
    let mut canonical = format!("{host}{port}{path}");
    for (at, (name, value)) in parameters.iter().enumerate() {
        canonical.push(if at == 0 { '?' } else { '&' });
        canonical.push_str(name);
        canonical.push('=');
        canonical.push_str(value);
    }
    canonical
}

/// The name of the machine, without a port: what one connection and one delay are for.
#[must_use]
pub fn host(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

/// Protocol, host and port: what a `robots.txt` holds for.
#[must_use]
pub fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// Whether both addresses are of one site: the same host, or hosts that share the registered name.
#[must_use]
pub fn is_same_site(one: &Url, other: &Url) -> bool {
    match (one.host(), other.host()) {
        (Some(Host::Domain(one)), Some(Host::Domain(other))) => site(one) == site(other),
        (one, other) => one == other,
    }
}

/// The registered part of a host's name, by rule of thumb: two labels, three below `com.cn` and its
/// like.
fn site(host: &str) -> &str {
    const SECOND: [&str; 7] = ["com", "net", "org", "gov", "edu", "ac", "co"];
    let labels: Vec<&str> = host.trim_end_matches('.').rsplit('.').collect();
    let count = match labels.as_slice() {
        [country, second, ..] if country.len() == 2 && SECOND.contains(second) => 3,
        _ => 2,
    };
    let length: usize =
        labels.iter().take(count).map(|label| label.len() + 1).sum::<usize>().saturating_sub(1);
    let host = host.trim_end_matches('.');
    host.get(host.len().saturating_sub(length)..).unwrap_or(host)
}

/// Whether an address of the network is of this machine, of a network that is not public, or of
/// nobody: what a list of strangers must not make us call.
///
/// Source: the special-purpose registries of IANA (RFC 6890 and its updates).
#[must_use]
pub fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => is_private_v6(address),
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_broadcast()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        // Shared by carriers, for protocols, for benchmarks, and once for 6to4 relays.
        || a == 100 && b & 0b1100_0000 == 64
        || a == 192 && b == 0 && c == 0
        || a == 198 && b & 0b1111_1110 == 18
        || a == 192 && b == 88 && c == 99
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    if let Some(inside) = address.to_ipv4_mapped().or_else(|| embedded(address)) {
        return is_private_v4(inside);
    }
    let [first, second, ..] = address.segments();
    // All that is public today lies in 2000::/3.
    first & 0xe000 != 0x2000
        // Teredo, ORCHID, and the other protocol assignments; documentation.
        || first == 0x2001 && second < 0x0200
        || first == 0x2001 && second == 0x0db8
        || first == 0x3fff && second < 0x1000
}

/// The older address that a translator (NAT64) or a tunnel (6to4) would call.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [first, second, third, rest @ .., high, low] = address.segments();
    let of = |high: u16, low: u16| {
        let ([one, two], [three, four]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(one, two, three, four)
    };
    match (first, second) {
        (0x64, 0xff9b) if third == 0 && rest == [0; 3] => Some(of(high, low)),
        (0x2002, _) => Some(of(second, third)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::InvalidAddress;
    use super::canonical;
    use super::is_private;
    use super::is_same_site;
    use super::read;

    #[test]
    fn only_the_web_is_asked() {
        for (text, wrong) in [
            ("file:///etc/passwd", InvalidAddress::Scheme),
            ("ftp://q.example/f", InvalidAddress::Scheme),
            ("gopher://q.example", InvalidAddress::Scheme),
            ("data:text/html,x", InvalidAddress::Scheme),
            ("/a/1.html", InvalidAddress::Unreadable),
            ("http://", InvalidAddress::Unreadable),
        ] {
            assert_eq!(read(text, None).unwrap_err(), wrong, "{text}");
        }
        let long = format!("http://q.example/{}", "a".repeat(3_000));
        assert_eq!(read(&long, None).unwrap_err(), InvalidAddress::TooLong);
        let base = read(" http://me:secret@q.example/a/b#c ", None).unwrap();
        assert_eq!(base.as_str(), "http://q.example/a/b");
        assert_eq!(
            read("../1.html?x=1#y", Some(&base)).unwrap().as_str(),
            "http://q.example/1.html?x=1"
        );
        assert_eq!(read("//d.example/1", Some(&base)).unwrap().as_str(), "http://d.example/1");
    }

    #[test]
    fn one_page_has_one_name() {
        let name = |text: &str| canonical(&read(text, None).unwrap());
        let same = name("https://Q.example/a?id=7");
        for other in [
            "http://q.example/a/?id=7",
            "https://q.example:443/a?utm_source=rss&id=7&UTM_medium=x#top",
            "https://q.example/a?id=7&fbclid=9",
        ] {
            assert_eq!(name(other), same, "{other}");
        }
        assert_ne!(name("https://q.example/a?id=8"), same);
        assert_ne!(name("https://q.example:8080/a?id=7"), same);
        assert_eq!(name("https://q.example"), "q.example/");
    }

    #[test]
    fn machines_of_no_public_network_are_known() {
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "fec0::1",
            "::7f00:1",
        ] {
            assert!(is_private(private.parse().unwrap()), "{private}");
        }
        for public in [
            "1.1.1.1",
            "172.32.0.1",
            "100.128.0.1",
            "2606:4700::1111",
            "2408:8000::1",
            "64:ff9b::101:101",
            "::ffff:1.1.1.1",
            "2400:3200::1",
        ] {
            assert!(!is_private(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn hosts_of_one_site_share_their_registered_name() {
        let same = |one: &str, other: &str| {
            is_same_site(&read(one, None).unwrap(), &read(other, None).unwrap())
        };
        assert!(same("http://www.liuxi.example", "http://paper.liuxi.example"));
        assert!(same("http://a.liuxi.com.cn", "http://b.liuxi.com.cn"));
        assert!(!same("http://liuxi.com.cn", "http://donghu.com.cn"));
        assert!(!same("http://127.0.0.1", "http://127.0.0.2"));
    }
}
