//! The client: what its callers share.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use image_ref::{Digest, ImageName, Tags};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::access::{Access, Fingerprint};
use crate::address::is_loopback;
use crate::budget::Budgets;
use crate::digest;
use crate::error::{Error, Operation, Problem};
use crate::exchange::Exchange;
use crate::flight::{Deadline, Flights};
use crate::options::Options;
use crate::session::{Endpoint, Route, Session, base_url};
use crate::tags;
use crate::token::Tokens;
use crate::transport::{Transports, Way};

/// Above this many registries, all are pinged anew.
const MANY_ENDPOINTS: usize = 1024;

/// No call takes longer, whatever its timeout.
const LONGEST_CALL: Duration = Duration::from_secs(24 * 60 * 60);

/// A client for any number of registries. Clones are cheap and share connections, tokens, budgets and
/// requests under way: one client serves the whole process.
///
/// A process that uses it makes a rustls crypto provider its default first:
/// `rustls::crypto::ring::default_provider().install_default()`.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

/// What makes two calls the same: they share their requests and their result.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct CallKey {
    route: Route,
    repository: String,
    tag: Option<String>,
    credentials: Fingerprint,
}

/// What the clones of a client have in common.
pub(crate) struct Shared {
    options: Options,
    transports: Transports,
    budgets: Budgets,
    endpoints: Mutex<HashMap<Route, Endpoint>>,
    pub(crate) pings: Flights<Route, Result<Endpoint, Problem>>,
    pub(crate) tokens: Tokens,
    lists: Flights<CallKey, Result<Arc<Tags>, Problem>>,
    digests: Flights<CallKey, Result<Digest, Problem>>,
}

impl Client {
    /// A client without open connections. Fails when the process has no crypto provider.
    pub fn new(options: Options) -> Result<Self, Error> {
        let transports = Transports::new(options.clone());
        let transports = transports.map_err(|problem| Error::new(Operation::SetUp, problem))?;
        Ok(Self {
            shared: Arc::new(Shared {
                budgets: Budgets::new(options.concurrency),
                transports,
                endpoints: Mutex::default(),
                pings: Flights::default(),
                tokens: Tokens::default(),
                lists: Flights::default(),
                digests: Flights::default(),
                options,
            }),
        })
    }

    /// All tags of an image. Callers who ask for the same list with the same credentials at the same time
    /// share one request and its result. A page that fails fails the list.
    ///
    /// Dropping the future gives the call up, without harm to others who wait for the same list.
    pub async fn list_tags(&self, image: &ImageName, access: &Access) -> Result<Tags, Error> {
        self.list(image, access, None).await
    }

    /// The same as the registry has them at `since` or later. A list under way that began before does not do: it may have
    /// passed the place of a tag that was pushed by then.
    pub async fn list_tags_since(
        &self,
        since: Instant,
        image: &ImageName,
        access: &Access,
    ) -> Result<Tags, Error> {
        self.list(image, access, Some(since)).await
    }

    async fn list(
        &self,
        image: &ImageName,
        access: &Access,
        since: Option<Instant>,
    ) -> Result<Tags, Error> {
        let fail = |problem| {
            let image = image.canonical();
            Error::new(Operation::ListTags { image }, problem)
        };
        let end = end_of(access);
        let session = self.session(image, access, end).map_err(fail)?;
        let key = CallKey::new(&session, None);
        let start = |deadline| async move {
            let session = session.until(deadline);
            let tags = tags::list(&session, &session.shared.options.limits).await?;
            Ok(Arc::new(tags))
        };
        let flight = self.shared.lists.join_since(since, key, end, start);
        let tags = within(access, end, flight).await.map_err(fail)?;
        Ok(Arc::unwrap_or_clone(tags))
    }

    /// The digest that a tag stands for: of the index, where the image is one for many platforms. Asks
    /// for the manifest's head, and for the manifest where that does not do.
    pub async fn resolve_digest(
        &self,
        image: &ImageName,
        tag: &str,
        access: &Access,
    ) -> Result<Digest, Error> {
        let fail = |problem| {
            let (image, tag) = (image.canonical(), tag.to_owned());
            Error::new(Operation::ResolveDigest { image, tag }, problem)
        };
        let end = end_of(access);
        let session = self.session(image, access, end).map_err(fail)?;
        let key = CallKey::new(&session, Some(tag));
        let wanted = tag.to_owned();
        let flight = self.shared.digests.join(key, end, |deadline| async move {
            let session = session.until(deadline);
            digest::resolve(&session, &wanted, &session.shared.options.limits).await
        });
        within(access, end, flight).await.map_err(fail)
    }

    fn session(
        &self,
        image: &ImageName,
        access: &Access,
        end: Instant,
    ) -> Result<Session, Problem> {
        let registry = image.registry().to_owned();
        let way = Way::new(access, is_loopback(&base_url("http", &registry)?));
        let shared = &self.shared;
        let exchange = Exchange {
            http: shared.transports.client(way, access)?,
            budget: shared.budgets.of(&registry),
            registry: registry.clone(),
            deadline: Deadline::new(end),
            retry_delays: shared.options.retry_delays.as_slice().into(),
        };
        Ok(Session {
            shared: Arc::clone(shared),
            route: Route {
                registry,
                may_be_plain: access.insecure || image.speaks_http_by_default(),
                way,
            },
            repository: image.repository().to_owned(),
            credentials: access.credentials.clone(),
            exchange,
        })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("options", &self.shared.options)
            .finish_non_exhaustive()
    }
}

impl CallKey {
    fn new(session: &Session, tag: Option<&str>) -> Self {
        Self {
            route: session.route.clone(),
            repository: session.repository.clone(),
            tag: tag.map(str::to_owned),
            credentials: session.credentials.fingerprint(),
        }
    }
}

impl Shared {
    pub(crate) fn endpoint(&self, route: &Route) -> Option<Endpoint> {
        self.endpoints.lock().get(route).cloned()
    }

    pub(crate) fn keep_endpoint(&self, route: &Route, endpoint: &Endpoint) {
        let mut endpoints = self.endpoints.lock();
        if endpoints.len() >= MANY_ENDPOINTS {
            endpoints.clear();
        }
        endpoints.insert(route.clone(), endpoint.clone());
    }

    pub(crate) fn forget_endpoint(&self, route: &Route) {
        self.endpoints.lock().remove(route);
    }
}

/// When a call is over. A clock does not reach as far as a duration does.
fn end_of(access: &Access) -> Instant {
    Instant::now() + access.timeout.min(LONGEST_CALL)
}

/// The result of the work, or the error that its time is over.
async fn within<T>(
    access: &Access,
    end: Instant,
    work: impl Future<Output = Result<T, Problem>>,
) -> Result<T, Problem> {
    let done = tokio::time::timeout_at(end, work).await;
    done.unwrap_or(Err(Problem::Timeout {
        after: access.timeout,
    }))
}
