use wharf_guests::SIP;

use super::host;

#[test]
fn a_guest_that_reads_slowly_holds_neither_the_host_nor_more_than_its_time() {
    let mut host = host(&SIP, &[("wall", "300ms")]);
    let peak = host.process().peak_memory();
    let call = host.post("/s/sip/").chunked(vec![b'x'; 1 << 20]).open();
    host.assert_serves_others();
    call.finish().assert(504, "WH2303");
    let grown = host.process().peak_memory() - peak;
    assert!(grown < 32 << 20, "a body that is not read holds {grown} bytes");
    host.stop();
}

#[test]
fn what_it_reads_arrives() {
    let host = host(&SIP, &[]);
    assert_eq!(host.post("/s/sip/").chunked(b"twenty bytes of body").send().text(), "20");
    assert_eq!(host.post("/s/sip/").body(b"eight by").send().text(), "8");
    assert_eq!(host.post("/s/sip/").send().text(), "0");
    host.stop();
}
