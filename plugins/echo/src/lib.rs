//! Says who is calling, and sends back what it was sent: the plugin to look through when something on the way to plugins is in
//! doubt, and an example of streams in both directions.

use std::io::Write;

use wharf_sdk::prelude::*;

/// The caller as the host proved it.
#[derive(Serialize)]
struct WhoAmI {
    scheme: String,
    app: Option<String>,
    user: Option<User>,
    scopes: Vec<String>,
    request_id: String,
}

#[derive(Serialize)]
struct User {
    id: String,
    account: String,
    name: String,
    authenticated_by: String,
}

#[get("/whoami")]
fn whoami(caller: Caller) -> Json<WhoAmI> {
    let user =
        |user: AppUser| User { id: user.id, account: user.account, name: user.name, authenticated_by: user.authenticated_by };
    Json(WhoAmI {
        scheme: scheme(caller.scheme).to_owned(),
        app: caller.app.map(|app| app.key),
        user: caller.user.map(user),
        scopes: caller.scopes,
        request_id: caller.request_id,
    })
}

/// The contract's word.
fn scheme(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Anonymous => "anonymous",
        Scheme::OceanAuth => "ocean-auth",
        Scheme::Bearer => "bearer",
        Scheme::Ticket => "ticket",
        Scheme::Session => "session",
        Scheme::Device => "device",
        Scheme::Console => "console",
        Scheme::Webhook => "webhook",
        Scheme::Host => "host",
        _ => "other",
    }
}

/// Hands the body back under its own content type. It is not read here: the host pumps it after the plugin has returned.
#[post("/echo")]
fn echo(call: Call, body: Body) -> Response {
    Response::new(200).header("content-type", content_type(call)).body(body)
}

/// Bytes that are moved at once: pieces of this size go fastest, and the plugin's memory stays small.
const PIECE: usize = 64 << 10;

/// The same, but each piece goes through the plugin, the first of them out before the last is in.
#[post("/pump")]
fn pump(call: Call, reply: Reply, mut body: Body) -> Result<Streamed> {
    // Before the head of the reply: a client that asked whether to send its body is told so by this.
    let mut piece = body.read(PIECE)?;
    let writer = reply.start(200, &[("content-type", &content_type(call))])?;
    while let Some(bytes) = piece {
        writer.write(&bytes)?;
        piece = body.read(PIECE)?;
    }
    writer.finish()
}

fn content_type(call: Call) -> String {
    call.header("content-type").unwrap_or_else(|| "application/octet-stream".to_owned())
}

#[derive(Deserialize)]
struct Length {
    bytes: u64,
}

/// As many bytes as were asked for, without holding more than a piece of them.
#[get("/stream")]
fn stream(Query(length): Query<Length>, reply: Reply) -> Result<Streamed> {
    let mut writer = reply.start(200, &[("content-type", "application/octet-stream")])?;
    // Not an array: a guest's stack has 64 KiB altogether.
    let piece = vec![b'.'; PIECE];
    let mut left = length.bytes;
    while left > 0 {
        let now = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        writer.write_all(&piece[..now])?;
        left -= now as u64;
    }
    writer.finish()
}

service!(whoami, echo, pump, stream);

#[cfg(test)]
mod tests;
