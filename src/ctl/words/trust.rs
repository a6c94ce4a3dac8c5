//! What is said of the gateway under KIS's own host names, in both languages.

/// Texts about KIS's own host names.
#[derive(Debug)]
pub(in crate::ctl) struct TrustWords {
    /// There is a certificate until then.
    pub(in crate::ctl) made: fn(&str) -> String,
    pub(in crate::ctl) hosts_file: &'static str,
    pub(in crate::ctl) variables: &'static str,
    pub(in crate::ctl) copy: &'static str,
    /// gateway.hosts is to be this.
    pub(in crate::ctl) not_configured: fn(&str) -> String,
    pub(in crate::ctl) removed: &'static str,
    pub(in crate::ctl) nothing_to_remove: &'static str,
    pub(in crate::ctl) take_back: &'static str,
    /// Under KIS's names at this address, with a certificate until then.
    pub(in crate::ctl) serving: fn(&str, &str) -> String,
    pub(in crate::ctl) failing: fn(&str, &str) -> String,
    /// A certificate ends then.
    pub(in crate::ctl) ends: fn(&str) -> String,
    pub(in crate::ctl) renew: &'static str,
    pub(in crate::ctl) renew_own: &'static str,
}

/// English.
pub(super) const ENGLISH: TrustWords = TrustWords {
    made: |until| format!("The gateway has a certificate for KIS's hosts, good until {until}."),
    hosts_file: "Add this line to /etc/hosts of this machine, or as extra_hosts to containers that share kisd's network:",
    variables: "and give each program that is to reach kisd under KIS's names this bundle of roots:",
    copy: "Where a program may not read that file: kisctl gateway bundle > FILE. Whoever has copied a bundle copies it again: an earlier \
           certificate is no longer used. Nothing else on this machine was changed.",
    not_configured: |address| {
        format!(
            "kisd does not listen there yet: set hosts = \"{address}\" in [gateway] of the configuration, then restart it"
        )
    },
    removed: "The certificate for KIS's hosts is removed, with its key and the bundle.",
    nothing_to_remove: "There was no certificate for KIS's hosts.",
    take_back: "Take KIS's hosts out of the hosts file, gateway.hosts out of the configuration, and the bundle out of SSL_CERT_FILE, \
                REQUESTS_CA_BUNDLE and NODE_EXTRA_CA_CERTS:",
    serving: |address, until| format!("under KIS's host names on {address}, certificate until {until}"),
    failing: |address, reason| format!("not under KIS's host names on {address}: {reason}"),
    ends: |at| format!("the certificate ends on {at}"),
    renew: "make another with kisctl gateway trust, and copy bundles again",
    renew_own: "renew the files of gateway.certificate and gateway.private_key, then reload kisd",
};

/// Korean.
pub(super) const KOREAN: TrustWords = TrustWords {
    made: |until| format!("KIS 호스트용 인증서를 만들었습니다. {until}까지 유효합니다."),
    hosts_file: "이 컴퓨터의 /etc/hosts에 다음 줄을 추가하세요. kisd와 네트워크를 공유하는 컨테이너에는 extra_hosts로 추가합니다:",
    variables: "KIS 호스트 이름으로 kisd에 접속할 프로그램마다 다음 인증서 묶음을 지정하세요:",
    copy: "이 파일을 읽을 수 없는 프로그램에는 `kisctl gateway bundle > 파일`로 복사하세요. 이전 인증서는 더 이상 쓰지 않으므로 복사해 둔 \
           묶음도 다시 복사해야 합니다. 그 밖에 이 컴퓨터에서 바뀐 것은 없습니다.",
    not_configured: |address| {
        format!(
            "kisd가 아직 이 주소에서 열려 있지 않습니다. 설정 파일의 [gateway]에 hosts = \"{address}\"를 넣고 다시 시작하세요"
        )
    },
    removed: "KIS 호스트용 인증서와 개인 키, 인증서 묶음을 삭제했습니다.",
    nothing_to_remove: "KIS 호스트용 인증서가 없습니다.",
    take_back: "hosts 파일의 KIS 호스트, 설정 파일의 gateway.hosts, SSL_CERT_FILE·REQUESTS_CA_BUNDLE·NODE_EXTRA_CA_CERTS에 지정한 \
                묶음도 되돌리세요:",
    serving: |address, until| format!("KIS 호스트 이름으로도 접속 가능: {address}, 인증서 만료 {until}"),
    failing: |address, reason| format!("KIS 호스트 이름으로는 {address}에서 열리지 않습니다: {reason}"),
    ends: |at| format!("인증서가 {at}에 만료됩니다"),
    renew: "kisctl gateway trust로 새로 만들고, 복사해 둔 인증서 묶음도 다시 복사하세요",
    renew_own: "gateway.certificate와 gateway.private_key 파일을 갱신한 뒤 kisd를 다시 로드하세요",
};
