//! What the tests of the binary share: running it, a server that ends with the test, a small HTTP client.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// What the first password is changed to.
const PASSWORD: &str = "correct-horse-battery";

/// Runs the binary to its end.
pub fn apiarist(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_apiarist"))
        .args(args)
        .stdin(Stdio::null())
        .output()
        .expect("the binary runs")
}

/// The only line on standard error.
#[track_caller]
pub fn one_line(output: &Output) -> String {
    let text = String::from_utf8(output.stderr.clone()).expect("text");
    assert_eq!(text.lines().count(), 1, "{text}");
    text
}

/// The lines of a JSON Lines file.
pub fn json_lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).expect("the file was written");
    text.lines().map(|line| serde_json::from_str(line).expect("a JSON line")).collect()
}

/// A file of the shared development data, when it is there.
pub fn shared(path: &str) -> Option<PathBuf> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(path);
    file.exists().then_some(file)
}

/// A port of the loopback interface that nobody has.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("bound").port()
}

/// A program that ends with the test.
pub struct Ending(pub Child);

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A running server; killed when dropped.
pub struct Server {
    child: Child,
    pub address: String,
    pub password: Option<String>,
}

impl Server {
    /// Starts `apiarist serve` on a free port of the loopback interface and waits until it listens.
    pub fn start(data: &Path) -> Self {
        Self::start_with(data, &[])
    }

    /// The same with further arguments.
    pub fn start_with(data: &Path, arguments: &[&str]) -> Self {
        let address = format!("127.0.0.1:{}", free_port());
        let mut child = Command::new(env!("CARGO_BIN_EXE_apiarist"))
            .args(["serve", "--listen", &address, "--data", data.to_str().expect("a path")])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut password = None;
        for line in lines.by_ref() {
            let line = line.expect("text");
            if let Some((_, rest)) = line.split_once("password ") {
                password = rest.split_whitespace().next().map(str::to_owned);
            }
            if line.contains("http://") {
                break;
            }
        }
        Self { child, address, password }
    }

    /// SIGKILL: the process ends at once, wherever it is.
    pub fn kill(&mut self) {
        self.child.kill().expect("the server runs");
        self.child.wait().expect("the server ends");
    }

    /// SIGTERM: the server hands on what it has and ends.
    pub fn stop(&mut self) {
        let id = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status().expect("kill runs");
        assert!(asked.success(), "the server runs");
        assert!(self.child.wait().expect("the server ends").success());
    }

    /// One request on a connection of its own: status, headers, body.
    pub fn request(
        &self,
        head: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> std::io::Result<(u16, String, Vec<u8>)> {
        let mut stream = TcpStream::connect(&self.address)?;
        let mut request = format!(
            "{head} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\nx-requested-with: apiarist\r\n",
            self.address
        );
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        stream.write_all(request.as_bytes())?;
        stream.write_all(body)?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let end =
            answer.windows(4).position(|w| w == b"\r\n\r\n").ok_or(std::io::ErrorKind::UnexpectedEof)?;
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let status = head
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok())
            .ok_or(std::io::ErrorKind::InvalidData)?;
        Ok((status, head, answer[end + 4..].to_vec()))
    }

