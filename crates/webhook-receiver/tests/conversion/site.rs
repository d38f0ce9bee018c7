//! A control plane and replicas of the controller.

use std::sync::Arc;

use api::image;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{DeleteParams, DynamicObject, Patch, PatchParams, PostParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::{Api, ResourceExt as _};
use rustls::pki_types::ServerName;
use serde_json::{Value, json};
use test_support::cluster::{
    ControllerOptions, ControllerProcess, Scope, TestNamespace, eventually,
};
use test_support::control_plane::ControlPlane;
use test_support::process::free_port;
use tokio::net::TcpStream;

/// The Secret that replicas share.
pub(crate) const SECRET: &str = "webhook-receiver-conversion";
/// The definition of automations.
pub(crate) const AUTOMATIONS: &str = "imageupdateautomations.image.toolkit.fluxcd.io";
/// The definitions whose objects are converted.
pub(crate) const CONVERTED: [&str; 4] = [
    "imagepolicies.image.toolkit.fluxcd.io",
    "imagerepositories.image.toolkit.fluxcd.io",
    AUTOMATIONS,
    "receivers.notification.toolkit.fluxcd.io",
];

pub(crate) struct Site {
    // Goes before its control plane.
    pub(crate) namespace: TestNamespace,
    _plane: ControlPlane,
    /// Where API servers ask: the first replica.
    port: u16,
}

impl Site {
    pub(crate) async fn start() -> Self {
        let plane = ControlPlane::start().await;
        Self {
            namespace: plane.cluster().namespace().await,
            _plane: plane,
            port: free_port(),
        }
    }

    /// Starts the replica that API servers ask, with a rotation delay of a second, and waits until it is ready.
    pub(crate) async fn replica(&self) -> ControllerProcess {
        let mut replica = self.starting(self.port, &[]).await;
        replica.ready().await;
        replica
    }

    /// Starts a replica that listens on this port.
    pub(crate) async fn starting(&self, port: u16, flags: &[&str]) -> ControllerProcess {
        let mut args = vec![
            format!("--conversion-addr=127.0.0.1:{port}"),
            format!("--conversion-url=https://127.0.0.1:{}", self.port),
            "--conversion-rotation-delay=1s".to_owned(),
            "--receiverAddr=127.0.0.1:0".to_owned(),
        ];
        args.extend(flags.iter().map(|&flag| flag.to_owned()));
        let options = ControllerOptions {
            scope: Scope::All,
            args,
            ..ControllerOptions::default()
        };
        let cluster = self.namespace.cluster();
        ControllerProcess::start(cluster, self.namespace.name(), "webhook-receiver", options).await
    }

    /// The port that API servers ask.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn secrets(&self) -> Api<Secret> {
        self.namespace.api()
    }

    /// What the Secret holds under a key; none without.
    pub(crate) async fn stored(&self, key: &str) -> Option<String> {
        let secret = self.secrets().get_opt(SECRET).await.unwrap()?;
        let bytes = secret.data?.remove(key)?;
        Some(String::from_utf8(bytes.0).unwrap())
    }

    pub(crate) fn definitions(&self) -> Api<CustomResourceDefinition> {
        Api::all(self.namespace.client())
    }

    /// `spec.conversion` of a definition.
    pub(crate) async fn conversion(&self, name: &str) -> Value {
        let definition = self.definitions().get(name).await.unwrap();
        json!(definition.spec.conversion)
    }

    /// Waits until every definition is pointed at us and trusts these authorities and nobody else.
    pub(crate) async fn until_trusted(&self, authorities: &str) {
        let url = format!("https://127.0.0.1:{}/repin.dev/convert", self.port);
        let bundle = json!(k8s_openapi::ByteString(authorities.as_bytes().to_vec()));
        for name in CONVERTED {
            eventually(&format!("the authorities in {name}"), async || {
                let conversion = self.conversion(name).await;
                let client = &conversion["webhook"]["clientConfig"];
                (client["url"] == url && client["caBundle"] == bundle).then_some(())
            })
            .await;
        }
    }

    /// Waits until the API server converts: it takes in a definition some time after that was written.
    pub(crate) async fn until_converted(&self) {
        let authorities = eventually("a certificate", async || self.stored("ca.crt").await).await;
        self.until_trusted(&authorities).await;
        let probe = automation("probe", "v1alpha1");
        let automations = self.image("ImageUpdateAutomation", "v1alpha1");
        let stored = self.image("ImageUpdateAutomation", "v1");
        eventually("conversions", async || {
            let created = automations
                .create(&PostParams::default(), &object(&probe))
                .await
                .ok()?;
            let whole = stored
                .get("probe")
                .await
                .is_ok_and(|new| new.data["spec"]["git"].is_object());
            let deleted = stored
                .delete(&created.name_any(), &DeleteParams::default())
                .await;
            (deleted.is_ok() && whole).then_some(())
        })
        .await;
    }

    /// The objects of a kind of the image group in one version.
    pub(crate) fn image(&self, kind: &str, version: &str) -> Api<DynamicObject> {
        let kind = GroupVersionKind::gvk(image::GROUP, version, kind);
        let resource = match kind.kind.as_str() {
            "ImagePolicy" => ApiResource::from_gvk_with_plural(&kind, "imagepolicies"),
            _ => ApiResource::from_gvk(&kind),
        };
        Api::namespaced_with(self.namespace.client(), self.namespace.name(), &resource)
    }

    /// Changes a definition as an administrator.
    pub(crate) async fn change(&self, name: &str, patch: &Value) {
        let params = PatchParams::default();
        let patched = self
            .definitions()
            .patch(name, &params, &Patch::Merge(patch))
            .await;
        patched.unwrap();
    }

    /// The certificate that whoever listens on a port shows, PEM without line ends.
    pub(crate) async fn shown(&self, port: u16) -> Option<Vec<u8>> {
        let config = rustls::ClientConfig::builder()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(trusting::Anybody))
            .with_no_client_auth();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
        let stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let stream = connector.connect(name, stream).await.ok()?;
        let certificates = stream.get_ref().1.peer_certificates()?;
        Some(certificates.first()?.to_vec())
    }
}

