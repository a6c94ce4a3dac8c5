//! Programs whose host is a constant, unchanged: in a network and with a hosts file of their own, against a KIS that is found by DNS
//! alone, under its own name and in TLS.

use std::{fs, net::SocketAddr, path::Path, process::Output, sync::Arc};

use kisd::simulator::{Mode, Options};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{PrivateKeyDer, pem::PemObject},
    },
};

use super::{
    World,
    apart::{self, runs},
    support::process::{Process, kisd},
};

const REAL: &str = "openapi.koreainvestment.com";
/// Where the simulated KIS is: an address of this machine that is none of loopback.
const KIS: &str = "192.0.2.1";
/// Where the hosts file leads KIS's names.
const HOSTS: &str = "127.0.0.77";
/// Our DNS server.
const DNS: &str = "127.0.0.1:5353";

/// Programs as they are: each asks KIS's own host for a token and a price, and prints the price.
const CURL: &str = r#"
token=$(curl -sS --fail -X POST "$HOST/oauth2/tokenP" -d "{\"grant_type\":\"client_credentials\",\"appkey\":\"$APP_KEY\",\"appsecret\":\"$APP_SECRET\"}" |
    sed 's/.*"access_token":"\([^"]*\)".*/\1/')
curl -sS --fail "$HOST/uapi/domestic-stock/v1/quotations/inquire-price?FID_COND_MRKT_DIV_CODE=J&FID_INPUT_ISCD=005930" \
    -H "authorization: Bearer $token" -H "appkey: $APP_KEY" -H "appsecret: $APP_SECRET" -H "tr_id: FHKST01010100" |
    sed 's/.*"stck_prpr":"\([^"]*\)".*/\1/'
