//! Host certificates (OpenSSH's PROTOCOL.certkeys).

use russh::keys::ssh_key::certificate::CertType;
use russh::keys::ssh_key::{Algorithm, Certificate, HashAlg};

use super::Host;

/// Checks all of a certificate but whether its authority is trusted.
pub(super) fn check(certificate: &Certificate, host: &Host, now: u64) -> Result<(), String> {
    if certificate.cert_type() != CertType::Host {
        return Err("it is a user's certificate, not a host's".to_owned());
    }
    principals(certificate, host)?;
    let (after, before) = (certificate.valid_after(), certificate.valid_before());
    if now < after || now >= before {
        return Err(format!(
            "it is valid from {after} until {before}, now is {now} (seconds since 1970)"
        ));
    }
    if let Some((option, _)) = certificate.critical_options().iter().next() {
        return Err(format!(
            "it has the critical option '{option}', which is not known"
        ));
    }
    if let Algorithm::Dsa | Algorithm::Rsa { hash: None } = certificate.signature().algorithm() {
        return Err("its signature is over SHA-1".to_owned());
    }
    let authority = certificate.signature_key().fingerprint(HashAlg::Sha256);
    certificate
        .validate_at(now, [&authority])
        .map_err(|_| "its signature is wrong".to_owned())
}

/// A certificate without principals is for every host of its authority.
fn principals(certificate: &Certificate, host: &Host) -> Result<(), String> {
    let principals = certificate.valid_principals();
    let named = |principal: &String| principal.eq_ignore_ascii_case(host.name());
    if principals.is_empty() || principals.iter().any(named) {
        return Ok(());
    }
    Err(format!(
        "it is for {}, not for {}",
        principals.join(", "),
        host.name()
    ))
}
