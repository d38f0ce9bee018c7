//! Takes URLs apart and puts them together, as Go's `net/url` does.

use std::collections::BTreeMap;

use crate::go::fault::{Fault, Text};
use crate::go::function::{Call, Outcome, finished};
use crate::go::value::{Dict, Value};

/// The parts of a URL, percent-decoded where Go decodes them.
#[derive(Debug, Default)]
struct Parts {
    scheme: String,
    opaque: String,
    userinfo: String,
    host: String,
    hostname: String,
    path: String,
    query: String,
    fragment: String,
}

/// A dictionary of `scheme`, `host`, `hostname`, `path`, `query`, `opaque`, `fragment` and `userinfo`.
pub(super) fn url_parse(call: &mut Call<'_>) -> Outcome {
    let text = call.text(0)?;
    let parts = parse(text).map_err(|reason| {
        Fault::failed(format!("unable to parse url: parse {text:?}: {reason}"))
    })?;
    let entries = [
        ("scheme", parts.scheme),
        ("host", parts.host),
        ("hostname", parts.hostname),
        ("path", parts.path),
        ("query", parts.query),
        ("opaque", parts.opaque),
        ("fragment", parts.fragment),
        ("userinfo", parts.userinfo),
    ];
    call.run.dict(
        entries
            .map(|(key, value)| (key.into(), Value::text(value)))
            .into_iter()
            .collect::<BTreeMap<_, _>>(),
    )
}

fn parse(text: &str) -> Result<Parts, String> {
    if text.contains(|c: char| c.is_ascii_control()) {
        return Err("net/url: invalid control character in URL".to_owned());
    }
    let (rest, fragment) = text.split_once('#').unwrap_or((text, ""));
    let mut parts = Parts {
        fragment: decoded(fragment)?,
        ..Parts::default()
    };
    let (scheme, rest) = split_scheme(rest)?;
    parts.scheme = scheme.to_ascii_lowercase();
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    query.clone_into(&mut parts.query);
    if !rest.starts_with('/') {
        if !parts.scheme.is_empty() {
            rest.clone_into(&mut parts.opaque);
            return Ok(parts);
        }
        if rest
            .split('/')
            .next()
            .is_some_and(|segment| segment.contains(':'))
        {
            return Err("first path segment in URL cannot contain colon".to_owned());
        }
    }
    let has_authority =
        rest.starts_with("//") && (!parts.scheme.is_empty() || !rest.starts_with("///"));
    let path = if has_authority {
        let after = &rest[2..];
        let (authority, path) = after.split_at(after.find('/').unwrap_or(after.len()));
        parts.authority(authority)?;
        path
    } else {
        rest
    };
    parts.path = decoded(path)?;
    Ok(parts)
}

/// The scheme before the first colon, if the text begins with one.
fn split_scheme(text: &str) -> Result<(&str, &str), String> {
    for (index, c) in text.char_indices() {
        match c {
            'a'..='z' | 'A'..='Z' => {}
            '0'..='9' | '+' | '-' | '.' if index > 0 => {}
            ':' if index == 0 => return Err("missing protocol scheme".to_owned()),
            ':' => return Ok((&text[..index], &text[index + 1..])),
            _ => break,
        }
    }
    Ok(("", text))
}

impl Parts {
    fn authority(&mut self, authority: &str) -> Result<(), String> {
        let (userinfo, host) = match authority.rsplit_once('@') {
            Some((userinfo, host)) => (Some(userinfo), host),
            None => (None, authority),
        };
        let is_http = matches!(self.scheme.as_str(), "http" | "https");
        let name = host_name(host, is_http)?;
        if host.contains([' ', '"', '<', '>', '\\', '^', '`', '{', '|', '}']) {
            return Err(format!(
                "invalid character {:?} in host name",
                first_of(host)
            ));
        }
        self.host = decoded(host)?;
        self.hostname = decoded(name)?;
        if let Some(userinfo) = userinfo {
            self.userinfo = normal_userinfo(userinfo)?;
        }
        Ok(())
    }
}

/// The host without its port, of an IPv6 address without its brackets. With HTTP, only the port may follow a colon.
fn host_name(host: &str, is_http: bool) -> Result<&str, String> {
    let (name, port) = match host.strip_prefix('[') {
        Some(inner) => {
            let (name, port) = inner.split_once(']').ok_or("missing ']' in host")?;
            let address = name.split('%').next().unwrap_or_default();
            if address.parse::<std::net::Ipv6Addr>().is_err() {
                return Err(format!("invalid host: {address:?} is no IPv6 address"));
            }
            (name, port)
        }
        None if host.contains('[') => return Err("invalid IP-literal".to_owned()),
        None => {
            let colon = if is_http {
                host.find(':')
            } else {
                host.rfind(':')
            };
            host.split_at(colon.unwrap_or(host.len()))
        }
    };
    let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
    if port.is_empty() || port.strip_prefix(':').is_some_and(is_number) {
        return Ok(name);
    }
    Err(format!("invalid port {port:?} after host"))
}

