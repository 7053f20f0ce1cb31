//! How long a body is (RFC 9112 §6.3), and what contradicts itself about it.

use model::{Anomaly, Headers};

/// How the end of a body is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    None,
    Fixed(u64),
    Chunked,
    UntilClose,
    /// No HTTP follows on this connection.
    Tunnel,
}

/// Framing of a request body; `minor`: the version.
pub(crate) fn of_request(headers: &Headers, minor: u8, anomalies: &mut Vec<Anomaly>) -> Framing {
    match stated(headers, minor, anomalies) {
        // A request whose last coding is not chunked has no end (RFC 9112 §6.3, item 4): a server refuses it.
        Framing::UntilClose => {
            note(anomalies, Anomaly::BAD_HEAD);
            note(anomalies, Anomaly::BAD_TRANSFER_ENCODING);
            Framing::None
        }
        framing => framing,
    }
}

/// Framing of a final response; `method` is empty when the request is not known.
pub(crate) fn of_response(
    method: &str,
    status: u16,
    headers: &Headers,
    minor: u8,
    anomalies: &mut Vec<Anomaly>,
) -> Framing {
    if status == 101 || (method == "CONNECT" && (200..300).contains(&status)) {
        return Framing::Tunnel;
    }
    if method == "HEAD" || status == 204 || status == 304 {
        return Framing::None;
    }
    match stated(headers, minor, anomalies) {
        Framing::None => Framing::UntilClose,
        framing => framing,
    }
}

/// The last transfer coding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Chunked,
    /// A name that some readers take for chunked and others refuse.
    Obscured,
    /// gzip, deflate, compress.
    Compressed,
    Unknown,
}

/// What the fields say; `None` when they say nothing, `UntilClose` for a coding that is not chunked at the end.
fn stated(headers: &Headers, minor: u8, anomalies: &mut Vec<Anomaly>) -> Framing {
    let (mut length, mut has_length) = (None, false);
    for part in headers.get_all("content-length").flat_map(|value| value.split(',')) {
        has_length = true;
        match (parse_length(part), length) {
            (None, _) => {
                note(anomalies, Anomaly::BAD_HEAD);
                note(anomalies, Anomaly::BAD_LENGTH);
            }
            (Some(new), Some(old)) if new != old => note(anomalies, Anomaly::DUPLICATE_LENGTH),
            (Some(_), Some(_)) => {}
            (new, None) => length = new,
        }
    }
    let (mut coding, mut fields) = (None, 0);
    for value in headers.get_all("transfer-encoding") {
        fields += 1;
        coding = codings(value, coding, anomalies);
        if fields > 1 || minor == 0 {
            note(anomalies, Anomaly::BAD_TRANSFER_ENCODING);
        }
    }
    if coding.is_some() && has_length {
        note(anomalies, Anomaly::LENGTH_CONFLICT);
    }
    match (coding, length) {
        (Some(Coding::Chunked), _) | (Some(Coding::Obscured), None) => Framing::Chunked,
        (Some(Coding::Compressed), _) | (Some(Coding::Unknown), None) => Framing::UntilClose,
        // Who does not know the coding goes by the length.
        (Some(Coding::Obscured | Coding::Unknown) | None, Some(length)) => Framing::Fixed(length),
        (None, None) => Framing::None,
    }
}

/// The last coding of the fields so far, after one more of them.
fn codings(value: &str, before: Option<Coding>, anomalies: &mut Vec<Anomaly>) -> Option<Coding> {
    let (mut last, mut is_odd) = (before, false);
    for name in value.split(',').map(|name| name.trim_matches([' ', '\t'])) {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        // Nothing is applied after chunked, and chunked only once (RFC 9112 §7).
        is_odd |= last == Some(Coding::Chunked);
        last = if is("chunked") {
            Some(Coding::Chunked)
        } else if is_compressed(name) {
            Some(Coding::Compressed)
        } else if is("identity") || name.is_empty() {
            is_odd = true;
            last
        } else {
            is_odd = true;
            let core = name.trim_matches(|c: char| !c.is_ascii_alphanumeric());
            Some(if core.eq_ignore_ascii_case("chunked") { Coding::Obscured } else { Coding::Unknown })
        };
    }
    if is_odd {
        note(anomalies, Anomaly::BAD_TRANSFER_ENCODING);
    }
    last
}

/// A transfer coding that compresses (RFC 9112 §7.2).
pub(super) fn is_compressed(name: &str) -> bool {
    ["gzip", "x-gzip", "deflate", "compress", "x-compress"].iter().any(|it| name.eq_ignore_ascii_case(it))
}

