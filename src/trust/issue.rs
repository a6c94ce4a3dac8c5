//! An authority for KIS's host names, and the one certificate that it ever signs.

use std::time::SystemTime;

use chrono::{DateTime, Duration, SubsecRound, Utc};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, Error, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints,
};
use zeroize::{Zeroize, Zeroizing};

use crate::kis;

/// How the authority calls itself: what is looked for among roots.
pub(super) const ORGANIZATION: &str = "kisd gateway of this machine";

/// A year and a month: as long as public certificates could be, so that no client finds it too long.
const LIFE: Duration = Duration::days(397);

/// Clocks of clients may be late.
const BEFORE: Duration = Duration::hours(1);

/// What was made, in PEM.
pub(super) struct Issued {
    pub(super) certificate: String,
    pub(super) authority: String,
    pub(super) private_key: Zeroizing<String>,
    pub(super) ends_at: DateTime<Utc>,
}

/// Makes an authority, has it sign a certificate for KIS's hosts, and destroys its key.
pub(super) fn issue(now: DateTime<Utc>) -> Result<Issued, Error> {
    // Certificates know no fractions of a second.
    let ends_at = (now + LIFE).trunc_subsecs(0);
    let (mut keys_of_authority, mut keys) = (KeyPair::generate()?, KeyPair::generate()?);
    let authority = authority(now, ends_at);
    let signed = authority.self_signed(&keys_of_authority).and_then(|own| {
        let issuer = Issuer::from_params(&authority, &keys_of_authority);
        Ok((own.pem(), server(now, ends_at)?.signed_by(&keys, &issuer)?.pem()))
    });
    // What aws-lc holds besides is wiped when it is dropped.
    keys_of_authority.zeroize();
    drop(keys_of_authority);
    let private_key = Zeroizing::new(keys.serialize_pem());
    keys.zeroize();
    let (authority, certificate) = signed?;
    Ok(Issued { certificate, authority, private_key, ends_at })
}

fn authority(now: DateTime<Utc>, ends_at: DateTime<Utc>) -> CertificateParams {
    let mut params = params(&format!("kisd, for KIS's hosts, of {}", now.format("%Y-%m-%d %H:%M:%S")), now, ends_at);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: kis::HOSTS.map(|host| GeneralSubtree::DnsName(host.to_owned())).to_vec(),
        // What is not named among the permitted is not limited: addresses are of another kind than names.
        excluded_subtrees: [CidrSubnet::V4([0; 4], [0; 4]), CidrSubnet::V6([0; 16], [0; 16])]
            .map(GeneralSubtree::IpAddress)
            .to_vec(),
    });
    params
}

fn server(now: DateTime<Utc>, ends_at: DateTime<Utc>) -> Result<CertificateParams, Error> {
    let mut params = params(kis::HOSTS[0], now, ends_at);
    params.subject_alt_names = CertificateParams::new(kis::HOSTS.map(str::to_owned))?.subject_alt_names;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn params(name: &str, now: DateTime<Utc>, ends_at: DateTime<Utc>) -> CertificateParams {
    let mut distinguished_name = DistinguishedName::new();
    distinguished_name.push(DnType::OrganizationName, ORGANIZATION);
    distinguished_name.push(DnType::CommonName, name);
    let mut params = CertificateParams::default();
    params.distinguished_name = distinguished_name;
    params.not_before = SystemTime::from((now - BEFORE).trunc_subsecs(0)).into();
    params.not_after = SystemTime::from(ends_at).into();
    params
}
