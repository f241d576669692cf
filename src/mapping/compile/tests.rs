//! What is refused at load.
