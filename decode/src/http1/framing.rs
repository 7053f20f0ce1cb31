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

/// Framing of a request body.
pub(crate) fn of_request(headers: &Headers, anomalies: &mut Vec<Anomaly>) -> Framing {
    match stated(headers, anomalies) {
        // A request whose last coding is not chunked has no end (RFC 9112 §6.3, item 4): a server refuses it.
        Framing::UntilClose => {
            note(anomalies, Anomaly::BAD_HEAD);
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
    anomalies: &mut Vec<Anomaly>,
) -> Framing {
    if status == 101 || (method == "CONNECT" && (200..300).contains(&status)) {
        return Framing::Tunnel;
    }
    if method == "HEAD" || status == 204 || status == 304 {
        return Framing::None;
    }
    match stated(headers, anomalies) {
        Framing::None => Framing::UntilClose,
        framing => framing,
    }
}

/// What the fields say; `None` when they say nothing, `UntilClose` for a coding that is not chunked at the end.
fn stated(headers: &Headers, anomalies: &mut Vec<Anomaly>) -> Framing {
    let mut length: Option<u64> = None;
    let mut coding: Option<bool> = None;
    for (name, value) in headers.iter() {
        match name {
            "content-length" => {
                for part in value.split(',') {
                    match (parse_length(part), length) {
                        (None, _) => note(anomalies, Anomaly::BAD_HEAD),
                        (Some(new), Some(old)) if new != old => note(anomalies, Anomaly::DUPLICATE_LENGTH),
                        (Some(_), Some(_)) => {}
                        (new, None) => length = new,
                    }
                }
            }
            "transfer-encoding" => {
                let last = value.rsplit(',').next().unwrap_or_default().trim();
                coding = Some(last.eq_ignore_ascii_case("chunked"));
            }
            _ => {}
        }
    }
    match (coding, length) {
        (Some(chunked), length) => {
            if length.is_some() {
                note(anomalies, Anomaly::LENGTH_CONFLICT);
            }
            if chunked { Framing::Chunked } else { Framing::UntilClose }
        }
        (None, Some(0)) => Framing::Fixed(0),
        (None, Some(length)) => Framing::Fixed(length),
        (None, None) => Framing::None,
    }
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
        assert_eq!(of_request(&headers, &mut of_req), request);
        assert_eq!(of_response("GET", 200, &headers, &mut of_rsp), response);
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
        check(&[("content-length", "+5")], Framing::None, Framing::UntilClose, &[Anomaly::BAD_HEAD]);
        check(
            &[("content-length", "99999999999999999999")],
            Framing::None,
            Framing::UntilClose,
            &[Anomaly::BAD_HEAD],
        );
        check(&[("transfer-encoding", "gzip, Chunked")], Framing::Chunked, Framing::Chunked, &[]);
        check(
            &[("transfer-encoding", "chunked"), ("content-length", "5")],
            Framing::Chunked,
            Framing::Chunked,
            &[Anomaly::LENGTH_CONFLICT],
        );
        check(&[("transfer-encoding", "gzip")], Framing::None, Framing::UntilClose, &[]);
    }

    #[test]
    fn answers_without_body() {
        let headers: Headers = [("content-length", "5")].into_iter().collect();
        let framing = |method, status| of_response(method, status, &headers, &mut Vec::new());
        assert_eq!(
            (framing("HEAD", 200), framing("GET", 304), framing("GET", 204)),
            (Framing::None, Framing::None, Framing::None)
        );
        assert_eq!((framing("CONNECT", 200), framing("GET", 101)), (Framing::Tunnel, Framing::Tunnel));
        assert_eq!((framing("CONNECT", 403), framing("", 200)), (Framing::Fixed(5), Framing::Fixed(5)));
    }
}
