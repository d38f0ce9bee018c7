use test_support::git_repo::TempRepo;

use super::{POLICIES, image_repository, policy_name};

/// How many manifests there are.
const FILES: usize = 50;

/// A repository of 50 small manifests in `apps/`, the first ten with markers of the policies in `namespace`.
pub(crate) fn small_repository(namespace: &str, registry: &str) -> TempRepo {
    let repo = TempRepo::named("small.git");
    repo.config("uploadpack.allowAnySHA1InWant", "true");
    repo.config("http.receivepack", "true");
    repo.config("receive.autogc", "false");
    let mut commit = repo.commit("main");
    for number in 0..FILES {
        let image = image(number, namespace, registry);
        let manifest = format!(
            "apiVersion: apps/v1
kind: Deployment
metadata:
  name: app-{number}
  namespace: apps
spec:
  template:
    spec:
      containers:
      - name: main
        image: {image}
"
        );
        commit = commit.file(&format!("apps/app-{number}.yaml"), manifest);
    }
    commit.done();
    repo
}

fn image(number: usize, namespace: &str, registry: &str) -> String {
    if number >= POLICIES {
        return format!("nginx:1.{number}");
    }
    let (image, policy) = (image_repository(number), policy_name(number));
    format!("{registry}/{image}:0.0.1 # {{\"$imagepolicy\": \"{namespace}:{policy}\"}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_of_fifty_manifests_are_marked() {
        let repo = small_repository("bench", "127.0.0.1:5000");
        let files = repo.git(&["ls-tree", "-r", "--name-only", "main"]);
        assert_eq!(files.lines().count(), 50);
        let marked = repo.git(&["grep", "--name-only", "\"bench:p", "main"]);
        assert_eq!(marked.lines().count(), 10);
    }
}
