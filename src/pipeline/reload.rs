//! Another configuration for a running engine: read anew, checked, and only then in force.
//!
//! Promises: what has an error never becomes active, and the engine in force stays; a message ends on the
//! engine it began with; every try leaves a record in the log and counts; quotas, folders and mailboxes are taken over.
//! Never: opens or closes a listener, or moves the store: that needs a start, and is said.

use super::{Force, Pipeline, Secured, Targets, fetching, quotas};
use crate::config::Config;
use crate::engine::Engine;
use crate::message::{Diagnostic, Error};
use crate::ops::socket::Reloaded;
use std::sync::{Arc, PoisonError};

/// What a configuration's folder came to when it was read anew.
pub struct Fresh {
    /// The engine; none when something keeps it from becoming active.
    pub engine: Option<Engine>,
    /// Where its deliveries go.
    pub targets: Targets,
    /// How its listeners speak TLS.
    pub secured: Secured,
    /// Everything that was found.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the configuration anew.
pub type Source = Box<dyn Fn() -> Result<Fresh, Error> + Send + Sync>;

impl Pipeline {
    /// Says where the configuration is read anew; without it, a reload is refused.
    pub fn reload_from(&self, source: Source) {
        *self.source.lock().unwrap_or_else(PoisonError::into_inner) = Some(source);
    }

    /// Reads the configuration anew and puts it in force if it has no error. Takes as long as a start: not for
    /// an async thread. One at a time.
    pub fn reload(&self, actor: &str) -> Reloaded {
        let source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.engine();
        let refused = |diagnostics: Vec<String>| Reloaded {
            active: false,
            configuration: hex(&before.config.hash),
            diagnostics,
        };
        let reloaded = match source.as_ref().map(|source| source()) {
            None => refused(vec!["this engine cannot be reloaded".to_owned()]),
            Some(Err(error)) => refused(vec![error.to_string()]),
            Some(Ok(fresh)) => {
                let mut told: Vec<String> =
                    fresh.diagnostics.iter().map(ToString::to_string).collect();
                let Fresh { engine, targets, secured, .. } = fresh;
                match engine.map(|engine| self.activate(engine, targets, secured, &mut told)) {
                    None => refused(told),
                    Some(Err(error)) => {
                        told.push(error.to_string());
                        refused(told)
                    }
                    Some(Ok(configuration)) => {
                        Reloaded { active: true, configuration, diagnostics: told }
                    }
                }
            }
        };
        self.metrics.reloaded(reloaded.active);
        note(actor, &hex(&before.config.hash), &reloaded);
        reloaded
    }

    /// Puts an engine in force; its configuration's hash, and what of it waits for a start.
    fn activate(
        &self,
        engine: Engine,
        targets: Targets,
        secured: Secured,
        told: &mut Vec<String>,
    ) -> Result<String, Error> {
        let (before, config) = (self.engine(), Arc::clone(&engine.config));
        fetching::possible(self, &config)?;
        if !quotas::same(&before.config, &config) {
            self.quotas.replace(&quotas::granted(&config));
        }
        told.extend(at_the_next_start(&before.config, &config));
        self.secure(secured);
        let (engine, targets) = (Arc::new(engine), Arc::new(targets));
        self.force.store(Arc::new(Force { engine, targets }));
        self.reloaded.notify_waiters();
        Ok(hex(&config.hash))
    }
}

/// The record of a try.
fn note(actor: &str, before: &str, reloaded: &Reloaded) {
    let configuration = &*reloaded.configuration;
    for one in &reloaded.diagnostics {
        tracing::warn!(diagnostic = &**one, "configuration");
    }
    match reloaded.active {
        true => {
            tracing::info!(audit = "reloaded", actor, before, configuration, "reloaded");
        }
        false => tracing::error!(
            audit = "reload-refused",
            actor,
            configuration,
            "ALARM: a reload was refused; the configuration in force stays"
        ),
    }
}

/// Something of a configuration, and how it stands there; without places, for lines move.
type Topic = (&'static str, fn(&Config) -> String);

/// What differs and is not taken over while the engine runs.
fn at_the_next_start(old: &Config, new: &Config) -> Vec<String> {
    let topics: [Topic; 4] = [
        ("listeners", |config| {
            let one = |l: &crate::config::Listener| {
                let name = l.name.to_string();
                (name, l.address.value.to_string(), l.kind, l.connections, l.tls.is_some())
            };
            format!("{:?}", config.listeners.iter().map(one).collect::<Vec<_>>())
        }),
        ("the store", |config| config.store.folder.value.to_string()),
        ("the engine's workers and queue", |config| {
            format!("{:?} {}", config.engine.workers, config.engine.queue)
        }),
        ("limits", |config| {
            let l = &config.limits;
            let times = (l.header_time, l.body_idle, l.body_time);
            format!("{:?} {:?} {:?} {times:?}", l.body, l.buffered, l.headers)
        }),
    ];
    let differs = topics.into_iter().filter(|(_, text)| text(old) != text(new));
    differs.map(|(what, _)| format!("{what}: what changed is in force at the next start")).collect()
}

fn hex(hash: &[u8; 32]) -> String {
    blake3::Hash::from(*hash).to_hex().to_string()
}
