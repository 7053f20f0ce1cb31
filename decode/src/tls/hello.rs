//! The two hellos (RFC 8446 §4.1): what they offer and choose.

use super::read::{Reader, numbers};

/// Extension numbers (IANA TLS ExtensionType Values).
pub(super) mod extension {
    pub(in super::super) const SERVER_NAME: u16 = 0;
    pub(in super::super) const GROUPS: u16 = 10;
    pub(in super::super) const POINT_FORMATS: u16 = 11;
    pub(in super::super) const SIGNATURES: u16 = 13;
    pub(in super::super) const ALPN: u16 = 16;
    pub(in super::super) const ENCRYPT_THEN_MAC: u16 = 22;
    pub(in super::super) const EXTENDED_MASTER_SECRET: u16 = 23;
    pub(in super::super) const SESSION_TICKET: u16 = 35;
    pub(in super::super) const EARLY_DATA: u16 = 42;
    pub(in super::super) const VERSIONS: u16 = 43;
}

pub(super) type Random = [u8; 32];

/// Random of a ServerHello that asks for another ClientHello (RFC 8446 §4.1.3).
const RETRY: Random = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2,
    0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// What the client offers.
#[derive(Debug, Clone, Default)]
pub(super) struct ClientHello {
    pub version: u16,
    pub random: Random,
    pub session_id: Vec<u8>,
    pub ciphers: Vec<u16>,
    /// Extension numbers in the order sent.
    pub extensions: Vec<u16>,
    pub has_extensions: bool,
    pub sni: String,
    /// Protocols offered by ALPN.
    pub alpn: Vec<Vec<u8>>,
    pub groups: Vec<u16>,
    pub point_formats: Vec<u8>,
    pub signatures: Vec<u16>,
    pub versions: Vec<u16>,
    pub ticket: Vec<u8>,
    pub early_data: bool,
}

/// What the server chose.
#[derive(Debug, Clone, Default)]
pub(super) struct ServerHello {
    pub version: u16,
    pub random: Random,
    pub session_id: Vec<u8>,
    pub cipher: u16,
    pub alpn: Vec<u8>,
    pub encrypt_then_mac: bool,
    pub extended_master_secret: bool,
}

impl ServerHello {
    pub(super) fn is_retry(&self) -> bool {
        self.random == RETRY
    }

    pub(super) const fn is_tls13(&self) -> bool {
        is_tls13(self.version)
    }
}

/// TLS 1.3 and the drafts that share its key schedule.
pub(super) const fn is_tls13(version: u16) -> bool {
    matches!(version, 0x0304 | 0x7f17..=0x7f1c)
}

/// Numbers and contents of extensions; ends at the first that is cut.
pub(super) fn extensions(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = Reader(bytes);
    std::iter::from_fn(move || Some((rest.u16()?, rest.long()?)))
}

/// Reads the body of a ClientHello; `None` when it is cut before the end of the ciphers.
pub(super) fn client_hello(body: &[u8]) -> Option<ClientHello> {
    let mut rest = Reader(body);
    let mut hello = ClientHello { version: rest.u16()?, ..ClientHello::default() };
    hello.random = rest.take(32)?.try_into().ok()?;
    hello.session_id = rest.short()?.to_vec();
    hello.ciphers = numbers(rest.long()?).collect();
    if rest.short().is_none() || rest.0.is_empty() {
        return Some(hello);
    }
    hello.has_extensions = true;
    rest.u16()?;
    for (number, content) in extensions(rest.0) {
        hello.extensions.push(number);
        hello.learn(number, content);
    }
    Some(hello)
}

impl ClientHello {
    fn learn(&mut self, number: u16, content: &[u8]) -> Option<()> {
        let mut rest = Reader(content);
        match number {
            extension::SERVER_NAME => {
                let mut names = Reader(rest.long()?);
                if names.u8()? == 0 {
                    self.sni = name(names.long()?);
                }
            }
            extension::ALPN => self.alpn = protocols(content),
            extension::GROUPS => self.groups = numbers(rest.long()?).collect(),
            extension::POINT_FORMATS => self.point_formats = rest.short()?.to_vec(),
            extension::SIGNATURES => self.signatures = numbers(rest.long()?).collect(),
            extension::VERSIONS => self.versions = numbers(rest.short()?).collect(),
            extension::SESSION_TICKET => self.ticket = content.to_vec(),
            extension::EARLY_DATA => self.early_data = true,
            _ => {}
        }
        Some(())
    }
}

/// A host name as the record shows it: lower case, printable.
fn name(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    text.chars().filter(|char| !char.is_control()).collect::<String>().to_ascii_lowercase()
}

/// The list of an ALPN extension (RFC 7301 §3.1).
pub(super) fn protocols(content: &[u8]) -> Vec<Vec<u8>> {
    let Some(list) = Reader(content).long() else { return Vec::new() };
    let mut rest = Reader(list);
    std::iter::from_fn(|| rest.short().map(<[u8]>::to_vec)).collect()
}

/// Reads the body of a ServerHello.
pub(super) fn server_hello(body: &[u8]) -> Option<ServerHello> {
    let mut rest = Reader(body);
    let mut hello = ServerHello { version: rest.u16()?, ..ServerHello::default() };
    hello.random = rest.take(32)?.try_into().ok()?;
    hello.session_id = rest.short()?.to_vec();
    hello.cipher = rest.u16()?;
    rest.u8()?;
    if rest.u16().is_none() {
        return Some(hello);
    }
    for (number, content) in extensions(rest.0) {
        match number {
            extension::VERSIONS => hello.version = Reader(content).u16().unwrap_or(hello.version),
            extension::ALPN => hello.alpn = protocols(content).into_iter().next().unwrap_or_default(),
            extension::ENCRYPT_THEN_MAC => hello.encrypt_then_mac = true,
            extension::EXTENDED_MASTER_SECRET => hello.extended_master_secret = true,
            _ => {}
        }
    }
    Some(hello)
}

/// The name of a version as people write it.
pub(super) fn version_name(version: u16) -> String {
    match version {
        0x0300 => "SSL 3.0".to_owned(),
        0x0301..=0x0304 => format!("TLS 1.{}", version - 0x0301),
        0x7f17..=0x7f1c => "TLS 1.3".to_owned(),
        _ => format!("0x{version:04x}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_hello_is_read_as_far_as_it_goes() {
        let mut body = vec![3, 3];
        body.extend([7; 32]);
        body.extend([
            0, 0, 2, 0x13, 1, 1, 0, 0, 40, 0, 0, 0, 9, 0, 7, 0, 0, 4, b'A', b'.', b'b', b'c', 0, 16, 0, 99,
        ]);
        let hello = client_hello(&body).expect("a hello");
        assert_eq!((hello.sni.as_str(), hello.ciphers, hello.extensions), ("a.bc", vec![0x1301], vec![0]));
        assert!(client_hello(&body[..36]).is_none() && server_hello(&body[..37]).is_none());
    }

    #[test]
    fn versions_by_name() {
        assert_eq!(
            [0x0301, 0x0304, 0x7f1c, 0x0a0a].map(version_name).join(","),
            "TLS 1.0,TLS 1.3,TLS 1.3,0x0a0a"
        );
    }
}
