use api::Condition;
use controller_runtime::events::Severity;
use controller_runtime::{Class, Notice};
use k8s_openapi::jiff::Timestamp;

use super::*;
use api::conditions::READY;

const NOW: i64 = 1_700_000_000;
const PATIENCE: Duration = Duration::from_secs(30);

/// What passes, and who says so.
fn full_disk() -> PassError {
    PassError::Cache(git_remote::Error::Cache {
        action: "write to",
        path: "/cache".into(),
        source: "no space left on device".into(),
    })
}

fn time(seconds: i64) -> Time {
    Time(Timestamp::from_second(seconds).unwrap())
}

fn commit(digit: char) -> String {
    digit.to_string().repeat(40)
}

fn pushed_plan(sequence: i64, digit: char, at: i64) -> KnownPlan {
    KnownPlan {
        sequence,
        phase: Phase::Pushed,
        commit: Some(commit(digit)),
        pushed_time: Some(time(at)),
        branch: "main".to_owned(),
        text: format!("message of {digit}"),
        ..KnownPlan::sample(&sequence.to_string())
    }
}

fn plans(plans: Vec<KnownPlan>) -> Plans {
    Plans::new(plans.into_iter().map(Arc::new).collect())
}

/// A status that is Ready with this message, of a run at [`NOW`].
fn ready(message: &str) -> ImageUpdateAutomationStatus {
    with_ready("True", "Succeeded", message)
}

fn with_ready(status: &str, reason: &str, message: &str) -> ImageUpdateAutomationStatus {
    ImageUpdateAutomationStatus {
        conditions: vec![Condition {
            type_: READY.to_owned(),
            status: status.to_owned(),
            reason: reason.to_owned(),
            message: message.to_owned(),
            observed_generation: Some(1),
            last_transition_time: time(NOW),
        }],
        last_automation_run_time: Some(time(NOW)),
        observed_source_revision: Some("main@sha1:1".to_owned()),
        ..ImageUpdateAutomationStatus::default()
    }
}

/// How a pass so many seconds after [`NOW`] ends.
fn done_at(
    seconds: i64,
    status: &ImageUpdateAutomationStatus,
    known: &Plans,
    outcome: Result<Outcome, PassError>,
) -> Done<ImageUpdateAutomationStatus> {
    done_with(60, (seconds, status), known, outcome)
}

/// The server is asked again in `rest` seconds.
fn done_with(
    rest: u64,
    (seconds, status): (i64, &ImageUpdateAutomationStatus),
    known: &Plans,
    outcome: Result<Outcome, PassError>,
) -> Done<ImageUpdateAutomationStatus> {
    let mut automation = ImageUpdateAutomation {
        status: Some(status.clone()),
        ..ImageUpdateAutomation::default()
    };
    automation.metadata.generation = Some(1);
    automation.spec.interval = api::Duration::from_secs(60);
    done(
        &Scene {
            automation: &automation,
            now: &time(NOW + seconds),
            requested: false,
            progress: "reconciliation in progress",
            plans: known,
            rest: Some(Duration::from_secs(rest)),
            patience: PATIENCE,
        },
        outcome,
    )
}

fn up_to_date() -> Outcome {
    Outcome::UpToDate(Looked {
        revision: "main@sha1:1".to_owned(),
        ..Looked::default()
    })
}

fn open_plan(phase: Phase, message: &str) -> Outcome {
    Outcome::Open(Arc::new(KnownPlan {
        phase,
        message: message.to_owned(),
        ..KnownPlan::sample("fleet-1")
    }))
}

#[test]
fn a_run_that_changes_nothing_is_told_once_per_interval() {
    let before = ready(findings::UP_TO_DATE);
    let run = |seconds| {
        let done = done_at(seconds, &before, &Plans::default(), Ok(up_to_date()));
        done.status.last_automation_run_time.unwrap().0.as_second() - NOW
    };
    assert_eq!((run(1), run(30), run(58)), (0, 0, 0));
    // The status has whole seconds, and the timer that leads to the pass has less.
    assert_eq!((run(59), run(60), run(90)), (59, 60, 90));
}

#[test]
fn a_run_that_changes_something_is_told() {
    let before = ready(findings::UP_TO_DATE);
    let known = plans(vec![pushed_plan(1, 'a', NOW + 1)]);
    for (seconds, outcome, known) in [
        (2, Ok(up_to_date()), known),
        (3, Err(full_disk()), Plans::default()),
        (
            4,
            Ok(open_plan(Phase::AwaitingApproval, "")),
            Plans::default(),
        ),
    ] {
        let status = done_at(seconds, &before, &known, outcome).status;
        assert_eq!(status.last_automation_run_time, Some(time(NOW + seconds)));
    }
    let same = done_at(5, &before, &Plans::default(), Ok(Outcome::Made));
    assert_eq!((&same.status, &same.end), (&before, &End::Unchanged));
    assert_eq!(same.next, Next::After(PATIENCE));
    // It is overdue, and cannot ask yet.
    let queued = done_with(0, (5, &before), &Plans::default(), Ok(Outcome::Queued));
    assert_eq!((&queued.status, &queued.end), (&before, &End::Untried));
    assert_eq!(queued.next, Next::After(turns::PATIENCE));
}

