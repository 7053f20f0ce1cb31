//! What the handshake messages of a connection say, as far as the keys depend on it (RFC 5246 §7.4, RFC 8446 §4).

use model::{TlsInfo, limits};

use super::cipher::Agreed;
use super::fingerprint;
use super::hello::{
    ClientHello, Random, ServerHello, client_hello, extension, extensions, protocols, server_hello,
    version_name,
};
use super::keys::Keys;
use super::read::Reader;
use super::schedule::{self, Master};
use super::suite::{Suite, suite_name};

/// Handshake message types.
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const NEW_SESSION_TICKET: u8 = 4;
const ENCRYPTED_EXTENSIONS: u8 = 8;
const CLIENT_KEY_EXCHANGE: u8 = 16;

/// Puts the messages of one direction together.
#[derive(Debug, Default)]
pub(super) struct Messages {
    rest: Vec<u8>,
    /// Bytes of a message that is too long to be held.
    skip: usize,
}

impl Messages {
    /// Takes the content of a record; `take` gets whole messages, header included.
    pub(super) fn feed(&mut self, mut content: &[u8], mut take: impl FnMut(&[u8])) {
        let skipped = self.skip.min(content.len());
        self.skip -= skipped;
        content = &content[skipped..];
        self.rest.extend_from_slice(content);
        let mut at = 0;
        while let Some(len) = self.rest.get(at + 1..at + 4).and_then(|bytes| Reader(bytes).u24()) {
            let end = at + 4 + len;
            if len > limits::TLS_HANDSHAKE_BYTES_MAX {
                self.skip = end.saturating_sub(self.rest.len());
                at = end.min(self.rest.len());
                continue;
            }
            let Some(message) = self.rest.get(at..end) else { break };
            take(message);
            at = end;
        }
        self.rest.drain(..at);
    }

    /// Bytes are missing: what is left of a message is no use.
    pub(super) fn lose(&mut self) {
        *self = Self::default();
    }

    pub(super) fn bytes(&self) -> usize {
        self.rest.len()
    }
}

/// What follows from a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    None,
    ClientHello,
    ServerHello,
}

/// The handshake so far.
#[derive(Debug, Default)]
pub(super) struct Handshake {
    pub client: Option<ClientHello>,
    pub server: Option<ServerHello>,
    /// JA3 and JA4 of the first ClientHello.
    fingerprints: Option<[String; 2]>,
    /// All messages, while a master secret may have to be computed from them.
    transcript: Vec<u8>,
    key_exchange: Option<Vec<u8>>,
    ticket: Vec<u8>,
    master: Option<Master>,
    /// Keys were looked for when this many were known, in vain.
    tried: Option<u64>,
    /// From EncryptedExtensions.
    alpn: Vec<u8>,
    /// The server answered to early data: `Some(true)` when it took them.
    pub early_accepted: Option<bool>,
}

impl Handshake {
    /// Takes a message in clear, or one of TLS 1.2 that was decrypted.
    pub(super) fn message(&mut self, message: &[u8], from_client: bool) -> Event {
        let (kind, body) = (message[0], message.get(4..).unwrap_or_default());
        match kind {
            CLIENT_HELLO => return self.client_hello(message, body),
            SERVER_HELLO => {
                self.note(message);
                return self.server_hello(body);
            }
            CLIENT_KEY_EXCHANGE if from_client && self.key_exchange.is_none() => {
                self.note(message);
                self.key_exchange = Reader(body).long().map(<[u8]>::to_vec);
                self.key_exchange.get_or_insert_default();
                return Event::None;
            }
            NEW_SESSION_TICKET if !from_client => {
                self.ticket = Reader(body.get(4..).unwrap_or_default()).long().unwrap_or_default().to_vec();
            }
            _ => {}
        }
        if self.key_exchange.is_none() {
            self.note(message);
        }
        Event::None
    }

    /// Keeps a message for the transcript while one may be needed.
    fn note(&mut self, message: &[u8]) {
        let needed = self.server.as_ref().is_none_or(|server| {
            Suite::find(server.cipher).is_some_and(Suite::is_static_rsa) && !server.is_tls13()
        });
        if needed && self.transcript.len() + message.len() <= limits::TLS_HANDSHAKE_BYTES_MAX {
            self.transcript.extend_from_slice(message);
        } else {
            self.transcript = Vec::new();
        }
    }

    fn client_hello(&mut self, message: &[u8], body: &[u8]) -> Event {
        let Some(hello) = client_hello(body) else { return Event::None };
        if self.server.is_some() {
            // A new handshake on the same connection (RFC 5746).
            let fingerprints = self.fingerprints.take();
            *self = Self { fingerprints, ..Self::default() };
        }
        if self.fingerprints.is_none() {
            self.fingerprints = Some([fingerprint::ja3(&hello), fingerprint::ja4(&hello)]);
        }
        self.client = Some(hello);
        self.transcript.clear();
        self.note(message);
        Event::ClientHello
    }

