//! Why a receipt refuses: read where its format's description says that it stands.
//!
//! Promises: at most so many reasons, each with its code and words as the receipt has them. Never: a reason that the
//! receipt does not give.

use super::expression::{Compiler, first, texts};
use super::extract::nodes;
use crate::fhirpath::{Expression, Memory, Scene};
use crate::tree::NodeId;
use crate::tree::types::TypeId;

/// The most reasons that are read.
const MOST: usize = 20;

/// The longest words that are read.
const LONGEST: usize = 1_000;

/// A reason, as the receipt gives it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Reason {
    /// Its code.
    pub code: Option<Box<str>>,
    /// Its words.
    pub text: Box<str>,
    /// The concept maps that make the code one of an acknowledgement.
    pub maps: Box<[Box<str>]>,
}

/// Where reasons stand, compiled.
#[derive(Debug)]
pub(super) struct Reasons {
    each: Expression,
    code: Option<Expression>,
    text: Option<Expression>,
    maps: Box<[Box<str>]>,
}

impl Reasons {
    /// Compiles a description's.
    pub(super) fn compile(
        said: &crate::config::Reasons,
        compiler: &mut Compiler<'_>,
        focus: &[TypeId],
    ) -> Option<Reasons> {
        let each = compiler.compile(&said.each, focus);
        let mut one = |at: &Option<_>| at.as_ref().and_then(|at| compiler.compile(at, &[]));
        let (code, text) = (one(&said.code), one(&said.text));
        let maps = said.codes.iter().map(|at| at.value.clone()).collect();
        Some(Reasons { each: each?, code, text, maps })
    }

    /// What a receipt says.
    pub(super) fn read(&self, scene: &Scene<'_>, root: NodeId, memory: &mut Memory) -> Vec<Reason> {
        let all = nodes(std::slice::from_ref(&self.each), scene, root, memory);
        let read = |node: NodeId| {
            let code = self.code.as_ref().and_then(|code| first(code, scene, node, memory));
            let mut words: Vec<String> = Vec::new();
            if let Some(text) = &self.text {
                texts(text, scene, node, memory, |text| words.push(text.trim().to_owned()));
            }
            let text: String = words.join("; ").chars().take(LONGEST).collect();
            Reason { code, text: text.into(), maps: self.maps.clone() }
        };
        let said = |one: &Reason| one.code.is_some() || !one.text.is_empty();
        all.into_iter().take(MOST).map(read).filter(said).collect()
    }
}
