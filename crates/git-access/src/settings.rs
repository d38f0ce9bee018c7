//! What a process decides about Git access.

use git_remote::SshAlgorithms;

/// How repositories are reached, with Flux's flags behind it.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// How identities of clouds are used: the feature gate, the default ServiceAccount, the cache of tokens.
    pub identities: cloud_identity::Settings,
    /// `--ssh-kex-algos` and `--ssh-hostkey-algos`.
    pub ssh: SshAlgorithms,
}
