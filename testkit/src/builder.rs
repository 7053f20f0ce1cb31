//! Calls for tests in one line: `call("GET /users/7").host("api.example.com").status(200).json(&body)`.

use std::borrow::Cow;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::{Call, CallId, Message, Peer, Scheme, Timestamp};
use serde_json::Value;

/// Starts a call from `METHOD target`; a bare target means GET. Unless changed it is answered 200 with
/// nothing, over https, from 198.51.100.7 to `api.example.com`, at 2026-01-05T02:00:00Z.
pub fn call(line: &str) -> CallBuilder {
    let (method, target) = line.split_once(' ').unwrap_or(("GET", line));
    let mut call = Call {
        id: CallId::new(line),
        ts: Timestamp::from_parts(1_767_578_400, 0),
        duration_us: Some(12_000),
        source: Arc::from("test"),
        client: "198.51.100.7:40000".parse().ok(),
        server: "10.0.0.2:443".parse().ok(),
        scheme: Some(Scheme::Https),
        protocol: Cow::Borrowed("http/1.1"),
        method: method.to_owned(),
        target: target.to_owned(),
        request: Some(empty()),
        status: Some(200),
        response: Some(empty()),
        ..Call::default()
    };
    call.host = "api.example.com".to_owned();
    CallBuilder { call }
}

fn empty() -> Message {
    Message { body: Some(Vec::new()), body_size: Some(0), ..Message::default() }
}

/// A call under construction; see [`call`].
#[derive(Debug, Clone)]
#[must_use]
pub struct CallBuilder {
    call: Call,
}

impl CallBuilder {
    /// Its identity; the request line when not set.
    pub fn id(mut self, id: &str) -> Self {
        self.call.id = CallId::new(id);
        self
    }

    /// When it started.
    pub fn at(mut self, ts: Timestamp) -> Self {
        self.call.ts = ts;
        self
    }

    /// When it started, in seconds after the start time that [`call`] sets.
    pub fn after(mut self, seconds: i64) -> Self {
        self.call.ts = Timestamp(self.call.ts.0 + seconds * 1_000_000);
        self
    }

    /// How long it took, microseconds.
    pub fn took_us(mut self, duration_us: u64) -> Self {
        self.call.duration_us = Some(duration_us);
        self
    }

    /// The site.
    pub fn host(mut self, host: &str) -> Self {
        self.call.host = host.to_ascii_lowercase();
        self
    }

    /// Name of the input it came from.
    pub fn source(mut self, source: &str) -> Self {
        self.call.source = Arc::from(source);
        self
    }

    /// Clear text instead of TLS.
    pub fn http(mut self) -> Self {
        self.call.scheme = Some(Scheme::Http);
        self
    }

    /// Who asked, `198.51.100.7:51514` or without port; text that is no address means unknown.
    pub fn client(mut self, peer: &str) -> Self {
        self.call.client = peer.parse::<Peer>().ok();
        self
    }

    /// Who was asked, as for [`CallBuilder::client`].
    pub fn server(mut self, peer: &str) -> Self {
        self.call.server = peer.parse::<Peer>().ok();
        self
    }

    /// Appends a request header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request_mut().headers.push(name, value);
        self
    }

    /// `Authorization: Bearer` (RFC 6750).
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// `Authorization: Basic` (RFC 7617).
    pub fn basic(self, user: &str, password: &str) -> Self {
        let pair = STANDARD.encode(format!("{user}:{password}"));
        self.header("authorization", &format!("Basic {pair}"))
    }

    /// A cookie in the request.
    pub fn cookie(self, cookie: &str) -> Self {
        self.header("cookie", cookie)
    }

    /// The request body as JSON.
    pub fn send(self, body: &Value) -> Self {
        self.send_text("application/json", &body.to_string())
    }

    /// The request body with its content type.
    pub fn send_text(mut self, content_type: &str, body: &str) -> Self {
        put(self.request_mut(), content_type, body.as_bytes());
        self
    }

    /// The status code.
    pub fn status(mut self, status: u16) -> Self {
        self.call.status = Some(status);
        self
    }

    /// The response body as JSON.
    pub fn json(self, body: &Value) -> Self {
        self.reply("application/json", &body.to_string())
    }

    /// The response body with its content type.
    pub fn reply(mut self, content_type: &str, body: &str) -> Self {
        put(self.response_mut(), content_type, body.as_bytes());
        self
    }

    /// Appends a response header.
    pub fn reply_header(mut self, name: &str, value: &str) -> Self {
        self.response_mut().headers.push(name, value);
        self
    }

    /// No response was seen.
    pub fn unanswered(mut self) -> Self {
        self.call.status = None;
        self.call.response = None;
        self.call.duration_us = None;
        self
    }

    /// The call.
    #[must_use]
    pub fn build(self) -> Call {
        self.call
    }

    fn request_mut(&mut self) -> &mut Message {
        self.call.request.get_or_insert_with(empty)
    }

    fn response_mut(&mut self) -> &mut Message {
        self.call.response.get_or_insert_with(empty)
    }
}

impl From<CallBuilder> for Call {
    fn from(builder: CallBuilder) -> Self {
        builder.build()
    }
}

fn put(message: &mut Message, content_type: &str, body: &[u8]) {
    message.headers.push("content-type", content_type);
    message.headers.push("content-length", &body.len().to_string());
    message.body_size = Some(body.len() as u64);
    message.body = Some(body.to_vec());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_line_makes_a_whole_call() {
        let made =
            call("POST /login?x=1").host("Shop.Example.com").send(&json!({"a": 1})).json(&json!([])).build();
        assert_eq!((made.method.as_str(), made.path(), made.query()), ("POST", "/login", "x=1"));
        assert_eq!(made.host, "shop.example.com");
        let request = made.request.as_ref().expect("request");
        assert_eq!((request.body(), request.media_type().as_str()), (&b"{\"a\":1}"[..], "application/json"));
        assert!(made.succeeded());
        assert!(call("/x").unanswered().build().response.is_none());
    }

    #[test]
    fn credentials_have_their_standard_form() {
        let made = call("/x").basic("Aladdin", "open sesame").build();
        // The example of RFC 7617 §2.
        let field = made.request.as_ref().and_then(|r| r.headers.get("authorization"));
        assert_eq!(field, Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
    }
}
