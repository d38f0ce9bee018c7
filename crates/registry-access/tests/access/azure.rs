//! Azure: tokens of Entra for the process and for ServiceAccounts, exchanged at the registry.

use api::image::v1::{ImageRepository, Provider};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use registry_access::Resolver;
use serde_json::Value;
use tempfile::TempDir;
use test_support::cloud::{CLIENT, CLIENT_SECRET, Cloud, Service, TENANT, service_account_token};
use test_support::proxy::{Protocol, Proxy};
use test_support::tls::Authority;

use crate::memory::Memory;
use crate::setup::{failure, of_cloud, pair, reference, resolver, with_account};

const HOST: &str = "team.azurecr.io";
const PUBLIC_SCOPE: &str = "https://containerregistry.azure.net";

/// A cloud whose registry is reached under its own name, through the proxy of the objects.
struct Azure {
    cloud: Cloud,
    proxy: Proxy,
    objects: Memory,
    folder: TempDir,
}

impl Azure {
    async fn start() -> Self {
        let mut cloud = Cloud::start().await;
        let authority = Authority::new();
        let identity = authority.server(&[HOST, "team.azurecr.private"]);
        let registry = cloud.listen_tls(&identity).await;
        let proxy = Proxy::start(Protocol::Http).await;
        proxy.require("robot", "proxy-s3cret");
        proxy.map(&format!("{HOST}:443"), registry);
        proxy.map("team.azurecr.private:443", registry);
        let objects = Memory::default();
        let address = proxy.url();
        let values = [
            ("address", address.as_str()),
            ("username", "robot"),
            ("password", "proxy-s3cret"),
        ];
        objects.add_secret("proxy", "Opaque", &values);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.crt"), authority.ca_pem()).unwrap();
        Self {
            cloud,
            proxy,
            objects,
            folder,
        }
    }

    fn file(&self, name: &str) -> String {
        let path = self.folder.path().join(name);
        path.to_str().unwrap().to_owned()
    }

    fn resolver(&self, variables: &[(&str, &str)]) -> Resolver {
        let roots = self.file("ca.crt");
        let all: Vec<_> = variables
            .iter()
            .copied()
            .chain([("SSL_CERT_FILE", roots.as_str())])
            .collect();
        resolver(&self.cloud, &all)
    }
}

fn repository(host: &str) -> ImageRepository {
    let mut repository = of_cloud(Provider::Azure, &format!("{host}/app"));
    repository.spec.proxy_secret_ref = Some(reference("proxy"));
    repository
}

/// Whose token of Entra is behind a password, and for what.
fn behind(pair: &str) -> (String, String) {
    let password = pair.strip_prefix("00000000-0000-0000-0000-000000000000:");
    let claims = |token: &str| -> Value {
        let bytes = URL_SAFE_NO_PAD.decode(token).unwrap();
        serde_json::from_slice(&bytes).unwrap()
    };
    let outer = claims(password.unwrap().split('.').nth(1).unwrap());
    let inner = claims(outer["of"].as_str().unwrap());
    let text = |name: &str| inner[name].as_str().unwrap().to_owned();
    (text("who"), text("resource"))
}

fn of(who: &str, resource: &str) -> (String, String) {
    (who.to_owned(), resource.to_owned())
}

#[tokio::test]
async fn the_machine_has_an_identity() {
    let azure = Azure::start().await;
    let resolver = azure.resolver(&[]);
    let pair = pair(&resolver, &azure.objects, &repository(HOST)).await;
    assert_eq!(behind(&pair), of("machine", PUBLIC_SCOPE));
    // The metadata server is near: only the registry is behind the proxy.
    assert_eq!(azure.proxy.targets(), [format!("{HOST}:443")]);
}

#[tokio::test]
async fn the_environment_holds_a_client_with_its_secret() {
    let azure = Azure::start().await;
    let client = |secret| {
        [
            ("AZURE_TENANT_ID", TENANT),
            ("AZURE_CLIENT_ID", CLIENT),
            ("AZURE_CLIENT_SECRET", secret),
        ]
    };
    let right = azure.resolver(&client(CLIENT_SECRET));
    let found = pair(&right, &azure.objects, &repository(HOST)).await;
    assert_eq!(behind(&found), of("client", PUBLIC_SCOPE));
    let entra = azure.cloud.addr.to_string();
    assert_eq!(azure.proxy.targets(), [entra, format!("{HOST}:443")]);
    let wrong = azure.resolver(&client("wrong-s3cret"));
    let parts = [
        "for the controller",
        "403 Forbidden",
        "the client's secret is",
    ];
    failure(&wrong, &azure.objects, &repository(HOST), &parts).await;
}

