//! The model engine obeys the conformance suite.

tillgate_store_conformance::conformance_cases!(tillgate_store_conformance::MemoryFactory);
