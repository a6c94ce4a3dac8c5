//! Local key pairs and tokens: random, shaped like those of KIS, and told from them at a glance.
//!
//! Of a secret only its hash is kept, and a token is kept nowhere: it is a JWT signed with a key of the client's, so that it is good
//! after a restart, and for as long as its key pair is.

use std::io;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::secret::{AppKey, AppSecret};

/// How every local app key begins. KIS's begin with `PS`.
const MARK: &str = "KISD";

/// Characters of keys and secrets: KIS's, without those that a shell or a URL would change.
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Characters of the key that signs tokens: 256 bits and more.
const SIGNING: usize = 48;

/// A key pair, as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Keys {
    /// What names the client.
    pub(super) app_key: String,
    /// SHA-256 of the secret, in hexadecimal digits.
    secret_sha256: String,
    /// What signs its tokens.
    #[serde(serialize_with = "exposed")]
    signing: SecretString,
}

fn exposed<S: serde::Serializer>(secret: &SecretString, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(secret.expose_secret())
}

/// What a token says. `jti` is the app key, as in KIS's.
#[derive(Serialize, Deserialize)]
struct Claims<'a> {
    sub: &'a str,
    iss: &'a str,
    jti: &'a str,
    iat: i64,
    exp: i64,
}

/// The same, read.
#[derive(Deserialize)]
struct Read {
    jti: String,
}

/// Whether a text is a local app key, of whomever.
pub fn is_local(app_key: &str) -> bool {
    app_key.len() == AppKey::LENGTH && app_key.starts_with(MARK)
}

/// A new key pair, and its secret.
pub(super) fn generate() -> io::Result<(Keys, AppSecret)> {
    let secret = AppSecret::try_new(random(AppSecret::LENGTH)?).map_err(io::Error::other)?;
    let keys = Keys {
        app_key: format!("{MARK}{}", random(AppKey::LENGTH - MARK.len())?),
        secret_sha256: hash(secret.expose()),
        signing: random(SIGNING)?.into(),
    };
    Ok((keys, secret))
}

/// So many random characters, each as likely as any other.
fn random(length: usize) -> io::Result<String> {
    let mut text = String::with_capacity(length);
    let mut bytes = [0; 64];
    while text.len() < length {
        getrandom::fill(&mut bytes)?;
        let letters = bytes.iter().filter_map(|byte| ALPHABET.get(usize::from(byte & 63)));
        text.extend(letters.take(length - text.len()).map(|letter| char::from(*letter)));
    }
    Ok(text)
}

fn hash(secret: &str) -> String {
    Sha256::digest(secret).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Keys {
    /// Whether this is the secret. Hashes are compared: how long that takes says nothing of the secret.
    pub(super) fn is_proved_by(&self, secret: &str) -> bool {
        hash(secret) == self.secret_sha256
    }

    /// A token that says it ends then.
    pub(super) fn token(&self, now: i64, end: i64) -> Option<String> {
        let claims = Claims { sub: "token", iss: "kisd", jti: &self.app_key, iat: now, exp: end };
        let key = EncodingKey::from_secret(self.signing.expose_secret().as_bytes());
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key).ok()
    }

    /// Whether a token was made for this key pair, whenever.
    pub(super) fn has_made(&self, token: &str) -> bool {
        let mut validation = Validation::new(Algorithm::HS256);
        // Clients on machines that are not on Korean time misread the end, and send the token after it.
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        let key = DecodingKey::from_secret(self.signing.expose_secret().as_bytes());
        let read = jsonwebtoken::decode::<Read>(token, &key, &validation);
        read.is_ok_and(|token| token.claims.jti == self.app_key)
    }

    /// An approval key for the WebSocket, in the shape of KIS's: the same one for as long as the key pair is.
    pub(super) fn approval_key(&self) -> String {
        let digits = hash(&format!("approval\0{}", self.signing.expose_secret()));
        format!("{}-{}-4{}-8{}-{}", &digits[..8], &digits[8..12], &digits[13..16], &digits[17..20], &digits[20..32])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_has_the_shape_of_kis_and_is_told_from_it() {
        let (keys, secret) = generate().unwrap();
        assert_eq!((keys.app_key.len(), secret.expose().len()), (36, 180));
        assert!(is_local(&keys.app_key) && !is_local(&format!("PS{}", "A".repeat(34))) && !is_local("KISD"));
        assert!(keys.app_key.bytes().chain(secret.expose().bytes()).all(|byte| ALPHABET.contains(&byte)));
        let (others, other) = generate().unwrap();
        assert!(keys.app_key != others.app_key && secret.expose() != other.expose());
        let kept = serde_json::to_string(&keys).unwrap();
        assert!(!kept.contains(secret.expose()) && !format!("{keys:?}").contains(keys.signing.expose_secret()));
    }

    #[test]
    fn only_its_own_secret_proves_a_pair() {
        let ((keys, secret), (_, other)) = (generate().unwrap(), generate().unwrap());
        assert!(keys.is_proved_by(secret.expose()));
        for wrong in [other.expose(), "", &secret.expose()[..179], &format!("{} ", secret.expose())] {
            assert!(!keys.is_proved_by(wrong));
        }
    }

    #[test]
    fn a_token_is_good_after_its_end_and_for_its_own_pair_alone() {
        let ((keys, _), (others, _)) = (generate().unwrap(), generate().unwrap());
        let token = keys.token(1_000, 2_000).unwrap();
        assert!(keys.has_made(&token) && !others.has_made(&token));
        let (head, signature) = token.rsplit_once('.').unwrap();
        let another = others.token(1_000, 2_000).unwrap();
        let (_, of_another) = another.rsplit_once('.').unwrap();
        for forged in
            ["", "a.b.c", &token[..token.len() - 1], &format!("{head}.{of_another}"), &format!("x{head}.{signature}")]
        {
            assert!(!keys.has_made(forged), "{forged}");
        }
        // A token that claims to need no signature.
        let unsigned = "eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0";
        let payload = head.split_once('.').unwrap().1;
        assert!(!keys.has_made(&format!("{unsigned}.{payload}.")));
    }

    #[test]
    fn an_approval_key_has_the_shape_of_a_uuid() {
        let key = generate().unwrap().0.approval_key();
        let parts: Vec<usize> = key.split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
    }
}
