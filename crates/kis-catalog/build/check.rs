//! What a row must be beyond its form. A row that is wrong stops the build, with a message that names it.

use std::collections::{BTreeMap, BTreeSet};

use crate::read::{File, Fill, Kind, Operation, Paging, Scope, Shape};

/// Checks each row alone, and all of them together.
pub(crate) fn all(files: &[File]) -> Result<(), String> {
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for file in files {
        for operation in &file.operations {
            let told = |fault: String| format!("catalog/operations/{}.toml: {}: {fault}", file.name, operation.id);
            row(operation).map_err(told)?;
            let old = operation.old_tr.iter();
            let known = [&operation.id].into_iter().chain(old);
            for name in known {
                if let Some(other) = names.insert(name.clone(), operation.id.clone()) {
                    return Err(told(format!("{name} is already the name of {other}")));
                }
            }
        }
    }
    // One TR id may belong to several operations; an old one must not be the new one of any.
    for file in files {
        for operation in &file.operations {
            for tr in [&operation.tr.real, &operation.tr.paper].into_iter().flatten() {
                if let Some(other) = names.get(tr) {
                    return Err(format!("{tr} is the TR id of {} and an old one of {other}", operation.id));
                }
            }
        }
    }
    Ok(())
}

fn row(operation: &Operation) -> Result<(), String> {
    let plain = |text: &str| !text.is_empty() && text.trim() == text && !text.contains("  ");
    if !plain(&operation.korean) || !plain(&operation.english) {
        return Err("korean and english must be names without spaces around them".into());
    }
    let wanted = match operation.kind {
        Kind::Quotation | Kind::AccountRead => "GET",
        Kind::Auth | Kind::Trading => "POST",
        Kind::Realtime => "WS",
    };
    match operation.call.split_once(' ') {
        Some((method, path)) if method == wanted && path.starts_with('/') && plain(path) => {}
        _ => return Err(format!("call must be \"{wanted} /path\"")),
    }
    let trs = [&operation.tr.real, &operation.tr.paper].into_iter().flatten().chain(&operation.old_tr);
    for tr in trs {
        if !tr.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit()) || tr.len() < 7 {
            return Err(format!("{tr} is not a TR id"));
        }
    }
    if operation.tr.real.is_none() != (operation.kind == Kind::Auth) {
        return Err("every operation has a TR id of the real mode, but those of kind auth".into());
    }
    if operation.limit.as_ref().is_some_and(|limit| limit.calls == 0 || limit.seconds == 0) {
        return Err("a limit is at least one call in at least one second".into());
    }
    params(operation)?;
    paging(operation)?;
    outputs(operation)
}

fn params(operation: &Operation) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for param in &operation.params {
        if !seen.insert(param.name.to_ascii_uppercase()) {
            return Err(format!("the parameter {} comes twice", param.name));
        }
        let fill = match param.name.to_ascii_uppercase().as_str() {
            "CANO" => Some(Fill::AccountNumber),
            "ACNT_PRDT_CD" => Some(Fill::ProductCode),
            "USER_ID" => Some(Fill::HtsId),
            // Whose notices are wanted; prices have a code here.
            "TR_KEY" if operation.scope == Scope::Owner => Some(Fill::HtsId),
            _ => None,
        };
        if param.fill != fill {
            return Err(format!("fill of {} must be {fill:?}", param.name));
        }
    }
    let filled = |fill: Fill| operation.params.iter().any(|param| param.fill == Some(fill));
    let scope = match (filled(Fill::AccountNumber), filled(Fill::HtsId) || operation.kind == Kind::Auth) {
        (true, _) => Scope::Account,
        (false, true) => Scope::Owner,
        (false, false) => Scope::Public,
    };
    if operation.scope != scope {
        return Err(format!("scope must be {scope:?}, as its parameters say"));
    }
    Ok(())
}

fn paging(operation: &Operation) -> Result<(), String> {
    let named: Vec<&String> = match &operation.paging {
        None | Some(Paging::Header) => Vec::new(),
        Some(Paging::Keys { fk: None, nk: None, .. }) => return Err("keys without a key".into()),
        Some(Paging::Keys { fk, nk, .. }) => [fk, nk].into_iter().flatten().collect(),
        Some(Paging::Cursor { param, flag, .. }) => flag.iter().chain([param]).collect(),
    };
    for name in named {
        if !operation.params.iter().any(|param| param.name == *name) {
            return Err(format!("paging names {name}, which is not a parameter"));
        }
    }
    Ok(())
}

fn outputs(operation: &Operation) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for output in &operation.output {
        if !seen.insert(&output.name) {
            return Err(format!("the output {} comes twice", output.name));
        }
        if output.fields.is_empty() {
            return Err(format!("the output {} has no field", output.name));
        }
        if (output.shape == Shape::Frame) != (operation.kind == Kind::Realtime) {
            return Err(format!("{}: realtime operations have a frame, and no others", output.name));
        }
    }
    if operation.output.is_empty() {
        return Err("an operation has an output".into());
    }
    Ok(())
}
