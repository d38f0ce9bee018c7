use super::*;

#[test]
fn services_are_at_the_places_of_their_partition() {
    let nowhere = Environment::default();
    for (region, host) in [
        ("eu-west-1", "api.ecr.eu-west-1.amazonaws.com"),
        ("us-gov-west-1", "api.ecr.us-gov-west-1.amazonaws.com"),
        ("cn-north-1", "api.ecr.cn-north-1.amazonaws.com.cn"),
        ("eusc-de-east-1", "api.ecr.eusc-de-east-1.amazonaws.eu"),
        ("us-isob-east-1", "api.ecr.us-isob-east-1.sc2s.sgov.gov"),
        ("us-iso-east-1", "api.ecr.us-iso-east-1.c2s.ic.gov"),
    ] {
        let url = service_url(&nowhere, "ECR", "api.ecr", region).unwrap();
        assert_eq!(url.as_str(), format!("https://{host}/"));
    }
    let environment: Environment = [("AWS_ENDPOINT_URL", "http://localhost:4566/")]
        .into_iter()
        .collect();
    let url = service_url(&environment, "ECR", "api.ecr", "eu-west-1").unwrap();
    assert_eq!(url.as_str(), "http://localhost:4566/");
    let environment: Environment = [("AWS_ENDPOINT_URL_ECR", "nowhere")].into_iter().collect();
    let error = service_url(&environment, "ECR", "api.ecr", "eu-west-1").unwrap_err();
    assert_eq!(error.to_string(), "AWS_ENDPOINT_URL_ECR: is no URL");
}

#[test]
fn only_amazons_sts_is_sts() {
    for (host, is) in [
        ("sts.amazonaws.com", true),
        ("sts.eu-west-1.amazonaws.com", true),
        ("sts.cn-north-1.amazonaws.com.cn", true),
        ("sts.googleapis.com", false),
        ("sts.evilamazonaws.com", false),
        ("api.ecr.eu-west-1.amazonaws.com", false),
    ] {
        assert_eq!(is_sts(host), is, "{host}");
    }
}

#[test]
fn an_answer_without_a_pair_is_no_token() {
    for body in [
        "",
        "{}",
        r#"{"authorizationData": []}"#,
        r#"{"authorizationData": [{"authorizationToken": "%%", "expiresAt": 1}]}"#,
        r#"{"authorizationData": [{"authorizationToken": "QVdT", "expiresAt": 1}]}"#,
        r#"{"authorizationData": {"authorizationToken": "QVdTOnB3", "expiresAt": -1}}"#,
    ] {
        assert!(read(body.as_bytes()).is_none(), "{body}");
    }
    let body =
        r#"{"authorizationData": [{"authorizationToken": "QVdTOnB3OjI=", "expiresAt": 1.5}]}"#;
    let fetched = read(body.as_bytes()).unwrap();
    let Given::Basic { username, password } = fetched.credential else {
        unreachable!("ECR gives a user and a password");
    };
    assert_eq!(username, "AWS");
    assert_eq!(secrecy::ExposeSecret::expose_secret(&password), "pw:2");
    // Over since 1970.
    assert_eq!(fetched.lifetime, Duration::ZERO);
}
