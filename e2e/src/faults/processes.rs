//! The two controllers: killed, started again, joined by a second instance.

use std::path::{Path, PathBuf};

use test_support::api_proxy::ApiProxy;
use test_support::cluster::{ControllerOptions, ControllerProcess, TestNamespace};

use super::site::Site;
use crate::stage::{SETTER, WRITER};

/// Which process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Victim {
    /// manifest-setter.
    Setter,
    /// git-writer.
    Writer,
}

impl Victim {
    /// Name of the program.
    pub fn name(self) -> &'static str {
        match self {
            Self::Setter => SETTER,
            Self::Writer => WRITER,
        }
    }
}

/// Starts a controller and waits until it can be asked whether it is ready.
pub(super) async fn start(
    (namespace, proxy, folder): (&TestNamespace, &ApiProxy, &Path),
    name: &'static str,
    flags: &[&str],
) -> ControllerProcess {
    let own = [
        "--min-retry-delay=100ms".to_owned(),
        "--max-retry-delay=500ms".to_owned(),
        format!("--cache-dir={}", folder.join(name).display()),
    ];
    let options = ControllerOptions {
        args: own
            .into_iter()
            .chain(flags.iter().map(|&flag| flag.to_owned()))
            .collect(),
        api_server: Some(proxy.url()),
        ..ControllerOptions::default()
    };
    ControllerProcess::start(namespace.cluster(), namespace.name(), name, options).await
}

impl Site {
    /// Ends a process as a crash does.
    pub fn kill(&mut self, victim: Victim) {
        self.process(victim).kill9();
    }

    /// Starts it again; kills it before if it runs.
    pub fn restart(&mut self, victim: Victim) {
        self.process(victim).restart();
    }

    /// Starts another instance of a controller, with a cache of its own.
    pub async fn second(&self, victim: Victim, flags: &[&str]) -> ControllerProcess {
        let folder = self.folder.path().join("second");
        let place = (&self.namespace, &self.proxy, &*folder);
        start(place, victim.name(), flags).await
    }

    /// The process, to wait for or to read from.
    pub fn process(&mut self, victim: Victim) -> &mut ControllerProcess {
        match victim {
            Victim::Setter => &mut self.setter,
            Victim::Writer => &mut self.writer,
        }
    }

    /// What both controllers printed, in all their lives.
    pub fn logs(&self) -> String {
        [&self.setter, &self.writer]
            .map(ControllerProcess::output)
            .join("\n")
    }

    /// Where a controller keeps what it fetched.
    pub fn cache(&self, victim: Victim) -> PathBuf {
        self.folder.path().join(victim.name())
    }

    /// Deletes the cache of a controller under its hands.
    pub fn delete_cache(&self, victim: Victim) {
        // A file that is written meanwhile keeps its folder from going, and is as good as any other.
        drop(std::fs::remove_dir_all(self.cache(victim)));
    }
}
