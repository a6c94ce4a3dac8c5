//! Registers methods together with their description, so that neither can be without the other.
//!
//! A method answers at once where it can: then nothing is allocated for waiting, and nobody else is woken.

use std::{collections::BTreeMap, fmt, future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tracing::error;

use super::{
    audit::Guarded,
    feed::{Feed, Results, while_allowed},
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
        codes::{ErrorData, INVALID_PARAMS, Kind},
        method,
        types::{Effect, NoParams, Right, UnsubscribeParams},
    },
};

/// What is said of a method in the OpenRPC document, beside its types.
pub(super) struct Description {
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    /// What a caller needs for it; asked before anything else is looked at.
    pub(super) needs: Right,
    /// What it does beyond answering.
    pub(super) effect: Effect,
    /// kisd's own errors that it may answer with, beside those that any method may.
    pub(super) errors: &'static [Kind],
}

/// Errors that any method may answer with.
const ANY: [Kind; 3] = [Kind::PermissionDenied, Kind::ShuttingDown, Kind::Overloaded];

/// What a method about the daemon is called with.
pub(super) struct Call<'a> {
    /// Borrowed, since counting references costs calls from memory more than their work does.
    pub(super) backend: &'a Arc<Backend>,
    /// The accounts, and
    pub(super) book: &'a Book,
    /// which of them the caller may read.
    pub(super) standing: &'a Standing,
}

/// What a method about an account is called with.
pub(super) struct About<'a, P> {
    /// One in which the caller has the right that the method needs.
    pub(super) account: &'a Account,
    pub(super) params: P,
    /// Whom calls to KIS are for.
    pub(super) caller: CallerId,
}

/// Parameters that say which account is meant.
pub(super) trait OfAccount {
    /// Its name, if one is given.
    fn account(&self) -> Option<&str>;
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

type Method = Box<dyn Fn(&Arc<Caller>, Option<&str>) -> Outcome + Send + Sync>;

/// The methods, by name.
#[derive(Default)]
pub(in crate::server) struct Methods(BTreeMap<&'static str, Method>);

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
    schemas: SchemaGenerator,
    documents: Vec<Value>,
}

impl Catalog {
    pub(super) fn new(backend: Arc<Backend>) -> Self {
        let settings = SchemaSettings::draft07().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        let schemas = settings.into_generator();
        Self { backend, methods: Methods::default(), schemas, documents: Vec::new() }
    }

