//! Who looks, and what they are sent.

use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use super::board::Board;
use super::http::{self, Request};
use super::snapshot;

/// Clients at a time; a page is one.
const MOST: usize = 32;
/// Between two states, and between two samples.
const PACE: Duration = Duration::from_millis(250);
/// So many states go by between two pictures of all threads.
const SELDOM: u64 = 4;
/// Samples that a state tells again, for those who missed it before.
const AGAIN: usize = 12;

const PAGE: &str = include_str!("page/index.html");
const STYLE: &str = include_str!("page/page.css");
const SCRIPT: &str = include_str!("page/page.js");

#[derive(Debug)]
pub(super) struct Clients {
    board: Arc<Board>,
    /// The host as it was given.
    host: String,
    /// Which server this is: a page that meets another one begins anew.
    epoch: u64,
    closed: AtomicBool,
    /// Connections at present, and streams of events among them.
    open: AtomicUsize,
    streams: AtomicUsize,
    latest: Mutex<Latest>,
    news: Condvar,
}

/// What is sent next.
#[derive(Debug, Default)]
struct Latest {
    state: (u64, Arc<str>),
    tasks: (u64, Arc<str>),
    closed: bool,
}

/// Counts a connection or a stream as long as it is there.
struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn new(count: &'a AtomicUsize) -> Counted<'a> {
        count.fetch_add(1, Ordering::AcqRel);
        Counted(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Clients {
    pub fn new(board: Arc<Board>, host: &str) -> Clients {
        let epoch = SystemTime::now().duration_since(UNIX_EPOCH);
        Clients {
            board,
            host: host.to_owned(),
            epoch: epoch.map_or(0, |t| t.as_millis() as u64),
            closed: AtomicBool::new(false),
            open: AtomicUsize::new(0),
            streams: AtomicUsize::new(0),
            latest: Mutex::default(),
            news: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Latest> {
        self.latest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Ends what goes on here; who looks is sent the last state.
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
        let _latest = self.lock();
        self.news.notify_all();
    }

    /// Waits until nobody looks any more, but not longer than told.
    pub fn wait(&self, most: Duration) {
        let end = crate::now() + most;
        while self.streams.load(Ordering::Acquire) > 0 && crate::now() < end {
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Samples, and writes the state for those who look, until closed.
    pub fn publish(&self) {
        let mut round = 0u64;
        loop {
            let closed = self.is_closed();
            self.board.lock().sample();
            if self.streams.load(Ordering::Acquire) > 0 || closed {
                // Where nothing goes on, who looks is told less often.
                let busy = !self.board.lock().running.is_empty();
                let often = round.is_multiple_of(SELDOM);
                if busy || often || closed {
                    self.renew(often || closed, closed);
                }
            }
            if closed {
                return;
            }
            round += 1;
            let waiting = self.lock();
            if !self.is_closed() {
                let _ = self
                    .news
                    .wait_timeout_while(waiting, PACE, |_| !self.is_closed());
            }
        }
    }

    /// What is sent next is what stands now.
    fn renew(&self, tasks: bool, closed: bool) {
        let state = self.named(snapshot::state(&self.board, AGAIN), closed);
        let tasks = tasks.then(|| snapshot::tasks(&self.board));
        let mut latest = self.lock();
        latest.closed = closed;
        let number = latest.state.0 + 1;
        latest.state = (number, state.to_string().into());
        if let Some(tasks) = tasks {
            latest.tasks = (number, tasks.into());
        }
        self.news.notify_all();
    }

    fn named(&self, mut state: Value, closed: bool) -> Value {
        state["epoch"] = self.epoch.into();
        state["closed"] = closed.into();
        state
    }

    /// Answers everybody who comes, until closed.
    pub fn listen(self: &Arc<Self>, listener: &TcpListener) {
        loop {
            let came = listener.accept();
            if self.is_closed() {
                return;
            }
            match came {
                Ok((stream, _)) => self.receive(stream),
                // Out of descriptors, or a client that is gone already: both pass.
                Err(_) => std::thread::sleep(Duration::from_millis(50)),
            }
        }
    }

    fn receive(self: &Arc<Self>, mut stream: TcpStream) {
        if self.open.load(Ordering::Acquire) >= MOST {
            let _ = stream.set_nonblocking(true);
            let _ = stream.write_all(b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
            return;
        }
        let clients = Arc::clone(self);
        // Counted here: the next one is asked for before the thread has begun.
        self.open.fetch_add(1, Ordering::AcqRel);
        let serve = move || {
            // A client that breaks off is its own matter.
            let _ = clients.serve(&mut stream);
            clients.open.fetch_sub(1, Ordering::AcqRel);
        };
        let thread = std::thread::Builder::new().name("chunkwise-client".to_owned());
        if thread.stack_size(256 << 10).spawn(serve).is_err() {
            self.open.fetch_sub(1, Ordering::AcqRel);
        }
    }

    fn serve(&self, stream: &mut TcpStream) -> io::Result<()> {
        const TEXT: &str = "text/plain; charset=utf-8";
        let Some(request) = Request::read(stream)? else {
            return http::answer(stream, "400 Bad Request", TEXT, "not a request\n");
        };
        if !request.is_meant_for(&self.host) {
            let status = "421 Misdirected Request";
            return http::answer(stream, status, TEXT, "this server has another name\n");
        }
        if request.method != "GET" {
            let status = "405 Method Not Allowed";
            return http::answer(stream, status, TEXT, "only GET\n");
        }
        let (kind, body) = match request.path.as_str() {
            "/" => ("text/html; charset=utf-8", PAGE),
            "/page.css" => ("text/css; charset=utf-8", STYLE),
            "/page.js" => ("text/javascript; charset=utf-8", SCRIPT),
            "/state" => {
                let mut state = self.named(snapshot::state(&self.board, usize::MAX), false);
                let lanes = serde_json::from_str(&snapshot::tasks(&self.board));
                state["lanes"] = lanes.unwrap_or(Value::Null);
                let body = state.to_string();
                return http::answer(stream, "200 OK", "application/json", &body);
            }
            "/events" => return self.events(stream),
            _ => return http::answer(stream, "404 Not Found", TEXT, "no such page\n"),
        };
        http::answer(stream, "200 OK", kind, body)
    }

    /// Sends what there is, and then always the latest.
    fn events(&self, stream: &mut TcpStream) -> io::Result<()> {
        let _here = Counted::new(&self.streams);
        http::begin_events(stream)?;
        let (mut seen, mut seen_tasks) = {
            let latest = self.lock();
            (latest.state.0, latest.tasks.0)
        };
        let whole = self.named(snapshot::state(&self.board, usize::MAX), false);
        let first = http::event("state", seen, &whole.to_string())
            + &http::event("tasks", seen, &snapshot::tasks(&self.board));
        stream.write_all(first.as_bytes())?;
        loop {
            let (state, tasks, closed) = {
                let mut latest = self.lock();
                while latest.state.0 == seen && !latest.closed {
                    latest = self
                        .news
                        .wait(latest)
                        .unwrap_or_else(PoisonError::into_inner);
                }
                (latest.state.clone(), latest.tasks.clone(), latest.closed)
            };
            let mut text = String::new();
            if tasks.0 != seen_tasks {
                text.push_str(&http::event("tasks", tasks.0, &tasks.1));
            }
            if state.0 != seen {
                text.push_str(&http::event("state", state.0, &state.1));
            }
            (seen, seen_tasks) = (state.0, tasks.0);
            stream.write_all(text.as_bytes())?;
            if closed {
                return stream.flush();
            }
        }
    }
}
