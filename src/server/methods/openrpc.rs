//! The OpenRPC document: what the table of methods says of each that is registered.

use schemars::{SchemaGenerator, generate::SchemaSettings};
use serde_json::{Value, json};

use crate::wire::{
    codes::{ErrorData, Kind},
    method::{Method, Subscription},
};

/// Errors that any method may answer with.
const ANY: [Kind; 3] = [Kind::PermissionDenied, Kind::ShuttingDown, Kind::Overloaded];

/// The document, as it grows.
#[derive(Debug)]
pub(super) struct Document {
    schemas: SchemaGenerator,
    methods: Vec<Value>,
}

impl Default for Document {
    fn default() -> Self {
        let settings = SchemaSettings::draft07().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        Self { schemas: settings.into_generator(), methods: Vec::new() }
    }
}

impl Document {
    /// Describes a method that is registered.
    pub(super) fn describe<M: Method>(&mut self) {
        let params = self.schemas.root_schema_for::<M::Params>();
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
        let errors = M::ERRORS.iter().chain(&ANY);
        let errors: Vec<Value> =
            errors.map(|kind| json!({ "$ref": format!("#/components/errors/{}", name(*kind)) })).collect();
        self.methods.push(json!({
            "name": M::NAME,
            "summary": M::ABOUT,
            "x-right": M::NEEDS,
            "x-effect": M::EFFECT,
            "paramStructure": "either",
            "params": params,
            "result": { "name": "result", "schema": self.schemas.subschema_for::<M::Result>() },
            "errors": errors,
        }));
    }

    /// The method that was described last has these notifications.
    pub(super) fn notify<S: Subscription>(&mut self) {
        let schema = self.schemas.subschema_for::<S::Event>();
        if let Some(method) = self.methods.last_mut() {
            method["x-notification"] = json!({ "method": S::NOTIFICATION, "result": schema });
        }
    }

    /// All of it.
    pub(super) fn finish(mut self) -> Value {
        let error_data = self.schemas.subschema_for::<ErrorData>();
        json!({
            "openrpc": "1.3.2",
            "info": {
                "title": "kisd",
                "version": env!("CARGO_PKG_VERSION"),
                "description": "Local gateway to the Open API of Korea Investment & Securities. JSON-RPC 2.0 on a Unix socket.",
                "license": { "name": "MIT" },
            },
            "methods": self.methods,
            "components": {
                "schemas": self.schemas.take_definitions(true),
                "errors": Kind::ALL.iter().map(|kind| (name(*kind), error_document(*kind, &error_data))).collect::<serde_json::Map<_, _>>(),
            },
        })
    }
}

fn error_document(kind: Kind, data: &schemars::Schema) -> Value {
    json!({ "code": kind.code(), "message": kind.summary(), "data": data })
}

/// The name of a kind on the wire.
pub(super) fn name(kind: Kind) -> String {
    serde_json::to_value(kind).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}
