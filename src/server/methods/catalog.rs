//! Registers the handlers of the methods, each behind the right that the table of methods says.
//!
//! A method answers at once where it can: then nothing is allocated for waiting, and nobody else is woken.

use std::{
    collections::BTreeMap,
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};
use tracing::error;

use super::{
    audit::Guarded,
    feed::{Feed, Results, while_allowed},
    openrpc::Document,
    recent::{Again, Recent},
};
use crate::{
    account::Account,
    book::{Book, Standing},
    kis::quota::CallerId,
    server::{
        Backend,
        error::{Refusal, internal, standard},
        peer::Caller,
    },
    wire::{
        codes::INVALID_PARAMS,
        method::{Method, OfAccount, RpcDiscover, Subscription},
        types::NoParams,
    },
};

/// What a method about the daemon is called with.
pub(super) struct Call<'a> {
    /// Borrowed, since counting references costs calls from memory more than their work does.
    pub(super) backend: &'a Arc<Backend>,
    /// The accounts, and
    pub(super) book: &'a Book,
    /// which of them the caller may read.
    pub(super) standing: &'a Standing,
    /// Who calls.
    pub(super) caller: &'a Caller,
}

/// What a method about an account is called with.
pub(super) struct About<'a, P> {
    /// One in which the caller has the right that the method needs.
    pub(super) account: &'a Account,
    pub(super) params: P,
    /// Whom calls to KIS are for.
    pub(super) caller: CallerId,
}

/// A result as JSON, or why there is none.
pub(in crate::server) type Answer = Result<Bytes, Refusal>;

