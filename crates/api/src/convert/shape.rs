//! What has another place or another name in an older version.

use serde_json::{Value, json};

use super::{ConvertError, Kind, Members};

/// Moves the members of an older version to where v1 has them.
pub(super) fn up(
    kind: Kind,
    version: &'static str,
    object: &mut Members,
) -> Result<(), ConvertError> {
    match (kind, version) {
        (Kind::ImageUpdateAutomation, "v1alpha1") => automation_up(object),
        (Kind::ImagePolicy, _) => policy_up(object),
        (Kind::Receiver, _) => receiver_up(object),
        (Kind::ImageRepository | Kind::ImageUpdateAutomation, _) => Ok(()),
    }
}

/// Moves the members of v1 to where an older version has them; what has no place stays behind.
pub(super) fn down(
    kind: Kind,
    version: &'static str,
    object: &mut Members,
) -> Result<(), ConvertError> {
    match (kind, version) {
        (Kind::ImageUpdateAutomation, "v1alpha1") => automation_down(object),
        (Kind::ImagePolicy, "v1beta1" | "v1alpha2" | "v1alpha1") => policy_down(object),
        (Kind::Receiver, _) => receiver_down(object),
        (Kind::ImageRepository | Kind::ImageUpdateAutomation | Kind::ImagePolicy, _) => Ok(()),
    }
}

fn automation_up(object: &mut Members) -> Result<(), ConvertError> {
    let Some(spec) = member(object, "spec", "spec")? else {
        return Ok(());
    };
    for (name, path) in [("sourceRef", "spec.sourceRef"), ("git", "spec.git")] {
        if spec.contains_key(name) {
            return Err(ConvertError::NewerField {
                path,
                version: "v1alpha1",
            });
        }
    }
    let mut git = Members::new();
    if let Some(mut checkout) = taken(spec, "checkout", "spec.checkout")? {
        let path = "spec.checkout.gitRepositoryRef";
        if let Some(mut source) = taken(&mut checkout, "gitRepositoryRef", path)? {
            source.insert("kind".to_owned(), "GitRepository".into());
            spec.insert("sourceRef".to_owned(), Value::Object(source));
        }
        if let Some(branch) = checkout.remove("branch") {
            git.insert(
                "checkout".to_owned(),
                json!({ "ref": { "branch": branch } }),
            );
        }
    }
    if let Some(mut commit) = taken(spec, "commit", "spec.commit")? {
        let mut author = Members::new();
        rename(&mut commit, "authorName", &mut author, "name");
        rename(&mut commit, "authorEmail", &mut author, "email");
        if !author.is_empty() {
            commit.insert("author".to_owned(), Value::Object(author));
        }
        git.insert("commit".to_owned(), Value::Object(commit));
    }
    rename(spec, "push", &mut git, "push");
    if !git.is_empty() {
        spec.insert("git".to_owned(), Value::Object(git));
    }
    Ok(())
}

fn automation_down(object: &mut Members) -> Result<(), ConvertError> {
    let Some(spec) = member(object, "spec", "spec")? else {
        return Ok(());
    };
    let mut checkout = Members::new();
    if let Some(source) = taken(spec, "sourceRef", "spec.sourceRef")? {
        checkout.insert("gitRepositoryRef".to_owned(), Value::Object(source));
    }
    if let Some(mut git) = taken(spec, "git", "spec.git")? {
        if let Some(branch) = git
            .get("checkout")
            .and_then(|checkout| checkout["ref"].get("branch"))
        {
            checkout.insert("branch".to_owned(), branch.clone());
        }
        if let Some(mut commit) = taken(&mut git, "commit", "spec.git.commit")? {
            if let Some(mut author) = taken(&mut commit, "author", "spec.git.commit.author")? {
                rename(&mut author, "name", &mut commit, "authorName");
                rename(&mut author, "email", &mut commit, "authorEmail");
            }
            spec.insert("commit".to_owned(), Value::Object(commit));
        }
        rename(&mut git, "push", spec, "push");
    }
    if !checkout.is_empty() {
        spec.insert("checkout".to_owned(), Value::Object(checkout));
    }
    Ok(())
}

/// Two texts of the older status are objects in v1.
const IMAGES: [(&str, &str); 2] = [
    ("latestImage", "latestRef"),
    ("observedPreviousImage", "observedPreviousRef"),
];

fn policy_up(object: &mut Members) -> Result<(), ConvertError> {
    let Some(status) = member(object, "status", "status")? else {
        return Ok(());
    };
    for (text, reference) in IMAGES {
        let image = status.remove(text);
        let parts = image.as_ref().and_then(Value::as_str).and_then(image_parts);
        if let (Some(parts), false) = (parts, status.contains_key(reference)) {
            status.insert(reference.to_owned(), parts);
        }
    }
    Ok(())
}

fn policy_down(object: &mut Members) -> Result<(), ConvertError> {
    let Some(status) = member(object, "status", "status")? else {
        return Ok(());
    };
    for (text, reference) in IMAGES {
        if let Some(image) = status.remove(reference).as_ref().and_then(image_text) {
            status.insert(text.to_owned(), image.into());
        }
    }
    Ok(())
}

/// Splits `name:tag[@digest]`; a colon before the last slash belongs to the registry's port.
fn image_parts(image: &str) -> Option<Value> {
    let (tagged, digest) = image
        .split_once('@')
        .map_or((image, None), |(l, r)| (l, Some(r)));
    let (name, tag) = tagged
        .rsplit_once(':')
        .filter(|(_, tag)| !tag.contains('/'))?;
    let mut parts = json!({ "name": name, "tag": tag });
    if let Some(digest) = digest {
        parts["digest"] = digest.into();
    }
    Some(parts)
}

fn image_text(parts: &Value) -> Option<String> {
    let (name, tag) = (parts.get("name")?.as_str()?, parts.get("tag")?.as_str()?);
    let digest = parts.get("digest").and_then(Value::as_str);
    Some(digest.map_or_else(
        || format!("{name}:{tag}"),
        |digest| format!("{name}:{tag}@{digest}"),
    ))
}

fn receiver_up(object: &mut Members) -> Result<(), ConvertError> {
    let Some(status) = member(object, "status", "status")? else {
        return Ok(());
    };
    if let Some(url) = status.remove("url") {
        status.entry("webhookPath").or_insert(url);
    }
    Ok(())
}

fn receiver_down(object: &mut Members) -> Result<(), ConvertError> {
    let Some(status) = member(object, "status", "status")? else {
        return Ok(());
    };
    if let Some(path) = status.get("webhookPath").cloned() {
        status.insert("url".to_owned(), path);
    }
    Ok(())
}

fn rename(from: &mut Members, old: &str, to: &mut Members, new: &str) {
    if let Some(value) = from.remove(old) {
        to.insert(new.to_owned(), value);
    }
}

/// The object under a name; absent and null are the same.
fn member<'a>(
    of: &'a mut Members,
    name: &str,
    path: &str,
) -> Result<Option<&'a mut Members>, ConvertError> {
    match of.get_mut(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(members)) => Ok(Some(members)),
        Some(_) => Err(not_an_object(path)),
    }
}

/// Takes the object under a name away; absent and null are the same.
fn taken(of: &mut Members, name: &str, path: &str) -> Result<Option<Members>, ConvertError> {
    match of.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(members)) => Ok(Some(members)),
        Some(_) => Err(not_an_object(path)),
    }
}

fn not_an_object(path: &str) -> ConvertError {
    ConvertError::Shape {
        path: path.to_owned(),
        expected: "an object",
    }
}
