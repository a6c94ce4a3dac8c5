//! One call of an operation, as a question that a desk answers: page by page, as far as is wanted.

use std::{
    fmt,
    hash::{Hash, Hasher},
    mem::discriminant,
    sync::OnceLock,
    time::Duration,
};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use kis_catalog::{Operation, Paging};
use serde_json::value::RawValue;

use super::body::{MAX_BYTES, Pages, Said};
use crate::{
    account::AccountName,
    desk::{Errand, Pace, Question, ReadError, Size},
    kis::{
        Call, Effect, KisError, Query,
        field::Place,
        paging::PageKey,
        reply::{More, Reply},
    },
    token::CallError,
};

/// What stands for the next page where KIS remembers itself which that is.
const AGAIN: &str = "N";

/// How often a list is begun again that changes while it is read.
const BEGUN: usize = 3;

/// One call of an operation.
#[derive(Clone, PartialEq, Eq)]
pub struct CallQuestion {
    pub(super) operation: &'static Operation,
    pub(super) tr_id: &'static str,
    /// Every parameter with its value, in KIS's order; those of pages are empty.
    pub(super) values: Vec<(&'static str, String)>,
    /// Where to begin.
    pub(super) start: PageKey,
    /// Pages at most.
    pub(super) pages: usize,
}

impl CallQuestion {
    /// The operation.
    pub fn operation(&self) -> &'static Operation {
        self.operation
    }

    /// What a cursor is bound to.
    pub(super) fn about(&self, account: &AccountName) -> String {
        let values = self.values.iter().flat_map(|(name, value)| ["\n", name, "=", value]);
        [self.operation.id(), "\n", self.tr_id, "\n", account.as_str()].into_iter().chain(values).collect()
    }
}

impl Hash for CallQuestion {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.tr_id, &self.values, &self.start, self.pages).hash(state);
    }
}

/// The values hold the account number.
impl fmt::Debug for CallQuestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.operation.id())
    }
}

/// What KIS answered.
#[derive(Debug)]
pub struct Called {
    /// The TR that was called.
    pub tr_id: &'static str,
    /// KIS's containers, as a JSON object.
    pub body: Box<RawValue>,
    /// `msg_cd` of the last page.
    pub msg_cd: String,
    /// `msg1` of the last page.
    pub msg1: String,
    /// Pages that were read.
    pub pages: usize,
    /// Where it goes on, if it does.
    pub next: Option<PageKey>,
    /// When KIS answered.
    pub as_of: DateTime<Utc>,
    /// It, as it was written for an account: as KIS gave it, and by the first other method that did.
    written: [OnceLock<(Form, AccountName, Bytes)>; 2],
}

/// How an answer is written for callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As KIS gave it.
    Raw,
    /// In the words of the method of this name.
    Of(&'static str),
}

impl Called {
    /// The answer as it is written for callers about an account: by `write`, once for the account that is asked about first, and of
    /// methods other than `kis.call` for the first.
    pub fn written<E>(
        &self,
        form: Form,
        account: &AccountName,
        write: impl FnOnce() -> Result<Bytes, E>,
    ) -> Result<Bytes, E> {
        let kept = &self.written[usize::from(form != Form::Raw)];
        match kept.get() {
            Some((of, name, written)) if (*of, name) == (form, account) => Ok(written.clone()),
            Some(_) => write(),
            None => {
                let written = write()?;
                // Another account may have been quicker.
                let _ = kept.set((form, account.clone(), written.clone()));
                Ok(written)
            }
        }
    }
}

/// What can be wrong with an answer of several pages.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CallFault {
    /// It is too large.
    #[error("the answer has more than {} MiB after {pages} pages; ask for fewer pages, and go on with next", MAX_BYTES >> 20)]
    TooLarge {
        /// Pages that were read.
        pages: usize,
    },
    /// KIS names a page as the next one that it has given before.
    #[error("KIS names a page as the next one that it has given before, after {pages} pages")]
    Circle {
        /// Pages that were read.
        pages: usize,
    },
}

impl Question for CallQuestion {
    type Answer = Called;
    type Fault = CallFault;

    const IS_PROBED: bool = false;

    fn name(&self) -> &'static str {
        self.operation.id()
    }

    fn takes_answers_of(&self, earlier: &Self) -> bool {
        self == earlier
    }

    async fn fetch(self, errand: Errand<Called>) -> Result<Called, ReadError<CallFault>> {
        let mut begun = 0;
        loop {
            begun += 1;
            match self.read(&errand, begun == 1).await {
                Err(ReadError::Call(CallError::Kis(KisError::Changed(_)))) if begun < BEGUN => {}
                result => return result,
            }
        }
    }

    fn size(answer: &Called) -> Size {
        Size { figure: None, pages: answer.pages, expected: 0, too_short: Duration::ZERO }
    }

    fn says_the_same(one: &Called, other: &Called) -> bool {
        (one.body.get(), &one.msg_cd) == (other.body.get(), &other.msg_cd)
    }

    fn is_alike(one: &CallFault, other: &CallFault) -> bool {
        discriminant(one) == discriminant(other)
    }
}

