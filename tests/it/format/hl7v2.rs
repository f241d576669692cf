//! HL7 v2: real messages byte for byte, a golden, and messages that are mutilated.

use crate::support;
use bytes::Bytes;
use libtest_mimic::Failed;
use stafett::definitions::{LibraryBuilder, hl7v2 as models, typing};
use stafett::format::charset::{self, Charset};
use stafett::format::hl7v2::{self, Grammar};
use stafett::message::{Issue, Severity};
use stafett::tree::types::Table;
use stafett::tree::{Kind, NodeId, State, Tree};
use std::fmt::Write;
use std::sync::Arc;

/// What messages are read with.
pub struct Model {
    table: Arc<Table>,
    grammar: Grammar,
}

impl Model {
    pub fn new() -> Model {
        let mut builder = LibraryBuilder::new();
        builder.add_hl7v2();
        let (library, _) = builder.build();
        let table = Arc::clone(library.table());
        Model { grammar: Grammar::new(&table, &models::structures()), table }
    }

    fn read(&self, bytes: &[u8]) -> Result<(Tree, Charset, Vec<Issue>, bool), Failed> {
        let bytes = Bytes::copy_from_slice(bytes);
        let label = hl7v2::declared(&bytes).map(hl7v2::charset_name);
        let decoded = charset::decode(&bytes, label, false).map_err(|i| i.kind.id)?;
        let mut tree = Tree::new(Arc::clone(self.table.names()));
        let mut issues = Vec::new();
        let usable = hl7v2::read(decoded.text, &self.grammar, &mut tree, &mut issues);
        if usable {
            typing::type_tree(&mut tree, &self.table, &mut issues);
        }
        Ok((tree, decoded.charset, issues, usable))
    }

    fn write(&self, tree: &Tree, charset: Charset) -> Result<Vec<u8>, Failed> {
        let mut out = Vec::new();
        hl7v2::write(tree, &self.table, NodeId(0), charset, &mut out)?;
        Ok(out)
    }
}

/// Every message comes back as it came, and everything in it is known to the models.
pub fn messages() -> Result<(), Failed> {
    let model = Model::new();
    let folder = support::shared().join("data/hl7v2/messages");
    let mut paths: Vec<_> =
        std::fs::read_dir(folder)?.map(|e| e.map(|e| e.path())).collect::<Result<_, _>>()?;
    paths.push(support::shared().join("data/hl7v2/v2-to-fhir-ig/Message.hl7_MDM_T02.txt"));
    paths.sort();
    let mut faults = String::new();
    for path in &paths {
        let bytes = std::fs::read(path)?;
        let (tree, charset, issues, usable) = model.read(&bytes)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let segment = |n: NodeId| tree.name_text(tree.node(n).name).len() == 3;
        for issue in issues.iter().filter(|i| i.severity >= Severity::Warning) {
            // a field or component too many is the message's affair; segments are known, all of them
            if issue.refuses() || issue.place.node.is_some_and(segment) {
                writeln!(faults, "{name}: {} {:?}", issue.kind.id, issue.place)?;
            }
        }
        if !usable || model.write(&tree, charset)? != bytes {
            writeln!(faults, "{name}: does not come back as it came")?;
        }
    }
    if paths.len() < 29 {
        return Err(format!("{} messages", paths.len()).into());
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.into()) }
}

const ORU: &str = concat!(
    "MSH|^~\\&|LAB|RH|EHR||20261125||ORU^R01|1|P|2.5.1||||||8859/1\r",
    "PID|1||2512489996^^^CPR&1.2.208.176.1.2&ISO~7^^||Mathias&von^Bruno^^||19481225|M^\r",
    "OBR|1|||A^Blood||\r",
    "OBX|1|ST|1||a\\F\\b\\.br\\c||||||F\r",
    "NTE|1||x\r",
    "OBX|2|CE|2||\"\"~B^Bee|||~|||F\r",
    "ZXY|1|a^b&c\r",
    "OBR|2|||C\n",
    "OBX|1|NM|3||4|||||F",
);

const GOLDEN: &str = "\
ORU_R01
  MSH MSH.1=| MSH.2=^~\\& MSH.3{HD.1=LAB} MSH.4{HD.1=RH} MSH.5{HD.1=EHR} MSH.7=20261125 \
