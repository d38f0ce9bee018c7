//! Links that stand for manifests.

use crate::stage::{MARKED, Stage};

fn messages(stage: &Stage) -> Vec<String> {
    let findings = stage.pass().unwrap().findings;
    findings.iter().map(ToString::to_string).collect()
}

#[test]
fn a_link_below_the_path_stands_for_its_file() {
    let stage = Stage::new();
    stage
        .repository
        .commit("main")
        .file("apps/values.txt", MARKED)
        .file("apps/plain.txt", "a: b\n")
        .symlink("apps/again.yaml", "app.yaml")
        .symlink("apps/chain.yaml", "link.yaml")
        .symlink("apps/folder.yaml", "../apps")
        .symlink("apps/gone.yaml", "none")
        .symlink("apps/link.yaml", "./values.txt")
        .symlink("apps/plain.yaml", "plain.txt")
        .done();
    for _ in 0..2 {
        assert_eq!(stage.paths(), ["apps/app.yaml", "apps/values.txt"]);
        assert_eq!(messages(&stage), Vec::<String>::new());
    }
}

#[test]
fn a_link_that_leads_out_of_the_path_is_not_followed() {
    let stage = Stage::new();
    stage
        .repository
        .commit("main")
        .file("apps-2/x.yaml", MARKED)
        .symlink("apps/beside.yaml", "../apps-2/x.yaml")
        .symlink("apps/other.yaml", "../other/x.yaml")
        .symlink("apps/out.yaml", "../../../etc/x.yaml")
        .symlink("apps/round.yaml", "round.yaml")
        .done();
    let expected = [
        "apps/beside.yaml: the link leads out of spec.update.path and is not followed",
        "apps/other.yaml: the link leads out of spec.update.path and is not followed",
        "apps/out.yaml: the link leads out of the repository and is not followed",
        "apps/round.yaml: the link leads through more than 8 other links and is not followed",
    ];
    for _ in 0..2 {
        assert_eq!(stage.paths(), ["apps/app.yaml"]);
        assert_eq!(messages(&stage), expected);
    }
    assert_eq!(stage.rules(), ["link-not-followed"; 4]);
}

#[test]
fn a_path_that_is_a_link_leads_nowhere_else() {
    let mut stage = Stage::new();
    stage
        .repository
        .commit("main")
        .symlink("apps/link.yaml", "app.yaml")
        .done();
    stage.automation.spec.update.path = Some("apps/link.yaml".to_owned());
    let pass = stage.pass().unwrap();
    assert!(pass.plan.is_none());
    assert_eq!(pass.findings[0].rule, "link-not-followed");
}

#[test]
fn the_texts_of_all_links_are_fetched_at_once() {
    let stage = Stage::new();
    let links = (0..20).fold(stage.repository.commit("main"), |commit, number| {
        commit.symlink(&format!("apps/l{number}.yaml"), &format!("none-{number}"))
    });
    links.done();
    stage.pass().unwrap();
    let fetches = stage
        .git
        .exchanges()
        .iter()
        .filter(|exchange| exchange.method == "POST")
        .count();
    assert_eq!(fetches, 4, "references, commit, manifests, links");
}
