//! Work that must not outlive the component that began it.

use std::{future::poll_fn, task::Poll, time::Duration};

use leptos::{prelude::*, task::spawn_local};

/// The life of a component: from its making until its page is left.
///
/// A page is left while answers are on their way and timers run. What they would change is gone by then, so they must
/// not run at all.
#[derive(Debug, Clone, Copy)]
pub struct Lifetime(StoredValue<()>);

impl Lifetime {
    /// Of the component that is being made.
    pub fn of_component() -> Self {
        Self(StoredValue::new(()))
    }

    /// Whether its page was left.
    pub fn is_over(self) -> bool {
        self.0.try_get_value().is_none()
    }

    /// Runs a task as long as the component lives.
    pub fn spawn(self, task: impl Future<Output = ()> + 'static) {
        spawn_local(async move {
            let mut task = std::pin::pin!(task);
            poll_fn(|context| {
                if self.is_over() {
                    Poll::Ready(())
                } else {
                    task.as_mut().poll(context)
                }
            })
            .await;
        });
    }

    /// Runs something before the browser paints next, if the component still lives.
    pub fn before_paint(self, run: impl FnOnce() + 'static) {
        leptos::leptos_dom::helpers::request_animation_frame(move || {
            if !self.is_over() {
                run();
            }
        });
    }

    /// Runs something after a time, if the component still lives.
    pub fn after(self, pause: Duration, run: impl FnOnce() + 'static) {
        let run = move || {
            if !self.is_over() {
                run();
            }
        };
        set_timeout(run, pause);
    }
}
