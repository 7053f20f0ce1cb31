//! JSON Web Tokens (RFC 7519) as they pass by: what their claims say, and whether a known weak secret signs them.

use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use model::{JwtFacts, Timestamp};
use serde_json::{Map, Value};

/// Claims that name the account, the most telling first (RFC 7519 §4.1, OpenID Connect Core §5.1).
const ACCOUNT_CLAIMS: [&str; 14] = [
    "preferred_username",
    "username",
    "user_name",
    "userName",
    "login",
    "loginName",
    "account",
    "sub",
    "email",
    "mobile",
    "uid",
    "user_id",
    "userId",
    "name",
];

/// A parsed token.
pub(crate) struct Jwt<'t> {
    algorithm: String,
    claims: Map<String, Value>,
    signed: &'t str,
    signature: Vec<u8>,
}

/// Parses a compact JWS; `None` when it is none.
pub(crate) fn parse(token: &str) -> Option<Jwt<'_>> {
    if !token.starts_with("eyJ") || token.len() > 16_384 {
        return None;
    }
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let header: Map<String, Value> = serde_json::from_slice(&decode(header)?).ok()?;
    let claims: Map<String, Value> = serde_json::from_slice(&decode(claims)?).ok()?;
    let algorithm = header.get("alg")?.as_str()?.to_owned();
    Some(Jwt { algorithm, claims, signed, signature: decode(signature)? })
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok()
}

impl Jwt<'_> {
    /// What can be told without the secret; `weak_secret` is left for the caller.
    pub fn facts(&self) -> JwtFacts {
        JwtFacts {
            algorithm: self.algorithm.clone(),
            expires: self.time("exp"),
            issued: self.time("iat"),
            subject: self.account(),
            weak_secret: false,
        }
    }

    fn time(&self, claim: &str) -> Option<Timestamp> {
        let seconds = self.claims.get(claim)?.as_f64()?;
        // Some issuers write milliseconds.
        let micros = if seconds > 1e11 { seconds * 1e3 } else { seconds * 1e6 };
        Some(Timestamp(micros as i64))
    }

    fn account(&self) -> Option<String> {
        ACCOUNT_CLAIMS.iter().find_map(|claim| match self.claims.get(*claim)? {
            Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    }

    /// True when the signature verifies with `secret` (HS256, HS384, HS512; RFC 7518 §3.2).
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let (key, message) = (secret.as_bytes(), self.signed.as_bytes());
        match self.algorithm.as_str() {
            "HS256" => verify::<Hmac<sha2::Sha256>>(key, message, &self.signature),
            "HS384" => verify::<Hmac<sha2::Sha384>>(key, message, &self.signature),
            "HS512" => verify::<Hmac<sha2::Sha512>>(key, message, &self.signature),
            _ => false,
        }
    }
}

fn verify<M: Mac + hmac::digest::KeyInit>(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    <M as Mac>::new_from_slice(key).is_ok_and(|mac| mac.chain_update(message).verify_slice(signature).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// HS256 with the secret `random`; sub `li.wei`, iat 1700000000, no exp.
    pub(crate) fn token(secret: &str) -> String {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let signed = format!(
            "{}.{}",
            part(r#"{"alg":"HS256","typ":"JWT"}"#),
            part(r#"{"sub":"li.wei","iat":1700000000}"#)
        );
        let mac = <Hmac<sha2::Sha256> as Mac>::new_from_slice(secret.as_bytes()).expect("any key");
        let signature = URL_SAFE_NO_PAD.encode(mac.chain_update(signed.as_bytes()).finalize().into_bytes());
        format!("{signed}.{signature}")
    }

    #[test]
    fn claims_and_signature() {
        let token = token("random");
        let jwt = parse(&token).expect("a token");
        let facts = jwt.facts();
        assert_eq!(facts.subject.as_deref(), Some("li.wei"));
        assert_eq!(facts.issued, Some(Timestamp(1_700_000_000_000_000)));
        assert_eq!(facts.expires, None);
        assert!(jwt.is_signed_with("random") && !jwt.is_signed_with("Random"));
    }

    #[test]
    fn what_is_no_token() {
        for text in
            ["", "eyJ", "eyJ.eyJ.x", "a.b.c", "eyJhbGciOiJIUzI1NiJ9.e30", "eyJub3QiOiJoZWFkZXIifQ.e30.x"]
        {
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
