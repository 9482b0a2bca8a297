//! A page that shows runs as they go on.
//!
//! ```text
//! run's threads -> Recorder -> Watched: counters and bars, bounded, behind a lock for each thread
//! publisher     -> four times a second: a sample; for who looks, the whole as JSON
//! client        -> takes the latest that there is when it has taken the last: a slow one misses some
//! ```
//!
//! Every event is the whole of what it tells, so that a client that comes back, or one that is slow,
//! needs nothing of what it missed.

mod board;
mod clients;
mod history;
mod http;
mod lane;
mod snapshot;
mod watched;

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use chunkwise_exec::Subscriber;

use board::Board;
use clients::Clients;
use watched::Recorder;

/// Serves the page until it is closed or dropped.
///
/// Only addresses and names of this machine are answered, and only `GET`. Whoever can reach the
/// address can read what is shown: names of operations and files, and places in the program.
///
/// ```
/// use chunkwise_diagnostics::serve::Server;
/// let server = Server::bind("127.0.0.1", 0)?;
/// // session.with_subscriber(server.recorder())
/// # let _ = server.recorder();
/// assert!(server.url().starts_with("http://127.0.0.1:"));
/// server.close();
/// # Ok::<_, std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Server {
    board: Arc<Board>,
    clients: Arc<Clients>,
    address: SocketAddr,
    /// A copy of the process that a fork makes has none of the threads.
    process: u32,
    closed: AtomicBool,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl Server {
    /// Listens at a host's address and a port, 0 being any that is free.
    ///
    /// # Errors
    ///
    /// The host has no address, or the port is taken.
    pub fn bind(host: &str, port: u16) -> io::Result<Server> {
        Server::with_places(host, port, true)
    }

    /// The same; without places in the program, where they say nothing to those who look.
    ///
    /// # Errors
    ///
    /// Those of [`bind`](Self::bind).
    pub fn with_places(host: &str, port: u16, places: bool) -> io::Result<Server> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let addresses: Vec<SocketAddr> = (bare, port).to_socket_addrs()?.collect();
        let listener = TcpListener::bind(&addresses[..])?;
        let address = listener.local_addr()?;
        let board = Arc::new(Board::new(places));
        let clients = Arc::new(Clients::new(Arc::clone(&board), host));
        let spawn = |name: &str, life: Box<dyn FnOnce() + Send>| {
            let thread = std::thread::Builder::new().name(name.to_owned());
            thread.spawn(life)
        };
        let (of_publisher, of_listener) = (Arc::clone(&clients), Arc::clone(&clients));
        let mut threads = vec![spawn(
            "chunkwise-page",
            Box::new(move || of_publisher.publish()),
        )?];
        match spawn(
            "chunkwise-serve",
            Box::new(move || of_listener.listen(&listener)),
        ) {
            Ok(thread) => threads.push(thread),
            Err(error) => {
                clients.close();
                return Err(error);
            }
        }
        Ok(Server {
            board,
            clients,
            address,
            process: std::process::id(),
            closed: AtomicBool::new(false),
            threads: Mutex::new(threads),
        })
    }

    /// Shows one run after another. For runs at the same time, make one each.
    pub fn recorder(&self) -> Arc<dyn Subscriber> {
        Arc::new(Recorder::new(Arc::clone(&self.board)))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The page's address, as a browser on this machine takes it.
    pub fn url(&self) -> String {
        format!("http://{}/", self.reachable())
    }

    /// The address by which this machine reaches it.
    fn reachable(&self) -> SocketAddr {
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(match address {
                SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        address
    }

    /// Shows the end to who looks, and ends. Runs are not disturbed.
    pub fn close(&self) {
        if self.closed.swap(true, Ordering::AcqRel) || self.process != std::process::id() {
            return;
        }
        self.clients.close();
        // The listener waits for somebody.
        let _ = TcpStream::connect_timeout(&self.reachable(), Duration::from_secs(1));
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        for thread in threads.drain(..) {
            // It has nothing to hand back.
            let _ = thread.join();
        }
        self.clients.wait(Duration::from_millis(500));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.close();
    }
}
