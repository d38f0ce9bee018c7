//! `match: Image`: whether the pushed image is the one of an ImageRepository.

use hook_payload::Pushed;
use image_ref::ImageName;

/// An image that was pushed, as images of ImageRepositories are compared with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PushedImage {
    /// Its canonical name.
    Whole(String),
    /// The sender does not say in which registry: any.
    Anywhere(String),
}

impl PushedImage {
    /// `None` where what was pushed has no name that an image can have: nothing can be compared then.
    pub(super) fn new(pushed: &Pushed) -> Option<Self> {
        match pushed.image() {
            Some(image) => {
                let name = ImageName::parse(&image).ok()?;
                Some(Self::Whole(name.canonical()))
            }
            None => Some(Self::Anywhere(pushed.repository.clone())),
        }
    }

    /// Whether it is the `spec.image` of an ImageRepository.
    pub(super) fn is(&self, image: &str) -> bool {
        let Ok(name) = ImageName::parse(image) else {
            return false;
        };
        match self {
            Self::Whole(canonical) => name.canonical() == *canonical,
            Self::Anywhere(repository) => name.repository() == repository,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pushed(registry: Option<&str>, repository: &str) -> Option<PushedImage> {
        PushedImage::new(&Pushed {
            registry: registry.map(str::to_owned),
            repository: repository.to_owned(),
            ..Pushed::default()
        })
    }

    #[test]
    fn images_are_compared_by_what_they_mean() {
        for (registry, repository, image, same) in [
            (Some("docker.io"), "library/alpine", "alpine", true),
            (
                Some("docker.io"),
                "library/alpine",
                "index.docker.io/library/alpine",
                true,
            ),
            (Some("docker.io"), "org/app", "org/app", true),
            (Some("docker.io"), "org/app", "ghcr.io/org/app", false),
            (Some("ghcr.io"), "org/app", "ghcr.io/org/app", true),
            (Some("ghcr.io"), "org/app", "ghcr.io/org/app2", false),
            (
                Some("reg.example:5000"),
                "org/app",
                "reg.example:5000/org/app",
                true,
            ),
            (
                Some("reg.example:5000"),
                "org/app",
                "reg.example/org/app",
                false,
            ),
            (None, "org/app", "nexus.example/org/app", true),
            (None, "org/app", "nexus.example/org/other", false),
            (None, "org/app", "no image:at all", false),
        ] {
            let pushed = pushed(registry, repository).unwrap();
            assert_eq!(pushed.is(image), same, "{pushed:?} {image}");
        }
    }

    #[test]
    fn what_is_no_image_is_compared_with_nothing() {
        assert_eq!(pushed(Some("ghcr.io"), "No Image"), None);
    }
}
