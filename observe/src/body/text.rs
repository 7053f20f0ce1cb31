//! Bytes to text: the charset that is stated, UTF-8, or GB18030 (which most older Chinese applications send unstated).

use std::borrow::Cow;

use encoding_rs::{Encoding, GB18030};

use super::form::parameter;

/// Share of control characters above which bytes are no text.
const CONTROL_SHARE_MAX: f32 = 0.05;

/// The body as text; `None` when it is binary.
pub(crate) fn text_of<'b>(body: &'b [u8], content_type: &str) -> Option<Cow<'b, str>> {
    let stated = parameter(content_type, "charset").and_then(|label| Encoding::for_label(label.as_bytes()));
    let text = match (std::str::from_utf8(body), stated) {
        (Ok(text), _) => Cow::Borrowed(text),
        (Err(error), _) if error.error_len().is_none() => String::from_utf8_lossy(body),
        (Err(_), Some(encoding)) => encoding.decode_without_bom_handling(body).0,
        (Err(_), None) => {
            let (text, had_errors) = GB18030.decode_without_bom_handling(body);
            if had_errors {
                return None;
            }
            text
        }
    };
    (!is_binary(&text)).then_some(text)
}

fn is_binary(text: &str) -> bool {
    let head = &text.as_bytes()[..text.len().min(4_096)];
    let control = head.iter().filter(|b| **b < 32 && !matches!(b, b'\t' | b'\r' | b'\n')).count();
    control as f32 > head.len() as f32 * CONTROL_SHARE_MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn charsets() {
        let gbk = [0xd5, 0xc5, 0xc8, 0xfd]; // 张三
        assert_eq!(text_of(&gbk, "").as_deref(), Some("张三"));
        assert_eq!(text_of(&gbk, "text/plain; charset=GBK").as_deref(), Some("张三"));
        assert_eq!(text_of("中".as_bytes(), "text/plain").as_deref(), Some("中"));
        assert_eq!(text_of(&[0, 1, 2, 3, 0x89, b'P', b'N', b'G'], ""), None);
    }
}
