//! Amazon: credentials of IAM, and with them a token of ECR, or a signature for CodeCommit.

mod codecommit;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Request;
use http::header::CONTENT_TYPE;
use reqsign::aws::{
    AssumeRoleWithWebIdentityCredentialProvider, Credential, ECSCredentialProvider,
    EnvCredentialProvider, IMDSv2CredentialProvider, ProfileCredentialProvider, RequestSigner,
};
use reqsign::{ProvideCredentialDyn, SignRequest as _};
use serde::Deserialize;
use url::Url;

use super::clock;
use super::git_server::CodeCommit;
use super::outlet::Outlet;
use super::problem::Problem;
use super::registry::Registry;
use super::{Subject, context};
use crate::cache::Fetched;
use crate::credential::Credential as Given;
use crate::environment::Environment;

/// The names under which each partition's services are, by the beginning of its regions; the last one is the rest.
const PARTITIONS: [(&str, &str); 7] = [
    ("cn-", "amazonaws.com.cn"),
    ("eusc-", "amazonaws.eu"),
    ("us-isob-", "sc2s.sgov.gov"),
    ("us-iso-", "c2s.ic.gov"),
    ("eu-isoe-", "cloud.adc-e.uk"),
    ("us-isof-", "csp.hci.ic.gov"),
    ("", "amazonaws.com"),
];

/// A service that gives registry tokens.
struct Service {
    /// Its name in signatures.
    name: &'static str,
    /// The operation, as its protocol names it.
    target: &'static str,
    endpoint: Url,
}

/// Credentials of ECR, private or public.
pub(super) async fn fetch(
    outlet: &Outlet,
    environment: &Environment,
    (registry, region): (&Registry, &str),
    subject: &Subject,
) -> Result<Fetched, Problem> {
    let credential = credential(outlet, environment, region, subject).await?;
    let service = match registry {
        Registry::EcrPublic => Service {
            name: "ecr-public",
            target: "SpencerFrontendService.GetAuthorizationToken",
            endpoint: service_url(environment, "ECR_PUBLIC", "api.ecr-public", region)?,
        },
        Registry::Ecr { .. } | Registry::Acr { .. } | Registry::Gar => Service {
            name: "ecr",
            target: "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken",
            endpoint: service_url(environment, "ECR", "api.ecr", region)?,
        },
    };
    token(outlet, environment, (&service, region), &credential).await
}

/// Credentials of a repository of CodeCommit.
pub(super) async fn codecommit(
    outlet: &Outlet,
    environment: &Environment,
    place: &CodeCommit,
    subject: &Subject,
) -> Result<Fetched, Problem> {
    let credential = credential(outlet, environment, &place.region, subject).await?;
    codecommit::sign(place, &credential, clock::now())
}

/// The place of a service that the environment names for it, or for all services.
pub(super) fn endpoint(environment: &Environment, service: &str) -> Result<Option<Url>, Problem> {
    match environment.url(&format!("AWS_ENDPOINT_URL_{service}"))? {
        Some(url) => Ok(Some(url)),
        None => environment.url("AWS_ENDPOINT_URL"),
    }
}

/// Whether a host is one of Amazon's STS.
pub(super) fn is_sts(host: &str) -> bool {
    let ends = |(_, suffix): &(&str, &str)| {
        let name = host.strip_suffix(suffix);
        name.is_some_and(|name| name.ends_with('.'))
    };
    host.starts_with("sts.") && PARTITIONS.iter().any(ends)
}

fn service_url(
    environment: &Environment,
    variable: &str,
    name: &str,
    region: &str,
) -> Result<Url, Problem> {
    if let Some(url) = endpoint(environment, variable)? {
        return Ok(url);
    }
    let fits = |&&(prefix, _): &&(&str, &str)| region.starts_with(prefix);
    let suffix = PARTITIONS
        .iter()
        .find(fits)
        .map_or("", |(_, suffix)| suffix);
    let url = Url::parse(&format!("https://{name}.{region}.{suffix}/"));
    url.map_err(|error| Problem::setup(&error))
}

/// The credentials of the process, or those of a ServiceAccount's role.
async fn credential(
    outlet: &Outlet,
    environment: &Environment,
    region: &str,
    subject: &Subject,
) -> Result<Credential, Problem> {
    let web_identity = AssumeRoleWithWebIdentityCredentialProvider::new()
        .with_region(region.to_owned())
        .with_regional_sts_endpoint();
    let providers: Vec<Box<dyn ProvideCredentialDyn<Credential = Credential>>> = match subject {
        Subject::Role {
            role,
            session,
            token,
        } => vec![Box::new(
            web_identity
                .with_role_arn(role)
                .with_role_session_name(session.clone())
                .with_subject_token(token.expose()),
        )],
        // No provider that runs a command.
        _ => vec![
            Box::new(EnvCredentialProvider::new()),
            Box::new(web_identity),
            Box::new(ProfileCredentialProvider::new()),
            Box::new(ECSCredentialProvider::new()),
            Box::new(IMDSv2CredentialProvider::new()),
        ],
    };
    let found = super::first(&providers, &context(outlet, environment)).await?;
    found.ok_or(Problem::NoIdentity {
        cloud: "AWS",
        hint: "give the process a role (IRSA, EKS Pod Identity, instance profile), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    })
}

async fn token(
    outlet: &Outlet,
    environment: &Environment,
    (service, region): (&Service, &str),
    credential: &Credential,
) -> Result<Fetched, Problem> {
    const BODY: &[u8] = b"{}";
    // Without it the signature leaves the body out, which ECR refuses.
    let hash = reqsign::hash::hex_sha256(BODY);
    let request = Request::post(service.endpoint.as_str())
        .header(CONTENT_TYPE, "application/x-amz-json-1.1")
        .header("x-amz-target", service.target)
        .header("x-amz-content-sha256", hash)
        .body(());
    let (mut parts, ()) = request
        .map_err(|error| Problem::setup(&error))?
        .into_parts();
    let signed = RequestSigner::new(service.name, region)
        .sign_request(
            &context(outlet, environment),
            &mut parts,
            Some(credential),
            None,
        )
        .await;
    signed.map_err(|error| Problem::identity(&error))?;
    let request = Request::from_parts(parts, Bytes::from_static(BODY));
    let (request, body) = outlet.body(request).await?;
    read(&body).ok_or(Problem::Unexpected {
        request,
        expected: "a registry token as JSON",
    })
}

/// The first token of an answer: a list of private ECR, one of the public one. No part of it gets into an error.
fn read(body: &[u8]) -> Option<Fetched> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer {
        authorization_data: OneOrMany,
    }
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(Data),
        Many(Vec<Data>),
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Data {
        authorization_token: String,
        expires_at: f64,
    }
    let answer: Answer = serde_json::from_slice(body).ok()?;
    let data = match answer.authorization_data {
        OneOrMany::One(data) => data,
        OneOrMany::Many(data) => data.into_iter().next()?,
    };
    let pair = String::from_utf8(STANDARD.decode(data.authorization_token).ok()?).ok()?;
    let (username, password) = pair.split_once(':')?;
    let end = Duration::try_from_secs_f64(data.expires_at).ok()?;
    Some(Fetched {
        credential: Given::Basic {
            username: username.to_owned(),
            password: password.into(),
        },
        lifetime: clock::until(end),
    })
}

#[cfg(test)]
mod tests;