#[tokio::test(start_paused = true)]
async fn an_open_plan_says_how_it_is() {
    let before = ready(findings::UP_TO_DATE);
    let end = |outcome| done_at(1, &before, &Plans::default(), Ok(outcome)).end;
    let waiting = |reason, message: &str| End::Waiting {
        reason,
        message: message.to_owned(),
    };
    let awaiting = end(open_plan(Phase::AwaitingApproval, "waits for somebody"));
    let text = "plan 'fleet-1' awaits approval: create an ImageUpdateApproval of that name";
    assert_eq!(awaiting, waiting("AwaitingApproval", text));
    let failing = end(open_plan(Phase::Pending, "the server says no"));
    let text = "failed to update source: the server says no";
    assert_eq!(failing, waiting("GitOperationFailed", text));
    let text = "failed to update source: not pushed: no space left on device";
    assert_eq!(
        end(open_plan(Phase::Pending, text)),
        waiting("GitOperationFailed", text)
    );
    let text = "failed configuring source manager: could not find signing key secret 'a'";
    assert_eq!(
        end(open_plan(Phase::Pending, text)),
        waiting("SourceManagerFailed", text)
    );
    assert_eq!(
        end(open_plan(Phase::Pending, "waits for plan 'b'")),
        End::Unchanged
    );
    assert_eq!(end(open_plan(Phase::Pending, "")), End::Unchanged);
    let plan = open_plan(Phase::Pending, "");
    tokio::time::advance(PATIENCE).await;
    let text = "plan 'fleet-1' is not taken up: is git-writer running?";
    assert_eq!(end(plan), waiting("DependencyNotReady", text));
}

fn newest(known: &Plans) -> Option<String> {
    known.iter().next_back()?.commit.clone()
}

#[test]
fn every_push_is_told_once_and_in_order() {
    let three = || {
        plans(vec![
            pushed_plan(1, 'a', NOW),
            pushed_plan(2, 'b', NOW),
            pushed_plan(3, 'c', NOW + 5),
        ])
    };
    let told = |commit: Option<String>, at: Option<i64>| {
        let before = ImageUpdateAutomationStatus {
            last_push_commit: commit,
            last_push_time: at.map(time),
            ..ready(findings::UP_TO_DATE)
        };
        let known = three();
        let after = with_pushes(before.clone(), &known);
        assert_eq!(after.last_push_commit, newest(&known));
        let notices = notices::of(&before, &after, &known, None);
        let first = |notice: &Notice| notice.message.chars().nth(15);
        notices.iter().filter_map(first).collect::<String>()
    };
    assert_eq!(told(None, None), "abc");
    assert_eq!(told(Some(commit('a')), Some(NOW)), "bc");
    assert_eq!(told(Some(commit('c')), Some(NOW + 5)), "");
    // A commit of Flux's, or of a plan that is kept no longer.
    assert_eq!(told(Some(commit('9')), Some(NOW)), "abc");
    assert_eq!(told(Some(commit('9')), Some(NOW + 1)), "c");
}

#[test]
fn a_push_is_told_in_the_words_of_flux() {
    let plan = KnownPlan {
        refspec: Some("refs/heads/a:refs/heads/b".to_owned()),
        ..pushed_plan(1, 'a', NOW)
    };
    let expected = "pushed commit 'aaaaaaa' to branch 'main' and refspecs 'refs/heads/a:refs/heads/b'\nmessage of a";
    assert_eq!(pushed(&plan), expected);
    let expected = "pushed commit 'bbbbbbb' to branch 'main'\nmessage of b";
    assert_eq!(pushed(&pushed_plan(2, 'b', NOW)), expected);
}

/// What is told of a pass from one status to the other, where the usual rule says this.
#[track_caller]
fn check_notices(
    (before, after): (&ImageUpdateAutomationStatus, &ImageUpdateAutomationStatus),
    usual: Option<(Severity, &str, &str)>,
    expected: &[(Severity, &str, &str)],
) {
    let notice = |(severity, reason, message): (Severity, &str, &str)| Notice {
        severity,
        reason: reason.to_owned(),
        message: message.to_owned(),
    };
    let known = plans(vec![pushed_plan(1, 'a', NOW)]);
    let told = notices::of(before, after, &known, usual.map(notice));
    let expected: Vec<Notice> = expected.iter().map(|&one| notice(one)).collect();
    assert_eq!(told, expected);
}

