//! SOCKS 4, 4a and 5 (RFC 1928, RFC 1929): what precedes a tunnel. Once the proxy grants it, whatever flows
//! through is told by its own first bytes.

use super::{Mark, Next, Protocol, Switch, Talk};
use crate::out::Out;

/// Longest negotiation of one direction, bytes.
const BYTES_MAX: usize = 2_048;

#[derive(Debug)]
pub(crate) struct Socks {
    talk: Talk,
    /// Bytes of client and server so far.
    said: [Vec<u8>; 2],
    is_lost: bool,
}

/// Where the negotiation of one direction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    More,
    /// It ends after so many bytes; `granted`: the proxy has opened the tunnel.
    Over {
        len: usize,
        granted: bool,
    },
    Bad,
}

impl Socks {
    pub(crate) fn new(talk: Talk) -> Self {
        Self { talk, said: [Vec::new(), Vec::new()], is_lost: false }
    }
}

/// The first message of a client: version 5 with its list of methods, or version 4 with a request.
pub(super) fn is_client_hello(bytes: &[u8]) -> Option<bool> {
    match bytes {
        [5] | [4] | [] => None,
        // Ten methods are registered; others would be bytes of something else.
        [5, 0 | 11.., ..] => Some(false),
        [5, _, methods @ ..] if methods.iter().any(|method| *method > 9) => Some(false),
        [5, count, methods @ ..] => match methods.len().cmp(&usize::from(*count)) {
            std::cmp::Ordering::Less => None,
            std::cmp::Ordering::Equal => Some(true),
            std::cmp::Ordering::Greater => Some(false),
        },
        [4, command, rest @ ..] if *command == 1 || *command == 2 => match rest {
            [_, _, _, _, _, _, texts @ ..] if texts.iter().any(|byte| !matches!(byte, 0 | 0x20..=0x7e)) => {
                Some(false)
            }
            [_, _, _, _, _, _, texts @ ..] if texts.contains(&0) => Some(bytes.ends_with(&[0])),
            _ if bytes.len() > BYTES_MAX => Some(false),
            _ => None,
        },
        _ => Some(false),
    }
}

/// Length of address type, address and port at the start of `bytes`.
fn address_len(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [1, ..] => Some(1 + 4 + 2),
        [4, ..] => Some(1 + 16 + 2),
        [3, len, ..] => Some(1 + 1 + usize::from(*len) + 2),
        _ => None,
    }
}

/// What the proxy says.
fn answer(bytes: &[u8]) -> Step {
    match bytes {
        [0, code, ..] => {
            if bytes.len() < 8 {
                Step::More
            } else {
                Step::Over { len: 8, granted: *code == 90 }
            }
        }
        [5, 0xff, ..] => Step::Over { len: 2, granted: false },
        [5, method, rest @ ..] => {
            // User and password: version 1 and the outcome (RFC 1929).
            let skip = if *method == 2 { 2 } else { 0 };
            match (rest.get(1), rest.get(skip..)) {
                (Some(1..), _) if skip > 0 => Step::Over { len: 4, granted: false },
                (_, Some([5, code, 0, address @ ..])) => match address_len(address) {
                    Some(len) if address.len() >= len => {
                        Step::Over { len: 2 + skip + 3 + len, granted: *code == 0 }
                    }
                    None if address.len() > 1 => Step::Bad,
                    _ => Step::More,
                },
                (_, Some([5, ..] | [])) | (_, None) => Step::More,
                _ => Step::Bad,
            }
        }
        [] | [0 | 5] => Step::More,
        _ => Step::Bad,
    }
}

impl Protocol for Socks {
    fn data(&mut self, dir: usize, _mark: Mark, bytes: &[u8], out: &mut Out) -> Option<Switch> {
        let client = *self.talk.client.get_or_insert(dir);
        let said = &mut self.said[usize::from(dir != client)];
        let before = said.len();
        said.extend_from_slice(bytes);
        let opaque = Some(Switch { used: 0, next: Next::Opaque });
        if self.is_lost || said.len() > BYTES_MAX {
            return opaque;
        }
        // What the client says is over when the proxy has granted the tunnel; a client that does not wait
        // for that is not followed.
        if dir == client {
            return None;
        }
        match answer(said) {
            Step::More => None,
            Step::Over { len, granted: true } => {
                Some(Switch { used: len.saturating_sub(before), next: Next::Unknown })
            }
            Step::Over { granted: false, .. } | Step::Bad => {
                out.stats.opaque_bytes += before as u64;
                opaque
            }
        }
    }

    fn gap(&mut self, _dir: usize, _at: u64, _len: u64, _out: &mut Out) {
        self.is_lost = true;
    }

    fn end(&mut self, _dir: usize, _at: u64, _reset: bool, _out: &mut Out) {}

    fn close(&mut self, _out: &mut Out) {}

    fn bytes(&self) -> usize {
        self.said.iter().map(Vec::len).sum()
    }

    fn is_known(&self) -> bool {
        true
    }

    fn talk(&mut self) -> Talk {
        std::mem::take(&mut self.talk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], expect: Step) {
        assert_eq!(answer(bytes), expect, "{bytes:?}");
        if let Step::Over { len, granted: true } = expect {
            (0..len).for_each(|len| assert_eq!(answer(&bytes[..len]), Step::More, "{len} bytes"));
        }
    }

    #[test]
    fn answers_of_the_proxy() {
        check(&[0, 90, 0, 80, 1, 2, 3, 4, b'H'], Step::Over { len: 8, granted: true });
        check(&[0, 91, 0, 0, 0, 0, 0, 0], Step::Over { len: 8, granted: false });
        check(&[5, 0, 5, 0, 0, 1, 1, 2, 3, 4, 0, 80], Step::Over { len: 12, granted: true });
        check(&[5, 2, 1, 0, 5, 0, 0, 3, 1, b'x', 0, 80], Step::Over { len: 12, granted: true });
        check(&[5, 2, 1, 1], Step::Over { len: 4, granted: false });
        check(&[5, 0xff], Step::Over { len: 2, granted: false });
        check(b"HTTP/1.1", Step::Bad);
    }

    #[test]
    fn first_bytes_of_a_client() {
        assert_eq!(is_client_hello(&[5, 1, 0]), Some(true));
        assert_eq!(is_client_hello(&[5, 2, 0]), None);
        assert_eq!(is_client_hello(&[5, 1, 0, 0]), Some(false));
        assert_eq!(is_client_hello(b"\x04\x01\0\x50\x01\x02\x03\x04user\0"), Some(true));
        assert_eq!(is_client_hello(b"\x04\x01\0\x50\0\0\0\x01user\0a.example\0"), Some(true));
        assert_eq!(is_client_hello(b"\x04\x01\0\x50"), None);
        assert_eq!(is_client_hello(b"GET /"), Some(false));
    }
}
