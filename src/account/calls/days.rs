//! The days on which KIS says that the Korea Exchange trades: asked with an app key at most once a day, as KIS wants it, and kept in
//! a small file beside the key's token, so that a restart does not ask again.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tracing::{debug, warn};

use super::{Calls, Wanted};
use crate::{
    account::Account,
    clock::{self, Instant},
    files::{blocking, careful, content, directory_of},
    kis::{KisError, quota::CallerId, row::rows},
};

/// Which operation tells them; paper trading has none.
const OPERATION: &str = "domestic-stock-quotations-chk-holiday";

/// How long a caller waits for KIS. Then the answer is without what KIS would have said.
const PATIENCE: Duration = Duration::from_secs(5);

/// KIS is asked again so long after an answer that was none.
const AGAIN_AFTER: Duration = Duration::from_secs(600);

/// Days before today that are kept.
const KEPT_DAYS: u64 = 400;

/// Most bytes of the file.
const MAX_BYTES: usize = 64 << 10;

/// What KIS has told.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// When it was asked last, Korean date.
    pub asked_on: Option<NaiveDate>,
    /// Each day, and whether there is trading.
    pub days: BTreeMap<NaiveDate, bool>,
}

/// What is kept of an app key.
#[derive(Debug)]
pub(super) struct Kept {
    file: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What was told; `None`: the file has not been read yet.
    told: Option<Arc<Told>>,
    /// When KIS was asked, as long as it has not answered.
    failed_at: Option<Instant>,
}

impl Kept {
    pub(super) fn at(file: PathBuf) -> Self {
        Self { file, state: Mutex::default() }
    }
}

impl Calls {
    /// What KIS has told of the days of the Korea Exchange, asking it if it was not asked today. Whatever goes wrong, what was told
    /// before is still good.
    pub async fn open_days(&self, account: &Account, caller: CallerId, timeout: Duration) -> Arc<Told> {
        let clock = account.key.client.clock();
        let today = clock::kst(clock.now()).date_naive();
        let mut state = self.days.state.lock().await;
        let told = match &state.told {
            Some(told) => told.clone(),
            None => state.told.insert(Arc::new(read(&self.days.file).await)).clone(),
        };
        let waits = state.failed_at.is_some_and(|at| clock.monotonic().since(at) < AGAIN_AFTER);
        if told.asked_on == Some(today) || waits {
            return told;
        }
        let params = BTreeMap::from([("BASS_DT".to_owned(), today.format("%Y%m%d").to_string())]);
        let wanted = Wanted { operation: OPERATION, params: &params, pages: Some(1), next: None };
        // Paper trading has no such operation.
        let Ok(question) = self.question(account, &wanted) else { return told };
        // Should the caller go meanwhile, KIS is not asked anew at once.
        state.failed_at = Some(clock.monotonic());
        let called = self.ask(caller, question, Duration::ZERO, timeout.min(PATIENCE)).await;
        let days = called
            .map_err(|error| error.to_string())
            .and_then(|called| days_of(called.tr_id, called.body.get()).map_err(|error| error.to_string()));
        match days {
            Ok(days) => {
                state.failed_at = None;
                let told = Arc::new(told.with(days, today));
                state.told = Some(told.clone());
                if let Err(error) = write(&self.days.file, told.clone()).await {
                    warn!(file = %self.days.file.display(), %error, "the days that KIS told cannot be kept; it is asked again after a restart");
                }
                told
            }
            Err(error) => {
                debug!(%error, "KIS does not tell its days; the table of holidays is used");
                told
            }
        }
    }
}

impl Told {
    fn with(&self, days: BTreeMap<NaiveDate, bool>, today: NaiveDate) -> Self {
        let oldest = today.checked_sub_days(Days::new(KEPT_DAYS)).unwrap_or(NaiveDate::MIN);
        let mut all = self.days.clone();
        all.extend(days);
        all.retain(|day, _| *day >= oldest);
        Self { asked_on: Some(today), days: all }
    }
}

