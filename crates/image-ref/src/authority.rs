//! Which texts are a registry's `host[:port]`: an RFC 3986 authority without user information, as
//! Go's `net/url` reads it.

use std::net::Ipv6Addr;

/// Whether a registry may be written so. The empty text is valid: it stands for the default registry.
pub(crate) fn is_valid(registry: &str) -> bool {
    if !registry.bytes().all(is_host_byte) {
        return false;
    }
    if let Some(rest) = registry.strip_prefix('[') {
        return rest.rsplit_once(']').is_some_and(|(address, port)| {
            address.parse::<Ipv6Addr>().is_ok() && is_optional_port(port)
        });
    }
    let port = registry.rfind(':').map_or("", |colon| &registry[colon..]);
    !registry.contains('[') && is_optional_port(port)
}

/// The characters that stand for themselves in a host. A percent sign is refused because what it
/// encodes would not be the registry as written; beyond ASCII everything is let through.
fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii() || b"-_.~!$&'()*+,;=:[]<>\"".contains(&byte)
}

/// Nothing, or a colon and any number of digits.
fn is_optional_port(text: &str) -> bool {
    match text.strip_prefix(':') {
        Some(digits) => digits.bytes().all(|b| b.is_ascii_digit()),
        None => text.is_empty(),
    }
}