fn parse_length(text: &str) -> Option<u64> {
    let digits = text.trim_matches([' ', '\t']);
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// Adds an anomaly once.
pub(crate) fn note(anomalies: &mut Vec<Anomaly>, anomaly: Anomaly) {
    if !anomalies.contains(&anomaly) {
        anomalies.push(anomaly);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(fields: &[(&str, &str)], request: Framing, response: Framing, expect: &[Anomaly]) {
        let headers: Headers = fields.iter().copied().collect();
        let (mut of_req, mut of_rsp) = (Vec::new(), Vec::new());
        assert_eq!(of_request(&headers, 1, &mut of_req), request);
        assert_eq!(of_response("GET", 200, &headers, 1, &mut of_rsp), response);
        assert_eq!(of_rsp, expect);
    }

    #[test]
    fn lengths_and_codings() {
        check(&[], Framing::None, Framing::UntilClose, &[]);
        check(&[("content-length", " 5 ")], Framing::Fixed(5), Framing::Fixed(5), &[]);
        check(&[("content-length", "5, 5")], Framing::Fixed(5), Framing::Fixed(5), &[]);
        check(
            &[("content-length", "5"), ("content-length", "6")],
            Framing::Fixed(5),
            Framing::Fixed(5),
            &[Anomaly::DUPLICATE_LENGTH],
        );
        check(&[("content-length", "+5")], Framing::None, Framing::UntilClose, &BAD_LENGTH);
        for text in ["99999999999999999999", "0x5", "-5", "5 5", "", "5;"] {
            check(&[("content-length", text)], Framing::None, Framing::UntilClose, &BAD_LENGTH);
        }
        check(&[("transfer-encoding", "gzip, Chunked")], Framing::Chunked, Framing::Chunked, &[]);
        check(
            &[("transfer-encoding", "chunked"), ("content-length", "5")],
            Framing::Chunked,
            Framing::Chunked,
            &[Anomaly::LENGTH_CONFLICT],
        );
        check(&[("transfer-encoding", "gzip")], Framing::None, Framing::UntilClose, &[]);
    }

    const BAD_LENGTH: [Anomaly; 2] = [Anomaly::BAD_HEAD, Anomaly::BAD_LENGTH];

    #[test]
    fn obfuscated_codings() {
        let bad = [Anomaly::BAD_TRANSFER_ENCODING];
        let te = |value| [("transfer-encoding", value)];
        check(&te("\u{b}chunked"), Framing::Chunked, Framing::Chunked, &bad);
        check(&te("\"chunked\""), Framing::Chunked, Framing::Chunked, &bad);
        check(&te("chunked, identity"), Framing::Chunked, Framing::Chunked, &bad);
        check(&te("chunked, chunked"), Framing::Chunked, Framing::Chunked, &bad);
        check(&te("xchunked"), Framing::None, Framing::UntilClose, &bad);
        check(&te("chunked, gzip"), Framing::None, Framing::UntilClose, &bad);
        check(&te("identity"), Framing::None, Framing::UntilClose, &bad);
        let both = [Anomaly::BAD_TRANSFER_ENCODING, Anomaly::LENGTH_CONFLICT];
        let five = ("content-length", "5");
        check(&[five, te("xchunked")[0]], Framing::Fixed(5), Framing::Fixed(5), &both);
        check(&[five, te("chunked\u{b}")[0]], Framing::Fixed(5), Framing::Fixed(5), &both);
        check(&[five, te("identity")[0]], Framing::Fixed(5), Framing::Fixed(5), &bad);
        check(&[te("chunked")[0], te("cow")[0]], Framing::None, Framing::UntilClose, &bad);
        let headers: Headers = te("chunked").into_iter().collect();
        let mut old = Vec::new();
        assert_eq!((of_request(&headers, 0, &mut old), old), (Framing::Chunked, bad.to_vec()));
    }

    #[test]
    fn answers_without_body() {
        let headers: Headers = [("content-length", "5")].into_iter().collect();
        let framing = |method, status| of_response(method, status, &headers, 1, &mut Vec::new());
        assert_eq!(
            (framing("HEAD", 200), framing("GET", 304), framing("GET", 204)),
            (Framing::None, Framing::None, Framing::None)
        );
        assert_eq!((framing("CONNECT", 200), framing("GET", 101)), (Framing::Tunnel, Framing::Tunnel));
        assert_eq!((framing("CONNECT", 403), framing("", 200)), (Framing::Fixed(5), Framing::Fixed(5)));
    }
}
