//! Any body is taken or refused by every sender that only knows the path, and what filters see is an object.
#![no_main]

use chrono::DateTime;
use hook_payload::{Delivery, Keys, Needs, Sender, authenticate};
use http::{HeaderMap, HeaderValue};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    let delivery = Delivery {
        headers: &headers,
        body,
    };
    let open = Sender::ALL
        .into_iter()
        .filter(|sender| sender.needs() == Needs::Nothing);
    for sender in open {
        let Ok(hook) = authenticate(sender, &Keys::Nothing, &[], &delivery, DateTime::UNIX_EPOCH)
        else {
            continue;
        };
        assert!(hook.payload.req().is_ok_and(|req| req.is_object()) || hook.payload.req().is_err());
        if let Some(pushed) = hook.pushed {
            assert!(!pushed.repository.is_empty());
            assert!(pushed.tags.iter().all(|tag| !tag.is_empty()));
        }
    }
});
