//! The sender's and the receiver's side of HTTP, as little of it as the scripted run needs; on sockets of
//! their own, with no word of the engine's.

use super::checker::{Answer, Seen, Told};
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The longest wait for anything; nothing takes this long unless it is broken.
const PATIENCE: Duration = Duration::from_secs(30);

/// A short name of bytes.
pub fn print(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

/// A sender's connection.
pub struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    /// Connects to `http://host:port`.
    pub fn connect(base: &str) -> io::Result<Client> {
        let address = base.strip_prefix("http://").unwrap_or(base);
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Client { stream: BufReader::new(stream) })
    }

    /// Sends a message; status and body of the answer.
    pub fn send(&mut self, token: &str, body: &str) -> io::Result<(u16, String)> {
        let head = format!(
            "POST /fhir/$process-message HTTP/1.1\r\nhost: engine\r\n\
             authorization: Bearer {token}\r\ncontent-type: application/fhir+json\r\n\
             content-length: {}\r\n\r\n",
            body.len()
        );
        let request = [head.as_bytes(), body.as_bytes()].concat();
        self.stream.get_mut().write_all(&request)?;
        let (first, _, body) = read(&mut self.stream)?;
        let status = first.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }

    /// Sends a message; what its sender is told.
    pub fn told(&mut self, token: &str, body: &str) -> Told {
        match self.send(token, body) {
            Ok((200, body)) if body.contains("\"code\":\"ok\"") => Told::Accepted,
            Ok((200, body)) if body.contains("\"code\":\"fatal-error\"") => Told::Refused,
            _ => Told::Nothing,
        }
    }
}

/// One HTTP message: its first line, its header lines, its body.
fn read(stream: &mut impl BufRead) -> io::Result<(String, Vec<String>, Vec<u8>)> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_ascii_lowercase()),
        }
    }
    let header = |name: &str| lines.iter().find_map(|l| Some(l.strip_prefix(name)?.trim()));
    let length = header("content-length:").and_then(|l| l.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok((lines.first().cloned().unwrap_or_default(), lines, body))
}

#[derive(Default)]
struct State {
    seen: Vec<Seen>,
    confirmed: BTreeSet<String>,
    met: BTreeSet<String>,
}

/// A receiver. It takes messages, says "later" to the first attempt of some and drops its answer to the
/// first attempt of others.
#[derive(Clone)]
pub struct Receiver {
    /// Its address.
    pub url: String,
    state: Arc<(Mutex<State>, Condvar)>,
}

impl Receiver {
    /// Starts one on a port of the system's choice; it lives until the process ends.
    pub fn start() -> io::Result<Receiver> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}/", listener.local_addr()?);
        let receiver = Receiver { url, state: Arc::default() };
        let serving = receiver.clone();
        std::thread::Builder::new().spawn(move || {
            for stream in listener.incoming().flatten() {
                let one = serving.clone();
                let serve = move || drop(one.serve(stream));
                drop(std::thread::Builder::new().spawn(serve));
            }
        })?;
        Ok(receiver)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self, stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut stream = BufReader::new(stream);
        loop {
            let (_, headers, body) = read(&mut stream)?;
            let header = |name: &str| headers.iter().find_map(|l| l.strip_prefix(name));
            let message = header("idempotency-key: ").unwrap_or_default().to_owned();
            let flagged = header("possible-duplicate: ").is_some();
            let answer = self.note(message, print(&body), flagged);
            let line = match answer {
                Answer::Took => "200 OK",
                Answer::Later => "503 Service Unavailable",
                Answer::Dropped => return stream.get_mut().shutdown(Shutdown::Both),
            };
            let answer = format!("HTTP/1.1 {line}\r\ncontent-length: 0\r\n\r\n");
            stream.get_mut().write_all(answer.as_bytes())?;
        }
    }

    /// Writes down what came, and decides what is answered: by the message's own number, at its first attempt.
    fn note(&self, message: String, content: u64, flagged: bool) -> Answer {
        let mut state = self.state();
        let number = u32::from_str_radix(message.get(..8).unwrap_or_default(), 16).unwrap_or(0);
        let answer = match (state.met.insert(message.clone()), number % 7) {
            (true, 2) => Answer::Later,
            (true, 3) => Answer::Dropped,
            _ => Answer::Took,
        };
        if answer == Answer::Took {
            state.confirmed.insert(message.clone());
        }
        state.seen.push(Seen::Got { message, content, flagged, answer });
        self.state.1.notify_all();
        answer
    }

    /// Writes down what a sender or the harness saw.
    pub fn saw(&self, seen: Seen) {
        self.state().seen.push(seen);
    }

    /// Waits until these messages have all been confirmed; false when that takes longer.
    pub fn wait_for(&self, messages: &BTreeSet<String>, longest: Duration) -> bool {
        let until = Instant::now() + longest;
        let mut state = self.state();
        while !messages.is_subset(&state.confirmed) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.state.1.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// All that was seen, in order.
    pub fn seen(&self) -> Vec<Seen> {
        self.state().seen.clone()
    }
}
