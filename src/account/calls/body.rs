//! KIS's containers, as KIS gave them: no value is looked at, and none is written anew.

use bytes::Bytes;
use kis_catalog::{Operation, Shape};
use serde_json::value::RawValue;

use crate::kis::{
    KisError,
    field::{Field, Members, Place},
    reply::{self, Reply},
};

/// Largest answer of several pages.
pub(super) const MAX_BYTES: usize = 8 << 20;

/// A member that is a text.
fn text_of(members: &Raw<'_>, name: &str) -> Option<String> {
    let field: Field<'_> = serde_json::from_str(members.get(name)?.get()).ok()?;
    match field {
        Field::Text(text) => Some(text.into_owned()),
        Field::Integer(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The members of an answer, in KIS's order.
type Raw<'a> = Members<'a, &'a RawValue>;

/// Whether a member is KIS's envelope, which is told beside the body.
fn is_envelope(name: &str) -> bool {
    let is = |known: &str| name.eq_ignore_ascii_case(known);
    is("rt_cd")
        || is("msg_cd")
        || is("msg1")
        || name.get(..9).is_some_and(|start| start.eq_ignore_ascii_case("ctx_area_"))
}

/// The pages of an answer, so far.
#[derive(Debug)]
pub(super) struct Pages {
    /// Containers that may be the list that is paged.
    lists: Vec<&'static str>,
    /// The list that is, once there are several pages.
    list: Option<&'static str>,
    /// Its rows on all pages but the last.
    rows: Vec<u8>,
    last: Option<Bytes>,
    pub(super) count: usize,
}

/// What a page says beside its containers.
pub(super) struct Said {
    pub(super) msg_cd: String,
    pub(super) msg1: String,
}

impl Pages {
    pub(super) fn of(operation: &Operation) -> Self {
        let is_list = |shape| matches!(shape, Shape::Array | Shape::Unknown);
        let outputs = operation.outputs().filter(|container| container.name() != "top" && is_list(container.shape()));
        let lists = outputs.map(|container| container.name()).collect();
        Self { lists, list: None, rows: Vec::new(), last: None, count: 0 }
    }

    /// Adds a page. What it answers for the fields in `named` is returned, and what it says.
    pub(super) fn add<const N: usize>(
        &mut self,
        reply: &Reply,
        named: [Option<&str>; N],
        private: &[&str],
    ) -> Result<([Option<String>; N], Said), KisError> {
        if let Some(before) = self.last.take() {
            self.keep_rows(&before);
        }
        let members = members(&reply.body)
            .map_err(|()| Place { tr_id: reply.tr_id, row: None }.malformed("body", "is not a JSON object"))?;
        let said =
            |name| text_of(&members, name).map(|text| reply::printable(text.trim(), private)).unwrap_or_default();
        let said = Said { msg_cd: said("msg_cd"), msg1: said("msg1") };
        let values = named.map(|name| text_of(&members, name?));
        self.last = Some(reply.body.clone());
        self.count += 1;
        Ok((values, said))
    }

    /// Keeps the rows of a page that another follows.
    fn keep_rows(&mut self, body: &[u8]) {
        // It has been read before.
        let Ok(members) = members(body) else { return };
        let is_there = |name: &&&'static str| members.get(name).is_some_and(|value| value.get().starts_with('['));
        let list = self.list.or_else(|| self.lists.iter().find(is_there).copied());
        self.list = list;
        if let Some(rows) = list.and_then(|list| members.get(list)) {
            push_rows(&mut self.rows, rows.get());
        }
    }

    /// Bytes that are held.
    pub(super) fn bytes(&self) -> usize {
        self.rows.len() + self.last.as_ref().map_or(0, Bytes::len)
    }

    /// The list that is paged joined, every other container that of the last page.
    pub(super) fn join(mut self) -> Option<Box<RawValue>> {
        let last = self.last.take().unwrap_or_default();
        // It has been read before.
        let Members(members) = members(&last).unwrap_or(Members(Vec::new()));
        let list = self.list.filter(|_| self.count > 1);
        let mut joined = Vec::with_capacity(self.rows.len() + last.len());
        for (name, value) in members.iter().filter(|(name, _)| !is_envelope(name)) {
            push_name(&mut joined, name);
            if list.is_some_and(|list| name.eq_ignore_ascii_case(list)) {
                push_rows(&mut self.rows, value.get());
                push_list(&mut joined, &mut self.rows);
            } else {
                joined.extend(value.get().bytes().map(on_one_line));
            }
        }
        if let Some(list) = list.filter(|_| !self.rows.is_empty()) {
            // The last page has left it out.
            push_name(&mut joined, list);
            push_list(&mut joined, &mut self.rows);
        }
        if joined.is_empty() {
            joined.push(b'{');
        }
        joined.push(b'}');
        // It is made of JSON.
        String::from_utf8(joined).ok().and_then(|joined| RawValue::from_string(joined).ok())
    }
}

/// Begins the next member of an object, or the object.
fn push_name(joined: &mut Vec<u8>, name: &str) {
    joined.push(if joined.is_empty() { b'{' } else { b',' });
    // A text is always written.
    joined.extend(serde_json::to_vec(name).unwrap_or_default());
    joined.push(b':');
}

/// Takes all rows over, as a list.
fn push_list(joined: &mut Vec<u8>, rows: &mut Vec<u8>) {
    joined.push(b'[');
    joined.append(rows);
    joined.push(b']');
}

fn members(body: &[u8]) -> Result<Raw<'_>, ()> {
    serde_json::from_slice(body).map_err(|_| ())
}

/// Adds the rows of a JSON array, or the one that stands by itself.
fn push_rows(rows: &mut Vec<u8>, value: &str) {
    let inner = value.strip_prefix('[').and_then(|value| value.strip_suffix(']')).unwrap_or(value).trim();
    if inner.is_empty() || inner == "null" {
        return;
    }
    if !rows.is_empty() {
        rows.push(b',');
    }
    rows.extend(inner.bytes().map(on_one_line));
}

/// A reply is one line; a line break in JSON stands between values only.
fn on_one_line(byte: u8) -> u8 {
    if matches!(byte, b'\n' | b'\r' | b'\t') { b' ' } else { byte }
}

#[cfg(test)]
mod tests {
    use kis_catalog::catalog;

    use super::*;
    use crate::kis::reply::More;

    fn joined(operation: &str, bodies: &[&str]) -> String {
        let mut pages = Pages::of(catalog().find(operation).unwrap().operation);
        for body in bodies {
            let reply = Reply { tr_id: "TR", more: More::Yes, http_status: 200, body: (*body).to_owned().into() };
            pages.add(&reply, [], &[]).unwrap();
        }
        pages.join().unwrap().get().to_owned()
    }

    #[test]
    fn one_page_is_passed_on_as_it_came_without_the_envelope_and_on_one_line() {
        let body = "{\"rt_cd\":\"0\",\"msg_cd\":\"KIOK0510\",\"msg1\":\"ok\",\"CTX_AREA_FK100\":\" \",\"ctx_area_nk100\":\"1\",\n\
            \"output1\": [{\"a\" :\"0.10\",\"n\":1.50e3}],\r\n\t\"output2\":{\"텍\\u0000\":null}}";
        assert_eq!(
            joined("TTTC8434R", &[body]),
            "{\"output1\":[{\"a\" :\"0.10\",\"n\":1.50e3}],\"output2\":{\"텍\\u0000\":null}}"
        );
        assert_eq!(joined("TTTC8434R", &["{\"rt_cd\":\"0\"}"]), "{}");
    }

    #[test]
    fn the_list_of_all_pages_is_joined_and_the_rest_is_of_the_last() {
        let page =
            |rows: &str, sum: u8| format!("{{\"output1\":{rows},\"output2\":[{{\"sum\":\"{sum}\"}}],\"rt_cd\":\"0\"}}");
        let pages = [page("[{\"a\":1}, {\"a\":2}]", 1), page("[]", 2), page("[ {\"a\":3}\n]", 3)];
        let pages: Vec<&str> = pages.iter().map(String::as_str).collect();
        assert_eq!(
            joined("TTTC8434R", &pages),
            "{\"output1\":[{\"a\":1}, {\"a\":2},{\"a\":3}],\"output2\":[{\"sum\":\"3\"}]}"
        );
        let last_is_one_row = [pages[0], "{\"output1\":{\"a\":3}}"];
        assert_eq!(joined("TTTC8434R", &last_is_one_row), "{\"output1\":[{\"a\":1}, {\"a\":2},{\"a\":3}]}");
        let last_has_none = [pages[0], "{\"output2\":[]}"];
        assert_eq!(joined("TTTC8434R", &last_has_none), "{\"output2\":[],\"output1\":[{\"a\":1}, {\"a\":2}]}");
    }

    #[test]
    fn what_a_page_says_is_trimmed_and_the_account_is_struck_out() {
        let mut pages = Pages::of(catalog().find("TTTC8434R").unwrap().operation);
        let body = r#"{"msg_cd":20310000,"msg1":" 계좌 12345678 조회   ","ctx_area_nk100":" 7 "}"#;
        let reply = Reply { tr_id: "TR", more: More::No, http_status: 200, body: body.into() };
        let ([key], said) = pages.add(&reply, [Some("CTX_AREA_NK100")], &["12345678"]).unwrap();
        assert_eq!(key.as_deref(), Some(" 7 "), "as it came");
        assert_eq!((said.msg_cd.as_str(), said.msg1.as_str()), ("20310000", "계좌 [secret] 조회"));
    }
}
