//! What the conditions of a weakness may ask about one call. Borrows everything; what costs (decoding a password,
//! searching a body) is done only when it is asked for.

use model::{Call, DataHit, JwtFacts, Observation, Place, Side};
use rules::expr::{Facts, Value};
use rules::{CallField, Ruleset};

/// One call, as conditions see it.
pub(crate) struct CallFacts<'a> {
    pub(crate) rules: &'a Ruleset,
    pub(crate) call: &'a Call,
    pub(crate) seen: &'a Observation,
    /// The token that the call is judged by: of the credential, or issued in the response.
    pub(crate) jwt: Option<&'a JwtFacts>,
    pub(crate) response_type: &'a str,
}

impl CallFacts<'_> {
    fn body(&self, side: Side) -> &[u8] {
        let message = match side {
            Side::Request => self.call.request.as_ref(),
            Side::Response => self.call.response.as_ref(),
        };
        message.map(model::Message::body).unwrap_or_default()
    }

    /// The raw value is a password that is tried first. Read from the call by the span, never kept.
    fn is_weak(&self, hit: &DataHit) -> bool {
        let span = hit.span.start as usize..hit.span.end as usize;
        let text = match hit.place {
            Place::Body => self.body(hit.side).get(span).and_then(|bytes| std::str::from_utf8(bytes).ok()),
            Place::Path | Place::Query => self.call.target.get(span),
            Place::Header | Place::Cookie => None,
        };
        hit.data_type.as_str() == "PASSWORD"
            && text.is_some_and(|password| !password.is_empty() && self.rules.is_weak_password(password))
    }

    fn hit(&self, field: CallField, item: usize) -> Value<'_> {
        let hit = &self.seen.data[item];
        let rule = || self.rules.data_type(hit.data_type.as_str());
        match field {
            CallField::DataSide => Value::Text(hit.side.as_str()),
            CallField::DataIn => Value::Text(hit.place.as_str()),
            CallField::DataPath => Value::Text(&hit.path),
            CallField::DataType => Value::Text(hit.data_type.as_str()),
            CallField::DataLevel => Value::Number(f64::from(hit.level)),
            CallField::DataMasked => Value::Bool(hit.masked),
            CallField::DataPerson => Value::Bool(rule().is_some_and(|rule| rule.person)),
            CallField::DataSecret => Value::Bool(rule().is_some_and(|rule| rule.secret)),
            _ => Value::Bool(self.is_weak(hit)),
        }
    }
}

impl Facts<CallField> for CallFacts<'_> {
    fn get(&self, field: CallField, item: usize) -> Value<'_> {
        match field {
            CallField::Scheme => Value::Text(self.call.scheme.map_or("", model::Scheme::as_str)),
            CallField::Method => Value::Text(&self.call.method),
            CallField::Path => Value::Text(self.call.path()),
            CallField::Status => Value::Number(f64::from(self.call.status.unwrap_or(0))),
            CallField::Succeeded => Value::Bool(self.call.succeeded()),
            CallField::Purpose => Value::Text(self.seen.purpose.as_deref().unwrap_or_default()),
            CallField::Candidate => Value::Bool(self.seen.candidate.is_some()),
            CallField::Auth => Value::Text(self.seen.auth.kind.as_str()),
            CallField::People => Value::Number(f64::from(self.seen.people)),
            CallField::JwtSeen => Value::Bool(self.jwt.is_some()),
            CallField::JwtAlgorithm => Value::Text(self.jwt.map_or("", |jwt| &jwt.algorithm)),
            CallField::JwtWeak => Value::Bool(self.jwt.is_some_and(|jwt| jwt.weak_secret)),
            CallField::JwtExpires => Value::Bool(self.jwt.is_some_and(|jwt| jwt.expires.is_some())),
            CallField::RequestBody => Value::Bytes(self.body(Side::Request)),
            CallField::ResponseBody => Value::Bytes(self.body(Side::Response)),
            CallField::ResponseType => Value::Text(self.response_type),
            CallField::Data => Value::Bool(false),
            _ => self.hit(field, item),
        }
    }

    fn count(&self, _: CallField) -> usize {
        self.seen.data.len()
    }

    fn matches(&self, field: CallField, set: &str) -> bool {
        self.pattern(field, set).is_some()
    }
}

impl CallFacts<'_> {
    /// The pattern of a set that a field holds.
    pub(crate) fn pattern(&self, field: CallField, set: &str) -> Option<&str> {
        let patterns = self.rules.patterns(set)?;
        match self.get(field, 0) {
            Value::Text(text) => patterns.find(text.as_bytes()),
            Value::Bytes(bytes) => patterns.find(bytes),
            _ => None,
        }
    }
}
