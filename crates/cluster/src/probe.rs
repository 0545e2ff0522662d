//! Asking a server over its socket whether it takes connections (protocol 3.0, `PostgreSQL` manual, chapter
//! "Frontend/Backend Protocol", "Start-up").

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

const PROTOCOL: i32 = 196_608;
const LONGEST_MESSAGE: usize = 64 * 1024;
const ATTEMPT: Duration = Duration::from_secs(5);
/// SQLSTATE of a server that is starting, recovering or stopping.
const CANNOT_CONNECT_NOW: &str = "57P03";

/// What the server said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Nobody listens, or nothing came back.
    Silent,
    /// The server is there and does not take connections yet.
    Starting,
    /// A connection was made and closed again.
    Ready,
    /// The server will not have this user.
    Refused(String),
}

/// Opens and closes one connection as `user` to the database `postgres`.
pub(crate) async fn ask(socket: &Path, user: &str) -> Answer {
    match tokio::time::timeout(ATTEMPT, converse(socket, user)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(_)) | Err(_) => Answer::Silent,
    }
}

/// Whether someone accepts connections on the socket at all.
pub(crate) async fn is_listening(socket: &Path) -> bool {
    UnixStream::connect(socket).await.is_ok()
}

async fn converse(socket: &Path, user: &str) -> io::Result<Answer> {
    let mut stream = UnixStream::connect(socket).await?;
    stream.write_all(&startup_packet(user)).await?;
    loop {
        let kind = stream.read_u8().await?;
        let length = usize::try_from(stream.read_i32().await?).ok().and_then(|length| length.checked_sub(4));
        let Some(length) = length.filter(|length| *length <= LONGEST_MESSAGE) else {
            return Ok(Answer::Refused("the answer is not PostgreSQL's protocol".to_owned()));
        };
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        match kind {
            b'R' if body.first_chunk() != Some(&[0; 4]) => {
                return Ok(Answer::Refused("it asks for a password".to_owned()));
            }
            b'E' => return Ok(error_answer(&body)),
            b'Z' => {
                stream.write_all(&[b'X', 0, 0, 0, 4]).await?;
                return Ok(Answer::Ready);
            }
            _ => {}
        }
    }
}

fn startup_packet(user: &str) -> Vec<u8> {
    let mut packet = vec![0; 4];
    packet.extend(PROTOCOL.to_be_bytes());
    for text in ["user", user, "database", "postgres", "application_name", "start-up check", ""] {
        packet.extend(text.as_bytes());
        packet.push(0);
    }
    let length = u32::try_from(packet.len()).unwrap_or(u32::MAX).to_be_bytes();
    packet.splice(..4, length);
    packet
}

/// An `ErrorResponse` has fields of a type byte and a zero-terminated text: `C` is the SQLSTATE, `M` the message.
fn error_answer(body: &[u8]) -> Answer {
    let field = |kind: u8| {
        body.split(|byte| *byte == 0)
            .find_map(|field| field.split_first().filter(|(first, _)| **first == kind))
            .map(|(_, text)| String::from_utf8_lossy(text).into_owned())
    };
    if field(b'C').as_deref() == Some(CANNOT_CONNECT_NOW) {
        return Answer::Starting;
    }
    Answer::Refused(field(b'M').unwrap_or_else(|| "no reason given".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_startup_packet_says_its_own_length() {
        let packet = startup_packet("ann");
        assert_eq!(packet[..4], u32::try_from(packet.len()).expect("short").to_be_bytes());
        assert_eq!(packet[4..8], [0, 3, 0, 0]);
        assert!(packet[8..].starts_with(b"user\0ann\0database\0postgres\0"));
        assert!(packet.ends_with(b"\0\0"));
    }

    #[test]
    fn errors_while_starting_are_told_from_refusals() {
        assert_eq!(
            error_answer(b"SFATAL\0C57P03\0Mthe database system is starting up\0\0"),
            Answer::Starting
        );
        assert_eq!(
            error_answer(b"SFATAL\0C28000\0Mrole \"x\" does not exist\0\0"),
            Answer::Refused("role \"x\" does not exist".to_owned())
        );
        assert_eq!(error_answer(b""), Answer::Refused("no reason given".to_owned()));
    }
}
