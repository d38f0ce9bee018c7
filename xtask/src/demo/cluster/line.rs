//! How a piece of news reads.

use std::time::Duration;

use api::Condition;
use api::conditions::READY;
use api::repin::v1alpha1::ImageUpdatePlan;
use k8s_openapi::api::events::v1::Event;

use super::news::News;

/// The width of the time and of the kind.
const TIME: usize = 8;
const KIND: usize = 21;

/// What a line is about, and what it says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) kind: String,
    /// The name of the object; news about one replace each other.
    pub(crate) name: String,
    pub(crate) text: String,
}

impl Line {
    /// What news say; nothing where nobody has judged the object yet.
    pub(crate) fn of(news: &News) -> Option<Self> {
        let (kind, name, text) = match news {
            News::Repository(object) => {
                let status = object.status.as_ref()?;
                (
                    "ImageRepository",
                    &object.metadata.name,
                    ready(&status.conditions)?,
                )
            }
            News::Policy(object) => {
                let status = object.status.as_ref()?;
                (
                    "ImagePolicy",
                    &object.metadata.name,
                    ready(&status.conditions)?,
                )
            }
            News::Automation(object) => {
                let status = object.status.as_ref()?;
                let mut text = ready(&status.conditions)?;
                if let Some(commit) = &status.last_push_commit {
                    text = format!("{text}; last push: {}", short(commit));
                }
                ("ImageUpdateAutomation", &object.metadata.name, text)
            }
            News::Receiver(object) => {
                let status = object.status.as_ref()?;
                (
                    "Receiver",
                    &object.metadata.name,
                    ready(&status.conditions)?,
                )
            }
            News::Plan(object) => ("ImageUpdatePlan", &object.metadata.name, plan(object)),
            News::Event(event) => return told(event),
            News::Head(commit) => {
                let text = format!("is at {}", short(commit));
                ("Git", &Some("main".to_owned()), text)
            }
        };
        Some(Self {
            kind: kind.to_owned(),
            name: name.clone().unwrap_or_default(),
            text,
        })
    }

    /// The line with the time since the push in front; what does not fit on it stands below the text.
    pub(crate) fn at(&self, time: Duration) -> String {
        let named = match self.name.as_str() {
            "" => self.text.clone(),
            name => format!("{name}: {}", self.text),
        };
        let margin = format!("\n{:1$}", "", TIME + 2 + KIND + 2);
        let text = named.trim_end().replace('\n', &margin);
        let seconds = format!("{:.3} s", time.as_secs_f64());
        format!("{seconds:>TIME$}  {:<KIND$}  {text}", self.kind)
    }
}

/// `True` or `False`, with what the condition says.
fn ready(conditions: &[Condition]) -> Option<String> {
    let ready = conditions
        .iter()
        .find(|condition| condition.type_ == READY)?;
    Some(match ready.status.as_str() {
        "True" => ready.message.clone(),
        _ => format!("{}: {}", ready.reason, ready.message),
    })
}

fn plan(plan: &ImageUpdatePlan) -> String {
    let (phase, spec) = (plan.phase(), &plan.spec);
    let conditions = plan.status.as_ref().map(|status| &status.conditions);
    let said = conditions
        .into_iter()
        .flatten()
        .find(|one| one.type_ == READY);
    match said.filter(|said| !said.message.is_empty()) {
        Some(said) => format!("{phase}: {}", said.message),
        None => format!(
            "{phase}: {} edits in {} files on {}\n{}",
            spec.edit_count,
            spec.file_count,
            spec.push.branch,
            spec.diff.join("\n")
        ),
    }
}

fn told(event: &Event) -> Option<Line> {
    let about = event.regarding.as_ref()?;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    // Each is its own: two Events about one object both stand.
    Some(Line {
        kind: "Event".to_owned(),
        name: format!("{}/{}", text(&about.kind), text(&about.name)),
        text: format!(
            "{} {}: {}",
            text(&event.type_),
            text(&event.reason),
            text(&event.note)
        ),
    })
}

fn short(commit: &str) -> &str {
    commit.get(..7).unwrap_or(commit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, text: &str) -> Line {
        Line {
            kind: "ImagePolicy".to_owned(),
            name: name.to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn columns_are_aligned_whatever_the_time() {
        let line = line("app", "one\n  two\n");
        assert_eq!(
            line.at(Duration::from_millis(7)),
            " 0.007 s  ImagePolicy            app: one\n                                   two"
        );
        let later = line.at(Duration::from_secs(12));
        assert!(
            later.starts_with("12.000 s  ImagePolicy            app: one"),
            "{later}"
        );
    }

    #[test]
    fn an_object_without_a_name_is_told_by_its_kind() {
        let text = line("", "is pushed").at(Duration::ZERO);
        assert_eq!(text, " 0.000 s  ImagePolicy            is pushed");
    }

    #[test]
    fn a_head_is_short_and_an_object_that_nobody_judged_is_silent() {
        let head = News::Head("0123456789abcdef".to_owned());
        assert_eq!(Line::of(&head).unwrap().text, "is at 0123456");
        let policy = api::image::v1::ImagePolicy::default();
        assert_eq!(Line::of(&News::Policy(policy)), None);
    }

    #[test]
    fn a_plan_shows_its_diff_until_something_is_said_of_it() {
        let mut plan = ImageUpdatePlan::default();
        plan.spec.push.branch = "main".to_owned();
        plan.spec.diff = vec!["-a".to_owned(), "+b".to_owned()];
        assert_eq!(
            super::plan(&plan),
            "Pending: 0 edits in 0 files on main\n-a\n+b"
        );
    }
}
