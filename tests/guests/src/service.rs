//! A stock component of `wasi:http` 0.3, which knows nothing of Wharf; each path is a behaviour, mostly a bad one.

#[cfg(target_arch = "wasm32")]
#[expect(unsafe_code, reason = "the bindings export by it")]
mod component {
    use std::{
        hint::black_box,
        sync::atomic::{AtomicU32, Ordering},
    };

    use exports::wasi::http::handler::Guest;
    use wasi::{
        cli::stdout,
        clocks::monotonic_clock::wait_for,
        http::{
            client,
            types::{ErrorCode, Fields, Method, Request, Response, Scheme, Trailers},
        },
    };
    use wit_bindgen::{FutureReader, StreamReader, StreamResult, StreamWriter, spawn_local};

    wit_bindgen::generate!({ path: "wasi/0.3", world: "guest", generate_all });
    export!(Service);

    struct Service;

    /// What is read and written at once.
    const PIECE: usize = 64 << 10;

    /// What comes behind a body.
    type End = Result<Option<Trailers>, ErrorCode>;

    impl Guest for Service {
        async fn handle(request: Request) -> Result<Response, ErrorCode> {
            let target = request.get_path_with_query().unwrap_or_default();
            let path = target.split('?').next().unwrap_or_default().trim_start_matches('/');
            let (first, rest) = path.split_once('/').unwrap_or((path, ""));
            Ok(match first {
                "seen" => answer(200, seen(&request)),
                "echo" => echo(request),
                "sink" => answer(200, count(request).await?.to_string()),
                "trusting-sink" => answer(200, count(request).await.expect("bodies are whole").to_string()),
                "fetch" => match fetch(request).await {
                    Ok((status, body)) => answer(status, body),
                    Err(code) => answer(200, format!("{code:?}")),
                },
                "source" => source(rest.parse().expect("a number")),
                "drip" => start(200, &[], async |mut body| {
                    while body.write_all(b"drop\n".to_vec()).await.is_empty() {
                        wait_for(1_000_000).await;
                    }
                    Ok(None)
                }),
                "spin" => spin(),
                "panic" => panic!("the stock shifted in hold 7"),
                "cut" => start(200, &[], async |mut body| {
                    body.write_all(b"drop\n".to_vec()).await;
                    panic!("the line was cut");
                }),
                "unfinished" => start(200, &[], async |mut body| {
                    body.write_all(b"drop\n".to_vec()).await;
                    Err(ErrorCode::InternalError(Some("the rest is lost".to_owned())))
                }),
                "leak" => start(200, &[], async |mut body| {
                    body.write_all(b"drop\n".to_vec()).await;
                    std::mem::forget(body);
                    Ok(None)
                }),
                "grow" => grow(),
                "hoard" => hoard(),
                "streams" => streams(),
                "swell" => swell(rest.parse().expect("a number")),
                "failure" => return Err(ErrorCode::InternalError(Some("a text for the operator only".to_owned()))),
                "status" => answer(rest.parse().expect("a number"), ""),
                "headers" => {
                    let headers = [("x-wharf-caller-app", "forged"), ("te", "trailers"), ("set-cookie", "a=b"), ("x-mine", "1")];
                    start(200, &headers, async |_| Ok(None))
                }
                "length" => start(200, &[("content-length", rest)], async |mut body| {
                    body.write_all(b"twelve bytes".to_vec()).await;
                    Ok(None)
                }),
                "tally" => answer(200, tally()),
                "say" => answer(200, say().await),
                _ => answer(404, "no such path"),
            })
        }
    }

    /// The request as it came.
    fn seen(request: &Request) -> String {
        let mut lines = vec![
            format!("method {:?}", request.get_method()),
            format!("path {:?}", request.get_path_with_query()),
            format!("scheme {:?}", request.get_scheme()),
            format!("authority {:?}", request.get_authority()),
        ];
        let headers = request.get_headers().copy_all();
        lines.extend(headers.iter().map(|(name, value)| format!("{name}: {}", String::from_utf8_lossy(value))));
        lines.join("\n")
    }

    /// A response whose body `write` makes while it is read.
    fn start<F>(status: u16, headers: &[(&str, &str)], write: impl FnOnce(StreamWriter<u8>) -> F) -> Response
    where
        F: Future<Output = End> + 'static,
    {
        let fields = Fields::new();
        for (name, value) in headers {
            fields.append(name, value.as_bytes()).expect("a header");
        }
        let (body, reader) = wit_stream::new();
        let (end, trailers) = wit_future::new(|| Ok(None));
        let (response, _) = Response::new(fields, Some(reader), trailers);
        response.set_status_code(status).expect("a status");
        let writing = write(body);
        spawn_local(async {
            let written = writing.await;
            // Who reads no further needs no end.
            let _ = end.write(written).await;
        });
        response
    }

    fn answer(status: u16, text: impl Into<Vec<u8>>) -> Response {
        let text = text.into();
        start(status, &[("content-type", "text/plain")], async move |mut body| {
            body.write_all(text).await;
            Ok(None)
        })
    }

