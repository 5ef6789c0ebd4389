//! A server for one page and its driver: it gives the page's files, and takes what the driver found.

use std::{
    io::{BufRead, BufReader, Read, Result, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

/// What is given, by path, and what was found so far.
pub(crate) struct Server {
    files: Vec<(&'static str, String)>,
    expected: usize,
    patience: Duration,
    found: Mutex<Vec<String>>,
    ended: Condvar,
}

impl Server {
    /// Serves these files on a port of this machine alone, which is returned, until the program ends.
    pub(crate) fn start(
        files: Vec<(&'static str, String)>,
        expected: usize,
        patience: Duration,
    ) -> Result<(Arc<Self>, u16)> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        let found = Mutex::new(Vec::new());
        let server = Arc::new(Self { files, expected, patience, found, ended: Condvar::new() });
        let serving = Arc::clone(&server);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = Arc::clone(&serving);
                // A browser opens connections ahead, and drops some of them.
                std::thread::spawn(move || server.answer(stream));
            }
        });
        Ok((server, port))
    }

    /// What was found since it was last asked.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.found.lock().unwrap())
    }

    fn answer(&self, mut stream: TcpStream) -> Result<()> {
        let mut reader = BufReader::new(stream.try_clone()?);
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let request = line.clone();
        let mut length = 0;
        while !line.trim().is_empty() {
            line.clear();
            reader.read_line(&mut line)?;
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut words = request.split_whitespace();
        let (status, body) = match (words.next(), words.next()) {
            (Some("POST"), Some("/found")) => {
                let mut body = vec![0; length];
                reader.read_exact(&mut body)?;
                self.found.lock().unwrap().push(String::from_utf8_lossy(&body).into_owned());
                self.ended.notify_all();
                ("200 OK", "")
            }
            (Some("GET"), Some("/ended")) => {
                let is_waited_for = |found: &mut Vec<String>| found.len() < self.expected;
                let waited =
                    self.ended.wait_timeout_while(self.found.lock().unwrap(), self.patience, is_waited_for);
                drop(waited);
                ("404 Not Found", "")
            }
            (Some("GET"), Some(path)) => match self.files.iter().find(|(name, _)| *name == path) {
                Some((_, content)) => ("200 OK", content.as_str()),
                None => ("404 Not Found", ""),
            },
            _ => ("400 Bad Request", ""),
        };
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {length}\r\nConnection: \
             close\r\n\r\n{body}"
        )
    }
}
