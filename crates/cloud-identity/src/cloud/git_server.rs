//! Which Git servers belong to which cloud.

use url::Url;

use super::github::GitHubApp;

/// A Git server of a cloud, as far as its credentials depend on it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum GitServer {
    /// GitHub, for an App: it is its own identity, and the owner does not count.
    GitHub(GitHubApp),
    /// Azure DevOps.
    AzureDevOps,
    /// CodeCommit of AWS, where credentials are for one repository.
    CodeCommit(CodeCommit),
}

/// A repository of CodeCommit.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CodeCommit {
    /// Such as `us-east-1`.
    pub(crate) region: String,
    /// The host.
    pub(crate) host: String,
    /// The path of its URL.
    pub(crate) path: String,
}

/// A URL whose server gets no credentials of the cloud. The texts about CodeCommit are Flux's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GitUrlError {
    /// CodeCommit speaks HTTPS.
    #[error("AWS CodeCommit authentication requires an HTTPS Git URL")]
    CodeCommitScheme,
    /// The host is not CodeCommit's.
    #[error("invalid AWS CodeCommit Git URL: {host}")]
    CodeCommitHost {
        /// The host.
        host: String,
    },
    /// The path names no repository.
    #[error("invalid CodeCommit URL \"{url}\": path must be /v1/repos/{{repository}}")]
    CodeCommitPath {
        /// The URL, without user info.
        url: String,
    },
    /// A token of Azure over plain HTTP.
    #[error("Azure DevOps authentication requires an HTTPS Git URL")]
    AzureScheme,
    /// The host is not that of Azure DevOps.
    #[error(
        "invalid Azure DevOps Git URL: {host}. must be dev.azure.com or below visualstudio.com"
    )]
    AzureHost {
        /// The host.
        host: String,
    },
}

impl GitServer {
    /// Azure DevOps, if `url` is there.
    pub fn azure(url: &Url) -> Result<Self, GitUrlError> {
        if url.scheme() != "https" {
            return Err(GitUrlError::AzureScheme);
        }
        let host = host(url);
        let below = |name: &str| {
            let rest = host.strip_suffix(name);
            rest.is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
        };
        if url.port().is_none() && (host == "dev.azure.com" || below("visualstudio.com")) {
            return Ok(Self::AzureDevOps);
        }
        Err(GitUrlError::AzureHost {
            host: authority(url),
        })
    }

    /// The repository of CodeCommit at `url`.
    pub fn code_commit(url: &Url) -> Result<Self, GitUrlError> {
        if url.scheme() != "https" {
            return Err(GitUrlError::CodeCommitScheme);
        }
        let foreign = || GitUrlError::CodeCommitHost {
            host: authority(url),
        };
        let host = host(url);
        let mut labels = host.split('.');
        let service = labels.next().unwrap_or_default();
        let region = labels.next().unwrap_or_default().to_owned();
        let domain: Vec<&str> = labels.collect();
        let is_codecommit = matches!(service, "git-codecommit" | "git-codecommit-fips")
            && matches!(
                domain.join(".").as_str(),
                "amazonaws.com" | "amazonaws.com.cn"
            )
            && super::registry::is_region(&region)
            && url.port().is_none();
        if !is_codecommit {
            return Err(foreign());
        }
        let path = url.path();
        let repository = path.strip_prefix("/v1/repos/");
        if repository.is_none_or(|name| name.is_empty() || name.contains('/')) {
            let mut shown = url.clone();
            // Only a URL without a host refuses these, and this one has a host.
            let _ = (shown.set_username(""), shown.set_password(None));
            return Err(GitUrlError::CodeCommitPath {
                url: shown.to_string(),
            });
        }
        Ok(Self::CodeCommit(CodeCommit {
            region,
            path: path.to_owned(),
            host,
        }))
    }

    /// The region of a server of Amazon.
    pub(crate) fn region(&self) -> Option<&str> {
        match self {
            Self::CodeCommit(place) => Some(&place.region),
            Self::AzureDevOps | Self::GitHub(_) => None,
        }
    }
}

fn host(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_ascii_lowercase()
}

/// Host and port.
fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Url {
        url.parse().unwrap()
    }

    #[test]
    fn repositories_of_codecommit() {
        for (url, region) in [
            (
                "https://git-codecommit.us-east-1.amazonaws.com/v1/repos/app",
                "us-east-1",
            ),
            (
                "https://git-codecommit-fips.us-gov-west-1.amazonaws.com/v1/repos/app",
                "us-gov-west-1",
            ),
            (
                "https://GIT-CODECOMMIT.cn-north-1.amazonaws.com.cn/v1/repos/app",
                "cn-north-1",
            ),
        ] {
            let server = GitServer::code_commit(&parse(url)).unwrap();
            assert_eq!(server.region(), Some(region), "{url}");
        }
        for (url, text) in [
            (
                "http://git-codecommit.us-east-1.amazonaws.com/v1/repos/app",
                "AWS CodeCommit authentication requires an HTTPS Git URL",
            ),
            (
                "https://example.com/v1/repos/app",
                "invalid AWS CodeCommit Git URL: example.com",
            ),
            (
                "https://git-codecommit.us-east-1.amazonaws.com.evil.com/v1/repos/app",
                "invalid AWS CodeCommit Git URL: git-codecommit.us-east-1.amazonaws.com.evil.com",
            ),
            // A bucket of anybody.
            (
                "https://git-codecommit.s3.amazonaws.com/v1/repos/app",
                "invalid AWS CodeCommit Git URL: git-codecommit.s3.amazonaws.com",
            ),
            (
                "https://git-codecommit.us-east-1.amazonaws.com:8443/v1/repos/app",
                "invalid AWS CodeCommit Git URL: git-codecommit.us-east-1.amazonaws.com:8443",
            ),
            (
                "https://u:s3cret@git-codecommit.us-east-1.amazonaws.com/app",
                "invalid CodeCommit URL \"https://git-codecommit.us-east-1.amazonaws.com/app\": \
                 path must be /v1/repos/{repository}",
            ),
        ] {
            let error = GitServer::code_commit(&parse(url)).unwrap_err();
            assert_eq!(error.to_string(), text);
        }
    }

    #[test]
    fn hosts_of_azure_devops() {
        for url in [
            "https://dev.azure.com/org/project/_git/app",
            "https://org@dev.azure.com/org/project/_git/app",
            "https://org.visualstudio.com/project/_git/app",
        ] {
            assert_eq!(
                GitServer::azure(&parse(url)),
                Ok(GitServer::AzureDevOps),
                "{url}"
            );
        }
        for (url, host) in [
            ("https://dev.azure.com.evil.com/a", "dev.azure.com.evil.com"),
            ("https://evildev.azure.com/a", "evildev.azure.com"),
            ("https://visualstudio.com/a", "visualstudio.com"),
            ("https://.visualstudio.com/a", ".visualstudio.com"),
            ("https://dev.azure.com:8443/a", "dev.azure.com:8443"),
        ] {
            let host = host.to_owned();
            assert_eq!(
                GitServer::azure(&parse(url)),
                Err(GitUrlError::AzureHost { host })
            );
        }
        let plain = GitServer::azure(&parse("http://dev.azure.com/a"));
        assert_eq!(plain, Err(GitUrlError::AzureScheme));
    }
}
