//! Keeps documents for apps of OceanClouds: entities that the operator declares, queries in a small part of MongoDB's language,
//! and rights for those who are anonymous, logged in, or the owner.

mod answer;
mod console;
mod documents;
mod entity;
mod query;
mod rights;
mod schema;
mod settings;
mod weight;
mod who;

use serde_json::{Map, Value};
use wharf_sdk::ocean;
use wharf_sdk::prelude::*;

use answer::{Refusal, answer};
use documents::{Document, Documents};
use entity::Entity;
use query::{Body, Search};
use rights::{Access, Right};
use settings::Settings;
use who::Who;

/// A body, or what is wrong with it.
type Sent<T> = Result<FormOrJson<T>>;

#[post("/{app_key}/{entity}")]
fn create(caller: Caller, app_key: String, entity: String, sent: Sent<Map<String, Value>>) -> Result<Response> {
    answer(|settings| {
        let Call { who, entity, documents } = Call::of(settings, &caller, &app_key, &entity)?;
        if !entity.rights.may_create(&who) {
            return Err(Refusal::DoNotHaveRight);
        }
        let fields = entity.schema.new_document(&read(sent)?)?;
        let (id, document) = documents.create(&who, fields)?;
        Ok(ocean::entity(&document.shown(&id))?)
    })
}

#[get("/{app_key}/{entity}/{id}")]
fn read_one(caller: Caller, app_key: String, entity: String, id: String) -> Result<Response> {
    answer(|settings| {
        let call = Call::of(settings, &caller, &app_key, &entity)?;
        let access = call.access(Right::Read)?;
        let id = id.to_ascii_lowercase();
        let row = call.documents.get(&id)?.ok_or(Refusal::EntityNotFound)?;
        let shown = row.document.shown(&id);
        // What one may not see looks as if it were not there.
        if !access.allows(&shown, row.document.owner.as_deref(), &call.who) {
            return Err(Refusal::EntityNotFound);
        }
        Ok(ocean::entity(&shown)?)
    })
}

/// Sets the fields that are sent, and no others.
#[put("/{app_key}/{entity}/{id}")]
fn update(caller: Caller, app_key: String, entity: String, id: String, sent: Sent<Map<String, Value>>) -> Result<Response> {
    answer(|settings| {
        let call = Call::of(settings, &caller, &app_key, &entity)?;
        let id = id.to_ascii_lowercase();
        let may = call.may(&id, Right::Update)?;
        let changes = call.entity.schema.changes(&read(sent)?)?;
        let document = call.documents.update(&id, &call.who, &changes, may)?;
        Ok(ocean::entity(&document.shown(&id))?)
    })
}

#[delete("/{app_key}/{entity}/{id}")]
fn remove(caller: Caller, app_key: String, entity: String, id: String) -> Result<Response> {
    answer(|settings| {
        let call = Call::of(settings, &caller, &app_key, &entity)?;
        let id = id.to_ascii_lowercase();
        call.documents.remove(&id, call.may(&id, Right::Delete)?)?;
        Ok(ocean::done()?)
    })
}

#[get("/{app_key}/{entity}/find/query")]
fn list(caller: Caller, app_key: String, entity: String) -> Result<Response> {
    answer(|settings| {
        let call = Call::of(settings, &caller, &app_key, &entity)?;
        call.find(settings, &Search::all())
    })
}

#[post("/{app_key}/{entity}/find/query")]
fn find(caller: Caller, app_key: String, entity: String, sent: Sent<Body>) -> Result<Response> {
    answer(|settings| {
        let call = Call::of(settings, &caller, &app_key, &entity)?;
        let search = Search::read(read(sent)?, &call.entity.schema)?;
        call.find(settings, &search)
    })
}

/// What every request is about: who asks, which entity, and where its documents are.
struct Call {
    who: Who,
    entity: Entity,
    documents: Documents,
}

impl Call {
    fn of(settings: &Settings, caller: &Caller, app_key: &str, entity: &str) -> Result<Self, Refusal> {
        let who = Who::of(caller, app_key)?;
        let entity = settings.entity(app_key, entity)?;
        let documents = Documents::of(&entity.name)?;
        Ok(Self { who, entity, documents })
    }

    fn access(&self, right: Right) -> Result<Access, Refusal> {
        self.entity.rights.access(right, &self.who, &self.entity.schema).ok_or(Refusal::DoNotHaveRight)
    }

    /// Judges a document that the caller wants to do something with: who may not even see it is told that it is not there.
    fn may<'c>(&'c self, id: &'c str, right: Right) -> Result<impl Fn(&Document) -> Result<(), Refusal> + 'c, Refusal> {
        let access = self.access(right)?;
        let reading = self.entity.rights.access(Right::Read, &self.who, &self.entity.schema);
        Ok(move |document: &Document| {
            let (shown, owner) = (document.shown(id), document.owner.as_deref());
            let sees = || reading.as_ref().is_some_and(|reading| reading.allows(&shown, owner, &self.who));
            match access.allows(&shown, owner, &self.who) {
                true => Ok(()),
                false if sees() => Err(Refusal::NotOwner),
                false => Err(Refusal::EntityNotFound),
            }
        })
    }

    fn find(&self, settings: &Settings, search: &Search) -> Result<Response, Refusal> {
        let access = self.access(Right::Query)?;
        let found = query::find::find(&self.documents, &access, &self.who, search, settings.max_scan)?;
        Ok(ocean::entities(&found)?)
    }
}

/// The body, if it can be read. Why not goes to the log: what was sent has no place in an answer.
fn read<T>(sent: Sent<T>) -> Result<T, Refusal> {
    match sent {
        Ok(FormOrJson(body)) => Ok(body),
        Err(error) => {
            debug!("{error}");
            Err(Refusal::bad("The request cannot be read."))
        }
    }
}

#[on_subscribe]
fn subscribed(subscription: Subscription) {
    info!(app = subscription.app.key; "subscribed");
}

/// Documents stay until they are purged, in case the app comes back.
#[on_cancel]
fn cancelled(subscription: Subscription) {
    info!(app = subscription.app.key; "cancelled");
}

/// There is nothing outside of the app's own store, and that the host empties when this has said ok: at once, where the plugin
/// could remove no more than a thousand rows.
#[on_purge]
fn purge(subscription: Subscription) {
    info!(app = subscription.app.key; "purged");
}

service!(
    create,
    read_one,
    update,
    remove,
    list,
    find,
    console::overview::overview,
    console::list::list,
    console::document::document,
    console::delete::confirm,
    console::delete::delete,
    console::erase::confirm,
    console::erase::erase,
    console::style,
    console::icon,
    lifecycle(subscribed, cancelled, purge)
);

#[cfg(test)]
mod tests;
