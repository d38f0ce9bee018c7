//! The files and the command lines of the programs of a control plane.
//!
//! All paths are relative to the folder the programs run in.

use std::fs;
use std::io;
use std::path::Path;

use rcgen::KeyPair;

use super::{Audit, access, audit};
use crate::process::free_port;
use crate::registry::digest;
use crate::tls::Authority;

/// The administrator's kubeconfig, before anything of the control plane runs.
pub(super) const ADMIN: &str = "admin.kubeconfig";

/// The log of requests, when there is one.
pub(super) const AUDIT_LOG: &str = "audit.log";

/// The controllers that tests can see: namespaces end, what has no owner is collected, service accounts appear.
const CONTROLLERS: &str =
    "namespace-controller,garbage-collector-controller,serviceaccount-controller";

/// What one control plane is run with.
#[derive(Debug)]
pub(super) struct Settings {
    port: u16,
    audit: Audit,
    /// The text of the administrator's kubeconfig.
    pub(super) kubeconfig: String,
}

impl Settings {
    /// Chooses a free port, makes keys, and writes what the programs read into `folder`.
    pub(super) fn write(folder: &Path, audit: Audit) -> io::Result<Self> {
        let write = |name: &str, text: &str| fs::write(folder.join(name), text);
        let authority = Authority::new();
        let serving = authority.server(&["localhost", "127.0.0.1"]);
        write("serving.crt", &serving.cert_pem)?;
        write("serving.key", &serving.key_pem)?;
        write("ca.crt", authority.ca_pem())?;
        let accounts = key();
        write("accounts.key", &accounts.serialize_pem())?;
        write("accounts.pub", &accounts.public_key_pem())?;
        // Unguessable, though nobody else on the machine should be interested.
        let token = digest(&key().serialize_der()).replace(':', "-");
        write(
            "tokens.csv",
            &format!("{token},admin,admin,system:masters\n"),
        )?;
        write("audit-policy.yaml", audit::POLICY)?;
        let port = free_port();
        let server = format!("https://127.0.0.1:{port}");
        let kubeconfig = access::kubeconfig(&server, authority.ca_pem(), &token);
        write(ADMIN, &kubeconfig)?;
        Ok(Self {
            port,
            audit,
            kubeconfig,
        })
    }

    /// The address to advertise is one of those reserved for documentation: otherwise the server looks for a network of
    /// the machine, and not every machine has one.
    pub(super) fn api_server(&self) -> Vec<String> {
        let mut words = words(
            "--etcd-servers unix://etcd.sock --bind-address 127.0.0.1 --cert-dir certificates \
             --advertise-address 192.0.2.1 --endpoint-reconciler-type none --service-cluster-ip-range 10.0.0.0/24 \
             --tls-cert-file serving.crt --tls-private-key-file serving.key \
             --service-account-issuer https://kubernetes.default.svc --service-account-signing-key-file accounts.key \
             --service-account-key-file accounts.pub --token-auth-file tokens.csv --authorization-mode RBAC \
             --enable-priority-and-fairness=false",
        );
        words.push(format!("--secure-port={}", self.port));
        match self.audit {
            Audit::Off => {}
            Audit::Metadata => words.extend([
                "--audit-policy-file=audit-policy.yaml".to_owned(),
                format!("--audit-log-path={AUDIT_LOG}"),
                // A request is in the log before its answer is sent.
                "--audit-log-mode=blocking".to_owned(),
            ]),
        }
        words
    }
}

/// etcd listens on a socket in the folder: there is no port that another one could have taken.
/// It must advertise an address; nobody ever asks for it.
pub(super) fn etcd() -> Vec<String> {
    words(
        "--data-dir etcd --listen-client-urls unix://etcd.sock --advertise-client-urls http://127.0.0.1:0 \
         --listen-peer-urls http://127.0.0.1:0 --unsafe-no-fsync --log-level warn",
    )
}

/// The controller manager serves nothing and is alone.
pub(super) fn controller_manager() -> Vec<String> {
    let mut words = words(
        "--kubeconfig admin.kubeconfig --service-account-private-key-file accounts.key --root-ca-file ca.crt \
         --use-service-account-credentials --leader-elect=false --secure-port=0 --controllers",
    );
    words.push(CONTROLLERS.to_owned());
    words
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

fn key() -> KeyPair {
    KeyPair::generate().expect("ring generates a P-256 key")
}
