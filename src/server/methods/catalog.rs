//! Registers methods together with their description, so that neither can be without the other.

use std::{future::Future, sync::Arc};

use jsonrpsee::{
    Extensions, Methods, RpcModule,
    core::RegisterMethodError,
    types::{ErrorObjectOwned, Params},
};
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json, value::RawValue};
use tracing::error;

use crate::{
    server::{
        Backend,
        error::{MethodError, internal, standard},
        peer::Caller,
    },
    wire::{
        codes::{ErrorData, INVALID_PARAMS, Kind},
        method,
        types::NoParams,
    },
};

/// What is said of a method in the OpenRPC document, beside its types.
pub(super) struct Description {
    pub(super) name: &'static str,
    pub(super) summary: &'static str,
    /// kisd's own errors that it may answer with, beside those that any method may.
    pub(super) errors: &'static [Kind],
}

/// Errors that any method may answer with.
const ANY: [Kind; 3] = [Kind::PermissionDenied, Kind::ShuttingDown, Kind::Overloaded];

/// What a method is called with.
pub(super) struct Call<P> {
    pub(super) backend: Arc<Backend>,
    pub(super) caller: Caller,
    pub(super) params: P,
}

/// Methods and their descriptions, as they are registered.
pub(super) struct Catalog {
    module: RpcModule<Backend>,
    schemas: SchemaGenerator,
    documents: Vec<Value>,
}

impl Catalog {
    pub(super) fn new(backend: Arc<Backend>) -> Self {
        let settings = SchemaSettings::draft07().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        Self { module: RpcModule::from_arc(backend), schemas: settings.into_generator(), documents: Vec::new() }
    }

    pub(super) fn add<P, R, F, Fut>(&mut self, description: Description, method: F) -> Result<(), RegisterMethodError>
    where
        P: DeserializeOwned + JsonSchema + Send,
        R: Serialize + JsonSchema,
        F: Fn(Call<P>) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<R, MethodError>> + Send,
    {
        self.describe::<P, R>(&description);
        let name = description.name;
        self.module.register_async_method(name, move |params, backend, extensions| {
            let method = method.clone();
            async move {
                let call = Call { backend, caller: caller(&extensions)?, params: parse(&params)? };
                let result = method(call).await?;
                serde_json::value::to_raw_value(&result).map_err(|error| {
                    error!(name, %error, "a result cannot be written as JSON");
                    internal()
                })
            }
        })?;
        Ok(())
    }

    /// All methods, with `rpc.discover` to describe them.
    pub(super) fn finish(mut self) -> Result<Methods, RegisterMethodError> {
        let discover = Description {
            name: method::RPC_DISCOVER,
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
            "methods": self.documents,
            "components": {
                "schemas": self.schemas.take_definitions(true),
                "errors": Kind::ALL.iter().map(|kind| (name(*kind), error_document(*kind, &error_data))).collect::<serde_json::Map<_, _>>(),
            },
        });
        let document: Arc<RawValue> = serde_json::value::to_raw_value(&document).unwrap_or_default().into();
        self.module.register_async_method(discover.name, move |params, _, _| {
            let document = document.clone();
            async move {
                parse::<NoParams>(&params)?;
                Ok::<_, ErrorObjectOwned>(document)
            }
        })?;
        Ok(self.module.into())
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
fn name(kind: Kind) -> String {
    serde_json::to_value(kind).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

fn caller(extensions: &Extensions) -> Result<Caller, ErrorObjectOwned> {
    // Every dialect puts it there.
    extensions.get::<Caller>().copied().ok_or_else(internal)
}

/// Parameters by name or by position; none at all are an empty object.
fn parse<P: DeserializeOwned>(params: &Params<'_>) -> Result<P, ErrorObjectOwned> {
    serde_json::from_str(params.as_str().unwrap_or("{}"))
        .map_err(|error| standard(INVALID_PARAMS, format!("Invalid params: {error}")))
}
