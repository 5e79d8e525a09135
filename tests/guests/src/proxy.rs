//! A stock component of `wasi:http` 0.2, which knows nothing of Wharf; each path is a behaviour, mostly a bad one.

#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, reason = "the bindings export by it")]
mod component {
    use std::{
        hint::black_box,
        sync::atomic::{AtomicU32, Ordering},
    };

    use exports::wasi::http::incoming_handler::Guest;
    use wasi::{
        clocks::monotonic_clock::subscribe_duration,
        http::{
            outgoing_handler,
            types::{
                ErrorCode, Fields, IncomingBody, IncomingRequest, Method, OutgoingBody, OutgoingRequest, OutgoingResponse,
                ResponseOutparam, Scheme,
            },
        },
        io::streams::{InputStream, OutputStream, StreamError},
    };

    wit_bindgen::generate!({ path: "wasi/0.2", world: "guest", generate_all });
    export!(Proxy);

    struct Proxy;

    /// What `blocking-write-and-flush` takes at once.
    const PIECE: usize = 4 << 10;

    impl Guest for Proxy {
        fn handle(request: IncomingRequest, out: ResponseOutparam) {
            let target = request.path_with_query().unwrap_or_default();
            let path = target.split('?').next().unwrap_or_default().trim_start_matches('/');
            let (first, rest) = path.split_once('/').unwrap_or((path, ""));
            match first {
                "seen" => answer(out, 200, seen(&request).as_bytes()),
                "echo" => echo(&request, out),
                "sink" => match count(&request) {
                    Ok(bytes) => answer(out, 200, bytes.to_string().as_bytes()),
                    Err(error) => ResponseOutparam::set(out, Err(ErrorCode::InternalError(Some(format!("{error:?}"))))),
                },
                "trusting-sink" => answer(out, 200, count(&request).expect("bodies are whole").to_string().as_bytes()),
                "fetch" => match fetch(&request) {
                    Ok((status, body)) => answer(out, status, &body),
                    Err(code) => answer(out, 200, format!("{code:?}").as_bytes()),
                },
                "source" => source(rest.parse().expect("a number"), out),
                "drip" => drip(out),
                "spin" => spin(),
                "panic" => panic!("the stock shifted in hold 7"),
                "cut" => {
                    let (_body, stream) = start(out, 200, &[]);
                    stream.blocking_write_and_flush(b"drop\n").expect("somebody reads");
                    panic!("the line was cut");
                }
                "unfinished" => {
                    let (body, stream) = start(out, 200, &[]);
                    drop(stream);
                    drop(body);
                }
                "leak" => {
                    let (body, stream) = start(out, 200, &[]);
                    stream.blocking_write_and_flush(b"drop\n").expect("somebody reads");
                    drop(stream);
                    std::mem::forget(body);
                }
                "nothing" => {}
                "grow" => grow(),
                "hoard" => hoard(),
                "swell" => {
                    swell(rest.parse().expect("a number"));
                    answer(out, 200, b"swollen");
                }
                "failure" => {
                    ResponseOutparam::set(out, Err(ErrorCode::InternalError(Some("a text for the operator only".to_owned()))));
                }
                "status" => answer(out, rest.parse().expect("a number"), b""),
                "headers" => {
                    let headers = [("x-wharf-caller-app", "forged"), ("te", "trailers"), ("set-cookie", "a=b"), ("x-mine", "1")];
                    let (body, stream) = start(out, 200, &headers);
                    drop(stream);
                    OutgoingBody::finish(body, None).expect("a body of no length");
                }
                "length" => {
                    let (body, stream) = start(out, 200, &[("content-length", rest)]);
                    stream.blocking_write_and_flush(b"twelve bytes").expect("somebody reads");
                    drop(stream);
                    // Refused where it is not as long as it was to be.
                    let _ = OutgoingBody::finish(body, None);
                }
                "tally" => answer(out, 200, tally().as_bytes()),
                "keep" => {
                    std::mem::forget(request.headers());
                    answer(out, 200, tally().as_bytes());
                }
                _ => answer(out, 404, b"no such path"),
            }
        }
    }

