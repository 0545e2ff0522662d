//! Where a request comes from. What a header says about it counts only when a proxy that was named wrote it.

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::str::FromStr;

/// Addresses of proxies, as `10.0.0.7` or `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refuse = || format!("{text}: expected an address or a network, for example 10.0.0.0/8");
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().map_err(|_| refuse())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| refuse())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(most);
        if prefix > most { Err(refuse()) } else { Ok(Self { address, prefix }) }
    }
}

impl Network {
    fn contains(self, other: IpAddr) -> bool {
        let bits = |ip: IpAddr| match ip {
            IpAddr::V4(v4) => (u128::from(v4.to_bits()) << 96, 4),
            IpAddr::V6(v6) => (v6.to_bits(), 6),
        };
        let ((own, own_family), (theirs, family)) = (bits(self.address), bits(other.to_canonical()));
        let shift = 128 - u32::from(self.prefix);
        own_family == family && own.checked_shr(shift).unwrap_or(0) == theirs.checked_shr(shift).unwrap_or(0)
    }
}

/// Where a request comes from, and whether it came over TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) address: IpAddr,
    pub(crate) secure: bool,
}

/// The origin of a request: the connection's, or what the last proxy that is not trusted saw.
pub(crate) fn origin(extensions: &Extensions, headers: &HeaderMap, proxies: &[Network], tls: bool) -> Origin {
    let peer = extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.ip().to_canonical());
    let trusted = |address: IpAddr| proxies.iter().any(|p| p.contains(address));
    if !trusted(peer) {
        return Origin { address: peer, secure: tls };
    }
    let all = |name: &str| -> Vec<String> {
        let values = headers.get_all(name).iter().filter_map(|v| v.to_str().ok());
        values.flat_map(|v| v.split(',')).map(|part| part.trim().to_owned()).collect()
    };
    let mut address = peer;
    // Every proxy appends the address it saw; what stands before the first that is not trusted may be invented.
    for part in all("x-forwarded-for").iter().rev() {
        let Ok(seen) = part.parse::<IpAddr>() else { break };
        address = seen.to_canonical();
        if !trusted(address) {
            break;
        }
    }
    let secure = tls || all("x-forwarded-proto").last().is_some_and(|p| p.eq_ignore_ascii_case("https"));
    Origin { address, secure }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(peer: &str, forwarded: &[&str], proxies: &[&str]) -> String {
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let proxies: Vec<Network> = proxies.iter().map(|p| p.parse().unwrap()).collect();
        origin(&extensions, &headers, &proxies, false).address.to_string()
    }

    #[test]
    fn a_header_counts_only_from_a_trusted_proxy() {
        assert_eq!(from("203.0.113.9", &["198.51.100.1"], &[]), "203.0.113.9");
        assert_eq!(from("203.0.113.9", &["198.51.100.1"], &["10.0.0.0/8"]), "203.0.113.9");
        assert_eq!(from("10.1.2.3", &["198.51.100.1"], &["10.0.0.0/8"]), "198.51.100.1");
        assert_eq!(from("::ffff:10.1.2.3", &["198.51.100.1"], &["10.0.0.0/8"]), "198.51.100.1");
        assert_eq!(from("10.1.2.3", &["6.6.6.6, 198.51.100.1", "10.9.9.9"], &["10.0.0.0/8"]), "198.51.100.1");
        assert_eq!(from("10.1.2.3", &["6.6.6.6, nonsense"], &["10.0.0.0/8"]), "10.1.2.3");
        assert_eq!(from("2001:db8::1", &["2001:db9::5"], &["2001:db8::/32"]), "2001:db9::5");
        assert_eq!(from("11.0.0.1", &["1.1.1.1"], &["10.0.0.0/7"]), "1.1.1.1");
        assert_eq!(from("12.0.0.1", &["1.1.1.1"], &["10.0.0.0/7"]), "12.0.0.1");
        assert_eq!(from("12.0.0.1", &["1.1.1.1"], &["0.0.0.0/0"]), "1.1.1.1");
    }

    #[test]
    fn networks_are_read_strictly() {
        for wrong in ["", "10.0.0.0/33", "::/129", "10.0.0", "host", "10.0.0.0/", "10.0.0.0/-1"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }
}
