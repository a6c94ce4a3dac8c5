//! An app key in use: everything that KIS counts by the key hangs on one session, whatever accounts are asked with it.

use std::{path::PathBuf, sync::Arc};

use arc_swap::ArcSwapOption;
use chrono::NaiveDate;

use super::{Settings, TokenHandle, TokenKeeper, store::Store};
use crate::{
    clock::{self, SharedClock},
    kis::{self, Http, KisClient, SetupError},
};

/// The session of one app key.
#[derive(Debug)]
pub struct KeySession {
    /// What asks KIS, within the key's quota.
    pub client: Arc<KisClient>,
    /// The key's token.
    pub token: TokenHandle,
    store: Store,
    expires_on: ArcSwapOption<NaiveDate>,
}

impl KeySession {
    /// A session that has asked nothing yet, and the keeper of its token.
    pub fn new(
        kis: kis::Settings,
        expires_on: Option<NaiveDate>,
        token: Settings,
        http: &Http,
        clock: SharedClock,
    ) -> Result<(Arc<Self>, TokenKeeper), SetupError> {
        let credentials = kis.credentials.clone();
        let store = Store::files(token.file.clone(), kis.environment, &credentials);
        let client = Arc::new(KisClient::new(kis, http, clock.clone())?.remembering_calls(&store.calls));
        let (keeper, token) = TokenKeeper::new(client.clone(), credentials, token, store.clone(), clock);
        let expires_on = ArcSwapOption::new(expires_on.map(Arc::new));
        Ok((Arc::new(Self { client, token, store, expires_on }), keeper))
    }

    /// Eight digits that tell the key from others and say nothing of it.
    pub fn fingerprint(&self) -> &str {
        self.store.binding().short()
    }

    /// A file of the key beside its token, by its extension.
    pub fn file_beside(&self, extension: &str) -> PathBuf {
        self.store.calls.with_extension(extension)
    }

    /// Whether the session is that of this app key, asked at this place.
    pub fn is_of(&self, kis: &kis::Settings) -> bool {
        *self.store.binding() == Store::binding_of(kis.environment, &kis.credentials)
            && *self.client.base_url() == kis.base_url
    }

    /// The day on which KIS ends the app key, if the owner has said so.
    pub fn expires_on(&self) -> Option<NaiveDate> {
        self.expires_on.load().as_deref().copied()
    }

    /// Days until KIS ends the app key; negative once it has.
    pub fn days_left(&self) -> Option<i64> {
        let today = clock::kst(self.client.clock().now()).date_naive();
        self.expires_on().map(|day| day.signed_duration_since(today).num_days())
    }

    /// Changes what can change while the app key stays: its secret, its limit, its timing.
    pub async fn reload(&self, kis: &kis::Settings, expires_on: Option<NaiveDate>, token: Settings) {
        self.client.reload(kis);
        self.expires_on.store(expires_on.map(Arc::new));
        // It is gone only when the daemon is on its way down.
        let _ = self.token.reload(token, kis.credentials.clone()).await;
    }
}
