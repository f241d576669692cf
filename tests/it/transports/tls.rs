//! TLS at the door: who gets in, as whom, and what a reload changes.

use super::certificates::Authority;
use crate::support::{self, Needs};
use bytes::Bytes;
use libtest_mimic::{Failed, Trial};
use stafett::cli::assemble;
use stafett::config::{ClientCertificates, ListenerKind};
use stafett::deliver::http::{Reply, Sender, Sending, Target};
use stafett::deliver::tls::{Material, Secure};
use stafett::message::{
    Answer, Answering, CertificateName, DeliveryId, Intake, MessageId, PartyName, Position,
    Submission, Syntax,
};
use stafett::pipeline::{self, Pipeline, SystemClock};
use stafett::receive::{Front, Limits, Quota, Quotas, serve, tls};
use stafett::store;
use std::num::NonZeroU32;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

pub fn trials() -> Vec<Trial> {
    let trial =
        |name, run: fn() -> Result<(), Failed>| support::trial(name, Needs::Tool("openssl"), run);
    vec![
        trial("tls: the party is the one named in the certificate", named),
        trial("tls: unknown, revoked, and judged by a list that ran out: no entry", revoked),
        trial("tls: certificate and token must mean the same party", both),
        trial("tls: what goes out shows our certificate and judges theirs", outgoing),
        trial("tls: a reload takes over certificates, and says which are wrong", reloaded),
    ]
}

/// Answers with the name of whoever sends.
struct Who;

impl Intake for Who {
    fn submit(&self, submission: Submission) -> Answering {
        let body = Bytes::from(format!("you are {}", submission.party));
        Box::pin(async move {
            Answer {
                status: 200,
                content_type: None,
                body,
                retry_after: None,
                verdict: true,
                said: None,
            }
        })
    }

    fn ready(&self) -> bool {
        true
    }

    fn party_of(&self, token: &str) -> Option<PartyName> {
        token.strip_suffix("-token").map(|name| PartyName(name.into()))
    }

    fn party_named(&self, names: &[CertificateName]) -> Option<PartyName> {
        let is = |one: &str| names.iter().any(|name| name.to_string() == one);
        let known = is("dns:ward.example") && is("cn:Ward") && is("serial-number:998877");
        known.then(|| PartyName("ward".into()))
    }

    fn metadata(&self, _: Syntax) -> Bytes {
        Bytes::new()
    }
}

struct Served {
    authority: Authority,
    secured: Arc<tls::Secured>,
    base: String,
    runtime: Runtime,
}

fn material(authority: &Authority, revoked: &[&str]) -> Result<tls::Material, Failed> {
    let lists: Result<Vec<_>, _> = revoked.iter().map(|name| authority.read(name)).collect();
    Ok(tls::Material {
        certificate: authority.read("engine.pem")?,
        key: authority.read("engine.key")?,
        authorities: Some(authority.read("authority.pem")?),
        revoked: lists?,
    })
}

fn served(clients: ClientCertificates) -> Result<Served, Failed> {
    let authority = Authority::new()?;
    authority.certify("engine", "/CN=engine", "IP:127.0.0.1")?;
    authority.certify("ward", "/CN=Ward/serialNumber=998877", "DNS:Ward.example")?;
    authority.certify("other", "/CN=Other", "DNS:other.example")?;
    let secured = tls::Secured::new(&material(&authority, &[])?, clients, &["http/1.1"])?;
    let secured = Arc::new(secured);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
    let base = format!("https://{}", listener.local_addr()?);
    let many = NonZeroU32::new(1_000).ok_or("nothing")?;
    let quotas = Quotas::new(Quota { per_second: many, burst: many }, &[]);
    let front = Front::new(Arc::new(Who), Limits::default(), quotas).over(Arc::clone(&secured));
    runtime.spawn(serve(Arc::new(front), listener, std::future::pending()));
    Ok(Served { authority, secured, base, runtime })
}

impl Served {
    /// What curl gets: the status (0: no answer) and the body.
    fn curl(
        &self,
        certificate: Option<&str>,
        token: Option<&str>,
    ) -> Result<(u16, String), Failed> {
        self.curl_by(&self.authority, certificate, token)
    }

