//! Azure: Entra, the metadata server, and the exchange of a registry.

use axum::Json;
use axum::response::IntoResponse as _;
use serde_json::json;

use super::jwt::{subject, unsigned};
use super::{Answer, CLIENT, CLIENT_SECRET, Call, Service, TENANT, expect};

/// What tokens of ServiceAccounts for Azure are for.
const AUDIENCE: &str = "api://AzureADTokenExchange";

/// What tokens for registries are for.
const RESOURCE: &str = "https://containerregistry.azure.net";

/// What tokens for Azure DevOps are for.
const DEVOPS: &str = "499b84ac-1321-427f-aa17-267ca6975798";

/// The token that Entra gives for Azure DevOps to a ServiceAccount (its full name), to the client of the environment
/// (`client`), or to a machine (`machine`).
pub fn devops_token(who: &str) -> String {
    unsigned(&json!({ "who": who, "resource": DEVOPS }))
}

/// The grant for clients: by their secret, or by a token of Kubernetes. Any resource is served, and named in the token.
pub(super) fn entra(call: &Call<'_>) -> Answer {
    expect(
        "the path",
        call.uri.path(),
        &format!("/entra/{TENANT}/oauth2/v2.0/token"),
    )?;
    expect("the grant", &call.field("grant_type"), "client_credentials")?;
    expect("the client", &call.field("client_id"), CLIENT)?;
    let secret = call.field("client_secret");
    let who = if secret.is_empty() {
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        expect(
            "the assertion's type",
            &call.field("client_assertion_type"),
            kind,
        )?;
        subject(&call.field("client_assertion"), AUDIENCE)?
    } else {
        expect("the client's secret", &secret, CLIENT_SECRET)?;
        "client".to_owned()
    };
    let scope = call.field("scope");
    let resource = scope
        .strip_suffix("/.default")
        .ok_or("the scope is no default one")?;
    Ok(token(&who, resource))
}

/// The identity of a machine.
pub(super) fn metadata(call: &Call<'_>) -> Answer {
    expect("the header Metadata", call.header("metadata"), "true")?;
    expect("the version", &call.field("api-version"), "2018-02-01")?;
    let resource = call.field("resource");
    if resource != DEVOPS {
        expect("the resource", &resource, RESOURCE)?;
    }
    let client = call.field("client_id");
    if !client.is_empty() {
        expect("the client", &client, CLIENT)?;
    }
    Ok(token("machine", &resource))
}

fn token(who: &str, resource: &str) -> axum::response::Response {
    let token = unsigned(&json!({ "who": who, "resource": resource }));
    Json(json!({ "access_token": token, "expires_in": 3600 })).into_response()
}

/// The refresh token tells in its claims who asked, for which resource, and how many there were.
pub(super) fn exchange(call: &Call<'_>) -> Answer {
    expect("the grant", &call.field("grant_type"), "access_token")?;
    let host = call.header("host").to_owned();
    expect("the service", &call.field("service"), &host)?;
    let given = call.field("access_token");
    let claims = given.split('.').nth(1).unwrap_or_default();
    if !given.ends_with(".signature-s3cret") {
        return Err(format!("the token {given} is none of Entra"));
    }
    let refresh_token = unsigned(&json!({
        "exp": call.services.end(),
        "of": claims,
        "number": call.services.number(Service::AcrExchange),
    }));
    Ok(Json(json!({ "refresh_token": refresh_token })).into_response())
}
