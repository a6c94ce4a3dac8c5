//! `kisd simulate`: a simulated KIS for any client of KIS.

use std::{fmt::Write as _, net::SocketAddr, time::Duration};

use clap::{Args, ValueEnum};
use kisd::{
    clock::SystemClock,
    simulator::{self, MarketSetup, Options, Setup, Simulator},
    telemetry::{self, Telemetry},
};

use crate::{Failure, print};

/// How to simulate.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Where to listen.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8765")]
    listen: SocketAddr,
    /// The environment to simulate; both: a real and a paper key on one port.
    #[arg(long, value_enum, default_value = "paper")]
    mode: Mode,
    /// By how much every answer is late, as in "200ms".
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = humantime::parse_duration)]
    latency: Duration,
    /// Gives a balance by issue (INQR_DVSN 02), which KIS refuses since 2026-02-10, and which some clients still ask for.
    #[arg(long)]
    by_issue: bool,
    /// What all prices are made of, together with issue and time: the same number, the same market.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How fast prices walk; 1 is a quiet day.
    #[arg(long, value_name = "X", default_value_t = 1, conflicts_with = "still")]
    speed: u32,
    /// No price ever moves, unless it is steered.
    #[arg(long)]
    still: bool,
    /// When the market is open; krx: on its days and at its hours only.
    #[arg(long, value_enum, default_value = "always")]
    hours: Hours,
    /// Cannot be steered by /__sim/… requests.
    #[arg(long)]
    no_control: bool,
    /// Prints keys and accounts as one line of JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Mode {
    Paper,
    Real,
    Both,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Hours {
    Always,
    Krx,
}

impl Arguments {
    fn market(&self) -> MarketSetup {
        let hours = match self.hours {
            Hours::Always => simulator::Hours::Always,
            Hours::Krx => simulator::Hours::Krx,
        };
        MarketSetup { seed: self.seed, speed: self.speed, still: self.still, hours }
    }

    fn setup(&self) -> Setup {
        let setup = match self.mode {
            Mode::Paper => Options::demo(simulator::Mode::Paper).into(),
            Mode::Real => Options::demo(simulator::Mode::Real).into(),
            Mode::Both => Setup::both(),
        };
        let keys = setup.keys.into_iter().map(|key| Options { takes_by_issue: self.by_issue, ..key }).collect();
        Setup { keys, latency: self.latency, control: !self.no_control, market: self.market() }
    }
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let listen = arguments.listen;
    if !listen.ip().is_loopback() {
        return Err(Failure::other(format!("the simulator listens on loopback only, not on {}", listen.ip())));
    }
    let log = telemetry::Settings { level: "info".to_owned(), format: telemetry::Format::Text, dir: None };
    let clock = SystemClock::shared();
    let _telemetry = Telemetry::start(&log, false, &clock).map_err(Failure::other)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::other)?;
    runtime.block_on(async {
        let setup = arguments.setup();
        let simulator = Simulator::start(listen, setup.clone(), clock)
            .await
            .map_err(|error| Failure::other(format!("cannot listen on {listen}: {error}")))?;
        if arguments.json {
            print(&format!("{}\n", simulator.describe()))?;
        } else {
            print(&words(&setup, &simulator.base_url()))?;
        }
        tokio::signal::ctrl_c().await.map_err(Failure::other)
    })
}

/// What a person needs to know, of which a part can be put into a configuration.
fn words(setup: &Setup, url: &str) -> String {
    let mut words = String::new();
    for (at, key) in setup.keys.iter().enumerate() {
        let mode = key.mode.name();
        let begin =
            if at == 0 { format!("simulated KIS ({mode}) on {url}") } else { format!("and {mode}, on the same port") };
        // Writing to a string cannot fail.
        let _ = write!(
            words,
            "{begin}, {} calls a second\n\n[kis]\nmode = \"{mode}\"\nbase_url = \"{url}\"\napp_key = \"{}\"\n\
             app_secret = \"{}\"\naccount_no = \"{}\"\naccount_product_code = \"{}\"\n\n",
            key.calls_per_second, key.app_key, key.app_secret, key.cano, key.product_code,
        );
        for more in &key.more_accounts {
            let _ = write!(words, "The same key has the account {}-{}.\n\n", more.cano, more.product_code);
        }
    }
    words.push_str("Ctrl-C ends it.\n");
    words
}
