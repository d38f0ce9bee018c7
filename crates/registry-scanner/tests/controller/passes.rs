//! What a pass finds, writes and leaves alone.

use api::image::v1::ImageRepository;
use image_ref::Tags;
use kube::Resource as _;
use serde_json::json;
use tag_slices::revision;
use test_support::docker_registry::{DockerRegistry, Setup as RealSetup};
use test_support::registry::Endpoint;

use crate::setup::{Setup, is_ready, message, result, tags_of, versions};

#[tokio::test]
async fn the_first_scan_fills_status_slices_and_columns() {
    let setup = Setup::start().await;
    setup
        .registry
        .set_tags("app", ["1.0.0", "1.1.0", "sha256-1.sig"]);
    setup.apply(&json!({ "interval": "1h" })).await;
    let repository = setup.ready().await;

    let revision = revision(&Tags::from_unsorted(["1.0.0", "1.1.0"]).unwrap());
    let status = repository.status.clone().unwrap();
    let found = result(&repository);
    assert_eq!(
        message(&repository),
        format!("successful scan: found 2 tags with checksum {revision}")
    );
    assert_eq!(
        status.canonical_image_name,
        Some(setup.registry.image("app"))
    );
    assert_eq!(status.observed_exclusion_list, ["^.*\\.sig$"]);
    assert_eq!((found.tag_count, found.revision), (2, Some(revision)));
    assert_eq!(found.latest_tags, ["1.1.0", "1.0.0"]);
    assert!(found.scan_time.is_some());

    let slices = setup.slices().await;
    let [slice] = &*slices else {
        panic!("one slice: {slices:?}")
    };
    let owner = &slice.metadata.owner_references.as_ref().unwrap()[0];
    assert_eq!(
        (&*owner.name, Some(&owner.uid)),
        ("app", repository.metadata.uid.as_ref())
    );
    assert_eq!(
        (owner.controller, owner.block_owner_deletion),
        (Some(true), None)
    );
    assert_eq!(slice.spec.tag_count, 2);
    assert!(
        tags_of(slice).values().all(Option::is_none),
        "tags of the first scan have no age"
    );
    let writes = ["create imagetagslices", "patch imagerepositories/status"];
    assert_eq!(setup.writes(2).await, writes, "slices first");

    let mut request =
        kube::api::Request::new(ImageRepository::url_path(&(), Some(setup.namespace.name())))
            .get("app", &kube::api::GetParams::default())
            .unwrap();
    let table = "application/json;as=Table;v=v1;g=meta.k8s.io"
        .parse()
        .unwrap();
    request.headers_mut().insert("accept", table);
    let table: serde_json::Value = setup.namespace.client().request(request).await.unwrap();
    let cells = &table["rows"][0]["cells"];
    let expected = json!([
        "app",
        setup.registry.image("app"),
        "2",
        "True",
        message(&repository)
    ]);
    assert_eq!(
        cells.as_array().unwrap()[..5],
        expected.as_array().unwrap()[..]
    );
}

#[tokio::test]
async fn a_scan_that_finds_nothing_new_writes_nothing_but_the_scan_time() {
    let setup = Setup::start().await;
    setup.registry.set_tags("app", ["1.0.0", "1.1.0"]);
    setup.apply(&json!({ "interval": "2s" })).await;
    let first = setup.ready().await;
    let later = setup
        .until("two more scans", |repository| {
            setup.lists() > 2 && result(repository).scan_time > result(&first).scan_time
        })
        .await;
    let writes = setup.writes(4).await;
    assert!(
        writes
            .iter()
            .skip(2)
            .all(|write| write == "patch imagerepositories/status")
    );
    let mut status = later.status.unwrap();
    status.last_scan_result.as_mut().unwrap().scan_time = result(&first).scan_time;
    assert_eq!(Some(status), first.status);
}

