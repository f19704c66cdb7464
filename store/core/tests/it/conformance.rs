//! The model engine obeys the conformance suite.

tillgate_store_core::laws!(tillgate_store_core::conformance::MemoryFactory);
