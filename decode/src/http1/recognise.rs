//! Is this the start of an HTTP/1 message? Judged from content alone, on any port.

/// What the first bytes of a stream or segment look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    Request,
    Response,
    /// No HTTP message starts here.
    Other,
    /// Too few bytes to tell.
    Short,
}

/// Longest method that is taken for one.
const METHOD_MAX: usize = 24;
/// Methods that are believed before the end of the line was seen.
pub(super) const METHODS: [&[u8]; 16] = [
    b"GET",
    b"POST",
    b"PUT",
    b"DELETE",
    b"HEAD",
    b"OPTIONS",
    b"PATCH",
    b"CONNECT",
    b"TRACE",
    b"PROPFIND",
    b"PROPPATCH",
    b"REPORT",
    b"SEARCH",
    b"MKCOL",
    b"LOCK",
    b"UNLOCK",
];

/// Line ends before a message are ignored (RFC 9112 §2.2).
pub(crate) fn skip_line_ends(bytes: &[u8]) -> &[u8] {
    let lead = bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    &bytes[lead..]
}

/// Looks only at the first bytes: used while a head grows.
pub(crate) fn recognise(bytes: &[u8]) -> Start {
    let bytes = skip_line_ends(bytes);
    if let Some(shown) = response_name(bytes) {
        return match bytes.get(shown) {
            None => Start::Short,
            Some(byte) if byte.is_ascii_digit() => Start::Response,
            Some(_) => Start::Other,
        };
    }
    let token = bytes.iter().take(METHOD_MAX + 1).take_while(|byte| is_method_byte(**byte)).count();
    match bytes.get(token..) {
        _ if token > METHOD_MAX => Start::Other,
        Some([]) => Start::Short,
        Some([b' ', rest @ ..]) if token > 0 => match rest.first() {
            None => Start::Short,
            Some(byte) if byte.is_ascii_graphic() || *byte >= 0x80 => Start::Request,
            Some(_) => odd_request(bytes),
        },
        _ => odd_request(bytes),
    }
}

/// How much of a status line's first word is shown: readers take it in small letters too, and SHOUTcast's
/// servers have a name of their own.
fn response_name(bytes: &[u8]) -> Option<usize> {
    [b"HTTP/".as_slice(), b"ICY "].into_iter().find_map(|name| {
        let shown = bytes.len().min(name.len());
        bytes[..shown].eq_ignore_ascii_case(&name[..shown]).then_some(shown)
    })
}

/// True when a response may begin with these bytes.
pub(super) fn may_be_response(bytes: &[u8]) -> bool {
    response_name(skip_line_ends(bytes)).is_some()
}

/// A method of any characters that a token has (RFC 9110 §9.1), or several spaces after it: believed for the
/// version at the end of the line.
fn odd_request(bytes: &[u8]) -> Start {
    let token = bytes.iter().take(METHOD_MAX + 1).take_while(|byte| is_token_byte(**byte)).count();
    match bytes.get(token) {
        _ if token == 0 || token > METHOD_MAX => return Start::Other,
        Some(b' ') | None => {}
        Some(_) => return Start::Other,
    }
    match memchr::memchr(b'\n', bytes) {
        None => Start::Short,
        Some(end) if has_version(&bytes[..end]) => Start::Request,
        Some(_) => Start::Other,
    }
}

/// True for a line that ends in a version of HTTP/1.
fn has_version(line: &[u8]) -> bool {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    line.len() > 9 && line[line.len() - 9..line.len() - 1] == *b" HTTP/1."
}

/// Looks at the whole first line of a segment, or at a method that is well known: used to find the next
/// message after bytes were lost.
pub(crate) fn recognise_segment(bytes: &[u8]) -> Start {
    match recognise(bytes) {
        Start::Request => {}
        Start::Response if skip_line_ends(bytes).starts_with(b"HTTP/1.") => return Start::Response,
        Start::Short | Start::Response => return Start::Other,
        other => return other,
    }
    let bytes = skip_line_ends(bytes);
    let sure = match memchr::memchr(b'\n', bytes) {
        Some(end) => has_version(&bytes[..end]),
        None => {
            METHODS.iter().any(|method| bytes.starts_with(method) && bytes.get(method.len()) == Some(&b' '))
        }
    };
    if sure { Start::Request } else { Start::Other }
}

pub(super) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn is_method_byte(byte: u8) -> bool {
    byte.is_ascii_uppercase() || matches!(byte, b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &str, first: Start, segment: Start) {
        assert_eq!(
            (recognise(bytes.as_bytes()), recognise_segment(bytes.as_bytes())),
            (first, segment),
            "{bytes}"
        );
    }

    #[test]
    fn messages_and_others() {
        check("GET / HTTP/1.1\r\n", Start::Request, Start::Request);
        check("\r\nCUSTOM x HTTP/1.0\n", Start::Request, Start::Request);
        check("GET /a/long/pa", Start::Request, Start::Request);
        check("CUSTOM /a/long/pa", Start::Request, Start::Other);
        check("HTTP/1.1 200", Start::Response, Start::Response);
        check("HTTP/2.0 200", Start::Response, Start::Other);
        check("http/1.1 200", Start::Response, Start::Other);
        check("ICY 200 OK\r\n", Start::Response, Start::Other);
        check("get / HTTP/1.1\r\n", Start::Request, Start::Request);
        check("M.x! / HTTP/1.1\r\n", Start::Request, Start::Request);
        check("GET  / HTTP/1.1\r\n", Start::Request, Start::Request);
        check("get /a/long/pa", Start::Short, Start::Other);
        check("get key\r\n", Start::Other, Start::Other);
        check("220 mail.example.com\r\n", Start::Other, Start::Other);
        check("*1\r\n$4\r\nPING\r\n", Start::Other, Start::Other);
        check("HTTP/", Start::Short, Start::Other);
        check("HTTP/x", Start::Other, Start::Other);
        check("HTT", Start::Short, Start::Other);
        check("GE", Start::Short, Start::Other);
        check("\u{16}\u{3}\u{1}", Start::Other, Start::Other);
        check("EHLO mail.example.com\r\n", Start::Request, Start::Other);
        check("SSH-2.0-x\r\n", Start::Other, Start::Other);
        check("{\"a\":1}", Start::Other, Start::Other);
    }
}
