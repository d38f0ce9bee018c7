//! One pass over one Receiver: the table of contents.
//!
//! Only the replica that holds the lease has passes, and only with `--receiver-status=own`.

mod observe;
mod status;
mod users;

use std::sync::Arc;

use api::notification::v1::{Receiver, ReceiverStatus};
use controller_runtime::{Done, Notice, Pass, Reconciler};
use hook_payload::hook_path;
use kube::runtime::reflector::ObjectRef;
use kube::{Client, ResourceExt as _};

use self::status::PassError;
pub(crate) use self::users::Users;
use crate::expressions::Expressions;

/// What all passes share.
pub(crate) struct Context {
    pub(crate) client: Client,
    /// Which Receivers a change of a Secret concerns.
    pub(crate) users: Arc<Users>,
}

impl Reconciler for Context {
    type Object = Receiver;

    async fn pass(&self, receiver: Arc<Receiver>, _pass: &Pass) -> Done<ReceiverStatus> {
        match self.path(&receiver).await {
            Ok(path) => status::done(&receiver, path),
            Err(error) => status::failed(&receiver, &error),
        }
    }

    fn shown(&self, receiver: &Receiver) {
        self.users.shown(receiver);
    }

    fn forget(&self, receiver: &ObjectRef<Receiver>) {
        self.users.forget(receiver);
    }

    fn notices(
        &self,
        receiver: &Receiver,
        _before: &ReceiverStatus,
        _usual: Option<Notice>,
    ) -> Vec<Notice> {
        status::notice(receiver).into_iter().collect()
    }

    fn suspended(&self, receiver: &Receiver) -> Vec<Notice> {
        status::finished(receiver).into_iter().collect()
    }
}

impl Context {
    /// The path at which the Receiver takes hooks.
    async fn path(&self, receiver: &Receiver) -> Result<String, PassError> {
        Expressions::compile(&receiver.spec).map_err(PassError::Invalid)?;
        let token = observe::token(&self.client, receiver).await?;
        let namespace = receiver.namespace().unwrap_or_default();
        Ok(hook_path(token.as_ref(), &receiver.name_any(), &namespace))
    }
}
