use std::collections::BTreeMap;

use api::image::v1::{ImagePolicy, ImageRepository, ImageUpdateAutomation};
use api::object::Object;
use api::source::GitRepository;
use k8s_openapi::api::core::v1::{Namespace, Secret, ServiceAccount};
use kube::ResourceExt;
use serde_json::Value;

use super::shelf::{Shelf, StoreError};
use crate::access::full_name;

/// More names than this are counted, not told.
const MAX_TOLD: usize = 5;

/// All objects that a pipeline reads.
#[derive(Debug)]
pub(crate) struct Store {
    /// Image repositories.
    pub repositories: Shelf<ImageRepository>,
    /// Image policies.
    pub policies: Shelf<ImagePolicy>,
    /// Automations.
    pub automations: Shelf<ImageUpdateAutomation>,
    /// Git repositories.
    pub sources: Shelf<GitRepository>,
    /// Secrets whose values are readable: those encrypted by SOPS are left out.
    pub secrets: Shelf<Secret>,
    /// Service accounts.
    pub service_accounts: Shelf<ServiceAccount>,
    /// Namespaces, filed under the empty namespace.
    pub namespaces: Shelf<Namespace>,
    /// Files that seem to hold core objects, but are not YAML: mostly templates of Helm charts.
    pub templates: Vec<String>,
    /// What else was passed over, as warnings.
    pub passed_over: Vec<String>,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            repositories: Shelf::new("ImageRepository"),
            policies: Shelf::new("ImagePolicy"),
            automations: Shelf::new("ImageUpdateAutomation"),
            sources: Shelf::new("GitRepository"),
            secrets: Shelf::new("Secret"),
            service_accounts: Shelf::new("ServiceAccount"),
            namespaces: Shelf::new("Namespace"),
            templates: Vec::new(),
            passed_over: Vec::new(),
        }
    }
}

impl Store {
    /// Files an object; one without a namespace goes to `namespace`. `origin` says where it was found.
    pub(crate) fn add(
        &mut self,
        object: Object,
        namespace: &str,
        origin: &str,
    ) -> Result<(), StoreError> {
        match object {
            Object::ImageRepository(object) => self.repositories.add(*object, namespace, origin)?,
            Object::ImagePolicy(object) => self.policies.add(*object, namespace, origin)?,
            Object::ImageUpdateAutomation(object) => {
                self.automations.add(*object, namespace, origin)?;
            }
            Object::GitRepository(object) => self.sources.add(*object, namespace, origin)?,
            Object::Secret(object) => self.secrets.add_leniently(*object, namespace, origin),
            Object::ServiceAccount(object) => {
                self.service_accounts
                    .add_leniently(*object, namespace, origin);
            }
            Object::Namespace(object) => self.namespaces.add_leniently(*object, "", origin),
            Object::Receiver(_) => {}
        }
        Ok(())
    }

    /// Remembers a core object that cannot be read, so that it fails only what refers to it. `false`: it is none.
    pub(crate) fn set_unusable(&mut self, object: &Value, namespace: &str, problem: &str) -> bool {
        let text = |pointer| object.pointer(pointer).and_then(Value::as_str);
        let name = text("/metadata/name").unwrap_or_default().to_owned();
        let own = text("/metadata/namespace").unwrap_or(namespace).to_owned();
        let problem = problem.to_owned();
        match (text("/apiVersion"), text("/kind")) {
            (Some("v1"), Some("Secret")) => self.secrets.set_unusable((own, name), problem),
            (Some("v1"), Some("ServiceAccount")) => {
                self.service_accounts.set_unusable((own, name), problem);
            }
            (Some("v1"), Some("Namespace")) => {
                self.namespaces.set_unusable((String::new(), name), problem);
            }
            _ => return false,
        }
        true
    }

    /// Fails when something refers to an object that is there, but cannot be used.
    pub(crate) fn check_references(&self) -> Result<(), StoreError> {
        for repository in self.repositories.iter() {
            self.check_repository(repository)?;
        }
        for source in self.sources.iter() {
            let from = format!("GitRepository '{}'", full_name(source));
            if let Some(secret) = &source.spec.secret_ref {
                self.secrets
                    .check(&own_namespace(source), &secret.name, &from)?;
            }
        }
        for automation in self.automations.iter() {
            let from = format!("ImageUpdateAutomation '{}'", full_name(automation));
            let git = automation.spec.git.as_ref();
            if let Some(key) = git.and_then(|git| git.commit.signing_key.as_ref()) {
                self.secrets
                    .check(&own_namespace(automation), &key.secret_ref.name, &from)?;
            }
        }
        for policy in self.policies.iter() {
            let own = own_namespace(policy);
            let other = policy.spec.image_repository_ref.namespace.as_ref();
            if other.is_some_and(|other| *other != own) {
                let from = format!("ImagePolicy '{}'", full_name(policy));
                self.namespaces.check("", &own, &from)?;
            }
        }
        Ok(())
    }

    fn check_repository(&self, repository: &ImageRepository) -> Result<(), StoreError> {
        let from = format!("ImageRepository '{}'", full_name(repository));
        let (namespace, spec) = (own_namespace(repository), &repository.spec);
        for secret in spec.secret_ref.iter().chain(&spec.cert_secret_ref) {
            self.secrets.check(&namespace, &secret.name, &from)?;
        }
        let Some(account) = &spec.service_account_name else {
            return Ok(());
        };
        self.service_accounts.check(&namespace, account, &from)?;
        let from = format!("ServiceAccount '{namespace}/{account}'");
        let account = self.service_accounts.get(&namespace, account);
        for secret in account
            .iter()
            .flat_map(|account| account.image_pull_secrets.iter().flatten())
        {
            self.secrets.check(&namespace, &secret.name, &from)?;
        }
        Ok(())
    }

    /// What was passed over.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let mut warnings = self.passed_over.clone();
        if !self.templates.is_empty() {
            let told = self.templates.iter().take(MAX_TOLD).cloned();
            let more = self.templates.len().saturating_sub(MAX_TOLD);
            let told: Vec<String> = told
                .chain((more > 0).then(|| format!("{more} more")))
                .collect();
            warnings.push(format!(
                "no objects are read from files that are not valid YAML: {}",
                told.join(", ")
            ));
        }
        warnings
    }

    /// Whether there is neither an automation nor a policy, so that nothing can be done.
    pub(crate) fn is_empty(&self) -> bool {
        self.automations.iter().next().is_none() && self.policies.iter().next().is_none()
    }

    /// The labels of a namespace: those of its object, else only the name that the API server gives every namespace.
    pub(crate) fn namespace_labels(&self, namespace: &str) -> BTreeMap<String, String> {
        let mut labels = self
            .namespaces
            .get("", namespace)
            .map(|object| object.labels().clone())
            .unwrap_or_default();
        labels.insert(
            "kubernetes.io/metadata.name".to_owned(),
            namespace.to_owned(),
        );
        labels
    }
}

fn own_namespace(object: &impl ResourceExt) -> String {
    object.namespace().unwrap_or_default()
}
