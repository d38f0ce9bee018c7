//! One Receiver as a hook finds it.

use api::notification::v1::{Receiver, ReceiverType};
use controller_runtime::conditions;
use hook_payload::{Sender, Token, hook_path};
use kube::ResourceExt as _;

use crate::expressions::{Expressions, Invalid};

/// A Receiver, and what is made of it once instead of for each hook.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The object, without managed fields.
    pub(crate) receiver: Receiver,
    /// Its filters, and the conditions on tokens of OIDC providers. An error where they cannot be compiled: such a Receiver is
    /// Stalled, and refuses hooks in any case.
    pub(crate) expressions: Result<Expressions, Invalid>,
}

impl Entry {
    pub(crate) fn new(receiver: Receiver) -> Self {
        let expressions = Expressions::compile(&receiver.spec);
        Self {
            receiver,
            expressions,
        }
    }

    /// Whether hooks are taken: those of a Receiver that is suspended or not Ready are answered with 503.
    pub(crate) fn is_serving(&self) -> bool {
        let status = self.receiver.status.as_ref();
        let ready = status.is_some_and(|status| conditions::is_ready(&status.conditions));
        ready && !self.receiver.spec.suspend
    }

    /// The kind of system whose hooks the Receiver takes.
    pub(crate) fn sender(&self) -> Sender {
        sender(self.receiver.spec.receiver_type)
    }

    /// Whether the path that led here is still the Receiver's, now that its Secret holds `token` (none for `generic-oidc`).
    ///
    /// The status says so a moment later only: until then a hook to the path of the old token is one to an unknown path.
    pub(crate) fn is_current(&self, token: Option<&Token>) -> bool {
        let namespace = self.receiver.namespace().unwrap_or_default();
        let path = hook_path(token, &self.receiver.name_any(), &namespace);
        let status = self.receiver.status.as_ref();
        status.and_then(|status| status.webhook_path.as_ref()) == Some(&path)
    }
}

/// The sender of a type.
fn sender(receiver_type: ReceiverType) -> Sender {
    match receiver_type {
        ReceiverType::Generic => Sender::Generic,
        ReceiverType::GenericHmac => Sender::GenericHmac,
        ReceiverType::GenericOidc => Sender::GenericOidc,
        ReceiverType::GitHub => Sender::GitHub,
        ReceiverType::GitLab => Sender::GitLab,
        ReceiverType::Bitbucket => Sender::Bitbucket,
        ReceiverType::Harbor => Sender::Harbor,
        ReceiverType::DockerHub => Sender::DockerHub,
        ReceiverType::Quay => Sender::Quay,
        ReceiverType::Gcr => Sender::Gcr,
        ReceiverType::Nexus => Sender::Nexus,
        ReceiverType::Acr => Sender::Acr,
        ReceiverType::CdEvents => Sender::CdEvents,
    }
}
