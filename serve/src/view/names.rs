//! String enums of the wire, one for each enum of `model` and `store` that the console sees.
//! Names are those of the records; the compiler checks that none is missing.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An enum that mirrors another one under stable names, both ways.
macro_rules! names {
    ($(#[$doc:meta])* $name:ident = $source:ty { $($variant:ident = $text:tt),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        pub(crate) enum $name { $(#[serde(rename = $text)] $variant),+ }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $(Self::$variant => $text),+ })
            }
        }

        impl From<$source> for $name {
            fn from(value: $source) -> Self {
                match value { $(<$source>::$variant => Self::$variant),+ }
            }
        }

        impl From<$name> for $source {
            fn from(value: $name) -> Self {
                match value { $($name::$variant => <$source>::$variant),+ }
            }
        }
    };
}

names! {
    /// How bad a finding is, mildest first.
    Severity = model::Severity {
        Info = "info", Low = "low", Medium = "medium", High = "high", Critical = "critical",
    }
}
names! {
    /// Family of the rule that found it.
    Family = model::Family { Weakness = "weakness", Attack = "attack", Behaviour = "behaviour" }
}
names! {
    /// Where a finding stands in its life.
    FindingState = model::FindingState {
        Open = "open", Confirmed = "confirmed", Ignored = "ignored", Fixed = "fixed",
    }
}
names! {
    /// How a call authenticates.
    AuthKind = model::AuthKind {
        None = "none", Basic = "basic", Bearer = "bearer", Jwt = "jwt", Digest = "digest", Cookie = "cookie",
        ApiKey = "api-key", Signature = "signature", Other = "other",
    }
}
names! {
    /// Whether an endpoint wants a credential.
    AuthVerdict = model::AuthVerdict {
        Unknown = "unknown", Required = "required", Mixed = "mixed", None = "none",
    }
}
names! {
    /// How an account was recognised.
    AccountEvidence = model::AccountEvidence {
        Login = "login", Basic = "basic", Jwt = "jwt", Session = "session",
    }
}
names! {
    /// Which half of a call.
    Side = model::Side { Request = "request", Response = "response" }
}
names! {
    /// Which part of a message.
    Place = model::Place {
        Path = "path", Query = "query", Header = "header", Cookie = "cookie", Body = "body",
    }
}
names! {
    /// The way an API speaks.
    Style = model::Style {
        Rest = "rest", Action = "action", Graphql = "graphql", JsonRpc = "json-rpc", XmlRpc = "xml-rpc",
        Soap = "soap", Grpc = "grpc", Page = "page", Rpc = "rpc",
    }
}
names! {
    /// From where an endpoint is reached.
    Exposure = model::Exposure { Unknown = "unknown", Internal = "internal", Open = "open" }
}
names! {
    /// Where an endpoint stands in its life.
    LifeState = model::LifeState { New = "new", Active = "active", Dormant = "dormant" }
}
names! {
    /// Why calls are kept out of the inventory.
    CandidateReason = model::CandidateReason {
        Unconfirmed = "unconfirmed", Scanner = "scanner", Static = "static", Page = "page",
        NoResponse = "no-response", Attack = "attack", Unreadable = "unreadable", Preflight = "preflight",
    }
}
names! {
    /// `http` or `https` as the client saw it.
    Scheme = model::Scheme { Http = "http", Https = "https" }
}
names! {
    /// What a user may do.
    Role = store::Role { Viewer = "viewer", Analyst = "analyst", Admin = "admin" }
}
names! {
    /// What endpoints are sorted by.
    EndpointSort = store::EndpointSort {
        Risk = "risk", Calls = "calls", Errors = "errors", Level = "level", Template = "template",
        FirstSeen = "first_seen", LastSeen = "last_seen",
    }
}

/// Smallest or largest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Order {
    /// Smallest, oldest or alphabetically first one first.
    Asc,
    /// Largest, newest or alphabetically last one first.
    Desc,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The name on the wire is the name in records, for every value and both ways.
    #[track_caller]
    fn check<M: Serialize + Copy + PartialEq + fmt::Debug, W>(values: &[M])
    where
        W: From<M> + Into<M> + Serialize + for<'a> Deserialize<'a> + fmt::Display + Copy,
    {
        for &value in values {
            let name = serde_json::to_value(value).expect("a name");
            let wire = W::from(value);
            assert_eq!(serde_json::to_value(wire).expect("a name"), name);
            assert_eq!(Some(wire.to_string().as_str()), name.as_str());
            let back: W = serde_json::from_value(name).expect("a known name");
            assert_eq!(back.into(), value);
        }
    }

    #[test]
    fn names_are_those_of_the_records() {
        use model::{
            AccountEvidence as E, AuthKind as A, AuthVerdict as V, CandidateReason as C, Style as S,
        };
        check::<_, Severity>(&model::Severity::ALL);
        check::<_, AuthKind>(&[A::None, A::Basic, A::Bearer, A::Jwt, A::Digest, A::Cookie, A::ApiKey]);
        check::<_, AuthKind>(&[A::Signature, A::Other]);
        check::<_, AuthVerdict>(&[V::Unknown, V::Required, V::Mixed, V::None]);
        check::<_, AccountEvidence>(&[E::Login, E::Basic, E::Jwt, E::Session]);
        check::<_, Style>(&[
            S::Rest,
            S::Action,
            S::Graphql,
            S::JsonRpc,
            S::XmlRpc,
            S::Soap,
            S::Grpc,
            S::Page,
            S::Rpc,
        ]);
        check::<_, CandidateReason>(&[C::Unconfirmed, C::Scanner, C::Static, C::Page, C::NoResponse]);
        check::<_, CandidateReason>(&[C::Attack, C::Unreadable, C::Preflight]);
        check::<_, Exposure>(&[model::Exposure::Unknown, model::Exposure::Internal, model::Exposure::Open]);
        check::<_, LifeState>(&[model::LifeState::New, model::LifeState::Active, model::LifeState::Dormant]);
        check::<_, Role>(&[store::Role::Viewer, store::Role::Analyst, store::Role::Admin]);
    }
}
