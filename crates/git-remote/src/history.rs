//! Whether a commit is part of a history, learned without keeping it.

use std::collections::HashSet;

use gix::{ObjectId, objs::Kind};

use crate::{
    blobs::{Receiver, Stop},
    error::{Error, Operation},
    fetch::{self, Bounded, Request},
    session::Session,
};

/// Generations of commits that are looked at.
const GENERATIONS: usize = 1000;
/// Bytes of one commit; a longer one is passed over.
const MAX_COMMIT: u64 = 1 << 20;

/// Whether a commit is one that another builds on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ancestry {
    /// It is.
    Ancestor,
    /// It is not among the last thousand generations.
    NotRecent,
    /// The server cannot send commits alone, so that it would take the whole history to know.
    Unknown,
}

impl Session {
    /// Whether `commit` is `head`, which a reference of the remote points to, or one of the commits that it builds on:
    /// looks at the last thousand generations. Fetches commits and nothing else, and keeps none of them.
    ///
    /// That the server has a commit says less: it may be left from a push that was refused.
    pub fn ancestry(&mut self, head: ObjectId, commit: ObjectId) -> Result<Ancestry, Error> {
        if head == commit {
            return Ok(Ancestry::Ancestor);
        }
        if !fetch::can_send_commits_only(&self.wire) {
            return Ok(Ancestry::Unknown);
        }
        self.wire.context.deadline.restart();
        match self.history_has(head, commit) {
            Ok(true) => Ok(Ancestry::Ancestor),
            Ok(false) => Ok(Ancestry::NotRecent),
            // A server may know filters and not allow this one.
            Err(Error::Refused { .. }) => Ok(Ancestry::Unknown),
            Err(error) => Err(error),
        }
    }

    fn history_has(&mut self, head: ObjectId, commit: ObjectId) -> Result<bool, Error> {
        let context = self.wire.context.clone();
        let request = Request {
            wants: &[head],
            generations: Some(GENERATIONS),
            ..Request::default()
        };
        let mut found = false;
        let mut note = |_: ObjectId, _: &[u8]| {
            found = true;
            Ok(())
        };
        let mut receiver = Receiver {
            kind: Kind::Commit,
            wanted: HashSet::from([commit]),
            oversize: Vec::new(),
            limit: MAX_COMMIT,
            visit: &mut note,
        };
        let operation = Operation::FetchCommit;
        fetch::fetch(&mut self.wire, &request, operation, |pack| {
            let limit = context.limits.pack_bytes;
            let pack = Bounded::new(pack, limit, "a history of more bytes", &context);
            receiver.read(pack).map_err(|stop| match stop {
                Stop::Wire(error) => context.explain(operation, &error),
                Stop::Receiver(error) => error,
            })
        })?;
        Ok(found)
    }
}
