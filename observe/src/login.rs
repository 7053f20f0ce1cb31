//! Logins: which calls are one, under which name, how they ended, and which tokens they handed out.

use model::{Call, Message};

use crate::auth::{is_session_name, is_token_key};
use crate::body::{self, Kind, Tape};
use crate::site::Outcome;
use crate::sketch::hash_of;

/// Keys under which a login names the account, the most telling first; compared without case and separators.
const NAME_KEYS: [&str; 18] = [
    "username",
    "loginname",
    "account",
    "accountname",
    "login",
    "loginid",
    "user",
    "userid",
    "email",
    "mobile",
    "phone",
    "phonenumber",
    "mobilephone",
    "tel",
    "uid",
    "name",
    "yhm",
    "zh",
];
/// Keys of passwords and one-time codes.
const SECRET_KEYS: [&str; 14] = [
    "password",
    "passwd",
    "pwd",
    "pass",
    "userpassword",
    "loginpassword",
    "secret",
    "smscode",
    "verifycode",
    "otp",
    "mm",
    "captchacode",
    "passcode",
    "userpwd",
];
/// Path words of logins, and of functions that look like one but are none.
const LOGIN_WORDS: [&str; 12] = [
    "login",
    "signin",
    "logon",
    "auth",
    "authenticate",
    "token",
    "session",
    "sessions",
    "denglu",
    "sso",
    "oauth",
    "dologin",
];
const OTHER_WORDS: [&str; 12] = [
    "register", "signup", "reset", "forgot", "change", "password", "logout", "signout", "zhuce", "create",
    "captcha", "users",
];
/// Words of an answer that slows the caller down.
const THROTTLE_WORDS: [&str; 12] = [
    "too many",
    "rate limit",
    "try again later",
    "temporarily locked",
    "account is locked",
    "account locked",
    "captcha",
    "频繁",
    "锁定",
    "稍后再试",
    "次数过多",
    "冻结",
];

/// What a call is, seen as a login.
pub(crate) struct Login {
    /// The account name that was sent.
    pub name: String,
    /// `None` when the answer says nothing (5xx, not seen).
    pub outcome: Option<Outcome>,
    /// Hashes of tokens that the answer handed out.
    pub tokens: Vec<u64>,
}

/// Reads a login from the call, or `None` when it is none: a name and a secret sent to a path (or for a purpose)
/// that logs in.
pub(crate) fn read(call: &Call, purpose: Option<&str>, request: &Tape, response: &Tape) -> Option<Login> {
    let says_login = purpose.is_some_and(|purpose| purpose.starts_with("login"))
        || (purpose.is_none() && is_login_path(call.path()));
    if !says_login {
        return None;
    }
    let fields: Vec<(String, String)> = if request.items.is_empty() {
        body::pairs(call.query()).map(|(name, value, _)| (plain(&name), value.into_owned())).collect()
    } else {
        request.top_scalars(3).map(|(key, item)| (plain(key), request.value(item).to_owned())).collect()
    };
    if !fields.iter().any(|(key, value)| SECRET_KEYS.contains(&key.as_str()) && !value.is_empty()) {
        return None;
    }
    let name = NAME_KEYS.iter().find_map(|wanted| {
        fields
            .iter()
            .find(|(key, value)| key == wanted && !value.trim().is_empty())
            .map(|(_, value)| value.trim())
    })?;
    let mut tokens = Vec::new();
    let outcome = outcome(call, response, &mut tokens);
    Some(Login { name: name.chars().take(256).collect(), outcome, tokens })
}

fn is_login_path(path: &str) -> bool {
    let lower = path.to_lowercase();
    let words: Vec<&str> =
        lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let Some(last) = words.last() else { return false };
    LOGIN_WORDS.iter().any(|word| last.starts_with(word) || words.contains(word))
        && !OTHER_WORDS.contains(last)
}

