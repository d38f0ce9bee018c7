//! Reads: the Secret with the token.

use std::time::Duration;

use api::notification::v1::Receiver;
use hook_payload::Token;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::{Api, Client, ResourceExt as _};
use tokio::time::timeout;

use super::status::PassError;

/// How long the API server may take for a Secret.
const DEADLINE: Duration = Duration::from_secs(15);
/// The key of the Secret that holds the token.
const TOKEN: &str = "token";

/// The token of a Receiver; none for a type that has none.
pub(super) async fn token(
    client: &Client,
    receiver: &Receiver,
) -> Result<Option<Token>, PassError> {
    let Some(reference) = &receiver.spec.secret_ref else {
        return Ok(None);
    };
    let namespace = receiver.namespace().unwrap_or_default();
    let secret = format!("{namespace}/{}", reference.name);
    let api: Api<Secret> = Api::namespaced(client.clone(), &namespace);
    let read = match timeout(DEADLINE, api.get(&reference.name)).await {
        Ok(Ok(read)) => Ok(read),
        // What the API server itself says, as Flux tells it.
        Ok(Err(kube::Error::Api(status))) => Err(status.message.clone()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err(format!("no answer within {DEADLINE:?}")),
    };
    let read = match read {
        Ok(read) => read,
        Err(problem) => return Err(PassError::ReadSecret { secret, problem }),
    };
    let Some(ByteString(bytes)) = read.data.unwrap_or_default().remove(TOKEN) else {
        return Err(PassError::NoToken { secret });
    };
    let token = Token::new(bytes);
    token
        .map(Some)
        .map_err(|_| PassError::EmptyToken { secret })
}
