//! One request and its answer as a scene writes it down: the template is named once, the target, the label
//! of the truth and the record follow from it.

use serde_json::Value;

/// A request with its answer. The target comes from the template, so that truth and traffic cannot differ.
pub(super) struct Ask {
    pub(super) method: &'static str,
    pub(super) template: &'static str,
    pub(super) operation: Option<&'static str>,
    pub(super) counted: bool,
    pub(super) target: String,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) sent: Option<(&'static str, String)>,
    pub(super) status: u16,
    pub(super) answer: Option<(&'static str, String)>,
    pub(super) answer_headers: Vec<(&'static str, String)>,
    pub(super) typical_ms: u64,
}

/// `GET /accounts/{id}/balance` with its parameters in order.
pub(super) fn ask(method: &'static str, template: &'static str, params: &[&str]) -> Ask {
    let mut target = String::with_capacity(template.len() + 16);
    let mut params = params.iter();
    for (i, part) in template.split('{').enumerate() {
        match part.split_once('}') {
            Some((_, rest)) if i > 0 => {
                target.push_str(params.next().expect("a value for each parameter of the template"));
                target.push_str(rest);
            }
            _ => target.push_str(part),
        }
    }
    Ask {
        method,
        template,
        operation: None,
        counted: true,
        target,
        headers: Vec::new(),
        sent: None,
        status: 200,
        answer: None,
        answer_headers: Vec::new(),
        typical_ms: 30,
    }
}

impl Ask {
    /// Appends `?query` or `&query`.
    pub(super) fn query(mut self, query: &str) -> Self {
        self.target.push(if self.target.contains('?') { '&' } else { '?' });
        self.target.push_str(query);
        self
    }

    /// Names the operation behind the template.
    pub(super) fn operation(mut self, operation: &'static str) -> Self {
        self.operation = Some(operation);
        self
    }

    /// Not part of the inventory: a file, a page, a probe.
    pub(super) fn noise(mut self) -> Self {
        self.counted = false;
        self
    }

    pub(super) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn send(self, body: &Value) -> Self {
        self.send_text("application/json", body.to_string())
    }

    pub(super) fn send_text(mut self, content_type: &'static str, body: impl Into<String>) -> Self {
        self.sent = Some((content_type, body.into()));
        self
    }

    pub(super) fn json(self, status: u16, body: &Value) -> Self {
        self.text(status, "application/json;charset=UTF-8", body.to_string())
    }

    pub(super) fn text(mut self, status: u16, content_type: &'static str, body: impl Into<String>) -> Self {
        self.status = status;
        self.answer = Some((content_type, body.into()));
        self
    }

    pub(super) fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub(super) fn answer_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.answer_headers.push((name, value.into()));
        self
    }

    /// The typical time to answer, milliseconds.
    pub(super) fn took(mut self, typical_ms: u64) -> Self {
        self.typical_ms = typical_ms;
        self
    }
}

/// Percent-encodes what may not stand in a query value (RFC 3986 §2.1).
pub(super) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(template: &'static str, params: &[&str], expect: &str) {
        assert_eq!(ask("GET", template, params).target, expect);
    }

    #[test]
    fn templates_are_filled_in_order() {
        check("/a/{x}/b/{y}", &["1", "2"], "/a/1/b/2");
        check("/a", &[], "/a");
        assert_eq!(encode("查 a&b"), "%E6%9F%A5%20a%26b");
        assert_eq!(ask("GET", "/a", &[]).query("x=1").query("y=2").target, "/a?x=1&y=2");
    }
}
