//! What was planted in the demonstration, so that tests can ask whether it was found.

/// What a product should find in the demonstration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// Every operation that was called, with counts, ordered by host, template and method.
    pub operations: Vec<Operation>,
    /// The planted weaknesses. Other rules may find more; none of these may be missed.
    pub weaknesses: &'static [Weakness],
}

/// An operation with the number of its calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Site.
    pub host: &'static str,
    /// Path with parameters as `{name}`; names are the generator's, products may choose others.
    pub template: &'static str,
    /// Request method.
    pub method: &'static str,
    /// What selects the operation behind the template, as in the record formats.
    pub operation: Option<&'static str>,
    /// Calls, failed ones included.
    pub calls: u64,
}

/// A planted weakness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weakness {
    /// Id of the rule that should find it.
    pub rule: &'static str,
    /// Site.
    pub host: &'static str,
    /// Request method.
    pub method: &'static str,
    /// Template of the operation.
    pub template: &'static str,
    /// What selects the operation behind the template.
    pub operation: Option<&'static str>,
}

impl Operation {
    /// True for the same operation, whatever its parameters are called.
    #[must_use]
    pub fn is(&self, host: &str, method: &str, template: &str, operation: Option<&str>) -> bool {
        (self.host, self.method, self.operation) == (host, method, operation)
            && shape(self.template).eq(shape(template))
    }
}

impl Weakness {
    /// True when a finding at this endpoint is about this weakness, whatever its parameters are called and
    /// whether or not operations behind one template are told apart.
    #[must_use]
    pub fn is_at(&self, host: &str, method: &str, template: &str) -> bool {
        (self.host, self.method) == (host, method) && shape(self.template).eq(shape(template))
    }

    /// True when it lies on this operation.
    #[must_use]
    pub fn is_on(&self, other: &Operation) -> bool {
        other.is(self.host, self.method, self.template, self.operation)
    }
}

/// The segments of a template, parameters without their names.
fn shape(template: &str) -> impl Iterator<Item = &str> {
    template.split('/').map(|segment| if segment.starts_with('{') { "{}" } else { segment })
}

const fn weakness(
    rule: &'static str,
    host: &'static str,
    method: &'static str,
    template: &'static str,
) -> Weakness {
    Weakness { rule, host, method, template, operation: None }
}

const BANK: &str = "m.bank.example";
const SHOP: &str = "shop.example.com";
const ADMIN: &str = "admin.corp.example";
const PARTNER: &str = "api.old.example";

pub(super) const WEAKNESSES: &[Weakness] = &[
    weakness("data-without-auth", BANK, "GET", "/api/v1/legacy/customers/{id}"),
    weakness("enumerable-id", BANK, "GET", "/api/v1/legacy/customers/{id}"),
    weakness("enumerable-id", SHOP, "GET", "/api/v1/orders/{orderId}"),
    weakness("password-cleartext", SHOP, "POST", "/kiosk/login"),
    weakness("password-cleartext", ADMIN, "POST", "/login"),
    weakness("credentials-in-url", SHOP, "GET", "/api/v1/orders/{orderId}/invoice"),
    weakness("password-in-response", SHOP, "POST", "/api/v1/register"),
    weakness("many-people", ADMIN, "GET", "/api/customers/export"),
    weakness("weak-jwt", ADMIN, "POST", "/login"),
    weakness("weak-jwt", PARTNER, "POST", "/oauth/token"),
    weakness("verbose-error", SHOP, "GET", "/api/v1/shipping/{trackingNo}"),
    Weakness {
        rule: "verbose-error",
        host: PARTNER,
        method: "POST",
        template: "/gateway.do",
        operation: Some("method=order.query"),
    },
    weakness("login-no-rate-limit", SHOP, "POST", "/api/v1/login"),
    weakness("management-open", SHOP, "GET", "/actuator/env"),
    weakness("management-open", ADMIN, "GET", "/debug/vars"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(template: &str, expect: bool) {
        let known = Operation { host: SHOP, template: "/a/{id}/b", method: "GET", operation: None, calls: 1 };
        assert_eq!(known.is(SHOP, "GET", template, None), expect);
    }

    #[test]
    fn parameter_names_do_not_matter() {
        check("/a/{name}/b", true);
        check("/a/x/b", false);
        check("/a/{id}", false);
        assert!(WEAKNESSES[0].is_at(BANK, "GET", "/api/v1/legacy/customers/{customerId}"));
        assert!(!WEAKNESSES[0].is_at(BANK, "GET", "/api/v1/legacy/customers"));
    }
}
