use std::os::unix::fs::MetadataExt;

use x509_parser::{
    extensions::{GeneralName, ParsedExtension},
    prelude::{FromDer, X509Certificate},
};

use super::*;
use crate::{clock::ManualClock, kis};

fn trust(directory: &Path) -> Trust {
    let now = DateTime::parse_from_rfc3339("2026-11-27T12:00:00.5+09:00").unwrap().to_utc();
    Trust::open(directory, ManualClock::at(now).shared())
}

#[tokio::test]
async fn a_certificate_is_kept_until_it_is_replaced_or_removed() {
    let directory = tempfile::tempdir().unwrap();
    let trusted = trust(directory.path());
    assert_eq!((trusted.state(), trusted.bundle().await.unwrap()), (State::None, None));
    let ends_at = trusted.make().await.unwrap();
    assert_eq!(trust(directory.path()).state(), State::Made { ends_at, turn: 0 }, "after a restart");
    let Files { certificate, private_key, bundle } = trusted.files().clone();
    let mode = |file: &Path| fs::metadata(file).unwrap().mode() & 0o777;
    assert_eq!((mode(&certificate), mode(&private_key), mode(&bundle)), (0o644, 0o600, 0o644));
    let first = trusted.pair().await.unwrap().unwrap().certificate;
    assert_eq!(trusted.bundle().await.unwrap().unwrap(), fs::read_to_string(&bundle).unwrap());
    trusted.make().await.unwrap();
    assert_ne!(*trusted.pair().await.unwrap().unwrap().certificate, *first);
    assert!(matches!(trusted.state(), State::Made { turn: 1, .. }));
    assert!(trusted.remove().await.unwrap() && !trusted.remove().await.unwrap());
    assert!(trusted.pair().await.unwrap().is_none() && !bundle.exists());
    fs::write(&certificate, "nonsense").unwrap();
    assert!(matches!(trust(directory.path()).state(), State::Broken(_)));
}

#[tokio::test]
async fn the_authority_is_limited_to_the_hosts_of_kis_and_its_key_is_kept_nowhere() {
    let directory = tempfile::tempdir().unwrap();
    let trusted = trust(directory.path());
    trusted.make().await.unwrap();
    let chain = pem::parse_many(&*trusted.pair().await.unwrap().unwrap().certificate).unwrap();
    let [server, authority] = &chain[..] else { panic!("two certificates") };
    let (_, authority) = X509Certificate::from_der(authority.contents()).unwrap();
    let (_, server) = X509Certificate::from_der(server.contents()).unwrap();
    let constraints = authority.extensions().iter().find_map(|extension| match extension.parsed_extension() {
        ParsedExtension::NameConstraints(constraints) => Some((extension.critical, constraints)),
        _ => None,
    });
    let (is_critical, constraints) = constraints.unwrap();
    let permitted: Vec<_> = constraints.permitted_subtrees.iter().flatten().map(|tree| tree.base.clone()).collect();
    assert_eq!(permitted, kis::HOSTS.map(GeneralName::DNSName));
    assert_eq!((is_critical, constraints.excluded_subtrees.as_ref().unwrap().len()), (true, 2), "no address");
    let limits = authority.basic_constraints().unwrap().unwrap().value;
    assert_eq!((limits.ca, limits.path_len_constraint), (true, Some(0)));
    let names = &server.subject_alternative_name().unwrap().unwrap().value.general_names;
    assert_eq!(*names, kis::HOSTS.map(GeneralName::DNSName));
    assert!(!server.is_ca() && server.issuer() == authority.subject());
    let days = (server.validity().not_after.timestamp() - server.validity().not_before.timestamp()) / 86_400;
    assert_eq!(days, 397);
    // One key in all the files, and it is the server's.
    let texts: Vec<String> =
        fs::read_dir(directory.path()).unwrap().map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    assert_eq!((texts.len(), texts.iter().map(|text| text.matches("PRIVATE KEY-----").count()).sum::<usize>()), (3, 2));
    assert_ne!(server.public_key().raw, authority.public_key().raw);
    let key = trusted.pair().await.unwrap().unwrap().private_key;
    let key = rcgen::KeyPair::from_pem(std::str::from_utf8(&key).unwrap()).unwrap();
    assert!(server.public_key().raw.ends_with(key.public_key_raw()));
}
