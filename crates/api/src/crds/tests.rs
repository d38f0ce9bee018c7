use std::fmt::Write as _;
use std::path::Path;
use std::sync::LazyLock;

use super::*;

pub(super) static CRDS: LazyLock<Vec<CustomResourceDefinition>> = LazyLock::new(crds);

pub(super) fn schema(kind: &str, version: &str) -> Value {
    let crd = CRDS.iter().find(|crd| crd.spec.names.kind == kind).unwrap();
    let version = crd
        .spec
        .versions
        .iter()
        .find(|found| found.name == version)
        .unwrap();
    serde_json::to_value(version.schema.as_ref().unwrap().open_api_v3_schema.as_ref()).unwrap()
}

#[test]
fn the_files_are_fresh() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crds");
    let mut files = crd_files();
    for (name, text) in &files {
        let found = std::fs::read_to_string(dir.join(name)).unwrap_or_default();
        assert!(
            found == *text,
            "crds/{name} is stale: run `cargo xtask codegen`"
        );
    }
    let mut found: Vec<String> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| {
            Path::new(name)
                .extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .collect();
    found.sort();
    files.sort();
    assert_eq!(
        found,
        files.into_iter().map(|(name, _)| name).collect::<Vec<_>>()
    );
}

#[test]
fn the_files_hold_the_definitions() {
    for (crd, (name, text)) in CRDS.iter().zip(crd_files()) {
        let read: Value = serde_saphyr::from_str(&text).unwrap();
        assert_eq!(read, serde_json::to_value(crd).unwrap(), "{name}");
    }
}

