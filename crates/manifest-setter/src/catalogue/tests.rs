use api::image::v1::{AccessFrom, ImageRef};
use api::repin::v1alpha1::{AutomationReference, ImageUpdatePlanSpec, Phase};

use super::*;

fn automation(namespace: &str, name: &str) -> AutomationRef {
    ObjectRef::new(name).within(namespace)
}

fn policy(namespace: &str, tag: Option<&str>, shared: bool) -> ImagePolicy {
    let mut policy = ImagePolicy::default();
    policy.metadata.name = Some("app".to_owned());
    policy.metadata.namespace = Some(namespace.to_owned());
    policy.spec.access_from = shared.then(AccessFrom::default);
    policy.status = tag.map(|tag| ImagePolicyStatus {
        latest_ref: Some(ImageRef {
            name: "app".to_owned(),
            tag: tag.to_owned(),
            digest: None,
        }),
        ..ImagePolicyStatus::default()
    });
    policy
}

fn source(generation: i64) -> GitRepository {
    let mut source = GitRepository::default();
    source.metadata.name = Some("fleet".to_owned());
    source.metadata.namespace = Some("a".to_owned());
    source.metadata.generation = Some(generation);
    source
}

fn plan(name: &str, uid: &str, phase: Option<Phase>) -> ImageUpdatePlan {
    let spec = ImageUpdatePlanSpec {
        automation_ref: AutomationReference {
            name: "one".to_owned(),
            uid: uid.to_owned(),
        },
        ..ImageUpdatePlanSpec::default()
    };
    let mut plan = ImageUpdatePlan::new(name, spec);
    plan.metadata.namespace = Some("a".to_owned());
    let conditions = phase.map(|phase| {
        serde_json::json!({ "conditions": [{
            "type": "Ready", "status": phase.status(), "reason": phase.reason(), "message": "",
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        }]})
    });
    plan.status = conditions.map(|status| serde_json::from_value(status).unwrap());
    plan
}

/// Two automations of the namespace `a`, the first with a source, and one of `b`.
fn met() -> Catalogue {
    let catalogue = Catalogue::default();
    let source = ObjectRef::new("fleet").within("a");
    catalogue.meet(&automation("a", "one"), Some(source));
    catalogue.meet(&automation("a", "two"), None);
    catalogue.meet(&automation("b", "three"), None);
    catalogue
}

fn names(automations: Vec<AutomationRef>) -> String {
    let mut names: Vec<String> = automations.into_iter().map(|one| one.name).collect();
    names.sort();
    names.join(" ")
}

#[test]
fn a_new_tag_concerns_the_automations_of_its_namespace() {
    let catalogue = met();
    let told = |policy: ImagePolicy| names(catalogue.policy_event(&Event::Apply(policy)));
    assert_eq!(told(policy("a", None, false)), "");
    assert_eq!(told(policy("a", Some("1"), false)), "one two");
    assert_eq!(told(policy("a", Some("1"), false)), "");
    assert_eq!(told(policy("a", Some("2"), false)), "one two");
    assert_eq!(told(policy("b", Some("1"), false)), "three");
    assert_eq!(told(policy("b", Some("1"), true)), "one three two");
    assert_eq!(told(policy("b", Some("1"), false)), "one three two");
    let gone = catalogue.policy_event(&Event::Delete(policy("a", Some("2"), false)));
    assert_eq!(names(gone), "");
    let policies = catalogue.policies("a");
    assert_eq!((policies.own.len(), policies.others.len()), (0, 1));
}

#[test]
fn a_source_concerns_those_that_name_it_when_its_spec_changes() {
    let catalogue = met();
    let told = |event| names(catalogue.source_event(&event));
    assert_eq!(told(Event::Apply(source(1))), "one");
    assert_eq!(told(Event::Apply(source(1))), "");
    assert_eq!(told(Event::Apply(source(2))), "one");
    assert_eq!(told(Event::Init), "");
    assert_eq!(told(Event::InitApply(source(2))), "");
    assert_eq!(told(Event::InitDone), "");
    assert_eq!(told(Event::Init), "");
    assert_eq!(told(Event::InitDone), "one");
    assert!(
        catalogue
            .source(&ObjectRef::new("fleet").within("a"))
            .is_none()
    );
}

#[test]
fn a_plan_concerns_its_automation_when_it_comes_further() {
    let catalogue = met();
    let told = |event| names(catalogue.plan_event(&event));
    assert_eq!(told(Event::Apply(plan("p", "u", None))), "one");
    assert_eq!(told(Event::Apply(plan("p", "u", None))), "");
    assert_eq!(told(Event::Apply(plan("p", "u", Some(Phase::Pending)))), "");
    // Only that a push was refused is news: the plan can be taken back again.
    let mut prepared = plan("p", "u", Some(Phase::Pending));
    let commit =
        serde_json::json!({ "commit": "c", "parent": "b", "time": "2026-01-01T00:00:00Z" });
    prepared.status.get_or_insert_default().prepared = serde_json::from_value(commit).unwrap();
    assert_eq!(told(Event::Apply(prepared)), "");
    assert_eq!(
        told(Event::Apply(plan("p", "u", Some(Phase::Pending)))),
        "one"
    );
    assert_eq!(
        told(Event::Apply(plan("p", "u", Some(Phase::Pushed)))),
        "one"
    );
    assert_eq!(told(Event::Delete(plan("p", "u", Some(Phase::Pushed)))), "");
    assert_eq!(catalogue.plans("u").iter().count(), 0);
    // One that this process makes is news for nobody, and one that somebody takes away is.
    catalogue.made(&plan("q", "u", None));
    assert_eq!(told(Event::Apply(plan("q", "u", None))), "");
    assert_eq!(told(Event::Delete(plan("q", "u", None))), "one");
}

#[test]
fn plans_are_those_of_one_automation() {
    let catalogue = met();
    catalogue.plan_event(&Event::Apply(plan("p", "u", None)));
    catalogue.plan_event(&Event::Apply(plan("q", "v", None)));
    let of = |uid: &str| {
        let plans = catalogue.plans(uid);
        plans
            .iter()
            .map(|plan| plan.name.clone())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(
        (of("u"), of("v"), of("w")),
        ("p".to_owned(), "q".to_owned(), String::new())
    );
    assert!(catalogue.is_of_another(("a", "q"), "u"));
    assert!(!catalogue.is_of_another(("a", "p"), "u"));
    assert!(!catalogue.is_of_another(("a", "r"), "u"));
}

#[test]
fn a_secret_concerns_those_that_are_reached_with_it() {
    let catalogue = met();
    let one = automation("a", "one");
    catalogue.uses(&one, vec![("a".to_owned(), "git".to_owned())]);
    assert_eq!(names(catalogue.users_of_secret("a", "git")), "one");
    assert_eq!(names(catalogue.users_of_secret("b", "git")), "");
    catalogue.forget(&one);
    assert_eq!(names(catalogue.users_of_secret("a", "git")), "");
}

#[test]
fn a_trace_is_continued_once() {
    let catalogue = met();
    let one = automation("a", "one");
    let mut traced = policy("a", Some("1"), false);
    let annotations = [(TRACEPARENT.to_owned(), "trace".to_owned())];
    traced.metadata.annotations = Some(annotations.into());
    catalogue.policy_event(&Event::Apply(traced));
    assert_eq!(catalogue.trace(&one).as_deref(), Some("trace"));
    assert_eq!(catalogue.trace(&one), None);
}
