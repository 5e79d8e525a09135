//! The lines to copy.

use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;

use super::{demo, free_port};

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
