//! Any Go template gives a bounded message or an error, never a panic, and the same one each time.
#![no_main]

use chrono::DateTime;
use commit_message::limits::MAX_OUTPUT_BYTES;
use commit_message::{Change, Engine, Image, Model, ObjectId, Surroundings, render};
use libfuzzer_sys::fuzz_target;

fn model() -> Model {
    let change = Change {
        old_value: "app:1.0.0".into(),
        new_value: "app:1.1.0".into(),
        setter: ":app:tag".into(),
    };
    let image = Image { reference: "app:1.1.0".into(), ..Image::default() };
    let mut model = Model { images: vec![image], ..Model::default() };
    let objects = model.files.entry("app.yaml".into()).or_default();
    objects.insert(ObjectId::default(), vec![change]);
    model.values.insert("key".into(), "value".into());
    model
}

fuzz_target!(|template: &str| {
    let with = Surroundings { now: DateTime::UNIX_EPOCH, seed: 1 };
    let model = model();
    let message = render(Engine::GoTemplate, template, &model, &with);
    assert_eq!(message, render(Engine::GoTemplate, template, &model, &with));
    if let Ok(message) = message {
        assert!(message.len() <= MAX_OUTPUT_BYTES);
    }
});
