//! Calls whom it is told to call.

use std::time::Duration;

use wharf_sdk::prelude::*;

#[derive(Deserialize)]
struct Task {
    url: String,
    method: Option<String>,
    #[serde(default)]
    headers: Vec<(String, String)>,
    timeout_ms: Option<u64>,
}

#[derive(Default, Serialize)]
struct Done {
    status: Option<u16>,
    body: Option<String>,
    error: Option<String>,
    message: Option<String>,
}

#[post("/")]
fn fetch(Json(task): Json<Task>) -> Json<Done> {
    Json(run(task).unwrap_or_else(|error| Done {
        error: Some(error.code().to_owned()),
        message: Some(error.message().to_owned()),
        ..Done::default()
    }))
}

fn run(task: Task) -> Result<Done> {
    let mut request = http::request(task.method.unwrap_or_else(|| "GET".to_owned()), task.url);
    for (name, value) in &task.headers {
        request = request.header(name, value);
    }
    if let Some(timeout) = task.timeout_ms {
        request = request.timeout(Duration::from_millis(timeout));
    }
    let response = request.send()?;
    let status = response.status();
    Ok(Done { status: Some(status), body: Some(String::from_utf8(response.into_bytes(1 << 20)?)?), ..Done::default() })
}

/// Sends its caller's body on, and the answer back, without reading either.
#[post("/through")]
fn through(call: Call, body: Body) -> Result<Response> {
    let url = call.header("x-url").ok_or_else(|| Error::bad_request("no url"))?;
    let answer = http::post(url, body)?;
    Ok(Response::new(answer.status()).body(answer.into_body()))
}

/// Opens as many responses as it is told and reads none of them; says how many it got, and why there was no more.
#[post("/hoard/{count}")]
fn hoard(call: Call, count: usize) -> Result<String> {
    let url = call.header("x-url").ok_or_else(|| Error::bad_request("no url"))?;
    let mut kept = Vec::new();
    for _ in 0..count {
        match http::request("GET", &url).timeout(Duration::from_secs(1)).send() {
            Ok(response) => kept.push(response),
            Err(error) => return Ok(format!("{} {}", kept.len(), error.code())),
        }
    }
    Ok(kept.len().to_string())
}

service!(fetch, through, hoard);
