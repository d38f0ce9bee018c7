//! The admission policies of `deploy/base`: who makes plans, who tells how far they are, in whose name one approves.
//!
//! Everybody here has every right over the kinds of Repin: what is refused, a policy refuses.

mod approvals;
mod overlay;
mod plans;
mod status;

use std::fmt::Debug;

use api::image::v1::ImageUpdateAutomation;
use api::repin::v1alpha1::ImageUpdatePlan;
use e2e::manifests;
use e2e::objects::{image_update_automation, image_update_plan, service_account};
use e2e::stage::{RECEIVER, Stage};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::rbac::v1::{PolicyRule, Role, RoleBinding, RoleRef, Subject};
use kube::api::{Api, ListParams, ObjectMeta, PostParams};
use kube::{Client, Resource};
use serde::Serialize;
use serde::de::DeserializeOwned;
use test_support::cluster::eventually;

/// The ServiceAccounts of the controllers that the policies know.
const SETTER: &str = "manifest-setter";
const WRITER: &str = "git-writer";
/// Somebody with the same rights.
const ALICE: &str = "alice";

/// A namespace with the policies in effect, and the users.
struct Site {
    stage: Stage,
    automation: ImageUpdateAutomation,
    setter: Client,
    writer: Client,
    alice: Client,
}

impl Site {
    async fn start() -> Self {
        let stage = Stage::start().await;
        for account in [SETTER, WRITER, ALICE] {
            stage.create(&service_account(account)).await;
        }
        stage.create(&everything()).await;
        stage.create(&for_everybody(&stage)).await;
        stage.admission().await;
        Self {
            automation: stage
                .create(&image_update_automation("fleet", "fleet"))
                .await,
            setter: user(&stage, SETTER).await,
            writer: user(&stage, WRITER).await,
            alice: user(&stage, ALICE).await,
            stage,
        }
    }

    /// The name that the API server knows an account by.
    fn user_name(&self, account: &str) -> String {
        format!("system:serviceaccount:{}:{account}", self.stage.namespace())
    }

    /// The plans as an administrator.
    fn plans(&self) -> Api<ImageUpdatePlan> {
        self.of(&self.stage.client())
    }

    /// The objects of a kind as this user.
    fn of<K>(&self, user: &Client) -> Api<K>
    where
        K: Resource<DynamicType = (), Scope = NamespaceResourceScope>,
    {
        Api::namespaced(user.clone(), self.stage.namespace())
    }

    /// A plan that nobody has made yet.
    fn draft(&self, name: &str) -> ImageUpdatePlan {
        image_update_plan(name, &self.automation)
    }

    /// A plan that is there.
    async fn plan(&self, name: &str) -> ImageUpdatePlan {
        create(&self.of(&self.setter), &self.draft(name))
            .await
            .unwrap()
    }
}

/// Every right over plans and approvals, those of an administrator of the namespace.
fn everything() -> Role {
    let all = || vec!["*".to_owned()];
    Role {
        metadata: named("everything"),
        rules: Some(vec![PolicyRule {
            api_groups: Some(vec!["repin.dev".to_owned()]),
            resources: Some(all()),
            verbs: all(),
            ..PolicyRule::default()
        }]),
    }
}

fn for_everybody(stage: &Stage) -> RoleBinding {
    let subject = |name: &str| Subject {
        kind: "ServiceAccount".to_owned(),
        name: name.to_owned(),
        namespace: Some(stage.namespace().to_owned()),
        ..Subject::default()
    };
    RoleBinding {
        metadata: named("everything"),
        role_ref: RoleRef {
            api_group: "rbac.authorization.k8s.io".to_owned(),
            kind: "Role".to_owned(),
            name: "everything".to_owned(),
        },
        subjects: Some([SETTER, WRITER, ALICE].map(subject).to_vec()),
    }
}

fn named(name: &str) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        ..ObjectMeta::default()
    }
}

/// A client of the account, once its rights have reached the API server.
async fn user(stage: &Stage, account: &str) -> Client {
    let client = stage.client_of(account).await;
    let plans: Api<ImageUpdatePlan> = Api::namespaced(client.clone(), stage.namespace());
    let all = ListParams::default();
    eventually("the rights", async || plans.list(&all).await.ok()).await;
    client
}

async fn create<K>(api: &Api<K>, object: &K) -> kube::Result<K>
where
    K: Clone + Debug + DeserializeOwned + Serialize,
{
    api.create(&PostParams::default(), object).await
}

/// Says which policy refused, and its message; panics when the API server took it or refused it for something else.
fn refusal<T: Debug>(answer: kube::Result<T>, code: u16) -> String {
    let status = match answer {
        Err(kube::Error::Api(status)) => status,
        other => unreachable!("not refused: {other:?}"),
    };
    assert_eq!(status.code, code, "{}", status.message);
    status.message.clone()
}

/// Fails unless a policy refused for this reason.
fn is_denied<T: Debug>(answer: kube::Result<T>, policy: &str, why: &str) {
    let message = refusal(answer, 403);
    denied_by(&message, policy, why);
}

/// The same for an object that nobody may write.
fn is_invalid<T: Debug>(answer: kube::Result<T>, policy: &str, why: &str) {
    let message = refusal(answer, 422);
    denied_by(&message, policy, why);
}

fn denied_by(message: &str, policy: &str, why: &str) {
    let policy = format!(".{policy}' denied request: ");
    assert!(message.contains(&policy), "{message}");
    assert!(message.ends_with(&format!("{policy}{why}")), "{message}");
}

#[test]
fn the_policies_name_the_accounts_that_are_installed() {
    let policies = serde_json::to_string(&manifests::objects("admission")).unwrap();
    for (controller, times) in [(SETTER, 1), (WRITER, 1), (RECEIVER, 2)] {
        let account: k8s_openapi::api::core::v1::ServiceAccount =
            manifests::only(controller, "ServiceAccount");
        let (name, namespace) = (
            account.metadata.name.unwrap(),
            account.metadata.namespace.unwrap(),
        );
        let user = format!("'system:serviceaccount:{namespace}:{name}'");
        assert_eq!(policies.matches(&user).count(), times, "{user}");
    }
}
