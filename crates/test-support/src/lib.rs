//! Registries and Git servers, in process and real, for the tests of every crate.

pub mod docker_registry;
pub mod git_http;
pub mod git_repo;
pub mod gnupg;
pub mod nginx_git;
pub mod process;
pub mod registry;
pub mod ssh_keys;
pub mod sshd;
pub mod tls;
