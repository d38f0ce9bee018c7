//! The objects of a site, and the files that its policies set.

use serde_json::{Value, json};

/// The address that the automations commit with.
pub const BOT: &str = "bot@example.com";
/// The tag that every file has in the beginning.
pub(super) const FIRST_TAG: &str = "1.0.0";
/// Name of the Secret with the credentials of the Git server, and of the GitRepository.
pub(super) const CREDENTIALS: &str = "git";
pub(super) const SOURCE: &str = "fleet";

/// The automation, the policy and the folder of a number.
pub(super) fn name(number: usize) -> String {
    format!("app-{number}")
}

/// The file that the policy of this number sets.
pub(super) fn path(number: usize) -> String {
    format!("apps/{}/app.yaml", name(number))
}

/// The image of the policy of this number.
pub(super) fn image(number: usize) -> String {
    format!("reg.example/{}", name(number))
}

/// The line that is set, without its end.
pub(super) fn line(namespace: &str, number: usize, tag: &str) -> String {
    let (image, policy) = (image(number), name(number));
    format!("  image: {image}:{tag} # {{\"$imagepolicy\": \"{namespace}:{policy}\"}}")
}

/// The whole file. Its line ends are part of what must stay.
pub(super) fn content(namespace: &str, number: usize, tag: &str) -> String {
    let line = line(namespace, number, tag);
    format!("# kept\r\nspec:\n{line}\n  replicas: 1\r\n\n# no line end")
}

pub(super) fn source(url: &str) -> Value {
    json!({
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "GitRepository",
        "metadata": { "name": SOURCE },
        "spec": {
            "interval": "1h",
            "url": url,
            "timeout": "20s",
            "ref": { "branch": "main" },
            "secretRef": { "name": CREDENTIALS },
        },
    })
}

pub(super) fn credentials(password: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": CREDENTIALS,
            "labels": { "reconcile.fluxcd.io/watch": "Enabled" },
        },
        "stringData": { "username": "bot", "password": password },
    })
}

pub(super) fn policy(number: usize) -> Value {
    json!({
        "apiVersion": "image.toolkit.fluxcd.io/v1",
        "kind": "ImagePolicy",
        "metadata": { "name": name(number) },
        "spec": {
            "imageRepositoryRef": { "name": name(number) },
            "policy": { "semver": { "range": "*" } },
        },
    })
}

pub(super) fn automation(number: usize) -> Value {
    json!({
        "apiVersion": "image.toolkit.fluxcd.io/v1",
        "kind": "ImageUpdateAutomation",
        "metadata": { "name": name(number) },
        "spec": {
            "interval": "1h",
            "sourceRef": { "kind": "GitRepository", "name": SOURCE },
            "git": {
                "checkout": { "ref": { "branch": "main" } },
                "commit": { "author": { "name": "Bot", "email": BOT } },
            },
            "update": { "strategy": "Setters", "path": format!("./apps/{}", name(number)) },
        },
    })
}
