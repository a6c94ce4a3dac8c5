use super::*;

/// Answers with method, path and body.
struct Echo;

impl Service for Echo {
    async fn answer(&self, request: Request) -> Delivery {
        let Request { method, path, body, .. } = request;
        let response =
            Response::new(200).header("tr_id", method).body(format!("{path} {}", String::from_utf8_lossy(&body)));
        match path.as_str() {
            "/closed" => Delivery::Closed,
            "/cut" => Delivery::Cut { response, after: 2 },
            _ => Delivery::Whole(response),
        }
    }
}

/// Everything that comes back when these pieces are sent one after another and the client has no more to say.
async fn answers(pieces: &[&str]) -> String {
    let (mut client, server) = tokio::io::duplex(64);
    let serving = tokio::spawn(async move { serve_connection(server, &Echo).await });
    let (mut reading, mut writing) = tokio::io::split(&mut client);
    let mut text = Vec::new();
    let send = async {
        for piece in pieces {
            // Whoever is refused need not be read to the end.
            if writing.write_all(piece.as_bytes()).await.is_err() {
                break;
            }
            tokio::task::yield_now().await;
        }
        let _ = writing.shutdown().await;
    };
    let (_, read) = tokio::join!(send, reading.read_to_end(&mut text));
    read.unwrap();
    serving.await.unwrap();
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn requests_follow_each_other_whatever_their_pieces() {
    let both = "POST //a HTTP/1.1\r\nContent-Length: 3\r\n\r\nxyzGET /b HTTP/1.1\r\n\r\n";
    let pieces: Vec<&str> = both.split_inclusive("").collect();
    let text = answers(&pieces).await;
    assert_eq!(text.matches("HTTP/1.1 200 OK\r\ntr_id: ").count(), 2, "{text}");
    assert!(text.contains("\r\n\r\n/a xyzHTTP/1.1 200") && text.ends_with("\r\n\r\n/b "), "{text}");
}

#[tokio::test]
async fn a_body_in_chunks_is_read() {
    let head = "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    let text = answers(&[
        head,
        "3;x=y\r\nabc\r\n",
        "0",
        "a\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n",
        "GET /b HTTP/1.1\r\n\r\n",
    ])
    .await;
    assert!(text.contains("/a abc0123456789") && text.ends_with("/b "), "{text}");
    let whole = format!("{head}1\r\na\r\n0\r\n\r\n");
    for pieces in [whole.split_inclusive("").collect::<Vec<_>>(), vec![&whole]] {
        assert!(answers(&pieces).await.ends_with("/a a"));
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_answered_before_the_connection_ends() {
    let chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunk = format!("40000\r\n{}\r\n", "x".repeat(0x40000));
    for (request, status) in [
        ("\x16\x03\x01\r\n\r\n".to_owned(), "400 Bad Request"),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), "505 HTTP"),
        (format!("GET / HTTP/1.1\r\na: {}\r\n\r\n", "x".repeat(MAX_HEAD)), "431 Request"),
        (format!("GET / HTTP/1.1\r\na: {}", "x".repeat(2 * MAX_HEAD)), "431 Request"),
        (format!("POST / HTTP/1.1\r\nContent-Length: 2000000\r\n\r\n{}", "x".repeat(100_000)), "413 Content"),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\nx".to_owned(), "501 Not"),
        (format!("{chunked}x\r\n"), "400 Bad"),
        (format!("{chunked}1\r\nab\r\n"), "400 Bad"),
        (format!("{chunked}fffffffffff\r\n"), "413 Content"),
        (format!("{chunked}1;{}", "x".repeat(2 * MAX_CHUNK_LINE)), "400 Bad"),
        (format!("{chunked}{}", chunk.repeat(5)), "413 Content"),
        (format!("{chunked}0\r\n{}", "a: b\r\n".repeat(10_000)), "431 Request"),
    ] {
        let text = answers(&[&request]).await;
        assert!(text.starts_with(&format!("HTTP/1.1 {status}")), "{status}: {text}");
        assert!(text.contains("\r\nConnection: close\r\n") && !text.ends_with("\r\n\r\n"), "{text}");
    }
}

