//! One reference of the remote: where it stands, and how it is moved.

use api::repin::v1alpha1::ImageUpdatePlan;
use git_remote::{NewCommit, ObjectId, PushReport, PushRequest, PushSession, RefUpdate, Remote};

use crate::WriteError;

/// What is sent with a reference.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Parcel<'a> {
    /// A commit that the server does not have.
    New(&'a NewCommit),
    /// Nothing: the server has this commit.
    Known(ObjectId),
}

impl Parcel<'_> {
    fn id(self) -> ObjectId {
        match self {
            Self::New(commit) => commit.id,
            Self::Known(id) => id,
        }
    }
}

/// Pushes a commit to one reference, which must still be at `old`. Gives what the server said.
pub(crate) fn push(
    session: PushSession,
    plan: &ImageUpdatePlan,
    parcel: Parcel<'_>,
    (reference, old): (&str, Option<ObjectId>),
) -> Result<Vec<String>, WriteError> {
    let update = RefUpdate {
        name: reference.to_owned(),
        old,
        new: parcel.id(),
    };
    let options: Vec<(String, String)> = plan
        .spec
        .push
        .options
        .iter()
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let report = match parcel {
        Parcel::New(commit) => session.send(&PushRequest {
            updates: &[update],
            commit,
            options: &options,
            atomic: false,
        }),
        Parcel::Known(_) => session.point(&update, &options),
    };
    answer(report.map_err(WriteError::Push)?, reference)
}

fn answer(mut report: PushReport, reference: &str) -> Result<Vec<String>, WriteError> {
    if report.options_ignored {
        let ignored = "the server takes no push options: those of the automation were left out";
        report.messages.push(ignored.to_owned());
    }
    match report
        .refs
        .into_iter()
        .find_map(|outcome| outcome.result.err())
    {
        None => Ok(report.messages),
        Some(reason) => Err(WriteError::Refused {
            reference: reference.to_owned(),
            reason,
            messages: report.messages,
        }),
    }
}

/// The commit that a reference points to now.
pub(crate) fn head(
    remote: &Remote,
    reference: &str,
) -> Result<Option<ObjectId>, git_remote::Error> {
    let refs = remote.connect()?.refs(&[reference])?;
    Ok(refs
        .into_iter()
        .find(|found| found.name == reference)
        .map(|found| found.object))
}