fn first_of(host: &str) -> String {
    host.chars()
        .find(|c| " \"<>\\^`{|}".contains(*c))
        .map(String::from)
        .unwrap_or_default()
}

/// Name and password, each decoded and encoded again.
fn normal_userinfo(userinfo: &str) -> Result<String, String> {
    let valid = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
    if !userinfo.chars().all(valid) {
        return Err("net/url: invalid userinfo".to_owned());
    }
    match userinfo.split_once(':') {
        Some((name, password)) => Ok(format!(
            "{}:{}",
            encoded(&decoded(name)?, "$&+,;="),
            encoded(&decoded(password)?, "$&+,;=")
        )),
        None => Ok(encoded(&decoded(userinfo)?, "$&+,;=")),
    }
}

/// Resolves `%41`.
fn decoded(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first != b'%' {
            bytes.push(*first);
            rest = after;
            continue;
        }
        let byte = after
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let byte = byte.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let Some(byte) = byte.and_then(|digits| u8::from_str_radix(digits, 16).ok()) else {
            let bad = String::from_utf8_lossy(&rest[..rest.len().min(3)]).into_owned();
            return Err(format!("invalid URL escape {bad:?}"));
        };
        bytes.push(byte);
        rest = &after[2..];
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Escapes what is neither unreserved nor in `kept`.
fn encoded(text: &str, kept: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let c = char::from(byte);
        if c.is_ascii_alphanumeric() || "-_.~".contains(c) || (c.is_ascii() && kept.contains(c)) {
            out.push(c);
        } else {
            out.extend(['%', hex_digit(byte >> 4), hex_digit(byte & 15)]);
        }
    }
    out
}

fn hex_digit(nibble: u8) -> char {
    char::from_digit(u32::from(nibble), 16).map_or('0', |digit| digit.to_ascii_uppercase())
}

/// A URL from the parts that `urlParse` gives.
pub(super) fn url_join(call: &mut Call<'_>) -> Outcome {
    let Some(dict) = call.dict(0)? else {
        return Ok(Value::text(""));
    };
    let [scheme, host, path, query, opaque, fragment, userinfo] = [
        "scheme", "host", "path", "query", "opaque", "fragment", "userinfo",
    ]
    .map(|key| part(dict, key));
    let (scheme, host, path, opaque) = (scheme?, host?, path?, opaque?);
    let userinfo = normal_userinfo(&userinfo?)
        .map_err(|reason| Fault::failed(format!("unable to parse userinfo in dict: {reason}")))?;
    let mut out = Text::new();
    if !scheme.is_empty() {
        out.push_str(&scheme)?;
        out.push(':')?;
    }
    if opaque.is_empty() {
        out.push_str(&hierarchy(&scheme, &userinfo, &host, &path))?;
    } else {
        out.push_str(&opaque)?;
    }
    for (mark, part) in [('?', query?), ('#', encoded(&fragment?, "$&+,/:;=?@!()*"))] {
        if !part.is_empty() {
            out.push(mark)?;
            out.push_str(&part)?;
        }
    }
    Ok(finished(out))
}

/// `//user@host/path`
fn hierarchy(scheme: &str, userinfo: &str, host: &str, path: &str) -> String {
    let mut out = String::new();
    let has_authority = !host.is_empty() || !userinfo.is_empty();
    if has_authority || (!scheme.is_empty() && !path.is_empty()) {
        out.push_str("//");
    }
    if !userinfo.is_empty() {
        out.push_str(userinfo);
        out.push('@');
    }
    out.push_str(&encoded(host, "!$&'()*+,;=:[]<>\""));
    let path = encoded(path, "$&+,/:;=@");
    if !path.is_empty() && !path.starts_with('/') && !host.is_empty() {
        out.push('/');
    }
    if out.is_empty()
        && path
            .split('/')
            .next()
            .is_some_and(|segment| segment.contains(':'))
        && scheme.is_empty()
    {
        out.push_str("./");
    }
    out + &path
}

fn part(dict: &Dict, key: &str) -> Result<String, Fault> {
    match dict.borrow().get(key) {
        None => Ok(String::new()),
        Some(Value::Text(text)) => Ok(text.to_string()),
        Some(other) => {
            let kind = other.kind();
            Err(Fault::failed(format!(
                "unable to parse {key} key, must be of type string, but {kind} found"
            )))
        }
    }
}
