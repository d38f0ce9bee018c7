//! Whether a plan says what its automation says.

mod files;

use api::image::v1::{Approval, GitSpec, ImageUpdateAutomation, SigningKey};
use api::repin::v1alpha1::{ImageUpdatePlan, ImageUpdatePlanSpec};
use api::source::GitRepository;
use git_access::{Checkout, Target};
use git_remote::ObjectId;
use kube::ResourceExt as _;

/// A plan that says otherwise than its automation, or is none that manifest-setter makes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the plan is not its automation's: {field}: expected {expected}, found {found}")]
pub struct Forged {
    /// Path of the field in the plan.
    pub field: String,
    /// What it must be.
    pub expected: String,
    /// What it is.
    pub found: String,
}

impl Forged {
    fn new(
        field: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self {
            field: field.into(),
            expected: expected.into(),
            found: found.into(),
        }
    }
}

/// Checks a plan against the automation that it names, its GitRepository, the `target` that follows from both, and the
/// `approval` in effect: everything that says with which key, in whose name, from where, to where and below which path
/// is written. The message and the bytes are the plan's own; whether the bytes fit is seen when they are written.
///
/// A plan is not believed: it names credentials and bytes, and whoever may create one could write anywhere.
pub fn verify(
    plan: &ImageUpdatePlan,
    automation: &ImageUpdateAutomation,
    source: &GitRepository,
    target: &Target,
    approval: Approval,
) -> Result<(), Forged> {
    belongs(plan, automation)?;
    reads(&plan.spec, automation, source)?;
    checks_out(&plan.spec, target)?;
    let git = automation.spec.git.clone().unwrap_or_default();
    pushes(&plan.spec, &git, target)?;
    signs(&plan.spec, &git)?;
    waits(&plan.spec, approval)?;
    files::verify(&plan.spec, &target.path)
}

fn belongs(plan: &ImageUpdatePlan, automation: &ImageUpdateAutomation) -> Result<(), Forged> {
    let named = &plan.spec.automation_ref;
    let namespaces = (automation.namespace(), plan.namespace());
    same(
        "metadata.namespace",
        &namespaces.0.unwrap_or_default(),
        &namespaces.1.unwrap_or_default(),
    )?;
    same(
        "spec.automationRef.name",
        &automation.name_any(),
        &named.name,
    )?;
    let uid = automation.uid().unwrap_or_default();
    if uid.is_empty() {
        let expected = "the uid of an automation of the cluster";
        return Err(Forged::new(
            "spec.automationRef.uid",
            expected,
            quoted(&named.uid),
        ));
    }
    same("spec.automationRef.uid", &uid, &named.uid)
}

fn reads(
    spec: &ImageUpdatePlanSpec,
    automation: &ImageUpdateAutomation,
    source: &GitRepository,
) -> Result<(), Forged> {
    let (named, expected) = (&spec.source_ref, &automation.spec.source_ref);
    same(
        "spec.sourceRef.kind",
        &format!("{:?}", expected.kind),
        &format!("{:?}", named.kind),
    )?;
    let own = || automation.namespace().unwrap_or_default();
    let namespace = expected.namespace.clone().unwrap_or_else(own);
    same("spec.sourceRef.name", &expected.name, &named.name)?;
    same("spec.sourceRef.namespace", &namespace, &named.namespace)?;
    // The one whose address and credentials are used.
    same("spec.sourceRef.name", &source.name_any(), &named.name)?;
    let namespace = source.namespace().unwrap_or_default();
    same("spec.sourceRef.namespace", &namespace, &named.namespace)
}

fn checks_out(spec: &ImageUpdatePlanSpec, target: &Target) -> Result<(), Forged> {
    let checkout = &spec.checkout;
    if checkout.reference != target.reference {
        return Err(Forged::new(
            "spec.checkout.ref",
            format!("{:?}", target.reference),
            format!("{:?}", checkout.reference),
        ));
    }
    is_id("spec.checkout.commit", &checkout.commit)?;
    match &target.checkout {
        Checkout::Commit(commit) if !commit.eq_ignore_ascii_case(&checkout.commit) => {
            same("spec.checkout.commit", commit, &checkout.commit)
        }
        _ => Ok(()),
    }
}

fn pushes(spec: &ImageUpdatePlanSpec, git: &GitSpec, target: &Target) -> Result<(), Forged> {
    let push = &spec.push;
    same("spec.push.branch", &target.push_branch, &push.branch)?;
    let refspec = |refspec: &Option<String>| shown(refspec.as_deref().map(quoted));
    if push.refspec != target.refspec {
        return Err(Forged::new(
            "spec.push.refspec",
            refspec(&target.refspec),
            refspec(&push.refspec),
        ));
    }
    let options = git
        .push
        .as_ref()
        .map(|push| push.options.clone())
        .unwrap_or_default();
    if push.options != options {
        return Err(Forged::new(
            "spec.push.options",
            format!("{options:?}"),
            format!("{:?}", push.options),
        ));
    }
    is_id("spec.push.base", &push.base)?;
    // What is read and written is one branch: it cannot be at two commits.
    if target.reads_push_branch() {
        same("spec.push.base", &spec.checkout.commit, &push.base)?;
    }
    Ok(())
}

fn signs(spec: &ImageUpdatePlanSpec, git: &GitSpec) -> Result<(), Forged> {
    let author = &git.commit.author;
    let name = author.name.as_deref().unwrap_or_default();
    same("spec.author.name", name, &spec.author.name)?;
    same("spec.author.email", &author.email, &spec.author.email)?;
    let described = |key: &SigningKey| {
        let kind = key.key_type.unwrap_or_default();
        format!("{kind:?} key in Secret '{}'", key.secret_ref.name)
    };
    let expected = shown(git.commit.signing_key.as_ref().map(described));
    let found = shown(spec.signing_key.as_ref().map(described));
    if expected == found {
        Ok(())
    } else {
        Err(Forged::new("spec.signingKey", expected, found))
    }
}

fn waits(spec: &ImageUpdatePlanSpec, approval: Approval) -> Result<(), Forged> {
    match (approval, spec.approval) {
        (Approval::Required, Approval::NotRequired) => {
            Err(Forged::new("spec.approval", "'Required'", "'NotRequired'"))
        }
        (Approval::Required, Approval::Required) | (Approval::NotRequired, _) => Ok(()),
    }
}

fn is_id(field: &str, text: &str) -> Result<(), Forged> {
    match ObjectId::from_hex(text.as_bytes()) {
        Ok(_) => Ok(()),
        Err(_) => Err(Forged::new(field, "40 hexadecimal digits", quoted(text))),
    }
}

fn same(field: &str, expected: &str, found: &str) -> Result<(), Forged> {
    if expected == found {
        Ok(())
    } else {
        Err(Forged::new(field, quoted(expected), quoted(found)))
    }
}

fn shown(value: Option<String>) -> String {
    value.unwrap_or_else(|| "none".to_owned())
}

fn quoted(text: &str) -> String {
    format!("'{text}'")
}

#[cfg(test)]
mod tests;
