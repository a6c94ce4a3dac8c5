//! A request, and how its head is read.

use crate::Refusal;

const MAX_HEADERS: usize = 64;

/// A request, read whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// `GET`, `POST` and so on.
    pub method: String,
    /// Path as sent, but for runs of slashes, which are one: clients that join `https://host/` and `/path` mean the path.
    pub path: String,
    /// Query as sent, without the question mark.
    pub query: String,
    /// Parameters of the query, decoded, in their order.
    pub params: Vec<(String, String)>,
    /// Headers as sent, in their order.
    pub headers: Vec<(String, String)>,
    /// The body, without its transfer encoding.
    pub body: Vec<u8>,
}

impl Request {
    /// A header by its name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// A parameter of the query by its exact name.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether a header that is a list has an element, in any case.
    pub fn header_has(&self, name: &str, element: &str) -> bool {
        let lists = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        lists.flat_map(|(_, list)| list.split(',')).any(|known| known.trim().eq_ignore_ascii_case(element))
    }
}

/// A request of which only the head is read.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) request: Request,
    /// Bytes of the head.
    pub(crate) length: usize,
    pub(crate) body: Body,
    pub(crate) keep_alive: bool,
}

/// How the end of a body is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Body {
    Length(usize),
    Chunked,
}

impl Head {
    /// Reads a head; `None` while it is incomplete.
    pub(crate) fn parse(buffer: &[u8]) -> Result<Option<Self>, Refusal> {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut head = httparse::Request::new(&mut headers);
        let length = match head.parse(buffer) {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(httparse::Error::Version) => return Err(Refusal::UnknownVersion),
            Err(httparse::Error::TooManyHeaders) => return Err(Refusal::HeadTooLarge),
            Err(_) => return Err(Refusal::Malformed),
        };
        let (path, query) = split(head.path.unwrap_or_default()).ok_or(Refusal::Malformed)?;
        let request = Request {
            method: head.method.unwrap_or_default().to_owned(),
            path,
            query: query.to_owned(),
            params: form_urlencoded::parse(query.as_bytes()).into_owned().collect(),
            headers: head
                .headers
                .iter()
                .map(|header| (header.name.to_owned(), String::from_utf8_lossy(header.value).into_owned()))
                .collect(),
            body: Vec::new(),
        };
        let body = body(&request)?;
        let keep_alive = head.version == Some(1) && !request.header_has("connection", "close");
        Ok(Some(Self { request, length, body, keep_alive }))
    }
}

/// Path and query of a target: `/path?query`, the same with a scheme and a host before it, or `*`.
fn split(target: &str) -> Option<(String, &str)> {
    let target = target.split_once('#').map_or(target, |(target, _)| target);
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    if path == "*" {
        return Some((path.to_owned(), query));
    }
    let path = match path.split_once("://") {
        // Told as to a proxy; a slash before the scheme makes it a path.
        Some((scheme, rest)) if !scheme.contains('/') => rest.find('/').map_or("/", |at| &rest[at..]),
        _ => path,
    };
    if !path.starts_with('/') {
        return None;
    }
    let mut collapsed = String::with_capacity(path.len());
    for letter in path.chars() {
        if letter != '/' || !collapsed.ends_with('/') {
            collapsed.push(letter);
        }
    }
    Some((collapsed, query))
}

