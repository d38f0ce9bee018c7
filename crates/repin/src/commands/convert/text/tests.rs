use super::*;

const POLICY: &str = "# policy\napiVersion: image.toolkit.fluxcd.io/v1beta2 # old\nkind: ImagePolicy\nmetadata:\n  name: podinfo\nspec:\n  imageRepositoryRef:\n    name: podinfo\n  policy:\n    semver: {range: 5.0.x}\n";
const AUTOMATION: &str = "apiVersion: image.toolkit.fluxcd.io/v1alpha1\nkind: ImageUpdateAutomation\nmetadata:\n  name: a\nspec:\n  checkout:\n    branch: main\n    gitRepositoryRef:\n      name: fleet\n  commit:\n    authorEmail: a@example.com\n    authorName: a\n  interval: 1m0s\n  push:\n    branch: main\n";

#[track_caller]
fn converted(text: &str) -> String {
    let converted = convert_text(text.as_bytes(), "test", &Console::new(true)).unwrap();
    assert_eq!(converted.is_changed, converted.text != text.as_bytes());
    String::from_utf8(converted.text).unwrap()
}

#[test]
fn where_only_the_version_differs_only_its_bytes_change() {
    let json = r#"{"kind": "ImagePolicy",   "apiVersion":"image.toolkit.fluxcd.io/v1beta2", "metadata": {"name": "a"}, "spec": {"imageRepositoryRef": {"name": "a"}, "policy": {"semver": {"range": "1.x"}}}}"#;
    for text in [
        POLICY.to_owned(),
        POLICY.replace('\n', "\r\n"),
        format!("\u{feff}{POLICY}"),
        format!("---\n{POLICY}...\n"),
        POLICY.replace("apiVersion", "\"apiVersion\""),
        json.to_owned(),
        format!("--- {json}\n"),
        "apiVersion: notification.toolkit.fluxcd.io/v1beta2\nkind: Receiver\nmetadata: {name: a}\nspec: {type: generic, resources: [{kind: ImageRepository, name: a}], secretRef: {name: s}}\n".to_owned(),
    ] {
        assert_eq!(converted(&text), text.replace("/v1beta2", "/v1"));
    }
}

#[test]
fn versions_within_texts_stay() {
    let applied = "  annotations:\n    kubectl.kubernetes.io/last-applied-configuration: |\n      {\"apiVersion\":\"image.toolkit.fluxcd.io/v1beta2\",\"kind\":\"ImagePolicy\"}\n";
    let text = POLICY.replace("metadata:\n", &format!("metadata:\n{applied}"));
    assert_eq!(converted(&text), text.replacen("/v1beta2", "/v1", 1));
}

#[test]
fn the_items_of_a_list_are_converted_in_their_place() {
    let item = POLICY.replace("# policy\n", "").replace('\n', "\n  ");
    let list = format!(
        "apiVersion: v1\nkind: List\nitems:\n# all\n- {0}\n- {0}\n",
        item.trim_end()
    );
    assert_eq!(converted(&list), list.replace("/v1beta2", "/v1"));

    let item = AUTOMATION.replace('\n', "\n  ");
    let list = format!(
        "apiVersion: v1\nkind: List\nitems:\n- {}\n",
        item.trim_end()
    );
    let documents = yaml::documents(converted(&list).as_bytes()).unwrap();
    assert_eq!(
        documents[0]["items"][0]["spec"]["sourceRef"]["name"],
        "fleet"
    );
}

#[test]
fn other_documents_stay_byte_for_byte() {
    let text = format!("a:   1 # x\r\n---\n{POLICY}--- # end\n{{{{ template }}}}\n");
    assert_eq!(converted(&text), text.replace("/v1beta2", "/v1"));
    let bytes = b"kind: ImagePolicy\xff\n";
    let same = convert_text(bytes, "test", &Console::new(true)).unwrap();
    assert_eq!((same.text.as_slice(), same.is_changed), (&bytes[..], false));
}

#[test]
fn an_object_of_another_shape_is_written_anew() {
    let documents = yaml::documents(converted(AUTOMATION).as_bytes()).unwrap();
    assert_eq!(documents[0]["apiVersion"], "image.toolkit.fluxcd.io/v1");
    assert_eq!(documents[0]["spec"]["sourceRef"]["name"], "fleet");
    assert_eq!(
        documents[0]["spec"]["git"]["checkout"]["ref"]["branch"],
        "main"
    );
}

#[test]
fn an_object_written_anew_keeps_its_language_mark_and_line_ends() {
    let object = &yaml::documents(AUTOMATION.as_bytes()).unwrap()[0];
    let json = converted(&object.to_string());
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["spec"]["sourceRef"]["name"], "fleet");

    let text = converted(&format!("\u{feff}{}", AUTOMATION.replace('\n', "\r\n")));
    assert!(text.starts_with('\u{feff}'), "{text:?}");
    assert!(!text.replace("\r\n", "").contains('\n'), "{text:?}");
}

#[test]
fn parts_are_the_text_itself() {
    for text in [
        "",
        "---\n",
        "a: 1\n---\nb: 2\n--- # c\n",
        "a: |\n  ---\nb: 2",
        "a: 1\n--- {b: 2}\n---\t\nc",
    ] {
        assert_eq!(parts(text).concat(), text);
    }
}
