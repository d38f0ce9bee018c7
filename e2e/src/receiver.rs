//! What stands behind `--events-addr`: keeps every Event that is posted to it.

use std::net::Ipv4Addr;
use std::sync::Arc;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use parking_lot::Mutex;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The bodies that were posted, in the order in which they came.
type Bodies = Arc<Mutex<Vec<Value>>>;

/// A listening receiver; it stops when it is dropped.
#[derive(Debug)]
pub struct Receiver {
    url: String,
    bodies: Bodies,
    server: JoinHandle<()>,
}

impl Receiver {
    /// Listens on a free port of 127.0.0.1.
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a port is free");
        let address = listener.local_addr().expect("the socket is bound");
        let bodies = Bodies::default();
        let app = Router::new()
            .route("/", post(keep))
            .with_state(Arc::clone(&bodies));
        let server = tokio::spawn(async move {
            // `axum::serve` never returns by itself.
            drop(axum::serve(listener, app).await);
        });
        Self {
            url: format!("http://{address}/"),
            bodies,
            server,
        }
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What was posted so far about one object.
    pub fn about(&self, kind: &str, name: &str) -> Vec<Value> {
        let bodies = self.bodies.lock();
        let about = bodies.iter().filter(|body| {
            body["involvedObject"]["kind"] == kind && body["involvedObject"]["name"] == name
        });
        about.cloned().collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn keep(State(bodies): State<Bodies>, Json(body): Json<Value>) {
    bodies.lock().push(body);
}
