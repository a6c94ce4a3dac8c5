//! The commands, a file each: what is asked, and how it is shown. Arguments are declared in `arguments`, words in `words`.

pub(super) mod accounts;
pub(super) mod assets;
pub(super) mod balance;
pub(super) mod call;
pub(super) mod chart;
pub(super) mod check;
pub(super) mod client;
pub(super) mod discover;
pub(super) mod doctor;
pub(super) mod gateway;
pub(super) mod init;
pub(super) mod kis;
pub(super) mod logs;
pub(super) mod man;
pub(super) mod market;
pub(super) mod metrics;
pub(super) mod order;
pub(super) mod quote;
pub(super) mod search;
pub(super) mod status;
pub(super) mod token;
pub(super) mod trades;
pub(super) mod watch;
