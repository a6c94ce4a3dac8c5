//! Programs of other machines: in TLS, by a name that is allowed, with a key that is for any user.

use std::{
    fs,
    process::{Child, Command, Stdio},
};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use serde_json::json;

use super::{
    Program, World,
    apart::{self, runs},
    program::PRICE,
    support::chmod,
};

const HERE: &str = "10.9.0.1";
const NAME: &str = "kisd.lan";

#[test]
fn a_program_of_another_machine_is_served_in_tls_with_a_key_for_any_user() {
    apart::run("remote::inside");
}

/// A machine of its own: a network that is joined to ours by a cable.
struct Machine(Child);

impl Machine {
    fn joined() -> Self {
        let child = Command::new("unshare").args(["-n", "cat"]).stdin(Stdio::piped()).spawn().unwrap();
        let machine = Self(child);
        let pid = machine.0.id().to_string();
        // Until it has its network, it has ours, in which the cable cannot end twice.
        let has_own = || fs::read_link(format!("/proc/{pid}/ns/net")).ok() != fs::read_link("/proc/self/ns/net").ok();
        while !has_own() {
            std::thread::yield_now();
        }
        for words in [
            format!("link add here type veth peer name there netns {pid}"),
            format!("addr add {HERE}/24 dev here"),
            "link set here up".to_owned(),
            "link set lo up".to_owned(),
        ] {
            assert!(runs("ip", &words.split(' ').collect::<Vec<_>>()), "ip {words}");
        }
        for words in ["ip addr add 10.9.0.2/24 dev there", "ip link set there up"] {
            assert!(
                runs("nsenter", &[&["-t", &pid, "-n"][..], &words.split(' ').collect::<Vec<_>>()].concat()),
                "{words}"
            );
        }
        machine
    }

