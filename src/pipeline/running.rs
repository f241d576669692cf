//! A running engine: listeners, deliverers, what it fetches, and how it stops.

use super::{Door, Pipeline, fetching};
use crate::config::ListenerKind;
use crate::deliver::Deliverer;
use crate::message::{Error, ErrorKind};
use crate::ops;
use crate::receive::tls::Secured;
use crate::receive::{self, Budget, Front, Limits, mllp};
use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

/// How long a stop waits for what is still open before it is cut off; nothing that was answered is lost by it.
const STOP: Duration = Duration::from_secs(6);
/// How long it waits for the store to make the next start quick; without that the next start takes longer.
const SAVE: Duration = Duration::from_secs(3);

/// An engine that runs.
pub struct Running {
    /// Its pipeline.
    pub pipeline: Arc<Pipeline>,
    /// Its listeners: name, kind, and the address that it really listens on.
    pub listeners: Vec<(Box<str>, ListenerKind, SocketAddr)>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

/// Starts everything that a pipeline's configuration asks for. Must be called inside a runtime.
pub async fn start(pipeline: Arc<Pipeline>) -> Result<Running, Error> {
    start_with(pipeline, None).await
}

/// The same, with the engine's socket in its data directory.
pub async fn start_with(pipeline: Arc<Pipeline>, data: Option<&Path>) -> Result<Running, Error> {
    let (stop, stopped) = watch::channel(false);
    let mut tasks = JoinSet::new();
    let mut listeners = Vec::new();
    let door = Door(Arc::clone(&pipeline));
    let config = Arc::clone(&pipeline.engine().config);
    let budget = Budget::new(config.limits.buffered.0 as usize);
    for listener in &config.listeners {
        let address = listener.address.value.to_string();
        let failed =
            |e| Error::new(ErrorKind::Transport, format!("cannot listen on {address}")).cause(e);
        let socket = TcpListener::bind(&address).await.map_err(failed)?;
        let own = socket.local_addr().map_err(failed)?;
        listeners.push(((*listener.name).into(), listener.kind, own));
        tracing::info!(listener = &*listener.name, address = %own, "listening");
        let stop = ended(&stopped);
        match listener.kind {
            ListenerKind::Messages => {
                let limits = limits(&config, listener.connections as usize);
                let front = Front::new(Arc::new(door.clone()), limits, pipeline.quotas.clone());
                let mut front = front.within(budget.clone());
                if listener.tls.is_some() {
                    front = front.over(secured(&pipeline, &listener.name)?);
                }
                tasks.spawn(receive::serve(Arc::new(front), socket, stop));
            }
            ListenerKind::Mllp => {
                let limits = limits(&config, listener.connections as usize);
                let (party, patience) = (&listener.mllp.party, listener.mllp.patience);
                let party = party.as_ref().map(|party| party.value.clone());
                let door = Arc::new(door.clone());
                let front =
                    mllp::Front::new(door, limits, pipeline.quotas.clone(), party, patience);
                let mut front = front.within(budget.clone());
                if listener.tls.is_some() {
                    front = front.over(secured(&pipeline, &listener.name)?);
                }
                tasks.spawn(mllp::serve(Arc::new(front), socket, stop));
            }
            ListenerKind::Operations => {
                tasks.spawn(ops::serve(Arc::new(door.clone()), socket, stop));
            }
        }
    }
    fetching::possible(&pipeline, &config)?;
    tasks.spawn(fetching::serve(Arc::clone(&pipeline), stopped.clone()));
    let (store, clock) = (Arc::clone(&pipeline.store), Arc::clone(&pipeline.clock));
    let deliverer = Deliverer::new(store, Arc::new(door.clone()), clock);
    tasks.spawn(endpoints(Arc::clone(&pipeline), Arc::clone(&deliverer), stopped.clone()));
    tasks.spawn(deliverer.receipts(stopped.clone()));
    tasks.spawn(Arc::clone(&pipeline).tell_alarms(stopped.clone()));
    tasks.spawn(Arc::clone(&pipeline).look_around(stopped.clone()));
    if let Some(data) = data {
        let store = Arc::clone(&pipeline.store);
        let stop = ended(&stopped);
        let control = Arc::new(door);
        tasks.spawn(ops::socket::serve(data, store, control, stop).await?);
    }
    Ok(Running { pipeline, listeners, stop, tasks })
}

/// Resolves when a stop is asked for.
fn ended(stopped: &watch::Receiver<bool>) -> impl Future<Output = ()> + use<> {
    let mut stopped = stopped.clone();
    async move {
        let _ = stopped.wait_for(|stop| *stop).await;
    }
}

/// How a listener speaks TLS; without it, one that should never listens.
fn secured(pipeline: &Pipeline, listener: &str) -> Result<Arc<Secured>, Error> {
    let known = pipeline.tls.lock().unwrap_or_else(PoisonError::into_inner);
    let missing = || Error::new(ErrorKind::Configuration, format!("{listener}: no certificate"));
    known.get(listener).map(Arc::clone).ok_or_else(missing)
}

/// Delivers to every endpoint of the configuration, and to those that a reload brings.
async fn endpoints(
    pipeline: Arc<Pipeline>,
    deliverer: Arc<Deliverer>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut tasks = JoinSet::new();
    let mut known: Vec<String> = Vec::new();
    while !*stopped.borrow() {
        let reloaded = pipeline.reloaded.notified();
        tokio::pin!(reloaded);
        // From here on no reload is missed.
        reloaded.as_mut().enable();
        for endpoint in &pipeline.engine().config.endpoints {
            let name = endpoint.name.to_string();
            if !known.contains(&name) {
                tasks.spawn(Arc::clone(&deliverer).endpoint(name.clone(), stopped.clone()));
                known.push(name);
            }
        }
        tokio::select! {
            () = &mut reloaded => {}
            _ = stopped.changed() => {}
        }
    }
    while tasks.join_next().await.is_some() {}
}

impl Running {
    /// The address of the first listener of a kind.
    pub fn address(&self, kind: ListenerKind) -> Option<SocketAddr> {
        self.listeners.iter().find(|(_, own, _)| *own == kind).map(|(_, _, address)| *address)
    }

    /// Stops: closes the listeners, lets open requests and attempts end, then returns.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(STOP, ended).await.is_err() {
            tracing::warn!("stopped with requests open; nothing that was answered is lost");
        }
        let (store, (done, saved)) = (Arc::clone(&self.pipeline.store), oneshot::channel());
        // A thread of its own: the end of the process does not wait for it.
        std::thread::spawn(move || drop(done.send(store.save())));
        match tokio::time::timeout(SAVE, saved).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => tracing::warn!(%error, "the next start will take longer"),
            _ => tracing::warn!("the next start will take longer: there was no time to save"),
        }
    }
}

pub(super) fn limits(config: &crate::config::Config, connections: usize) -> Limits {
    let limits = &config.limits;
    Limits {
        body: limits.body.0 as usize,
        headers: limits.headers.0 as usize,
        header_time: limits.header_time,
        body_idle: limits.body_idle,
        body_time: limits.body_time,
        connections,
    }
}
