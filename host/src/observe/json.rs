//! An event as one JSON object: `timestamp`, `level`, `target`, and the event's own fields, in that order.
//!
//! The library's own JSON knows no objects below a field. A plugin's fields are one, so that a program finds them by their names.

use std::fmt;

use serde::ser::{SerializeMap, Serializer as _};
use serde_json::Value;
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::Writer,
        time::{FormatTime, SystemTime},
    },
    registry::LookupSpan,
};

/// Where plugins write, and the field of theirs that is JSON already.
const PLUGIN: &str = "plugin";
const FIELDS: &str = "fields";

/// Formats events as JSON. Spans are not looked at: there are none.
#[derive(Debug)]
pub struct JsonLines;

impl<S, N> FormatEvent<S, N> for JsonLines
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let line = line(&time, event).map_err(|_| fmt::Error)?;
        writeln!(writer, "{}", String::from_utf8_lossy(&line))
    }
}

fn line(time: &str, event: &Event<'_>) -> serde_json::Result<Vec<u8>> {
    let mut line = Vec::with_capacity(512);
    let mut json = serde_json::Serializer::new(&mut line);
    let (level, target) = (event.metadata().level().as_str(), event.metadata().target());
    let mut map = json.serialize_map(None)?;
    map.serialize_entry("timestamp", time)?;
    map.serialize_entry("level", level)?;
    map.serialize_entry("target", target)?;
    let mut fields = Fields { map, is_plugins: target == PLUGIN, failed: None };
    event.record(&mut fields);
    let Fields { map, failed, .. } = fields;
    failed.map_or(Ok(()), Err)?;
    map.end()?;
    Ok(line)
}

/// Writes fields down as they come.
struct Fields<M: SerializeMap> {
    map: M,
    is_plugins: bool,
    failed: Option<M::Error>,
}

impl<M: SerializeMap> Fields<M> {
    fn put(&mut self, field: &Field, value: &(impl serde::Serialize + ?Sized)) {
        if self.failed.is_none() {
            self.failed = self.map.serialize_entry(field.name(), value).err();
        }
    }
}

impl<M: SerializeMap> Visit for Fields<M> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let text = format!("{value:?}");
        let json = (self.is_plugins && field.name() == FIELDS).then(|| serde_json::from_str::<Value>(&text));
        match json {
            Some(Ok(json)) => self.put(field, &json),
            Some(Err(_)) | None => self.put(field, &text),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, &value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, &value);
    }
}
