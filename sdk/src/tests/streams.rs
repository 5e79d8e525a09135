//! Bodies that are read on demand, replies that are written on the way.

use std::io::{self, Read, Write};

use crate::prelude::*;
use crate::testing::TestHost;

#[post("/count")]
fn count(mut body: Body) -> Result<String> {
    let announced = body.length();
    let (mut pieces, mut bytes) = (0, 0);
    while let Some(piece) = body.read(1000)? {
        assert!(!piece.is_empty() && piece.len() <= 1000);
        (pieces, bytes) = (pieces + 1, bytes + piece.len());
    }
    Ok(format!("{announced:?} {pieces} {bytes}"))
}

#[post("/echo")]
fn echo(body: Body) -> Body {
    body
}

#[post("/tail")]
fn tail(mut body: Body) -> Result<Body> {
    body.read(2)?;
    Ok(body)
}

#[post("/upper")]
fn upper(mut body: Body, reply: Reply) -> Result<Streamed> {
    let writer = reply.start(200, &[("Content-Type", "text/plain")])?;
    while let Some(piece) = body.read(4)? {
        writer.write(&piece.to_ascii_uppercase())?;
    }
    writer.finish()
}

#[post("/copy")]
fn copy(mut body: Body, reply: Reply) -> Result<Streamed> {
    let mut writer = reply.start(200, &[])?;
    write!(writer, "copy: ")?;
    io::copy(&mut body, &mut writer)?;
    writer.finish()
}

#[get("/breaks")]
fn breaks(reply: Reply) -> Result<Streamed> {
    let writer = reply.start(200, &[])?;
    writer.write(b"half")?;
    Err(Error::failure("plugin.broke", "after the head"))
}

#[get("/twice")]
fn twice(first: Reply, second: Reply) -> Result<Streamed> {
    let writer = first.start(200, &[])?;
    let error = second.start(200, &[]).unwrap_err();
    writer.write(error.code().as_bytes())?;
    writer.finish()
}

#[get("/invalid")]
fn invalid(reply: Reply) -> Result<Streamed> {
    reply.start(200, &[("bad name", "x")])?.finish()
}

#[get("/forgets")]
fn forgets(reply: Reply) -> Result<&'static str> {
    let _writer = reply.start(200, &[])?;
    Ok("another answer")
}

#[post("/limited")]
fn limited(body: Body) -> Result<Vec<u8>> {
    body.into_bytes(10)
}

#[get("/bytes/{size}")]
fn bytes(size: usize) -> Response {
    Response::new(200).header("x", "1").body(vec![b'x'; size])
}

#[get("/text")]
fn text() -> String {
    "x".repeat(2 << 20)
}

#[get("/pieces/{size}")]
fn pieces(size: usize, reply: Reply) -> Result<Streamed> {
    let writer = reply.start(200, &[])?;
    for _ in 0..2 {
        writer.write(&vec![b'x'; size])?;
    }
    writer.finish()
}

#[get("/careless")]
fn careless(reply: Reply) -> Result<Streamed> {
    let writer = reply.start(200, &[])?;
    let _ = writer.write(&vec![b'x'; (2 << 20) + 1]);
    writer.finish()
}

service!(careless, count, echo, tail, upper, copy, breaks, twice, invalid, forgets, limited, bytes, text, pieces);

fn host() -> TestHost {
    TestHost::new(routes())
}

/// Gives a few bytes, then breaks.
struct Breaking(Option<&'static str>);

impl Read for Breaking {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let text = self.0.take().ok_or(io::ErrorKind::ConnectionReset)?;
        text.as_bytes().read(into)
    }
}

#[test]
fn small_bodies_are_bytes_and_large_ones_readers() {
    assert_eq!(host().post("/count", "").text(), "Some(0) 0 0");
    assert_eq!(host().post("/count", vec![b'x'; 65_536]).text(), "Some(65536) 66 65536");
    assert_eq!(host().post("/count", vec![b'x'; 65_537]).text(), "Some(65537) 66 65537");
    assert_eq!(host().request("POST", "/count").reader(io::repeat(b'x').take(70_000)).send().text(), "None 70 70000");
}

