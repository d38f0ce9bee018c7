//! Pushing: compare-and-swap of references, and the server's report.
//!
//! gix has no push. This speaks send-pack's side of the protocol (v0; there is no newer one) over gix's transports.

mod exchange;
mod report;

use gix::ObjectId;
use gix_transport::Service;

use exchange::{Parcel, Terms, exchange, pack, uncertain};
pub use report::{PushReport, RefOutcome};

use crate::{
    commit::NewCommit,
    error::{Error, Operation},
    remote::Remote,
    wire::Wire,
};

/// References to set, and the commit they are set to.
#[derive(Debug)]
pub struct PushRequest<'a> {
    /// The references.
    pub updates: &'a [RefUpdate],
    /// What is sent.
    pub commit: &'a NewCommit,
    /// Push options, sent as `key=value`. Dropped where the server takes none, as Flux does; the report says so.
    pub options: &'a [(String, String)],
    /// All references or none. An error where the server cannot do that.
    pub atomic: bool,
}

/// One reference to set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefUpdate {
    /// The full name: `refs/heads/main`.
    pub name: String,
    /// What it must point to now; `None`: it must not exist.
    pub old: Option<ObjectId>,
    /// What it shall point to.
    pub new: ObjectId,
}

/// A connection to push over, greeted: what the references were at that moment is known, nothing is sent yet.
///
/// What is put on a head that it shows is pushed over it: one connection, and no other to read the head from.
pub struct PushSession {
    wire: Wire,
}

impl PushSession {
    pub(crate) fn open(remote: &Remote) -> Result<Self, Error> {
        let wire = Wire::open(remote, Service::ReceivePack, Operation::Push)?;
        Ok(Self { wire })
    }

    /// What the reference of exactly this full name pointed to when the connection was made; `None` where it did not
    /// exist, or the server hides it.
    pub fn find(&self, name: &str) -> Option<ObjectId> {
        let advertised = self.wire.advertised.as_deref().unwrap_or_default();
        let found = advertised.iter().find(|found| found.name == name);
        found.map(|found| found.object)
    }

    /// Pushes a commit, as [`Remote::push`] does.
    pub fn send(self, request: &PushRequest<'_>) -> Result<PushReport, Error> {
        self.deliver(&Parcel {
            updates: request.updates,
            objects: &request.commit.objects,
            options: request.options,
            atomic: request.atomic,
        })
    }

    /// Points a reference to a commit that the server has already: sends no objects.
    pub fn point(
        self,
        update: &RefUpdate,
        options: &[(String, String)],
    ) -> Result<PushReport, Error> {
        self.deliver(&Parcel {
            updates: std::slice::from_ref(update),
            objects: &[],
            options,
            atomic: false,
        })
    }

    fn deliver(mut self, parcel: &Parcel<'_>) -> Result<PushReport, Error> {
        let context = self.wire.context.clone();
        self.compare(parcel)?;
        let terms = Terms::negotiate(&self.wire.capabilities, parcel).map_err(|capability| {
            Error::Unsupported {
                at: context.at(Operation::Push),
                capability,
            }
        })?;
        let pack = pack(&context, parcel)?;
        context.deadline.restart();
        let (report, messages) = exchange(&mut self.wire, parcel, &terms, &pack)
            .map_err(|error| uncertain(&context, error))?;
        let refs = report.outcomes(parcel.updates);
        Ok(PushReport {
            refs,
            messages,
            options_ignored: terms.options_ignored,
        })
    }

    /// The server compares again when it takes the push, under its lock.
    fn compare(&self, parcel: &Parcel<'_>) -> Result<(), Error> {
        for update in parcel.updates {
            let found = self.find(&update.name);
            if found != update.old {
                return Err(Error::Moved {
                    remote: self.wire.context.remote().to_owned(),
                    name: update.name.clone(),
                    expected: update.old,
                    found,
                });
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for PushSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PushSession").finish_non_exhaustive()
    }
}
