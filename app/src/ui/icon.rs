//! Line icons drawn in the text's colour.

#[cfg(feature = "ssr")]
use leptos::prelude::*;

/// An icon; decoration only, so it is hidden from screen readers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    /// The product's mark.
    Gauge,
    /// Opens a menu.
    ChevronDown,
    /// Chosen.
    Check,
    /// Something to look at.
    Warning,
    /// Nothing left.
    Stop,
    /// All is well.
    Fine,
    /// Half of something.
    Half,
    /// Most of something.
    Most,
    /// Given back.
    Return,
    /// Leads to exactly this.
    Link,
    /// Downloads.
    Download,
    /// Searches.
    Search,
    /// Removes.
    Close,
    /// A date.
    Calendar,
    /// Newer rows.
    ArrowUp,
    /// Fell.
    ArrowDown,
    /// Stayed.
    ArrowRight,
    /// The light theme.
    Sun,
    /// Leaves.
    SignOut,
    /// Good to know.
    Tip,
    /// The navigation.
    Bars,
}

impl Icon {
    const fn path(self) -> &'static str {
        match self {
            Self::Gauge => "M4.5 17.5a9 9 0 1 1 15 0M12 14l4-5",
            Self::ChevronDown => "m7 10 5 5 5-5",
            Self::Check => "m5 12.5 4.5 4.5L19 7.5",
            Self::Warning => "M12 4 2.8 19.5h18.4L12 4zm0 6v4.2m0 2.6v.2",
            Self::Stop => "M8.3 3h7.4L21 8.3v7.4L15.7 21H8.3L3 15.7V8.3L8.3 3zM12 8v5m0 3v.2",
            Self::Fine => "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm-4 9.2 2.8 2.8L16 9.6",
            Self::Half => "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM3 12h18",
            Self::Most => "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM4.5 8h15",
            Self::Return => "M9 14 4 9l5-5M4 9h10.5a5.5 5.5 0 0 1 0 11H8",
            Self::Link => {
                "M10 13.5a4 4 0 0 0 6 .5l3-3a4.2 4.2 0 0 0-6-6l-1.5 1.5M14 10.5a4 4 0 0 0-6-.5l-3 3a4.2 4.2 0 0 0 6 6l1.5-1.5"
            }
            Self::Download => "M12 4v11m-4.5-4L12 15.5l4.5-4.5M5 20h14",
            Self::Search => "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5 20 20",
            Self::Close => "m6 6 12 12M18 6 6 18",
            Self::Calendar => "M5 6h14v14H5V6zm0 4.5h14M8.5 3.5v4m7-4v4",
            Self::ArrowUp => "M12 19V5m-6 6 6-6 6 6",
            Self::ArrowDown => "M12 5v14m-6-6 6 6 6-6",
            Self::ArrowRight => "M5 12h14m-6-6 6 6-6 6",
            Self::Sun => "M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18",
            Self::SignOut => "M14 4H6v16h8m-4-8h11m-4-4 4 4-4 4",
            Self::Tip => {
                "M9.5 18h5m-4 3h3M12 3a6 6 0 0 0-3.5 10.9c.7.5 1 1.2 1 2h5c0-.8.3-1.5 1-2A6 6 0 0 0 12 3z"
            }
            Self::Bars => "M4 7h16M4 12h16M4 17h16",
        }
    }

    /// Draws it.
    #[cfg(feature = "ssr")]
    pub fn view(self) -> impl IntoView {
        view! {
            <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
                <path d=self.path()></path>
            </svg>
        }
    }

    /// The same as text.
    pub fn html(self) -> String {
        let path = self.path();
        format!(
            "<svg class=\"icon\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"{path}\"></path></svg>"
        )
    }
}
