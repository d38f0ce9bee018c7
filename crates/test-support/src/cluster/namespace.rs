//! A namespace for one test.

use std::time::Duration;

use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{DeleteParams, ObjectMeta, PostParams};
use kube::core::DynamicObject;
use kube::{Api, Client, Resource, ResourceExt as _};

use super::{Cluster, Scope, admission, apply};
use crate::control_plane::access;

/// How long the request to delete a namespace may take.
const DELETE_TIMEOUT: Duration = Duration::from_secs(5);

/// A namespace of one test. It is deleted, with everything in it, when this value is dropped; nobody waits until it is gone.
#[derive(Debug)]
pub struct TestNamespace {
    cluster: Cluster,
    name: String,
}

impl TestNamespace {
    pub(super) async fn create(cluster: &Cluster) -> Self {
        let metadata = ObjectMeta {
            generate_name: Some("repin-test-".to_owned()),
            ..ObjectMeta::default()
        };
        Self::create_with(cluster, metadata).await
    }

    pub(super) async fn create_called(cluster: &Cluster, name: &str) -> Self {
        let metadata = ObjectMeta {
            name: Some(name.to_owned()),
            ..ObjectMeta::default()
        };
        Self::create_with(cluster, metadata).await
    }

    async fn create_with(cluster: &Cluster, metadata: ObjectMeta) -> Self {
        let namespaces: Api<Namespace> = Api::all(cluster.client());
        let wanted = Namespace {
            metadata,
            ..Namespace::default()
        };
        let created = namespaces.create(&PostParams::default(), &wanted).await;
        Self {
            cluster: cluster.clone(),
            name: created.expect("a namespace can be created").name_any(),
        }
    }

    /// Its name; no other test has it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The cluster it is in.
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// A client with every right.
    pub fn client(&self) -> Client {
        self.cluster.client()
    }

    /// The objects of one kind in it.
    pub fn api<K>(&self) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.client(), &self.name)
    }

    /// Applies every object of a YAML text; those that name no namespace go into this one. Returns them as the server
    /// has them now.
    pub async fn apply(&self, yaml: &str) -> Vec<DynamicObject> {
        apply::all(&self.cluster.client, &self.name, yaml).await
    }

    /// Installs the admission policies of `deploy/base/admission/` for controllers that run as ServiceAccounts of this
    /// namespace, and waits until they are in effect. They go with the namespace.
    ///
    /// With [`Scope::Namespace`] they look at objects of this namespace only, and leave those of other tests alone.
    pub async fn admission(&self, scope: Scope) {
        admission::install(self, scope).await;
    }
}

impl Drop for TestNamespace {
    /// On a thread and a runtime of its own, because the test's own runtime may be ending.
    fn drop(&mut self) {
        let (config, name) = (self.cluster.config.clone(), self.name.clone());
        let deletion = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.expect("a runtime can be made").block_on(async {
                let client = access::client(config).expect("the cluster's configuration is valid");
                let namespaces: Api<Namespace> = Api::all(client);
                let params = DeleteParams::default();
                // The API server may be gone; then so is the namespace, or it is left to the next start.
                drop(tokio::time::timeout(DELETE_TIMEOUT, namespaces.delete(&name, &params)).await);
            });
        });
        drop(deletion.join());
    }
}
