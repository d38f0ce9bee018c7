//! What is behind an error of the HTTP client.

use std::error::Error;
use std::io;

use super::Call;
use crate::error::{Failure, Problem};
use crate::excerpt::excerpt;

/// The error in our own terms; the URL of reqwest's text, with its query, is left out.
pub(super) fn problem_of(call: &Call, error: reqwest::Error) -> Problem {
    let error = error.without_url();
    let chain = causes(&error);
    let innermost = chain.last().map_or_else(String::new, ToString::to_string);
    Problem::Unreachable {
        request: call.describe(),
        failure: classify(&error, &chain),
        detail: excerpt(&innermost, &call.secrets()),
    }
}

fn classify(error: &reqwest::Error, chain: &[&(dyn Error + 'static)]) -> Failure {
    if find::<rustls::Error>(chain).is_some() || is_alert(chain) {
        return Failure::Tls;
    }
    if error.is_dns() {
        return Failure::Resolve;
    }
    if error.is_timeout() {
        return Failure::Stalled;
    }
    let kind = find::<io::Error>(chain).map(io::Error::kind);
    match kind {
        // The peer hung up in the handshake, or later.
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof) => Failure::Interrupted,
        _ if error.is_connect() => Failure::Connect,
        _ => Failure::Interrupted,
    }
}

/// A server that misses a certificate says so when the connection is in use already, and HTTP/2 keeps of that the text
/// alone.
fn is_alert(chain: &[&(dyn Error + 'static)]) -> bool {
    let innermost = chain.last().map(ToString::to_string);
    innermost.is_some_and(|text| text.starts_with("received fatal alert"))
}

fn find<'a, T: Error + 'static>(chain: &[&'a (dyn Error + 'static)]) -> Option<&'a T> {
    chain.iter().rev().find_map(|error| error.downcast_ref())
}

/// The error and all its causes, also those that an `io::Error` wraps without calling them its source.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let mut chain = vec![error];
    let mut current = error;
    while let Some(next) = wrapped(current).or_else(|| current.source()) {
        chain.push(next);
        current = next;
    }
    chain
}

fn wrapped<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let inner = error.downcast_ref::<io::Error>()?.get_ref()?;
    Some(inner)
}