    /// A method about the daemon, without parameters, that answers at once. The right is needed in some account.
    pub(super) fn add<R, F>(&mut self, description: &Description, method: F)
    where
        R: Serialize + JsonSchema,
        F: Fn(Call<'_>) -> Result<R, Refusal> + Send + Sync + 'static,
    {
        self.add_with::<NoParams, R, _>(description, move |call, NoParams {}| method(call));
    }

    /// A method about the daemon or about KIS, with parameters, that answers at once. The right is needed in some account.
    pub(super) fn add_with<P, R, F>(&mut self, description: &Description, method: F)
    where
        P: DeserializeOwned + JsonSchema,
        R: Serialize + JsonSchema,
        F: Fn(Call<'_>, P) -> Result<R, Refusal> + Send + Sync + 'static,
    {
        self.describe::<P, R>(description);
        self.guard::<P, _>(description, move |call, params| {
            Outcome::Now(method(call, params).and_then(|result| as_json(&result)))
        });
    }

    /// A method about an account that has to wait for something.
    pub(super) fn add_async<P, R, F, Fut>(&mut self, description: &Description, method: F)
    where
        P: DeserializeOwned + JsonSchema + OfAccount,
        R: Serialize + JsonSchema,
        F: Fn(About<'_, P>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<R, Refusal>> + Send + 'static,
    {
        self.add_about::<P, R, _>(description, move |about| {
            let result = method(about);
            Outcome::Later(Box::pin(async move { as_json(&result.await?) }))
        });
    }

    /// A method about an account that answers at once when it can, with a result that it has written itself. Who lacks the right
    /// in that account is refused before the method sees the call, and for who may not read it there is no such account.
    pub(super) fn add_about<P, R, F>(&mut self, description: &Description, method: F)
    where
        P: DeserializeOwned + JsonSchema + OfAccount,
        R: JsonSchema,
        F: Fn(About<'_, P>) -> Outcome + Send + Sync + 'static,
    {
        self.about::<P, R, _>(description, move |_, _, about| method(about));
    }

    fn about<P, R, F>(&mut self, description: &Description, method: F)
    where
        P: DeserializeOwned + JsonSchema + OfAccount,
        R: JsonSchema,
        F: Fn(&Arc<Backend>, &Arc<Caller>, About<'_, P>) -> Outcome + Send + Sync + 'static,
    {
        self.describe::<P, R>(description);
        let (backend, guarded) = (self.backend.clone(), Guarded::from(description));
        self.insert(description, move |caller, params| {
            let book = backend.book();
            let standing = caller.standing(book.grants());
            guarded.anywhere(&backend, caller, &standing)?;
            let params: P = parse(params)?;
            let account = guarded.account(&backend, caller, (&book, &standing), params.account())?;
            let outcome = method(&backend, caller, About { account, params, caller: caller.id });
            Ok(guarded.audited(&backend, caller, Some(&account.name), outcome))
        });
    }

    /// Puts a method about no single account behind the right that it needs.
    fn guard<P, F>(&mut self, description: &Description, method: F)
    where
        P: DeserializeOwned,
        F: Fn(Call<'_>, P) -> Outcome + Send + Sync + 'static,
    {
        let (backend, guarded) = (self.backend.clone(), Guarded::from(description));
        self.insert(description, move |caller, params| {
            let book = backend.book();
            let standing = caller.standing(book.grants());
            guarded.anywhere(&backend, caller, &standing)?;
            let outcome = method(Call { backend: &backend, book: &book, standing: &standing }, parse(params)?);
            Ok(guarded.audited(&backend, caller, None, outcome))
        });
    }

    fn insert<F>(&mut self, description: &Description, method: F)
    where
        F: Fn(&Arc<Caller>, Option<&str>) -> Result<Outcome, Refusal> + Send + Sync + 'static,
    {
        self.methods.insert(description.name, move |caller, params| {
            method(caller, params).unwrap_or_else(|refusal| Outcome::Now(Err(refusal)))
        });
    }

    /// A method that begins a subscription, with the one that ends it. What the connection is told is called `notification`.
    pub(super) fn add_subscription<P, R, F>(
        &mut self,
        description: &Description,
        notification: &'static str,
        unsubscribe: &'static str,
        subscribe: F,
    ) where
        P: DeserializeOwned + JsonSchema + OfAccount,
        R: JsonSchema,
        F: Fn(About<'_, P>) -> Result<Results, Refusal> + Send + Sync + 'static,
    {
        let guarded = Guarded::from(description);
        self.about::<P, u64, _>(description, move |backend, caller, about| {
            let (account, backend, caller) = (about.account.name.clone(), backend.clone(), caller.clone());
            let results = match subscribe(about) {
                Ok(results) => results,
                Err(error) => return Outcome::Now(Err(error)),
            };
            let replaced = backend.replaced.subscribe();
            let refusal = move || {
                let book = backend.book();
                let standing = caller.standing(book.grants());
                let place = (&**book, &**standing);
                let allowed = guarded.anywhere(&backend, &caller, &standing);
                allowed.and_then(|()| guarded.account(&backend, &caller, place, Some(account.as_str()))).err()
            };
            Outcome::Subscribe(Feed { method: notification, results: while_allowed(results, replaced, refusal) })
        });
        let schema = self.schemas.subschema_for::<R>();
        if let Some(document) = self.documents.last_mut() {
            document["x-notification"] = json!({ "method": notification, "result": schema });
        }
        let description = Description {
            name: unsubscribe,
            needs: Right::Read,
            effect: Effect::Read,
            summary: "Ends a subscription of this connection; whether there was one.",
            errors: &[],
        };
        self.describe::<UnsubscribeParams, bool>(&description);
        self.guard::<UnsubscribeParams, _>(&description, move |_, params| Outcome::Unsubscribe {
            method: notification,
            number: params.subscription,
        });
    }

    /// All methods, with `rpc.discover` to describe them.
    pub(super) fn finish(mut self) -> Methods {
        let discover = Description {
            name: method::RPC_DISCOVER,
            needs: Right::Read,
            effect: Effect::Read,
            summary: "This document: everything that the socket serves, as OpenRPC.",
            errors: &[],
        };
        self.describe::<NoParams, Value>(&discover);
        let error_data = self.schemas.subschema_for::<ErrorData>();
        let document = json!({
            "openrpc": "1.3.2",
            "info": {
                "title": "kisd",
                "version": env!("CARGO_PKG_VERSION"),
                "description": "Local gateway to the Open API of Korea Investment & Securities. JSON-RPC 2.0 on a Unix socket.",
                "license": { "name": "MIT" },
            },
            "methods": std::mem::take(&mut self.documents),
            "components": {
                "schemas": self.schemas.take_definitions(true),
                "errors": Kind::ALL.iter().map(|kind| (name(*kind), error_document(*kind, &error_data))).collect::<serde_json::Map<_, _>>(),
            },
        });
        let document = as_json(&document);
        self.guard::<NoParams, _>(&discover, move |_, NoParams {}| Outcome::Now(document.clone()));
        self.methods
    }

    fn describe<P: JsonSchema, R: JsonSchema>(&mut self, description: &Description) {
        let params = self.schemas.root_schema_for::<P>();
        let required = params.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        let properties = params.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        let params: Vec<Value> = properties
            .into_iter()
            .map(|(name, schema)| {
                json!({
                    "name": name,
                    "description": schema.get("description").cloned().unwrap_or_default(),
                    "required": required.contains(&Value::from(name.as_str())),
                    "schema": schema,
                })
            })
            .collect();
        let errors = description.errors.iter().chain(&ANY);
        let errors: Vec<Value> =
            errors.map(|kind| json!({ "$ref": format!("#/components/errors/{}", name(*kind)) })).collect();
        self.documents.push(json!({
            "name": description.name,
            "summary": description.summary,
            "x-right": description.needs,
            "x-effect": description.effect,
            "paramStructure": "either",
            "params": params,
            "result": { "name": "result", "schema": self.schemas.subschema_for::<R>() },
            "errors": errors,
        }));
    }
}

fn error_document(kind: Kind, data: &schemars::Schema) -> Value {
    json!({ "code": kind.code(), "message": kind.summary(), "data": data })
}

/// The name of a kind on the wire.
pub(super) fn name(kind: Kind) -> String {
    serde_json::to_value(kind).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

/// A result as it is written.
pub(super) fn as_json(result: &impl Serialize) -> Answer {
    serde_json::to_vec(result).map(Bytes::from).map_err(|error| {
        error!(%error, "a result cannot be written as JSON");
        internal()
    })
}

/// Parameters by name or by position; none at all are an empty object.
fn parse<P: DeserializeOwned>(params: Option<&str>) -> Result<P, Refusal> {
    serde_json::from_str(params.unwrap_or("{}"))
        .map_err(|error| standard(INVALID_PARAMS, format!("Invalid params: {error}")))
}