"#;
const PYTHON: &str = r#"
import os, requests
host, key, secret = (os.environ[name] for name in ("HOST", "APP_KEY", "APP_SECRET"))
body = {"grant_type": "client_credentials", "appkey": key, "appsecret": secret}
token = requests.post(host + "/oauth2/tokenP", json=body, timeout=20).json()["access_token"]
headers = {"authorization": "Bearer " + token, "appkey": key, "appsecret": secret, "tr_id": "FHKST01010100"}
params = {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": "005930"}
path = "/uapi/domestic-stock/v1/quotations/inquire-price"
print(requests.get(host + path, headers=headers, params=params, timeout=20).json()["output"]["stck_prpr"])
"#;
const NODE: &str = r#"
const { HOST: host, APP_KEY: appkey, APP_SECRET: appsecret } = process.env;
const ask = async () => {
  const body = JSON.stringify({ grant_type: "client_credentials", appkey, appsecret });
  const token = (await (await fetch(host + "/oauth2/tokenP", { method: "POST", body })).json()).access_token;
  const headers = { authorization: "Bearer " + token, appkey, appsecret, tr_id: "FHKST01010100" };
  const path = "/uapi/domestic-stock/v1/quotations/inquire-price?FID_COND_MRKT_DIV_CODE=J&FID_INPUT_ISCD=005930";
  console.log((await (await fetch(host + path, { headers })).json()).output.stck_prpr);
};
ask().catch((error) => { console.error(error); process.exit(1); });
"#;

#[test]
fn a_program_whose_host_is_a_constant_reads_through_kisd_unchanged() {
    apart::run("unchanged::inside");
}

#[tokio::test]
#[ignore = "needs a network and a hosts file of its own, which the test above gives it"]
async fn inside() {
    assert!(
        runs("ip", &["link", "set", "lo", "up"]) && runs("ip", &["addr", "add", &format!("{KIS}/32"), "dev", "lo"])
    );
    // A real account with a key like KIS's: a marked one is never sent to KIS's hosts.
    let options = Options {
        app_key: "PSabcdefghijklmnopqrstuvwxyz01234567".to_owned(),
        app_secret: "s".repeat(180),
        ..Options::demo(Mode::Real)
    };
    let world = World::in_real_time(options).await;
    let roots = world.path("roots.pem");
    let kis = kis_in_tls(&roots);
    let simulator = world.simulator.address();
    tokio::spawn(forward(TcpListener::bind((KIS, 9443)).await.unwrap(), kis, simulator));
    let dns = UdpSocket::bind(DNS).await.unwrap();
    tokio::spawn(answer_questions(dns));

    // Whatever asks the system is led to kisd; kisd itself must not be.
    let hosts = world.path("hosts");
    fs::write(&hosts, format!("127.0.0.1 localhost\n{HOSTS} {REAL} openapivts.koreainvestment.com\n")).unwrap();
    assert!(runs("mount", &["--bind", hosts.to_str().unwrap(), "/etc/hosts"]));

    let extra = format!("[gateway]\nlisten = \"127.0.0.1:9443\"\nhosts = \"{HOSTS}\"\nresolver = \"{DNS}\"\n");
    let file = world.config_file("kisd", &extra);
    // Its host is KIS's own, as by default.
    let text = fs::read_to_string(&file).unwrap();
    let text: String =
        text.lines().filter(|line| !line.starts_with("base_url")).map(|line| format!("{line}\n")).collect();
    fs::write(&file, text).unwrap();
    let mut command = kisd();
    command.arg("--config").arg(&file).env("SSL_CERT_FILE", &roots);
    let daemon = Process::start_with(&world, "kisd", &mut command).await;
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
    while daemon.call("token.status", json!({})).await["result"]["state"] != "valid" {
        assert!(tokio::time::Instant::now() < deadline, "{}", daemon.log());
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(world.simulator.issuances(), 1, "kisd has found KIS past the hosts file");

    let trust = daemon.call("gateway.trust", json!({})).await["result"].clone();
    while daemon.call("daemon.status", json!({})).await["result"]["gateway"]["hosts"]["state"] != "serving" {
        assert!(tokio::time::Instant::now() < deadline, "{}", daemon.log());
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let client = daemon.call("client.add", json!({ "name": "bot" })).await["result"].clone();
    let bundle = trust["bundle"].as_str().unwrap().to_owned();
    let (client, untrusted) = (&client, world.path("none.pem"));
    fs::copy(&roots, &untrusted).unwrap();
    let programs: [(&str, &[&str], &str, &str); 3] = [
        ("curl", &["sh", "-c"], CURL, "SSL_CERT_FILE"),
        ("python", &["python3", "-c"], PYTHON, "REQUESTS_CA_BUNDLE"),
        ("node", &["node", "-e"], NODE, "NODE_EXTRA_CA_CERTS"),
    ];
    for (name, start, script, variable) in programs {
        let is_there = match name {
            "python" => runs("python3", &["-c", "import requests"]),
            "node" => runs("node", &["-e", "fetch"]),
            _ => true,
        };
        if !is_there {
            eprintln!("SKIPPED, NOT PROVED: {name} is not on this machine");
            continue;
        }
        let output = program(start, script, client, (variable, &bundle)).await;
        let price = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        assert!(price.parse::<u32>().is_ok_and(|price| price > 0), "{name}: {output:?}");
        let refused = program(start, script, client, (variable, untrusted.to_str().unwrap())).await;
        assert!(refused.stdout.trim_ascii().is_empty(), "{name} without the bundle: {refused:?}");
    }
    assert_eq!(world.simulator.issuances(), 1, "and nobody else has asked KIS for a token");
    assert!(!world.simulator.calls_to("inquire-price").is_empty());
    let log = daemon.log();
    assert!(!log.contains(client["app_secret"].as_str().unwrap()), "{log}");
    daemon.stop().await;
}

async fn program(start: &[&str], script: &str, client: &Value, (variable, bundle): (&str, &str)) -> Output {
    let mut command = tokio::process::Command::new(start[0]);
    // What the machine that runs the tests says of roots and proxies is not meant.
    for (name, _) in std::env::vars().filter(|(name, _)| is_of_the_network(name)) {
        command.env_remove(name);
    }
    command.args(&start[1..]).arg(script).env(variable, bundle).env("HOST", format!("https://{REAL}:9443"));
    for (name, member) in [("APP_KEY", "app_key"), ("APP_SECRET", "app_secret")] {
        command.env(name, client[member].as_str().unwrap());
    }
    command.output().await.unwrap()
}

fn is_of_the_network(variable: &str) -> bool {
    let name = variable.to_ascii_uppercase();
    name.contains("_CA_") || name.starts_with("SSL_CERT_") || name.ends_with("_PROXY")
}

/// TLS of the simulated KIS, by an authority that is written to a file.
fn kis_in_tls(roots: &Path) -> TlsAcceptor {
    let key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    fs::write(roots, authority.self_signed(&key).unwrap().pem()).unwrap();
    let own = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new([REAL.to_owned()]).unwrap();
    let certificate = certificate.signed_by(&own, &Issuer::from_params(&authority, &key)).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::from_pem_slice(own.serialize_pem().as_bytes()).unwrap(),
        )
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

async fn forward(listener: TcpListener, tls: TlsAcceptor, to: SocketAddr) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let tls = tls.clone();
        tokio::spawn(async move {
            let mut stream = tls.accept(stream).await.unwrap();
            let mut inner = TcpStream::connect(to).await.unwrap();
            // It ends when either side does.
            let _ = tokio::io::copy_bidirectional(&mut stream, &mut inner).await;
        });
    }
}

/// Answers each question for an address with KIS's, if it is for IPv4.
async fn answer_questions(socket: UdpSocket) {
    let mut buffer = [0; 1500];
    let address: std::net::Ipv4Addr = KIS.parse().unwrap();
    loop {
        let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
        let end = 12 + buffer[12..length].iter().position(|byte| *byte == 0).unwrap() + 1;
        let is_v4 = buffer[end..end + 2] == [0, 1];
        let mut reply = vec![buffer[0], buffer[1], 0x81, 0x80, 0, 1, 0, u8::from(is_v4), 0, 0, 0, 0];
        reply.extend_from_slice(&buffer[12..end + 4]);
        if is_v4 {
            reply.extend_from_slice(&[0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
            reply.extend_from_slice(&address.octets());
        }
        socket.send_to(&reply, from).await.unwrap();
    }
}
