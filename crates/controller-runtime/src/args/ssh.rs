//! Flux's flags for SSH.

/// What SSH connections may be made with; for controllers that speak to Git servers, flattened beside [`Args`](super::Args).
#[derive(Clone, Debug, Default, clap::Args)]
pub struct SshArgs {
    /// Key exchange algorithms for SSH, best first, separated by commas; the usual ones when empty.
    #[arg(long = "ssh-kex-algos", value_name = "NAME,…", value_delimiter = ',')]
    pub kex_algos: Vec<String>,
    /// Host key algorithms for SSH, separated by commas; those that known_hosts has keys of when empty.
    #[arg(
        long = "ssh-hostkey-algos",
        value_name = "NAME,…",
        value_delimiter = ','
    )]
    pub hostkey_algos: Vec<String>,
}
