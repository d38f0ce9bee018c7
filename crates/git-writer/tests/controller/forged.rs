//! Plans that say otherwise than their automation: refused, and nothing is pushed.

use api::image::v1::{LocalObjectReference, SigningKey};
use api::repin::v1alpha1::{ImageUpdatePlan, Phase, diff};
use kube::ResourceExt as _;

use crate::plans::FILE;
use crate::setup::{Setup, message};

type Forge = fn(&mut ImageUpdatePlan);

#[tokio::test]
async fn they_fail_and_nothing_is_pushed() {
    let setup = Setup::start().await;
    setup
        .repo
        .commit("main")
        .file("secret/app.yaml", crate::plans::content("1.0.0"))
        .done();
    setup.repo.branch("prod", "main");
    let before = setup.repo.references();
    let forged: [(&str, Forge); 9] = [
        ("spec.diff", |plan| {
            "+harmless".clone_into(&mut plan.spec.diff[4]);
        }),
        ("spec.push.branch", |plan| {
            "prod".clone_into(&mut plan.spec.push.branch);
        }),
        ("spec.push.refspec", |plan| {
            plan.spec.push.refspec = Some("refs/heads/main:refs/heads/prod".to_owned());
        }),
        ("spec.push.options", |plan| {
            plan.spec
                .push
                .options
                .insert("merge_request.create".to_owned(), String::new());
        }),
        ("spec.signingKey", |plan| {
            plan.spec.signing_key = Some(SigningKey {
                secret_ref: LocalObjectReference {
                    name: "other".to_owned(),
                },
                key_type: None,
            });
        }),
        ("spec.automationRef.uid", |plan| {
            "11111111-2222-3333-4444-555555555555".clone_into(&mut plan.spec.automation_ref.uid);
        }),
        ("spec.author.email", |plan| {
            "boss@example.com".clone_into(&mut plan.spec.author.email);
        }),
        ("spec.files[0].path", |plan| {
            "secret/app.yaml".clone_into(&mut plan.spec.files[0].path);
            plan.spec.diff = diff(&plan.spec.files);
        }),
        ("spec.files[0].path", |plan| {
            "apps/../secret/app.yaml".clone_into(&mut plan.spec.files[0].path);
            plan.spec.diff = diff(&plan.spec.files);
        }),
    ];
    for (number, (field, forge)) in forged.into_iter().enumerate() {
        let sequence = i64::try_from(number).unwrap() + 1;
        let mut plan = setup.plan(sequence, "2.0.0").await;
        forge(&mut plan);
        let name = setup.create(&plan).await.name_any();
        let plan = setup.until_in(&name, Phase::Failed).await;
        assert!(
            message(&plan).contains(field),
            "{field}: {}",
            message(&plan)
        );
        assert!(message(&plan).contains("expected"), "{}", message(&plan));
        assert!(message(&plan).contains("found"), "{}", message(&plan));
        assert_eq!(setup.repo.references(), before, "{field}");
    }
    let honest = setup.make(100, "2.0.0").await;
    setup.until_pushed(&honest).await;
}

#[tokio::test]
async fn bytes_that_are_not_there_fail() {
    let setup = Setup::start().await;
    let mut plan = setup.plan(1, "2.0.0").await;
    for file in &mut plan.spec.files {
        file.edits[0].offset += 1;
    }
    plan.spec.diff = diff(&plan.spec.files);
    let name = setup.create(&plan).await.name_any();
    let plan = setup.until_in(&name, Phase::Failed).await;
    assert!(message(&plan).contains(FILE), "{}", message(&plan));
    assert_eq!(setup.repo.count("main"), 1);
}
