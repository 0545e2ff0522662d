//! Properties of the synthetic registry as a whole.

mod coherence;
mod configuration;
mod derivation;
mod determinism;
mod forms;
mod order;
mod plausibility;
mod support;
mod validity;
