//! As much of HTTP as is needed to see whether an answer came whole.

use std::{io, net::SocketAddr};

use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// Asks one server with one key.
#[derive(Clone)]
pub struct Client {
    pub addr: SocketAddr,
    pub token: String,
}

impl Client {
    /// Status and body, or nothing when the server went away before all of it was there.
    pub async fn ask(&self, method: &str, path: &str, body: &Value) -> Option<(u16, String)> {
        let (status, _, body) = self.ask_whole(method, path, body).await?;
        Some((status, body))
    }

    /// Status, head and body.
    pub async fn ask_whole(
        &self,
        method: &str,
        path: &str,
        body: &Value,
    ) -> Option<(u16, String, String)> {
        let request = self.request(method, path, "", body);
        answer(self.exchange(&request).await.ok()?)
    }

    /// The same for a request with a key.
    pub async fn ask_once(
        &self,
        method: &str,
        path: &str,
        key: &str,
        body: &Value,
    ) -> Option<(u16, String)> {
        let key = format!("idempotency-key: {key}\r\n");
        let request = self.request(method, path, &key, body);
        let (status, _, body) = answer(self.exchange(&request).await.ok()?)?;
        Some((status, body))
    }

    fn request(&self, method: &str, path: &str, headers: &str, body: &Value) -> String {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        format!(
            "{method} {path} HTTP/1.1\r\nhost: test\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\n\
             {headers}content-length: {}\r\nconnection: close\r\n\r\n{body}",
            self.token,
            body.len()
        )
    }

    async fn exchange(&self, request: &str) -> io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(self.addr).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok(answer)
    }
}

fn answer(answer: Vec<u8>) -> Option<(u16, String, String)> {
    let answer = String::from_utf8(answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_length = name.eq_ignore_ascii_case("content-length");
        is_length.then(|| value.trim().parse::<usize>().ok())?
    });
    let is_whole = length.is_none_or(|length| length == body.len());
    is_whole.then(|| (status, head.to_ascii_lowercase(), body.to_owned()))
}
