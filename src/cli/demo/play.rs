//! Sends the network's messages one after the other, and compares what became of each with what must.

use super::Stage;
use super::partner::Seen;
use crate::cli::expected::{Delivery, ExpectedVerdict, Message};
use crate::config::{EndpointSyntax, ListenerKind};
use crate::deliver::http::{Reply, Sender, Sending, Target};
use crate::message::{DeliveryId, Error, ErrorKind, MessageId, Position, ReceiptCode, Syntax};
use crate::store::MessageFilter;
use bytes::Bytes;
use jiff::Timestamp;
use std::time::{Duration, Instant};

/// How long a delivery may take before it counts as missing.
const PATIENCE: Duration = Duration::from_secs(20);

/// What became of one message.
pub struct Row {
    /// The message.
    pub name: String,
    /// The verdict, or why there is none.
    pub verdict: String,
    /// The map that translated it, or how it was passed on.
    pub translated: String,
    /// To whom, after how many attempts.
    pub delivered: String,
    /// What its receiver said.
    pub receipt: String,
    /// From the first byte sent to the whole answer.
    pub took: Duration,
    /// What is not as expected.
    pub faults: Vec<String>,
}

/// Plays all messages.
pub async fn play(stage: &Stage) -> Result<Vec<Row>, Error> {
    let mut rows = Vec::new();
    for message in &stage.expected.messages {
        rows.push(one(stage, message).await?);
    }
    Ok(rows)
}

async fn one(stage: &Stage, message: &Message) -> Result<Row, Error> {
    let path = stage.folder.join(&*message.file);
    let unreadable = |e| Error::new(ErrorKind::Configuration, path.display().to_string()).cause(e);
    let bytes = Bytes::from(std::fs::read(&path).map_err(unreadable)?);
    let before: Vec<(Box<str>, usize)> =
        stage.partners.iter().map(|(name, p)| (name.clone(), p.seen().len())).collect();
    let begin = Instant::now();
    let reply = send(stage, message, bytes.clone()).await?;
    let took = begin.elapsed();
    let mut row = Row {
        name: message.name.to_string(),
        verdict: String::new(),
        translated: "-".to_owned(),
        delivered: "-".to_owned(),
        receipt: "-".to_owned(),
        took,
        faults: Vec::new(),
    };
    answered(stage, message, &reply, &mut row);
    if let Some(delivery) = &message.delivery {
        let count = before.iter().find(|(name, _)| *name == delivery.to).map_or(0, |(_, n)| *n);
        delivered(stage, delivery, count, &bytes, message, &mut row).await;
    }
    for (name, count) in &before {
        let expected = message.delivery.as_ref().is_some_and(|delivery| delivery.to == *name);
        let now = stage.partners.get(name).map_or(0, |partner| partner.seen().len());
        if !expected && now > *count {
            row.faults.push(format!("{name} got something"));
        }
    }
    Ok(row)
}

async fn send(stage: &Stage, message: &Message, bytes: Bytes) -> Result<Reply, Error> {
    let address = stage.running.address(ListenerKind::Messages);
    let address = address.ok_or_else(|| super::fault("no listener for messages"))?;
    let (syntax, path) = match &*message.content_type {
        "application/fhir+json" => (Syntax::FhirJson, "/fhir/$process-message"),
        "application/fhir+xml" => (Syntax::FhirXml, "/fhir/$process-message"),
        "x-application/hl7-v2+er7" => (Syntax::Hl7v2, "/messages"),
        "application/edifact" => (Syntax::Edifact, "/messages"),
        _ => (Syntax::Xml, "/messages"),
    };
    let token = stage.tokens.get(&message.from).map(|token| &**token);
    let target = Target::new(&format!("http://{address}{path}"), token, PATIENCE);
    let target = target.ok_or_else(|| super::fault("the engine's address is no URL"))?;
    let sending = Sending {
        delivery: DeliveryId { unit: Position::default(), index: 0 },
        message: MessageId("demo".into()),
        syntax,
        bytes,
        possible_duplicate: false,
    };
    Ok(Sender::default().send(&target, sending).await)
}

