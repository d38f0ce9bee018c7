use clap::{CommandFactory as _, Parser};

use super::*;

#[derive(Debug, Parser)]
struct Program {
    #[command(flatten)]
    args: Args,
}

fn parse(flags: &[&str]) -> Result<Args, clap::Error> {
    let flags = ["program"].iter().chain(flags);
    Program::try_parse_from(flags).map(|program| program.args)
}

/// Why flags that are read are refused all the same; none where they are not.
fn refusal(flags: &[&str]) -> Option<String> {
    let refused = parse(flags).unwrap().check();
    refused.err().map(|error| error.to_string())
}

#[test]
fn the_definition_holds_together() {
    Program::command().debug_assert();
}

#[test]
fn defaults_are_those_of_flux() {
    let args = parse(&[]).unwrap();
    let durations = [
        args.leader_election_lease_duration,
        args.leader_election_renew_deadline,
        args.leader_election_retry_period,
        args.min_retry_delay,
        args.max_retry_delay,
        args.token_cache_max_duration,
        args.requeue_dependency,
    ];
    assert_eq!(
        durations.map(|duration| duration.to_string()),
        ["35s", "30s", "5s", "750ms", "15m0s", "1h0m0s", "30s"]
    );
    assert_eq!(args.metrics_addr.to_string(), ":8080");
    assert_eq!(args.health_addr.to_string(), ":9440");
    assert_eq!((args.concurrent, args.token_cache_max_size), (4, 100));
    assert!(!args.enable_leader_election && args.leader_election_release_on_cancel);
    assert!(!args.no_cross_namespace_refs && args.watch_all_namespaces);
    assert_eq!(
        args.watch_configs_label_selector,
        "reconcile.fluxcd.io/watch=Enabled"
    );
    assert_eq!(
        (args.log_level, args.log_encoding),
        (LogLevel::Info, LogEncoding::Json)
    );
    assert_eq!(refusal(&[]), None);
    assert_eq!(args.without_effect(), Vec::<String>::new());
}

#[test]
fn the_arguments_of_a_deployment_of_flux_are_taken() {
    let args = parse(&[
        "--events-addr=http://notification-controller.flux-system.svc.cluster.local./",
        "--watch-all-namespaces",
        "--log-level=info",
        "--log-encoding=json",
        "--enable-leader-election",
        "--storage-path=/data",
        "--gc-interval=10",
        "--kube-api-qps=500",
        "--kube-api-burst=1000",
        "--concurrent=10",
        "--feature-gates=FluxStorage=true,CacheSecretsAndConfigMaps=false,GitShallowClone=true",
        "--requeue-dependency=5s",
        "--concurrent=20",
    ])
    .unwrap();
    assert!(args.enable_leader_election);
    assert_eq!(args.concurrent, 20, "the last one counts");
    args.check().unwrap();
    let ignored = args.without_effect().join("\n");
    assert_eq!(ignored.lines().count(), 3, "{ignored}");
    for part in ["FluxStorage", "--storage-path", "--gc-interval"] {
        assert!(ignored.contains(part), "{ignored}");
    }
}

#[test]
fn what_is_on_or_off_is_written_as_in_go() {
    for (flags, on) in [
        (&["--enable-leader-election"][..], true),
        (&["--enable-leader-election=true"], true),
        (&["--enable-leader-election=T"], true),
        (&["--enable-leader-election=0"], false),
        (
            &["--enable-leader-election", "--enable-leader-election=false"],
            false,
        ),
    ] {
        assert_eq!(
            parse(flags).unwrap().enable_leader_election,
            on,
            "{flags:?}"
        );
    }
    assert!(parse(&["--enable-leader-election=yes"]).is_err());
    assert!(parse(&["--enable-leader-election", "true"]).is_err());
}

#[test]
fn values_out_of_range_are_refused() {
    for flag in [
        "--concurrent=0",
        "--min-retry-delay=5",
        "--metrics-addr=8080",
        "--log-level=warn",
        "--token-cache-max-size=-1",
    ] {
        assert_eq!(parse(&[flag]).unwrap_err().exit_code(), 2, "{flag}");
    }
}

#[test]
fn unknown_gates_end_the_program_with_the_words_of_flux() {
    let error = refusal(&["--feature-gates=Wings=true"]).unwrap();
    assert_eq!(
        error,
        "unable to load feature gates: feature-gate 'Wings' not supported"
    );
    let error = refusal(&["--feature-gates=FluxStorage"]).unwrap();
    assert_eq!(
        error,
        "unable to load feature gates: 'FluxStorage': expected NAME=true or NAME=false"
    );
}

