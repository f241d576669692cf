//! A whole engine on loopback: a hospital that sends, a town that receives, MedCom's packages.

use super::receiver::{Peer, Script};
use crate::support;
use bytes::Bytes;
use libtest_mimic::Failed;
use serde_json::Value;
use stafett::cli::assemble;
use stafett::config::ListenerKind;
use stafett::deliver::http::{Reply, Sender, Sending, Target};
use stafett::message::{DeliveryId, MessageId, Position, Syntax};
use stafett::pipeline::{self, Pipeline, Running, SystemClock};
use stafett::store::{self, Store};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// The tokens of the two parties.
pub const HOSPITAL: &str = "hospital-token";
/// See [`HOSPITAL`].
pub const TOWN: &str = "town-token";

/// An engine that runs, with a receiver for the town.
pub struct System {
    pub runtime: Runtime,
    pub running: Option<Running>,
    pub peer: Peer,
    pub folder: TempDir,
    base: String,
}

/// The configuration's texts, by file name; a test changes what it is about.
pub struct Setup {
    pub stafett: String,
    pub parties: String,
    pub endpoints: String,
    pub routes: String,
}

/// What an answer was.
#[derive(Debug, Clone)]
pub struct Answered {
    pub status: u16,
    pub retry_after: Option<u32>,
    pub content_type: String,
    pub body: Bytes,
}

impl Default for Setup {
    fn default() -> Setup {
        let packages = support::shared().join("data/packages");
        let mappings = support::root().join("mappings");
        let names = [
            "hl7.fhir.dk.core-2.0.0",
            "hl7.fhir.dk.core-3.2.0",
            "medcom.fhir.dk.core-2.0.0",
            "medcom.fhir.dk.core-2.0.1",
            "medcom.fhir.dk.core-3.0.1",
            "medcom.fhir.dk.messaging-2.1.0",
            "medcom.fhir.dk.messaging-3.0.0",
            "medcom.fhir.dk.terminology-1.1.1",
            "medcom.fhir.dk.terminology-1.4.0",
            "medcom.fhir.dk.terminology-1.8.1",
            "medcom.fhir.dk.acknowledgement-2.0.3",
            "medcom.fhir.dk.carecommunication-5.0.2",
            "medcom.fhir.dk.hospitalnotification-3.0.2",
        ];
        let list: Vec<String> = names
            .iter()
            .map(|name| format!("{:?}", packages.join(format!("{name}.tgz"))))
            .collect();
        let hash = |token: &str| blake3::hash(token.as_bytes()).to_hex().to_string();
        Setup {
            stafett: format!(
                "[engine]\nname = 'test'\nmode = 'test'\nworkers = 2\n\
                 [[listener]]\nname = 'in'\naddress = '127.0.0.1:0'\nkind = 'messages'\n\
                 [[listener]]\nname = 'ops'\naddress = '127.0.0.1:0'\nkind = 'operations'\n\
                 [store]\nfolder = 'data'\n\
                 [limits]\nquota = {{ per_second = 10000, burst = 10000 }}\n\
                 [definitions]\npackages = [{}]\n\
                 [mappings]\nfolders = [{mappings:?}]\n",
                list.join(", ")
            ),
            parties: format!(
                "[[party]]\nname = 'hospital'\ntitle = 'H'\n\
                 identifiers = ['gln:5790000209354', 'sor:265161000016000']\ntokens = ['{}']\n\
                 [[party]]\nname = 'town'\ntitle = 'T'\n\
                 identifiers = ['gln:5790001348120', 'sor:953741000016009']\ntokens = ['{}']\n",
                hash(HOSPITAL),
                hash(TOWN)
            ),
            endpoints: "[[endpoint]]\nname = 'town'\nparty = 'town'\n\
                        url = 'http://127.0.0.1:7102/'\nsyntax = 'fhir-json'\n"
                .to_owned(),
            routes: "[[route]]\nname = 'to-town'\nsender = 'hospital'\nreceiver = 'town'\n\
                     event = ['hospital-notification-message', 'care-communication-message']\n\
                     to = 'town'\nretry = { first = '5 ms', cap = '50 ms', give_up = '1 days' }\n"
                .to_owned(),
        }
    }
}

impl System {
    /// Starts one whose receiver answers 200 with nothing.
    pub fn start() -> Result<System, Failed> {
        System::with(&Setup::default(), &[], Arc::new(|_| (200, String::new())))
    }

    /// Starts one from these texts; its receiver answers these statuses first, then what `then` says.
    pub fn with(setup: &Setup, first: &[u16], then: Script) -> Result<System, Failed> {
        let folder = TempDir::new()?;
        for (name, text) in [
            ("stafett.toml", &setup.stafett),
            ("parties.toml", &setup.parties),
            ("endpoints.toml", &setup.endpoints),
            ("routes.toml", &setup.routes),
        ] {
            std::fs::write(folder.path().join(name), text)?;
        }
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let peer = runtime.block_on(Peer::start(0, first, then))?;
        let mut system = System { runtime, running: None, peer, folder, base: String::new() };
        system.go()?;
        Ok(system)
    }

