//! Properties of the synthetic registry as a whole.

mod coherence;
mod configuration;
mod determinism;
mod plausibility;
mod support;
mod validity;
