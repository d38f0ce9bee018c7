//! `cargo xtask codegen`: the files that are generated from the `api` crate.
//!
//! `crds/` holds one custom resource definition a file, as a cluster takes it; docs/api.md is the reference people read.

mod reference;

use std::fs;

use anyhow::{Context as _, Result};

use crate::{console, workspace};

/// The directory in which everything is generated.
pub(crate) const GENERATED_DIRECTORY: &str = "crds/";
/// The reference of the API.
const REFERENCE: &str = "docs/api.md";

/// One generated file.
#[derive(Debug)]
pub(crate) struct Generated {
    /// The path from the root.
    pub(crate) path: String,
    /// The content.
    pub(crate) text: String,
}

/// Every generated file.
pub(crate) fn generated() -> Result<Vec<Generated>> {
    let definitions = api::crd_files();
    let texts: Vec<_> = definitions.iter().map(|(_, text)| text.as_str()).collect();
    let reference = reference::render(&texts)?;
    let mut files: Vec<_> = definitions
        .into_iter()
        .map(|(name, text)| Generated {
            path: format!("{GENERATED_DIRECTORY}{name}"),
            text,
        })
        .collect();
    files.push(Generated {
        path: REFERENCE.to_owned(),
        text: reference,
    });
    Ok(files)
}

/// Writes what differs and removes what nothing generates any more.
pub(crate) fn run() -> Result<()> {
    let generated = generated()?;
    for file in &generated {
        let path = workspace::root().join(&file.path);
        if fs::read_to_string(&path).is_ok_and(|text| text == file.text) {
            continue;
        }
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)
                .with_context(|| format!("create directory {}", directory.display()))?;
        }
        fs::write(&path, &file.text).with_context(|| format!("write {}", path.display()))?;
        console::line(format_args!("wrote {}", file.path));
    }
    for source in workspace::sources()?
        .iter()
        .filter(|source| source.path.starts_with(GENERATED_DIRECTORY))
    {
        if !generated.iter().any(|file| file.path == source.path) {
            fs::remove_file(workspace::root().join(&source.path))
                .with_context(|| format!("remove {}", source.path))?;
            console::line(format_args!("removed {}", source.path));
        }
    }
    console::line(format_args!(
        "{} generated files are fresh",
        generated.len()
    ));
    Ok(())
}