    /// Starts (again) on what is stored.
    pub fn go(&mut self) -> Result<(), Failed> {
        let path = self.folder.path();
        let assembled = assemble::assemble(path)?;
        let told: Vec<String> = assembled.diagnostics.iter().map(ToString::to_string).collect();
        let engine = assembled.engine.ok_or_else(|| told.join("\n"))?;
        let mut targets = assemble::targets(path, &engine.config)?;
        let endpoints = targets.iter_mut().filter(|(name, _)| !name.starts_with("mailbox/"));
        for (_, (target, _)) in endpoints {
            *target = Target::new(&self.peer.url, None, Duration::from_secs(10)).ok_or("no URL")?;
        }
        let now = jiff::Timestamp::now();
        let store = store::open(&path.join("data"), store::Options::default(), now)?;
        let store: Arc<dyn Store> = Arc::new(store);
        let pipeline = Pipeline::new(engine, targets, store, Arc::new(SystemClock));
        pipeline.secure(assembled.secured);
        pipeline.based(path);
        let running = self.runtime.block_on(pipeline::start(pipeline))?;
        let address = running.address(ListenerKind::Messages).ok_or("no listener")?;
        self.base = format!("http://{address}");
        self.running = Some(running);
        Ok(())
    }

    /// Stops it; what it stored stays.
    pub fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.stop());
        }
    }

    /// The metrics page.
    pub fn metrics(&self) -> Result<String, Failed> {
        use stafett::ops::Watched;
        let running = self.running.as_ref().ok_or("it does not run")?;
        Ok(pipeline::Door(Arc::clone(&running.pipeline)).metrics().page())
    }

    /// Sends a body as FHIR JSON.
    pub fn json(&self, token: &str, body: impl Into<Bytes>) -> Result<Answered, Failed> {
        self.post(token, Syntax::FhirJson, body)
    }

    /// Sends a body to the door of its syntax.
    pub fn post(
        &self,
        token: &str,
        syntax: Syntax,
        body: impl Into<Bytes>,
    ) -> Result<Answered, Failed> {
        self.runtime.block_on(post(self.base.clone(), token.to_owned(), syntax, body.into()))
    }

    /// Sends a body as FHIR JSON, the receipt as a message of its own.
    pub fn apart(&self, token: &str, body: impl Into<Bytes>) -> Result<Answered, Failed> {
        let url = format!("{}/fhir/$process-message?async=true", self.base);
        self.runtime.block_on(post_to(url, token.to_owned(), Syntax::FhirJson, body.into()))
    }

    /// Sends bodies at the same time.
    pub fn all(&self, token: &str, bodies: Vec<Bytes>) -> Result<Vec<Answered>, Failed> {
        let tasks: Vec<_> = bodies
            .into_iter()
            .map(|body| {
                let post = post(self.base.clone(), token.to_owned(), Syntax::FhirJson, body);
                self.runtime.spawn(async move { post.await.map_err(|f| format!("{f:?}")) })
            })
            .collect();
        let mut all = Vec::new();
        for task in tasks {
            all.push(self.runtime.block_on(task)??);
        }
        Ok(all)
    }
}

/// Sends a body to an engine at an address.
pub async fn post(
    base: String,
    token: String,
    syntax: Syntax,
    body: Bytes,
) -> Result<Answered, Failed> {
    let path = if syntax.is_fhir() { "/fhir/$process-message" } else { "/messages" };
    post_to(format!("{base}{path}"), token, syntax, body).await
}

async fn post_to(
    url: String,
    token: String,
    syntax: Syntax,
    body: Bytes,
) -> Result<Answered, Failed> {
    let target = Target::new(&url, Some(&token), Duration::from_secs(20));
    let sending = Sending {
        delivery: DeliveryId { unit: Position::default(), index: 0 },
        message: MessageId("test".into()),
        syntax,
        bytes: body,
        possible_duplicate: false,
    };
    match Sender::default().send(&target.ok_or("no URL")?, sending).await {
        Reply::Answer { status, retry_after, content_type, body } => Ok(Answered {
            status,
            retry_after,
            content_type: content_type.unwrap_or_default().into(),
            body,
        }),
        other => Err(format!("no answer: {other:?}").into()),
    }
}

impl Answered {
    /// The answer as JSON.
    pub fn value(&self) -> Result<Value, Failed> {
        Ok(serde_json::from_slice(&self.body)?)
    }

    /// The code of the acknowledgement in it; none: it holds none.
    pub fn receipt(&self) -> Option<String> {
        let value: Value = serde_json::from_slice(&self.body).ok()?;
        let code = &value["entry"][0]["resource"]["response"]["code"];
        code.as_str().map(str::to_owned)
    }

    /// The answer as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A published message by its folder and the beginning of its name.
pub fn published(folder: &str, start: &str) -> Result<Value, Failed> {
    let folder: PathBuf = support::shared().join("data/medcom-messages").join(folder);
    for entry in std::fs::read_dir(&folder)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(start)) {
            return Ok(serde_json::from_slice(&std::fs::read(path)?)?);
        }
    }
    Err(format!("no {start} in {}", folder.display()).into())
}

/// An admission that is valid, with ids of this number.
pub fn admission(number: u32) -> Result<Value, Failed> {
    let mut bundle = published("hospitalnotification-3.0.2", "bfab3e80")?;
    bundle["id"] = format!("{number:08x}-0000-4000-8000-000000000001").into();
    let id = format!("{number:08x}-0000-4000-8000-000000000002");
    let text = bundle.to_string().replace("cc47c1e2-78e6-4291-b071-f423a4f7fbfe", &id);
    Ok(serde_json::from_str(&text)?)
}

/// Bytes of a message.
pub fn bytes(value: &Value) -> Bytes {
    Bytes::from(value.to_string())
}