#[tokio::test]
async fn the_pod_has_an_identity_by_its_token() {
    let azure = Azure::start().await;
    let token = service_account_token("repin-system", "scanner", "api://AzureADTokenExchange");
    let file = azure.file("token");
    std::fs::write(&file, format!("{token}\n")).unwrap();
    let variables = [
        ("AZURE_TENANT_ID", TENANT),
        ("AZURE_CLIENT_ID", CLIENT),
        ("AZURE_FEDERATED_TOKEN_FILE", file.as_str()),
    ];
    let resolver = azure.resolver(&variables);
    let found = pair(&resolver, &azure.objects, &repository(HOST)).await;
    let who = "system:serviceaccount:repin-system:scanner";
    assert_eq!(behind(&found), of(who, PUBLIC_SCOPE));
}

#[tokio::test]
async fn a_service_account_has_an_identity_of_its_own() {
    let azure = Azure::start().await;
    let annotations = [
        ("azure.workload.identity/tenant-id", TENANT),
        ("azure.workload.identity/client-id", CLIENT),
    ];
    azure.objects.add_account("puller", &[], &annotations);
    azure.objects.add_account("half", &[], &annotations[..1]);
    let resolver = azure.resolver(&[]);
    let puller = with_account(repository(HOST), "puller");
    let found = pair(&resolver, &azure.objects, &puller).await;
    assert_eq!(
        behind(&found),
        of("system:serviceaccount:team:puller", PUBLIC_SCOPE)
    );
    let expected = ("puller".to_owned(), "api://AzureADTokenExchange".to_owned());
    assert_eq!(azure.objects.tokens(), [expected]);
    let half = with_account(repository(HOST), "half");
    let parts = ["azure client ID is not set in the service account annotation"];
    failure(&resolver, &azure.objects, &half, &parts).await;
}

#[tokio::test]
async fn a_private_cloud_has_hosts_and_an_audience_of_its_own() {
    let azure = Azure::start().await;
    let file = azure.file("cloud.json");
    let describe = |text: &str| std::fs::write(&file, text).unwrap();
    let variables = [
        ("AZURE_TENANT_ID", TENANT),
        ("AZURE_CLIENT_ID", CLIENT),
        ("AZURE_CLIENT_SECRET", CLIENT_SECRET),
        ("AZURE_ENVIRONMENT_FILEPATH", file.as_str()),
    ];
    let resolver = azure.resolver(&variables);
    let repository = repository("team.azurecr.private");
    describe(
        r#"{"containerRegistryDNSSuffix": "azurecr.private", "tokenAudience": "https://management.core.private",
            "resourceManagerEndpoint": "https://management.private", "name": "private"}"#,
    );
    let found = pair(&resolver, &azure.objects, &repository).await;
    assert_eq!(behind(&found), of("client", "https://management.private"));
    for (text, part) in [
        (
            r#"{"containerRegistryDNSSuffix": "azurecr.private", "tokenAudience": "https://x"}"#,
            "AZURE_ENVIRONMENT_FILEPATH: resourceManagerEndpoint and tokenAudience must be set in the environment file",
        ),
        (
            r#"{"containerRegistryDNSSuffix": "azurecr.priv"}"#,
            "invalid Azure registry: 'team.azurecr.private'. must match ",
        ),
        ("[", "AZURE_ENVIRONMENT_FILEPATH: "),
    ] {
        describe(text);
        let fresh = azure.resolver(&variables);
        failure(&fresh, &azure.objects, &repository, &[part]).await;
    }
}

#[tokio::test]
async fn a_registry_that_takes_no_token_is_named() {
    let azure = Azure::start().await;
    azure.cloud.fail(Service::AcrExchange, 401);
    let resolver = azure.resolver(&[]);
    let parts = [&format!("POST https://{HOST}/oauth2/exchange: 401 Unauthorized: down")[..]];
    failure(&resolver, &azure.objects, &repository(HOST), &parts).await;
}
