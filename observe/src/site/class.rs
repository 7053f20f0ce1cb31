//! What a call is evidence of: an API that answered, one that did not, or something that is no API at all
//! (a file, a page, a preflight). Judged from the response first, then from the request.

use model::{Call, CandidateReason, Style};

use super::path::segments;
use crate::body::{Format, Tape};
use crate::operation;

/// What a call is evidence of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// An API answered.
    Confirmed {
        /// The answer has a structure (JSON, XML), which pages for everything do not have.
        structured: bool,
    },
    /// An answer that confirms nothing (4xx, 5xx, a redirect).
    Failed,
    /// No API.
    Kept(CandidateReason),
}

/// File extensions of static content. Not here: what servers compute (`php`, `jsp`, `aspx`, `do`, `action`, `json`).
const STATIC_EXTENSIONS: [&str; 36] = [
    "js",
    "mjs",
    "css",
    "map",
    "png",
    "jpg",
    "jpeg",
    "gif",
    "svg",
    "ico",
    "webp",
    "avif",
    "bmp",
    "woff",
    "woff2",
    "ttf",
    "eot",
    "otf",
    "mp3",
    "mp4",
    "webm",
    "ogg",
    "wav",
    "avi",
    "mov",
    "flv",
    "m3u8",
    "ts",
    "wasm",
    "swf",
    "txt",
    "md",
    "less",
    "scss",
    "vue",
    "webmanifest",
];
/// File extensions of pages.
const PAGE_EXTENSIONS: [&str; 4] = ["html", "htm", "shtml", "xhtml"];
/// Media types of static content, as prefixes.
const STATIC_TYPES: [&str; 10] = [
    "text/css",
    "text/javascript",
    "application/javascript",
    "application/x-javascript",
    "font/",
    "image/",
    "audio/",
    "video/",
    "application/wasm",
    "application/font",
];

/// Judges one call. `response` is the tape of its response body; `style`: of the operations that it asks for.
pub(crate) fn class_of(call: &Call, response: &Tape, style: Option<Style>) -> Class {
    if call.is_bare_rpc() {
        return match () {
            () if call.target.is_empty() => Class::Kept(CandidateReason::Unreadable),
            () if call.response.is_none() => Class::Kept(CandidateReason::NoResponse),
            () if call.succeeded() => Class::Confirmed { structured: true },
            () => Class::Failed,
        };
    }
    if call.method.is_empty() || call.target.is_empty() || !is_token(&call.method) {
        return Class::Kept(CandidateReason::Unreadable);
    }
    if call.method == "OPTIONS" {
        return Class::Kept(CandidateReason::Preflight);
    }
    let Some(status) = call.status else { return Class::Kept(CandidateReason::NoResponse) };
    let reads = matches!(call.method.as_str(), "GET" | "HEAD");
    match status {
        101 | 200..=299 | 304 => {}
        // A form that was sent answers with a redirect.
        301..=303 | 307 | 308 if !reads => return Class::Confirmed { structured: false },
        _ => return Class::Failed,
    }
    if style.is_some_and(|style| operation::is_refused(style, response)) {
        return Class::Failed;
    }
    // A drawing is XML too, and a file all the same.
    let structured = matches!(response.format, Format::Json | Format::Xml) && !is_static_type(call);
    if let (true, false, Some(reason)) = (reads, structured, no_api(call)) {
        return Class::Kept(reason);
    }
    Class::Confirmed { structured }
}

fn is_static_type(call: &Call) -> bool {
    let media_type = call.response.as_ref().map(model::Message::media_type).unwrap_or_default();
    STATIC_TYPES.iter().any(|prefix| media_type.starts_with(prefix))
}

/// RFC 9110 §5.6.2.
fn is_token(method: &str) -> bool {
    method.len() <= 32
        && method.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'!' | b'$'))
}