#[test]
fn a_body_handed_back_is_pumped_by_the_host() {
    for size in [0, 3, 70_000] {
        assert_eq!(host().post("/echo", vec![b'x'; size]).body.len(), size);
        assert_eq!(host().post("/tail", vec![b'x'; size]).body.len(), size.saturating_sub(2));
    }
    let broken = host().request("POST", "/echo").reader(Breaking(Some("half"))).send();
    assert!(broken.cut);
    assert_eq!(broken.failure().unwrap().code(), "body.gone");
}

#[test]
fn a_reply_is_written_on_the_way() {
    let response = host().post("/upper", "some text");
    assert_eq!((response.status, response.text(), response.cut), (200, "SOME TEXT", false));
    assert_eq!(response.header("content-type"), Some("text/plain"));
    assert_eq!(host().post("/copy", "some text").text(), "copy: some text");
    assert_eq!(host().get("/twice").text(), "reply.started");
}

#[test]
fn a_reply_that_is_not_finished_is_cut() {
    let response = host().get("/breaks");
    assert_eq!((response.status, response.text(), response.cut), (200, "half", true));
    assert_eq!(response.failure().unwrap().code(), "plugin.broke");
    let response = host().get("/forgets");
    assert!(response.cut && response.failure().is_some());
    let response = host().get("/invalid");
    assert_eq!((response.status, response.failure().unwrap().code()), (502, "reply.invalid"));
}

#[test]
fn an_error_keeps_its_code_through_std_io() {
    // After the head, so cut; the code is the host's and not "an io error".
    let response = host().request("POST", "/copy").reader(Breaking(Some("half"))).send();
    assert_eq!((response.cut, response.failure().unwrap().code()), (true, "body.gone"));
    let plain = Error::from(io::Error::other("plain"));
    assert_eq!((plain.code(), plain.message()), ("plugin.failed", "plain"));
}

#[test]
fn a_limit_of_the_plugin_is_an_answer() {
    assert_eq!(host().post("/limited", "0123456789").status, 200);
    for request in
        [host().request("POST", "/limited").body("0123456789x"), host().request("POST", "/limited").reader(&b"0123456789x"[..])]
    {
        let response = request.send();
        assert_eq!(response.text(), r#"{"error":{"code":"payload_too_large","message":"the body may have 10 bytes"}}"#);
        assert_eq!(response.status, 413);
    }
}

#[test]
fn a_response_is_returned_with_2_mib_at_most_and_streamed_with_more() {
    // A header weighs its name and value and 48 bytes.
    let largest = (2 << 20) - 50;
    assert_eq!(host().get(&format!("/bytes/{largest}")).body.len(), largest);
    for path in [&format!("/bytes/{}", largest + 1), "/text"] {
        let response = host().get(path);
        let failure = response.failure().unwrap();
        assert_eq!((response.status, response.text(), failure.code()), (502, "", "limit.host-call-bytes"));
        assert!(failure.message().contains("`host-call-bytes` allows 2097152 (WH2306)"), "{failure}");
    }
    assert_eq!(host().get(&format!("/pieces/{}", 2 << 20)).body.len(), 4 << 20);
    let response = host().get(&format!("/pieces/{}", (2 << 20) + 1));
    assert_eq!((response.cut, response.failure().unwrap().code()), (true, "limit.host-call-bytes"));
    // The host ends the call, whatever the handler makes of it.
    let response = host().get("/careless");
    assert_eq!((response.cut, response.failure().unwrap().code()), (true, "limit.host-call-bytes"));
    assert_eq!(host().post("/echo", vec![b'x'; 3 << 20]).body.len(), 3 << 20);
}
