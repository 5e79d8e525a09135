//! The limit table holds for stock components too.

use wharf_guests::SERVICE;

use super::{super::assert_fails, each, host};
use crate::{
    limits::{Row, assert_limit},
    support::Service,
};

#[test]
fn processor_time() {
    each(&[("cpu", "200ms")], |host, root| {
        assert_limit(&assert_fails(host, &format!("{root}/spin"), 504, "WH2304"), "cpu", 200);
    });
}

#[test]
fn time() {
    each(&[("cpu", "10s"), ("wall", "1s")], |host, root| {
        let line = assert_fails(host, &format!("{root}/spin"), 504, "WH2303");
        assert_eq!((line.field("limit").as_str(), line.field("allowed").as_str()), ("wall", "1000"));
        // One that waits, and has begun its reply.
        let answer = host.get(&format!("{root}/drip")).send();
        assert_eq!((answer.status, answer.complete), (200, false));
        assert!(answer.body.starts_with(b"drop\n"));
        host.log().find("that the reply was cut", |line| line.message().contains("the connection is cut"));
    });
}

#[test]
fn memory() {
    each(&[("memory", "32MiB")], |host, root| {
        assert_limit(&assert_fails(host, &format!("{root}/grow"), 502, "WH2305"), "memory", 32 << 20);
    });
}

#[test]
fn handles() {
    each(&[("handles", "100")], |host, root| {
        assert_limit(&assert_fails(host, &format!("{root}/hoard"), 502, "WH2306"), "handles", 100);
    });
}

/// Streams that no host function opens.
pub(crate) fn over_its_streams(row: &Row) {
    let host = host(Service::of(&SERVICE).limit("handles", "100"));
    assert_limit(&assert_fails(&host, "/s/service/streams", row.status(), row.code()), "handles", 100);
    host.stop();
}

/// The bindings trap before a set of headers outgrows them.
pub(crate) fn over_its_headers(row: &Row) {
    let [most, _] = row.numbers().map(|bytes| bytes >> 10);
    each(&[], |host, root| {
        // What the host needs beside is some bytes for each.
        assert_eq!(host.get(&format!("{root}/swell/{}", most * 3 / 4)).send().text(), "swollen");
        assert_fails(host, &format!("{root}/swell/{most}"), row.status(), row.code());
    });
}

/// They are the host's memory: all of them together are held to what the component has itself.
#[test]
fn sets_of_headers_are_the_smaller_the_more_there_may_be() {
    each(&[("memory", "4MiB"), ("handles", "128")], |host, root| {
        assert_eq!(host.get(&format!("{root}/swell/24")).send().text(), "swollen");
        assert_fails(host, &format!("{root}/swell/32"), 502, "WH2302");
    });
}

#[test]
fn a_request_s_body() {
    each(&[("body-in", "100KiB")], |host, root| {
        // Both what handles the failure and what does not think of it.
        for sink in ["sink", "trusting-sink"] {
            let sink = format!("{root}/{sink}");
            for length in [0, 1_000, 100 << 10] {
                let body = vec![b'x'; length];
                assert_eq!(host.post(&sink).body(&body).send().text(), length.to_string());
                assert_eq!(host.post(&sink).chunked(&body).send().text(), length.to_string());
            }
            let body = vec![b'x'; (100 << 10) + 1];
            host.post(&sink).body(&body).send().assert(413, "WH2201");
            host.post(&sink).chunked(&body).send().assert(413, "WH2201");
        }
        let line = host.log().find("the limit", |line| line.field("limit") == "body-in");
        assert_eq!(line.field("allowed"), (100 << 10).to_string());
    });
}

#[test]
fn a_response_s_body() {
    each(&[("body-out", "100KiB")], |host, root| {
        for bytes in [0, 1, 100 << 10] {
            let answer = host.get(&format!("{root}/source/{bytes}")).send();
            assert_eq!((answer.status, answer.complete, answer.body.len()), (200, true, bytes));
        }
        for bytes in [(100 << 10) + 1, 1 << 30] {
            host.get(&format!("{root}/source/{bytes}")).open().breaks_off();
        }
        assert_limit(&host.log().find("the limit", |line| line.field("limit") == "body-out"), "body-out", 100 << 10);
    });
    each(&[("body-out", "4B")], |host, root| {
        assert_limit(&assert_fails(host, &format!("{root}/length/12"), 502, "WH2308"), "body-out", 4);
    });
}
