//! SOAP 1.1 and 1.2: the first element of the body with its namespace, as `{namespace}Element`; where the body has
//! none, what the action names: the field `SOAPAction` (1.1) or the parameter `action` of the media type (1.2).

use model::{Message, Style};

use super::Operation;
use crate::body;

/// Markup looked at before the body has to begin: headers with signatures are long.
const TAGS_MAX: usize = 2_000;

/// The operation of an envelope.
pub(super) fn operation(message: &Message) -> Option<Operation> {
    let text = body::text(message)?;
    // Attachments stand around the envelope.
    let start = text.find("Envelope").and_then(|name| text[..name].rfind('<'))?;
    let name = first_element(&text[start..]).or_else(|| action(message))?;
    Some(Operation::new(Style::Soap, name))
}

/// An element that is open: its name and the namespaces that it declares.
struct Open<'t> {
    name: &'t str,
    namespaces: Vec<(&'t str, &'t str)>,
}

/// The first element inside `Body`.
fn first_element(text: &str) -> Option<String> {
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut at = 0;
    for _ in 0..TAGS_MAX {
        at += text[at..].find('<')?;
        let end = at + body::markup_end(&text[at..])?;
        let tag = &text[at..end];
        at = end;
        match tag.as_bytes().get(1)? {
            b'!' | b'?' => {}
            b'/' => {
                let name = tag[2..tag.len() - 1].trim();
                // The body ends without an element.
                if local(name) == "Body" && open.len() <= 2 {
                    return None;
                }
                let depth = open.iter().rposition(|element| element.name == name)?;
                open.truncate(depth);
            }
            _ => {
                let is_empty = tag.ends_with("/>");
                let inner = tag[1..tag.len() - 1].trim_end_matches('/');
                let name_end = inner.find(|c: char| c.is_whitespace()).unwrap_or(inner.len());
                let name = &inner[..name_end];
                let in_body = open.len() == 2 && local(open[1].name) == "Body";
                open.push(Open { name, namespaces: namespaces(&inner[name_end..]) });
                if in_body {
                    return Some(expanded(&open));
                }
                if is_empty {
                    open.pop();
                }
            }
        }
    }
    None
}

/// The name of the innermost element with its namespace (Namespaces in XML §6).
fn expanded(open: &[Open<'_>]) -> String {
    let name = open.last().map(|element| element.name).unwrap_or_default();
    let (prefix, local) = name.split_once(':').unwrap_or(("", name));
    let declared = open.iter().rev().flat_map(|element| element.namespaces.iter().rev());
    match declared.into_iter().find(|(declared, _)| *declared == prefix) {
        Some((_, namespace)) if !namespace.is_empty() => format!("{{{namespace}}}{local}"),
        _ => local.to_owned(),
    }
}

/// Declarations of namespaces among attributes; the default one has an empty prefix.
fn namespaces(mut attributes: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    while let Some((name, rest)) = attributes.split_once('=') {
        let rest = rest.trim_start();
        let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else { break };
        let Some((value, rest)) = rest[1..].split_once(quote) else { break };
        attributes = rest;
        let prefix = match name.trim() {
            "xmlns" => Some(""),
            name => name.strip_prefix("xmlns:"),
        };
        found.extend(prefix.map(|prefix| (prefix, value)));
    }
    found
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

/// The action that the header names.
fn action(message: &Message) -> Option<String> {
    let field = message.headers.get("soapaction").map(str::trim).unwrap_or_default();
    let parameter =
        message.headers.get("content-type").unwrap_or_default().split(';').find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.trim().eq_ignore_ascii_case("action").then(|| value.trim())
        });
    let named = [field, parameter.unwrap_or_default()];
    named
        .into_iter()
        .map(|action| action.trim_matches('"').trim())
        .find(|action| !action.is_empty())
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::super::{joined, operations, tests::post};

    #[track_caller]
    fn check(media_type: &str, body: &str, expect: Option<&str>) {
        let mut call = post(media_type, body);
        if let (Some(request), false) = (&mut call.request, media_type.contains("action")) {
            request.headers.push("soapaction", "\"urn:Act\"");
        }
        assert_eq!(joined(&operations(&call)).as_deref(), expect, "{body}");
    }

    const SOAP_11: &str = "http://schemas.xmlsoap.org/soap/envelope/";

    #[test]
    fn elements_with_their_namespace() {
        let envelope = |inner: &str| {
            format!(
                "<?xml version='1.0'?><s:Envelope xmlns:s='{SOAP_11}' xmlns:m=\"urn:outer\">{inner}</s:Envelope>"
            )
        };
        let check = |inner: &str, expect| check("text/xml", &envelope(inner), Some(expect));
        check("<s:Body><m:GetUser><id>1</id></m:GetUser></s:Body>", "{urn:outer}GetUser");
        check(
            "<s:Header><Body><x/></Body></s:Header><s:Body><GetUser xmlns=\"urn:own\"/></s:Body>",
            "{urn:own}GetUser",
        );
        check("<s:Body>\n<!-- <no/> --><m:Get xmlns:m='urn:inner'/></s:Body>", "{urn:inner}Get");
        check("<s:Body><Get/></s:Body>", "Get");
        check("<s:Body></s:Body>", "urn:Act");
        check("<s:Body/>", "urn:Act");
    }

    #[test]
    fn actions_and_attachments() {
        let empty = "<Envelope><Body/></Envelope>";
        check("application/soap+xml; charset=utf-8; action=\"urn:x#Go\"", empty, Some("urn:x#Go"));
        check("text/xml", "<Other><Body><a/></Body></Other>", None);
        let attached = "--b\r\nContent-Type: application/xop+xml\r\n\r\n<s:Envelope xmlns:s='x'><s:Body><Put xmlns='u'/></s:Body></s:Envelope>\r\n--b--";
        check("multipart/related; boundary=b; type=\"application/xop+xml\"", attached, Some("{u}Put"));
    }
}
