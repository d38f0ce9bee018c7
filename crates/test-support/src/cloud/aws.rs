//! AWS: STS, ECR, and what machines and containers learn of themselves.

use axum::Json;
use axum::response::IntoResponse as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::jwt::subject;
use super::sigv4::{Key, is_code_commit, signer};
use super::{Answer, CONTAINER_TOKEN, Call, ENVIRONMENT_KEY, ROLE, Service, expect};

/// What tokens of ServiceAccounts for AWS are for.
const AUDIENCE: &str = "sts.amazonaws.com";

/// The region that the tests work in.
const REGION: &str = "eu-west-1";

const ROLE_KEY: (&str, &str, &str) = ("ASIAROLE", "role-s3cret-key", "role-s3cret-session");
const MACHINE_KEY: (&str, &str, &str) = (
    "ASIAMACHINE",
    "machine-s3cret-key",
    "machine-s3cret-session",
);
const CONTAINER_KEY: (&str, &str, &str) = (
    "ASIACONTAINER",
    "container-s3cret-key",
    "container-s3cret-session",
);

/// The token by which the metadata server knows who asked before.
const METADATA_TOKEN: &str = "metadata-s3cret-token";

const KEYS: [Key; 4] = [
    (ENVIRONMENT_KEY.0, ENVIRONMENT_KEY.1, None),
    (ROLE_KEY.0, ROLE_KEY.1, Some(ROLE_KEY.2)),
    (MACHINE_KEY.0, MACHINE_KEY.1, Some(MACHINE_KEY.2)),
    (CONTAINER_KEY.0, CONTAINER_KEY.1, Some(CONTAINER_KEY.2)),
];

/// Whether CodeCommit in this region lets somebody in to the repository at this host and path.
pub fn code_commit_admits(
    region: &str,
    place: (&str, &str),
    user_and_password: (&str, &str),
) -> bool {
    is_code_commit(place, user_and_password, region, &KEYS)
}

/// `AssumeRoleWithWebIdentity`.
pub(super) fn assume_role(call: &Call<'_>) -> Answer {
    expect(
        "the action",
        &call.field("Action"),
        "AssumeRoleWithWebIdentity",
    )?;
    expect("the version", &call.field("Version"), "2011-06-15")?;
    expect("the role", &call.field("RoleArn"), ROLE)?;
    let session = call.field("RoleSessionName");
    if !(2..=64).contains(&session.len()) {
        return Err(format!(
            "the session's name {session:?} is too short or too long"
        ));
    }
    subject(&call.field("WebIdentityToken"), AUDIENCE)?;
    let (id, secret, session) = ROLE_KEY;
    let end = rfc3339(call.services.end());
    Ok(format!(
        "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>\
         <AccessKeyId>{id}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>\
         <SessionToken>{session}</SessionToken><Expiration>{end}</Expiration>\
         </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
    )
    .into_response())
}

/// `GetAuthorizationToken` of private registries.
pub(super) fn private_token(call: &Call<'_>) -> Answer {
    let target = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken";
    let data = token(call, (Service::Ecr, "ecr", REGION), target)?;
    Ok(Json(json!({ "authorizationData": [data] })).into_response())
}

/// `GetAuthorizationToken` of the public registry.
pub(super) fn public_token(call: &Call<'_>) -> Answer {
    let target = "SpencerFrontendService.GetAuthorizationToken";
    let data = token(
        call,
        (Service::EcrPublic, "ecr-public", "us-east-1"),
        target,
    )?;
    Ok(Json(json!({ "authorizationData": data })).into_response())
}

/// The password is `<access key>-password-<how many so far>`.
fn token(
    call: &Call<'_>,
    (service, name, region): (Service, &str, &str),
    target: &str,
) -> Result<Value, String> {
    expect("the method", call.method.as_str(), "POST")?;
    expect("the target", call.header("x-amz-target"), target)?;
    expect(
        "the type",
        call.header("content-type"),
        "application/x-amz-json-1.1",
    )?;
    let id = signer(call, name, region, &KEYS)?;
    let pair = format!("AWS:{id}-password-{}", call.services.number(service));
    Ok(json!({
        "authorizationToken": STANDARD.encode(pair),
        "expiresAt": call.services.end(),
    }))
}

/// IMDS, version 2.
pub(super) fn metadata(call: &Call<'_>) -> Answer {
    let folder = "/latest/meta-data/iam/security-credentials/";
    if call.uri.path() == "/latest/api/token" {
        expect("the method", call.method.as_str(), "PUT")?;
        return Ok(METADATA_TOKEN.into_response());
    }
    expect(
        "the token",
        call.header("x-aws-ec2-metadata-token"),
        METADATA_TOKEN,
    )?;
    match call.uri.path().strip_prefix(folder) {
        Some("") => Ok("machine-role".into_response()),
        Some("machine-role") => Ok(credentials(call, MACHINE_KEY)),
        _ => Err("no such metadata".to_owned()),
    }
}

/// The credentials of a container, for whoever has its token.
pub(super) fn container(call: &Call<'_>) -> Answer {
    expect("the token", call.header("authorization"), CONTAINER_TOKEN)?;
    Ok(credentials(call, CONTAINER_KEY))
}

fn credentials(
    call: &Call<'_>,
    (id, secret, session): (&str, &str, &str),
) -> axum::response::Response {
    Json(json!({
        "Code": "Success",
        "AccessKeyId": id,
        "SecretAccessKey": secret,
        "Token": session,
        "Expiration": rfc3339(call.services.end()),
    }))
    .into_response()
}

/// A time since 1970 as the XML and the JSON of the services have it.
pub(super) fn rfc3339(seconds: u64) -> String {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    let time = k8s_openapi::jiff::Timestamp::from_second(seconds);
    time.map_or_else(|_| String::new(), |time| time.to_string())
}
