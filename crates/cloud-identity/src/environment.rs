//! The variables that say who the process is in a cloud, and where that cloud's services are.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use url::Url;

use crate::cloud::Problem;

/// Environment variables: those of the process, or given ones. `Debug` shows no value.
#[derive(Clone, Default)]
pub struct Environment(Arc<HashMap<String, String>>);

impl Environment {
    /// The variables of this process whose values are text.
    pub fn of_process() -> Self {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    /// The value of a variable; an empty one is none.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// The URL in a variable, where it has a value.
    pub(crate) fn url(&self, variable: &str) -> Result<Option<Url>, Problem> {
        let Some(value) = self.get(variable) else {
            return Ok(None);
        };
        let url = Url::parse(value).ok().filter(Url::has_host);
        url.map(Some).ok_or_else(|| Problem::Variable {
            variable: variable.to_owned(),
            detail: "is no URL".to_owned(),
        })
    }
}

impl reqsign::Env for Environment {
    fn var(&self, name: &str) -> Option<String> {
        self.get(name).map(str::to_owned)
    }

    fn vars(&self) -> HashMap<String, String> {
        let filled = self.0.iter().filter(|(_, value)| !value.is_empty());
        filled
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    fn home_dir(&self) -> Option<PathBuf> {
        self.get("HOME").map(PathBuf::from)
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(variables: I) -> Self {
        let variables = variables.into_iter();
        Self(Arc::new(
            variables
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        ))
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment").finish_non_exhaustive()
    }
}
