//! A conversation with a server: references, commits, and in a module of their own blobs.

mod blobs;

use gix::{
    ObjectId,
    error::{Class, ResourceExhaustionKind},
};
use gix_transport::{
    Protocol, Service,
    client::blocking_io::{Transport, TransportV2Ext as _},
};

use crate::{
    error::{Error, Operation},
    fault::causes,
    fetch::{self, Bounded, Request},
    http::AGENT,
    refs::Listing,
    remote::Remote,
    repository::Repository,
    wire::Wire,
};

pub use self::blobs::{Keep, Oversize};

/// A transport of any kind.
pub(crate) type BoxTransport = Box<dyn Transport + Send>;

/// A conversation with the server of a remote.
///
/// Each call has the whole [`Options::timeout`](crate::Options::timeout) for itself. After an error, a new session
/// has to be opened.
pub struct Session {
    remote: Remote,
    pub(crate) wire: Wire,
}

/// A reference of a remote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteRef {
    /// The full name: `refs/heads/main`.
    pub name: String,
    /// What it points to.
    pub object: ObjectId,
    /// The commit behind an annotated tag.
    pub peeled: Option<ObjectId>,
}

impl RemoteRef {
    /// The commit: the peeled id of an annotated tag, else the object.
    pub fn commit(&self) -> ObjectId {
        self.peeled.unwrap_or(self.object)
    }
}

impl Session {
    pub(crate) fn open(remote: &Remote) -> Result<Self, Error> {
        let wire = Wire::open(remote, Service::UploadPack, Operation::Connect)?;
        Ok(Self {
            remote: remote.clone(),
            wire,
        })
    }

    /// The references whose names start with one of `prefixes`, sorted by name; with no prefixes all of them.
    pub fn refs(&mut self, prefixes: &[&str]) -> Result<Vec<RemoteRef>, Error> {
        self.wire.context.deadline.restart();
        let mut refs = match &self.wire.advertised {
            Some(refs) => refs.clone(),
            None => self.list_refs(prefixes)?,
        };
        // Prefixes are a hint: a server may send more.
        let wanted = |name: &str| {
            prefixes.is_empty() || prefixes.iter().any(|prefix| name.starts_with(prefix))
        };
        refs.retain(|found| wanted(&found.name));
        Ok(refs)
    }

    /// The reference of exactly this full name.
    pub fn find_ref(&mut self, name: &str) -> Result<RemoteRef, Error> {
        let mut refs = self.refs(&[name])?;
        if let Some(found) = refs.iter().position(|found| found.name == name) {
            return Ok(refs.swap_remove(found));
        }
        let remote = self.wire.context.remote().to_owned();
        if self.refs(&["HEAD", "refs/heads/"])?.is_empty() {
            return Err(Error::EmptyRepository { remote });
        }
        Err(Error::RefNotFound {
            remote,
            name: name.to_owned(),
        })
    }

    /// Fetches a commit and its trees into the cache: depth 1, without blobs where the server allows it.
    /// Asks nothing of the server when the cache has the commit already.
    pub fn fetch_commit(&mut self, repo: &Repository, commit: ObjectId) -> Result<(), Error> {
        if repo.has_commit(commit) {
            // Where blobs have to come with a commit, it is this one's that are asked for next.
            return repo.move_tip(commit);
        }
        // Before protocol v2, blobs cannot be asked for by id: they have to come with the commit.
        let without_blobs = self.wire.version == Protocol::V2 && !repo.wants_blobs();
        let request = Request {
            wants: &[commit],
            have: repo.tip(),
            shallow: true,
            without_blobs,
            generations: None,
        };
        self.fetch_pack(repo, &request)
            .or_else(|error| self.fetch_anew(repo, &request, error))?;
        if !repo.has_commit(commit) {
            // The pack came before, and was damaged since: the new one did not replace it.
            return Err(repo.missing(commit));
        }
        repo.set_tip(commit, fetch::can_be_shallow(&self.wire))
    }

