//! Tokens that a response hands out: algorithm, expiry, and whether a known weak secret signs them (RFC 7515, RFC 7519).
//! Tokens that a request carries come judged in `Observation::auth`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use model::{JwtFacts, Timestamp};
use serde_json::Value;
use sha2::{Sha256, Sha384, Sha512};

/// Bytes of a token that is looked at.
const TOKEN_BYTES_MAX: usize = 16 << 10;

/// Decodes a token; `None` when it is none. `secrets` are tried on its signature, none when empty.
pub(crate) fn inspect(token: &str, secrets: &[String]) -> Option<JwtFacts> {
    if token.len() > TOKEN_BYTES_MAX {
        return None;
    }
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let header: Value = serde_json::from_slice(&decode(header)?).ok()?;
    let claims: Value = serde_json::from_slice(&decode(claims)?).ok()?;
    let algorithm = header.get("alg").and_then(Value::as_str).unwrap_or_default().to_owned();
    let time = |name: &str| {
        let seconds = claims.get(name).and_then(Value::as_f64)?;
        (seconds.is_finite() && seconds.abs() < 1e12).then(|| Timestamp::from_parts(seconds as i64, 0))
    };
    let weak_secret = decode(signature).is_some_and(|signature| {
        secrets.iter().any(|secret| verifies(&algorithm, secret, signed.as_bytes(), &signature))
    });
    Some(JwtFacts {
        expires: time("exp"),
        issued: time("iat"),
        subject: claims.get("sub").and_then(Value::as_str).map(str::to_owned),
        weak_secret,
        algorithm,
    })
}

fn decode(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()
}

/// HMAC algorithms of RFC 7518 §3.2.
fn verifies(algorithm: &str, secret: &str, signed: &[u8], signature: &[u8]) -> bool {
    fn run<M: Mac + hmac::digest::KeyInit>(secret: &str, signed: &[u8], signature: &[u8]) -> bool {
        <M as Mac>::new_from_slice(secret.as_bytes())
            .is_ok_and(|mac| mac.chain_update(signed).verify_slice(signature).is_ok())
    }
    match algorithm {
        "HS256" => run::<Hmac<Sha256>>(secret, signed, signature),
        "HS384" => run::<Hmac<Sha384>>(secret, signed, signature),
        "HS512" => run::<Hmac<Sha512>>(secret, signed, signature),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(secret: &str, claims: &str) -> String {
        let signed =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#), URL_SAFE_NO_PAD.encode(claims));
        let mac = <Hmac<Sha256> as Mac>::new_from_slice(secret.as_bytes()).expect("any key length works");
        let signature = mac.chain_update(signed.as_bytes()).finalize().into_bytes();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    #[track_caller]
    fn check(token: &str, expect: Option<(bool, bool)>) {
        let secrets = ["secret".to_owned(), "random".to_owned()];
        let found = inspect(token, &secrets).map(|facts| (facts.weak_secret, facts.expires.is_some()));
        assert_eq!(found, expect);
    }

    #[test]
    fn weak_secrets_and_expiry_are_seen() {
        check(&token("random", r#"{"sub":"li","exp":1795303687}"#), Some((true, true)));
        check(&token("an-unlisted-long-secret", r#"{"sub":"li"}"#), Some((false, false)));
        check("eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", Some((false, false)));
        check("not.a.token", None);
        check("", None);
    }
}
