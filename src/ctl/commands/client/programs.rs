//! What to set in each public client of KIS: host and keys, and nothing else. Programs whose hosts are constants are told theirs
//! before the first call.

use crate::wire::{
    text::printable,
    types::{ClientSetup, Mode, Program},
};

/// What stands for a secret that is not told any more.
const GONE: &str = "<secret>";

/// What the lines are made of.
struct Parts<'a> {
    url: String,
    ws: String,
    key: &'a str,
    secret: &'a str,
    cano: String,
    product: String,
    is_paper: bool,
}

/// The lines to set in a program; nothing, where none are known.
pub(super) fn lines(program: Program, setup: &ClientSetup) -> Option<String> {
    let url = printable(setup.gateway.base_url.as_deref().unwrap_or("http://127.0.0.1:9443"));
    let parts = Parts {
        ws: url.replacen("http", "ws", 1),
        url,
        key: &setup.app_key,
        secret: setup.app_secret.as_ref().map_or(GONE, |secret| secret.reveal()),
        cano: printable(&setup.account_no),
        product: printable(&setup.account_product_code),
        is_paper: setup.mode == Mode::Paper,
    };
    Some(match program {
        Program::PythonKis => python_kis(&parts),
        Program::Official => official(&parts),
        Program::Mojito => mojito(&parts),
        Program::KisAgent => kis_agent(&parts),
        Program::KisTrader => kis_trader(&parts),
        Program::Kispilot => kispilot(&parts),
        Program::KisUtils => kis_utils(&parts),
        Program::KisWrapper => kis_wrapper(&parts),
        Program::KstockMcp => kstock_mcp(&parts),
        Program::KoreainvestmentCli => koreainvestment_cli(&parts),
        Program::Curl => curl(&parts),
        Program::Unknown => return None,
    })
}

fn curl(Parts { url, key, secret, .. }: &Parts<'_>) -> String {
    format!(
        r#"curl -s {url}/oauth2/tokenP -d '{{"grant_type":"client_credentials","appkey":"{key}","appsecret":"{secret}"}}'
curl -s '{url}/uapi/domestic-stock/v1/quotations/inquire-price?FID_COND_MRKT_DIV_CODE=J&FID_INPUT_ISCD=005930' \
  -H 'appkey: {key}' -H 'appsecret: {secret}' \
  -H 'authorization: Bearer <access_token>' -H 'tr_id: FHKST01010100'
"#
    )
}

fn official(Parts { url, ws, key, secret, cano, product, is_paper }: &Parts<'_>) -> String {
    let account = if *is_paper { "my_paper_stock" } else { "my_acct_stock" };
    format!(
        r#"# ~/KIS/config/kis_devlp.yaml; remove ~/KIS/config/KIS* once, which hold tokens of KIS
my_app: "{key}"
my_sec: "{secret}"
paper_app: "{key}"
paper_sec: "{secret}"
{account}: "{cano}"
my_prod: "{product}"
prod: "{url}"
vps: "{url}"
ops: "{ws}"
vops: "{ws}"
"#
    )
}

fn python_kis(Parts { url, ws, key, secret, cano, product, is_paper }: &Parts<'_>) -> String {
    let paper = match is_paper {
        true => {
            format!("    virtual_id=\"<HTS id>\", virtual_appkey=\"{key}\",\n    virtual_secretkey=\"{secret}\",\n")
        }
        false => String::new(),
    };
    format!(
        r#"import pykis.__env__, pykis.kis, pykis.client.websocket
for module in pykis.__env__, pykis.kis:
    module.REAL_DOMAIN = module.VIRTUAL_DOMAIN = "{url}"
for module in pykis.__env__, pykis.client.websocket:
    module.WEBSOCKET_REAL_DOMAIN = module.WEBSOCKET_VIRTUAL_DOMAIN = "{ws}"
kis = pykis.PyKis(
    id="<HTS id>", account="{cano}-{product}", keep_token=False,
    appkey="{key}",
    secretkey="{secret}",
{paper})
"#
    )
}

