use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::wait::PATIENCE;

/// Between two looks at the branch: small beside what is measured, and no load.
const POLL: Duration = Duration::from_micros(500);

/// The branch `main` of a bare repository, seen as the file that `git receive-pack` writes.
#[derive(Clone, Debug)]
pub(crate) struct Branch {
    file: PathBuf,
}

impl Branch {
    pub(crate) fn of(repository: &Path) -> Self {
        Self {
            file: repository.join("refs/heads/main"),
        }
    }

    /// The commit that it points to.
    pub(crate) fn tip(&self) -> Result<String> {
        let text = fs::read_to_string(&self.file)
            .with_context(|| format!("read {}", self.file.display()))?;
        Ok(text.trim_end().to_owned())
    }

    /// When the branch was seen at another commit than `before`.
    pub(crate) async fn until_moved(&self, before: &str) -> Result<Instant> {
        let (branch, before) = (self.clone(), before.to_owned());
        let looking = tokio::task::spawn_blocking(move || branch.look(&before));
        looking.await.context("look at the branch")?
    }

    fn look(&self, before: &str) -> Result<Instant> {
        let started = Instant::now();
        while self.tip()? == before {
            ensure!(
                started.elapsed() < PATIENCE,
                "no commit came within {PATIENCE:?}"
            );
            thread::sleep(POLL);
        }
        Ok(Instant::now())
    }
}
