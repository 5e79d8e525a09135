//! The SDK as a stranger gets it: the published packages, in a directory that knows nothing of this repository.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, PoisonError},
};

use wharf::runtime::inspect::{inspect, pack};

use crate::{
    documents::blocks,
    support::TestHost,
    tidy::source::{files, root},
};

/// What such a build leaves for the next one; the sources are somewhere else each time.
pub(crate) const TARGET: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/outside");

const README: &str = "sdk/README.md";

/// The project of the SDK's README: its code blocks, in their order.
struct Example {
    code: String,
    test: String,
    lifecycle: String,
    package: String,
    manifest: String,
    config: String,
    build: Vec<String>,
}

impl Example {
    fn read() -> Self {
        let [code, test, lifecycle] = take(blocks(README, "rust"));
        let [package, manifest, config] = take(blocks(README, "toml"));
        let [shell] = take(blocks(README, "sh"));
        let build = shell.lines().map(str::to_owned).collect();
        Self { code, test, lifecycle, package, manifest, config, build }
    }

    /// The plugin with its test.
    fn tested(&self) -> String {
        format!("{}\n{}", self.code, self.test)
    }

    /// The plugin that is told when apps come and go.
    fn told(&self) -> String {
        self.code.replace("service!(hello);\n", &self.lifecycle)
    }

    /// Writes it down as a project that takes the SDK from `crates` and from nowhere else.
    fn write(&self, here: &Path, crates: &Path) {
        for directory in ["src", ".cargo"] {
            fs::create_dir_all(here.join(directory)).expect("a directory can be made");
        }
        for (file, text) in [
            ("src/lib.rs", &self.tested()),
            ("Cargo.toml", &format!("{}{}", self.package, patch(crates))),
            ("plugin.toml", &self.manifest),
            (".cargo/config.toml", &self.config),
        ] {
            fs::write(here.join(file), text).expect("a file can be written");
        }
        // The versions that this repository is built with are on this machine; newer ones may not be.
        fs::copy(root().join("Cargo.lock"), here.join("Cargo.lock")).expect("the lock file can be copied");
    }
}

fn take<const N: usize>(blocks: Vec<String>) -> [String; N] {
    let found = blocks.len();
    blocks.try_into().unwrap_or_else(|_| panic!("the README has {found} of these blocks, and not {N}"))
}

/// What makes cargo take the SDK from `crates`, in a manifest or in a configuration.
pub(crate) fn patch(crates: &Path) -> String {
    let package =
        |name: &str| format!("{name} = {{ path = {:?} }}\n", crates.join(format!("{name}-{}", env!("CARGO_PKG_VERSION"))));
    format!("\n[patch.crates-io]\n{}{}", package("wharf-sdk"), package("wharf-sdk-macros"))
}

/// Runs cargo without a network, and without what the build of these tests was told.
#[track_caller]
fn cargo(here: &Path, arguments: &[&str]) {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(here).args(arguments).args(["--offline", "--target-dir", TARGET]);
    for variable in [
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTC_WRAPPER",
        "RUSTFLAGS",
        "CARGO_ENCODED_RUSTFLAGS",
        "CARGO_TARGET_DIR",
        "CARGO_BUILD_TARGET",
    ] {
        cargo.env_remove(variable);
    }
    // Other tests run beside it.
    let done = cargo.env("CARGO_BUILD_JOBS", "1").output().expect("cargo runs");
    assert!(done.status.success(), "cargo {arguments:?}:\n{}", String::from_utf8_lossy(&done.stderr));
}

/// Packages the SDK as it would be published, and unpacks it in `crates`.
pub(crate) fn package(crates: &Path) {
    /// The archives lie where the next one puts its own.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    // What is tested is what stands here, committed or not.
    cargo(&root(), &["package", "--no-verify", "--allow-dirty", "--package", "wharf-sdk-macros", "--package", "wharf-sdk"]);
    for name in ["wharf-sdk-macros", "wharf-sdk"] {
        let archive = PathBuf::from(TARGET).join(format!("package/{name}-{}.crate", env!("CARGO_PKG_VERSION")));
        let unpacked = Command::new("tar").arg("-xzf").arg(archive).arg("-C").arg(crates).status().expect("tar runs");
        assert!(unpacked.success(), "{name} cannot be unpacked");
    }
}