#[test]
fn people_are_told_what_is_new() {
    use Severity::{Normal, Warning};
    let (fine, failing) = (
        ready(findings::UP_TO_DATE),
        with_ready("False", "GitOperationFailed", "no"),
    );
    let found = ready("repository up-to-date; 1 marker without effect: a");
    let after_push = |status: &ImageUpdateAutomationStatus| ImageUpdateAutomationStatus {
        last_push_commit: Some(commit('a')),
        ..status.clone()
    };
    let fine_now = Some((Normal, "Succeeded", findings::UP_TO_DATE));
    let found_now = Some((
        Normal,
        "Succeeded",
        "repository up-to-date; 1 marker without effect: a",
    ));
    let failed_now = Some((Warning, "GitOperationFailed", "no"));
    let recovered = (Normal, "Succeeded", "repository up-to-date");
    let finding = (
        Warning,
        "MarkersWithoutEffect",
        "1 marker without effect: a",
    );
    let push = (
        Normal,
        "Succeeded",
        "pushed commit 'aaaaaaa' to branch 'main'\nmessage of a",
    );
    let failure = (Warning, "GitOperationFailed", "no");

    check_notices((&fine, &fine), None, &[]);
    check_notices((&failing, &fine), fine_now, &[recovered]);
    check_notices((&fine, &failing), failed_now, &[failure]);
    check_notices((&failing, &failing), failed_now, &[failure]);
    check_notices((&fine, &found), found_now, &[finding]);
    check_notices((&failing, &found), found_now, &[recovered, finding]);
    check_notices((&found, &fine), fine_now, &[]);
    check_notices((&fine, &after_push(&fine)), None, &[push]);
    check_notices((&failing, &after_push(&fine)), fine_now, &[push]);
    check_notices(
        (&failing, &after_push(&failing)),
        failed_now,
        &[push, failure],
    );
    let busy = with_ready("Unknown", "Progressing", "reading 7 files");
    check_notices(
        (&busy, &busy),
        Some((Warning, "Progressing", "reading 7 files")),
        &[],
    );
    let awaiting = with_ready("False", "AwaitingApproval", "plan");
    let awaits = Some((Warning, "AwaitingApproval", "plan"));
    let told = (Normal, "AwaitingApproval", "plan");
    check_notices((&fine, &awaiting), awaits, &[told]);
    check_notices((&awaiting, &awaiting), awaits, &[]);
}

#[test]
fn what_was_looked_at_is_named_as_flux_does() {
    let target = |reference: &str| {
        let automation = r#"{"apiVersion": "image.toolkit.fluxcd.io/v1", "kind": "ImageUpdateAutomation",
            "metadata": {"name": "a"}, "spec": {"interval": "1m", "sourceRef": {"kind": "GitRepository", "name": "r"},
            "git": {"commit": {"author": {"email": "a@b.c"}}, "push": {"branch": "p"}}}}"#;
        let source = format!(
            r#"{{"apiVersion": "source.toolkit.fluxcd.io/v1", "kind": "GitRepository", "metadata": {{"name": "r"}},
                "spec": {{"url": "https://example.com/r.git", "ref": {reference}}}}}"#
        );
        Target::resolve(
            &serde_json::from_str(automation).unwrap(),
            &serde_json::from_str(&source).unwrap(),
        )
        .unwrap()
    };
    let heads = |tag: Option<&str>| Heads {
        checkout: git_remote::ObjectId::from_hex(commit('c').as_bytes()).unwrap(),
        tag: tag.map(std::sync::Arc::from),
        push: None,
    };
    for (reference, expected) in [
        (r#"{"branch": "main"}"#, "main@sha1:"),
        (r#"{"tag": "v1"}"#, "v1@sha1:"),
        (r#"{"name": "refs/heads/main"}"#, "main@sha1:"),
        (r#"{"name": "refs/pull/4/head"}"#, "4/head@sha1:"),
        (
            r#"{"commit": "cccccccccccccccccccccccccccccccccccccccc"}"#,
            "sha1:",
        ),
        (
            r#"{"branch": "main", "commit": "cccccccccccccccccccccccccccccccccccccccc"}"#,
            "main@sha1:",
        ),
    ] {
        let expected = format!("{expected}{}", commit('c'));
        let told = revision(&target(reference), &heads(None));
        assert_eq!(told, expected, "{reference}");
    }
    let range = target(r#"{"semver": "1.x"}"#);
    let expected = format!("v1.1.0@sha1:{}", commit('c'));
    assert_eq!(revision(&range, &heads(Some("v1.1.0"))), expected);
}

#[test]
fn errors_say_what_helps() {
    let end = |error| {
        done_at(
            1,
            &ready(findings::UP_TO_DATE),
            &Plans::default(),
            Err(error),
        )
    };
    let cross = PassError::Access(git_access::AccessError::CrossNamespace {
        namespace: "a".to_owned(),
        name: "b".to_owned(),
    });
    let stalled = end(cross);
    assert!(matches!(
        stalled.end,
        End::Stalled {
            reason: "AccessDenied",
            ..
        }
    ));
    assert_eq!(stalled.next, Next::OnChange);
    let failed = end(full_disk()).end;
    let class = Class::Transient;
    let message =
        "failed to checkout source: cannot write to the Git cache /cache: no space left on device"
            .to_owned();
    let reason = Some("GitOperationFailed");
    assert_eq!(
        failed,
        End::Failed {
            reason,
            message,
            class
        }
    );
}
