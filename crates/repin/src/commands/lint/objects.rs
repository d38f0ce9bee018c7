//! The policies and image repositories that the tree, or -f, defines.

use std::collections::BTreeSet;

use api::image::v1::{ImagePolicy, ImageRepository};
use kube::ResourceExt;
use policy_evaluator::Evaluator;
use registry_scanner::Exclusions;
use yaml_setter::{LatestImage, Setters};

use super::{Level, Lint};
use crate::access::full_name;
use crate::args::LintArgs;
use crate::commands::CommandError;
use crate::failure::chain;
use crate::objects::{Inputs, Key, ReadError, Store, read_documents};

/// Objects, each with where it was found. The same name may be defined more than once: a tree holds many clusters.
#[derive(Debug, Default)]
pub(super) struct Objects {
    policies: Vec<(String, ImagePolicy)>,
    repositories: Vec<(String, ImageRepository)>,
}

impl Objects {
    /// The objects of -f; one that is not valid is a finding.
    pub(super) fn of_files(args: &LintArgs, lints: &mut Vec<Lint>) -> Result<Self, CommandError> {
        let (mut objects, mut inputs) = (Self::default(), Inputs::default());
        inputs
            .read(&args.filenames, |origin, content| {
                objects.read(content, origin, &args.namespace, lints)
            })
            .map_err(CommandError::Read)?;
        for warning in &inputs.passed_over {
            lints.push(Lint::whole(
                "-f",
                Level::Warning,
                "link-not-followed",
                warning.clone(),
            ));
        }
        if objects.policies.is_empty() {
            let origins: Vec<String> = args
                .filenames
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            return Err(CommandError::Read(ReadError::Nothing {
                origins: origins.join(", "),
            }));
        }
        Ok(objects)
    }

    /// Reads the objects of one file; one that is not valid is a finding, and what looks like a patch a warning. The
    /// error says that the file is not YAML.
    pub(super) fn read(
        &mut self,
        content: &[u8],
        path: &str,
        namespace: &str,
        lints: &mut Vec<Lint>,
    ) -> Result<(), ReadError> {
        let mut store = Store::default();
        let read = read_documents(content, path, namespace, &mut store);
        self.extend(&store, path);
        let (level, message) = match read {
            Ok(()) => return Ok(()),
            Err(error @ ReadError::ParseYaml { .. }) => return Err(error),
            Err(ReadError::ParseObject { source, .. }) => (Level::Error, chain(&source)),
            Err(error @ ReadError::Partial { .. }) => (Level::Warning, chain(&error)),
            Err(error) => (Level::Error, chain(&error)),
        };
        lints.push(Lint::whole(path, level, "invalid-object", message));
        Ok(())
    }

    fn extend(&mut self, store: &Store, path: &str) {
        let policies = store.policies.iter();
        self.policies
            .extend(policies.map(|object| (path.to_owned(), object.clone())));
        let repositories = store.repositories.iter();
        self.repositories
            .extend(repositories.map(|object| (path.to_owned(), object.clone())));
    }

    pub(super) fn append(&mut self, mut other: Self) {
        self.policies.append(&mut other.policies);
        self.repositories.append(&mut other.repositories);
    }

    /// Adds what is not defined here already, so that an object of -f that lies in the tree counts once.
    pub(super) fn add_missing(&mut self, other: Self) {
        let policies: BTreeSet<Key> = self
            .policies
            .iter()
            .map(|(_, object)| key(object))
            .collect();
        let repositories: BTreeSet<Key> = self
            .repositories
            .iter()
            .map(|(_, object)| key(object))
            .collect();
        self.policies.extend(
            other
                .policies
                .into_iter()
                .filter(|(_, object)| !policies.contains(&key(object))),
        );
        self.repositories.extend(
            other
                .repositories
                .into_iter()
                .filter(|(_, object)| !repositories.contains(&key(object))),
        );
    }

    /// A setter for every policy, whatever its value: offline only the names matter.
    pub(super) fn setters(&self) -> Setters {
        let mut setters = Setters::new();
        for (_, policy) in &self.policies {
            let (namespace, name) = key(policy);
            setters.policy(
                &namespace,
                &name,
                &LatestImage {
                    name: "",
                    tag: "",
                    digest: None,
                },
            );
        }
        setters
    }

    /// Ranges, patterns, image names and exclusions that cannot be used.
    pub(super) fn invalid(&self) -> Vec<Lint> {
        let policies = self.policies.iter().filter_map(|(path, policy)| {
            let error = Evaluator::new(policy).err()?;
            let message = format!("ImagePolicy '{}': {}", full_name(policy), chain(&error));
            Some(Lint::whole(path, Level::Error, "invalid-policy", message))
        });
        let repositories = self.repositories.iter().filter_map(|(path, repository)| {
            let image = registry_scanner::image_name(&repository.spec).err();
            let error = image
                .or_else(|| Exclusions::new(&repository.spec.effective_exclusion_list()).err())?;
            let message = format!(
                "ImageRepository '{}': {}",
                full_name(repository),
                chain(&error)
            );
            Some(Lint::whole(
                path,
                Level::Error,
                "invalid-repository",
                message,
            ))
        });
        policies.chain(repositories).collect()
    }

    /// Policies that no marker of the tree names.
    pub(super) fn without_marker(&self, marked: &BTreeSet<Key>) -> Vec<Lint> {
        let unmarked = self
            .policies
            .iter()
            .filter(|(_, policy)| !marked.contains(&key(policy)));
        unmarked
            .map(|(path, policy)| {
                let message = format!(
                    "ImagePolicy '{}': no marker names it, so it changes nothing",
                    full_name(policy)
                );
                Lint::whole(path, Level::Warning, "policy-without-marker", message)
            })
            .collect()
    }
}

fn key(object: &impl ResourceExt) -> Key {
    (object.namespace().unwrap_or_default(), object.name_any())
}
