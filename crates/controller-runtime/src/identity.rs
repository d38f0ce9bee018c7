//! Which controller a process is.

/// Who a controller is towards the API server, and what it cannot work without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Name of the controller, such as `registry-scanner`: of its Lease, its events and its user agent.
    pub name: &'static str,
    /// Field manager of what it writes, one of [`api::field_managers`].
    pub field_manager: &'static str,
    /// Kinds that the API server has to serve before the controller starts, each one of [`api::crds()`].
    pub kinds: &'static [&'static str],
}

impl Identity {
    /// What it calls itself in requests to the API server.
    pub(crate) fn user_agent(&self) -> String {
        format!("repin/{}", self.name)
    }
}

/// The name of the machine, which in a cluster is that of the Pod.
pub(crate) fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => "unknown".to_owned(),
        name => name.to_owned(),
    }
}
