//! How many messages of one service are under way at once.
//!
//! One at a time, in their order, as long as there are few: whoever watches three messages sees them in the order in which the
//! platform made them. More and more as long as it goes well and there are more to come; fewer when it does not, so that a
//! plugin that fails every time has one call at a time and not all that are free.

/// So many must go well for one more at once.
const STEP: usize = 4;
/// So many at once where nothing has ended for a while: one that hangs must not hold the others for long.
const PATIENT: usize = 4;

#[derive(Debug)]
pub(super) struct Pace {
    most: usize,
    width: usize,
    well: usize,
}

impl Pace {
    pub(super) fn new(most: usize) -> Self {
        Self { most: most.max(1), width: 1, well: 0 }
    }

    /// How many at once, at least 1.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// One went well.
    pub(super) fn well(&mut self) {
        self.well += 1;
        if self.well >= STEP {
            self.well = 0;
            self.width = (self.width + 1).min(self.most);
        }
    }

    /// One did not.
    pub(super) fn badly(&mut self) {
        self.well = 0;
        self.width = (self.width / 2).max(1);
    }

    /// None has ended for a while, and more could be done.
    pub(super) fn slowly(&mut self) {
        if self.width < PATIENT {
            self.width = (self.width + 1).min(self.most);
        }
    }

    /// Nothing is under way, and nothing to be done.
    pub(super) fn idle(&mut self) {
        (self.well, self.width) = (0, 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_widens_while_it_goes_well_and_narrows_at_once() {
        let mut pace = Pace::new(16);
        for _ in 0..3 {
            pace.well();
            assert_eq!(pace.width(), 1, "a few messages come one by one");
        }
        for _ in 0..1_000 {
            pace.well();
        }
        assert_eq!(pace.width(), 16);
        for width in [8, 4, 2, 1, 1] {
            pace.badly();
            assert_eq!(pace.width(), width);
        }
    }

    #[test]
    fn what_hangs_holds_only_a_few() {
        let mut pace = Pace::new(16);
        for width in [2, 3, 4, 4] {
            pace.slowly();
            assert_eq!(pace.width(), width);
        }
        pace.idle();
        assert_eq!(pace.width(), 1);
        let mut one = Pace::new(1);
        one.slowly();
        assert_eq!((one.width(), Pace::new(0).width()), (1, 1));
    }
}
