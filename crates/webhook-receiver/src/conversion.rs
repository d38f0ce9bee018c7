//! Conversion of older API versions: what the API server asks for when somebody speaks to it in another version than the
//! stored one.
//!
//! *Watches* its Secret, and the definitions of the kinds that have several versions.
//! *Writes* the Secret, with certificates that all replicas share, and of the definitions `spec.conversion`, which points at
//! every replica and says whom to trust.
//! *Never* touches a definition of which somebody else converts the objects, and never takes a certificate into use before
//! every definition trusts it. `crates/api` does the mapping.

mod args;
mod bundle;
mod certificate;
mod cluster;
mod decide;
mod definition;
mod endpoint;
mod keeper;
mod pace;
mod review;
mod server;

use controller_runtime::{Runtime, RuntimeError};
use futures_util::future::join;
use rustls::pki_types::InvalidDnsNameError;
use tokio::net::TcpListener;
use tokio::sync::watch;

pub(crate) use self::args::ConversionArgs;

use self::cluster::Cluster;
use self::endpoint::Endpoint;
use self::keeper::Setting;

/// Converts on `listener` until the process is to end, and lets API servers know where.
///
/// Every replica does all of this, without the lease: who is late finds done what it was to do. It needs no kind to be served
/// and is to begin first: what was stored in an older version can be read by nobody, this process included, before it listens.
pub(crate) async fn serve(
    runtime: &Runtime,
    args: &ConversionArgs,
    listener: TcpListener,
) -> Result<(), RuntimeError> {
    let awaited = runtime.readiness.awaits("certificate of the conversion");
    let namespace = match runtime.args.runtime_namespace.as_str() {
        "" => runtime.client.default_namespace(),
        namespace => namespace,
    };
    let endpoint = match &args.conversion_url {
        Some(url) => Endpoint::Url(url.clone()),
        None => Endpoint::Service {
            namespace: namespace.to_owned(),
        },
    };
    let name = endpoint.server_name();
    let name = name.map_err(|error: InvalidDnsNameError| RuntimeError::SetUp(error.into()))?;
    let (serving, certificate) = watch::channel(None);
    let setting = Setting {
        cluster: Cluster::new(runtime.client.clone(), namespace),
        kinds: definition::convertible(),
        endpoint,
        name,
        delay: args.conversion_rotation_delay.to_std(),
        serving,
        awaited,
    };
    let keeping = keeper::keep(setting, runtime.shutdown.clone());
    let serving = server::serve(listener, certificate, runtime.shutdown.clone());
    Box::pin(join(keeping, serving)).await;
    Ok(())
}
