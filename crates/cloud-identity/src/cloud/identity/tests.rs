use super::*;

fn identity(cloud: Cloud, annotations: &[(&str, &str)]) -> Result<Identity, String> {
    let annotations = annotations
        .iter()
        .map(|&(name, value)| (name.to_owned(), value.to_owned()));
    let mut account = ServiceAccount::default();
    account.metadata.annotations = Some(annotations.collect());
    Identity::of(cloud, &account).map_err(|error| error.to_string())
}

#[test]
fn roles_of_all_partitions_are_taken() {
    for role in [
        "arn:aws:iam::123456789012:role/repin",
        "arn:aws-cn:iam::1:role/path/to/repin",
        "arn:aws-us-gov:iam::1:role/r",
    ] {
        let expected = Identity::Aws {
            role: role.to_owned(),
        };
        assert_eq!(identity(Cloud::Aws, &[(ROLE_ARN, role)]), Ok(expected));
    }
    for role in [
        "",
        "arn:aws:iam::x:role/r",
        "arn:aws:iam::1:user/r",
        "arn:aws:iam::1:role/",
    ] {
        let text = format!("invalid AWS role ARN: '{role}'. must match {ROLE_ARN_PATTERN}");
        assert_eq!(identity(Cloud::Aws, &[(ROLE_ARN, role)]), Err(text));
    }
}

#[test]
fn azure_needs_tenant_and_client() {
    let expected = Identity::Azure {
        tenant: "t-1".to_owned(),
        client: "c-1".to_owned(),
    };
    let both = [(TENANT_ID, "t-1"), (CLIENT_ID, "c-1")];
    assert_eq!(identity(Cloud::Azure, &both), Ok(expected));
    let missing = |annotation| {
        let what = annotation == TENANT_ID;
        let what = if what { "tenant ID" } else { "client ID" };
        Err(format!(
            "azure {what} is not set in the service account annotation {annotation}"
        ))
    };
    assert_eq!(identity(Cloud::Azure, &both[1..]), missing(TENANT_ID));
    assert_eq!(identity(Cloud::Azure, &both[..1]), missing(CLIENT_ID));
    // A tenant becomes part of a URL.
    let elsewhere = [(TENANT_ID, "../evil"), (CLIENT_ID, "c-1")];
    assert!(identity(Cloud::Azure, &elsewhere).is_err());
}

#[test]
fn both_annotations_of_google_are_optional_and_checked() {
    let email = "puller@project-1.iam.gserviceaccount.com";
    let provider = "projects/12/locations/global/workloadIdentityPools/pool/providers/cluster";
    for (annotations, expected) in [
        (&[][..], (None, None)),
        (&[(GCP_ACCOUNT, email)], (Some(email), None)),
        (
            &[(GCP_ACCOUNT, email), (GCP_PROVIDER, provider)],
            (Some(email), Some(provider)),
        ),
    ] {
        let expected = Identity::Gcp {
            email: expected.0.map(str::to_owned),
            provider: expected.1.map(str::to_owned),
        };
        assert_eq!(identity(Cloud::Gcp, annotations), Ok(expected));
    }
    let text = format!(
        "invalid {GCP_ACCOUNT} annotation: 'a@evil.example'. must match {GCP_ACCOUNT_PATTERN}"
    );
    assert_eq!(
        identity(Cloud::Gcp, &[(GCP_ACCOUNT, "a@evil.example")]),
        Err(text)
    );
    let text = format!(
        "invalid {GCP_PROVIDER} annotation: 'projects/x'. must match {GCP_PROVIDER_PATTERN}"
    );
    assert_eq!(
        identity(Cloud::Gcp, &[(GCP_PROVIDER, "projects/x")]),
        Err(text)
    );
}
