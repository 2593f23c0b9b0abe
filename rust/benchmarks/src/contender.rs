//! A contender: one way to do one piece of work, as often as asked.

use std::hint::black_box;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;

/// The contenders on one message.
pub struct Group {
    /// What the message is.
    pub name: &'static str,
    /// Size of its frame.
    pub bytes: usize,
    /// The first one is the unit of the others.
    pub contenders: Vec<Contender>,
}

/// One way to do one piece of work.
pub struct Contender {
    /// What is done, and by what.
    pub name: &'static str,
    work: Box<dyn Fn(u64)>,
}

impl Contender {
    pub(crate) fn new<T>(name: &'static str, call: impl Fn() -> T + 'static) -> Self {
        let work = Box::new(move |times| {
            for _ in 0..times {
                black_box(call());
            }
        });
        Self { name, work }
    }

    /// The runtime is entered once for all calls, because a consumer is inside of it anyway.
    pub(crate) fn in_runtime<T>(
        name: &'static str,
        runtime: &Rc<Runtime>,
        call: impl AsyncFn() -> T + 'static,
    ) -> Self {
        let runtime = Rc::clone(runtime);
        let work = Box::new(move |times| {
            runtime.block_on(async {
                for _ in 0..times {
                    black_box(call().await);
                }
            });
        });
        Self { name, work }
    }

    /// Does the work so many times.
    pub fn run(&self, times: u64) {
        (self.work)(times);
    }

    /// How long it takes to do the work so many times.
    pub fn time(&self, times: u64) -> Duration {
        let start = Instant::now();
        self.run(times);
        start.elapsed()
    }
}