#[tokio::test]
async fn a_new_tag_rewrites_one_slice_and_the_status() {
    let setup = Setup::start().await;
    setup.registry.set_tags("app", versions(3000));
    setup.apply(&json!({ "interval": "1h" })).await;
    setup.ready().await;
    assert!(setup.slices().await.len() > 2);

    setup.registry.push_tag("app", "1.15.0-new");
    setup.proxy.forget();
    let repository = setup.reconcile("now").await;
    assert_eq!(result(&repository).tag_count, 3001);
    let writes = ["update imagetagslices", "patch imagerepositories/status"];
    assert_eq!(setup.writes(2).await, writes);

    let tags = setup.tags().await;
    let timed: Vec<_> = tags.iter().filter(|(_, time)| time.is_some()).collect();
    assert_eq!((tags.len(), timed.len()), (3001, 1));
    assert_eq!(
        (&**timed[0].0, timed[0].1),
        ("1.15.0-new", &result(&repository).scan_time)
    );
}

#[tokio::test]
async fn tags_that_vanish_leave_the_slices() {
    let setup = Setup::start().await;
    setup.registry.set_tags("app", versions(3000));
    setup.apply(&json!({ "interval": "1h" })).await;
    setup.ready().await;
    setup.registry.set_tags("app", ["1.0.0", "9.0.0"]);
    let repository = setup.reconcile("now").await;
    assert_eq!(result(&repository).latest_tags, ["9.0.0", "1.0.0"]);
    let tags = setup.tags().await;
    assert_eq!(tags.keys().collect::<Vec<_>>(), ["1.0.0", "9.0.0"]);
    assert_eq!((&tags["1.0.0"], tags["9.0.0"].is_some()), (&None, true));
}

#[tokio::test]
async fn another_image_begins_anew() {
    let setup = Setup::start().await;
    setup.registry.set_tags("app", ["1.0.0"]);
    setup.registry.set_tags("other", ["1.0.0", "2.0.0"]);
    setup.apply(&json!({ "interval": "1h" })).await;
    setup.ready().await;
    setup
        .patch(&json!({ "spec": { "image": setup.registry.image("other") } }))
        .await;
    let repository = setup.until("the other image", |repository| {
        is_ready(repository) && result(repository).tag_count == 2
    });
    let status = repository.await.status.unwrap();
    assert_eq!(
        status.canonical_image_name,
        Some(setup.registry.image("other"))
    );
    assert!(setup.tags().await.values().all(Option::is_none));
}

#[tokio::test]
async fn a_restart_asks_the_registry_for_nothing_and_writes_nothing() {
    let mut setup = Setup::start().await;
    setup.registry.set_tags("app", versions(1500));
    setup.apply_secret("s3cret", &json!({})).await;
    setup
        .apply(&json!({ "interval": "1h", "secretRef": { "name": "registry" } }))
        .await;
    setup.ready().await;
    setup.registry.forget_requests();
    setup.proxy.forget();
    setup.scanner.restart();
    setup.scanner.ready().await;
    setup.until_passed().await;
    assert_eq!(
        (setup.registry.requests().len(), setup.writes(0).await),
        (0, Vec::new())
    );
}

#[tokio::test]
async fn an_empty_repository_is_complete() {
    let setup = Setup::start().await;
    setup.registry.set_tags("app", [] as [&str; 0]);
    setup.apply(&json!({ "interval": "1h" })).await;
    let repository = setup.ready().await;
    assert!(
        message(&repository).starts_with("successful scan: found 0 tags with checksum sha256:")
    );
    assert!(setup.slices().await.is_empty());

    setup.patch(&json!({ "spec": { "interval": "2h" } })).await;
    setup
        .until("the new interval is observed", |repository| {
            repository.metadata.generation == Some(2) && is_ready(repository)
        })
        .await;
    assert_eq!(setup.lists(), 1, "nothing is scanned again");
}

#[tokio::test]
async fn objects_that_want_the_same_list_share_a_scan() {
    let setup = Setup::start().await;
    setup.registry.set_tags("app", ["1.0.0"]);
    setup.apply(&json!({ "interval": "1h" })).await;
    setup
        .apply_named(
            "two",
            &setup.registry.image("app"),
            &json!({ "interval": "1h" }),
        )
        .await;
    setup.ready().await;
    setup
        .until_named("two", "the other is ready", is_ready)
        .await;
    assert_eq!(setup.lists(), 1);
    setup.reconcile("now").await;
    assert_eq!(setup.lists(), 2, "a request is never answered from memory");
}