fn answered(stage: &Stage, message: &Message, reply: &Reply, row: &mut Row) {
    let expect = &message.expect;
    let Reply::Answer { status, content_type, body, .. } = reply else {
        row.verdict = "no answer".to_owned();
        row.faults.push("no answer".to_owned());
        return;
    };
    let text = String::from_utf8_lossy(body);
    let engine = stage.running.pipeline.engine();
    let kind = content_type.as_deref().unwrap_or_default();
    let told = engine.receipt_in(kind, body, Timestamp::now());
    let receipt = told.as_ref().map(|told| told.code);
    let verdict = match (status, receipt) {
        (_, Some(ReceiptCode::Ok)) | (202, None) => Some(ExpectedVerdict::Accepted),
        (_, Some(ReceiptCode::FatalError)) | (422, None) => Some(ExpectedVerdict::Refused),
        _ => None,
    };
    row.verdict = match (verdict, expect.duplicate) {
        (Some(ExpectedVerdict::Accepted), false) => "accepted".to_owned(),
        (Some(ExpectedVerdict::Accepted), true) => "accepted (again)".to_owned(),
        (Some(ExpectedVerdict::Refused), _) => match &expect.issue {
            Some(issue) => format!("refused: {issue}"),
            None => "refused".to_owned(),
        },
        (None, _) => format!("HTTP {status}"),
    };
    let mut check = |what: &str, holds: bool| {
        if !holds {
            row.faults.push(format!("{what} (HTTP {status})"));
        }
    };
    check("another status", *status == expect.status);
    check("another verdict", verdict == expect.verdict);
    check("another receipt", receipt == expect.receipt);
    check("a receipt that is not valid", told.is_none_or(|told| told.valid));
    let issue = expect.issue.as_deref();
    check("another issue", issue.is_none_or(|id| text.contains(&format!("[{id}]"))));
}

async fn delivered(
    stage: &Stage,
    delivery: &Delivery,
    count: usize,
    sent: &Bytes,
    message: &Message,
    row: &mut Row,
) {
    let Some(partner) = stage.partners.get(&delivery.to) else {
        row.faults.push(format!("no partner plays {}", delivery.to));
        return;
    };
    if tokio::time::timeout(PATIENCE, partner.taken(count)).await.is_err() {
        row.delivered = "nowhere".to_owned();
        row.faults.push("not delivered".to_owned());
        return;
    }
    let attempts: Vec<Seen> = partner.seen().into_iter().skip(count).collect();
    let times = if attempts.len() == 1 { "attempt" } else { "attempts" };
    row.delivered = format!("{}, {} {times}", delivery.to, attempts.len());
    if attempts.len() != delivery.attempts as usize {
        row.faults.push(format!("{} attempts", attempts.len()));
    }
    let same = attempts
        .windows(2)
        .all(|pair| pair[0].bytes == pair[1].bytes && pair[0].key == pair[1].key);
    if !same {
        row.faults.push("attempts differ".to_owned());
    }
    let Some(last) = attempts.last() else { return };
    let wanted = delivery.syntax.map_or_else(|| declared(message), |one| Some(known(one)));
    if last.syntax != wanted {
        row.faults.push("another syntax".to_owned());
    }
    let endpoint = stage.running.pipeline.engine();
    let own = endpoint.config.endpoint(&delivery.to).map(|one| known(one.syntax));
    row.translated = match (&delivery.map, own == declared(message)) {
        (Some(map), _) => map.rsplit('/').next().unwrap_or(map).to_owned(),
        (None, true) => "as it came".to_owned(),
        (None, false) => "other syntax".to_owned(),
    };
    if delivery.map.is_none()
        && delivery.syntax.is_none()
        && own == declared(message)
        && last.bytes != *sent
    {
        row.faults.push("other bytes".to_owned());
    }
    settled(stage, delivery, &last.key, row).await;
}

/// Waits until the store has heard how the last attempt ended, and compares the receipt.
async fn settled(stage: &Stage, delivery: &Delivery, message: &str, row: &mut Row) {
    let store = stage.running.pipeline.store();
    let filter = MessageFilter { message: Some(message.to_owned()), ..MessageFilter::default() };
    let until = Instant::now() + PATIENCE;
    loop {
        let rows = store.messages(&filter).unwrap_or_default();
        let mut all = rows.iter().flat_map(|row| &row.deliveries);
        let own = all.find(|one| one.endpoint == delivery.to);
        if let Some(own) = own.filter(|one| one.state.is_final() || one.receipt.is_some()) {
            row.receipt = own.receipt.map_or("-", word).to_owned();
            if own.receipt != delivery.receipt {
                row.faults.push("another receipt from the receiver".to_owned());
            }
            return;
        }
        if Instant::now() > until {
            row.faults.push("the delivery was not settled".to_owned());
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn word(code: ReceiptCode) -> &'static str {
    match code {
        ReceiptCode::Ok => "ok",
        ReceiptCode::FatalError => "fatal-error",
        ReceiptCode::TransientError => "transient-error",
    }
}

fn declared(message: &Message) -> Option<Syntax> {
    Some(match &*message.content_type {
        "application/fhir+json" => Syntax::FhirJson,
        "application/fhir+xml" => Syntax::FhirXml,
        "x-application/hl7-v2+er7" => Syntax::Hl7v2,
        "application/edifact" => Syntax::Edifact,
        _ => Syntax::Xml,
    })
}

fn known(syntax: EndpointSyntax) -> Syntax {
    match syntax {
        EndpointSyntax::FhirJson => Syntax::FhirJson,
        EndpointSyntax::FhirXml => Syntax::FhirXml,
        EndpointSyntax::Xml => Syntax::Xml,
        EndpointSyntax::Hl7v2 => Syntax::Hl7v2,
        EndpointSyntax::Edifact => Syntax::Edifact,
    }
}