MSH.9{MSG.1=ORU MSG.2=R01} MSH.10=1 MSH.11{PT.1=P} MSH.12{VID.1=2.5.1} MSH.18=8859/1
  ORU_R01.PATIENT_RESULT
    ORU_R01.PATIENT
      PID PID.1=1 PID.3{CX.1=2512489996 CX.4{HD.1=CPR HD.2=1.2.208.176.1.2 HD.3=ISO}} \
PID.3{CX.1=7 #^^} PID.5{XPN.1{FN.1=Mathias FN.2=von} XPN.2=Bruno #^^} PID.7=19481225 \
PID.8{CWE.1=M #^}
    ORU_R01.ORDER_OBSERVATION
      OBR OBR.1=1 OBR.4{CWE.1=A CWE.2=Blood} #||
      ORU_R01.OBSERVATION
        OBX OBX.1=1 OBX.2=ST OBX.3{CWE.1=1} OBX.5=a|b/c OBX.11=F
        NTE NTE.1=1 NTE.3=x
      ORU_R01.OBSERVATION
        OBX OBX.1=2 OBX.2=CE OBX.3{CWE.1=2} OBX.5=null OBX.5{CWE.1=B CWE.2=Bee} OBX.8= OBX.8= OBX.11=F
        ZXY ZXY.1=1 ZXY.2{ZXY.2.1=a ZXY.2.2{ZXY.2.2.1=b ZXY.2.2.2=c}}
    ORU_R01.ORDER_OBSERVATION
      OBR OBR.1=2 OBR.4{CWE.1=C}
      #/
      ORU_R01.OBSERVATION
        OBX OBX.1=1 OBX.2=NM OBX.3{CWE.1=3} OBX.5=4 OBX.10=F
        #
";

/// Groups, repetitions, empty and null values, escapes, a segment of somebody's own, mixed line ends.
pub fn golden() -> Result<(), Failed> {
    let model = Model::new();
    let (tree, charset, issues, usable) = model.read(ORU.as_bytes())?;
    let ids: Vec<_> = issues.iter().map(|i| (i.kind.id, i.severity)).collect();
    let unknown = [("typing-unknown-element", Severity::Warning)];
    if !usable || ids != unknown || charset != Charset::Latin1 {
        return Err(format!("{charset:?} {ids:?}").into());
    }
    let mut shown = String::new();
    show(&tree, NodeId(0), 0, &mut shown);
    if shown != GOLDEN {
        return Err(format!("{shown}\nis not\n{GOLDEN}").into());
    }
    let written = model.write(&tree, charset)?;
    if written != ORU.as_bytes() {
        return Err(String::from_utf8_lossy(&written).into_owned().into());
    }
    Ok(())
}

fn show(tree: &Tree, node: NodeId, depth: usize, out: &mut String) {
    let one = tree.node(node);
    let name = tree.name_text(one.name);
    let segment = name.len() == 3 || one.kind == Kind::Raw;
    let line = if segment { part(tree, node) } else { name.to_owned() };
    let _ = writeln!(out, "{}{}", "  ".repeat(depth), line.trim_start_matches('{'));
    if !segment {
        tree.children(node).for_each(|child| show(tree, child, depth + 1, out));
    }
}

fn part(tree: &Tree, node: NodeId) -> String {
    let one = tree.node(node);
    let name = tree.name_text(one.name);
    let value = tree.text(node).unwrap_or_default().replace(['\r', '\n'], "/");
    if one.kind == Kind::Raw {
        return format!("#{value}");
    }
    let inner: Vec<_> = tree.children(node).map(|n| part(tree, n)).collect();
    match (one.state, inner.is_empty()) {
        (State::Null, _) => format!("{name}=null"),
        (_, true) => format!("{name}={value}"),
        (_, false) if name.len() == 3 => format!("{name} {}", inner.join(" ")),
        _ => format!("{name}{{{}}}", inner.join(" ")),
    }
}

/// A tree that was not read is written with the usual delimiters, in the model's order, without what was kept
/// of another message's looks.
pub fn anew() -> Result<(), Failed> {
    let model = Model::new();
    let text = "MSH#*/!%#a#b#c##d##ACK#1#P#2.5\nMSA#AA#1!F!2|3##\n";
    let (mut tree, ..) = model.read(text.as_bytes())?;
    let msa = tree.child(NodeId(0), "MSA").ok_or("no MSA")?;
    let children: Vec<_> = tree.children(msa).collect();
    let turned: Vec<_> = children.into_iter().rev().collect();
    tree.reorder(msa, &turned);
    tree.header = stafett::tree::Header::default();
    let written = model.write(&tree, Charset::Utf8)?;
    let expected = "MSH|^~\\&|a|b|c||d||ACK|1|P|2.5\rMSA|AA|1#2\\F\\3\r";
    if written != expected.as_bytes() {
        return Err(String::from_utf8_lossy(&written).into_owned().into());
    }
    let patient = tree.name_id("PID.x");
    tree.add(Some(msa), Kind::Element, patient, 0);
    match hl7v2::write(&tree, &model.table, NodeId(0), Charset::Utf8, &mut Vec::new()) {
        Err(unwritable) if unwritable.node.0 as usize + 1 == tree.len() => Ok(()),
        other => Err(format!("an element without a position: {other:?}").into()),
    }
}

/// Other delimiters, fewer of them, and what is no message.
pub fn delimiters() -> Result<(), Failed> {
    let model = Model::new();
    for (text, id) in [
        ("MSH#*/!%#a#b#c##d##ACK#1#P#2.5\nMSA#AA#1!F!2!.br!3*\n", ""),
        ("MSH|^|a|b|c||d||ACK|1|P|2.3\rMSA|AA|x~y\\z&\r", ""),
        ("MSH|^~\\&|a|b|c||d||ACK|1|P|2.3\r\n\r\nMSA|AA|C:\\dir\r\n", "hl7v2-escape"),
        ("MSH|^~\\&|a|b|c||d||ACK|1|P|2.3\rMSA|AA^x|1\r", "hl7v2-parts"),
    ] {
        let (tree, charset, issues, usable) = model.read(text.as_bytes())?;
        let found = issues.first().map_or("", |i| i.kind.id);
        let written = model.write(&tree, charset)?;
        if !usable || found != id || written != text.as_bytes() {
            let written = String::from_utf8_lossy(&written).into_owned();
            return Err(format!("{text:?}: {found} {written:?}").into());
        }
    }
    for (text, id, offset) in [
        ("PID|1\r", "hl7v2-msh", 0),
        ("MSH|", "hl7v2-msh", 0),
        ("MSH|^~\\^|a|b|c||d||ACK|1|P|2.3\r", "hl7v2-delimiters", 3),
        ("MSH|ab|a|b|c||d||ACK|1|P|2.3\r", "hl7v2-delimiters", 3),
        ("MSH|^~\\&|a|b|c\r", "hl7v2-type", 0),
        ("FHS|^~\\&|a\r", "hl7v2-batch", 0),
        ("MSH|^~\\&|||||||ACK\rMSH|^~\\&|\r", "hl7v2-batch", 19),
        ("MSH|^~\\&|||||||ACK\rhello\r", "hl7v2-segment", 19),
    ] {
        let (_, _, issues, usable) = model.read(text.as_bytes())?;
        let found = issues.first().map(|i| (i.kind.id, i.place.offset));
        if usable || found != Some((id, Some(offset))) {
            return Err(format!("{text:?}: {found:?}").into());
        }
    }
    Ok(())
}

/// Cut off or with a byte changed anywhere: read without a panic, and what is read is written as it came.
pub fn mutilated() -> Result<(), Failed> {
    let model = Model::new();
    let bytes = ORU.as_bytes();
    let mut usable_ones = 0;
    for at in 0..bytes.len() {
        let cut = bytes[..at].to_vec();
        let changed = |byte: u8| {
            let mut all = bytes.to_vec();
            all[at] = byte;
            all
        };
        let variants = [b'|', b'^', b'\\', b'\r', b'A', b'"', 0].map(changed);
        for variant in std::iter::once(cut).chain(variants) {
            let Ok((tree, charset, issues, usable)) = model.read(&variant) else { continue };
            for issue in &issues {
                if issue.place.offset.is_some_and(|o| o as usize > variant.len()) {
                    return Err(format!("{} lies outside", issue.kind.id).into());
                }
            }
            if !usable {
                continue;
            }
            usable_ones += 1;
            let written = model.write(&tree, charset)?;
            if written != variant {
                let (a, b) = (String::from_utf8_lossy(&variant), String::from_utf8_lossy(&written));
                return Err(format!("{a:?} comes back as {b:?}").into());
            }
        }
    }
    if usable_ones > 1_000 { Ok(()) } else { Err(format!("only {usable_ones} usable").into()) }
}
