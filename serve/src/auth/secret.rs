//! Random secrets and their hashes. Tokens carry 256 bits, so a fast hash is enough to keep them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Letters and digits that cannot be taken for one another on paper.
const ALPHABET: &[u8] = b"abcdefghjkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// Characters of a generated password: 20 of 55 letters are 115 bits.
const PASSWORD_CHARS: usize = 20;
/// What machine tokens start with, so that secret scanners recognise them.
const TOKEN_PREFIX: &str = "apt_";

/// The system gave no random bytes.
#[derive(Debug, thiserror::Error)]
#[error("the system gives no random bytes")]
pub struct NoRandomness(#[source] getrandom::Error);

/// Random bytes from the system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(NoRandomness)?;
    Ok(bytes)
}

/// A password for a person to type once: every letter equally likely.
pub(crate) fn password() -> Result<String, NoRandomness> {
    // Bytes from the largest multiple of the alphabet on are thrown away: they would favour its first letters.
    let fair = 256 - 256 % ALPHABET.len();
    let mut text = String::with_capacity(PASSWORD_CHARS);
    while text.len() < PASSWORD_CHARS {
        for byte in random::<64>()? {
            if usize::from(byte) < fair && text.len() < PASSWORD_CHARS {
                text.push(char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
            }
        }
    }
    Ok(text)
}

/// The value of a session cookie.
pub(crate) fn session_token() -> Result<String, NoRandomness> {
    Ok(URL_SAFE_NO_PAD.encode(random::<32>()?))
}

/// A token for a machine.
pub(crate) fn api_token() -> Result<String, NoRandomness> {
    Ok(format!("{TOKEN_PREFIX}{}", URL_SAFE_NO_PAD.encode(random::<32>()?)))
}

/// What is kept of a session or machine token: BLAKE3 in hexadecimal.
pub(crate) fn token_hash(token: &str) -> String {
    blake3::hash(token.as_bytes()).to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_passwords_use_the_whole_alphabet_and_nothing_else() {
        let text: String = (0..200).map(|_| password().expect("random bytes")).collect();
        assert_eq!(text.len(), 200 * PASSWORD_CHARS);
        assert!(text.bytes().all(|byte| ALPHABET.contains(&byte)));
        assert!(ALPHABET.iter().all(|&letter| text.bytes().any(|byte| byte == letter)));
        assert!(!text.contains(['0', 'O', '1', 'l', 'I', 'i', 'o']));
    }

    #[test]
    fn tokens_differ_and_hashes_do_not_tell() {
        let (one, two) = (api_token().expect("random bytes"), api_token().expect("random bytes"));
        assert!(one != two && one.starts_with(TOKEN_PREFIX) && one.len() == 4 + 43);
        assert_eq!(token_hash(&one), token_hash(&one));
        assert!(!token_hash(&one).contains(&one[4..]) && token_hash(&one).len() == 64);
    }
}