/// An automation in the shape of its version.
pub(crate) fn automation(name: &str, version: &str) -> Value {
    let spec = match version {
        "v1alpha1" => json!({
            "checkout": { "gitRepositoryRef": { "name": "fleet" }, "branch": "main" },
            "commit": { "authorName": "flux", "authorEmail": "flux@example.com", "messageTemplate": "m" },
            "push": { "branch": "auto" },
            "interval": "1m0s",
            "update": { "strategy": "Setters", "path": "./a" },
        }),
        _ => json!({
            "sourceRef": { "kind": "GitRepository", "name": "fleet" },
            "git": {
                "checkout": { "ref": { "branch": "main" } },
                "commit": {
                    "author": { "name": "flux", "email": "flux@example.com" },
                    "messageTemplate": "m",
                },
                "push": { "branch": "auto" },
            },
            "interval": "1m0s",
            "update": { "strategy": "Setters", "path": "./a" },
        }),
    };
    json!({
        "apiVersion": format!("{}/{version}", image::GROUP),
        "kind": "ImageUpdateAutomation",
        "metadata": { "name": name },
        "spec": spec,
    })
}

pub(crate) fn object(value: &Value) -> DynamicObject {
    serde_json::from_value(value.clone()).unwrap()
}

/// A client that looks at certificates and judges none.
mod trusting {
    use rustls::DigitallySignedStruct;
    use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
    use rustls::pki_types::{CertificateDer, ServerName, UnixTime};

    #[derive(Debug)]
    pub(super) struct Anybody;

    impl ServerCertVerifier for Anybody {
        fn verify_server_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: UnixTime,
        ) -> Result<ServerCertVerified, rustls::Error> {
            Ok(ServerCertVerified::assertion())
        }

        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
            rustls::crypto::ring::default_provider()
                .signature_verification_algorithms
                .supported_schemes()
        }
    }
}