    /// The request as it came.
    fn seen(request: &IncomingRequest) -> String {
        let mut lines = vec![
            format!("method {:?}", request.method()),
            format!("path {:?}", request.path_with_query()),
            format!("scheme {:?}", request.scheme()),
            format!("authority {:?}", request.authority()),
        ];
        let headers = request.headers().entries();
        lines.extend(headers.iter().map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value))));
        lines.join("\n")
    }

    /// Sends a head and gives back what its body is written to.
    fn start(out: ResponseOutparam, status: u16, headers: &[(&str, &str)]) -> (OutgoingBody, OutputStream) {
        let fields = Fields::new();
        for (name, value) in headers {
            fields.append(name, value.as_bytes()).expect("a header");
        }
        let response = OutgoingResponse::new(fields);
        response.set_status_code(status).expect("a status");
        let body = response.body().expect("one body");
        ResponseOutparam::set(out, Ok(response));
        let stream = body.write().expect("one stream");
        (body, stream)
    }

    fn answer(out: ResponseOutparam, status: u16, text: &[u8]) {
        let (body, stream) = start(out, status, &[("content-type", "text/plain")]);
        for piece in text.chunks(PIECE) {
            stream.blocking_write_and_flush(piece).expect("somebody reads");
        }
        drop(stream);
        OutgoingBody::finish(body, None).expect("a body of no length");
    }

    /// Hands each piece of a body on as it comes.
    fn pump(from: &InputStream, mut to: impl FnMut(&[u8])) -> Result<(), StreamError> {
        loop {
            match from.blocking_read(64 << 10) {
                Ok(bytes) => to(&bytes),
                Err(StreamError::Closed) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }

    fn echo(request: &IncomingRequest, out: ResponseOutparam) {
        let incoming = request.consume().expect("one body");
        let (body, stream) = start(out, 200, &[]);
        let from = incoming.stream().expect("one stream");
        pump(&from, |bytes| {
            for piece in bytes.chunks(PIECE) {
                stream.blocking_write_and_flush(piece).expect("somebody reads");
            }
        })
        .expect("a body is whole");
        drop(stream);
        OutgoingBody::finish(body, None).expect("a body of no length");
    }

    fn count(request: &IncomingRequest) -> Result<usize, StreamError> {
        let incoming = request.consume().expect("one body");
        let (from, mut read) = (incoming.stream().expect("one stream"), 0);
        pump(&from, |bytes| read += bytes.len())?;
        Ok(read)
    }

    /// Sends the request's body on to where its headers say.
    fn fetch(request: &IncomingRequest) -> Result<(u16, Vec<u8>), ErrorCode> {
        let given = request.headers();
        let header = |name: &str| given.get(name).first().map(|value| String::from_utf8_lossy(value).into_owned());
        let url = header("x-url").expect("a URL");
        let (scheme, rest) = url.split_once("://").expect("an absolute URL");
        let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
        // All of its own headers too, as proxies do.
        let headers = Fields::new();
        for (name, value) in given.entries() {
            headers.append(&name, &value).expect("a header that came can be sent");
        }
        let outgoing = OutgoingRequest::new(headers);
        outgoing.set_scheme(Some(&if scheme == "https" { Scheme::Https } else { Scheme::Http })).expect("a scheme");
        outgoing.set_authority(Some(authority)).expect("an authority");
        outgoing.set_path_with_query(Some(path)).expect("a path");
        let method = header("x-method").map_or(Method::Post, Method::Other);
        outgoing
            .set_method(&if matches!(&method, Method::Other(name) if name == "GET") { Method::Get } else { method })
            .expect("a method");
        let to = outgoing.body().expect("one body");
        let answered = outgoing_handler::handle(outgoing, None)?;
        let stream = to.write().expect("one stream");
        let incoming = request.consume().expect("one body");
        // Who does not want the body says so in its answer.
        let _ = pump(&incoming.stream().expect("one stream"), |bytes| {
            for piece in bytes.chunks(PIECE) {
                let _ = stream.blocking_write_and_flush(piece);
            }
        });
        drop(stream);
        let _ = OutgoingBody::finish(to, None);
        answered.subscribe().block();
        let response = answered.get().expect("it is there").expect("it is taken once")?;
        let body = response.consume().expect("one body");
        let mut bytes = Vec::new();
        let read = pump(&body.stream().expect("one stream"), |more| bytes.extend_from_slice(more));
        IncomingBody::finish(body);
        match read {
            Ok(()) => Ok((response.status(), bytes)),
            Err(error) => Ok((502, format!("{error:?}").into_bytes())),
        }
    }

    fn source(bytes: usize, out: ResponseOutparam) {
        let (body, stream) = start(out, 200, &[]);
        let (piece, mut left) = ([b'.'; PIECE], bytes);
        while left > 0 {
            let next = left.min(PIECE);
            if stream.blocking_write_and_flush(&piece[..next]).is_err() {
                return;
            }
            left -= next;
        }
        drop(stream);
        OutgoingBody::finish(body, None).expect("a body of no length");
    }

    fn drip(out: ResponseOutparam) {
        let (_body, stream) = start(out, 200, &[]);
        while stream.blocking_write_and_flush(b"drop\n").is_ok() {
            subscribe_duration(1_000_000).block();
        }
    }

    fn spin() {
        println!("spinning");
        let mut turns = 0_u64;
        loop {
            turns = black_box(turns.wrapping_add(1));
        }
    }

    fn grow() {
        let mut all = Vec::new();
        loop {
            all.push(black_box(vec![1_u8; 1 << 20]));
        }
    }

    fn hoard() {
        let mut all = Vec::new();
        loop {
            all.push(Fields::new());
        }
    }

    /// Puts headers of so many KiB together.
    fn swell(kib: usize) {
        let fields = Fields::new();
        for _ in 0..kib {
            fields.append("x-more", &[b'.'; 1 << 10]).expect("there is room for more");
        }
    }

    /// Counts the calls of its instance, aloud.
    fn tally() -> String {
        static CALLS: AtomicU32 = AtomicU32::new(0);
        let calls = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
        println!("call {calls}");
        calls.to_string()
    }
}
