//! Errors as people read them.

use std::error::Error;

/// The text of an error and of what caused it, joined by `: `; a cause that its effect already tells is not repeated.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Told {
        text: &'static str,
        source: Option<Box<Self>>,
    }

    #[test]
    fn causes_follow_once() {
        let inner = Told {
            text: "connection refused",
            source: None,
        };
        let middle = Told {
            text: "connection refused",
            source: Some(Box::new(inner)),
        };
        let outer = Told {
            text: "cannot list tags",
            source: Some(Box::new(middle)),
        };
        assert_eq!(chain(&outer), "cannot list tags: connection refused");
    }
}