/// Whether a read that succeeded without a structured answer is a file or a page.
fn no_api(call: &Call) -> Option<CandidateReason> {
    let extension = extension(call.path());
    let response = call.response.as_ref();
    let media_type = response.map(model::Message::media_type).unwrap_or_default();
    let is_download = response
        .and_then(|message| message.headers.get("content-disposition"))
        .is_some_and(|value| value.trim_start().to_ascii_lowercase().starts_with("attachment"));
    let destination =
        call.request.as_ref().and_then(|message| message.headers.get("sec-fetch-dest")).unwrap_or_default();
    if is_download {
        return None;
    }
    // A picture of something that an identifier names is an answer; a picture with a file name is a file.
    let names_object =
        extension.is_empty() && segments(call.path()).iter().any(|segment| segment.kind.is_strong());
    if names_object && !matches!(media_type.as_str(), "text/html" | "application/xhtml+xml") {
        return None;
    }
    if is_static_type(call)
        || matches!(destination, "script" | "style" | "image" | "font" | "audio" | "video")
    {
        return Some(CandidateReason::Static);
    }
    if matches!(media_type.as_str(), "text/html" | "application/xhtml+xml") {
        return Some(CandidateReason::Page);
    }
    let says_nothing =
        media_type.is_empty() || media_type == "text/plain" || media_type == "application/octet-stream";
    if says_nothing && STATIC_EXTENSIONS.contains(&extension.as_str()) {
        return Some(CandidateReason::Static);
    }
    let is_front_page =
        call.path() == "/" && media_type.is_empty() && response.is_none_or(|m| m.body().is_empty());
    let is_page = PAGE_EXTENSIONS.contains(&extension.as_str()) || is_front_page;
    (media_type.is_empty() && is_page).then_some(CandidateReason::Page)
}

fn extension(path: &str) -> String {
    let last = path.rsplit('/').next().unwrap_or_default().split(';').next().unwrap_or_default();
    last.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase()).unwrap_or_default()
}

/// Traces of an attack in a path: traversal, markup, quotes, templates, shell characters.
pub(crate) fn looks_like_attack(path: &str) -> bool {
    let path = crate::body::decode_percent(path);
    let path = path.to_ascii_lowercase();
    [
        "../",
        "..\\",
        "<",
        ">",
        "'",
        "\"",
        "${",
        "{{",
        "`",
        "|",
        "%00",
        "\0",
        "etc/passwd",
        "union select",
        ";cat ",
        "$(",
    ]
    .iter()
    .any(|trace| path.contains(trace))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body;
    use model::{Headers, Message};

    #[track_caller]
    fn check(request: &str, status: u16, media_type: &str, answer: &str, expect: Class) {
        let (method, target) = request.split_once(' ').expect("method and target");
        let headers: Headers =
            [("content-type", media_type)].into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let response = Message { headers, body: Some(answer.as_bytes().to_vec()), body_size: None };
        let mut tape = Tape::default();
        body::read(&response, &mut tape);
        let call = Call {
            method: method.into(),
            target: target.into(),
            status: Some(status),
            response: Some(response),
            ..Call::default()
        };
        assert_eq!(class_of(&call, &tape, None), expect, "{request}");
    }

    #[test]
    fn apis() {
        let structured = Class::Confirmed { structured: true };
        let plain = Class::Confirmed { structured: false };
        check("GET /users", 200, "application/json", "[]", structured);
        check("GET /users", 200, "text/html", "{\"a\":1}", structured);
        check("GET /config.json", 200, "", "{}", structured);
        check("GET /ping", 200, "text/plain", "pong", plain);
        check("DELETE /users/1", 204, "", "", plain);
        check("POST /login", 302, "", "", plain);
        check("POST /page.php", 200, "text/html", "<p>", plain);
        check("GET /index.php", 200, "", "", plain);
        check("GET /users/42/photo", 200, "image/png", "", plain);
    }

    #[test]
    fn no_apis() {
        let kept = |reason| Class::Kept(reason);
        check("GET /app.js", 200, "", "", kept(CandidateReason::Static));
        check("GET /logo", 200, "image/png", "", kept(CandidateReason::Static));
        check("GET /logo.svg", 200, "image/svg+xml", "<svg><a>1</a></svg>", kept(CandidateReason::Static));
        check("GET /", 200, "text/html; charset=utf-8", "<html>", kept(CandidateReason::Page));
        check("GET /", 200, "", "", kept(CandidateReason::Page));
        check("OPTIONS /users", 200, "", "", kept(CandidateReason::Preflight));
        check("GET /nope", 404, "application/json", "{}", Class::Failed);
        check("GET /old", 302, "", "", Class::Failed);
        check("\u{1}\u{2} /x", 200, "", "", kept(CandidateReason::Unreadable));
    }
}
