//! market
pub mod document;
pub mod facts;
pub mod find;
pub mod index;
pub mod item;
pub mod list;
pub mod maker;
pub mod posting;
pub mod preview;
pub mod text;
