//! The lines to copy, as programs and as shells take them.

use std::{
    net::{SocketAddr, TcpListener},
    process::Command,
};

use rustix::process::Signal;
use serde_json::Value;

use super::{demo, free_port};
use crate::support::{Process, Request};

#[test]
fn every_example_works_as_printed() {
    let (here, process, ready) = demo(free_port());
    assert_eq!(ready["pid"], process.pid());
    let examples = ready["examples"].as_array().expect("there are examples");
    assert!(examples.len() >= 2, "{ready}");
    for example in examples {
        let argv: Vec<&str> = example["argv"].as_array().expect("an example has argv").iter().filter_map(Value::as_str).collect();
        assert_eq!(argv[0], "curl");
        let done = Command::new(argv[0]).args(&argv[1..]).output().expect("curl runs");
        assert!(done.status.success(), "{example}: {}", String::from_utf8_lossy(&done.stderr));
        let answer = String::from_utf8_lossy(&done.stdout);
        let status = answer.split(' ').nth(1).and_then(|status| status.parse::<u16>().ok());
        assert_eq!(status, example["expect_status"].as_u64().and_then(|status| status.try_into().ok()), "{example}: {answer}");
    }
    let context = examples.iter().find(|example| example["name"] == "context").expect("an example asks the platform");
    let argv = context["argv"].as_array().expect("an example has argv").iter().filter_map(Value::as_str).skip(1);
    let answer = Command::new("curl").args(argv).output().expect("curl runs").stdout;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    for service in ["hello", "echo", "notes", "crud", "user", "blog"] {
        let api = format!("\"api\":\"{}/s/{service}\"", ready["url"].as_str().expect("the demo says its address"));
        assert!(answer.contains(&api), "{service} has not said yes to the demo's app: {answer}");
    }
    let page = ready["page"].as_str().expect("the demo says where its page is");
    let answer = Command::new("curl").args(["-sif", page]).output().expect("curl runs");
    assert!(answer.status.success(), "{page} is not served: {}", String::from_utf8_lossy(&answer.stdout));
    let refused = examples.iter().filter(|example| example["expect_status"] == 401).count();
    assert!(refused >= 1, "no example shows a refusal: {ready}");
    process.stop_by(Signal::TERM, here.path());
}

/// What each line is answered, in their order: who the host takes the caller for, wherever the service says so.
const ANSWERS: [&str; 9] = [
    r#""scheme":"anonymous","app":null,"user":null"#,
    r#"{"text":"Hello Ada, from sample_app"}"#,
    r#"{"text":"Hello Ada, from sample_app"}"#,
    r#""text":"buy milk","version":1"#,
    r#""createBy":"ada@demo""#,
    r#""createBy":"ada@demo""#,
    r#""appKey":"sample_app""#,
    "http://crud.localhost:",
    r#""errCode":"ocean.notAuthorizeByOcean""#,
];

#[test]
fn every_line_for_a_shell_works_and_shows_the_proven_caller() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let port = taken.local_addr().expect("a listener has an address").port().to_string();
    let here = tempfile::tempdir().expect("a temporary directory can be made");
    let mut process = Process::spawn(here.path(), ["demo", "--port", port.as_str()], &[]);
    let said = process.output();
    said.find("how it ends", |line| line.message() == "Ctrl-C ends it.");
    let said = said.text();
    let curls: Vec<&str> = said.lines().filter(|line| line.starts_with("curl ")).collect();
    assert_eq!(curls.len(), ANSWERS.len(), "{said}");
    let mut answers = Vec::new();
    for (line, shown) in curls.iter().zip(ANSWERS) {
        let done = Command::new("sh").args(["-c", line]).output().expect("a shell runs");
        let answer = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(done.status.success() && answer.contains(shown), "{line}\nis answered\n{answer}");
        answers.push(answer);
    }
    let link = answers.iter().find_map(|answer| answer.trim().strip_prefix("http://crud.localhost:")).expect("a link");
    let (port_of_link, target) = link.split_at(link.find('/').expect("a link has a path"));
    let address: SocketAddr = format!("127.0.0.1:{port_of_link}").parse().expect("an address");
    let opened = Request::new(address, "GET", target).at("crud.localhost").send();
    assert_eq!((opened.status, opened.header("location")), (303, Some("/")), "{}", opened.text());

    let log = process.stop_by(Signal::INT, here.path()).text();
    let mut words = vec![format!("port {port} is in use; listening on {port_of_link} instead"), "SIGINT, stopping".to_owned()];
    for plugin in ["hello", "echo", "notes", "crud", "user", "blog"] {
        words.extend([format!("installing {plugin} …"), format!("wharf/{plugin} 0.1.0 is installed")]);
    }
    assert!(!log.contains("ERROR"), "it frightens whoever tries it:\n{log}");
    for words in words {
        assert!(log.contains(&words), "it does not say `{words}` aloud:\n{log}");
    }
}
