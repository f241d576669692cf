//! Party, event and content to destinations, and why.
