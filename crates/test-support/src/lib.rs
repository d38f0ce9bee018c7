//! Registries, Git servers and Kubernetes control planes, in process and real, for the tests of every crate.

pub mod api_proxy;
pub mod cloud;
pub mod cluster;
pub mod control_plane;
pub mod docker_registry;
pub mod git_http;
pub mod git_repo;
pub mod gnupg;
pub mod nginx_git;
pub mod process;
pub mod proxy;
pub mod registry;
pub mod ssh_keys;
pub mod sshd;
pub mod tls;
pub mod webhooks;
