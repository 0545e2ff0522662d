//! Values that were worked out for an infusion already.

/// A value that was worked out for the current infusion already.
#[derive(Clone)]
pub(super) struct Memo<T> {
    stamp: Vec<u32>,
    values: Vec<T>,
    width: usize,
}

impl<T: Copy> Memo<T> {
    pub(super) fn new(width: usize, contexts: usize, empty: T) -> Self {
        Self { stamp: vec![0; width * contexts], values: vec![empty; width * contexts], width }
    }

    pub(super) fn get(&self, context: usize, number: usize, stamp: u32) -> Option<T> {
        let place = context * self.width + number;
        (self.stamp.get(place) == Some(&stamp)).then(|| self.values.get(place).copied()).flatten()
    }

    pub(super) fn set(&mut self, context: usize, number: usize, stamp: u32, value: T) {
        let place = context * self.width + number;
        if let (Some(slot), Some(at)) = (self.values.get_mut(place), self.stamp.get_mut(place)) {
            *slot = value;
            *at = stamp;
        }
    }
}
