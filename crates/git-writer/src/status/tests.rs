use api::repin::v1alpha1::ImageUpdatePlanSpec;
use git_remote::ObjectId;
use k8s_openapi::jiff::Timestamp;

use super::*;

fn plan() -> ImageUpdatePlan {
    let mut plan = ImageUpdatePlan::new("fleet-1", ImageUpdatePlanSpec::default());
    plan.metadata.namespace = Some("ns".to_owned());
    plan.status = Some(ImageUpdatePlanStatus {
        prepared: Some(prepared("1")),
        ..ImageUpdatePlanStatus::default()
    });
    plan
}

fn prepared(digit: &str) -> PreparedCommit {
    PreparedCommit {
        commit: digit.repeat(40),
        parent: "0".repeat(40),
        time: Time(Timestamp::UNIX_EPOCH),
        signature: None,
    }
}

fn written(refspec: Option<&str>) -> Written {
    Written {
        commit: ObjectId::from_hex("1".repeat(40).as_bytes()).unwrap(),
        parent: ObjectId::from_hex("0".repeat(40).as_bytes()).unwrap(),
        branch: "main".to_owned(),
        refspec: refspec.map(str::to_owned),
        messages: Vec::new(),
    }
}

fn pushed(refspec: Option<&str>) -> Outcome {
    Outcome::Pushed(written(refspec), Time(Timestamp::UNIX_EPOCH))
}

fn queued(seconds: u64) -> Outcome {
    Outcome::Queued(Queued {
        behind: "ns/other".to_owned(),
        waited: Duration::from_secs(seconds),
    })
}

fn trouble(fate: Fate) -> Outcome {
    Outcome::Trouble(fate, "why".to_owned())
}

/// Name and message of the phase, and whether the plan is tried again.
fn phase_of(outcome: Outcome) -> (&'static str, Course, String, bool) {
    match done(&plan(), None, outcome).end {
        End::Phase {
            name,
            course,
            message,
            retry,
        } => (name, course, message, retry.is_some()),
        other => panic!("not a phase: {other:?}"),
    }
}

#[test]
fn each_outcome_is_a_phase() {
    let suspended = Outcome::Suspended("fleet".to_owned());
    let replaced = Outcome::Replaced("fleet-2".to_owned());
    let (open, reached, missed) = (Course::UnderWay, Course::Reached, Course::Missed);
    let at_main = "pushed commit '1111111' to branch 'main'";
    let at_both = "pushed commit '1111111' to branch 'main' and 'refs/for/main'";
    let waits = "waits for plan 'ns/other' of the same branch";
    #[rustfmt::skip]
    let table = [
        (suspended, "Pending", open, "waits for ImageUpdateAutomation 'fleet', which is suspended"),
        (queued(2), "Pending", open, waits),
        (trouble(Fate::Waits), "Pending", open, "why"),
        (pushed(None), "Pushed", reached, at_main),
        (pushed(Some("refs/for/main")), "Pushed", reached, at_both),
        (replaced, "Superseded", missed, "plan 'fleet-2' takes its place"),
        (trouble(Fate::Superseded), "Superseded", missed, "why"),
        (trouble(Fate::Failed), "Failed", missed, "why"),
    ];
    for (outcome, name, course, message) in table {
        let retried = matches!(outcome, Outcome::Trouble(Fate::Waits, _));
        let expected = (name, course, message.to_owned(), retried);
        assert_eq!(phase_of(outcome), expected);
    }
}

#[test]
fn who_waits_for_consent_says_how_to_give_it() {
    let (name, _, message, _) = phase_of(Outcome::AwaitsApproval(Lack::Approval));
    assert_eq!(name, "AwaitingApproval");
    let object = message.split('\'').nth(1).unwrap();
    let mut approval: serde_json::Value = serde_json::from_str(object).unwrap();
    assert_eq!(
        approval["metadata"].take(),
        serde_json::json!({ "namespace": "ns", "name": "fleet-1" })
    );
    assert_eq!(approval["spec"]["plan"], "fleet-1");
}

#[test]
fn an_approval_that_is_too_old_has_to_go() {
    let (name, _, message, _) = phase_of(Outcome::AwaitsApproval(Lack::NewApproval));
    assert_eq!(name, "AwaitingApproval");
    let expected = "waits for an ImageUpdateApproval of its name, for the one that there is was made before the plan: \
         kubectl delete imageupdateapproval -n ns fleet-1, then kubectl create -f - <<< '{";
    assert!(message.starts_with(expected), "{message}");
}

#[test]
fn what_is_no_news_changes_nothing() {
    for (outcome, end) in [
        (Outcome::Ended, End::Unchanged),
        (Outcome::Interrupted, End::Unchanged),
        (queued(0), End::Untried),
    ] {
        let done = done(&plan(), Some(prepared("1")), outcome);
        assert_eq!(done.end, end);
        assert_eq!(Some(done.status), plan().status);
    }
}

/// The plan after this was said of it.
fn saying(message: &str) -> ImageUpdatePlan {
    let mut plan = plan();
    let ready = api::Condition {
        type_: api::conditions::READY.to_owned(),
        status: Phase::Pending.status().to_owned(),
        reason: Phase::Pending.reason().to_owned(),
        message: message.to_owned(),
        observed_generation: None,
        last_transition_time: Time(Timestamp::UNIX_EPOCH),
    };
    plan.status.get_or_insert_default().conditions = vec![ready];
    plan
}

#[test]
fn who_has_failed_keeps_saying_why_while_it_waits_for_its_turn() {
    let failed = done(&saying("failed to push"), None, queued(2));
    assert_eq!(failed.end, End::Untried);
    let waiting = done(
        &saying("waits for plan 'ns/one' of the same branch"),
        None,
        queued(2),
    );
    assert!(matches!(waiting.end, End::Phase { .. }));
    for done in [failed, waiting] {
        assert_eq!(done.next, Next::After(LAST_RESORT));
    }
    assert_eq!(done(&plan(), None, queued(0)).next, Next::After(PATIENCE));
}

#[test]
fn what_may_have_landed_is_kept_and_nothing_else() {
    for stored in [None, Some(prepared("1")), Some(prepared("2"))] {
        let status = done(&plan(), stored.clone(), trouble(Fate::Waits)).status;
        assert_eq!(status.prepared, stored);
        assert_eq!((status.commit, status.pushed_time), (None, None));
    }
    let status = done(&plan(), Some(prepared("1")), pushed(None)).status;
    assert_eq!(status.commit, Some("1".repeat(40)));
    assert!(status.pushed_time.is_some());
}
