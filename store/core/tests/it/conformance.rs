//! The model engine obeys the conformance suite.

tillgate_store_core::conformance_cases!(tillgate_store_core::conformance::MemoryFactory);
