//! Pure: whether the history of a branch is that of so many updates, each made once.

use std::collections::BTreeSet;

use super::history::{Change, Commit};
use super::objects::{BOT, line, path};
use super::site::Past;

/// What a site came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Commits of the automations.
    pub commits: usize,
    /// Values that they set.
    pub updates: usize,
    /// What must not be, in words; none.
    pub violations: Vec<String>,
}

impl Report {
    /// Fails unless nothing is wrong; the report once more.
    #[expect(
        clippy::return_self_not_must_use,
        reason = "most callers only want the check"
    )]
    pub fn is_right(self) -> Self {
        assert!(self.violations.is_empty(), "{}", self.violations.join("\n"));
        self
    }
}

/// What is read off a history.
#[derive(Clone, Debug, Default)]
pub(super) struct Books {
    pub(super) report: Report,
    /// The commits of each automation, the oldest first.
    pub(super) commits: Vec<Vec<String>>,
}

/// Goes through the history of `main`, from its first commit on, the oldest first.
pub(super) fn judge(namespace: &str, past: &Past, history: &[Commit]) -> Books {
    let mut clerk = Clerk {
        namespace,
        past,
        last: vec![0; past.tags.len()],
        touched: BTreeSet::new(),
        books: Books {
            commits: vec![Vec::new(); past.tags.len()],
            ..Books::default()
        },
    };
    let foreign: BTreeSet<&String> = past.foreign.iter().collect();
    let mut seen = BTreeSet::new();
    for commit in history {
        if commit.author == BOT {
            clerk.own(commit);
        } else {
            clerk.foreign(commit, foreign.contains(&commit.id));
            seen.insert(&commit.id);
        }
    }
    for lost in foreign.difference(&seen) {
        clerk.violation(lost, "somebody else's commit is lost");
    }
    clerk.books
}

struct Clerk<'a> {
    namespace: &'a str,
    past: &'a Past,
    /// The tag that each automation has set last, by its place among those chosen.
    last: Vec<usize>,
    /// The automations whose file somebody else has changed since.
    touched: BTreeSet<usize>,
    books: Books,
}

