//! Google Cloud: the metadata server, STS and IAM Credentials.

use axum::Json;
use axum::response::IntoResponse as _;
use serde_json::{Value, json};

use super::aws::rfc3339;
use super::jwt::subject;
use super::{Answer, Call, GCP_ACCOUNT, GCP_PROVIDER, Service, expect};

const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// The scope of a token that is only good for taking on another identity.
const IAM_SCOPE: &str = "https://www.googleapis.com/auth/iam";

/// The cluster that this metadata server belongs to.
const CLUSTER: [(&str, &str); 3] = [
    ("project/project-id", "project-1"),
    ("instance/attributes/cluster-location", "europe-west4"),
    ("instance/attributes/cluster-name", "cluster-1"),
];

/// Project, cluster and token of a machine; the token is `machine-s3cret-<how many so far>`.
pub(super) fn metadata(call: &Call<'_>) -> Answer {
    expect(
        "the header Metadata-Flavor",
        call.header("metadata-flavor"),
        "Google",
    )?;
    let path = call.uri.path().trim_start_matches("/computeMetadata/v1/");
    if let Some((_, value)) = CLUSTER.iter().find(|(known, _)| *known == path) {
        return Ok((*value).into_response());
    }
    expect("the path", path, "instance/service-accounts/default/token")?;
    expect("the scope", &call.field("scopes"), SCOPE)?;
    let number = call.services.number(Service::GcpMetadata);
    Ok(Json(json!({
        "access_token": format!("machine-s3cret-{number}"),
        "expires_in": call.services.lifetime.lock().as_secs(),
        "token_type": "Bearer",
    }))
    .into_response())
}

/// The token of a ServiceAccount for one of Google. For the cluster itself, its pool is the audience of the token.
pub(super) fn exchange(call: &Call<'_>) -> Answer {
    expect("the path", call.uri.path(), "/gcp-sts/v1/token")?;
    let body = fields(call);
    let field = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let grant = "urn:ietf:params:oauth:grant-type:token-exchange";
    expect("the grant", &field("grant_type"), grant)?;
    let kind = "urn:ietf:params:oauth:token-type:jwt";
    expect("the token's type", &field("subject_token_type"), kind)?;
    let audience = field("audience");
    let of_token = if audience == format!("//iam.googleapis.com/{GCP_PROVIDER}") {
        audience
    } else {
        let pool = "project-1.svc.id.goog";
        let cluster = "https://container.googleapis.com/v1/projects/project-1/locations/europe-west4/clusters/cluster-1";
        expect(
            "the audience",
            &audience,
            &format!("identitynamespace:{pool}:{cluster}"),
        )?;
        pool.to_owned()
    };
    let who = subject(&field("subject_token"), &of_token)?;
    let scope = field("scope");
    if scope != SCOPE && scope != IAM_SCOPE {
        return Err(format!("the scope is {scope:?}"));
    }
    let number = call.services.number(Service::GcpSts);
    Ok(Json(json!({
        "access_token": format!("federated-s3cret-{number}-{who}"),
        "expires_in": call.services.lifetime.lock().as_secs(),
        "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "token_type": "Bearer",
    }))
    .into_response())
}

/// A form or a JSON object: STS takes both.
fn fields(call: &Call<'_>) -> Value {
    serde_json::from_slice(call.body).unwrap_or_else(|_| {
        let pairs = url::form_urlencoded::parse(call.body);
        pairs
            .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
            .collect::<serde_json::Map<_, _>>()
            .into()
    })
}

/// A token of the service account, for whoever has one of STS.
pub(super) fn impersonate(call: &Call<'_>) -> Answer {
    let path = format!("/iam/v1/projects/-/serviceAccounts/{GCP_ACCOUNT}:generateAccessToken");
    expect("the path", call.uri.path(), &path)?;
    if !call
        .header("authorization")
        .starts_with("Bearer federated-s3cret-")
    {
        return Err("the token is none of STS".to_owned());
    }
    let wanted: Value = serde_json::from_slice(call.body).unwrap_or_default();
    if wanted["scope"] != json!([SCOPE]) {
        return Err(format!("the scope is {}", wanted["scope"]));
    }
    let number = call.services.number(Service::IamCredentials);
    Ok(Json(json!({
        "accessToken": format!("impersonated-s3cret-{number}"),
        "expireTime": rfc3339(call.services.end()),
    }))
    .into_response())
}
