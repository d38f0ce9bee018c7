use super::*;

fn at(second: u32) -> Time {
    let text = format!("\"2026-01-01T00:00:{second:02}Z\"");
    serde_json::from_str(&text).unwrap()
}

fn image() -> ImageName {
    ImageName::parse("reg.io/team/app").unwrap()
}

fn tags(tags: &[&str]) -> Tags {
    Tags::from_unsorted(tags).unwrap()
}

fn latest(tag: &str) -> ImageRef {
    ImageRef {
        name: "reg.io/team/app".to_owned(),
        tag: tag.to_owned(),
        digest: None,
    }
}

/// One run: scans, remembers and writes.
fn run(path: &Path, found: &[&str], second: u32) -> TagHistory {
    let mut state = State::hold(path).unwrap();
    let found = (tags(found), &at(second));
    let history = state.history("apps/app", &image(), found).unwrap();
    state.remember_tags("apps/app".to_owned(), &image(), &history);
    state.remember_choice("apps/app".to_owned(), latest("1.0.0"));
    state.save().unwrap();
    history
}

#[test]
fn what_one_run_saw_the_next_one_knows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    assert!(!State::read(&path).unwrap().exists());
    let first = run(&path, &["1.0.0"], 1);
    assert_eq!(first.first_seen("1.0.0"), Some(None));
    run(&path, &["1.0.0", "1.1.0"], 2);
    let third = run(&path, &["1.0.0", "1.1.0", "1.2.0"], 3);
    assert_eq!(third.first_seen("1.0.0"), Some(None));
    assert_eq!(third.first_seen("1.1.0"), Some(Some(&at(2))));
    assert_eq!(third.first_seen("1.2.0"), Some(Some(&at(3))));

    let state = State::read(&path).unwrap();
    assert!(state.exists());
    assert_eq!(state.choice("apps/app"), Some(&latest("1.0.0")));
    assert_eq!(state.choice("apps/other"), None);
    let renamed = ImageName::parse("reg.io/team/other").unwrap();
    let other = state.history("apps/app", &renamed, (tags(&["1.3.0"]), &at(4)));
    assert_eq!(other.unwrap().first_seen("1.3.0"), Some(None));
}

#[test]
fn a_scan_prunes_the_tags_of_its_own_image_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    run(&path, &["1.0.0"], 1);
    run(&path, &["1.0.0", "1.1.0"], 2);
    let mut state = State::hold(&path).unwrap();
    let other = ImageName::parse("reg.io/team/other").unwrap();
    let history = TagHistory::first(tags(&["9.0.0"]));
    state.remember_tags("elsewhere/other".to_owned(), &other, &history);
    state.remember_choice("elsewhere/other".to_owned(), latest("9.0.0"));
    state.save().unwrap();
    drop(state);
    run(&path, &["1.1.0"], 3);

    let state = State::read(&path).unwrap();
    let known = &state.document.image_repositories;
    let of_app = &known["apps/app"].observations;
    assert_eq!(of_app.len(), 1, "{of_app:?}");
    assert_eq!(
        of_app[0].first_seen,
        Some(at(2)),
        "what stays keeps its time"
    );
    assert_eq!(
        known["elsewhere/other"].observations,
        history.observations()
    );
    assert_eq!(state.choice("elsewhere/other"), Some(&latest("9.0.0")));
}

#[test]
fn the_file_is_what_the_documentation_says() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    run(&path, &["1.0.0"], 1);
    run(&path, &["1.0.0", "1.1.0"], 2);
    let json: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    assert_eq!(
        json,
        serde_json::json!({
            "version": 1,
            "imageRepositories": {"apps/app": {
                "image": "reg.io/team/app",
                "observations": [
                    {"tags": ["1.0.0"]},
                    {"firstSeen": "2026-01-01T00:00:02Z", "tags": ["1.1.0"]},
                ],
            }},
            "imagePolicies": {"apps/app": {"name": "reg.io/team/app", "tag": "1.0.0"}},
        })
    );
}

#[test]
fn nothing_new_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    run(&path, &["1.0.0"], 1);
    fs::set_permissions(&path, readonly(&path)).unwrap();
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    run(&path, &["1.0.0"], 2);
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), before);
    assert!(!beside(&path, ".new").exists());
}

fn readonly(path: &Path) -> fs::Permissions {
    let mut permissions = fs::metadata(path).unwrap().permissions();
    permissions.set_readonly(true);
    permissions
}

#[test]
fn one_run_at_a_time_and_any_number_of_readers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let held = State::hold(&path).unwrap();
    let refused = State::hold(&path).unwrap_err().to_string();
    assert!(
        refused.contains("in use by another `repin run`"),
        "{refused}"
    );
    State::read(&path).unwrap();
    drop(held);
    State::hold(&path).unwrap();
}

#[test]
fn what_is_no_state_is_an_error_that_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.json");
    let check = |text: &str, expected: &str| {
        fs::write(&path, text).unwrap();
        for state in [State::read(&path), State::hold(&path)] {
            let error = state.unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), text, "it is left alone");
    };
    check("", "is damaged: EOF");
    check("{\"version\": 1, \"imageRepos", "is damaged: EOF");
    check(
        "{\"version\": 1, \"imageRepositories\": {}, \"imagePolicies\": {}, \"more\": 1}",
        "is damaged: unknown field `more`",
    );
    check("{\"version\": 2}", "has version 2, expected 1");
    let missing = folder.path().join("absent/state.json");
    assert!(matches!(
        State::hold(&missing),
        Err(StateError::Lock { .. })
    ));
}
