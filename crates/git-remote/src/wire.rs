//! One connection to a server, of whatever transport: the greeting, and errors told in our words.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use gix::ObjectId;
use gix_transport::{
    Protocol, Service,
    client::{
        Capabilities,
        blocking_io::{ReadlineBufRead, Transport as _, http::Transport as HttpTransport},
    },
};
use reqwest::header::HeaderValue;
use secrecy::ExposeSecret as _;

use crate::{
    credentials::{Credentials, CredentialsError},
    deadline::Deadline,
    error::{At, Error, Operation},
    fault::{Fault, Faults, causes},
    http::Backend,
    refs,
    remote::{Limits, Remote},
    secrets::Secrets,
    session::{BoxTransport, RemoteRef},
    ssh,
    url::Scheme,
};

/// One connection, greeted.
pub(crate) struct Wire {
    pub(crate) transport: BoxTransport,
    pub(crate) version: Protocol,
    pub(crate) capabilities: Capabilities,
    /// The references that the greeting held: all of them before protocol v2, none since.
    pub(crate) advertised: Option<Vec<RemoteRef>>,
    pub(crate) context: Context,
}

/// What turns a failure into an error that says where it came up.
#[derive(Clone)]
pub(crate) struct Context {
    remote: String,
    pub(crate) limits: Limits,
    pub(crate) deadline: Deadline,
    pub(crate) faults: Faults,
}

impl Wire {
    /// Connects and reads the greeting.
    pub(crate) fn open(
        remote: &Remote,
        service: Service,
        operation: Operation,
    ) -> Result<Self, Error> {
        let context = Context {
            remote: remote.url().to_string(),
            limits: remote.options().limits,
            deadline: Deadline::new(remote.options().timeout),
            faults: Faults::new(Secrets::of(
                remote.credentials(),
                remote.options().proxy.as_ref(),
            )),
        };
        let mut transport = match remote.url().scheme() {
            Scheme::Http | Scheme::Https => http(remote, &context)?,
            Scheme::Ssh => secure_shell(remote, &context, service, operation)?,
        };
        let (version, capabilities, advertised) =
            greet(&mut transport, &context, service, operation)?;
        Ok(Self {
            transport,
            version,
            capabilities,
            advertised,
            context,
        })
    }
}

/// Reads the greeting.
fn greet(
    transport: &mut BoxTransport,
    context: &Context,
    service: Service,
    operation: Operation,
) -> Result<(Protocol, Capabilities, Option<Vec<RemoteRef>>), Error> {
    let response = transport
        .handshake(service, &[])
        .map_err(|error| context.explain(operation, &error))?;
    let format = response
        .capabilities
        .capability("object-format")
        .and_then(|format| format.value());
    if let Some(found) = format
        .map(ToString::to_string)
        .filter(|format| format != "sha1")
    {
        return Err(Error::ObjectFormat {
            at: context.at(operation),
            found: context.faults.sanitise(&found),
        });
    }
    let advertised = match response.refs {
        Some(mut lines) => Some(advertised(&mut *lines, context, operation)?),
        None => None,
    };
    Ok((response.actual_protocol, response.capabilities, advertised))
}

/// Reads the references of a greeting.
fn advertised(
    lines: &mut dyn ReadlineBufRead,
    context: &Context,
    operation: Operation,
) -> Result<Vec<RemoteRef>, Error> {
    let mut found = refs::Listing::new(context.limits.refs);
    while let Some(line) = lines.readline() {
        let line = line.map_err(|error| context.explain(operation, &error))?;
        let line = line.map_err(|error| context.explain(operation, &error))?;
        let Some(line) = line.as_bstr() else { break };
        found
            .push_advertised(line)
            .map_err(|problem| problem.into_error(context.at(operation), &context.faults))?;
    }
    Ok(found.finish())
}

fn http(remote: &Remote, context: &Context) -> Result<BoxTransport, Error> {
    let invalid = |problem: &str| Error::Url {
        problem: problem.to_owned(),
    };
    let url = gix::url::parse(remote.url().as_str()).map_err(|_| invalid("it cannot be parsed"))?;
    let backend = Backend {
        clients: remote.clients().clone(),
        origin: reqwest::Url::parse(remote.url().as_str())
            .map_err(|_| invalid("it cannot be parsed"))?,
        authorization: authorization(remote)?,
        deadline: context.deadline.clone(),
        faults: context.faults.clone(),
        redirected: None,
    };
    Ok(Box::new(HttpTransport::new_http(
        backend,
        url,
        Protocol::V2,
        false,
    )))
}

