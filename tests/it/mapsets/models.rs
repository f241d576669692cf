//! Committed models of wire formats: each is what the published schemas give.

use super::mapping;
use crate::support::{self, Needs, trial};
use libtest_mimic::{Failed, Trial};
use std::process::Command;

pub fn trials() -> Vec<Trial> {
    let kith = || Needs::Data("data/kith");
    let legacy = || Needs::Data("data/medcom-legacy");
    vec![
        trial("mapsets: models of KITH are what the schemas give", kith(), || {
            KITH.iter().chain(RECEIPTS).try_for_each(|one| one.same(&[]))
        }),
        trial("mapsets: the model of 2005 is what the schemas give", legacy(), notifications),
    ]
}

/// A committed model, and where it comes from.
struct Derived {
    file: &'static str,
    schema: &'static str,
    root: &'static str,
    /// Its canonical after the folder of models.
    url: &'static str,
    leave_out: &'static [&'static str],
    payloads: &'static [&'static str],
}

const MODELS: &str = "https://stafett.example/models/";
const CONTENT: &[&str] = &[
    "kith-dialogmelding-1.0/Dialogmelding",
    "kith-dialogmelding-1.1/Dialogmelding",
    "kith-base64/Base64Container",
];
const PLAIN: Derived =
    Derived { file: "", schema: "", root: "", url: "", leave_out: &[], payloads: &[] };

const KITH: &[Derived] = &[
    Derived {
        file: "kith-base64.json",
        schema: "kith/schemas/kith-base64.xsd",
        root: "Base64Container",
        url: "kith-base64/Base64Container",
        ..PLAIN
    },
    Derived {
        file: "kith-dialogmelding-1.0.json",
        schema: "kith/schemas/dialogmelding-v1.0.xsd",
        root: "Dialogmelding",
        url: "kith-dialogmelding-1.0/Dialogmelding",
        ..PLAIN
    },
    Derived {
        file: "kith-dialogmelding-1.1.json",
        schema: "kith/schemas/dialogmelding-v1.1.xsd",
        root: "Dialogmelding",
        url: "kith-dialogmelding-1.1/Dialogmelding",
        ..PLAIN
    },
    Derived {
        file: "kith-msghead-1.2.json",
        schema: "kith/schemas/MsgHead-v1_2.xsd",
        root: "MsgHead",
        url: "kith-msghead-1.2/MsgHead",
        leave_out: &["PatientReport"],
        payloads: CONTENT,
    },
];

/// The receipts of either version.
const RECEIPTS: &[Derived] = &[
    Derived {
        file: "kith-apprec-1.0.json",
        schema: "kith/schemas/apprec-v1.0.xsd",
        root: "AppRec",
        url: "kith-apprec-1.0/AppRec",
        ..PLAIN
    },
    Derived {
        file: "kith-apprec-1.1.json",
        schema: "kith/schemas/apprec-v1.1.xsd",
        root: "AppRec",
        url: "kith-apprec-1.1/AppRec",
        ..PLAIN
    },
];

const LETTERS: Derived = Derived {
    file: "emessage-2005-08-07.json",
    schema: "medcom-legacy/schemas/2005/08/07/EMessage.xsd",
    root: "Emessage",
    url: "oioxml-2005-08-07/Emessage",
    ..PLAIN
};

/// The letters that the model of 2005 has whole.
const WHOLE: &[&str] = &[
    "HospitalReferral",
    "DischargeLetter",
    "OutPatientDischargeLetter",
    "CasualtyWardLetter",
    "NotificationOfDischarge",
    "NotificationOfAdmission",
    "NegativeVansReceipt",
    "NegativeReceipt",
    "PositiveReceipt",
];

/// Every other letter of the group is left out.
fn notifications() -> Result<(), Failed> {
    let group = support::shared().join("data/medcom-legacy/schemas/2005/08/07/Letters.xsd");
    let text = std::fs::read_to_string(group)?;
    let (_, group) = text.split_once("group name=\"Letters\"").ok_or("no group of letters")?;
    let mut others: Vec<&str> = group.split("ref=\"").skip(1).collect();
    others.iter_mut().for_each(|rest| *rest = rest.split('"').next().unwrap_or_default());
    others.retain(|name| !WHOLE.contains(name));
    LETTERS.same(&others)
}

impl Derived {
    fn same(&self, left_out: &[&str]) -> Result<(), Failed> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stafett"));
        let schema = support::shared().join("data").join(self.schema);
        command.args(["model", "from-xsd"]).arg(schema).args(["--root", self.root, "--url"]);
        command.arg(format!("{MODELS}{}", self.url));
        for name in self.leave_out.iter().chain(left_out) {
            command.args(["--leave-out", name]);
        }
        for payload in self.payloads {
            command.args(["--payload", &format!("Content={MODELS}{payload}")]);
        }
        let made = command.output()?;
        let committed = mapping("models").join(self.file);
        match made.status.success() && made.stdout == std::fs::read(&committed)? {
            true => Ok(()),
            false => Err(Failed::from(format!("{} is not what is derived", committed.display()))),
        }
    }
}
