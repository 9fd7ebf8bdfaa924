//! Where a request came from, as far as it can be known.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{Extensions, HeaderMap},
    middleware::Next,
    response::Response,
};
use ipnet::IpNet;

/// What proxies write in front of: the addresses a request went through, the client's first.
const FORWARDED: &str = "x-forwarded-for";

/// Where a request came from; none in tests that call handlers without a connection.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct ClientAddress(pub Option<IpAddr>);

impl ClientAddress {
    /// What was found out about a request.
    pub fn of(extensions: &Extensions) -> Self {
        extensions.get::<Self>().copied().unwrap_or_default()
    }

    /// Who counts as one sender: an address, and of IPv6 the network of 64 bits, which one customer has.
    pub fn group(self) -> Option<IpAddr> {
        self.0.map(group)
    }

    /// As a text.
    pub fn text(self) -> Option<String> {
        self.0.map(|address| address.to_string())
    }
}

/// The sender that an address belongs to.
pub fn group(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

/// What a proxy wrote, with or without a port.
fn forwarded(text: &str) -> Option<IpAddr> {
    let address = text.parse::<IpAddr>();
    let address = address.or_else(|_| text.parse::<SocketAddr>().map(|both| both.ip()));
    address.ok().map(|address| address.to_canonical())
}

/// Proxies that are believed.
#[derive(Debug, Clone, Default)]
pub struct Proxies(pub Vec<IpNet>);

impl Proxies {
    /// Whether an address is one of them.
    pub fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The nearest address on the way that is no proxy of ours: what is before it, anyone could have written.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.trust(peer) {
            return peer;
        }
        let said: Vec<_> = headers
            .get_all(FORWARDED)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|text| text.split(','))
            .map(str::trim)
            .collect();
        let mut nearest = peer;
        for text in said.into_iter().rev() {
            let Some(address) = forwarded(text) else {
                return nearest;
            };
            nearest = address;
            if !self.trust(address) {
                return nearest;
            }
        }
        nearest
    }
}

/// Finds out once per request where it came from.
pub async fn find(State(proxies): State<Proxies>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map(|ConnectInfo(peer)| peer.ip().to_canonical());
    let address = peer.map(|peer| proxies.client(peer, request.headers()));
    request.extensions_mut().insert(ClientAddress(address));
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(trusted: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let proxies = Proxies(trusted.iter().map(|text| text.parse().unwrap()).collect());
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append(FORWARDED, value.parse().unwrap());
        }
        proxies.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn only_what_a_trusted_proxy_says_is_believed() {
        let inner = &["10.0.0.0/8", "::1/128"][..];
        assert_eq!(client(&[], "10.0.0.1", &["1.2.3.4"]), "10.0.0.1");
        assert_eq!(client(inner, "9.9.9.9", &["1.2.3.4"]), "9.9.9.9");
        assert_eq!(client(inner, "10.0.0.1", &["1.2.3.4"]), "1.2.3.4");
        // The sender wrote 6.6.6.6 itself; the proxy added where the sender really is.
        assert_eq!(client(inner, "10.0.0.1", &["6.6.6.6, 1.2.3.4"]), "1.2.3.4");
        assert_eq!(
            client(inner, "10.0.0.1", &["6.6.6.6", "1.2.3.4, 10.0.0.2"]),
            "1.2.3.4"
        );
        assert_eq!(client(inner, "::1", &["10.1.1.1"]), "10.1.1.1");
        assert_eq!(
            client(inner, "10.0.0.1", &["1.2.3.4, nonsense"]),
            "10.0.0.1"
        );
        assert_eq!(client(inner, "10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client(inner, "10.0.0.1", &["1.2.3.4:567"]), "1.2.3.4");
        assert_eq!(client(inner, "10.0.0.1", &["::ffff:1.2.3.4"]), "1.2.3.4");
        assert_eq!(
            client(inner, "10.0.0.1", &["[2001:db8::1]:567"]),
            "2001:db8::1"
        );
    }
}