/// The header that carries the credentials.
fn authorization(remote: &Remote) -> Result<Option<HeaderValue>, Error> {
    let (key, header) = match remote.credentials() {
        Credentials::Basic { username, password } => {
            let pair = format!("{username}:{}", password.expose_secret());
            (
                "password",
                format!("Basic {}", BASE64_STANDARD.encode(pair)),
            )
        }
        Credentials::Bearer(token) => ("bearerToken", format!("Bearer {}", token.expose_secret())),
        Credentials::Anonymous | Credentials::Ssh(_) => return Ok(None),
    };
    let mut value = HeaderValue::try_from(header).map_err(|_| Error::Credentials {
        remote: remote.url().to_string(),
        source: CredentialsError::NotAHeader(key),
    })?;
    value.set_sensitive(true);
    Ok(Some(value))
}

fn secure_shell(
    remote: &Remote,
    context: &Context,
    service: Service,
    operation: Operation,
) -> Result<BoxTransport, Error> {
    let Credentials::Ssh(identity) = remote.credentials() else {
        return Err(Error::Credentials {
            remote: remote.url().to_string(),
            source: CredentialsError::SshKeyMissing("identity"),
        });
    };
    let target = ssh::Target {
        host: remote.url().host(),
        port: remote.url().port(),
        user: remote.user(),
        path: remote.url().command_path(),
        identity,
        algorithms: &remote.options().ssh,
        proxy: remote.options().proxy.as_ref(),
        deadline: &context.deadline,
        faults: &context.faults,
    };
    ssh::connect(&target, service, Protocol::V2).map_err(|source| Error::Ssh {
        at: context.at(operation),
        source: Box::new(source),
    })
}

impl Context {
    /// Where an error came up.
    pub(crate) fn at(&self, operation: Operation) -> At {
        At {
            operation,
            remote: self.remote.clone(),
        }
    }

    /// The remote's URL, without user info.
    pub(crate) fn remote(&self) -> &str {
        &self.remote
    }

    /// The error behind one of gix's, with what the transport recorded about it.
    pub(crate) fn explain(
        &self,
        operation: Operation,
        error: &(dyn std::error::Error + 'static),
    ) -> Error {
        let at = self.at(operation);
        let limit = self.deadline.limit();
        if let Some(fault) = self.faults.take() {
            return fault.into_error(at, limit, &self.faults);
        }
        if self.deadline.remaining().is_none() {
            return Error::TimedOut { at, limit };
        }
        for cause in causes(error) {
            if let Some(refusal) = cause.downcast_ref::<gix_packetline::read::Error>() {
                return Error::Refused {
                    at,
                    message: self.faults.sanitise(&refusal.message.to_string()),
                };
            }
            if let Some(io) = cause.downcast_ref::<std::io::Error>()
                && let Some(fault) = lost(io, &self.faults)
            {
                return fault.into_error(at, limit, &self.faults);
            }
        }
        Error::Protocol {
            at,
            problem: self.faults.innermost(error),
        }
    }

    /// The answer is not what the protocol promises.
    pub(crate) fn protocol(&self, operation: Operation, problem: impl Into<String>) -> Error {
        Error::Protocol {
            at: self.at(operation),
            problem: problem.into(),
        }
    }
}

/// An I/O error that says that the connection is gone.
fn lost(error: &std::io::Error, faults: &Faults) -> Option<Fault> {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::TimedOut => Some(Fault::Timeout),
        ErrorKind::UnexpectedEof
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::NotConnected => Some(Fault::Lost {
            source: faults.innermost(error).into(),
        }),
        _ => None,
    }
}

/// A refusal that is about an object which the server does not have, or does not give out. It names the object;
/// `id` is meant where it does not.
pub(crate) fn refuses_object(error: Error, id: ObjectId) -> Error {
    match error {
        Error::Refused { at, message }
            if message.contains("not our ref") || message.contains("not valid") =>
        {
            let mut words = message.split_whitespace();
            let named = words.find_map(|word| ObjectId::from_hex(word.as_bytes()).ok());
            Error::ObjectNotFound {
                at,
                id: named.unwrap_or(id),
            }
        }
        other => other,
    }
}