#[test]
fn gates_gather_and_the_last_value_counts() {
    let gate = Gate::ObjectLevelWorkloadIdentity;
    for (flags, on) in [
        (&[][..], false),
        (&["--feature-gates=ObjectLevelWorkloadIdentity=true"], true),
        (
            &[
                "--feature-gates",
                "ObjectLevelWorkloadIdentity=true",
                "--feature-gates=FluxStorage=true",
            ],
            true,
        ),
        (
            &[
                "--feature-gates=ObjectLevelWorkloadIdentity=true, ObjectLevelWorkloadIdentity=false,",
            ],
            false,
        ),
    ] {
        assert_eq!(parse(flags).unwrap().enabled(gate), on, "{flags:?}");
    }
}

#[test]
fn a_default_service_account_needs_its_gate() {
    let error = refusal(&["--default-service-account=scanner"]).unwrap();
    assert_eq!(
        error,
        "invalid configuration: cannot set default service accounts when the feature gate \
         ObjectLevelWorkloadIdentity is not enabled"
    );
    let gate = "--feature-gates=ObjectLevelWorkloadIdentity=true";
    assert_eq!(refusal(&["--default-service-account=scanner", gate]), None);
}

#[test]
fn one_namespace_has_to_be_named() {
    let error = refusal(&["--watch-all-namespaces=false", "--runtime-namespace="]).unwrap();
    assert!(error.contains("RUNTIME_NAMESPACE"), "{error}");
    let named = "--runtime-namespace=flux-system";
    assert_eq!(refusal(&["--watch-all-namespaces=false", named]), None);
}

#[test]
fn selectors_that_no_watch_could_use_are_refused() {
    for flag in ["--watch-label-selector", "--watch-configs-label-selector"] {
        let error = refusal(&[&format!("{flag}=key in shard1")]).unwrap();
        assert_eq!(
            error,
            format!(
                "{flag}: expected a label selector such as sharding.fluxcd.io/key=shard1, \
                 found 'key in shard1'"
            )
        );
        assert_eq!(refusal(&[&format!("{flag}=!sharding.fluxcd.io/key")]), None);
        assert_eq!(refusal(&[&format!("{flag}=")]), None);
    }
}

#[test]
fn the_address_of_events_is_a_url() {
    for address in ["notification-controller", ":9090", "ftp://host/", "http://"] {
        let flag = format!("--events-addr={address}");
        let error = refusal(&[&flag]).unwrap();
        assert!(
            error.starts_with("--events-addr: expected a URL"),
            "{error}"
        );
    }
    let args = parse(&["--events-addr=http://notification-controller.flux-system.svc/"]).unwrap();
    let address = args.events_address().unwrap().unwrap();
    assert_eq!(
        address.as_str(),
        "http://notification-controller.flux-system.svc/"
    );
    assert_eq!(parse(&[]).unwrap().events_address().unwrap(), None);
}

#[test]
fn the_removed_logins_name_what_replaces_them() {
    for (flag, provider) in [
        ("--aws-autologin-for-ecr", "aws"),
        ("--gcp-autologin-for-gcr=true", "gcp"),
        ("--azure-autologin-for-acr", "azure"),
    ] {
        let error = refusal(&[flag]).unwrap();
        assert!(
            error.contains(&format!("spec.provider to {provider} ")),
            "{error}"
        );
    }
}

#[test]
fn addresses_are_written_as_in_go() {
    let at = |host: Option<&str>, port| ListenAddress::At {
        host: host.map(str::to_owned),
        port,
    };
    for (text, address) in [
        (":8080", at(None, 8080)),
        ("localhost:0", at(Some("localhost"), 0)),
        ("127.0.0.1:9440", at(Some("127.0.0.1"), 9440)),
        ("[::1]:9440", at(Some("::1"), 9440)),
        ("0", ListenAddress::Off),
    ] {
        let parsed: ListenAddress = text.parse().unwrap();
        assert_eq!(parsed, address);
        assert_eq!(parsed.to_string(), text);
    }
    for text in [
        "8080",
        "localhost",
        ":",
        ":http",
        ":65536",
        "::1:9440",
        "[::1:80",
    ] {
        assert_eq!(text.parse::<ListenAddress>(), Err(AddressError), "{text}");
    }
}