    /// Asks for the price from there, or from here, and tells status and body.
    fn price(&self, is_there: bool, program: &Program, roots: &str, host: &str) -> Option<(u16, String)> {
        let url = format!("https://{NAME}:{}{PRICE}", program.address.port());
        let place = format!("{NAME}:{}:{HERE}", program.address.port());
        let mut command = if is_there {
            let mut command = Command::new("nsenter");
            command.args(["-t", &self.0.id().to_string(), "-n", "curl"]);
            command
        } else {
            Command::new("curl")
        };
        command.args(["-sS", "--noproxy", "*", "--max-time", "20", "--cacert", roots, "--resolve", &place, &url]);
        command.args(["-w", "\n%{http_code}", "-H", &format!("Host: {host}")]);
        for (name, value) in [
            ("appkey", &program.app_key),
            ("appsecret", &program.app_secret),
            ("authorization", &format!("Bearer {}", program.token)),
        ] {
            command.args(["-H", &format!("{name}: {value}")]);
        }
        let output = command.args(["-H", "tr_id: FHKST01010100"]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let (body, status) = text.rsplit_once('\n')?;
        output.status.success().then(|| (status.parse().unwrap(), body.to_owned()))
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // It ends with its input as well.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A certificate for our name with its key, in files, and the authority in one for clients.
fn certificate(world: &World, roots: &str) {
    let (key, own) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let mut authority = CertificateParams::default();
    authority.distinguished_name.push(DnType::CommonName, "an authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    fs::write(world.path(roots), authority.self_signed(&key).unwrap().pem()).unwrap();
    let certificate = CertificateParams::new([NAME.to_owned()]).unwrap();
    let certificate = certificate.signed_by(&own, &Issuer::from_params(&authority, &key)).unwrap();
    fs::write(world.path("certificate.pem"), certificate.pem()).unwrap();
    fs::write(world.path("key.pem"), own.serialize_pem()).unwrap();
    chmod(&world.path("key.pem"), 0o600);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs a network of its own, which the test above gives it"]
async fn inside() {
    let machine = Machine::joined();
    let world = World::new().await;
    certificate(&world, "roots.pem");
    let settings = format!(
        "[gateway]\nlisten = \"{HERE}:9443\"\nallow_remote = true\ncertificate = \"certificate.pem\"\nprivate_key = \"key.pem\"\n\
         allow_hosts = [\"{NAME}\"]\n"
    );
    let daemon = world.daemon_with(world.config("kisd", &settings)).await;
    daemon.token_until(|token| token["state"] == "valid").await;
    let status = daemon.status_until(|status| status["gateway"]["state"] == "serving").await;
    assert_eq!(status["gateway"]["base_url"], json!(format!("https://{HERE}:9443")));
    assert!(status["gateway"]["certificate_days_left"].as_i64().unwrap() > 300_000);
    let bound = Program::told(&daemon.ok("client.add", json!({ "name": "bound" })).await);
    let open = Program::told(&daemon.ok("client.add", json!({ "name": "open", "any_user": true })).await);
    // A token is good for its key wherever it was asked for.
    let with_token = |program: &Program| Program { token: token_of(&world, program), ..program.clone() };
    let (bound, open) = (with_token(&bound), with_token(&open));
    let roots = world.path("roots.pem").to_str().unwrap().to_owned();

    let (status, body) = machine.price(true, &bound, &roots, NAME).unwrap();
    assert!(status == 403 && body.contains("KISD0056") && body.contains("--any-user"), "{body}");
    let (status, body) = machine.price(true, &open, &roots, NAME).unwrap();
    assert!(status == 200 && body.contains("stck_prpr"), "{body}");
    // On this machine the kernel tells whose it is, by whichever address.
    assert_eq!(machine.price(false, &bound, &roots, NAME).unwrap().0, 200);
    for host in ["evil.example", HERE, "localhost", "127.0.0.1"] {
        let (status, body) = machine.price(true, &open, &roots, host).unwrap();
        assert!(status == 403 && body.contains("gateway.allow_hosts"), "{host}: {body}");
    }
    let plain =
        ["-t", &machine.0.id().to_string(), "-n", "curl", "-sS", "--max-time", "20", &format!("http://{HERE}:9443/")];
    assert!(!runs("nsenter", &plain), "nothing is said in plain text");

    // Another certificate, as SIGHUP reads it.
    certificate(&world, "renewed.pem");
    daemon.reloads.send(world.config("kisd", &settings)).await.unwrap();
    daemon.reloads.send(world.config("kisd", &settings)).await.unwrap();
    let _both_taken = daemon.reloads.reserve().await.unwrap();
    let renewed = world.path("renewed.pem").to_str().unwrap().to_owned();
    assert_eq!(machine.price(true, &open, &renewed, NAME).unwrap().0, 200);
    assert_eq!(machine.price(true, &open, &roots, NAME), None, "the certificate before");
}

fn token_of(world: &World, program: &Program) -> String {
    let roots = world.path("roots.pem");
    let (host, port) = (program.address.ip(), program.address.port());
    let body =
        json!({ "grant_type": "client_credentials", "appkey": program.app_key, "appsecret": program.app_secret });
    let output = Command::new("curl")
        .args([
            "-sS",
            "--noproxy",
            "*",
            "--max-time",
            "20",
            "--cacert",
            roots.to_str().unwrap(),
            "-d",
            &body.to_string(),
        ])
        .args(["--resolve", &format!("{NAME}:{port}:{host}"), &format!("https://{NAME}:{port}/oauth2/tokenP")])
        .output()
        .unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
    answer["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_entrance_for_other_machines_is_refused_without_what_protects_it() {
    let world = World::new().await;
    certificate(&world, "roots.pem");
    fs::write(world.path("other.pem"), KeyPair::generate().unwrap().serialize_pem()).unwrap();
    chmod(&world.path("other.pem"), 0o600);
    fs::copy(world.path("key.pem"), world.path("open.pem")).unwrap();
    chmod(&world.path("open.pem"), 0o644);
    let remote = "listen = \"10.9.0.1:9443\"\nallow_remote = true\n";
    let pair = "certificate = \"certificate.pem\"\nprivate_key = \"key.pem\"\n";
    let hosts = "allow_hosts = [\"kisd.lan\"]\n";
    for (settings, key) in [
        ("listen = \"10.9.0.1:9443\"\n".to_owned(), "gateway.listen"),
        (format!("{remote}{hosts}"), "gateway.certificate"),
        (format!("{remote}{pair}"), "gateway.allow_hosts"),
        (format!("{remote}{hosts}certificate = \"certificate.pem\"\n"), "gateway.private_key"),
        (format!("{remote}{hosts}{}", pair.replace("key.pem", "other.pem")), "gateway.private_key"),
        (format!("{remote}{hosts}{}", pair.replace("key.pem", "open.pem")), "gateway.private_key"),
        (format!("{remote}{hosts}{}", pair.replace("certificate.pem", "key.pem")), "gateway.certificate"),
    ] {
        let refused = world.try_config_of("kisd", &format!("[gateway]\n{settings}")).unwrap_err();
        assert!(refused.faults.iter().any(|fault| fault.key == key), "{settings}: {refused}");
        assert!(!refused.to_string().contains("PRIVATE KEY"), "{refused}");
    }
    assert!(world.config("kisd", &format!("[gateway]\n{remote}{hosts}{pair}")).gateway.tls.is_some());
}
