//! MLLP: a stream of framed messages of HL7 v2, each acknowledged in its turn.
//!
//! Promises: the party is known before a byte is read; one message of a connection at a time, in order, and none
//! is read while the one before has no answer, so that a sender who is too fast is slowed and not refused; an
//! acknowledgement is written after the commit. What is no frame ends the connection, and a frame that breaks off
//! is no message. Never: looks further into a message than its head.

mod answer;

use super::budget::{Budget, Held};
use super::limits::{Limits, Quotas};
use super::tls::Secured;
use crate::format::mllp::{self, Fault, Frames};
use crate::message::{Intake, PartyName, Submission, Syntax};
use crate::receipt::Condition;
use answer::{Said, accept, said};
use bytes::Bytes;
use jiff::Timestamp;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

/// How long a message in hand may take to be answered after a stop was asked for.
const DRAIN: Duration = Duration::from_secs(8);
/// The pause after a connection could not be accepted.
const AFTER_FAULT: Duration = Duration::from_millis(50);
/// The first pause before a message is tried again that could not be taken.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest of them.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// What stands at the door: the intake, the limits, the quotas, and who it is that comes.
pub struct Front {
    intake: Arc<dyn Intake>,
    limits: Limits,
    quotas: Quotas,
    connections: Arc<Semaphore>,
    tls: Option<Arc<Secured>>,
    party: Option<PartyName>,
    patience: Duration,
    budget: Budget,
}

impl Front {
    /// A front for this intake. `party` is whoever comes, where no certificate says it; `patience` is how long a
    /// message is held back, unread ones behind it, before its sender is told to come again.
    pub fn new(
        intake: Arc<dyn Intake>,
        limits: Limits,
        quotas: Quotas,
        party: Option<PartyName>,
        patience: Duration,
    ) -> Front {
        let connections = Arc::new(Semaphore::new(limits.connections));
        Front {
            intake,
            limits,
            quotas,
            connections,
            tls: None,
            party,
            patience,
            budget: Budget::default(),
        }
    }

    /// The same front behind TLS.
    pub fn over(self, tls: Arc<Secured>) -> Front {
        Front { tls: Some(tls), ..self }
    }

    /// The same front, whose messages are within this budget.
    pub fn within(self, budget: Budget) -> Front {
        Front { budget, ..self }
    }
}

/// Serves a listener until `stop` resolves; then lets messages in hand be answered.
pub async fn serve(front: Arc<Front>, listener: TcpListener, stop: impl Future<Output = ()>) {
    let (told, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        // A connection beyond the limit waits in the system's backlog until one ends.
        let next = async {
            let permit = Arc::clone(&front.connections).acquire_owned().await;
            (permit, listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            next = next => next,
            () = &mut stop => break,
        };
        let (Ok(permit), Ok((stream, _))) = (permit, accepted) else {
            sleep(AFTER_FAULT).await;
            continue;
        };
        while tasks.try_join_next().is_some() {}
        let (front, stopped) = (Arc::clone(&front), stopped.clone());
        tasks.spawn(async move {
            connection(&front, stream, stopped).await;
            drop(permit);
        });
    }
    drop(listener);
    let _ = told.send(true);
    let _ = timeout(DRAIN, async { while tasks.join_next().await.is_some() {} }).await;
}

async fn connection(front: &Front, stream: TcpStream, stopped: watch::Receiver<bool>) {
    let _ = stream.set_nodelay(true);
    let ended = match &front.tls {
        None => match front.party.clone() {
            Some(party) => messages(front, party, stream, stopped).await,
            None => "no-identity",
        },
        Some(tls) => match timeout(front.limits.header_time, tls.accept(stream)).await {
            Ok(Ok((stream, names))) => {
                let named = front.intake.party_named(&names);
                match named.or_else(|| front.party.clone().filter(|_| names.is_empty())) {
                    Some(party) => messages(front, party, stream, stopped).await,
                    None => "no-identity",
                }
            }
            _ => "no-handshake",
        },
    };
    tracing::info!(ended, "a connection of MLLP ended");
}

/// The messages of a connection, and why it ended.
async fn messages(
    front: &Front,
    party: PartyName,
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    mut stopped: watch::Receiver<bool>,
) -> &'static str {
    let mut frames = Frames::new(front.limits.body);
    loop {
        let mut held = Held::default();
        let next = next(front, &mut frames, &mut held, &mut stream, &mut stopped);
        let message = match next.await {
            Ok(message) => message,
            Err(End::Quiet(why)) => return why,
            Err(End::Fault(fault)) => {
                // Only where it can be said which message it is about.
                if let Some(head) = mllp::head(frames.begun()) {
                    let (code, condition) = match fault {
                        Fault::TooLong => ("AE", Condition::TooLong),
                        _ => ("AR", Condition::Internal),
                    };
                    let told = accept(&head, code, Some(condition));
                    let _ = write(front, &mut stream, told).await;
                }
                return fault.word();
            }
        };
        let said = handle(front, &party, message).await;
        drop(held);
        for one in said.frames {
            if !write(front, &mut stream, Some(one)).await {
                return "answer-not-taken";
            }
        }
        if let Some(why) = said.close {
            return why;
        }
    }
}