fn body(request: &Request) -> Result<Body, Refusal> {
    let all = |name: &str| {
        let named = request.headers.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.trim().to_owned()).collect::<Vec<_>>()
    };
    let (encodings, lengths) = (all("transfer-encoding"), all("content-length"));
    match (encodings.as_slice(), lengths.as_slice()) {
        ([], []) => Ok(Body::Length(0)),
        ([], [length, others @ ..]) => {
            // Two lengths are how one server is made to see another request than the next one.
            if others.iter().any(|other| other != length) || !length.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(Refusal::Malformed);
            }
            // All digits, so what does not parse is too long.
            let length = if length.is_empty() { return Err(Refusal::Malformed) } else { length.parse() };
            length.ok().filter(|length| *length <= crate::MAX_BODY).map(Body::Length).ok_or(Refusal::BodyTooLarge)
        }
        ([encoding], []) if encoding.eq_ignore_ascii_case("chunked") => Ok(Body::Chunked),
        (_, []) => Err(Refusal::UnknownEncoding),
        _ => Err(Refusal::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Option<Head>, Refusal> {
        Head::parse(text.as_bytes())
    }

    fn head(text: &str) -> Head {
        parse(text).unwrap().unwrap()
    }

    #[test]
    fn runs_of_slashes_are_one_and_a_first_segment_is_no_host() {
        for (target, path) in [
            ("//uapi/domestic-stock/v1", "/uapi/domestic-stock/v1"),
            ("/uapi///x//", "/uapi/x/"),
            ("http://127.0.0.1:9//uapi/x", "/uapi/x"),
            ("http://127.0.0.1:9", "/"),
            ("/a://b", "/a:/b"),
            ("*", "*"),
        ] {
            assert_eq!(head(&format!("GET {target} HTTP/1.1\r\n\r\n")).request.path, path, "{target}");
        }
        assert_eq!(parse("GET uapi HTTP/1.1\r\n\r\n").err(), Some(Refusal::Malformed));
    }

    #[test]
    fn a_query_is_kept_and_decoded() {
        let request = head("GET //x?A=1%202&b=%EA%B0%80&c//d= HTTP/1.1\r\n\r\n").request;
        assert_eq!(request.query, "A=1%202&b=%EA%B0%80&c//d=");
        assert_eq!((request.param("A"), request.param("b"), request.param("a")), (Some("1 2"), Some("가"), None));
    }

    #[test]
    fn headers_keep_their_spelling_and_are_found_in_any() {
        let request = head("GET / HTTP/1.1\r\ntr_Id: a\r\nConnection: Keep-Alive, Close\r\n\r\n");
        assert_eq!((request.request.header("TR_ID"), request.keep_alive), (Some("a"), false));
        assert_eq!(request.request.headers[0].0, "tr_Id");
        assert!(head("GET / HTTP/1.1\r\n\r\n").keep_alive && !head("GET / HTTP/1.0\r\n\r\n").keep_alive);
    }

    #[test]
    fn a_body_that_two_servers_would_read_differently_is_refused() {
        let body = |headers: &str| parse(&format!("POST / HTTP/1.1\r\n{headers}\r\n")).map(|head| head.unwrap().body);
        assert_eq!(body("Content-Length: 5\r\nContent-Length: 5\r\n"), Ok(Body::Length(5)));
        assert_eq!(body("Transfer-Encoding: Chunked\r\n"), Ok(Body::Chunked));
        for wrong in [
            "Content-Length: 5\r\nContent-Length: 6\r\n",
            "Content-Length: +5\r\n",
            "Content-Length: -5\r\n",
            "Content-Length: 5, 5\r\n",
            "Content-Length:\r\n",
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        ] {
            assert_eq!(body(wrong), Err(Refusal::Malformed), "{wrong}");
        }
        assert_eq!(body("Transfer-Encoding: gzip, chunked\r\n"), Err(Refusal::UnknownEncoding));
        assert_eq!(body("Content-Length: 1048577\r\n"), Err(Refusal::BodyTooLarge));
        assert_eq!(body("Content-Length: 99999999999999999999999\r\n"), Err(Refusal::BodyTooLarge));
    }

    #[test]
    fn what_is_not_http_1_is_told_apart() {
        assert_eq!(parse("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").err(), Some(Refusal::UnknownVersion));
        assert_eq!(parse("\x16\x03\x01\x02\x00\x01").err(), Some(Refusal::Malformed));
        let many = "a: b\r\n".repeat(65);
        assert_eq!(parse(&format!("GET / HTTP/1.1\r\n{many}\r\n")).err(), Some(Refusal::HeadTooLarge));
        assert!(parse("GET / HTTP/1.1\r\nHost").unwrap().is_none());
    }
}