    /// Where the server or the cache could not make use of the commit that is there already: fetches without it.
    /// Any other error stays one.
    fn fetch_anew(
        &mut self,
        repo: &Repository,
        request: &Request<'_>,
        error: Error,
    ) -> Result<(), Error> {
        let damaged = match error {
            // The pack builds on objects that are gone, or the server made a mistake.
            Error::Protocol { .. } if request.have.is_some() => true,
            Error::Refused { .. } if request.have.is_some() => false,
            other => return Err(other),
        };
        self.reopen()?;
        let anew = Request {
            have: None,
            ..*request
        };
        // A pack that builds on nothing makes good what was missing: the cache is given up only without one.
        self.fetch_pack(repo, &anew).inspect_err(|_| {
            if damaged {
                repo.mark_damaged();
            }
        })
    }

    /// Starts the conversation again, after an error that ended it.
    fn reopen(&mut self) -> Result<(), Error> {
        self.wire = Wire::open(&self.remote, Service::UploadPack, Operation::Connect)?;
        Ok(())
    }

    /// Fetches a pack into the cache.
    fn fetch_pack(&mut self, repo: &Repository, request: &Request<'_>) -> Result<(), Error> {
        self.wire.context.deadline.restart();
        let context = self.wire.context.clone();
        fetch::fetch(&mut self.wire, request, Operation::FetchCommit, |pack| {
            let mut pack = Bounded::new(
                pack,
                context.limits.pack_bytes,
                "a pack of more bytes",
                &context,
            );
            let limit = context.limits.pack_bytes;
            repo.write_pack(&mut pack, limit).map_err(|error| {
                if unpacks_to_too_much(&*error) {
                    return Error::Limit {
                        at: context.at(Operation::FetchCommit),
                        what: "a pack that unpacks to more bytes",
                        limit,
                    };
                }
                match context.explain(Operation::FetchCommit, &*error) {
                    // Nothing is wrong with the answer: it could not be stored.
                    Error::Protocol { .. } if is_local(&*error) => repo.unwritable(error),
                    explained => explained,
                }
            })
        })
    }

    /// Asks for references (protocol v2).
    fn list_refs(&mut self, prefixes: &[&str]) -> Result<Vec<RemoteRef>, Error> {
        let context = self.wire.context.clone();
        let explain =
            |error: &(dyn std::error::Error + 'static)| context.explain(Operation::ListRefs, error);
        let arguments = ["symrefs".to_owned(), "peel".to_owned()]
            .into_iter()
            .chain(prefixes.iter().map(|prefix| format!("ref-prefix {prefix}")))
            .map(Into::into);
        let capabilities = [("agent", Some(AGENT))].into_iter();
        let mut lines = self
            .wire
            .transport
            .invoke("ls-refs", capabilities, Some(arguments), false)
            .map_err(|error| explain(&error))?;
        let mut listing = Listing::new(context.limits.refs);
        while let Some(line) = lines.readline() {
            let line = line
                .map_err(|error| explain(&error))?
                .map_err(|error| explain(&error))?;
            let Some(line) = line.as_bstr() else { break };
            listing.push_listed(line).map_err(|problem| {
                problem.into_error(context.at(Operation::ListRefs), &context.faults)
            })?;
        }
        Ok(listing.finish())
    }
}

/// Whether it was this machine's file system that failed: what a server does has other kinds.
fn is_local(error: &(dyn std::error::Error + 'static)) -> bool {
    use std::io::ErrorKind;
    let mut kinds = causes(error).filter_map(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .map(std::io::Error::kind)
    });
    kinds.any(|kind| {
        matches!(
            kind,
            ErrorKind::StorageFull
                | ErrorKind::QuotaExceeded
                | ErrorKind::FileTooLarge
                | ErrorKind::ReadOnlyFilesystem
                | ErrorKind::PermissionDenied
                | ErrorKind::NotFound
                | ErrorKind::NotADirectory
                | ErrorKind::IsADirectory
        )
    })
}

/// Whether a pack was given up at the limit of what may be unpacked of it.
fn unpacks_to_too_much(error: &(dyn std::error::Error + 'static)) -> bool {
    let limit = Class::ResourceExhaustion(ResourceExhaustionKind::AllocationLimit);
    gix::error::classify(error).has(limit)
}
