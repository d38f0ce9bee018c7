use api::notification::v1::ReceiverStatus;
use api::{Condition, Time};
use hook_payload::Token;
use k8s_openapi::jiff::Timestamp;

use super::*;

fn condition(of: &str, status: &str) -> Condition {
    Condition {
        type_: of.to_owned(),
        status: status.to_owned(),
        reason: "Reason".to_owned(),
        message: String::new(),
        observed_generation: Some(1),
        last_transition_time: Time(Timestamp::UNIX_EPOCH),
    }
}

fn receiver(name: &str, path: Option<&str>) -> Receiver {
    let mut receiver = Receiver::default();
    receiver.metadata.namespace = Some("apps".to_owned());
    receiver.metadata.name = Some(name.to_owned());
    receiver.status = Some(ReceiverStatus {
        conditions: vec![condition("Ready", "True")],
        webhook_path: path.map(str::to_owned),
        ..ReceiverStatus::default()
    });
    receiver
}

fn found(catalogue: &Catalogue, path: &str) -> Option<String> {
    Some(catalogue.lookup(path)?.receiver.name_any())
}

#[test]
fn a_receiver_is_found_at_the_path_of_its_status() {
    let catalogue = Catalogue::default();
    catalogue.take_in(&Event::Apply(receiver("a", None)));
    assert_eq!(found(&catalogue, "/hook/1"), None);
    catalogue.take_in(&Event::Apply(receiver("a", Some("/hook/1"))));
    assert_eq!(found(&catalogue, "/hook/1").as_deref(), Some("a"));
    for unknown in [
        "/hook/1?",
        "/hook/1?a=b",
        "/hook/1/",
        "/HOOK/1",
        "/hook/",
        "",
    ] {
        assert_eq!(found(&catalogue, unknown), None, "{unknown}");
    }
    // A new token is a new path.
    catalogue.take_in(&Event::Apply(receiver("a", Some("/hook/2"))));
    assert_eq!(found(&catalogue, "/hook/1"), None);
    assert_eq!(found(&catalogue, "/hook/2").as_deref(), Some("a"));
    catalogue.take_in(&Event::Apply(receiver("a", None)));
    assert_eq!(found(&catalogue, "/hook/2"), None);
    let state = catalogue.state.read();
    assert!(state.paths.is_empty() && state.receivers.is_empty());
}

#[test]
fn of_two_at_one_path_the_first_of_a_list_counts() {
    let catalogue = Catalogue::default();
    for name in ["b", "a", "c"] {
        catalogue.take_in(&Event::Apply(receiver(name, Some("/hook/1"))));
    }
    for expected in ["a", "b", "c"] {
        assert_eq!(found(&catalogue, "/hook/1").as_deref(), Some(expected));
        catalogue.take_in(&Event::Delete(receiver(expected, None)));
    }
    assert_eq!(found(&catalogue, "/hook/1"), None);
}

#[test]
fn what_a_new_list_does_not_name_is_gone_and_nothing_before_it_ends() {
    let catalogue = Catalogue::default();
    catalogue.take_in(&Event::Apply(receiver("a", Some("/hook/1"))));
    catalogue.take_in(&Event::Apply(receiver("b", Some("/hook/2"))));
    catalogue.take_in(&Event::Init);
    catalogue.take_in(&Event::InitApply(receiver("b", Some("/hook/2"))));
    assert_eq!(found(&catalogue, "/hook/1").as_deref(), Some("a"));
    catalogue.take_in(&Event::InitDone);
    assert_eq!(found(&catalogue, "/hook/1"), None);
    assert_eq!(found(&catalogue, "/hook/2").as_deref(), Some("b"));
}

#[test]
fn who_is_suspended_or_not_ready_does_not_serve() {
    let ready = |conditions: &[(&str, &str)]| {
        let mut receiver = receiver("a", Some("/hook/1"));
        let conditions = conditions.iter().map(|(of, status)| condition(of, status));
        receiver.status.as_mut().unwrap().conditions = conditions.collect();
        Entry::new(receiver).is_serving()
    };
    assert!(ready(&[("Ready", "True")]));
    for conditions in [
        &[][..],
        &[("Ready", "False")],
        &[("Ready", "Unknown")],
        &[("Stalled", "True"), ("Ready", "True")],
        &[("Reconciling", "True"), ("Ready", "True")],
    ] {
        assert!(!ready(conditions), "{conditions:?}");
    }
    let mut suspended = receiver("a", Some("/hook/1"));
    suspended.spec.suspend = true;
    assert!(!Entry::new(suspended).is_serving());
}

#[test]
fn a_path_is_that_of_the_token_of_now() {
    let path = "/hook/2a7c779dab6401645f8b6db1f139b3ffce809ce3501face580e281578450c999";
    let mut receiver = receiver("podinfo", Some(path));
    receiver.metadata.namespace = Some("flux-system".to_owned());
    let entry = Entry::new(receiver);
    let token = |text: &str| Token::new(text).unwrap();
    assert!(entry.is_current(Some(&token("token"))));
    assert!(!entry.is_current(Some(&token("token\n"))));
    assert!(!entry.is_current(None));
}