/// The days of an answer. Only `opnd_yn` says whether there is trading: `tr_day_yn` is `Y` on Sundays too.
fn days_of(tr_id: &'static str, body: &str) -> Result<BTreeMap<NaiveDate, bool>, KisError> {
    let mut days = BTreeMap::new();
    for row in rows(tr_id, body, "output")? {
        let day = row.date("bass_dt")?.ok_or_else(|| row.malformed("bass_dt", "is empty"))?;
        let open = match row.text("opnd_yn")? {
            Some("Y") => true,
            Some("N") => false,
            _ => return Err(row.malformed("opnd_yn", "is neither Y nor N")),
        };
        days.insert(day, open);
    }
    Ok(days)
}

/// What is in the file; nothing where there is none, or it is none of ours.
async fn read(file: &Path) -> Told {
    let path = file.to_owned();
    let told = blocking(move || {
        let file = careful().read(true).open(path)?;
        let text = content(&file, MAX_BYTES)?.ok_or_else(|| io::Error::other("it is too long"))?;
        serde_json::from_slice(&text).map_err(io::Error::other)
    });
    match told.await {
        Ok(told) => told,
        Err(error) => {
            if error.kind() != io::ErrorKind::NotFound {
                warn!(file = %file.display(), %error, "the days that KIS told are not used");
            }
            Told::default()
        }
    }
}

async fn write(file: &Path, told: Arc<Told>) -> io::Result<()> {
    let path = file.to_owned();
    blocking(move || {
        directory_of(&path)?;
        // Always of one name, so that what a killed process has left is used again.
        let new = path.with_extension("days-new");
        let mut file = careful().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(&serde_json::to_vec(&*told)?)?;
        std::fs::rename(new, path)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn only_the_flag_of_the_market_says_whether_there_is_trading() {
        // As KIS answers: a Sunday has tr_day_yn Y, and the last business day of a year bzdy_yn Y.
        let body = r#"{"output":[{"bass_dt":"20261231","bzdy_yn":"Y","tr_day_yn":"Y","opnd_yn":"N"},
            {"bass_dt":"20270103","bzdy_yn":"N","tr_day_yn":"Y","opnd_yn":"N"},
            {"bass_dt":"20270104","bzdy_yn":"Y","tr_day_yn":"Y","opnd_yn":"Y"}]}"#;
        let expected =
            BTreeMap::from([(date("2026-12-31"), false), (date("2027-01-03"), false), (date("2027-01-04"), true)]);
        assert_eq!(days_of("CTCA0903R", body).unwrap(), expected);
        for wrong in
            [r#"{"output":[{"bass_dt":"","opnd_yn":"Y"}]}"#, r#"{"output":[{"bass_dt":"20270104","opnd_yn":""}]}"#]
        {
            assert!(days_of("CTCA0903R", wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_was_told_is_kept_for_a_year_and_a_month() {
        let before =
            Told { asked_on: None, days: BTreeMap::from([(date("2025-01-02"), true), (date("2026-11-27"), true)]) };
        let told = before.with(BTreeMap::from([(date("2026-11-27"), false)]), date("2026-11-26"));
        assert_eq!(told.asked_on, Some(date("2026-11-26")));
        assert_eq!(told.days, BTreeMap::from([(date("2026-11-27"), false)]), "and the newest word counts");
    }

    #[tokio::test]
    async fn a_file_that_is_none_of_ours_is_not_used() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token-real-00000000.days");
        assert_eq!(read(&file).await, Told::default());
        let told = Told { asked_on: Some(date("2026-11-26")), days: BTreeMap::from([(date("2026-11-27"), true)]) };
        write(&file, Arc::new(told.clone())).await.unwrap();
        assert_eq!(read(&file).await, told);
        std::fs::write(&file, "{").unwrap();
        assert_eq!(read(&file).await, Told::default());
        std::fs::write(&file, vec![b' '; MAX_BYTES + 1]).unwrap();
        assert_eq!(read(&file).await, Told::default());
    }
}
