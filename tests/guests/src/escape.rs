//! Tries what a plugin without permissions may not, and says how far it came.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs, UdpSocket},
};

use wharf_sdk::prelude::*;

#[derive(Serialize)]
struct Tried {
    what: &'static str,
    /// What came of it, if it was not refused.
    got: Option<String>,
}

#[get("/")]
fn escape(call: Call) -> Json<Vec<Tried>> {
    let target: Option<SocketAddr> = call.header("x-target").and_then(|target| target.parse().ok());
    let target = target.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 80)));
    let tried = |what, got: Option<String>| Tried { what, got };
    Json(vec![
        tried("variables", Some(std::env::vars().count()).filter(|count| *count > 0).map(|count| count.to_string())),
        tried("arguments", Some(std::env::args().count()).filter(|count| *count > 0).map(|count| count.to_string())),
        tried("read a file", fs::read_to_string("/etc/hostname").ok()),
        tried("read a file above", fs::read_to_string("../../../../etc/hostname").ok()),
        tried("list the root", fs::read_dir("/").ok().map(|entries| entries.count().to_string())),
        tried("list here", fs::read_dir(".").ok().map(|entries| entries.count().to_string())),
        tried("write a file", fs::write("/tmp/wharf-escaped", "here").ok().map(|()| "written".to_owned())),
        tried("write here", fs::write("wharf-escaped", "here").ok().map(|()| "written".to_owned())),
        tried("make a folder", fs::create_dir("wharf-escaped").ok().map(|()| "made".to_owned())),
        tried("connect", TcpStream::connect(target).ok().map(|stream| talk(stream).unwrap_or_else(|| "connected".to_owned()))),
        tried("listen", TcpListener::bind("127.0.0.1:0").ok().map(|_| "listening".to_owned())),
        tried(
            "send a datagram",
            UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.send_to(b"x", target)).ok().map(|_| "sent".to_owned()),
        ),
        tried("resolve a name", ("localhost", 80).to_socket_addrs().ok().map(|found| found.count().to_string())),
        tried(
            "read standard input",
            Some(std::io::read_to_string(std::io::stdin()).unwrap_or_default()).filter(|text| !text.is_empty()),
        ),
    ])
}

fn talk(mut stream: TcpStream) -> Option<String> {
    stream.write_all(b"hello\r\n").ok()?;
    let mut answer = [0; 16];
    stream.read(&mut answer).ok().map(|read| format!("read {read}"))
}

service!(escape);
