use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use parking_lot::Mutex;
use serde_json::json;

use super::*;

const KINDS: [&str; 3] = ["ImagePolicy", "ImageRepository", "ImageTagSlice"];

/// Kinds as an API server serves them.
#[derive(Clone)]
struct Server(Arc<Mutex<Vec<Kind>>>);

impl Server {
    fn serving(kinds: Vec<Kind>) -> Self {
        Self(Arc::new(Mutex::new(kinds)))
    }

    fn serve(&self, kinds: Vec<Kind>) {
        *self.0.lock() = kinds;
    }

    fn client(&self) -> Client {
        let router = Router::new()
            .route("/apis/{group}/{version}", get(resources))
            .route("/openapi/v3/apis/{group}/{version}", get(openapi))
            .with_state(self.clone());
        Client::new(router, "default")
    }

    fn of(&self, group: &str, version: &str) -> Option<Vec<Kind>> {
        let mut kinds = self.0.lock().clone();
        kinds.retain(|kind| kind.group == group && kind.version == version);
        (!kinds.is_empty()).then_some(kinds)
    }
}

async fn resources(
    State(server): State<Server>,
    Path((group, version)): Path<(String, String)>,
) -> Response {
    let Some(kinds) = server.of(&group, &version) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let resources: Vec<Value> = kinds
        .iter()
        .map(|kind| {
            json!({ "name": kind.name.to_lowercase(), "singularName": "", "namespaced": true, "kind": kind.name, "verbs": ["get"] })
        })
        .collect();
    let list = json!({ "groupVersion": format!("{group}/{version}"), "resources": resources });
    axum::Json(list).into_response()
}

async fn openapi(
    State(server): State<Server>,
    Path((group, version)): Path<(String, String)>,
) -> Response {
    let Some(kinds) = server.of(&group, &version) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let schemas: serde_json::Map<String, Value> = kinds
        .iter()
        .map(|kind| {
            let name = json!({ "group": group, "version": version, "kind": kind.name });
            let schema = json!({ "x-kubernetes-group-version-kind": [name], "properties": { "spec": kind.spec } });
            (format!("dev.{}", kind.name), schema)
        })
        .collect();
    axum::Json(json!({ "components": { "schemas": schemas } })).into_response()
}

/// The kinds as Flux's own definitions have them.
fn of_flux() -> Vec<Kind> {
    let mut kinds = Kind::named(&KINDS);
    for kind in &mut kinds {
        let properties = kind.spec["properties"].as_object_mut().unwrap();
        properties.remove("minimumAge");
        properties.remove("downgradePolicy");
    }
    kinds
}

#[test]
fn kinds_are_those_of_our_definitions() {
    let kinds = Kind::named(&KINDS);
    let names: Vec<String> = kinds
        .iter()
        .map(|kind| format!("{}.{}", kind.name, kind.group_version()))
        .collect();
    assert_eq!(
        names,
        [
            "ImagePolicy.image.toolkit.fluxcd.io/v1",
            "ImageRepository.image.toolkit.fluxcd.io/v1",
            "ImageTagSlice.repin.dev/v1alpha1",
        ]
    );
    assert!(kinds[0].spec["properties"]["minimumAge"].is_object());
    assert_eq!(Kind::named(&["Unknown"]), []);
}

#[tokio::test(start_paused = true)]
async fn kinds_that_are_not_served_are_awaited() {
    let kinds = Kind::named(&KINDS);
    let server = Server::serving(kinds[..2].to_vec());
    let readiness = Readiness::default();
    let awaited = readiness.awaits("CustomResourceDefinitions");
    let client = server.client();
    let wait = served(&client, &kinds, &awaited);
    let ended = tokio::time::timeout(Duration::from_secs(100), wait).await;
    assert!(ended.is_err());
    let text = readiness.report().text;
    assert!(
        text.contains("not served: ImageTagSlice (repin.dev/v1alpha1)"),
        "{text}"
    );
    server.serve(kinds.clone());
    served(&client, &kinds, &awaited).await;
    assert!(readiness.report().ready);
}

#[tokio::test(start_paused = true)]
async fn fields_that_are_not_served_are_told_until_they_are() {
    let server = Server::serving(of_flux());
    let (metrics, readiness) = (Metrics::new(), Readiness::default());
    let report = tokio::spawn(report(
        server.client(),
        Kind::named(&KINDS),
        metrics.clone(),
        readiness.clone(),
    ));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let told = readiness.report();
    assert!(told.ready);
    assert_eq!(
        told.text,
        "[!]the served schema of ImagePolicy lacks spec.downgradePolicy, spec.minimumAge\nready\n"
    );
    let line = r#"repin_schema_missing_fields{kind="ImagePolicy",field="spec.minimumAge"} 1"#;
    assert!(metrics.encode().unwrap().contains(line));
    server.serve(Kind::named(&KINDS));
    tokio::time::sleep(RECHECK).await;
    assert_eq!(readiness.report().text, "ready\n");
    assert!(!metrics.encode().unwrap().contains("spec.minimumAge"));
    report.abort();
}

#[tokio::test(start_paused = true)]
async fn a_schema_that_is_published_late_is_awaited() {
    let server = Server::serving(Vec::new());
    let readiness = Readiness::default();
    let report = tokio::spawn(report(
        server.client(),
        Kind::named(&KINDS),
        Metrics::new(),
        readiness.clone(),
    ));
    tokio::time::sleep(Duration::from_secs(15)).await;
    server.serve(of_flux());
    tokio::time::sleep(Duration::from_secs(15)).await;
    assert!(readiness.report().text.contains("minimumAge"));
    report.abort();
}