    fn curl_by(
        &self,
        issuer: &Authority,
        certificate: Option<&str>,
        token: Option<&str>,
    ) -> Result<(u16, String), Failed> {
        let mut command = Command::new("curl");
        command.args(["-s", "--max-time", "20", "-w", " %{http_code}", "-d", "{}"]);
        command.arg("--cacert").arg(self.authority.path("authority.pem"));
        if let Some(name) = certificate {
            command.arg("--cert").arg(issuer.path(&format!("{name}.pem")));
            command.arg("--key").arg(issuer.path(&format!("{name}.key")));
        }
        if let Some(token) = token {
            command.args(["-H", &format!("Authorization: Bearer {token}")]);
        }
        command.args(["-H", "Content-Type: application/fhir+json"]);
        let output = command.arg(format!("{}/fhir/$process-message", self.base)).output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (body, status) = text.rsplit_once(' ').ok_or("no status")?;
        Ok((status.parse()?, body.to_owned()))
    }
}

fn is(got: (u16, String), status: u16, part: &str) -> Result<(), Failed> {
    match got.0 == status && got.1.contains(part) {
        true => Ok(()),
        false => Err(format!("expected {status} with `{part}`, got {got:?}").into()),
    }
}

fn named() -> Result<(), Failed> {
    let served = served(ClientCertificates::Required)?;
    is(served.curl(Some("ward"), None)?, 200, "you are ward")?;
    // An authority that we trust vouches for it, and still it is nobody.
    is(served.curl(Some("other"), None)?, 401, "login")?;
    is(served.curl(None, Some("ward-token"))?, 0, "")?;
    let stranger = Authority::new()?;
    stranger.certify("ward", "/CN=Ward/serialNumber=998877", "DNS:ward.example")?;
    is(served.curl_by(&stranger, Some("ward"), None)?, 0, "")?;
    // In the clear nobody is heard, and the listener lives.
    let plain = Command::new("curl")
        .args(["-s", "--max-time", "20", "-w", "%{http_code}", "-d", "{}"])
        .arg(served.base.replace("https", "http"))
        .output()?;
    is((0, String::from_utf8_lossy(&plain.stdout).into_owned()), 0, "000")?;
    is(served.curl(Some("ward"), None)?, 200, "you are ward")
}

fn revoked() -> Result<(), Failed> {
    let served = served(ClientCertificates::Required)?;
    let authority = &served.authority;
    let take = |list: &str| -> Result<(), Failed> {
        let material = material(authority, &[list])?;
        let fresh = tls::Secured::new(&material, ClientCertificates::Required, &["http/1.1"])?;
        served.secured.replace(&fresh);
        Ok(())
    };
    authority.list("nobody", &[], true)?;
    take("nobody")?;
    is(served.curl(Some("ward"), None)?, 200, "you are ward")?;
    authority.list("ward.list", &["ward"], true)?;
    take("ward.list")?;
    is(served.curl(Some("ward"), None)?, 0, "")?;
    is(served.curl(Some("other"), None)?, 401, "login")?;
    authority.list("stale", &[], false)?;
    take("stale")?;
    is(served.curl(Some("ward"), None)?, 0, "")?;
    // A list of somebody else says nothing of this authority's certificates.
    let stranger = Authority::new()?;
    stranger.list("foreign", &[], true)?;
    std::fs::copy(stranger.path("foreign"), authority.path("foreign"))?;
    take("foreign")?;
    is(served.curl(Some("ward"), None)?, 0, "")?;
    take("nobody")?;
    is(served.curl(Some("ward"), None)?, 200, "you are ward")
}

fn both() -> Result<(), Failed> {
    let served = served(ClientCertificates::Optional)?;
    is(served.curl(None, Some("ward-token"))?, 200, "you are ward")?;
    is(served.curl(None, None)?, 401, "login")?;
    is(served.curl(Some("ward"), None)?, 200, "you are ward")?;
    is(served.curl(Some("ward"), Some("ward-token"))?, 200, "you are ward")?;
    is(served.curl(Some("ward"), Some("town-token"))?, 401, "login")?;
    is(served.curl(Some("ward"), Some("wrong"))?, 401, "login")?;
    is(served.curl(Some("other"), Some("ward-token"))?, 401, "login")
}

