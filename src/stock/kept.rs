//! The master files in the state directory, each replaced atomically. All of this waits for the disk.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    path::PathBuf,
    sync::Arc,
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;
use tracing::warn;

use super::{
    master::{self, MOST_ZIPPED, MasterFile, Torn},
    stocks::{Builder, FileState, Stocks},
};
use crate::{
    files::{careful, content, directory_of},
    kis::masters::Version,
};

/// The file beside them.
const INDEX: &str = "masters.json";

/// Most bytes of it.
const MOST_INDEX: usize = 64 << 10;

/// A file of fewer stocks may lose more than half of them: new markets begin small.
const FEW: usize = 200;

/// What is known of the files.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Index {
    /// Where they come from: files of another host are not used.
    source: String,
    /// When all of them were last looked at.
    pub(super) looked_at: Option<DateTime<Utc>>,
    files: BTreeMap<String, Entry>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Entry {
    #[serde(flatten)]
    version: Version,
    stocks: usize,
}

impl Index {
    /// What is known of a file.
    pub(super) fn version(&self, file: MasterFile) -> Version {
        self.files.get(file.name()).map(|entry| entry.version.clone()).unwrap_or_default()
    }
}

/// What came of a file that was downloaded.
pub(super) enum Put {
    /// It says what the last one said.
    Same,
    /// It is kept.
    Changed,
}

/// Why it is not kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum PutError {
    #[error(transparent)]
    Torn(#[from] Torn),
    #[error("cannot be written: {0}")]
    Disk(#[from] io::Error),
}

/// The directory of the files.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) directory: PathBuf,
    pub(super) source: Arc<str>,
}

impl Kept {
    /// What is known of the files that are there. What cannot be read is not known, and downloaded again.
    pub(super) fn index(&self) -> Index {
        let nothing = || Index { source: self.source.to_string(), ..Index::default() };
        let text = match self.bytes(INDEX, MOST_INDEX) {
            Ok(text) => text,
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    warn!(file = %self.directory.join(INDEX).display(), %error, "the kept master files are not used");
                }
                return nothing();
            }
        };
        match serde_json::from_slice::<Index>(&text) {
            Ok(index) if index.source == *self.source => index,
            // Of another host, or of another version.
            _ => nothing(),
        }
    }

    /// Notes what is known.
    pub(super) fn note(&self, index: &Index) -> io::Result<()> {
        self.replace(INDEX, &serde_json::to_vec(index)?)
    }

    /// Keeps a file that was downloaded if it is whole and not the one that is there.
    pub(super) fn put(
        &self,
        index: &mut Index,
        file: MasterFile,
        zip: &[u8],
        version: Version,
    ) -> Result<Put, PutError> {
        let stocks = master::read(file, zip, |_| {})?;
        let entry = index.files.entry(file.name().to_owned()).or_default();
        if entry.stocks >= FEW && stocks < entry.stocks / 2 {
            return Err(Torn::Shrunk { now: stocks, before: entry.stocks }.into());
        }
        *entry = Entry { version, stocks };
        if self.bytes(file.name(), MOST_ZIPPED).is_ok_and(|known| known == zip) {
            return Ok(Put::Same);
        }
        self.replace(file.name(), zip)?;
        Ok(Put::Changed)
    }

    /// All stocks of the files that are there; those that are missing or torn are told with why.
    pub(super) fn load(&self, index: &mut Index, problems: &BTreeMap<&'static str, Arc<str>>) -> Stocks {
        let mut builder = Builder::default();
        for file in MasterFile::ALL {
            let mut problem = problems.get(file.name()).cloned();
            let known = index.files.contains_key(file.name());
            let stocks = known.then(|| self.read(file, &mut builder)).and_then(|read| {
                read.map_err(|error| {
                    warn!(file = file.name(), error, "a kept master file is not used");
                    problem.get_or_insert_with(|| error.into());
                    // It is downloaded again, whatever its version.
                    index.files.remove(file.name());
                    index.looked_at = None;
                })
                .ok()
            });
            builder.file(FileState { file, stocks, problem });
        }
        builder.finish()
    }

    fn read(&self, file: MasterFile, builder: &mut Builder) -> Result<usize, String> {
        let zip = self.bytes(file.name(), MOST_ZIPPED).map_err(|error| error.to_string())?;
        // Looked through first, so that no half of a file is in memory.
        master::read(file, &zip, |_| {}).map_err(|torn| torn.to_string())?;
        master::read(file, &zip, |row| builder.push(row)).map_err(|torn| torn.to_string())
    }

    fn bytes(&self, name: &str, most: usize) -> io::Result<Vec<u8>> {
        let file = careful().read(true).open(self.directory.join(name))?;
        let bytes = content(&file, most)?.ok_or_else(|| io::Error::other("is longer than any such file"))?;
        Ok(bytes.to_vec())
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.directory.join(name);
        let mut file = NamedTempFile::new_in(directory_of(&path)?)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(&path)?;
        Ok(())
    }
}