#[test]
fn a_plugin_elsewhere_needs_nothing_but_the_published_sdk() {
    let outside = tempfile::tempdir().expect("a temporary directory can be made");
    let (crates, project) = (outside.path().join("crates"), outside.path().join("hello"));
    fs::create_dir(&crates).expect("a directory can be made");
    package(&crates);
    let contract: Vec<_> = files("wit").into_iter().filter(|file| !file.path.starts_with("wit/deps/")).collect();
    assert!(contract.len() > 10, "{contract:?}");
    for file in contract {
        let packed = crates.join(format!("wharf-sdk-{}", env!("CARGO_PKG_VERSION"))).join(&file.path);
        assert_eq!(fs::read_to_string(&packed).ok(), Some(file.text), "{} is not in the package", file.path);
    }

    let example = Example::read();
    example.write(&project, &crates);
    let [target, build] = &example.build[..] else { panic!("there are two commands") };
    // Whoever runs these tests has done so: the guests are built for it too.
    assert_eq!(target, "rustup target add wasm32-wasip2");
    let build: Vec<&str> = build.split(' ').collect();
    let build = build.strip_prefix(&["cargo"]).expect("the second is cargo's");
    cargo(&project, build);
    cargo(&project, &["test"]);

    let service = "[services.hello]\nplugin = \"acme/hello\"\nsecurity-key = { file = \"hello.key\" }";
    let host = TestHost::new().section(service);
    fs::write(host.path().join("hello.key"), "a key of the hello service's own").expect("a key file can be written");
    let host = host.start();
    let component = format!("{TARGET}/wasm32-wasip2/release/hello.wasm");
    host.wharf(["plugin", "install", component.as_str()]).ok();
    let header = host.wharf(["ocean-auth", "mint", "--key-file", "hello.key", "--app", "shop"]).ok();
    let answer = host.get("/s/hello/hello/Ada").header("Ocean-Auth", header.trim()).send();
    assert_eq!((answer.status, answer.text().as_str()), (200, r#"{"text":"Hello Ada, from shop"}"#), "{}", host.log().text());
    host.stop();

    // What else documents show of plugins.
    for code in [example.told(), blocks("docs/messages.md", "rust").concat()] {
        assert!(code.contains("lifecycle("), "{code}");
        fs::write(project.join("src/lib.rs"), code).expect("a file can be written");
        cargo(&project, build);
    }

    // A plugin may have an allocator of its own.
    let bare = example.package.replace("wharf-sdk = \"0.1\"", "wharf-sdk = { version = \"0.1\", default-features = false }");
    assert!(bare != example.package && !example.package.contains("default-features"), "{bare}");
    let own = "#[global_allocator]\nstatic OWN: std::alloc::System = std::alloc::System;\n";
    for (file, text) in [("Cargo.toml", format!("{bare}{}", patch(&crates))), ("src/lib.rs", format!("{}{own}", example.code))] {
        fs::write(project.join(file), text).expect("a file can be written");
    }
    cargo(&project, build);
}

/// Prints, panics, ends itself and writes a file, as it is asked.
const PRINTS: &str = r#"
use wharf_sdk::prelude::*;

// Libc asks the host for these, and frees what the host hands over.
unsafe extern "C" {
    fn getentropy(bytes: *mut u8, count: usize) -> i32;
}

#[get("/{what}")]
fn prints(what: String) -> String {
    match what.as_str() {
        "panic" => panic!("the cargo shifted in hold {}", 7),
        "exit" => std::process::exit(3),
        "random" => {
            let mut bytes = [0; 32];
            let is_random = (0..100).all(|_| unsafe { getentropy(bytes.as_mut_ptr(), bytes.len()) } == 0);
            format!("{} {}", is_random, bytes.iter().any(|byte| *byte != 0))
        }
        "file" => std::fs::write("/data/file", "written").map_or_else(|error| error.to_string(), |()| "written".to_owned()),
        _ => {
            println!("loud and");
            println!("clear");
            eprint!("not all is well");
            format!("{:?}", std::env::var_os("PATH"))
        }
    }
}

service!(prints);
"#;

const PRINTS_MANIFEST: &str = r#"
manifest-version = 1
[plugin]
id = "acme/prints"
version = "0.1.0"
name = "Prints"
description = "Prints what may be data."
[service]
key = "prints"
[[routes]]
method = "GET"
path = "/{what}"
auth = "none"
"#;

const DATA: &str = "[permissions.optional.data]\nreason = \"to write a file\"\n";

#[test]
fn a_plugin_without_files_imports_nothing_of_wasi_and_its_last_words_are_heard() {
    let outside = tempfile::tempdir().expect("a temporary directory can be made");
    let (crates, project) = (outside.path().join("crates"), outside.path().join("prints"));
    fs::create_dir(&crates).expect("a directory can be made");
    package(&crates);
    let example = Example::read();
    example.write(&project, &crates);
    let component = PathBuf::from(TARGET).join("wasm32-wasip2/release/prints.wasm");
    let build = |code: &str, manifest: &str| {
        let package = example.package.replace("\"hello\"", "\"prints\"");
        for (file, text) in
            [("Cargo.toml", format!("{package}{}", patch(&crates)).as_str()), ("src/lib.rs", code), ("plugin.toml", manifest)]
        {
            fs::write(project.join(file), text).expect("a file can be written");
        }
        cargo(&project, &["build", "--release", "--target", "wasm32-wasip2"]);
        fs::read(&component).expect("the component is there")
    };
    let imports = |component: &[u8]| inspect(component).expect("a component").imports;

    let greets = build(&example.code, PRINTS_MANIFEST);
    assert_eq!(imports(&greets), ["wharf:service/types@0.1.0", "wharf:service/stdio@0.1.0"]);
    // Two more would bind what needs the component's memory to the component.
    assert_eq!(inspect(&greets).expect("a component").core_instances, 1);
    let with_files = build(PRINTS, &format!("{PRINTS_MANIFEST}{DATA}"));
    assert!(imports(&with_files).iter().any(|import| import.starts_with("wasi:cli/stderr")), "{:?}", imports(&with_files));

    // WASI's own exit knows no codes.
    for (component, prints, exit) in
        [(with_files, "written", ("failure", "exit status 1")), (build(PRINTS, PRINTS_MANIFEST), "", ("said", "the exit code 3"))]
    {
        let host = TestHost::new().section("[services.prints]\nplugin = \"acme/prints\"\ndata = \"files\"\n");
        fs::create_dir(host.path().join("files")).expect("a directory can be made");
        // As a tool would do it that puts another manifest into what was built with one.
        let packed = pack(&component, format!("{PRINTS_MANIFEST}{DATA}").as_bytes());
        fs::write(host.path().join("prints.wasm"), packed).expect("a file can be written");
        let host = host.start();
        host.wharf(["plugin", "install", "prints.wasm"]).ok();
        let answer = host.get("/s/prints/words").send();
        assert_eq!((answer.status, answer.text().as_str()), (200, "None"));
        for (level, text) in [("INFO", "loud and"), ("INFO", "clear"), ("WARN", "not all is well")] {
            let line = host.log().find(text, |line| line.message() == text);
            assert_eq!(line.field("level"), level, "{}", line.text());
        }
        for (what, field, words) in [("panic", "said", "the cargo shifted in hold 7"), ("exit", exit.0, exit.1)] {
            let answer = host.get(&format!("/s/prints/{what}")).send();
            answer.assert(502, "WH2302");
            assert!(!answer.text().contains(words), "{}", answer.text());
            let line = host.log().find(what, |line| line.text().contains("WH2302") && line.field(field).contains(words));
            assert!(line.text().contains("acme/prints@0.1.0"), "{}", line.text());
        }
        for _ in 0..2 {
            assert_eq!(host.get("/s/prints/random").send().text(), "true true", "{}", host.log().text());
        }
        // Whoever grants files to what was built without them is told what to do.
        let answer = host.get("/s/prints/file").send();
        if prints == "written" {
            assert_eq!((answer.status, answer.text().as_str()), (200, prints));
        } else {
            answer.assert(502, "WH2302");
            host.log().find("the way out", |line| line.text().contains("ask for `data` in its plugin.toml and build it again"));
        }
        host.stop();
    }
}