fn mojito(Parts { url, key, secret, cano, product, is_paper, .. }: &Parts<'_>) -> String {
    let mock = if *is_paper { "True" } else { "False" };
    format!(
        r#"import mojito
class KoreaInvestment(mojito.KoreaInvestment):
    def set_base_url(self, mock=True):
        self.base_url = "{url}"
broker = KoreaInvestment(
    api_key="{key}",
    api_secret="{secret}",
    acc_no="{cano}-{product}", mock={mock})
# remove token.dat once, which holds a token of KIS
"#
    )
}

fn kis_agent(Parts { url, key, secret, cano, product, .. }: &Parts<'_>) -> String {
    format!(
        r#"from kis_agent import Agent
agent = Agent(
    base_url="{url}",
    app_key="{key}",
    app_secret="{secret}",
    account_no="{cano}", account_code="{product}")
"#
    )
}

fn kis_trader(Parts { url, ws, key, secret, cano, product, is_paper }: &Parts<'_>) -> String {
    let environment = if *is_paper { "paper" } else { "real" };
    format!(
        r#"import kis_trader, kis_trader._internal._endpoints as endpoints
for hosts, host in (endpoints._BASE_URL_BY_ENVIRONMENT, "{url}"), (endpoints._WEBSOCKET_URL_BY_ENVIRONMENT, "{ws}"):
    for environment in hosts:
        hosts[environment] = host
client = kis_trader.KISClient(
    app_key="{key}",
    app_secret="{secret}",
    account="{cano}-{product}", environment="{environment}")
"#
    )
}

fn kispilot(Parts { url, ws, key, secret, cano, product, is_paper }: &Parts<'_>) -> String {
    let (prefix, account) = if *is_paper { ("PAPER", "PAPER_") } else { ("REAL", "") };
    format!(
        r#"# environment
{prefix}_APPKEY={key}
{prefix}_APP_SECRET={secret}
{account}CANO={cano}
{account}ACNT_PRDT_CD={product}
# python, before anything else of kispilot is imported
import kispilot.api.config as config
for hosts, host in (config.DOMAIN, "{url}"), (config.WS_DOMAIN, "{ws}"):
    for mode in hosts:
        hosts[mode] = host
"#
    )
}

fn kis_utils(Parts { url, ws, key, secret, cano, product, is_paper }: &Parts<'_>) -> String {
    let (environment, suffix) = if *is_paper { ("모의투자", "_VTS") } else { ("실전투자", "") };
    format!(
        r#"# .env; remove ~/.access_token once, which holds a token of KIS
KIS_ENVIRONMENT={environment}
KIS_APP_KEY{suffix}={key}
KIS_APP_SECRET{suffix}={secret}
KIS_ACCOUNT{suffix}={cano}
KIS_ACCOUNT_PROD{suffix}={product}
# python, after the import
kis_utils.BASE_URL = "{url}"
kis_utils.WS_URL = "{ws}"
"#
    )
}

fn kis_wrapper(Parts { url, key, secret, cano, product, is_paper, .. }: &Parts<'_>) -> String {
    let environment = if *is_paper { "paper" } else { "prod" };
    format!(
        r#"import kis, kis.auth
for environment in kis.auth._URLS:
    kis.auth._URLS[environment] = "{url}"
client = kis.KIS(
    app_key="{key}",
    app_secret="{secret}",
    account="{cano}-{product}", env="{environment}")
"#
    )
}

fn kstock_mcp(Parts { url, key, secret, cano, product, is_paper, .. }: &Parts<'_>) -> String {
    let environment = if *is_paper { "paper" } else { "real" };
    format!(
        r#"# environment
KIS_APP_KEY={key}
KIS_APP_SECRET={secret}
KIS_ACCOUNT_NO={cano}-{product}
KIS_ENV={environment}
# python, before the server starts
import kstock_mcp.config
for environment in kstock_mcp.config.KIS_BASE_URLS:
    kstock_mcp.config.KIS_BASE_URLS[environment] = "{url}"
"#
    )
}

fn koreainvestment_cli(Parts { url, key, secret, cano, product, is_paper, .. }: &Parts<'_>) -> String {
    let environment = if *is_paper { "paper" } else { "real" };
    format!(
        r#"# ~/.kis-cli/config.yaml
env: {environment}
appKey: "{key}"
appSecret: "{secret}"
accountNumber: "{cano}-{product}"
# its host is compiled in: build it with BASE_URLS in src/kis/env.ts set to {url}
"#
    )
}
