//! An answer, and how its head is written.

/// An answer. Its length is added when it is sent; all other headers are the program's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// Headers, spelled as they will be sent, in their order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// An answer without headers and body.
    pub fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// The same with one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The same with this body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Whether there is a header, in any case.
    pub fn has_header(&self, name: &str) -> bool {
        self.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
    }

    /// Status line and headers, the empty line after them included.
    pub(crate) fn head(&self, closes: bool) -> String {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in &self.headers {
            // A line break would begin a header that nobody has given.
            let visible = |text: &str| text.chars().filter(|letter| !letter.is_control()).collect::<String>();
            head.push_str(&format!("{}: {}\r\n", visible(name), visible(value)));
        }
        if closes && !self.has_header("connection") {
            head.push_str("Connection: close\r\n");
        }
        if !self.has_header("content-length") {
            head.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        head.push_str("\r\n");
        head
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        409 => "Conflict",
        413 => "Content Too Large",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        _ => "Status",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelled_as_given_and_the_length_is_added() {
        let response = Response::new(200).header("Content-Type", "a/b").header("tr_cont", "").body("가");
        assert_eq!(
            response.head(false),
            "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\ntr_cont: \r\nContent-Length: 3\r\n\r\n"
        );
        assert!(response.head(true).contains("\r\nConnection: close\r\n"));
    }

    #[test]
    fn a_value_cannot_begin_another_header() {
        let head = Response::new(200).header("a", "b\r\nc: d").head(false);
        assert_eq!(head.lines().count(), 4, "{head}");
    }
}
