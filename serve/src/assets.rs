//! The console: files of `console/dist`, embedded when it was built before the binary (release builds) or read
//! from there (debug builds). Without it the start page says so. Every path that is no file is the single page.

use std::borrow::Cow;

use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

use crate::error::{ApiError, ErrorCode};
use crate::state::ServeState;

#[derive(RustEmbed)]
#[folder = "../console/dist"]
#[allow_missing = true]
struct Dist;

/// A file of the console.
pub(crate) struct Asset {
    bytes: Cow<'static, [u8]>,
    sha256: [u8; 32],
}

/// Finds a file of the console by its path without leading slash.
pub(crate) type Lookup = fn(&str) -> Option<Asset>;

/// The embedded console.
pub(crate) fn embedded(path: &str) -> Option<Asset> {
    let file = Dist::get(path)?;
    Some(Asset { sha256: file.metadata.sha256_hash(), bytes: file.data })
}

/// True when the binary carries the console.
#[must_use]
pub fn has_console() -> bool {
    Dist::get("index.html").is_some()
}

/// Said in place of the console when there is none.
const NO_CONSOLE: &str = "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Apiarist</title>\n\
    <p>This build of Apiarist carries no console: run <code>npm ci</code> and <code>npm run build</code> in \
    <code>console/</code>, then build again. The API under <code>/api/v1</code> works without it.</p>\n\
    <p lang=\"zh-CN\">此 Apiarist 构建不含控制台：请在 <code>console/</code> 中运行 <code>npm ci</code> 与 \
    <code>npm run build</code>，然后重新构建。<code>/api/v1</code> 下的接口不受影响。</p></html>\n";

/// Media types of what a console is made of (RFC 9239 for scripts).
fn media_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// True for paths that belong to the API, whether there is such a route or not.
pub(crate) fn is_api(path: &str) -> bool {
    path == "/api" || path.starts_with("/api/")
}

/// What is not an API route: a file of the console, or the single page for paths that the console routes.
pub(crate) async fn fallback(State(state): State<ServeState>, request: Request) -> Response {
    let path = request.uri().path();
    if is_api(path) {
        return ApiError::not_found().into_response();
    }
    if request.method() != Method::GET && request.method() != Method::HEAD {
        let message = "only GET and HEAD";
        return ApiError::new(StatusCode::METHOD_NOT_ALLOWED, ErrorCode::MethodNotAllowed, message)
            .into_response();
    }
    let name = path.trim_start_matches('/');
    if !name.is_empty()
        && let Some(asset) = (state.assets)(name)
    {
        return answer(name, asset, request.headers());
    }
    // A file that is missing must not be answered with a page: browsers would run it as a script.
    if name.starts_with("assets/") {
        return ApiError::not_found().into_response();
    }
    match (state.assets)("index.html") {
        Some(page) => answer("index.html", page, request.headers()),
        None => {
            let headers = [(CONTENT_TYPE, "text/html; charset=utf-8"), (CACHE_CONTROL, "no-cache")];
            let status = if name.is_empty() { StatusCode::OK } else { StatusCode::NOT_FOUND };
            (status, headers, NO_CONSOLE).into_response()
        }
    }
}

/// A file with its validators (RFC 9110 §8.8.3). Names below `assets/` carry a hash: they never change.
fn answer(name: &str, asset: Asset, asked: &HeaderMap) -> Response {
    let digits: String = asset.sha256[..16].iter().map(|byte| format!("{byte:02x}")).collect();
    let etag = format!("\"{digits}\"");
    let known = asked.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let fresh = known.flat_map(|line| line.split(',')).any(|tag| {
        let tag = tag.trim();
        tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag
    });
    let cache = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = if fresh {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(CONTENT_TYPE, media_type(name))], asset.bytes.into_owned()).into_response()
    };
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(cache));
    if let Ok(etag) = HeaderValue::try_from(etag) {
        response.headers_mut().insert(ETAG, etag);
    }
    response
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A console of two files, for tests of the router.
    pub(crate) fn two_files(path: &str) -> Option<Asset> {
        let bytes: &'static [u8] = match path {
            "index.html" => b"<!doctype html><title>console</title>",
            "assets/app-1a2b3c.js" => b"export {};",
            _ => return None,
        };
        Some(Asset { bytes: Cow::Borrowed(bytes), sha256: *blake3::hash(bytes).as_bytes() })
    }

    /// No console.
    pub(crate) fn nothing(_: &str) -> Option<Asset> {
        None
    }

    #[test]
    fn the_console_is_carried_when_it_was_built() {
        let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../console/dist/index.html");
        assert_eq!(has_console(), page.is_file());
    }

    #[test]
    fn files_are_not_sent_twice() {
        let asset = || two_files("index.html").expect("the page");
        let first = answer("index.html", asset(), &HeaderMap::new());
        assert_eq!(first.headers()[CACHE_CONTROL], "no-cache");
        assert_eq!(first.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
        let asked = HeaderMap::from_iter([(IF_NONE_MATCH, first.headers()[ETAG].clone())]);
        assert_eq!(answer("index.html", asset(), &asked).status(), StatusCode::NOT_MODIFIED);
        let other = HeaderMap::from_iter([(IF_NONE_MATCH, HeaderValue::from_static("\"other\""))]);
        assert_eq!(answer("index.html", asset(), &other).status(), StatusCode::OK);
    }
}