    /// Logs in, changes the first password when asked to, and returns the cookie.
    fn log_in(&self, password: &str, new_password: Option<&str>) -> String {
        let login = format!(r#"{{"name":"admin","password":"{password}"}}"#);
        let json = ("content-type", "application/json");
        let (status, head, body) =
            self.request("POST /api/v1/session", &[json], login.as_bytes()).expect("an answer");
        assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
        let cookie = head
            .lines()
            .find_map(|line| {
                line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"))
            })
            .and_then(|(_, value)| value.split(';').next())
            .expect("a cookie")
            .to_owned();
        if let Some(new) = new_password {
            let change = format!(r#"{{"current":"{password}","new":"{new}"}}"#);
            let headers = [json, ("cookie", cookie.as_str())];
            let (status, ..) =
                self.request("PUT /api/v1/session/password", &headers, change.as_bytes()).expect("an answer");
            assert!(status < 300, "password change answered {status}");
        }
        cookie
    }

    /// Logs in for the first time or again; the cookie.
    pub fn enter(&self) -> String {
        match &self.password {
            Some(password) => self.log_in(password, Some(PASSWORD)),
            None => self.log_in(PASSWORD, None),
        }
    }

    /// A token that pushes calls under this name.
    pub fn token(&self, cookie: &str, name: &str) -> String {
        let fields = [("content-type", "application/json"), ("cookie", cookie)];
        let asked = format!(r#"{{"name":"{name}"}}"#);
        let (.., made) = self.request("POST /api/v1/tokens", &fields, asked.as_bytes()).expect("an answer");
        let made: Value = serde_json::from_slice(&made).expect("JSON");
        made["secret"].as_str().expect("the secret").to_owned()
    }

    /// Starts with a configuration file that holds `config`, logged in.
    pub fn configured(dir: &Path, config: &str) -> (Self, String) {
        let (data, file) = (dir.join("data"), dir.join("apiarist.toml"));
        std::fs::write(&file, config).expect("written");
        let server = Self::start_with(&data, &["--config", file.to_str().expect("a path")]);
        let cookie = server.enter();
        (server, cookie)
    }

    /// Waits until so many calls can be listed.
    #[track_caller]
    pub fn wait_for(&self, cookie: &str, calls: usize) {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let total = self.get("/api/v1/calls?size=1", cookie)["total"].as_u64();
            if total >= Some(calls as u64) {
                return;
            }
            assert!(Instant::now() < deadline, "{total:?} of {calls} calls");
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// The number of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Bytes of memory that it had at most so far.
    pub fn peak_memory(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).expect("a process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux");
        line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number") << 10
    }

    /// Waits until a source has received so many records.
    #[track_caller]
    pub fn received(&self, cookie: &str, name: &str, records: u64) {
        self.until(cookie, name, "/received", records);
    }

    /// Waits until a counter of a source has come so far.
    #[track_caller]
    pub fn counter(&self, cookie: &str, name: &str, counter: &str, count: u64) {
        self.until(cookie, name, &format!("/counters/{counter}"), count);
    }

    #[track_caller]
    fn until(&self, cookie: &str, name: &str, at: &str, count: u64) {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let status = self.get("/api/v1/status", cookie);
            let sources = status["sources"].as_array().expect("a list");
            let source = sources.iter().find(|source| source["name"] == name);
            if source.and_then(|source| source.pointer(at)?.as_u64()) >= Some(count) {
                return;
            }
            assert!(Instant::now() < deadline, "{at} {count} of {name}: {status}");
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// The counts of a source once it has received so many records: accepted, dropped by reason. Nothing is lost
    /// between the two.
    #[track_caller]
    pub fn source(&self, cookie: &str, name: &str, received: u64) -> (u64, BTreeMap<String, u64>) {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let status = self.get("/api/v1/status", cookie);
            let sources = status["sources"].as_array().expect("a list");
            let source = sources.iter().find(|source| source["name"] == name).cloned().unwrap_or_default();
            let count = |value: &Value| value.as_u64().unwrap_or(0);
            let dropped: BTreeMap<String, u64> = source["dropped"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|drop| (drop["reason"].as_str().unwrap_or_default().to_owned(), count(&drop["records"])))
                .collect();
            let accepted = count(&source["accepted"]);
            if count(&source["received"]) >= received
                && count(&source["received"]) == accepted + dropped.values().sum::<u64>()
            {
                return (accepted, dropped);
            }
            assert!(Instant::now() < deadline, "{received} records of {name}: {status}");
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// A GET that must succeed.
    #[track_caller]
    pub fn get(&self, path: &str, cookie: &str) -> Value {
        let (status, head, body) =
            self.request(&format!("GET {path}"), &[("cookie", cookie)], b"").expect("an answer");
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
        let chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
        assert!(!chunked, "bodies have a length");
        serde_json::from_slice(&body).expect("JSON")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
