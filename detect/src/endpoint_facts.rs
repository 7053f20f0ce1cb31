//! What the conditions of a weakness may ask about an endpoint: its profile, and what the calls that were evidence
//! have shown together.

use model::Profile;
use rules::expr::{Facts, Value};
use rules::{EndpointField, Ruleset};

use crate::mark::Mark;

/// One endpoint, as conditions see it.
pub(crate) struct EndpointFacts<'a> {
    pub(crate) rules: &'a Ruleset,
    pub(crate) profile: &'a Profile,
    pub(crate) mark: &'a Mark,
}

impl Facts<EndpointField> for EndpointFacts<'_> {
    fn get(&self, field: EndpointField, item: usize) -> Value<'_> {
        let endpoint = &self.profile.endpoint;
        let enumerable = self.profile.enumerable.as_ref();
        let login = self.profile.login.as_ref();
        match field {
            EndpointField::Method => Value::Text(&endpoint.method),
            EndpointField::Template => Value::Text(&endpoint.template),
            EndpointField::Purpose => Value::Text(endpoint.purpose.as_deref().unwrap_or_default()),
            EndpointField::Exposure => Value::Text(match endpoint.exposure {
                model::Exposure::Unknown => "unknown",
                model::Exposure::Internal => "internal",
                model::Exposure::Open => "open",
            }),
            EndpointField::Auth => Value::Text(endpoint.auth.verdict.as_str()),
            EndpointField::Calls => Value::Number(endpoint.calls as f64),
            EndpointField::Level => Value::Number(f64::from(endpoint.level)),
            EndpointField::EnumerableSeen => Value::Bool(enumerable.is_some()),
            EndpointField::EnumerableKind => Value::Text(enumerable.map_or("", |e| &e.kind)),
            EndpointField::EnumerableDistinct => Value::Number(enumerable.map_or(0.0, |e| e.distinct as f64)),
            EndpointField::EnumerableDensity => {
                Value::Number(enumerable.map_or(0.0, |e| f64::from(e.density)))
            }
            EndpointField::LoginFailures => Value::Number(login.map_or(0.0, |l| f64::from(l.failures_max))),
            EndpointField::LoginThrottled => Value::Bool(login.is_some_and(|l| l.throttled)),
            EndpointField::MarksCalls => Value::Number(self.mark.calls as f64),
            EndpointField::MarksPeople => Value::Number(f64::from(self.mark.people)),
            EndpointField::MarksLevel => Value::Number(f64::from(self.mark.level)),
            EndpointField::MarksTypes => Value::Set(&self.mark.types),
            EndpointField::MarksDetails => Value::Set(&self.mark.details),
            EndpointField::Data => Value::Bool(false),
            EndpointField::DataSide => Value::Text(endpoint.data[item].side.as_str()),
            EndpointField::DataIn => Value::Text(endpoint.data[item].place.as_str()),
            EndpointField::DataType => Value::Text(endpoint.data[item].data_type.as_str()),
            EndpointField::DataLevel => Value::Number(f64::from(endpoint.data[item].level)),
            EndpointField::DataMasked => Value::Bool(endpoint.data[item].masked),
            EndpointField::DataPerson => {
                let rule = self.rules.data_type(endpoint.data[item].data_type.as_str());
                Value::Bool(rule.is_some_and(|rule| rule.person))
            }
        }
    }

    fn count(&self, _: EndpointField) -> usize {
        self.profile.endpoint.data.len()
    }

    fn matches(&self, field: EndpointField, set: &str) -> bool {
        match (self.get(field, 0), self.rules.patterns(set)) {
            (Value::Text(text), Some(patterns)) => patterns.find(text.as_bytes()).is_some(),
            _ => false,
        }
    }
}
