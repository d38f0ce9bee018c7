//! Where a request goes, by its target: as a `ServeMux` of Go with one pattern, `/hook/`, decides it.

use axum::http::{Method, Uri};
use hook_payload::HOOK_PREFIX;

/// Where a request goes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Route<'a> {
    /// To the Receiver of this path, a query included, if there is one.
    Hook(&'a str),
    /// To a tidier path.
    Redirect(String),
    /// Nowhere.
    NotFound,
    /// It asks about the server as a whole.
    Refused,
}

/// Says where a request goes.
pub(crate) fn route<'a>(method: &Method, uri: &'a Uri) -> Route<'a> {
    let path = uri.path();
    if method == Method::CONNECT {
        return Route::NotFound;
    }
    if path == "*" {
        return Route::Refused;
    }
    if !is_clean(path) {
        return redirect(uri, &cleaned(path));
    }
    if path == HOOK_PREFIX.trim_end_matches('/') {
        return redirect(uri, HOOK_PREFIX);
    }
    // A Receiver is looked up by the target as it was sent: one with a host in it is none of a Receiver.
    let target = uri.path_and_query().filter(|_| uri.authority().is_none());
    match target {
        _ if !path.starts_with(HOOK_PREFIX) => Route::NotFound,
        Some(target) => Route::Hook(target.as_str()),
        None => Route::Hook(""),
    }
}

fn redirect(uri: &Uri, path: &str) -> Route<'static> {
    let query = uri.query().map(|query| format!("?{query}"));
    Route::Redirect(format!("{path}{}", query.unwrap_or_default()))
}

/// Whether no part of the path is empty, `.` or `..`; the last one may be empty.
fn is_clean(path: &str) -> bool {
    let Some(relative) = path.strip_prefix('/') else {
        return false;
    };
    let (parents, last) = relative.rsplit_once('/').unwrap_or(("", relative));
    let dots = |part: &str| matches!(part, "." | "..");
    let parents_are_clean = relative.len() == last.len()
        || parents
            .split('/')
            .all(|part| !part.is_empty() && !dots(part));
    parents_are_clean && !dots(last)
}

/// The path with nothing in it that leads nowhere or back; it ends with a slash if it did.
fn cleaned(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let end = if path.ends_with('/') && !parts.is_empty() {
        "/"
    } else {
        ""
    };
    format!("/{}{end}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(target: &'static str, expected: &Route<'_>) {
        let uri = Uri::from_static(target);
        assert_eq!(route(&Method::POST, &uri), *expected, "{target}");
    }

    #[test]
    fn what_lies_below_the_prefix_is_a_hook_as_it_was_sent() {
        for target in [
            "/hook/",
            "/hook/abc",
            "/hook/abc/",
            "/hook/a%2Fb",
            "/hook/abc?x=1",
            "/hook/...",
        ] {
            check(target, &Route::Hook(target));
        }
    }

    #[test]
    fn a_target_with_a_host_is_no_receivers() {
        check("http://host/hook/abc", &Route::Hook(""));
    }

    #[test]
    fn what_lies_elsewhere_is_not_found() {
        for target in ["/", "/hooks/abc", "/healthz", "/Hook/abc"] {
            check(target, &Route::NotFound);
        }
        let uri = Uri::from_static("host:443");
        assert_eq!(route(&Method::CONNECT, &uri), Route::NotFound);
    }

    #[test]
    fn untidy_paths_are_redirected() {
        for (target, location) in [
            ("/hook", "/hook/"),
            ("/hook?a=b", "/hook/?a=b"),
            ("//hook/x", "/hook/x"),
            ("/hook//x", "/hook/x"),
            ("/hook//x?a=b", "/hook/x?a=b"),
            ("/hook/./x/", "/hook/x/"),
            ("/hook/..", "/"),
            ("/hook/../../x", "/x"),
            ("/hook/x/.", "/hook/x"),
            ("//", "/"),
        ] {
            check(target, &Route::Redirect(location.to_owned()));
        }
    }

    #[test]
    fn the_server_as_a_whole_is_not_asked_about() {
        let uri = Uri::from_static("*");
        assert_eq!(route(&Method::OPTIONS, &uri), Route::Refused);
    }
}
