//! The credential of one call: which kind, whose, and by which tokens it can be tied to an earlier login.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::{AccountEvidence, Auth, AuthKind, Call};

use crate::body;
use crate::jwt;
use crate::sketch::hash_of;

/// Header fields that carry keys or tokens outside `Authorization`.
pub(crate) const KEY_HEADERS: [&str; 14] = [
    "x-api-key",
    "api-key",
    "apikey",
    "x-auth-token",
    "x-access-token",
    "x-token",
    "access-token",
    "accesstoken",
    "token",
    "x-session-token",
    "x-csrf-token",
    "ocp-apim-subscription-key",
    "x-amz-security-token",
    "x-gitlab-token",
];

/// Query parameters that carry keys or tokens.
const KEY_PARAMS: [&str; 9] =
    ["access_token", "accesstoken", "token", "api_key", "apikey", "appkey", "auth_token", "jwt", "sessionid"];

/// Tokens shorter than this say nothing about who holds them.
const TOKEN_BYTES_MIN: usize = 8;

/// The credential of one call.
#[derive(Default)]
pub(crate) struct Credentials {
    pub auth: Auth,
    /// Account named by the credential itself.
    pub account: Option<(String, AccountEvidence)>,
    /// Hashes of everything that may be a session token.
    pub tokens: Vec<u64>,
    /// The token, when it is a JWT.
    pub jwt: Option<String>,
}

/// Reads the credential from headers, cookies and query. The strongest evidence names the kind.
pub(crate) fn credentials(call: &Call) -> Credentials {
    let mut found = Credentials::default();
    if let Some(request) = &call.request {
        for (name, value) in request.headers.iter() {
            match name {
                "authorization" => found.authorization(value),
                "cookie" => found.cookies(value),
                "x-csrf-token" => {}
                _ if KEY_HEADERS.contains(&name) => found.token(value, AuthKind::ApiKey),
                "x-amz-date" | "x-acs-signature" | "x-ca-signature" => found.note(AuthKind::Signature),
                _ => {}
            }
        }
    }
    let mut signed = 0;
    for (name, value, _) in body::pairs(call.query()) {
        if is_key_param(&name) {
            found.token(&value, AuthKind::ApiKey);
        }
        let name = name.to_lowercase();
        signed += u8::from(matches!(
            name.as_str(),
            "sign" | "signature" | "timestamp" | "nonce" | "appid" | "app_id"
        ));
    }
    if signed >= 3 {
        found.note(AuthKind::Signature);
    }
    found
}

impl Credentials {
    /// The first kind that was seen stays; a JWT wins over everything.
    fn note(&mut self, kind: AuthKind) {
        if self.auth.kind == AuthKind::None || kind == AuthKind::Jwt {
            self.auth.kind = kind;
        }
    }

    fn authorization(&mut self, value: &str) {
        let (scheme, rest) = value.trim().split_once(' ').unwrap_or(("", value.trim()));
        let rest = rest.trim();
        match scheme.to_ascii_lowercase().as_str() {
            "basic" => self.basic(rest),
            "bearer" | "token" | "jwt" | "" => self.token(rest, AuthKind::Bearer),
            "digest" => {
                self.note(AuthKind::Digest);
                let user = rest.split(',').find_map(|part| part.trim().strip_prefix("username="));
                self.name(user.unwrap_or_default().trim_matches('"'), AccountEvidence::Basic);
            }
            "aws4-hmac-sha256" | "hmac" | "acs" | "signature" => self.note(AuthKind::Signature),
            _ => self.note(AuthKind::Other),
        }
    }

    fn basic(&mut self, encoded: &str) {
        self.note(AuthKind::Basic);
        let decoded = STANDARD.decode(encoded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        if let Some((user, _)) = decoded.as_deref().and_then(|pair| pair.split_once(':')) {
            self.name(user, AccountEvidence::Basic);
        }
    }

    fn cookies(&mut self, field: &str) {
        for (name, value, _) in body::cookies(field) {
            if jwt::parse(value).is_some() {
                self.token(value, AuthKind::Jwt);
            } else if is_session_name(name) && value.len() >= TOKEN_BYTES_MIN {
                self.token(value, AuthKind::Cookie);
            }
        }
    }

    fn token(&mut self, token: &str, kind: AuthKind) {
        let token = token.trim();
        if token.is_empty() || token.eq_ignore_ascii_case("null") || token.eq_ignore_ascii_case("undefined") {
            return;
        }
        if token.len() >= TOKEN_BYTES_MIN {
            self.tokens.push(hash_of(token));
        }
        match jwt::parse(token) {
            Some(parsed) if self.jwt.is_none() => {
                self.note(AuthKind::Jwt);
                let facts = parsed.facts();
                self.name(facts.subject.as_deref().unwrap_or_default(), AccountEvidence::Jwt);
                self.auth.jwt = Some(facts);
                self.jwt = Some(token.to_owned());
            }
            Some(_) => {}
            None => self.note(kind),
        }
    }

    fn name(&mut self, name: &str, how: AccountEvidence) {
        if self.account.is_none() && !name.is_empty() && name.len() <= 256 {
            self.account = Some((name.to_owned(), how));
        }
    }
}

/// A query parameter that carries a key or token.
pub(crate) fn is_key_param(name: &str) -> bool {
    KEY_PARAMS.contains(&name.to_lowercase().as_str())
}

/// Names under which applications keep their session in a cookie.
pub(crate) fn is_session_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["sess", "token", "auth", "jwt", "connect.sid", "ticket"].iter().any(|part| name.contains(part))
        || matches!(name.as_str(), "sid" | "ssid" | "uid_tt" | "aspxauth" | ".aspxauth" | "remember_me")
}

/// A key of a JSON answer that hands out a session.
pub(crate) fn is_token_key(key: &str) -> bool {
    let key: String =
        key.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    key.ends_with("token") || matches!(key.as_str(), "jwt" | "sessionid" | "sid" | "ticket" | "sessionkey")
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Headers, Message};

    #[track_caller]
    fn check(target: &str, headers: &[(&str, &str)], kind: AuthKind, account: Option<&str>) {
        let headers: Headers = headers.iter().copied().collect();
        let request = Some(Message { headers, ..Message::default() });
        let call = Call { target: target.into(), request, ..Call::default() };
        let found = credentials(&call);
        assert_eq!((found.auth.kind, found.account.as_ref().map(|(name, _)| name.as_str())), (kind, account));
    }

    #[test]
    fn kinds_of_credentials() {
        check("/", &[], AuthKind::None, None);
        check("/", &[("Authorization", "Basic bGkud2VpOnB3")], AuthKind::Basic, Some("li.wei"));
        check("/", &[("Authorization", "Bearer 0123456789abcdef")], AuthKind::Bearer, None);
        check(
            "/",
            &[("Authorization", "Digest username=\"Mufasa\", realm=\"r\"")],
            AuthKind::Digest,
            Some("Mufasa"),
        );
        check("/", &[("Cookie", "theme=dark; JSESSIONID=0A1B2C3D4E5F")], AuthKind::Cookie, None);
        check("/", &[("Cookie", "theme=dark")], AuthKind::None, None);
        check("/?api_key=0123456789", &[], AuthKind::ApiKey, None);
        check("/?sign=ab&timestamp=1&nonce=2", &[], AuthKind::Signature, None);
        check("/", &[("Authorization", "Bearer null")], AuthKind::None, None);
        let jwt = "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiI0MiJ9.";
        check("/", &[("Authorization", jwt)], AuthKind::Jwt, Some("42"));
    }
}
