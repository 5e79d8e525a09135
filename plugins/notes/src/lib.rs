//! Keeps short notes for each user of each app: an example of typed routes, values with versions, batches, settings and a request to another server.

mod book;

use std::time::Duration;

use wharf_sdk::prelude::*;

use book::Book;

/// What the operator set; see `plugin.toml`.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Settings {
    max_notes: u64,
    share_url: Option<String>,
}

/// What a caller writes.
#[derive(Deserialize, Serialize)]
struct Draft {
    text: String,
}

/// A note as it is answered.
#[derive(Serialize)]
struct Note {
    id: String,
    text: String,
    /// Grows with every change; the value of `ETag`, and of `If-Match` where a change must not undo somebody else's.
    version: u64,
}

impl Note {
    fn into_response(self, status: u16) -> Result<Response> {
        let (path, tag) = (format!("notes/{}", self.id), format!("\"{}\"", self.version));
        let response = Response::new(status).header("etag", tag).json(&self)?;
        Ok(if status == 201 { response.header("location", path) } else { response })
    }
}

#[derive(Deserialize)]
struct Where {
    after: Option<String>,
    limit: Option<u32>,
}

/// Ids, oldest first, and where to go on.
#[derive(Serialize)]
struct List {
    notes: Vec<String>,
    next: Option<String>,
}

/// Ids on one page, unless the caller says otherwise.
const PAGE: u32 = 100;

#[get("/notes")]
fn list(caller: Caller, query: Option<Query<Where>>) -> Result<Json<List>> {
    let (after, limit) = query.map_or((None, None), |Query(page)| (page.after, page.limit));
    let (notes, next) = Book::of(&caller)?.ids(after.as_deref(), limit.unwrap_or(PAGE))?;
    Ok(Json(List { notes, next }))
}

#[post("/notes")]
fn add(caller: Caller, Json(draft): Json<Draft>) -> Result<Response> {
    let settings: Settings = settings()?;
    let book = Book::of(&caller)?;
    let (id, version) = book.add(&draft, settings.max_notes)?;
    info!(note = id; "added");
    Note { id, text: draft.text, version }.into_response(201)
}

#[get("/notes/{id}")]
fn read(caller: Caller, id: String) -> Result<Option<Response>> {
    let Some((draft, version)) = Book::of(&caller)?.get(&id)? else { return Ok(None) };
    Note { id, text: draft.text, version }.into_response(200).map(Some)
}

/// Changes a note; with `If-Match`, only the version named.
#[put("/notes/{id}")]
fn change(caller: Caller, call: Call, id: String, Json(draft): Json<Draft>) -> Result<Option<Response>> {
    let Some(version) = Book::of(&caller)?.put(&id, &draft, if_match(call)?)? else { return Ok(None) };
    Note { id, text: draft.text, version }.into_response(200).map(Some)
}

/// Removes a note; with `If-Match`, only the version named.
#[delete("/notes/{id}")]
fn remove(caller: Caller, call: Call, id: String) -> Result<Option<()>> {
    let removed = Book::of(&caller)?.remove(&id, if_match(call)?)?;
    Ok(removed.then_some(()))
}

/// Sends a note on to where the operator said.
#[post("/notes/{id}/share")]
fn share(caller: Caller, id: String) -> Result<Option<()>> {
    let Some(url) = settings::<Settings>()?.share_url else {
        return Err(Error::status(501, "not_set_up", "the operator has not said where shared notes go"));
    };
    let Some((Draft { text }, version)) = Book::of(&caller)?.get(&id)? else { return Ok(None) };
    let note = Note { id, text, version };
    http::request("POST", url).json(&note)?.timeout(PATIENCE).send()?.success()?;
    info!(note = note.id; "shared");
    Ok(Some(()))
}

/// How long the other server may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The version that a conditional request names.
fn if_match(call: Call) -> Result<Option<u64>> {
    let Some(tag) = call.header("if-match") else { return Ok(None) };
    let version = tag.trim().strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).and_then(|tag| tag.parse().ok());
    version.map(Some).ok_or_else(|| Error::bad_request("`If-Match` must be the `ETag` of a note"))
}

service!(list, add, read, change, remove, share);

#[cfg(test)]
mod tests;
