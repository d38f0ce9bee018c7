//! Where requests may go: local addresses, redirects, realms, next pages.
//!
//! A registry must not be able to send its clients, and with them their credentials, into the network
//! around them. The rules are those of go-containerregistry, which Flux lists tags with.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::{Host, Url};

/// The most redirects that are followed.
const MOST_REDIRECTS: usize = 10;

/// Why a redirect to `next` is not followed, or nothing when it is. `previous` starts with the URL that was
/// asked for.
pub(crate) fn refuse_redirect(previous: &[Url], next: &Url) -> Option<String> {
    if previous.len() > MOST_REDIRECTS {
        return Some(format!("more than {MOST_REDIRECTS} redirects"));
    }
    if previous.last().is_some_and(|last| last.scheme() == "https") && next.scheme() != "https" {
        return Some("a redirect from https to another scheme is not followed".to_owned());
    }
    let first = previous.first()?;
    let to = next.host_str().unwrap_or_default();
    (is_internal(next) && !same_host(first, next)).then(|| {
        let from = first.host_str().unwrap_or_default();
        format!("SSRF protection: redirect from {from:?} to private/link-local host {to:?} denied")
    })
}

/// The rule that a realm breaks, or nothing when the registry at `registry` may use it.
pub(crate) fn refuse_realm(registry: &Url, realm: &Url) -> Option<&'static str> {
    match realm.scheme() {
        "https" => {}
        "http" if registry.scheme() == "http" => {}
        _ => return Some("must be an https URL"),
    }
    if !realm.username().is_empty() || realm.password().is_some() {
        return Some("must not hold user info");
    }
    if is_internal(realm) && !same_host(registry, realm) {
        return Some("must not be a private or link-local address other than the registry's own");
    }
    None
}

/// The URL of the next page, or nothing when `link` leads to another host. A registry behind a proxy may
/// not know that it is reached by HTTPS, so the scheme of the list is kept.
pub(crate) fn next_page(current: &Url, link: &str) -> Option<Url> {
    let mut next = current.join(link).ok()?;
    if !matches!(next.scheme(), "http" | "https") || !same_host(current, &next) {
        return None;
    }
    // Both schemes are special schemes, and each can be set for the other.
    next.set_scheme(current.scheme()).ok()?;
    next.set_port(current.port()).ok()?;
    let no_user = next.set_username("").and_then(|()| next.set_password(None));
    no_user.ok()?;
    Some(next)
}

/// Whether a registry is this machine itself: then no proxy is between.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Equal names, and equal ports; an absent port is the one of the scheme, and equal to an absent one.
pub(crate) fn same_host(left: &Url, right: &Url) -> bool {
    left.host() == right.host()
        && (left.port() == right.port()
            || left.port_or_known_default() == right.port_or_known_default())
}

/// Whether the host is written as an address that no registry on the Internet has.
fn is_internal(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => is_internal_address(IpAddr::V4(address)),
        Some(Host::Ipv6(address)) => is_internal_address(IpAddr::V6(address)),
        _ => false,
    }
}

fn is_internal_address(address: IpAddr) -> bool {
    let v4 = |address: Ipv4Addr| {
        address.is_private()
            || address.is_loopback()
            || address.is_link_local()
            || address.is_unspecified()
    };
    let v6 = |address: Ipv6Addr| {
        address.is_loopback()
            || address.is_unspecified()
            || address.is_unique_local()
            || address.is_unicast_link_local()
    };
    match address.to_canonical() {
        IpAddr::V4(address) => v4(address),
        IpAddr::V6(address) => v6(address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn redirects_into_the_network_are_refused() {
        for (from, to, followed) in [
            ("https://r.io/v2/", "https://cdn.io/x", true),
            ("https://r.io/v2/", "https://r.io:8443/x", true),
            ("https://r.io/v2/", "https://10.0.0.1/x", false),
            ("https://r.io/v2/", "https://169.254.169.254/latest", false),
            ("https://r.io/v2/", "https://[::1]/x", false),
            ("https://r.io/v2/", "https://[fd00::1]/x", false),
            ("https://r.io/v2/", "https://[::ffff:127.0.0.1]/x", false),
            ("https://r.io/v2/", "https://0.0.0.0/x", false),
            ("https://r.io/v2/", "http://r.io/x", false),
            ("http://10.0.0.1:5000/v2/", "http://10.0.0.1:5000/x", true),
            ("http://10.0.0.1:5000/v2/", "http://10.0.0.1:5001/x", false),
            ("http://r.io/v2/", "https://r.io/v2/", true),
        ] {
            let refusal = refuse_redirect(&[url(from)], &url(to));
            assert_eq!(refusal.is_none(), followed, "{from} {to}");
        }
        let text = refuse_redirect(&[url("https://r.io")], &url("https://10.0.0.1"));
        let expected = "SSRF protection: redirect from \"r.io\" to private/link-local host \"10.0.0.1\" denied";
        assert_eq!(text.as_deref(), Some(expected));
        let many = vec![url("https://r.io"); MOST_REDIRECTS + 1];
        assert!(refuse_redirect(&many, &url("https://r.io")).is_some());
    }

    #[test]
    fn realms_are_https_and_not_inside_the_network() {
        for (registry, realm, allowed) in [
            ("https://r.io", "https://auth.io/token", true),
            ("https://r.io", "http://auth.io/token", false),
            ("https://r.io", "ftp://auth.io/token", false),
            ("https://r.io", "https://u:p@auth.io/token", false),
            ("https://r.io", "https://192.168.1.1/token", false),
            ("http://127.0.0.1:5000", "http://127.0.0.1:5000/token", true),
            (
                "http://127.0.0.1:5000",
                "http://127.0.0.1:5001/token",
                false,
            ),
            ("http://127.0.0.1:5000", "http://auth.local/token", true),
        ] {
            let refusal = refuse_realm(&url(registry), &url(realm));
            assert_eq!(refusal.is_none(), allowed, "{registry} {realm}");
        }
    }

    #[test]
    fn the_next_page_stays_on_the_host_and_scheme() {
        let list = "https://r.io/v2/a/tags/list?n=1000";
        for (link, expected) in [
            (
                "/v2/a/tags/list?last=x",
                Some("https://r.io/v2/a/tags/list?last=x"),
            ),
            ("?last=x", Some("https://r.io/v2/a/tags/list?last=x")),
            ("https://r.io/v2/b", Some("https://r.io/v2/b")),
            ("https://r.io:443/v2/b", Some("https://r.io/v2/b")),
            ("http://r.io/v2/b", Some("https://r.io/v2/b")),
            ("https://u:p@r.io/v2/b", Some("https://r.io/v2/b")),
            ("https://evil.io/v2/b", None),
            ("//evil.io/v2/b", None),
            ("https://r.io:444/v2/b", None),
            ("file:///etc/passwd", None),
            ("https://", None),
        ] {
            let next = next_page(&url(list), link).map(String::from);
            assert_eq!(next.as_deref(), expected, "{link}");
        }
    }
}