impl Clerk<'_> {
    fn own(&mut self, commit: &Commit) {
        let id = &commit.id;
        self.books.report.commits += 1;
        if commit.parents != 1 {
            self.violation(id, "a commit of an automation has one parent");
        }
        if commit.changes.is_empty() {
            self.violation(id, "an empty commit");
        }
        let mut automations = BTreeSet::new();
        for change in &commit.changes {
            match self.number(&change.path) {
                Some(number) => {
                    automations.insert(number);
                    self.update(id, number, change);
                }
                None => self.violation(id, &format!("'{}' is nobody's to set", change.path)),
            }
        }
        if automations.len() > 1 {
            self.violation(id, "a commit of two automations");
        }
        for number in automations {
            self.books.commits[number].push(id.clone());
        }
    }

    fn update(&mut self, id: &str, number: usize, change: &Change) {
        self.books.report.updates += 1;
        let tags = &self.past.tags[number];
        let rank = |lines: &[String]| match lines {
            [only] => {
                (0..tags.len()).rfind(|rank| *only == line(self.namespace, number, &tags[*rank]))
            }
            _ => None,
        };
        let (Some(old), Some(new)) = (rank(&change.removed), rank(&change.added)) else {
            return self.violation(id, &format!("not one set line: {change:?}"));
        };
        let last = self.last[number];
        let is_repeated = new < last || (new == last && !self.touched.remove(&number));
        if is_repeated {
            let (old, new, last) = (&tags[old], &tags[new], &tags[last]);
            let what = format!("app-{number} from {old} to {new}, after it was set to {last}");
            self.violation(id, &what);
        }
        self.touched.remove(&number);
        self.last[number] = new;
    }

    fn foreign(&mut self, commit: &Commit, is_known: bool) {
        if !is_known {
            self.violation(&commit.id, &format!("nobody made this commit: {commit:?}"));
        }
        let numbers = commit
            .changes
            .iter()
            .filter_map(|change| self.number(&change.path));
        let numbers: Vec<usize> = numbers.collect();
        self.touched.extend(numbers);
    }

    fn number(&self, of: &str) -> Option<usize> {
        (0..self.past.tags.len()).find(|number| path(*number) == of)
    }

    fn violation(&mut self, commit: &str, what: &str) {
        let violations = &mut self.books.report.violations;
        violations.push(format!("{commit}: {what}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OTHER: &str = "other@example.com";

    fn past() -> Past {
        let tags = ["1.0.0", "1.0.1", "1.0.2"].map(str::to_owned).to_vec();
        Past {
            tags: vec![tags.clone(), tags],
            foreign: vec!["theirs".to_owned()],
            ..Past::default()
        }
    }

    fn commit(id: &str, author: &str, changes: &[(usize, &str, &str)]) -> Commit {
        let set = |number, tag| vec![line("ns", number, tag)];
        let changes = changes.iter().map(|&(number, old, new)| Change {
            path: path(number),
            removed: set(number, old),
            added: set(number, new),
        });
        Commit {
            id: id.to_owned(),
            parents: 1,
            author: author.to_owned(),
            changes: changes.collect(),
        }
    }

    fn theirs() -> Commit {
        Commit {
            changes: vec![Change {
                path: "README.md".to_owned(),
                ..Change::default()
            }],
            ..commit("theirs", OTHER, &[])
        }
    }

    #[test]
    fn updates_made_once_are_right() {
        let history = [
            commit("a", BOT, &[(0, "1.0.0", "1.0.1")]),
            theirs(),
            commit("b", BOT, &[(1, "1.0.0", "1.0.2")]),
            commit("c", BOT, &[(0, "1.0.1", "1.0.2")]),
        ];
        let books = judge("ns", &past(), &history);
        assert_eq!(books.report.violations, [""; 0]);
        assert_eq!((books.report.commits, books.report.updates), (3, 3));
        assert_eq!(books.commits, [vec!["a", "c"], vec!["b"]]);
    }

    #[test]
    fn what_others_set_back_is_set_again() {
        let mut past = past();
        past.foreign.push("back".to_owned());
        let history = [
            theirs(),
            commit("a", BOT, &[(0, "1.0.0", "1.0.1")]),
            commit("back", OTHER, &[(0, "1.0.1", "1.0.0")]),
            commit("b", BOT, &[(0, "1.0.0", "1.0.1")]),
        ];
        assert_eq!(judge("ns", &past, &history).report.violations, [""; 0]);
    }

    #[test]
    fn what_must_not_be_is_told() {
        let update = || commit("a", BOT, &[(0, "1.0.0", "1.0.1")]);
        let unknown = commit("x", OTHER, &[]);
        let merge = Commit {
            parents: 2,
            ..update()
        };
        let mut two_lines = update();
        two_lines.changes[0].removed.push("more".to_owned());
        let both = &[(0, "1.0.0", "1.0.1"), (1, "1.0.0", "1.0.1")];
        let cases: Vec<(&str, Vec<Commit>)> = vec![
            ("lost", vec![update()]),
            ("empty", vec![theirs(), commit("a", BOT, &[])]),
            ("nobody made", vec![theirs(), unknown]),
            ("one parent", vec![theirs(), merge]),
            ("two automations", vec![theirs(), commit("a", BOT, both)]),
            ("not one set line", vec![theirs(), two_lines]),
            (
                "to 1.0.1, after it was set to 1.0.2",
                vec![
                    theirs(),
                    commit("a", BOT, &[(0, "1.0.0", "1.0.2")]),
                    commit("b", BOT, &[(0, "1.0.2", "1.0.1")]),
                ],
            ),
            (
                "after it was set to 1.0.1",
                vec![theirs(), update(), update()],
            ),
            (
                "nobody's to set",
                vec![Commit {
                    author: BOT.to_owned(),
                    ..theirs()
                }],
            ),
        ];
        for (expected, history) in cases {
            let violations = judge("ns", &past(), &history).report.violations;
            let told = violations.iter().any(|told| told.contains(expected));
            assert!(told, "{expected}: {violations:?}");
        }
    }
}
