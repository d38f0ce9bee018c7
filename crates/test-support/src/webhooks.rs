//! What registries send when something is pushed.

use serde_json::{Value, json};

/// What Docker Hub posts for a tag that was pushed to `repository` (`stefanprodan/podinfo`), as its documentation shows it.
pub fn docker_hub(repository: &str, tag: &str) -> Value {
    let (namespace, name) = repository
        .split_once('/')
        .unwrap_or(("library", repository));
    let url = format!("https://registry.hub.docker.com/u/{repository}");
    json!({
        "callback_url": format!("{url}/hook/2141b5bi5i5b02bec211i4eeih0242eg11000a/"),
        "push_data": {"pushed_at": 1_417_566_161, "pusher": namespace, "tag": tag},
        "repository": {
            "comment_count": 0,
            "date_created": 1_417_494_799,
            "description": "",
            "full_description": "Docker Hub based automated build from a GitHub repo",
            "is_official": false,
            "is_private": true,
            "is_trusted": true,
            "name": name,
            "namespace": namespace,
            "owner": namespace,
            "repo_name": repository,
            "repo_url": format!("{url}/"),
            "star_count": 0,
            "status": "Active",
        },
    })
}