#[tokio::test]
async fn a_request_is_not_answered_by_a_scan_that_began_before_it() {
    let setup = Setup::start().await;
    setup.registry.set_tags("app", ["1.0.0"]);
    let (image, spec) = (setup.registry.image("app"), json!({ "interval": "1h" }));
    setup.apply(&spec).await;
    setup.ready().await;
    setup.apply_named("two", &image, &spec).await;
    setup
        .until_named("two", "the other is ready", is_ready)
        .await;
    let hold = setup.registry.hold(Endpoint::Tags);
    let excluding = json!({ "interval": "1h", "exclusionList": ["^0"] });
    setup.apply_named("two", &image, &excluding).await;
    setup.registry.until_held(1).await;
    setup.request("now").await;
    setup.registry.until_held(2).await;
    drop(hold);
    setup.reconcile("now").await;
    assert_eq!(setup.lists(), 3);
}

#[tokio::test]
async fn slices_that_somebody_deletes_come_back() {
    let setup = Setup::start().await;
    setup.registry.set_tags("app", ["1.0.0"]);
    setup.apply(&json!({ "interval": "1h" })).await;
    let repository = setup.ready().await;
    assert_eq!(setup.tags().await["1.0.0"], None);
    let name = setup.slices().await[0].metadata.name.clone().unwrap();
    let api = setup.namespace.api::<api::repin::v1alpha1::ImageTagSlice>();
    drop(
        api.delete(&name, &kube::api::DeleteParams::default())
            .await
            .unwrap(),
    );
    let seen = test_support::cluster::eventually("the slice is back", async || {
        setup.tags().await.remove("1.0.0")
    })
    .await;
    assert!(
        seen.is_some() && seen >= result(&repository).scan_time,
        "no tag becomes old by the loss of its age"
    );
}

#[tokio::test]
async fn what_flux_has_scanned_is_scanned_once() {
    let mut setup = Setup::start().await;
    setup.registry.set_tags("app", ["a", "b"]);
    setup.scanner.kill9();
    setup.apply(&json!({ "interval": "1h" })).await;
    let status = json!({ "status": {
        "canonicalImageName": setup.registry.image("app"),
        "lastScanResult": { "revision": "1593509681", "tagCount": 2, "scanTime": "2126-01-01T00:00:00Z" },
        "observedExclusionList": ["^.*\\.sig$"],
        "observedGeneration": 1,
    }});
    let api = setup.namespace.api::<api::image::v1::ImageRepository>();
    let merge = kube::api::Patch::Merge(&status);
    drop(
        api.patch_status("app", &kube::api::PatchParams::default(), &merge)
            .await
            .unwrap(),
    );
    setup.scanner.restart();
    let repository = setup.until("our revision", |repository| {
        result(repository)
            .revision
            .is_some_and(|revision| revision.starts_with("sha256:"))
    });
    assert!(is_ready(&repository.await));
    let tags = setup.tags().await;
    assert_eq!((setup.lists(), tags.len()), (1, 2));
    assert!(tags.values().all(Option::is_none), "as of a first scan");
}

#[tokio::test]
async fn the_registry_of_debian_is_scanned() {
    let setup = Setup::start().await;
    let registry = DockerRegistry::start(&RealSetup::default()).await;
    registry.push("app", "1.0.0").await;
    registry.push("app", "1.1.0").await;
    setup
        .apply_named("app", &registry.image("app"), &json!({ "interval": "1h" }))
        .await;
    let repository = setup.ready().await;
    assert_eq!(result(&repository).latest_tags, ["1.1.0", "1.0.0"]);
    registry.push("app", "1.2.0").await;
    assert_eq!(result(&setup.reconcile("now").await).tag_count, 3);
}
