//! What a site's folder of maps may hold: maps, models and concept maps as resources, whichever their syntax.

use super::{Site, admission, decide, map};
use crate::support::{Needs, trial};
use libtest_mimic::{Failed, Trial};

pub fn trials() -> Vec<Trial> {
    vec![trial("maps: a node takes maps and models as resources", Needs::Nothing, taken)]
}

/// A day after the message.
const DAY: &str = "2026-11-23";
const BUNDLE: &str = "http://hl7.org/fhir/StructureDefinition/Bundle";

/// A map that copies a message and logs that it did, in FHIR's JSON.
fn json() -> String {
    let copied = ["id", "meta", "type", "timestamp", "entry"].map(|name| {
        format!(
            r#",{{"name":"{name}","source":[{{"context":"src","element":"{name}","variable":"v"}}],
            "target":[{{"context":"tgt","contextType":"variable","element":"{name}",
            "transform":"copy","parameter":[{{"valueId":"v"}}]}}]}}"#
        )
    });
    format!(
        r#"{{"resourceType":"StructureMap","url":"urn:test:map","name":"test","status":"draft",
        "structure":[{{"url":"{BUNDLE}","mode":"source","alias":"Bundle"}},
            {{"url":"{BUNDLE}","mode":"target","alias":"BundleOut"}}],
        "group":[{{"name":"g","typeMode":"none","input":[
            {{"name":"src","type":"Bundle","mode":"source"}},
            {{"name":"tgt","type":"BundleOut","mode":"target"}}],
        "rule":[{{"name":"log","source":[{{"context":"src","logMessage":"'from JSON'"}}]}}{}]}}]}}"#,
        copied.concat()
    )
}

/// The same in XML.
fn xml() -> String {
    let copied = ["id", "meta", "type", "timestamp", "entry"].map(|name| {
        format!(
            "<rule><name value='{name}'/><source><context value='src'/><element value='{name}'/>\
             <variable value='v'/></source><target><context value='tgt'/>\
             <contextType value='variable'/><element value='{name}'/><transform value='copy'/>\
             <parameter><valueId value='v'/></parameter></target></rule>"
        )
    });
    let structure = |mode, alias| {
        format!(
            "<structure><url value='{BUNDLE}'/><mode value='{mode}'/><alias value='{alias}'/>\
             </structure>"
        )
    };
    let input = |name, kind, mode| {
        format!("<input><name value='{name}'/><type value='{kind}'/><mode value='{mode}'/></input>")
    };
    let head = "<?xml version='1.0'?><StructureMap xmlns=\"http://hl7.org/fhir\">\
         <url value='urn:test:map'/><name value='test'/><status value='draft'/>";
    format!(
        "{head}{}{}<group><name value='g'/><typeMode value='none'/>{}{}\
         <rule><name value='log'/><source><context value='src'/>\
         <logMessage value=\"'from XML'\"/></source></rule>{}</group></StructureMap>",
        structure("source", "Bundle"),
        structure("target", "BundleOut"),
        input("src", "Bundle", "source"),
        input("tgt", "BundleOut", "target"),
        copied.concat()
    )
}

const MODEL: &str = "<StructureDefinition xmlns=\"http://hl7.org/fhir\"><url value=\"urn:test:slip\"/>\
    <name value=\"Slip\"/><status value=\"draft\"/><kind value=\"logical\"/><abstract value=\"false\"/>\
    <type value=\"urn:test:slip\"/><derivation value=\"specialization\"/><snapshot>\
    <element id=\"Slip\"><path value=\"Slip\"/><min value=\"0\"/><max value=\"*\"/></element>\
    <element id=\"Slip.word\"><path value=\"Slip.word\"/><min value=\"0\"/><max value=\"1\"/>\
    <type><code value=\"string\"/></type></element></snapshot></StructureDefinition>";

fn taken() -> Result<(), Failed> {
    for (name, text, logged) in
        [("test.json", json(), "from JSON"), ("test.xml", xml(), "from XML")]
    {
        let site = Site::new(&map("", ""), "")?;
        std::fs::remove_file(site.path().join("maps/test.map"))?;
        site.write(&format!("maps/{name}"), &text)?;
        let decided = decide(&site.engine()?, &admission()?, DAY)?;
        if decided.logged() != [logged] || decided.outputs != 1 {
            return Err(format!("{name}: {:?}", decided.issues).into());
        }
    }
    let uses = "uses \"urn:test:slip\" alias Slip as source\n";
    let site = Site::new(&map("", "group s(source s : Slip, target t) { s.word -> t.id; }"), "")?;
    let text = std::fs::read_to_string(site.path().join("maps/test.map"))?;
    site.write("maps/test.map", &text.replacen("group g", &format!("{uses}group g"), 1))?;
    if site.engine().is_ok() {
        return Err("the model is not there, and nobody misses it".into());
    }
    site.write("maps/slip.xml", MODEL)?;
    site.engine().map(|_| ())
}
