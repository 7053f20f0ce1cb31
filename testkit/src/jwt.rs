//! JSON Web Tokens signed for real (RFC 7519, HS256 of RFC 7518 §3.2), so that weak secrets can be found.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

/// A token over `claims`, signed with HMAC-SHA-256 under `secret`.
#[must_use]
pub fn hs256(claims: &Value, secret: &[u8]) -> String {
    let head = URL_SAFE_NO_PAD.encode(json!({"alg": "HS256", "typ": "JWT"}).to_string());
    let body = URL_SAFE_NO_PAD.encode(claims.to_string());
    let signed = format!("{head}.{body}");
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length");
    mac.update(signed.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    format!("{signed}.{signature}")
}

/// An unsigned token (`alg` is `none`, RFC 7518 §3.6).
#[must_use]
pub fn unsigned(claims: &Value) -> String {
    let head = URL_SAFE_NO_PAD.encode(json!({"alg": "none", "typ": "JWT"}).to_string());
    format!("{head}.{}.", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signature_agrees_with_an_independent_implementation() {
        // Expected value computed with Python's hmac and hashlib.
        let token = hs256(&json!({"sub": "wanfang"}), b"secret");
        assert_eq!(
            token,
            "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ3YW5mYW5nIn0.7xX2zMx-_WBtzgvD_WWxhu8QTHmGQ30g9EG9RJHaNb0"
        );
    }

    #[test]
    fn an_unsigned_token_has_an_empty_signature() {
        assert!(unsigned(&json!({})).ends_with("."));
    }
}
