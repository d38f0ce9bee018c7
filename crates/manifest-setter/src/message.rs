//! The commit message of a plan, rendered once.

use std::collections::BTreeMap;

use api::image::v1::{DEFAULT_MESSAGE_TEMPLATE, ImagePolicy, MessageTemplateEngine};
use commit_message::{Change, Engine, Image, Model, NamespacedName, ObjectId, Surroundings};
use git_access::Target;
use image_ref::ImageRef;
use kube::ResourceExt as _;

use crate::{EditedFile, PlanError, Request, policies};

pub(crate) fn render(
    request: &Request<'_>,
    target: &Target,
    used: &[&ImagePolicy],
    files: &[EditedFile],
) -> Result<String, PlanError> {
    let commit = request.automation.spec.git.as_ref().map(|git| &git.commit);
    let template = commit
        .and_then(|commit| commit.message_template.as_deref())
        .unwrap_or(DEFAULT_MESSAGE_TEMPLATE);
    let engine = match commit.and_then(|commit| commit.message_template_engine) {
        None | Some(MessageTemplateEngine::GoTemplate) => Engine::GoTemplate,
        Some(MessageTemplateEngine::Handlebars) => Engine::Handlebars,
    };
    let model = Model {
        automation: NamespacedName {
            namespace: request.automation.namespace().unwrap_or_default(),
            name: request.automation.name_any(),
        },
        files: files
            .iter()
            .map(|file| (relative(&file.path, &target.path), changes(file)))
            .collect(),
        images: used
            .iter()
            .map(|policy| image(policy))
            .collect::<Result<_, _>>()?,
        values: commit
            .map(|commit| commit.message_template_values.clone())
            .unwrap_or_default(),
    };
    let surroundings = Surroundings {
        now: request.now,
        seed: request.seed,
    };
    commit_message::render(engine, template, &model, &surroundings).map_err(PlanError::of_template)
}

/// File names in messages are relative to `spec.update.path`, or to its folder when it names a file.
fn relative(path: &str, under: &str) -> String {
    let folder = if path == under {
        under.rsplit_once('/').map_or("", |(folder, _)| folder)
    } else {
        under
    };
    path.strip_prefix(folder)
        .map_or(path, |rest| rest.trim_start_matches('/'))
        .to_owned()
}

fn changes(file: &EditedFile) -> BTreeMap<ObjectId, Vec<Change>> {
    let mut objects: BTreeMap<ObjectId, Vec<Change>> = BTreeMap::new();
    for edit in &file.edits {
        let object = ObjectId {
            api_version: edit.object.api_version.clone(),
            kind: edit.object.kind.clone(),
            name: edit.object.name.clone(),
            namespace: edit.object.namespace.clone(),
        };
        objects.entry(object).or_default().push(Change {
            old_value: edit.old_value.clone(),
            new_value: edit.new_value.clone(),
            setter: edit.setter.clone(),
        });
    }
    objects
}

fn image(policy: &ImagePolicy) -> Result<Image, PlanError> {
    let latest = policy
        .status
        .as_ref()
        .and_then(|status| status.latest_ref.clone())
        .unwrap_or_default();
    let image = policies::parsed(policy, &latest)?;
    Ok(Image {
        registry: image.name().registry().to_owned(),
        repository: image.name().repository().to_owned(),
        name: qualified(&image),
        identifier: image.identifier().to_owned(),
        reference: latest.to_string(),
        policy: NamespacedName {
            namespace: policy.namespace().unwrap_or_default(),
            name: policy.name_any(),
        },
    })
}

/// Registry, repository and identifier, as `.Name` of an image prints in Flux's old templates.
fn qualified(image: &ImageRef) -> String {
    let separator = if image.digest().is_some() { '@' } else { ':' };
    format!(
        "{}{separator}{}",
        image.name().canonical(),
        image.identifier()
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::policy_of;

    #[test]
    fn file_names_are_relative_to_the_update_path() {
        for (path, under, expected) in [
            ("clusters/a/x.yaml", "clusters/a", "x.yaml"),
            ("clusters/a/x.yaml", "", "clusters/a/x.yaml"),
            ("clusters/a/x.yaml", "clusters/a/x.yaml", "x.yaml"),
            ("x.yaml", "x.yaml", "x.yaml"),
        ] {
            assert_eq!(relative(path, under), expected);
        }
    }

    #[test]
    fn the_policy_is_read_from_the_setter() {
        assert_eq!(policy_of("ns:app:tag"), Some(("ns", "app")));
        assert_eq!(policy_of("ns:app"), Some(("ns", "app")));
        assert_eq!(policy_of("ns"), None);
    }
}