fn outgoing() -> Result<(), Failed> {
    let served = served(ClientCertificates::Required)?;
    let (authority, stranger) = (&served.authority, Authority::new()?);
    let (roots, others) = (authority.read("authority.pem")?, stranger.read("authority.pem")?);
    let (pem, key) = (authority.read("ward.pem")?, authority.read("ward.key")?);
    let send = |material: Material<'_>| -> Result<Reply, Failed> {
        let target = Target::new(
            &format!("{}/fhir/$process-message", served.base),
            None,
            Duration::from_secs(20),
        );
        let target = target.ok_or("no URL")?.over(&Secure::new(material)?);
        let sending = Sending {
            delivery: DeliveryId { unit: Position::default(), index: 0 },
            message: MessageId("m".into()),
            syntax: Syntax::FhirJson,
            bytes: Bytes::from_static(b"{}"),
            possible_duplicate: false,
        };
        Ok(served.runtime.block_on(Sender::default().send(&target, sending)))
    };
    let own = Some((&*pem, &*key));
    match send(Material { authorities: Some(&roots), own })? {
        Reply::Answer { status: 200, body, .. } if body.as_ref() == b"you are ward" => {}
        other => return Err(format!("{other:?}").into()),
    }
    let refused = [
        Material { authorities: Some(&roots), own: None },
        Material { authorities: Some(&others), own },
        Material { authorities: None, own },
    ];
    for (at, material) in refused.into_iter().enumerate() {
        if let Reply::Answer { status, .. } = send(material)? {
            return Err(format!("{at}: answered {status}").into());
        }
    }
    let wrong = Material { authorities: Some(b"nothing"), own: None };
    match Secure::new(wrong) {
        Ok(_) => Err("no authority is no judge".into()),
        Err(_) => Ok(()),
    }
}

const SITE: &str = "[engine]\nname = 'tls'\nworkers = 1\n[store]\nfolder = 'data'\n\
    [[listener]]\nname = 'in'\naddress = '127.0.0.1:0'\nkind = 'messages'\n\
    tls = { certificate = 'engine.pem', key = 'engine.key', client_authorities = 'authority.pem' }\n\
    [[party]]\nname = 'ward'\ntitle = 'W'\ncertificates = ['dns:ward.example']\n";

/// A whole engine whose certificate is exchanged while it runs.
fn reloaded() -> Result<(), Failed> {
    let (first, second) = (Authority::new()?, Authority::new()?);
    let folder = tempfile::TempDir::new()?;
    for (authority, name) in [(&first, "first"), (&second, "second")] {
        authority.certify("engine", &format!("/CN={name}"), "IP:127.0.0.1")?;
        authority.certify("ward", "/CN=ward", "DNS:ward.example")?;
    }
    let path = folder.path().to_owned();
    let install = |authority: &Authority, names: &[&str]| -> Result<(), Failed> {
        for name in names {
            std::fs::copy(authority.path(name), path.join(name))?;
        }
        Ok(())
    };
    let all = ["engine.pem", "engine.key", "authority.pem"];
    install(&first, &all)?;
    std::fs::write(path.join("stafett.toml"), SITE)?;
    let assembled = assemble::assemble(&path)?;
    let told: Vec<String> = assembled.diagnostics.iter().map(ToString::to_string).collect();
    let engine = assembled.engine.ok_or_else(|| told.join("\n"))?;
    let now = jiff::Timestamp::now();
    let opened = store::open(&path.join("data"), store::Options::default(), now)?;
    let targets = assemble::targets(&path, &engine.config)?;
    let pipeline = Pipeline::new(engine, targets, Arc::new(opened), Arc::new(SystemClock));
    pipeline.secure(assembled.secured);
    let source = path.clone();
    pipeline.reload_from(Box::new(move || assemble::fresh(&source)));
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let running = runtime.block_on(pipeline::start(Arc::clone(&pipeline)))?;
    let address = running.address(ListenerKind::Messages).ok_or("no listener")?;
    let asked = |authority: &Authority| -> Result<u16, Failed> {
        let output = Command::new("curl")
            .args(["-s", "--max-time", "20", "-o", "/dev/null", "-w", "%{http_code}"])
            .arg("--cacert")
            .arg(authority.path("authority.pem"))
            .arg("--cert")
            .arg(authority.path("ward.pem"))
            .arg("--key")
            .arg(authority.path("ward.key"))
            .arg(format!("https://{address}/fhir/metadata"))
            .output()?;
        Ok(String::from_utf8_lossy(&output.stdout).parse()?)
    };
    let expect = |wanted: [u16; 2]| -> Result<(), Failed> {
        let got = [asked(&first)?, asked(&second)?];
        if got != wanted {
            return Err(format!("expected {wanted:?}, got {got:?}").into());
        }
        Ok(())
    };
    expect([200, 0])?;
    // A key that is not the certificate's never becomes active.
    install(&second, &["engine.key"])?;
    let said = pipeline.reload("test");
    if said.active || !said.diagnostics.iter().any(|one| one.contains("config-bad-certificate")) {
        return Err(format!("{:?}", said.diagnostics).into());
    }
    expect([200, 0])?;
    install(&second, &all)?;
    let said = pipeline.reload("test");
    if !said.active {
        return Err(said.diagnostics.join("\n").into());
    }
    expect([0, 200])?;
    runtime.block_on(running.stop());
    Ok(())
}
