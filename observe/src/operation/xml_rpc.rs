//! XML-RPC: the method name.

use model::Style;

use super::{Operation, text};
use crate::body::Tape;

/// The operation of a `methodCall`.
pub(super) fn operation(tape: &Tape) -> Option<Operation> {
    Some(Operation::new(Style::XmlRpc, text(tape, 0, "methodName")?.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::{joined, operations, tests::post};

    #[track_caller]
    fn check(body: &str, expect: Option<&str>) {
        assert_eq!(joined(&operations(&post("text/xml", body))).as_deref(), expect, "{body}");
    }

    #[test]
    fn names() {
        check(
            "<?xml version=\"1.0\"?><methodCall><methodName> wp.getPosts </methodName><params/></methodCall>",
            Some("wp.getPosts"),
        );
        check("<methodCall><params/></methodCall>", None);
        check("<methodResponse><methodName>x</methodName></methodResponse>", None);
    }
}
