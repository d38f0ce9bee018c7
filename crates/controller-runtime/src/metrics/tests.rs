use super::*;

fn object(name: &str) -> ObjectLabels {
    ObjectLabels {
        kind: "ImageRepository".to_owned(),
        name: name.to_owned(),
        namespace: "flux-system".to_owned(),
    }
}

#[test]
fn durations_have_the_labels_and_buckets_of_flux() {
    let metrics = Metrics::new();
    metrics.passed(&object("app"), Duration::from_secs(2), PassResult::Ready);
    let text = metrics.encode().unwrap();
    let series: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("gotk_reconcile_duration_seconds_bucket"))
        .collect();
    assert_eq!(series.len(), 11, "{text}");
    let labels = r#"kind="ImageRepository",name="app",namespace="flux-system""#;
    assert!(series.iter().all(|line| line.contains(labels)), "{text}");
    assert!(series[0].contains(r#"le="0.01""#), "{}", series[0]);
    assert!(series[10].contains(r#"le="+Inf""#), "{}", series[10]);
}

#[test]
fn series_go_with_their_object() {
    let metrics = Metrics::new();
    for name in ["one", "two"] {
        metrics.passed(&object(name), Duration::ZERO, PassResult::Ready);
    }
    metrics.forget(&object("one"));
    let text = metrics.encode().unwrap();
    assert!(!text.contains(r#"name="one""#), "{text}");
    assert!(text.contains(r#"name="two""#), "{text}");
}

#[test]
fn failures_are_counted_by_reason_and_without_names() {
    let metrics = Metrics::new();
    let failed = PassResult::Failed {
        reason: "ReadOperationFailed",
    };
    metrics.passed(&object("app"), Duration::ZERO, failed);
    metrics.in_backoff("ImageRepository", 3);
    let text = metrics.encode().unwrap();
    for line in [
        r#"repin_reconciles_total{kind="ImageRepository",result="failed"} 1"#,
        r#"repin_reconcile_failures_total{kind="ImageRepository",reason="ReadOperationFailed"} 1"#,
        r#"repin_objects_in_backoff{kind="ImageRepository"} 3"#,
    ] {
        assert!(text.lines().any(|l| l == line), "{line}\n{text}");
    }
}

#[test]
fn a_controller_registers_its_own() {
    let metrics = Metrics::new();
    let scans = metrics.registry(|registry| {
        let scans = Counter::<u64>::default();
        registry.register("repin_scans", "Scans of a registry", scans.clone());
        scans
    });
    scans.inc();
    assert!(metrics.encode().unwrap().contains("repin_scans_total 1"));
}

#[test]
fn fields_that_are_served_again_are_no_longer_missing() {
    let metrics = Metrics::new();
    metrics.missing_fields([("ImagePolicy", "spec.minimumAge")]);
    let line = r#"repin_schema_missing_fields{kind="ImagePolicy",field="spec.minimumAge"} 1"#;
    assert!(metrics.encode().unwrap().contains(line));
    metrics.missing_fields([]);
    assert!(!metrics.encode().unwrap().contains(line));
}
