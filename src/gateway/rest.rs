//! What a request wants, and who asks.

use std::sync::Arc;

use arc_swap::Guard;
use spelled_http::{Request, Response};
use tracing::debug;

use super::{
    Gateway,
    answer::{self, Refusal},
    check::{Passed, check},
    connection::Connection,
    oauth,
    proved::Credential,
};
use crate::{book::Book, clients::Client, wire::codes::Kind};

impl Gateway {
    /// The answer to a request.
    pub(super) async fn answer(self: &Arc<Self>, connection: &Connection, request: &Request) -> Response {
        let tr_id = request.header("tr_id").unwrap_or_default();
        let of_oauth = request.path.starts_with("/oauth2/");
        let (client, answer) = match of_oauth {
            true => self.token_call(connection, request).await,
            false => self.call(connection, request).await,
        };
        let now = self.clock.now();
        if let Some(client) = &client {
            client.count(now, answer.is_err());
        }
        let response = answer.unwrap_or_else(|refusal| match of_oauth {
            true => refusal.of_oauth(now),
            false => refusal.response(tr_id, now),
        });
        let client = client.as_ref().map(|client| client.name.as_str());
        debug!(client, path = known(&request.path), status = response.status, "answered");
        response
    }

    /// A call about tokens, with the client that makes it.
    async fn token_call(
        &self,
        connection: &Connection,
        request: &Request,
    ) -> (Option<Arc<Client>>, Result<Response, Refusal>) {
        if request.method != "POST" {
            return (None, Err(Refusal::gateway("EGW00101", "유효하지 않은 요청입니다.")));
        }
        let body = match oauth::body(request) {
            Ok(body) => body,
            Err(refusal) => return (None, Err(refusal)),
        };
        let client = match self.client(connection, &body.appkey) {
            Ok(client) => client,
            Err(refusal) => return (None, Err(refusal)),
        };
        let now = self.clock.now();
        let secret = if request.path == "/oauth2/Approval" { &body.secretkey } else { &body.appsecret };
        let may_speak = self.may_speak(connection, &client).and_then(|()| oauth::prove(&client, secret));
        let answer = may_speak.and_then(|()| match request.path.as_str() {
            "/oauth2/tokenP" => oauth::token(&client, &body, now),
            "/oauth2/revokeP" => Ok(oauth::revoke(now)),
            "/oauth2/Approval" => Ok(oauth::approval(&client, now)),
            _ => Err(Refusal::gateway("EGW00101", "유효하지 않은 요청입니다.")),
        });
        (Some(client), answer)
    }

    /// Any other call, with the client that makes it.
    async fn call(
        self: &Arc<Self>,
        connection: &Connection,
        request: &Request,
    ) -> (Option<Arc<Client>>, Result<Response, Refusal>) {
        let app_key = request.header("appkey").unwrap_or_default();
        if app_key.is_empty() {
            return (None, Err(Refusal::gateway("EGW00102", "AppKey는 필수입니다.")));
        }
        let client = match self.client(connection, app_key) {
            Ok(client) => client,
            Err(refusal) => return (None, Err(refusal)),
        };
        let answer = match self.may_speak(connection, &client) {
            Ok(()) => self.call_of(connection, &client, request).await,
            Err(refusal) => Err(refusal),
        };
        (Some(client), answer)
    }

    async fn call_of(
        self: &Arc<Self>,
        connection: &Connection,
        client: &Arc<Client>,
        request: &Request,
    ) -> Result<Response, Refusal> {
        let proves = |credential, given: &str| connection.proved.holds(client, credential, given);
        match request.header("appsecret").unwrap_or_default() {
            "" => return Err(Refusal::gateway("EGW00104", "AppSecret은 필수입니다.")),
            secret if !proves(Credential::Secret, secret) => {
                return Err(Refusal::gateway("EGW00304", "고객식별키(appSecret)가 유효하지 않습니다."));
            }
            _ => {}
        }
        if request.path == "/uapi/hashkey" {
            return match request.method == "POST" {
                true => oauth::hashkey(request, self.clock.now()),
                false => Err(super::check::no_method()),
            };
        }
        let bearer = request.header("authorization").unwrap_or_default().strip_prefix("Bearer ");
        match bearer {
            None => return Err(Refusal::gateway("EGW00205", "credentials_type이 유효하지 않습니다.(Bearer)")),
            Some(token) if !proves(Credential::Token, token.trim()) => {
                return Err(Refusal::gateway("EGW00121", "유효하지 않은 token 입니다."));
            }
            Some(_) => {}
        }
        let _place = client.place().ok_or_else(Refusal::later)?;
        let book = Guard::into_inner(self.shelf.book());
        let Passed { account, question } = self.passed(client, request, &book).await?;
        let exchange = self.hold(client, &account, question).await?;
        let tr_id = request.header("tr_id").unwrap_or_default();
        Ok(answer::relayed(&exchange, tr_id, self.clock.now()))
    }

    async fn passed(&self, client: &Arc<Client>, request: &Request, book: &Book) -> Result<Passed, Refusal> {
        let maker = self.principals.of(client.made_by(), book.grants()).await;
        let standing = maker.standing(book.grants());
        check(request, client, book, &standing, self.settings.load().unknown)
    }

    /// The client of an app key.
    fn client(&self, connection: &Connection, app_key: &str) -> Result<Arc<Client>, Refusal> {
        self.clients.of_key(app_key).ok_or_else(|| match crate::clients::is_local(app_key) {
            // What a client takes for a reason to ask for another token, and to be told there what is wrong.
            true => ended(),
            false => oauth::unknown_key(app_key, connection.is_hosts),
        })
    }

    /// Whether a client may speak on a connection now.
    fn may_speak(&self, connection: &Connection, client: &Client) -> Result<(), Refusal> {
        if client.has_expired(self.clock.now()) {
            let message = format!(
                "kisd: the key of the client \"{}\" has ended; kisctl client rotate does not renew it, make another",
                client.name
            );
            return Err(Refusal::own_status(403, Kind::PermissionDenied, message));
        }
        connection.is_of(client)
    }
}

/// As KIS answers a call whose key is no more.
pub(super) fn ended() -> Refusal {
    Refusal::gateway("EGW00123", "기간이 만료된 token 입니다.")
}

/// A path for the log, if it is one of KIS's: another may hold anything.
fn known(path: &str) -> &'static str {
    kis_catalog::catalog()
        .operations()
        .map(kis_catalog::Operation::path)
        .find(|known| *known == path)
        .unwrap_or("unknown")
}