#[test]
fn every_kind_serves_its_versions_and_stores_the_first() {
    let mut table = String::new();
    for crd in CRDS.iter() {
        let versions = crd.spec.versions.iter().map(|version| {
            assert!(version.served, "{}", version.name);
            assert_eq!(version.storage, version.name == crd.spec.versions[0].name);
            version.name.as_str()
        });
        let versions: Vec<&str> = versions.collect();
        writeln!(table, "{} {}", crd.spec.names.kind, versions.join(" ")).unwrap();
    }
    insta::assert_snapshot!(table, @r#"
    ImagePolicy v1 v1beta2 v1beta1 v1alpha2 v1alpha1
    ImageRepository v1 v1beta2 v1beta1 v1alpha2 v1alpha1
    ImageUpdateAutomation v1 v1beta2 v1beta1 v1alpha2 v1alpha1
    Receiver v1 v1beta2 v1beta1
    ImageTagSlice v1alpha1
    ImageUpdateApproval v1alpha1
    ImageUpdatePlan v1alpha1
    "#);
}

#[test]
fn names_categories_and_annotations_are_those_of_flux() {
    let mut table = String::new();
    for crd in CRDS.iter() {
        let names = &crd.spec.names;
        let short = names
            .short_names
            .iter()
            .flatten()
            .cloned()
            .collect::<Vec<_>>()
            .join(",");
        let categories = names
            .categories
            .iter()
            .flatten()
            .cloned()
            .collect::<Vec<_>>()
            .join(",");
        let annotation = crd.metadata.annotations.iter().flatten().next();
        let substitute = annotation.map_or(String::new(), |(name, value)| {
            assert_eq!(name, crate::annotations::SUBSTITUTE);
            format!(" substitute: {value}")
        });
        writeln!(table, "{} [{short}] [{categories}]{substitute}", names.kind).unwrap();
    }
    insta::assert_snapshot!(table, @r#"
    ImagePolicy [imgpol,imagepol] [all,fluxcd,fluxcd-images]
    ImageRepository [imgrepo,imagerepo] [all,fluxcd,fluxcd-images]
    ImageUpdateAutomation [iua,imgupd,imgauto] [all,fluxcd,fluxcd-images] substitute: disabled
    Receiver [] [all,fluxcd,fluxcd-notifications] substitute: disabled
    ImageTagSlice [] [repin]
    ImageUpdateApproval [] [repin]
    ImageUpdatePlan [iup] [repin]
    "#);
}

const COLUMNS: &str = r#"ImagePolicy v1
  Image string .status.latestRef.name
  Tag string .status.latestRef.tag
  Ready string .status.conditions[?(@.type=="Ready")].status
  Status string .status.conditions[?(@.type=="Ready")].message
  Age date .metadata.creationTimestamp
ImagePolicy v1beta2
  Image string .status.latestRef.name
  Tag string .status.latestRef.tag
  Ready string .status.conditions[?(@.type=="Ready")].status
  Status string .status.conditions[?(@.type=="Ready")].message
  Age date .metadata.creationTimestamp
ImagePolicy v1beta1
  LatestImage string .status.latestImage
ImagePolicy v1alpha2
  LatestImage string .status.latestImage
ImagePolicy v1alpha1
  LatestImage string .status.latestImage
ImageRepository v1
  Image string .spec.image
  Tags string .status.lastScanResult.tagCount
  Ready string .status.conditions[?(@.type=="Ready")].status
  Status string .status.conditions[?(@.type=="Ready")].message
  Last scan string .status.lastScanResult.scanTime (wide)
  Age date .metadata.creationTimestamp
ImageRepository v1beta2
  Image string .spec.image
  Tags string .status.lastScanResult.tagCount
  Ready string .status.conditions[?(@.type=="Ready")].status
  Status string .status.conditions[?(@.type=="Ready")].message
  Last scan string .status.lastScanResult.scanTime (wide)
  Age date .metadata.creationTimestamp
ImageRepository v1beta1
  Last scan string .status.lastScanResult.scanTime
  Tags string .status.lastScanResult.tagCount
ImageRepository v1alpha2
  Last scan string .status.lastScanResult.scanTime
  Tags string .status.lastScanResult.tagCount
ImageRepository v1alpha1
  Last scan string .status.lastScanResult.scanTime
  Tags string .status.lastScanResult.tagCount
ImageUpdateAutomation v1
  Ready string .status.conditions[?(@.type=="Ready")].status
  Status string .status.conditions[?(@.type=="Ready")].message
  Last run string .status.lastAutomationRunTime (wide)
  Age date .metadata.creationTimestamp
ImageUpdateAutomation v1beta2
  Ready string .status.conditions[?(@.type=="Ready")].status
  Status string .status.conditions[?(@.type=="Ready")].message
  Last run string .status.lastAutomationRunTime (wide)
  Age date .metadata.creationTimestamp
ImageUpdateAutomation v1beta1
  Last run string .status.lastAutomationRunTime
ImageUpdateAutomation v1alpha2
  Last run string .status.lastAutomationRunTime
ImageUpdateAutomation v1alpha1
  Last run string .status.lastAutomationRunTime
Receiver v1
  Age date .metadata.creationTimestamp
  Ready string .status.conditions[?(@.type=="Ready")].status
  Status string .status.conditions[?(@.type=="Ready")].message
Receiver v1beta2
  Age date .metadata.creationTimestamp
  Ready string .status.conditions[?(@.type=="Ready")].status
  Status string .status.conditions[?(@.type=="Ready")].message
Receiver v1beta1
  Ready string .status.conditions[?(@.type=="Ready")].status
  Status string .status.conditions[?(@.type=="Ready")].message
  Age date .metadata.creationTimestamp
ImageTagSlice v1alpha1
  Repository string .metadata.ownerReferences[0].name
  Tags integer .spec.tagCount
  Age date .metadata.creationTimestamp
ImageUpdateApproval v1alpha1
  Plan string .spec.plan
  Approved by string .spec.approvedBy
  Age date .metadata.creationTimestamp
ImageUpdatePlan v1alpha1
  Automation string .spec.automationRef.name
  Target string .spec.push.branch
  Files integer .spec.fileCount
  Edits integer .spec.editCount
  Phase string .status.conditions[?(@.type=="Ready")].reason
  Commit string .status.commit
  Status string .status.conditions[?(@.type=="Ready")].message (wide)
  Approval string .spec.approval (wide)
  Age date .metadata.creationTimestamp
"#;

#[test]
fn printer_columns_are_those_of_flux() {
    let mut table = String::new();
    for crd in CRDS.iter() {
        for version in &crd.spec.versions {
            writeln!(table, "{} {}", crd.spec.names.kind, version.name).unwrap();
            for column in version.additional_printer_columns.iter().flatten() {
                let wide = if column.priority == Some(1) {
                    " (wide)"
                } else {
                    ""
                };
                let (name, kind, path) = (&column.name, &column.type_, &column.json_path);
                writeln!(table, "  {name} {kind} {path}{wide}").unwrap();
            }
        }
    }
    assert_eq!(table, COLUMNS);
}

/// Paths of all schemas with a default, and the defaults.
fn defaults(schema: &Value, path: &str, found: &mut String) {
    if let Some(default) = schema.get("default") {
        writeln!(found, "  {path} {default}").unwrap();
    }
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        defaults(schema, &format!("{path}.{name}"), found);
    }
    if let Some(items) = schema.get("items") {
        defaults(items, &format!("{path}[]"), found);
    }
}

#[test]
fn defaults_are_those_of_flux() {
    let mut table = String::new();
    for (kind, version) in [
        ("ImageRepository", "v1"),
        ("ImagePolicy", "v1"),
        ("ImageUpdateAutomation", "v1"),
        ("Receiver", "v1"),
    ] {
        writeln!(table, "{kind} {version}").unwrap();
        defaults(&schema(kind, version), "", &mut table);
    }
    insta::assert_snapshot!(table, @r#"
    ImageRepository v1
      .spec.exclusionList ["^.*\\.sig$"]
      .spec.provider "generic"
      .status {"observedGeneration":-1}
    ImagePolicy v1
      .spec.digestReflectionPolicy "Never"
      .spec.policy.alphabetical.order "asc"
      .spec.policy.numerical.order "asc"
      .status {"observedGeneration":-1}
    ImageUpdateAutomation v1
      .spec.sourceRef.kind "GitRepository"
      .spec.update {"strategy":"Setters"}
      .spec.update.strategy "Setters"
      .status {"observedGeneration":-1}
    Receiver v1
      .spec.interval "10m"
      .spec.oidcProviders[].audience "notification-controller"
      .status {"observedGeneration":-1}
    "#);
}

#[test]
fn nothing_is_nullable_and_no_flux_kind_requires_its_spec() {
    for crd in CRDS.iter() {
        for version in &crd.spec.versions {
            let schema = schema(&crd.spec.names.kind, &version.name);
            assert!(
                !schema.to_string().contains("\"nullable\""),
                "{}",
                crd.spec.names.kind
            );
            assert!(
                !schema.to_string().contains("\"anyOf\""),
                "{}",
                crd.spec.names.kind
            );
            let required = schema.get("required").is_some();
            assert_eq!(
                required,
                crd.spec.group == repin::GROUP,
                "{}",
                crd.spec.names.kind
            );
        }
    }
}

#[test]
fn conditions_are_merged_by_their_type() {
    for (kind, version) in [
        ("ImageRepository", "v1"),
        ("ImagePolicy", "v1alpha1"),
        ("Receiver", "v1beta2"),
    ] {
        let schema = schema(kind, version);
        let conditions = &schema["properties"]["status"]["properties"]["conditions"];
        assert_eq!(conditions["x-kubernetes-list-type"], "map");
        assert_eq!(conditions["x-kubernetes-list-map-keys"], json!(["type"]));
    }
}
