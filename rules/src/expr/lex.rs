//! Text of a condition to tokens.

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Name(String),
    Text(String),
    Number(f64),
    /// Operators and brackets, `&&`, `<=`, `(`.
    Sign(&'static str),
}

/// Two-character signs first.
const SIGNS: &[&str] = &["&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "(", ")", "[", "]", ",", "."];

/// Cuts a condition into tokens with their byte positions.
pub(super) fn tokens(source: &str) -> Result<Vec<(usize, Token)>, String> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(c) = source[at..].chars().next() {
        let rest = &source[at..];
        let (token, len) = match c {
            c if c.is_whitespace() => {
                at += c.len_utf8();
                continue;
            }
            '"' | '\'' => {
                let end = rest[1..].find(c).ok_or_else(|| format!("at {at}: a text that does not end"))?;
                (Token::Text(rest[1..=end].to_owned()), end + 2)
            }
            '0'..='9' => {
                let len = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
                let number =
                    rest[..len].parse().map_err(|_| format!("at {at}: `{}` is no number", &rest[..len]))?;
                (Token::Number(number), len)
            }
            c if c.is_ascii_alphabetic() || c == '_' => {
                let len = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                (Token::Name(rest[..len].to_owned()), len)
            }
            _ => {
                let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign));
                let sign = sign.ok_or_else(|| format!("at {at}: `{c}` means nothing here"))?;
                (Token::Sign(sign), sign.len())
            }
        };
        found.push((at, token));
        at += len;
    }
    Ok(found)
}
