//! `client.*`: the clients of the gateway.

use std::{sync::Arc, time::Duration};

use super::{
    catalog::{Call, Catalog},
    gateway, instant, mode,
};
use crate::{
    account::{Account, AccountName},
    book::{Book, Rights, Standing},
    clients::{Client, ClientError, NewClient},
    clock,
    secret::AppSecret,
    server::{
        Backend,
        error::{Refusal, internal, not_found, own, standard},
    },
    wire::{
        codes::{INTERNAL_ERROR, INVALID_PARAMS, Kind},
        method,
        types::{
            ClientAddParams, ClientEntry, ClientList, ClientParams, ClientRemoved, ClientSetup, LocalSecret, NoParams,
            Program, Right,
        },
    },
};

/// What a client may be given.
const GIVEN: [Right; 3] = [Right::Read, Right::Refresh, Right::Trade];

/// Calls a second that a client may be limited to.
const MOST_CALLS: u64 = 100;

/// How long a key may be good for: a day at least a minute, and at most ten years.
const SHORTEST: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

pub(super) fn register(catalog: &mut Catalog) {
    catalog.add::<method::ClientList, _>(|call, NoParams {}| Ok(list(&call)));
    catalog.add::<method::ClientShow, _>(|call, params| show(&call, &params));
    catalog.add_later::<method::ClientAdd, _, _>(|call, params| {
        let (new, clients) = (new(&call, params), call.backend.clients.clone());
        let backend = call.backend.clone();
        async move {
            let (client, secret) = clients.add(new?).await.map_err(refusal)?;
            setup(&backend, &client, Some(&secret))
        }
    });
    catalog.add_later::<method::ClientRotate, _, _>(|call, params| {
        let (known, backend) = (managed(&call, &params.name), call.backend.clone());
        async move {
            let (client, secret) = backend.clients.rotate(known?.name.as_str()).await.map_err(refusal)?;
            setup(&backend, &client, Some(&secret))
        }
    });
    catalog.add_later::<method::ClientRemove, _, _>(|call, params| {
        let (known, backend) = (managed(&call, &params.name), call.backend.clone());
        async move {
            let client = backend.clients.remove(known?.name.as_str()).await.map_err(refusal)?;
            Ok(ClientRemoved { client: entry(&backend, &client) })
        }
    });
}

fn list(call: &Call<'_>) -> ClientList {
    let all = call.backend.clients.all();
    let managed = all.iter().filter(|client| is_managed(client, call.book, call.standing));
    ClientList {
        clients: managed.map(|client| entry(call.backend, client)).collect(),
        gateway: gateway::status(call.backend),
    }
}

fn show(call: &Call<'_>, params: &ClientParams) -> Result<ClientSetup, Refusal> {
    let client = managed(call, &params.name)?;
    setup(call.backend, &client, None)
}

/// Whether the caller may manage a client: it must have the right in each of its accounts, of those that there still are.
fn is_managed(client: &Client, book: &Book, standing: &Standing) -> bool {
    let is_there = |name: &&AccountName| book.accounts().any(|account| account.name == **name);
    let mut names = client.accounts().iter().filter(is_there);
    names.all(|name| rights_in(book, standing, name).has(Right::Admin))
}

fn rights_in(book: &Book, standing: &Standing, name: &AccountName) -> Rights {
    book.account(Some(name.as_str()), standing).map(|(_, rights)| rights).unwrap_or_default()
}

/// The client of a name that the caller may manage; another is not there for it.
fn managed(call: &Call<'_>, name: &str) -> Result<Arc<Client>, Refusal> {
    let all = call.backend.clients.all();
    let managed: Vec<_> = all.iter().filter(|client| is_managed(client, call.book, call.standing)).collect();
    match managed.iter().find(|client| client.name.as_str() == name) {
        Some(client) => Ok(Arc::clone(client)),
        None => {
            let names = managed.iter().map(|client| client.name.to_string()).collect();
            let shown: String = name.chars().filter(|c| !c.is_control()).take(32).collect();
            Err(not_found("client", names, format!("there is no client \"{shown}\"")))
        }
    }
}