/// What a method does with a call.
pub(in crate::server) enum Outcome {
    /// It is answered.
    Now(Answer),
    /// It will be.
    Later(Pin<Box<dyn Future<Output = Answer> + Send>>),
    /// The connection is told something now and then, from now on.
    Subscribe(Feed),
    /// It is not told of this subscription any more, by its number and the method of its notifications.
    Unsubscribe { method: &'static str, number: u64 },
}

type Handler = Box<dyn Fn(&Arc<Caller>, Option<&str>) -> Outcome + Send + Sync>;

/// The methods, by name.
#[derive(Default)]
pub(in crate::server) struct Methods(BTreeMap<&'static str, Handler>);

impl Methods {
    /// Calls a method with its parameters as JSON; `None`: there is no such method.
    pub(in crate::server) fn call(&self, name: &str, caller: &Arc<Caller>, params: Option<&str>) -> Option<Outcome> {
        self.0.get(name).map(|method| method(caller, params))
    }

    /// Adds what knows nothing of descriptions.
    pub(in crate::server) fn insert<F>(&mut self, name: &'static str, method: F)
    where
        F: Fn(&Arc<Caller>, Option<&str>) -> Outcome + Send + Sync + 'static,
    {
        self.0.insert(name, Box::new(method));
    }
}

impl fmt::Debug for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Methods and their descriptions, as they are registered.
pub(super) struct Catalog {
    backend: Arc<Backend>,
    methods: Methods,
    document: Document,
}

impl Catalog {
    pub(super) fn new(backend: Arc<Backend>) -> Self {
        Self { backend, methods: Methods::default(), document: Document::default() }
    }

    /// What methods may touch.
    pub(super) fn backend(&self) -> &Arc<Backend> {
        &self.backend
    }

    /// A method about the daemon or about KIS that answers at once. The right is needed in some account.
    pub(super) fn add<M, F>(&mut self, method: F)
    where
        M: Method,
        F: Fn(Call<'_>, M::Params) -> Result<M::Result, Refusal> + Send + Sync + 'static,
    {
        self.guard::<M, _>(move |call, params| Outcome::Now(method(call, params).and_then(|result| as_json(&result))));
    }

    /// A method about the daemon that has to wait for something.
    pub(super) fn add_later<M, F, Fut>(&mut self, method: F)
    where
        M: Method,
        F: Fn(Call<'_>, M::Params) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<M::Result, Refusal>> + Send + 'static,
    {
        self.guard::<M, _>(move |call, params| {
            let result = method(call, params);
            Outcome::Later(Box::pin(async move { as_json(&result.await?) }))
        });
    }

    /// A method about an account that has to wait for something.
    pub(super) fn add_async<M, F, Fut>(&mut self, method: F)
    where
        M: Method<Params: OfAccount>,
        F: Fn(About<'_, M::Params>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<M::Result, Refusal>> + Send + 'static,
    {
        self.add_about::<M, _>(move |about| {
            let result = method(about);
            Outcome::Later(Box::pin(async move { as_json(&result.await?) }))
        });
    }

    /// A method about an account that answers at once when it can, with a result that it has written itself. Who lacks the right
    /// in that account is refused before the method sees the call, and for who may not read it there is no such account.
    pub(super) fn add_about<M, F>(&mut self, method: F)
    where
        M: Method<Params: OfAccount>,
        F: Fn(About<'_, M::Params>) -> Outcome + Send + Sync + 'static,
    {
        self.about::<M, _>(move |_, _, about| method(about));
    }

    /// A method about an account that has to wait for something, and has to know who calls.
    pub(super) fn add_by<M, F, Fut>(&mut self, method: F)
    where
        M: Method<Params: OfAccount>,
        F: Fn(&Arc<Backend>, &Arc<Caller>, About<'_, M::Params>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<M::Result, Refusal>> + Send + 'static,
    {
        self.about::<M, _>(move |backend, caller, about| {
            let account = about.account.name.clone();
            let result = method(backend, caller, about);
            Outcome::Later(Box::pin(async move {
                as_json(&result.await.map_err(|refusal: Refusal| refusal.about(&account))?)
            }))
        });
    }

    /// A method about an account that reads, and answers from memory where it can. With an answer from memory it says how to give
    /// it again: a call with the same text is neither parsed nor checked anew, but for the right.
    pub(super) fn add_recalled<M, F>(&mut self, method: F)
    where
        M: Method<Params: OfAccount>,
        F: Fn(About<'_, M::Params>) -> (Outcome, Option<Again>) + Send + Sync + 'static,
    {
        let (backend, guarded, recent) = (self.backend.clone(), Guarded::of::<M>(), Recent::default());
        self.insert::<M, _>(move |caller, text| {
            let book = backend.book();
            let standing = caller.standing(book.grants());
            guarded.anywhere(&backend, caller, &standing)?;
            let account = |named: Option<&str>| guarded.account(&backend, caller, (&book, &standing), named);
            let text = text.unwrap_or(NONE);
            let recalled = recent.with(text, &book, |entry| match account(entry.named.as_deref()) {
                Ok(account) if account.name == entry.account => (entry.again)(account),
                Ok(_) => None,
                Err(refusal) => Some(Err(refusal)),
            });
            if let Some(answer) = recalled {
                return Ok(Outcome::Now(answer));
            }
            let params: M::Params = parse(Some(text))?;
            let named = params.account().map(str::to_owned);
            let account = account(named.as_deref())?;
            let (outcome, again) = method(About { account, params, caller: caller.id });
            if let Some(again) = again {
                recent.put(text, &book, named.as_deref(), &account.name, again);
            }
            Ok(guarded.audited(&backend, caller, Some(&account.name), outcome))
        });
    }

    fn about<M, F>(&mut self, method: F)
    where
        M: Method<Params: OfAccount>,
        F: Fn(&Arc<Backend>, &Arc<Caller>, About<'_, M::Params>) -> Outcome + Send + Sync + 'static,
    {
        let (backend, guarded) = (self.backend.clone(), Guarded::of::<M>());
        self.insert::<M, _>(move |caller, params| {
            let book = backend.book();
            let standing = caller.standing(book.grants());
            guarded.anywhere(&backend, caller, &standing)?;
            let params: M::Params = parse(params)?;
            let account = guarded.account(&backend, caller, (&book, &standing), params.account())?;
            let outcome = method(&backend, caller, About { account, params, caller: caller.id });
            Ok(guarded.audited(&backend, caller, Some(&account.name), outcome))
        });
    }

    /// Puts a method about no single account behind the right that it needs.
    fn guard<M, F>(&mut self, method: F)
    where
        M: Method,
        F: Fn(Call<'_>, M::Params) -> Outcome + Send + Sync + 'static,
    {
        let (backend, guarded) = (self.backend.clone(), Guarded::of::<M>());
        self.insert::<M, _>(move |caller, params| {
            let book = backend.book();
            let standing = caller.standing(book.grants());
            guarded.anywhere(&backend, caller, &standing)?;
            let outcome = method(Call { backend: &backend, book: &book, standing: &standing, caller }, parse(params)?);
            Ok(guarded.audited(&backend, caller, None, outcome))
        });
    }

    fn insert<M, F>(&mut self, method: F)
    where
        M: Method,
        F: Fn(&Arc<Caller>, Option<&str>) -> Result<Outcome, Refusal> + Send + Sync + 'static,
    {
        self.document.describe::<M>();
        self.methods.insert(M::NAME, move |caller, params| {
            method(caller, params).unwrap_or_else(|refusal| Outcome::Now(Err(refusal)))
        });
    }

    /// A method that begins a subscription, with the one that ends it.
    pub(super) fn add_subscription<S, F>(&mut self, subscribe: F)
    where
        S: Subscription<Params: OfAccount>,
        F: Fn(About<'_, S::Params>) -> Result<Results, Refusal> + Send + Sync + 'static,
    {
        let guarded = Guarded::of::<S>();
        self.about::<S, _>(move |backend, caller, about| {
            let (account, backend, caller) = (about.account.name.clone(), backend.clone(), caller.clone());
            let results = match subscribe(about) {
                Ok(results) => results,
                Err(error) => return Outcome::Now(Err(error)),
            };
            let replaced = backend.shelf.replaced();
            let refusal = move || {
                let book = backend.book();
                let standing = caller.standing(book.grants());
                let place = (&**book, &**standing);
                let allowed = guarded.anywhere(&backend, &caller, &standing);
                allowed.and_then(|()| guarded.account(&backend, &caller, place, Some(account.as_str()))).err()
            };
            Outcome::Subscribe(Feed { method: S::NOTIFICATION, results: while_allowed(results, replaced, refusal) })
        });
        self.document.notify::<S>();
        self.guard::<S::End, _>(move |_, params| Outcome::Unsubscribe {
            method: S::NOTIFICATION,
            number: params.subscription,
        });
    }

    /// All methods, with `rpc.discover` to describe them.
    pub(super) fn finish(mut self) -> Methods {
        let document = Arc::new(OnceLock::new());
        let written = document.clone();
        self.guard::<RpcDiscover, _>(move |_, NoParams {}| {
            Outcome::Now(written.get().cloned().unwrap_or_else(|| Err(internal())))
        });
        // Written once, and last: it tells of itself as well.
        document.get_or_init(|| as_json(&self.document.finish()));
        self.methods
    }
}

/// A result as it is written.
pub(super) fn as_json(result: &impl Serialize) -> Answer {
    serde_json::to_vec(result).map(Bytes::from).map_err(|error| {
        error!(%error, "a result cannot be written as JSON");
        internal()
    })
}

/// No parameters.
const NONE: &str = "{}";

/// Letters that are told of a parser's words: so many of their begin, and of their end.
const BEGIN: usize = 200;
const END: usize = 600;

/// Parameters by name or by position; none at all are an empty object.
fn parse<P: DeserializeOwned>(params: Option<&str>) -> Result<P, Refusal> {
    serde_json::from_str(params.unwrap_or(NONE))
        .map_err(|error| standard(INVALID_PARAMS, format!("Invalid params: {}", in_short(&error.to_string()))))
}

/// What a parser says, in one line: it repeats names and values of whatever length, with what is expected behind them.
fn in_short(said: &str) -> String {
    let letters: Vec<char> = said.chars().filter(|letter| !letter.is_control()).collect();
    let (begin, end) = (letters.len().min(BEGIN), letters.len().saturating_sub(END));
    match begin < end {
        true => letters[..begin].iter().chain(['…'].iter()).chain(&letters[end..]).collect(),
        false => letters.into_iter().collect(),
    }
}
