//! Opening a connection: host key, authentication, command.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use gix_transport::Protocol;
use russh::client::{self, Handle, Msg};
use russh::keys::ssh_key::HashAlg;
use russh::keys::{PrivateKey, PrivateKeyWithHashAlg, PublicKeyOrCertificate};
use russh::{Channel, Preferred, SshId};

use super::{SshError, Target};
use crate::known_hosts::{Host, KnownHosts, Verdict};

/// How often a silent server is asked whether it is still there.
const KEEPALIVE: Duration = Duration::from_secs(15);

/// After how long a silence a connection that nobody waits for is closed.
const INACTIVITY: Duration = Duration::from_secs(120);

/// An authenticated connection.
pub(super) type Session = Handle<HostCheck>;

/// Connects and starts `command`. The caller bounds the time.
pub(super) async fn open(
    target: &Target<'_>,
    known_hosts: KnownHosts,
    key: PrivateKey,
    command: String,
    version: Protocol,
) -> Result<(Session, Channel<Msg>), SshError> {
    let address = target.address();
    let stream = super::connect::connect(target).await?;
    // Packets are whole messages: nothing is won by waiting for more.
    stream.set_nodelay(true).ok();
    let check = HostCheck {
        host: Host::new(target.host, target.port),
        known_hosts,
        address: address.clone(),
    };
    let offer = check.known_hosts.offer(&check.host);
    let config = config(target.algorithms.preferred(offer));
    let mut session = client::connect_stream(Arc::new(config), stream, check)
        .await
        .map_err(|error| error.at(&address))?;
    authenticate(&mut session, target, Arc::new(key)).await?;
    let channel = start(&session, command, version).await;
    let channel = channel.map_err(|source| SshError::OpenChannel { address, source })?;
    Ok((session, channel))
}

fn config(preferred: Preferred) -> client::Config {
    client::Config {
        client_id: SshId::Standard(Cow::Borrowed("SSH-2.0-Repin")),
        preferred,
        inactivity_timeout: Some(INACTIVITY),
        keepalive_interval: Some(KEEPALIVE),
        ..client::Config::default()
    }
}

async fn authenticate(
    session: &mut Session,
    target: &Target<'_>,
    key: Arc<PrivateKey>,
) -> Result<(), SshError> {
    let failed = |source| SshError::Handshake {
        address: target.address(),
        source,
    };
    for hash in hashes(session, &key).await.map_err(failed)? {
        let key = PrivateKeyWithHashAlg::new(Arc::clone(&key), hash);
        let answer = session.authenticate_publickey(target.user, key).await;
        if answer.map_err(failed)?.success() {
            return Ok(());
        }
    }
    Err(SshError::AuthenticationRefused {
        address: target.address(),
        user: target.user.to_owned(),
        key: format!("{} {}", key.algorithm(), key.fingerprint(HashAlg::Sha256)),
    })
}

/// The hashes to sign with, one attempt each. RSA keys never sign over SHA-1.
async fn hashes(session: &Session, key: &PrivateKey) -> Result<Vec<Option<HashAlg>>, russh::Error> {
    if !key.algorithm().is_rsa() {
        return Ok(vec![None]);
    }
    Ok(match session.best_supported_rsa_hash().await? {
        Some(Some(hash)) => vec![Some(hash)],
        // The server does not say what it takes.
        _ => vec![Some(HashAlg::Sha512), Some(HashAlg::Sha256)],
    })
}

async fn start(
    session: &Session,
    command: String,
    version: Protocol,
) -> Result<Channel<Msg>, russh::Error> {
    let channel = session.channel_open_session().await?;
    if version != Protocol::V0 {
        // A server that does not take the variable speaks version 0, which its greeting shows.
        let value = format!("version={}", version as usize);
        channel.set_env(false, "GIT_PROTOCOL", value).await?;
    }
    channel.exec(true, command).await?;
    Ok(channel)
}

/// Decides about the server's key.
pub(super) struct HostCheck {
    host: Host,
    known_hosts: KnownHosts,
    address: String,
}

/// An error of the handshake.
#[derive(Debug)]
pub(super) enum Failure {
    Host(SshError),
    Protocol(russh::Error),
}

impl From<russh::Error> for Failure {
    fn from(error: russh::Error) -> Self {
        Self::Protocol(error)
    }
}

impl Failure {
    fn at(self, address: &str) -> SshError {
        match self {
            Self::Host(error) => error,
            Self::Protocol(source) => SshError::Handshake {
                address: address.to_owned(),
                source,
            },
        }
    }
}

impl client::Handler for HostCheck {
    type Error = Failure;

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, Failure> {
        let now = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
        let verdict = self.known_hosts.judge(&self.host, key, now.as_secs());
        self.accept(verdict).map(|()| true).map_err(Failure::Host)
    }
}

impl HostCheck {
    fn accept(&self, verdict: Verdict) -> Result<(), SshError> {
        let address = self.address.clone();
        match verdict {
            Verdict::Trusted => Ok(()),
            Verdict::Unknown { found } => Err(SshError::HostUnknown { address, found }),
            Verdict::Mismatch { expected, found } => Err(SshError::HostKeyMismatch {
                address,
                expected,
                found,
            }),
            Verdict::Revoked { found } => Err(SshError::HostKeyRevoked { address, found }),
            Verdict::BadCertificate { problem } => {
                Err(SshError::HostCertificate { address, problem })
            }
        }
    }
}
