use api::Condition;
use api::repin::v1alpha1::{
    AutomationReference, ImageUpdatePlanSpec, ImageUpdatePlanStatus, PlanSource,
};
use k8s_openapi::jiff::Timestamp;

use super::*;

fn plan(name: &str, uid: &str, sequence: i64) -> ImageUpdatePlan {
    let mut plan = ImageUpdatePlan::new(name, ImageUpdatePlanSpec::default());
    plan.metadata.namespace = Some("ns".to_owned());
    plan.spec.sequence = sequence;
    plan.spec.automation_ref = AutomationReference {
        name: format!("automation-{uid}"),
        uid: uid.to_owned(),
    };
    plan.spec.source_ref = PlanSource {
        name: "fleet".to_owned(),
        namespace: "flux-system".to_owned(),
        ..PlanSource::default()
    };
    plan
}

fn ended(plan: ImageUpdatePlan) -> ImageUpdatePlan {
    in_phase(plan, Phase::Pushed)
}

fn in_phase(mut plan: ImageUpdatePlan, phase: Phase) -> ImageUpdatePlan {
    let ready = Condition {
        type_: "Ready".to_owned(),
        status: phase.status().to_owned(),
        reason: phase.reason().to_owned(),
        message: String::new(),
        observed_generation: None,
        last_transition_time: api::Time(Timestamp::UNIX_EPOCH),
    };
    plan.status = Some(ImageUpdatePlanStatus {
        conditions: vec![ready],
        ..ImageUpdatePlanStatus::default()
    });
    plan
}

fn named(names: &[&str]) -> Vec<PlanRef> {
    names
        .iter()
        .map(|name| ObjectRef::new(name).within("ns"))
        .collect()
}

fn name(namespace: &str, name: &str) -> Name {
    (namespace.to_owned(), name.to_owned())
}

#[test]
fn a_newer_plan_of_the_same_automation_takes_the_place() {
    let catalogue = Catalogue::default();
    let (one, two) = (plan("one", "a", 1), plan("two", "a", 2));
    assert!(catalogue.shown(&one).is_empty());
    assert!(catalogue.shown(&plan("foreign", "b", 5)).is_empty());
    assert_eq!(catalogue.newer(&one), None);
    assert_eq!(catalogue.shown(&two), named(&["one"]));
    assert!(catalogue.shown(&two).is_empty(), "it is told once");
    assert_eq!(catalogue.newer(&one).as_deref(), Some("two"));
    assert_eq!(catalogue.newer(&two), None);
    catalogue.shown(&ended(plan("one", "a", 1)));
    assert_eq!(catalogue.shown(&plan("three", "a", 3)), named(&["two"]));
    catalogue.shown(&ended(plan("three", "a", 3)));
    assert_eq!(catalogue.newer(&two).as_deref(), Some("three"));
    catalogue.forget(&ObjectRef::new("three").within("ns"));
    assert_eq!(catalogue.newer(&two), None);
}

#[test]
fn a_plan_that_is_not_the_automations_takes_no_place() {
    let catalogue = Catalogue::default();
    let (one, forged) = (plan("one", "a", 1), plan("forged", "a", i64::MAX));
    catalogue.shown(&one);
    let mut elsewhere = plan("elsewhere", "a", 9);
    elsewhere.metadata.namespace = Some("other".to_owned());
    assert!(catalogue.shown(&elsewhere).is_empty());
    assert_eq!(catalogue.newer(&one), None);
    catalogue.shown(&forged);
    catalogue.shown(&in_phase(forged, Phase::Failed));
    assert_eq!(catalogue.newer(&one), None);
    // Refused after it was found to be the automation's, it is the newest decision all the same.
    let two = plan("two", "a", 2);
    catalogue.shown(&two);
    catalogue.is_genuine(&two);
    catalogue.shown(&in_phase(two, Phase::Failed));
    assert_eq!(catalogue.newer(&one).as_deref(), Some("two"));
}

#[test]
fn a_change_concerns_the_open_plans_that_depend_on_it() {
    let catalogue = Catalogue::default();
    let one = plan("one", "a", 1);
    catalogue.shown(&one);
    catalogue.shown(&ended(plan("old", "a", 0)));
    catalogue.reads(&one, vec![name("flux-system", "git")]);
    catalogue.shown(&one);
    let expected = named(&["one"]);
    assert_eq!(catalogue.named(&name("ns", "one")), expected);
    assert!(catalogue.named(&name("ns", "old")).is_empty());
    assert_eq!(
        catalogue.of_automation(&name("ns", "automation-a")),
        expected
    );
    assert_eq!(catalogue.of_source(&name("flux-system", "fleet")), expected);
    assert_eq!(catalogue.of_secret(&name("flux-system", "git")), expected);
    assert!(catalogue.of_secret(&name("ns", "git")).is_empty());
}
