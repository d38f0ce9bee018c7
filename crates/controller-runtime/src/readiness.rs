//! What a process waits for before it is ready.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use parking_lot::Mutex;

/// What `/readyz` tells: what is awaited, and what is amiss without keeping the process from its work. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Readiness {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    checks: BTreeMap<String, Check>,
    notes: Vec<String>,
}

#[derive(Debug)]
enum Check {
    Met,
    Awaited(String),
}

/// One thing that is awaited: the process is ready once every one is met.
#[derive(Clone, Debug)]
#[must_use = "a thing that is never met keeps the process unready"]
pub struct Awaited {
    name: String,
    readiness: Readiness,
}

/// The text of `/readyz` and whether everything is met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) ready: bool,
    pub(crate) text: String,
}

impl Readiness {
    /// Makes the process unready until [`Awaited::met`]; `name` is what people read, such as `ImageRepository cache`.
    pub fn awaits(&self, name: impl Into<String>) -> Awaited {
        let awaited = Awaited {
            name: name.into(),
            readiness: self.clone(),
        };
        awaited.waits_for("");
        awaited
    }

    /// Says what is amiss without making the process unready; what was said before is replaced.
    pub(crate) fn notes(&self, notes: Vec<String>) {
        self.state.lock().notes = notes;
    }

    /// The answer of `/readyz`, one line per check.
    pub(crate) fn report(&self) -> Report {
        let state = self.state.lock();
        let mut report = Report {
            ready: true,
            text: String::new(),
        };
        for (name, check) in &state.checks {
            let line = match check {
                Check::Met => format!("[+]{name} ok"),
                Check::Awaited(detail) if detail.is_empty() => format!("[-]{name} awaited"),
                Check::Awaited(detail) => format!("[-]{name} awaited: {detail}"),
            };
            report.ready &= matches!(check, Check::Met);
            report.line(&line);
        }
        for note in &state.notes {
            report.line(&format!("[!]{note}"));
        }
        let verdict = if report.ready { "ready" } else { "not ready" };
        report.line(verdict);
        report
    }

    fn set(&self, name: &str, check: Check) {
        self.state.lock().checks.insert(name.to_owned(), check);
    }
}

impl Report {
    fn line(&mut self, line: &str) {
        writeln!(self.text, "{line}").expect("a String takes all text");
    }
}

impl Awaited {
    /// What was awaited is there.
    pub fn met(&self) {
        self.readiness.set(&self.name, Check::Met);
    }

    /// Says what it is that keeps it from being met; makes the process unready again.
    pub fn waits_for(&self, detail: impl Into<String>) {
        self.readiness
            .set(&self.name, Check::Awaited(detail.into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ready_once_everything_is_met() {
        let readiness = Readiness::default();
        assert_eq!(readiness.report().text, "ready\n");
        let crds = readiness.awaits("CustomResourceDefinitions");
        let cache = readiness.awaits("ImageRepository cache");
        crds.waits_for("ImageTagSlice is not served");
        let report = readiness.report();
        assert!(!report.ready);
        assert_eq!(
            report.text,
            "[-]CustomResourceDefinitions awaited: ImageTagSlice is not served\n\
             [-]ImageRepository cache awaited\n\
             not ready\n"
        );
        crds.met();
        assert!(!readiness.report().ready);
        cache.met();
        assert!(readiness.report().ready);
    }

    #[test]
    fn notes_do_not_make_it_unready() {
        let readiness = Readiness::default();
        readiness.notes(vec!["ImagePolicy lacks spec.minimumAge".to_owned()]);
        let report = readiness.report();
        assert!(report.ready);
        assert_eq!(report.text, "[!]ImagePolicy lacks spec.minimumAge\nready\n");
        readiness.notes(Vec::new());
        assert_eq!(readiness.report().text, "ready\n");
    }
}
