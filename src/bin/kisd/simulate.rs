//! `kisd simulate`: a simulated KIS for any client of KIS.

use std::net::SocketAddr;

use kisd::{
    clock::SystemClock,
    simulator::{Mode, Options, Simulator},
    telemetry::{self, Telemetry},
};

use crate::{Failure, print};

pub(crate) fn run(listen: SocketAddr, mode: Mode) -> Result<(), Failure> {
    if !listen.ip().is_loopback() {
        return Err(Failure::other(format!("the simulator listens on loopback only, not on {}", listen.ip())));
    }
    let log = telemetry::Settings { level: "info".to_owned(), format: telemetry::Format::Text, dir: None };
    let clock = SystemClock::shared();
    let _telemetry = Telemetry::start(&log, false, &clock).map_err(Failure::other)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::other)?;
    runtime.block_on(async {
        let options = Options::demo(mode);
        let simulator = Simulator::start(listen, options.clone(), clock)
            .await
            .map_err(|error| Failure::other(format!("cannot listen on {listen}: {error}")))?;
        print(&format!(
            "simulated KIS ({}) on {url}, {} calls a second\n\n\
             [kis]\nmode = \"{0}\"\nbase_url = \"{url}\"\napp_key = \"{}\"\napp_secret = \"{}\"\n\
             account_no = \"{}\"\naccount_product_code = \"{}\"\n\nCtrl-C ends it.\n",
            if mode == Mode::Paper { "paper" } else { "real" },
            options.calls_per_second,
            options.app_key,
            options.app_secret,
            options.cano,
            options.product_code,
            url = simulator.base_url(),
        ))?;
        tokio::signal::ctrl_c().await.map_err(Failure::other)
    })
}