/// The client that the parameters describe, if the caller may make it.
fn new(call: &Call<'_>, params: ClientAddParams) -> Result<NewClient, Refusal> {
    let invalid = |problem: String| standard(INVALID_PARAMS, format!("Invalid params: {problem}"));
    let ClientAddParams { name, accounts, rights, uid, any_user, program, calls_per_second, expires_in_ms } = params;
    let name = AccountName::try_new(&name)
        .ok_or_else(|| invalid("name must have 1 to 32 of a-z, 0-9 and -, as in \"my-bot\"".to_owned()))?;
    let rights = Rights::of(rights.unwrap_or_else(|| vec![Right::Read])).with_reading();
    if rights.is_none() || rights.has_some_of(Rights::ALL.without(Rights::of(GIVEN))) {
        let allowed = GIVEN.map(Right::name).join(", ");
        return Err(invalid(format!(
            "rights of a client are some of {allowed}; it never approves and never administers"
        )));
    }
    let accounts = accounts_of(call, accounts, rights)?;
    if any_user && uid.is_some() {
        return Err(invalid("uid and any_user exclude each other".to_owned()));
    }
    let uid = match uid {
        None => call.caller.peer.uid,
        Some(uid) => u32::try_from(uid).map_err(|_| invalid("uid is no user".to_owned()))?,
    };
    if calls_per_second.is_some_and(|calls| !(1..=MOST_CALLS).contains(&calls)) {
        return Err(invalid(format!("calls_per_second must be from 1 to {MOST_CALLS}")));
    }
    let life = expires_in_ms.map(Duration::from_millis);
    if life.is_some_and(|life| !(SHORTEST..=LONGEST).contains(&life)) {
        return Err(invalid("expires_in_ms must be from a minute to ten years".to_owned()));
    }
    if program == Some(Program::Unknown) {
        let known = Program::ALL.map(Program::name).join(", ");
        return Err(invalid(format!("for must be one of {known}; leave it out for another program")));
    }
    let now = call.book.default_account().key.client.clock().now();
    Ok(NewClient {
        name,
        accounts,
        rights,
        uid,
        any_user,
        made_by: call.caller.peer.uid,
        program,
        calls_per_second: calls_per_second.and_then(|calls| u32::try_from(calls).ok()),
        expires_at: life.map(|life| clock::after(now, life)),
    })
}

/// The accounts of a new client, in each of which the caller may manage clients and do what the client is to do.
fn accounts_of(call: &Call<'_>, named: Option<Vec<String>>, rights: Rights) -> Result<Vec<AccountName>, Refusal> {
    let names: Vec<Option<String>> = match named {
        None => vec![None],
        Some(names) if names.is_empty() => {
            return Err(standard(
                INVALID_PARAMS,
                "Invalid params: accounts is empty; leave it out for the default one",
            ));
        }
        Some(names) => names.into_iter().map(Some).collect(),
    };
    let mut accounts = Vec::new();
    for name in names {
        let (Account { name, .. }, granted) = call.book.account(name.as_deref(), call.standing)?;
        let missing = rights.and(Rights::of([Right::Admin])).without(granted);
        if !missing.is_none() {
            let missing: Vec<&str> = missing.each().map(Right::name).collect();
            let message = format!(
                "a client has at most the rights of who makes it, who needs \"admin\" besides; uid {} lacks {} in the account \
                 \"{name}\"; the owner of kisd can give them by [[grants]] in the configuration",
                call.caller.peer.uid,
                missing.join(", ")
            );
            return Err(own(Kind::PermissionDenied, message));
        }
        if !accounts.contains(name) {
            accounts.push(name.clone());
        }
    }
    Ok(accounts)
}

fn entry(backend: &Backend, client: &Client) -> ClientEntry {
    let now = backend.book().default_account().key.client.clock().now();
    let (calls, refused) = client.counted();
    ClientEntry {
        name: client.name.to_string(),
        accounts: client.accounts().iter().map(AccountName::to_string).collect(),
        rights: client.rights().each().collect(),
        uid: client.uid(),
        any_user: client.is_for_any_user(),
        made_by: client.made_by(),
        program: client.program(),
        calls_per_second: client.calls_per_second(),
        created_at: instant(client.created_at()),
        expires_at: client.expires_at().map(instant),
        expired: client.has_expired(now),
        used_at: client.used_at().map(instant),
        calls,
        refused,
    }
}

/// What a program has to be told.
fn setup(backend: &Backend, client: &Client, secret: Option<&AppSecret>) -> Result<ClientSetup, Refusal> {
    let book = backend.book();
    // It may have been taken out of the configuration since.
    let account = client.accounts().iter().find_map(|name| book.accounts().find(|account| account.name == *name));
    let account = account.ok_or_else(|| {
        let message = format!("none of the accounts of the client \"{}\" is configured any more", client.name);
        not_found("account", client.accounts().iter().map(AccountName::to_string).collect(), message)
    })?;
    let masked = account.id.to_string();
    let account_no = match (secret, masked.split_once('-')) {
        (Some(_), _) => account.id.cano().to_owned(),
        (None, Some((number, _))) => number.to_owned(),
        (None, None) => return Err(internal()),
    };
    Ok(ClientSetup {
        client: entry(backend, client),
        app_key: client.app_key().to_owned(),
        app_secret: secret.map(|secret| LocalSecret::new(secret.expose().to_owned())),
        account_no,
        account_product_code: account.id.product_code().to_owned(),
        mode: mode(account.key.client.environment()),
        has_hts_id: account.hts_id.is_some(),
        gateway: gateway::status(backend),
    })
}

fn refusal(error: ClientError) -> Refusal {
    match error {
        ClientError::NotFound(_) => not_found("client", Vec::new(), error.to_string()),
        ClientError::Taken(_) | ClientError::TooMany => {
            standard(INVALID_PARAMS, format!("Invalid params: name: {error}"))
        }
        ClientError::Broken(_) | ClientError::Io { .. } => standard(INTERNAL_ERROR, error.to_string()),
    }
}
