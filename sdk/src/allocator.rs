//! Where a plugin's values live: those of one call in a small room that is emptied at once, all others where libc has them.
//!
//! A call comes with a dozen strings, makes as many more, and has let go of all of them when it ends. A general allocator keeps
//! lists of what is free for values that come and go in any order, and a fresh instance has to set them up first.
//!
//! Libc's `free` does not know the room. So what the host hands over while the plugin runs, which may be the answer to a function of
//! libc that frees it, is never put there; and a plugin with a directory, of which libc asks before the plugin runs, has no room.

use core::alloc::{GlobalAlloc, Layout};
use core::cell::{Cell, UnsafeCell};
use core::sync::atomic::{AtomicBool, Ordering};
use std::alloc::System;

/// Whether the plugin is running, and not just being given what it is called with.
static RUNS: AtomicBool = AtomicBool::new(false);

/// Calls the plugin.
#[cfg(target_arch = "wasm32")]
pub(crate) fn running<T>(plugin: impl FnOnce() -> T) -> T {
    RUNS.store(true, Ordering::Relaxed);
    let end = plugin();
    RUNS.store(false, Ordering::Relaxed);
    end
}

/// In bytes. What has no place in it is libc's: a plugin that works with more is as fast as without the room.
const ROOM: usize = 8 << 10;

/// What the room is aligned to; whoever wants more is sent to libc.
const ALIGN: usize = 16;

/// The allocator of a plugin, unless it has its own.
///
/// Values are put one after the other. A place is free again when all of them are gone, or when it was the last one; so what a
/// plugin keeps from one call to the next costs no more than its share of the room.
#[repr(C, align(16))]
#[derive(Debug)]
pub struct Allocator {
    room: UnsafeCell<[u8; ROOM]>,
    /// Where the next value may begin.
    next: Cell<usize>,
    /// How many values are in the room.
    held: Cell<usize>,
}

// SAFETY: a component runs on one thread; where WebAssembly has several, this allocator is left out.
#[cfg(all(target_arch = "wasm32", not(target_feature = "atomics")))]
unsafe impl Sync for Allocator {}

impl Allocator {
    #[allow(clippy::new_without_default, reason = "a static is made of it")]
    pub const fn new() -> Self {
        Self { room: UnsafeCell::new([0; ROOM]), next: Cell::new(0), held: Cell::new(0) }
    }

    /// Memory for what the host hands over: the canonical ABI's `realloc`, of which the host asks for more only while it hands over.
    ///
    /// # Safety
    /// As for [`GlobalAlloc::realloc`], except that there may be nothing to enlarge: then `old` is 0, and so may `new` be.
    pub unsafe fn realloc_for_host(&self, value: *mut u8, old: usize, align: usize, new: usize) -> *mut u8 {
        // SAFETY: alignments of the canonical ABI are small powers of two, and sizes are far below the address space.
        let layout = |size| unsafe { Layout::from_size_align_unchecked(size, align) };
        // SAFETY: as the caller promises; no size is 0.
        let made = unsafe {
            match (old, new) {
                (0, 0) => return core::ptr::without_provenance_mut(align),
                (0, _) if RUNS.load(Ordering::Relaxed) => System.alloc(layout(new)),
                (0, _) => self.alloc(layout(new)),
                (..) => self.realloc(value, layout(old), new),
            }
        };
        if made.is_null() {
            std::alloc::handle_alloc_error(layout(new));
        }
        made
    }

    fn room(&self) -> *mut u8 {
        self.room.get().cast()
    }

    /// Where in the room a value is, if it is there.
    fn place(&self, value: *mut u8) -> Option<usize> {
        let place = value.addr().wrapping_sub(self.room().addr());
        (place < ROOM).then_some(place)
    }

    /// A place for a value, if there is one left.
    fn take(&self, layout: Layout) -> Option<*mut u8> {
        // Alignments are powers of two.
        let place = (self.next.get() + layout.align() - 1) & !(layout.align() - 1);
        if layout.align() > ALIGN || layout.size() > ROOM.saturating_sub(place) {
            return None;
        }
        self.next.set(place + layout.size());
        self.held.set(self.held.get() + 1);
        Some(self.room().wrapping_add(place))
    }

    fn give_back(&self, place: usize, size: usize) {
        let held = self.held.get() - 1;
        self.held.set(held);
        if held == 0 {
            self.next.set(0);
        } else if self.next.get() == place + size {
            self.next.set(place);
        }
    }
}

// SAFETY: values in the room do not overlap, because `next` only falls to where no value is left behind it, and are aligned like
// the room; all others are the system's own.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises.
        self.take(layout).unwrap_or_else(|| unsafe { System.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        match self.take(layout) {
            Some(value) => {
                // SAFETY: so many bytes of the room are the value's now.
                unsafe { value.write_bytes(0, layout.size()) };
                value
            }
            // SAFETY: as the caller promises.
            None => unsafe { System.alloc_zeroed(layout) },
        }
    }

    unsafe fn dealloc(&self, value: *mut u8, layout: Layout) {
        match self.place(value) {
            Some(place) => self.give_back(place, layout.size()),
            // SAFETY: as the caller promises, and it is not ours.
            None => unsafe { System.dealloc(value, layout) },
        }
    }

    unsafe fn realloc(&self, value: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let Some(place) = self.place(value) else {
            // SAFETY: as the caller promises, and it is not ours.
            return unsafe { System.realloc(value, layout, size) };
        };
        let is_last = self.next.get() == place + layout.size();
        if is_last && size <= ROOM - place {
            self.next.set(place + size);
            return value;
        }
        if size <= layout.size() {
            return value;
        }
        // SAFETY: the caller promises that size and alignment go together; old and new do not overlap, and the old is shorter.
        unsafe {
            let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !moved.is_null() {
                moved.copy_from_nonoverlapping(value, layout.size());
                self.dealloc(value, layout);
            }
            moved
        }
    }
}

