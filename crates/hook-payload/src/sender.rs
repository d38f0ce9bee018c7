//! Who sends hooks, by the names that `spec.type` of a Receiver has.

/// The kind of system whose hooks a Receiver takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sender {
    /// Anybody who knows the path.
    Generic,
    /// Anybody who signs the body with the token.
    GenericHmac,
    /// Anybody with a token of an OpenID Connect provider.
    GenericOidc,
    /// GitHub, its Enterprise Server, and what signs alike (Gitea, Forgejo).
    GitHub,
    /// GitLab.
    GitLab,
    /// Bitbucket Server and Data Center.
    Bitbucket,
    /// Harbor.
    Harbor,
    /// Docker Hub.
    DockerHub,
    /// Quay.
    Quay,
    /// Google's registries, through a push subscription of Pub/Sub.
    Gcr,
    /// Nexus Repository 3.
    Nexus,
    /// Azure Container Registry.
    Acr,
    /// CDEvents over HTTP.
    CdEvents,
}

/// What a sender is authenticated with, that is, what the caller has to have at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: who knows the path of the hook may send.
    Nothing,
    /// The token of the Secret: [`crate::Keys::Token`].
    Token,
    /// Google's keys and who the token has to be of: [`crate::Keys::Google`].
    Google,
    /// The keys of the provider that the token names: [`crate::Keys::Oidc`].
    Oidc,
}

impl Sender {
    /// Every sender.
    pub const ALL: [Self; 13] = [
        Self::Generic,
        Self::GenericHmac,
        Self::GenericOidc,
        Self::GitHub,
        Self::GitLab,
        Self::Bitbucket,
        Self::Harbor,
        Self::DockerHub,
        Self::Quay,
        Self::Gcr,
        Self::Nexus,
        Self::Acr,
        Self::CdEvents,
    ];

    /// The sender of a `spec.type`; `None` if there is none of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sender| sender.name() == name)
    }

    /// The name that `spec.type` has for this sender.
    pub fn name(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::GenericHmac => "generic-hmac",
            Self::GenericOidc => "generic-oidc",
            Self::GitHub => "github",
            Self::GitLab => "gitlab",
            Self::Bitbucket => "bitbucket",
            Self::Harbor => "harbor",
            Self::DockerHub => "dockerhub",
            Self::Quay => "quay",
            Self::Gcr => "gcr",
            Self::Nexus => "nexus",
            Self::Acr => "acr",
            Self::CdEvents => "cdevents",
        }
    }

    /// What a hook of this sender is authenticated with.
    pub fn needs(self) -> Needs {
        match self {
            Self::Generic | Self::DockerHub | Self::Quay | Self::Acr | Self::CdEvents => {
                Needs::Nothing
            }
            Self::GenericHmac
            | Self::GitHub
            | Self::GitLab
            | Self::Bitbucket
            | Self::Harbor
            | Self::Nexus => Needs::Token,
            Self::Gcr => Needs::Google,
            Self::GenericOidc => Needs::Oidc,
        }
    }

    /// The header that `spec.events` is compared with; `None` where events are not looked at.
    pub fn event_header(self) -> Option<&'static str> {
        match self {
            Self::GitHub => Some("x-github-event"),
            Self::GitLab => Some("x-gitlab-event"),
            Self::Bitbucket => Some("x-event-key"),
            Self::CdEvents => Some("ce-type"),
            _ => None,
        }
    }
}

impl std::fmt::Display for Sender {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