impl CallQuestion {
    async fn read(&self, errand: &Errand<Called>, is_first: bool) -> Result<Called, ReadError<CallFault>> {
        let (mut pages, mut asked, mut pace) = (Pages::of(self.operation), vec![self.start.clone()], Pace::default());
        loop {
            let key = &asked[asked.len() - 1];
            let reply = self.page(errand, key, is_first && asked.len() == 1).await?;
            let (next, said) = self
                .add(&mut pages, key, &reply)
                .inspect_err(|error| errand.client.totals().count_failure(error))
                .map_err(CallError::from)?;
            let count = pages.count;
            let next = match next {
                Some(next) if count < self.pages => next,
                next => {
                    let Said { msg_cd, msg1 } = said;
                    let as_of = errand.client.clock().now();
                    let body = pages.join().ok_or_else(|| {
                        let place = Place { tr_id: reply.tr_id, row: None };
                        CallError::from(place.malformed("body", "cannot be joined"))
                    })?;
                    let tr_id = self.tr_id;
                    let written = Default::default();
                    return Ok(Called { tr_id, body, msg_cd, msg1, pages: count, next, as_of, written });
                }
            };
            if self.operation.paging() != Paging::Header && asked.contains(&next) {
                return Err(ReadError::Fault(CallFault::Circle { pages: count }));
            }
            if pages.bytes() > MAX_BYTES {
                return Err(ReadError::Fault(CallFault::TooLarge { pages: count }));
            }
            errand.tell(
                count,
                Size { figure: None, pages: count + 1, expected: 0, too_short: Duration::ZERO },
                &mut pace,
            );
            asked.push(next);
        }
    }

    async fn page(&self, errand: &Errand<Called>, key: &PageKey, is_first: bool) -> Result<Reply, CallError> {
        let of_page = |name: &str| match self.operation.paging() {
            Paging::Keys { fk: Some(fk), .. } if fk.request == name => Some(key.fk.as_str()),
            Paging::Keys { nk: Some(nk), .. } if nk.request == name => Some(key.nk.as_str()),
            _ => None,
        };
        let query: Vec<(&'static str, &str)> =
            self.values.iter().map(|(name, value)| (*name, of_page(name).unwrap_or(value))).collect();
        let call = Call {
            path: self.operation.path(),
            tr_id: self.tr_id,
            unlisted: None,
            effect: Effect::Read,
            query: Query::Params(&query),
            next_page: *key != PageKey::default(),
        };
        errand.call(&call, is_first).await
    }

    /// Adds a page, and says where it goes on.
    fn add(&self, pages: &mut Pages, key: &PageKey, reply: &Reply) -> Result<(Option<PageKey>, Said), KisError> {
        // The account number, which KIS repeats in its messages.
        let private: Vec<&str> =
            self.values.iter().filter(|(name, _)| *name == "CANO").map(|(_, cano)| &**cano).collect();
        let (fk, nk, by_header) = match self.operation.paging() {
            Paging::Keys { fk, nk, by_header } => (fk.map(|key| key.reply), nk.map(|key| key.reply), by_header),
            _ => (None, None, false),
        };
        let ([fk, nk_value], said) = pages.add(reply, [fk, nk], &private)?;
        let next = match (self.operation.paging(), nk) {
            (Paging::Header, _) => {
                (reply.more == More::Yes).then(|| PageKey { nk: AGAIN.to_owned(), ..PageKey::default() })
            }
            // Of some lists KIS says that the header tells nothing; where it does, it is believed.
            (Paging::Keys { .. }, Some(_)) if !by_header && reply.more == More::Unsaid => None,
            (Paging::Keys { .. }, Some(nk)) => {
                let answered = PageKey { fk: fk.unwrap_or_default(), nk: nk_value.unwrap_or_default() };
                key.next(answered, reply, nk)?
            }
            // Where a parameter says where a page begins, the caller gives it.
            (Paging::Keys { .. } | Paging::Cursor { .. } | Paging::None, _) => None,
        };
        Ok((next, said))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_that_was_written_for_one_method_or_account_is_given_to_no_other() {
        let called = Called {
            tr_id: "TR",
            body: RawValue::from_string("{}".to_owned()).unwrap(),
            msg_cd: String::new(),
            msg1: String::new(),
            pages: 1,
            next: None,
            as_of: DateTime::UNIX_EPOCH,
            written: Default::default(),
        };
        let written = |form, account: &str, text: &'static str| {
            let account = AccountName::try_new(account).unwrap();
            called.written(form, &account, || Ok::<_, ()>(Bytes::from_static(text.as_bytes()))).unwrap()
        };
        assert_eq!(written(Form::Of("orders"), "main", "orders of main"), "orders of main");
        assert_eq!(written(Form::Of("orders"), "main", "not again"), "orders of main");
        assert_eq!(written(Form::Of("executions"), "main", "executions"), "executions");
        assert_eq!(written(Form::Of("orders"), "child", "orders of child"), "orders of child");
        assert_eq!(written(Form::Raw, "main", "raw"), "raw");
    }
}
