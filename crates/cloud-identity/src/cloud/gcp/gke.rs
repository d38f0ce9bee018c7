//! The GKE cluster that this process runs in, whose ServiceAccounts Google Cloud knows without a provider of their own.

use bytes::Bytes;
use http::Request;

use crate::cloud::outlet::Outlet;
use crate::cloud::problem::Problem;
use crate::environment::Environment;

/// The metadata server, and the variable that names another one.
const METADATA: (&str, &str) = ("GCE_METADATA_HOST", "metadata.google.internal");

/// What the metadata server says of the cluster. It does not change while the process runs.
#[derive(Clone, Debug)]
pub(in crate::cloud) struct Gke {
    project: String,
    location: String,
    cluster: String,
}

impl Gke {
    pub(in crate::cloud) async fn load(
        outlet: &Outlet,
        environment: &Environment,
    ) -> Result<Self, Problem> {
        Ok(Self {
            project: read(outlet, environment, "project/project-id").await?,
            location: read(outlet, environment, "instance/attributes/cluster-location").await?,
            cluster: read(outlet, environment, "instance/attributes/cluster-name").await?,
        })
    }

    /// The audience of the cluster's tokens, which is the pool that its ServiceAccounts are in, and the one of an
    /// exchange, which is the cluster as STS names it.
    pub(in crate::cloud) fn audiences(&self) -> (String, String) {
        let Self {
            project,
            location,
            cluster,
        } = self;
        let pool = format!("{project}.svc.id.goog");
        let cluster = format!(
            "https://container.googleapis.com/v1/projects/{project}/locations/{location}/clusters/{cluster}"
        );
        let exchange = format!("identitynamespace:{pool}:{cluster}");
        (pool, exchange)
    }
}

async fn read(outlet: &Outlet, environment: &Environment, path: &str) -> Result<String, Problem> {
    let host = environment.get(METADATA.0).unwrap_or(METADATA.1);
    let request = Request::get(format!("http://{host}/computeMetadata/v1/{path}"))
        .header("Metadata-Flavor", "Google")
        .body(Bytes::new())
        .map_err(|error| Problem::setup(&error))?;
    let (request, body) = outlet.body(request).await?;
    let text = String::from_utf8_lossy(&body).trim().to_owned();
    if text.is_empty() {
        return Err(Problem::Unexpected {
            request,
            expected: "the name of the GKE cluster or of its project or location",
        });
    }
    Ok(text)
}
