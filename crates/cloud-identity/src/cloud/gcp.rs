//! Google Cloud: an access token, which its registries take as it is.

mod gke;

use std::time::Duration;

use reqsign::ProvideCredential as _;
use reqsign::ProvideCredentialDyn;
use reqsign::google::{
    Credential, EnvCredentialProvider, ExternalAccountConfig, ExternalAccountCredentialProvider,
    ServiceAccountTokenCredentialProvider, VmMetadataCredentialProvider,
    WellKnownCredentialProvider,
};

pub(super) use self::gke::Gke;
use super::outlet::Outlet;
use super::problem::Problem;
use super::{Subject, clock, context};
use crate::cache::Fetched;
use crate::credential::Credential as Given;
use crate::environment::Environment;

/// The user name that goes with an access token.
const USER: &str = "oauth2accesstoken";

const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// What a token of Kubernetes is to Google's STS.
const TOKEN_TYPE: &str = "urn:ietf:params:oauth:token-type:jwt";

/// Where Google's STS is, and the variable that names another place.
const STS: (&str, &str) = (
    "CLOUDSDK_API_ENDPOINT_OVERRIDES_STS",
    "https://sts.googleapis.com/",
);

/// Where service accounts are impersonated, and the variable that names another place.
const IAM_CREDENTIALS: (&str, &str) = (
    "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS",
    "https://iamcredentials.googleapis.com/",
);

/// Credentials of all of Google's registries.
pub(super) async fn fetch(
    outlet: &Outlet,
    environment: &Environment,
    subject: &Subject,
) -> Result<Fetched, Problem> {
    let context = context(outlet, environment);
    let providers: Vec<Box<dyn ProvideCredentialDyn<Credential = Credential>>> = match subject {
        Subject::Federated {
            audience,
            email,
            token,
        } => {
            let config = federation(environment, audience, email.as_deref());
            let token = token.expose();
            let provider = ExternalAccountCredentialProvider::from_subject_token(config, token);
            vec![Box::new(provider.with_scope(SCOPE))]
        }
        _ => vec![
            Box::new(EnvCredentialProvider::new().with_scope(SCOPE)),
            Box::new(WellKnownCredentialProvider::new().with_scope(SCOPE)),
            Box::new(VmMetadataCredentialProvider::new().with_scope(SCOPE)),
        ],
    };
    let mut found = super::first(&providers, &context).await?;
    // The key of a service account, which is exchanged for a token.
    if let Some(account) = found
        .take_if(|found| !found.has_token())
        .and_then(|found| found.service_account)
    {
        let provider = ServiceAccountTokenCredentialProvider::new(account).with_scope(SCOPE);
        let exchanged = provider.provide_credential(&context).await;
        found = exchanged.map_err(|error| Problem::identity(&error))?;
    }
    found.and_then(fetched).ok_or(Problem::NoIdentity {
        cloud: "GCP",
        hint: "give the process a service account (workload identity of GKE, metadata server), or set GOOGLE_APPLICATION_CREDENTIALS",
    })
}

fn federation(
    environment: &Environment,
    audience: &str,
    email: Option<&str>,
) -> ExternalAccountConfig {
    let place = |(variable, default): (&str, &'static str), path: &str| {
        let base = environment.get(variable).unwrap_or(default);
        format!("{}/{path}", base.trim_end_matches('/'))
    };
    let config = ExternalAccountConfig::new(audience, TOKEN_TYPE, place(STS, "v1/token"));
    match email {
        None => config,
        Some(email) => config.with_service_account_impersonation_url(place(
            IAM_CREDENTIALS,
            &format!("v1/projects/-/serviceAccounts/{email}:generateAccessToken"),
        )),
    }
}

fn fetched(credential: Credential) -> Option<Fetched> {
    let token = credential
        .token
        .filter(|token| !token.access_token.is_empty())?;
    let end = token
        .expires_at
        .and_then(|end| u64::try_from(end.as_second()).ok());
    Some(Fetched {
        credential: Given::Basic {
            username: USER.to_owned(),
            password: token.access_token.into(),
        },
        lifetime: end.map_or(Duration::ZERO, |end| clock::until(Duration::from_secs(end))),
    })
}
