//! Bodies on their way through a stock component.

use super::each;
use crate::support::{http::chunk, wait::until};

#[test]
fn what_is_sent_comes_back_piece_by_piece() {
    each(&[], |host, root| {
        let mut call = host.post(&format!("{root}/echo")).header("transfer-encoding", "chunked").open();
        for piece in [b"one", b"two"] {
            call.write(&chunk(piece));
            call.read_until(piece);
        }
        call.write(&chunk(b""));
        let answer = call.finish();
        assert_eq!((answer.status, answer.text().as_str(), answer.complete), (200, "onetwo", true));
    });
}

#[test]
fn bodies_of_all_sizes_pass_whole() {
    each(&[], |host, root| {
        for length in [0, 1, 4_095, 4_096, 65_536, 65_537, 1 << 20] {
            let body: Vec<u8> = (0..length).map(|index| b"0123456789"[index % 10]).collect();
            for request in [host.post(&format!("{root}/echo")).body(&body), host.post(&format!("{root}/echo")).chunked(&body)] {
                let answer = request.send();
                assert_eq!((answer.status, answer.complete, answer.body == body), (200, true, true), "{length} bytes");
            }
        }
    });
}

#[test]
fn large_bodies_and_readers_that_stall_cost_no_memory() {
    each(&[("concurrency", "4")], |host, root| {
        host.get(&format!("{root}/source/1048576")).send();
        let peak = host.process().peak_memory();
        let stalled = host.get(&format!("{root}/source/1073741824")).open();
        let mut large = host.get(&format!("{root}/source/268435456")).open();
        let mut arrived = 0;
        while large.read() {
            arrived += large.take();
        }
        assert!(arrived > 256 << 20, "{arrived} bytes came:\n{}", host.log().text());
        let unread = host.post(&format!("{root}/drip")).header("transfer-encoding", "chunked").open();
        host.assert_serves_others();
        let grown = host.process().peak_memory() - peak;
        assert!(grown < 64 << 20, "256 MiB through a component took {grown} bytes");
        stalled.leave();
        unread.leave();
    });
}

#[test]
fn the_first_byte_leaves_before_the_last_is_made_and_leaving_ends_the_component() {
    each(&[], |host, root| {
        let mut call = host.get(&format!("{root}/drip")).open();
        call.read_until(b"drop\n");
        host.assert_serves_others();
        call.leave();
        let free = || (host.get(&format!("{root}/seen")).probe() == Some(200)).then_some(());
        until("the one permit is free again", free);
    });
}

#[test]
fn a_sender_who_leaves_half_way_ends_the_call() {
    each(&[], |host, root| {
        let mut call = host.post(&format!("{root}/sink")).header("transfer-encoding", "chunked").open();
        call.write(&chunk(b"one"));
        call.leave();
        let free = || (host.get(&format!("{root}/seen")).probe() == Some(200)).then_some(());
        until("the one permit is free again", free);
    });
}

#[test]
fn a_head_request_is_answered_without_a_body() {
    each(&[], |host, root| {
        let answer = host.request("HEAD", &format!("{root}/seen")).send();
        assert_eq!((answer.status, answer.body.len()), (200, 0));
    });
}
