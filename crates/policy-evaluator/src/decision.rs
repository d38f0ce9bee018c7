//! What a policy decided, and how that reads.

use std::fmt;

use api::image::v1::ImageRef;
use api::{Duration, Time};

/// What a policy chose, and what held it back from choosing otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The choice, without its digest.
    pub latest: ImageRef,
    /// Its tag is in the list no more: gone from the registry, or excluded.
    pub is_unlisted: bool,
    /// The choice is the one made before, and `downgradePolicy: Refuse` is why.
    pub refused: Option<Refused>,
    /// Another tag would have been chosen if it were old enough for `minimumAge`.
    pub waiting: Option<Waiting>,
    /// When the passing of time changes the decision; not always the time at which [`Self::waiting`] ends, because
    /// another tag may be chosen before.
    pub wake: Option<Time>,
}

/// A choice that `downgradePolicy: Refuse` did not allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The tag that the policy would have chosen.
    pub tag: String,
    /// Why it was not taken.
    pub because: Refusal,
}

/// Why a choice counts as a downgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is lower, and the tag chosen before is in the list no more: gone from the registry, or excluded. The list does
    /// not tell which.
    Unlisted,
    /// It is lower, and the policy does not accept the tag chosen before any more: its rules have changed.
    NotAccepted,
    /// The policy, whose rules have changed, cannot tell which of the two is lower.
    Incomparable,
}

impl Refusal {
    /// The stable name for output that programs read.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unlisted => "not-listed",
            Self::NotAccepted => "not-accepted",
            Self::Incomparable => "incomparable",
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tag = &self.tag;
        f.write_str("downgradePolicy Refuse keeps it: ")?;
        match self.because {
            Refusal::Unlisted => write!(
                f,
                "the tag is no longer listed and the policy now selects the lower {tag}"
            ),
            Refusal::NotAccepted => write!(
                f,
                "the policy no longer accepts the tag and now selects the lower {tag}"
            ),
            Refusal::Incomparable => write!(
                f,
                "the policy now selects {tag} and cannot tell which of them is lower"
            ),
        }
    }
}

/// A tag that is too young to be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// The tag.
    pub tag: String,
    /// The age that it has to reach.
    pub minimum_age: Duration,
    /// When it reaches it; never where that is beyond the end of time (9999).
    pub until: Option<Time>,
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (tag, age) = (&self.tag, self.minimum_age);
        match &self.until {
            Some(until) => write!(f, "{tag} waits for minimumAge {age} until {}", until.0),
            None => write!(f, "{tag} never reaches minimumAge {age}"),
        }
    }
}

impl Decision {
    /// The Ready message, where `latest` is the choice with its digest and `previous` the one before it: as Flux writes
    /// it, and behind it what held the policy back.
    pub fn message(&self, latest: &ImageRef, previous: Option<&ImageRef>) -> String {
        use fmt::Write as _;
        let mut message = ready_message(latest, previous);
        if let Some(refused) = &self.refused {
            _ = write!(message, "; {refused}");
        }
        if let Some(waiting) = &self.waiting {
            _ = write!(message, "; {waiting}");
        }
        message
    }
}

/// The Ready message of a policy that chose `latest` and had chosen `previous` before, as Flux writes it.
fn ready_message(latest: &ImageRef, previous: Option<&ImageRef>) -> String {
    let mut message = format!(
        "Latest image tag for {} resolved to {}",
        latest.name, latest.tag
    );
    if let Some(digest) = &latest.digest {
        message.push_str(" with digest ");
        message.push_str(digest);
    }
    if let Some(previous) = previous.filter(|previous| *previous != latest) {
        message.push_str(" (previously ");
        message.push_str(&previous.to_string());
        message.push(')');
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(tag: &str, digest: Option<&str>) -> ImageRef {
        ImageRef {
            name: "reg.io/app".to_owned(),
            tag: tag.to_owned(),
            digest: digest.map(str::to_owned),
        }
    }

    fn decision(latest: &ImageRef) -> Decision {
        Decision {
            latest: latest.clone(),
            is_unlisted: false,
            refused: None,
            waiting: None,
            wake: None,
        }
    }

    #[test]
    fn the_message_is_that_of_flux() {
        let check = |latest: &ImageRef, previous: Option<&ImageRef>, expected: &str| {
            assert_eq!(decision(latest).message(latest, previous), expected);
        };
        let latest = reference("1.1.0", Some("sha256:1"));
        check(
            &latest,
            Some(&reference("1.0.0", None)),
            "Latest image tag for reg.io/app resolved to 1.1.0 with digest sha256:1 (previously reg.io/app:1.0.0)",
        );
        check(
            &reference("1.1.0", None),
            None,
            "Latest image tag for reg.io/app resolved to 1.1.0",
        );
        check(
            &latest,
            Some(&latest),
            "Latest image tag for reg.io/app resolved to 1.1.0 with digest sha256:1",
        );
    }

    #[test]
    fn what_held_it_back_follows() {
        let latest = reference("1.1.0", None);
        let mut decision = decision(&latest);
        decision.refused = Some(Refused {
            tag: "1.0.0".to_owned(),
            because: Refusal::Unlisted,
        });
        let until = "2026-11-24T10:00:00Z".parse().unwrap();
        decision.waiting = Some(Waiting {
            tag: "1.2.0".to_owned(),
            minimum_age: Duration::from_secs(72 * 3600),
            until: Some(Time(until)),
        });
        assert_eq!(
            decision.message(&latest, Some(&reference("1.0.9", None))),
            "Latest image tag for reg.io/app resolved to 1.1.0 (previously reg.io/app:1.0.9); \
             downgradePolicy Refuse keeps it: the tag is no longer listed and the policy now selects the lower 1.0.0; \
             1.2.0 waits for minimumAge 72h0m0s until 2026-11-24T10:00:00Z"
        );
    }
}
