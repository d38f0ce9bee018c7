//! From an ImageRepository to the access of its registry: Secrets, ServiceAccounts, certificates, proxies, cloud identities.