/// What `service!` puts into a component that has a room: the global allocator, and in the place of what wit-bindgen has for it
/// (a weak symbol) the function that the host asks for memory.
#[cfg(all(feature = "allocator", not(target_feature = "atomics")))]
#[doc(hidden)]
#[macro_export]
macro_rules! __allocate {
    () => {
        #[global_allocator]
        static ALLOCATOR: ::wharf_sdk::__private::allocator::Allocator = ::wharf_sdk::__private::allocator::Allocator::new();

        #[unsafe(export_name = "cabi_realloc")]
        unsafe extern "C" fn cabi_realloc(value: *mut u8, old: usize, align: usize, new: usize) -> *mut u8 {
            // SAFETY: the host keeps to the canonical ABI.
            unsafe { ALLOCATOR.realloc_for_host(value, old, align, new) }
        }
    };
}

/// Where the feature is left out: nothing.
#[cfg(not(all(feature = "allocator", not(target_feature = "atomics"))))]
#[doc(hidden)]
#[macro_export]
macro_rules! __allocate {
    () => {};
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a program does with its values; `which` counts from the oldest that it still has.
    #[derive(Debug, Clone)]
    enum Step {
        Make { size: usize, align: u32, zeroed: bool },
        Resize { which: usize, size: usize },
        Drop { which: usize },
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let size = prop_oneof![8 => 1..64_usize, 3 => 64..2048_usize, 1 => ROOM - 64..ROOM + 64];
        let step = prop_oneof![
            4 => (size.clone(), 0..7_u32, any::<bool>()).prop_map(|(size, align, zeroed)| Step::Make { size, align, zeroed }),
            2 => (any::<usize>(), size).prop_map(|(which, size)| Step::Resize { which, size }),
            3 => any::<usize>().prop_map(|which| Step::Drop { which }),
        ];
        proptest::collection::vec(step, 0..200)
    }

    /// A value, and the byte that it is full of.
    struct Value {
        at: *mut u8,
        layout: Layout,
        fill: u8,
    }

    impl Value {
        fn bytes(&self) -> &[u8] {
            // SAFETY: the allocator gave out so many bytes, and they have been written.
            unsafe { core::slice::from_raw_parts(self.at, self.layout.size()) }
        }

        fn refill(&mut self, fill: u8) {
            self.fill = fill;
            // SAFETY: the allocator gave out so many bytes.
            unsafe { self.at.write_bytes(fill, self.layout.size()) };
        }
    }

    proptest! {
        #[test]
        fn values_keep_what_is_in_them_and_the_room_is_empty_in_the_end(steps in steps()) {
            let allocator = Box::new(Allocator::new());
            let mut values: Vec<Value> = Vec::new();
            for (fill, step) in (1..=255).cycle().zip(steps) {
                match step {
                    Step::Make { size, align, zeroed } => {
                        let layout = Layout::from_size_align(size, 1 << align).unwrap();
                        // SAFETY: no size is 0.
                        let at = unsafe { if zeroed { allocator.alloc_zeroed(layout) } else { allocator.alloc(layout) } };
                        prop_assert!(!at.is_null());
                        prop_assert_eq!(at.addr() % layout.align(), 0);
                        let mut value = Value { at, layout, fill: 0 };
                        prop_assert!(!zeroed || value.bytes().iter().all(|byte| *byte == 0));
                        value.refill(fill);
                        values.push(value);
                    }
                    Step::Resize { which, size } if !values.is_empty() => {
                        let which = which % values.len();
                        let value = &mut values[which];
                        // SAFETY: it came from this allocator with this layout, and no size is 0.
                        value.at = unsafe { allocator.realloc(value.at, value.layout, size) };
                        prop_assert!(!value.at.is_null());
                        prop_assert_eq!(value.at.addr() % value.layout.align(), 0);
                        let kept = size.min(value.layout.size());
                        value.layout = Layout::from_size_align(size, value.layout.align()).unwrap();
                        prop_assert!(value.bytes()[..kept].iter().all(|byte| *byte == value.fill));
                        value.refill(fill);
                    }
                    Step::Drop { which } if !values.is_empty() => {
                        let value = values.remove(which % values.len());
                        // SAFETY: it came from this allocator with this layout.
                        unsafe { allocator.dealloc(value.at, value.layout) };
                    }
                    Step::Resize { .. } | Step::Drop { .. } => {}
                }
                for value in &values {
                    prop_assert!(value.bytes().iter().all(|byte| *byte == value.fill));
                }
            }
            for value in values {
                // SAFETY: it came from this allocator with this layout.
                unsafe { allocator.dealloc(value.at, value.layout) };
            }
            prop_assert_eq!((allocator.next.get(), allocator.held.get()), (0, 0));
        }
    }
}
