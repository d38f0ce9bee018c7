use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum, builder::Styles};

/// The command line of `repin`.
#[derive(Debug, Parser)]
#[command(
    name = "repin",
    version,
    about = "Keeps the image tags in a Git repository fresh",
    long_about = "Keeps the image tags in a Git repository fresh.\n\n\
        Scans container registries, selects one tag per policy, rewrites exactly the marked bytes in the manifests, \
        commits and pushes. Reads the objects of Flux's image automation, of any version.",
    after_long_help = AFTER_HELP,
    styles = Styles::plain(),
    propagate_version = true
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Say less: no progress, no notes, only results, warnings and errors.
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

const AFTER_HELP: &str = "\
Examples:
  # What would change, as a diff; nothing is written
  repin plan -f clusters/my-cluster

  # Commit and push it
  repin run -f clusters/my-cluster --automation flux-system/flux-system

  # In a CI job: the objects come from the repository itself
  REPIN_GIT_TOKEN=… repin run --repo https://git.example.com/fleet.git --branch main --path clusters/my-cluster

  # Why this tag?
  repin explain -f clusters/my-cluster flux-system/podinfo

  # Are all markers right? Offline, on a working tree
  repin lint .

Exit codes:
  0  done
  1  error
  2  wrong usage
  3  with `plan --detailed-exitcode`: there are changes

Environment:
  DOCKER_CONFIG           folder of config.json, for registries without a Secret (default ~/.docker)
  REPIN_GIT_USERNAME      user name for Git over HTTP, with REPIN_GIT_PASSWORD
  REPIN_GIT_PASSWORD      password or access token for Git over HTTP
  REPIN_GIT_TOKEN         bearer token for Git over HTTP
  REPIN_SSH_KEY_FILE      private key for Git over SSH, with REPIN_KNOWN_HOSTS_FILE
  REPIN_KNOWN_HOSTS_FILE  host keys that are trusted
  REPIN_SSH_KEY_PASSPHRASE
                          passphrase of that key
  REPIN_SIGNING_KEY_FILE  OpenPGP or SSH private key that signs commits
  REPIN_SIGNING_KEY_PASSPHRASE
                          passphrase of that key
  NO_COLOR                when set, nothing is coloured";

/// What `repin` can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show what would be committed, and write nothing
    #[command(after_help = "Examples:\n  repin plan -f clusters/my-cluster\n  \
        repin plan -f objects.yaml -o json | jq '.plans[].plan.spec.files[].path'\n  \
        repin plan -f . --detailed-exitcode || test $? -eq 3")]
    Plan(PlanArgs),
    /// Commit and push what `plan` shows
    #[command(after_help = "Examples:\n  repin run -f clusters/my-cluster\n  \
        kubectl get imagerepositories,imagepolicies,imageupdateautomations,gitrepositories,secrets,serviceaccounts,namespaces -A -o yaml | repin run -f -\n  \
        repin run --repo ssh://git@git.example.com/fleet.git --branch main\n  \
        repin run -f clusters/my-cluster --state repin-state.json")]
    Run(RunArgs),
    /// Say how the tag of a policy was chosen
    #[command(
        after_help = "Examples:\n  repin explain -f clusters/my-cluster podinfo\n  \
        repin explain -f objects.yaml flux-system/podinfo -o json"
    )]
    Explain(ExplainArgs),
    /// Check the markers of a working tree, offline
    #[command(
        after_help = "Examples:\n  repin lint .\n  repin lint . -f clusters/my-cluster\n  \
        repin lint . -o sarif > repin.sarif"
    )]
    Lint(LintArgs),
    /// Rewrite objects of older versions to v1
    #[command(
        after_help = "Examples:\n  repin convert -f podinfo-policy.yaml\n  repin convert -f clusters/my-cluster --write"
    )]
    Convert(ConvertArgs),
    /// Print the completions of a shell
    #[command(after_help = "Examples:\n  repin completions bash > /etc/bash_completion.d/repin")]
    Completions {
        /// The shell to complete for.
        shell: clap_complete::Shell,
    },
}

