//! The keys of a Docker configuration, matched against canonical image names.

use super::KeyringError;

/// A key without scheme and API version: host, port and path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    key: String,
    /// Where the path starts in `key`.
    path: usize,
}

impl Pattern {
    pub(super) fn parse(key: &str) -> Result<Self, KeyringError> {
        let fail = |rule| KeyringError::ParseKey {
            key: without_user_info(key),
            rule,
        };
        let rest = without_scheme(key);
        let end = rest.find(['?', '#']).unwrap_or(rest.len());
        let rest = &rest[..end];
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let host = authority
            .rsplit_once('@')
            .map_or(authority, |(_, host)| host);
        check_host(host).map_err(fail)?;
        check_path(path).map_err(fail)?;
        let path = match path.get(..4) {
            Some("/v1/" | "/v2/") => &path[3..],
            _ => path,
        };
        let path = if path == "/" { "" } else { path };
        Ok(Self {
            key: format!("{host}{path}"),
            path: host.len(),
        })
    }

    /// What the keyring orders its entries by.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// Whether an image such as `index.docker.io/library/alpine` belongs to this key.
    pub(super) fn matches(&self, canonical: &str) -> bool {
        let (host, path) = self.key.split_at(self.path);
        let (image_host, image_path) =
            canonical.split_at(canonical.find('/').unwrap_or(canonical.len()));
        if !image_path.starts_with(path) {
            return false;
        }
        let ((host, port), (image_host, image_port)) = (split_port(host), split_port(image_host));
        if host.starts_with('[') {
            // An address, whose brackets are no class.
            return (host, port) == (image_host, image_port);
        }
        port == image_port
            && host.split('.').count() == image_host.split('.').count()
            && host
                .split('.')
                .zip(image_host.split('.'))
                .all(|(glob, label)| glob_matches(glob.as_bytes(), label.as_bytes()))
    }
}

/// A key fit for an error message: whoever writes a password into a URL does not find it in a log.
pub(super) fn without_user_info(key: &str) -> String {
    match key.rsplit_once('@') {
        Some((_, host)) => host.to_owned(),
        None => key.to_owned(),
    }
}

fn without_scheme(key: &str) -> &str {
    let rest = key.strip_prefix("https://");
    rest.or_else(|| key.strip_prefix("http://")).unwrap_or(key)
}

/// The rules of Go's `net/url` for a host, in short.
fn check_host(host: &str) -> Result<(), &'static str> {
    let forbidden = |c: char| c.is_control() || " \\^`{|}%".contains(c);
    if host.contains(forbidden) {
        return Err("the host holds a character that hosts have not");
    }
    let (name, port) = split_port(host);
    if name.starts_with('[') && !name.ends_with(']') {
        return Err("the brackets of the IPv6 address are not closed");
    }
    if !port.chars().all(|c| c.is_ascii_digit()) {
        return Err("the port is no number");
    }
    Ok(())
}

fn check_path(path: &str) -> Result<(), &'static str> {
    let bytes = path.as_bytes();
    let escape = |&at: &usize| {
        let digits = bytes.get(at + 1..at + 3);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    let mut percents = (0..bytes.len()).filter(|&at| bytes[at] == b'%');
    if path.contains(char::is_control) || !percents.all(|at| escape(&at)) {
        return Err("the path holds a control character or a bad escape");
    }
    Ok(())
}

/// Host and port; the port is empty when there is none. Brackets enclose an IPv6 address.
fn split_port(authority: &str) -> (&str, &str) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (authority, ""),
    }
}

/// Go's `filepath.Match`, as far as its signs can stand in the host of a URL: `*` and `[a-z]`. A malformed
/// glob matches nothing. Takes at most the product of both lengths in steps.
fn glob_matches(glob: &[u8], label: &[u8]) -> bool {
    let (mut glob, mut label) = (glob, label);
    // Behind the last star, and where the label may go on after one byte more for that star.
    let mut star: Option<(&[u8], &[u8])> = None;
    loop {
        if let [b'*', rest @ ..] = glob {
            star = Some((rest, label));
            glob = rest;
        } else if glob.is_empty() && label.is_empty() {
            return true;
        } else if let Some((&byte, behind)) = label.split_first()
            && let Some(rest) = element_matches(glob, byte)
        {
            (glob, label) = (rest, behind);
        } else if let Some((rest, [_, behind @ ..])) = star {
            star = Some((rest, behind));
            (glob, label) = (rest, behind);
        } else {
            return false;
        }
    }
}

/// What follows the first element of a glob (no star) when that element takes `byte`.
fn element_matches(glob: &[u8], byte: u8) -> Option<&[u8]> {
    match glob {
        [b'[', class @ ..] => class_matches(class, byte),
        [literal, rest @ ..] => (*literal == byte).then_some(rest),
        [] => None,
    }
}

/// What follows the class that starts behind its bracket when `byte` is in the class.
fn class_matches(class: &[u8], byte: u8) -> Option<&[u8]> {
    let end = class.iter().position(|&c| c == b']')?;
    let (mut ranges, mut found) = (&class[..end], false);
    while let Some((&low, rest)) = ranges.split_first() {
        let (high, rest) = match rest {
            [b'-', high, rest @ ..] => (*high, rest),
            _ => (low, rest),
        };
        found |= (low..=high).contains(&byte);
        ranges = rest;
    }
    found.then_some(&class[end + 1..])
}