#[tokio::test]
async fn faults_of_delivery_end_the_connection() {
    let next = "GET /b HTTP/1.1\r\n\r\n";
    assert_eq!(answers(&["GET /closed HTTP/1.1\r\n\r\n", next]).await, "");
    let cut = answers(&["GET /cut HTTP/1.1\r\n\r\n", next]).await;
    assert!(cut.contains("Content-Length: 5\r\n") && cut.ends_with("\r\n\r\n/c"), "{cut}");
    let closed = answers(&["GET /a HTTP/1.0\r\n\r\n", next]).await;
    assert!(closed.contains("\r\nConnection: close\r\n") && closed.ends_with("/a "), "{closed}");
    assert!(answers(&["HEAD /a HTTP/1.1\r\n\r\n"]).await.ends_with("Content-Length: 3\r\n\r\n"));
}

/// Answers after an hour, to clients that may take a minute.
struct Slow;

impl Service for Slow {
    const ENDS_WITH_ITS_CLIENT: bool = true;
    const LIMITS: Limits =
        Limits { request: Duration::from_secs(60), idle: Duration::from_secs(60), answer: Duration::from_secs(60) };

    async fn answer(&self, _: Request) -> Delivery {
        tokio::time::sleep(Duration::from_secs(3600)).await;
        Delivery::Whole(Response::new(200))
    }
}

/// What comes back, and how long the connection was served.
async fn served(sent: &str, leaves: bool) -> (String, Duration) {
    let (client, server) = tokio::io::duplex(1024);
    let began = tokio::time::Instant::now();
    let serving = tokio::spawn(async move { serve_connection(server, &Slow).await });
    let (mut reading, mut writing) = tokio::io::split(client);
    writing.write_all(sent.as_bytes()).await.unwrap();
    if leaves {
        writing.shutdown().await.unwrap();
    }
    serving.await.unwrap();
    let mut text = String::new();
    drop(writing);
    reading.read_to_string(&mut text).await.unwrap();
    (text, began.elapsed())
}

#[tokio::test(start_paused = true)]
async fn who_leaves_is_not_waited_for_and_who_stays_is() {
    let request = "GET / HTTP/1.1\r\nConnection: close\r\n\r\n";
    let (text, took) = served(request, false).await;
    assert!(text.starts_with("HTTP/1.1 200") && took >= Duration::from_secs(3600), "{text}");
    // One that has sent another request first is seen to leave as well.
    for sent in [request.to_owned(), request.repeat(2)] {
        let (text, took) = served(&sent, true).await;
        assert!(text.is_empty() && took < Duration::from_secs(1), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_does_not_come_to_its_end_is_refused_and_an_idle_connection_closed() {
    for begun in ["GET / HT", "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\nx"] {
        let (text, took) = served(begun, false).await;
        assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
        assert!(took >= Duration::from_secs(60) && took < Duration::from_secs(62), "{took:?}");
    }
    let (text, took) = served("", false).await;
    assert!(text.is_empty() && took < Duration::from_secs(62), "{text}");
}

#[tokio::test]
async fn a_client_that_waits_to_be_told_to_continue_is_told() {
    let request = "POST /a HTTP/1.1\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n";
    let text = answers(&[request, "x"]).await;
    assert!(text.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200") && text.ends_with("/a x"), "{text}");
}

/// Answers with more than a connection takes at once.
struct Large;

impl Service for Large {
    const LIMITS: Limits = Limits { answer: Duration::from_secs(30), ..Limits::NONE };

    async fn answer(&self, _: Request) -> Delivery {
        Delivery::Whole(Response::new(200).body(vec![b'x'; 4096]))
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_reads_its_answer_is_let_go_and_one_that_reads_slowly_is_not() {
    let (mut client, server) = tokio::io::duplex(64);
    client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let began = tokio::time::Instant::now();
    serve_connection(server, &Large).await;
    assert_eq!(began.elapsed(), Duration::from_secs(30));
    let (mut client, server) = tokio::io::duplex(64);
    let serving = tokio::spawn(async move { serve_connection(server, &Large).await });
    client.write_all(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut all = Vec::new();
    let mut piece = [0; 64];
    while let Ok(read @ 1..) = client.read(&mut piece).await {
        all.extend_from_slice(&piece[..read]);
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    serving.await.unwrap();
    assert!(all.ends_with(&[b'x'; 4096]), "{} bytes", all.len());
}