    /// A request's body, and what comes behind it.
    fn consume(request: Request) -> (StreamReader<u8>, FutureReader<End>) {
        let (_, handled) = wit_future::new(|| Ok(()));
        Request::consume_body(request, handled)
    }

    /// Hands each piece of a body on as it comes; `false` from `to` ends it.
    async fn pump(mut from: StreamReader<u8>, mut to: impl AsyncFnMut(Vec<u8>) -> bool) {
        loop {
            let (result, bytes) = from.read(Vec::with_capacity(PIECE)).await;
            if !bytes.is_empty() && !to(bytes).await {
                return;
            }
            if !matches!(result, StreamResult::Complete(_)) {
                return;
            }
        }
    }

    fn echo(request: Request) -> Response {
        let (from, end) = consume(request);
        start(200, &[], async move |mut body| {
            pump(from, async |bytes| body.write_all(bytes).await.is_empty()).await;
            drop(body);
            end.await.map(|_| None)
        })
    }

    async fn count(request: Request) -> Result<usize, ErrorCode> {
        let (from, end) = consume(request);
        let mut read = 0;
        pump(from, async |bytes| {
            read += bytes.len();
            true
        })
        .await;
        end.await?;
        Ok(read)
    }

    /// Sends the request's body on to where its headers say.
    async fn fetch(request: Request) -> Result<(u16, Vec<u8>), ErrorCode> {
        let given = request.get_headers();
        let header = |name: &str| given.get(name).first().map(|value| String::from_utf8_lossy(value).into_owned());
        let url = header("x-url").expect("a URL");
        let (scheme, rest) = url.split_once("://").expect("an absolute URL");
        let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
        let method = match header("x-method").as_deref() {
            None | Some("POST") => Method::Post,
            Some("GET") => Method::Get,
            Some(other) => Method::Other(other.to_owned()),
        };
        // All of its own headers too, as proxies do.
        let headers = Fields::from_list(&given.copy_all()).expect("headers that came can be sent");
        let (from, _) = consume(request);
        let (mut body, reader) = wit_stream::new();
        let (end, trailers) = wit_future::new(|| Ok(None));
        let (outgoing, _) = Request::new(headers, Some(reader), trailers, None);
        outgoing.set_method(&method).expect("a method");
        outgoing.set_scheme(Some(&if scheme == "https" { Scheme::Https } else { Scheme::Http })).expect("a scheme");
        outgoing.set_authority(Some(authority)).expect("an authority");
        outgoing.set_path_with_query(Some(path)).expect("a path");
        spawn_local(async move {
            pump(from, async |bytes| body.write_all(bytes).await.is_empty()).await;
            drop(body);
            let _ = end.write(Ok(None)).await;
        });
        let response = client::send(outgoing).await?;
        let status = response.get_status_code();
        let (_, handled) = wit_future::new(|| Ok(()));
        let (from, end) = Response::consume_body(response, handled);
        let mut bytes = Vec::new();
        pump(from, async |more| {
            bytes.extend(more);
            true
        })
        .await;
        match end.await {
            Ok(_) => Ok((status, bytes)),
            Err(error) => Ok((502, format!("{error:?}").into_bytes())),
        }
    }

    fn source(bytes: usize) -> Response {
        start(200, &[], async move |mut body| {
            let mut left = bytes;
            while left > 0 {
                let next = left.min(PIECE);
                if !body.write_all(vec![b'.'; next]).await.is_empty() {
                    break;
                }
                left -= next;
            }
            Ok(None)
        })
    }

    fn spin() -> ! {
        println!("spinning");
        let mut turns = 0_u64;
        loop {
            turns = black_box(turns.wrapping_add(1));
        }
    }

    fn grow() -> ! {
        let mut all = Vec::new();
        loop {
            all.push(black_box(vec![1_u8; 1 << 20]));
        }
    }

    fn hoard() -> ! {
        let mut all = Vec::new();
        loop {
            all.push(Fields::new());
        }
    }

    /// Opens streams, of which the host's own table has no entry.
    fn streams() -> ! {
        let mut all = Vec::new();
        loop {
            all.push(wit_stream::new::<u8>());
        }
    }

    /// Puts headers of so many KiB together.
    fn swell(kib: usize) -> Response {
        let fields = Fields::new();
        for _ in 0..kib {
            fields.append("x-more", &[b'.'; 1 << 10]).expect("there is room for more");
        }
        answer(200, "swollen")
    }

    /// Prints by WASI 0.3; what Rust's standard library prints goes by 0.2.
    async fn say() -> String {
        let (mut out, reader) = wit_stream::new();
        let printed = stdout::write_via_stream(reader);
        let left = out.write_all(b"said in a new way\n".to_vec()).await;
        drop(out);
        format!("{:?}, {} bytes left", printed.await, left.len())
    }

    /// Counts the calls of its instance, aloud.
    fn tally() -> String {
        static CALLS: AtomicU32 = AtomicU32::new(0);
        let calls = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
        println!("call {calls}");
        calls.to_string()
    }
}
