use std::fs;
use std::net::Ipv4Addr;

use rustls::pki_types::ServerName;
use tempfile::TempDir;
use test_support::tls::{Authority, ServerIdentity};
use tokio::net::TcpListener;
use tokio_rustls::TlsConnector;

use super::*;

fn write(folder: &TempDir, identity: &ServerIdentity) -> TlsFiles {
    let files = TlsFiles {
        certificate: folder.path().join("tls.crt"),
        key: folder.path().join("tls.key"),
    };
    fs::write(&files.certificate, &identity.cert_pem).unwrap();
    fs::write(&files.key, &identity.key_pem).unwrap();
    files
}

/// Whether a client that trusts `authority` agrees with the server on keys.
async fn agrees(tls: &Tls, authority: &Authority) -> bool {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap());
    let (client, server) = (client.await.unwrap(), listener.accept().await.unwrap().0);
    let connector = TlsConnector::from(authority.client_config());
    let name = ServerName::try_from("hooks.example").unwrap();
    let (client, server) = tokio::join!(connector.connect(name, client), tls.accept(server));
    client.is_ok() && server.is_ok()
}

#[tokio::test]
async fn a_new_certificate_is_served_and_a_broken_one_is_not() {
    let (first, second) = (Authority::new(), Authority::new());
    let folder = tempfile::tempdir().unwrap();
    let files = write(&folder, &first.server(&["hooks.example"]));
    let tls = Tls::new(files.clone()).await.unwrap();
    assert!(agrees(&tls, &first).await && !agrees(&tls, &second).await);

    fs::write(&files.certificate, "").unwrap();
    tls.refresh(&mut None).await;
    assert!(agrees(&tls, &first).await);

    write(&folder, &second.server(&["hooks.example"]));
    tls.refresh(&mut None).await;
    assert!(agrees(&tls, &second).await && !agrees(&tls, &first).await);
}

#[tokio::test]
async fn files_that_cannot_be_used_are_named_and_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new();
    let whole = authority.server(&["hooks.example"]);
    let other = authority.server(&["hooks.example"]);
    let large = usize::try_from(LARGEST).unwrap() + 1;
    for (certificate, key, file, problem) in [
        (
            String::new(),
            whole.key_pem.clone(),
            "tls.crt",
            "expected certificates in PEM",
        ),
        (
            whole.cert_pem.clone(),
            "hunter2".to_owned(),
            "tls.key",
            "expected a private key in PEM",
        ),
        (
            whole.cert_pem.clone(),
            other.key_pem.clone(),
            "tls.key",
            "do not make a usable pair",
        ),
        (
            "x".repeat(large),
            whole.key_pem.clone(),
            "tls.crt",
            "expected at most 1048576 bytes, found 1048577",
        ),
    ] {
        let files = write(&folder, &whole);
        fs::write(&files.certificate, certificate).unwrap();
        fs::write(&files.key, &key).unwrap();
        let error = Tls::new(files).await.unwrap_err().to_string();
        assert!(error.contains(file) && error.contains(problem), "{error}");
        assert!(!error.contains(key.as_str()), "{error}");
    }
    let files = write(&folder, &whole);
    fs::remove_file(&files.key).unwrap();
    let error = Tls::new(files).await.unwrap_err().to_string();
    assert!(error.contains("tls.key: No such file"), "{error}");
}
