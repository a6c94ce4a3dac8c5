use std::{
    net::Ipv4Addr,
    sync::atomic::{AtomicUsize, Ordering},
};

use tokio::net::UdpSocket;

use super::*;

/// A DNS server that has one answer for IPv4, good for so many seconds, and counts questions for it.
async fn server(answer: [u8; 4], ttl: u32) -> (SocketAddr, Arc<AtomicUsize>) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let (address, asked) = (socket.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let count = asked.clone();
    tokio::spawn(async move {
        let mut buffer = [0; 1500];
        loop {
            let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
            let name_end = 12 + buffer[12..length].iter().position(|byte| *byte == 0).unwrap() + 1;
            let wants_v4 = buffer[name_end..name_end + 2] == [0, 1];
            let question = &buffer[12..name_end + 4];
            // The question's number, an answer without an error, one question, and one record or none.
            let mut reply = vec![buffer[0], buffer[1], 0x81, 0x80, 0, 1, 0, u8::from(wants_v4), 0, 0, 0, 0];
            reply.extend_from_slice(question);
            if wants_v4 {
                count.fetch_add(1, Ordering::SeqCst);
                reply.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1]);
                reply.extend_from_slice(&ttl.to_be_bytes());
                reply.extend_from_slice(&[0, 4]);
                reply.extend_from_slice(&answer);
            }
            socket.send_to(&reply, from).await.unwrap();
        }
    });
    (address, asked)
}

async fn resolved(resolver: &PastHostsFile, host: &str) -> Result<Vec<SocketAddr>, String> {
    let addresses = resolver.resolve(host.parse().unwrap()).await;
    addresses.map(Iterator::collect).map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_host_of_kis_is_asked_of_the_server_and_remembered_for_as_long_as_it_says() {
    for (ttl, asked_twice) in [(300, 1), (0, 2)] {
        let (server, asked) = server([192, 0, 2, 7], ttl).await;
        let resolver = PastHostsFile::new(Some(server));
        for _ in 0..2 {
            let found = resolved(&resolver, "OpenAPI.koreainvestment.com").await.unwrap();
            assert_eq!(found, [SocketAddr::from(([192, 0, 2, 7], 0))]);
        }
        assert_eq!(asked.load(Ordering::SeqCst), asked_twice, "good for {ttl} s");
    }
}

#[tokio::test]
async fn an_answer_that_leads_back_to_this_machine_is_refused() {
    for answer in [[127, 0, 0, 77], [0, 0, 0, 0]] {
        let (server, _) = server(answer, 60).await;
        let refused = resolved(&PastHostsFile::new(Some(server)), HOSTS[0]).await.unwrap_err();
        assert!(refused.contains("gateway.resolver"), "{refused}");
    }
}

#[tokio::test]
async fn other_names_are_the_systems() {
    let (server, asked) = server([192, 0, 2, 7], 60).await;
    let found = resolved(&PastHostsFile::new(Some(server)), "localhost").await.unwrap();
    assert!(found.iter().all(|address| address.ip().is_loopback()) && !found.is_empty());
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[test]
fn servers_are_read_as_the_system_writes_them() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("resolv.conf");
    let text =
        "# a comment\nnameserver 192.0.2.1\nnameserver fe80::1%eth0\nnameserver 2001:db8::1\nsearch example.org\n";
    std::fs::write(&file, text).unwrap();
    let servers = servers_in(&file).unwrap();
    assert_eq!(servers, ["192.0.2.1:53".parse().unwrap(), "[2001:db8::1]:53".parse::<SocketAddr>().unwrap()]);
}
