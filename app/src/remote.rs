//! Pushes calls to another instance: `POST /api/v1/ingest` over plain HTTP/1.1, one connection per batch. At least
//! once: a batch whose answer did not come is sent again.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use model::Call;

/// Longest wait for the other side.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Longest wait for an answer to the greeting: traffic passes meanwhile.
const GREETING: Duration = Duration::from_secs(2);
/// Wait before another try when the other side names none.
const PAUSE: Duration = Duration::from_secs(1);
/// Bytes of an answer that are read.
const ANSWER_BYTES_MAX: u64 = 64 << 10;

/// An instance that takes calls.
pub(crate) struct Remote {
    /// Host and port.
    authority: String,
    token: String,
}

/// What became of a batch.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// It is durable there.
    Accepted,
    /// To be tried again after this time.
    Later(Duration),
    /// No call of it can be read there, for this reason: to be given up.
    Unreadable(String),
}

impl Remote {
    /// `url`: like `http://host:7480`.
    pub fn new(url: &str, token: &str) -> Result<Self> {
        let rest = url
            .strip_prefix("http://")
            .ok_or_else(|| anyhow!("{url}: only http:// is spoken; for TLS put a proxy on this side"))?;
        let authority = rest.trim_end_matches('/');
        if authority.is_empty() || authority.contains(['/', '@', '?']) || token.contains(['\r', '\n']) {
            bail!("{url}: expected http://HOST:PORT");
        }
        let authority =
            if port_of(authority).is_some() { authority.to_owned() } else { format!("{authority}:7480") };
        Ok(Self { authority, token: token.to_owned() })
    }

    /// Sends nothing, to learn early whether calls will be taken. An instance that is not there yet is no error.
    ///
    /// # Errors
    /// See [`Self::push`].
    pub fn greet(&self) -> Result<Pushed> {
        self.send(&[], GREETING)
    }

    /// Sends a batch.
    ///
    /// # Errors
    /// The other side refuses for good: a wrong token, no right to push, not an instance at all.
    pub fn push(&self, calls: &[Call]) -> Result<Pushed> {
        let mut body = Vec::new();
        for call in calls {
            serde_json::to_writer(&mut body, call)?;
            body.push(b'\n');
        }
        self.send(&body, TIMEOUT)
    }

    fn send(&self, body: &[u8], patience: Duration) -> Result<Pushed> {
        match self.exchange(body, patience) {
            Ok(answer) => judge(&answer).with_context(|| self.authority.clone()),
            // Not there now: it may come back.
            Err(error) => {
                tracing::debug!(error = %format!("{error:#}"), "push failed");
                Ok(Pushed::Later(PAUSE))
            }
        }
    }

    fn exchange(&self, body: &[u8], patience: Duration) -> Result<Vec<u8>> {
        let address = self.authority.to_socket_addrs()?.next().context("no address")?;
        let mut stream = TcpStream::connect_timeout(&address, patience)?;
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        // Sent again, the same calls are the same batch.
        let batch = if body.is_empty() {
            String::new()
        } else {
            format!("X-Batch-Id: {}\r\n", blake3::hash(body).to_hex())
        };
        let head = format!(
            "POST /api/v1/ingest HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Type: application/x-ndjson\r\n\
             {batch}Content-Length: {}\r\nConnection: close\r\n\r\n",
            self.authority,
            self.token,
            body.len()
        );
        stream.write_all(head.as_bytes())?;
        // A refusal may come before everything is sent; it is read all the same.
        let sent = stream.write_all(body);
        let mut answer = Vec::new();
        let read = stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer);
        if answer.is_empty() {
            sent?;
            read?;
        }
        Ok(answer)
    }
}

fn port_of(authority: &str) -> Option<u16> {
    let (host, port) = authority.rsplit_once(':')?;
    if host.contains(':') && !host.ends_with(']') {
        return None;
    }
    port.parse().ok()
}

/// What an answer means.
fn judge(answer: &[u8]) -> Result<Pushed> {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse::<u16>().ok());
    let retry = lines.filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
        name.eq_ignore_ascii_case("retry-after").then(|| value.trim().parse().ok())?
    });
    match status {
        Some(200..=299) => Ok(Pushed::Accepted),
        Some(408 | 429 | 500..=599) | None => Ok(Pushed::Later(retry.map_or(PAUSE, Duration::from_secs))),
        Some(status) => {
            let what: String = body.chars().filter(|c| !c.is_control()).take(200).collect();
            if status == 400 {
                return Ok(Pushed::Unreadable(what));
            }
            bail!("the instance refuses calls with {status}: {what}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(answer: &str, expect: Option<Pushed>) {
        assert_eq!(judge(answer.as_bytes()).ok(), expect, "{answer}");
    }

    #[test]
    fn answers() {
        check("HTTP/1.1 200 OK\r\n\r\n{}", Some(Pushed::Accepted));
        check(
            "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\n\r\n",
            Some(Pushed::Later(Duration::from_secs(7))),
        );
        check("HTTP/1.1 503 Service Unavailable\r\n\r\n", Some(Pushed::Later(PAUSE)));
        check("", Some(Pushed::Later(PAUSE)));
        check("HTTP/1.1 400 Bad Request\r\n\r\nwhy", Some(Pushed::Unreadable("why".to_owned())));
        check("HTTP/1.1 401 Unauthorized\r\n\r\n{\"code\":\"unauthorized\"}", None);
    }

    #[test]
    fn addresses() {
        let authority = |url| Remote::new(url, "t").ok().map(|remote| remote.authority);
        assert_eq!(authority("http://a.example:80/").as_deref(), Some("a.example:80"));
        assert_eq!(authority("http://a.example").as_deref(), Some("a.example:7480"));
        assert_eq!(authority("http://[::1]").as_deref(), Some("[::1]:7480"));
        assert_eq!(authority("https://a.example"), None);
        assert_eq!(authority("http://a/b"), None);
    }
}
