//! The surroundings: the time, and the credentials that a CI job has instead of Secrets.

use std::env::{self, VarError};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use api::Time;
use git_remote::{Credentials, Signer, SignerError, SshIdentity};
use k8s_openapi::jiff::Timestamp;
use registry_client::{Keyring, KeyringError};
use secrecy::SecretString;

/// Most bytes of a key file or a Docker config.
const MAX_FILE_BYTES: u64 = 4 << 20;
/// How an armored OpenPGP key begins; every other signing key is taken for one of SSH.
const OPENPGP_HEADER: &[u8] = b"-----BEGIN PGP";

/// Why the surroundings cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EnvironmentError {
    /// A variable does not hold text.
    #[error("{name} is not UTF-8 text")]
    NotText {
        /// The variable.
        name: &'static str,
    },
    /// A file that a variable names cannot be read.
    #[error("cannot read {} (named by {name})", path.display())]
    ReadFile {
        /// The variable.
        name: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A variable needs another one.
    #[error("{name} is set, but {other} is not: set both")]
    Incomplete {
        /// The variable that is set.
        name: &'static str,
        /// The one that is missing.
        other: &'static str,
    },
    /// The Docker config is not one.
    #[error("cannot use {}", path.display())]
    DockerConfig {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: KeyringError,
    },
    /// The signing key cannot be used.
    #[error("cannot use the key of REPIN_SIGNING_KEY_FILE")]
    SigningKey(#[source] SignerError),
}

/// The time.
pub(crate) fn now() -> Time {
    Time(Timestamp::now())
}

/// The registries' credentials: `config.json` in `$DOCKER_CONFIG`, else in `~/.docker`. Without a file, none. Credential
/// helpers that it names are never run.
pub(crate) fn docker_keyring() -> Result<Keyring, EnvironmentError> {
    let mut keyring = Keyring::new();
    let folder = env::var_os("DOCKER_CONFIG")
        .map(PathBuf::from)
        .or_else(|| Some(home()?.join(".docker")));
    let Some(path) = folder.map(|folder| folder.join("config.json")) else {
        return Ok(keyring);
    };
    match read(&path) {
        Ok(config) => keyring
            .add_docker_config_json(&config)
            .map(|()| keyring)
            .map_err(|source| EnvironmentError::DockerConfig { path, source }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(keyring),
        Err(source) => Err(EnvironmentError::ReadFile {
            name: "DOCKER_CONFIG",
            path,
            source,
        }),
    }
}

/// The credentials for Git, by the scheme of the URL.
pub(crate) fn git_credentials(url: &str) -> Result<Credentials, EnvironmentError> {
    if url.starts_with("ssh://") {
        ssh_identity()
    } else {
        http_credentials()
    }
}

fn http_credentials() -> Result<Credentials, EnvironmentError> {
    if let Some(token) = text("REPIN_GIT_TOKEN")? {
        return Ok(Credentials::Bearer(token.into()));
    }
    match (text("REPIN_GIT_USERNAME")?, text("REPIN_GIT_PASSWORD")?) {
        (None, None) => Ok(Credentials::Anonymous),
        (Some(username), Some(password)) => Ok(Credentials::Basic {
            username,
            password: password.into(),
        }),
        (Some(_), None) => Err(EnvironmentError::Incomplete {
            name: "REPIN_GIT_USERNAME",
            other: "REPIN_GIT_PASSWORD",
        }),
        (None, Some(_)) => Err(EnvironmentError::Incomplete {
            name: "REPIN_GIT_PASSWORD",
            other: "REPIN_GIT_USERNAME",
        }),
    }
}

fn ssh_identity() -> Result<Credentials, EnvironmentError> {
    let (key, hosts) = ("REPIN_SSH_KEY_FILE", "REPIN_KNOWN_HOSTS_FILE");
    match (file_text(key)?, file_text(hosts)?) {
        (None, None) => Ok(Credentials::Anonymous),
        (Some(_), None) => Err(EnvironmentError::Incomplete {
            name: key,
            other: hosts,
        }),
        (None, Some(_)) => Err(EnvironmentError::Incomplete {
            name: hosts,
            other: key,
        }),
        (Some(private_key), Some(known_hosts)) => Ok(Credentials::Ssh(SshIdentity {
            private_key: private_key.into(),
            passphrase: text("REPIN_SSH_KEY_PASSPHRASE")?.map(SecretString::from),
            known_hosts,
        })),
    }
}

/// The key of `REPIN_SIGNING_KEY_FILE`, if there is one; its form tells OpenPGP from SSH.
pub(crate) fn signer() -> Result<Option<Signer>, EnvironmentError> {
    let Some(key) = file("REPIN_SIGNING_KEY_FILE")? else {
        return Ok(None);
    };
    let passphrase = text("REPIN_SIGNING_KEY_PASSPHRASE")?.map(SecretString::from);
    let openpgp = key.trim_ascii_start().starts_with(OPENPGP_HEADER);
    let signer = if openpgp {
        Signer::openpgp(&key, passphrase.as_ref())
    } else {
        Signer::ssh(&key, passphrase.as_ref())
    };
    signer.map(Some).map_err(EnvironmentError::SigningKey)
}

/// `$XDG_CACHE_HOME/repin`, else `~/.cache/repin`, else a folder of the system's temporary ones.
pub(crate) fn cache_dir() -> PathBuf {
    env::var_os("XDG_CACHE_HOME")
        .filter(|folder| Path::new(folder).is_absolute())
        .map(PathBuf::from)
        .or_else(|| Some(home()?.join(".cache")))
        .unwrap_or_else(env::temp_dir)
        .join("repin")
}

fn home() -> Option<PathBuf> {
    env::home_dir().filter(|home| home.is_absolute())
}

fn text(name: &'static str) -> Result<Option<String>, EnvironmentError> {
    match env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(EnvironmentError::NotText { name }),
    }
}

fn file_text(name: &'static str) -> Result<Option<String>, EnvironmentError> {
    file(name)?
        .map(|bytes| String::from_utf8(bytes).map_err(|_| EnvironmentError::NotText { name }))
        .transpose()
}

fn file(name: &'static str) -> Result<Option<Vec<u8>>, EnvironmentError> {
    let Some(path) = env::var_os(name)
        .filter(|path: &OsString| !path.is_empty())
        .map(PathBuf::from)
    else {
        return Ok(None);
    };
    read(&path)
        .map(Some)
        .map_err(|source| EnvironmentError::ReadFile { name, path, source })
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    fs::File::open(path)?
        .take(MAX_FILE_BYTES + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("larger than {MAX_FILE_BYTES} bytes"),
        ));
    }
    Ok(bytes)
}
