//! Push refspecs (gitrevisions: `[+]<source>:<destination>`), as far as one pushed branch can satisfy them.

/// Why a refspec cannot be pushed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefspecError {
    /// The text is not a refspec.
    #[error(
        "refspec '{refspec}' is invalid: expected [+]<source>:<destination> with full reference names, {found}"
    )]
    Parse {
        /// As written.
        refspec: String,
        /// What is wrong with it.
        found: &'static str,
    },
    /// The source names something else than the branch that was committed to.
    #[error(
        "refspec '{refspec}' pushes from '{from}', but the commit is on '{branch}': use '{branch}' or 'HEAD' as its source"
    )]
    OtherSource {
        /// As written.
        refspec: String,
        /// Its source.
        from: String,
        /// The full name of the branch.
        branch: String,
    },
}

/// One push refspec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refspec {
    written: String,
    /// Whether it starts with `+`: the destination may be replaced by a commit that does not descend from it.
    pub force: bool,
    source: String,
    destination: String,
}

impl Refspec {
    /// Parses `[+]<source>[:<destination>]`. Both sides may hold one `*`, and then both must.
    pub fn parse(text: &str) -> Result<Self, RefspecError> {
        let error = |found| RefspecError::Parse {
            refspec: text.to_owned(),
            found,
        };
        let (force, rest) = text
            .strip_prefix('+')
            .map_or((false, text), |rest| (true, rest));
        let (source, destination) = rest.split_once(':').unwrap_or((rest, rest));
        if source.is_empty() {
            return Err(error(
                "the source is empty, which would delete the destination",
            ));
        }
        if destination.is_empty() {
            return Err(error("the destination is empty"));
        }
        if source != "HEAD" && !source.starts_with("refs/") || !destination.starts_with("refs/") {
            return Err(error("a name does not start with refs/"));
        }
        let stars = |side: &str| side.matches('*').count();
        if stars(source) != stars(destination) || stars(source) > 1 {
            return Err(error("the wildcards of both sides do not agree"));
        }
        if destination
            .bytes()
            .any(|byte| byte <= b' ' || b"~^:?[\\\x7f".contains(&byte))
            || destination.contains("..")
        {
            return Err(error(
                "the destination holds a character that reference names may not",
            ));
        }
        Ok(Self {
            written: text.to_owned(),
            force,
            source: source.to_owned(),
            destination: destination.to_owned(),
        })
    }

    /// The reference that a commit on `branch` (a full name, `refs/heads/…`) is pushed to.
    pub fn destination(&self, branch: &str) -> Result<String, RefspecError> {
        if self.source == "HEAD" || self.source == branch {
            return Ok(self.destination.clone());
        }
        self.matched(branch)
            .ok_or_else(|| RefspecError::OtherSource {
                refspec: self.written.clone(),
                from: self.source.clone(),
                branch: branch.to_owned(),
            })
    }

    fn matched(&self, branch: &str) -> Option<String> {
        let (before, after) = self.source.split_once('*')?;
        let middle = branch.strip_prefix(before)?.strip_suffix(after)?;
        Some(self.destination.replacen('*', middle, 1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination(refspec: &str) -> Result<String, String> {
        Refspec::parse(refspec)
            .and_then(|refspec| refspec.destination("refs/heads/auto"))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn destinations_of_the_pushed_branch() {
        for (refspec, expected) in [
            ("refs/heads/auto:refs/for/main", "refs/for/main"),
            ("+refs/heads/auto:refs/heads/x", "refs/heads/x"),
            ("HEAD:refs/heads/x", "refs/heads/x"),
            ("refs/heads/auto", "refs/heads/auto"),
            ("refs/heads/*:refs/mirror/*", "refs/mirror/auto"),
        ] {
            assert_eq!(destination(refspec).as_deref(), Ok(expected), "{refspec}");
        }
    }

    #[test]
    fn what_cannot_be_pushed_says_why() {
        for (refspec, part) in [
            (
                "refs/heads/main:refs/for/main",
                "use 'refs/heads/auto' or 'HEAD'",
            ),
            (":refs/heads/x", "would delete"),
            ("refs/heads/auto:", "destination is empty"),
            ("auto:main", "does not start with refs/"),
            ("refs/heads/*:refs/x", "wildcards"),
            ("HEAD:refs/heads/a b", "character"),
            ("", "source is empty"),
        ] {
            let error = destination(refspec).unwrap_err();
            assert!(error.contains(part), "{refspec}: {error}");
        }
    }

    #[test]
    fn a_plus_forces() {
        assert!(Refspec::parse("+HEAD:refs/heads/x").unwrap().force);
        assert!(!Refspec::parse("HEAD:refs/heads/x").unwrap().force);
    }
}