    fn server_hello(&mut self, body: &[u8]) -> Event {
        match server_hello(body) {
            Some(hello) if hello.is_retry() => {
                // Early data is refused; another ClientHello follows.
                if let Some(client) = &mut self.client {
                    client.early_data = false;
                }
                Event::None
            }
            Some(hello) => {
                self.server = Some(hello);
                Event::ServerHello
            }
            None => Event::None,
        }
    }

    /// Takes the first message that TLS 1.3 encrypts.
    pub(super) fn encrypted_extensions(&mut self, message: &[u8]) {
        if self.early_accepted.is_some() || message[0] != ENCRYPTED_EXTENSIONS {
            return;
        }
        self.early_accepted = Some(false);
        for (number, content) in extensions(message.get(6..).unwrap_or_default()) {
            match number {
                extension::EARLY_DATA => self.early_accepted = Some(true),
                extension::ALPN => self.alpn = protocols(content).into_iter().next().unwrap_or_default(),
                _ => {}
            }
        }
    }

    pub(super) fn suite(&self) -> Option<Suite> {
        Suite::find(self.server.as_ref()?.cipher)
    }

    pub(super) fn client_random(&self) -> Option<&Random> {
        self.client.as_ref().map(|client| &client.random)
    }

    /// What TLS 1.0 to 1.2 agreed on, once both hellos were seen.
    pub(super) fn agreed(&self) -> Option<Agreed<'_>> {
        let (client, server) = (self.client.as_ref()?, self.server.as_ref()?);
        Some(Agreed {
            suite: self.suite()?,
            version: server.version,
            client_random: &client.random,
            server_random: &server.random,
            encrypt_then_mac: server.encrypt_then_mac,
        })
    }

    /// The master secret of TLS 1.0 to 1.2, when the keys give it.
    pub(super) fn master(&mut self, keys: &mut Keys) -> Option<Master> {
        if self.master.is_none() && self.tried != Some(keys.generation()) {
            self.tried = Some(keys.generation());
            self.master = self.find_master(keys);
        }
        let master = self.master.clone()?;
        if keys.need_whole_capture() {
            keys.remember(&self.ticket, &master);
            if let Some(server) = &self.server {
                keys.remember(&server.session_id, &master);
            }
        }
        self.transcript = Vec::new();
        Some(master)
    }

    fn find_master(&self, keys: &Keys) -> Option<Master> {
        let (client, server) = (self.client.as_ref()?, self.server.as_ref()?);
        if let Some(master) = keys.master(&client.random) {
            return Some(master.clone());
        }
        let Some(key_exchange) = &self.key_exchange else {
            let by_id = keys.session(&server.session_id).filter(|_| !server.session_id.is_empty());
            return by_id
                .or_else(|| keys.session(&client.ticket).filter(|_| !client.ticket.is_empty()))
                .cloned();
        };
        let agreed = self.agreed().filter(|agreed| agreed.suite.is_static_rsa())?;
        let seen = Some(self.transcript.as_slice()).filter(|bytes| !bytes.is_empty());
        let premaster = keys.premaster(key_exchange, seen)?;
        let derivation = agreed.derivation();
        Some(match server.extended_master_secret {
            true => schedule::extended_master(derivation, &premaster.0, seen?),
            false => schedule::master(derivation, &premaster.0, &[&client.random, &server.random]),
        })
    }

    pub(super) fn bytes(&self) -> usize {
        self.transcript.len()
    }

    /// What the hellos say.
    pub(super) fn info(&self) -> TlsInfo {
        let mut info = TlsInfo::default();
        let text = |protocol: &Vec<u8>| String::from_utf8_lossy(protocol).into_owned();
        if let Some(client) = &self.client {
            info.sni.clone_from(&client.sni);
            info.alpn = client.alpn.iter().map(text).collect::<Vec<_>>().join(",");
        }
        if let Some([ja3, ja4]) = &self.fingerprints {
            (info.ja3, info.ja4) = (ja3.clone(), ja4.clone());
        }
        if let Some(server) = &self.server {
            info.version = version_name(server.version);
            info.cipher = suite_name(server.cipher);
            if !server.is_tls13() || self.early_accepted.is_some() {
                let chosen = if server.is_tls13() { &self.alpn } else { &server.alpn };
                info.alpn = text(chosen);
            }
        }
        info
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(stream: &[u8], expect: &[u8]) {
        for step in [1, 2, stream.len()] {
            let (mut messages, mut kinds) = (Messages::default(), Vec::new());
            stream.chunks(step).for_each(|part| messages.feed(part, |message| kinds.push(message[0])));
            assert_eq!(kinds, expect);
            assert!(messages.bytes() <= limits::TLS_HANDSHAKE_BYTES_MAX);
        }
    }

    #[test]
    fn messages_over_any_split() {
        check(&[1, 0, 0, 2, 9, 9, 2, 0, 0, 0, 11, 0, 0, 1], &[1, 2]);
        let long = [&[11, 0x10, 0, 0][..], &[0; 0x10_0000], &[14, 0, 0, 0]].concat();
        check(&long, &[14]);
    }
}