enum End {
    Quiet(&'static str),
    Fault(Fault),
}

/// The next message. A connection may be silent for as long as it likes, but not within a message.
async fn next(
    front: &Front,
    frames: &mut Frames,
    held: &mut Held,
    stream: &mut (impl AsyncRead + Unpin),
    stopped: &mut watch::Receiver<bool>,
) -> Result<Bytes, End> {
    let mut until: Option<Instant> = None;
    loop {
        // What has come is counted before more is read; where there is no room, reading stops.
        let room = front.budget.covered(held, frames.room().len());
        if timeout(front.limits.body_idle, room).await.is_err() {
            return Err(End::Quiet("no-room"));
        }
        if let Some(message) = frames.message().map_err(End::Fault)? {
            return Ok(message);
        }
        if until.is_none() && frames.open() {
            until = Some(Instant::now() + front.limits.body_time);
        }
        let wait = until.map_or(Duration::MAX, |until| {
            until.saturating_duration_since(Instant::now()).min(front.limits.body_idle)
        });
        let read = tokio::select! {
            read = timeout(wait, stream.read_buf(frames.room())) => read,
            _ = stopped.wait_for(|stopped| *stopped) => return Err(End::Quiet("stopped")),
        };
        match read {
            Err(_) => return Err(End::Quiet("too-slow")),
            Ok(Ok(0)) if frames.open() => return Err(End::Quiet("broken-off")),
            Ok(Ok(0)) => return Err(End::Quiet("closed")),
            Ok(Err(_)) => return Err(End::Quiet("lost")),
            Ok(Ok(_)) => {}
        }
    }
}

/// Takes a message, or waits until it can be taken.
async fn handle(front: &Front, party: &PartyName, message: Bytes) -> Said {
    let head = mllp::head(&message).unwrap_or_default();
    let until = Instant::now() + front.patience;
    let later = |condition| Said::frames(accept(&head, "AR", Some(condition)));
    while let Err(seconds) = front.quotas.take(party) {
        let pause = Duration::from_secs(seconds.into());
        if Instant::now() + pause > until {
            return later(Condition::Internal);
        }
        sleep(pause).await;
    }
    let mut pause = FIRST_PAUSE;
    loop {
        let answer = match front.intake.ready() {
            false => None,
            true => {
                let submission = Submission {
                    party: party.clone(),
                    syntax: Syntax::Hl7v2,
                    charset: None,
                    answer_in: Syntax::Hl7v2,
                    apart: false,
                    body: message.clone(),
                    received: Timestamp::now(),
                };
                Some(front.intake.submit(submission).await)
            }
        };
        match answer {
            Some(answer) if answer.status != 503 => return said(&head, answer),
            // Nothing is read meanwhile: that is how a sender of MLLP is slowed.
            _ if Instant::now() + pause < until => sleep(pause).await,
            _ => return later(Condition::Internal),
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Writes an acknowledgement; false: the other side does not take it.
async fn write(
    front: &Front,
    stream: &mut (impl AsyncWrite + Unpin),
    message: Option<Vec<u8>>,
) -> bool {
    let Some(message) = message else { return true };
    let written = async {
        stream.write_all(&mllp::framed(&message)).await?;
        stream.flush().await
    };
    matches!(timeout(front.limits.body_idle, written).await, Ok(Ok(())))
}