/// Lower case without separators: `user_name`, `userName`, `User-Name` are one key.
fn plain(key: &str) -> String {
    key.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn outcome(call: &Call, response: &Tape, tokens: &mut Vec<u64>) -> Option<Outcome> {
    let message = call.response.as_ref();
    if matches!(call.status?, 423 | 429) {
        return Some(Outcome::Throttled);
    }
    collect_tokens(message, response, tokens);
    let succeeded = match call.status? {
        200..300 => !tokens.is_empty() || !says_failure(response),
        300..400 => !location(message)
            .is_some_and(|to| ["error", "fail", "login"].iter().any(|word| to.contains(word))),
        400..500 => false,
        _ => return None,
    };
    if succeeded {
        return Some(Outcome::Succeeded);
    }
    tokens.clear();
    let text = String::from_utf8_lossy(message.map_or(&[][..], Message::body)).to_lowercase();
    let throttled = THROTTLE_WORDS.iter().any(|word| text.contains(word));
    Some(if throttled { Outcome::Throttled } else { Outcome::Failed })
}

fn location(message: Option<&Message>) -> Option<String> {
    message?.headers.get("location").map(str::to_lowercase)
}

fn collect_tokens(message: Option<&Message>, response: &Tape, tokens: &mut Vec<u64>) {
    for (key, item) in response.top_scalars(3) {
        let value = response.value(item);
        if item.kind == Kind::String && is_token_key(key) && value.len() >= 8 {
            tokens.push(hash_of(value));
        }
    }
    for cookie in message.iter().flat_map(|message| message.headers.get_all("set-cookie")) {
        let Some((name, value)) = cookie.split(';').next().and_then(|pair| pair.split_once('=')) else {
            continue;
        };
        if is_session_name(name.trim()) && value.len() >= 8 {
            tokens.push(hash_of(value.trim()));
        }
    }
}

/// The answer was sent with a status of success but says that it was none.
fn says_failure(response: &Tape) -> bool {
    response.top_scalars(2).any(|(key, item)| {
        let value = response.value(item);
        match plain(key).as_str() {
            "success" | "ok" | "issuccess" | "succeeded" => value == "false" || value == "0",
            "status" | "result" | "state" => {
                matches!(value.to_lowercase().as_str(), "fail" | "failed" | "failure" | "error")
            }
            "code" | "errcode" | "errno" | "retcode" | "errorcode" | "resultcode" => !matches!(
                value.to_lowercase().as_str(),
                "" | "0" | "200" | "00000" | "0000" | "000000" | "success" | "ok" | "null" | "1"
            ),
            "error" | "err" => item.kind == Kind::String && !value.is_empty(),
            _ => false,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, sent: &str, status: u16, answer: &str, expect: Option<(&str, Outcome)>) {
        let message =
            |body: &str| Some(Message { body: Some(body.as_bytes().to_vec()), ..Message::default() });
        let call = Call {
            method: "POST".into(),
            target: path.into(),
            request: message(sent),
            status: Some(status),
            response: message(answer),
            ..Call::default()
        };
        let (mut request, mut response) = (Tape::default(), Tape::default());
        body::read(call.request.as_ref().expect("set above"), &mut request);
        body::read(call.response.as_ref().expect("set above"), &mut response);
        let login = read(&call, None, &request, &response);
        let got = login.as_ref().map(|login| (login.name.as_str(), login.outcome.expect("an outcome")));
        assert_eq!(got, expect);
    }

    #[test]
    fn logins_and_their_outcomes() {
        let sent = r#"{"username":"li.wei","password":"x"}"#;
        check(
            "/users/v1/login",
            sent,
            200,
            r#"{"auth_token":"eyJabcdefgh"}"#,
            Some(("li.wei", Outcome::Succeeded)),
        );
        check(
            "/users/v1/login",
            sent,
            200,
            r#"{"status":"fail","message":"no"}"#,
            Some(("li.wei", Outcome::Failed)),
        );
        check("/login", sent, 401, "", Some(("li.wei", Outcome::Failed)));
        check("/login", sent, 200, r#"{"code":1002,"msg":"操作频繁"}"#, Some(("li.wei", Outcome::Throttled)));
        check("/api/auth", sent, 429, "", Some(("li.wei", Outcome::Throttled)));
    }

    #[test]
    fn what_is_no_login() {
        check("/users/v1/register", r#"{"username":"a","password":"b"}"#, 200, "{}", None);
        check("/login", r#"{"username":"a"}"#, 200, "{}", None);
        check("/orders", r#"{"username":"a","password":"b"}"#, 200, "{}", None);
    }
}
