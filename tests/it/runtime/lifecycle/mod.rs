//! What a plugin is told of an app's subscription: a host within this process, without a listener, is handed the messages and
//! the requests.

pub(crate) mod balk;
pub(crate) mod journal;
mod line;
mod none;
pub(crate) mod unruly;

use std::{fs, path::Path, sync::Arc};

use http_body_util::BodyExt as _;
use tokio::runtime::Runtime;
use wharf::{
    app::{App, Candidate},
    config::Config,
    manifest::Manifest,
    message::{Deliver, DeliverError, Delivered, Delivery, Kind},
    request::{
        self,
        service::{Installed, Service},
    },
    runtime::{artifact::Artifact, engine::Mode, inspect::inspect},
    store::{DataDir, Store, StoreError},
};
use wharf_guests::Guest;

/// A host with one service, for a guest, under the guest's name.
struct Host {
    app: Arc<App>,
    store: Store,
    runtime: Runtime,
    guest: Guest,
    config: Config,
    _directory: tempfile::TempDir,
}

impl Host {
    /// With `tables` below the service's own.
    fn new(guest: &Guest, tables: &str) -> Self {
        let host = Self::without_plugin(guest, tables);
        host.install();
        host
    }

    fn without_plugin(guest: &Guest, tables: &str) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        let text = format!("[services.{0}]\nplugin = \"test/{0}\"\n{tables}", guest.name);
        let config = Config::parse(&text, Path::new("wharf.toml")).unwrap_or_else(|problems| panic!("{problems}"));
        let store = Store::open(&DataDir::open(directory.path()).expect("a data directory")).expect("a store");
        let runtime = Runtime::new().expect("threads can be started");
        let app = App::new(&config, Some(store.clone()), runtime.handle().clone()).expect("a host");
        Self { app: Arc::new(app), store, runtime, guest: *guest, config, _directory: directory }
    }

    fn install(&self) {
        let Self { app, guest, .. } = self;
        let component = fs::read(guest.component).expect("a component can be read");
        let manifest = fs::read_to_string(guest.manifest).expect("a manifest can be read");
        let manifest = Manifest::parse(&manifest).unwrap_or_else(|problems| panic!("{problems}"));
        let loader = app.engines.loader(Mode::Synchronous).expect("an engine");
        let compiled = loader.engine().precompile_component(&component).expect("it compiles");
        let artifact = Artifact::compiled_by_this_host(compiled);
        let inspected = inspect(&component).expect("a component");
        let service = &self.config.services[guest.name];
        let candidate = Candidate { manifest: &manifest, inspected: &inspected, artifact: &artifact, loader: &loader };
        let installed = app.ready(service, candidate, &self.config.limits).expect("it is ready");
        self.service().current.store(Some(Arc::new(installed)));
    }

    fn service(&self) -> &Service {
        self.app.services.by_key(self.guest.name).expect("the service is configured")
    }

    fn installed(&self) -> Arc<Installed> {
        self.service().current.load_full().expect("the plugin is installed")
    }

    /// A message of this kind about an app; id, app id and subscription id follow from `id` and the app's key.
    fn message(&self, kind: Kind, id: &str, app: &str, attempt: u32) -> Delivery {
        Delivery {
            service: self.guest.name.to_owned(),
            message_id: id.to_owned(),
            kind,
            app_id: format!("id of {app}"),
            app_key: app.to_owned(),
            subscription_id: format!("subscription of {app}"),
            at_ms: 1_440_750_000_000,
            attempt,
        }
    }

    fn deliver(&self, delivery: Delivery) -> Result<Delivered, DeliverError> {
        self.runtime.block_on(self.app.deliver(delivery))
    }

    /// The reason why it fails, and when the plugin wants to be asked again.
    #[track_caller]
    fn fails(&self, delivery: Delivery) -> (String, Option<u64>) {
        match self.deliver(delivery) {
            Err(DeliverError::Failed { reason, retry_after_ms }) => (reason, retry_after_ms),
            other => panic!("{other:?}"),
        }
    }

    /// Delivers, and stores what came of it.
    #[track_caller]
    fn handle(&self, delivery: Delivery) {
        let delivered = self.deliver(delivery).unwrap_or_else(|error| panic!("{error}"));
        self.commit(delivered).unwrap_or_else(|error| panic!("{error}"));
    }

    fn commit(&self, Delivered { effects }: Delivered) -> Result<(), StoreError> {
        self.runtime.block_on(self.store.commit(effects)).map(drop)
    }

    /// What the service answers to a GET, as JSON.
    #[track_caller]
    fn get(&self, path: &str) -> serde_json::Value {
        let (status, body) = self.serve(path);
        assert_eq!(status, 200, "{path}");
        serde_json::from_slice(&body).expect("JSON")
    }

    fn status(&self, path: &str) -> u16 {
        self.serve(path).0
    }

    fn serve(&self, path: &str) -> (u16, Vec<u8>) {
        let request = http::Request::get(format!("/s/{}{path}", self.guest.name)).header("host", "localhost");
        let request = request.body(axum::body::Body::empty());
        self.runtime.block_on(async {
            let request = request.expect("a request");
            let (response, _) = request::serve(&self.app, [127, 0, 0, 1].into(), request).await;
            let status = response.status().as_u16();
            (status, response.into_body().collect().await.expect("a body").to_bytes().into())
        })
    }
}
