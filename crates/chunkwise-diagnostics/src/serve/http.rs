//! As much of HTTP/1.1 (RFC 9112) as a page that nobody else may read needs.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Shutdown, TcpStream};
use std::time::{Duration, Instant};

/// Bytes of a request's head.
const HEAD: usize = 8 << 10;
/// A head that takes longer is not waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// Somebody who takes nothing for so long is gone.
const STALLED: Duration = Duration::from_secs(10);

/// Nothing but the page's own files, from nowhere else, in nobody's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// What a client asks for.
#[derive(Debug, PartialEq)]
pub(super) struct Request {
    pub method: String,
    /// Without what follows a question mark.
    pub path: String,
    /// `None` unless there is exactly one.
    pub host: Option<String>,
}

impl Request {
    /// Reads the head of a request; `None` where it is none.
    pub fn read(stream: &mut TcpStream) -> io::Result<Option<Request>> {
        stream.set_write_timeout(Some(STALLED))?;
        stream.set_nodelay(true)?;
        let deadline = Instant::now() + PATIENCE;
        let (mut head, mut part) = (Vec::new(), [0; 1024]);
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || head.len() > HEAD {
                return Ok(None);
            }
            stream.set_read_timeout(Some(left))?;
            let n = stream.read(&mut part)?;
            if n == 0 {
                return Ok(None);
            }
            head.extend_from_slice(&part[..n]);
            if let Some(end) = head.windows(4).position(|w| w == b"\r\n\r\n") {
                return Ok(Request::parse(&head[..end]));
            }
        }
    }

    fn parse(head: &[u8]) -> Option<Request> {
        let mut lines = std::str::from_utf8(head).ok()?.split("\r\n");
        let mut words = lines.next()?.split(' ');
        let (method, target, version) = (words.next()?, words.next()?, words.next()?);
        if words.next().is_some() || !version.starts_with("HTTP/1.") || !target.starts_with('/') {
            return None;
        }
        let mut hosts = Vec::new();
        for line in lines {
            let (name, value) = line.split_once(':')?;
            if name.eq_ignore_ascii_case("host") {
                hosts.push(value.trim().to_owned());
            }
        }
        let path = target.split('?').next()?.to_owned();
        let host = hosts.pop().filter(|_| hosts.is_empty());
        Some(Request {
            method: method.to_owned(),
            path,
            host,
        })
    }

    /// Whether the client meant this server. A page of a stranger's name that resolves to this machine
    /// (DNS rebinding) is told apart by its name; an address is nobody's name.
    pub fn is_meant_for(&self, own: &str) -> bool {
        let Some(host) = &self.host else {
            return false;
        };
        let name = without_port(host);
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        name.eq_ignore_ascii_case("localhost")
            || name.eq_ignore_ascii_case(own)
            || bare.parse::<IpAddr>().is_ok()
    }
}

/// A host without the port behind it, whatever port it is: a tunnel has another.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port))
            if port.bytes().all(|b| b.is_ascii_digit())
                && (name.ends_with(']') || !name.contains(':')) =>
        {
            name
        }
        _ => host,
    }
}

/// The head of an answer.
fn head(status: &str, kind: &str, more: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nCache-Control: no-store\r\n\
         Content-Security-Policy: {POLICY}\r\nX-Content-Type-Options: nosniff\r\n\
         X-Frame-Options: DENY\r\nReferrer-Policy: no-referrer\r\n\
         Cross-Origin-Resource-Policy: same-origin\r\nCross-Origin-Opener-Policy: same-origin\r\n\
         Connection: close\r\n{more}\r\n"
    )
}

/// Answers with a text.
pub(super) fn answer(
    stream: &mut TcpStream,
    status: &str,
    kind: &str,
    body: &str,
) -> io::Result<()> {
    let mut more = format!("Content-Length: {}\r\n", body.len());
    if status.starts_with("405") {
        more.push_str("Allow: GET\r\n");
    }
    stream.write_all(head(status, kind, &more).as_bytes())?;
    stream.write_all(body.as_bytes())?;
    stream.flush()?;
    stream.shutdown(Shutdown::Write)?;
    // What was sent and not read would make the system throw the answer away.
    stream.set_read_timeout(Some(Duration::from_millis(200)))?;
    let mut rest = [0; 4096];
    for _ in 0..16 {
        match stream.read(&mut rest) {
            Ok(n) if n > 0 => {}
            _ => break,
        }
    }
    Ok(())
}

/// Begins a stream of events, whose client comes back after a second where it breaks.
pub(super) fn begin_events(stream: &mut TcpStream) -> io::Result<()> {
    let begin = head("200 OK", "text/event-stream; charset=utf-8", "") + "retry: 1000\n\n";
    stream.write_all(begin.as_bytes())
}

/// An event; its data is one line.
pub(super) fn event(name: &str, id: u64, data: &str) -> String {
    format!("id: {id}\nevent: {name}\ndata: {data}\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant(host: &str) -> bool {
        let request = Request {
            method: "GET".to_owned(),
            path: "/".to_owned(),
            host: Some(host.to_owned()),
        };
        request.is_meant_for("machine.local")
    }

    #[test]
    fn own_names_and_addresses_are_meant_and_others_are_not() {
        for own in [
            "localhost",
            "LocalHost:8000",
            "127.0.0.1",
            "127.0.0.1:1",
            "[::1]:8787",
            "[::1]",
            "192.168.0.7:80",
            "machine.local:99",
        ] {
            assert!(meant(own), "{own}");
        }
        for other in [
            "",
            "evil.example",
            "evil.example:80",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "127.0.0.1@evil.example",
            "localhost:80:evil",
            "[::1].evil",
            "machine.local.evil",
        ] {
            assert!(!meant(other), "{other}");
        }
    }

    #[test]
    fn heads_are_read_strictly() {
        let parse = |head: &str| Request::parse(head.as_bytes());
        let request = parse("GET /state?x=1 HTTP/1.1\r\nHOST:  localhost:1 \r\nA: b:c").unwrap();
        assert_eq!(request.path, "/state");
        assert_eq!(request.host.as_deref(), Some("localhost:1"));
        let twice = parse("GET / HTTP/1.1\r\nHost: a\r\nHost: localhost").unwrap();
        assert_eq!(twice.host, None);
        assert!(!twice.is_meant_for("a"));
        for bad in [
            "",
            "GET",
            "GET /",
            "GET / HTTP/2",
            "GET http://localhost/ HTTP/1.1",
            "GET / x HTTP/1.1",
            "GET / HTTP/1.1\r\nno colon",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
