//! How the API server reaches the conversion.

use std::str::FromStr;

use k8s_openapi::ByteString;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceConversion, ServiceReference, WebhookClientConfig, WebhookConversion,
};
use rustls::pki_types::{InvalidDnsNameError, ServerName};

/// The path of the conversion; nobody else's webhook has it, so it also tells which definitions are pointed at us.
pub(super) const PATH: &str = "/repin.dev/convert";
/// The Service in front of every replica, in the namespace of the controller.
const SERVICE: &str = "webhook-receiver-conversion";
/// The strategy of definitions that are converted by a webhook.
const WEBHOOK: &str = "Webhook";
/// The port of the Service.
const PORT: i32 = 443;

/// `https://HOST` or `https://HOST:PORT`, without a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    text: String,
    host: ServerName<'static>,
}

/// Why a text is no such URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected https://HOST:PORT without a path")]
pub struct BaseUrlError;

impl FromStr for BaseUrl {
    type Err = BaseUrlError;

    fn from_str(text: &str) -> Result<Self, BaseUrlError> {
        let uri: axum::http::Uri = text.parse().map_err(|_| BaseUrlError)?;
        let host = uri.host().ok_or(BaseUrlError)?;
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let host = ServerName::try_from(bare.to_owned()).map_err(|_| BaseUrlError)?;
        let user = uri
            .authority()
            .is_some_and(|authority| authority.as_str().contains('@'));
        if uri.scheme_str() != Some("https") || user || uri.path() != "/" || uri.query().is_some() {
            return Err(BaseUrlError);
        }
        let text = text.trim_end_matches('/').to_owned();
        Ok(Self { text, host })
    }
}

/// Where the API server finds the conversion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// Behind our Service in this namespace.
    Service {
        /// The namespace of the controller.
        namespace: String,
    },
    /// At an address of its own.
    Url(BaseUrl),
}

impl Endpoint {
    /// The name that a certificate has to hold.
    pub(super) fn server_name(&self) -> Result<ServerName<'static>, InvalidDnsNameError> {
        match self {
            Self::Service { namespace } => {
                ServerName::try_from(format!("{SERVICE}.{namespace}.svc"))
            }
            Self::Url(url) => Ok(url.host.clone()),
        }
    }

    /// What a definition has to say so that this endpoint is asked, and trusted with a certificate of `bundle` (PEM).
    pub(super) fn conversion(&self, bundle: &str) -> CustomResourceConversion {
        let mut client = WebhookClientConfig {
            ca_bundle: Some(ByteString(bundle.as_bytes().to_vec())),
            ..WebhookClientConfig::default()
        };
        match self {
            Self::Service { namespace } => {
                client.service = Some(ServiceReference {
                    name: SERVICE.to_owned(),
                    namespace: namespace.clone(),
                    path: Some(PATH.to_owned()),
                    port: Some(PORT),
                });
            }
            Self::Url(url) => client.url = Some(format!("{}{PATH}", url.text)),
        }
        CustomResourceConversion {
            strategy: WEBHOOK.to_owned(),
            webhook: Some(WebhookConversion {
                client_config: Some(client),
                conversion_review_versions: vec!["v1".to_owned()],
            }),
        }
    }
}

/// Whom a definition asks for conversions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// Nobody: objects of all versions are taken for the same.
    Nobody,
    /// One of us, wherever it is.
    Us,
    /// Somebody else.
    Others,
}

/// Whom a definition with this stanza asks.
pub(super) fn asked(conversion: Option<&CustomResourceConversion>) -> Asked {
    let Some(conversion) = conversion.filter(|conversion| conversion.strategy == WEBHOOK) else {
        return Asked::Nobody;
    };
    let client = conversion.webhook.as_ref();
    let ours = client
        .and_then(|webhook| webhook.client_config.as_ref())
        .is_some_and(|client| {
            let service = client.service.as_ref();
            let path = service.and_then(|service| service.path.as_deref());
            let url = client.url.as_deref();
            path == Some(PATH) || url.is_some_and(|url| url.ends_with(PATH))
        });
    if ours { Asked::Us } else { Asked::Others }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_base_url_has_a_host_and_nothing_else() {
        for (text, name) in [
            ("https://127.0.0.1:9443", "127.0.0.1"),
            ("https://[::1]:9443/", "::1"),
            ("https://hooks.example.com", "hooks.example.com"),
        ] {
            let url: BaseUrl = text.parse().unwrap();
            assert_eq!(url.host.to_str(), name);
            let endpoint = Endpoint::Url(url);
            let client = endpoint
                .conversion("")
                .webhook
                .unwrap()
                .client_config
                .unwrap();
            let expected = format!("{}/repin.dev/convert", text.trim_end_matches('/'));
            assert_eq!(client.url, Some(expected));
        }
        for text in [
            "",
            "127.0.0.1:9443",
            "http://a",
            "https://a/b",
            "https://a?b",
            "https://u:p@a",
            "https://",
            "https://a b",
        ] {
            assert_eq!(text.parse::<BaseUrl>(), Err(BaseUrlError), "{text}");
        }
    }

    #[test]
    fn the_service_is_asked_under_its_name() {
        let namespace = "flux-system".to_owned();
        let endpoint = Endpoint::Service { namespace };
        let name = endpoint.server_name().unwrap();
        assert_eq!(name.to_str(), "webhook-receiver-conversion.flux-system.svc");
        let stanza = serde_json::to_value(endpoint.conversion("ca")).unwrap();
        let expected = json!({
            "strategy": "Webhook",
            "webhook": {
                "clientConfig": {
                    "caBundle": "Y2E=",
                    "service": {
                        "name": "webhook-receiver-conversion",
                        "namespace": "flux-system",
                        "path": "/repin.dev/convert",
                        "port": 443,
                    },
                },
                "conversionReviewVersions": ["v1"],
            },
        });
        assert_eq!(stanza, expected);
    }

    #[test]
    fn whose_webhook_it_is_shows_in_the_path() {
        let webhook = |client: serde_json::Value| {
            let stanza = json!({
                "strategy": "Webhook",
                "webhook": { "clientConfig": client, "conversionReviewVersions": ["v1"] },
            });
            serde_json::from_value(stanza).unwrap()
        };
        let service = |path| json!({ "service": { "name": "a", "namespace": "b", "path": path } });
        let none = json!({ "strategy": "None" });
        let table = [
            (None, Asked::Nobody),
            (serde_json::from_value(none).ok(), Asked::Nobody),
            (Some(webhook(service(PATH))), Asked::Us),
            (Some(webhook(service("/convert"))), Asked::Others),
            (
                Some(webhook(json!({ "url": "https://a/repin.dev/convert" }))),
                Asked::Us,
            ),
            (
                Some(webhook(json!({ "url": "https://a/convert" }))),
                Asked::Others,
            ),
        ];
        for (stanza, expected) in table {
            assert_eq!(asked(stanza.as_ref()), expected, "{stanza:?}");
        }
    }
}
