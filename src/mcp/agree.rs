//! The user's yes to an order, asked through the client where it can ask: by a request of its own, and since the protocol of
//! 2026-07-28 by an answer that wants input first.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use rmcp::{
    RoleServer,
    model::{
        CallToolRequestParams, ClientResult, ElicitRequest, ElicitRequestParams, ElicitResult, ElicitationAction,
        ElicitationSchema, InputRequest, InputRequests, InputRequiredResult, ProtocolVersion, ServerRequest,
    },
    service::{PeerRequestOptions, RequestContext},
};
use serde_json::Value;

/// The one field of the question.
const AGREE: &str = "agree";

/// A preview is good for three minutes, and no answer later than that is of use.
const ANSWERED_WITHIN: Duration = Duration::from_secs(180);

/// Previews that are remembered.
const MOST_PREVIEWS: usize = 100;

/// What was previewed here, with the text that a user is asked with.
#[derive(Debug, Default)]
pub(super) struct Previews(Mutex<VecDeque<(String, String)>>);

impl Previews {
    pub(super) fn put(&self, id: String, told: String) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.truncate(MOST_PREVIEWS - 1);
        known.push_front((id, told));
    }

    pub(super) fn told(&self, id: &str) -> Option<String> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().find(|(known, _)| known == id).map(|(_, told)| told.clone())
    }
}

/// What the user says.
pub(super) enum Agreement {
    /// Yes; or the client cannot ask, and asks for each call by itself if its user wants that.
    Yes,
    /// The client has to ask first, and calls again.
    Ask(Box<InputRequiredResult>),
    /// No, or nothing.
    No(&'static str),
}

/// Whether the user agrees to the order that was shown so.
pub(super) async fn agreement(
    shown: &str,
    request: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Agreement {
    let elicitation = context.client_capabilities().and_then(|capabilities| capabilities.elicitation);
    // One that names no mode means forms.
    if !elicitation.is_some_and(|modes| modes.form.is_some() || modes.url.is_none()) {
        return Agreement::Yes;
    }
    let Ok(question) = question(shown) else { return Agreement::No("the user could not be asked") };
    if context.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28) {
        let answered = request.input_responses.as_ref().and_then(|responses| responses.get(AGREE));
        return match answered.map(|value| serde_json::from_value::<ElicitResult>(value.clone())) {
            Some(Ok(result)) => judged(&result),
            Some(Err(_)) => Agreement::No("the client's answer is not understood"),
            None => {
                let requests = InputRequests::from([(AGREE.to_owned(), InputRequest::Elicitation(question))]);
                Agreement::Ask(Box::new(InputRequiredResult::from_input_requests(requests)))
            }
        };
    }
    let options = PeerRequestOptions::with_timeout(ANSWERED_WITHIN);
    let asked = context.peer.send_request_with_option(ServerRequest::ElicitRequest(question), options).await;
    let answer = match asked {
        Ok(asked) => asked.await_response().await,
        Err(error) => Err(error),
    };
    match answer {
        Ok(ClientResult::ElicitResult(result)) => judged(&result),
        _ => Agreement::No("the user was asked, and no answer came"),
    }
}

fn question(shown: &str) -> Result<ElicitRequest, &'static str> {
    let schema = ElicitationSchema::builder()
        .required_bool_with(AGREE, |field| field.title("Send this order").description("Whether it goes to KIS now."))
        .build()?;
    Ok(ElicitRequest::new(ElicitRequestParams::FormElicitationParams {
        meta: None,
        message: format!("An agent wants to send this order to KIS with your money. {shown}"),
        requested_schema: schema,
    }))
}

fn judged(result: &ElicitResult) -> Agreement {
    let agrees = result.content.as_ref().and_then(|content| content.get(AGREE)).and_then(Value::as_bool);
    match (&result.action, agrees) {
        (ElicitationAction::Accept, Some(true)) => Agreement::Yes,
        _ => Agreement::No("the user says no"),
    }
}
