use std::fs;
use std::path::Path;

use e2e::stage::Stage;

/// How the guide to plans says that the controllers lie in another namespace.
const GUIDE: &str = include_str!("../../../../docs/plans.md");
const BASE: &str = "github.com/your/repin/deploy/base";

#[tokio::test]
async fn the_policies_are_valid_as_they_are_installed() {
    let stage = Stage::start().await;
    let folder = e2e::manifests::repository().join("deploy/base/admission");
    let folder = folder.to_str().unwrap();
    let arguments = ["apply", "--dry-run=server", "-o=name", "-k", folder];
    let applied = stage.kubectl().run(&arguments).await;
    for policy in [
        "conversion-awaited",
        "conversion-definitions",
        "conversion-secret",
        "image-update-approvals",
        "image-update-plan-status",
        "image-update-plans",
    ] {
        for kind in [
            "validatingadmissionpolicy",
            "validatingadmissionpolicybinding",
        ] {
            let name = format!("{kind}.admissionregistration.k8s.io/{policy}.repin.dev");
            assert!(
                applied.lines().any(|line| line == name),
                "{name}: {applied}"
            );
        }
    }
    assert_eq!(applied.lines().count(), 12, "{applied}");
}

#[tokio::test]
async fn an_overlay_names_other_accounts() {
    let stage = Stage::start().await;
    let overlay = GUIDE
        .split("```yaml\n")
        .find(|text| text.contains(BASE))
        .unwrap();
    let overlay = overlay.split("```").next().unwrap();
    let temporary = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let root = e2e::manifests::repository();
    let depth = temporary.strip_prefix(root).unwrap().components().count() + 1;
    let base = format!("{}deploy/base/admission", "../".repeat(depth));
    let folder = temporary.join(format!("overlay-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(
        folder.join("kustomization.yaml"),
        overlay.replace(BASE, &base),
    )
    .unwrap();
    let built = stage
        .kubectl()
        .run(&["kustomize", folder.to_str().unwrap()])
        .await;
    fs::remove_dir_all(&folder).unwrap();
    for (account, times) in [
        ("manifest-setter", 1),
        ("git-writer", 1),
        ("webhook-receiver", 2),
    ] {
        let user = format!("'system:serviceaccount:image-automation:{account}'");
        assert_eq!(built.matches(&user).count(), times, "{user}: {built}");
    }
    assert!(!built.contains(":flux-system:"), "{built}");
}
