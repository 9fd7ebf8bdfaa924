//! Which addresses may be called: those of the public internet.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use ipnet::{Ipv4Net, Ipv6Net};
use reqwest::Url;

const fn v4(a: u8, b: u8, c: u8, length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, 0), length)
}

/// Networks that are not of the public internet (IANA special-purpose addresses): this network, private, shared, loopback,
/// link-local (where clouds keep their secrets), protocol assignments, documentation, benchmarks, multicast, reserved.
const NOT_PUBLIC_V4: [Ipv4Net; 15] = [
    v4(0, 0, 0, 8),
    v4(10, 0, 0, 8),
    v4(100, 64, 0, 10),
    v4(127, 0, 0, 8),
    v4(169, 254, 0, 16),
    v4(172, 16, 0, 12),
    v4(192, 0, 0, 24),
    v4(192, 0, 2, 24),
    v4(192, 88, 99, 24),
    v4(192, 168, 0, 16),
    v4(198, 18, 0, 15),
    v4(198, 51, 100, 24),
    v4(203, 0, 113, 24),
    v4(224, 0, 0, 4),
    v4(240, 0, 0, 4),
];

/// All of the public internet that is given out.
const PUBLIC_V6: Ipv6Net = Ipv6Net::new_assert(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
/// Within it: Teredo and other protocol assignments, documentation (twice), and 6to4, which hides an IPv4 address.
const NOT_PUBLIC_V6: [Ipv6Net; 4] = [
    Ipv6Net::new_assert(Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    Ipv6Net::new_assert(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    Ipv6Net::new_assert(Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    Ipv6Net::new_assert(Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// The address of a host that is one.
pub fn literal(url: &Url) -> Option<IpAddr> {
    let host = url.host_str()?;
    host.trim_matches(['[', ']']).parse().ok()
}

/// What is said of a name that cannot be called, whether it is unknown or of a network of our own: which of our names
/// there are is nobody else's business.
const NO_ADDRESS: &str = "the host has no address on the public internet";

/// The addresses of a host that may be called: those of the public internet, or any when `private`.
///
/// # Errors
/// It has none, one of them is not public, or they cannot be found out.
pub async fn addresses(url: &Url, private: bool) -> Result<Vec<IpAddr>, String> {
    if let Some(address) = literal(url) {
        if !private {
            check(&[address])?;
        }
        return Ok(vec![address]);
    }
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or(443);
    named(tokio::net::lookup_host((host, port)).await, private)
}

/// What was found of a name.
fn named(
    found: io::Result<impl Iterator<Item = SocketAddr>>,
    private: bool,
) -> Result<Vec<IpAddr>, String> {
    let found = found.inspect_err(|error| tracing::debug!(%error, "a host could not be looked up"));
    let addresses: Vec<_> = found
        .into_iter()
        .flatten()
        .map(|address| address.ip())
        .collect();
    let may_be_called = private || check(&addresses).is_ok();
    if addresses.is_empty() || !may_be_called {
        return Err(NO_ADDRESS.to_owned());
    }
    Ok(addresses)
}

/// Refuses a host of which any address is not public.
///
/// # Errors
/// The rule, to be read after the field's name.
pub fn check(addresses: &[IpAddr]) -> Result<(), String> {
    if addresses.iter().all(|address| is_public(*address)) {
        Ok(())
    } else {
        Err("must be an address of the public internet".to_owned())
    }
}

fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => !NOT_PUBLIC_V4.iter().any(|net| net.contains(&address)),
        IpAddr::V6(address) => {
            PUBLIC_V6.contains(&address) && !NOT_PUBLIC_V6.iter().any(|net| net.contains(&address))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(host: &str) -> bool {
        let url = Url::parse(&format!("https://{host}/hook")).unwrap();
        check(&[literal(&url).unwrap()]).is_ok()
    }

    #[test]
    fn addresses_that_are_not_public_are_refused_however_they_are_written() {
        for host in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f.0.0.1",
            "0.0.0.0",
            "10.1.2.3",
            "172.31.255.255",
            "192.168.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "[::1]",
            "[::]",
            "[fe80::1]",
            "[fd00:ec2::254]",
            "[ff02::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:169.254.169.254]",
            "[::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[2002:7f00:1::]",
            "[2001:db8::1]",
        ] {
            assert!(!checked(host), "{host}");
        }
    }

    #[test]
    fn public_addresses_are_called() {
        for host in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "[2606:4700::1111]"] {
            assert!(checked(host), "{host}");
        }
    }

    #[test]
    fn a_host_of_which_one_address_is_private_is_refused() {
        let addresses = ["8.8.8.8", "10.0.0.1"].map(|text| text.parse().unwrap());
        assert!(check(&addresses).is_err());
    }

    #[test]
    fn a_name_of_a_private_network_is_answered_like_one_that_is_not_known() {
        type None = std::iter::Empty<SocketAddr>;
        let of = |texts: &[&str]| {
            let found: Vec<SocketAddr> = texts.iter().map(|text| text.parse().unwrap()).collect();
            named(Ok(found.into_iter()), false)
        };
        let unknown = named(Err::<None, _>(io::ErrorKind::NotFound.into()), false);
        assert!(unknown.is_err());
        for texts in [&[][..], &["10.0.0.1:443"], &["8.8.8.8:443", "10.0.0.1:443"]] {
            assert_eq!(of(texts), unknown, "{texts:?}");
        }
        assert!(of(&["8.8.8.8:443"]).is_ok());
    }
}
