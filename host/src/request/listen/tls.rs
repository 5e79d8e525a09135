//! TLS, with a certificate that may be replaced while the host runs.
//!
//! Both files are read again every few seconds, and at once on SIGHUP, and what they hold is compared: times and inodes say
//! too little about files that are renamed, linked or mounted into place. Half of a replacement (a new certificate beside the
//! old key) does not fit together, so it is not used, and the next look finds the other half.

use std::{io::Read as _, path::Path, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use rustls::{
    InconsistentKeys, ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    sign::{CertifiedKey, SingleCertAndKey},
};
use sha2::{Digest as _, Sha256};
use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::TlsAcceptor;

use crate::{codes, config, observe::metrics::Connections, problem::Problem};

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// A chain of certificates is some kilobytes.
const MAX_CERTIFICATE: u64 = 1 << 20;

/// What both sides may speak, in the host's order of preference.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// The host's side of TLS. Connections keep the certificate that they began with.
#[derive(Debug)]
pub struct Tls {
    files: config::Tls,
    current: ArcSwap<Loaded>,
}

#[derive(Debug)]
struct Loaded {
    config: Arc<ServerConfig>,
    /// What the files held.
    contents: [u8; 32],
}

impl Tls {
    /// Reads the files. Blocking. Fails with [`codes::TLS_UNUSABLE`] or [`codes::SECRET_UNREADABLE`].
    pub fn load(files: &config::Tls) -> Result<Self, Problem> {
        Ok(Self { files: files.clone(), current: ArcSwap::from_pointee(load(files, None)?.0) })
    }

    /// For the next connection.
    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.current.load().config.clone())
    }

    /// Reads the files again, and uses them from now on if they have changed and are good. Returns whether they have.
    /// Blocking.
    pub fn reload(&self) -> Result<bool, Problem> {
        let (loaded, changed) = load(&self.files, Some(&self.current.load()))?;
        if changed {
            self.current.store(Arc::new(loaded));
        }
        Ok(changed)
    }
}

/// Reads the files again for as long as the host runs. What is wrong with them is said once, and what was good stays in use.
///
/// Fails if the system does not let this process watch for SIGHUP.
pub async fn keep_fresh(tls: Arc<Tls>, counted: Arc<Connections>) -> std::io::Result<()> {
    let mut hang_up = signal(SignalKind::hangup())?;
    let mut complained = None;
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = hang_up.recv() => complained = None,
        }
        let looking = tokio::task::spawn_blocking({
            let tls = tls.clone();
            move || tls.reload()
        });
        match looking.await {
            Ok(Ok(changed)) => {
                complained = None;
                if changed {
                    counted.certificates.add("replaced");
                    tracing::info!(certificate = %tls.files.certificate.display(), "new connections are shown a new certificate");
                }
            }
            Ok(Err(problem)) => {
                if complained.as_ref() != Some(&problem) {
                    counted.certificates.add("refused");
                    tracing::error!(code = problem.code.id, "{problem}; the certificate that was good stays in use");
                }
                complained = Some(problem);
            }
            Err(error) => tracing::error!(%error, "the certificate could not be looked at"),
        }
    }
}

/// What the files hold, and whether that is something else than `before`.
fn load(files: &config::Tls, before: Option<&Loaded>) -> Result<(Loaded, bool), Problem> {
    let unusable = |what: &str, why: &dyn std::fmt::Display| {
        Problem::new(&codes::TLS_UNUSABLE, format!("`listen.tls.{what}` cannot be used")).why(why)
    };
    let path = files.certificate.display();
    let certificate = read(&files.certificate).map_err(|error| {
        unusable("certificate", &format_args!("`{path}`: {error}"))
            .fix("name a file in PEM that the user who runs Wharf can read")
    })?;
    let key = files.key.read("listen.tls.key")?;
    let mut contents = Sha256::new();
    contents.update((certificate.len() as u64).to_le_bytes());
    contents.update(&certificate);
    contents.update(key.expose());
    let contents: [u8; 32] = contents.finalize().into();
    if let Some(before) = before.filter(|before| before.contents == contents) {
        return Ok((Loaded { config: before.config.clone(), contents }, false));
    }
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&certificate)
        .collect::<Result<_, _>>()
        .map_err(|error| unusable("certificate", &format_args!("`{path}`: {error}")).fix("write the certificate in PEM"))?;
    if chain.is_empty() {
        let why = format!("`{path}` holds no certificate");
        return Err(unusable("certificate", &why).fix("put the host's certificate there in PEM, and its chain after it"));
    }
    // What the parser says of a key could hold a piece of it.
    let key = PrivateKeyDer::from_pem_slice(key.expose()).map_err(|_| {
        unusable("key", &format_args!("{} holds no private key in PEM", files.key)).fix("put the key there in PEM")
    })?;
    let provider = aws_lc_rs::default_provider();
    let belong = "give the certificate and the key that belong together";
    let key = provider.key_provider.load_private_key(key).map_err(|error| unusable("key", &error).fix(belong))?;
    let pair = CertifiedKey::new(chain, key);
    match pair.keys_match() {
        Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => {}
        Err(error) => return Err(unusable("certificate", &error).fix(belong)),
    }
    let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable("certificate", &error))?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(pair)));
    config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
    Ok((Loaded { config: Arc::new(config), contents }, true))
}

fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(file)?.take(MAX_CERTIFICATE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_CERTIFICATE {
        return Err(std::io::Error::other("it is larger than 1 MiB"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::secret::SecretRef;

    /// Made by `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 36500 -subj /CN=localhost`, with the
    /// names `localhost` and 127.0.0.1; nobody else trusts them.
    const CERTIFICATES: [(&str, &str); 2] = [
        (include_str!("../../../../tests/data/tls/first.crt"), include_str!("../../../../tests/data/tls/first.key")),
        (include_str!("../../../../tests/data/tls/second.crt"), include_str!("../../../../tests/data/tls/second.key")),
    ];

    fn files(certificate: &str, key: &str) -> (tempfile::TempDir, config::Tls) {
        let directory = tempfile::tempdir().unwrap();
        let files = config::Tls {
            certificate: directory.path().join("host.crt"),
            key: SecretRef::File(directory.path().join("host.key")),
        };
        put(&directory, certificate, key);
        (directory, files)
    }

    fn put(directory: &tempfile::TempDir, certificate: &str, key: &str) {
        fs::write(directory.path().join("host.crt"), certificate).unwrap();
        fs::write(directory.path().join("host.key"), key).unwrap();
    }

    #[test]
    fn a_pair_that_changes_is_used_from_then_on_and_a_bad_one_never() {
        let [(first, first_key), (second, second_key)] = CERTIFICATES;
        let (directory, files) = files(first, first_key);
        let tls = Tls::load(&files).unwrap();
        assert_eq!(tls.reload(), Ok(false));
        let used = |tls: &Tls| Arc::as_ptr(&tls.current.load().config);
        let before = used(&tls);
        for (certificate, key, subject) in [
            (second, first_key, "certificate"),
            ("", second_key, "certificate"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", second_key, "certificate"),
            (second, second, "key"),
        ] {
            put(&directory, certificate, key);
            let problem = tls.reload().unwrap_err();
            assert!(problem.what.contains(subject), "{problem}");
            assert_eq!((problem.code, used(&tls)), (&codes::TLS_UNUSABLE, before));
        }
        put(&directory, second, second_key);
        assert_eq!(tls.reload(), Ok(true));
        assert_ne!(used(&tls), before);
        assert_eq!(tls.reload(), Ok(false));
    }

    #[test]
    fn what_is_no_key_is_not_repeated() {
        let (_directory, files) =
            files(CERTIFICATES[0].0, "-----BEGIN PRIVATE KEY-----\nhunter2 hunter2\n-----END PRIVATE KEY-----\n");
        let problem = Tls::load(&files).unwrap_err();
        assert!(problem.what.contains("listen.tls.key") && !format!("{problem:?}").contains("hunter2"), "{problem:?}");
    }

    #[test]
    fn files_that_are_not_there_say_so() {
        let (directory, files) = files(CERTIFICATES[0].0, CERTIFICATES[0].1);
        fs::remove_file(directory.path().join("host.key")).unwrap();
        assert_eq!(Tls::load(&files).unwrap_err().code, &codes::SECRET_UNREADABLE);
        fs::remove_file(directory.path().join("host.crt")).unwrap();
        assert_eq!(Tls::load(&files).unwrap_err().code, &codes::TLS_UNUSABLE);
    }
}
