use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use git_remote::{
    Cache, CacheLimits, CommitRequest, Credentials, Identity, Options, PushRequest, RefUpdate,
    Remote, Repository, Session,
};
use yaml_setter::{LatestImage, Setters, Splice};

use crate::generate::{NAMESPACE, policy_name};

const BRANCH: &str = "refs/heads/main";

/// A repository and where it is cached.
#[derive(Debug, clap::Args)]
pub(crate) struct Place {
    /// The URL of the repository
    url: String,
    /// The folder of the cache
    cache: PathBuf,
}

/// What to edit.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    place: Place,
    /// The file, which carries the marker of the first policy
    path: String,
    /// The image that its marked value shall name, without tag
    image: String,
    /// The tag
    tag: String,
}

/// Sets the marked value of one file, whose path is known, in a commit on top of the branch.
pub(super) fn run(args: &Args) -> Result<()> {
    let (remote, repository) = args.place.open()?;
    let mut session = remote.connect()?;
    let tip = session.find_ref(BRANCH)?.commit();
    session.fetch_commit(&repository, tip)?;
    let content = read(&mut session, &repository, tip, &args.path)?;
    let edited = set(&content, &args.image, &args.tag)?;
    let author = Identity {
        name: "Bench".to_owned(),
        email: "bench@example.com".to_owned(),
    };
    let commit = repository.commit(&CommitRequest {
        parent: tip,
        files: &[(args.path.clone(), edited)],
        author: author.clone(),
        committer: author,
        seconds: 1_800_000_000,
        message: "Update image",
        signer: None,
    })?;
    let update = RefUpdate {
        name: BRANCH.to_owned(),
        old: Some(tip),
        new: commit.id,
    };
    let report = remote.push(&PushRequest {
        updates: &[update],
        commit: &commit,
        options: &[],
        atomic: false,
    })?;
    ensure!(report.is_ok(), "the push was refused: {:?}", report.refs);
    repository.adopt(&commit)?;
    Ok(())
}

/// Asks where the branch is, and finds that the cache has that commit.
pub(super) fn unchanged(place: &Place) -> Result<()> {
    let (remote, repository) = place.open()?;
    let tip = remote.connect()?.find_ref(BRANCH)?.commit();
    ensure!(repository.has_commit(tip), "the cache lacks commit {tip}");
    Ok(())
}

impl Place {
    fn open(&self) -> Result<(Remote, Repository)> {
        let remote = Remote::new(&self.url, Credentials::Anonymous, Options::default())?;
        let repository = Cache::open(&self.cache, CacheLimits::default())?.repository(&remote)?;
        Ok((remote, repository))
    }
}

fn read(
    session: &mut Session,
    repository: &Repository,
    commit: git_remote::ObjectId,
    path: &str,
) -> Result<Vec<u8>> {
    let files = repository.files(commit, path)?;
    let blob = files.first().context("the path names no file")?.blob;
    session.fetch_blobs(repository, &[blob])?;
    repository
        .blob(blob)?
        .with_context(|| format!("blob {blob} was not fetched"))
}

fn set(content: &[u8], image: &str, tag: &str) -> Result<Vec<u8>> {
    let mut setters = Setters::new();
    let latest = LatestImage {
        name: image,
        tag,
        digest: None,
    };
    setters.policy(NAMESPACE, &policy_name(0), &latest);
    let found = yaml_setter::edit(content, &setters);
    ensure!(
        found.edits.len() == 1,
        "expected one edit, found {}",
        found.edits.len()
    );
    let splices: Vec<Splice<'_>> = found.edits.iter().map(|edit| edit.splice()).collect();
    Ok(yaml_setter::splice(content, &splices)?)
}