/// Where the objects come from.
#[derive(Clone, Debug, Args)]
pub struct ObjectArgs {
    /// File or folder of objects, `-` for standard input; may be repeated
    #[arg(
        short = 'f',
        long = "filename",
        value_name = "FILE|DIR|-",
        required_unless_present = "repo"
    )]
    pub filenames: Vec<PathBuf>,
    /// Read the objects from this Git repository, and write to it
    #[arg(
        long,
        value_name = "URL",
        conflicts_with = "filenames",
        requires = "branch"
    )]
    pub repo: Option<String>,
    /// Branch of --repo that holds the objects
    #[arg(long, value_name = "BRANCH", requires = "repo")]
    pub branch: Option<String>,
    /// Folder of --repo that holds the objects
    #[arg(long, value_name = "PATH", requires = "repo", default_value = ".")]
    pub path: String,
    /// Namespace of objects and names that give none
    #[arg(
        short,
        long,
        value_name = "NAMESPACE",
        default_value = "flux-system",
        env = "FLUX_SYSTEM_NAMESPACE"
    )]
    pub namespace: String,
    /// Folder of the cache; may be deleted at any time [default: $XDG_CACHE_HOME/repin]
    #[arg(long, value_name = "DIR")]
    pub cache_dir: Option<PathBuf>,
    /// File that keeps when tags were first seen and what was chosen, for minimumAge and downgradePolicy; only `run` writes
    /// it, and makes it where it does not exist
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
}

/// Which automations are meant.
#[derive(Clone, Debug, Args)]
pub struct AutomationArgs {
    /// Where the objects come from.
    #[command(flatten)]
    pub objects: ObjectArgs,
    /// Only this automation; may be repeated
    #[arg(long = "automation", value_name = "[NAMESPACE/]NAME")]
    pub automations: Vec<String>,
}

/// Arguments of `repin plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// What to plan.
    #[command(flatten)]
    pub automations: AutomationArgs,
    /// Form of the output
    #[arg(short, long, value_enum, default_value_t = PlanOutput::Diff)]
    pub output: PlanOutput,
    /// Exit with 3 when there are changes
    #[arg(long)]
    pub detailed_exitcode: bool,
}

/// Arguments of `repin run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// What to run.
    #[command(flatten)]
    pub automations: AutomationArgs,
    /// Form of the output
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    pub output: Output,
}

/// Arguments of `repin explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// Where the objects come from.
    #[command(flatten)]
    pub objects: ObjectArgs,
    /// The policy
    #[arg(value_name = "[NAMESPACE/]POLICY")]
    pub policy: String,
    /// How many runners-up to show
    #[arg(long, value_name = "COUNT", default_value_t = 5)]
    pub runners_up: usize,
    /// Form of the output
    #[arg(short, long, value_enum, default_value_t = Output::Text)]
    pub output: Output,
}

/// Arguments of `repin lint`.
#[derive(Debug, Args)]
pub struct LintArgs {
    /// Folder or file to check
    #[arg(value_name = "DIR|FILE", required = true)]
    pub paths: Vec<PathBuf>,
    /// File or folder of objects, to compare the markers with the policies; may be repeated
    #[arg(short = 'f', long = "filename", value_name = "FILE|DIR|-")]
    pub filenames: Vec<PathBuf>,
    /// Namespace of objects that give none
    #[arg(
        short,
        long,
        value_name = "NAMESPACE",
        default_value = "flux-system",
        env = "FLUX_SYSTEM_NAMESPACE"
    )]
    pub namespace: String,
    /// Parse every YAML file, not only those that hold a marker
    #[arg(long)]
    pub all: bool,
    /// Form of the output
    #[arg(short, long, value_enum, default_value_t = LintOutput::Text)]
    pub output: LintOutput,
}

/// Arguments of `repin convert`.
#[derive(Debug, Args)]
pub struct ConvertArgs {
    /// File or folder of objects, `-` for standard input; may be repeated
    #[arg(
        short = 'f',
        long = "filename",
        value_name = "FILE|DIR|-",
        required = true
    )]
    pub filenames: Vec<PathBuf>,
    /// Rewrite the files instead of printing them
    #[arg(long)]
    pub write: bool,
}

/// Output forms of `plan`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PlanOutput {
    /// A unified diff of the files.
    Diff,
    /// A table of the edits and the commit message.
    Text,
    /// The plans as JSON.
    Json,
}

/// Output forms of most commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Output {
    /// For people.
    Text,
    /// For scripts.
    Json,
}

/// Output forms of `lint`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LintOutput {
    /// For people.
    Text,
    /// For scripts.
    Json,
    /// SARIF 2.1.0, for code scanning services.
    Sarif,
}
